# SPDX-License-Identifier: LGPL-2.1-or-later
"""labsync-server alone, over its sockets: HTTP and labsync.v1 as the protocol has them."""

import asyncio
import http.client
import json
import signal
import ssl
import subprocess
import sys
import time
import uuid
from contextlib import contextmanager
from pathlib import Path

import pytest
import websockets

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "fakes"))

import wire_schema  # noqa: E402
from labsync_testing import PASSWORD, Server, program, until  # noqa: E402

ADMIN, TEACHER, STUDENT, STUDENT2, PARENT = (
    f"{name}@demo.test" for name in ("admin", "teacher", "student", "student2", "parent")
)
LARGE_LIMIT = 2 << 20  # what this client takes, more than the server may send


class Socket:
    """A client of labsync.v1, step by step. Every frame is checked against its schema."""

    def __init__(self, server, token, protocols=("labsync.v1",), query="", headers=None):
        self.loop = asyncio.new_event_loop()
        if headers is None:
            headers = {"Authorization": f"Bearer {token}"} if token else {}

        async def connect():
            return await websockets.connect(
                f"ws://{server.host}:{server.port}/ws{query}",
                subprotocols=list(protocols), extra_headers=headers, max_size=LARGE_LIMIT,
                ping_interval=None, close_timeout=0.5, compression=None,
            )

        try:
            self.ws = self._run(connect())
        except Exception:
            self.loop.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if not self.loop.is_closed():
            self._run(self.ws.close())
            self.loop.close()

    def _run(self, what, seconds=10):
        async def bounded():
            return await asyncio.wait_for(what, seconds)

        return self.loop.run_until_complete(bounded())

    def raw(self, data):
        self._run(self.ws.send(data))

    def send(self, kind, **members):
        text = json.dumps({"type": kind, **members})
        wire_schema.validate(kind, text)
        self.raw(text)

    def receive(self, kind=None, seconds=10):
        text = self._run(self.ws.recv(), seconds)
        frame = wire_schema.validate_frame(text)
        assert kind is None or wire_schema.frame_kind(text) == kind, frame
        return frame

    def hello(self, cursor=None, types=None, machine=None):
        self.send(
            "hello", cursor=cursor, eventTypes=types,
            agent={"version": "1.0", "machine": machine or uuid.uuid4().hex},
        )
        return self.receive("welcome")

    def ping(self):
        """The pong, and what came before it."""
        self.send("ping", timestamp=1)
        frames = []
        while True:
            frame = self.receive()
            if frame["type"] == "pong":
                return frame, frames
            frames.append(frame)

    def events(self):
        """All events up to now; checks that the frames follow on each other."""
        _, frames = self.ping()
        for before, after in zip(frames, frames[1:]):
            assert after["prev"] == before["cursor"]
        return [event for frame in frames for event in frame["events"]]

    def wait_close(self, seconds=10):
        """The close code; frames that still come are dropped."""

        async def drop():
            try:
                while True:
                    await self.ws.recv()
            except websockets.ConnectionClosed:
                return self.ws.close_code

        return self._run(drop(), seconds)


@pytest.fixture
def teacher(server):
    return server.person(TEACHER)


@pytest.fixture
def student(server):
    return server.person(STUDENT)


@pytest.fixture
def admin(server):
    return server.person(ADMIN)


@pytest.fixture
def connect(server, world):
    def make(person, **options):
        return world.enter_context(Socket(server, person.token, **options))

    return make


def offset(cursor):
    return int(cursor.rsplit(":", 1)[1])


def announce(person, title="Upacara", **columns):
    return person.create("announcements", **{"title": title, "content": "…", "category": "umum", **columns})


def refusal(answer, status, code):
    assert answer.status == status, answer
    assert (answer.body["success"], answer.body["error"]) == (False, code), answer
    assert answer.body["status"] == status
    assert answer.headers["X-Labsync-Server"] == "1"


# Signing in and out


def test_login(server):
    answer = server.http("POST", "/api/auth/login", {"email": STUDENT, "password": PASSWORD})
    assert answer.status == 200 and answer.body["message"] == "Login berhasil"
    wire_schema.validate("session", json.dumps(answer.body))
    user = answer.body["data"]["user"]
    assert (user["email"], user["role"], user["status"]) == (STUDENT, "student", "active")
    assert answer.headers["X-Labsync-Server"] == "1" and answer.headers["Date"]


@pytest.mark.parametrize(
    "body, status, code",
    [
        ({"email": STUDENT, "password": "wrong"}, 401, "wrong-credentials"),
        ({"email": "nobody@demo.test", "password": PASSWORD}, 401, "wrong-credentials"),
        ({"email": STUDENT.upper(), "password": PASSWORD}, 401, "wrong-credentials"),
        ({"email": STUDENT}, 400, "bad-request"),
        ({"email": STUDENT, "password": ""}, 400, "bad-request"),
        ({"email": 7, "password": PASSWORD}, 400, "bad-request"),
        ([], 400, "bad-request"),
        (None, 400, "bad-request"),
    ],
)
def test_refused_login(server, body, status, code):
    refusal(server.http("POST", "/api/auth/login", body), status, code)


