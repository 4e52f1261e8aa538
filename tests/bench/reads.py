#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What it costs somebody to read the few rows that are theirs out of a large table.

The limit is the same request on the same server when the table holds hardly more than those rows.
Run it as `tests/bench/run reads`.
"""

import sqlite3
import statistics
import tempfile
import time
import uuid
from pathlib import Path

from labsync_testing import Server

ROWS = 20000
OWN = 20
ROUNDS = 30
READERS = ("student", "teacher", "admin")
PATHS = {"list": "/api/grades", "snapshot page": "/api/snapshot?entity=grade"}


def fill(server, count, first):
    """Grades as the server stores them; every one but the first OWN of somebody else."""
    database = sqlite3.connect(server.directory / "data" / "school.db")
    own = database.execute("SELECT id, class FROM students WHERE user_id = 'demo-student'").fetchone()
    database.execute(
        "INSERT OR IGNORE INTO users (id, name, email, role, status, version, created_at, updated_at) "
        "VALUES ('other', 'Other', 'other@demo.test', 'student', 'active', 1, 1, 1)"
    )
    database.execute(
        "INSERT OR IGNORE INTO classes (id, name, academic_year, semester, version, created_at, updated_at) "
        "VALUES ('other', 'Other', '2026', '1', 1, 1, 1)"
    )
    database.execute(
        "INSERT OR IGNORE INTO students (id, user_id, class, version, created_at, updated_at) "
        "VALUES ('other', 'other', 'other', 1, 1, 1)"
    )
    subject = database.execute("SELECT id FROM subjects LIMIT 1").fetchone()[0]
    database.executemany(
        "INSERT INTO grades (id, student_id, subject_id, class_id, academic_year, semester, assignment_type, "
        "assignment_name, score, max_score, created_by, version, created_at, updated_at) "
        "VALUES (?, ?, ?, ?, '2026', '1', 'test', 'Circles', 80, 100, 'demo-admin', 1, 1, 1)",
        ((str(uuid.uuid4()), *((own[0], subject, own[1]) if n < OWN else ("other", subject, "other")))
         for n in range(first, count)),
    )
    database.commit()
    database.close()


def measure(server):
    times = {}
    for reader in READERS:
        person = server.person(f"{reader}@demo.test")
        for what, path in PATHS.items():
            taken = []
            for _ in range(ROUNDS):
                began = time.perf_counter()
                answer = person.call("GET", path)
                taken.append((time.perf_counter() - began) * 1000)
                assert answer.status == 200, answer
            data = answer.body["data"]
            rows = len(data if what == "list" else data["rows"])
            times[reader, what] = rows, statistics.median(taken)
    return times


def main():
    with tempfile.TemporaryDirectory(prefix="ls-") as directory, Server(Path(directory)) as server:
        server.stop()
        fill(server, OWN, 0)
        server.start()
        few = measure(server)
        server.stop()
        fill(server, ROWS, OWN)
        server.start()
        many = measure(server)
    print(f"| reads of {ROWS} grades | rows | ours | limit | ratio |\n|---|---|---|---|---|")
    for (reader, what), (rows, ours) in many.items():
        limit = few[reader, what][1]
        print(f"| {what}, {reader} | {rows} | {ours:.1f} ms | {limit:.1f} ms | {ours / limit:.2f} |")


main()
