# SPDX-License-Identifier: LGPL-2.1-or-later
"""labsync-server alone: tokens and passwords come out again nowhere, whatever goes wrong with them."""

import http.client
import json
import threading

import pytest
import websockets

from labsync_testing import PASSWORD, Server
from server_client import ADMIN, STUDENT, TEACHER, Socket

CANARY = "secret-3c41d0"


class ChattyServer(Server):
    """With everything in its log that there is to be had: debugging messages go to its standard output."""

    def start(self):
        super().start()
        self.output = ""
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self):
        self.output = self.process.stdout.read()

    def stop(self):
        code = super().stop()
        self.reader.join(10)
        return code

    def log(self):
        return self.output + (self.directory / "server.log").read_text()


@pytest.fixture
def chatty(directory, world, monkeypatch):
    monkeypatch.setenv("G_MESSAGES_DEBUG", "all")
    return world.enter_context(ChattyServer(directory / "chatty"))


class Heard:
    """All that the server says to those who ask."""

    def __init__(self, server):
        self.server = server
        self.text = ""

    def ask(self, method, path, body=None, token=None, **headers):
        if token:
            headers["Authorization"] = f"Bearer {token}"
        connection = http.client.HTTPConnection(self.server.host, self.server.port, timeout=15)
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        self.text += f"{answer.headers}{answer.read().decode()}"
        connection.close()
        return answer.status

    def refuse(self, *arguments, **options):
        assert 400 <= self.ask(*arguments, **options) < 500, arguments


def bad_tokens(heard, good):
    head, payload, signature = good.split(".")
    for token in (
        f"x.{CANARY}.y", f"{CANARY}", f"{head}.{payload}.{CANARY}", f"{head}.{CANARY}.{signature}", f"{good}{CANARY}",
        CANARY * 1000,
    ):
        heard.refuse("GET", "/api/grades", token=token)
        heard.refuse("GET", f"/ws?token={token[:4000]}", Upgrade="websocket", Sec_WebSocket_Protocol="labsync.v1")


def bad_bodies(heard, token):
    for body in (
        CANARY, f'{{"email":"{CANARY}', f'{{"email":"{CANARY}","password":"{CANARY}"}}',
        f'{{"email":"{STUDENT}","password":"{CANARY}"}}', f'{{"refreshToken":"{CANARY}.0.{CANARY}"}}',
        f'{{"refreshToken":["{CANARY}"]}}', f'["{CANARY}"]',
    ):
        for path in ("/api/auth/login", "/api/auth/refresh"):
            heard.refuse("POST", path, body)
            heard.refuse("POST", path, body, Content_Type=f"text/{CANARY}")
        heard.refuse("PATCH", "/api/users/demo-student", body, token=token)
    heard.refuse("PATCH", "/api/users/demo-student", json.dumps({"password": CANARY}), token=token)


def bad_headers(heard, token):
    for name in ("If-Match", "Idempotency-Key", "Content-Type"):
        heard.ask("PATCH", "/api/users/demo-student", '{"name":""}', token=token, **{name: f"{CANARY} {CANARY}"})
    heard.refuse("GET", f"/api/{CANARY}")
    heard.refuse("GET", f"/api/grades/{CANARY}", token=token)
    heard.refuse("GET", f"/api/snapshot?entity=grade&page={CANARY}", token=token)
    heard.refuse("GET", f"/api/audit?before={CANARY}", token=token)


def bad_messages(heard, person):
    with Socket(heard.server, person.token) as client:
        client.raw(json.dumps({"type": "auth", "token": CANARY}))
        heard.text += json.dumps(client.receive("error"))
        client.hello()
        for text in (
            {"type": "auth", "token": CANARY}, {"type": "auth", "token": heard.server.person(TEACHER).token},
            {"type": "auth", "token": [CANARY]}, {"type": CANARY}, {"type": "subscribe", "eventType": CANARY},
        ):
            client.raw(json.dumps(text))
            heard.text += json.dumps(client.receive("error"))
    with pytest.raises(websockets.InvalidStatusCode):
        Socket(heard.server, CANARY)


def test_no_secret_comes_out_again(chatty):
    heard = Heard(chatty)
    people = [chatty.person(email) for email in (STUDENT, TEACHER, ADMIN)]
    student = people[0]
    bad_tokens(heard, student.token)
    bad_bodies(heard, student.token)
    bad_headers(heard, student.token)
    bad_messages(heard, student)
    people[2].update("users", student.user["id"], password=CANARY)
    chatty.stop()

    log = chatty.log()
    assert "DEBUG" in log, "the log is as talkative as it can be"
    secrets = [CANARY, *(text for person in people for text in (person.token, person.refresh_token))]
    for secret in secrets:
        assert secret not in heard.text and secret not in log
    for person in people:  # nor a part of one
        for token in (person.token, person.refresh_token):
            assert token.rsplit(".", 1)[1] not in heard.text + log


def test_no_secret_is_stored_readable(chatty):
    person = chatty.person(STUDENT)
    chatty.person(ADMIN).update("users", "demo-teacher", password=CANARY)
    chatty.stop()
    stored = b"".join(path.read_bytes() for path in (chatty.directory / "data").iterdir())
    assert b"$y$" in stored
    for secret in (CANARY, f'"{PASSWORD}"', person.token, person.refresh_token):
        assert secret.encode() not in stored
