# SPDX-License-Identifier: LGPL-2.1-or-later
"""labsync-server alone: an action happens once, however often it is sent."""

import http.client
import json
import random
import socket
import sqlite3
import threading
import uuid
from collections import Counter, namedtuple
from concurrent.futures import ThreadPoolExecutor

import pytest
import wire_schema  # server_client has put its directory on the path

from labsync_testing import LONG, seed, until
from server_client import TEACHER, announce, offset, refusal

KILLS = 300 if LONG else 30
NOTICE = {"title": "Ujian", "content": "…", "category": "akademik"}

Reply = namedtuple("Reply", "status text headers")


def request(server, person, method, path, body=None, key=None, version=None):
    """The parts of a request, as http.client takes them."""
    headers = {"Authorization": f"Bearer {person.token}"}
    if key is not None:
        headers["Idempotency-Key"] = key
    if version is not None:
        headers["If-Match"] = f'"{version}"'
    return method, path, None if body is None else json.dumps(body).encode(), headers


def act(server, person, *arguments, **options):
    """Sends a request and gives the answer as it came."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=20)
    try:
        connection.request(*request(server, person, *arguments, **options))
        answer = connection.getresponse()
        return Reply(answer.status, answer.read(), answer.headers)
    finally:
        connection.close()


def is_replay(reply):
    return reply.headers["Idempotency-Replayed"] == "true"


def assert_same(first, again):
    """The second answer is the first, byte for byte, and says that it is."""
    assert not is_replay(first) and is_replay(again)
    assert (again.status, again.text) == (first.status, first.text)
    for header in ("Content-Type", "ETag", "Cache-Control"):
        assert again.headers[header] == first.headers[header]


def accepted(reply):
    assert reply.status in (200, 201), reply
    return wire_schema.validate("accepted", reply.text)


def refused(reply, status, code):
    assert reply.status == status, reply
    body = wire_schema.validate("refused", reply.text)
    assert (body["error"], body["status"]) == (code, status)
    return body


@pytest.mark.parametrize(
    "method, body, status",
    [("POST", NOTICE, 201), ("PUT", {"title": "dua"}, 200), ("PATCH", {"title": "dua"}, 200), ("DELETE", None, 200)],
)
def test_done_once(server, teacher, connect, method, body, status):
    row = announce(teacher)
    path = "/api/announcements" if method == "POST" else f"/api/announcements/{row['id']}"
    version = None if method == "POST" else 1
    before = len(teacher.rows("announcements"))
    listener = connect(teacher)
    listener.hello()
    first = act(server, teacher, method, path, body, key="k-1", version=version)
    again = act(server, teacher, method, path, body, key="k-1", version=version)
    assert first.status == status
    accepted(first)
    assert_same(first, again)
    assert [event["actionId"] for event in listener.events()] == ["k-1"]
    assert len(teacher.rows("announcements")) == before + {"POST": 1, "DELETE": -1}.get(method, 0)


def test_refused_once(server, teacher, student):
    row = announce(teacher, id="a-1")
    dead = announce(teacher, id="a-2")["id"]
    teacher.delete("announcements", dead)
    path, grade = "/api/announcements/a-1", f"/api/grades/{student.rows('grades')[0]['id']}"
    cases = [
        (teacher, ("PATCH", path, {"title": "x"}), 7, 412, "version-mismatch"),
        (teacher, ("DELETE", path), 7, 412, "version-mismatch"),
        (teacher, ("POST", "/api/announcements", {**NOTICE, "id": "a-1"}), None, 409, "exists"),
        (teacher, ("POST", "/api/announcements", {**NOTICE, "id": dead}), None, 410, "gone"),
        (teacher, ("DELETE", f"/api/announcements/{dead}"), None, 410, "gone"),
        (teacher, ("PUT", "/api/announcements/none", {"title": "x"}), None, 404, "not-found"),
        (teacher, ("PATCH", path, {"category": "lain"}), None, 400, "invalid"),
        (student, ("PATCH", grade, {"score": 100}), None, 403, "forbidden"),
    ]
    replies = []
    for number, (person, arguments, version, status, code) in enumerate(cases):
        replies.append(act(server, person, *arguments, key=f"k-{number}", version=version))
        body = refused(replies[-1], status, code)
        if code in ("version-mismatch", "exists"):
            assert body["data"] == row and body["version"] == 1
            assert replies[-1].headers["ETag"] == '"1"'
    teacher.update("announcements", "a-1", title="berubah")
    for number, (person, arguments, version, _, _) in enumerate(cases):
        again = act(server, person, *arguments, key=f"k-{number}", version=version)
        assert_same(replies[number], again)


def test_deleted_once(server, teacher):
    row = announce(teacher)
    path = f"/api/announcements/{row['id']}"
    first = act(server, teacher, "DELETE", path, key="k-1")
    refused(act(server, teacher, "DELETE", path, key="k-2"), 410, "gone")
    assert_same(first, act(server, teacher, "DELETE", path, key="k-1"))
    assert accepted(first)["data"] == {"id": row["id"]}


def test_key_of_another_request(server, teacher, admin):
    row = announce(teacher)
    path = f"/api/announcements/{row['id']}"
    first = act(server, teacher, "PATCH", path, {"title": "dua"}, key="k-1")
    others = [
        ("PATCH", path, {"title": "tiga"}),
        ("PATCH", path, {"title": "dua", "content": "x"}),
        ("PUT", path, {"title": "dua"}),
        ("DELETE", path),
        ("POST", "/api/announcements", {"title": "dua"}),
        ("PATCH", "/api/announcements/none", {"title": "dua"}),
    ]
    for other in others:
        refused(act(server, teacher, *other, key="k-1"), 422, "key-reused")
    assert_same(first, act(server, teacher, "PATCH", path, {"title": "dua"}, key="k-1"))
    # Somebody else's key is another key, whatever it is called.
    mine = act(server, admin, "PATCH", path, {"title": "dua"}, key="k-1")
    assert accepted(mine)["version"] == 3 and not is_replay(mine)
    text = metrics(server)
    assert f'labsync_requests_total{{status="422"}} {len(others)}' in text
    assert "labsync_actions_replayed_total 1" in text


def metrics(server):
    connection = http.client.HTTPConnection(server.host, server.port, timeout=20)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    return text.splitlines()


def test_form_of_the_body_does_not_count(server, teacher):
    bodies = [
        '{"title":"Ujian","content":"é","category":"umum"}',
        '{ "category": "umum",\n "content": "\\u00e9", "title": "Ujian" }',
    ]
    texts = set()
    for body in bodies:
        connection = http.client.HTTPConnection(server.host, server.port, timeout=20)
        _, _, _, headers = request(server, teacher, "POST", "", key="k-1")
        connection.request("POST", "/api/announcements", body.encode(), headers)
        texts.add(connection.getresponse().read())
        connection.close()
    assert len(texts) == 1


def test_what_is_not_final_is_not_remembered(server, teacher):
    stranger = namedtuple("Stranger", "token")("no.such.token")
    refusal_of_token = act(server, stranger, "POST", "/api/announcements", NOTICE, key="k-1")
    assert refusal_of_token.status == 401
    # No action either: nobody can tell what it asks for.
    assert act(server, teacher, "POST", "/api/announcements", [1], key="k-1").status == 400
    first = act(server, teacher, "POST", "/api/announcements", NOTICE, key="k-1")
    assert first.status == 201 and not is_replay(first)


def test_found_by_every_way(server, teacher, connect):
    """The change carries the action's key, and the answer says how far a stream has to come to have it."""
    listener = connect(teacher)
    start = listener.hello()["cursor"]
    grade = teacher.rows("grades")[0]
    made = accepted(act(server, teacher, "POST", "/api/announcements", NOTICE, key="k-1"))
    edited = accepted(act(server, teacher, "PATCH", f"/api/grades/{grade['id']}", {"score": 1}, key="k-2"))

    by_socket = {event["actionId"]: event for event in listener.events()}
    polled = teacher.call("GET", f"/api/updates?cursor={start}").body["data"]
    by_poll = {event["actionId"]: event for event in polled["updates"]}
    for key, answer in (("k-1", made), ("k-2", edited)):
        assert by_socket[key] == by_poll[key]
        assert by_socket[key]["data"] == answer["data"]
        assert by_socket[key]["version"] == answer["version"]
        assert by_socket[key]["offset"] == offset(answer["cursor"])
        assert by_socket[key]["userId"] == teacher.user["id"]

    snapshot = teacher.call("GET", "/api/snapshot?entity=announcement").body["data"]
    assert offset(snapshot["cursor"]) >= offset(made["cursor"])
    assert {"id": made["data"]["id"], "version": 1, "data": made["data"]} in snapshot["rows"]