def test_logins_leave_room_for_others(server):
    """Checking a password is slow on purpose; requests that need none go on meanwhile."""
    connections = [http.client.HTTPConnection(server.host, server.port, timeout=20) for _ in range(20)]
    body = json.dumps({"email": STUDENT, "password": "wrong"})
    start = time.monotonic()
    for connection in connections:
        connection.request("POST", "/api/auth/login", body)
    assert server.http("GET", "/health").status == 200
    health = time.monotonic() - start
    assert [connection.getresponse().status for connection in connections] == [401] * 20
    logins = time.monotonic() - start
    print(f"/health after {health * 1000:.0f} ms, 20 logins after {logins * 1000:.0f} ms")
    assert health < logins
    for connection in connections:
        connection.close()


def test_refresh_rotates(server):
    login = server.http("POST", "/api/auth/login", {"email": STUDENT, "password": PASSWORD}).body["data"]
    old = login["refreshToken"]
    first = server.http("POST", "/api/auth/refresh", {"refreshToken": old})
    assert first.status == 200 and "user" not in first.body["data"]
    wire_schema.validate("session", json.dumps(first.body))
    new = first.body["data"]["refreshToken"]
    assert new != old
    # The answer could have been lost: the old one is good for a minute.
    assert server.http("POST", "/api/auth/refresh", {"refreshToken": old}).status == 200
    second = server.http("POST", "/api/auth/refresh", {"refreshToken": new})
    assert second.status == 200
    token = second.body["data"]["token"]
    assert server.http("GET", "/api/grades", token=token).status == 200
    # Two rotations on, the first one is no good any more.
    refusal(server.http("POST", "/api/auth/refresh", {"refreshToken": old}), 401, "session-ended")
    refusal(server.http("POST", "/api/auth/refresh", {"refreshToken": "x"}), 401, "session-ended")
    refusal(server.http("POST", "/api/auth/refresh", {}), 400, "bad-request")


def test_logout_ends_everything_at_once(server, student, connect):
    sockets = [connect(student), connect(student)]
    for each in sockets:
        each.hello()
    other = server.person(STUDENT)
    assert student.call("POST", "/api/auth/logout").body["success"]
    assert [each.wait_close() for each in sockets] == [4001, 4001]
    refusal(student.call("GET", "/api/grades"), 401, "session-ended")
    refusal(student.call("POST", "/api/auth/logout"), 401, "session-ended")
    with pytest.raises(websockets.InvalidStatusCode) as error:
        connect(student)
    assert error.value.status_code == 401
    assert other.call("GET", "/api/grades").status == 200  # another session of the same user


@pytest.mark.parametrize("token", [None, "", "x", "a.b.c", "x" * 5000], ids=lambda token: repr(token)[:8])
def test_bad_tokens(server, token):
    for path in ("/api/grades", "/api/updates", "/api/snapshot?entity=grade", "/api/users/x"):
        answer = server.http("GET", path, token=token)
        assert answer.status == 401 and answer.headers["WWW-Authenticate"] == "Bearer"
    with pytest.raises(websockets.InvalidStatusCode) as error:
        Socket(server, token)
    assert error.value.status_code == 401


def test_token_is_refused_after_its_end(directory, world):
    server = world.enter_context(Server(directory / "short", "--token-lifetime", "1"))
    person = server.person(STUDENT)
    until(lambda: person.call("GET", "/api/grades").status == 401, what="the token's end")
    refusal(person.call("GET", "/api/grades"), 401, "token-expired")


def test_tokens_survive_a_restart(server, student):
    server.stop()
    server.start()
    assert student.call("GET", "/api/grades").status == 200
    key = server.directory / "data" / "signing.key"
    assert key.stat().st_mode & 0o777 == 0o600


# Tables


def test_row_from_birth_to_death(teacher):
    made = teacher.call(
        "POST", "/api/announcements",
        {"id": "a-1", "title": "Ujian", "content": "…", "category": "akademik", "created_by": "somebody", "version": 9},
    )
    assert made.status == 201 and made.headers["ETag"] == '"1"'
    row = made.body["data"]
    assert (row["id"], made.body["version"]) == ("a-1", 1)
    assert row["created_by"] == teacher.user["id"]  # from the token, whatever was sent

    changed = teacher.call("PUT", "/api/announcements/a-1", {"title": "Ujian 2"}, {"If-Match": '"1"'})
    assert (changed.status, changed.body["version"]) == (200, 2)
    assert changed.body["data"]["title"] == "Ujian 2" and changed.body["data"]["content"] == "…"
    assert offset(changed.body["cursor"]) > offset(made.body["cursor"])

    got = teacher.call("GET", "/api/announcements/a-1")
    assert got.body["data"] == changed.body["data"] and got.headers["ETag"] == '"2"'
    assert changed.body["data"] in teacher.rows("announcements")

    gone = teacher.call("DELETE", "/api/announcements/a-1", None, {"If-Match": '"2"'})
    assert gone.status == 200 and gone.body["data"] == {"id": "a-1"} and gone.body["version"] == 3
    for method, body in (("GET", None), ("PUT", {"title": "x"}), ("DELETE", None)):
        refusal(teacher.call(method, "/api/announcements/a-1", body), 410, "gone")
    assert "a-1" not in [each["id"] for each in teacher.rows("announcements")]


