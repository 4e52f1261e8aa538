# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the user sees on the screen, by a desktop that shows what it is given and writes it down."""

import os
import subprocess

import pytest

from labsync_testing import until
from screen import Screen

@pytest.fixture
def screen(desktop, world):
    return Screen(desktop, world)


def expire(server, desktop):
    """As somebody does who signs out everywhere."""
    server.sql("DELETE FROM sessions")
    desktop.bus.agent("Connection", "Reconnect", "(a{sv})", {})
    desktop.wait_account("expired", seconds=30)


@pytest.fixture(scope="session")
def indonesian(tmp_path_factory):
    folder = tmp_path_factory.mktemp("locale")
    subprocess.run(
        ["localedef", "--no-archive", "-i", "id_ID", "-f", "UTF-8", str(folder / "id_ID.UTF-8")],
        capture_output=True, check=False,
    )
    return {
        "LOCPATH": str(folder), "LC_ALL": "id_ID.UTF-8", "LANGUAGE": "id",
        "LABSYNC_LOCALEDIR": f"{os.environ['LABSYNC_BUILD']}/po",
    }


def test_an_expired_account_is_told_once(server, desktop, screen):
    assert screen.texts() == []
    expire(server, desktop)
    until(screen.texts, what="a notification")
    ((title, body),) = screen.texts()
    assert title == "Please sign in again"
    assert "kept" in body and "student" not in body

    # The new agent has the same tokens, and they are refused again.
    desktop.stop()
    desktop.start()
    desktop.wait_account("expired", seconds=30)
    desktop.statistics()
    assert len(screen.texts()) == 1

    desktop.sign_in()
    desktop.wait_state("live")
    expire(server, desktop)
    until(lambda: len(screen.texts()) == 2, what="the next notification")
    desktop.sign_in()
    until(lambda: screen.withdrawn() == [2], what="its withdrawal")
    assert "notif" not in desktop.messages()


def test_a_screen_that_comes_later(server, desktop, world):
    expire(server, desktop)
    desktop.stop()
    desktop.start()
    desktop.wait_account("expired", seconds=30)
    screen = Screen(desktop, world)
    until(screen.texts, what="a notification")


def test_it_speaks_the_users_language(server, desk, world, indonesian):
    desktop = desk(server.url)
    desktop.stop()
    desktop.wrapper = ("env", *(f"{name}={value}" for name, value in indonesian.items()))
    desktop.start()
    desktop.sign_in()
    desktop.wait_state("live")
    screen = Screen(desktop, world)
    expire(server, desktop)
    until(screen.texts, what="a notification")
    assert screen.texts()[0][0] == "Silakan masuk kembali"
    assert "masuk" not in desktop.messages()


def test_who_does_not_want_any_gets_none(server, desk, world):
    desktop = desk(server.url, Notifications_show="false")
    desktop.sign_in()
    desktop.wait_state("live")
    screen = Screen(desktop, world)
    expire(server, desktop)
    desktop.statistics()
    assert screen.texts() == []

    desktop.configure(server.url)
    until(screen.texts, what="a notification once it is wanted")
