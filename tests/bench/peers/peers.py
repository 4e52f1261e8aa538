# SPDX-License-Identifier: LGPL-2.1-or-later
"""Ours beside its peers: the same events at the same rates in one run, on one machine.

A machine is noisy, so all take turns in every round, in another order each, and a ratio is taken within the round.
A peer that can't take as many events in the same time is fed fewer, at the same rate.
"""

import argparse
import signal
import statistics
import sys
import tempfile
import time
from collections import namedtuple
from pathlib import Path

import bench
from brokers import Mosquitto, Nats, SavingMosquitto, StockMosquitto
from sides import Browser, Ours, Script, program

SIDES = (Ours, Mosquitto, StockMosquitto, SavingMosquitto, Nats, Script, Browser)
RATES = [rate for how, *rate in bench.RATES if how == "stream"]  # apps, events a second, for so many seconds
WHOLE = 570  # seconds that all rounds may take

Row = namedtuple("Row", "name what unit")
TABLE = [
    Row("rate_1", "events/s, server to disk to 1 app", ""),
    Row("rate_10", "the same to each of 10 apps", ""),
    Row("rate_50", "the same to each of 50 apps", ""),
    Row("lost", "of all these, lost on the way", "%"),
    *(
        Row(f"{which}_{n_apps}_{rate}", f"server to {n_apps} app{'s' if n_apps > 1 else ''} at {rate:,} events/s, {which}", "ms")
        for n_apps, rate, _ in RATES for which in ("p50", "p99")
    ),
    Row("idle", "memory, connected and idle (PSS)", "MiB"),
    Row("used", "memory after {side.total:,} events (PSS)", "MiB"),
    Row("queue_1", "actions/s queued, one caller", ""),
    Row("queue_64", "actions/s queued, 64 in flight", ""),
]


class Load:
    """Feeds a side as fast as it goes, and counts what does not arrive."""

    def __init__(self, side, scale):
        self.side = side
        self.scale = scale
        self.n_wanted = self.n_came = 0

    def feed(self, n_apps):
        """Returns how many events a second each app had."""
        count = self.side.counts[n_apps] // self.scale
        reports = self.side.feed(n_apps, count)
        self.n_wanted += count * n_apps
        self.n_came += sum(report["events"] for report in reports)
        return bench.rate(reports)

    def fill(self):
        """Feeds one app until it has had as many events as memory is judged after. Returns the rate, and the memory."""
        rates = []
        while self.side.n_fed < self.side.total // self.scale:
            rates.append(self.feed(1))
        return statistics.median(rates), bench.quiet_memory(self.side, self.scale)

    def lost(self):
        return 100 - 100 * self.n_came / self.n_wanted


def feed_slowly(side, scale):
    found = {}
    for n_apps, rate, seconds in RATES:
        reports = side.feed(n_apps, rate * seconds // min(scale, 10), 1, rate)
        found[f"p50_{n_apps}_{rate}"], found[f"p99_{n_apps}_{rate}"] = bench.delays(reports)
    return found


def measure_side(side, scale):
    """What a side reaches: name -> number."""
    found = {}
    load = Load(side, scale)
    if side.total:
        found["idle"] = side.pss()
        found["rate_1"], found["used"] = load.fill()
        found |= {f"rate_{n_apps}": load.feed(n_apps) for n_apps in (10, 50)}
        found |= feed_slowly(side, scale)
    elif side.counts:
        load.feed(10)
    if load.n_wanted:
        found["lost"] = load.lost()
    for n_in_flight, count in side.actions.items():
        found[f"queue_{n_in_flight}"] = bench.rate([side.enqueue(n_in_flight, count // min(scale, 10))])
    return found


def measure_round(directory, kinds, scale):
    found = {}
    for kind in kinds:
        print(f"  {kind.title}", file=sys.stderr, flush=True)
        side = kind(directory / kind.__name__)
        try:
            side.enter()
            found[kind] = measure_side(side, scale)
        finally:
            side.close()
    return found


def measure(kinds, rounds, scale):
    """A list of what each round found: kind -> name -> number. No round begins that would not end in time."""
    end = time.monotonic() + WHOLE
    longest = 0
    found = []
    while len(found) < rounds:
        began = time.monotonic()
        if began + longest > end:
            print(f"no more than {len(found)} rounds in {WHOLE} s", file=sys.stderr)
            break
        print(f"round {len(found) + 1} of {rounds}", file=sys.stderr, flush=True)
        first = len(found) % len(kinds)  # so that nobody gains from what another leaves behind
        with tempfile.TemporaryDirectory(prefix="ls-peers-") as directory:
            found.append(measure_round(Path(directory), kinds[first:] + kinds[:first], scale))
        longest = max(longest, time.monotonic() - began)
    return found


def lines(found, kinds):
    """A table: what is measured, at which peer."""
    yield ("what", "peer", "ours", "the peer", "ours / the peer")
    for row in TABLE:
        for kind in kinds:
            if kind is Ours or row.name not in found[0][kind]:
                continue
            theirs = [turn[kind][row.name] for turn in found]
            ours = [turn[Ours].get(row.name) for turn in found]
            has_ours = None not in ours
            yield (
                row.what.format(side=kind), kind.title,
                bench.number(statistics.median(ours), row.unit) if has_ours else "–",
                bench.number(statistics.median(theirs), row.unit),
                bench.ratio({"ours": ours, "limit": theirs}) if has_ours else "–",
            )


def chosen(quick):
    """Those who take part; in a try, those whose programs are there."""
    missing = {kind: name for kind in SIDES for name in kind.needs if not program(name)}
    assert quick or not missing, f"not installed: {', '.join(sorted(set(missing.values())))}"
    return tuple(kind for kind in SIDES if kind not in missing)


def main():
    parser = argparse.ArgumentParser(prog="tests/bench/run --peers", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="how often, while it ends in ten minutes (3)")
    parser.add_argument("--quick", action="store_true", help="a try with who is installed: no figures")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    options = parser.parse_args()

    # Brokers would go on; who is told to end lets go of what was started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    kinds = chosen(options.quick)
    found = measure(kinds, 1 if options.quick else options.rounds, 100 if options.quick else 1)
    (bench.print_markdown if options.markdown else bench.print_table)(lines(found, kinds))


if __name__ == "__main__":
    main()
