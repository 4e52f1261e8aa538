# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a client of labsync-server may cost: time, connections, bytes. The limits are set low here."""

import contextlib
import http.client
import signal
import socket
import ssl
import time
from pathlib import Path

import pytest
import websockets

from labsync_testing import Server, until
from raw_socket import RawSocket
from server_client import STUDENT, Socket, upgrade_headers

QUICK = ("--header-timeout=2", "--idle-timeout=4", "--body-timeout=3", "--hello-timeout=1")
STRANGERS = 5000
HANDSHAKES = 64  # of one address, under way (ls-clients.c)
SLACK = 20  # files that are open for something else, or about to be closed
GET = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture
def quick(directory, world):
    return world.enter_context(Server(directory / "quick", *QUICK))


def dial(server):
    return socket.create_connection((server.host, server.port), timeout=15)


def seconds_until_closed(client, dribble=b""):
    """How long the server lets a connection live that sends a byte now and then, or nothing."""
    began = time.monotonic()
    client.settimeout(0.2)
    while time.monotonic() - began < 15:
        try:
            if not client.recv(65536):
                break
        except TimeoutError:
            pass
        except ConnectionError:
            break
        try:
            if dribble:
                client.send(dribble)
        except OSError:
            break
    return time.monotonic() - began


def read_answer(client):
    """The status of one answer, which is taken off the socket as a whole."""
    answer = http.client.HTTPResponse(client)
    answer.begin()
    answer.read()
    return answer.status


def test_a_connection_that_says_nothing_is_cut(quick):
    with dial(quick) as client:
        assert 1 < seconds_until_closed(client) < 6


def test_headers_byte_by_byte_are_cut(quick):
    with dial(quick) as client:
        client.sendall(b"GET /health HTTP/1.1\r\nX-Slow: ")
        assert 1 < seconds_until_closed(client, b"x") < 6


def test_later_headers_byte_by_byte_are_cut(quick):
    with dial(quick) as client:
        client.sendall(GET)
        assert read_answer(client) == 200
        client.sendall(b"GET /health HTTP/1.1\r\nX-Slow: ")
        assert 1 < seconds_until_closed(client, b"x") < 7


def test_a_body_byte_by_byte_is_cut(quick):
    with dial(quick) as client:
        client.sendall(b"POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n{")
        assert 2 < seconds_until_closed(client, b" ") < 7


def test_an_idle_connection_is_kept_for_a_while_and_then_cut(quick):
    with dial(quick) as client:
        for _ in range(2):
            client.sendall(GET)
            assert read_answer(client) == 200
            time.sleep(2.5)  # longer than a first request may take, shorter than a further one
        assert seconds_until_closed(client) < 6


def test_an_answer_that_nobody_reads_is_cut(quick):
    teacher = quick.person("teacher@demo.test")
    for _ in range(8):
        teacher.create("announcements", title="x", content="x" * 900_000, category="umum")
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect((quick.host, quick.port))
        request = f"GET /api/announcements HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {teacher.token}\r\n\r\n"
        client.sendall(request.encode())
        time.sleep(5)
        client.settimeout(5)
        read = 0
        while part := client.recv(1 << 20):
            read += len(part)
        assert read < 7_000_000, "the answer was there in full"


def test_a_socket_outlives_the_deadlines_of_requests(quick):
    with Socket(quick, quick.person(STUDENT).token) as agent:
        agent.hello()
        for _ in range(12):
            agent.ping()
            time.sleep(0.5)


def test_a_socket_without_hello_is_closed(quick):
    with Socket(quick, quick.person(STUDENT).token) as agent:
        assert agent.wait_close(6) == 1008


def has_room(server):
    with dial(server) as client:
        client.settimeout(2)
        try:
            client.sendall(GET)
            return client.recv(100).startswith(b"HTTP/1.1 200")
        except OSError:
            return False


def test_connections_of_one_address_are_counted(directory, world):
    server = world.enter_context(Server(directory / "few", "--max-connections-per-address=3"))
    person = server.person(STUDENT)
    held = [world.enter_context(dial(server)) for _ in range(2)]
    agent = world.enter_context(Socket(server, person.token))
    agent.hello()
    for client in held:
        client.sendall(GET)
        assert read_answer(client) == 200

    # One more is one too many, from here; a socket counts as well.
    with dial(server) as further:
        assert seconds_until_closed(further) < 2
    with pytest.raises((websockets.InvalidMessage, OSError)):
        Socket(server, person.token)
    agent.ping()

    # What is gone makes room.
    held.pop().close()
    until(lambda: has_room(server), 5, "room for another")


