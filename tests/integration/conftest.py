# SPDX-License-Identifier: LGPL-2.1-or-later
"""Worlds for one test each."""

import os
import subprocess
import tempfile
from collections import namedtuple

import pytest

from classic_server import ClassicServer
from labsync_testing import Desktop, as_root, make_certificate
from server_client import ADMIN, STUDENT, TEACHER, Socket
from worlds import directory, server, world  # noqa: F401

Namespace = namedtuple("Namespace", "address device inside")

# What would take minutes in a school takes a second here.
QUICK = {
    "Connection_reconnect_initial": "100ms",
    "Connection_reconnect_max": "500ms",
    "Connection_connect_timeout": "3s",
    "Connection_polling_interval": "300ms",
    "Connection_websocket_retry": "1s",
}


@pytest.fixture
def desk(directory, world):
    """Makes desktops: desk(url, Group_key=value…), each running but not signed in."""
    count = iter(range(1, 100))

    def make(url=None, wrapper=(), **settings):
        return world.enter_context(
            Desktop(directory / f"d{next(count)}", url, wrapper, **{**QUICK, **settings})
        )

    return make


@pytest.fixture
def desktop(server, desk):
    """A student signed in and live."""
    desktop = desk(server.url)
    desktop.sign_in()
    desktop.wait_state("live")
    return desktop


@pytest.fixture
def small_disk(directory, world):
    """A file system of its own for the state; needs to be root, or a user with sudo."""

    def unmount(folder):
        assert as_root("umount", "-l", folder)

    def make(size):
        folder = directory / "d1/home/.local/share/labsync"
        folder.mkdir(parents=True)
        if not as_root("mount", "-t", "tmpfs", "-o", f"size={size},uid={os.getuid()}", "tmpfs", folder):
            pytest.skip("mounting a tmpfs needs root or sudo")
        world.callback(unmount, folder)
        return folder

    return make


@pytest.fixture
def namespace(world):
    """A network namespace: its address, its device, and what runs a program in it."""
    name = f"ls{os.getpid()}"

    def run(*command):
        return subprocess.run(command, capture_output=True, text=True, check=False)

    if os.geteuid() != 0 or run("ip", "netns", "add", name).returncode:
        pytest.skip("network namespaces need root")
    world.callback(run, "ip", "netns", "del", name)
    world.callback(run, "ip", "link", "del", f"{name}a")
    network = f"198.18.{os.getpid() % 256}"
    made = Namespace(f"{network}.2", f"{name}b", ("ip", "netns", "exec", name))
    for command in (
        ("ip", "link", "add", f"{name}a", "type", "veth", "peer", "name", made.device),
        ("ip", "link", "set", made.device, "netns", name),
        ("ip", "addr", "add", f"{network}.1/30", "dev", f"{name}a"),
        ("ip", "link", "set", f"{name}a", "up"),
        (*made.inside, "ip", "addr", "add", f"{made.address}/30", "dev", made.device),
        (*made.inside, "ip", "link", "set", made.device, "up"),
    ):
        done = run(*command)
        assert done.returncode == 0, (command, done.stderr)
    return made


@pytest.fixture
def certificate(directory):
    """A certificate of a server's on this machine, which signs itself, and its key: two paths."""
    return make_certificate(directory)


@pytest.fixture
def teacher(server):
    return server.person(TEACHER)


@pytest.fixture
def student(server):
    return server.person(STUDENT)


@pytest.fixture
def admin(server):
    return server.person(ADMIN)


@pytest.fixture
def connect(server, world):
    def make(person, **options):
        return world.enter_context(Socket(server, person.token, **options))

    return make


@pytest.fixture(scope="module")
def classic_program():
    with tempfile.TemporaryDirectory(prefix="ls-") as folder, ClassicServer(folder, "--no-rate-limit") as school:
        yield school


@pytest.fixture
def classic(classic_program):
    """The school system that exists, without its rate limit, as at its start."""
    classic_program.reset()
    return classic_program
