# SPDX-License-Identifier: LGPL-2.1-or-later
"""The agent at the school system that exists, as its users see it."""

from datetime import datetime

import pytest

from classic_agent import Witness, status, wait_polls
from classic_server import ClassicServer, forge_token, token_part, token_payload
from labsync_testing import Server, until
from server_client import ADMIN, STUDENT, TEACHER

DAY = 24 * 3600 * 1000  # ms
GRADE = {
    "student_id": "student-1", "subject_id": "subject-1", "class_id": "class-1", "academic_year": "2026/2027",
    "semester": "1", "assignment_type": "tugas", "assignment_name": "Aljabar 2", "created_by": "demo-teacher",
}
# entity: (table, what makes a row, what changes it, the types that a subscriber is told)
CHANGES = {
    "grade": (
        "grades", {**GRADE, "score": 70}, {"score": 71},
        ("grade_created", "grade_updated", "grade_deleted"),
    ),
    "attendance": (
        "attendance", {"student_id": "student-1", "class_id": "class-1", "date": "2026-11-24", "status": "hadir",
                       "recorded_by": "demo-teacher"}, {"status": "sakit"},
        ("attendance_marked", "attendance_updated", "attendance_deleted"),
    ),
    "announcement": (
        "announcements", {"title": "Ujian", "content": "Senin.", "category": "akademik", "created_by": "demo-admin"},
        {"content": "Selasa."},
        ("announcement_created", "announcement_updated", "announcement_deleted"),
    ),
    "library_material": (
        "e_library", {"title": "Atlas", "category": "peta", "file_url": "/a.pdf", "file_type": "pdf",
                      "uploaded_by": "demo-teacher"}, {"download_count": 1},
        ("library_material_added", "library_material_updated", "library_material_deleted"),
    ),
    "event": (
        "school_events", {"event_name": "Wisuda", "date": "2027-06-01", "organizer": "Sekolah",
                          "created_by": "demo-admin"}, {"location": "Aula"},
        ("event_created", "event_updated", "event_deleted"),
    ),
    "user": (
        "users", {"name": "Rina", "email": "rina@demo.test", "role": "student", "password_hash": "0" * 64},
        {"status": "inactive"},
        ("user_created", "user_updated", "user_deleted"),
    ),
}


@pytest.fixture
def classic_with(directory, world):
    """Makes schools of this test alone: classic_with("--option"…)."""

    def make(*options):
        return world.enter_context(ClassicServer(directory / "school", "--no-rate-limit", *options))

    return make


@pytest.fixture
def live(classic, desk):
    """Makes desktops with somebody signed in and live: live(email, Group_key=value…). They poll every 200 ms."""

    def make(email=STUDENT, **settings):
        desktop = desk(classic.url, **{"Connection_polling_interval": "100ms", **settings})
        desktop.sign_in(email)
        desktop.wait_state("live")
        return desktop

    return make


@pytest.fixture
def watch(world):
    """Makes witnesses that are closed at the end."""

    def make(desktop, **options):
        witness = Witness(desktop, **options)
        world.callback(witness.close)
        return witness

    return make


def test_rows_of_each_table_are_told_once(classic, live, watch):
    desktop = live(ADMIN)
    witness = watch(desktop)
    admin = classic.person(ADMIN)
    ids = {entity: f"new-{entity}" for entity in CHANGES}

    def step(number, act):
        for entity, (table, row, change, _) in CHANGES.items():
            act(table, ids[entity], row, change)
        if number == 2:
            desktop.ctl("sync")
        witness.wait_told(*((CHANGES[entity][3][number], ids[entity]) for entity in CHANGES))

    step(0, lambda table, row_id, row, _: admin.create(table, id=row_id, **row))
    step(1, lambda table, row_id, _, change: admin.update(table, row_id, **change))
    step(2, lambda table, row_id, *_: admin.delete(table, row_id))
    wait_polls(classic)
    expected = {(kind, ids[entity]): 1 for entity in CHANGES for kind in CHANGES[entity][3]}
    assert witness.told() == expected


