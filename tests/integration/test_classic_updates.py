# SPDX-License-Identifier: LGPL-2.1-or-later
"""The existing system's stand-in: GET /api/updates."""

import gzip
import json
import re
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest

from classic_server import forge_token
from server_client import STUDENT, TEACHER

MILLISECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
SQLITE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
FIVE = ["grades", "attendance", "announcements", "elibrary", "schoolevents"]
TYPES = {
    "grades": "grade_updated", "attendance": "attendance_updated", "announcements": "announcement_updated",
    "elibrary": "library_material_updated", "schoolevents": "event_updated", "users": "user_status_changed",
}


@pytest.fixture
def poll(classic):
    """A student's poll: poll(since) -> updates."""
    token = classic.person(STUDENT).token

    def make(since=None, **options):
        headers = {} if since is None else {"If-Modified-Since": since}
        answer = classic.raw("GET", "/api/updates", token=token, headers=headers, **options)
        document = json.loads(answer.body)
        assert answer.status == 200
        assert (document["success"], document["message"], list(document["data"])) == (
            True, "Updates retrieved", ["updates"])
        return document["data"]["updates"]

    return make


def entities(updates):
    """In order, each once."""
    return list(dict.fromkeys(update["entity"] for update in updates))


def users(updates):
    return [update["entityId"] for update in updates if update["entity"] == "users"]


