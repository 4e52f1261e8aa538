# SPDX-License-Identifier: LGPL-2.1-or-later
"""The whole path beside its limits: the same feeder, the same batches, the same subscribers, one run.

A limit (limits/*.c) does the least that could do the same. A machine is noisy, so in every round ours
and the limit take turns, and the ratio is taken within the round. A new measurement is one more number
from measure_side(), and a line in TABLE.
"""

import argparse
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import namedtuple
from pathlib import Path

from gi.repository import GLib

from feeder import BATCH, BUILD, ROWS, SECONDS, Feeder
from labsync_testing import Desktop, memory, stop_process
from offline import measure_offline
from tls import measure_tls
from wire import measure_wire

IDLE = 30  # seconds to count wakeups in
MIB = 1024 * 1024
WARM = 100_000  # rows in the cache when the start is measured

# As fast as the server can: how, to how many apps, how many events.
LOADS = [
    ("stream", 1, 150_000), ("stream", 10, 80_000), ("stream", 50, 40_000),
    ("signal", 1, 60_000), ("signal", 10, 25_000), ("signal", 50, 5_000),
]
# At a rate: how, to how many apps, events a second, for so many seconds.
RATES = [
    ("stream", 1, 100, 6), ("stream", 1, 1000, 3), ("stream", 50, 100, 6),
    ("signal", 1, 100, 6), ("signal", 1, 1000, 3),
]
MISSED = 10_000  # events to catch up with
N_EVENTS = sum(count for _, _, count in LOADS) + MISSED  # of a round, but for those at a rate
CLIENTS = 50  # more apps by stream, to see what each takes
BESIDE = 10  # apps that read beside one that is stopped and one that is slow

