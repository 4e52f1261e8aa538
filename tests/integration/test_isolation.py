# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two users in turn on one machine: what one was told, the other is not, nor whoever has the machine afterwards."""

import json
import sqlite3

import pytest
from gi.repository import GLib

from conftest import QUICK
from labsync_testing import PASSWORD, until
from machine_traces import in_files, in_memory
from server_client import STUDENT, STUDENT2, TEACHER

CANARY = "Kanarie-7f3a91c5e2"
ENTITIES = ("grade", "attendance", "announcement", "library_material", "event", "user", "message", "conversation",
            "notification")
SECRETS = "org.freedesktop.secrets"
COLLECTION = "/org/freedesktop/secrets/collection/login"
WITHIN = 1  # second after the sign-out that everything is gone


def row_of(server, email):
    """A grade that this student may see and the teacher may change."""
    own = {row["id"] for row in server.person(email).rows("grades")}
    return next(row["id"] for row in server.person(TEACHER).rows("grades") if row["id"] in own)


def tell(server, desktop, row_id, score):
    """Has the canary told to the user: as an event, a row and the answers to questions."""
    server.person(TEACHER).update("grades", row_id, assignment_name=f"{CANARY} {score}", score=score)
    until(lambda: desktop.row("grade", row_id)["score"] == score, what="the canary")
    assert CANARY in desktop.row("grade", row_id)["assignment_name"]


def plant(server, desktop):
    """Has the canary all over the place. Returns the row's id."""
    row_id = row_of(server, STUDENT)
    app = desktop.app("grade_updated")
    for score in range(1, 6):
        tell(server, desktop, row_id, score)
    app.until(lambda: app.events and CANARY in app.events[-1].data, what="the canary in an app")
    assert CANARY in str(desktop.cached("grade")) and CANARY in desktop.ctl("list", "grade").out
    assert desktop.ctl("list", "grade", "--filter", f"assignment_name={CANARY} 5", "--json").out.count(CANARY) == 1
    app.close()
    return row_id


def stores(desktop):
    return {path for path in desktop.state_dir.iterdir() if path.is_dir()}


def sign_out(desktop, *options):
    """Signs out, after which the store has to be gone within a second, and what was in it from memory."""
    result = desktop.ctl("sign-out", *options)
    assert result.code == 0, result
    until(lambda: not stores(desktop), WITHIN, "the store to be gone")
    out_of_memory(desktop)


def out_of_memory(desktop):
    until(lambda: in_memory(desktop.agent.pid, CANARY) == [], WITHIN,
          lambda: f"the canary out of memory: {in_memory(desktop.agent.pid, CANARY)}")


def refusal(call, *arguments):
    with pytest.raises(GLib.Error) as error:
        call(*arguments)
    return str(error.value)


def everything_said(desktop, row_id, cursor):
    """All that the agent answers, also to somebody who knows what to ask for: the first user's row and cursor."""
    said = [desktop.ctl(*words, *as_json).out
            for words in (["status"], ["events"], ["config"], *[["list", entity] for entity in ENTITIES])
            for as_json in ([], ["--json"])]
    said += [str(desktop.cached(entity)) for entity in ENTITIES]
    said.append(refusal(desktop.row, "grade", row_id))
    said.append(refusal(desktop.events, cursor))
    said.append(refusal(lambda: desktop.app("grade_updated", cursor=cursor)))
    said.append(str(desktop.events("")))
    for method in ("GetHealth", "GetStatistics"):
        said.append(str(desktop.bus.agent("Diagnostics", method, "(a{sv})", {})))
    for interface in ("Connection", "Account", "Events", "Cache", "Diagnostics"):
        said.append(str(desktop.bus.call("org.freedesktop.DBus.Properties", "GetAll", "(s)",
                                         f"org.labsync.Agent1.{interface}")))
    return "\n".join(said)


def item_paths(desktop):
    """The keys of stores in the keyring."""
    unlocked, locked = desktop.bus.call(
        "org.freedesktop.Secret.Service", "SearchItems", "(a{ss})", {"xdg:schema": "org.labsync.Agent.Store"},
        path="/org/freedesktop/secrets", name=SECRETS,
    )
    return unlocked + locked


def signed_in(desk, server, encrypt):
    desktop = desk(server.url, Privacy_encrypt=encrypt, Privacy_wipe_on_sign_out="true")
    desktop.sign_in()
    desktop.wait_state("live")
    return desktop