def announce(school, first, last):
    """Makes announcements news-FIRST to news-LAST, all at once."""
    school.sql(
        "INSERT INTO announcements (id, title, content, category, created_by) WITH RECURSIVE n (i) AS "
        "(SELECT ? UNION ALL SELECT i + 1 FROM n WHERE i < ?) SELECT 'news-' || i, 'News', '', 'umum', 'demo-admin' FROM n",
        first, last,
    )


def test_rows_beyond_the_hundred_of_a_poll(classic, live, watch):
    desktop = live()
    witness = watch(desktop)
    announce(classic, 1, 131)
    expected = [("announcement_created", f"news-{number}") for number in range(1, 132)]
    witness.wait_told(*expected)
    lists = len(classic.requests(path="/api/announcements"))
    assert lists == 1, "the list is the only way, and once is enough"
    # Nobody learns of these by polls.
    announce(classic, 132, 132)
    assert desktop.ctl("sync").code == 0
    expected.append(("announcement_created", "news-132"))
    witness.wait_told(expected[-1])
    for number in (132, 7):
        classic.sql("DELETE FROM announcements WHERE id = ?", f"news-{number}")
        expected.append(("announcement_deleted", f"news-{number}"))
    wait_polls(classic, 1)
    assert desktop.ctl("sync").code == 0
    witness.wait_told(*expected)
    wait_polls(classic)
    assert witness.told() == dict.fromkeys(expected, 1)
    assert len(classic.requests(path="/api/announcements")) == 3
    in_school = {row["id"] for row in classic.sql("SELECT id FROM announcements WHERE target_audience IS NULL")}
    assert desktop.cached("announcement").keys() == in_school and len(in_school) == 131


def test_odd_rows_are_left_out_and_harm_nobody(classic, live, watch):
    desktop = live()
    witness = watch(desktop)
    odd = "\"'\\ \u2028 \U0001f393 {\"id\":\"x\"}"
    insert = "INSERT INTO announcements (id, title, content, category, created_by) VALUES (?, ?, ?, 'umum', 'demo-admin')"
    for row_id in (None, "", "a b/c", "news-1"):
        classic.sql(insert, row_id, odd, "x" * 200_000)
    witness.wait_told(("announcement_created", "news-1"))
    row = desktop.row("announcement", "news-1")
    assert (row["title"], len(row["content"]), row["target_audience"], row["is_active"]) == (odd, 200_000, None, 1)
    wait_polls(classic)
    assert witness.told() == {("announcement_created", "news-1"): 1, ("announcement_created", "a b/c"): 1}
    classic.sql("UPDATE announcements SET title = 'New' WHERE id IS NULL OR id IN ('', 'news-1')")
    witness.wait_told(("announcement_updated", "news-1"))
    assert desktop.state() == "live"


def test_users_are_asked_for_from_the_day_before(classic, live):
    """Of the day that is asked from, the school finds no change."""
    live(ADMIN)
    wait_polls(classic)
    asked = [entry["headers"].get("if-modified-since") for entry in classic.requests(path="/api/updates")]
    assert asked[0] is None and asked[-1] is not None
    since = datetime.fromisoformat(asked[-1].replace("Z", "+00:00")).timestamp() * 1000
    today = classic.now() // DAY * DAY
    assert asked[-1].endswith("T23:59:59.999Z") and today - 3 * DAY <= since < today


def test_live_is_what_polls_say(classic, desk, watch):
    classic.fault("slow", 1500, path="/api/updates")
    desktop = desk(classic.url, Connection_ping_interval="100ms", Connection_polling_interval="400ms")
    desktop.sign_in()
    witness = watch(desktop)
    classic.wait_socket()
    shown, code = status(desktop)
    assert (shown["state"], shown["protocol"], shown["confirmed_at"], code) == ("connecting", "classic", 0, 10)
    witness.wait_state("live")
    classic.fault("slow", 2500, path="/api/updates")
    poll = classic.requests(path="/api/updates")[0]
    shown, code = status(desktop)
    assert poll["time"] + 1500 <= shown["confirmed_at"] and code == 0
    assert (shown["state"], shown["reason"], shown["transport"]) == ("live", "none", "websocket")

    # The next poll is out: that pings are answered meanwhile confirms nothing.
    until(lambda: len(classic.requests(path="/api/updates")) == 2, what="a second poll")
    pings = len(classic.sockets()[0]["received"])
    until(lambda: len(classic.sockets()[0]["received"]) >= pings + 3, what="three pings")
    assert classic.requests(path="/api/updates")[1]["status"] is None
    meanwhile, _ = status(desktop)
    assert meanwhile["confirmed_at"] == shown["confirmed_at"]
    until(lambda: status(desktop)[0]["confirmed_at"] > shown["confirmed_at"], what="what the second poll confirms")
    assert witness.states == [("live", "none")]


