# SPDX-License-Identifier: LGPL-2.1-or-later
"""The existing system's stand-in: its rate limit. The school's clock stands still and is moved by the tests."""

import json
import re
from datetime import datetime

import pytest

from classic_server import ClassicServer, forge_token
from raw_socket import RawSocket
from server_client import STUDENT

HERE = "203.0.113.1"


@pytest.fixture(scope="module")
def limited_program(tmp_path_factory):
    with ClassicServer(tmp_path_factory.mktemp("limited")) as school:
        yield school


@pytest.fixture
def school(limited_program):
    limited_program.reset()
    limited_program.fault("clock-stopped")
    return limited_program


def ask(school, path="/nothing", method="GET", address=HERE, body=None):
    """An answer and how the limiter sees it: limit, remaining."""
    answer = school.raw(method, path, body, headers={"CF-Connecting-IP": address})
    limit, remaining = (int(answer.headers[f"X-RateLimit-{name}"]) for name in ("Limit", "Remaining"))
    return answer, limit, remaining


def spend(school, count, address=HERE):
    for _ in range(count):
        assert ask(school, address=address)[0].status == 404


@pytest.mark.parametrize("method, path, limit", [
    ("POST", "/api/auth/login", 5), ("POST", "/api/auth/refresh", 5), ("POST", "/api/auth/logout", 5),
    ("POST", "/api/auth/forgot", 5),
    ("PUT", "/api/users/demo-admin", 20), ("DELETE", "/api/usersFOO", 20), ("POST", "/api/email/send", 20),
    ("POST", "/api/files/upload", 10),
    ("GET", "/ws", 30), ("POST", "/ws", 30),
    ("GET", "/api/users", 100), ("GET", "/api/updates", 100), ("GET", "/nothing", 100), ("PUT", "/api/grades/x", 100),
])
def test_thresholds(school, method, path, limit):
    _, told, remaining = ask(school, path, method)
    assert (told, remaining) == (limit, limit - 1)
    spend(school, limit - 2)
    assert ask(school, path, method)[2] == 0
    assert ask(school, path, method)[0].status == 429


def test_headers_on_every_answer(school):
    for path, status in (("/api/updates", 401), ("/nothing", 404), ("/api/messages", 500), ("/api/grades", 401)):
        answer, limit, _ = ask(school, path)
        assert (answer.status, limit) == (status, 100)
        assert answer.headers["Retry-After"] is None
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", answer.headers["X-RateLimit-Reset"])
    answer, limit, remaining = ask(school, "/api/auth/login", "POST", body={"email": STUDENT, "password": "demo"})
    assert (answer.status, limit, remaining) == (200, 5, 0)


def test_refused_answer(school):
    spend(school, 5)
    school.fault("clock", 20500)
    answer, limit, remaining = ask(school, "/api/auth/refresh", "POST", body={"refreshToken": "x"})
    assert (answer.status, limit, remaining) == (429, 5, 0)
    assert answer.headers["Retry-After"] == "40"  # 39.5 s until the oldest leaves
    assert answer.headers["Content-Type"] == "application/json"
    text = "Terlalu banyak permintaan. Silakan coba lagi nanti."
    assert json.loads(answer.body) == {"error": text, "message": text, "retryAfter": 40}
    reset = datetime.fromisoformat(answer.headers["X-RateLimit-Reset"].replace("Z", "+00:00"))
    assert round(reset.timestamp() * 1000) - school.now() == 39500


def test_one_list_for_all_buckets(school):
    """Five polls, and nobody can sign in any more."""
    for _ in range(5):
        ask(school, "/api/updates")
    assert ask(school, "/api/auth/login", "POST")[0].status == 429
    assert ask(school, "/api/updates")[2] == 94


def test_the_user_does_not_matter_but_the_address(school):
    token = forge_token({"user_id": "demo-student", "role": "student"})
    for _ in range(5):
        school.raw("GET", "/api/updates", token=token, headers={"CF-Connecting-IP": HERE})
    assert ask(school, "/api/auth/login", "POST")[0].status == 429
    assert ask(school, "/api/auth/login", "POST", address="203.0.113.2")[0].status == 500
    answer = school.raw("POST", "/api/auth/login")  # from the real address
    assert answer.headers["X-RateLimit-Remaining"] == "4"


def test_the_window_slides(school):
    spend(school, 3)
    school.fault("clock", 30000)
    spend(school, 2)
    assert ask(school, "/api/auth/login", "POST")[0].headers["Retry-After"] == "30"
    school.fault("clock", 59999)
    assert ask(school, "/api/auth/login", "POST")[0].headers["Retry-After"] == "1"
    school.fault("clock", 60000)
    answer, _, remaining = ask(school, "/api/auth/login", "POST")
    assert (answer.status, remaining) == (500, 2)  # the three oldest have left


def test_after_retry_after_there_may_be_room_or_not(school):
    """It says when the oldest leaves: a lower bound, as others may come first."""
    spend(school, 1)
    for moment in range(1, 5):
        school.fault("clock", moment * 5000)
        spend(school, 1)
    answer = ask(school, "/api/auth/refresh", "POST")[0]
    assert answer.headers["Retry-After"] == "40"
    school.fault("clock", 60000)
    spend(school, 1)
    assert ask(school, "/api/auth/refresh", "POST")[0].status == 429


def test_refused_requests_do_not_count(school):
    spend(school, 100)
    for _ in range(5):
        assert ask(school)[0].status == 429
    school.fault("clock", 60000)
    assert ask(school)[2] == 99


def test_handshakes_and_preflights_are_free(school):
    token = forge_token({"user_id": "demo-student", "role": "student"})
    spend(school, 100)
    headers = {"CF-Connecting-IP": HERE}
    for _ in range(20):
        with RawSocket(school, token, headers=headers) as good, RawSocket(school, "bad", headers=headers) as bad:
            assert (good.status, bad.status) == (101, 401)
            assert not [name for name in {**good.headers, **bad.headers} if name.startswith("x-ratelimit")]
    preflight = school.raw("OPTIONS", "/api/updates", headers=headers)
    assert preflight.status == 200 and preflight.headers["X-RateLimit-Limit"] is None
    assert ask(school)[0].status == 429


def test_control_is_free_and_unseen(school):
    spend(school, 100)
    assert len(school.requests()) == 100
    assert ask(school)[0].status == 429
    assert len(school.requests(status=429, address=HERE)) == 1


def test_a_shorter_window(tmp_path):
    """For tests that can't wait a minute."""
    with ClassicServer(tmp_path, "--rate-window=2") as school:
        school.fault("clock-stopped")
        spend(school, 5)
        answer = ask(school, "/api/auth/login", "POST")[0]
        assert (answer.status, answer.headers["Retry-After"]) == (429, "2")
        school.fault("clock", 2000)
        assert ask(school, "/api/auth/login", "POST")[2] == 4
