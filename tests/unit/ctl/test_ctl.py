# SPDX-License-Identifier: LGPL-2.1-or-later
"""labsyncctl as people and scripts call it, against an agent that answers as the test says."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from fake_agent import Bus, FakeAgent, GLib, Refusal, read_interfaces  # noqa: E402

CTL = os.environ["LABSYNCCTL"]
INTERFACES = read_interfaces(os.environ["LABSYNC_DBUS"])
EVENT = (7, "grade_updated", "grade", "g1", '{"id":"g1","score":1.0,"big":12345678901234567890}',
         1700000000000, "teacher", "u1")
EVENT_JSON = (
    '{"seq":7,"type":"grade_updated","entity":"grade","entity_id":"g1",'
    '"data":{"id":"g1","score":1.0,"big":12345678901234567890},'
    '"timestamp":1700000000000,"user_role":"teacher","user_id":"u1"}'
)


@pytest.fixture(scope="module")
def bus(tmp_path_factory):
    bus = Bus(tmp_path_factory.mktemp("bus"))
    yield bus
    bus.stop()


@pytest.fixture
def env(bus, tmp_path):
    return {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path),
        "DBUS_SESSION_BUS_ADDRESS": bus.address, "LC_ALL": "C.UTF-8", "TZ": "UTC",
        **{name: value for name, value in os.environ.items() if name.startswith(("ASAN", "LSAN", "UBSAN", "G_SLICE"))},
    }


@pytest.fixture
def agent(bus):
    agent = FakeAgent(bus.address, INTERFACES)
    yield agent
    agent.stop()


@pytest.fixture
def ctl(env):
    def run(*arguments, stdin="", **extra):
        return subprocess.run(
            [CTL, *arguments], input=stdin, env={**env, **extra}, capture_output=True, text=True, timeout=30,
        )
    return run


@pytest.fixture(scope="session")
def indonesian(tmp_path_factory):
    """What makes a program speak Indonesian from the build. A locale that has no text, as C.UTF-8, would not do."""
    folder = tmp_path_factory.mktemp("locale")
    made = subprocess.run(
        ["localedef", "--no-archive", "-i", "id_ID", "-f", "UTF-8", str(folder / "id_ID.UTF-8")],
        capture_output=True, text=True, check=False,
    )
    assert (folder / "id_ID.UTF-8/LC_TIME").exists(), made.stderr
    return {
        "LOCPATH": str(folder), "LC_ALL": "id_ID.UTF-8", "LANGUAGE": "id",
        "LABSYNC_LOCALEDIR": os.environ["LABSYNC_LOCALEDIR"],
    }


def error_of(result):
    assert result.stdout == ""
    document = json.loads(result.stderr)
    assert set(document) == {"error"} and set(document["error"]) == {"code", "message"}
    return document["error"]


def options(call):
    return call[1][-1]


# Without an agent

@pytest.mark.parametrize("command", [
    ["status"], ["watch"], ["events"], ["get", "grade", "g1"], ["list", "grade"], ["sign-in", "a@b"],
    ["sign-out"], ["sync"], ["connect"], ["reconnect"], ["disconnect"], ["conflicts"], ["apps"], ["apps", "deny", "a.b"], ["queue", "list"],
    ["queue", "add", "--type", "delete", "--entity", "grade", "--entity-id", "g1"], ["queue", "show", "a1"],
    ["queue", "edit", "a1", "--data", "{}"], ["queue", "cancel", "a1"], ["queue", "retry", "a1"],
    ["queue", "retry", "--all"], ["queue", "discard", "a1"], ["queue", "undo", "a1"],
    ["queue", "resolve", "a1", "use_server"], ["queue", "export"],
])
def test_no_agent_is_exit_3(ctl, command):
    result = ctl(*command)
    assert (result.returncode, result.stdout) == (3, "")
    assert "agent is not running" in result.stderr
    result = ctl(*command, "--json")
    assert result.returncode == 3
    assert error_of(result)["code"] == "AgentNotRunning"


def test_no_bus_is_exit_3(ctl):
    assert ctl("status", DBUS_SESSION_BUS_ADDRESS="unix:path=/nonexistent").returncode == 3


@pytest.mark.parametrize("command", [
    [], ["nonsense"], ["--nonsense"], ["status", "--nonsense"], ["status", "extra"], ["get", "grade"],
    ["list"], ["list", "grade", "--filter", "no-equals-sign"], ["sign-in"], ["events", "--limit", "x"],
    ["events", "--limit", "-1"], ["config", "nonsense"], ["config", "explain", "No.such"],
    ["sign-out", "--discard-unsent"], ["conflicts", "extra"], ["apps", "allow"], ["apps", "list"], ["apps", "ban", "a.b"], ["apps", "deny", "a.b", "c.d"],
    ["list", "grade", "--limit", "-1"], ["list", "grade", "--max-age", "-1"], ["get", "grade", "g1", "--max-age", "-1"],
    ["queue"], ["queue", "nonsense"], ["queue", "--nonsense", "list"], ["queue", "list", "extra"],
    ["queue", "add"], ["queue", "add", "--type", "delete"], ["queue", "add", "--entity", "grade"],
    ["queue", "show"], ["queue", "edit", "a1"], ["queue", "cancel"], ["queue", "cancel", "a1", "a2"],
    ["queue", "retry"], ["queue", "retry", "a1", "--all"], ["queue", "resolve", "a1"],
])
def test_wrong_call_is_exit_2(ctl, command):
    result = ctl(*command)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("labsyncctl: ")
    assert error_of(ctl("--json", *command))["code"] == "Usage"


def test_help_and_version(ctl):
    assert ctl("--version").stdout.startswith("labsyncctl ")
    overview = ctl("--help")
    assert overview.returncode == 0
    for command in ("status", "watch", "events", "get", "list", "sign-in", "sign-out", "sync",
                    "connect", "reconnect", "disconnect", "config", "queue", "conflicts", "apps"):
        assert f"\n  {command}" in overview.stdout
        page = ctl(command, "--help")
        assert page.returncode == 0 and f"labsyncctl {command}" in page.stdout
    overview = ctl("queue", "--help")
    for command in ("list", "add", "show", "edit", "cancel", "retry", "discard", "resolve", "undo", "export"):
        assert f"\n  {command}" in overview.stdout
        page = ctl("queue", command, "--help")
        assert page.returncode == 0 and f"labsyncctl queue {command} [" in page.stdout


# status

def test_status_json(ctl, agent):
    result = ctl("status", "--json")
    assert result.returncode == 0
    assert json.loads(result.stdout) == {
        "version": 1, "state": "live", "reason": "none", "transport": "websocket", "protocol": "labsync.v1",
        "server_url": "http://school.test", "confirmed_at": 1700000000123,
        "last_connected_at": 1700000000000, "attempt": 0, "next_attempt_at": 0, "round_trip_ms": 7,
        "metered": False,
        "account": {
            "version": 1, "state": "signed-in", "user_id": "u1", "display_name": "Bu Sari",
            "role": "teacher", "extra_role": "", "expires_at": 1700000900000, "unsent": 0,
        },
        "queue": {
            "version": 2, "pending": 0, "in_flight": 0, "failed": 0, "conflicts": 0, "breaker": "closed",
        },
    }


def test_status_for_people(ctl, agent):
    text = ctl("status").stdout
    assert "live" in text and "Bu Sari (teacher)" in text and "2023-11-14 22:13:20" in text
    assert "\033" not in text
    assert "To be sent" not in text and "Failed" not in text and "Conflicts" not in text


@pytest.mark.parametrize("state, told", [
    ("connecting", True), ("waiting", True), ("live", False), ("stopped", False), ("signed-out", False),
])
def test_status_tells_failed_attempts_while_it_tries(ctl, agent, state, told):
    agent.properties["Connection"].update(Attempt=GLib.Variant("u", 3), State=GLib.Variant("s", state))
    assert ("3 have failed" in ctl("status").stdout) == told


def test_status_shows_what_is_not_sent(ctl, agent, indonesian):
    agent.properties["Queue"].update(
        Pending=GLib.Variant("u", 3), InFlight=GLib.Variant("u", 1), Failed=GLib.Variant("u", 2),
        Conflicts=GLib.Variant("u", 1), Breaker=GLib.Variant("s", "open"))
    lines = [re.sub(" +", " ", line) for line in ctl("status").stdout.splitlines()]
    assert "To be sent 4 (the server fails, and is let alone for a while)" in lines
    assert "Failed 2 (list them with: labsyncctl queue list)" in lines
    assert "Conflicts 1 (list them with: labsyncctl conflicts)" in lines
    assert "Akan dikirim" in ctl("status", **indonesian).stdout
    assert json.loads(ctl("status", "--json").stdout)["queue"] == {
        "version": 2, "pending": 3, "in_flight": 1, "failed": 2, "conflicts": 1, "breaker": "open"}


@pytest.mark.parametrize("state, account, code", [
    ("live", "signed-in", 0), ("polling", "signed-in", 0), ("waiting", "signed-in", 10),
    ("offline", "expired", 10), ("stopped", "locked", 10), ("signed-out", "signed-out", 4),
    ("stopped", "signed-out", 4), ("unheard-of", "signed-in", 10),
])
def test_status_exit(ctl, agent, state, account, code):
    agent.properties["Connection"]["State"] = GLib.Variant("s", state)
    agent.properties["Account"]["State"] = GLib.Variant("s", account)
    assert ctl("status").returncode == code
    result = ctl("status", "--json")
    assert (result.returncode, json.loads(result.stdout)["state"]) == (code, state)


# Reading

def test_events_json_passes_data_through(ctl, agent):
    agent.methods["Events.GetEvents"] = lambda arguments: GLib.Variant(
        "(a(tssssxss)sb)", ([EVENT], "c7", True))
    result = ctl("events", "--json", "--since", "c1", "--limit", "5")
    assert result.stdout == '{"events":[' + EVENT_JSON + '],"cursor":"c7","more":true}\n'
    assert agent.calls == [("Events.GetEvents", ("c1", 5, {}))]


def audit_entry(**members):
    types = {"id": "t", "at": "t", "sent": "b"}
    return {name: GLib.Variant(types.get(name, "s"), value) for name, value in members.items()}


AUDIT = [
    audit_entry(id=2, at=1700000001000, user="u1", app="org.school.Grades", what="read", subject="grade",
                outcome="AccessDenied", sent=False),
    audit_entry(id=1, at=1700000000000, user="u1", app="/usr/bin/labsyncctl", what="sign-in", subject="", outcome="ok",
                sent=True),
]


def test_audit_json(ctl, agent):
    agent.methods["Diagnostics.GetAudit"] = lambda arguments: GLib.Variant("(aa{sv})", (AUDIT,))
    document = json.loads(ctl("audit", "--json", "--limit", "7", "--before", "3", "--sent").stdout)
    assert document["entries"][0] == {
        "id": 2, "at": 1700000001000, "user": "u1", "app": "org.school.Grades", "what": "read", "subject": "grade",
        "outcome": "AccessDenied", "sent": False,
    }
    assert [entry["id"] for entry in document["entries"]] == [2, 1]
    assert agent.calls[-1] == ("Diagnostics.GetAudit", ({"limit": 7, "before": 3, "sent": True},))


def test_audit_for_people(ctl, agent, indonesian):
    agent.methods["Diagnostics.GetAudit"] = lambda arguments: GLib.Variant("(aa{sv})", (AUDIT,))
    lines = ctl("audit").stdout.splitlines()
    assert lines[0].split() == ["TIME", "WHAT", "OF", "OUTCOME", "APP"]
    assert "read" in lines[1] and "grade" in lines[1] and "not allowed here" in lines[1]
    assert "signed in at the server" in lines[2] and "/usr/bin/labsyncctl" in lines[2]
    assert "masuk" in ctl("audit", **indonesian).stdout

    agent.methods["Diagnostics.GetAudit"] = lambda arguments: GLib.Variant("(aa{sv})", ([],))
    assert ctl("audit").stdout == "Nothing has been noted.\n"
    assert ctl("audit", "--limit", "-1").returncode == 2


def test_events_for_people(ctl, agent):
    nasty = (8, "message_created", "message", "m\033[2J", '{"text":"\n\u009b2J"}', 0, "", "")
    agent.methods["Events.GetEvents"] = lambda arguments: GLib.Variant(
        "(a(tssssxss)sb)", ([EVENT, nasty], "c8", True))
    text = ctl("events").stdout
    assert "2023-11-14 22:13:20" in text and "grade_updated" in text and "--since c8" in text
    assert "\033" not in text and "\u009b" not in text
    assert len(text.splitlines()) == 4


def test_get(ctl, agent):
    agent.methods["Cache.Get"] = lambda arguments: GLib.Variant("(sa{sv})", (
        '{"id":"g1",\n"tags":[],"note":"a, b: {c}"}', {
            "version": GLib.Variant("x", 3), "as-of": GLib.Variant("t", 1700000000000),
            "source": GLib.Variant("s", "server"), "pending": GLib.Variant("as", []),
            "deleted": GLib.Variant("b", False),
        }))
    result = ctl("get", "grade", "g1", "--json", "--max-age", "60")
    assert result.stdout.count("\n") == 1
    assert json.loads(result.stdout) == {
        "entity": "grade", "id": "g1", "data": {"id": "g1", "tags": [], "note": "a, b: {c}"},
        "version": 3, "as_of": 1700000000000, "source": "server", "pending": [], "deleted": False,
    }
    assert agent.calls[-1] == ("Cache.Get", ("grade", "g1", {"max-age": 60}))
    text = ctl("get", "grade", "g1").stdout
    assert text.startswith('{\n  "id": "g1",\n  "tags": [],\n  "note": "a, b: {c}"\n}\n')
    assert "Your changes" not in text
    assert options(agent.calls[-1]) == {}
    ctl("get", "grade", "g1", "--view", "server")
    assert options(agent.calls[-1]) == {"view": "server"}


def test_rows_with_changes_say_so(ctl, agent):
    meta = {"as-of": GLib.Variant("t", 1700000000000), "source": GLib.Variant("s", "merged"),
            "pending": GLib.Variant("as", ["a1"])}
    agent.methods["Cache.Get"] = lambda arguments: GLib.Variant("(sa{sv})", ('{"id":"g1"}', meta))
    agent.methods["Cache.List"] = lambda arguments: GLib.Variant(
        "(a(sssa{sv})ss)", ([("grade", "g1", '{"id":"g1"}', meta)], "", "c1"))
    assert "not confirmed by the server" in ctl("get", "grade", "g1").stdout
    assert json.loads(ctl("get", "grade", "g1", "--json").stdout)["pending"] == ["a1"]
    assert "not confirmed" in ctl("list", "grade", "--view", "pending").stdout
    assert options(agent.calls[-1]) == {"view": "pending"}


def test_get_of_no_row_is_exit_1(ctl, agent, indonesian):
    refuse(agent, "Cache.Get", "NotFound", "nothing there")
    result = ctl("get", "grade", "g1", "--json")
    assert result.returncode == 1
    assert error_of(result) == {"code": "NotFound", "message": "nothing there"}
    agent.methods["Cache.Get"] = lambda arguments: GLib.Variant(
        "(sa{sv})", ("", {"deleted": GLib.Variant("b", True)}))
    result = ctl("get", "grade", "g1", **indonesian)
    assert (result.returncode, result.stderr) == (1, "labsyncctl: Baris itu sudah dihapus\n")


def test_list(ctl, agent):
    agent.methods["Cache.List"] = lambda arguments: GLib.Variant("(a(sssa{sv})ss)", (
        [("grade", "g1", '{"id":"g1"}', {"version": GLib.Variant("x", 3)}), ("grade", "g2", '{"id":"g2"}', {})],
        "n1", "c9"))
    result = ctl("list", "grade", "--json", "--filter", "class=1=A", "--filter", "term=2", "--order-by", "id",
                 "--descending", "--limit", "2", "--after", "n0", "--max-age", "0")
    assert json.loads(result.stdout) == {
        "rows": [{"entity": "grade", "id": "g1", "data": {"id": "g1"}, "version": 3},
                 {"entity": "grade", "id": "g2", "data": {"id": "g2"}}],
        "next": "n1", "cursor": "c9",
    }
    assert agent.calls[-1] == ("Cache.List", ("grade", {
        "filter": {"class": "1=A", "term": "2"}, "order-by": "id", "descending": True, "limit": 2,
        "after": "n0", "max-age": 0,
    }))
    assert "--after n1" in ctl("list", "grade").stdout
    assert options(agent.calls[-1]) == {}


@pytest.mark.parametrize("command", [["list", "grades"], ["get", "grades", "g1"]])
def test_reading_names_the_kinds_that_there_are(ctl, agent, indonesian, command):
    agent.properties["Cache"] = {"Entities": GLib.Variant("as", ["grade", "user"])}
    result = ctl(*command, "--json")
    assert (result.returncode, agent.calls) == (1, [])
    assert error_of(result) == {
        "code": "UnknownEntity", "message": "There is no kind of data “grades”. There are: grade user",
    }
    assert ctl(*command, **indonesian).stderr == "labsyncctl: Jenis data “grades” tidak dikenal. Yang ada: grade user\n"


def test_apps(ctl, agent, indonesian):
    apps = [
        {"app": GLib.Variant("s", app), "decision": GLib.Variant("s", decision)}
        for app, decision in (("org.school.New", "waiting"), ("org.school.Grades", "allow"), ("org.school.Odd", "deny"))
    ]
    agent.methods["Apps.List"] = lambda arguments: GLib.Variant("(aa{sv})", (apps,))
    assert json.loads(ctl("apps", "--json").stdout)["apps"][0] == {"app": "org.school.New", "decision": "waiting"}
    assert agent.calls == [("Apps.List", ({},))]
    lines = [line.split(maxsplit=1) for line in ctl("apps").stdout.splitlines()]
    assert lines == [
        ["APP", "DECISION"], ["org.school.New", "waits for you"], ["org.school.Grades", "allowed"],
        ["org.school.Odd", "not allowed"],
    ]
    assert "diizinkan" in ctl("apps", **indonesian).stdout

    agent.methods["Apps.List"] = lambda arguments: GLib.Variant("(aa{sv})", ([],))
    assert ctl("apps").stdout == "No app has asked.\n"


# Doing

@pytest.mark.parametrize("command, call", [
    (["sync"], ("Connection.SyncNow", ({},))), (["connect"], ("Connection.Connect", ({},))),
    (["reconnect"], ("Connection.Reconnect", ({},))), (["disconnect"], ("Connection.Disconnect", ({},))),
    (["apps", "allow", "a.b"], ("Apps.Decide", ("a.b", "allow", {}))),
    (["apps", "deny", "a.b"], ("Apps.Decide", ("a.b", "deny", {}))),
    (["apps", "forget", "a.b"], ("Apps.Decide", ("a.b", "forget", {}))),
    (["queue", "cancel", "a1"], ("Queue.Cancel", ("a1", {}))), (["queue", "retry", "a1"], ("Queue.Retry", ("a1", {}))),
    (["queue", "discard", "a1"], ("Queue.Discard", ("a1", {}))), (["queue", "undo", "a1"], ("Queue.Undo", ("a1", {}))),
    (["queue", "edit", "a1", "--data", '{"n":1}'], ("Queue.Edit", ("a1", '{"n":1}', {}))),
    (["queue", "resolve", "a1", "use_server", "--server-version", "7"],
     ("Queue.Resolve", ("a1", "use_server", "", {"server-version": 7}))),
])
def test_simple_commands(ctl, agent, command, call):
    result = ctl(*command)
    assert result.returncode == 0 and result.stdout.strip()
    assert agent.calls == [call]
    assert ctl(*command, "--json").stdout == "{}\n"


@pytest.mark.parametrize("options, call", [
    ([], {}), (["--wipe"], {"wipe": True}), (["--wipe", "--discard-unsent"], {"wipe": True, "discard-unsent": True}),
])
def test_sign_out(ctl, agent, options, call):
    result = ctl("sign-out", *options)
    assert (result.returncode, result.stdout) == (0, "You are signed out.\n")
    assert agent.calls == [("Account.SignOut", (call,))]
    assert ctl("sign-out", *options, "--json").stdout == '{"unsent":0}\n'


@pytest.mark.parametrize("count, words, kata", [
    (1, "1 action that the server does not have yet stays on this machine until you sign in again.",
     "1 tindakan yang belum dimiliki server tetap di komputer ini sampai Anda masuk lagi."),
    (1234, "1234 actions that the server does not have yet stay on this machine until you sign in again.",
     "1.234 tindakan yang belum dimiliki server tetap di komputer ini sampai Anda masuk lagi."),
])
def test_sign_out_says_what_stays(ctl, agent, indonesian, count, words, kata):
    agent.properties["Account"]["Unsent"] = GLib.Variant("u", count)
    assert ctl("sign-out").stdout == f"You are signed out.\n{words}\n"
    assert ctl("sign-out", **indonesian).stdout == f"Anda sudah keluar.\n{kata}\n"
    assert json.loads(ctl("sign-out", "--json").stdout) == {"unsent": count}


def refuse(agent, method, name, message):
    def raise_refusal(arguments):
        raise Refusal(name, message)
    agent.methods[method] = raise_refusal


ERRORS = [
    line.split("Error.")[1]
    for line in Path(os.environ["LABSYNC_CONTRACT"]).read_text().splitlines() if line.startswith("error ")
]


@pytest.mark.parametrize("name", ERRORS)
def test_refusals(ctl, agent, indonesian, name):
    """To people by the code, in their language; to scripts in the agent's words, which also say what a value lacks."""
    refuse(agent, "Connection.SyncNow", name, "in the agent's words")
    code = 4 if name == "NotSignedIn" else 1
    here, there = ctl("sync"), ctl("sync", **indonesian)
    for result in (here, there):
        assert (result.returncode, result.stdout) == (code, "")
        assert result.stderr.startswith("labsyncctl: ")
        assert ("agent's words" in result.stderr) == (name == "InvalidArgument")
        assert "GDBus" not in result.stderr and name not in result.stderr
    assert here.stderr != there.stderr
    result = ctl("sync", "--json", **indonesian)
    assert result.returncode == code
    assert error_of(result) == {"code": name, "message": "in the agent's words"}


