# SPDX-License-Identifier: LGPL-2.1-or-later
"""labsync-server alone: the stream of events on the socket."""

import http.client
import json
import time
import uuid

import pytest
import websockets

from server_client import Socket, announce, offset, refusal


def test_handshake(server, student):
    refusal(student.call("GET", "/ws"), 426, "upgrade-required")
    for protocols in ((), ("other",)):
        with pytest.raises(websockets.InvalidStatusCode) as error:
            Socket(server, student.token, protocols)
        assert error.value.status_code == 400
    for options in ({}, {"query": f"?token={student.token}", "headers": {}}):
        with Socket(server, student.token, ("other", "labsync.v1"), **options) as client:
            assert client.ws.subprotocol == "labsync.v1"
            assert client.ws.response_headers["X-Labsync-Server"] == "1"


def test_fresh_stream(student, teacher, connect):
    client = connect(student)
    before = time.time() * 1000
    welcome = client.hello()
    assert welcome["resume"] == "fresh" and welcome["expiresAt"] > before + 800_000
    assert welcome["user"] == {"id": student.user["id"], "role": "student", "extraRole": student.user["extraRole"]}
    pong, frames = client.ping()
    assert frames == [] and pong["sent"] == pong["cursor"] == welcome["cursor"]
    assert abs(pong["timestamp"] - time.time() * 1000) < 5000

    row = announce(teacher)
    frame = client.receive("events")
    assert (frame["prev"], frame["more"]) == (welcome["cursor"], False)
    (event,) = frame["events"]
    assert (event["type"], event["data"], event["version"]) == ("announcement_created", row, 1)
    assert (event["userId"], event["userRole"]) == (teacher.user["id"], "teacher")
    assert offset(frame["cursor"]) == event["offset"]
    teacher.update("announcements", row["id"], title="baru")
    second = client.receive("events")
    assert second["prev"] == frame["cursor"]
    assert second["events"][0]["type"] == "announcement_updated"
    teacher.delete("announcements", row["id"])
    assert client.receive("events")["events"][0]["data"] == {"id": row["id"]}


def test_what_is_not_visible_moves_the_cursor_silently(student, teacher, connect):
    client = connect(student)
    welcome = client.hello()
    announce(teacher, target_audience=["teacher"])
    pong, frames = client.ping()
    assert frames == [] and pong["sent"] == welcome["cursor"]
    assert offset(pong["cursor"]) > offset(welcome["cursor"])
    announce(teacher)
    assert client.receive("events")["prev"] == welcome["cursor"]


def test_resume_after_an_absence(student, teacher, connect):
    with connect(student) as first:
        cursor = first.hello()["cursor"]
    count = 250
    for number in range(count):
        announce(teacher, f"nomor {number}")
    client = connect(student)
    welcome = client.hello(cursor)
    assert welcome["resume"] == "resumed" and offset(welcome["cursor"]) == offset(cursor) + count
    titles, previous = [], cursor
    while True:
        frame = client.receive("events")
        assert frame["prev"] == previous and 0 < len(frame["events"]) <= 100
        titles += [event["data"]["title"] for event in frame["events"]]
        previous = frame["cursor"]
        if not frame["more"]:
            break
    assert titles == [f"nomor {number}" for number in range(count)]
    assert previous == welcome["cursor"]


def test_large_backlog_comes_in_small_frames(student, teacher, connect):
    with connect(student) as first:
        cursor = first.hello()["cursor"]
    for number in range(30):
        announce(teacher, f"nomor {number}", content="x" * 10_000)
    client = connect(student)
    client.hello(cursor)
    frames, more = [], True
    while more:
        frames.append(client.receive("events"))
        more = frames[-1]["more"]
    assert sum(len(frame["events"]) for frame in frames) == 30
    assert max(len(json.dumps(frame)) for frame in frames) < 70_000