def test_version_mismatch_shows_the_row(teacher):
    row = announce(teacher)
    path = f"/api/announcements/{row['id']}"
    current = teacher.call("PATCH", path, {"title": "dua"}).body["data"]
    answer = teacher.call("PATCH", path, {"title": "tiga"}, {"If-Match": '"1"'})
    refusal(answer, 412, "version-mismatch")
    assert answer.body["data"] == current and answer.body["version"] == 2
    assert teacher.call("GET", path).body["data"] == current
    refusal(teacher.call("DELETE", path, None, {"If-Match": '"1"'}), 412, "version-mismatch")
    for header in ("1", '"x"', '"0"', '"-1"', 'W/"1"', '"'):
        refusal(teacher.call("PATCH", path, {"title": "x"}, {"If-Match": header}), 400, "bad-request")
    assert teacher.call("PATCH", path, {"title": "x"}, {"If-Match": "*"}).status == 200


def test_existing_id(teacher):
    row = announce(teacher, id="a-2")
    answer = teacher.call("POST", "/api/announcements", {"id": "a-2", "title": "x", "content": "x", "category": "umum"})
    refusal(answer, 409, "exists")
    assert answer.body["data"] == row


@pytest.mark.parametrize(
    "body, field",
    [
        ({"title": "x", "content": "x"}, "category"),
        ({"title": "x", "content": "x", "category": "lain"}, "category"),
        ({"title": 7, "content": "x", "category": "umum"}, "title"),
        ({"title": "x", "content": "x", "category": "umum", "title = 5, content": 1}, "title = 5, content"),
    ],
)
def test_invalid_rows(teacher, body, field):
    answer = teacher.call("POST", "/api/announcements", body)
    refusal(answer, 400, "invalid")
    assert answer.body["field"] == field


def post(server, person, data, headers=None):
    connection = http.client.HTTPConnection(server.host, server.port, timeout=20)
    connection.request(
        "POST", "/api/announcements", data, {"Authorization": f"Bearer {person.token}", **(headers or {})},
        encode_chunked=not isinstance(data, bytes),
    )
    answer = connection.getresponse()
    body = json.loads(answer.read())
    connection.close()
    return answer.status, body["error"]


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{", b"[]", b"null", b"\xff\xfe", b"{}{}", b'{"title":"a\\u0000b"}', b'{"title":"x","title":"y"}',
        b'{"title":18446744073709551616}', b'{"title":1e999}', b'{"title":NaN}', b"[" * 100000,
        b'{"a":' * 40 + b"1" + b"}" * 40, b"{'title':'x'}",
    ],
    ids=lambda data: repr(data[:24]),
)
def test_malformed_bodies(server, teacher, data):
    status, code = post(server, teacher, data)
    assert status == 400 and code in ("bad-json", "bad-request"), (status, code)


def test_large_bodies(server, teacher):
    limit = 16 << 20
    row = {"title": "x", "content": "", "category": "umum"}
    assert post(server, teacher, b"x" * (limit + 1)) == (413, "too-large")
    chunks = (b"x" * 65536 for _ in range((limit >> 16) + 1))
    assert post(server, teacher, chunks, {"Transfer-Encoding": "chunked"})[0] == 413
    # Allowed as a body, but no event could carry the row.
    assert post(server, teacher, json.dumps({**row, "content": "x" * (1 << 20)}).encode()) == (400, "invalid")
    assert teacher.call("POST", "/api/announcements", {**row, "content": "x" * 900_000}).status == 201


def test_methods_and_paths(server, teacher):
    refusal(teacher.call("POST", "/api/grades/g-1", {}), 405, "method-not-allowed")
    assert teacher.call("DELETE", "/api/grades").headers["Allow"] == "GET, POST"
    refusal(server.http("GET", "/api/auth/login"), 405, "method-not-allowed")
    refusal(server.http("BREW", "/health"), 405, "method-not-allowed")
    for path in ("/", "/api/sessions", "/api/gradesFOO", "/api/../school.db", "/ws/", "/api/sqlite_master"):
        refusal(teacher.call("GET", path), 404, "not-found")
    assert teacher.call("GET", "/api/%00").status == 400
    refusal(teacher.call("GET", "/api/grades/none"), 404, "not-found")
    refusal(teacher.call("PUT", "/api/announcements/none", {"title": "x"}), 404, "not-found")
    assert teacher.call("HEAD", "/api/grades").status == 200


def test_rights(student, teacher):
    grade = teacher.rows("grades")[0]
    refusal(student.call("PUT", f"/api/grades/{grade['id']}", {"score": 100}), 403, "forbidden")
    hidden = [row for row in teacher.rows("grades") if row not in student.rows("grades")][0]
    refusal(student.call("GET", f"/api/grades/{hidden['id']}"), 404, "not-found")


def test_new_user_can_sign_in(server, admin, teacher):
    new = {"id": "u-new", "name": "Dewi", "email": "dewi@demo.test", "role": "student", "password": "rahasia"}
    refusal(teacher.call("POST", "/api/users", new), 403, "forbidden")
    row = admin.create("users", **new)
    assert not {"password", "password_hash"} & set(row)
    login = {"email": "dewi@demo.test", "password": "rahasia"}
    assert server.http("POST", "/api/auth/login", login).status == 200
    admin.update("users", "u-new", password="baru")
    refusal(server.http("POST", "/api/auth/login", login), 401, "wrong-credentials")
    assert server.http("POST", "/api/auth/login", {**login, "password": "baru"}).status == 200
    answer = admin.call("POST", "/api/users", {**new, "id": "u-2", "password_hash": "x"})
    refusal(answer, 400, "invalid")


