# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each event once and in order, whatever breaks: cut links, a killed agent, a restarted server.

Writers edit while a link is cut at random bytes; an app reads on by cursor all the time. In the end
the cache holds what the server holds, and the app saw what the server's log says.
"""

import json
import random
import sqlite3
import threading
import time
from collections import defaultdict

from gi.repository import GLib

from labsync_testing import LONG, Proxy, offset, seed, until

ADMIN = "admin@demo.test"
EVENTS, CUTS, KILLS, RESTARTS = (10_000, 200, 50, 20) if LONG else (600, 15, 4, 2)
TABLES = {
    "grade": ("grades", "score"),
    "announcement": ("announcements", "title"),
    "library_material": ("e_library", "title"),
    "event": ("school_events", "location"),
    "attendance": ("attendance", "notes"),
}


class Writers:
    """Three people who edit rows of five tables until they have made their share of events."""

    def __init__(self, server, chance):
        self.server = server
        self.done = 0
        self.errors = []
        self.lock = threading.Lock()
        self.pause = threading.Event()
        person = server.person(ADMIN)
        self.rows = {table: [row["id"] for row in person.rows(table)] for table, _ in TABLES.values()}
        assert all(self.rows.values()), self.rows
        self.threads = [
            threading.Thread(target=self._write, args=(random.Random(chance.random()), EVENTS // 3), daemon=True)
            for _ in range(3)
        ]

    def start(self):
        for thread in self.threads:
            thread.start()

    @property
    def busy(self):
        return any(thread.is_alive() for thread in self.threads)

    def _write(self, chance, share):
        person, made = None, 0
        while made < share:
            table, column = chance.choice(list(TABLES.values()))
            value = chance.randrange(100) if column == "score" else f"value {chance.random()}"
            try:
                person = person or self.server.person(ADMIN)
                answer = person.call("PATCH", f"/api/{table}/{chance.choice(self.rows[table])}", {column: value})
            except OSError:
                person = None  # the server is being restarted
                time.sleep(0.05)
                continue
            if answer.status == 401:
                person = None
                continue
            if answer.status != 200:
                self.errors.append(answer)
                return
            made += 1
            with self.lock:
                self.done += 1
            if made % 5 == 0:
                time.sleep(chance.random() / 5)


class Reader:
    """An app that asks for events after its cursor and survives the agent's death."""

    def __init__(self, desktop):
        self.desktop = desktop
        self.cursor = desktop.cursor()
        self.events = []

    def read(self):
        more = True
        while more:
            try:
                events, self.cursor, more = self.desktop.bus.agent(
                    "Events", "GetEvents", "(sua{sv})", self.cursor, 100, {}
                )
            except GLib.Error as error:
                # Gone or not yet signed in after a kill; anything else is a fault.
                assert any(word in error.message for word in ("ServiceUnknown", "NoReply", "NotSignedIn", "NameHasNoOwner")), error.message
                return
            self.events += events


def server_log(server, since):
    """What the server's own log says, as its admin: (entity, id, version) in order."""
    person, found, more = server.person(ADMIN), [], True
    while more:
        answer = person.call("GET", f"/api/updates?cursor={since}&limit=500")
        if answer.status == 304:
            break
        data = answer.body["data"]
        assert data["resume"] == "resumed", data
        found += [(event["entity"], event["entityId"], event["version"]) for event in data["updates"]]
        since, more = data["cursor"], data["more"]
    return found


def top(server):
    return server.person(ADMIN).call("GET", "/api/snapshot?entity=grade").body["data"]["cursor"]


def versions(events):
    return [(event[2], event[3], json.loads(event[4]).get("version")) for event in events]


def stored_cursor(desktop):
    with sqlite3.connect(f"file:{desktop.database()}?mode=ro", uri=True, timeout=5) as file:
        row = file.execute("SELECT epoch || ':' || log_offset FROM meta").fetchone()
    return row[0]


def assert_same_as_server(server, desktop):
    person = server.person(ADMIN)
    for entity, (table, _) in TABLES.items():
        expected = {row["id"]: row["version"] for row in person.rows(table)}
        until(
            lambda entity=entity, expected=expected: {
                row_id: version for row_id, (version, _) in desktop.cached(entity).items()
            } == expected,
            20, f"{entity} as on the server",
        )


def assert_once_and_in_order(seen, expected):
    per_row, per_row_expected = defaultdict(list), defaultdict(list)
    for entity, row_id, version in seen:
        per_row[entity, row_id].append(version)
    for entity, row_id, version in expected:
        per_row_expected[entity, row_id].append(version)
    assert per_row == per_row_expected
    assert len(seen) == len(expected)