def test_cursor_covers_all_that_follows(server, teacher, student, connect):
    listener = connect(student)
    listener.hello()
    columns = {name: value for name, value in student.rows("grades")[0].items() if name not in ("id", "created_by")}
    answer = accepted(act(server, teacher, "POST", "/api/grades", columns, key="k-1"))
    events = listener.events()
    assert [event["entity"] for event in events] == ["grade", "notification"]
    assert {event["actionId"] for event in events} == {"k-1"}
    assert events[-1]["offset"] == offset(answer["cursor"])


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_no_other_actions(server, teacher, method):
    """What the contract knows beyond create, update and delete has no endpoint here."""
    row = announce(teacher)
    for action in ("publish", "submit", "approve", "reject", "analyze"):
        for path in (f"/api/announcements/{row['id']}/{action}", f"/api/{action}"):
            refusal(teacher.call(method, path, {}, {"Idempotency-Key": action}), 404, "unknown-endpoint")


def test_large_row(server, teacher):
    body = {**NOTICE, "content": "x" * 100_000}
    first = act(server, teacher, "POST", "/api/announcements", body, key="k-1")
    again = act(server, teacher, "POST", "/api/announcements", body, key="k-1")
    whole, short = accepted(first), accepted(again)
    assert is_replay(again) and again.status == first.status
    assert short == {**whole, "data": {"id": whole["data"]["id"]}}


