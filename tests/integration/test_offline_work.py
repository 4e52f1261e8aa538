# SPDX-License-Identifier: LGPL-2.1-or-later
"""Work done offline, from the command line and the bus to the server's rows, with the real programs."""

import json

import pytest
from gi.repository import GLib

from labsync_testing import until
from server_client import TEACHER


@pytest.fixture
def desk_of_teacher(server, desk):
    """A teacher signed in and live: somebody who may change a grade."""
    desktop = desk(server.url, Queue_rate="1000/s")
    desktop.sign_in(TEACHER)
    desktop.wait_state("live")
    return desktop


def a_grade(desktop):
    return next(iter(desktop.cached("grade")))


def add(desktop, kind, row_id, data=None):
    extra = ["--data", json.dumps(data)] if data is not None else []
    return desktop.json("queue", "add", "--type", kind, "--entity", "grade", "--entity-id", row_id, *extra)["id"]


def find(desktop, action_id):
    return next(action for action in desktop.json("queue", "list")["actions"] if action["id"] == action_id)


def wait_status(desktop, action_id, status):
    until(lambda: find(desktop, action_id)["status"] == status, what=f"{status} (is {find(desktop, action_id)})")


def score_at_server(person, row_id):
    return person.call("GET", f"/api/grades/{row_id}").body["data"]["score"]


def test_offline_work_is_applied_once(server, desk_of_teacher, admin):
    desktop = desk_of_teacher
    row_id = a_grade(desktop)
    server.kill()
    desktop.wait_state("waiting", "connecting")
    action = add(desktop, "update", row_id, {"score": 77})
    assert find(desktop, action)["detail"] == "waiting-for-network"
    assert desktop.row("grade", row_id)["score"] == 77
    assert desktop.json("get", "grade", row_id)["source"] == "merged"
    assert desktop.bus.property("Queue", "Pending") == 1
    desktop.kill()
    desktop.start()
    assert desktop.row("grade", row_id)["score"] == 77, "after a kill"

    server.start()
    desktop.wait_state("live")
    answer = desktop.bus.agent("Queue", "WaitFor", "(ssa{sv})", action, "visible", {})
    assert answer[0] == "accepted" and answer[1]["http-status"] == 200
    assert score_at_server(admin, row_id) == 77
    row = desktop.json("get", "grade", row_id)
    assert (row["source"], row["pending"], row["data"]["score"]) == ("server", [], 77)
    assert desktop.json("status")["queue"] == {
        "version": 2, "pending": 0, "in_flight": 0, "failed": 0, "conflicts": 0, "breaker": "closed"}


def test_a_row_made_offline(server, desk_of_teacher, admin):
    desktop = desk_of_teacher
    known = json.loads(desktop.cached("grade")[a_grade(desktop)][1])
    made = {key: known[key] for key in (
        "student_id", "subject_id", "class_id", "academic_year", "semester", "assignment_type", "assignment_name")}
    server.kill()
    desktop.wait_state("waiting", "connecting")
    result = desktop.json("queue", "add", "--type", "create", "--entity", "grade", "--data", json.dumps({**made, "score": 5}))
    row_id = result["entity_id"]
    assert desktop.json("get", "grade", row_id)["source"] == "pending"
    edit = add(desktop, "update", row_id, {"score": 6})
    server.start()
    desktop.wait_state("live")
    assert desktop.bus.agent("Queue", "WaitFor", "(ssa{sv})", edit, "visible", {})[0] == "accepted"
    assert score_at_server(admin, row_id) == 6
    assert desktop.json("get", "grade", row_id)["source"] == "server"