@pytest.fixture
def encrypted(server, desk):
    """A desktop that encrypts, and wipes at sign-out, with the first of its users signed in."""
    return signed_in(desk, server, "true")


def test_the_next_user_is_told_nothing(server, desk):
    desktop = desk(server.url)
    desktop.sign_in()
    desktop.wait_state("live")
    row_id, cursor = plant(server, desktop), desktop.cursor()
    desktop.sign_in(STUDENT2)
    desktop.wait_state("live")
    until(lambda: desktop.cached("grade"), what="grades of the second user")
    said = everything_said(desktop, row_id, cursor)
    assert CANARY not in said and STUDENT not in said
    # Their store is still there, and theirs alone.
    desktop.sign_in()
    assert CANARY in str(desktop.cached("grade"))
    assert len(stores(desktop)) == 2


@pytest.mark.parametrize("encrypt", ["true", "false"], ids=["encrypted", "plain"])
def test_the_next_sign_in_wipes(server, desk, encrypt):
    """Nobody signs out: the one comes after the other, and nothing of the first is left."""
    machine = signed_in(desk, server, encrypt)
    row_id = plant(server, machine)
    cursor, before, keys = machine.cursor(), stores(machine), item_paths(machine)
    app = machine.app("grade_updated")
    assert len(before) == 1 and in_memory(machine.agent.pid, CANARY)
    machine.sign_in(STUDENT2)
    until(lambda: not before & stores(machine), WITHIN, "the first one's store to be gone")
    out_of_memory(machine)
    machine.wait_state("live")
    until(lambda: machine.cached("grade"), what="grades of the second user")
    assert CANARY not in everything_said(machine, row_id, cursor)
    assert in_files(machine.directory, CANARY) == []
    assert in_files(machine.directory, STUDENT) == []
    assert not set(keys) & set(item_paths(machine))
    assert not app.events, "an app of the first one's is told nothing of the second's"
    app.close()


def test_the_environment_keeps_nothing_in_memory(server, desk, monkeypatch):
    monkeypatch.delenv("MALLOC_PERTURB_", raising=False)
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.perturb=0")
    machine = signed_in(desk, server, "false")
    plant(server, machine)
    sign_out(machine)


@pytest.mark.parametrize("encrypt", ["true", "false"], ids=["encrypted", "plain"])
def test_a_wipe_leaves_nothing(server, desk, encrypt):
    machine = signed_in(desk, server, encrypt)
    row_id = plant(server, machine)
    assert in_memory(machine.agent.pid, CANARY), "a canary that can't be found shows nothing"
    assert bool(in_files(machine.directory, CANARY)) != (encrypt == "true")
    assert bool(item_paths(machine)) == (encrypt == "true")
    cursor = machine.cursor()
    sign_out(machine)
    assert in_files(machine.directory, CANARY) == []
    assert in_files(machine.directory, STUDENT) == []
    assert item_paths(machine) == []
    machine.sign_in(STUDENT2)
    machine.wait_state("live")
    until(lambda: machine.cached("grade"), what="grades of the second user")
    assert CANARY not in everything_said(machine, row_id, cursor)


def test_what_was_polled_leaves_nothing(server, desk):
    desktop = desk(server.url, Server_websocket="false", Privacy_encrypt="true")
    desktop.sign_in()
    desktop.wait_state("polling")
    tell(server, desktop, row_of(server, STUDENT), 7)
    sign_out(desktop, "--wipe")


def test_encrypted_files_say_nothing(server, encrypted):
    row_id = plant(server, encrypted)
    encrypted.kill()  # leaves the write-ahead log behind
    assert list(encrypted.state_dir.rglob("cache.db-wal"))
    assert in_files(encrypted.directory, CANARY) == []
    server.stop()
    encrypted.start()
    assert CANARY in encrypted.row("grade", row_id)["assignment_name"]


def test_encryption_is_turned_on_and_off(server, desk):
    desktop = desk(server.url)
    desktop.sign_in()
    desktop.wait_state("live")
    row_id = plant(server, desktop)
    for encrypt in ("true", "false"):
        desktop.stop()
        desktop.configure(server.url, **QUICK, Privacy_encrypt=encrypt)
        desktop.start()
        desktop.wait_state("live")
        until(lambda: row_id in desktop.cached("grade"), what="the row again")
        assert bool(in_files(desktop.state_dir, CANARY)) == (encrypt == "false")


