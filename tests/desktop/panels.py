# SPDX-License-Identifier: LGPL-2.1-or-later
"""A screen, a panel on it and the tray in that panel: what a pupil sees and clicks on."""

import os
import subprocess
import time
from pathlib import Path

from fake_agent import Bus as PrivateBus
from labsync_testing import Bus, stop_process, until
from pictures import Picture

WATCHER = "org.kde.StatusNotifierWatcher"
TRAY_NAME = "org.labsync.Agent.Tray"
ITEM = "org.kde.StatusNotifierItem"
SCREEN = (800, 480)
HEIGHT = {"xfce": 29, "lxqt": 32}  # of the panel
ICON = 32  # pixels that an icon has at most
MARGIN = 12  # pixels right of the text that every menu leaves free
STILL = 0.3  # seconds without a change
XFCONFD = next(Path("/usr/lib").glob("*/xfce4/xfconf/xfconfd"), None)

XFCE = """<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array">
    <value type="int" value="1"/>
    <property name="dark-mode" type="bool" value="{dark}"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=6;x=0;y=0"/>
      <property name="length" type="uint" value="100"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="size" type="uint" value="28"/>
      <property name="icon-size" type="uint" value="16"/>
      <property name="plugin-ids" type="array">
        <value type="int" value="1"/><value type="int" value="2"/>
      </property>
    </property>
  </property>
  <property name="plugins" type="empty">
    <property name="plugin-1" type="string" value="separator">
      <property name="expand" type="bool" value="true"/>
      <property name="style" type="uint" value="0"/>
    </property>
    <property name="plugin-2" type="string" value="systray">
      <property name="square-icons" type="bool" value="true"/>
    </property>
  </property>
</channel>
"""

LXQT = """[General]
__userfile__=true
panels=panel1
iconTheme=Adwaita

[panel1]
alignment=-1
animation-duration=0
desktop=0
hidable=false
iconSize=22
lineCount=1
panelSize=32
plugins=spacer, statusnotifier
position=Top
reserve-space=true
width=100
width-percent=true

[spacer]
expandable=true
type=spacer

[statusnotifier]
type=statusnotifier
"""


class Locales:
    """English and Indonesian of our own making: a machine need not have either."""

    NAMES = {"en": "en_US", "id": "id_ID"}

    def __init__(self, directory):
        self.path = Path(directory)
        self.path.mkdir(parents=True, exist_ok=True)
        for name in self.NAMES.values():
            # localedef warns about what is missing in the sources, and then ends in 1.
            subprocess.run(
                ["localedef", "-c", "-i", name, "-f", "UTF-8", "--no-archive", f"{self.path}/{name}.UTF-8"],
                check=False, capture_output=True,
            )
            assert (self.path / f"{name}.UTF-8" / "LC_MESSAGES").exists(), f"no locale {name}"

    def environment(self, language):
        return {
            "LOCPATH": str(self.path), "LC_ALL": f"{self.NAMES[language]}.UTF-8", "LANGUAGE": language,
            "LABSYNC_LOCALEDIR": f"{os.environ['LABSYNC_BUILD']}/po",
        }