def test_a_socket_whose_polls_are_not_answered_is_not_live(classic, live, watch):
    """The pings are answered; but live is what a poll within two intervals says."""
    desktop = live(Connection_polling_interval="100ms", Connection_connect_timeout="1s")
    witness = watch(desktop)
    classic.fault("silence", path="/api/updates", count=1)
    witness.wait_state("waiting", "server-unreachable", seconds=5)
    witness.wait_state("live")


def test_states_without_a_socket(classic, live, watch):
    desktop = live()
    witness = watch(desktop)
    classic.fault("refuse-upgrade")
    classic.close_sockets(1000)
    witness.wait_state("polling")
    shown, code = status(desktop)
    assert (shown["transport"], shown["protocol"], shown["reason"], code) == ("polling", "classic", "upgrade-refused", 0)
    until(lambda: status(desktop)[0]["confirmed_at"] > shown["confirmed_at"], what="polls that confirm")

    witness.forget_states()
    classic.fault("status", 503)
    witness.wait_state("waiting", "server-unreachable")
    first, code = status(desktop)
    assert (first["transport"], first["state"] in ("waiting", "connecting"), code) == ("none", True, 10)
    until(lambda: status(desktop)[0]["attempt"] > first["attempt"], what="another attempt")
    assert status(desktop)[0]["confirmed_at"] == first["confirmed_at"], "what failed confirms nothing"
    assert desktop.row("grade", "grade-1")["score"] == 85, "what is known stays"
    classic.clear()
    desktop.wait_state("live")
    assert status(desktop)[0]["confirmed_at"] > first["confirmed_at"]


def test_without_websocket(classic, desk, watch):
    desktop = desk(classic.url, Server_websocket="false")
    desktop.sign_in()
    desktop.wait_state("polling")
    witness = watch(desktop)
    classic.sql("UPDATE grades SET score = 77 WHERE id = 'grade-1'")
    witness.wait_told(("grade_updated", "grade-1"))
    shown, code = status(desktop)
    assert (shown["protocol"], shown["transport"], shown["reason"], code) == ("classic", "polling", "none", 0)
    assert not classic.requests(path="/ws") and not classic.sockets()
    wait_polls(classic)
    assert witness.told() == {("grade_updated", "grade-1"): 1}


def test_a_killed_agent_goes_on_where_it_was(classic, live):
    desktop = live()
    cursor, before = desktop.cursor(), desktop.dump()
    desktop.kill()
    desktop.start()
    desktop.wait_state("live")
    wait_polls(classic)
    assert (desktop.events(cursor)[0], desktop.dump()) == ([], before)

    desktop.kill()
    classic.sql("UPDATE grades SET score = 12 WHERE id = 'grade-1'")
    classic.sql("DELETE FROM attendance WHERE id = 'attendance-1'")
    announce(classic, 1, 1)
    desktop.start()
    desktop.wait_state("live")
    until(lambda: len(desktop.events(cursor)[0]) >= 3, what="three events")
    desktop.kill()
    desktop.start()
    desktop.wait_state("live")
    wait_polls(classic)
    told = sorted((event.type, event.entity_id) for event in desktop.events(cursor)[0])
    assert told == [
        ("announcement_created", "news-1"), ("attendance_deleted", "attendance-1"), ("grade_updated", "grade-1"),
    ]


