# SPDX-License-Identifier: LGPL-2.1-or-later
"""How a session ends: by the server, by its user, and by the next one, over a link that may be dead."""

import json
import time

import pytest

from labsync_testing import until
from server_client import STUDENT, TEACHER

FLUSH = 2  # seconds
# A program is started, and a store closed; nothing of this waits for the server.
SLACK = 2


@pytest.fixture
def teachers(server, desk):
    """A desktop with a teacher signed in and live, who may change a grade."""
    desktop = desk(server.url, Queue_flush_seconds=str(FLUSH))
    desktop.sign_in(TEACHER)
    desktop.wait_state("live")
    return desktop


def change(desktop, score):
    """Has a grade changed. Returns the action's id and the row's."""
    row_id = next(iter(desktop.cached("grade")))
    options = ("--type", "update", "--entity", "grade", "--entity-id", row_id)
    return desktop.json("queue", "add", *options, "--data", json.dumps({"score": score}))["id"], row_id


def show(desktop, action):
    return desktop.json("queue", "show", action)


def test_a_session_that_the_server_ends_costs_nothing(server, teachers, admin):
    """`expired`: said once; what is cached can be read, what is done waits, and nobody is asked again and again."""
    cached = teachers.cached("grade")
    states = []
    admin.update("users", server.person(TEACHER).user["id"], password="another")
    teachers.wait_account("expired", seconds=30)
    refreshes, connects = teachers.statistics()["refreshes"], teachers.statistics()["connects"]
    assert teachers.cached("grade") == cached
    action, row_id = change(teachers, 41)
    assert teachers.row("grade", row_id)["score"] == 41
    # Longer than any wait of this desktop's for another attempt.
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        states.append((teachers.account(), show(teachers, action)["status"], show(teachers, action)["attempts"]))
    assert set(states) == {("expired", "pending", 0)}
    assert (teachers.statistics()["refreshes"], teachers.statistics()["connects"]) == (refreshes, connects)

    assert teachers.ctl("sign-in", TEACHER, text="another").code == 0
    until(lambda: show(teachers, action)["status"] == "completed", what="the change to be sent")
    assert teachers.account() == "signed-in"


def test_a_sign_out_does_not_wait_for_a_dead_link(server, teachers):
    server.freeze()
    action, _ = change(teachers, 42)
    began = time.monotonic()
    assert teachers.ctl("sign-out").code == 0
    assert FLUSH <= time.monotonic() - began < FLUSH + SLACK
    server.thaw()
    teachers.sign_in(TEACHER)
    until(lambda: show(teachers, action)["status"] == "completed", what="what was left to be sent")


def test_nor_does_the_next_sign_in(server, teachers):
    """The tokens of the next one are an app's, as the server does not answer."""
    student = server.person(STUDENT)
    server.freeze()
    action, _ = change(teachers, 43)
    began = time.monotonic()
    teachers.bus.agent("Account", "SetTokens", "(ssa{sv})", student.token, student.refresh_token, {})
    assert FLUSH <= time.monotonic() - began < FLUSH + SLACK
    assert teachers.bus.property("Account", "UserId") == student.user["id"]
    server.thaw()
    teachers.wait_state("live", seconds=30)
    teachers.sign_in(TEACHER)
    until(lambda: show(teachers, action)["status"] == "completed", what="what was left to be sent")


def test_the_server_ends_the_session_of_who_was_there_before(server, desk, connect):
    """The tokens are of no use to anybody afterwards, and what was connected by them is closed."""
    desktop, teacher = desk(server.url), server.person(TEACHER)
    desktop.bus.agent("Account", "SetTokens", "(ssa{sv})", teacher.token, teacher.refresh_token, {})
    desktop.wait_state("live")
    client = connect(teacher)
    client.hello()
    desktop.sign_in(STUDENT)
    assert client.wait_close() == 4001
    assert teacher.call("GET", "/api/grades").status == 401