def test_connections_leave_nothing_behind(server):
    def count():
        return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))

    person = server.person(STUDENT)
    until(lambda: server.http("GET", "/health").status == 200)
    before = count()
    for _ in range(20):
        with dial(server) as client:
            client.sendall(GET)
            assert read_answer(client) == 200
        with dial(server):
            pass
        with Socket(server, person.token) as agent:
            agent.hello()
    until(lambda: count() <= before, 5, "no more file descriptors than before")


def test_all_connections_are_counted(directory, world):
    server = world.enter_context(Server(directory / "few", "--max-connections=2"))
    held = [world.enter_context(dial(server)) for _ in range(2)]
    with dial(server) as further:
        assert seconds_until_closed(further) < 2
    for client in held:
        client.sendall(GET)
        assert read_answer(client) == 200


@pytest.mark.parametrize(("soft", "hard", "room"), [(70, 1000, 40), (74, 74, 10)])
def test_open_files_are_enough_or_connections_are_fewer(directory, world, soft, hard, room):
    wrapper = ["prlimit", f"--nofile={soft}:{hard}"]
    server = world.enter_context(Server(directory / "few", "--max-connections=40", wrapper=wrapper))
    held = [world.enter_context(dial(server)) for _ in range(room)]
    for client in held:
        client.sendall(GET)
        assert read_answer(client) == 200
    for _ in range(2 * room):
        with dial(server) as further:
            assert seconds_until_closed(further) < 2
    said = "there is room for 10" in (directory / "few" / "server.log").read_text()
    assert said == (room < 40)

    # It has not gone deaf.
    held.pop().close()
    until(lambda: has_room(server), 5, "room for another")


HALF_HELLO = bytes.fromhex("16 0301 0200 01 0001fc 0303")


@pytest.mark.parametrize("hello", [b"", HALF_HELLO], ids=["silent", "half"])
def test_a_tls_handshake_counts_and_has_its_time(directory, world, certificate, hello):
    options = ["--tls-certificate", certificate[0], "--tls-key", certificate[1], "--header-timeout=2"]
    server = world.enter_context(Server(directory / "tls", *options, "--max-connections=2"))
    held = [world.enter_context(dial(server)) for _ in range(2)]
    for client in held:
        client.sendall(hello)
    with dial(server) as further:
        assert seconds_until_closed(further) < 1.5
    for client in held:
        assert seconds_until_closed(client, hello[-1:]) < 5


@pytest.mark.parametrize("hello", [b"", HALF_HELLO], ids=["silent", "half"])
def test_a_stranger_with_thousands_of_connections(directory, world, certificate, hello):
    """Who opens many and shakes hands on none keeps few of them, for no longer than others, and nobody from the server."""
    options = ["--tls-certificate", certificate[0], "--tls-key", certificate[1], "--header-timeout=6"]
    server = world.enter_context(Server(directory / "tls", *options))
    server.SCHEME, server.context = "https", ssl.create_default_context(cafile=certificate[0])
    person = server.person(STUDENT)

    def count():
        return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir())) - before

    before = 0
    before = count()
    held = []
    for n in range(STRANGERS):
        client = socket.create_connection((server.host, server.port), timeout=15, source_address=("127.0.0.2", 0))
        held.append(world.enter_context(client))
        with contextlib.suppress(OSError):  # of one too many
            client.sendall(hello)
        if n % 1000 == 999:
            assert person.rows("grades"), "others are served meanwhile"
            assert count() <= HANDSHAKES + SLACK
    until(lambda: count() <= SLACK, 15, lambda: f"{count()} connections to be cut")
    assert all(is_closed(client) for client in held)
    assert person.rows("grades")


def is_closed(client):
    client.settimeout(5)
    try:
        return client.recv(1) == b""
    except ConnectionError:
        return True


def handshake(world, server, token):
    """When it began and ended, the status, and the seconds of Retry-After."""
    began = time.monotonic()
    client = world.enter_context(RawSocket(server, headers=upgrade_headers(token)))
    return began, time.monotonic(), client.status, int(client.headers.get("retry-after", 0))


def test_agents_that_connect_in_a_second_are_counted(directory, world):
    server = world.enter_context(Server(directory / "few", "--max-connects-per-second=3"))
    token = server.person(STUDENT).token
    for _ in range(6):  # who is not let in takes no room
        assert handshake(world, server, "x.y.z")[2:] == (401, 0)

    answers = [handshake(world, server, token) for _ in range(40)]
    let_in = [answer for answer in answers if answer[2] == 101]
    refused = [answer for answer in answers if answer[2] == 503]
    assert len(let_in) + len(refused) == 40 and answers[:3] == let_in[:3]
    for first, fourth in zip(let_in, let_in[3:]):
        assert fourth[1] - first[0] >= 1
    # They are to come back one after another.
    assert refused[0][3] == 1 and refused[-1][3] > 1

    # HTTP goes on, and there is room again after a second.
    assert server.http("GET", "/health").status == 200
    time.sleep(1)
    with Socket(server, token) as agent:
        agent.hello()


