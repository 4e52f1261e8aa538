# SPDX-License-Identifier: LGPL-2.1-or-later
"""Connecting and disconnecting again and again: no file stays open, and memory does not grow."""

import os
from pathlib import Path

from labsync_testing import memory, until

WARM_UP, CYCLES = 20, 100
# Connections that a client may keep for further requests (MAX_CONNECTIONS in ls-soup-endpoint.c): how many there are
# depends on how many requests were out at once. What leaks, leaks 80 times.
KEPT = 8
# What 80 cycles may add. What the allocator keeps in hand is less than half of the agent's 3 KiB each.
# libsoup before 3.3 never frees a kept connection that its client has closed (its commit d20c660): about
# 1.5 KiB for each of the server's five a cycle, measured with 3.2.3.
MOST = {"agent": 80 * 3 * 1024, "server": 80 * 10 * 1024}


def files(pid):
    """What a process has open, without the numbers that are new each time."""
    found = []
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found.append(os.readlink(entry).split(":")[0])
        except FileNotFoundError:
            pass  # closed meanwhile
    return sorted(found)


def go_round(desktop):
    for method, state in (("Disconnect", "stopped"), ("Connect", "live"), ("Reconnect", "live")):
        desktop.bus.agent("Connection", method, "(a{sv})", {})
        desktop.wait_state(state)
    # One attempt that is given up half-way.
    desktop.bus.agent("Connection", "Reconnect", "(a{sv})", {})
    desktop.bus.agent("Account", "SignOut", "(a{sv})", {})
    desktop.wait_state("signed-out")
    desktop.sign_in()
    desktop.wait_state("live")
    app = desktop.app("grade_updated")
    app.close()
    stream = desktop.stream("grade_updated")
    stream.close()


def test_cycles_leave_nothing(server, desktop):
    pids = {"agent": desktop.agent.pid, "server": server.process.pid}
    before = {}
    for count in range(1, CYCLES + 1):
        go_round(desktop)
        if count == WARM_UP:
            before = {name: (files(pid), memory(pid)) for name, pid in pids.items()}
    for name, pid in pids.items():
        open_files, size = before[name]
        until(lambda: len(files(pid)) <= len(open_files) + KEPT, 20, f"{name}: {files(pid)}, before {open_files}")
        growth = memory(pid) - size
        print(f"{name}: {len(files(pid))} files, {len(open_files)} before; memory grew by {growth / 1024:.0f} KiB")
        # The address sanitizer keeps what was freed, to tell who uses it; it looks for leaks itself.
        assert growth <= MOST[name] or "ASAN_OPTIONS" in os.environ, f"{name}: {growth} bytes"