class Screen:
    """An X server without a monitor; its frame buffer is a file."""

    def __init__(self, directory):
        self.buffer = Path(directory) / "screen"
        self.buffer.mkdir()
        read, write = os.pipe()
        self.process = subprocess.Popen(
            [
                "Xvfb", "-displayfd", str(write), "-screen", "0", "{}x{}x24".format(*SCREEN), "-nolisten", "tcp",
                "-noreset", "-fbdir", str(self.buffer),
            ],
            pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        os.close(write)
        with os.fdopen(read) as pipe:
            display = pipe.readline().strip()
        assert display, "Xvfb did not start"
        self.environment = {**os.environ, "DISPLAY": f":{display}"}

    def close(self):
        stop_process(self.process)

    def do(self, *arguments):
        """Moves the pointer, clicks, types."""
        subprocess.run(["xdotool", *map(str, arguments)], env=self.environment, check=True, timeout=30)

    def look(self):
        return Picture.of_frame_buffer(self.buffer / "Xvfb_screen0")

    def still(self, seconds=15):
        """A picture of a screen on which nothing has moved for a while."""
        last = [self.look(), time.monotonic()]

        def same():
            now = self.look()
            if now != last[0]:
                last[:] = now, time.monotonic()
            return time.monotonic() - last[1] > STILL

        until(same, seconds, "a screen that is still")
        return last[0]


def text_lines(picture, box):
    """(top, bottom) of each line of text in a menu, on the screen."""
    x, y, width, height = box
    rows = [len(set(picture.pixels(row)[x + MARGIN : x + width - MARGIN])) > 1 for row in range(y, y + height)]
    found = []
    for row, has_text in enumerate(rows, y):
        if has_text and found and row - found[-1][1] <= 3:
            found[-1][1] = row
        elif has_text:
            found.append([row, row])
    return [(top, bottom) for top, bottom in found if bottom - top >= 5]


def margin_is_free(picture, box):
    """Whether no text runs into the right edge of a menu."""
    x, y, width, height = box
    return all(
        len(set(picture.pixels(row)[x + width - MARGIN : x + width - MARGIN // 2])) == 1
        for row in range(y + 3, y + height - 3)
    )


class Panel:
    """xfce4-panel or lxqt-panel on a screen; `bus` is what programs connect to."""

    def __init__(self, directory, kind, address, dark=True):
        self.directory = Path(directory)
        self.kind = kind
        self.address = address
        self.bus = Bus(address)
        self.screen = Screen(directory)
        self.processes = []
        self.tray = None
        home = self.directory / "desk"
        self.runtime = self.directory / "desk-run"
        for folder in (home / ".config/xfce4/xfconf/xfce-perchannel-xml", home / ".config/lxqt", self.runtime):
            folder.mkdir(parents=True, exist_ok=True)
        self.runtime.chmod(0o700)
        (home / ".config/xfce4/xfconf/xfce-perchannel-xml/xfce4-panel.xml").write_text(
            XFCE.format(dark="true" if dark else "false")
        )
        (home / ".config/lxqt/panel.conf").write_text(LXQT)
        self.environment = {
            **self.screen.environment, "HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config"),
            "XDG_CACHE_HOME": str(home / ".cache"), "XDG_RUNTIME_DIR": str(self.runtime),
            "XDG_DATA_DIRS": "/usr/local/share:/usr/share", "DBUS_SESSION_BUS_ADDRESS": address,
            "NO_AT_BRIDGE": "1", "GSETTINGS_BACKEND": "memory", "QT_QPA_PLATFORM": "xcb", "LC_ALL": "C.UTF-8",
            "XDG_CURRENT_DESKTOP": {"xfce": "XFCE", "lxqt": "LXQt"}[kind],
        }
        self.panel = None
        if kind == "xfce":
            self._start(str(XFCONFD))
            until(lambda: self.bus.has_owner("org.xfce.Xfconf"), 15, "xfconfd")
        self.start_panel()

    def _start(self, *command, **extra):
        log = open(self.directory / (Path(command[0]).name + ".log"), "ab")
        process = subprocess.Popen(
            command, env={**self.environment, **extra}, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True,
        )
        log.close()
        self.processes.append(process)
        return process

    def start_panel(self):
        """The panel, and what it looks like without our icon."""
        self.start_panel_with_icon()
        until(self._is_mapped, 20, "the panel's window")
        self.park()
        self.empty = self.screen.still()

    def start_panel_with_icon(self):
        command = {"xfce": ["xfce4-panel", "--disable-wm-check"], "lxqt": ["lxqt-panel"]}[self.kind]
        self.panel = self._start(*command)
        until(lambda: self.bus.has_owner(WATCHER), 30, f"the tray of {self.kind}")

    def _is_mapped(self):
        found = subprocess.run(
            ["xdotool", "search", "--onlyvisible", "--class", f"{self.kind}.*-panel"],
            env=self.screen.environment, capture_output=True, check=False, timeout=30,
        )
        return found.stdout.strip()

    def stop_panel(self):
        stop_process(self.panel)
        self.processes.remove(self.panel)
        until(lambda: not self.bus.has_owner(WATCHER), 15, "the panel to be gone")

    def start_tray(self, *command, **extra):
        """The tray that was built, or another command that runs one."""
        if not command:
            command = [os.environ["LABSYNC_TRAY"]]
            extra.setdefault("LABSYNC_ICONDIR", os.environ["LABSYNC_ICONS"])
        self.tray = self._start(*command, **extra)
        until(lambda: self.bus.has_owner(TRAY_NAME), 15, "the tray")

    def stop_tray(self):
        code = stop_process(self.tray)
        self.processes.remove(self.tray)
        return code

    def title(self):
        return self.bus.call(
            "org.freedesktop.DBus.Properties", "Get", "(ss)", ITEM, "Title", path="/StatusNotifierItem", name=TRAY_NAME
        )[0]

    def labels(self):
        """What the menu says: (label, enabled) of the entries that are shown."""
        _, (_, _, children) = self.bus.call(
            "com.canonical.dbusmenu", "GetLayout", "(iias)", 0, 1, [], path="/MenuBar", name=TRAY_NAME
        )
        return [
            (each.get("label", ""), each.get("enabled", False)) for _, each, _ in children if each["visible"]
        ]

    def park(self):
        """Puts the pointer where it covers nothing and brings up no tooltip."""
        self.screen.do("mousemove", 10, 5)

    def icon(self):
        """Where the icon is, as the difference to the panel without it."""
        self.park()
        seen = []

        def look():
            # Some panels show something else for a moment, elsewhere.
            seen.append(self.empty.difference(self.screen.still()))
            steady = len(seen) > 2 and seen[-1] == seen[-2] == seen[-3]
            return seen[-1] if steady and seen[-1] and max(seen[-1][2:]) <= ICON else None

        return until(look, 20, "an icon in the panel")

    def open_menu(self, button=3):
        """Clicks on the icon. Returns (picture of the screen, box of the menu)."""
        x, y, width, height = self.icon()
        closed = self.screen.still()
        # Before the tooltip comes.
        self.screen.do("mousemove", x + width // 2, y + height // 2, "click", button)
        below = (0, HEIGHT[self.kind], SCREEN[0], SCREEN[1] - HEIGHT[self.kind])

        def look():
            opened = self.screen.still()
            box = closed.crop(below).difference(opened.crop(below))
            return (opened, (box[0], box[1] + below[1], *box[2:])) if box and box[3] > 60 else None

        return until(look, 20, "a menu")

    def click_entry(self, label):
        """Chooses an entry of the real menu with the pointer."""
        picture, box = self.open_menu()
        labels = [(text, enabled) for text, enabled in self.labels() if text]
        assert (label, True) in labels, labels
        lines = text_lines(picture, box)
        assert len(lines) == len(labels), (lines, labels)
        top, bottom = lines[labels.index((label, True))]
        self.screen.do("mousemove", box[0] + 40, (top + bottom) // 2, "click", 1)

    def close_menu(self):
        self.screen.do("key", "Escape")
        self.park()

    def close(self):
        for process in reversed(self.processes):
            stop_process(process)
        self.bus.close()
        self.screen.close()