@pytest.mark.parametrize("message, english, translated", [
    ("not-configured: no server is set",
     ": no server is set, or its address may not be used (Server.url)",
     ": server belum diatur, atau alamatnya tidak boleh dipakai (Server.url)"),
    ("no-network", ": there is no network", ": tidak ada jaringan"),
    ("server-unreachable", "", ""),
    ("server-unreachable: no answer", "", ""),
    ("none", "", ""),
    ("of-tomorrow: news", "", ""),
])
def test_why_the_server_is_out_of_reach(ctl, agent, indonesian, message, english, translated):
    refuse(agent, "Account.SignIn", "Unreachable", message)
    here, there = ctl("sign-in", "a@b", stdin="x\n"), ctl("sign-in", "a@b", stdin="x\n", **indonesian)
    assert here.stderr == f"labsyncctl: The school's server cannot be reached now{english}\n"
    assert there.stderr == f"labsyncctl: Server sekolah sedang tidak dapat dihubungi{translated}\n"


# The queue

def action(**members):
    values = {
        "id": "a1", "type": "update", "entity": "grade", "entity-id": "g1", "endpoint": "/api/grades/g1",
        "method": "PUT", "data": '{"n":1}', "status": "pending", "detail": "", "outcome": "", "attempts": 0,
        "created": 1700000000000, "next-attempt": 0, "error": "", "app": ":1.7",
    }
    values.update({name.replace("_", "-"): value for name, value in members.items()})
    signature = {"attempts": "u", "http-status": "u", "created": "t", "next-attempt": "t"}
    return {name: GLib.Variant(signature.get(name, "s"), value) for name, value in values.items()}


