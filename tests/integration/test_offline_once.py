# SPDX-License-Identifier: LGPL-2.1-or-later
"""Work that was acknowledged is done once, or comes back with an explanation, whatever breaks.

A teacher works on while the agent is killed at any moment, the server is killed, too, and every answer to an
action is lost the first time: the server has done what nobody is told. In the end the server's own log is
compared with what the app was promised.
"""

import json
import random
import re
import socket
import sqlite3
import threading
import uuid
from collections import Counter, defaultdict

from gi.repository import GLib

from labsync_testing import LONG, Proxy, seed, until
from server_client import TEACHER

ROUNDS = 1000 if LONG else 25
LANES = 12  # rows that are changed at a time: what is lost of them opens the circuit breaker now and then
GONE = ("ServiceUnknown", "NoReply", "NameHasNoOwner", "Disconnected")


class Forgetful(Proxy):
    """Breaks the link instead of handing on the first answer to each action."""

    def __init__(self, server):
        self.keys = {}  # the server's end of a link -> the action that it is to answer
        self.lost = set()
        super().__init__(server)

    def _relay(self, end):
        peer, _, from_server = self.links[end]
        try:
            data = end.recv(65536, socket.MSG_PEEK)
        except OSError:
            data = b""
        if not from_server:
            asked = re.search(rb"^Idempotency-Key: *([^\r]+)", data, re.IGNORECASE | re.MULTILINE)
            if asked:
                self.keys[peer] = asked[1].decode()
        elif data and self.keys.get(end, "") not in self.lost | {""}:
            self.lost.add(self.keys.pop(end))
            self._reset(end)
            return
        super()._relay(end)


class App:
    """Makes grades and changes them, and asks again under the same key until it has a promise."""

    def __init__(self, desktop, chance):
        self.desktop, self.chance = desktop, chance
        known = json.loads(next(iter(desktop.cached("grade").values()))[1])
        self.form = {name: known[name] for name in (
            "student_id", "subject_id", "class_id", "academic_year", "semester", "assignment_type", "assignment_name")}
        self.promised = {}  # key -> id of the action
        self.scores = defaultdict(list)  # row -> what it was given, in order
        self.killer = None

    def act(self):
        rows = list(self.scores)[-LANES:]
        if len(rows) < LANES or self.chance.random() < 0.1:
            kind, row, body = "create", str(uuid.UUID(int=self.chance.getrandbits(128), version=4)), dict(self.form)
        else:
            kind, row, body = "update", self.chance.choice(rows), {}
        score = self.chance.randrange(100)
        key = str(uuid.UUID(int=self.chance.getrandbits(128), version=4))
        self.promised[key] = self._enqueue(kind, row, {**body, "score": score}, key)
        self.scores[row].append(score)

    def _enqueue(self, kind, row, body, key):
        while True:
            try:
                return self.desktop.bus.agent(
                    "Queue", "Enqueue", "(ssssa{sv})", kind, "grade", row, json.dumps(body),
                    {"idempotency-key": GLib.Variant("s", key)},
                )
            except GLib.Error as error:
                assert any(word in error.message for word in GONE), error.message
                self.revive()

    def kill_soon(self):
        self.killer = threading.Timer(self.chance.random() / 4, self.desktop.agent.kill)
        self.killer.start()

    def revive(self):
        """Waits for the agent's end and starts another."""
        self.killer.join()
        self.desktop.kill()
        self.desktop.start()


def effects(server):
    """What the server did to grades for actions, as (key, row, version), and each grade's score."""
    with sqlite3.connect(f"file:{server.directory / 'data' / 'school.db'}?mode=ro", uri=True) as file:
        # An action's key is also on the notice that the pupil gets.
        log = file.execute(
            "SELECT action_id, entity_id, version FROM log WHERE action_id IS NOT NULL AND type LIKE 'grade%'").fetchall()
        scores = dict(file.execute("SELECT id, score FROM grades"))
    file.close()
    return log, scores


def counts(desktop):
    return [desktop.bus.property("Queue", name) for name in ("Pending", "InFlight", "Failed", "Conflicts")]


def test_acknowledged_work_is_done_once(server, desk):
    chance = random.Random(seed())
    restarts = 0
    with Forgetful(server) as link:
        desktop = desk(link.url, Queue_rate="1000/s")
        desktop.sign_in(TEACHER)
        desktop.wait_state("live")
        app = App(desktop, chance)
        for _ in range(ROUNDS):
            app.kill_soon()
            for _ in range(chance.randrange(1, 4)):
                app.act()
            if chance.random() < 0.1:
                restarts += 1
                server.kill()
                app.act()
                server.start()
            app.revive()
        until(lambda: counts(desktop)[:2] == [0, 0], 180, lambda: f"an empty queue (it is {counts(desktop)})")
        left = desktop.json("queue", "export")["actions"]
        assert counts(desktop) == [0, 0, 0, 0], [action for action in left if action["status"] != "completed"]

    log, scores = effects(server)
    print(f"{ROUNDS} rounds, {len(app.promised)} actions, {len(link.lost)} answers lost, {restarts} restarts")
    assert Counter(key for key, *_ in log if key in app.promised) == Counter(list(app.promised)), "each once"
    assert {key for key, *_ in log} <= set(app.promised), "nothing else"
    assert {row: scores.get(row) for row in app.scores} == {row: given[-1] for row, given in app.scores.items()}
    # where the agent died before the answer, there was none to lose; the stream may tell before it is asked again
    assert len(link.lost) > 0.8 * len(app.promised), "first answers were lost"
