# SPDX-License-Identifier: LGPL-2.1-or-later
"""The school system that exists, played by labsync-classic-server, for tests."""

import base64
import hashlib
import hmac
import http.client
import json
from contextlib import ExitStack, closing

from labsync_testing import Answer, Person, Server, until

SECRET = "classic-stand-in"  # what it signs its tokens with


def forge_token(payload, secret=SECRET, **head):
    """A token with any payload: a document, or the bytes of one."""

    def encode(data):
        data = data if isinstance(data, bytes) else json.dumps(data, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    text = f"{encode({'alg': 'HS256', 'typ': 'JWT', **head})}.{encode(payload)}"
    return f"{text}.{encode(hmac.digest(secret.encode(), text.encode(), hashlib.sha256))}"


def token_part(token, number):
    """The bytes of a token's head (0) or payload (1)."""
    part = token.split(".")[number]
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def token_payload(token):
    return json.loads(token_part(token, 1).decode("latin-1"))


class ClassicPerson(Person):
    """Somebody signed in there; it has PUT and no PATCH."""

    UPDATE = "PUT"


class ClassicServer(Server):
    """labsync-classic-server with a demo school, steered by the test.

    with ClassicServer(directory, faults={"slow": 300}) as school: …
    Options are those of the program ("--no-rate-limit"). A fault's name may have a path ("status@/api/grades").
    """

    PROGRAM = "labsync-classic-server"

    def __init__(self, directory, *options, faults=None, **more):
        asked = [f"--fault={name}" if value in (None, True) else f"--fault={name}={value}"
                 for name, value in (faults or {}).items()]
        super().__init__(directory, "--control=on", *asked, *options, **more)

    def raw(self, method, path, body=None, token=None, headers=None):
        """An answer as it came, its body as bytes."""
        sent = dict(headers or {})
        if token:
            sent["Authorization"] = f"Bearer {token}"
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
        with closing(http.client.HTTPConnection(self.host, self.port, timeout=15)) as connection:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return Answer(answer.status, answer.read(), answer.headers)

    def _control(self, method, subject, /, **members):
        answer = self.http(method, f"/__control/{subject}", members or None)
        assert answer.status == 200, answer
        return answer.body

    def person(self, email):
        return ClassicPerson(self, email)

    def restart(self):
        """Keeps its rows and sessions, as they are on the disk; faults that were set meanwhile are gone."""
        self.stop()
        self.start()

    def reset(self):
        """Everything as at the first start: rows, faults, limiter, log. Sockets are reset."""
        self._control("POST", "reset")

    def fault(self, name, value=None, path="", method="", count=None):
        """Turns a fault on (tests/README.md has them). In a with statement it is off again at the end."""
        self._control("POST", "fault", name=name, value=value, path=path, method=method, count=count)
        undo = ExitStack()
        undo.callback(self.clear, name)
        return undo

    def faults(self):
        return self._control("GET", "fault")["faults"]

    def clear(self, name=None):
        """Turns off the faults of one name, or all."""
        self._control("DELETE", "fault", name=name)

    def push(self, event, everyone=False):
        """Sends an event to the sockets that subscribed to its type, or to all; returns to how many."""
        return self._control("POST", "push", event=event, everyone=everyone)["sockets"]

    def send_text(self, text):
        """Sends a text as it is to all sockets."""
        return self._control("POST", "send", text=text)["sockets"]

    def close_sockets(self, code=1000, reason=""):
        """Closes all sockets; 1006 is a reset without a Close. Returns how many there were."""
        return self._control("POST", "close", code=code, reason=reason)["sockets"]

    def sockets(self):
        """The open sockets: user, address, subscriptions, received (texts), pongs, deflate."""
        return self._control("GET", "sockets")["sockets"]

    def sql(self, statement, *parameters):
        """Runs a statement in the school's database; returns its rows as dictionaries."""
        return self._control("POST", "sql", sql=statement, parameters=parameters)["rows"]

    def requests(self, **fields):
        """The requests that came, oldest first, with these members (method, path, status, address…)."""
        entries = self._control("GET", "requests")["requests"]
        return [entry for entry in entries if all(entry[key] == value for key, value in fields.items())]

    def counters(self):
        """How many requests of each kind came: {"200 GET /api/updates": 3}."""
        return self._control("GET", "requests")["counters"]

    def forget_requests(self):
        self._control("DELETE", "requests")

    def now(self):
        """The school's clock in milliseconds."""
        return self._control("GET", "clock")["now"]

    def wait_request(self, seconds=10, **fields):
        """The first request with these members."""
        return until(lambda: self.requests(**fields), seconds, f"a request with {fields}")[0]

    def wait_socket(self, seconds=10, subscribed=()):
        """The first open socket that has subscribed to these types."""

        def find():
            return [socket for socket in self.sockets() if set(subscribed) <= set(socket["subscriptions"])]

        return until(find, seconds, f"a socket with {list(subscribed)}")[0]