def test_action_id_travels(teacher, connect):
    listener = connect(teacher)
    listener.hello()
    headers = {"Idempotency-Key": "key-1"}
    teacher.call("POST", "/api/announcements", {"title": "x", "content": "x", "category": "umum"}, headers)
    assert listener.receive("events")["events"][0]["actionId"] == "key-1"
    for bad in ("", "a b", "k" * 129):
        answer = teacher.call("POST", "/api/announcements", {"title": "x"}, {"Idempotency-Key": bad})
        refusal(answer, 400, "bad-request")


def test_connections_are_kept(server):
    connection = http.client.HTTPConnection(server.host, server.port)
    connection.connect()
    port = connection.sock.getsockname()[1]
    for _ in range(3):
        connection.request("GET", "/health")
        assert connection.getresponse().read()
        assert connection.sock.getsockname()[1] == port
    connection.close()


# Catching up by HTTP


def updates(person, cursor, **parameters):
    query = "".join(f"&{key}={value}" for key, value in parameters.items())
    answer = person.call("GET", f"/api/updates?cursor={cursor}{query}")
    if answer.status == 304:
        return None
    assert answer.status == 200, answer
    wire_schema.validate("updates", json.dumps(answer.body))
    return answer.body["data"]


def test_updates(student, teacher):
    cursor = student.call("GET", "/api/snapshot?entity=grade").body["data"]["cursor"]
    assert updates(student, cursor) is None
    titles = [f"nomor {number}" for number in range(5)]
    for title in titles:
        announce(teacher, title)
    seen, more, page_cursor = [], True, cursor
    while more:
        page = updates(student, page_cursor, limit=2)
        assert len(page["updates"]) <= 2 and page["resume"] == "resumed"
        seen += page["updates"]
        more, page_cursor = page["more"], page["cursor"]
    assert [event["data"]["title"] for event in seen] == titles
    assert [event["offset"] for event in seen] == sorted(event["offset"] for event in seen)
    assert {event["userId"] for event in seen} == {teacher.user["id"]}
    assert updates(student, page_cursor) is None


def test_updates_move_past_what_is_not_visible(student, teacher, admin):
    cursor = student.call("GET", "/api/snapshot?entity=grade").body["data"]["cursor"]
    announce(teacher, target_audience=["teacher"])
    page = updates(student, cursor)
    assert page["updates"] == [] and offset(page["cursor"]) > offset(cursor)
    assert updates(student, page["cursor"]) is None
    assert len(updates(admin, cursor)["updates"]) == 1


def test_updates_that_cannot_be_resumed(student):
    cursor = student.call("GET", "/api/snapshot?entity=grade").body["data"]["cursor"]
    epoch = cursor.rsplit(":", 1)[0]
    assert updates(student, f"{uuid.uuid4()}:1")["resume"] == "snapshot"
    assert updates(student, f"{epoch}:{offset(cursor) + 1}")["resume"] == "snapshot"
    for bad in ("", "x", f"{epoch}:", f"{epoch}:-1", f"{epoch}:1.5", ":1"):
        refusal(student.call("GET", f"/api/updates?cursor={bad}"), 400, "bad-request")
    for bad in ("0", "-1", "x", ""):
        refusal(student.call("GET", f"/api/updates?cursor={cursor}&limit={bad}"), 400, "bad-request")


def test_answers_stay_below_a_mebibyte(student, teacher):
    cursor = student.call("GET", "/api/snapshot?entity=grade").body["data"]["cursor"]
    for number in range(4):
        announce(teacher, f"besar {number}", content="x" * 400_000)
    page = student.call("GET", f"/api/updates?cursor={cursor}")
    assert int(page.headers["Content-Length"]) <= 1 << 20 and page.body["data"]["more"]
    rows, token = 0, None
    while True:
        answer = student.call("GET", "/api/snapshot?entity=announcement" + (f"&page={token}" if token else ""))
        assert int(answer.headers["Content-Length"]) <= 1 << 20
        wire_schema.validate("snapshot", json.dumps(answer.body))
        rows, token = rows + len(answer.body["data"]["rows"]), answer.body["data"]["next"]
        if not token:
            break
    assert rows == len(student.rows("announcements"))


def test_snapshot(student, teacher):
    for number in range(7):
        announce(teacher, f"nomor {number}")
    whole = student.call("GET", "/api/snapshot?entity=announcement").body["data"]
    rows, token, cursors = [], "", set()
    while token is not None:
        page = student.call("GET", f"/api/snapshot?entity=announcement&limit=3&page={token}".replace("&page=", "&page=" if token else "&x="))
        page = page.body["data"]
        rows, token = rows + page["rows"], page["next"]
        cursors.add(page["cursor"])
        announce(teacher, "nanti", target_audience=["teacher"])  # does not move the cursor of later pages
    assert rows == whole["rows"] and cursors == {whole["cursor"]}
    assert {row["id"]: row["data"] for row in rows} == {row["id"]: row for row in student.rows("announcements")}
    refusal(student.call("GET", "/api/snapshot?entity=announcement&page=x"), 400, "bad-page")
    for entity in ("", "presence", "grades", "session"):
        refusal(student.call("GET", f"/api/snapshot?entity={entity}"), 400, "bad-request")
    refusal(student.call("GET", "/api/snapshot"), 400, "bad-request")


