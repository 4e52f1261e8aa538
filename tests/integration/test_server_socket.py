# SPDX-License-Identifier: LGPL-2.1-or-later
"""labsync-server alone: who stays on the socket, and which messages it takes."""

import asyncio
import json
import secrets
import time
import uuid
from pathlib import Path

import pytest
import websockets
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory as Deflate

from labsync_testing import PASSWORD, Server, until
from server_client import PARENT, STUDENT, STUDENT2, Socket, announce, heartbeat, refusal

ELSEWHERE = "127.0.0.2"  # all of 127/8 is this machine


def test_visibility_follows_a_change(student, admin, connect):
    client = connect(student)
    client.hello()
    (classmate,) = [row for row in admin.rows("users") if row["email"] == STUDENT2]
    mine = student.rows("grades")
    record = next(row for row in admin.rows("students") if row["user_id"] == student.user["id"])
    new_class = admin.create("classes", name="9Z", academic_year="2026/2027", semester="1")
    admin.update("students", record["id"], **{"class": new_class["id"]})
    events = [(event["type"], event["data"]) for event in client.events()]
    assert events == [("user_deleted", {"id": classmate["id"]})]
    assert classmate["id"] not in [row["id"] for row in student.rows("users")]
    assert mine == student.rows("grades")


def test_deactivation_closes(student, admin, connect):
    client = connect(student)
    client.hello()
    admin.update("users", student.user["id"], status="inactive")
    assert client.wait_close() == 4003
    assert student.call("GET", "/api/grades").status in (401, 403)
    with pytest.raises(websockets.InvalidStatusCode) as error:
        connect(student)
    assert error.value.status_code in (401, 403)
    login = student.server.http("POST", "/api/auth/login", {"email": STUDENT, "password": PASSWORD})
    refusal(login, 401, "wrong-credentials")


def test_expiry_closes(directory, world):
    server = world.enter_context(Server(directory / "short", "--token-lifetime", "3"))
    first, second = server.person(STUDENT), server.person(STUDENT2)
    with Socket(server, first.token) as expiring, Socket(server, second.token) as renewed:
        end = expiring.hello()["expiresAt"]
        renewed.hello()
        until(lambda: time.time() * 1000 > end - 1000, what="the last second")
        renewed.send("auth", token=server.person(STUDENT2).token)
        assert renewed.receive("authenticated")["expiresAt"] > end
        assert expiring.wait_close() == 4001
        assert time.time() * 1000 >= end
        renewed.ping()


def test_auth_refuses_what_is_not_good(student, teacher, connect):
    client = connect(student)
    client.hello()
    for token, code in (("x.y.z", "token-invalid"), (teacher.token, "forbidden")):
        client.send("auth", token=token)
        assert client.receive("error")["code"] == code
    client.ping()


def test_flood_closes(student, connect):
    client = connect(student)
    client.hello()
    for _ in range(200):
        try:
            client.raw('{"type":"ping","timestamp":1}')
        except websockets.ConnectionClosed:
            break
    assert client.wait_close() == 4008


def test_what_a_role_never_sees_is_not_subscribed_to(server, teacher, connect):
    """Clearly refused, by hello and later, and the rest goes on (protocol, table of who sees what)."""
    client = connect(server.person(PARENT))
    client.hello(types=["library_material_added", "announcement_created", "user_online"])
    assert {(refused["code"], refused["eventType"]) for refused in (client.receive("error"), client.receive("error"))} == {
        ("forbidden", "library_material_added"), ("forbidden", "user_online")
    }
    client.send("subscribe", eventType="library_material_updated")
    refused = client.receive("error")
    assert (refused["code"], refused["eventType"]) == ("forbidden", "library_material_updated")
    client.send("subscribe", eventType="event_updated")
    assert client.receive("subscribed")["eventType"] == "event_updated"

    teacher.create("e_library", title="Atlas", category="maps", file_url="/a", file_type="pdf")
    announce(teacher)
    assert [event["type"] for event in client.events()] == ["announcement_created"]


