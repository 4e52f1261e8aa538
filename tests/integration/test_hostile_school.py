# SPDX-License-Identifier: LGPL-2.1-or-later
"""A server that turns against those who are signed in: what it can't do."""

import http.server
import json
import threading
import time
from pathlib import Path

import pytest
from gi.repository import Gio

from labsync_testing import BUS_NAME, OBJECT_PATH, unsigned_token, until

ROWS = 60
ELSEWHERE = "127.0.0.2"
PADDING = b"X-Padding: " + b"a" * 1000 + b"\r\n"
ENOUGH = 20  # seconds that a dribble lasts at most


class School(http.server.BaseHTTPRequestHandler):
    """As much of a server as an agent needs that polls, and then what `server.mood` says."""

    def log_message(self, *_):
        pass

    def answer(self, data, status=200, kind="application/json"):
        body = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("X-Labsync-Server", "1")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        user = {"id": "u-1", "name": "Siti", "role": "admin"}
        self.answer({"success": True, "data": {"user": user, "token": self.server.token, "refreshToken": "r-1"}})

    def do_PUT(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.repeats_the_token()

    def do_GET(self):
        if self.path.startswith("/api/checksum"):
            self.answer({"success": False, "message": "", "error": "unknown-endpoint", "status": 404}, 404)
        else:
            getattr(self, self.server.mood)()

    def kind(self, rows=ROWS, epoch="e"):
        cursor = f"{epoch}:10"
        if self.path.startswith("/api/updates"):
            resume = "resumed" if f"cursor={epoch}%3A" in self.path else "snapshot"
            self.answer({"success": True, "data": {"updates": [], "cursor": cursor, "more": False, "resume": resume}})
            return
        entity = self.path.partition("entity=")[2]
        found = [{"id": f"{entity}-{n}", "version": 1, "data": {"id": f"{entity}-{n}"}} for n in range(rows)]
        self.answer({"success": True, "data": {"entity": entity, "rows": found, "next": None, "cursor": cursor}})

    def empties(self):
        self.kind(rows=0, epoch="f")

    def halves(self):
        self.kind(rows=ROWS // 2, epoch="f")

    def redirects(self):
        self.send_response(302)
        self.send_header("X-Labsync-Server", "1")
        self.send_header("Location", f"http://{ELSEWHERE}:{self.server.elsewhere}{self.path}")
        self.end_headers()

    def mistypes(self):
        self.answer({"success": True}, kind="text/plain")

    def repeats_the_token(self):
        secret = self.headers["Authorization"]
        self.send_response(403, secret)
        answer = {"success": False, "message": secret, "error": secret, "status": 403, "data": {"id": secret}}
        body = json.dumps(answer).encode()
        self.send_header("Content-Type", "application/json")
        self.send_header("X-Reason", secret)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def flood(self, head, more, pause):
        try:
            self.wfile.write(head)
            until_then = time.monotonic() + ENOUGH
            while time.monotonic() < until_then:
                self.wfile.write(more)
                time.sleep(pause)
        except OSError:
            pass  # the agent has had enough
        self.close_connection = True

    def floods_headers(self):
        self.flood(b"HTTP/1.1 200 OK\r\n", PADDING, 0)

    def floods_body(self):
        self.flood(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{", b" " * 65536, 0)

    def dribbles_headers(self):
        self.flood(b"HTTP/1.1 200 OK\r\nX-Long: ", b"a", 0.05)

    def dribbles_body(self):
        self.flood(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{", b" ", 0.05)


class Elsewhere(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.heard.append(str(self.headers))
        self.send_response(404)
        self.end_headers()

    do_POST = do_GET


@pytest.fixture
def listen(world):
    def make(handler, host="127.0.0.1"):
        server = http.server.ThreadingHTTPServer((host, 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        world.callback(server.server_close)
        world.callback(server.shutdown)
        return server

    return make


@pytest.fixture
def school(listen):
    server = listen(School)
    server.mood, server.token, server.elsewhere = "kind", unsigned_token(), None
    return server


@pytest.fixture
def desktop(school, desk):
    made = desk(
        f"http://127.0.0.1:{school.server_address[1]}", Server_websocket="false", Sync_event_types="grade_created",
        Connection_connect_timeout="1s",
    )
    made.stop()
    made.start("--verbose")
    made.sign_in("siti@school.test", "secret")
    made.wait_state("polling")
    assert len(made.cached("grade")) == ROWS
    return made


def peak(desktop):
    """In KiB, since the last reset."""
    status = Path(f"/proc/{desktop.agent.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])


def reset_peak(desktop):
    Path(f"/proc/{desktop.agent.pid}/clear_refs").write_text("5")


def turn(school, mood):
    school.mood = mood


@pytest.mark.parametrize(
    "mood, reason",
    [
        ("redirects", "captive-portal"),
        ("mistypes", "server-unreachable"),
        ("repeats_the_token", "policy"),
        ("floods_headers", "server-unreachable"),
        ("floods_body", "server-unreachable"),
        ("dribbles_headers", "server-unreachable"),
        ("dribbles_body", "server-unreachable"),
    ],
)
def test_a_hostile_answer(school, listen, desktop, mood, reason):
    elsewhere = listen(Elsewhere, ELSEWHERE)
    elsewhere.heard = []
    school.elsewhere = elsewhere.server_address[1]
    reset_peak(desktop)
    before = peak(desktop)
    turn(school, mood)
    desktop.wait_state("waiting", seconds=20)
    assert desktop.reason() == reason
    started = time.monotonic()
    assert len(desktop.cached("grade")) == ROWS
    assert time.monotonic() - started < 2, "it does nothing but listen to the server"
    assert peak(desktop) - before < 64 << 10, "what the server sends is kept"
    assert elsewhere.heard == [], "a redirect was followed"
    assert school.token not in desktop.messages() and "secret" not in desktop.messages()
    assert desktop.account() == "signed-in"
    turn(school, "kind")
    desktop.wait_state("polling", seconds=30)


def test_a_token_in_the_answer_to_an_action(school, desktop):
    """What the server says to an action is kept, written into a file and told to all: but no token is."""
    told = []
    desktop.bus.connection.signal_subscribe(
        BUS_NAME, None, None, OBJECT_PATH, None, Gio.DBusSignalFlags.NONE, lambda *signal: told.append(signal[3:])
    )
    added = desktop.json(
        "queue", "add", "--type", "update", "--entity", "grade", "--entity-id", "grade-1", "--data", '{"score": 9}'
    )
    desktop.bus.until(lambda: any("SyncCompleted" in signal for signal in told), what="the end of it")
    action = desktop.json("queue", "show", added["id"])
    assert (action["status"], action["http_status"], action["error"]) == ("failed", 403, "http-403")
    assert any("ActionChanged" in signal for signal in told)
    assert school.token not in str([(*signal[:2], signal[2].print_(False)) for signal in told])
    assert school.token not in json.dumps(action) and school.token not in desktop.ctl("queue", "export").out
    files = [path for path in desktop.state_dir.rglob("*") if path.is_file()]
    assert "queue.db" in {path.name for path in files}
    assert [path for path in files if school.token.encode() in path.read_bytes()] == []
    assert school.token not in desktop.messages()


def test_everything_is_gone(school, desktop):
    """One answer does not empty a cache: it is counted, said, and not obeyed."""
    turn(school, "empties")
    until(lambda: desktop.statistics()["doubted-rows"] == ROWS, what="the doubt")
    desktop.wait_state("polling")
    assert len(desktop.cached("grade")) == ROWS
    assert f"the server has {ROWS} rows less" in desktop.messages()
    assert desktop.events(desktop.cursor())[0] == []


def test_half_of_it_is_gone(school, desktop):
    turn(school, "halves")
    until(lambda: len(desktop.cached("grade")) == ROWS // 2, what="the deletions")
    assert desktop.statistics()["doubted-rows"] == 0
