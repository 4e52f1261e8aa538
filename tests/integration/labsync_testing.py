# SPDX-License-Identifier: LGPL-2.1-or-later
"""A school and a lab machine for tests: the real programs, each in a world of its own."""

import base64
import http.client
import json
import os
import re
import select
import signal
import socket
import sqlite3
import struct
import subprocess
import threading
import time
import urllib.error
import urllib.request
import zlib
from collections import namedtuple
from pathlib import Path

import gi

gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib  # noqa: E402

BUS_NAME = "org.labsync.Agent"
OBJECT_PATH = "/org/labsync/Agent"
INTERFACE = "org.labsync.Agent1."
MAX_PACKET = 64 * 1024  # of a stream
PASSWORD = "demo"  # of every account that --seed-demo makes
LONG = os.environ.get("LABSYNC_LONG") == "1"

Answer = namedtuple("Answer", "status body headers")
Result = namedtuple("Result", "code out err")

BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:dir={directory}</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


def seed():
    """The seed of a random test: printed, and repeated by LABSYNC_SEED."""
    value = int(os.environ.get("LABSYNC_SEED") or int.from_bytes(os.urandom(4), "big"))
    print(f"seed {value} (LABSYNC_SEED={value} repeats it)")
    return value


def as_root(*command):
    """Runs a command as root, by sudo if need be; False: it may not, or it failed."""
    sudo = ["sudo", "-n"] if os.geteuid() != 0 else []
    try:
        return subprocess.run([*sudo, *command], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def program(name):
    """Path of a built program."""
    build = Path(os.environ["LABSYNC_BUILD"])
    for folder in ("agent/daemon", "agent/ctl", "server", "agent", "tests/fakes"):
        if os.access(build / folder / name, os.X_OK) and (build / folder / name).is_file():
            return str(build / folder / name)
    raise FileNotFoundError(f"{name} is not built in {build}")


def until(condition, seconds=10, what="the condition"):
    """Waits for a true value and returns it; says what it was waiting for, a text or what makes one then."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what() if callable(what) else what}: not within {seconds} s")
        time.sleep(0.02)


def unsigned_token():
    """A token for a server that does not look at it: it only has to live long enough."""

    def part(data):
        return base64.urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=").decode()

    now = int(time.time())
    claims = {"user_id": "u-1", "role": "admin", "iat": now, "exp": now + 24 * 3600}
    return f"{part({'alg': 'none'})}.{part(claims)}.nothing"


def stop_process(process, how=signal.SIGTERM, seconds=5):
    """Ends one child; a stopped one is let go on first. Returns its exit code."""
    if process.poll() is None:
        process.send_signal(signal.SIGCONT)
        process.send_signal(how)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    return process.returncode


def fill_disk(folder):
    """Leaves no room on its file system. Returns the file that takes it."""
    blob = folder / "blob"
    with open(blob, "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            return blob


def memory(pid, what="Anonymous"):
    """Bytes of a process: Anonymous is its own, neither files nor shared with others; Pss its share of all."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith(f"{what}:"):
            return int(line.split()[1]) * 1024
    raise ValueError(f"no {what}")


def make_certificate(directory):
    """A certificate of a server's on this machine, which signs itself, and its key: two paths."""
    paths = str(Path(directory) / "cert.pem"), str(Path(directory) / "key.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", paths[1],
         "-out", paths[0]],
        check=True, stderr=subprocess.DEVNULL,
    )
    return paths


class Person:
    """Somebody signed in at the server by HTTP, without an agent."""

    UPDATE = "PATCH"

    def __init__(self, server, email, password=PASSWORD):
        self.server = server
        answer = server.http("POST", "/api/auth/login", {"email": email, "password": password})
        assert answer.status == 200, answer
        self.user = answer.body["data"]["user"]
        self.token = answer.body["data"]["token"]
        self.refresh_token = answer.body["data"].get("refreshToken")

    def call(self, method, path, body=None, headers=None):
        return self.server.http(method, path, body, self.token, headers)

    def rows(self, table):
        """All rows of a table that this person may see."""
        answer = self.call("GET", f"/api/{table}")
        assert answer.status == 200, answer
        return answer.body["data"]

    def create(self, table, **columns):
        answer = self.call("POST", f"/api/{table}", columns)
        assert answer.status == 201, answer
        return answer.body["data"]

    def update(self, table, row_id, **columns):
        answer = self.call(self.UPDATE, f"/api/{table}/{row_id}", columns)
        assert answer.status == 200, answer
        return answer.body["data"]

    def delete(self, table, row_id):
        answer = self.call("DELETE", f"/api/{table}/{row_id}")
        assert answer.status == 200, answer