def test_poll_of_the_original(student, teacher):
    answer = student.call("GET", "/api/updates")
    assert answer.body["message"] == "Updates retrieved"
    all_updates = answer.body["data"]["updates"]
    kinds = list(dict.fromkeys((each["type"], each["entity"]) for each in all_updates))
    assert kinds == [
        ("grade_updated", "grades"), ("attendance_updated", "attendance"), ("announcement_updated", "announcements"),
        ("library_material_updated", "elibrary"), ("event_updated", "schoolevents"), ("user_status_changed", "users"),
    ]
    mine = [each["data"] for each in all_updates if each["entity"] == "grades"]
    assert mine == student.rows("grades") != teacher.rows("grades")
    assert "password_hash" not in json.dumps(all_updates)
    assert {each["userId"] for each in all_updates} == {student.user["id"]}

    later = "2999-01-01T00:00:00.000Z"
    for header, count in (("garbage", len(all_updates)), ("Thu, 01 Jan 1970 00:00:00 GMT", len(all_updates)), (later, 0)):
        answer = student.call("GET", "/api/updates", None, {"If-Modified-Since": header})
        assert len(answer.body["data"]["updates"]) == count, header


# The socket


def test_handshake(server, student):
    refusal(student.call("GET", "/ws"), 426, "upgrade-required")
    for protocols in ((), ("other",)):
        with pytest.raises(websockets.InvalidStatusCode) as error:
            Socket(server, student.token, protocols)
        assert error.value.status_code == 400
    for options in ({}, {"query": f"?token={student.token}", "headers": {}}):
        with Socket(server, student.token, ("other", "labsync.v1"), **options) as client:
            assert client.ws.subprotocol == "labsync.v1"
            assert client.ws.response_headers["X-Labsync-Server"] == "1"


def test_fresh_stream(student, teacher, connect):
    client = connect(student)
    before = time.time() * 1000
    welcome = client.hello()
    assert welcome["resume"] == "fresh" and welcome["expiresAt"] > before + 800_000
    assert welcome["user"] == {"id": student.user["id"], "role": "student", "extraRole": student.user["extraRole"]}
    pong, frames = client.ping()
    assert frames == [] and pong["sent"] == pong["cursor"] == welcome["cursor"]
    assert abs(pong["timestamp"] - time.time() * 1000) < 5000

    row = announce(teacher)
    frame = client.receive("events")
    assert (frame["prev"], frame["more"]) == (welcome["cursor"], False)
    (event,) = frame["events"]
    assert (event["type"], event["data"], event["version"]) == ("announcement_created", row, 1)
    assert (event["userId"], event["userRole"]) == (teacher.user["id"], "teacher")
    assert offset(frame["cursor"]) == event["offset"]
    teacher.update("announcements", row["id"], title="baru")
    second = client.receive("events")
    assert second["prev"] == frame["cursor"]
    assert second["events"][0]["type"] == "announcement_updated"
    teacher.delete("announcements", row["id"])
    assert client.receive("events")["events"][0]["data"] == {"id": row["id"]}


def test_what_is_not_visible_moves_the_cursor_silently(student, teacher, connect):
    client = connect(student)
    welcome = client.hello()
    announce(teacher, target_audience=["teacher"])
    pong, frames = client.ping()
    assert frames == [] and pong["sent"] == welcome["cursor"]
    assert offset(pong["cursor"]) > offset(welcome["cursor"])
    announce(teacher)
    assert client.receive("events")["prev"] == welcome["cursor"]


def test_resume_after_an_absence(student, teacher, connect):
    with connect(student) as first:
        cursor = first.hello()["cursor"]
    count = 250
    for number in range(count):
        announce(teacher, f"nomor {number}")
    client = connect(student)
    welcome = client.hello(cursor)
    assert welcome["resume"] == "resumed" and offset(welcome["cursor"]) == offset(cursor) + count
    titles, previous = [], cursor
    while True:
        frame = client.receive("events")
        assert frame["prev"] == previous and 0 < len(frame["events"]) <= 100
        titles += [event["data"]["title"] for event in frame["events"]]
        previous = frame["cursor"]
        if not frame["more"]:
            break
    assert titles == [f"nomor {number}" for number in range(count)]
    assert previous == welcome["cursor"]


def test_large_backlog_comes_in_small_frames(student, teacher, connect):
    with connect(student) as first:
        cursor = first.hello()["cursor"]
    for number in range(30):
        announce(teacher, f"nomor {number}", content="x" * 10_000)
    client = connect(student)
    client.hello(cursor)
    frames, more = [], True
    while more:
        frames.append(client.receive("events"))
        more = frames[-1]["more"]
    assert sum(len(frame["events"]) for frame in frames) == 30
    assert max(len(json.dumps(frame)) for frame in frames) < 70_000


def test_writes_during_the_backlog_come_once_and_in_order(student, teacher, connect):
    with connect(student) as first:
        cursor = first.hello()["cursor"]
    for number in range(200):
        announce(teacher, str(number))
    client = connect(student)
    client.hello(cursor)
    for number in range(200, 230):
        announce(teacher, str(number))
    titles = []
    while len(titles) < 230:
        frame = client.receive("events")
        titles += [event["data"]["title"] for event in frame["events"]]
    assert titles == [str(number) for number in range(230)]
    assert client.events() == []