def test_writes_during_the_backlog_come_once_and_in_order(student, teacher, connect):
    with connect(student) as first:
        cursor = first.hello()["cursor"]
    for number in range(200):
        announce(teacher, str(number))
    client = connect(student)
    client.hello(cursor)
    for number in range(200, 230):
        announce(teacher, str(number))
    titles = []
    while len(titles) < 230:
        frame = client.receive("events")
        titles += [event["data"]["title"] for event in frame["events"]]
    assert titles == [str(number) for number in range(230)]
    assert client.events() == []


def test_resume_with_nothing_new(student, teacher, connect):
    with connect(student) as first:
        cursor = first.hello()["cursor"]
    client = connect(student)
    assert client.hello(cursor)["resume"] == "resumed"
    pong, frames = client.ping()
    assert frames == [] and pong["sent"] == cursor

    announce(teacher, target_audience=["teacher"])
    other = connect(student)
    welcome = other.hello(cursor)
    frame = other.receive("events")
    assert (frame["prev"], frame["cursor"], frame["events"], frame["more"]) == (cursor, welcome["cursor"], [], False)


def test_resume_that_is_impossible(student, teacher, connect):
    client = connect(student)
    cursor = client.hello()["cursor"]
    for impossible in (f"{uuid.uuid4()}:1", f"{cursor.rsplit(':', 1)[0]}:{offset(cursor) + 1000}"):
        other = connect(student)
        welcome = other.hello(impossible)
        assert (welcome["resume"], welcome["cursor"]) == ("snapshot", cursor)
        pong, frames = other.ping()
        assert frames == [] and pong["sent"] == cursor


def test_resume_after_a_restart(server, student, teacher, connect):
    with connect(student) as first:
        cursor = first.hello()["cursor"]
    row = announce(teacher)
    server.kill()
    server.start()
    client = connect(student)
    assert client.hello(cursor)["resume"] == "resumed"
    assert client.receive("events")["events"][0]["data"] == row


def test_live_events_of_a_burst_come_together(server, student, teacher, connect):
    client = connect(student)
    client.hello()
    writers = [http.client.HTTPConnection(server.host, server.port, timeout=20) for _ in range(30)]
    for each in writers:  # so that they are accepted before the burst
        each.request("GET", "/health")
        each.getresponse().read()
    server.freeze()
    body = json.dumps({"title": "x", "content": "x", "category": "umum"})
    for each in writers:
        each.request("POST", "/api/announcements", body, {"Authorization": f"Bearer {teacher.token}"})
    server.thaw()
    events, frames = 0, 0
    while events < 30:
        frame = client.receive("events")
        events, frames = events + len(frame["events"]), frames + 1
    print(f"30 events in {frames} frames")
    assert frames <= 10
    for each in writers:
        assert each.getresponse().status == 201
        each.close()


def test_subscriptions(student, teacher, connect):
    client = connect(student)
    welcome = client.hello(types=["grade_updated"])
    row = announce(teacher)
    pong, frames = client.ping()
    assert frames == [] and pong["sent"] == welcome["cursor"] != pong["cursor"]

    client.send("subscribe", eventType="announcement_updated")
    answer = client.receive("subscribed")
    assert (answer["eventType"], answer["cursor"]) == ("announcement_updated", pong["cursor"])
    teacher.update("announcements", row["id"], title="dua")
    assert client.receive("events")["events"][0]["data"]["title"] == "dua"

    client.send("unsubscribe", eventType="announcement_updated")
    assert client.receive("unsubscribed")["eventType"] == "announcement_updated"
    teacher.update("announcements", row["id"], title="tiga")
    assert client.events() == []

    nothing = connect(student)
    nothing.hello(types=[])
    teacher.update("announcements", row["id"], title="empat")
    assert nothing.events() == []


def test_subscriptions_hold_for_the_backlog(student, teacher, connect):
    with connect(student) as first:
        cursor = first.hello()["cursor"]
    row = announce(teacher)
    teacher.update("announcements", row["id"], title="dua")
    client = connect(student)
    welcome = client.hello(cursor, ["announcement_updated"])
    frame = client.receive("events")
    assert [event["type"] for event in frame["events"]] == ["announcement_updated"]
    assert frame["cursor"] == welcome["cursor"] and not frame["more"]