def serve(agent, *pages):
    """What List returns, page by page."""
    def answer(arguments):
        page = int(arguments[0].get("after", "0"))
        return GLib.Variant("(aa{sv}s)", (pages[page], str(page + 1) if page + 1 < len(pages) else ""))
    agent.methods["Queue.List"] = answer


def test_queue_list_json(ctl, agent):
    serve(agent, [action(), action(id="a2", data="", status="failed", error="forbidden")], [action(id="a3")])
    result = ctl("queue", "list", "--json", "--status", "pending", "--status", "failed", "--entity", "grade")
    assert result.stdout.count("\n") == 1
    document = json.loads(result.stdout)
    assert list(document) == ["actions"]
    assert document["actions"][0] == {
        "id": "a1", "type": "update", "entity": "grade", "entity_id": "g1", "endpoint": "/api/grades/g1",
        "method": "PUT", "data": {"n": 1}, "status": "pending", "detail": "", "outcome": "", "attempts": 0,
        "created": 1700000000000, "next_attempt": 0, "error": "", "app": ":1.7",
    }
    assert document["actions"][1]["data"] is None
    assert [each["id"] for each in document["actions"]] == ["a1", "a2", "a3"]
    asked = {"status": ["pending", "failed"], "entity": "grade"}
    assert agent.calls == [("Queue.List", (asked,)), ("Queue.List", ({**asked, "after": "1"},))]