def test_resume_with_nothing_new(student, teacher, connect):
    with connect(student) as first:
        cursor = first.hello()["cursor"]
    client = connect(student)
    assert client.hello(cursor)["resume"] == "resumed"
    pong, frames = client.ping()
    assert frames == [] and pong["sent"] == cursor

    announce(teacher, target_audience=["teacher"])
    other = connect(student)
    welcome = other.hello(cursor)
    frame = other.receive("events")
    assert (frame["prev"], frame["cursor"], frame["events"], frame["more"]) == (cursor, welcome["cursor"], [], False)


def test_resume_that_is_impossible(student, teacher, connect):
    client = connect(student)
    cursor = client.hello()["cursor"]
    for impossible in (f"{uuid.uuid4()}:1", f"{cursor.rsplit(':', 1)[0]}:{offset(cursor) + 1000}"):
        other = connect(student)
        welcome = other.hello(impossible)
        assert (welcome["resume"], welcome["cursor"]) == ("snapshot", cursor)
        pong, frames = other.ping()
        assert frames == [] and pong["sent"] == cursor


def test_resume_after_a_restart(server, student, teacher, connect):
    with connect(student) as first:
        cursor = first.hello()["cursor"]
    row = announce(teacher)
    server.kill()
    server.start()
    client = connect(student)
    assert client.hello(cursor)["resume"] == "resumed"
    assert client.receive("events")["events"][0]["data"] == row


def test_live_events_of_a_burst_come_together(server, student, teacher, connect):
    client = connect(student)
    client.hello()
    writers = [http.client.HTTPConnection(server.host, server.port, timeout=20) for _ in range(30)]
    for each in writers:  # so that they are accepted before the burst
        each.request("GET", "/health")
        each.getresponse().read()
    server.freeze()
    body = json.dumps({"title": "x", "content": "x", "category": "umum"})
    for each in writers:
        each.request("POST", "/api/announcements", body, {"Authorization": f"Bearer {teacher.token}"})
    server.thaw()
    events, frames = 0, 0
    while events < 30:
        frame = client.receive("events")
        events, frames = events + len(frame["events"]), frames + 1
    print(f"30 events in {frames} frames")
    assert frames <= 10
    for each in writers:
        assert each.getresponse().status == 201
        each.close()


def test_subscriptions(student, teacher, connect):
    client = connect(student)
    welcome = client.hello(types=["grade_updated"])
    row = announce(teacher)
    pong, frames = client.ping()
    assert frames == [] and pong["sent"] == welcome["cursor"] != pong["cursor"]

    client.send("subscribe", eventType="announcement_updated")
    answer = client.receive("subscribed")
    assert (answer["eventType"], answer["cursor"]) == ("announcement_updated", pong["cursor"])
    teacher.update("announcements", row["id"], title="dua")
    assert client.receive("events")["events"][0]["data"]["title"] == "dua"

    client.send("unsubscribe", eventType="announcement_updated")
    assert client.receive("unsubscribed")["eventType"] == "announcement_updated"
    teacher.update("announcements", row["id"], title="tiga")
    assert client.events() == []

    nothing = connect(student)
    nothing.hello(types=[])
    teacher.update("announcements", row["id"], title="empat")
    assert nothing.events() == []


def test_subscriptions_hold_for_the_backlog(student, teacher, connect):
    with connect(student) as first:
        cursor = first.hello()["cursor"]
    row = announce(teacher)
    teacher.update("announcements", row["id"], title="dua")
    client = connect(student)
    welcome = client.hello(cursor, ["announcement_updated"])
    frame = client.receive("events")
    assert [event["type"] for event in frame["events"]] == ["announcement_updated"]
    assert frame["cursor"] == welcome["cursor"] and not frame["more"]


def test_visibility_follows_a_change(student, admin, connect):
    client = connect(student)
    client.hello()
    (classmate,) = [row for row in admin.rows("users") if row["email"] == STUDENT2]
    mine = student.rows("grades")
    record = next(row for row in admin.rows("students") if row["user_id"] == student.user["id"])
    new_class = admin.create("classes", name="9Z", academic_year="2026/2027", semester="1")
    admin.update("students", record["id"], **{"class": new_class["id"]})
    events = [(event["type"], event["data"]) for event in client.events()]
    assert events == [("user_deleted", {"id": classmate["id"]})]
    assert classmate["id"] not in [row["id"] for row in student.rows("users")]
    assert mine == student.rows("grades")


def test_deactivation_closes(student, admin, connect):
    client = connect(student)
    client.hello()
    admin.update("users", student.user["id"], status="inactive")
    assert client.wait_close() == 4003
    assert student.call("GET", "/api/grades").status in (401, 403)
    with pytest.raises(websockets.InvalidStatusCode) as error:
        connect(student)
    assert error.value.status_code in (401, 403)
    login = student.server.http("POST", "/api/auth/login", {"email": STUDENT, "password": PASSWORD})
    refusal(login, 401, "wrong-credentials")


