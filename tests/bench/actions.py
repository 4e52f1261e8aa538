#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What it costs the server to remember actions by their idempotency keys.

The limit is the same write without a key, on the same server in the same round.
Run it as `tests/bench/run actions`.
"""

import http.client
import json
import sqlite3
import statistics
import tempfile
import time
import uuid
from pathlib import Path

from labsync_testing import Server

KEYS = (0, 10_000, 100_000)
CALLS = 100
ROUNDS = 5
MONTH = 30 * 86_400_000


def fill(server, count):
    """Actions as the server remembers them: copies of one, none of them old enough to be forgotten."""
    database = sqlite3.connect(server.directory / "data" / "school.db")
    columns = "user_id, request_hash, outcome, message, field, row_id, row, version, cursor"
    now = int(time.time() * 1000)
    known = database.execute("SELECT count(*) FROM actions").fetchone()[0]
    model = database.execute(f"SELECT {columns} FROM actions WHERE key = 'model'").fetchone()
    database.executemany(
        f"INSERT INTO actions (key, time, {columns}) VALUES (?, ?{', ?' * len(model)})",
        ((str(uuid.uuid4()), now - n % MONTH, *model) for n in range(known, count)),
    )
    database.commit()
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


def bytes_of_actions(server):
    database = sqlite3.connect(server.directory / "data" / "school.db")
    size, count = database.execute(
        "SELECT (SELECT sum(pgsize) FROM dbstat WHERE name LIKE '%actions%'), (SELECT count(*) FROM actions)"
    ).fetchone()
    database.close()
    return size / count


class Client:
    def __init__(self, server):
        self.connection = http.client.HTTPConnection(server.host, server.port)
        self.headers = {"Authorization": f"Bearer {server.person('teacher@demo.test').token}"}

    def write(self, text, key=None):
        """Milliseconds that a change of about 300 bytes takes."""
        headers = {**self.headers, **({"Idempotency-Key": key} if key else {})}
        body = json.dumps({"content": text.ljust(200, "x")})
        began = time.perf_counter()
        self.connection.request("PATCH", "/api/announcements/announcement-1", body, headers)
        answer = self.connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
        return (time.perf_counter() - began) * 1000


def measure(server):
    client = Client(server)
    rounds = []
    for _ in range(ROUNDS):
        plain = [client.write(f"a{n}") for n in range(CALLS)]
        keyed = [client.write(f"b{n}", str(uuid.uuid4())) for n in range(CALLS)]
        replayed = [client.write("", "model") for _ in range(CALLS)]
        rounds.append([statistics.median(times) for times in (plain, keyed, replayed)])
    return rounds


def main():
    print("| keys remembered | a change | the same with a key | ratio | answered again | bytes a key |\n" + "|---" * 6 + "|")
    with tempfile.TemporaryDirectory(prefix="ls-") as directory, Server(Path(directory)) as server:
        Client(server).write("", "model")
        for count in KEYS:
            server.stop()
            fill(server, count)
            server.start()
            rounds = measure(server)
            plain, keyed, replayed = (statistics.median(column) for column in zip(*rounds))
            ratios = [round_[1] / round_[0] for round_ in rounds]
            print(
                f"| {count:,} | {plain:.2f} ms | {keyed:.2f} ms | {statistics.median(ratios):.2f} "
                f"({min(ratios):.2f}–{max(ratios):.2f}) | {replayed:.2f} ms | {bytes_of_actions(server):.0f} |"
            )


main()
