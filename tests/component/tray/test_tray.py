# SPDX-License-Identifier: LGPL-2.1-or-later
"""labsync-tray on a private bus, against a tray host and an agent that do as the test says."""

import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from fake_agent import BUS_CONFIG, Bus, Gio, GLib, Refusal  # noqa: E402
from fake_host import ITEM, MENU, FakeHost  # noqa: E402
from tray_agent import TrayAgent  # noqa: E402

TRAY = os.environ["LABSYNC_TRAY"]
TRAY_NAME = "org.labsync.Agent.Tray"
NOT_RUNNING = "Lab Sync is not running"


@pytest.fixture
def bus(tmp_path):
    bus = Bus(tmp_path)
    yield bus
    bus.stop()


@pytest.fixture
def host(bus):
    host = FakeHost(bus.address)
    host.watch()
    yield host
    host.close()


@pytest.fixture
def start(bus, tmp_path):
    """Starts trays; at the end each must have been silent on standard error, unless told otherwise."""
    started = []

    def make(*arguments, **extra):
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(tmp_path), "DBUS_SESSION_BUS_ADDRESS": bus.address,
            "LC_ALL": "C.UTF-8", "TZ": "UTC", "G_DEBUG": "fatal-criticals", "LABSYNC_ICONDIR": "/icons",
            **{name: value for name, value in os.environ.items() if name.startswith(("ASAN", "LSAN", "UBSAN", "G_SLICE"))},
            **extra,
        }
        started.append(subprocess.Popen([TRAY, *arguments], env=environment, stderr=subprocess.PIPE, text=True))
        return started[-1]

    yield make
    for process in started:
        if process.poll() is None:
            process.terminate()
        _, err = process.communicate(timeout=10)
        assert (process.returncode, err) == (0, "")


@pytest.fixture
def agent(bus):
    agent = TrayAgent(bus.address)
    yield agent
    agent.stop()


@pytest.fixture
def name(host, start, agent):
    """The bus name of a tray that is registered and has seen the agent."""
    start()
    host.until(lambda: host.items)
    found = host.items[0][0]
    wait_title(host, found, "Lab Sync: Connected and up to date")
    return found


def title(host, name):
    return host.item(name)["Title"]


def wait_title(host, name, expected):
    while (now := title(host, name)) != expected:
        count = len(host.signals)
        host.until(lambda: len(host.signals) > count or title(host, name) != now)


# Registration

def test_registers_its_unique_name(host, name):
    assert host.items == [(name, name)]
    assert re.fullmatch(r":\d+\.\d+", name)
    names = host.call("org.freedesktop.DBus", "org.freedesktop.DBus", "ListNames", path="/org/freedesktop/DBus")[0]
    assert not [each for each in names if each.startswith("org.kde.StatusNotifierItem")]


def test_watcher_that_comes_late_and_again(bus, start):
    host = FakeHost(bus.address)
    start()
    host.until(lambda: has_owner(host, TRAY_NAME))
    assert host.items == []
    for times in (1, 2, 3):
        host.watch()
        host.until(lambda: len(host.items) == times)
        host.unwatch()
    assert len(set(host.items)) == 1
    host.close()


def test_watcher_that_is_not_ready_is_asked_again(bus, start):
    host = FakeHost(bus.address)
    host.refusals = 1
    host.watch()
    start()
    host.until(lambda: len(host.items) == 2)
    assert host.refusals == 0
    host.close()


def test_watcher_that_never_comes(bus, start):
    host = FakeHost(bus.address)
    process = start()
    host.until(lambda: has_owner(host, TRAY_NAME))
    assert title(host, TRAY_NAME) in (NOT_RUNNING, "Lab Sync: One moment…")
    assert process.poll() is None
    host.close()


def has_owner(host, name):
    return host.call(
        "org.freedesktop.DBus", "org.freedesktop.DBus", "NameHasOwner", "(s)", name, path="/org/freedesktop/DBus"
    )[0]


# Properties

