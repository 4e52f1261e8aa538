# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the units forbid, the programs do not need: their system calls at work, against the filters."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from labsync_testing import Desktop, Server, until

UNITS = Path(__file__).resolve().parents[2] / "data"
# SQLite gives its files the directory's owner when it runs as root; a unit's user is not.
AS_ROOT = {"fchown"}


def systemd_sets():
    """@set -> system calls and other sets, as systemd knows them."""
    environment = {**os.environ, "SYSTEMD_COLORS": "0", "SYSTEMD_PAGER": "cat"}
    listing = subprocess.run(
        ["systemd-analyze", "syscall-filter"], capture_output=True, text=True, check=True, env=environment
    ).stdout
    found, current = {}, None
    for line in listing.splitlines():
        word = line.strip()
        if line.startswith("@"):
            current = found.setdefault(word, set())
        elif word and not word.startswith("#") and current is not None:
            current.add(word)
    return found


def expand(sets, name):
    return set().union(*(expand(sets, word) if word.startswith("@") else {word} for word in sets[name]))


def settings(unit, key):
    return re.findall(rf"^{key}=(.*)$", (UNITS / f"{unit}.service.in").read_text(), re.M)


def allowed_calls(unit):
    sets = systemd_sets()
    allowed = set()
    for line in settings(unit, "SystemCallFilter"):
        calls = set().union(*(expand(sets, word) for word in line.lstrip("~").split()))
        allowed = allowed - calls if line.startswith("~") else allowed | calls
    return allowed


@pytest.fixture(scope="module")
def traces(tmp_path_factory):
    """Both programs through a school day, traced."""
    folder = tmp_path_factory.mktemp("trace")

    def wrapper(name):
        # A sanitizer can look for leaks only where nobody else traces.
        return ("strace", "-D", "-E", "ASAN_OPTIONS=detect_leaks=0", "-f", "-q", "-s", "0", "-o", str(folder / name))

    with Server(folder / "server", wrapper=wrapper("labsync-server")) as server:
        with Desktop(folder / "d", server.url, wrapper=wrapper("labsync-agent"), Privacy_encrypt="true") as desktop:
            desktop.sign_in()
            desktop.wait_state("live", seconds=30)
            assert desktop.cached("grade")
            desktop.ctl("reconnect")
            desktop.wait_state("live", seconds=30)
            desktop.ctl("sign-out", "--wipe")
    # Not their parent, so that they get the signals themselves, the tracer ends after them.
    files = [folder / "labsync-agent", folder / "labsync-server"]
    until(lambda: all(path.read_text().endswith("+++\n") for path in files), what="the ends of the traces")
    return {path.name: path.read_text() for path in files}


@pytest.mark.parametrize("unit", ["labsync-agent", "labsync-server"])
def test_nothing_forbidden_is_needed(traces, unit):
    trace = traces[unit]
    used = set(re.findall(r"^\d+ +(\w+)\(", trace, re.M))
    families = set(re.findall(r"\bsocket\((AF_\w+)", trace))
    assert len(used) > 30 and {"openat", "write"} <= used
    assert used - allowed_calls(unit) <= (AS_ROOT if os.geteuid() == 0 else set())
    assert families and families <= set(settings(unit, "RestrictAddressFamilies")[0].split())
    assert settings(unit, "MemoryDenyWriteExecute") == ["true"] and "PROT_WRITE|PROT_EXEC" not in trace


def test_the_filter_forbids_something():
    assert "mount" not in allowed_calls("labsync-agent") | allowed_calls("labsync-server")
    assert {"openat", "read"} <= allowed_calls("labsync-agent") & allowed_calls("labsync-server")
