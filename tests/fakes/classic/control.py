# SPDX-License-Identifier: LGPL-2.1-or-later
"""How a test steers the stand-in and looks into it: HTTP from this machine alone, under a path of its own."""

import ipaddress
from collections import Counter

from .data import FAILURES
from .http import answer
from .javascript import parse_json

PREFIX = "/__control/"
MAX_BODY = 65536  # of a logged request


class RequestLog:
    """The requests that came, oldest first."""

    def __init__(self, clock):
        self._clock = clock
        self.entries = []

    def add(self, request):
        """Returns the entry; its status is None until there is an answer."""
        body = request.body.decode(errors="replace") if len(request.body) <= MAX_BODY else None
        entry = {
            "time": self._clock.now(), "method": request.method, "path": request.path, "query": request.query,
            "status": None, "address": request.address, "headers": request.headers, "body": body,
        }
        self.entries.append(entry)
        return entry

    def counters(self):
        """How many of each status, method and path ("200 GET /api/updates")."""
        return Counter(f"{entry['status']} {entry['method']} {entry['path']}" for entry in self.entries)


def is_control(request):
    """Whether it is one of ours, and from this machine. Anybody else's is a path that does not exist."""
    return request.path.startswith(PREFIX) and ipaddress.ip_address(request.peer.partition("%")[0]).is_loopback


class Control:
    """The requests below PREFIX."""

    def __init__(self, school):
        self._school = school
        self._faults = school.faults
        self._sockets = school.sockets
        self._log = school.log

    def respond(self, request):
        handler = getattr(self, f"_{request.method.lower()}_{request.path[len(PREFIX):]}", None)
        if handler is None:
            return answer(404, {"error": "no such control"})
        try:
            members = parse_json(request.body) if request.body else {}
            return answer(200, handler(**members) or {})
        except (*FAILURES, TypeError, ValueError) as failure:
            return answer(400, {"error": str(failure)})

    def _get_fault(self):
        return {"faults": self._faults.active()}

    def _post_fault(self, name, value=None, path="", method="", count=None):
        self._faults.set(name, value, path, method, count)
        return self._get_fault()

    def _delete_fault(self, name=None):
        self._faults.clear(name)
        return self._get_fault()

    def _post_push(self, event, everyone=False):
        if not isinstance(event, dict):
            raise ValueError("an event is an object")
        return {"sockets": self._sockets.push(event, everyone)}

    def _post_send(self, text=None, binary=None):
        return {"sockets": self._sockets.send(text, binary)}

    def _post_close(self, code=1000, reason=""):
        if not 1000 <= code < 5000:
            raise ValueError(f"{code}: no such code")
        return {"sockets": self._sockets.close(code, reason)}

    def _get_sockets(self):
        return {"sockets": [socket.describe() for socket in self._sockets.open]}

    def _post_sql(self, sql, parameters=()):
        return {"rows": self._school.database.run(sql, *parameters)}

    def _get_requests(self):
        return {"requests": self._log.entries, "counters": self._log.counters()}

    def _delete_requests(self):
        self._log.entries.clear()

    def _get_clock(self):
        return {"now": self._school.clock.now()}

    def _post_reset(self):
        self._school.reset()
