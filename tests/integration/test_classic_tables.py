# SPDX-License-Identifier: LGPL-2.1-or-later
"""The existing system's stand-in: HTTP in general, and GET, POST, PUT, DELETE of its tables."""

import gzip
import http.client
import json
import re
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from classic_server import forge_token
from server_client import PARENT, STUDENT, TEACHER

TABLES = (
    "users ppdb_registrants inventory school_events event_registrations event_budgets event_photos event_feedback "
    "students teachers subjects classes schedules grades attendance e_library announcements"
).split()
ANNOUNCEMENT = {"title": "Upacara", "content": "…", "category": "umum", "created_by": "demo-admin"}
SERVER_ERROR = "Terjadi kesalahan pada server"


@pytest.fixture
def call(classic):
    """Somebody's calls, with the bytes of the answer: call(method, path, body) -> status, document."""
    token = classic.person(TEACHER).token

    def make(method, path, body=None, **headers):
        answer = classic.raw(method, f"/api/{path}", body, token, headers)
        return answer.status, json.loads(answer.body) if answer.body else None

    return make


def refused(message, status=500):
    return {"success": False, "message": message, "error": message, "status": status}


def post(call, **columns):
    return call("POST", "announcements", {**ANNOUNCEMENT, **columns})


def stored(classic, row_id):
    rows = classic.sql("SELECT * FROM announcements WHERE id IS ?", row_id)
    return rows[0] if rows else None


# HTTP in general


def test_headers(classic):
    token = classic.person(STUDENT).token
    answer = classic.raw("GET", "/api/grades", token=token)
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Content-Length"] == str(len(answer.body))
    assert answer.headers["Access-Control-Allow-Origin"] == "null"
    for absent in ("Date", "ETag", "Last-Modified", "Cache-Control", "Server", "Content-Encoding"):
        assert answer.headers[absent] is None
    # Not changed since, never matching: answered all the same.
    conditions = {"If-None-Match": "*", "If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT", "If-Match": '"1"'}
    assert classic.raw("GET", "/api/grades", token=token, headers=conditions).body == answer.body


def test_gzip_for_whoever_takes_it(classic):
    token = classic.person(STUDENT).token
    plain = classic.raw("GET", "/api/grades", token=token)
    packed = classic.raw("GET", "/api/grades", token=token, headers={"Accept-Encoding": "gzip, deflate"})
    assert packed.headers["Content-Encoding"] == "gzip" and packed.headers["Transfer-Encoding"] == "chunked"
    assert packed.headers["Content-Length"] is None
    assert gzip.decompress(packed.body) == plain.body


def test_connection_stays_for_more(classic):
    connection = http.client.HTTPConnection(classic.host, classic.port, timeout=5)
    for _ in range(3):
        connection.request("POST", "/api/auth/login", b"{}")
        end = connection.sock
        assert connection.getresponse().read() and connection.sock is end
    connection.close()


def test_whole_url_as_a_proxys_client_sends_it(classic):
    assert classic.raw("GET", f"{classic.url}/api/grades?x=1").status == 401


