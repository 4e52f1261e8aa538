# SPDX-License-Identifier: LGPL-2.1-or-later
"""What TLS takes: the memory of an idle agent with the system's certificates loaded, and of one without TLS."""

from pathlib import Path

from labsync_testing import BUS_NAME, Desktop, Server, make_certificate, memory

SYSTEM = "/etc/ssl/certs/ca-certificates.crt"


def idle_memory(directory, server, scheme, wrapper=()):
    """MiB of an agent that is live at a server of ours."""
    with Desktop(directory, f"{scheme}://127.0.0.1:{server.port}", wrapper) as desktop:
        desktop.sign_in()
        desktop.wait_state("live")
        bus = "org.freedesktop.DBus"
        pid = desktop.bus.call(bus, "GetConnectionUnixProcessID", "(s)", BUS_NAME, path="/org/freedesktop/DBus", name=bus)
        return memory(*pid, "Pss") / 1024 / 1024


def measure_tls(directory):
    """MiB of an idle agent: (with TLS, without). The agent sees the server's certificate among the system's."""
    certificate, key = make_certificate(directory)
    trusted = directory / "trusted.pem"
    trusted.write_text(Path(SYSTEM).read_text() + Path(certificate).read_text())
    wrapper = ("bwrap", "--dev-bind", "/", "/", "--ro-bind", trusted, SYSTEM)
    with Server(directory / "tls-server", "--tls-certificate", certificate, "--tls-key", key) as server:
        with_tls = idle_memory(directory / "tls", server, "https", wrapper)
    with Server(directory / "plain-server") as server:
        return with_tls, idle_memory(directory / "plain", server, "http")