def test_expiry_closes(directory, world):
    server = world.enter_context(Server(directory / "short", "--token-lifetime", "3"))
    first, second = server.person(STUDENT), server.person(STUDENT2)
    with Socket(server, first.token) as expiring, Socket(server, second.token) as renewed:
        end = expiring.hello()["expiresAt"]
        renewed.hello()
        until(lambda: time.time() * 1000 > end - 1000, what="the last second")
        renewed.send("auth", token=server.person(STUDENT2).token)
        assert renewed.receive("authenticated")["expiresAt"] > end
        assert expiring.wait_close() == 4001
        assert time.time() * 1000 >= end
        renewed.ping()


def test_auth_refuses_what_is_not_good(student, teacher, connect):
    client = connect(student)
    client.hello()
    for token, code in (("x.y.z", "token-invalid"), (teacher.token, "forbidden")):
        client.send("auth", token=token)
        assert client.receive("error")["code"] == code
    client.ping()


def test_flood_closes(student, connect):
    client = connect(student)
    client.hello()
    for _ in range(200):
        try:
            client.raw('{"type":"ping","timestamp":1}')
        except websockets.ConnectionClosed:
            break
    assert client.wait_close() == 4008


def test_same_machine_replaces(student, connect):
    machine = uuid.uuid4().hex
    old, new, other = connect(student), connect(student), connect(student)
    old.hello(machine=machine)
    other.hello()
    new.hello(machine=machine)
    assert old.wait_close() == 4009
    new.ping()
    other.ping()
    third = connect(student)
    third.hello(machine=machine)
    assert new.wait_close() == 4009


@pytest.mark.parametrize(
    "data, code",
    [
        ("", "bad-message"), ("{", "bad-message"), ("null", "bad-message"), ("[]", "bad-message"),
        ("42", "bad-message"), ("{}", "bad-message"), ('{"type":7}', "bad-message"),
        ('{"type":"ping","type":"ping"}', "bad-message"), ("[" * 100_000, "bad-message"),
        (b'{"type":"ping","timestamp":1}', "bad-message"), (b"\x00\xff", "bad-message"),
        ('{"type":"subscribe"}', "bad-message"), ('{"type":"subscribe","eventType":5}', "bad-message"),
        ('{"type":"subscribe","eventType":"tea_served"}', "unknown-type"), ('{"type":"dance"}', "unknown-type"),
        ('{"type":"welcome","resume":"fresh","cursor":"a:1","user":{"id":"u","role":"admin","extraRole":null},'
         '"heartbeat":1,"expiresAt":1}', "unexpected"),
        ('{"type":"hello","cursor":null,"eventTypes":null,"agent":{"version":"1","machine":"' + "0" * 32 + '"}}',
         "unexpected"),
    ],
    ids=lambda value: repr(value[:40]),
)
def test_bad_messages_are_answered(student, connect, data, code):
    client = connect(student)
    client.hello()
    client.raw(data)
    assert client.receive("error")["code"] == code
    client.ping()


@pytest.mark.parametrize(
    "data",
    [
        '{"type":"ping","timestamp":1}', '{"type":"subscribe","eventType":"grade_updated"}',
        '{"type":"hello","cursor":7,"eventTypes":null,"agent":{"version":"1","machine":"x"}}',
        '{"type":"hello","cursor":null,"eventTypes":{},"agent":{"version":"1","machine":"' + "0" * 32 + '"}}',
        '{"type":"hello"}',
    ],
)
def test_hello_comes_first_and_whole(student, teacher, connect, data):
    client = connect(student)
    client.raw(data)
    assert client.receive("error")["code"] in ("unexpected", "bad-message")
    announce(teacher)
    assert client.hello()["resume"] == "fresh"  # nothing came before


def test_too_large_messages(student, connect):
    client = connect(student)
    client.hello()
    client.raw(json.dumps({"type": "dance", "x": "x" * 1_000_000}))
    assert client.receive("error")["code"] == "unknown-type"
    client.raw("x" * ((1 << 20) + 1))
    assert client.wait_close() == 1009


def test_truncated_frame(server, student, teacher, connect):
    """Half a frame and a cut harm nobody else."""
    client = connect(student)
    client.hello()
    broken = connect(teacher)
    broken.hello()
    broken.ws.transport.write(b"\x81\xfe\x00\x10")
    broken.ws.transport.abort()
    announce(teacher)
    assert len(client.receive("events")["events"]) == 1


def test_disconnect(student, connect):
    client = connect(student)
    client.hello()
    client.send("disconnect")
    assert client.wait_close() == 1000


def test_silence_closes(directory, world):
    server = world.enter_context(Server(directory / "impatient", "--config", str(heartbeat(directory, "1s"))))
    person = server.person(STUDENT)
    with Socket(server, person.token) as silent, Socket(server, person.token) as alive:
        assert silent.hello()["heartbeat"] == 1000
        alive.hello()
        start = time.monotonic()
        while time.monotonic() - start < 4.5:
            alive.ping()
            alive._run(asyncio.sleep(0.5))
        assert silent.wait_close() == 1008
        alive.ping()


def heartbeat(directory, value):
    path = directory / "server.conf"
    path.write_text(f"[Server]\nheartbeat={value}\ndrain-retry=3s\ndrain-spread=7s\n")
    return path