def cut(proxy, writers, chance):
    """Cuts at a random byte; every other time right after an outage, into what was missed."""
    cuts = proxy.cuts
    if chance.random() < 0.5:
        proxy.refusing = True
        proxy.cut()
        done = writers.done
        until(lambda: writers.done > done + 5 or not writers.busy, 30, "edits during the outage")
        cuts = proxy.cuts
        proxy.cut_after(chance.randrange(400, 3000))
        proxy.refusing = False
    else:
        proxy.cut_after(chance.randrange(1, 4000))
    until(lambda: proxy.cuts > cuts or not writers.busy, 30, "the cut")


def kill(proxy, writers, desktop):
    """Kills the agent as a frame reaches it; whether that was before it had committed."""
    proxy.at_next_frame(desktop.agent.kill)
    until(lambda: desktop.agent.poll() is not None or not writers.busy, 30, "a frame to kill at")
    received = proxy.cursor
    desktop.kill()
    lost = offset(received) > offset(stored_cursor(desktop))
    desktop.start()
    return lost


def test_exactly_once(server, desk, world):
    chance = random.Random(seed())
    proxy = world.enter_context(Proxy(server))
    desktop = desk(proxy.url)
    desktop.sign_in(ADMIN)
    desktop.wait_state("live")
    reader, since = Reader(desktop), top(server)
    writers = Writers(server, chance)

    faults = ["cut"] * CUTS + ["kill"] * KILLS + ["restart"] * RESTARTS
    chance.shuffle(faults)
    marks = [EVENTS * (at + 1) // (len(faults) + 1) for at in range(len(faults))]
    before_commit = 0
    writers.start()
    for mark, fault in zip(marks, faults):
        until(lambda mark=mark: writers.done >= mark or not writers.busy, 120, f"{mark} events")
        assert not writers.errors, writers.errors
        if fault == "cut":
            cut(proxy, writers, chance)
        elif fault == "kill":
            before_commit += kill(proxy, writers, desktop)
        else:
            server.kill()
            server.start()
        reader.read()

    until(lambda: not writers.busy, 600, "the writers")
    assert not writers.errors, writers.errors
    desktop.wait_state("live", seconds=60)
    expected = server_log(server, since)
    assert len(expected) >= EVENTS // 3 * 3

    def complete():
        reader.read()
        return len(reader.events) >= len(expected)

    until(complete, 60, f"all {len(expected)} events")
    assert_same_as_server(server, desktop)
    assert_once_and_in_order(versions(reader.events), expected)
    print(
        f"{len(expected)} events, {proxy.cuts} cuts ({proxy.cuts_in_frame} inside a frame, "
        f"{proxy.cuts_in_backlog} in the backfill), {KILLS} kills ({before_commit} between receive "
        f"and commit), {RESTARTS} restarts"
    )
    assert proxy.cuts >= CUTS * 2 // 3, "the writers were done before the cuts"
    if LONG:
        assert min(proxy.cuts_in_frame, proxy.cuts_in_backlog, before_commit) >= 10


def test_same_cache_by_socket_polling_and_both(server, desk, world):
    """One server's history three ways; the machines take turns, as one machine may connect but once."""
    chance = random.Random(seed())
    proxy = world.enter_context(Proxy(server))
    by_socket, by_polling = desk(server.url), desk(server.url, Server_websocket="false")
    for desktop, state in ((by_socket, "live"), (by_polling, "polling")):
        desktop.sign_in(ADMIN)
        desktop.wait_state(state)
    writers = Writers(server, chance)
    writers.start()
    until(lambda: not writers.busy, 600, "the writers")
    assert_same_as_server(server, by_socket)
    by_socket.stop()

    switching = desk(proxy.url)
    switching.sign_in(ADMIN)
    switching.wait_state("live")
    writers = Writers(server, chance)
    writers.start()
    for _ in range(6):
        proxy.no_websocket = not proxy.no_websocket
        proxy.cut()
        switching.wait_state("polling" if proxy.no_websocket else "live", seconds=20)
    until(lambda: not writers.busy, 600, "the writers")
    assert not writers.errors, writers.errors
    assert_same_as_server(server, switching)
    switching.stop()

    by_socket.start()
    by_socket.wait_state("live")
    assert_same_as_server(server, by_socket)
    assert_same_as_server(server, by_polling)
    assert by_socket.dump() == by_polling.dump() == switching.dump()
