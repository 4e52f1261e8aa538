# SPDX-License-Identifier: LGPL-2.1-or-later
"""A desktop that shows notifications."""

import os
import subprocess
import sys

from gi.repository import GLib

from labsync_testing import stop_process, until

NAME = "org.freedesktop.Notifications"
PATH = "/org/freedesktop/Notifications"
MOCK = "org.freedesktop.DBus.Mock"


class Screen:
    """dbusmock's desktop on the bus of one of ours."""

    def __init__(self, desktop, world):
        self.bus = desktop.bus
        process = subprocess.Popen(
            [sys.executable, "-m", "dbusmock", "--session", "--template", "notification_daemon"],
            env={**os.environ, "DBUS_SESSION_BUS_ADDRESS": desktop.address},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        world.callback(stop_process, process)
        until(lambda: self.bus.has_owner(NAME), what="the screen")

    def _calls(self, method):
        return [arguments for _, arguments in self.bus.call(MOCK, "GetMethodCalls", "(s)", method, path=PATH, name=NAME)[0]]

    def buttons(self):
        """Of what was shown last: label → key."""
        listed = self._calls("Notify")[-1][5]
        return dict(zip(listed[1::2], listed[::2]))

    def press(self, number, key):
        """As a user does."""
        arguments = [GLib.Variant("u", number), GLib.Variant("s", key)]
        self.bus.call(MOCK, "EmitSignal", "(sssav)", NAME, "ActionInvoked", "us", arguments, path=PATH, name=NAME)

    def texts(self):
        """Title and body of everything that was ever shown."""
        return [(arguments[3], arguments[4]) for arguments in self._calls("Notify")]

    def withdrawn(self):
        """Numbers of what was taken away; the first one shown is 1."""
        return [number for (number,) in self._calls("CloseNotification")]
