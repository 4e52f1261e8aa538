# SPDX-License-Identifier: LGPL-2.1-or-later
"""labsync-server alone: rows by HTTP, and what is refused."""

import http.client
import json

import pytest

from server_client import announce, offset, refusal


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
        refusal(teacher.call("GET", path), 404, "unknown-endpoint")
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