Row = namedtuple("Row", "name what unit bar")
TABLE = [
    Row("stream_1", "events/s, server to disk to 1 app by stream", "", "≥ 0.80"),
    Row("stream_10", "the same to each of 10 apps", "", "≥ 0.80"),
    Row("stream_50", "the same to each of 50 apps", "", "≥ 0.80"),
    Row("signal_1", "events/s, server to disk to 1 app by signal", "", "≥ 0.80"),
    Row("signal_10", "the same to each of 10 apps", "", "≥ 0.80"),
    Row("signal_50", "the same to each of 50 apps", "", "≥ 0.80"),
    Row("bus_10", "the same, beside 10 apps on a bus without network and disk", "", ""),
    Row("bus_50", "the same, beside 50 apps on a bus without network and disk", "", ""),
    Row("store_1", "events/s to 1 app by stream, beside the disk alone", "", ""),
    Row("p50_stream_1_100", "server to app by stream at 100 events/s, p50", "ms", "≤ 0.6 ms"),
    Row("p99_stream_1_100", "server to app by stream at 100 events/s, p99", "ms", "≤ 5 ms"),
    Row("p50_stream_1_1000", "server to app by stream at 1,000 events/s, p50", "ms", "≤ 0.25 ms"),
    Row("p99_stream_1_1000", "server to app by stream at 1,000 events/s, p99", "ms", "≤ 5 ms"),
    Row("p50_stream_50_100", "server to 50 apps by stream at 100 events/s, p50", "ms", "≤ 1.2 ms"),
    Row("p99_stream_50_100", "server to 50 apps by stream at 100 events/s, p99 of the slowest", "ms", "≤ 5 ms"),
    Row("p50_signal_1_100", "server to app by signal at 100 events/s, p50", "ms", ""),
    Row("p99_signal_1_100", "server to app by signal at 100 events/s, p99", "ms", ""),
    Row("p50_signal_1_1000", "server to app by signal at 1,000 events/s, p50", "ms", ""),
    Row("p99_signal_1_1000", "server to app by signal at 1,000 events/s, p99", "ms", ""),
    Row("beside_p99", f"p99 of {BESIDE} apps by stream at 1,000 events/s beside a stopped and a slow one; limit: "
        "without these", "ms", "≤ 1.10"),
    Row("beside_bus", "the bus daemon's memory then (PSS)", "MiB", "limit + 1 MiB"),
    Row("beside_agent", "the agent's memory then (PSS)", "MiB", "limit + 1 MiB"),
    Row("catch_up", f"{MISSED:,} missed events: connect until the app has them", "ms", "≤ 1,000 ms"),
    Row("answer", f"start to the first answer on the bus, {WARM:,} rows cached", "ms", "≤ 150 ms"),
    Row("live", f"start to live, {WARM:,} rows cached", "ms", ""),
    Row("idle", "memory, connected and idle (PSS)", "MiB", "≤ 10 MiB"),
    Row("tls", "the same with TLS and the system's certificates; limit: without", "MiB", "≤ 17 MiB"),
    Row("used", f"memory after {LOADS[0][2]:,} events by stream (PSS)", "MiB", "idle + 4 MiB"),
    Row("used_most", f"memory after {N_EVENTS:,} events in all the ways above (PSS)", "MiB", ""),
    Row("client", "memory for each further app by stream", "KiB", "≤ 100 KiB"),
    Row("wakeups", "wakeups a minute, idle, besides the ping", "", "≤ 4"),
    Row("disk", "bytes on disk an event of 300 bytes", "B", "≤ 480 B"),
    Row("wire", "bytes on the wire an event, one at a time; limit: not compressed", "B", "≤ 60 B"),
    Row("enqueue_1", "actions/s queued and on disk, 1 caller", "", "≥ 0.80"),
    Row("p50_enqueue_1", "the same, p50", "ms", ""),
    Row("p99_enqueue_1", "the same, p99", "ms", ""),
    Row("enqueue_64", "actions/s queued, 64 calls under way (2 callers)", "", "≥ 7 × 1 caller"),
    Row("enqueue_50", "actions/s queued, 50 callers", "", ""),
    Row("p50_enqueue_50", "the same, p50", "ms", ""),
    Row("p99_enqueue_50", "the same, p99 of the slowest", "ms", ""),
    Row("enqueue_1_full", "actions/s queued, 1 caller, 10,000 there before", "", "≥ 0.80"),
    Row("p50_enqueue_1_full", "the same, p50", "ms", ""),
    Row("p99_enqueue_1_full", "the same, p99", "ms", ""),
    Row("enqueue_64_full", "actions/s queued, 64 calls under way, 10,000 there before", "", "≥ 7 × 1 caller"),
    Row("enqueue_50_full", "actions/s queued, 50 callers, 10,000 there before", "", ""),
    Row("drain", "actions/s sent from a queue of 10,000, 4 lanes at once", "", "≥ 0.70"),
    Row("drain_server", "the same, 1,000 to labsync-server", "", "≥ 0.70"),
    Row("drain_tls", "the same, 1,000 to labsync-server by TLS", "", "≥ 0.70"),
    Row("drain_far", "the same, 1,000 to labsync-server, whose answers come 20 ms later", "", "≥ 0.70"),
    Row("queued", "memory with 10,000 actions queued (PSS); limit: with none", "MiB", ""),
]