class Server:
    """labsync-server with a demo school, on a port of its own that it keeps over restarts."""

    PROGRAM = "labsync-server"
    SCHEME = "http"
    context = None  # of TLS

    def __init__(self, directory, *options, host="127.0.0.1", wrapper=()):
        self.directory = Path(directory)
        self.options = options
        self.host = host
        self.wrapper = tuple(wrapper)
        self.port = 0
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def url(self):
        return f"{self.SCHEME}://{self.host}:{self.port}"

    def start(self):
        self.directory.mkdir(parents=True, exist_ok=True)
        with open(self.directory / "server.log", "ab") as log:
            self.process = subprocess.Popen(
                [
                    *self.wrapper, program(self.PROGRAM), "--listen", f"{self.host}:{self.port}",
                    "--data-dir", str(self.directory / "data"), "--seed-demo", *self.options,
                ],
                stdout=subprocess.PIPE, stderr=log, text=True,
            )
        ready, _, _ = select.select([self.process.stdout], [], [], 15)
        line = self.process.stdout.readline() if ready else ""
        match = re.match(r"listening on https?://.*:(\d+)", line)
        assert match, f"no port in {line!r}; {(self.directory / 'server.log').read_text()}"
        self.port = int(match[1])

    def stop(self):
        return stop_process(self.process) if self.process else None

    def kill(self):
        stop_process(self.process, signal.SIGKILL)

    def freeze(self):
        """Leaves its sockets open and answers nothing any more: a half-open link."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def http(self, method, path, body=None, token=None, headers=None):
        request = urllib.request.Request(self.url + path, method=method, headers=headers or {})
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        secure = [urllib.request.HTTPSHandler(context=self.context)] if self.context else []
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), *secure)
        try:
            with opener.open(request, timeout=15) as answer:
                status, text, got = answer.status, answer.read(), answer.headers
        except urllib.error.HTTPError as error:
            status, text, got = error.code, error.read(), error.headers
        except http.client.HTTPException as error:
            raise ConnectionError("the answer broke off") from error  # as where it does not begin
        return Answer(status, json.loads(text) if text else None, got)

    def sql(self, statement, *parameters):
        """Its database, beside it: what a row says, or a time that is over at once."""
        with sqlite3.connect(self.directory / "data" / "school.db", timeout=10) as database:
            return database.execute(statement, parameters).fetchall()

    def person(self, email):
        return Person(self, email)


class Bus:
    """One connection to a desktop's bus, as an app has it. Signals arrive while it waits."""

    def __init__(self, address):
        flags = Gio.DBusConnectionFlags
        self.connection = Gio.DBusConnection.new_for_address_sync(
            address, flags.AUTHENTICATION_CLIENT | flags.MESSAGE_BUS_CONNECTION, None, None
        )
        self.connection.set_exit_on_close(False)

    def close(self):
        if not self.connection.is_closed():
            self.connection.close_sync(None)

    def call(self, interface, method, signature="()", *arguments, path=OBJECT_PATH, name=BUS_NAME, seconds=30):
        """Returns the answer as a tuple; a refusal is a GLib.Error."""
        answer = self.connection.call_sync(
            name, path, interface, method, GLib.Variant(signature, arguments), None,
            Gio.DBusCallFlags.NO_AUTO_START, seconds * 1000, None,
        )
        return answer.unpack()

    def agent(self, interface, method, signature="()", *arguments, **options):
        return self.call(INTERFACE + interface, method, signature, *arguments, **options)

    def property(self, interface, name, **options):
        return self.call(
            "org.freedesktop.DBus.Properties", "Get", "(ss)", INTERFACE + interface, name, **options
        )[0]

    def has_owner(self, name):
        return self.call(
            "org.freedesktop.DBus", "NameHasOwner", "(s)", name,
            path="/org/freedesktop/DBus", name="org.freedesktop.DBus",
        )[0]

    def owner(self, name):
        """Unique name of a name's owner, None when it has none."""
        try:
            return self.call(
                "org.freedesktop.DBus", "GetNameOwner", "(s)", name,
                path="/org/freedesktop/DBus", name="org.freedesktop.DBus",
            )[0]
        except GLib.Error:
            return None

    def start_by_name(self, name, seconds=30):
        """Has the bus start a service, as a first call to it would."""
        self.call(
            "org.freedesktop.DBus", "StartServiceByName", "(su)", name, 0,
            path="/org/freedesktop/DBus", name="org.freedesktop.DBus", seconds=seconds,
        )

    def until(self, condition, seconds=10, what="the condition"):
        """Like until(), and lets signals in."""

        def look():
            while GLib.MainContext.default().iteration(False):
                pass
            return condition()

        return until(look, seconds, what)


