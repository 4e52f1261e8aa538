# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is acknowledged is kept, and what can't be kept is refused with a word, whatever the disk is like."""

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from gi.repository import Gio, GLib

from labsync_testing import INTERFACE, Bus, fill_disk, until
from server_client import TEACHER

STORAGE = f"{INTERFACE}Error.Storage"
# How long a write waits for who has locked the file (BUSY_TIMEOUT in ls-database.c), and some time to answer.
PATIENCE = 5 + 5
# More actions of 10 kB than a full disk of 3 MiB can have room for.
ROOM = 500


def go_offline(server, desktop):
    """A teacher who has been live and is not any more. Returns the id of a grade."""
    desktop.sign_in(TEACHER)
    desktop.wait_state("live")
    server.kill()
    desktop.wait_state("waiting", "connecting")
    return next(iter(desktop.cached("grade")))


def enqueue(bus, row_id, body, seconds=30):
    return bus.agent(
        "Queue", "Enqueue", "(ssssa{sv})", "update", "grade", row_id, json.dumps(body), {}, seconds=seconds)[0]


def refused(bus, row_id, body):
    """The name of the error that an action is refused with within the time that it may take."""
    with pytest.raises(GLib.Error) as caught:
        enqueue(bus, row_id, body, PATIENCE)
    return Gio.DBusError.get_remote_error(caught.value)


def queued(desktop):
    return [action["id"] for action in desktop.json("queue", "list")["actions"]]


def score_at_server(admin, row_id):
    return admin.call("GET", f"/api/grades/{row_id}").body["data"]["score"]


@pytest.fixture
def locked(world):
    """Has another process's lock on a desktop's queue, until it is closed."""

    def lock(desktop):
        path, = desktop.state_dir.glob("*/queue.db")
        file = world.enter_context(closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)))
        file.execute("BEGIN IMMEDIATE")
        return file

    return lock


def test_a_locked_queue_refuses_and_loses_nothing(server, desk, locked):
    desktop = desk(server.url)
    row_id = go_offline(server, desktop)
    kept = [enqueue(desktop.bus, row_id, {"score": 41})]
    lock = locked(desktop)
    assert refused(desktop.bus, row_id, {"score": 42}) == STORAGE
    assert desktop.row("grade", row_id)["score"] == 41, "reads go on, without what was refused"
    lock.rollback()
    kept.append(enqueue(desktop.bus, row_id, {"score": 43}))
    desktop.kill()
    desktop.start()
    assert queued(desktop) == kept
    server.start()
    until(lambda: desktop.bus.property("Queue", "Pending") == 0, what="all to be sent")
    assert score_at_server(server.person(TEACHER), row_id) == 43


def test_a_short_lock_is_waited_for(server, desk, locked):
    desktop = desk(server.url)
    row_id = go_offline(server, desktop)
    lock = locked(desktop)
    with ThreadPoolExecutor() as pool, closing(Bus(desktop.address)) as bus:
        answer = pool.submit(enqueue, bus, row_id, {"score": 44})
        assert desktop.row("grade", row_id) is not None, "reads go on"
        lock.rollback()
        assert answer.result() in queued(desktop)


def test_a_full_disk_and_a_kill_lose_nothing(server, desk, small_disk):
    folder = small_disk("3m")
    desktop = desk(server.url)
    row_id = go_offline(server, desktop)
    kept, error = [enqueue(desktop.bus, row_id, {"score": 0})], None
    blob = fill_disk(folder)
    while error is None and len(kept) < ROOM:
        body = {"score": len(kept) % 100, "notes": "x" * 10000}
        try:
            kept.append(enqueue(desktop.bus, row_id, body))
        except GLib.Error as caught:
            error = Gio.DBusError.get_remote_error(caught)
    assert error == STORAGE
    assert desktop.row("grade", row_id) is not None, "reads go on"
    desktop.kill()
    blob.unlink()
    desktop.start()
    assert queued(desktop) == kept
    last = enqueue(desktop.bus, row_id, {"score": 45})
    server.start()
    until(lambda: desktop.bus.property("Queue", "Pending") == 0, what="all to be sent")
    assert desktop.bus.agent("Queue", "WaitFor", "(ssa{sv})", last, "accepted", {})[0] == "accepted"
    assert score_at_server(server.person(TEACHER), row_id) == 45
