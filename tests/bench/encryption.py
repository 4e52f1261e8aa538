#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What encryption costs: events on their way to one app, with Privacy.encrypt and without.

The limit is the agent that stores them plainly, in the same round. Processor time is what tells: how many come in
a second depends on who else is at work. Run it as `tests/bench/run encryption`.
"""

import argparse
import os
import statistics
import tempfile
from collections import namedtuple
from pathlib import Path

from bench import Feeder, Ours, rate

Found = namedtuple("Found", "cpu rate disk")
TABLE = (
    ("processor time an event, from the socket to 1 app by stream", "cpu", "{:.1f} µs"),
    ("events/s", "rate", "{:,.0f}"),
    ("bytes on disk an event of 300 bytes", "disk", "{:.0f} B"),
)
WAYS = {"plain": {}, "wiped": {"Privacy_wipe_on_sign_out": "true"}, "encrypted": {"Privacy_encrypt": "true"}}


def processor_time(pid):
    """Seconds that a process has had, in its own name and the kernel's."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(directory, settings, count):
    feeder = Feeder()
    side = Ours(directory, feeder, **settings)
    try:
        side.enter()
        began = processor_time(side.agent.pid)
        per_second = rate(side.feed(1, count, "stream"))
        spent = processor_time(side.agent.pid) - began
        side.stop()
        return Found(spent / count * 1e6, per_second, side.stored() / count)
    finally:
        side.close()
        feeder.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--events", type=int, default=50_000)
    arguments = parser.parse_args()
    found = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory(prefix="ls-") as directory:
        for number in range(arguments.rounds):
            for way, settings in WAYS.items():
                found[way].append(measure(Path(directory) / f"{number}-{way}", settings, arguments.events))
    print("| what | plain | wiped at sign-out | encrypted | wiped / plain | encrypted / plain |")
    print("|---|---|---|---|---|---|")
    for what, name, form in TABLE:
        values = {way: [getattr(each, name) for each in found[way]] for way in WAYS}
        shown = [form.format(statistics.median(values[way])) for way in WAYS]
        ratios = [f"{statistics.median(a / b for a, b in zip(values[way], values['plain'])):.2f}"
                  for way in ("wiped", "encrypted")]
        print(f"| {what} | {' | '.join(shown + ratios)} |")


main()
