# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where the agent's processor time goes while one app takes events by stream as fast as they are stored.

hotspots.py [EVENTS]: 150,000 unless told. Needs perf (Debian's linux-perf). The share of a function has those that
it calls in it.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from bench import Feeder, Limit, Ours, rate

SETTLE = 200  # events, so that perf is at work before those that count come
LEAST = 2  # per cent that a function takes to be listed


def report(data, *options):
    """Lines of (per cent, …) above the least."""
    run = subprocess.run(
        ["perf", "report", "--input", data, "--call-graph=none", f"--percent-limit={LEAST}", "--field-separator=;",
         *options],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True,
    )
    lines = (line.strip() for line in run.stdout.splitlines())
    return [[cell.strip() for cell in line.split(";")] for line in lines if line and not line.startswith("#")]


def functions():
    """Names of those that the agent's source defines."""
    sources = (Path(__file__).parents[2] / "agent").rglob("*.c")
    return {name for source in sources for name in re.findall(r"^(\w+) \(", source.read_text(), re.M)}


def processor_time(pid):
    """Seconds that a process has run."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def print_cost(side, count):
    before = processor_time(side.agent.pid)
    speed = rate(side.feed(1, count, "stream"))
    took = (processor_time(side.agent.pid) - before) * 1e6 / count
    print(f"{type(side).__name__}: {took:.1f} µs of processor time an event, {speed:,.0f} events/s")


def record(side, data, count):
    perf = subprocess.Popen(
        ["perf", "record", "--quiet", "--freq=500", "--call-graph=dwarf,16384", f"--output={data}",
         f"--pid={side.agent.pid}"],
    )
    side.feed(1, SETTLE, "stream", 1, SETTLE)
    side.feed(1, count, "stream")
    perf.send_signal(signal.SIGINT)
    perf.wait()


def print_hotspots(data):
    for share, thread in report(data, "--no-children", "--sort=comm"):
        print(f"{share:>7}  {thread}")
    ours = functions()
    for share, _, thread, function, *_ in report(data, "--children", "--sort=comm,symbol"):
        name = function.removeprefix("[.] ").removesuffix(" (inlined)")
        if name in ours:
            print(f"{share:>7}  {thread}: {name}")


def main(count=150_000):
    with tempfile.TemporaryDirectory(prefix="ls-bench-") as directory:
        data = Path(directory) / "perf.data"
        for kind in (Limit, Ours):
            feeder = Feeder()
            side = kind(Path(directory) / kind.__name__, feeder)
            try:
                side.enter()
                print_cost(side, count)
                if kind is Ours:
                    record(side, data, count)
            finally:
                side.close()
                feeder.close()
        print_hotspots(data)


main(*map(int, sys.argv[1:]))