@pytest.mark.parametrize("code", [1000, 1001, 1006, 1008, 1012, 4001])
def test_every_close_leads_back_to_live(classic, live, watch, code):
    desktop = live()
    witness = watch(desktop)
    classic.forget_requests()
    classic.sql("UPDATE grades SET score = 50 WHERE id = 'grade-1'")
    assert classic.close_sockets(code, "test") == 1
    until(lambda: classic.requests(path="/ws", status=101), what="a new socket")
    witness.wait_told(("grade_updated", "grade-1"))
    witness.wait_state("live")
    wait_polls(classic)
    assert witness.told() == {("grade_updated", "grade-1"): 1}
    assert len(classic.requests(path="/ws")) == 1 and len(classic.sockets()) == 1
    assert len(classic.requests(path="/api/auth/refresh", status=200)) == (code == 4001)


def test_a_server_that_comes_back(classic_with, desk, watch):
    school = classic_with()
    desktop = desk(school.url)
    desktop.sign_in()
    desktop.wait_state("live")
    witness = watch(desktop)
    school.kill()
    witness.wait_state("waiting", "server-unreachable")
    school.start()
    school.sql("UPDATE grades SET score = 51 WHERE id = 'grade-1'")
    witness.wait_told(("grade_updated", "grade-1"))
    desktop.wait_state("live")


def test_a_half_open_link_is_noticed(classic, live, watch):
    desktop = live(
        Connection_ping_interval="300ms", Connection_pong_timeout="300ms", Connection_polling_interval="1h",
    )
    witness = watch(desktop)
    with classic.fault("silence"):
        witness.wait_state("waiting", "server-unreachable")
        assert classic.sockets(), "nobody said that it is closed"
    witness.forget_states()
    witness.wait_state("live")


def event(kind, entity, data):
    """An event as the original describes it."""
    return {
        "type": kind, "entity": entity, "entityId": data["id"], "data": data,
        "timestamp": "2026-11-23T06:09:33.640Z", "userRole": "teacher", "userId": "demo-teacher",
    }


def test_pushed_events_are_told_at_once_and_once(classic, live, watch):
    desktop = live(ADMIN, Connection_polling_interval="1h")
    witness = watch(desktop)
    classic.wait_socket(subscribed=["grade_created", "user_status_changed", "event_deleted"])
    classic.fault("push")
    admin, expected = classic.person(ADMIN), {}
    for entity, (table, row, change, types) in CHANGES.items():
        if entity == "user":
            continue
        created, updated, deleted = types
        admin.create(table, id=f"p-{entity}", **row)
        admin.update(table, f"p-{entity}", **change)
        expected.update({(created, f"p-{entity}"): 1, (updated, f"p-{entity}"): 1})
        if entity not in ("attendance", "library_material"):  # for which the original has no such event
            admin.delete(table, f"p-{entity}")
            expected[(deleted, f"p-{entity}")] = 1
    for kind, change in (("user_role_changed", {"role": "admin"}), ("user_status_changed", {"status": "inactive"})):
        admin.update("users", "demo-teacher", **change)
        expected[(kind, "demo-teacher")] = 1
    witness.wait_told(*expected)
    assert len(classic.requests(path="/api/updates")) == 1, "the one that live waited for"
    assert witness.told() == expected

    # Neither what polls know of this nor what they don't is told again.
    admin.delete("attendance", "p-attendance")
    assert desktop.ctl("reconnect").code == 0
    witness.wait_told(("attendance_deleted", "p-attendance"))
    desktop.wait_state("live")
    assert len(classic.requests(path="/api/updates")) == 2
    assert witness.until(witness.told) == {**expected, ("attendance_deleted", "p-attendance"): 1}


