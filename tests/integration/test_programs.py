# SPDX-License-Identifier: LGPL-2.1-or-later
"""The whole way, with the real programs: what a user and an app see."""

import http.server
import json
import resource
import subprocess
import threading
import time

import pytest

from labsync_testing import INTERFACE, Proxy, as_root, fill_disk, until

STUDENT = "student@demo.test"
TEACHER = "teacher@demo.test"


def some_grade(server):
    """A row that the student may see and the teacher may change."""
    own = {row["id"] for row in server.person(STUDENT).rows("grades")}
    row = next(row for row in server.person(TEACHER).rows("grades") if row["id"] in own)
    return row["id"], row["score"]


def edit(server, row_id, score):
    return server.person(TEACHER).update("grades", row_id, score=score)


def scores(desktop, cursor, row_id):
    """What the log says happened to a grade after a cursor."""
    return [json.loads(event.data)["score"] for event in desktop.events(cursor)[0] if event.entity_id == row_id]


def test_a_change_arrives(server, desktop):
    row_id, _ = some_grade(server)
    app = desktop.app("grade_updated")
    teacher = server.person(TEACHER)
    teacher.update("grades", row_id, score=11)
    app.wait_event(entity_id=row_id)
    before = time.monotonic()
    teacher.update("grades", row_id, score=12)
    event = app.wait_event(entity_id=row_id, seq=app.events[-1].seq + 1)
    print(f"from the write to the app: {(app.arrived[-1] - before) * 1000:.0f} ms")
    assert (event.type, event.entity) == ("grade_updated", "grade")
    assert json.loads(event.data)["score"] == 12
    assert desktop.row("grade", row_id)["score"] == 12
    app.close()


def test_only_what_one_may_see(server, desktop):
    seen = set(desktop.cached("grade"))
    allowed = {row["id"] for row in server.person(STUDENT).rows("grades")}
    everything = {row["id"] for row in server.person(TEACHER).rows("grades")}
    assert seen == allowed
    assert everything - allowed, "the demo school has another student's grades"


def test_cached_reads_without_server(server, desktop):
    before = desktop.cached("grade")
    server.kill()
    desktop.wait_state("waiting", "connecting")
    assert before and desktop.cached("grade") == before
    until(lambda: desktop.reason() == "server-unreachable", what="the reason")


def test_signs_in_by_itself_after_a_kill(server, desktop):
    desktop.kill()
    desktop.start()
    desktop.wait_state("live")
    assert desktop.bus.property("Account", "State") == "signed-in"
    assert desktop.bus.property("Account", "Role") == "student"


@pytest.mark.parametrize("who", ["agent", "server"])
def test_missed_events_arrive_once(server, desktop, who):
    row_id, _ = some_grade(server)
    cursor = desktop.cursor()
    if who == "agent":
        desktop.kill()
    else:
        server.kill()
        server.start()
    for score in (21, 22, 23):
        edit(server, row_id, score)
    if who == "agent":
        desktop.start()
    desktop.wait_state("live")
    until(lambda: desktop.row("grade", row_id)["score"] == 23, what="the last edit")
    assert scores(desktop, cursor, row_id) == [21, 22, 23]


def test_an_app_resumes_by_cursor(server, desktop):
    row_id, _ = some_grade(server)
    cursor = desktop.cursor()
    edit(server, row_id, 31)
    until(lambda: desktop.row("grade", row_id)["score"] == 31, what="the edit")
    app = desktop.app("grade_updated", cursor=cursor)
    edit(server, row_id, 32)
    app.until(lambda: len(app.events) >= 2, what="both edits")
    assert [json.loads(event.data)["score"] for event in app.events] == [31, 32]
    assert app.events[0].seq < app.events[1].seq
    app.close()


def test_every_state_on_the_way(server, desktop):
    seen = []
    desktop.bus.connection.signal_subscribe(
        None, INTERFACE + "Connection", "StateChanged", None, None, 0,
        lambda *arguments: seen.append(arguments[5].unpack()),
    )
    server.kill()
    desktop.bus.until(lambda: any(new == "waiting" for _, new, _ in seen), what="waiting")
    server.start()
    desktop.bus.until(lambda: seen[-1][1] == "live", seconds=20, what="live again")
    assert seen[0][0] == "live"
    assert all(first[1] == second[0] for first, second in zip(seen, seen[1:])), seen