class Side(Desktop):
    """One of two that are compared: a desktop with a program on its bus."""

    def __init__(self, directory, feeder, **settings):
        super().__init__(directory, feeder.url, **settings)
        self.feeder = feeder
        self.n_fed = 0
        self.open()

    def state(self):
        try:
            return super().state()
        except GLib.Error:
            return None

    def reach(self, *states):
        """Waits for a state without slowing it down. Returns the time."""
        end = time.monotonic() + SECONDS
        while self.state() not in states:
            assert time.monotonic() < end, f"not {states}: {self.messages()}"
            time.sleep(0.001)
        return time.time()

    def call(self, method):
        self.bus.agent("Connection", method, "(a{sv})", {})

    def subscribe(self, n_subscribers, count, how="signal", pause=0):
        """Apps that wait for events by signal or by stream; between two packets for pause milliseconds."""
        subscribers = [
            subprocess.Popen(
                [BUILD / "bench-subscriber", how, str(count), str(SECONDS), str(pause)],
                env=self.environment, stdout=subprocess.PIPE, text=True,
            )
            for _ in range(n_subscribers)
        ]
        for subscriber in subscribers:
            assert subscriber.stdout.readline() == "ready\n"
        return subscribers

    def collect(self, subscribers):
        reports = []
        for subscriber in subscribers:
            text, _ = subscriber.communicate(timeout=SECONDS)
            assert subscriber.returncode == 0
            reports.append(json.loads(text))
            assert reports[-1]["in_order"], reports[-1]
        return reports

    def feed(self, n_subscribers, count, how="signal", batch=BATCH, rate=0, rows=ROWS):
        """Feeds subscribers and returns what they say."""
        subscribers = self.subscribe(n_subscribers, count, how)
        self.feeder.feed(count, batch, rate, rows)
        self.n_fed += count
        return self.collect(subscribers)

    def pss(self):
        return memory(self.agent.pid, "Pss") / MIB

    def bus_pss(self):
        return memory(self.processes[0].pid, "Pss") / MIB

    def switches(self):
        """How often each thread of the program has slept and woken up."""
        files = Path(f"/proc/{self.agent.pid}/task").glob("*/status")
        return {
            file.parent.name: int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", file.read_text(), re.M)[1])
            for file in files
        }

    def times_to_start(self):
        """Ends the program and starts it again: milliseconds to an answer, and to live."""
        self.stop()
        started = time.time()
        self.start(wait=False)
        answered = self.reach("connecting", "offline", "signed-out", "live")
        return (answered - started) * 1000, (self.reach("live") - started) * 1000


class Ours(Side):
    """The agent, as installed."""

    def enter(self):
        self.start()
        self.sign_in_anywhere()
        self.reach("live")

    def stored(self):
        return self.database().stat().st_size


class Limit(Side):
    """limits/pipeline.c in the agent's place."""

    @property
    def file(self):
        return self.directory / "limit.db"

    def start(self, wait=True):
        with open(self.log, "ab") as log:
            self.agent = subprocess.Popen(
                [BUILD / "limit-pipeline", self.feeder.url.replace("http", "ws") + "/ws", self.file],
                env=self.environment, stdout=log, stderr=log,
            )

    def enter(self):
        self.start()
        self.reach("live")

    def stored(self):
        return self.file.stat().st_size


def limit(name, *arguments, **options):
    """Runs a limit to its end and returns what it prints."""
    return json.loads(
        subprocess.run(
            [BUILD / f"limit-{name}", *map(str, arguments)],
            stdout=subprocess.PIPE, check=True, timeout=SECONDS + IDLE, **options,
        ).stdout
    )


def rate(reports):
    first = min(report["first_sent"] for report in reports)
    last = max(report["last"] for report in reports)
    return reports[0]["events"] * 1e6 / (last - first)


def delays(reports):
    """The typical app's p50 and the slowest app's p99, in milliseconds."""
    return statistics.median(report["p50"] for report in reports) / 1000, max(
        report["p99"] for report in reports
    ) / 1000


def catch_up(side, count):
    """Milliseconds from the wish to connect until an app has what was missed."""
    subscribers = side.subscribe(1, count)
    side.call("Disconnect")
    side.reach("stopped")
    side.feeder.feed(count)
    side.n_fed += count
    began = time.time()
    side.call("Connect")
    return side.collect(subscribers)[0]["last"] / 1000 - began * 1000


def memory_of_clients(side, count):
    """KiB that the program takes for one of many apps by stream; they wait and go."""
    before = memory(side.agent.pid)
    apps = side.subscribe(count, 1, "stream")
    try:
        return (memory(side.agent.pid) - before) / 1024 / count
    finally:
        for app in apps:
            stop_process(app)
            app.stdout.close()


def quiet_memory(side, scale):
    time.sleep(3 / min(scale, 3))  # a burst's memory is given back when it has been quiet for 2 s
    return side.pss()


