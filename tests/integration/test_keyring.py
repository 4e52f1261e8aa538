# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where tokens are kept: a real keyring, none, one that is locked, one that hangs."""

import os
import re
import signal
import subprocess
import time

import pytest
from gi.repository import GLib

from labsync_testing import PASSWORD, Desktop, Server, stop_process, until
from server_client import STUDENT, TEACHER

SECRETS = "org.freedesktop.secrets"
SERVICE = "/org/freedesktop/secrets"
LOGIN = "/org/freedesktop/secrets/collection/login"

# The port's own deadline is 5 s; libsecret would wait for 50.
DEADLINE = 12


class WithoutKeyring(Desktop):
    def unlock_keyring(self):
        pass


def call(desktop, path, interface, method, signature, *arguments):
    return desktop.bus.call(interface, method, signature, *arguments, path=path, name=SECRETS)


def items(desktop):
    """Of each of our items: its attributes."""
    unlocked, locked = call(
        desktop, SERVICE, "org.freedesktop.Secret.Service", "SearchItems", "(a{ss})",
        {"xdg:schema": "org.labsync.Agent"},
    )
    return [
        call(desktop, path, "org.freedesktop.DBus.Properties", "Get", "(ss)", "org.freedesktop.Secret.Item", "Attributes")[0]
        for path in unlocked + locked
    ]


def lock(desktop):
    call(desktop, SERVICE, "org.freedesktop.Secret.Service", "Lock", "(ao)", [LOGIN])


def unlock(desktop):
    """As a new session does it: unlocking this one would ask somebody."""
    desktop.unlock_keyring()


def assert_answers_at_once(desktop):
    started = time.monotonic()
    desktop.state()
    desktop.cached("grade")
    assert time.monotonic() - started < 2


class Prompts:
    """Whether anybody asks the keyring to ask somebody: listens to all that is said to it."""

    RULES = ("interface='org.freedesktop.Secret.Service',member='Unlock'", "interface='org.freedesktop.Secret.Prompt'")

    def __init__(self, desktop, world):
        self.desktop = desktop
        self.log = desktop.directory / "prompts.log"
        out = world.enter_context(open(self.log, "wb"))
        address = desktop.environment["DBUS_SESSION_BUS_ADDRESS"]
        monitor = subprocess.Popen(["dbus-monitor", "--address", address, *self.RULES], stdout=out)
        world.callback(stop_process, monitor)
        until(lambda: "NameLost" in self.log.read_text(), what="the monitor")  # it has no name any more

    def heard(self):
        """What was said up to now: one call more, which is heard as well, ends it."""
        call(self.desktop, SERVICE, "org.freedesktop.Secret.Service", "Unlock", "(ao)", [])
        until(self.calls, what="a call that was made here")
        return self.calls()[:-1]

    def calls(self):
        return [line for line in self.log.read_text().splitlines() if line.startswith("method call")]


def files_with_tokens(desktop):
    """Files that hold something like a JSON Web Token; the keyring's own are encrypted."""
    found = []
    for folder, _, names in os.walk(desktop.directory):
        for name in names:
            path = os.path.join(folder, name)
            if os.path.isfile(path) and re.search(rb"eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}", open(path, "rb").read()):
                found.append(path)
    return found


@pytest.fixture
def bare(directory, world):
    def make(url, **settings):
        return world.enter_context(WithoutKeyring(directory / "bare", url, **settings))

    return make


def refused_sign_in(desktop):
    with pytest.raises(GLib.Error) as refusal:
        desktop.sign_in()
    assert "Error.Locked" in refusal.value.message
    return refusal


def owners(desktop):
    return sorted((item["server"], item["user"], item["kind"]) for item in items(desktop))


def of(server, email):
    who = server.person(email).user["id"]
    return [(server.url, who, kind) for kind in ("access", "refresh")]


def test_one_item_for_each_server_user_and_kind(server, desktop):
    for email in (STUDENT, STUDENT, TEACHER, TEACHER):
        desktop.sign_in(email)
        desktop.wait_state("live")
        # Nobody else's are left, at the latest when these are used.
        until(lambda: owners(desktop) == of(server, email), what=f"the tokens of {email}, and no others")
    assert not files_with_tokens(desktop)


def test_another_server_is_another_account(server, desktop, directory, world):
    other = world.enter_context(Server(directory / "other"))
    desktop.sign_in()
    desktop.wait_state("live")
    desktop.configure(other.url)
    desktop.wait_account("signed-out")
    assert owners(desktop) == of(server, STUDENT), "it may be the server again tomorrow"
    desktop.sign_in()
    desktop.wait_state("live")
    until(lambda: owners(desktop) == of(other, STUDENT), what="the tokens for the other server alone")


