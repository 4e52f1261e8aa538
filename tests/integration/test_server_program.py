# SPDX-License-Identifier: LGPL-2.1-or-later
"""labsync-server alone: how it starts, runs and ends."""

import http.client
import signal
import ssl
import subprocess
import time
from contextlib import contextmanager

import pytest

from labsync_testing import Server, program
from server_client import STUDENT, Socket, heartbeat


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_drain(directory, world, how):
    server = world.enter_context(Server(directory / "server", "--config", str(heartbeat(directory, "30s"))))
    person = server.person(STUDENT)
    with Socket(server, person.token) as client, Socket(server, person.token) as unborn:
        client.hello()
        start = time.monotonic()
        server.process.send_signal(how)
        drain = client.receive("drain")
        assert (drain["retryAfter"], drain["spread"]) == (3, 7)
        assert client.wait_close() == 1001 and unborn.wait_close() == 1001
        assert server.process.wait(5) == 0
        assert time.monotonic() - start < 2


def test_drain_does_not_wait_for_the_dead(server, student):
    client = Socket(server, student.token)
    client.hello()
    client.ws.transport.pause_reading()
    start = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - start < 2
    client.ws.transport.abort()
    client._run(client.ws.wait_closed())
    client.loop.close()


def test_metrics(server, student, connect):
    client = connect(student)
    client.hello()
    connection = http.client.HTTPConnection(server.host, server.port)
    connection.request("GET", "/metrics")
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
    lines = text.splitlines()
    assert lines[-1] == "# EOF" and "labsync_connections 1" in lines
    assert 'labsync_requests_total{status="200"} 1' in lines  # the login
    assert server.http("GET", "/health").body["success"] and server.http("GET", "/ready").body["success"]


def run(*arguments):
    return subprocess.run(
        [program("labsync-server"), *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=20
    )


def test_command_line(directory):
    version = run("--version")
    assert version.returncode == 0 and version.stdout.startswith("labsync-server ")
    assert run("--help").returncode == 0
    for arguments in (["--listen", "here"], ["--nonsense"], ["--token-lifetime", "x"], ["--config", "/nonexistent"]):
        result = run(*arguments)
        assert result.returncode == 2 and result.stderr.startswith("labsync-server: "), arguments
    for arguments in (
        ["--listen", "192.0.2.1:1", "--data-dir", str(directory / "a")],
        ["--data-dir", "/proc/labsync"],
        ["--data-dir", str(directory / "b"), "--tls-certificate", "/nonexistent", "--tls-key", "/nonexistent"],
    ):
        result = run(*arguments)
        assert result.returncode == 1 and result.stderr.startswith("labsync-server: "), (arguments, result)


@contextmanager
def listening(*arguments):
    process = subprocess.Popen(
        [program("labsync-server"), *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.communicate(timeout=10)


def test_addresses(directory):
    data = ["--data-dir", str(directory / "data")]
    with listening("--listen", "[::1]:0", *data) as line:
        assert line.startswith("listening on http://[::1]:")
    with listening("--listen", "127.0.0.1:0", *data) as line:
        result = run("--listen", line.rsplit("/", 1)[1], "--data-dir", str(directory / "other"))
        assert result.returncode == 1 and "Could not listen" in result.stderr


def test_tls(directory, certificate):
    arguments = ["--listen", "127.0.0.1:0", "--tls-certificate", certificate[0], "--tls-key", certificate[1]]
    with listening(*arguments, "--data-dir", str(directory / "data")) as line:
        assert line.startswith("listening on https://127.0.0.1:")
        context = ssl.create_default_context(cafile=certificate[0])
        context.check_hostname = False
        connection = http.client.HTTPSConnection(line.split("//")[1], context=context)
        connection.request("GET", "/health")
        assert connection.getresponse().status == 200
        connection.close()


def test_warns_where_passwords_would_travel_readable(directory):
    process = subprocess.Popen(
        [program("labsync-server"), "--listen", "0.0.0.0:0", "--data-dir", str(directory / "data")],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )
    process.stdout.readline()
    process.terminate()
    _, errors = process.communicate(timeout=10)
    assert "warning" in errors