def test_disconnect_lasts(server, desktop):
    assert desktop.ctl("disconnect").code == 0
    desktop.wait_state("stopped")
    assert desktop.reason() == "user"
    desktop.stop()
    desktop.start()
    desktop.wait_state("stopped")
    assert desktop.ctl("connect").code == 0
    desktop.wait_state("live")


def test_wrong_password(server, desk):
    desktop = desk(server.url)
    result = desktop.ctl("sign-in", STUDENT, "--json", text="wrong-secret\n")
    assert result.code == 1 and not result.out
    assert json.loads(result.err)["error"]["code"] == "WrongCredentials"
    assert desktop.state() == "signed-out"
    assert "wrong-secret" not in desktop.messages() + result.err


def test_sign_in_without_a_server_says_why(desk):
    result = desk().ctl("sign-in", "student@demo.test", "--json", text="demo\n")
    error = json.loads(result.err)["error"]
    assert (result.code, error["code"]) == (1, "Unreachable")
    assert error["message"].startswith("not-configured: ")


def test_exit_codes(server, desk, directory):
    desktop = desk(server.url)
    assert desktop.ctl("no-such-command").code == 2
    assert desktop.ctl("get", "grade").code == 2
    assert desktop.ctl("list", "grade").code == 4
    assert desktop.ctl("status").code == 4
    desktop.sign_in()
    desktop.wait_state("live")
    assert desktop.ctl("status").code == 0
    assert desktop.ctl("get", "grade", "no-such-row").code == 1
    assert desktop.ctl("list", "no_such_entity").code == 1
    desktop.stop()
    assert desktop.ctl("status").code == 3


def test_ctl_says_what_the_bus_says(server, desktop):
    status = desktop.json("status")
    assert (status["state"], status["transport"], status["protocol"]) == ("live", "websocket", "labsync.v1")
    assert status["account"]["role"] == "student"
    rows = desktop.json("list", "grade")["rows"]
    assert {row["id"]: row["version"] for row in rows} == {
        row_id: version for row_id, (version, _) in desktop.cached("grade").items()
    }
    row_id, _ = some_grade(server)
    cursor = desktop.cursor()
    edit(server, row_id, 71)
    until(lambda: desktop.row("grade", row_id)["score"] == 71, what="the edit")
    event = next(event for event in desktop.json("events", "--since", cursor)["events"] if event["entity_id"] == row_id)
    assert event["type"] == "grade_updated" and event["data"]["score"] == 71
    assert desktop.json("get", "grade", row_id)["data"]["score"] == 71
    server.kill()
    desktop.wait_state("waiting")
    assert desktop.ctl("status").code == 10


def test_bad_settings_are_reported_and_open_nothing(server, desk):
    desktop = desk(
        server.url, Connection_ping_interval="soon", Server_allow_insecure="perhaps", Connection_nonsense="1"
    )
    desktop.sign_in()
    desktop.wait_state("live")
    messages = desktop.messages()
    for word in ("ping-interval", "soon", "allow-insecure", "perhaps", "nonsense"):
        assert word in messages, messages


def test_plain_http_goes_to_this_machine_only(desk):
    desktop = desk("http://192.0.2.1:8080")
    result = desktop.ctl("sign-in", STUDENT, text="demo\n")
    assert result.code == 1
    assert desktop.state() == "stopped", "there is no server, as that is none to send a password to"
    assert "Server.url: " in desktop.messages()


def test_polling_alone_gives_the_same_cache(server, desk, desktop):
    polling = desk(server.url, Server_websocket="false")
    polling.sign_in()
    polling.wait_state("polling")
    row_id, _ = some_grade(server)
    for score in range(41, 51):
        edit(server, row_id, score)
    for each in (desktop, polling):
        until(lambda each=each: each.row("grade", row_id)["score"] == 50, what="the last edit")
    assert desktop.dump() and desktop.dump() == polling.dump()


def test_falls_back_to_polling_and_returns(server, desk, world):
    proxy = world.enter_context(Proxy(server))
    proxy.no_websocket = True
    desktop = desk(proxy.url)
    desktop.sign_in()
    desktop.wait_state("polling")
    row_id, _ = some_grade(server)
    edit(server, row_id, 61)
    until(lambda: desktop.row("grade", row_id)["score"] == 61, what="the edit by polling")
    proxy.no_websocket = False
    desktop.wait_state("live")


