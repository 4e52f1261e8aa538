# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tray costs while nothing happens, beside a program that only waits on the same bus.

tray.py [SECONDS]: how long to count wakeups, 60 unless told.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ["LABSYNC_BUILD"])
os.environ.setdefault("LABSYNC_DBUS", str(ROOT / "dbus"))
for folder in ("tests/unit/ctl", "tests/fakes", "tests/component/tray"):
    sys.path.insert(0, str(ROOT / folder))

from fake_agent import Bus  # noqa: E402
from fake_host import FakeHost  # noqa: E402
from tray_agent import TrayAgent  # noqa: E402

PSS_BAR, WAKEUPS_BAR = 6.0, 2.0  # MiB; a minute


def pss(pid):
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise ValueError("no Pss")


def switches(pid):
    """How often its threads went to sleep, and so woke up."""
    return sum(
        int(line.split()[1]) for status in Path(f"/proc/{pid}/task").glob("*/status")
        for line in status.read_text().splitlines() if line.startswith("voluntary_ctxt_switches")
    )


def row(what, ours, limit, bar):
    print(f"| {what} | {ours:.1f} | {limit:.1f} | ≤ {bar:.0f} |", flush=True)
    return ours <= bar


def main(seconds=60):
    with tempfile.TemporaryDirectory(prefix="ls-") as directory:
        bus = Bus(directory)
        environment = {"PATH": os.environ["PATH"], "HOME": directory, "DBUS_SESSION_BUS_ADDRESS": bus.address}
        host = FakeHost(bus.address)
        host.watch()
        agent = TrayAgent(bus.address)
        programs = [
            subprocess.Popen([BUILD / path], env=environment)
            for path in ("agent/tray/labsync-tray", "tests/bench/limit-gdbus")
        ]
        try:
            host.until(lambda: host.items)
            host.menu(host.items[0][0])  # a menu that was open once
            host.item(host.items[0][0])
            time.sleep(2)
            before = [switches(each.pid) for each in programs]
            time.sleep(seconds)
            woken = [(switches(each.pid) - old) * 60 / seconds for each, old in zip(programs, before)]
            memory = [pss(each.pid) for each in programs]
        finally:
            for each in programs:
                each.kill()
                each.wait()
            agent.stop()
            host.close()
            bus.stop()
    print("| what | tray | limit | bar |\n|---|---|---|---|")
    good = row("memory, idle (PSS, MiB)", *memory, PSS_BAR)
    good &= row("wakeups a minute, idle", *woken, WAKEUPS_BAR)
    return 0 if good else 1


sys.exit(main(*map(int, sys.argv[1:])))