def measure_side(side, scale):
    """What is measured once a round and for both alike: name -> number."""
    found = {}
    found["idle"] = side.pss()
    found["client"] = memory_of_clients(side, CLIENTS // min(scale, 10))
    for how, n_apps, count in LOADS:
        found[f"{how}_{n_apps}"] = rate(side.feed(n_apps, count // scale, how))
        if "used" not in found:
            found["used"] = quiet_memory(side, scale)
    for how, n_apps, per_second, seconds in RATES:
        reports = side.feed(n_apps, per_second * seconds // min(scale, 10), how, 1, per_second)
        found[f"p50_{how}_{n_apps}_{per_second}"], found[f"p99_{how}_{n_apps}_{per_second}"] = delays(reports)
    found["catch_up"] = catch_up(side, MISSED // scale)
    found["used_most"] = quiet_memory(side, scale)
    side.stop()
    found["disk"] = side.stored() / side.n_fed
    return found


def bus_alone(side, n_apps, count):
    """Events a second that the bus carries to so many apps, on a desktop whose own program has ended."""
    program = subprocess.Popen(
        [BUILD / "limit-signal", str(count), str(n_apps)], env=side.environment, stdout=subprocess.PIPE, text=True
    )
    end = time.monotonic() + SECONDS
    while not side.bus.has_owner("org.labsync.Agent") and time.monotonic() < end:
        time.sleep(0.01)
    side.collect(side.subscribe(n_apps, count))
    text, _ = program.communicate(timeout=SECONDS)
    return json.loads(text)["events_per_second"]


def measure_round(directory, number, scale):
    """One round: (ours, limit), each name -> number."""
    found = {}
    # Who is first changes, so that neither gains from what the other leaves behind.
    for kind in (Ours, Limit) if number % 2 == 0 else (Limit, Ours):
        feeder = Feeder()
        side = kind(directory / f"{number}-{kind.__name__}", feeder)
        try:
            side.enter()
            found[kind] = measure_side(side, scale)
            if kind is Limit:
                found[kind]["bus_10"] = bus_alone(side, 10, 25_000 // scale)
                found[kind]["bus_50"] = bus_alone(side, 50, 5_000 // scale)
        finally:
            side.close()
            feeder.close()
    store = limit("store", 50_000 // scale, directory / f"{number}.db")
    found[Limit]["store_1"] = store["events_per_second"]
    for of, name in (("signal_10", "bus_10"), ("signal_50", "bus_50"), ("stream_1", "store_1")):
        found[Ours][name] = found[Ours][of]
    return found[Ours], found[Limit]


def measure_idle(directory, scale):
    """Wakeups of both in the same half minute."""
    feeder = Feeder()
    side = Ours(directory / "idle", feeder, Connection_ping_interval_idle="1h")
    other = Side(directory / "idle-limit", feeder)
    try:
        side.enter()
        # Until GLib's pools have let their threads go, which takes them 15 s.
        time.sleep(20 / scale)
        seconds = max(IDLE // scale, 1)
        before = side.switches()
        least = limit("memory", feeder.url.replace("http", "ws") + "/ws", seconds, env=other.environment)
        # The limit needs a second to settle, in which ours is idle, too.
        after = side.switches()
        ours = sum(n - before.get(thread, 0) for thread, n in after.items()) * 60 / (seconds + 1)
        return [({"wakeups": ours}, {"wakeups": least["wakeups_per_minute"]})], least["pss_kib"] / 1024
    finally:
        side.close()
        other.close()
        feeder.close()


def measure_beside(directory, rounds, scale):
    """What apps that read notice of one that is stopped and one that takes a packet a second, and what these
    cost: a list of (with them, without). In the end who was stopped has everything."""
    found = []
    count = 5_000 // scale
    feeder = Feeder()
    side = Ours(directory / "beside", feeder)

    def feed():
        reports = side.feed(BESIDE, count, "stream", 1, 1000)
        return {"beside_p99": delays(reports)[1], "beside_bus": side.bus_pss(), "beside_agent": side.pss()}

    try:
        side.enter()
        feed()  # what comes into memory with the first events is nobody's fault
        for _ in range(rounds):
            without = feed()
            stopped, slow = *side.subscribe(1, count, "stream"), *side.subscribe(1, count, "stream", 1000)
            try:
                stopped.send_signal(signal.SIGSTOP)
                found.append((feed(), without))
                stopped.send_signal(signal.SIGCONT)
                side.collect([stopped])
            finally:
                stop_process(stopped)
                stop_process(slow)
                slow.stdout.close()
    finally:
        side.close()
        feeder.close()
    return found


def measure_start(directory, rounds, scale):
    """Starts with a warm cache: a list of (ours, limit)."""
    found = {}
    for kind in (Ours, Limit):
        feeder = Feeder()
        side = kind(directory / f"start-{kind.__name__}", feeder)
        try:
            side.enter()
            side.feed(1, WARM // scale, rows=WARM // scale)
            found[kind] = [dict(zip(("answer", "live"), side.times_to_start())) for _ in range(rounds)]
        finally:
            side.close()
            feeder.close()
    return list(zip(found[Ours], found[Limit]))


def measure_events(directory, rounds, scale):
    """All that is not about the queue: a list of (ours, limit)."""
    pairs = measure_start(directory, rounds, scale)
    idle, least = measure_idle(directory, scale)
    pairs += idle
    packed, plain = measure_wire(directory, 200 // min(scale, 10))
    pairs.append(({"wire": packed}, {"wire": plain}))
    pairs += measure_tls(directory)
    pairs += measure_beside(directory, rounds, scale)
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", file=sys.stderr, flush=True)
        ours, other = measure_round(directory, number, scale)
        other["idle"] = least  # every library at work, and nothing else
        pairs.append((ours, other))
    return pairs


def measure(rounds, scale, whole):
    """All of it, or the queue alone: name -> {"ours": […], "limit": […]}."""
    with tempfile.TemporaryDirectory(prefix="ls-bench-") as directory:
        directory = Path(directory)
        pairs = measure_events(directory, rounds, scale) if whole else []
        for number in range(rounds):
            print(f"queue, round {number + 1} of {rounds}", file=sys.stderr, flush=True)
            pairs.append(measure_offline(directory, number, scale))
    found = {}
    for ours, other in pairs:
        for name in ours:
            entry = found.setdefault(name, {"ours": [], "limit": []})
            entry["ours"].append(ours[name])
            entry["limit"].append(other[name])
    return found


def number(value, unit):
    text = f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"
    return f"{text} {unit}".strip()


def ratio(entry):
    ratios = [a / b for a, b in zip(entry["ours"], entry["limit"]) if b]
    if not ratios:
        return "–"
    low, middle, high = (f"{value:.2f}" for value in (min(ratios), statistics.median(ratios), max(ratios)))
    return middle if low == high else f"{middle} ({low}–{high})"


def lines(found):
    yield ("what", "ours", "limit", "ours / limit", "bar")
    for row in TABLE:
        if row.name not in found:
            continue
        entry = found[row.name]
        yield (
            row.what, number(statistics.median(entry["ours"]), row.unit),
            number(statistics.median(entry["limit"]), row.unit), ratio(entry), row.bar,
        )


def print_markdown(table):
    for index, cells in enumerate(table):
        print("| " + " | ".join(cells) + " |")
        if index == 0:
            print("|" + "---|" * len(cells))


def print_table(table):
    cells = list(table)
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    for row in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def main():
    parser = argparse.ArgumentParser(prog="tests/bench/run", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="how often (5)")
    parser.add_argument("--quick", action="store_true", help="one round of a hundredth of everything: no figures")
    parser.add_argument("--queue", action="store_true", help="the offline queue alone")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--markdown", action="store_true", help="print the table of the README")
    form.add_argument("--json", action="store_true", help="print every number")
    options = parser.parse_args()

    rounds, scale = (1, 100) if options.quick else (options.rounds, 1)
    found = measure(rounds, scale, not options.queue)
    if options.json:
        print(json.dumps({"when": time.strftime("%Y-%m-%d"), "cpus": os.cpu_count(), "figures": found}, indent=1))
    elif options.markdown:
        print_markdown(lines(found))
    else:
        print_table(lines(found))


if __name__ == "__main__":
    main()
