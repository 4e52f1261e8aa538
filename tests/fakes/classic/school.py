# SPDX-License-Identifier: LGPL-2.1-or-later
"""One school: all parts put together, the routes, and the faults of answers."""

import asyncio
from dataclasses import dataclass, field
from typing import Optional

from .auth import Auth
from .clock import Clock
from .control import Control, RequestLog, is_control
from .data import FAILURES, Database
from .events import event_of
from .faults import Faults
from .http import JSON, Nothing, Response, Switch, answer, error, unauthorized
from .javascript import dump_json, parse_json
from .limiter import Limiter
from .seed import seed
from .sockets import Sockets
from .tables import NAMES, Tables
from .updates import Updates

NO_ENDPOINT = "Endpoint tidak ditemukan"
TOO_MANY = "Terlalu banyak permintaan. Silakan coba lagi nanti."
SEED_FAILED = (
    "Gagal menyimpan data awal: D1_EXEC_ERROR: Error in line 1: CREATE TABLE IF NOT EXISTS users (: incomplete input"
)
# Their tables never come into being in the original, so that they can only fail.
ASSIGNMENTS = ("/api/assignments", "/api/assignment-submissions")
PORTAL = b"<!DOCTYPE html><title>Sorry</title><p>This is not the page that you wanted.</p>\n"


@dataclass
class Options:
    """What the command line says."""

    data_dir: Optional[str] = None
    seed_demo: bool = False
    token_lifetime: int = 900
    rate_limit: bool = True
    rate_window: int = 60  # s
    fixed_refresh: bool = False
    control: object = None  # "on": at the same port; a number: at this port alone
    faults: list = field(default_factory=list)


class School:
    """One school: answers requests, with the faults that are on."""

    def __init__(self, options):
        self.clock = Clock()
        self.faults = Faults(self._on_faults_changed)
        self.database = Database(self.clock, self.faults, options.data_dir)
        self.log = RequestLog(self.clock)
        auth = Auth(self.clock, self.database, options.token_lifetime, options.fixed_refresh)
        self.sockets = Sockets(self.clock, self.faults, auth)
        self._auth = auth
        self._limiter = Limiter(self.clock, options.rate_window * 1000)
        self._tables = Tables(self.database, auth, self.faults, self._on_write)
        self._updates = Updates(self.clock, self.database, auth)
        self._control = Control(self)
        self._options = options
        if options.seed_demo:
            seed(self.database)
        for fault in options.faults:
            self.faults.set_option(fault)

    def reset(self):
        """As if it had just been started, with nothing of what its directory has kept."""
        self.sockets.close(1006)
        self.faults.clear()
        for fault in self._options.faults:
            self.faults.set_option(fault)
        self.database.empty()
        if self._options.seed_demo:
            seed(self.database)
        self._limiter.forget()
        self.log.entries.clear()

    def _on_faults_changed(self):
        self.clock.stop(self.faults.find("clock-stopped") is not None)
        self.clock.offset = self.faults.value("clock", 0)
        self.sockets.rearm()

    def _on_write(self, method, table, before, after, payload):
        if self.faults.find("push"):
            event = event_of(method, table, before, after, payload, self.clock.iso())
            if event:
                self.sockets.push(event)

    async def respond(self, request):
        """The outcome of a request: a Response, a Switch or Nothing."""
        if self._options.control == "on" and is_control(request):
            return self._control.respond(request)
        entry = self.log.add(request)
        outcome = await self._respond_faultily(request)
        if isinstance(outcome, (Response, Switch)):
            entry["status"] = outcome.status if isinstance(outcome, Response) else 101
        return outcome

    async def respond_to_control(self, request):
        """Like respond(), where nothing else is listened to."""
        return self._control.respond(request) if is_control(request) else error(404, NO_ENDPOINT, 404)

    async def _respond_faultily(self, request):
        if self._strike("silence", request):
            return Nothing.SILENCE
        slow = self._strike("slow", request)
        if slow:
            await asyncio.sleep(slow.value / 1000)
        status = self._strike("status", request)
        if status:
            return Response(status.value, PORTAL, "text/html")
        redirect = "moved=1" not in request.query and self._strike("redirect", request)
        if redirect:
            mark = "&" if request.query else "?"
            return Response(302, headers=[("Location", f"{redirect.value}{request.target}{mark}moved=1")])
        outcome = self._route(request)
        if isinstance(outcome, Response):
            if outcome.wrote and self._strike("lost-answer", request):
                return Nothing.DROP
            self._spoil(outcome, request)
        return outcome

    def _strike(self, name, request):
        return self.faults.strike(name, request.path, request.method)

    def _spoil(self, response, request):
        """Faults that leave an answer an answer."""
        huge = self._strike("huge", request)
        if huge and response.content_type == JSON:
            response.body = dump_json({**parse_json(response.body), "padding": "x" * huge.value})
        if self._strike("truncated-json", request):
            response.body = response.body[: len(response.body) // 2]
        text = self._strike("json", request)
        if text:
            response.body = text.value.encode()
        content_type = self._strike("content-type", request)
        if content_type:
            response.content_type = content_type.value
        response.cut = self._strike("cut", request) is not None

    def _route(self, request):
        cors = _cors(request)
        if request.method == "OPTIONS":
            return Response(200, headers=cors)
        if request.wants_socket:
            return self.sockets.respond(request)
        verdict = None
        if self._options.rate_limit:
            verdict = self._limiter.check(request.address, request.method, request.path)
        if verdict and not verdict.allowed:
            document = {"error": TOO_MANY, "message": TOO_MANY, "retryAfter": verdict.retry_after}
            response = answer(429, document)
        else:
            response = self._answer(request)
        response.headers += cors + (verdict.headers() if verdict else [])
        return response

    def _answer(self, request):
        """By how the path begins, in the original's order."""
        path = request.path
        if path.startswith("/seed"):
            return error(500, SEED_FAILED)
        for beginning, handler in (
            ("/api/auth/login", self._auth.login),
            ("/api/auth/logout", self._auth.logout),
            ("/api/auth/refresh", self._auth.refresh),
            ("/api/updates", self._updates.respond),
        ):
            if path.startswith(beginning):
                return handler(request)
        for table in NAMES:
            if path.startswith(f"/api/{table}"):
                return self._tables.respond(table, request)
        if path.startswith((*ASSIGNMENTS, "/api/messages")):
            return self._fail(request)
        return error(404, NO_ENDPOINT, 404)

    def _fail(self, request):
        try:
            if request.path.startswith(ASSIGNMENTS) and self._auth.authenticate(request) is None:
                return unauthorized()
        except (*FAILURES, KeyError):
            pass  # no difference
        return answer(500, {"success": False, "status": 500})


def _cors(request):
    """The original lets any origin in, and takes a request without one for one from "null"."""
    return [
        ("Access-Control-Allow-Origin", request.headers.get("origin") or "null"),
        ("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE, OPTIONS"),
        ("Access-Control-Allow-Headers", "Content-Type, Authorization"),
        ("Access-Control-Allow-Credentials", "false"),
        ("Access-Control-Max-Age", "86400"),
        ("Vary", "Origin"),
    ]
