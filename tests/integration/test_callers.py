# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which app may do what: labsyncctl on the host, and in a sandbox that says which app it is."""

import json

import pytest
from gi.repository import GLib

from labsync_testing import PASSWORD, program, until
from sandbox import Sandbox, can_make_sandboxes
from server_client import PARENT, STUDENT, TEACHER

GRADES = "org.school.Grades"


@pytest.fixture
def sandbox(desktop):
    if not can_make_sandboxes():
        pytest.skip("there are no user namespaces here")
    return Sandbox(desktop, GRADES)


def test_an_app_in_a_sandbox_gets_nothing_by_default(desktop, sandbox):
    assert desktop.json("list", "grade")["rows"]
    for command in (
        ("list", "grade"), ("get", "grade", "grade-1"), ("events",), ("watch", "grade_created"), ("sync",), ("connect",),
        ("reconnect",), ("disconnect",), ("sign-out", "--wipe"), ("audit",),
    ):
        assert sandbox.is_refused(*command), command
    assert sandbox.is_refused("sign-in", STUDENT, text=PASSWORD + "\n")
    assert desktop.state() == "live"
    assert desktop.json("list", "grade")["rows"]
    assert sandbox.ctl("status", "--json").code == 0


def test_grants_follow_the_settings(server, desktop, sandbox):
    assert sandbox.is_refused("list", "grade")
    desktop.configure(server.url, Apps_read=f"{GRADES}:grade")
    until(lambda: sandbox.ctl("list", "grade", "--json").code == 0, what="the grant")
    assert sandbox.is_refused("list", "announcement")
    assert sandbox.is_refused("sign-out")

    desktop.configure(server.url, Apps_read=f"{GRADES}:grade is wrong")
    until(lambda: "Apps.read" in desktop.messages(), what="the complaint")
    assert sandbox.ctl("list", "grade", "--json").code == 0

    desktop.configure(server.url, Apps_sandboxed="allow")
    until(lambda: sandbox.ctl("list", "announcement", "--json").code == 0, what="everything")


def test_the_audit_tells_the_apps_apart(desktop, sandbox):
    assert sandbox.is_refused("list", "grade")
    desktop.json("list", "grade")
    entries = desktop.json("audit")["entries"]
    seen = {(entry["app"], entry["what"], entry["subject"], entry["outcome"]) for entry in entries}
    assert (GRADES, "read", "grade", "AccessDenied") in seen
    assert (program("labsyncctl"), "read", "grade", "ok") in seen
    assert {entry["user"] for entry in entries} == {desktop.bus.property("Account", "UserId")}

    (sent,) = desktop.json("audit", "--sent")["entries"]
    assert (sent["what"], sent["outcome"]) == ("sign-in", "ok")
    assert "grade" in desktop.ctl("audit").out


def test_what_an_app_sent_stands_in_its_name(server, desk):
    if not can_make_sandboxes():
        pytest.skip("there are no user namespaces here")
    desktop = desk(server.url, Apps_enqueue=f"{GRADES}:grade.update")
    desktop.sign_in(TEACHER)
    desktop.wait_state("live")
    sandbox = Sandbox(desktop, GRADES)
    row = next(iter(desktop.cached("grade")))
    change = ("queue", "add", "--entity", "grade", "--entity-id", row, "--data", '{"assignment_name": "Kanarie"}')
    assert sandbox.is_refused(*change, "--type", "delete")
    added = sandbox.ctl(*change, "--type", "update", "--json")
    assert added.code == 0, added
    mine = json.loads(added.out)["id"]
    theirs = desktop.json(*change, "--type", "update")["id"]

    (action,) = json.loads(sandbox.ctl("queue", "list", "--json").out)["actions"]
    assert (action["id"], action["app"]) == (mine, GRADES)
    assert {action["id"] for action in desktop.json("queue", "list")["actions"]} == {mine, theirs}
    assert sandbox.is_refused("queue", "cancel", theirs)
    assert sandbox.is_refused("queue", "export")

    def sent():
        entries = desktop.json("audit", "--sent")["entries"]
        return {(entry["app"], entry["what"], entry["subject"], entry["outcome"]) for entry in entries}

    until(lambda: (GRADES, "update", f"grade/{row}", "accepted") in sent(), what="the line of the audit")
    assert "Kanarie" not in str(desktop.json("audit"))


def test_a_role_is_refused_what_it_never_sees(server, desk):
    desktop = desk(server.url)
    desktop.sign_in(PARENT)
    desktop.wait_state("live")
    with pytest.raises(GLib.Error, match="AccessDenied.*parent.*library_material"):
        desktop.app("library_material_added")
    with pytest.raises(GLib.Error, match="AccessDenied.*library_material"):
        desktop.cached("library_material")
    assert desktop.app("grade_created").path
