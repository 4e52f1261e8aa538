# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the stand-in of the existing system does only when it is asked to, and how it is asked."""

import http.client
import json
import socket
import subprocess
import time
from datetime import datetime

import pytest

from classic_server import ClassicServer, forge_token
from labsync_testing import program, until
from raw_socket import PING, PONG, RawSocket
from server_client import ADMIN, STUDENT, TEACHER

EVENT = {
    "type": "grade_updated", "entity": "grade", "entityId": "grade-1", "data": {"id": "grade-1", "score": 7},
    "timestamp": "2026-11-23T06:09:33.640Z", "userRole": "teacher", "userId": "demo-teacher",
}


@pytest.fixture
def teacher(classic):
    return classic.person(TEACHER)


@pytest.fixture
def subscribe(classic, world):
    """Opens a socket that has subscribed: subscribe(type…)."""
    token = classic.person(STUDENT).token

    def make(*types):
        client = world.enter_context(RawSocket(classic, token))
        for event_type in types:
            client.send({"type": "subscribe", "eventType": event_type})
        client.pong()
        return client

    return make


def score(classic):
    return classic.sql("SELECT score FROM grades WHERE id = 'grade-1'")[0]["score"]


def get(school, person, path="/api/grades", method="GET", body=None):
    return school.raw(method, path, body, person.token)


# Answers


def test_slow(classic, teacher):
    classic.fault("slow", 200, path="/api/grades")
    classic.fault("slow", 3600_000, path="/api/users")
    began = time.monotonic()
    assert get(classic, teacher).status == 200
    assert time.monotonic() - began >= 0.2
    assert get(classic, teacher, "/api/classes").status == 200


def test_slow_socket(classic, subscribe):
    client = subscribe()
    classic.fault("slow", 200, path="/ws")
    began = time.monotonic()
    client.pong()
    assert time.monotonic() - began >= 0.2


@pytest.mark.parametrize("code", [200, 500, 502, 503, 504])
def test_status(classic, teacher, code):
    classic.fault("status", code, path="/api/grades")
    answer = get(classic, teacher, method="PUT", path="/api/grades/grade-1", body={"score": 1})
    assert (answer.status, answer.headers["Content-Type"]) == (code, "text/html") and b"<!DOCTYPE" in answer.body
    assert score(classic) == 85
    assert get(classic, teacher, "/api/users").status == 200


def test_scopes(classic, teacher):
    classic.fault("status", 502, path="/api/grades", method="PUT", count=1)
    classic.fault("status", 504, path="/api/users")
    assert get(classic, teacher).status == 200
    assert get(classic, teacher, "/api/users").status == 504
    statuses = [get(classic, teacher, "/api/grades/grade-1", "PUT", {"score": 1}).status for _ in range(2)]
    assert statuses == [502, 200]
    assert [fault["value"] for fault in classic.faults()] == [504]


def test_redirect_to_itself(classic, teacher):
    classic.fault("redirect")
    answer = get(classic, teacher, "/api/grades/grade-1")
    assert (answer.status, answer.headers["Location"]) == (302, "/api/grades/grade-1?moved=1")
    assert get(classic, teacher, answer.headers["Location"]).status == 200
    assert teacher.call("GET", "/api/grades?x=1").status == 200  # follows


def test_redirect_elsewhere(classic, teacher):
    classic.fault("redirect", "http://127.0.0.2:1")
    assert get(classic, teacher, "/api/updates").headers["Location"] == "http://127.0.0.2:1/api/updates?moved=1"


