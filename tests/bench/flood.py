# SPDX-License-Identifier: LGPL-2.1-or-later
"""A server that sends faster than anybody can store: everything arrives, and the agent's memory stays as it is.

flood.py [EVENTS]: how many, of 300 bytes each; 700,000, which are 200 MiB, unless told.
"""

import re
import sys
import tempfile
import threading
from pathlib import Path

from bench import Feeder, Ours

BAR = 10  # MiB that the agent may take beyond what it takes when idle


def anonymous(pid):
    """MiB that the program has written to, so that libraries which others use, too, do not count."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(r"^Anonymous:\s+(\d+)", text, re.M)[1]) / 1024


class Watch(threading.Thread):
    """Keeps the most that the program has taken."""

    def __init__(self, pid):
        super().__init__()
        self.pid, self.most, self.done = pid, 0, threading.Event()
        self.start()

    def run(self):
        while not self.done.wait(0.01):
            self.most = max(self.most, anonymous(self.pid))

    def stop(self):
        self.done.set()
        self.join()
        return self.most


def main(count=700_000):
    feeder = Feeder()
    with tempfile.TemporaryDirectory(prefix="ls-flood-") as directory:
        # The app reads behind: what it has not read yet must not be trimmed.
        side = Ours(Path(directory), feeder, Cache_max_size="1024MiB")
        try:
            side.enter()
            idle = anonymous(side.agent.pid)
            watch = Watch(side.agent.pid)
            try:
                (report,) = side.feed(1, count)
            finally:
                most = watch.stop()
        finally:
            side.close()
            feeder.close()
    assert report["events"] == count and report["in_order"]
    growth = most - idle
    print(f"{count} events, {count * 300 >> 20} MiB: the agent took {growth:.1f} MiB more than when idle (≤ {BAR})")
    return 0 if growth <= BAR else 1


sys.exit(main(*map(int, sys.argv[1:])))
