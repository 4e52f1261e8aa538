# SPDX-License-Identifier: LGPL-2.1-or-later
"""Apps in a sandbox about which the user decides: labsyncctl as an app, and a desktop that asks."""

import json

import pytest
from gi.repository import Gio, GLib

from labsync_testing import PASSWORD, until
from sandbox import Sandbox, can_make_sandboxes
from screen import NAME, PATH, Screen
from server_client import TEACHER

GRADES = "org.school.Grades"
QUESTION = f"{GRADES} wants to use the school's data"


@pytest.fixture
def asking(server, desk):
    """A student signed in, on a machine that asks."""
    if not can_make_sandboxes():
        pytest.skip("there are no user namespaces here")
    desktop = desk(server.url, Apps_sandboxed="ask")
    desktop.sign_in()
    desktop.wait_state("live")
    return desktop


@pytest.fixture
def sandbox(asking):
    return Sandbox(asking, GRADES)


@pytest.fixture
def screen(asking, world):
    return Screen(asking, world)


def may_read(sandbox):
    return sandbox.ctl("list", "grade", "--json").code == 0


def decisions(desktop):
    return {app["app"]: app["decision"] for app in desktop.json("apps")["apps"]}


def test_allowed_by_the_button(asking, sandbox, screen):
    refusal = json.loads(sandbox.ctl("list", "grade", "--json").err)["error"]
    assert refusal["code"] == "AccessDenied" and "the user is asked" in refusal["message"]
    until(screen.texts, what="the question")
    assert not may_read(sandbox)
    ((title, body),) = screen.texts()
    assert title == QUESTION and "student" not in body
    assert decisions(asking) == {GRADES: "waiting"}
    assert asking.bus.property("Apps", "Waiting") == 1

    screen.press(1, screen.buttons()["Allow"])
    until(lambda: decisions(asking) == {GRADES: "allow"}, what="the decision")
    assert may_read(sandbox)
    assert sandbox.is_refused("sign-out") and sandbox.is_refused("apps")
    assert screen.withdrawn() == [1]

    # It outlasts the agent.
    asking.stop()
    asking.start()
    until(lambda: asking.account() == "signed-in", what="the account")
    assert may_read(sandbox)
    assert len(screen.texts()) == 1

    # It is the student's, and nobody else's.
    asking.sign_in(TEACHER)
    asking.wait_state("live")
    assert not may_read(sandbox)
    until(lambda: len(screen.texts()) == 2, what="the question to the teacher")
    assert "ask" in {entry["what"] for entry in asking.json("audit")["entries"]}


def test_denied_by_the_button(asking, sandbox, screen):
    assert not may_read(sandbox)
    until(screen.texts, what="the question")
    screen.press(1, screen.buttons()["Don't allow"])
    until(lambda: decisions(asking) == {GRADES: "deny"}, what="the decision")
    assert "the user has said no" in sandbox.ctl("list", "grade", "--json").err
    assert len(screen.texts()) == 1


def test_an_app_cannot_press_the_button(asking, sandbox, screen):
    """Nor who guesses the number and the key, whether it tells all or the agent alone."""
    assert not may_read(sandbox)
    until(screen.texts, what="the question")
    stranger = asking.app("grade_created").connection
    for key in ("allow", screen.buttons()["Allow"]):
        for destination in (None, asking.bus.owner("org.labsync.Agent")):
            stranger.emit_signal(destination, PATH, NAME, "ActionInvoked", GLib.Variant("(us)", (1, key)))
    stranger.flush_sync(None)
    screen.press(1, "allow")
    screen.press(1, "default")
    asking.statistics()
    assert decisions(asking) == {GRADES: "waiting"}
    assert not may_read(sandbox)

    for decision in ("allow", "deny", "forget"):
        assert sandbox.is_refused("apps", decision, GRADES)
    assert decisions(asking) == {GRADES: "waiting"}


def test_without_anything_that_asks(asking, sandbox):
    """The command line does; the agent goes on."""
    assert not may_read(sandbox)
    assert decisions(asking) == {GRADES: "waiting"}
    assert GRADES in asking.ctl("apps").out
    assert asking.ctl("apps", "allow", GRADES).code == 0
    assert may_read(sandbox)
    assert asking.ctl("apps", "forget", GRADES).code == 0
    assert not may_read(sandbox)
    assert asking.ctl("apps", "allow", "no app").code == 1


def test_with_one_that_hangs(asking, sandbox, world):
    hung = Gio.DBusConnection.new_for_address_sync(
        asking.address,
        Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None,
    )
    world.callback(hung.close_sync, None)
    # It has the name, and this thread never looks at what it is sent.
    hung.call_sync(
        "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName",
        GLib.Variant("(su)", (NAME, 0)), None, Gio.DBusCallFlags.NONE, -1, None,
    )
    hung.add_filter(lambda connection, message, incoming: None if incoming else message)
    assert not may_read(sandbox)
    assert asking.cached("grade")
    assert asking.ctl("apps", "allow", GRADES).code == 0
    assert may_read(sandbox)


def test_the_settings_come_first(server, asking, sandbox, screen):
    assert asking.ctl("apps", "allow", GRADES).code == 0
    assert may_read(sandbox)
    asking.configure(server.url, Apps_sandboxed="deny")
    until(lambda: not may_read(sandbox), what="the settings")
    asking.configure(server.url, Apps_sandboxed="ask", Apps_read=f"{GRADES}:announcement")
    until(lambda: sandbox.ctl("list", "announcement", "--json").code == 0, what="the grant")
    assert not may_read(sandbox)
    assert screen.texts() == []
    assert sandbox.is_refused("sign-in", "student@demo.test", text=PASSWORD + "\n")


def test_in_a_flatpak_it_means_deny(asking, sandbox):
    """So says who explains the settings there: of an agent in one nobody's process can be seen."""
    told = sandbox.ctl("config", "explain", "Apps.sandboxed", "--json", LABSYNC_APPS_SANDBOXED="ask")
    (problem,) = json.loads(told.out)["problems"]
    assert problem["name"] == "LABSYNC_APPS_SANDBOXED" and "means deny" in problem["message"]
    assert not asking.json("config", "explain", "Apps.sandboxed")["problems"]