def test_a_lost_role_is_followed_to_its_end(server, admin, student, connect):
    """Whoever saw something gets it taken away, also by a subscription that is made afterwards."""
    material = student.rows("e_library")[0]["id"]
    start = connect(student).hello()["cursor"]
    admin.update("users", student.user["id"], role="parent")
    client = connect(student)
    client.hello(cursor=start, types=["library_material_deleted"])
    events = client.receive("events")["events"]
    assert [(event["type"], event["entityId"]) for event in events] == [("library_material_deleted", material)]


def test_subscriptions_are_limited(student, connect):
    client = connect(student)
    client.hello(types=[])
    for number in range(130):
        try:
            client.send("unsubscribe" if number % 2 else "subscribe", eventType="grade_updated")
            client.receive()
        except websockets.ConnectionClosed:
            break
        client._run(asyncio.sleep(0.025))  # below what is a flood
    assert client.wait_close() == 4008
    assert number >= 118
    other = connect(student)
    other.hello()
    other.ping()


def test_same_machine_replaces(student, connect):
    machine = uuid.uuid4().hex
    old, new, other = connect(student), connect(student), connect(student)
    old.hello(machine=machine)
    other.hello()
    new.hello(machine=machine)
    assert old.wait_close() == 4009
    new.ping()
    other.ping()
    third = connect(student)
    third.hello(machine=machine)
    assert new.wait_close() == 4009


def test_the_next_user_of_a_machine_replaces(server, student, connect):
    machine = uuid.uuid4().hex
    old, new = connect(student), connect(server.person(STUDENT2))
    old.hello(machine=machine)
    new.hello(machine=machine)
    assert old.wait_close() == 4009
    new.ping()


def test_the_name_of_a_machine_throws_nobody_off_it(server, student, connect):
    """Who once sat there knows it; from elsewhere it is worth nothing but to the user of the connection."""
    machine = uuid.uuid4().hex
    there, elsewhere = connect(student), connect(server.person(STUDENT2), local_addr=(ELSEWHERE, 0))
    there.hello(machine=machine)
    elsewhere.hello(machine=machine)
    there.ping()
    moved = connect(student, local_addr=(ELSEWHERE, 0))
    moved.hello(machine=machine)
    assert (there.wait_close(), elsewhere.wait_close()) == (4009, 4009)
    moved.ping()


@pytest.mark.parametrize(
    "data, code",
    [
        ("", "bad-message"), ("{", "bad-message"), ("null", "bad-message"), ("[]", "bad-message"),
        ("42", "bad-message"), ("{}", "bad-message"), ('{"type":7}', "bad-message"),
        ('{"type":"ping","type":"ping"}', "bad-message"), ("[" * 100_000, "bad-message"),
        (b'{"type":"ping","timestamp":1}', "bad-message"), (b"\x00\xff", "bad-message"),
        ('{"type":"subscribe"}', "bad-message"), ('{"type":"subscribe","eventType":5}', "bad-message"),
        ('{"type":"subscribe","eventType":"tea_served"}', "unknown-type"), ('{"type":"dance"}', "unknown-type"),
        ('{"type":"welcome","resume":"fresh","cursor":"a:1","user":{"id":"u","role":"admin","extraRole":null},'
         '"heartbeat":1,"expiresAt":1}', "unexpected"),
        ('{"type":"hello","cursor":null,"eventTypes":null,"agent":{"version":"1","machine":"' + "0" * 32 + '"}}',
         "unexpected"),
    ],
    ids=lambda value: repr(value[:40]),
)
def test_bad_messages_are_answered(student, connect, data, code):
    client = connect(student)
    client.hello()
    client.raw(data)
    assert client.receive("error")["code"] == code
    client.ping()


