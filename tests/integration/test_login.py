# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who sits at the machine, by a logind that does what the test says."""

import os
import subprocess
import sys
import urllib.request

import pytest
from gi.repository import GLib

from labsync_testing import BUS_CONFIG, Bus, stop_process, until
from server_client import STUDENT, TEACHER

NAME = "org.freedesktop.login1"
PATH = "/org/freedesktop/login1"
MOCK = "org.freedesktop.DBus.Mock"


class Login:
    """A desktop's system bus, and dbusmock's logind on it."""

    def __init__(self, desktop, world):
        self.desktop = desktop
        self.world = world
        self.uid = os.getuid()
        config = desktop.directory / "system-bus.conf"
        config.write_text(BUS_CONFIG.format(directory=desktop.runtime))
        daemon = subprocess.Popen(
            ["dbus-daemon", f"--config-file={config}", "--nofork", "--print-address"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )
        world.callback(daemon.stdout.close)
        world.callback(stop_process, daemon)
        self.address = daemon.stdout.readline().strip()
        self.bus = Bus(self.address)
        world.callback(self.bus.close)
        self.logind = None

    def start(self):
        self.logind = subprocess.Popen(
            [sys.executable, "-m", "dbusmock", "--system", "--template", "logind"],
            env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": self.address},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        self.world.callback(stop_process, self.logind)
        until(lambda: self.bus.has_owner(NAME), what="logind")
        # dbusmock 0.28's own fails for every user: it adds a number to a text
        self._mock(PATH, "AddMethod", "(sssss)", f"{NAME}.Manager", "GetUser", "u", "o",
                   f'ret = "{PATH}/user/%d" % args[0]')

    def stop(self):
        stop_process(self.logind)

    def _mock(self, path, method, signature, *arguments):
        self.bus.call(MOCK, method, signature, *arguments, path=path, name=NAME)

    def log_in(self, active):
        self._mock(PATH, "AddSession", "(ssusb)", "c1", "seat0", self.uid, "pupil", active)
        self._mock(PATH, "EmitSignal", "(sssav)", "org.freedesktop.login1.Manager", "SessionNew", "so",
                   [GLib.Variant("s", "c1"), GLib.Variant("o", f"{PATH}/session/c1")])

    def switch(self, active):
        """To our user, or to another one. As logind does it, the user's state changes without a word."""
        state = GLib.Variant("s", "active" if active else "online")
        self._mock(f"{PATH}/user/{self.uid}", "UpdateProperties", "(sa{sv})", f"{NAME}.User", {"State": state})
        self._mock(f"{PATH}/session/c1", "UpdateProperties", "(sa{sv})", f"{NAME}.Session",
                   {"Active": GLib.Variant("b", active)})


@pytest.fixture
def machine(server, desk, world):
    """Makes desktops with a system bus: machine(email, with a logind) → desktop, login."""

    def make(email, logind=True, active=True):
        desktop = desk(server.url)
        desktop.stop()
        login = Login(desktop, world)
        desktop.system_bus = login.address
        if logind:
            login.start()
            login.log_in(active)
        desktop.start()
        desktop.sign_in(email)
        return desktop, login

    return make


def connections(server):
    with urllib.request.urlopen(server.url + "/metrics", timeout=10) as answer:
        text = answer.read().decode()
    (line,) = [line for line in text.splitlines() if line.startswith("labsync_connections ")]
    return float(line.split()[1])


def test_only_the_active_session_is_connected(server, machine):
    first, first_login = machine(STUDENT)
    second, second_login = machine(TEACHER, active=False)
    first.wait_state("live")
    second.wait_state("suspended")
    assert second.reason() == "policy"
    until(lambda: connections(server) == 1, what="one connection")

    first_login.switch(False)
    second_login.switch(True)
    first.wait_state("suspended")
    second.wait_state("live")
    until(lambda: connections(server) == 1, what="one connection")

    # what is here can be read, and asking for a connection does not help
    assert first.cached("grade")
    first.bus.agent("Connection", "Connect", "(a{sv})", {})
    assert first.state() == "suspended"
    first_login.switch(True)
    first.wait_state("live")


def test_a_session_in_the_background_waits_from_the_start(server, machine):
    desktop, login = machine(STUDENT, active=False)
    desktop.wait_state("suspended")
    login.switch(True)
    desktop.wait_state("live")


def test_without_logind_nobody_waits(machine):
    desktop, login = machine(STUDENT, logind=False)
    desktop.wait_state("live")
    login.start()
    login.log_in(False)
    desktop.wait_state("suspended")
    login.stop()
    desktop.wait_state("live")
