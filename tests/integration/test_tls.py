# SPDX-License-Identifier: LGPL-2.1-or-later
"""The link over TLS: a certificate authority of the school's own, and everything that is not it."""

import subprocess

import pytest
from gi.repository import GLib

from labsync_testing import PASSWORD, Server
from server_client import STUDENT
from test_wrong_clock import HOUR, since_1970, wrong_by

ISSUER = "Test School Authority"


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


class Authority:
    """A certificate authority that lasts for a day."""

    def __init__(self, directory):
        self.directory = directory
        self.certificate = directory / "ca.pem"
        self.key = directory / "ca.key"
        openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
            "-subj", f"/CN={ISSUER}", "-keyout", str(self.key), "-out", str(self.certificate),
        )

    def issue(self, name):
        """Certificate and key of a server."""
        key, request, certificate, extensions = (
            self.directory / f"server.{suffix}" for suffix in ("key", "csr", "pem", "ext")
        )
        openssl(
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=school",
            "-keyout", str(key), "-out", str(request),
        )
        extensions.write_text(f"subjectAltName={name}\n")
        openssl(
            "x509", "-req", "-in", str(request), "-CA", str(self.certificate), "-CAkey", str(self.key),
            "-CAcreateserial", "-days", "1", "-extfile", str(extensions), "-out", str(certificate),
        )
        return certificate, key


class SecureServer(Server):
    SCHEME = "https"


@pytest.fixture
def authority(directory):
    return Authority(directory)


@pytest.fixture
def secure(directory, world, authority):
    def make(name="IP:127.0.0.1"):
        certificate, key = authority.issue(name)
        return world.enter_context(
            SecureServer(directory / "secure", "--tls-certificate", str(certificate), "--tls-key", str(key))
        )

    return make


def assert_refused(desktop, reason):
    with pytest.raises(GLib.Error) as refusal:
        desktop.sign_in()
    assert f"Error.Unreachable: {reason}: " in refusal.value.message
    assert ISSUER in refusal.value.message
    return refusal.value.message


def test_the_schools_own_authority(secure, authority, desk):
    desktop = desk(secure().url, Server_ca_file=authority.certificate)
    desktop.sign_in()
    desktop.wait_state("live")
    assert desktop.bus.property("Connection", "Transport") == "websocket"
    assert desktop.cached("grade")


def test_an_authority_that_nobody_knows(secure, desk):
    desktop = desk(secure().url)
    assert_refused(desktop, "tls-untrusted")
    result = desktop.ctl("sign-in", STUDENT, text=PASSWORD)
    assert result.code == 1 and result.err.strip(), result


def test_a_certificate_of_another_server(secure, authority, desk):
    desktop = desk(secure("DNS:elsewhere.example").url, Server_ca_file=authority.certificate)
    assert_refused(desktop, "tls-untrusted")


def test_a_running_agent_says_why(secure, authority, desk, directory):
    """The server's certificate becomes another one, of an authority that nobody knows."""
    server = secure()
    desktop = desk(server.url, Server_ca_file=authority.certificate)
    desktop.sign_in()
    desktop.wait_state("live")
    before = desktop.cached("grade")
    server.stop()
    (directory / "other").mkdir()
    certificate, key = Authority(directory / "other").issue("IP:127.0.0.1")
    server.options = ("--tls-certificate", str(certificate), "--tls-key", str(key))
    server.start()
    desktop.wait_reason("tls-untrusted")
    desktop.wait_state("waiting")
    assert desktop.account() == "signed-in"
    assert desktop.cached("grade") == before
    assert desktop.messages().count(ISSUER) == 1


def test_an_empty_battery(secure, authority, desk):
    """In 1970 no certificate was valid yet, and nobody's clock can be right that shows it."""
    desktop = desk(secure().url, wrapper=wrong_by(since_1970()), Server_ca_file=authority.certificate)
    desktop.sign_in()
    desktop.wait_state("live")


def test_an_empty_battery_trusts_nobody_else(secure, desk):
    desktop = desk(secure().url, wrapper=wrong_by(since_1970()))
    assert_refused(desktop, "tls-untrusted")


def test_a_clock_that_is_behind(secure, authority, desk):
    """A clock that could be right is believed: it is named, and not the certificate."""
    desktop = desk(secure().url, wrapper=wrong_by(-2 * HOUR), Server_ca_file=authority.certificate)
    assert_refused(desktop, "clock-skew")


def test_a_server_that_speaks_old_versions_only(secure, authority, desk, monkeypatch):
    """Whoever sits between could have made it so."""
    monkeypatch.setenv("G_TLS_GNUTLS_PRIORITY", "NORMAL:%COMPAT:-VERS-ALL:+VERS-TLS1.1:%UNSAFE_RENEGOTIATION")
    server = secure()
    monkeypatch.delenv("G_TLS_GNUTLS_PRIORITY")
    desktop = desk(server.url, Server_ca_file=authority.certificate)
    with pytest.raises(GLib.Error) as refusal:
        desktop.sign_in()
    assert "Error.Unreachable: " in refusal.value.message
