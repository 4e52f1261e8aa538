# SPDX-License-Identifier: LGPL-2.1-or-later
"""The whole path beside the least that could do the same.

The limit of the latency and of the catch-up is a bare client in this very program, on the same server
at the same time: it receives and keeps nothing. The limit of the memory is `gdbus monitor`, a process
that does nothing but listen on the bus. A machine is noisy: the ratios are what counts.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

import websockets
from gi.repository import GLib

from labsync_testing import Desktop, Server

WRITES = 300
PAUSE = 0.02  # seconds between writes: 50 a second
MISSED = 2000


def percentile(values, percent):
    return sorted(values)[min(len(values) - 1, len(values) * percent // 100)]


def row(what, ours, limit, unit):
    print(f"| {what} | {ours:.1f} {unit} | {limit:.1f} {unit} | {ours / limit:.2f} |", flush=True)


def pss(pid):
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise ValueError("no Pss")


def iterate(condition, seconds):
    """Runs the main loop, where the app's events arrive, until the condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        GLib.MainContext.default().iteration(False) or time.sleep(0.0001)
        if time.monotonic() > end:
            sys.exit("the benchmark did not finish in time")


class BareClient(threading.Thread):
    """Notes when each event arrives, and does nothing else."""

    def __init__(self, server, token):
        super().__init__(daemon=True)
        self.url = server.url.replace("http", "ws") + "/ws"
        self.headers = {"Authorization": "Bearer " + token}
        self.arrived = []
        self.ready = threading.Event()
        self.start()
        self.ready.wait(10)

    def run(self):
        asyncio.run(self.listen())

    async def listen(self):
        hello = {"type": "hello", "cursor": None, "eventTypes": None, "agent": {"version": "0", "machine": "b" * 32}}
        async with websockets.connect(self.url, subprotocols=["labsync.v1"], extra_headers=self.headers) as socket:
            await socket.send(json.dumps(hello))
            while len(self.arrived) < WRITES:
                frame = await socket.recv()
                now = time.monotonic()
                message = json.loads(frame)
                if message["type"] == "welcome":
                    self.ready.set()
                if message["type"] == "events":
                    self.arrived += [now] * len(message["events"])


def bench_latency(server, desktop, admin, grade):
    app = desktop.app("grade_updated")
    bare = BareClient(server, admin.token)
    sent = []

    def write():
        for score in range(WRITES):
            sent.append(time.monotonic())
            admin.update("grades", grade, score=score % 100)
            time.sleep(PAUSE)

    writer = threading.Thread(target=write)
    writer.start()
    iterate(lambda: len(app.arrived) >= WRITES and len(bare.arrived) >= WRITES, 60)
    writer.join()
    ours = [(b - a) * 1000 for a, b in zip(sent, app.arrived)]
    limit = [(b - a) * 1000 for a, b in zip(sent, bare.arrived)]
    row("write to app, by signal, p50", percentile(ours, 50), percentile(limit, 50), "ms")
    row("write to app, by signal, p99", percentile(ours, 99), percentile(limit, 99), "ms")
    bare.join()


def fetch(server, token, cursor):
    while True:
        request = urllib.request.Request(
            f"{server.url}/api/updates?cursor={cursor}&limit=500", headers={"Authorization": "Bearer " + token}
        )
        with urllib.request.urlopen(request) as answer:
            page = json.loads(answer.read())["data"]
        cursor = page["cursor"]
        if not page["more"]:
            return


def bench_catch_up(server, desktop, admin, grade):
    before = admin.call("PATCH", f"/api/grades/{grade}", {"score": 1}).body["cursor"]
    desktop.bus.until(lambda: desktop.row("grade", grade)["score"] == 1)
    desktop.kill()
    for score in range(MISSED):
        admin.update("grades", grade, score=score % 99 + 2)
    last = (MISSED - 1) % 99 + 2

    started = time.monotonic()
    fetch(server, admin.token, before)
    limit = time.monotonic() - started

    started = time.monotonic()
    desktop.start()
    desktop.wait_state("live")
    ours = time.monotonic() - started
    assert desktop.row("grade", grade)["score"] == last
    row(f"start to live with {MISSED} events missed", ours * 1000, limit * 1000, "ms")


def main():
    with tempfile.TemporaryDirectory(prefix="ls-") as directory:
        directory = Path(directory)
        with Server(directory / "server") as server, Desktop(directory / "d", server.url) as desktop:
            desktop.sign_in()
            desktop.wait_state("live")
            admin = server.person("admin@demo.test")
            grade = next(iter(desktop.cached("grade")))
            print("| what | ours | limit | ratio |\n|---|---|---|---|")
            monitor = subprocess.Popen(
                ["gdbus", "monitor", "--session", "--dest", "org.labsync.Agent"],
                env=desktop.environment, stdout=subprocess.DEVNULL,
            )
            time.sleep(1)
            row("memory, idle and live (PSS)", pss(desktop.agent.pid), pss(monitor.pid), "MiB")
            monitor.kill()
            monitor.wait()
            bench_latency(server, desktop, admin, grade)
            bench_catch_up(server, desktop, admin, grade)


main()