def test_body_that_waits_to_be_asked_for(classic):
    body = json.dumps({"email": STUDENT, "password": "demo"}).encode()
    head = f"POST /api/auth/login HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection((classic.host, classic.port), timeout=5) as client:
        client.sendall(head.encode())
        assert client.recv(4096).startswith(b"HTTP/1.1 100 ")
        client.sendall(body)
        assert client.recv(4096).startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize("text", [b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n"])
def test_what_is_no_request(classic, text):
    with socket.create_connection((classic.host, classic.port), timeout=5) as client:
        client.sendall(text)
        assert client.recv(4096).startswith(b"HTTP/1.1 400 ")


def test_bodies_have_no_spaces_and_no_escapes(classic, call):
    post(call, id="a-1", title="Rapat — wali")
    answer = classic.raw("GET", "/api/announcements/a-1", token=classic.person(STUDENT).token)
    beginning = '{"success":true,"message":"Success","data":{"id":"a-1","title":"Rapat — wali",'
    assert answer.body.decode().startswith(beginning)


def test_cross_origin(classic):
    answer = classic.raw("OPTIONS", "/api/updates", headers={"Origin": "https://school.test"})
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == "https://school.test"
    assert answer.headers["Access-Control-Allow-Headers"] == "Content-Type, Authorization"


@pytest.mark.parametrize("path", [
    "/", "/nothing", "/api/events", "/api/meetings", "/api/materials", "/api/notifications", "/api/payments/1/status",
])
def test_unknown_path(classic, path):
    answer = classic.raw("GET", path)
    assert (answer.status, json.loads(answer.body)) == (404, refused("Endpoint tidak ditemukan", 404))


def test_what_never_had_tables(classic, call):
    broken = (500, {"success": False, "status": 500})
    assert call("GET", "assignments") == broken and call("GET", "messages") == broken
    assert call("GET", "messages/conversations") == call("GET", "messages/unread-count") == broken
    assert classic.raw("GET", "/api/assignments").status == 401
    assert classic.raw("GET", "/api/assignments", token=forge_token({"user_id": "x"})).status == 500
    answer = classic.raw("POST", "/seed")
    assert answer.status == 500
    assert json.loads(answer.body)["message"].startswith("Gagal menyimpan data awal: D1_EXEC_ERROR")


def test_routes_go_by_how_a_path_begins(call):
    missing = (404, refused("Data tidak ditemukan", 404))
    assert call("GET", "gradesFOO") == missing
    assert call("GET", "users/me") == missing
    assert call("GET", "students/student-1/parents") == missing
    assert call("GET", "anything/else/grades/grade-1")[0] == 404
    assert call("GET", "grades/deeper/grade-1")[1]["data"]["id"] == "grade-1"
    assert call("GET", "grades/")[1]["data"] == call("GET", "grades")[1]["data"]


@pytest.mark.parametrize("table", TABLES)
def test_every_table_needs_a_token(classic, call, table):
    answer = classic.raw("GET", f"/api/{table}")
    assert (answer.status, json.loads(answer.body)) == (401, refused("Akses ditolak", 401))
    assert call("GET", table)[0] == 200


# GET


def test_list_is_whole_whatever_is_asked_for(classic, call):
    insert = "INSERT INTO announcements (id, title, content, category, created_by) VALUES (?, 't', '…', 'umum', ?)"
    for number in range(150):
        classic.sql(insert, f"a-{number}", "demo-admin")
    status, document = call("GET", "announcements?limit=1&id=a-3&page=2")
    assert status == 200 and list(document) == ["success", "message", "data"]
    assert [row["id"] for row in document["data"]][-150:] == [f"a-{number}" for number in range(150)]
    assert len(call("GET", "grades?student_id=student-1")[1]["data"]) == 2


def test_get_one(call):
    status, document = call("GET", "grades/grade-2")
    assert status == 200 and document["message"] == "Success"
    row = document["data"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", row.pop("created_at"))
    assert row == {
        "id": "grade-2", "student_id": "student-2", "subject_id": "subject-1", "class_id": "class-1",
        "academic_year": "2026/2027", "semester": "1", "assignment_type": "tugas", "assignment_name": "Aljabar 1",
        "score": 92.5, "max_score": 100, "created_by": "demo-teacher",
    }
    assert call("GET", "grades/none") == (404, refused("Data tidak ditemukan", 404))


def test_ids_are_not_decoded(classic, call):
    post(call, id="a b")
    post(call, id="a/b")
    assert call("GET", "announcements/a%20b")[0] == call("GET", "announcements/a%2Fb")[0] == 404


def test_no_roles_at_all(classic):
    student = classic.person(STUDENT)
    assert student.call("PUT", "/api/grades/grade-1", {"score": 100}).status == 200
    assert student.call("POST", "/api/announcements", ANNOUNCEMENT).status == 201
    users = classic.person(PARENT).rows("users")
    assert len(users) == 5 and all(len(user["password_hash"]) == 64 for user in users)


# POST


def test_create(classic, call):
    status, document = post(call)
    assert (status, document["success"], document["message"]) == (201, True, "Data berhasil dibuat")
    # What was sent and an id; what the database has added is not there.
    assert document["data"] == {"id": document["data"]["id"], **ANNOUNCEMENT}
    row = stored(classic, document["data"]["id"])
    assert row["is_active"] == 1 and row["created_at"]


def test_create_keeps_the_clients_id_and_takes_it_once(classic, call):
    assert post(call, id="mine")[1]["data"]["id"] == "mine"
    assert post(call, id="mine", title="again") == (500, refused(SERVER_ERROR))
    assert stored(classic, "mine")["title"] == "Upacara"


def test_create_without_an_id(classic, call):
    assert post(call, id=None)[0] == 201
    assert stored(classic, None)["title"] == "Upacara"


def test_large_body(classic, call):
    assert post(call, id="large", content="x" * 2_100_000)[0] == 201
    assert len(call("GET", "announcements/large")[1]["data"]["content"]) == 2_100_000


def test_values(classic, call):
    assert call("PUT", "grades/grade-1", {"score": "80"})[0] == 200
    assert call("GET", "grades/grade-1")[1]["data"]["score"] == 80
    post(call, id="v", is_active=True, title="a\0b", expires_at=9007199254740993)
    row = call("GET", "announcements/v")[1]["data"]
    assert (row["is_active"], row["title"], row["expires_at"]) == (1, "a\0b", 9007199254740992)
    assert post(call, id="audience", target_audience='["teacher"]')[0] == 201
    assert stored(classic, "audience")["target_audience"] == '["teacher"]'


@pytest.mark.parametrize("columns", [
    {"category": "lain"}, {"title": None}, {"created_by": "nobody"}, {"version": 1}, {"createdBy": "x"},
    {"target_audience": ["teacher"]}, {"title": {"a": 1}},
])
def test_create_refuses_with_500(call, columns):
    assert post(call, **columns) == (500, refused(SERVER_ERROR))


@pytest.mark.parametrize("body", [None, "{", "[]", "null", "{}", "7", '"x"'])
def test_create_refuses_what_is_no_row(call, body):
    assert call("POST", "announcements", body) == (500, refused(SERVER_ERROR))


# PUT


def test_update(classic, call):
    post(call, id="u")
    status, document = call("PUT", "announcements/u", {"title": "Baru"})
    assert (status, document) == (
        200, {"success": True, "message": "Data berhasil diperbarui", "data": {"title": "Baru"}})
    assert stored(classic, "u")["title"] == "Baru" and stored(classic, "u")["content"] == "…"


def test_update_of_an_unknown_row_looks_like_any_other(classic, call):
    assert call("PUT", "announcements/none", {"title": "x"}) == (
        200, {"success": True, "message": "Data berhasil diperbarui", "data": {"title": "x"}})
    assert stored(classic, "none") is None


@pytest.mark.parametrize("body", [
    "{}", "[]", None, "{", "null", '{"version":3}', '{"updatedAt":"x"}', '{"category":"lain"}', '{"title":null}',
    '{"created_by":"nobody"}', '{"title":[1]}', '{"title":{"a":1}}',
])
def test_update_refuses_with_500(classic, call, body):
    post(call, id="u")
    before = stored(classic, "u")
    assert call("PUT", "announcements/u", body) == (500, refused(SERVER_ERROR))
    assert stored(classic, "u") == before


def test_a_hundred_values_and_no_more(call):
    """Names that differ by case are one column to SQLite, so that a row can be given many values."""
    names = ["".join(c.upper() if n >> i & 1 else c for i, c in enumerate("content")) for n in range(100)]
    post(call, id="u")
    assert call("PUT", "announcements/u", {name: "x" for name in names[:99]})[0] == 200
    assert call("PUT", "announcements/u", {name: "x" for name in names})[0] == 500  # and the id


def test_update_may_rename(classic, call):
    post(call, id="old")
    assert call("PUT", "announcements/old", {"id": "new"})[0] == 200
    assert stored(classic, "old") is None and stored(classic, "new")


def test_column_names_go_into_the_statement(classic, call):
    assert call("PUT", "grades/grade-1", {"score = 5, assignment_name": "hacked"})[0] == 200
    row = call("GET", "grades/grade-1")[1]["data"]
    assert (row["score"], row["assignment_name"]) == (5, "hacked")
    assert call("PUT", "grades/grade-1", {"score = 6; DELETE FROM grades; --": 1})[0] == 500
    assert len(call("GET", "grades")[1]["data"]) == 2


def test_last_write_wins(call):
    post(call, id="both")
    condition = {"If-Match": '"1"', "If-Unmodified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"}
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda title: call("PUT", "announcements/both", {"title": title}, **condition), "ab"))
    assert [status for status, _ in answers] == [200, 200]
    assert call("GET", "announcements/both")[1]["data"]["title"] in ("a", "b")


def test_updated_at_of_users_is_the_databases(classic, call):
    assert call("POST", "users", {
        "id": "u-1", "name": "n", "email": "n@demo.test", "role": "parent", "updated_at": "2030-01-01T00:00:00.000Z",
    })[0] == 201
    assert call("GET", "users/u-1")[1]["data"]["updated_at"] == "2030-01-01T00:00:00.000Z"
    with classic.fault("clock-stopped"):
        assert call("PUT", "users/u-1", {"name": "m", "updated_at": "2031-01-01T00:00:00.000Z"})[0] == 200
        now = classic.sql("SELECT CURRENT_TIMESTAMP AS now")[0]["now"]
    assert call("GET", "users/u-1")[1]["data"]["updated_at"] == now


# DELETE and the rest


def test_delete(classic, call):
    post(call, id="d")
    done = (200, {"success": True, "message": "Data berhasil dihapus", "data": None})
    assert call("DELETE", "announcements/d") == done and stored(classic, "d") is None
    assert call("DELETE", "announcements/d") == done
    assert call("DELETE", "announcements/never") == done


def test_delete_of_what_others_need(classic, call):
    assert call("DELETE", "users/demo-teacher") == (500, refused(SERVER_ERROR))
    assert call("DELETE", "students/student-1")[0] == 200  # takes its grades and attendance along
    assert [row["id"] for row in classic.sql("SELECT id FROM grades")] == ["grade-2"]


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("path", ["announcements", "announcements/"])
def test_no_id(call, method, path):
    assert call(method, path, {"title": "x"}) == (400, refused("ID diperlukan"))


def test_methods_that_it_does_not_know(classic, call):
    assert call("PATCH", "grades/grade-1", {"score": 1}) == (405, refused("Metode tidak didukung"))
    assert call("HEAD", "grades") == (405, None)


def test_never_a_conflict(classic, call):
    assert "version" not in classic.sql("SELECT * FROM grades")[0]
    for score in (1, 2, 3):
        assert call("PUT", "grades/grade-1", {"score": score})[0] == 200