def test_an_entity_has_three_names(classic, live, watch):
    desktop = live(Connection_polling_interval="1h")
    witness = watch(desktop)
    classic.wait_socket(subscribed=["grade_updated", "library_material_updated", "event_updated"])
    names = (
        ("grade_updated", "grade-1", ("grade", "grades")),
        ("attendance_updated", "attendance-1", ("attendance",)),
        ("announcement_updated", "announcement-1", ("announcement", "announcements")),
        ("library_material_updated", "material-1", ("library_material", "elibrary", "e_library")),
        ("event_updated", "event-1", ("event", "schoolevents", "school_events")),
    )
    expected = {}
    for kind, row_id, entities in names:
        for number, entity in enumerate(entities):
            classic.push(event(kind, entity, {"id": row_id, "student_id": "student-1", "number": number}))
        expected[(kind, row_id)] = len(entities)
    witness.until(lambda: sum(witness.told().values()) >= sum(expected.values()), what="all events")
    assert witness.told() == expected
    assert {event.entity for event in witness.events} == {kind.rsplit("_", 1)[0] for kind, *_ in names}


def test_nobody_hears_of_others(classic, live, watch):
    desktop = live(Connection_polling_interval="1h")
    witness = watch(desktop)
    classic.wait_socket(subscribed=["grade_updated"])
    for number in (2, 1):
        data = {"id": f"grade-{number}", "student_id": f"student-{number}", "score": 4321}
        assert classic.push(event("grade_updated", "grade", data)) == 1
    witness.wait_told(("grade_updated", "grade-1"))
    assert witness.told() == {("grade_updated", "grade-1"): 1}
    assert desktop.cached("grade").keys() == {"grade-1"}


def test_a_refused_handshake_is_about_the_token(classic, live, watch):
    desktop = live()
    witness = watch(desktop)
    classic.forget_requests()
    classic.fault("clock", 1_000_000)
    classic.close_sockets(1001)
    witness.wait_state("connecting", "token-refused")
    witness.wait_state("live")
    assert classic.counters()["401 GET /ws"] <= 2  # by header and by query
    assert [entry["status"] for entry in classic.requests(path="/api/auth/refresh")] == [200]
    assert "server-unreachable" not in [reason for _, reason in witness.states]


def test_who_has_no_session_any_more_has_to_sign_in(classic, live, watch):
    desktop = live()
    witness, cursor = watch(desktop), desktop.cursor()
    classic.sql("UPDATE sessions SET is_revoked = 1, refresh_token = NULL")
    classic.fault("clock", 1_000_000)
    classic.forget_requests()
    classic.close_sockets(1001)
    witness.wait_state("waiting", "token-refused")
    until(lambda: status(desktop)[0]["account"]["state"] == "expired", what="an account that has expired")
    shown, code = status(desktop)
    assert (shown["next_attempt_at"], code) == (0, 10)
    assert len(classic.requests(path="/api/auth/refresh")) == 1
    assert desktop.ctl("sync").code == 1
    assert len(classic.requests()) <= 8, classic.counters()
    assert desktop.row("grade", "grade-1")["score"] == 85
    classic.sql("UPDATE grades SET score = 33 WHERE id = 'grade-1'")
    desktop.sign_in()
    desktop.wait_state("live")
    assert [(event.type, event.entity_id) for event in desktop.events(cursor)[0]] == [("grade_updated", "grade-1")]


def test_a_restart_with_a_refreshed_token(classic, live, watch):
    """It is good for polls, and for lists never: no reason to refresh it again and again."""
    announce(classic, 1, 131)
    desktop = live()
    witness = watch(desktop)
    expires = status(desktop)[0]["account"]["expires_at"]
    classic.fault("clock", 1_000_000)
    classic.close_sockets(1001)
    until(lambda: status(desktop)[0]["account"]["expires_at"] > expires, what="another token")
    witness.wait_state("live")
    witness.close()
    desktop.kill()
    classic.forget_requests()
    classic.sql("UPDATE grades SET score = 60 WHERE id = 'grade-1'")
    desktop.start()
    assert desktop.row("grade", "grade-1")["score"] in (85, 60)
    desktop.wait_state("live")
    until(lambda: desktop.row("grade", "grade-1")["score"] == 60, what="what polls say")
    assert desktop.ctl("sync").code == 0
    wait_polls(classic)
    assert desktop.state() == "live"
    refused = [entry for entry in classic.requests() if entry["status"] == 401 and entry["path"] != "/ws"]
    assert [entry["path"] for entry in refused] == ["/api/announcements"]
    assert not classic.requests(path="/api/auth/refresh")
    assert len(desktop.cached("announcement")) == 132, "what a list brought before"

    desktop.sign_in()
    classic.wait_request(path="/api/announcements", status=200)


