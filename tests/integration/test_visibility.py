# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who receives what: every role and row of a generated school, by socket, poll, GET, snapshot and agent."""

import asyncio
import json

import pytest
import websockets

from labsync_testing import seed, until
from school import ROLES, TABLES, School

# Made by people in this school; users and notifications have tests of their own.
ENTITIES = ("grade", "attendance", "announcement", "library_material", "event", "conversation", "message")


def entity_snapshot(person, entity):
    """(rows by id, cursor) of all pages."""
    rows, page, cursor = {}, None, None
    while True:
        suffix = f"&page={page}" if page else ""
        answer = person.call("GET", f"/api/snapshot?entity={entity}{suffix}")
        assert answer.status == 200, answer
        data = answer.body["data"]
        assert cursor in (None, data["cursor"]), "the cursor of page 1 stands on all"
        rows.update({row["id"]: row["data"] for row in data["rows"]})
        page, cursor = data["next"], data["cursor"]
        if not page:
            return rows, cursor


def replay(events):
    """What somebody knows who has only these events: (entity, id) -> data."""
    known = {}
    for event in events:
        key = event["entity"], event["entityId"]
        if event["type"].endswith("_deleted"):
            known.pop(key, None)
        else:
            known[key] = event["data"]
    return known


def polled(person, cursor):
    events, more = [], True
    while more:
        answer = person.call("GET", f"/api/updates?cursor={cursor}&limit=7")
        if answer.status == 304:
            break
        data = answer.body["data"]
        events += data["updates"]
        cursor, more = data["cursor"], data["more"]
    return events


async def listen(server, person, cursor, machine):
    """What the socket gives from a cursor on, until it stands where the log stands."""
    url = server.url.replace("http", "ws", 1) + "/ws"
    headers = {"Authorization": f"Bearer {person.token}"}
    events = []
    async with websockets.connect(url, subprotocols=["labsync.v1"], extra_headers=headers, max_size=None) as socket:
        hello = {"type": "hello", "cursor": cursor, "eventTypes": None, "agent": {"version": "1", "machine": machine}}
        await socket.send(json.dumps(hello))
        await socket.send(json.dumps({"type": "ping", "timestamp": 1}))
        stands, target = cursor, None
        while target is None or stands != target:
            message = json.loads(await asyncio.wait_for(socket.recv(), 15))
            if message["type"] == "welcome":
                assert message["resume"] == "resumed"
                target = message["cursor"]
            elif message["type"] == "events":
                assert message["prev"] == stands
                events += [event for event in message["events"] if "offset" in event]
                stands = message["cursor"]
    return events


@pytest.fixture
def school(server):
    return School(server, seed())


def differences(school, user, source, known):
    """known: (entity, id) -> data."""
    for entity in ENTITIES:
        got = {row_id for kind, row_id in known if kind == entity and row_id in school.rows[entity]}
        expected = school.expected(user, entity)
        if got != expected:
            yield f"{user.id} by {source}, {entity}: too much {got - expected}, missing {expected - got}"


def test_who_receives_what(server, school):
    users = list(school.users.values())
    start = {user.id: entity_snapshot(school.person(user), "grade")[1] for user in users}
    school.write()
    found = []
    for number, user in enumerate(users):
        person = school.person(user)
        listed, snapshot = {}, {}
        for entity in ENTITIES:
            listed.update({(entity, row["id"]): row for row in person.rows(TABLES[entity])})
            rows, _ = entity_snapshot(person, entity)
            snapshot.update({(entity, row_id): data for row_id, data in rows.items()})
        by_poll = replay(polled(person, start[user.id]))
        by_socket = replay(asyncio.run(listen(server, person, start[user.id], f"{number:032x}")))
        for source, known in (
            ("GET", listed), ("snapshot", snapshot), ("poll", by_poll), ("socket", by_socket),
        ):
            found += differences(school, user, source, known)
        for key, data in by_socket.items():
            if key[0] in ENTITIES and key[1] in school.rows[key[0]]:
                assert data == by_poll[key] == snapshot[key] == listed[key], key
    assert not found, "\n".join(found)
    pairs = sum(len(school.rows[entity]) for entity in ENTITIES) * len(users)
    print(f"{len(users)} people of {len(ROLES)} roles, {pairs} pairs of person and row, four ways each")


def test_one_row_by_its_id(school):
    """What a list leaves out, its address does not give away either."""
    school.write()
    for user in school.users.values():
        person = school.person(user)
        for entity in ENTITIES:
            expected = school.expected(user, entity)
            for row_id in list(school.rows[entity])[:3]:
                answer = person.call("GET", f"/api/{TABLES[entity]}/{row_id}")
                assert (answer.status == 200) == (row_id in expected), (user.id, entity, row_id, answer)