def test_slow_reader_is_fed_from_the_database(student, teacher, connect):
    """Somebody who does not read holds nothing up, and gets everything in the end."""
    client = connect(student)
    client.hello()
    client.ws.transport.pause_reading()
    quick = connect(student)
    quick.hello()
    count = 150
    for number in range(count):
        announce(teacher, str(number), content="x" * 100_000)
    quick_titles = []
    while len(quick_titles) < count:
        quick_titles += [event["data"]["title"] for event in quick.receive("events")["events"]]
    rss = Path(f"/proc/{teacher.server.process.pid}/statm").read_text().split()[1]
    print(f"server with 15 MB behind: {int(rss) * 4096 >> 20} MiB")
    client.ws.transport.resume_reading()
    titles, previous = [], None
    while len(titles) < count:
        frame = client.receive("events")
        assert previous in (None, frame["prev"])
        titles += [event["data"]["title"] for event in frame["events"]]
        previous = frame["cursor"]
    assert titles == quick_titles == [str(number) for number in range(count)]


def test_presence(server, student, admin, connect):
    watcher = connect(admin)
    watcher.hello(types=["user_online", "user_offline"])
    with connect(student) as one:
        one.hello()
        online = watcher.receive("event")
        assert (online["type"], online["entity"], online["entityId"]) == ("user_online", "presence", student.user["id"])
        assert "offset" not in online
        with connect(student) as two:
            two.hello()
        assert watcher.ping()[1] == []  # still there by the other connection
    offline = watcher.receive("event")
    assert (offline["type"], offline["entityId"]) == ("user_offline", student.user["id"])

    parent = connect(server.person(PARENT))
    parent.hello(types=["user_online"])
    with connect(student) as one:
        one.hello()
    assert parent.ping()[1] == []


# The program


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_drain(directory, world, how):
    server = world.enter_context(Server(directory / "server", "--config", str(heartbeat(directory, "30s"))))
    person = server.person(STUDENT)
    with Socket(server, person.token) as client, Socket(server, person.token) as unborn:
        client.hello()
        start = time.monotonic()
        server.process.send_signal(how)
        drain = client.receive("drain")
        assert (drain["retryAfter"], drain["spread"]) == (3, 7)
        assert client.wait_close() == 1001 and unborn.wait_close() == 1001
        assert server.process.wait(5) == 0
        assert time.monotonic() - start < 2


def test_drain_does_not_wait_for_the_dead(server, student):
    client = Socket(server, student.token)
    client.hello()
    client.ws.transport.pause_reading()
    start = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - start < 2
    client.ws.transport.abort()
    client._run(client.ws.wait_closed())
    client.loop.close()


def test_metrics(server, student, connect):
    client = connect(student)
    client.hello()
    connection = http.client.HTTPConnection(server.host, server.port)
    connection.request("GET", "/metrics")
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
    lines = text.splitlines()
    assert lines[-1] == "# EOF" and "labsync_connections 1" in lines
    assert 'labsync_requests_total{status="200"} 1' in lines  # the login
    assert server.http("GET", "/health").body["success"] and server.http("GET", "/ready").body["success"]


def run(*arguments):
    return subprocess.run(
        [program("labsync-server"), *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=20
    )


def test_command_line(directory):
    version = run("--version")
    assert version.returncode == 0 and version.stdout.startswith("labsync-server ")
    assert run("--help").returncode == 0
    for arguments in (["--listen", "here"], ["--nonsense"], ["--token-lifetime", "x"], ["--config", "/nonexistent"]):
        result = run(*arguments)
        assert result.returncode == 2 and result.stderr.startswith("labsync-server: "), arguments
    for arguments in (
        ["--listen", "192.0.2.1:1", "--data-dir", str(directory / "a")],
        ["--data-dir", "/proc/labsync"],
        ["--data-dir", str(directory / "b"), "--tls-certificate", "/nonexistent", "--tls-key", "/nonexistent"],
    ):
        result = run(*arguments)
        assert result.returncode == 1 and result.stderr.startswith("labsync-server: "), (arguments, result)


@contextmanager
def listening(*arguments):
    process = subprocess.Popen(
        [program("labsync-server"), *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.communicate(timeout=10)


def test_addresses(directory):
    data = ["--data-dir", str(directory / "data")]
    with listening("--listen", "[::1]:0", *data) as line:
        assert line.startswith("listening on http://[::1]:")
    with listening("--listen", "127.0.0.1:0", *data) as line:
        result = run("--listen", line.rsplit("/", 1)[1], "--data-dir", str(directory / "other"))
        assert result.returncode == 1 and "Could not listen" in result.stderr


def test_tls(directory):
    certificate, key = directory / "cert.pem", directory / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
         "-subj", "/CN=localhost", "-keyout", str(key), "-out", str(certificate)],
        check=True, stderr=subprocess.DEVNULL,
    )
    arguments = ["--listen", "127.0.0.1:0", "--tls-certificate", str(certificate), "--tls-key", str(key)]
    with listening(*arguments, "--data-dir", str(directory / "data")) as line:
        assert line.startswith("listening on https://127.0.0.1:")
        context = ssl.create_default_context(cafile=str(certificate))
        context.check_hostname = False
        connection = http.client.HTTPSConnection(line.split("//")[1], context=context)
        connection.request("GET", "/health")
        assert connection.getresponse().status == 200
        connection.close()


def test_warns_where_passwords_would_travel_readable(directory):
    process = subprocess.Popen(
        [program("labsync-server"), "--listen", "0.0.0.0:0", "--data-dir", str(directory / "data")],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )
    process.stdout.readline()
    process.terminate()
    _, errors = process.communicate(timeout=10)
    assert "warning" in errors