def test_every_property_has_an_answer(host, name):
    item = host.item(name)
    pixmaps = item.pop("IconPixmap")
    assert pixmaps == item.pop("AttentionIconPixmap")
    assert [(width, height, len(data)) for width, height, data in pixmaps] == [
        (size, size, size * size * 4) for size in (16, 22, 24, 32, 48)]
    assert item == {
        "Category": "ApplicationStatus", "Id": "org.labsync.Agent", "Title": "Lab Sync: Connected and up to date",
        "Status": "Active", "WindowId": 0, "IconThemePath": "/icons", "Menu": "/MenuBar", "ItemIsMenu": True,
        "IconName": "org.labsync.Agent.live-symbolic", "OverlayIconName": "", "OverlayIconPixmap": [],
        "AttentionIconName": "org.labsync.Agent.live-symbolic", "AttentionMovieName": "",
        "ToolTip": ("", [], "Lab Sync: Connected and up to date", ""),
    }
    menu = host.call(name, "org.freedesktop.DBus.Properties", "GetAll", "(s)", MENU, path="/MenuBar")[0]
    assert menu == {"Version": 3, "TextDirection": "ltr", "Status": "normal", "IconThemePath": []}
    for key in item:
        host.call(name, "org.freedesktop.DBus.Properties", "Get", "(ss)", ITEM, key)


def test_no_name_where_the_host_cannot_find_it(host, start, agent):
    start(LABSYNC_ICONDIR="")
    host.until(lambda: host.items)
    name = host.items[0][0]
    wait_title(host, name, "Lab Sync: Connected and up to date")
    item = host.item(name)
    assert (item["IconName"], item["AttentionIconName"], item["IconThemePath"]) == ("", "", "")
    before = item["IconPixmap"]
    host.signals.clear()
    agent.change("Connection", State="waiting", Reason="captive-portal")
    host.until(lambda: (ITEM, "NewStatus", ("NeedsAttention",)) in host.signals)
    assert (ITEM, "NewIcon", ()) in host.signals
    assert host.item(name)["IconPixmap"] == host.item(name)["AttentionIconPixmap"] != before


def test_every_state_is_told(host, name, agent):
    table = [
        ("connecting", "none", "signed-in", "working", "Active"),
        ("waiting", "server-unreachable", "signed-in", "offline", "Active"),
        ("waiting", "captive-portal", "signed-in", "attention", "NeedsAttention"),
        ("stopped", "user", "signed-in", "stopped", "Active"),
        ("signed-out", "none", "signed-out", "attention", "NeedsAttention"),
        ("live", "none", "signed-in", "live", "Active"),
    ]
    seen = set()
    for state, reason, account, icon, status in table:
        host.signals.clear()
        before = host.item(name)
        agent.change("Account", State=account)
        agent.change("Connection", State=state, Reason=reason)
        expected = f"org.labsync.Agent.{icon}-symbolic"
        host.until(lambda: (ITEM, "NewToolTip", ()) in host.signals and host.item(name)["IconName"] == expected)
        now = host.item(name)
        assert now["AttentionIconName"] == expected and now["Status"] == status
        assert (ITEM, "NewTitle", ()) in host.signals
        if now["IconName"] != before["IconName"]:
            assert (ITEM, "NewIcon", ()) in host.signals and (ITEM, "NewAttentionIcon", ()) in host.signals
        if now["Status"] != before["Status"]:
            assert (ITEM, "NewStatus", (status,)) in host.signals
        seen.add((icon, str(now["IconPixmap"])))
    assert len(seen) == 5


def test_what_does_not_change_is_not_told(host, name, agent):
    host.signals.clear()
    agent.change("Connection", Transport="websocket", LastConnectedAt=1700000000001)
    agent.change("Connection", State="polling")
    wait_title(host, name, "Lab Sync: Connected, looking for news now and then")
    assert {each[1] for each in host.signals} == {"NewTitle", "NewToolTip", "ItemsPropertiesUpdated"}


# The menu

def test_menu_of_a_live_agent(host, name):
    assert host.labels(name) == [
        "Connected and up to date", "Last confirmed: 14 November 2023, 22:13", "-", "Reconnect now", "Sync now",
        "Pause", "-", "About Lab Sync"]
    enabled = [entry["label"] for entry in host.menu(name).values() if entry.get("enabled")]
    assert enabled == ["Sync now", "Pause", "About Lab Sync"]


def test_layout_changes_are_told_and_counted(host, name, agent):
    revision, _ = host.layout(name)
    host.signals.clear()
    agent.change("Connection", State="waiting", Reason="server-unreachable")
    _, _, (later, parent) = host.until(lambda: next((s for s in host.signals if s[1] == "LayoutUpdated"), None))
    assert later > revision and parent == 0
    assert host.layout(name)[0] == later
    (updated,) = [arguments[0] for _, signal_name, arguments in host.signals if signal_name == "ItemsPropertiesUpdated"]
    assert dict(updated)[2] == {"label": "The school's server does not answer", "visible": True}
    assert "The school's server does not answer" in host.labels(name)


