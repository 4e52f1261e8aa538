# SPDX-License-Identifier: LGPL-2.1-or-later
"""What apps read is consistent: a transaction of the server is seen whole or not at all, and what differs
from the server all the same is found and put right."""

import json
import sqlite3
import sys
import threading
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "fakes"))

import wire_schema  # noqa: E402
from labsync_testing import until  # noqa: E402

TEACHER, STUDENT, ADMIN = (f"{name}@demo.test" for name in ("teacher", "student", "admin"))
MANY = 520  # more than a frame or a page may have


class Reader(threading.Thread):
    """Reads a number from the cache's file again and again; one statement sees one state of it."""

    def __init__(self, desktop, query):
        super().__init__(daemon=True)
        self.path = desktop.database()
        self.query = query
        self.seen = []
        self.over = threading.Event()

    def run(self):
        with sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=5) as file:
            while not self.over.is_set():
                (number,) = file.execute(self.query).fetchone()
                if not self.seen or self.seen[-1] != number:
                    self.seen.append(number)

    def __enter__(self):
        self.start()
        until(lambda: self.seen, what="a first reading")
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join()


def statistics(desktop):
    return desktop.bus.agent("Diagnostics", "GetStatistics", "(a{sv})", {})[0]


def sync(desktop):
    desktop.bus.agent("Connection", "SyncNow", "(a{sv})", {})


@pytest.mark.parametrize("way, many", [("socket", 200), ("socket", MANY), ("polling", MANY), ("absent", MANY)])
def test_a_transaction_is_seen_whole(server, desk, way, many):
    admin = server.person(ADMIN)
    for number in range(many):
        admin.create("announcements", title=str(number), content="x", category="umum", target_audience=["teacher"])
    desktop = desk(server.url, **({"Server_websocket": "false"} if way == "polling" else {}))
    desktop.sign_in(STUDENT)
    desktop.wait_state("live", "polling")
    until(lambda: desktop.cached("announcement"), what="the first rows")
    before = len(desktop.cached("announcement"))
    student = next(row for row in admin.rows("users") if row["email"] == STUDENT)
    with Reader(desktop, "SELECT count (*) FROM row WHERE entity = 'announcement' AND data IS NOT NULL") as reader:
        if way == "absent":
            desktop.bus.agent("Connection", "Disconnect", "(a{sv})", {})
            desktop.wait_state("stopped")
        admin.update("users", student["id"], role="teacher")
        if way == "absent":
            desktop.bus.agent("Connection", "Connect", "(a{sv})", {})
        if way == "polling":
            sync(desktop)
        until(lambda: len(desktop.cached("announcement")) >= before + many, 30, "what a teacher sees")
    assert len(reader.seen) == 2 and reader.seen[0] == before and reader.seen[1] >= before + many, reader.seen


def test_a_grade_and_its_notification_come_together(server, desktop):
    teacher = server.person(TEACHER)
    example = teacher.rows("grades")[0]
    own = json.loads(desktop.bus.agent("Cache", "List", "(sa{sv})", "grade", {})[0][0][2])
    columns = {name: example[name] for name in ("subject_id", "class_id", "academic_year", "semester", "assignment_type")}
    query = (
        "SELECT (SELECT count (*) FROM row WHERE entity = 'grade' AND data IS NOT NULL)"
        " - (SELECT count (*) FROM row WHERE entity = 'notification' AND data IS NOT NULL)"
    )
    count = len(desktop.cached("grade"))
    with Reader(desktop, query) as reader:
        for number in range(100):
            teacher.create("grades", student_id=own["student_id"], assignment_name=str(number), score=1, **columns)
        until(lambda: len(desktop.cached("grade")) == count + 100, 20, "the grades")
    assert len(reader.seen) == 1, reader.seen


def checksum(person, entity):
    return person.call("GET", f"/api/checksum?entity={entity}").body["data"]


def test_what_differs_is_found_and_healed(server, desktop):
    rows = desktop.cached("grade")
    truth = desktop.dump()
    assert checksum(server.person(STUDENT), "grade")["count"] == len(rows)
    desktop.stop()
    with sqlite3.connect(desktop.database()) as file:
        file.execute("UPDATE row SET version = version + 7 WHERE entity = 'grade' AND id = ?", (min(rows),))
    file.close()
    assert desktop.dump() != truth
    desktop.start()
    desktop.wait_state("live")
    sync(desktop)
    until(lambda: desktop.dump() == truth, 15, "the row as the server has it")
    counted = statistics(desktop)
    assert counted["divergences"] == 1 and counted["comparisons"] >= 1
    assert "grade: differs from the server" in desktop.messages()


def test_what_does_not_differ_is_let_be(server, desktop):
    teacher = server.person(TEACHER)
    grade = teacher.rows("grades")[0]
    for score in range(20):
        teacher.update("grades", grade["id"], score=score)
    sync(desktop)
    stored = len(desktop.bus.property("Cache", "Entities"))
    until(lambda: statistics(desktop)["comparisons"] >= stored, 20, "a whole round")
    assert statistics(desktop)["divergences"] == 0


def test_bad_questions_are_refused(server):
    student = server.person(STUDENT)
    for entity in ("presence", "nothing", ""):
        assert student.call("GET", f"/api/checksum?entity={entity}").status == 400
    assert server.http("GET", "/api/checksum?entity=grade").status == 401
    wire_schema.validate("checksum", json.dumps(student.call("GET", "/api/checksum?entity=grade").body))