def test_a_conflict_is_settled_by_hand(server, desk_of_teacher, admin):
    desktop = desk_of_teacher
    row_id = a_grade(desktop)
    server.kill()
    desktop.wait_state("waiting", "connecting")
    mine = add(desktop, "update", row_id, {"score": 50})
    desktop.ctl("disconnect")
    server.start()
    admin.update("grades", row_id, score=60)
    desktop.ctl("connect")
    wait_status(desktop, mine, "conflict")
    assert [action["id"] for action in desktop.json("conflicts")["conflicts"]] == [mine]
    shown = desktop.json("queue", "show", mine)
    assert shown["data"] == {"score": 50} and shown["server"]["score"] == 60
    assert desktop.ctl("queue", "resolve", mine, "keep_local", "--server-version", str(shown["server_version"])).code == 0
    wait_status(desktop, mine, "completed")
    assert score_at_server(admin, row_id) == 50


def test_a_dead_letter_is_kept_and_mended(desk_of_teacher, admin):
    desktop = desk_of_teacher
    row_id = a_grade(desktop)
    bad = add(desktop, "update", row_id, {"score": "very good"})
    wait_status(desktop, bad, "failed")
    action = find(desktop, bad)
    assert (action["error"], action["http_status"], action["outcome"]) == ("invalid", 400, "rejected")
    exported = json.loads(desktop.ctl("queue", "export").out)["actions"]
    assert [each["id"] for each in exported] == [bad] and exported[0]["data"] == {"score": "very good"}
    assert desktop.ctl("queue", "edit", bad, "--data", "-", text='{"score": 88}').code == 0
    wait_status(desktop, bad, "completed")
    assert score_at_server(admin, row_id) == 88


def test_sign_out_sends_first(server, desk_of_teacher, admin):
    desktop = desk_of_teacher
    row_id = a_grade(desktop)
    add(desktop, "update", row_id, {"score": 31})
    assert desktop.ctl("sign-out", "--wipe").code == 0
    assert score_at_server(admin, row_id) == 31
    until(lambda: not list(desktop.state_dir.glob("*/*.db")), 1, "both files to be gone")


def test_nothing_unsent_is_wiped_unasked(server, desk_of_teacher):
    desktop = desk_of_teacher
    row_id = a_grade(desktop)
    server.kill()
    desktop.wait_state("waiting", "connecting")
    add(desktop, "update", row_id, {"score": 41})
    result = desktop.ctl("sign-out", "--wipe", "--json")
    assert (result.code, json.loads(result.err)["error"]["code"]) == (1, "UnsentWork")
    assert desktop.json("sign-out") == {"unsent": 1}
    assert [path.name for path in desktop.state_dir.glob("*/queue.db")] == ["queue.db"]

    server.start()
    desktop.sign_in(TEACHER)
    desktop.wait_state("live")
    until(lambda: desktop.json("status")["queue"]["pending"] + desktop.json("status")["queue"]["in_flight"] == 0,
          what="what was left is sent")
    assert score_at_server(server.person(TEACHER), row_id) == 41

    add(desktop, "update", row_id, {"score": "no number"})
    until(lambda: desktop.json("status")["queue"]["failed"] == 1, what="a dead letter")
    assert desktop.ctl("sign-out", "--wipe", "--discard-unsent").code == 0
    until(lambda: not list(desktop.state_dir.glob("*/*.db")), 1, "both files to be gone")


def test_an_app_waits_and_leaves(server, desk_of_teacher):
    """What an app that ends leaves behind is nothing; the action goes on."""
    desktop = desk_of_teacher
    server.kill()
    desktop.wait_state("waiting", "connecting")
    action = add(desktop, "update", a_grade(desktop), {"score": 21})
    with pytest.raises(GLib.Error, match="Timeout"):
        desktop.bus.agent("Queue", "WaitFor", "(ssa{sv})", action, "accepted", {"timeout": GLib.Variant("u", 1)})
    app = desktop.app("grade_updated")
    app.connection.call(
        "org.labsync.Agent", "/org/labsync/Agent", "org.labsync.Agent1.Queue", "WaitFor",
        GLib.Variant("(ssa{sv})", (action, "accepted", {})), None, 0, -1, None, None)
    app.close()
    server.start()
    wait_status(desktop, action, "completed")