def test_lost_answers(server, teacher, connect):
    """Each client is gone before its answer comes."""
    listener = connect(teacher)
    listener.hello()
    keys = [f"k-{number}" for number in range(20)]
    for key in keys:
        connection = http.client.HTTPConnection(server.host, server.port, timeout=20)
        connection.request(*request(server, teacher, "POST", "/api/announcements", NOTICE, key=key))
        # Some with a FIN, some with a reset.
        if key.endswith("5"):
            connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        events = listener.receive("events")["events"]
        assert [event["actionId"] for event in events] == [key]
        connection.close()
    replies = [act(server, teacher, "POST", "/api/announcements", NOTICE, key=key) for key in keys]
    assert all(is_replay(reply) and reply.status == 201 for reply in replies)
    assert listener.events() == []
    assert len({accepted(reply)["data"]["id"] for reply in replies}) == len(keys)


def test_at_the_same_time(server, admin):
    """A password is hashed beside everything else, so that these requests do overlap."""
    body = {"name": "Dewi", "email": "dewi@demo.test", "role": "student", "password": "rahasia"}
    with ThreadPoolExecutor(8) as pool:
        tries = [pool.submit(act, server, admin, "POST", "/api/users", body, key="k-1") for _ in range(8)]
        replies = [each.result() for each in tries]
    assert [reply.status for reply in replies] == [201] * 8
    assert len({reply.text for reply in replies}) == 1
    assert sum(not is_replay(reply) for reply in replies) == 1
    assert server.http("POST", "/api/auth/login", {"email": body["email"], "password": "rahasia"}).status == 200


def database(server):
    return sqlite3.connect(server.directory / "data" / "school.db")


def test_password_is_not_in_the_hash(server, admin):
    """The same but for the password is the same request: no fast hash of a password is stored."""
    body = {"name": "Dewi", "email": "dewi@demo.test", "role": "student", "password": "rahasia"}
    first = act(server, admin, "POST", "/api/users", body, key="k-1")
    assert_same(first, act(server, admin, "POST", "/api/users", {**body, "password": "lain"}, key="k-1"))
    without = {name: value for name, value in body.items() if name != "password"}
    refused(act(server, admin, "POST", "/api/users", without, key="k-1"), 422, "key-reused")


