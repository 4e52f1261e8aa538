# SPDX-License-Identifier: LGPL-2.1-or-later
"""The existing system's stand-in: signing in, refreshing, signing out, and who looks at what of a token."""

import json
import time
import uuid

import pytest

from classic_server import ClassicServer, forge_token, token_part, token_payload
from raw_socket import RawSocket
from server_client import ADMIN, STUDENT, TEACHER

LOGIN = {"email": STUDENT, "password": "demo"}


def login(school, path="/api/auth/login", method="POST", **members):
    return school.raw(method, path, {**LOGIN, **members})


def refresh(school, token):
    return school.http("POST", "/api/auth/refresh", {"refreshToken": token})


def logout(school, token):
    return school.http("POST", "/api/auth/logout", token=token)


def signed_in(school, email=STUDENT):
    return school.http("POST", "/api/auth/login", {**LOGIN, "email": email}).body["data"]


def statuses(school, token):
    """What a token is good for: rows, poll, socket."""
    with RawSocket(school, token) as socket:
        return (
            school.raw("GET", "/api/grades", token=token).status,
            school.raw("GET", "/api/updates", token=token).status,
            socket.status,
        )


def refused(message, status):
    return {"success": False, "message": message, "error": message, "status": status}


def test_login(classic):
    before = time.time()
    answer = login(classic)
    assert answer.status == 200 and answer.headers["Content-Type"] == "application/json"
    body = json.loads(answer.body)
    token, refresh_token = body["data"].pop("token"), body["data"].pop("refreshToken")
    assert body == {
        "success": True, "message": "Login berhasil", "data": {"user": {
            "id": "demo-student", "name": "Andi Wijaya", "email": STUDENT, "role": "student", "extraRole": "osis",
            "status": "active",
        }},
    }
    assert str(uuid.UUID(refresh_token)) == refresh_token
    payload = token_payload(token)
    assert list(payload) == ["user_id", "email", "role", "extra_role", "session_id", "iat", "exp"]
    assert payload["exp"] == payload["iat"] + 900 and abs(payload["iat"] - before) < 5
    assert (payload["user_id"], payload["email"], payload["role"], payload["extra_role"]) == (
        "demo-student", STUDENT, "student", "osis")
    assert classic.sql("SELECT user_id FROM sessions WHERE id = ?", payload["session_id"]) == [
        {"user_id": "demo-student"}]
    assert token_payload(signed_in(classic, ADMIN)["token"])["extra_role"] is None


def test_token_is_as_the_standard_has_it(classic):
    token = signed_in(classic)["token"]
    assert json.loads(token_part(token, 0)) == {"alg": "HS256", "typ": "JWT"}
    assert forge_token(token_part(token, 1)).split(".")[2] == token.split(".")[2]


@pytest.mark.parametrize("members", [
    {"password": "wrong"}, {"email": "nobody@demo.test"}, {"email": STUDENT.upper()},
])
def test_wrong_credentials(classic, members):
    answer = login(classic, **members)
    assert answer.status == 401 and json.loads(answer.body) == refused("Email atau password salah", 401)


def test_inactive_user(classic):
    classic.sql("UPDATE users SET status = 'inactive' WHERE id = 'demo-student'")
    assert login(classic).status == 401


@pytest.mark.parametrize("members", [{"email": ""}, {"password": None}])
def test_missing_credentials(classic, members):
    answer = login(classic, **members)
    assert answer.status == 400 and json.loads(answer.body) == refused("Email dan password diperlukan", 400)


@pytest.mark.parametrize("method, body", [("POST", None), ("POST", "{"), ("GET", None), ("POST", "null")])
def test_no_usable_body(classic, method, body):
    answer = classic.raw(method, "/api/auth/login", body)
    assert answer.status == 500 and json.loads(answer.body) == refused("Terjadi kesalahan pada server", 500)


def test_any_method_suffix_and_type(classic):
    assert login(classic, method="PUT").status == 200
    assert login(classic, "/api/auth/loginXYZ").status == 200
    assert classic.raw("POST", "/api/auth/login", LOGIN, headers={"Content-Type": "text/html"}).status == 200


def test_email_beyond_latin_1(classic):
    classic.sql("UPDATE users SET email = 'é@demo.test' WHERE id = 'demo-student'")
    classic.sql("UPDATE users SET email = 'ł@demo.test' WHERE id = 'demo-teacher'")
    answer = login(classic, email="é@demo.test")
    token = json.loads(answer.body)["data"]["token"]
    with pytest.raises(UnicodeDecodeError):
        token_part(token, 1).decode("utf-8")
    assert token_payload(token)["email"] == "é@demo.test"
    assert statuses(classic, token) == (200, 200, 101)
    assert login(classic, email="ł@demo.test").status == 500