def test_a_drain_spreads_those_who_are_connected(directory, world):
    server = world.enter_context(
        Server(directory / "many", "--max-connects-per-second=1000", "--drain-spread=0")
    )
    token = server.person(STUDENT).token
    agents = [world.enter_context(Socket(server, token)) for _ in range(60)]
    for agent in agents:
        agent.hello()
    server.process.send_signal(signal.SIGTERM)
    drains = [agent.receive("drain") for agent in agents]
    assert {(drain["retryAfter"], drain["spread"]) for drain in drains} == {(2, 2)}


@pytest.mark.parametrize(
    ("size", "status"), [(12_000, 200), (40_000, 431)], ids=["some", "many"]
)
def test_headers_have_a_size(server, size, status):
    with dial(server) as client:
        lines = b"".join(b"X-Filler-%d: %s\r\n" % (n, b"x" * 985) for n in range(size // 1000))
        client.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n" + lines + b"\r\n")
        assert read_answer(client) == status


def post(server, path, size, headers=b"", chunked=False):
    """The status of a request whose body is so large and not JSON."""
    with dial(server) as client:
        length = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % size
        client.sendall(b"POST " + path + b" HTTP/1.1\r\nHost: x\r\n" + headers + length + b"\r\n\r\n")
        for start in range(0, size, 65536):
            part = b"x" * min(65536, size - start)
            client.sendall(b"%x\r\n%s\r\n" % (len(part), part) if chunked else part)
        if chunked:
            client.sendall(b"0\r\n\r\n")
        return read_answer(client)


@pytest.mark.parametrize("chunked", [False, True], ids=["announced", "chunked"])
def test_bodies_have_a_size(server, chunked):
    """A stranger may send what a sign-in takes, whoever has signed in 16 MiB."""
    token = b"Authorization: Bearer " + server.person(STUDENT).token.encode() + b"\r\n"
    for path, size, headers, status in (
        (b"/api/auth/login", 16_000, b"", 400), (b"/api/auth/login", 17_000, b"", 413),
        (b"/api/auth/refresh", 1 << 20, b"", 413), (b"/api/grades", 16_000, b"", 401),
        (b"/api/grades", 1 << 20, b"", 413), (b"/api/grades", 1 << 20, b"Authorization: Bearer x.y.z\r\n", 413),
        (b"/api/grades", 16 << 20, token, 400), (b"/api/grades", (16 << 20) + 1, token, 413),
    ):
        assert post(server, path, size, headers, chunked) == status, (path, size)


def test_strangers_large_bodies_cost_no_memory(server):
    def memory():
        return int(Path(f"/proc/{server.process.pid}/statm").read_text().split()[1]) * 4096

    before = memory()
    clients = []
    for _ in range(20):
        client = dial(server)
        client.sendall(b"POST /api/grades HTTP/1.1\r\nHost: x\r\nContent-Length: 16777216\r\n\r\n")
        client.sendall(b"x" * (8 << 20))
        clients.append(client)
    assert server.http("GET", "/health").status == 200
    grown = memory() - before
    for client in clients:
        client.close()
    print(f"160 MiB of 20 strangers: {grown >> 20} MiB more")
    assert grown < 20 << 20


@pytest.mark.parametrize(
    "kind, status",
    [
        (None, 200), ("application/json", 200), ("Application/JSON; charset=utf-8", 200), ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415), ("multipart/form-data; boundary=x", 415), ("text/html", 415),
    ],
)
def test_bodies_are_json_by_name(server, kind, status):
    connection = http.client.HTTPConnection(server.host, server.port, timeout=15)
    headers = {"Content-Type": kind} if kind else {}
    connection.request("POST", "/api/auth/login", '{"email":"student@demo.test","password":"demo"}', headers)
    assert connection.getresponse().status == status
    connection.close()


def test_endless_headers_are_cut(server):
    with dial(server) as client:
        with pytest.raises(OSError):
            for _ in range(100):
                client.sendall(b"X-Filler: " + b"x" * 100_000 + b"\r\n")
                time.sleep(0.05)
    assert server.http("GET", "/health").status == 200
