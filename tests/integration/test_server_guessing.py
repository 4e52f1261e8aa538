# SPDX-License-Identifier: LGPL-2.1-or-later
"""labsync-server alone: what guessing passwords comes to, and that it keeps nobody else out."""

import http.client
import json
import select
import statistics
import time

import pytest

from labsync_testing import PASSWORD, Answer, Server
from server_client import ADMIN, PARENT, STUDENT, STUDENT2, TEACHER, refusal

NOBODY = "nobody@demo.test"
SCHOOL, HOME = "127.0.0.1", "127.0.0.9"  # all of 127/8 is this machine


@pytest.fixture
def strict(directory, world):
    return world.enter_context(Server(directory / "strict", "--max-failed-sign-ins-per-address=30"))


def ask(server, email, password, address=SCHOOL):
    """Sends a sign-in and does not wait for the answer."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=20, source_address=(address, 0))
    connection.request("POST", "/api/auth/login", json.dumps({"email": email, "password": password}))
    return connection


def answer(connection):
    got = connection.getresponse()
    text = json.loads(got.read())
    connection.close()
    return Answer(got.status, text, got.headers)


def sign_in(server, email, password=PASSWORD, address=SCHOOL):
    return answer(ask(server, email, password, address))


def limited(got, seconds):
    refusal(got, 429, "too-many-attempts")
    assert 0 < int(got.headers["Retry-After"]) <= seconds, got.headers


def spend(server, address=SCHOOL):
    """Has so many sign-ins fail at an address that strangers are refused there."""
    waiting = [ask(server, f"{address}-{n}@demo.test", "guess", address) for n in range(30)]
    assert {answer(each).status for each in waiting} == {401}


def test_an_account_is_locked_where_it_was_guessed_at(server):
    for _ in range(10):
        refusal(sign_in(server, STUDENT, "guess"), 401, "wrong-credentials")
    limited(sign_in(server, STUDENT, "guess"), 180)
    limited(sign_in(server, STUDENT), 180)  # nor with the right one
    assert sign_in(server, STUDENT2).status == 200
    assert sign_in(server, STUDENT, address=HOME).status == 200


def test_guesses_at_the_same_moment_count(server):
    waiting = [ask(server, STUDENT, "guess") for _ in range(25)]
    statuses = [answer(each).status for each in waiting]
    assert sorted(statuses) == [401] * 10 + [429] * 15


def test_a_room_with_one_account_signs_in_at_once(server):
    """The bell: all machines at the same moment, and everybody else is served meanwhile."""
    waiting = [ask(server, STUDENT, PASSWORD) for _ in range(40)]
    began, slowest = time.monotonic(), 0
    while len(select.select([each.sock for each in waiting], [], [], 0)[0]) < len(waiting):
        before = time.monotonic()
        assert server.http("GET", "/health").status == 200
        slowest = max(slowest, time.monotonic() - before)
    print(f"40 sign-ins in {time.monotonic() - began:.1f} s, /health within {slowest * 1000:.0f} ms meanwhile")
    assert [answer(each).status for each in waiting] == [200] * 40
    assert slowest < 0.5


def test_a_success_forgives(server):
    for _ in range(3):
        for _ in range(9):
            refusal(sign_in(server, STUDENT, "slip"), 401, "wrong-credentials")
        assert sign_in(server, STUDENT).status == 200


def test_a_school_behind_one_address_is_not_locked_out(strict):
    assert sign_in(strict, STUDENT).status == 200
    assert sign_in(strict, TEACHER, address=HOME).status == 200
    spend(strict)
    limited(sign_in(strict, "stranger@demo.test", "guess"), 60)
    limited(sign_in(strict, TEACHER), 60)  # was never here before
    assert sign_in(strict, STUDENT).status == 200
    assert sign_in(strict, TEACHER, address=HOME).status == 200


def test_who_works_here_is_not_locked_out_from_elsewhere(server):
    assert sign_in(server, STUDENT).status == 200
    for number in range(5):
        waiting = [ask(server, STUDENT, "guess", f"127.0.1.{number}") for _ in range(10)]
        assert {answer(each).status for each in waiting} == {401}
    limited(sign_in(server, STUDENT, address="127.0.1.9"), 60)
    assert sign_in(server, STUDENT).status == 200


def test_who_is_signed_in_learns_of_few_addresses(server):
    """By trying to take them: an e-mail address is the user's own to change, and nobody has one that another has."""
    student, admin = server.person(STUDENT), server.person(ADMIN)
    path = f"/api/users/{student.user['id']}"
    for email in (TEACHER, ADMIN, TEACHER):
        refusal(student.call("PUT", path, {"email": email}), 400, "invalid")
    for email in ("free@demo.test", STUDENT):
        assert student.call("PATCH", path, {"email": email}).status == 200
    for method, email in (("PUT", TEACHER), ("PATCH", "free@demo.test")):
        limited(student.call(method, path, {"email": email}), 24 * 60 * 60 // 5)
    assert student.call("PUT", path, {"email": STUDENT, "name": "Andi"}).status == 200  # as it is
    for _ in range(7):
        refusal(admin.call("PUT", path, {"email": TEACHER}), 400, "invalid")
    refusal(server.person(TEACHER).call("POST", "/api/users", {"email": ADMIN, "name": "x", "role": "student"}), 403, "forbidden")


def describe(got):
    return got.status, got.body, sorted(name for name in got.headers.keys())


def test_nobody_learns_who_has_an_account(strict):
    """The same words, whether the account exists, is known here, or does not exist at all."""
    assert sign_in(strict, STUDENT).status == 200
    for _ in range(11):
        known, unknown = sign_in(strict, STUDENT2, "guess"), sign_in(strict, NOBODY, "guess")
        assert describe(known) == describe(unknown)
    assert known.status == 429
    spend(strict, HOME)
    assert sign_in(strict, PARENT, address=HOME).status == 429
    began = time.monotonic()
    results = [describe(sign_in(strict, email, "guess", HOME)) for email in (STUDENT, ADMIN, "x@demo.test")]
    assert results[0] == results[1] == results[2] and results[0][0] == 429
    assert time.monotonic() - began >= 3, "each was answered after a second"


def test_a_refusal_takes_as_long_whether_known_or_not(directory, world):
    """Somebody who works here and types a wrong password is refused like a stranger, at the same time."""
    server = world.enter_context(Server(directory / "strict", "--max-failed-sign-ins-per-address=5"))
    assert sign_in(server, STUDENT).status == 200
    waiting = [ask(server, f"{n}@demo.test", "guess") for n in range(5)]
    assert {answer(each).status for each in waiting} == {401}
    for email in (STUDENT, NOBODY):
        began = time.monotonic()
        limited(sign_in(server, email, "guess"), 600)
        assert 1 <= time.monotonic() - began < 3, email


def test_a_check_takes_as_long_whether_known_or_not(directory, world):
    server = world.enter_context(Server(directory / "lenient", "--max-failed-sign-ins=1000"))
    took = {STUDENT: [], NOBODY: []}
    for _ in range(15):
        for email, times in took.items():
            began = time.monotonic()
            refusal(sign_in(server, email, "guess"), 401, "wrong-credentials")
            times.append(time.monotonic() - began)
    known, unknown = (statistics.median(times) for times in took.values())
    print(f"known {known * 1000:.1f} ms, unknown {unknown * 1000:.1f} ms")
    assert 0.6 < known / unknown < 1.6


def test_only_an_admin_makes_the_server_hash(server, student):
    """A password costs more than anything else here, so nobody else's is looked at."""
    for path, method in (("/api/users/demo-student", "PATCH"), ("/api/users", "POST")):
        body = {"password": "x", "id": "u", "name": "n", "email": "e@x", "role": "student"}
        body = {"password": "x"} if method == "PATCH" else body
        refusal(student.call(method, path, body), 403, "forbidden")
    assert sign_in(server, STUDENT).status == 200