def test_queue_list_for_people(ctl, agent, indonesian):
    serve(agent, [
        action(), action(id="a2", status="failed", error="forbidden"), action(id="a3", detail="blocked-by a2"),
        action(id="a4", detail="waiting-for-network"), action(id="a5", error="server-unreachable"),
        action(id="a6", status="of-tomorrow", error="x\033[2J"),
    ])
    text = ctl("queue", "list").stdout
    lines = [re.sub("  +", "|", line.rstrip()) for line in text.splitlines()]
    assert lines == [
        "ID|SINCE|ACTION|STATUS|WHY",
        "a1|2023-11-14 22:13:20|update grade g1|waiting",
        "a2|2023-11-14 22:13:20|update grade g1|failed|you are not allowed to do that",
        "a3|2023-11-14 22:13:20|update grade g1|waiting|waits for a2",
        "a4|2023-11-14 22:13:20|update grade g1|waiting|there is no connection",
        "a5|2023-11-14 22:13:20|update grade g1|waiting|the server cannot be reached",
        "a6|2023-11-14 22:13:20|update grade g1|of-tomorrow|x\ufffd[2J",
    ]
    assert agent.calls == [("Queue.List", ({},))]
    text = ctl("queue", "list", **indonesian).stdout
    assert "Anda tidak diizinkan melakukannya" in text and "menunggu a2" in text
    serve(agent, [])
    assert ctl("queue", "list").stdout == "There is nothing.\n"


