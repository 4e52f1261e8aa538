# SPDX-License-Identifier: LGPL-2.1-or-later
"""What TLS takes: the memory of an idle agent with the system's certificates loaded, and of one without TLS."""

import subprocess
import sys
import time
from pathlib import Path

from labsync_testing import BUS_NAME, Desktop, Server, make_certificate, memory

SYSTEM = "/etc/ssl/certs/ca-certificates.crt"
# Seconds; what it took to connect is given back after 2.
QUIET = 4


def idle_memory(directory, server, scheme, wrapper=()):
    """MiB of an agent that is live at a server of ours."""
    with Desktop(directory, f"{scheme}://127.0.0.1:{server.port}", wrapper) as desktop:
        desktop.sign_in()
        desktop.wait_state("live")
        time.sleep(QUIET)
        bus = "org.freedesktop.DBus"
        pid = desktop.bus.call(bus, "GetConnectionUnixProcessID", "(s)", BUS_NAME, path="/org/freedesktop/DBus", name=bus)
        return memory(*pid, "Pss") / 1024 / 1024


def measure_tls(directory):
    """A list of ({"tls": MiB with TLS}, {"tls": MiB without}): of one pair, or of none where there are no namespaces.

    The agent sees the server's certificate among the system's.
    """
    certificate, key = make_certificate(directory)
    trusted = directory / "trusted.pem"
    trusted.write_text(Path(SYSTEM).read_text() + Path(certificate).read_text())
    wrapper = ("bwrap", "--dev-bind", "/", "/", "--ro-bind", str(trusted), SYSTEM)
    if subprocess.run([*wrapper, "true"], check=False).returncode != 0:
        print("TLS is not measured: no namespaces here", file=sys.stderr)
        return []
    with Server(directory / "tls-server", "--tls-certificate", certificate, "--tls-key", key) as server:
        with_tls = idle_memory(directory / "tls", server, "https", wrapper)
    with Server(directory / "plain-server") as server:
        return [({"tls": with_tls}, {"tls": idle_memory(directory / "plain", server, "http")})]
