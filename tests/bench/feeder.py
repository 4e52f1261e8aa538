# SPDX-License-Identifier: LGPL-2.1-or-later
"""The server that is never what a benchmark measures."""

import os
import re
import subprocess
from pathlib import Path

BUILD = Path(os.environ["LABSYNC_BUILD"]) / "tests/bench"
BATCH = 100  # events in a frame when there are many
ROWS = 1000  # that the events change, one after the other
SECONDS = 60  # the longest that anything may take


class Feeder:
    """The server: feeder.c."""

    def __init__(self):
        self.process = subprocess.Popen(
            [BUILD / "bench-feeder"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.url = re.match(r"listening on (http://.*)", self.process.stdout.readline())[1]

    def feed(self, count, batch=BATCH, rate=0, rows=ROWS):
        self.process.stdin.write(f"feed {count} {batch} {rate} {rows}\n")
        self.process.stdin.flush()

    def close(self):
        self.process.stdin.close()
        self.process.wait(SECONDS)
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
