# SPDX-License-Identifier: LGPL-2.1-or-later
"""An agent that is in whatever state the test wants the tray to show."""

import os

from fake_agent import FakeAgent, Gio, GLib, read_interfaces

QUEUE = Gio.DBusNodeInfo.new_for_xml(
    """<node><interface name="org.labsync.Agent1.Queue"><property name="Pending" type="u" access="read"/>
    <property name="Failed" type="u" access="read"/><property name="Conflicts" type="u" access="read"/>
    </interface></node>"""
).interfaces
INTERFACES = [
    info for info in read_interfaces(os.environ["LABSYNC_DBUS"]) if not info.name.endswith(".Queue")
]
SIGNATURES = {"State": "s", "Reason": "s", "Transport": "s", "Pending": "u", "Failed": "u", "Conflicts": "u"}


class TrayAgent(FakeAgent):
    def __init__(self, address, queue=False):
        super().__init__(address, INTERFACES + (QUEUE if queue else []))
        if queue:
            self.properties["Queue"] = {key: GLib.Variant("u", 0) for key in ("Pending", "Failed", "Conflicts")}

    def change(self, interface, **values):
        """Changes properties and says so."""
        changed = {key: GLib.Variant(SIGNATURES.get(key, "t"), value) for key, value in values.items()}
        self.properties[interface].update(changed)
        self.bus.emit_signal(
            None, "/org/labsync/Agent", "org.freedesktop.DBus.Properties", "PropertiesChanged",
            GLib.Variant("(sa{sv}as)", (f"org.labsync.Agent1.{interface}", changed, [])),
        )