def test_forgotten_after_a_month(server, teacher):
    first = act(server, teacher, "POST", "/api/announcements", NOTICE, key="k-1")
    for days, replayed in ((29, True), (31, False)):
        server.stop()
        with database(server) as file:
            file.execute("UPDATE actions SET time = time - ?", (days * 86_400_000,))
        file.close()
        server.start()
        again = act(server, teacher, "POST", "/api/announcements", NOTICE, key="k-1")
        assert is_replay(again) == replayed
        assert (again.text == first.text) == replayed


def test_forgotten_in_steps(server, teacher):
    server.stop()
    with database(server) as file:
        file.executemany(
            "INSERT INTO actions (user_id, key, request_hash, time, outcome, version) VALUES (?, ?, 'h', 1, 'gone', 0)",
            [(teacher.user["id"], str(number)) for number in range(450)],
        )
    file.close()
    server.start()

    def count():
        file = database(server)
        (number,) = file.execute("SELECT count(*) FROM actions").fetchone()
        file.close()
        return number

    until(lambda: count() == 0, 20, "all old keys are forgotten")


class Retrier:
    """Somebody who works on, and repeats each action until there is an answer."""

    def __init__(self, server, chance):
        self.server, self.chance = server, chance
        self.person = server.person(TEACHER)
        self.up = threading.Event()
        self.up.set()
        self.stop = threading.Event()
        self.done = {}  # key -> (row's id, version)
        self.rows = {}  # id -> version
        self.replays = self.lost = 0
        self.error = None
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        try:
            while not self.stop.is_set():
                self._act()
        except Exception as error:  # pylint: disable=broad-except
            self.error = error

    def _act(self):
        key = str(uuid.uuid4())
        kind = self.chance.choice(["POST", "PATCH", "PUT", "DELETE"] if self.rows else ["POST"])
        if kind == "POST":
            body = self._send("POST", "/api/announcements", {**NOTICE, "title": key}, key=key)
        else:
            row = self.chance.choice(list(self.rows))
            columns = None if kind == "DELETE" else {"title": key}
            body = self._send(kind, f"/api/announcements/{row}", columns, key=key, version=self.rows[row])
        row, version = body["data"]["id"], body["version"]
        self.done[key] = (row, version)
        if kind == "DELETE":
            del self.rows[row]
        else:
            self.rows[row] = version

    def _send(self, *arguments, **options):
        while True:
            try:
                reply = act(self.server, self.person, *arguments, **options)
            except (OSError, http.client.HTTPException):
                self.lost += 1
                assert self.up.wait(20), "the server stays away"
                continue
            self.replays += is_replay(reply)
            return accepted(reply)  # the version is the right one: a 412 is an effect too many


def test_killed_at_any_moment(server):
    chance = random.Random(seed())
    worker = Retrier(server, random.Random(chance.random()))
    pause = threading.Event()
    for _ in range(KILLS):
        before = len(worker.done)
        until(lambda before=before: len(worker.done) > before or worker.error, 20, "another action")
        pause.wait(chance.random() / 50)
        worker.up.clear()
        server.kill()
        server.start()
        worker.up.set()
    worker.stop.set()
    worker.thread.join(20)
    assert worker.error is None, worker.error
    print(f"{KILLS} kills, {len(worker.done)} actions, {worker.lost} tries lost, {worker.replays} of them were done")

    with database(server) as file:
        effects = file.execute("SELECT action_id, entity_id, version FROM log WHERE action_id IS NOT NULL").fetchall()
        keys = dict(file.execute("SELECT key, row_id FROM actions"))
        rows = dict(file.execute("SELECT id, version FROM announcements WHERE deleted_at IS NULL"))
    file.close()
    assert Counter(key for key, _, _ in effects) == Counter(worker.done.keys())
    assert {key: (row, version) for key, row, version in effects} == worker.done
    assert keys == {key: row for key, (row, _) in worker.done.items()}
    assert worker.rows.items() <= rows.items()