@pytest.mark.parametrize(
    "data",
    [
        '{"type":"ping","timestamp":1}', '{"type":"subscribe","eventType":"grade_updated"}',
        '{"type":"hello","cursor":7,"eventTypes":null,"agent":{"version":"1","machine":"x"}}',
        '{"type":"hello","cursor":null,"eventTypes":{},"agent":{"version":"1","machine":"' + "0" * 32 + '"}}',
        '{"type":"hello"}',
    ],
)
def test_hello_comes_first_and_whole(student, teacher, connect, data):
    client = connect(student)
    client.raw(data)
    assert client.receive("error")["code"] in ("unexpected", "bad-message")
    announce(teacher)
    assert client.hello()["resume"] == "fresh"  # nothing came before


def test_too_large_messages(student, connect):
    client = connect(student)
    client.hello()
    client.raw(json.dumps({"type": "dance", "x": "x" * 1_000_000}))
    assert client.receive("error")["code"] == "unknown-type"
    client.raw("x" * ((1 << 20) + 1))
    assert client.wait_close() == 1009


def test_truncated_frame(server, student, teacher, connect):
    """Half a frame and a cut harm nobody else."""
    client = connect(student)
    client.hello()
    broken = connect(teacher)
    broken.hello()
    broken.ws.transport.write(b"\x81\xfe\x00\x10")
    broken.ws.transport.abort()
    announce(teacher)
    assert len(client.receive("events")["events"]) == 1


def test_disconnect(student, connect):
    client = connect(student)
    client.hello()
    client.send("disconnect")
    assert client.wait_close() == 1000


def test_silence_closes(directory, world):
    server = world.enter_context(Server(directory / "impatient", "--config", str(heartbeat(directory, "1s"))))
    person = server.person(STUDENT)
    with Socket(server, person.token) as silent, Socket(server, person.token) as alive:
        assert silent.hello()["heartbeat"] == 1000
        alive.hello()
        start = time.monotonic()
        while time.monotonic() - start < 4.5:
            alive.ping()
            alive._run(asyncio.sleep(0.5))
        assert silent.wait_close() == 1008
        alive.ping()


@pytest.mark.parametrize("extensions", [(), (Deflate(),)], ids=["plain", "compressed"])
def test_slow_reader_is_fed_from_the_database(student, teacher, connect, extensions):
    """Somebody who does not read holds nothing up, and gets everything in the end."""
    client = connect(student, extensions=extensions)
    client.hello()
    client.ws.transport.pause_reading()
    quick = connect(student, extensions=extensions)
    quick.hello()
    count = 100
    for number in range(count):
        announce(teacher, str(number), content=secrets.token_hex(50_000))
    quick_titles = []
    while len(quick_titles) < count:
        quick_titles += [event["data"]["title"] for event in quick.receive("events")["events"]]
    rss = Path(f"/proc/{teacher.server.process.pid}/statm").read_text().split()[1]
    print(f"server with 10 MB behind: {int(rss) * 4096 >> 20} MiB")
    client.ws.transport.resume_reading()
    titles, previous = [], None
    while len(titles) < count:
        frame = client.receive("events")
        assert previous in (None, frame["prev"])
        titles += [event["data"]["title"] for event in frame["events"]]
        previous = frame["cursor"]
    assert titles == quick_titles == [str(number) for number in range(count)]


def test_presence(server, student, admin, connect):
    watcher = connect(admin)
    watcher.hello(types=["user_online", "user_offline"])
    with connect(student) as one:
        one.hello()
        online = watcher.receive("event")
        assert (online["type"], online["entity"], online["entityId"]) == ("user_online", "presence", student.user["id"])
        assert "offset" not in online
        with connect(student) as two:
            two.hello()
        assert watcher.ping()[1] == []  # still there by the other connection
    offline = watcher.receive("event")
    assert (offline["type"], offline["entityId"]) == ("user_offline", student.user["id"])

    parent = connect(server.person(PARENT))
    parent.hello()
    with connect(student) as one:
        one.hello()
    assert parent.ping()[1] == []