Event = namedtuple("Event", "seq type entity entity_id data timestamp user_role user_id")


def as_variants(options):
    return {key: GLib.Variant("s", value) for key, value in options.items()}


class App(Bus):
    """An app that subscribes and acknowledges what it got."""

    def __init__(self, address, types=(), **options):
        super().__init__(address)
        self.events = []
        self.arrived = []
        self.connection.signal_subscribe(
            BUS_NAME, INTERFACE + "Subscription", "Events", None, None,
            Gio.DBusSignalFlags.NONE, self._on_events,
        )
        (self.path,) = self.agent("Events", "Subscribe", "(asa{sv})", list(types), as_variants(options))

    def _on_events(self, _connection, _sender, path, _interface, _signal, parameters):
        batch = [Event(*fields) for fields in parameters.unpack()[0]]
        self.events += batch
        self.arrived += [time.monotonic()] * len(batch)
        if batch and batch[-1].seq:
            self.connection.call(
                BUS_NAME, path, INTERFACE + "Subscription", "Acknowledge",
                GLib.Variant("(t)", (batch[-1].seq,)), None, Gio.DBusCallFlags.NONE, -1, None, None,
            )

    def wait_event(self, seconds=10, **fields):
        """The first event with these members."""

        def find():
            for event in self.events:
                if all(getattr(event, key) == value for key, value in fields.items()):
                    return event
            return None

        return self.until(find, seconds, f"an event with {fields}")


class Stream(Bus):
    """An app that has events by a socket."""

    def __init__(self, address, types=(), **options):
        super().__init__(address)
        answer, sockets = self.connection.call_with_unix_fd_list_sync(
            BUS_NAME, OBJECT_PATH, INTERFACE + "Events", "OpenStream",
            GLib.Variant("(asa{sv})", (types, as_variants(options))), GLib.VariantType("(oh)"),
            Gio.DBusCallFlags.NO_AUTO_START, -1, None, None,
        )
        self.path, handle = answer.unpack()
        self.socket = socket.socket(fileno=sockets.get(handle))
        self.socket.settimeout(30)

    def receive(self):
        """The events of the next packet; none at the end of the stream."""
        return read_packet(self.socket.recv(MAX_PACKET))

    def acknowledge(self, seq):
        self.agent("Subscription", "Acknowledge", "(t)", seq, path=self.path)

    def close(self):
        self.socket.close()
        super().close()


def read_packet(packet):
    """A serialised GVariant; on a machine with the other byte order it would have to be swapped."""
    events = GLib.Variant.new_from_bytes(GLib.VariantType("a(tssssxss)"), GLib.Bytes.new(packet), False)
    return [Event(*fields) for fields in events.unpack()]