NEWS = {"title": "News", "content": "…"}
TEACHES = {"class_id": "g-c0", "student_id": "g-s0"}
GRADE = {
    **TEACHES, "subject_id": "g-subject", "academic_year": "2026", "semester": "1", "assignment_type": "test",
    "assignment_name": "Angles", "score": 70,
}
# The protocol's column "writes", by hand: what, and who may make it. g-teacher0 teaches class 0.
WRITES = [
    ("announcements", {**NEWS, "category": "umum"}, "g-admin g-teacher0 g-teacher1 g-staff"),
    ("announcements", {**NEWS, "category": "kegiatan"}, "g-admin g-teacher0 g-teacher1 g-staff g-osis"),
    ("e_library", {"title": "Map", "category": "maps", "file_url": "/m", "file_type": "pdf"},
     "g-admin g-teacher0 g-teacher1 g-staff"),
    ("school_events", {"event_name": "Fair", "date": "2026-12-01", "organizer": "OSIS"},
     "g-admin g-teacher0 g-teacher1 g-osis"),
    ("grades", GRADE, "g-admin g-teacher0"),
    ("attendance", {**TEACHES, "date": "2026-11-24", "status": "hadir"}, "g-admin g-teacher0"),
    ("subjects", {"name": "Art", "code": "ART"}, "g-admin"),
    ("notifications", {"user_id": "g-osis", "title": "t", "body": "b", "type": "x"}, ""),
]
WRITERS = "g-admin g-teacher0 g-teacher1 g-student0 g-parent0 g-staff g-osis".split()


@pytest.mark.parametrize("table, body, allowed", WRITES, ids=lambda value: value if isinstance(value, str) else "")
def test_who_makes_what(school, table, body, allowed):
    for writer in WRITERS:
        status = school.person(school.users[writer]).call("POST", f"/api/{table}", body).status
        assert status == (201 if writer in allowed.split() else 403), writer


def test_the_council_keeps_to_activities(school):
    """A message of the council's does not become one of the school's, nor the other way."""
    osis = school.person(school.users["g-osis"])
    row = osis.create("announcements", **NEWS, category="kegiatan")
    assert osis.call("PATCH", f"/api/announcements/{row['id']}", {"category": "umum"}).status == 403
    row = school.admin.create("announcements", **NEWS, category="umum")
    for body in ({"title": "x"}, {"category": "kegiatan"}):
        assert osis.call("PATCH", f"/api/announcements/{row['id']}", body).status == 403
    assert osis.call("DELETE", f"/api/announcements/{row['id']}").status == 403


def test_people_see_of_people(school):
    """Addresses are for those who need them; the hash of a password is for nobody."""
    student = school.users["g-student0"]  # class 0, taught by teacher 0
    rows = {row["id"]: row for row in school.person(student).rows("users")}
    assert rows["g-student0"]["email"] == student.email
    assert "g-student3" in rows and not rows["g-student3"].get("email"), "a classmate: name and role"
    assert "g-teacher0" in rows and not rows["g-teacher0"].get("email")
    assert "g-student1" not in rows, "another class"
    teacher = {row["id"]: row for row in school.person(school.users["g-teacher0"]).rows("users")}
    assert set(school.users) <= set(teacher), "a teacher knows everybody's name"
    assert teacher["g-student0"]["email"] and not teacher["g-student2"].get("email")
    for user in school.users.values():
        person = school.person(user)
        for text in (person.rows("users"), entity_snapshot(person, "user")[0]):
            assert "password" not in json.dumps(text), user.id


def test_losing_sight_is_a_deletion(server, school):
    school.write()
    student = school.users["g-student0"]
    person = school.person(student)
    row_id = next(iter(school.expected(student, "grade")))
    _, cursor = entity_snapshot(person, "grade")
    school.admin.update("grades", row_id, student_id="g-s1")
    events = [event for event in polled(person, cursor) if event["entity"] == "grade"]
    assert [(event["type"], event["entityId"], event["data"]) for event in events] == [
        ("grade_deleted", row_id, {"id": row_id})
    ]
    live = asyncio.run(listen(server, person, cursor, "f" * 32))
    assert [event["type"] for event in live if event["entity"] == "grade"] == ["grade_deleted"]


@pytest.mark.parametrize("role", ROLES)
def test_an_agent_caches_what_one_may_see(server, school, desk, role):
    user = school.of(role)[0]
    desktop = desk(server.url)
    desktop.sign_in(user.email)
    desktop.wait_state("live")
    school.write()
    for entity in ENTITIES:
        until(
            lambda entity=entity: {
                row_id for row_id in desktop.seen(entity) if row_id in school.rows[entity]
            } == school.expected(user, entity),
            15, f"{role}: {entity} as expected",
        )
    assert not any("password_hash" in (data or "") for *_, data in desktop.dump())