def test_conflicts(ctl, agent):
    serve(agent, [action(status="conflict", error="row-changed")])
    document = json.loads(ctl("conflicts", "--json").stdout)
    assert list(document) == ["conflicts"] and document["conflicts"][0]["status"] == "conflict"
    assert agent.calls == [("Queue.List", ({"status": ["conflict"]},))]
    assert "somebody else has changed it" in ctl("conflicts").stdout


def test_queue_add(ctl, agent):
    agent.methods["Queue.Enqueue"] = lambda arguments: GLib.Variant("(s)", ("a1",))
    agent.methods["Queue.Get"] = lambda arguments: GLib.Variant("(a{sv})", (action(entity_id="new"),))
    result = ctl("queue", "add", "--type", "create", "--entity", "grade", "--data", '{"n":1}', "--json")
    assert result.stdout == '{"id":"a1","entity_id":"new"}\n'
    assert agent.calls[0] == ("Queue.Enqueue", ("create", "grade", "", '{"n":1}', {}))
    agent.calls.clear()
    result = ctl("queue", "add", "--type", "submit", "--entity", "assignment", "--entity-id", "s1", "--endpoint",
                 "/api/x", "--method", "PATCH", "--base-version", "3", "--depends-on", "a0", "--idempotency-key", "k",
                 "--coalesce", "--data", "-", stdin='{"long":\n"ü"}\n')
    assert result.returncode == 0 and "a1" in result.stdout
    assert agent.calls[0] == ("Queue.Enqueue", ("submit", "assignment", "s1", '{"long":\n"ü"}\n', {
        "endpoint": "/api/x", "method": "PATCH", "base-version": 3, "depends-on": "a0", "idempotency-key": "k",
        "coalesce": True,
    }))


def test_queue_add_refused(ctl, agent):
    refuse(agent, "Queue.Enqueue", "QuotaExceeded", "the queue is full")
    result = ctl("queue", "add", "--type", "delete", "--entity", "grade", "--entity-id", "g1", "--json")
    assert result.returncode == 1 and error_of(result)["code"] == "QuotaExceeded"
    assert agent.calls == [("Queue.Enqueue", ("delete", "grade", "g1", "", {}))]