@pytest.mark.parametrize("group", [False, True])
@pytest.mark.parametrize("state, reason, label, method", [
    ("live", "none", "Sync now", "SyncNow"),
    ("waiting", "server-unreachable", "Reconnect now", "Reconnect"),
    ("live", "none", "Pause", "Disconnect"),
    ("stopped", "user", "Resume", "Connect"),
])
def test_clicks(host, name, agent, group, state, reason, label, method):
    agent.change("Connection", State=state, Reason=reason)
    host.until(lambda: label in host.labels(name))
    assert host.click(name, label, group) == (([],) if group else ())
    host.until(lambda: agent.calls)
    assert agent.calls == [(f"Connection.{method}", ({},))]


def test_a_click_on_what_is_disabled_does_nothing(host, name, agent):
    entry = next(entry for entry, each in host.menu(name).items() if each.get("label") == "Reconnect now")
    for each in range(0, 16):
        if each not in (11, 12, 15):  # what is enabled: sync, pause, about
            host.call(name, MENU, "Event", "(isvu)", each, "clicked", GLib.Variant("s", ""), 0)
    for event in ("hovered", "opened", "closed", "", "CLICKED"):
        host.call(name, MENU, "Event", "(isvu)", 11, event, GLib.Variant("i", 0), 0)
    assert entry == 10
    assert agent.calls == []


def test_a_sync_under_way_is_shown_and_not_doubled(host, name, agent):
    def refuse(arguments):
        raise Refusal("Unreachable", "cut")
    agent.methods["Connection.SyncNow"] = refuse
    host.signals.clear()
    empty = GLib.Variant("s", "")
    host.call(name, MENU, "EventGroup", "(a(isvu))", [(11, "clicked", empty, 0)] * 50)
    host.until(lambda: len([s for s in host.signals if s[1] == "NewIcon"]) == 2)  # working and back
    assert agent.calls == [("Connection.SyncNow", ({},))]
    assert title(host, name) == "Lab Sync: Connected and up to date"


def test_a_click_on_the_icon_syncs(host, name, agent):
    for x, y in ((0, 25), (-2147483648, 2147483647)):
        host.call(name, ITEM, "Activate", "(ii)", x, y)
    host.until(lambda: agent.calls)
    assert ("Connection.SyncNow", ({},)) in agent.calls
    for other in ("SecondaryActivate", "ContextMenu"):
        assert host.call(name, ITEM, other, "(ii)", 1, 2) == ()
    assert host.call(name, ITEM, "Scroll", "(is)", 120, "sideways") == ()


# How hosts differ

def test_layouts_of_any_depth(host, name):
    for depth, count in ((-1, 15), (0, 0), (1, 15), (2147483647, 15), (-2147483648, 15)):
        _, (root, properties, children) = host.layout(name, depth=depth)
        assert (root, properties, len(children)) == (0, {"children-display": "submenu"}, count)
    _, (entry, properties, children) = host.layout(name, parent=11, depth=1, names=["label", "no-such"])
    assert (entry, properties, children) == (11, {"label": "Sync now"}, [])


def test_group_properties(host, name):
    def ask(ids, names=()):
        return host.call(name, MENU, "GetGroupProperties", "(aias)", ids, list(names))[0]
    assert ask([11, 99, 11, -1], ["label"]) == [(11, {"label": "Sync now"})]
    assert [entry for entry, _ in ask([])] == list(range(16))
    assert ask([77]) == []
    assert len(ask([11] * 100000)) == 1
    assert host.call(name, MENU, "GetProperty", "(is)", 11, "label") == ("Sync now",)


def test_about_to_show_brings_what_is_not_signalled(host, name, agent):
    agent.properties["Connection"]["ConfirmedAt"] = GLib.Variant("t", 1700000123000)
    assert host.call(name, MENU, "AboutToShow", "(i)", 0) == (True,)
    assert "Last confirmed: 14 November 2023, 22:15" in host.labels(name)
    assert host.call(name, MENU, "AboutToShow", "(i)", 0) == (False,)
    agent.properties["Connection"]["ConfirmedAt"] = GLib.Variant("t", 1700000183000)
    assert host.call(name, MENU, "AboutToShowGroup", "(ai)", [0, 3, 99]) == ([0], [99])
    assert host.call(name, MENU, "AboutToShowGroup", "(ai)", [0]) == ([], [])
    assert host.call(name, MENU, "AboutToShow", "(i)", 11) == (False,)


