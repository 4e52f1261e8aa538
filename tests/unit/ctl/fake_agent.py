# SPDX-License-Identifier: LGPL-2.1-or-later
"""A private session bus, and on it an agent that answers as the test says."""

import subprocess
import threading
from pathlib import Path

import gi

gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib  # noqa: E402

NAME = "org.labsync.Agent"
PATH = "/org/labsync/Agent"
PREFIX = "org.labsync.Agent1."
EVENTS = "(a(tssssxss))"

BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir={tmp}</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


class Bus:
    """A bus that can start nothing by itself."""

    def __init__(self, tmp):
        config = Path(tmp) / "bus.conf"
        config.write_text(BUS_CONFIG.format(tmp=tmp))
        self.process = subprocess.Popen(
            ["dbus-daemon", f"--config-file={config}", "--nofork", "--print-address=1"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )
        self.address = self.process.stdout.readline().strip()
        assert self.address, "dbus-daemon did not start"

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


class Refusal(Exception):
    """An error of the agent: Refusal("NotFound", "No such row")."""


class FakeAgent:
    """Methods are set as agent.methods["Cache.Get"] = function (arguments) -> variant or None."""

    def __init__(self, address, interfaces):
        self.calls = []
        self.methods = {}
        self.properties = {
            "Connection": {
                "Version": GLib.Variant("u", 1), "State": GLib.Variant("s", "live"),
                "Reason": GLib.Variant("s", "none"), "Transport": GLib.Variant("s", "websocket"),
                "Protocol": GLib.Variant("s", "labsync.v1"),
                "ServerUrl": GLib.Variant("s", "http://school.test"),
                "ConfirmedAt": GLib.Variant("t", 1700000000123), "LastConnectedAt": GLib.Variant("t", 1700000000000),
                "Attempt": GLib.Variant("u", 0), "NextAttemptAt": GLib.Variant("t", 0),
                "RoundTripMs": GLib.Variant("u", 7), "Metered": GLib.Variant("b", False),
            },
            "Account": {
                "Version": GLib.Variant("u", 1), "State": GLib.Variant("s", "signed-in"),
                "UserId": GLib.Variant("s", "u1"), "DisplayName": GLib.Variant("s", "Bu Sari"),
                "Role": GLib.Variant("s", "teacher"), "ExtraRole": GLib.Variant("s", ""),
                "ExpiresAt": GLib.Variant("t", 1700000900000), "Unsent": GLib.Variant("u", 0),
            },
            "Apps": {"Version": GLib.Variant("u", 2), "Waiting": GLib.Variant("u", 0)},
            "Queue": {
                "Version": GLib.Variant("u", 2), "Breaker": GLib.Variant("s", "closed"),
                **{name: GLib.Variant("u", 0) for name in ("Pending", "InFlight", "Failed", "Conflicts")},
            },
        }
        self.interfaces = interfaces
        self.acknowledged = threading.Condition()
        self.context = GLib.MainContext()
        self.loop = GLib.MainLoop(self.context)
        self.ready = threading.Event()
        self.address = address
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()
        assert self.ready.wait(10), "the fake agent did not start"

    def _serve(self):
        self.context.push_thread_default()
        flags = (
            Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT
            | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
        )
        self.bus = Gio.DBusConnection.new_for_address_sync(self.address, flags, None, None)
        for info in self.interfaces:
            path = PATH + "/subscription/1" if info.name.endswith(".Subscription") else PATH
            self.bus.register_object(path, info, self._call, self._get, None)
        self.bus.call_sync(
            "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName",
            GLib.Variant("(su)", (NAME, 0)), None, 0, -1, None,
        )
        self.ready.set()
        self.loop.run()
        self.context.pop_thread_default()

    def _get(self, bus, sender, path, interface, name):
        return self.properties.get(interface[len(PREFIX):], {}).get(name)

    def _call(self, bus, sender, path, interface, method, parameters, invocation):
        name = f"{interface[len(PREFIX):]}.{method}"
        self.sender = sender
        self.calls.append((name, parameters.unpack()))
        try:
            answer = self.methods.get(name, lambda arguments: None)(parameters.unpack())
        except Refusal as refusal:
            invocation.return_dbus_error(PREFIX + "Error." + refusal.args[0], refusal.args[1])
            return
        invocation.return_value(answer)
        if name == "Subscription.Acknowledge":
            with self.acknowledged:
                self.acknowledged.notify_all()

    def wait_for_call(self, call, timeout=10):
        with self.acknowledged:
            assert self.acknowledged.wait_for(lambda: call in self.calls, timeout), self.calls

    def send_events(self, events):
        self.bus.emit_signal(
            self.sender, PATH + "/subscription/1", PREFIX + "Subscription", "Events",
            GLib.Variant(EVENTS, (events,)),
        )

    def stop(self):
        if not self.thread.is_alive():
            return
        self.bus.close_sync(None)
        self.loop.quit()
        self.thread.join()


def read_interfaces(folder):
    return [
        interface for path in sorted(Path(folder).glob("*.xml"))
        for interface in Gio.DBusNodeInfo.new_for_xml(path.read_text()).interfaces
    ]
