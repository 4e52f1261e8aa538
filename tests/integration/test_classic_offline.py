# SPDX-License-Identifier: LGPL-2.1-or-later
"""Work done offline at the school system that exists, which knows neither keys nor versions."""

import json
import uuid

import pytest

from labsync_testing import until
from server_client import TEACHER

GRADE = {
    "student_id": "student-1", "subject_id": "subject-1", "class_id": "class-1", "academic_year": "2026/2027",
    "semester": "1", "assignment_type": "tugas", "assignment_name": "Aljabar 3", "created_by": "demo-teacher",
}


@pytest.fixture
def desktop(classic, desk):
    """A teacher signed in, who has gone offline."""
    made = desk(classic.url, Connection_polling_interval="200ms", Queue_rate="1000/s")
    made.sign_in(TEACHER)
    made.wait_state("live")
    made.ctl("disconnect")
    made.wait_state("stopped")
    return made


def add(desktop, kind, row_id, data):
    return desktop.json(
        "queue", "add", "--type", kind, "--entity", "grade", "--entity-id", row_id, "--data", json.dumps(data))["id"]


def show(desktop, action):
    return desktop.json("queue", "show", action)


def wait_over(desktop, *actions):
    desktop.ctl("connect")
    for action in actions:
        until(lambda: show(desktop, action)["status"] not in ("pending", "syncing"), 20, lambda: show(desktop, action))


def rows(classic, row_id):
    return classic.sql("SELECT score FROM grades WHERE id = ?", row_id)


def test_made_and_edited_offline_with_the_answer_lost(classic, desktop):
    row_id = str(uuid.uuid4())
    made = add(desktop, "create", row_id, {**GRADE, "score": 70})
    edited = add(desktop, "update", row_id, {"score": 88})
    classic.fault("lost-answer", path="/api/grades", method="POST", count=1)
    wait_over(desktop, made, edited)
    assert [show(desktop, action)["status"] for action in (made, edited)] == ["completed", "completed"]
    assert rows(classic, row_id) == [{"score": 88}]
    assert classic.sql("SELECT count(*) AS n FROM grades WHERE assignment_name = ?", "Aljabar 3") == [{"n": 1}]
    assert len(classic.requests(path="/api/grades", method="POST")) == 1, "it was looked up, not sent again"
    assert desktop.row("grade", row_id)["score"] == 88


def test_edited_with_the_answer_lost(classic, desktop):
    row_id = next(iter(desktop.cached("grade")))
    edited = add(desktop, "update", row_id, {"score": 41})
    classic.fault("lost-answer", path=f"/api/grades/{row_id}", method="PUT", count=1)
    wait_over(desktop, edited)
    assert show(desktop, edited)["status"] == "completed"
    assert rows(classic, row_id) == [{"score": 41}]
    assert len(classic.requests(path=f"/api/grades/{row_id}", method="PUT")) == 1


def test_changed_there_meanwhile(classic, desktop):
    """Nothing is written over what somebody else has done: there is no version, but the rows tell."""
    row_id = next(iter(desktop.cached("grade")))
    edited = add(desktop, "update", row_id, {"score": 42})
    classic.sql("UPDATE grades SET score = 13 WHERE id = ?", row_id)
    wait_over(desktop, edited)
    conflict = show(desktop, edited)
    assert conflict["status"] == "conflict" and conflict["server"]["score"] == 13
    assert rows(classic, row_id) == [{"score": 13}]