class Stranger(http.server.BaseHTTPRequestHandler):
    """Not a Lab Sync server: answers all the same, and notes who gave it a token."""

    def answer(self):
        self.server.tokens.append(self.headers.get("Authorization"))
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(self.server.code)
        if self.server.location:
            self.send_header("Location", self.server.location)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<html>Welcome to the hotspot</html>")

    do_GET = do_POST = answer

    def log_message(self, *_):
        pass


@pytest.fixture
def stranger(world):
    def make(code, location=None):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Stranger)
        server.code, server.location, server.tokens = code, location, []
        server.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        world.callback(server.server_close)
        world.callback(server.shutdown)
        return server

    return make


@pytest.mark.parametrize("code, redirected", [(403, False), (503, False), (200, False), (302, True), (307, True)])
def test_a_server_that_is_not_ours(server, desk, world, stranger, code, redirected):
    """The link is taken over after sign-in: a clear state, cached reads, and no token given away."""
    target = stranger(200)
    other = stranger(code, f"http://127.0.0.1:{target.port}/login" if redirected else None)
    proxy = world.enter_context(Proxy(server))
    desktop = desk(proxy.url)
    desktop.sign_in()
    desktop.wait_state("live")
    before = desktop.cached("grade")
    proxy.server = other
    proxy.cut()
    desktop.wait_state("waiting")
    until(lambda: desktop.reason() not in ("none", "server-unreachable") or code == 503, what="a clear reason")
    print(f"{code}: {desktop.reason()}")
    assert desktop.cached("grade") == before
    assert target.tokens == [], "a redirect was followed"
    proxy.server = server
    proxy.cut()
    desktop.wait_state("live", seconds=30)


def test_sign_out(server, desktop):
    assert desktop.database().exists()
    assert desktop.ctl("sign-out", "--wipe").code == 0
    until(lambda: desktop.state() == "signed-out", what="signed-out")
    assert desktop.database() is None or not desktop.database().exists()
    assert desktop.ctl("list", "grade").code == 4
    found = subprocess.run(
        ["grep", "-rlE", "eyJ[A-Za-z0-9_-]{10,}", str(desktop.home), str(desktop.log)],
        capture_output=True, text=True, check=False,
    )
    assert found.stdout.replace(str(desktop.home / ".local/share/keyrings"), "").strip() in ("",), found.stdout


def test_a_full_disk_loses_nothing(server, desk, small_disk):
    folder = small_disk("2m")
    desktop = desk(server.url)
    desktop.sign_in()
    desktop.wait_state("live")
    row_id, score = some_grade(server)
    cursor = desktop.cursor()
    blob = fill_disk(folder)
    teacher = server.person(TEACHER)
    written = list(range(1, 100))
    for score in written:
        teacher.update("grades", row_id, score=score)
    until(lambda: not desktop.bus.property("Diagnostics", "Healthy"), 20, "the agent to say it is not well")
    assert desktop.row("grade", row_id)["id"] == row_id
    blob.unlink()
    until(lambda: desktop.row("grade", row_id)["score"] == written[-1], 30, "what was missed")
    assert scores(desktop, cursor, row_id) == written


def test_a_read_only_disk(server, desk, small_disk):
    folder = small_disk("2m")
    desktop = desk(server.url)
    desktop.sign_in()
    desktop.wait_state("live")
    rows = desktop.cached("grade")
    desktop.stop()
    assert as_root("mount", "-o", "remount,ro", folder)
    desktop.start()
    row_id, score = some_grade(server)
    assert rows and desktop.row("grade", row_id) is not None
    server.person(TEACHER).update("grades", row_id, score=(score + 1) % 100)
    # it tries again now and then
    until(lambda: (desktop.state(), desktop.reason()) == ("waiting", "storage"), what="the reason")
    assert not desktop.bus.property("Diagnostics", "Healthy")
    assert desktop.row("grade", row_id)["score"] == score
    assert as_root("mount", "-o", "remount,rw", folder)
    until(lambda: desktop.row("grade", row_id)["score"] == (score + 1) % 100, 60, "what was missed")
    desktop.wait_state("live")


def test_as_many_files_as_the_system_allows(desk):
    """Each app that calls costs the agent one, and any of them could call by many connections."""
    desktop = desk(wrapper=("prlimit", "--nofile=200:1000"))
    assert resource.prlimit(desktop.agent.pid, resource.RLIMIT_NOFILE) == (1000, 1000)
