# SPDX-License-Identifier: LGPL-2.1-or-later
"""Events by a socket, with the real agent: to who reads, to who does not, and past a bus's proxy."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from gi.repository import GLib

from labsync_testing import Desktop, Event, memory, stop_process, until
from server_client import ADMIN

TYPE = "announcement_updated"
MIB = 1024 * 1024


class Writer:
    """An administrator who changes an announcement again and again."""

    def __init__(self, server):
        self.person = server.person(ADMIN)
        self.row = self.person.create("announcements", title="-", content="-", category="umum")["id"]
        self.n_written = 0

    def write(self, count):
        """In two threads, as one of them mostly waits."""
        numbers = iter(range(count))
        threads = [threading.Thread(target=self._write, args=(numbers,)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.n_written += count

    def _write(self, numbers):
        for number in numbers:
            self.person.update("announcements", self.row, content=f"{number} ".ljust(1000, "x"))


@pytest.fixture
def reader(desktop, directory, world):
    """Starts an app in a process of its own: reader(how, pause) -> (process, what it has got)."""
    count = iter(range(1, 100))

    def make(how="stream", pause=0):
        path = directory / f"reader{next(count)}"
        process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("reader.py"), desktop.address, path, how, str(pause), TYPE],
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)}, stdout=subprocess.PIPE, text=True,
        )
        world.callback(stop_process, process)
        world.callback(process.stdout.close)
        assert process.stdout.readline() == "ready\n"
        return process, lambda: list(map(int, path.read_text().split()))

    return make


def received(stream, count):
    events = []
    while len(events) < count:
        packet = stream.receive()
        assert packet, f"the stream ended after {len(events)} events"
        events += packet
    return events


def test_a_stopped_reader_costs_nobody_anything(server, desktop, reader):
    """Two are stopped and one takes a packet a second, while thousands of events go by to a fourth."""
    writer = Writer(server)
    pids = {"agent": desktop.agent.pid, "bus": desktop.processes[0].pid}
    _, read = reader()
    writer.write(1500)
    until(lambda: len(read()) == 1500, 20, "the warm-up")
    before = {name: memory(pid, "Anonymous") for name, pid in pids.items()}

    stopped = [reader("stream"), reader("signal")]
    slow, slow_read = reader("stream", 1)
    for process, _ in stopped:
        process.send_signal(signal.SIGSTOP)
    writer.write(3000)
    until(lambda: len(read()) == 4500, 20, "the reader beside them to have everything")
    for name, pid in pids.items():
        growth = memory(pid, "Anonymous") - before[name]
        print(f"{name}: memory grew by {growth / 1024:.0f} KiB")
        # The address sanitizer keeps what was freed, to tell who uses it.
        assert growth < MIB or "ASAN_OPTIONS" in os.environ, f"{name}: {growth} bytes"
    expected = read()[-3000:]
    assert expected == sorted(set(expected))
    assert len(slow_read()) < 3000

    for process, stopped_read in stopped:
        assert len(stopped_read()) < 3000
        process.send_signal(signal.SIGCONT)
        until(lambda stopped_read=stopped_read: len(stopped_read()) == 3000, 20, "who was stopped to have everything")
        assert stopped_read() == expected
    assert slow_read() == expected[: len(slow_read())]
    assert slow.poll() is None


def test_an_event_too_large_for_a_packet(server, desktop):
    """It comes without its data, which GetEvents has, and the next one comes as always."""
    person = server.person(ADMIN)
    stream = desktop.stream("announcement_created")
    contents = ["short", "x" * 900_000, "short again"]
    for content in contents:
        person.create("announcements", title="-", content=content, category="umum")
    events = received(stream, 3)
    assert [event.data == "" for event in events] == [False, True, False]
    stream.acknowledge(events[0].seq)
    cursor = stream.property("Subscription", "Cursor", path=stream.path)
    ((event,), _, more) = desktop.bus.agent("Events", "GetEvents", "(sua{sv})", cursor, 1, {})
    assert Event(*event)._replace(data="") == events[1] and more
    assert json.loads(Event(*event).data)["content"] == contents[1]
    stream.close()


def test_goes_on_after_the_agent(server, desktop):
    """The end of the agent is the end of the stream; a durable place goes on after what was acknowledged."""
    writer = Writer(server)
    stream = desktop.stream(TYPE, durable="org.example.App")
    writer.write(3)
    events = received(stream, 3)
    stream.acknowledge(events[1].seq)
    desktop.stop()
    assert stream.receive() == []
    stream.close()
    writer.write(2)
    desktop.start()
    desktop.wait_state("live")
    again = desktop.stream(TYPE, durable="org.example.App")
    later = received(again, 3)
    assert later[0] == events[2] and later[2].seq > later[1].seq
    again.close()


def test_ends_with_the_sign_in(server, desktop):
    stream = desktop.stream()
    desktop.bus.agent("Account", "SignOut", "(a{sv})", {})
    assert stream.receive() == []
    with pytest.raises(GLib.Error, match="NotSignedIn"):
        desktop.stream()


def test_a_reader_that_dies_is_forgotten(server, desktop, reader):
    process, _ = reader()
    process.send_signal(signal.SIGSTOP)
    Writer(server).write(300)
    process.kill()

    def subscriptions():
        return desktop.bus.agent("Diagnostics", "GetStatistics", "(a{sv})", {})[0]["subscriptions"]

    until(lambda: subscriptions() == 0, what="the subscription to end")
    assert desktop.agent.poll() is None


class ProxiedDesktop(Desktop):
    """The agent sees the bus as from inside a sandbox: through a proxy that filters."""

    def start(self, *options, wait=True):
        path = self.runtime / "proxied-bus"
        proxy = subprocess.Popen(
            ["xdg-dbus-proxy", "--fd=1", self.address, path, "--filter", "--own=org.labsync.Agent",
             "--talk=org.freedesktop.secrets"],
            stdout=subprocess.PIPE,
        )
        self.processes.append(proxy)
        assert proxy.stdout.read(1) == b"x"
        self.wrapper = ("env", f"DBUS_SESSION_BUS_ADDRESS=unix:path={path}")
        super().start(*options, wait=wait)


def test_passes_the_proxy_of_a_sandbox(server, directory, world):
    desktop = world.enter_context(ProxiedDesktop(directory / "proxied", server.url))
    desktop.sign_in()
    desktop.wait_state("live")
    stream = desktop.stream(TYPE)
    Writer(server).write(1)
    (event,) = received(stream, 1)
    assert event.type == TYPE
    stream.close()


class RemoteDesktop(Desktop):
    """A bus that is reached by TCP, which no socket can be passed on by."""

    @property
    def bus_config(self):
        listen = "<listen>tcp:host=127.0.0.1,port=0,family=ipv4</listen><auth>ANONYMOUS</auth><allow_anonymous/>"
        return super().bus_config.replace("<listen>unix:dir={directory}</listen>", listen)


def test_a_bus_that_passes_no_sockets(server, directory, world):
    # Who calls by such a bus is not known.
    desktop = world.enter_context(RemoteDesktop(directory / "remote", server.url, Apps_sandboxed="allow"))
    desktop.sign_in()
    desktop.wait_state("live")
    with pytest.raises(GLib.Error, match="Failed.*passes no sockets"):
        desktop.stream()
    assert desktop.state() == "live"