def test_who_is_signed_in_stays_when_the_keyring_takes_no_others(server, desktop):
    desktop.sign_in()
    desktop.wait_state("live")
    lock(desktop)
    with pytest.raises(GLib.Error) as refusal:
        desktop.sign_in(TEACHER)
    assert "Error.Locked" in refusal.value.message
    assert (desktop.account(), desktop.state()) == ("signed-in", "live")
    assert desktop.bus.property("Account", "UserId") == server.person(STUDENT).user["id"]
    unlock(desktop)
    desktop.stop()
    desktop.start()
    desktop.wait_state("live")
    assert owners(desktop) == of(server, STUDENT)


def test_without_a_keyring_nobody_is_signed_in(server, bare):
    desktop = bare(server.url)
    refused_sign_in(desktop)
    assert desktop.account() == "signed-out"
    result = desktop.ctl("sign-in", STUDENT, text=PASSWORD)
    assert result.code == 1 and "keyring" in result.err, result
    assert not files_with_tokens(desktop)


def test_in_memory_alone_by_setting(server, bare):
    desktop = bare(server.url, Privacy_tokens_in_memory="true")
    desktop.sign_in()
    desktop.wait_state("live")
    assert not files_with_tokens(desktop)
    # A restart ends it, and what was cached stays readable.
    before = desktop.cached("grade")
    desktop.stop()
    desktop.start()
    desktop.wait_account("locked")
    assert desktop.cached("grade") == before
    desktop.sign_in()
    desktop.wait_state("live")


def test_a_locked_keyring(server, desktop, world):
    before = desktop.cached("grade")
    desktop.stop()
    lock(desktop)
    prompts = Prompts(desktop, world)
    desktop.start()
    desktop.wait_account("locked")
    assert_answers_at_once(desktop)
    assert desktop.cached("grade") == before
    refused_sign_in(desktop)
    desktop.wait_account("locked")
    assert prompts.heard() == []
    unlock(desktop)
    desktop.wait_state("live", seconds=30)
    assert desktop.account() == "signed-in"


def test_a_sign_out_while_the_keyring_is_locked(server, desktop, world):
    desktop.sign_in()
    desktop.wait_state("live")
    lock(desktop)
    prompts = Prompts(desktop, world)
    result = desktop.ctl("sign-out")
    assert result.code == 1 and "You are signed out, but" in result.err, result
    assert desktop.account() == "signed-out"
    assert owners(desktop) == of(server, STUDENT)
    unlock(desktop)
    until(lambda: items(desktop) == [], 40, "the keyring to give up the tokens")
    assert prompts.heard() == []


def test_a_keyring_that_hangs(server, desktop):
    before = desktop.cached("grade")
    desktop.stop()
    desktop.keyring.send_signal(signal.SIGSTOP)
    started = time.monotonic()
    desktop.start()
    while desktop.account() != "locked":
        assert_answers_at_once(desktop)
        assert time.monotonic() - started < DEADLINE
    assert desktop.cached("grade") == before
    started = time.monotonic()
    refused_sign_in(desktop)
    assert time.monotonic() - started < DEADLINE
    desktop.keyring.send_signal(signal.SIGCONT)
    desktop.wait_state("live", seconds=30)
    assert desktop.account() == "signed-in"


def test_a_refresh_waits_for_the_keyring(directory, world, desk):
    """Tokens last for 30 s: while nothing can be kept they are not renewed, and the link ends with them."""
    server = world.enter_context(Server(directory / "brief", "--token-lifetime", "30"))
    desktop = desk(server.url)
    desktop.sign_in()
    desktop.wait_state("live")
    lock(desktop)
    desktop.wait_account("locked", seconds=35)
    assert desktop.state() == "live"
    assert desktop.statistics()["refreshes"] == 0
    desktop.wait_state("waiting", "connecting", seconds=40)
    assert desktop.statistics()["refreshes"] == 0
    assert desktop.cached("grade")
    unlock(desktop)
    desktop.wait_state("live", seconds=30)
    assert desktop.account() == "signed-in"
    assert desktop.statistics()["refreshes"] == 1
    # ... and from then on in time, without a reconnect.
    connects = desktop.statistics()["connects"]
    until(lambda: desktop.statistics()["refreshes"] == 2, seconds=35, what="a refresh in time")
    assert desktop.state() == "live"
    assert desktop.statistics()["connects"] == connects