def test_a_locked_keyring_opens_nothing(server, encrypted):
    row_id = plant(server, encrypted)
    encrypted.stop()
    encrypted.bus.call("org.freedesktop.Secret.Service", "Lock", "(ao)", [COLLECTION],
                     path="/org/freedesktop/secrets", name=SECRETS)
    encrypted.start()
    until(lambda: encrypted.bus.property("Account", "State") == "locked", what="the state of the account")
    assert "Locked" in refusal(encrypted.row, "grade", row_id)
    encrypted.unlock_keyring()
    encrypted.ctl("connect")
    encrypted.wait_state("live")
    assert CANARY in encrypted.row("grade", row_id)["assignment_name"]


def test_a_lost_key_costs_the_cache_alone(server, encrypted):
    row_id = plant(server, encrypted)
    encrypted.stop()
    for path in item_paths(encrypted):
        encrypted.bus.call("org.freedesktop.Secret.Item", "Delete", "()", path=path, name=SECRETS)
    encrypted.start()
    encrypted.wait_state("live")
    until(lambda: row_id in encrypted.cached("grade"), what="the row, from the server")
    assert json.loads(encrypted.cached("grade")[row_id][1])["assignment_name"] == f"{CANARY} 5"


def name_of(server, row_id):
    return next(row["assignment_name"] for row in server.person(TEACHER).rows("grades") if row["id"] == row_id)


def leave_unsent(server, desktop):
    """Has a teacher write the canary while the server is away. Returns the action's id."""
    row_id = next(iter(desktop.cached("grade")))
    server.kill()
    desktop.wait_state("waiting", "connecting")
    data = json.dumps({"assignment_name": CANARY})
    options = ("--type", "update", "--entity", "grade", "--entity-id", row_id, "--data", data)
    action = desktop.json("queue", "add", *options)["id"]
    assert desktop.row("grade", row_id)["assignment_name"] == CANARY
    assert CANARY in desktop.ctl("queue", "export").out
    return action


@pytest.fixture
def teachers(server, desk):
    """A desktop that encrypts, with a teacher signed in, who may write."""
    desktop = desk(server.url, Privacy_encrypt="true")
    desktop.sign_in(TEACHER)
    desktop.wait_state("live")
    return desktop


def test_unsent_work_is_encrypted_and_not_wiped_unasked(server, teachers):
    action = leave_unsent(server, teachers)
    assert in_files(teachers.state_dir, CANARY) == []
    refused = teachers.ctl("sign-out", "--wipe", "--json")
    assert refused.code == 1 and "UnsentWork" in refused.err
    teachers.kill()
    assert in_files(teachers.state_dir, CANARY) == []
    teachers.start()
    assert CANARY in teachers.ctl("queue", "show", action).out
    # Without a wipe it waits for whose it is, and so does its key.
    assert teachers.ctl("sign-out").code == 0
    assert item_paths(teachers)
    server.start()
    teachers.sign_in(STUDENT)
    assert CANARY not in teachers.ctl("queue", "export").out + teachers.ctl("queue", "list", "--json").out
    teachers.sign_in(TEACHER)
    teachers.wait_state("live")
    until(lambda: teachers.json("queue", "show", action)["status"] == "completed", what="the action to be sent")


def test_unsent_work_is_not_wiped_by_the_next_sign_in(server, desk):
    desktop = desk(server.url, Privacy_wipe_on_sign_out="true")
    desktop.sign_in(TEACHER)
    desktop.wait_state("live")
    row_id = next(iter(desktop.cached("grade")))
    assert desktop.ctl("disconnect").code == 0
    desktop.ctl("queue", "add", "--type", "update", "--entity", "grade", "--entity-id", row_id,
                "--data", json.dumps({"assignment_name": CANARY}))
    refused = desktop.ctl("sign-in", STUDENT, text=PASSWORD)
    assert refused.code == 1 and "sign-out" in refused.err and "queue export" in refused.err, refused
    assert "UnsentWork" in desktop.ctl("sign-in", STUDENT, "--json", text=PASSWORD).err
    assert CANARY in desktop.ctl("queue", "export").out
    # Signed out they keep it, and the next one comes in.
    assert desktop.ctl("sign-out").code == 0
    assert desktop.ctl("sign-in", STUDENT, text=PASSWORD).code == 0
    assert CANARY not in desktop.ctl("queue", "export").out
    assert desktop.ctl("connect").code == 0
    desktop.sign_in(TEACHER)
    until(lambda: name_of(server, row_id) == CANARY, what="the change to be sent")


