# SPDX-License-Identifier: LGPL-2.1-or-later
"""A tray as the desktops have it: the watcher that icons register with, and the host that shows them."""

import gi

gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib  # noqa: E402

WATCHER = "org.kde.StatusNotifierWatcher"
ITEM = "org.kde.StatusNotifierItem"
MENU = "com.canonical.dbusmenu"
PROPERTIES = "org.freedesktop.DBus.Properties"

WATCHER_XML = f"""<node><interface name="{WATCHER}">
  <method name="RegisterStatusNotifierItem"><arg name="service" type="s" direction="in"/></method>
</interface></node>"""


class FakeHost:
    """One connection to the bus. `items` holds (argument, sender) of every registration."""

    def __init__(self, address):
        flags = Gio.DBusConnectionFlags
        self.bus = Gio.DBusConnection.new_for_address_sync(
            address, flags.AUTHENTICATION_CLIENT | flags.MESSAGE_BUS_CONNECTION, None, None
        )
        self.bus.set_exit_on_close(False)
        self.items = []
        self.signals = []  # (interface, name, arguments)
        self.refusals = 0  # how many registrations to refuse before one is taken
        for interface in (ITEM, MENU, PROPERTIES):
            self.bus.signal_subscribe(None, interface, None, None, None, 0, self._on_signal)

    def watch(self):
        """Becomes the watcher."""
        (info,) = Gio.DBusNodeInfo.new_for_xml(WATCHER_XML).interfaces
        self.registration = self.bus.register_object("/StatusNotifierWatcher", info, self._on_call, None, None)
        self._own("RequestName", "(su)", (WATCHER, 0))

    def unwatch(self):
        self._own("ReleaseName", "(s)", (WATCHER,))
        self.bus.unregister_object(self.registration)

    def _own(self, method, signature, arguments):
        self.bus.call_sync(
            "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", method,
            GLib.Variant(signature, arguments), None, 0, -1, None,
        )

    def close(self):
        if not self.bus.is_closed():
            self.bus.close_sync(None)

    def _on_call(self, bus, sender, path, interface, method, parameters, invocation):
        self.items.append((parameters.unpack()[0], sender))
        if self.refusals:
            self.refusals -= 1
            invocation.return_dbus_error("org.freedesktop.DBus.Error.UnknownObject", "not yet")
        else:
            invocation.return_value(None)

    def _on_signal(self, bus, sender, path, interface, name, parameters):
        if interface != PROPERTIES:
            self.signals.append((interface, name, parameters.unpack()))

    def until(self, condition, seconds=10):
        """Lets calls and signals in until the condition holds; returns its value."""
        context = GLib.MainContext.default()
        late = []
        timer = GLib.timeout_add(int(seconds * 1000), lambda: late.append(True) or False)
        while not (value := condition()):
            assert not late, f"not within {seconds} s; signals: {self.signals}, items: {self.items}"
            context.iteration(True)
        if not late:
            GLib.source_remove(timer)
        return value

    def call(self, name, interface, method, signature=None, *arguments, path=None):
        """Calls as a host does, while signals come in. Returns the answer as a tuple."""
        path = path or ("/MenuBar" if interface == MENU else "/StatusNotifierItem")
        answers = []
        self.bus.call(
            name, path, interface, method, GLib.Variant(signature, arguments) if signature else None,
            None, 0, 10000, None, lambda bus, result: answers.append(result),
        )
        self.until(lambda: answers, 15)
        return self.bus.call_finish(answers[0]).unpack()

    # What hosts do, in their own ways.

    def item(self, name):
        return self.call(name, PROPERTIES, "GetAll", "(s)", ITEM)[0]

    def layout(self, name, parent=0, depth=-1, names=()):
        return self.call(name, MENU, "GetLayout", "(iias)", parent, depth, list(names))

    def menu(self, name):
        """id -> properties of the entries that are shown."""
        _, (_, _, children) = self.layout(name)
        return {entry: properties for entry, properties, _ in children if properties["visible"]}

    def labels(self, name):
        return [entry.get("label", "-") for entry in self.menu(name).values()]

    def click(self, name, label, group=False):
        """Clicks an entry, which must be there and enabled."""
        found = [entry for entry, each in self.menu(name).items() if each.get("label") == label and each["enabled"]]
        assert found, f"no {label!r} among {self.labels(name)}"
        empty = GLib.Variant("s", "")
        if group:
            return self.call(name, MENU, "EventGroup", "(a(isvu))", [(found[0], "clicked", empty, 0)])
        return self.call(name, MENU, "Event", "(isvu)", found[0], "clicked", empty, 0)
