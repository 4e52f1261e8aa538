# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who is compared: ours and its peers, each as somebody would set it up, behind one face.

A side takes events from a school's server on this machine, keeps them and tells them to apps; and it keeps
actions that apps hand to it. It says in `counts` how many events it can be fed at once for so many apps, in
`actions` how many actions with so many in flight, in `total` after how many events its memory is judged; n_fed are
those that it was fed. And it has:

enter()               starts it and waits until an event would arrive
feed(n_apps, count, batch, rate)   feeds events and returns what each app says of them
enqueue(n_in_flight, count)        hands actions in and returns how that went
pss()                 the memory on the lab machine, in MiB
close()               ends everything that it has started
"""

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import bench
from calls import ACTION, app_of, call_often, enqueue
from labsync_testing import memory, stop_process, until

HERE = Path(__file__).parent
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin"  # where Debian keeps brokers


def program(name):
    return shutil.which(name, path=PATH)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def report_of(process):
    return json.loads(process.stdout.readline())


class Ours(bench.Ours):
    """The agent, its apps by stream."""

    title = "ours"
    needs = ()
    counts = {1: 100_000, 10: 50_000, 50: 15_000}
    actions = {1: 1_000, 64: 3_000}
    total = 100_000

    def __init__(self, directory):
        super().__init__(directory, bench.Feeder())

    def feed(self, n_apps, count, batch=bench.BATCH, rate=0):
        return super().feed(n_apps, count, "stream", batch, rate)

    def enqueue(self, n_in_flight, count):
        """Without a link, so that nothing is sent meanwhile. An app may have 32 calls under way."""
        self.call("Disconnect")
        self.reach("stopped")
        n_callers = max(n_in_flight // 32, 1)
        return enqueue(self, n_callers, n_in_flight // n_callers, count)

    def close(self):
        super().close()
        self.feeder.close()


class Script(bench.Side):
    """plain_script.py in the agent's place."""

    title = "plain script"
    needs = ()
    counts = {1: 20_000, 10: 10_000, 50: 2_000}
    actions = {1: 1_000, 64: 2_000}
    total = 100_000

    def __init__(self, directory):
        super().__init__(directory, bench.Feeder())

    def start(self, wait=True):
        with open(self.log, "ab") as log:
            self.agent = subprocess.Popen(
                [sys.executable, HERE / "plain_script.py", self.feeder.url.replace("http", "ws") + "/ws", self.directory],
                env=self.environment, stdout=log, stderr=log,
            )

    def enter(self):
        self.start()
        until(lambda: self.bus.has_owner("org.example.School"), bench.SECONDS, "the script")

    def subscribe(self, n_apps, count, how=None, pause=0):
        apps = [app_of(self, count, bench.SECONDS) for _ in range(n_apps)]
        for app in apps:
            assert app.stdout.readline() == "ready\n"
        return apps

    def feed(self, n_apps, count, batch=bench.BATCH, rate=0):
        return super().feed(n_apps, count, batch=batch, rate=rate)

    def enqueue(self, n_in_flight, count):
        school = ("org.example.School", "/org/example/School", "org.example.School", "Enqueue")
        return call_often(self, 1, n_in_flight, count, f"({json.dumps(ACTION)},)", *school)

    def close(self):
        super().close()
        self.feeder.close()


class Browser:
    """browser_client.js, which is its apps as well: they are callbacks in its process."""

    title = "browser client"
    needs = ("node",)
    counts = {1: 2_000, 10: 1_500, 50: 1_500}
    actions = {1: 500}  # as many in flight make no difference, and a longer queue is slower still
    total = 10_000

    def __init__(self, directory):
        directory.mkdir(parents=True)
        self.feeder = bench.Feeder()
        self.process = None
        self.n_fed = 0

    def enter(self):
        self.process = subprocess.Popen(
            [program("node"), HERE / "browser_client.js", self.feeder.url.replace("http", "ws") + "/ws", str(bench.ROWS)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={"PATH": PATH, "NODE_PATH": "/usr/share/nodejs"},
        )
        assert self.process.stdout.readline() == "ready\n"

    def order(self, *words):
        print(*words, file=self.process.stdin, flush=True)

    def feed(self, n_apps, count, batch=bench.BATCH, rate=0):
        self.order("subscribe", n_apps, count)
        assert self.process.stdout.readline() == "ready\n"
        self.feeder.feed(count, batch, rate)
        self.n_fed += count
        return report_of(self.process)

    def enqueue(self, n_in_flight, count):
        self.order("enqueue", count)
        return report_of(self.process)

    def pss(self):
        return memory(self.process.pid, "Pss") / bench.MIB

    def close(self):
        if self.process:
            stop_process(self.process)
            self.process.stdin.close()
            self.process.stdout.close()
        self.feeder.close()