def test_the_next_sign_in_sends_first(server, desk):
    """What is unsent at another's sign-in is sent in the time that the setting gives it."""
    desktop = desk(server.url, Privacy_wipe_on_sign_out="true", Queue_flush_seconds="5")
    desktop.sign_in(TEACHER)
    desktop.wait_state("live")
    row_id = next(iter(desktop.cached("grade")))
    desktop.ctl("queue", "add", "--type", "update", "--entity", "grade", "--entity-id", row_id,
                "--data", json.dumps({"assignment_name": CANARY}))
    desktop.sign_in(STUDENT)
    assert name_of(server, row_id) == CANARY


def flip(desktop, file, table, column, where):
    """Turns a bit in the midst of an encrypted payload, as a disk may."""
    (path,) = desktop.state_dir.rglob(file)
    with sqlite3.connect(path, timeout=10) as database:
        (payload,) = database.execute(f"SELECT {column} FROM {table} WHERE {where}").fetchone()
        broken = bytearray(payload)
        broken[len(broken) // 2] ^= 1
        database.execute(f"UPDATE {table} SET {column} = ? WHERE {where}", (bytes(broken),))
    database.close()


def test_a_damaged_row_is_fetched_anew(server, encrypted):
    row_id = plant(server, encrypted)
    rows = set(encrypted.cached("grade"))
    cursor = encrypted.cursor()
    flip(encrypted, "cache.db", "row", "data", f"id = '{row_id}'")
    flip(encrypted, "cache.db", "event", "data", "seq = (SELECT max (seq) FROM event)")
    assert rows - set(encrypted.cached("grade")) <= {row_id}, "it hides nothing beside it"
    until(lambda: set(encrypted.cached("grade")) == rows, what="the row, from the server")
    assert CANARY in encrypted.row("grade", row_id)["assignment_name"]
    assert encrypted.statistics()["undecryptable"] > 0
    assert encrypted.statistics()["storage-errors"] == 0 and encrypted.state() == "live"
    assert "could not be decrypted" in encrypted.messages() and CANARY not in encrypted.messages()
    # The log goes on, and says where it begins.
    assert "CursorExpired" in refusal(encrypted.events, f"{cursor.rpartition('.')[0]}.1")
    encrypted.events("")


def test_a_damaged_action_holds_up_nothing_else(server, teachers):
    rows = list(teachers.cached("grade"))[:2]
    server.kill()
    teachers.wait_state("waiting", "connecting")
    add = ("queue", "add", "--type", "update", "--entity", "grade", "--data", json.dumps({"assignment_name": CANARY}))
    broken, whole = (teachers.json(*add, "--entity-id", row)["id"] for row in rows)
    teachers.stop()
    flip(teachers, "queue.db", "action", "body", f"id = '{broken}'")
    server.start()
    teachers.start()
    until(lambda: teachers.json("queue", "show", whole)["status"] == "completed", what="the other action")
    shown = teachers.json("queue", "show", broken)
    assert (shown["status"], shown["error"]) == ("failed", "unreadable"), shown
    assert CANARY not in teachers.messages()


def test_discarded_work_leaves_nothing(server, teachers):
    leave_unsent(server, teachers)
    sign_out(teachers, "--wipe", "--discard-unsent")
    assert in_files(teachers.directory, CANARY) == []
    assert item_paths(teachers) == []


def test_unsent_work_whose_key_is_lost_is_told_of(server, teachers):
    action = leave_unsent(server, teachers)
    teachers.stop()
    for path in item_paths(teachers):
        teachers.bus.call("org.freedesktop.Secret.Item", "Delete", "()", path=path, name=SECRETS)
    teachers.start()
    shown = teachers.json("queue", "show", action)
    assert (shown["status"], shown["error"]) == ("failed", "unreadable"), shown
    assert teachers.bus.property("Queue", "Failed") == 1
    assert teachers.ctl("queue", "retry", action).code == 1
    server.start()
    teachers.wait_state("live")
    assert teachers.ctl("queue", "edit", action, "--data", json.dumps({"assignment_name": "Aljabar 2"})).code == 0
    until(lambda: teachers.json("queue", "show", action)["status"] == "completed", what="what was said anew")