def iso(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


@pytest.fixture
def today(classic):
    """Noon of a day, UTC: the school's clock stands there, and its users were changed at nine."""
    noon = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
    classic.fault("clock-stopped")
    start = classic.now()
    classic.fault("clock", int((noon - timedelta(hours=3)).timestamp() * 1000) - start)
    classic.sql("UPDATE users SET name = name")
    assert {user["updated_at"] for user in classic.sql("SELECT * FROM users")} == {"2026-11-23 09:00:00"}
    classic.fault("clock", int(noon.timestamp() * 1000) - start)
    return noon


def test_everything(classic, poll):
    updates = poll()
    assert entities(updates) == [*FIVE, "users"]
    assert all(update["type"] == TYPES[update["entity"]] for update in updates)
    assert list(updates[0]) == ["type", "entity", "entityId", "data", "timestamp", "userRole", "userId"]
    # The caller's, whoever the author was; and everybody's rows.
    assert {(update["userRole"], update["userId"]) for update in updates} == {("student", "demo-student")}
    assert updates[0]["data"] == classic.sql("SELECT * FROM grades")[0]
    assert {update["data"]["student_id"] for update in updates[:2]} == {"student-1", "student-2"}
    assert all(update["entityId"] == update["data"]["id"] for update in updates)
    assert all("password_hash" in update["data"] for update in updates if update["entity"] == "users")


def test_timestamps_are_made_up(classic, poll):
    classic.fault("clock-stopped")
    first = poll()
    classic.fault("clock", 1000)
    second = poll()
    for before, after in zip(first, second):
        assert before["data"] == after["data"]
        if before["entity"] == "users":
            assert SQLITE.fullmatch(before["timestamp"]) and before["timestamp"] == after["timestamp"]
        else:
            assert MILLISECONDS.fullmatch(before["timestamp"])
            assert int(after["timestamp"][17:19]) == (int(before["timestamp"][17:19]) + 1) % 60


def test_create_and_update_look_alike_and_deleted_rows_are_gone(classic, poll):
    teacher = classic.person(TEACHER)
    row = teacher.create("announcements", title="Baru", content="…", category="umum", created_by="demo-teacher")
    new = [update for update in poll() if update["entityId"] == row["id"]]
    teacher.update("announcements", row["id"], title="Lain")
    changed = [update for update in poll() if update["entityId"] == row["id"]]
    assert [new[0]["type"], changed[0]["type"]] == ["announcement_updated"] * 2
    teacher.delete("announcements", row["id"])
    assert not [update for update in poll() if update["entityId"] == row["id"]]


def test_row_without_an_id(classic, poll):
    classic.person(TEACHER).create(
        "announcements", id=None, title="t", content="…", category="umum", created_by="demo-teacher")
    (update,) = [update for update in poll() if update["entityId"] is None]
    assert update["data"]["title"] == "t"


def test_the_hundred_oldest_rows(classic, poll):
    classic.sql("DELETE FROM announcements")
    for number in range(131):
        classic.sql(
            "INSERT INTO announcements (id, title, content, category, created_by) VALUES (?, 't', '…', 'umum', ?)",
            f"a-{131 - number}", "demo-admin",
        )
    seen = [update["entityId"] for update in poll() if update["entity"] == "announcements"]
    assert seen == [f"a-{131 - number}" for number in range(100)]
    insert = "INSERT INTO users (id, name, email, role) VALUES (?, 'n', ?, 'parent')"
    for number in range(120):
        classic.sql(insert, f"u-{number}", f"{number}")
    assert len(users(poll())) == 125


def test_rows_that_are_not_for_the_caller(classic, poll):
    classic.sql("UPDATE announcements SET is_active = 0, expires_at = '2020-01-01', target_audience = '[\"admin\"]'")
    assert len([update for update in poll() if update["entity"] == "announcements"]) == 2


@pytest.mark.parametrize("since", [None, "", "1970-01-01T00:00:00.000Z", "Thu, 01 Jan 1970 00:00:00 GMT"])
def test_since_ever(poll, since):
    assert len(users(poll(since))) == 5


@pytest.mark.parametrize("since, seen", [
    ("2026-11-22T23:59:59.999Z", True),  # the day before
    ("2026-11-22", True),
    ("2026-11-22 06:09:33", True),
    ("2026-11-23T06:00:00+07:00", True),  # still the 22nd in UTC
    ("Sun, 22 Nov 2026 23:59:59 GMT", True),
    ("2026-11-23T00:00:00.000Z", False),  # the same day, long before the change
    ("2026-11-23", False),
    ("Mon, 23 Nov 2026 00:00:00 GMT", False),
    ("2026-11-23T11:00:00.000Z", False),
    ("2100-01-01T00:00:00.000Z", False),
    ("garbage", False),
    ("1795413600", False),
    ("1795413600000", False),
    ("2026-13-01", False),
])
def test_users_since(poll, today, since, seen):
    updates = poll(since)
    assert entities(updates)[:5] == FIVE
    assert bool(users(updates)) == seen


def test_user_with_an_iso_time_compares_properly(classic, poll, today):
    classic.person(TEACHER).create(
        "users", id="u-1", name="n", email="n@demo.test", role="parent", updated_at="2026-11-23T10:00:00.000Z")
    assert users(poll(iso(today - timedelta(hours=3)))) == ["u-1"]
    assert users(poll(iso(today - timedelta(hours=1)))) == []
    (update,) = [update for update in poll() if update["entityId"] == "u-1"]
    assert update["timestamp"] == "2026-11-23T10:00:00.000Z"


def test_dates_of_http_as_a_client_writes_them(poll, today):
    assert users(poll(format_datetime(today - timedelta(days=1), usegmt=True)))
    assert not users(poll(format_datetime(today, usegmt=True)))


def test_query_and_method_and_suffix_do_not_matter(classic):
    token = classic.person(STUDENT).token
    plain = json.loads(classic.raw("GET", "/api/updates", token=token).body)["data"]["updates"]
    for method, path in (("GET", "/api/updates?since=2100-01-01&limit=1"), ("POST", "/api/updates"),
                         ("DELETE", "/api/updatesFOO"), ("GET", "/api/updates/x")):
        answer = classic.raw(method, path, token=token)
        assert answer.status == 200 and len(json.loads(answer.body)["data"]["updates"]) == len(plain)
    answer = classic.raw("HEAD", "/api/updates", token=token)
    assert (answer.status, answer.body) == (200, b"")


def test_tokens(classic):
    assert classic.raw("GET", "/api/updates").status == 401
    expired = forge_token({"user_id": "demo-student", "role": "student", "exp": classic.now() // 1000 - 1})
    answer = classic.raw("GET", "/api/updates", token=expired)
    assert (answer.status, json.loads(answer.body)) == (
        401, {"success": False, "message": "Akses ditolak", "error": "Akses ditolak", "status": 401})


@pytest.mark.parametrize("table, entity", [("e_library", "elibrary"), ("users", "users")])
def test_failing_table_is_left_out(classic, poll, table, entity):
    classic.fault("db", table)
    updates = poll()
    assert entities(updates) == [each for each in [*FIVE, "users"] if each != entity]


def test_packed_poll_is_much_smaller(classic):
    token = classic.person(STUDENT).token
    for number in range(90):
        classic.sql(
            "INSERT INTO announcements (id, title, content, category, created_by) VALUES (?, 't', ?, 'umum', ?)",
            f"a-{number}", "Isi pengumuman. " * 20, "demo-admin",
        )
    plain = classic.raw("GET", "/api/updates", token=token)
    packed = classic.raw("GET", "/api/updates", token=token, headers={"Accept-Encoding": "gzip"})
    assert len(packed.body) * 10 < len(plain.body)
    assert len(gzip.decompress(packed.body)) == len(plain.body)