def test_queue_add_is_done_though_it_can_not_be_read(ctl, agent):
    """Whoever reads a failure adds it twice."""
    agent.methods["Queue.Enqueue"] = lambda arguments: GLib.Variant("(s)", ("a1",))
    refuse(agent, "Queue.Get", "Storage", "the disk is full")
    result = ctl("queue", "add", "--type", "delete", "--entity", "grade", "--entity-id", "g1", "--json")
    assert (result.returncode, result.stdout) == (0, '{"id":"a1","entity_id":"g1"}\n')


def test_queue_add_says_what_is_wrong_with_a_value(ctl, agent, indonesian):
    refuse(agent, "Queue.Enqueue", "InvalidArgument", "“fly” is no type of action")
    command = ("queue", "add", "--type", "fly", "--entity", "grade")
    assert ctl(*command).stderr == (
        "labsyncctl: That is not a valid value: “fly” is no type of action. See: man labsyncctl\n"
    )
    assert ctl(*command, **indonesian).stderr.startswith("labsyncctl: Nilai itu tidak sah: “fly”")


def test_data_that_is_no_text_is_not_sent(env, agent):
    result = subprocess.run(
        [CTL, "queue", "edit", "a1", "--data", "-", "--json"], input=b"\xff", env=env, capture_output=True, timeout=30)
    assert result.returncode == 1 and json.loads(result.stderr)["error"]["code"] == "InvalidArgument"
    assert agent.calls == []


CONFLICT = GLib.Variant("(sssxa{sv})", ('{"n":0}', '{"n":1}', '{"n":2}', 7, {}))


def test_queue_show(ctl, agent):
    agent.methods["Queue.Get"] = lambda arguments: GLib.Variant("(a{sv})", (action(next_attempt=1700000060000),))
    document = json.loads(ctl("queue", "show", "a1", "--json").stdout)
    assert document["id"] == "a1" and document["data"] == {"n": 1} and "server" not in document
    text = ctl("queue", "show", "a1").stdout
    assert "update grade g1" in text and "PUT /api/grades/g1" in text and "2023-11-14 22:14:20" in text
    assert '\n{\n  "n": 1\n}\n' in text and "Outcome" not in text
    assert {call[0] for call in agent.calls} == {"Queue.Get"}


def test_queue_show_says_how_it_ended(ctl, agent, indonesian):
    agent.methods["Queue.Get"] = lambda arguments: GLib.Variant(
        "(a{sv})", (action(status="completed", outcome="superseded"),))
    assert re.search("Outcome +replaced by something else\n", ctl("queue", "show", "a1").stdout)
    assert re.search("Hasil +digantikan", ctl("queue", "show", "a1", **indonesian).stdout)


def test_queue_show_conflict(ctl, agent):
    agent.methods["Queue.Get"] = lambda arguments: GLib.Variant("(a{sv})", (action(status="conflict"),))
    agent.methods["Queue.GetConflict"] = lambda arguments: CONFLICT
    document = json.loads(ctl("queue", "show", "a1", "--json").stdout)
    assert (document["base"], document["server"], document["server_version"]) == ({"n": 0}, {"n": 2}, 7)
    text = ctl("queue", "show", "a1").stdout
    assert "queue resolve a1 keep_local --server-version=7 " in text and '"n": 2' in text
    for details, said in (({"deleted": GLib.Variant("b", True)}, "does not have it any more"), ({}, "did not say")):
        gone = GLib.Variant("(sssxa{sv})", ("", '{"n":1}', "", 0, details))
        agent.methods["Queue.GetConflict"] = lambda arguments, answer=gone: answer
        assert json.loads(ctl("queue", "show", "a1", "--json").stdout)["server"] is None
        assert said in ctl("queue", "show", "a1").stdout


def test_queue_show_dead_letter(ctl, agent):
    dead = action(status="failed", error="forbidden", http_status=403, answer='{"message":"no"}')
    agent.methods["Queue.Get"] = lambda arguments: GLib.Variant("(a{sv})", (dead,))
    text = ctl("queue", "show", "a1").stdout
    assert re.search("Answer +HTTP 403\n", text) and '\nWhat the server said:\n{\n  "message": "no"\n}\n' in text


def test_a_copy_that_could_not_be_written_is_not_done(env, agent):
    agent.methods["Queue.Export"] = lambda arguments: GLib.Variant("(s)", ('{"actions":[]}',))
    for options in ([], ["--json"]):
        with open("/dev/full", "wb") as full:
            result = subprocess.run(
                [CTL, "queue", "export", *options], env=env, stdout=full, stderr=subprocess.PIPE, text=True,
                timeout=30, check=False)
        assert result.returncode == 1 and "cannot be written" in result.stderr


@pytest.mark.parametrize("method, command, words", [
    ("Undo", ["undo", "a1"], "There is nothing to bring back for this ID"),
    ("GetConflict", ["resolve", "a1", "use_server"], "There is no conflict with this ID"),
    ("Resolve", ["resolve", "a1", "use_server", "--server-version", "7"], "There is no conflict with this ID"),
])
def test_an_action_that_is_there_is_not_denied(ctl, agent, method, command, words):
    refuse(agent, f"Queue.{method}", "NotFound", "not in conflict")
    result = ctl("queue", *command)
    assert (result.returncode, result.stderr) == (1, f"labsyncctl: {words}\n")
    assert error_of(ctl("queue", *command, "--json"))["code"] == "NotFound"
    refuse(agent, f"Queue.{method}", "Storage", "full")
    assert "disk" in ctl("queue", *command).stderr