def own_tokens(school, **payload):
    """The tokens that a student's sign-in gave, the first with another payload."""
    body = school.http("POST", "/api/auth/login", {"email": STUDENT, "password": "demo"}).body["data"]
    claims = {**token_payload(body["token"]), **payload}
    return forge_token({key: value for key, value in claims.items() if value is not None}), body["refreshToken"]


def test_the_socket_ends_with_the_token(classic, desk, watch):
    """The school leaves it open, and no poll comes before."""
    desktop = desk(classic.url, Connection_polling_interval="1h")
    ends = classic.now() // 1000 + 2
    token, _ = own_tokens(classic, iat=ends - 2, exp=ends)
    desktop.bus.agent("Account", "SetTokens", "(ssa{sv})", token, "", {})
    desktop.wait_state("live")
    witness = watch(desktop)
    classic.wait_socket()
    until(lambda: not classic.sockets(), what="the end of the socket")
    assert classic.now() >= ends * 1000
    witness.wait_state("waiting", "token-refused")
    until(lambda: status(desktop)[0]["account"]["state"] == "expired", what="an account that has expired")
    assert len(classic.requests(path="/ws", status=101)) == 1


def test_signing_out_ends_the_socket(classic, live):
    desktop = live()
    classic.wait_socket()
    assert desktop.ctl("sign-out").code == 0
    until(lambda: not classic.sockets(), what="the end of the socket")
    assert classic.requests(path="/api/auth/logout", status=200)


def test_a_token_without_an_end(classic, desk):
    desktop = desk(classic.url)
    token, _ = own_tokens(classic, exp=None)
    desktop.bus.agent("Account", "SetTokens", "(ssa{sv})", token, "", {})
    desktop.wait_state("live")
    assert status(desktop)[0]["account"]["expires_at"] == 0
    wait_polls(classic)
    assert desktop.cached("grade").keys() == {"grade-1"}
    assert desktop.state() == "live"


def test_a_token_that_is_not_utf_8(classic, desk):
    email = "andré@demo.test"
    classic.sql("UPDATE users SET email = ? WHERE id = 'demo-student'", email)
    with pytest.raises(UnicodeDecodeError):
        token_part(classic.person(email).token, 1).decode()
    desktop = desk(classic.url)
    desktop.sign_in(email)
    desktop.wait_state("live")
    account = status(desktop)[0]["account"]
    assert (account["user_id"], account["role"]) == ("demo-student", "student") and account["expires_at"] > 0
    assert desktop.cached("grade").keys() == {"grade-1"}


def test_polls_come_compressed_and_in_chunks(classic, live):
    desktop = live()
    asked = classic.requests(path="/api/updates")[0]["headers"]
    answer = classic.raw("GET", "/api/updates", headers={
        "Accept-Encoding": asked["accept-encoding"], "Authorization": asked["authorization"]})
    assert (answer.headers["Content-Encoding"], answer.headers["Transfer-Encoding"]) == ("gzip", "chunked")
    assert desktop.cached("grade").keys() == {"grade-1"}


def test_the_server_becomes_a_better_one_and_back(classic_with, directory, world, desk):
    school = classic_with()
    desktop = desk(school.url)
    desktop.sign_in()
    desktop.wait_state("live")
    better = Server(directory / "better")
    better.port = school.port
    world.callback(better.stop)
    for old, new, protocol in ((school, better, "labsync.v1"), (better, school, "classic")):
        old.kill()
        new.start()
        until(lambda: desktop.state() == "waiting" and desktop.reason() == "token-refused", 20, "another server's word")
        desktop.sign_in()
        desktop.wait_state("live")
        assert status(desktop)[0]["protocol"] == protocol
        person = new.person(TEACHER)
        person.update("grades", "grade-1", score=45)
        until(lambda: desktop.row("grade", "grade-1")["score"] == 45, what="a change")
        assert desktop.cached("grade").keys() == {"grade-1"}
        person.update("grades", "grade-1", score=85)
