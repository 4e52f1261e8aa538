# SPDX-License-Identifier: LGPL-2.1-or-later
"""The offline queue beside its limits: taken from callers while there is no server, and sent once there is one."""

import json
import ssl
import subprocess
import time

from calls import enqueue
from feeder import BUILD, SECONDS, Feeder
from labsync_testing import BUS_NAME, Desktop, Server, make_certificate, memory, unsigned_token, until
from late import LateLink
from server_client import TEACHER

MIB = 1024 * 1024
QUEUED = 10_000  # actions in a long queue
SHORT = 1_000  # and in one for a server that takes its time
FAR = 0.020  # seconds that its answers take
IN_FLIGHT = 4  # as many lanes does the agent send from at once
# Who calls: how many callers, with how many calls under way each (an app may have 32), how many calls in all.
CALLERS = {"1": (1, 1, 1_000), "64": (2, 32, 4_000), "50": (50, 1, 2_000)}
ROW = json.dumps({  # with its id 300 bytes
    "student_id": "student-1", "subject_id": "subject-1", "class_id": "class-1", "academic_year": "2026/2027",
    "semester": "1", "assignment_type": "tugas", "assignment_name": "x" * 60, "score": 80})
ROOM = {"Queue_rate": "100000/s", "Queue_max_actions": "100000", "Queue_max_bytes": "256MiB", "Apps_max_actions": "100000"}


class SafeServer(Server):
    """One that speaks TLS, with a certificate of its own."""

    SCHEME = "https"

    def __init__(self, directory):
        directory.mkdir(parents=True)
        self.certificate, key = make_certificate(directory)
        super().__init__(directory, "--tls-certificate", self.certificate, "--tls-key", key)
        self.context = ssl.create_default_context(cafile=self.certificate)


class Ours(Desktop):
    """The agent of a teacher, who makes grades of 300 bytes."""

    def __init__(self, directory, url, token, authority=""):
        super().__init__(directory, url, Server_ca_file=authority, **ROOM)
        self.url, self.token, self.authority = url, token, authority

    def __enter__(self):
        self.open()
        self.enter()
        return self

    def enter(self):
        self.start()
        self.bus.agent("Account", "SetTokens", "(ssa{sv})", self.token, "refresh", {})
        self.wait_state("live")
        self.bus.agent("Connection", "Disconnect", "(a{sv})", {})
        self.wait_state("stopped")

    def pss(self):
        return memory(self.agent.pid, "Pss") / MIB

    def counts(self):
        return [self.bus.property("Queue", name) for name in ("Pending", "InFlight", "Failed", "Conflicts")]

    def drain(self, count):
        """Actions a second, from the wish to connect until so many are done."""
        left = sum(self.counts()[:2]) - count
        began = time.monotonic()
        self.bus.agent("Connection", "Connect", "(a{sv})", {})
        until(lambda: sum(self.counts()[:2]) <= left, SECONDS, lambda: f"an emptier queue (it is {self.counts()})")
        taken = time.monotonic() - began
        assert self.counts()[2:] == [0, 0], self.counts()
        return count / taken


class Limit(Ours):
    """limits/queue.c in the agent's place, which takes actions and does nothing with them; limits/post.c sends."""

    def enter(self):
        with open(self.log, "ab") as log:
            self.agent = subprocess.Popen(
                [BUILD / "limit-queue", self.directory / "limit.db"], env=self.environment, stdout=log, stderr=log
            )
        until(lambda: self.bus.has_owner(BUS_NAME), what="the limit on the bus")

    def drain(self, count):
        answer = subprocess.run(
            [BUILD / "limit-post", f"{self.url}/api/grades", self.token, ROW, str(count), str(IN_FLIGHT),
             self.authority],
            stdout=subprocess.PIPE, check=True, timeout=SECONDS,
        )
        return json.loads(answer.stdout)["actions_per_second"]


def call(machine, name, scale):
    """How one kind of callers went: name -> number."""
    n_callers, n_in_flight, count = CALLERS[name]
    report = enqueue(machine, max(n_callers // min(scale, 10), 1), n_in_flight, max(count // scale, 1), ROW)
    rate = report["events"] * 1e6 / (report["last"] - report["first_sent"])
    return {f"enqueue_{name}": rate, f"p50_enqueue_{name}": report["p50"] / 1000, f"p99_enqueue_{name}": report["p99"] / 1000}


def take(machine, scale):
    """All kinds of callers while little is queued, and again when much is: name -> number."""
    found = {"empty": machine.pss()}
    for name in CALLERS:
        found |= call(machine, name, scale)
    enqueue(machine, 1, 32, (QUEUED - sum(count for *_, count in CALLERS.values())) // scale, ROW)
    time.sleep(3 / scale)  # a burst's memory is given back when it has been quiet for 2 s
    found["queued"] = machine.pss()
    for name in CALLERS:
        found |= {f"{each}_full": value for each, value in call(machine, name, scale).items()}
    return found


def drain(kind, directory, url, token, count, authority=""):
    with kind(directory, url, token, authority) as machine:
        enqueue(machine, 1, 32, count, ROW)
        return machine.drain(count)


def measure_side(kind, directory, scale):
    """What the agent or its limits reach: name -> number."""
    with Feeder() as feeder, kind(directory / "near", feeder.url, unsigned_token()) as machine:
        found = take(machine, scale)
        found["drain"] = machine.drain(QUEUED // scale)
    with Server(directory / "server") as server, LateLink(server.port, FAR) as link:
        token = server.person(TEACHER).token
        found["drain_far"] = drain(kind, directory / "far", link.url, token, SHORT // scale)
        found["drain_server"] = drain(kind, directory / "school", server.url, token, SHORT // scale)
    with SafeServer(directory / "safe-server") as server:
        token = server.person(TEACHER).token
        found["drain_tls"] = drain(kind, directory / "safe", server.url, token, SHORT // scale, server.certificate)
    return found


def measure_offline(directory, number, scale):
    """One round: (ours, limit), each name -> number. Who is first changes."""
    kinds = (Ours, Limit) if number % 2 == 0 else (Limit, Ours)
    found = {kind: measure_side(kind, directory / f"{number}-offline-{kind.__name__}", scale) for kind in kinds}
    found[Limit]["queued"] = found[Ours].pop("empty")  # the limit knows nothing of what it has queued
    return found[Ours], found[Limit]