def test_queue_resolve_means_what_is_there(ctl, agent):
    agent.methods["Queue.GetConflict"] = lambda arguments: CONFLICT
    assert ctl("queue", "resolve", "a1", "merge", "--data", '{"n":3}').returncode == 0
    assert agent.calls == [
        ("Queue.GetConflict", ("a1",)), ("Queue.Resolve", ("a1", "merge", '{"n":3}', {"server-version": 7}))]


def test_queue_retry_all(ctl, agent):
    agent.methods["Queue.RetryFailed"] = lambda arguments: GLib.Variant("(u)", (2,))
    assert ctl("queue", "retry", "--all").stdout == "2 actions are sent again.\n"
    assert ctl("queue", "retry", "--all", "--json").stdout == '{"count":2}\n'
    assert agent.calls == [("Queue.RetryFailed", ({},))] * 2


def test_queue_export_is_what_the_agent_says(ctl, agent):
    agent.methods["Queue.Export"] = lambda arguments: GLib.Variant("(s)", ('{"exported":1,"actions":[]}',))
    for extra in ([], ["--json"]):
        assert ctl("queue", "export", *extra).stdout == '{"exported":1,"actions":[]}\n'


# The password

@pytest.mark.parametrize("line", ["pa ss wörd\n", "pa ss wörd"])
def test_password_from_standard_input(ctl, agent, line):
    assert ctl("sign-in", "sari@school.test", stdin=line).returncode == 0
    assert agent.calls == [("Account.SignIn", ("sari@school.test", "pa ss wörd", {}))]


@pytest.mark.parametrize("line", ["", "\n", "x" * 2000 + "\n"])
def test_bad_password_is_not_sent(ctl, agent, line):
    result = ctl("sign-in", "sari@school.test", stdin=line)
    assert result.returncode == 1 and result.stderr
    assert agent.calls == []


class Terminal:
    """labsyncctl at a terminal of its own."""

    def __init__(self, env, *arguments):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(CTL, [CTL, *arguments], env)
        self.output = ""

    def read_until(self, condition, timeout=20):
        end = time.monotonic() + timeout
        while not condition():
            ready, _, _ = select.select([self.fd], [], [], max(0, end - time.monotonic()))
            assert ready, self.output
            try:
                data = os.read(self.fd, 4096)
            except OSError:  # the other end is closed
                data = b""
            if not data:
                assert condition(), self.output
                return
            self.output += data.decode()

    def echoes(self):
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)

    def wait(self):
        _, status = os.waitpid(self.pid, 0)
        return status

    def close(self):
        os.close(self.fd)


@pytest.fixture
def terminal(env):
    made = []

    def start(*arguments, **extra):
        made.append(Terminal({**env, "TERM": "xterm", **extra}, *arguments))
        return made[-1]
    yield start
    for each in made:
        each.close()


def prompted(terminal):
    terminal.read_until(lambda: "Password of sari@school.test: " in terminal.output)
    while terminal.echoes():
        os.sched_yield()


def test_password_is_not_shown(terminal, agent):
    shell = terminal("sign-in", "sari@school.test")
    prompted(shell)
    os.write(shell.fd, b"secret\n")
    shell.read_until(lambda: "signed in" in shell.output)
    assert os.waitstatus_to_exitcode(shell.wait()) == 0
    assert "secret" not in shell.output
    assert shell.echoes()
    assert agent.calls == [("Account.SignIn", ("sari@school.test", "secret", {}))]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_terminal_shows_again_after_signal(terminal, agent, number):
    shell = terminal("sign-in", "sari@school.test")
    # Held open, or the terminal would forget how it was set when the program ends.
    prompted(shell)
    other = os.open(os.readlink(f"/proc/{shell.pid}/fd/0"), os.O_RDWR | os.O_NOCTTY)
    os.kill(shell.pid, number)
    assert os.waitstatus_to_exitcode(shell.wait()) == -number
    assert termios.tcgetattr(other)[3] & termios.ECHO
    os.close(other)
    assert agent.calls == []


# Colour

