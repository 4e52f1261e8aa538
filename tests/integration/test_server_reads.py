# SPDX-License-Identifier: LGPL-2.1-or-later
"""labsync-server alone: updates and snapshots by HTTP."""

import json
import uuid

from server_client import announce, offset, refusal
import wire_schema  # server_client has put its directory on the path


def updates(person, cursor, **parameters):
    query = "".join(f"&{key}={value}" for key, value in parameters.items())
    answer = person.call("GET", f"/api/updates?cursor={cursor}{query}")
    if answer.status == 304:
        return None
    assert answer.status == 200, answer
    wire_schema.validate("updates", json.dumps(answer.body))
    return answer.body["data"]


def test_updates(student, teacher):
    cursor = student.call("GET", "/api/snapshot?entity=grade").body["data"]["cursor"]
    assert updates(student, cursor) is None
    titles = [f"nomor {number}" for number in range(5)]
    for title in titles:
        announce(teacher, title)
    seen, more, page_cursor = [], True, cursor
    while more:
        page = updates(student, page_cursor, limit=2)
        assert len(page["updates"]) <= 2 and page["resume"] == "resumed"
        seen += page["updates"]
        more, page_cursor = page["more"], page["cursor"]
    assert [event["data"]["title"] for event in seen] == titles
    assert [event["offset"] for event in seen] == sorted(event["offset"] for event in seen)
    assert {event["userId"] for event in seen} == {teacher.user["id"]}
    assert updates(student, page_cursor) is None


def test_updates_move_past_what_is_not_visible(student, teacher, admin):
    cursor = student.call("GET", "/api/snapshot?entity=grade").body["data"]["cursor"]
    announce(teacher, target_audience=["teacher"])
    page = updates(student, cursor)
    assert page["updates"] == [] and offset(page["cursor"]) > offset(cursor)
    assert updates(student, page["cursor"]) is None
    assert len(updates(admin, cursor)["updates"]) == 1


def test_updates_that_cannot_be_resumed(student):
    cursor = student.call("GET", "/api/snapshot?entity=grade").body["data"]["cursor"]
    epoch = cursor.rsplit(":", 1)[0]
    assert updates(student, f"{uuid.uuid4()}:1")["resume"] == "snapshot"
    assert updates(student, f"{epoch}:{offset(cursor) + 1}")["resume"] == "snapshot"
    for bad in ("", "x", f"{epoch}:", f"{epoch}:-1", f"{epoch}:1.5", ":1"):
        refusal(student.call("GET", f"/api/updates?cursor={bad}"), 400, "bad-request")
    for bad in ("0", "-1", "x", ""):
        refusal(student.call("GET", f"/api/updates?cursor={cursor}&limit={bad}"), 400, "bad-request")


def test_answers_stay_below_a_mebibyte(student, teacher):
    cursor = student.call("GET", "/api/snapshot?entity=grade").body["data"]["cursor"]
    for number in range(4):
        announce(teacher, f"besar {number}", content="x" * 400_000)
    page = student.call("GET", f"/api/updates?cursor={cursor}")
    assert int(page.headers["Content-Length"]) <= 1 << 20 and page.body["data"]["more"]
    rows, token = 0, None
    while True:
        answer = student.call("GET", "/api/snapshot?entity=announcement" + (f"&page={token}" if token else ""))
        assert int(answer.headers["Content-Length"]) <= 1 << 20
        wire_schema.validate("snapshot", json.dumps(answer.body))
        rows, token = rows + len(answer.body["data"]["rows"]), answer.body["data"]["next"]
        if not token:
            break
    assert rows == len(student.rows("announcements"))


def test_snapshot(student, teacher):
    for number in range(7):
        announce(teacher, f"nomor {number}")
    whole = student.call("GET", "/api/snapshot?entity=announcement").body["data"]
    rows, token, cursors = [], "", set()
    while token is not None:
        page = student.call("GET", f"/api/snapshot?entity=announcement&limit=3&page={token}".replace("&page=", "&page=" if token else "&x="))
        page = page.body["data"]
        rows, token = rows + page["rows"], page["next"]
        cursors.add(page["cursor"])
        announce(teacher, "nanti", target_audience=["teacher"])  # does not move the cursor of later pages
    assert rows == whole["rows"] and cursors == {whole["cursor"]}
    assert {row["id"]: row["data"] for row in rows} == {row["id"]: row for row in student.rows("announcements")}
    refusal(student.call("GET", "/api/snapshot?entity=announcement&page=x"), 400, "bad-page")
    for entity in ("", "presence", "grades", "session"):
        refusal(student.call("GET", f"/api/snapshot?entity={entity}"), 400, "bad-request")
    refusal(student.call("GET", "/api/snapshot"), 400, "bad-request")


def test_poll_of_the_original(student, teacher):
    answer = student.call("GET", "/api/updates")
    assert answer.body["message"] == "Updates retrieved"
    all_updates = answer.body["data"]["updates"]
    kinds = list(dict.fromkeys((each["type"], each["entity"]) for each in all_updates))
    assert kinds == [
        ("grade_updated", "grades"), ("attendance_updated", "attendance"), ("announcement_updated", "announcements"),
        ("library_material_updated", "elibrary"), ("event_updated", "schoolevents"), ("user_status_changed", "users"),
    ]
    mine = [each["data"] for each in all_updates if each["entity"] == "grades"]
    assert mine == student.rows("grades") != teacher.rows("grades")
    assert "password_hash" not in json.dumps(all_updates)
    assert {each["userId"] for each in all_updates} == {student.user["id"]}

    later = "2999-01-01T00:00:00.000Z"
    for header, count in (("garbage", len(all_updates)), ("Thu, 01 Jan 1970 00:00:00 GMT", len(all_updates)), (later, 0)):
        answer = student.call("GET", "/api/updates", None, {"If-Modified-Since": header})
        assert len(answer.body["data"]["updates"]) == count, header
