# SPDX-License-Identifier: LGPL-2.1-or-later
"""Peers that are brokers: one for the school, and one on the lab machine that is connected to it."""

import getpass
import json
import socket
import subprocess
import urllib.request

import bench
from calls import ACTION
from labsync_testing import memory, stop_process, until
from sides import free_port, program, report_of

WINDOW = 1000  # events that the school's publisher leaves unacknowledged, where there are acknowledgements


class Publisher(bench.Feeder):
    """A raw client that publishes what the feeder would send."""

    def __init__(self, protocol, port, subject, n_in_flight):
        self.process = subprocess.Popen(
            [bench.BUILD / "bench-peer", protocol, "publish", str(port), subject, str(n_in_flight)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        assert self.process.stdout.readline() == "ready\n"


class Broker:
    """What both brokers have in common."""

    window = 0

    def __init__(self, directory):
        self.directory = directory
        self.school_port, self.bridge_port, self.lab_port, self.monitor_port = (free_port() for _ in range(4))
        self.processes = []
        self.publisher = None
        self.n_fed = 0
        directory.mkdir(parents=True)

    def start(self, name, config):
        """One broker, with a directory of its own. Returns its process once it listens."""
        folder = self.directory / name
        folder.mkdir()
        file = folder / "broker.conf"
        file.write_text(config.format(self=self, folder=folder))
        with open(folder / "log", "wb") as log:
            process = subprocess.Popen([program(self.needs[0]), "-c", file], stdout=log, stderr=log)
        self.processes.append(process)
        return process

    def log(self, name):
        return (self.directory / name / "log").read_text()

    def listens(self, port):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return True
        except OSError:
            return False

    def enter(self):
        self.school = self.start("school", self.school_config)
        until(lambda: self.listens(self.school_port), what=lambda: self.log("school"))
        self.lab = self.start("lab", self.lab_config)
        until(lambda: self.listens(self.lab_port), what=lambda: self.log("lab"))
        self.prepare()
        until(self.connected, bench.SECONDS, lambda: self.log("lab"))
        self.publisher = Publisher(self.protocol, self.school_port, "events", self.window)

    def prepare(self):
        """What has to be made at the lab's broker before events are kept."""

    def subscribe(self, n_apps, count):
        apps = [
            subprocess.Popen(
                [bench.BUILD / "bench-peer", self.protocol, "subscribe", str(self.lab_port), "events", str(count),
                 str(bench.SECONDS)],
                stdout=subprocess.PIPE, text=True,
            )
            for _ in range(n_apps)
        ]
        for app in apps:
            assert app.stdout.readline() == "ready\n"
        return apps

    def feed(self, n_apps, count, batch=bench.BATCH, rate=0):
        apps = self.subscribe(n_apps, count)
        self.publisher.feed(count, batch, rate)
        self.n_fed += count
        reports = bench.Side.collect(self, apps)
        if self.window:
            report_of(self.publisher.process)
        return reports

    def enqueue(self, n_in_flight, count):
        """Hands actions to the lab's broker while the school's is away."""
        self.publisher.process.kill()  # before its broker goes, or it would complain
        stop_process(self.school)
        caller = Publisher(self.protocol, self.lab_port, "actions", n_in_flight)
        try:
            caller.feed(count, count)
            return report_of(caller.process)
        finally:
            caller.close()

    def pss(self):
        return memory(self.lab.pid, "Pss") / bench.MIB

    def close(self):
        if self.publisher:
            self.publisher.process.kill()  # its broker may have gone before
            self.publisher.close()
        for process in reversed(self.processes):
            stop_process(process)


class Mosquitto(Broker):
    """A bridge with quality of service 1 and persistence, its limits raised so that nothing is lost."""

    title = "Mosquitto, limits raised"
    needs = ("mosquitto",)
    protocol = "mqtt"
    window = WINDOW
    counts = {1: 100_000, 10: 25_000, 50: 4_000}
    actions = {1: 10_000, 64: 20_000}
    total = 100_000

    limits = "max_inflight_messages 0\nmax_queued_messages 0\n"
    saving = ""
    user = getpass.getuser()  # it would become another, who may not write here
    school_config = """user {self.user}
listener {self.school_port} 127.0.0.1
allow_anonymous true
set_tcp_nodelay true
log_dest stderr
log_type error
log_type subscribe
{self.limits}"""
    lab_config = """user {self.user}
listener {self.lab_port} 127.0.0.1
allow_anonymous true
set_tcp_nodelay true
log_dest stderr
log_type error
persistence true
persistence_location {folder}/
{self.limits}{self.saving}
connection school
address 127.0.0.1:{self.school_port}
bridge_protocol_version mqttv311
cleansession false
remote_clientid lab
restart_timeout 1
topic events in 1
topic actions out 1
"""

    def connected(self):
        return "lab 1 events" in self.log("school")


class StockMosquitto(Mosquitto):
    """As it is installed: only what is lost is of interest."""

    title = "Mosquitto, stock limits"
    counts = {10: 25_000}
    actions = {}
    total = 0
    limits = ""


class SavingMosquitto(Mosquitto):
    """One that keeps an action before it says so: it writes its whole file for each."""

    title = "Mosquitto, saving on each change"
    counts = {}
    actions = {1: 500, 64: 500}
    total = 0
    saving = "autosave_on_changes true\nautosave_interval 1\n"

    def enqueue(self, n_in_flight, count):
        report = super().enqueue(n_in_flight, count)
        assert (self.directory / "lab/mosquitto.db").stat().st_size > count * len(ACTION), self.log("lab")
        return report


class Nats(Broker):
    """A leaf node whose streams are in files; it syncs them every two minutes."""

    title = "NATS leaf node"
    needs = ("nats-server",)
    protocol = "nats"
    counts = {1: 100_000, 10: 50_000, 50: 15_000}
    actions = {1: 5_000, 64: 50_000}
    total = 100_000

    school_config = """listen: "127.0.0.1:{self.school_port}"
server_name: school
http: "127.0.0.1:{self.monitor_port}"
leafnodes {{ listen: "127.0.0.1:{self.bridge_port}" }}
"""
    lab_config = """listen: "127.0.0.1:{self.lab_port}"
server_name: lab
jetstream {{ store_dir: "{folder}", domain: lab }}
leafnodes {{ remotes [ {{ url: "nats://127.0.0.1:{self.bridge_port}" }} ] }}
"""

    def prepare(self):
        for stream in ("EVENTS", "ACTIONS"):
            config = {"name": stream, "subjects": [stream.lower()], "storage": "file"}
            answer = self.request(f"$JS.API.STREAM.CREATE.{stream}", json.dumps(config))
            assert b'"error"' not in answer, answer

    def request(self, subject, text):
        with socket.create_connection(("127.0.0.1", self.lab_port), bench.SECONDS) as connection:
            connection.sendall(
                f'CONNECT {{"verbose":false}}\r\nSUB answer 1\r\nPUB {subject} answer {len(text)}\r\n{text}\r\n'.encode()
            )
            with connection.makefile("rb") as lines:
                for line in lines:
                    if line.startswith(b"MSG "):
                        return lines.readline()
        raise AssertionError("no answer")

    def connected(self):
        """Whether the school's broker knows that events are wanted."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.monitor_port}/leafz?subs=1", timeout=5) as answer:
            return any("events" in leaf.get("subscriptions_list", ()) for leaf in json.load(answer)["leafs"])
