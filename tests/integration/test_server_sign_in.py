# SPDX-License-Identifier: LGPL-2.1-or-later
"""labsync-server alone: signing in and out."""

import http.client
import json
import time

import pytest
import websockets

from labsync_testing import PASSWORD, Server, until
from server_client import STUDENT, Socket, refusal
import wire_schema  # server_client has put its directory on the path


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
    start = time.monotonic()
    for number, connection in enumerate(connections):
        body = json.dumps({"email": f"nobody{number}@demo.test", "password": "wrong"})
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


def refresh(server, token):
    return server.http("POST", "/api/auth/refresh", {"refreshToken": token})


def test_a_stolen_refresh_token_ends_the_session(server, connect, student):
    """Who comes with a token that was replaced is the thief, or the thief was here before."""
    old = student.refresh_token
    new = refresh(server, old).body["data"]
    client = connect(student)
    client.hello()
    server.sql("UPDATE sessions SET grace_until = 0")  # a minute is over
    refusal(refresh(server, old), 401, "session-ended")
    assert client.wait_close() == 4001
    refusal(refresh(server, new["refreshToken"]), 401, "session-ended")
    refusal(server.http("GET", "/api/grades", token=new["token"]), 401, "session-ended")
    assert server.person(STUDENT).call("GET", "/api/grades").status == 200


def test_nothing_in_the_database_makes_a_token(server, student):
    pair = refresh(server, student.refresh_token).body["data"]
    for text in (student.token, student.refresh_token, pair["token"], pair["refreshToken"]):
        signature = text.rsplit(".", 1)[1].encode()
        for path in (server.directory / "data").iterdir():
            assert signature not in path.read_bytes(), path


def test_a_new_password_signs_out_everywhere(student, admin, connect):
    client = connect(student)
    client.hello()
    admin.update("users", student.user["id"], password="another")
    assert client.wait_close() == 4001
    refusal(student.call("GET", "/api/grades"), 401, "session-ended")
    refusal(refresh(student.server, student.refresh_token), 401, "session-ended")


def test_no_token_outlives_its_session(directory, world):
    server = world.enter_context(Server(directory / "short", "--session-lifetime=2"))
    person = server.person(STUDENT)
    with Socket(server, person.token) as client:
        assert client.hello()["expiresAt"] <= time.time() * 1000 + 2000
        assert client.wait_close() == 4001


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


def logout(server, refresh_token, token=None):
    return server.http("POST", "/api/auth/logout", {"refreshToken": refresh_token}, token)


@pytest.fixture
def expiring(directory, world):
    """A server whose access tokens are over after a second."""
    return world.enter_context(Server(directory / "expiring", "--token-lifetime=1"))


def test_logout_by_the_refresh_token(expiring):
    """Who was offline for longer than an access token lasts signs out all the same."""
    student, other = expiring.person(STUDENT), expiring.person(STUDENT)
    until(lambda: student.call("GET", "/api/grades").body.get("error") == "token-expired", 10, "the end of the access token")
    refusal(student.call("POST", "/api/auth/logout"), 401, "token-expired")
    assert logout(expiring, student.refresh_token, student.token).body["success"]
    refusal(refresh(expiring, student.refresh_token), 401, "session-ended")
    assert refresh(expiring, other.refresh_token).status == 200  # another session of the same user


def test_logout_by_a_refresh_token_that_was_replaced(server, student, connect):
    """As when the answer to a refresh got lost, and nobody was there to ask again."""
    new = refresh(server, student.refresh_token).body["data"]
    client = connect(student)
    client.hello()
    assert logout(server, student.refresh_token).status == 200
    assert client.wait_close() == 4001
    refusal(refresh(server, new["refreshToken"]), 401, "session-ended")


def test_a_wrong_refresh_token_ends_nothing_and_tells_nothing(server, student):
    session, generation, signature = student.refresh_token.rsplit(".", 2)
    wrong = ["x", "x" * 5000, student.token, f"{session}.{generation}.x", f"{session}.9.{signature}", f"nobody.0.{signature}"]
    answers = [logout(server, text) for text in wrong]
    for answer in answers:
        refusal(answer, 401, "session-ended")
    assert len({json.dumps(answer.body) for answer in answers}) == 1
    refusal(server.http("POST", "/api/auth/logout", {"refreshToken": 7}), 401, "token-required")
    refusal(server.http("POST", "/api/auth/logout", {"refreshToken": "x" * 20_000}), 413, "too-large")
    assert student.call("GET", "/api/grades").status == 200
    assert logout(server, "x", student.token).status == 200  # the access token is good
    refusal(logout(server, student.refresh_token), 401, "session-ended")


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