def test_spoilt_bodies(classic, teacher):
    good = get(classic, teacher).body
    with classic.fault("truncated-json"):
        answer = get(classic, teacher)
        assert answer.status == 200 and answer.body == good[: len(good) // 2]
    with classic.fault("json"), pytest.raises(ValueError):
        json.loads(get(classic, teacher).body)
    with classic.fault("json", '{"success":true,"data":{"updates":{}}}'):
        assert json.loads(get(classic, teacher).body)["data"] == {"updates": {}}
    with classic.fault("content-type"):
        answer = get(classic, teacher)
        assert (answer.headers["Content-Type"], answer.body) == ("text/html", good)
    with classic.fault("huge", 3_000_000):
        document = json.loads(get(classic, teacher).body)
        assert len(document.pop("padding")) == 3_000_000 and document == json.loads(good)
    answer = get(classic, teacher)
    assert (answer.body, answer.headers["Content-Type"]) == (good, "application/json")


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_cut(classic, teacher, encoding):
    classic.fault("cut", count=1)
    with pytest.raises(http.client.IncompleteRead):
        classic.raw("GET", "/api/users", token=teacher.token, headers={"Accept-Encoding": encoding})
    assert get(classic, teacher, "/api/users").status == 200


def test_lost_answer(classic, teacher):
    classic.fault("lost-answer", count=2)
    assert get(classic, teacher).status == 200  # nothing is written
    with pytest.raises(ConnectionError):
        get(classic, teacher, "/api/grades/grade-1", "PUT", {"score": 1})
    assert score(classic) == 1
    with pytest.raises(ConnectionError):
        get(classic, teacher, "/api/grades/grade-1", "DELETE")
    assert classic.sql("SELECT id FROM grades") == [{"id": "grade-2"}]
    assert get(classic, teacher, "/api/grades/grade-2", "PUT", {"score": 1}).status == 200
    assert [entry["method"] for entry in classic.requests(status=None)] == ["PUT", "DELETE"]


def test_lost_answer_is_only_that_of_a_write(classic, teacher):
    classic.fault("lost-answer")
    assert get(classic, teacher, "/api/grades/grade-1", "PUT", {"no_such": 1}).status == 500


def test_silence(classic, teacher, subscribe):
    client = subscribe()
    with classic.fault("silence"):
        before = len(classic.sockets()[0]["received"])
        client.send({"type": "ping"})
        client.frame(PING)
        until(lambda: len(classic.sockets()[0]["received"]) > before, what="the ping to be read")
        with socket.create_connection((classic.host, classic.port), timeout=5) as caller:
            caller.sendall(b"GET /api/updates HTTP/1.1\r\nHost: school\r\n\r\n")
            classic.wait_request(path="/api/updates", status=None)
            for end in (caller, client.end):
                end.settimeout(0.2)
                with pytest.raises(TimeoutError):
                    end.recv(1)
    assert client.pong()
    assert get(classic, teacher).status == 200


def test_conflict(classic, teacher):
    classic.fault("conflict", 7, path="/api/grades/", count=2)
    assert get(classic, teacher).status == 200
    for method in ("PUT", "DELETE"):
        answer = get(classic, teacher, "/api/grades/grade-1", method, {"score": 1})
        assert (answer.status, json.loads(answer.body)) == (409, {"success": False, "version": 7})
    assert score(classic) == 85
    assert classic.raw("PUT", "/api/grades/grade-1", {"score": 1}).status == 401
    assert get(classic, teacher, "/api/grades/grade-1", "PUT", {"score": 1}).status == 200


def test_failing_database(classic, teacher):
    classic.fault("db", "grades")
    classic.fault("db", "e_library")
    assert get(classic, teacher).status == get(classic, teacher, "/api/e_library").status == 500
    assert get(classic, teacher, "/api/users").status == 200
    assert len(classic.faults()) == 2
    classic.fault("db")
    assert get(classic, teacher, "/api/users").status == 500
    assert json.loads(get(classic, teacher, "/api/updates").body)["data"] == {"updates": []}
    assert classic.raw("POST", "/api/auth/login", {"email": ADMIN, "password": "demo"}).status == 500


def test_refused_upgrade(classic, subscribe):
    token = classic.person(STUDENT).token
    classic.fault("refuse-upgrade", 502, count=1)
    with RawSocket(classic, token) as client:
        assert client.status == 502
    assert classic.raw("GET", "/api/updates", token=token).status == 200
    subscribe()


def test_clock(classic, subscribe):
    real = time.time() * 1000
    with classic.fault("clock", -3600_000):
        client = subscribe()
        pong = datetime.fromisoformat(client.pong()["timestamp"])
        assert abs(pong.timestamp() * 1000 - classic.now()) < 5000
        assert abs(classic.now() - (real - 3600_000)) < 5000
        stamp = classic.sql("SELECT strftime('%s', CURRENT_TIMESTAMP) AS now")[0]["now"]
        assert abs(int(stamp) * 1000 - classic.now()) < 2000
    assert abs(classic.now() - real) < 5000
    classic.fault("clock-stopped")
    first = classic.now()
    assert abs(first - real) < 5000
    assert until(lambda: time.time() * 1000 > first + 20) and classic.now() == first
    classic.fault("clock", 500)
    assert classic.now() == first + 500


# Sockets


def test_events_of_writes(classic, teacher, subscribe):
    types = ("announcement_created", "announcement_updated", "announcement_deleted", "attendance_marked",
             "library_material_added", "event_created", "user_role_changed", "user_status_changed")
    client, other = subscribe(*types), subscribe("grade_created")
    classic.fault("push")
    with classic.fault("clock-stopped"):
        row = teacher.create("announcements", title="t", content="…", category="umum", created_by="demo-teacher")
        event = client.json()
        stored = classic.sql("SELECT * FROM announcements WHERE id = ?", row["id"])[0]
        assert list(event) == ["type", "entity", "entityId", "data", "timestamp", "userRole", "userId"]
        assert event.pop("timestamp").endswith(f"{classic.now() % 1000:03}Z")
        assert event == {
            "type": "announcement_created", "entity": "announcement", "entityId": row["id"], "data": stored,
            "userRole": "teacher", "userId": "demo-teacher",
        }
    teacher.update("announcements", row["id"], title="u")
    event = client.json()
    assert (event["type"], event["data"]["title"]) == ("announcement_updated", "u")
    teacher.delete("announcements", row["id"])
    event = client.json()
    assert (event["type"], event["data"]) == ("announcement_deleted", {"id": row["id"]})
    for table, row_id, columns, kind in (
        ("attendance", "n-1", dict(student_id="student-1", class_id="class-1", date="2026-11-24", status="hadir",
                                   recorded_by="demo-teacher"), ("attendance_marked", "attendance")),
        ("e_library", "n-1", dict(title="t", category="c", file_url="/", file_type="pdf", uploaded_by="demo-teacher"),
         ("library_material_added", "library_material")),
        ("school_events", "n-1", dict(event_name="n", date="2026-12-01", organizer="o", created_by="demo-teacher"),
         ("event_created", "event")),
    ):
        teacher.create(table, id=row_id, **columns)
        event = client.json()
        assert (event["type"], event["entity"], event["entityId"]) == (*kind, row_id)
    teacher.update("users", "demo-parent", role="teacher")
    teacher.update("users", "demo-parent", name="without an event")
    teacher.update("users", "demo-parent", status="inactive")
    assert [client.json()["type"] for _ in range(2)] == ["user_role_changed", "user_status_changed"]
    # No event: nothing was there to change, or to delete.
    teacher.update("announcements", "none", title="x")
    teacher.delete("announcements", "none")
    assert client.pong() and other.pong()


def test_push(classic, subscribe):
    client, other = subscribe("grade_updated"), subscribe("grade_deleted")
    assert classic.push(EVENT) == 1
    assert client.json() == EVENT and other.pong()
    client.send({"type": "unsubscribe", "eventType": "grade_updated"})
    client.pong()
    assert classic.push(EVENT) == 0 and client.pong()
    assert classic.push(EVENT, everyone=True) == 2
    assert client.json() == other.json() == EVENT


def test_duplicate_late_and_swapped_events(classic, subscribe):
    client = subscribe("grade_updated")
    numbered = [{**EVENT, "entityId": f"g-{number}"} for number in range(4)]

    def received(count):
        return [client.json()["entityId"] for _ in range(count)]

    with classic.fault("push-twice"):
        classic.push(numbered[0])
        assert received(2) == ["g-0", "g-0"]
    with classic.fault("push-swapped"):
        for event in numbered[:3]:
            classic.push(event)
        assert received(2) == ["g-1", "g-0"] and client.pong()
        classic.push(numbered[3])
        assert received(2) == ["g-3", "g-2"]
    with classic.fault("push-late", 200):
        began = time.monotonic()
        classic.push(EVENT)
        assert client.json() == EVENT and time.monotonic() - began >= 0.2


def test_huge_message(classic, subscribe):
    client = subscribe("grade_updated")
    classic.fault("huge", 3_000_000, path="/ws", count=1)
    classic.push(EVENT)
    event = client.json()
    assert len(event.pop("padding")) == 3_000_000 and event == EVENT
    classic.push(EVENT)
    assert client.json() == EVENT


def test_any_text(classic, subscribe):
    client = subscribe()
    assert classic.send_text('{"type":"grade_upda') == 1
    assert client.receive().payload == b'{"type":"grade_upda'


@pytest.mark.parametrize("code", [1000, 1001, 1008, 1012, 4001])
def test_close(classic, subscribe, code):
    clients = [subscribe(), subscribe()]
    assert classic.close_sockets(code, "because") == 2
    for client in clients:
        assert client.closed_with() == (code, "because")
        client.close_frame(code)
        client.wait_end()
    until(lambda: not classic.sockets(), what="the sockets to be gone")


def test_abnormal_close(classic, subscribe):
    client = subscribe()
    classic.close_sockets(1006)
    with pytest.raises((ConnectionResetError, EOFError)):
        client.receive()


def test_close_at_expiry(classic):
    token = forge_token({"user_id": "demo-student", "role": "student", "exp": classic.now() // 1000 + 600})
    classic.fault("close-at-expiry")
    with RawSocket(classic, token) as client:
        classic.fault("clock", 590_000)
        assert client.pong()
        classic.fault("clock", 601_000)
        assert client.closed_with() == (4001, "Token expired")


def test_close_at_expiry_in_real_time(directory):
    faults = {"close-at-expiry": 1008}
    with ClassicServer(directory, "--token-lifetime=3", faults=faults) as school:
        with RawSocket(school, school.person(STUDENT).token) as client:
            assert client.closed_with() == (1008, "Token expired")


def test_rfc_pings(classic, subscribe):
    client = subscribe()
    classic.fault("pings", 50)
    for _ in range(3):
        frame = client.receive()
        assert frame.first == 0x80 | PING
        client.frame(PONG, frame.payload)
    until(lambda: classic.sockets()[0]["pongs"] >= 3, what="the pongs")


# Control and program


def test_nothing_is_on_at_first(classic):
    assert classic.faults() == []


def test_unknown_fault_and_control(classic):
    assert classic.raw("POST", "/__control/fault", {"name": "no-such"}).status == 400
    assert classic.raw("POST", "/__control/fault", {"name": "slow", "value": "x"}).status == 400
    assert classic.raw("POST", "/__control/fault", {"nonsense": 1}).status == 400
    assert classic.raw("POST", "/__control/fault", {"name": "slow", "count": "x"}).status == 400
    assert classic.raw("POST", "/__control/sql", {"sql": "SELEKT"}).status == 400
    assert classic.raw("POST", "/__control/push", {"event": "x"}).status == 400
    assert classic.raw("POST", "/__control/close", {"code": "x"}).status == 400
    assert classic.raw("POST", "/__control/send", {"binary": "?"}).status == 400
    assert classic.raw("POST", "/__control/reset", "[]").status == 400
    assert classic.raw("GET", "/__control/nonsense").status == 404


def test_requests(classic, teacher, subscribe):
    classic.forget_requests()
    classic.raw("PUT", "/api/grades/grade-1?x=1", {"score": 3}, teacher.token, {"CF-Connecting-IP": "203.0.113.9"})
    get(classic, teacher, "/api/updates")
    subscribe()
    first, *_ = classic.requests()
    assert abs(first.pop("time") - classic.now()) < 5000
    assert first.pop("headers")["authorization"] == f"Bearer {teacher.token}"
    assert first == {
        "method": "PUT", "path": "/api/grades/grade-1", "query": "x=1", "status": 200, "address": "203.0.113.9",
        "body": '{"score": 3}',
    }
    assert classic.counters() == {
        "200 PUT /api/grades/grade-1": 1, "200 GET /api/updates": 1, "101 GET /ws": 1,
    }
    assert classic.wait_request(path="/ws", status=101)["method"] == "GET"
    classic.forget_requests()
    assert classic.requests() == []


def test_without_control(directory):
    school = ClassicServer(directory)
    school.options = ()
    with school:
        for method, path in (("GET", "/__control/fault"), ("POST", "/__control/sql")):
            assert school.raw(method, path, {"sql": "SELECT 1"}).status == 404


def test_control_at_a_port_of_its_own():
    process = subprocess.Popen(
        [program("labsync-classic-server"), "--listen=127.0.0.1:0", "--control=0"], stdout=subprocess.PIPE, text=True)
    try:
        school, control = (int(process.stdout.readline().rsplit(":", 1)[1]) for _ in range(2))
        statuses = []
        for port in (school, control):
            for path in ("/__control/fault", "/api/grades"):
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
                connection.request("GET", path)
                statuses.append(connection.getresponse().status)
                connection.close()
        assert statuses == [404, 401, 200, 404]
    finally:
        process.terminate()
        assert process.wait(5) == 0
        process.stdout.close()


def test_restart_keeps_rows_and_sessions(directory):
    with ClassicServer(directory, faults={"status@/api/users": 503}) as school:
        teacher, port = school.person(TEACHER), school.port
        teacher.update("grades", "grade-1", score=11)
        school.kill()
        school.start()
        assert school.port == port
        assert teacher.rows("grades")[0]["score"] == 11
        school.fault("slow", 1)
        school.restart()
        assert score(school) == 11 and [fault["name"] for fault in school.faults()] == ["status"]
        assert get(school, teacher, "/api/users").status == 503
        school.reset()
        assert score(school) == 85 and [fault["name"] for fault in school.faults()] == ["status"]


@pytest.mark.parametrize("options, code", [
    (["--help"], 0), (["--version"], 0), (["--fault=no-such"], 2), (["--fault=slow=soon"], 2), (["--listen=x"], 2),
    (["--control=x"], 2), (["--listen=203.0.113.1:1"], 1),
])
def test_command_line(options, code):
    run = subprocess.run([program("labsync-classic-server"), *options], capture_output=True, text=True, timeout=10)
    assert run.returncode == code and (run.stdout if code == 0 else run.stderr)
    assert "Traceback" not in run.stderr
