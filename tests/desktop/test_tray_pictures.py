# SPDX-License-Identifier: LGPL-2.1-or-later
"""What people see: the icon and the menu in real panels, in all six states, in both languages."""

import os
import time
from pathlib import Path

import pytest

from fake_agent import Bus as PrivateBus
from labsync_testing import until
from panels import HEIGHT, SCREEN, Locales, Panel, margin_is_free, text_lines
from tray_agent import TrayAgent

PICTURES = Path(os.environ["LABSYNC_PICTURES"])
# Of all pixels of an icon, how many have to differ clearly from another's, seen in grey.
CLEARLY, SHARE = 40, 0.08

SIX = {
    "live": ({"State": "live", "Reason": "none"}, {}),
    "working": ({"State": "connecting", "Reason": "none"}, {}),
    "offline": ({"State": "waiting", "Reason": "server-unreachable"}, {"Pending": 3}),
    "attention": ({"State": "waiting", "Reason": "captive-portal"}, {"Pending": 3}),
    "conflict": ({"State": "live", "Reason": "none"}, {"Pending": 1, "Conflicts": 2}),
    "stopped": ({"State": "stopped", "Reason": "user"}, {}),
}
SAYS = {
    "en": {
        "live": "Connected and up to date", "working": "Connecting…", "offline": "Offline, but your work is safe",
        "attention": "Something needs your attention", "conflict": "Somebody else changed the same thing",
        "stopped": "Paused",
    },
    "id": {
        "live": "Tersambung, semuanya sudah terbaru", "working": "Menyambung…",
        "offline": "Luring, tetapi pekerjaanmu aman", "attention": "Ada yang perlu kamu perhatikan",
        "conflict": "Ada orang lain yang mengubah hal yang sama", "stopped": "Dijeda",
    },
}


@pytest.fixture
def bus(directory, world):
    bus = PrivateBus(directory)
    world.callback(bus.stop)
    return bus


@pytest.fixture
def agent(bus, world):
    agent = TrayAgent(bus.address)
    world.callback(agent.stop)
    return agent


@pytest.fixture(scope="module")
def locales(tmp_path_factory):
    return Locales(tmp_path_factory.mktemp("locales"))


def show(agent, state):
    connection, queue = SIX[state]
    now = int(time.time() * 1000)
    agent.change("Queue", **{"Pending": 0, "Failed": 0, "Conflicts": 0, **queue})
    agent.change(
        "Connection", **connection, ConfirmedAt=now - 240_000,
        NextAttemptAt=now + 45_000 if connection["State"] == "waiting" else 0,
    )


def icon_box(panel):
    """A square that holds the icon whatever it shows."""
    x, y, width, height = panel.icon()
    return x + width // 2 - 12, max(0, y + height // 2 - 12), 24, 24


def clear_difference(one, other):
    """The share of pixels that clearly differ in brightness."""
    return sum(abs(a - b) >= CLEARLY for a, b in zip(one.greys(), other.greys())) / (one.width * one.height)


def next_icon(panel, state, language, box, before):
    """The icon of a state, once the panel no longer shows the one before."""
    until(lambda: panel.title() == f"Lab Sync: {SAYS[language][state]}", 10, f"the title of {state}")

    def look():
        icon = panel.screen.still().crop(box)
        # Some panels show nothing for a moment in between.
        return icon if icon != before and icon != panel.empty.crop(box) else None

    return until(look, 10, f"the icon of {state}")


def check_icons(icons):
    names = list(icons)
    for number, one in enumerate(names):
        for other in names[number + 1 :]:
            share = clear_difference(icons[one], icons[other])
            assert share >= SHARE, f"{one} and {other} differ in {share:.0%} of their pixels only"


@pytest.mark.parametrize("language", ["en", "id"])
@pytest.mark.parametrize("kind", ["xfce", "lxqt"])
def test_six_states_with_the_menu_open(directory, world, bus, agent, locales, kind, language):
    show(agent, "live")
    panel = Panel(directory, kind, bus.address)
    world.callback(panel.close)
    panel.start_tray(**locales.environment(language))
    box = icon_box(panel)
    icons = {}
    icon = panel.empty.crop(box)
    for state in SIX:
        show(agent, state)
        icons[state] = icon = next_icon(panel, state, language, box, icon)
        picture, menu = panel.open_menu()
        left = max(0, min(menu[0], box[0]) - 24)
        picture.crop((left, 0, SCREEN[0] - left, menu[1] + menu[3] + 8)).save(
            PICTURES / f"tray-{kind}-{language}-{state}.png"
        )
        labels = [text for text, _ in panel.labels() if text]
        assert labels[0] == SAYS[language][state]
        assert menu[0] + menu[2] <= SCREEN[0] and menu[1] >= HEIGHT[kind] - 1
        assert len(text_lines(picture, menu)) == len(labels), labels
        assert margin_is_free(picture, menu), labels
        panel.close_menu()
    check_icons(icons)
    assert panel.stop_tray() == 0


@pytest.mark.parametrize(
    "kind, icons, dark",
    [("xfce", "theme", False), ("xfce", "pixmaps", False), ("xfce", "pixmaps", True), ("lxqt", "pixmaps", True)],
)
def test_icons_on_light_and_on_dark(directory, world, bus, agent, kind, icons, dark):
    show(agent, "live")
    panel = Panel(directory, kind, bus.address, dark)
    world.callback(panel.close)
    # As from a Flatpak, whose files the panel can't see.
    panel.start_tray(**({"LABSYNC_ICONDIR": ""} if icons == "pixmaps" else {}))
    box = icon_box(panel)
    empty = panel.empty.crop(box)
    seen = {}
    icon = panel.empty.crop(box)
    for state in SIX:
        show(agent, state)
        seen[state] = icon = next_icon(panel, state, "en", box, icon)
        seen[state].save(PICTURES / f"icon-{kind}-{icons}-{'dark' if dark else 'light'}-{state}.png")
        assert clear_difference(seen[state], empty) >= SHARE, state
    check_icons(seen)
