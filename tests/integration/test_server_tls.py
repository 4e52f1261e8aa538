# SPDX-License-Identifier: LGPL-2.1-or-later
"""labsync-server alone: TLS, with a certificate authority of the test's own."""

import http.client
import signal
import socket
import ssl
import subprocess
import warnings

import pytest

from labsync_testing import Server, program, until
from server_client import STUDENT

NAME = "school.test"


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Authority:
    def __init__(self, directory):
        self.directory = directory
        self.file = directory / "ca.pem"
        self._key = directory / "ca.key"
        openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", 2,
            "-subj", "/CN=Test Authority", "-keyout", self._key, "-out", self.file,
        )

    def issue(self, name=NAME, serial=1, days=1):
        """(certificate, key) in files of their own."""
        certificate, key = self.directory / f"{serial}.pem", self.directory / f"{serial}.key"
        request, extensions = self.directory / "request", self.directory / "extensions"
        extensions.write_text(f"subjectAltName=DNS:{name},IP:127.0.0.1\n")
        openssl(
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={name}",
            "-keyout", key, "-out", request,
        )
        openssl(
            "x509", "-req", "-in", request, "-CA", self.file, "-CAkey", self._key, "-days", days, "-set_serial", serial,
            "-extfile", extensions, "-out", certificate,
        )
        return certificate, key

    def context(self, version=None):
        context = ssl.create_default_context(cafile=str(self.file))
        if version:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                context.minimum_version = context.maximum_version = version
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
        return context


class SecureServer(Server):
    SCHEME = "https"

    def __init__(self, directory, authority, certificate, key, *options):
        super().__init__(directory, f"--tls-certificate={certificate}", f"--tls-key={key}", *options)
        self.context = authority.context()

    def connect(self, context=None):
        client = socket.create_connection((self.host, self.port), timeout=10)
        return (context or self.context).wrap_socket(client, server_hostname=NAME)

    def messages(self):
        return (self.directory / "server.log").read_text()


@pytest.fixture
def authority(directory):
    return Authority(directory)


@pytest.fixture
def secure(directory, world, authority):
    return world.enter_context(SecureServer(directory / "server", authority, *authority.issue()))


def serial(client):
    return int(client.getpeercert()["serialNumber"], 16)


def get_health(client):
    client.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
    answer = http.client.HTTPResponse(client)
    answer.begin()
    answer.read()
    return answer.status


def test_who_trusts_the_authority_gets_in(secure):
    with secure.connect() as client:
        assert get_health(client) == 200
    assert secure.person(STUDENT).call("GET", "/api/grades").status == 200


def test_who_does_not_is_told_by_its_library(secure):
    with pytest.raises(ssl.SSLCertVerificationError):
        secure.connect(ssl.create_default_context())
    with pytest.raises((OSError, http.client.HTTPException)):
        with socket.create_connection((secure.host, secure.port), timeout=10) as plain:
            get_health(plain)


@pytest.mark.parametrize("version, spoken", [
    (ssl.TLSVersion.TLSv1, False), (ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True),
    (ssl.TLSVersion.TLSv1_3, True),
], ids=lambda value: getattr(value, "name", ""))
def test_versions(secure, authority, version, spoken):
    if spoken:
        with secure.connect(authority.context(version)) as client:
            assert get_health(client) == 200
        return
    with pytest.raises(OSError):  # what TLS says is one, too
        secure.connect(authority.context(version))


def test_a_new_certificate_without_a_restart(secure, authority, directory):
    """SIGHUP reads it anew; who is connected stays; a bad one changes nothing."""
    with secure.connect() as old:
        assert serial(old) == 1
        renewed, renewed_key = authority.issue(serial=2)
        renewed.replace(directory / "1.pem")
        renewed_key.replace(directory / "1.key")
        secure.process.send_signal(signal.SIGHUP)
        until(lambda: "read anew" in secure.messages() or None, what="the message")
        with secure.connect() as client:
            assert serial(client) == 2 and get_health(client) == 200
        assert get_health(old) == 200

    (directory / "1.pem").write_text("nonsense")
    secure.process.send_signal(signal.SIGHUP)
    until(lambda: "stays as it was" in secure.messages(), what="the warning")
    with secure.connect() as client:
        assert serial(client) == 2


def start(directory, certificate, key):
    return subprocess.run(
        [program("labsync-server"), "--listen=127.0.0.1:0", f"--data-dir={directory / 'data'}",
         f"--tls-certificate={certificate}", f"--tls-key={key}"],
        capture_output=True, text=True, timeout=20, check=False,
    )


@pytest.mark.parametrize("mode", [0o604, 0o644, 0o620, 0o660, 0o777], ids=oct)
def test_a_key_that_others_can_read_or_change_is_refused(directory, authority, mode):
    certificate, key = authority.issue()
    key.chmod(mode)
    result = start(directory, certificate, key)
    assert result.returncode == 1 and str(key) in result.stderr and "0600" in result.stderr, result


@pytest.mark.parametrize("mode", [0o400, 0o440, 0o600, 0o640], ids=oct)
def test_a_private_key_is_taken(directory, world, authority, mode):
    certificate, key = authority.issue()
    key.chmod(mode)
    server = world.enter_context(SecureServer(directory / "server", authority, certificate, key))
    with server.connect() as client:
        assert get_health(client) == 200


def test_what_is_wrong_is_said(directory, authority):
    certificate, key = authority.issue()
    _, other_key = authority.issue(serial=2)
    broken = directory / "broken"
    broken.write_text("nonsense")
    broken.chmod(0o600)
    for wrong in ((broken, key), (certificate, broken), (directory / "none", key), (certificate, directory / "none"),
                  (certificate, other_key)):
        result = start(directory, *wrong)
        assert result.returncode == 1 and result.stderr.startswith("labsync-server: "), (wrong, result)
        assert any(str(path) in result.stderr for path in wrong), result
        assert "PRIVATE" not in result.stderr


def test_an_expired_certificate_is_warned_of(directory, world, authority):
    certificate, key = authority.issue(days=-1)
    server = world.enter_context(SecureServer(directory / "server", authority, certificate, key))
    assert "has expired" in server.messages()
    with pytest.raises(ssl.SSLCertVerificationError):
        server.connect()
