# SPDX-License-Identifier: LGPL-2.1-or-later
"""The real server, agent, tray and panel; what is clicked is clicked with the pointer."""

import signal
import time

import pytest

from fake_agent import Bus as PrivateBus
from labsync_testing import Desktop, Server, stop_process, until
from panels import TRAY_NAME, WATCHER, Panel
from tray_agent import TrayAgent

# Contract: a dead link is noticed within 9 s while an app listens.
NOTICED = 9
LIVE = "Lab Sync: Connected and up to date"
OFFLINE = "Lab Sync: Offline, but your work is safe"
ABSENT = "Lab Sync is not running"
# An agent that would not try again by itself before this test is over.
PATIENT = {"Connection_reconnect_initial": "1h", "Connection_reconnect_max": "1d"}


def wait_title(panel, title, seconds=15):
    until(lambda: panel.title() == title, seconds, f"the title {title!r} (is {panel.title()!r})")


def check_cut(panel, server):
    """Stops the server without a word; the tray has to say so in time."""
    live = panel.screen.still()
    server.freeze()
    start = time.monotonic()
    wait_title(panel, OFFLINE, NOTICED + 1)
    took = time.monotonic() - start
    print(f"stopped server: shown as offline but safe after {took:.2f} s of {NOTICED} s")
    assert took <= NOTICED
    assert panel.screen.still() != live
    assert ("Reconnect now", True) in panel.labels() and ("Sync now", False) in panel.labels()


def test_cut_and_reconnect_by_the_menu(directory, world):
    server = world.enter_context(Server(directory / "server"))
    desktop = world.enter_context(Desktop(directory / "d", server.url, **PATIENT))
    desktop.sign_in()
    desktop.wait_state("live")
    app = desktop.app("grade_updated")
    panel = Panel(directory, "xfce", desktop.address)
    world.callback(panel.close)
    panel.start_tray()
    wait_title(panel, LIVE)
    # It waits for a random part of an hour: once in hundreds of times that is nearly over at once.
    for _ in range(3):
        check_cut(panel, server)
        server.kill()
        server.start()
        if desktop.state() == "waiting":
            break
    panel.click_entry("Reconnect now")
    wait_title(panel, LIVE)
    assert desktop.state() == "live"

    panel.click_entry("Pause")
    wait_title(panel, "Lab Sync: Paused")
    assert (desktop.state(), desktop.reason()) == ("stopped", "user")
    panel.click_entry("Resume")
    wait_title(panel, LIVE)
    before = desktop.bus.property("Connection", "ConfirmedAt")
    panel.click_entry("Sync now")
    until(lambda: desktop.bus.property("Connection", "ConfirmedAt") > before, what="a sync")
    app.close()


def count_icons(panel):
    """How many items the tray has registered, as the panel's watcher counts them."""
    items = panel.bus.call(
        "org.freedesktop.DBus.Properties", "Get", "(ss)", WATCHER, "RegisteredStatusNotifierItems",
        path="/StatusNotifierWatcher", name=WATCHER,
    )[0]
    return len(items)


@pytest.mark.parametrize("kind", ["xfce", "lxqt"])
def test_panels_and_agents_come_and_go(directory, world, kind):
    bus = PrivateBus(directory)
    world.callback(bus.stop)
    panel = Panel(directory, kind, bus.address)
    world.callback(panel.close)

    # The panel is late: the tray is there before it.
    panel.stop_panel()
    panel.start_tray(G_DEBUG="fatal-criticals")
    wait_title(panel, ABSENT)
    panel.start_panel_with_icon()
    panel.icon()

    # The panel crashes and comes back.
    stop_process(panel.panel, signal.SIGKILL)
    panel.stop_panel()
    panel.start_panel_with_icon()
    panel.icon()

    # The agent dies and comes back, twice: one icon throughout.
    for _ in range(2):
        agent = TrayAgent(bus.address)
        wait_title(panel, LIVE)
        agent.stop()
        wait_title(panel, ABSENT)
    assert count_icons(panel) == 1
    assert panel.tray.poll() is None
    box = panel.icon()
    shown = panel.screen.still().crop(box)
    assert panel.stop_tray() == 0
    assert not panel.bus.has_owner(TRAY_NAME)
    until(lambda: panel.screen.still().crop(box) != shown, 15, "the icon to be gone")
    assert not (directory / "labsync-tray.log").read_text()
