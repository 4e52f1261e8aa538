# SPDX-License-Identifier: LGPL-2.1-or-later
"""labsync-server alone: what it writes down of who did what, and what it does not."""

import json

import pytest

from labsync_testing import PASSWORD, until
from server_client import ADMIN, PARENT, STUDENT, STUDENT2, announce, refusal

CANARY = "canary-8f2c"


def audit(admin, **query):
    """All of it, page by page, the oldest first."""
    entries, before = [], None
    while True:
        parameters = {"limit": 500, **query, **({"before": before} if before else {})}
        answer = admin.call("GET", "/api/audit?" + "&".join(f"{key}={value}" for key, value in parameters.items()))
        assert answer.status == 200, answer
        entries += answer.body["data"]["entries"]
        before = answer.body["data"]["next"]
        if not before:
            return entries[::-1]


def found(admin, **members):
    return [
        entry for entry in audit(admin) if all(entry[key] == value for key, value in members.items())
    ]


def test_sign_ins(server, admin):
    student = server.person(STUDENT)
    for email in (STUDENT, CANARY):
        server.http("POST", "/api/auth/login", {"email": email, "password": CANARY})
    student.call("POST", "/api/auth/logout")
    mine = [(entry["kind"], entry["outcome"]) for entry in audit(admin, user=student.user["id"])]
    assert sorted(mine) == [("sign-in", "ok"), ("sign-in", "wrong-credentials"), ("sign-out", "ok")]
    (unknown,) = found(admin, kind="sign-in", userId=None)
    assert (unknown["outcome"], unknown["address"], unknown["subject"]) == ("wrong-credentials", "127.0.0.1", None)


def test_every_write(teacher, admin):
    row = teacher.create("announcements", title=CANARY, content=CANARY, category="umum")
    teacher.update("announcements", row["id"], title="x")
    teacher.delete("announcements", row["id"])
    headers = {"Idempotency-Key": "key-1"}
    body = {"title": "once", "content": "…", "category": "umum"}
    first = teacher.call("POST", "/api/announcements", body, headers)
    assert teacher.call("POST", "/api/announcements", body, headers).headers["Idempotency-Replayed"] == "true"
    writes = found(admin, kind="write")
    assert [(entry["subject"], entry["version"]) for entry in writes] == [
        (f"create announcements/{row['id']}", 1), (f"update announcements/{row['id']}", 2),
        (f"delete announcements/{row['id']}", 3), (f"create announcements/{first.body['data']['id']}", 1),
    ]
    for entry in writes:
        assert (entry["userId"], entry["outcome"], entry["address"]) == (teacher.user["id"], "ok", "127.0.0.1")
        assert entry["offset"] > 0


def test_refused_requests(server, student, admin):
    for _ in range(7):
        student.call("POST", "/api/grades", {"score": 100})
    server.http("GET", "/api/grades", token=f"a.{CANARY}.c")
    server.http("GET", f"/api/{CANARY}?token={CANARY}", token=CANARY)
    student.call("GET", "/api/audit")
    entries = found(admin, kind="request")
    got = {(entry["userId"], entry["outcome"], entry["subject"], entry["count"]) for entry in entries}
    assert got == {
        (student.user["id"], "forbidden", "POST grades", 7), (None, "token-invalid", None, 1),
        (None, "unknown-endpoint", None, 1), (student.user["id"], "forbidden", "GET audit", 1),
    }


def test_refused_subscriptions(server, admin, connect):
    parent = server.person(PARENT)
    client = connect(parent)
    client.hello(types=["library_material_added"])
    client.receive("error")
    (entry,) = found(admin, kind="request")
    assert (entry["userId"], entry["outcome"], entry["subject"]) == (
        parent.user["id"], "forbidden", "subscribe library_material_added"
    )


def test_broadcasts_by_how_many_they_went_to(server, teacher, student, admin, connect):
    for _ in range(2):
        connect(student).hello()
    connect(teacher).hello(types=["grade_updated"])
    latecomer = connect(server.person(STUDENT2))
    row = announce(teacher)
    before = latecomer.hello(cursor=None)
    ours = announce(teacher)
    latecomer.events()
    counts = {
        entry["subject"]: entry["count"] for entry in found(admin, kind="broadcast")
        if entry["subject"].startswith("announcement")
    }
    assert counts == {f"announcement_created {row['id']}": 2, f"announcement_created {ours['id']}": 3}
    assert before["resume"] == "fresh"


def test_who_catches_up_is_no_recipient(server, teacher, student, admin, connect):
    start = connect(student).hello()["cursor"]
    announce(teacher)
    late = connect(student)
    late.hello(cursor=start)
    assert len(late.receive("events")["events"]) == 1
    entries = [entry for entry in found(admin, kind="broadcast") if "announcement" in entry["subject"]]
    assert [entry["count"] for entry in entries] == [1]


def test_admins_only(server, student, teacher):
    for person in (student, teacher):
        refusal(person.call("GET", "/api/audit"), 403, "forbidden")
    refusal(server.http("GET", "/api/audit"), 401, "token-required")


@pytest.mark.parametrize("query", ["before=0", "before=x", "limit=0", "limit=-1"])
def test_bad_pages(admin, query):
    refusal(admin.call("GET", f"/api/audit?{query}"), 400, "bad-request")


def test_nothing_of_what_was_said(server, student, teacher, admin, connect):
    """No payload, no secret and nothing that somebody typed who is not known."""
    teacher.create("announcements", title=CANARY, content=CANARY, category="umum")
    admin.update("users", student.user["id"], name=CANARY, password=CANARY)
    server.http("POST", "/api/auth/login", {"email": CANARY, "password": PASSWORD})
    server.http("POST", "/api/auth/refresh", {"refreshToken": CANARY})
    student.call("POST", "/api/grades", {CANARY: CANARY})
    teacher.call("GET", f"/api/grades/{CANARY}")
    text = json.dumps(audit(admin))
    assert len(found(admin, outcome="session-ended")) >= 1
    for secret in (CANARY, PASSWORD + '"', teacher.token, admin.refresh_token):
        assert secret not in text


def test_what_was_noted_is_written_without_being_asked_for(server, student):
    student.call("POST", "/api/grades", {"score": 100})
    sql = "SELECT count FROM audit WHERE kind = 'request' AND outcome = 'forbidden'"
    until(lambda: server.sql(sql) == [(1,)], 10, "the entry in the database")


def test_a_stop_writes_what_was_noted(server, student):
    student.call("POST", "/api/grades", {"score": 100})
    assert server.stop() == 0
    assert server.sql("SELECT count FROM audit WHERE kind = 'request'") == [(1,)]
    server.start()
    assert [entry["userId"] for entry in found(server.person(ADMIN), kind="request")] == [student.user["id"]]


def test_being_refused_does_not_fill_the_disk(server, admin):
    """Whatever a stranger asks for, and with whatever token."""
    tables = ("grades", "attendance", "announcements", "e_library", "school_events", "users", "messages")
    for number in range(700):
        method = ("GET", "POST", "PUT", "PATCH", "DELETE")[number % 5]
        path = f"/api/{tables[number % 7]}/{number}"[: None if method in ("PUT", "PATCH", "DELETE") else -len(f"/{number}")]
        server.http(method, path, token=f"x.{number}.y")
    entries = found(admin, kind="request")
    assert sum(entry["count"] for entry in entries) == 700 and len(entries) < 20