def test_junk_is_refused(host, name, agent):
    empty = GLib.Variant("s", "")
    for method, signature, arguments in (
        ("GetLayout", "(iias)", (99, -1, [])), ("GetLayout", "(iias)", (-1, -1, [])),
        ("GetProperty", "(is)", (99, "label")), ("GetProperty", "(is)", (11, "colour")),
        ("Event", "(isvu)", (99, "clicked", empty, 0)), ("Event", "(isvu)", (-2147483648, "clicked", empty, 0)),
        ("EventGroup", "(a(isvu))", ([(99, "clicked", empty, 0), (16, "clicked", empty, 0)],)),
        ("AboutToShow", "(i)", (99,)), ("AboutToShowGroup", "(ai)", ([99, -7],)),
    ):
        with pytest.raises(GLib.Error, match="InvalidArgs"):
            host.call(name, MENU, method, signature, *arguments)
    with pytest.raises(GLib.Error, match="UnknownMethod"):
        host.call(name, MENU, "Explode")
    with pytest.raises(GLib.Error, match="InvalidArgs"):
        host.call(name, MENU, "GetLayout", "(s)", "x")
    with pytest.raises(GLib.Error, match="InvalidArgs"):
        host.call(name, "org.freedesktop.DBus.Properties", "Get", "(ss)", ITEM, "Colour")
    with pytest.raises(GLib.Error, match="InvalidArgs|AccessDenied"):
        host.call(name, "org.freedesktop.DBus.Properties", "Set", "(ssv)", ITEM, "Title", GLib.Variant("s", "x"))
    assert host.call(name, MENU, "EventGroup", "(a(isvu))", [(99, "clicked", empty, 0), (3, "opened", empty, 0)]) == ([99],)
    assert host.call(name, MENU, "EventGroup", "(a(isvu))", []) == ([],)
    assert agent.calls == []
    assert title(host, name) == "Lab Sync: Connected and up to date"


# The agent

def test_no_agent(host, start, bus):
    start()
    host.until(lambda: host.items)
    name = host.items[0][0]
    wait_title(host, name, NOT_RUNNING)
    assert host.labels(name) == [NOT_RUNNING, "-", "Start Lab Sync", "-", "About Lab Sync"]
    assert host.item(name)["IconName"].endswith("stopped-symbolic")
    assert host.call(name, MENU, "AboutToShow", "(i)", 0) == (False,)
    # It cannot be started here: the tray says so, and offers it again.
    host.signals.clear()
    host.click(name, "Start Lab Sync", group=True)
    host.until(lambda: len([s for s in host.signals if s[1] == "NewTitle"]) == 2)
    assert title(host, name) == NOT_RUNNING


def test_agent_that_comes_goes_and_comes_again(host, start, bus):
    start()
    host.until(lambda: host.items)
    name = host.items[0][0]
    for _ in range(3):
        wait_title(host, name, NOT_RUNNING)
        agent = TrayAgent(bus.address)
        wait_title(host, name, "Lab Sync: Connected and up to date")
        agent.stop()
    wait_title(host, name, NOT_RUNNING)
    assert len(host.items) == 1


def test_agent_that_hangs(host, name, agent):
    stuck, go_on = threading.Event(), threading.Event()

    def hang():
        stuck.set()
        go_on.wait(30)
        return False

    source = GLib.Idle()
    source.set_callback(lambda *_: hang())
    source.attach(agent.context)
    assert stuck.wait(10)
    # The menu does not wait for it.
    assert host.call(name, MENU, "AboutToShow", "(i)", 0) == (False,)
    assert "Sync now" in host.labels(name)
    go_on.set()


def test_agent_of_the_future(host, name, agent):
    agent.change("Connection", State="teleporting", Reason="wormhole")
    wait_title(host, name, "Lab Sync: One moment…")
    assert not [label for label in host.labels(name) if "wormhole" in label or "teleporting" in label]


def test_counts_of_a_queue(host, start, bus):
    agent = TrayAgent(bus.address)
    start()
    host.until(lambda: host.items)
    name = host.items[0][0]
    wait_title(host, name, "Lab Sync: Connected and up to date")
    agent.change("Queue", Pending=1, InFlight=1)
    wait_title(host, name, "Lab Sync: Syncing…")
    agent.change("Queue", Failed=1, Conflicts=1)
    wait_title(host, name, "Lab Sync: Somebody else changed the same thing")
    labels = host.labels(name)
    assert "2 changes still to be sent" in labels and "1 change was not accepted" in labels
    assert "1 change is in conflict" in labels
    assert host.item(name)["IconName"].endswith("conflict-symbolic")
    agent.stop()