def test_color_only_on_a_terminal_that_wants_it(terminal, agent):
    for extra, colored in (({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)):
        shell = terminal("status", **extra)
        shell.read_until(lambda: "Bu Sari (teacher)" in shell.output)
        assert os.waitstatus_to_exitcode(shell.wait()) == 0
        assert ("\033[32m" in shell.output) == colored, extra


# watch

class Watcher:
    def __init__(self, env, *arguments):
        self.process = subprocess.Popen(
            [CTL, "watch", *arguments], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def finish(self):
        out, err = self.process.communicate(timeout=20)
        return self.process.returncode, out, err


@pytest.fixture
def eager_agent(bus):
    """Sends an event right behind the reply to Subscribe, before anybody can have asked for it."""
    class EagerAgent(FakeAgent):
        def _call(self, bus, sender, path, interface, method, parameters, invocation):
            super()._call(bus, sender, path, interface, method, parameters, invocation)
            if method == "Subscribe":
                self.send_events([EVENT])
    agent = EagerAgent(bus.address, INTERFACES)
    agent.methods["Events.Subscribe"] = lambda arguments: GLib.Variant(
        "(o)", ("/org/labsync/Agent/subscription/1",))
    yield agent
    agent.stop()


def test_watch_prints_and_acknowledges(env, eager_agent):
    watcher = Watcher(env, "--json", "grade_updated", "grade_created")
    eager_agent.wait_for_call(("Subscription.Acknowledge", (7,)))
    eager_agent.calls.remove(("Subscription.Acknowledge", (7,)))
    eager_agent.send_events([])  # the hint that it waits
    eager_agent.wait_for_call(("Subscription.Acknowledge", (7,)))
    eager_agent.send_events([(9, *EVENT[1:]), (10, *EVENT[1:])])
    eager_agent.wait_for_call(("Subscription.Acknowledge", (10,)))
    watcher.process.send_signal(signal.SIGTERM)
    code, out, err = watcher.finish()
    assert (code, err) == (0, "")
    assert [json.loads(line)["seq"] for line in out.splitlines()] == [7, 9, 10]
    assert out.splitlines()[0] == EVENT_JSON
    assert eager_agent.calls[0] == ("Events.Subscribe", (["grade_updated", "grade_created"], {}))


def test_watch_names_the_types_that_there_are(ctl, eager_agent, indonesian):
    eager_agent.properties["Events"] = {"EventTypes": GLib.Variant("as", ["grade_created", "grade_updated"])}
    for command in (["watch", "grade_updated", "grade_lost"], ["watch", "grade_lost", "--json"]):
        result = ctl(*command)
        assert (result.returncode, result.stdout) == (1, "")
        assert "There is no event type “grade_lost”. There are: grade_created grade_updated" in result.stderr
    assert error_of(result)["code"] == "InvalidArgument"
    assert ctl(*command[:-1], **indonesian).stderr == (
        "labsyncctl: Tidak ada jenis peristiwa “grade_lost”. Yang ada: grade_created grade_updated\n"
    )
    assert eager_agent.calls == []


def test_watch_ends_with_the_agent(env, eager_agent):
    watcher = Watcher(env)
    eager_agent.wait_for_call(("Subscription.Acknowledge", (7,)))
    eager_agent.stop()
    code, out, err = watcher.finish()
    assert code == 3
    assert "grade_updated" in out and err.endswith("The agent is not running: it has just stopped\n")


# config

def test_config_explain_needs_no_agent(ctl, tmp_path):
    folder = tmp_path / "labsync"
    folder.mkdir()
    (folder / "agent.conf").write_text("[Server]\nurl=http://file.test\nwebsocket=perhaps\n")
    nowhere = {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent", "LABSYNC_SERVER_URL": "http://variable.test"}
    result = ctl("config", "explain", "Server.url", "--json", **nowhere)
    assert result.returncode == 0
    document = json.loads(result.stdout)
    [setting] = document["settings"]
    assert setting["key"] == "Server.url" and setting["value"] == "http://variable.test"
    assert setting["source"] == "environment" and setting["locked"] is False and setting["locked_by"] is None
    assert [(layer["value"], layer["used"]) for layer in setting["layers"]] == [
        ("", False), ("http://file.test", False), ("http://variable.test", True)]
    assert setting["layers"][1]["line"] == 2
    [problem] = document["problems"]
    assert problem["line"] == 3 and problem["name"] == "Server.websocket"

    text = ctl("config", "explain", **nowhere)
    assert text.returncode == 0
    assert "Cache.max-age" in text.stdout and "built-in" in text.stdout
    assert "agent.conf:3: Server.websocket" in text.stderr
    assert "http://file.test" in ctl("config", "explain", "Server.url", **nowhere).stdout


def test_config_file_of_the_agent(ctl, tmp_path):
    given = tmp_path / "given.conf"
    given.write_text("[Cache]\nmax-age=1d\n")
    result = ctl("config", "explain", "Cache.max-age", "--json", "--config", str(given))
    assert json.loads(result.stdout)["settings"][0]["source"] == str(given)


# Languages


def test_help_in_indonesian(ctl, indonesian):
    overview = ctl("--help", **indonesian).stdout
    assert "Perintah:" in overview and "get ENTITAS ID" in overview
    assert "Tampilkan sambungan, siapa yang masuk, dan apa yang belum terkirim" in overview
    page = ctl("list", "--help", **indonesian).stdout
    assert "--filter=NAMA=NILAI" in page and "Urutkan menurut anggota ini" in page


def test_status_in_indonesian(ctl, agent, indonesian):
    text = ctl("status", **indonesian).stdout
    assert "langsung: perubahan diterima seketika" in text and "Bu Sari (guru)" in text
    date = subprocess.run(
        ["date", "-u", "-d", "@1700000000", "+%x %X"], env={**os.environ, **indonesian},
        capture_output=True, text=True, check=True,
    ).stdout.strip()
    assert date in text and "2023-11-14" not in text


@pytest.mark.parametrize("attempt, english, translated", [
    (1, "1 has failed", "1 kali gagal"), (2, "2 have failed", "2 kali gagal"),
    (1234, "1234 have failed", "1.234 kali gagal"),
])
def test_plurals_and_numbers(ctl, agent, indonesian, attempt, english, translated):
    agent.properties["Connection"]["State"] = GLib.Variant("s", "waiting")
    agent.properties["Connection"]["Attempt"] = GLib.Variant("u", attempt)
    assert english in ctl("status").stdout
    text = ctl("status", **indonesian).stdout
    assert translated in text and "menunggu untuk mencoba lagi" in text


def test_errors_in_indonesian(ctl, agent, indonesian):
    refuse(agent, "Cache.Get", "NotFound", "nothing there")
    assert ctl("get", "grade", "g1", **indonesian).stderr == "labsyncctl: Tidak ada data dengan ID ini\n"
    assert "Perintah apa?" in ctl(**indonesian).stderr


def test_settings_in_indonesian(ctl, tmp_path, indonesian):
    (tmp_path / "labsync").mkdir()
    (tmp_path / "labsync/agent.conf").write_text("[Server]\nurl=ftp://x\n")
    result = ctl("config", **indonesian)
    assert "PENGATURAN" in result.stdout and "bawaan" in result.stdout
    assert "tidak diawali dengan http:// atau https://" in result.stderr


def test_json_is_the_same_in_every_language(ctl, agent, tmp_path, indonesian):
    (tmp_path / "labsync").mkdir()
    (tmp_path / "labsync/agent.conf").write_text("[Server]\nurl=ftp://x\n")
    for command in (["status"], ["config"], ["nonsense"], ["status", "--nonsense"]):
        here, there = ctl(*command, "--json"), ctl(*command, "--json", **indonesian)
        assert (here.stdout, here.stderr, here.returncode) == (there.stdout, there.stderr, there.returncode)
