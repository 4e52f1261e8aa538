# SPDX-License-Identifier: LGPL-2.1-or-later
"""What systemd hears of the agent: ready, status, signs of life, reloading, stopping."""

import os
import signal
import socket
import time

import pytest

from labsync_testing import BUS_NAME, Desktop, Server, stop_process, until

WATCHDOG_MS = 400


class Manager:
    """The other end of NOTIFY_SOCKET."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.heard = []
        self.wrapper = ("env", f"NOTIFY_SOCKET={path}", f"WATCHDOG_USEC={WATCHDOG_MS * 1000}")

    def close(self):
        self.socket.close()

    def listen(self, seconds):
        """One datagram, None when there was none in time."""
        self.socket.settimeout(seconds)
        try:
            text = self.socket.recv(4096).decode()
        except TimeoutError:
            return None
        self.heard.append(text)
        return text

    def wait(self, start, seconds=15):
        """The next datagram that begins like this."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            text = self.listen(left)
            if text and text.startswith(start):
                return text
        raise AssertionError(f"{start} did not come: {self.heard}")

    def drain(self):
        """All that has come."""
        while self.listen(0.001):
            pass

    def silent(self, seconds):
        """Whether no sign of life comes for so long."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if (self.listen(left) or "").startswith(("READY", "WATCHDOG")):
                return False
        return True


@pytest.fixture
def manager(directory, world):
    manager = Manager(directory / "notify")
    world.callback(manager.close)
    return manager


@pytest.fixture
def desk(directory, world, manager):
    """A desktop whose agent the manager starts."""
    desktop = Desktop(directory / "d", wrapper=manager.wrapper)
    world.callback(desktop.close)
    desktop.open()
    return desktop


def test_ready_comes_with_the_name(desk, manager):
    desk.start(wait=False)
    assert manager.wait("READY=1") == "READY=1"
    assert desk.bus.has_owner(BUS_NAME)
    assert [text for text in manager.heard if text.startswith("STATUS=")][-1] == "STATUS=stopped (not-configured)"


def test_not_ready_without_the_name(desk, manager):
    """The name is another's: the second agent ends, and has never said that it is there."""
    desk.start()
    first = desk.agent
    manager.drain()
    manager.heard.clear()
    desk.start(wait=False)
    assert desk.agent.wait(10) == 0
    manager.drain()
    # The first one's signs of life come from the same socket.
    assert not [text for text in manager.heard if text.startswith("READY")]
    stop_process(first)


def test_status_follows_the_connection(desk, manager, directory, world):
    server = world.enter_context(Server(directory / "server"))
    desk.configure(server.url)
    desk.start()
    manager.wait("STATUS=signed-out")
    desk.sign_in()
    manager.wait("STATUS=connecting")
    assert manager.wait("STATUS=live") == "STATUS=live"
    server.kill()
    manager.wait("STATUS=waiting (server-unreachable)")


def test_signs_of_life(desk, manager):
    desk.start()
    manager.wait("READY")
    manager.wait("WATCHDOG=1")
    start = time.monotonic()
    for _ in range(3):
        manager.wait("WATCHDOG=1")
    assert (time.monotonic() - start) * 1000 / 3 < WATCHDOG_MS, "systemd would have killed it"

    os.kill(desk.agent.pid, signal.SIGSTOP)
    manager.drain()
    assert manager.silent(3 * WATCHDOG_MS / 1000)
    os.kill(desk.agent.pid, signal.SIGCONT)
    manager.wait("WATCHDOG=1")


def let_go(fifo):
    """Ends the wait of whoever opens it for reading; None when nobody does."""
    try:
        os.close(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK))
    except OSError:
        return None
    return True


@pytest.mark.parametrize("stop", [False, True])
def test_a_hung_store_gives_no_sign_of_life(desk, manager, stop):
    """A file whose opening does not end hangs the store's thread, while the main loop turns."""
    state = desk.home / ".local/share/labsync"
    state.mkdir(parents=True)
    os.mkfifo(state / "account.conf")
    desk.start(wait=False)
    assert manager.silent(5 * WATCHDOG_MS / 1000), manager.heard
    if stop:
        os.kill(desk.agent.pid, signal.SIGTERM)
        assert manager.wait("STOPPING") == "STOPPING=1"
    assert let_go(state / "account.conf"), "the store was not waiting for the file"
    if not stop:
        manager.wait("WATCHDOG=1")


def test_no_watchdog_unasked(desk, manager):
    desk.wrapper = desk.wrapper[:-1]
    desk.start()
    manager.wait("READY")
    assert manager.silent(3 * WATCHDOG_MS / 1000)


def test_reloading_and_stopping(desk, manager):
    desk.start()
    manager.wait("READY")
    os.kill(desk.agent.pid, signal.SIGHUP)
    assert "\nMONOTONIC_USEC=" in manager.wait("RELOADING=1")
    manager.wait("READY=1")
    os.kill(desk.agent.pid, signal.SIGTERM)
    manager.wait("STOPPING=1")
    assert desk.agent.wait(10) == 0