def test_refreshed_token_names_the_user_for_the_session(classic):
    data = signed_in(classic)
    answer = refresh(classic, data["refreshToken"])
    assert answer.status == 200 and list(answer.body["data"]) == ["token"]
    assert (answer.body["success"], answer.body["message"]) == (True, "Token berhasil diperbarui")
    token = answer.body["data"]["token"]
    assert token_payload(token)["session_id"] == "demo-student"
    assert statuses(classic, token) == (401, 200, 101)
    assert logout(classic, token).status == 401
    # Nothing is rotated, and the first token is as good as before.
    assert refresh(classic, data["refreshToken"]).status == 200
    assert statuses(classic, data["token"]) == (200, 200, 101)


def test_fixed_refresh(directory):
    with ClassicServer(directory, "--fixed-refresh") as school:
        data = signed_in(school)
        token = refresh(school, data["refreshToken"]).body["data"]["token"]
        assert token_payload(token)["session_id"] == token_payload(data["token"])["session_id"]
        assert statuses(school, token) == (200, 200, 101)


@pytest.mark.parametrize("body, status, message", [
    ({"refreshToken": "unknown"}, 401, "Refresh token tidak valid atau kadaluarsa"),
    ({}, 400, "Refresh token diperlukan"),
    ("{", 500, "Terjadi kesalahan pada server"),
])
def test_refused_refresh_says_500_inside(classic, body, status, message):
    answer = classic.raw("POST", "/api/auth/refresh", body)
    assert answer.status == status and json.loads(answer.body) == refused(message, 500)


def test_refresh_token_lives_to_the_end_of_its_last_day(classic):
    refresh_token = signed_in(classic)["refreshToken"]
    classic.fault("clock-stopped")
    expires = "UPDATE sessions SET refresh_token_expires_at = strftime('%Y-%m-%dT00:00:00.000Z', CURRENT_TIMESTAMP, ?)"
    classic.sql(expires, "0 days")
    assert refresh(classic, refresh_token).status == 200
    classic.sql(expires, "-1 days")
    assert refresh(classic, refresh_token).status == 401


def test_deactivated_user_goes_on(classic):
    data = signed_in(classic)
    classic.sql("UPDATE users SET status = 'inactive' WHERE id = 'demo-student'")
    assert refresh(classic, data["refreshToken"]).status == 200
    assert statuses(classic, data["token"]) == (200, 200, 101)


def test_logout_leaves_polls_and_sockets_alive(classic):
    data = signed_in(classic)
    token = data["token"]
    with RawSocket(classic, token) as socket:
        answer = classic.raw("DELETE", "/api/auth/logout", token=token)
        assert (answer.status, json.loads(answer.body)) == (
            200, {"success": True, "message": "Logout berhasil", "data": None})
        assert socket.pong()
    assert statuses(classic, token) == (401, 200, 101)
    assert refresh(classic, data["refreshToken"]).status == 401
    assert logout(classic, token).status == 401


def test_session_expiry_is_ignored_and_access_written(classic):
    token = signed_in(classic)["token"]
    classic.sql("UPDATE sessions SET expires_at = '2020-01-01T00:00:00.000Z'")
    assert classic.raw("GET", "/api/updates", token=token).status == 200
    assert classic.sql("SELECT last_accessed FROM sessions") == [{"last_accessed": None}]
    assert classic.raw("GET", "/api/grades", token=token).status == 200
    assert classic.sql("SELECT last_accessed FROM sessions")[0]["last_accessed"]


def test_expiry(classic):
    classic.fault("clock-stopped")
    payload = {"user_id": "demo-student", "role": "student", "session_id": "none"}
    now = classic.now() // 1000

    def poll(token):
        return classic.raw("GET", "/api/updates", token=token).status

    assert poll(forge_token({**payload, "exp": now})) == 200
    assert poll(forge_token({**payload, "exp": now - 1})) == 401
    assert poll(forge_token(payload)) == 200
    assert poll(forge_token(payload, alg="none")) == 200
    assert poll(forge_token(payload, secret="another")) == 401
    assert poll("nonsense") == 401


def test_scheme_is_case_sensitive(classic):
    token = signed_in(classic)["token"]
    answer = classic.raw("GET", "/api/grades", headers={"Authorization": f"bearer {token}"})
    assert answer.status == 401 and json.loads(answer.body) == refused("Akses ditolak", 401)


def test_token_without_a_session(classic):
    token = forge_token({"user_id": "demo-student"})
    assert statuses(classic, token) == (500, 200, 101)


def test_two_sessions_of_one_user(classic):
    first, second = signed_in(classic, TEACHER)["token"], signed_in(classic, TEACHER)["token"]
    logout(classic, first)
    assert statuses(classic, second) == (200, 200, 101)