class Desktop:
    """A lab machine with one user: home, bus, unlocked keyring, agent."""

    def __init__(self, directory, url=None, wrapper=(), **settings):
        self.directory = Path(directory)
        self.wrapper = tuple(wrapper)
        self.home = self.directory / "home"
        self.runtime = self.directory / "run"
        self.log = self.directory / "agent.log"
        self.processes = []
        self.keyring = None
        self.agent = None
        self.bus = None
        self.system_bus = f"unix:path={self.runtime}/no-system-bus"
        for folder in (self.settings_file.parent, self.home / ".local/share", self.runtime):
            folder.mkdir(parents=True, exist_ok=True)
        self.runtime.chmod(0o700)
        self.configure(url, **settings)

    @property
    def settings_file(self):
        return self.home / ".config/labsync/agent.conf"

    @property
    def state_dir(self):
        return self.home / ".local/share/labsync"

    @property
    def bus_config(self):
        return BUS_CONFIG

    def configure(self, url=None, **settings):
        """Writes the user's settings file: Group_key_name="value" is [Group] key-name=value."""
        groups = {"Server": {"url": url} if url else {}}
        for name, value in settings.items():
            group, _, key = name.partition("_")
            groups.setdefault(group, {})[key.replace("_", "-")] = value
        text = "".join(
            f"[{group}]\n" + "".join(f"{key}={value}\n" for key, value in keys.items())
            for group, keys in groups.items()
        )
        self.settings_file.write_text(text)

    def __enter__(self):
        self.open()
        self.start()
        return self

    def __exit__(self, *_):
        self.close()

    @property
    def environment(self):
        kept = ("PATH", "LC_ALL", "TMPDIR", "G_SLICE", "ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS")
        environment = {key: os.environ[key] for key in kept if key in os.environ}
        environment.update(
            HOME=str(self.home),
            XDG_RUNTIME_DIR=str(self.runtime),
            XDG_CONFIG_HOME=str(self.home / ".config"),
            XDG_DATA_HOME=str(self.home / ".local/share"),
            XDG_CACHE_HOME=str(self.home / ".cache"),
            # GLib's proxy module aborts where no GSettings schema is installed at all.
            XDG_DATA_DIRS="/usr/local/share:/usr/share",
            GSETTINGS_BACKEND="memory",
            DBUS_SYSTEM_BUS_ADDRESS=self.system_bus,
        )
        if self.bus:
            environment["DBUS_SESSION_BUS_ADDRESS"] = self.address
        return environment

    def open(self):
        """Bus and keyring; the agent comes with start()."""
        config = self.directory / "bus.conf"
        config.write_text(self.bus_config.format(directory=self.runtime))
        daemon = subprocess.Popen(
            ["dbus-daemon", f"--config-file={config}", "--nofork", "--print-address"],
            env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )
        self.processes.append(daemon)
        self.address = daemon.stdout.readline().strip()
        self.bus = Bus(self.address)
        self.unlock_keyring()

    def unlock_keyring(self):
        """Begins a keyring, as a login does; one that runs ends first."""
        for other in [process for process in self.processes if process.args[0] == "gnome-keyring-daemon"]:
            stop_process(other)
            self.processes.remove(other)
        until(lambda: not self.bus.has_owner("org.freedesktop.secrets"), what="the keyring's name to be free")
        self.keyring = keyring = subprocess.Popen(
            ["gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets"],
            env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        self.processes.append(keyring)
        keyring.stdin.write(b"test\n")
        keyring.stdin.close()
        until(lambda: self.bus.has_owner("org.freedesktop.secrets"), what="the keyring")

    def start(self, *options, wait=True):
        with open(self.log, "ab") as log:
            self.agent = subprocess.Popen(
                [*self.wrapper, program("labsync-agent"), *options],
                env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )
        if wait:
            until(self._is_up, what="the agent on the bus")

    def _is_up(self):
        assert self.agent.poll() is None, f"the agent ended with {self.agent.returncode}: {self.messages()}"
        return self.bus.has_owner(BUS_NAME)

    def messages(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def stop(self):
        code = stop_process(self.agent)
        until(lambda: not self.bus.has_owner(BUS_NAME), what="the agent's name to be free")
        return code

    def kill(self):
        stop_process(self.agent, signal.SIGKILL)
        until(lambda: not self.bus.has_owner(BUS_NAME), what="the agent's name to be free")

    def close(self):
        if self.agent:
            stop_process(self.agent)
        if self.bus:
            self.bus.close()
        for process in reversed(self.processes):
            stop_process(process)
            for pipe in (process.stdin, process.stdout):
                if pipe:
                    pipe.close()

    def ctl(self, *arguments, text=None, seconds=30):
        run = subprocess.run(
            [program("labsyncctl"), *arguments], env=self.environment, input=text or "",
            capture_output=True, text=True, timeout=seconds, check=False,
        )
        return Result(run.returncode, run.stdout, run.stderr)

    def json(self, *arguments):
        """What a command prints with --json; it must succeed."""
        result = self.ctl(*arguments, "--json")
        assert result.code == 0, result
        return json.loads(result.out)

    def sign_in(self, email="student@demo.test", password=PASSWORD):
        self.bus.agent("Account", "SignIn", "(ssa{sv})", email, password, {})

    def sign_in_anywhere(self):
        """At a server that takes any token."""
        self.bus.agent("Account", "SetTokens", "(ssa{sv})", unsigned_token(), "refresh", {})

    def state(self):
        return self.bus.property("Connection", "State")

    def wait_reason(self, reason, seconds=15):
        until(lambda: self.reason() == reason, seconds, f"reason {reason}")

    def account(self):
        return self.bus.property("Account", "State")

    def wait_account(self, state, seconds=15):
        until(lambda: self.account() == state, seconds, f"account {state}")

    def statistics(self):
        return self.bus.agent("Diagnostics", "GetStatistics", "(a{sv})", {})[0]

    def reason(self):
        return self.bus.property("Connection", "Reason")

    def wait_state(self, *states, seconds=15):
        until(lambda: self.state() in states, seconds, lambda: f"state {' or '.join(states)} (is {self.state()})")

    def app(self, *types, **options):
        return App(self.address, types, **options)

    def stream(self, *types, **options):
        return Stream(self.address, types, **options)

    def row(self, entity, row_id):
        """A row's data as an app gets it."""
        return json.loads(self.bus.agent("Cache", "Get", "(ssa{sv})", entity, row_id, {})[0])

    def _list(self, entity, after=""):
        options = {"limit": GLib.Variant("u", 500)}
        if after:
            options["after"] = GLib.Variant("s", after)
        return self.bus.agent("Cache", "List", "(sa{sv})", entity, options)

    def cursor(self):
        """A cursor at the end of what has happened so far."""
        return self._list("grade")[2]

    def cached(self, entity):
        """What the agent says it knows: id -> (version, data)."""
        rows, after = {}, ""
        while True:
            page, after, _ = self._list(entity, after)
            rows.update({row_id: (meta["version"], data) for _, row_id, data, meta in page})
            if not after:
                return rows

    def seen(self, entity):
        """Like cached(): of what the agent refuses, as the role never sees it, there is nothing to see."""
        try:
            return self.cached(entity)
        except GLib.Error as error:
            assert Gio.DBusError.get_remote_error(error) == f"{INTERFACE}Error.AccessDenied", error
            return {}

    def events(self, cursor):
        """All events after a cursor, and the cursor after them."""
        found, more = [], True
        while more:
            page, cursor, more = self.bus.agent("Events", "GetEvents", "(sua{sv})", cursor, 100, {})
            found += [Event(*fields) for fields in page]
        return found, cursor

    def database(self):
        """Path of the one cache.db, None when there is none yet."""
        found = list(self.state_dir.glob("*/cache.db"))
        assert len(found) <= 1
        return found[0] if found else None

    def dump(self):
        """Every row in the cache's file: (entity, id, version, is a tombstone, data), in order."""
        with sqlite3.connect(f"file:{self.database()}?mode=ro", uri=True, timeout=5) as file:
            return file.execute(
                "SELECT entity, id, version, data IS NULL, data FROM row ORDER BY entity, id"
            ).fetchall()


def offset(cursor):
    """How far into a log a wire cursor stands."""
    return int(cursor.rpartition(":")[2]) if cursor else 0


class Frames:
    """Follows the bytes from a server: where WebSocket frames begin and end, the last cursor in one."""

    def __init__(self):
        self.buffer = b""
        self.size = 0  # bytes of whole frames
        self.inflater = zlib.decompressobj(-zlib.MAX_WBITS)  # the server keeps its context
        self.upgraded = None
        self.cursor = None
        self.target = None
        self.more = False

    def feed(self, data):
        self.buffer += data
        if self.upgraded is None and b"\r\n\r\n" in self.buffer:
            head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
            self.upgraded = head.startswith(b"HTTP/1.1 101")
        while self.upgraded and self._take_frame():
            pass

    def _head(self):
        """Where the payload of the frame under way begins and how long it is, None before that is known."""
        if len(self.buffer) < 2:
            return None
        size, start = self.buffer[1] & 0x7F, 2
        if size >= 126:
            start, form = (4, ">H") if size == 126 else (10, ">Q")
            if len(self.buffer) < start:
                return None
            (size,) = struct.unpack(form, self.buffer[2:start])
        return start, size

    def _take_frame(self):
        head = self._head()
        if not head or len(self.buffer) < sum(head):
            return False
        start, size = head
        payload = self.buffer[start : start + size]
        if self.buffer[0] & 0x40:
            payload = self.inflater.decompress(payload + b"\0\0\xff\xff")
        self.buffer = self.buffer[start + size :]
        self.size += start + size
        cursor = self._member(payload, b"cursor")
        if b'"type":"welcome"' in payload:
            self.target = cursor
        elif b'"events":[' in payload:
            self.cursor = cursor or self.cursor
            self.more = b'"more":true' in payload
        return True

    @staticmethod
    def _member(text, name):
        match = re.search(rb'"%s":"([^"]+:\d+)"' % name, text)
        return match[1].decode() if match else None

    def _begun(self):
        """As much of the frame under way as can be read."""
        head = self._head()
        if not head:
            return b""
        payload = self.buffer[head[0] :]
        return self.inflater.copy().decompress(payload) if self.buffer[0] & 0x40 else payload

    @property
    def in_backlog(self):
        """More was announced, or the frame under way begins before where the log stood at the welcome."""
        if self.more:
            return True
        previous = self._member(self._begun(), b"prev") if self.upgraded else None
        return bool(previous and self.target and offset(previous) < offset(self.target))

    @property
    def inside_a_frame(self):
        return bool(self.upgraded and self.buffer)


class Proxy:
    """A TCP link that breaks when told: cut at a byte, stalled, refusing, or without WebSocket."""

    def __init__(self, server):
        self.server = server
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.lock = threading.Lock()
        self.links = {}
        self.allowance = None
        self.stalled = False
        self.refusing = False
        self.no_websocket = False
        self.cuts = self.cuts_in_frame = self.cuts_in_backlog = 0
        self.cursor = None
        self.socket_size = 0  # bytes of whole WebSocket frames from the server
        self.on_frame = None  # called once, right after the next bytes that complete a frame
        self.running = True
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.running = False
        self.thread.join()
        self.cut()
        self.listener.close()

    def at_next_frame(self, act):
        """Calls act, from the link's thread, as soon as one more frame of events has gone through."""
        with self.lock:
            self.on_frame = act

    def cut_after(self, count):
        """Resets whatever connection carries the count-th byte from the server from now on."""
        with self.lock:
            self.allowance = count

    def cut(self):
        """Resets every connection now."""
        with self.lock:
            for client in [end for end, (_, _, from_server) in self.links.items() if not from_server]:
                self._reset(client)

    def _reset(self, end):
        peer, _, _ = self.links[end]
        for each in (end, peer):
            self.links.pop(each, None)
            each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            each.close()

    def _accept(self):
        client, _ = self.listener.accept()
        if self.refusing:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.close()
            return
        try:
            upstream = socket.create_connection(("127.0.0.1", self.server.port), timeout=2)
        except OSError:
            client.close()
            return
        frames = Frames()
        self.links[client] = (upstream, frames, False)
        self.links[upstream] = (client, frames, True)

    def _relay(self, end):
        peer, frames, from_server = self.links[end]
        try:
            data = end.recv(65536)
            if from_server and self.allowance is not None and len(data) >= self.allowance:
                data, self.allowance = data[: self.allowance], None
                frames.feed(data)
                peer.sendall(data)
                self.cuts += 1
                self.cuts_in_frame += frames.inside_a_frame
                self.cuts_in_backlog += frames.in_backlog
                self._reset(end)
                return
            if from_server and self.allowance is not None:
                self.allowance -= len(data)
            if not data or (self.no_websocket and b"upgrade: websocket" in data.lower()):
                raise ConnectionError
            before, size = frames.cursor, frames.size
            if from_server:
                frames.feed(data)
                self.socket_size += frames.size - size
            peer.sendall(data)
            if frames.cursor != before:
                self.cursor = frames.cursor
                act, self.on_frame = self.on_frame, None
                if act:
                    act()
        except OSError:
            for each in (end, peer):
                self.links.pop(each, None)
                each.close()

    def _run(self):
        while self.running:
            with self.lock:
                ends = [] if self.stalled else list(self.links)
            try:
                ready, _, _ = select.select([self.listener, *ends], [], [], 0.05)
            except (OSError, ValueError):
                continue  # one was closed meanwhile
            with self.lock:
                for end in ready:
                    if end is self.listener:
                        self._accept()
                    elif end in self.links:
                        self._relay(end)