# The program

def test_about_is_a_notification(host, name):
    shown = []
    xml = """<node><interface name="org.freedesktop.Notifications"><method name="Notify">
      <arg type="s" direction="in"/><arg type="u" direction="in"/><arg type="s" direction="in"/>
      <arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="as" direction="in"/>
      <arg type="a{sv}" direction="in"/><arg type="i" direction="in"/><arg type="u" direction="out"/>
      </method></interface></node>"""
    host.click(name, "About Lab Sync")  # nobody shows notifications: nothing happens
    assert title(host, name)

    def notify(bus, sender, path, interface, method, parameters, invocation):
        shown.append(parameters.unpack())
        invocation.return_value(GLib.Variant("(u)", (1,)))
    (info,) = Gio.DBusNodeInfo.new_for_xml(xml).interfaces
    host.bus.register_object("/org/freedesktop/Notifications", info, notify, None, None)
    host._own("RequestName", "(su)", ("org.freedesktop.Notifications", 0))
    host.click(name, "About Lab Sync")
    host.until(lambda: shown)
    assert shown[0][2] == "org.labsync.Agent" and re.match(r"Lab Sync \d", shown[0][3]) and shown[0][4]


def run(bus_address, *arguments):
    return subprocess.run(
        [TRAY, *arguments], env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "DBUS_SESSION_BUS_ADDRESS": bus_address},
        capture_output=True, text=True, timeout=30, check=False,
    )


def test_a_menu_does_not_grow_while_it_opens(host, start, agent):
    """What a state brings along unsignalled is there before anybody opens the menu."""
    agent.properties["Connection"].update(
        State=GLib.Variant("s", "connecting"), ConfirmedAt=GLib.Variant("t", 0)
    )
    start()
    host.until(lambda: host.items)
    name = host.items[0][0]
    wait_title(host, name, "Lab Sync: Connecting…")
    agent.properties["Connection"]["ConfirmedAt"] = GLib.Variant("t", 1700000123000)
    agent.change("Connection", State="live")
    host.until(lambda: "Last confirmed: 14 November 2023, 22:15" in host.labels(name))


def test_a_second_one_leaves_at_once(host, name, bus):
    second = run(bus.address)
    assert (second.returncode, second.stdout) == (0, "")
    assert "already" in second.stderr
    assert len(host.items) == 1


def test_one_that_replaces_takes_the_place(host, start):
    first = start()
    host.until(lambda: host.items)
    second = start("--replace")
    assert first.wait(10) == 0
    host.until(lambda: len(host.items) == 2)
    assert second.poll() is None and title(host, host.items[1][0]) == title(host, TRAY_NAME)


def test_options(bus):
    assert run(bus.address, "--version").stdout.startswith("labsync-tray ")
    assert "labsync-tray" in run(bus.address, "--help").stdout
    for wrong in (["--colour"], ["now"]):
        result = run(bus.address, *wrong)
        assert (result.returncode, result.stdout) == (2, "")
        assert result.stderr.startswith("labsync-tray: ")


def test_no_bus():
    result = run("unix:path=/nonexistent")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("labsync-tray: there is no session bus")


def test_a_bus_that_restarts(tmp_path, start):
    def up():
        daemon = subprocess.Popen(
            ["dbus-daemon", f"--config-file={tmp_path}/fixed.conf", "--nofork", "--print-address=1"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )
        return daemon, daemon.stdout.readline().strip()

    socket = tmp_path / "socket"
    config = BUS_CONFIG.format(tmp=tmp_path).replace(f"unix:tmpdir={tmp_path}", f"unix:path={socket}")
    (tmp_path / "fixed.conf").write_text(config)
    daemon, address = up()
    process = start(DBUS_SESSION_BUS_ADDRESS=address)
    for _ in range(2):
        host = FakeHost(address.partition(",")[0])
        host.watch()
        host.until(lambda: host.items)
        assert title(host, host.items[0][0]) in (NOT_RUNNING, "Lab Sync: One moment…")
        daemon.kill()
        daemon.wait()
        daemon.stdout.close()
        socket.unlink()
        daemon, _ = up()
    host = FakeHost(address.partition(",")[0])
    host.watch()
    host.until(lambda: host.items)
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    daemon.kill()
    daemon.wait()
    daemon.stdout.close()
