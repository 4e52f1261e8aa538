# SPDX-License-Identifier: LGPL-2.1-or-later
"""An agent that is in whatever state the test wants the tray to show."""

import os

from fake_agent import FakeAgent, GLib, read_interfaces

INTERFACES = read_interfaces(os.environ["LABSYNC_DBUS"])
SIGNATURES = {
    "State": "s", "Reason": "s", "Transport": "s", "Pending": "u", "InFlight": "u", "Failed": "u", "Conflicts": "u",
}


class TrayAgent(FakeAgent):
    def __init__(self, address):
        super().__init__(address, INTERFACES)

    def change(self, interface, **values):
        """Changes properties and says so."""
        changed = {key: GLib.Variant(SIGNATURES.get(key, "t"), value) for key, value in values.items()}
        self.properties[interface].update(changed)
        self.bus.emit_signal(
            None, "/org/labsync/Agent", "org.freedesktop.DBus.Properties", "PropertiesChanged",
            GLib.Variant("(sa{sv}as)", (f"org.labsync.Agent1.{interface}", changed, [])),
        )
