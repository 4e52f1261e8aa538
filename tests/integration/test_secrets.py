# SPDX-License-Identifier: LGPL-2.1-or-later
"""Nothing secret is said: planted secrets are looked for in all that the three programs write."""

import os
import re
from pathlib import Path

import pytest
from gi.repository import GLib

from labsync_testing import INTERFACE, OBJECT_PATH, Desktop, Proxy, Server, until
from test_keyring import SERVICE, call

EMAIL = "planted@school.test"
PASSWORD = "planted-pass-7f3e"
WRONG = "planted-wrong-91c2"
CANARY = "planted-canary-5d08"  # in the data of rows


class Talkative(Desktop):
    """Everything is said that can be said."""

    @property
    def environment(self):
        return {**super().environment, "G_MESSAGES_DEBUG": "all"}

    def start(self, *options, wait=True):
        super().start("--verbose", *options, wait=wait)


def tokens(desktop):
    """What the keyring holds of ours."""
    _, session = call(
        desktop, SERVICE, "org.freedesktop.Secret.Service", "OpenSession", "(sv)", "plain", GLib.Variant("s", "")
    )
    paths, _ = call(
        desktop, SERVICE, "org.freedesktop.Secret.Service", "SearchItems", "(a{ss})",
        {"xdg:schema": "org.labsync.Agent"},
    )
    (found,) = call(desktop, SERVICE, "org.freedesktop.Secret.Service", "GetSecrets", "(aoo)", paths, session)
    return {bytes(secret[2]).decode() for secret in found.values()}


@pytest.fixture
def school(directory, world, monkeypatch):
    monkeypatch.setenv("G_MESSAGES_DEBUG", "all")
    server = world.enter_context(Server(directory / "server"))
    admin = server.person("admin@demo.test")
    admin.create("users", name="Planted", email=EMAIL, role="teacher", password=PASSWORD)
    admin.create("announcements", title=CANARY, content=CANARY, category="umum")
    return server


def properties(desktop):
    """All that the bus shows to anybody."""
    shown = []
    for interface in ("Connection", "Account", "Events", "Cache", "Diagnostics"):
        shown.append(
            desktop.bus.call(
                "org.freedesktop.DBus.Properties", "GetAll", "(s)", INTERFACE + interface, path=OBJECT_PATH
            )
        )
    for method in ("GetHealth", "GetStatistics"):
        shown.append(desktop.bus.agent("Diagnostics", method, "(a{sv})", {}))
    return repr(shown)


def core_limit(program):
    """How many bytes of its memory a program may leave behind when it crashes, soft and hard."""
    limits = Path(f"/proc/{program.pid}/limits").read_text()
    return re.search(r"^Max core file size +(\S+) +(\S+)", limits, re.MULTILINE).groups()


def process(desktop):
    folder = Path(f"/proc/{desktop.agent.pid}")
    return (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()


def test_nothing_secret_is_written(school, directory, world):
    proxy = world.enter_context(Proxy(school))
    desktop = world.enter_context(
        Talkative(
            directory / "desk", proxy.url, Connection_reconnect_initial="100ms", Connection_reconnect_max="500ms",
            Connection_polling_interval="300ms", Connection_websocket_retry="1s",
        )
    )
    said, secrets = [], {PASSWORD, WRONG}

    def ctl(*arguments, text=None):
        result = desktop.ctl(*arguments, text=text)
        said.append(result.out + result.err)
        return result

    def look():
        secrets.update(tokens(desktop))
        said.append(properties(desktop))

    # Signing in: wrongly, rightly, again; everything that is asked about it.
    assert ctl("sign-in", EMAIL, text=WRONG).code == 1
    assert ctl("sign-in", EMAIL, text=PASSWORD).code == 0
    desktop.wait_state("live")
    look()
    assert ctl("sign-in", EMAIL, "--json", text=PASSWORD).code == 0
    desktop.wait_state("live")
    look()
    for command in (("status",), ("status", "--json"), ("config",), ("events",), ("list", "notification")):
        ctl(*command)
    with pytest.raises(GLib.Error) as refusal:
        desktop.bus.agent("Account", "SetTokens", "(ssa{sv})", f"{PASSWORD}.{PASSWORD}", PASSWORD, {})
    said.append(refusal.value.message)

    # Trouble with the link, and with the tokens.
    proxy.cut()
    desktop.wait_state("live")
    proxy.no_websocket = True
    proxy.cut()
    desktop.wait_state("polling")
    proxy.no_websocket = False
    desktop.wait_state("live")
    school.stop()
    desktop.wait_state("waiting")
    said.append(process(desktop).decode(errors="replace"))
    school.start()
    desktop.wait_state("live", seconds=30)
    look()
    (access,) = (token for token in tokens(desktop) if token.startswith("eyJ"))
    assert school.http("POST", "/api/auth/logout", {}, access).status == 200
    desktop.wait_account("expired", seconds=30)
    look()
    assert ctl("sign-in", EMAIL, text=PASSWORD).code == 0
    desktop.wait_state("live")
    look()
    assert ctl("sign-out").code == 0
    until(lambda: desktop.state() == "signed-out", what="the sign-out")
    assert len(secrets) >= 2 + 3 * 2, "there were tokens of three sign-ins"

    # What was planted is looked for in the logs first, which have to have something to say.
    desktop.stop()
    school.stop()
    log = (school.directory / "server.log").read_text(errors="replace")
    assert "connection:" in desktop.messages()
    for name, text in (("the agent", desktop.messages()), ("the server", log)):
        for secret in secrets | {CANARY}:
            assert secret not in text, f"{name} writes {secret}"
    for secret in secrets:
        assert not [text for text in said if secret in text], f"{secret} is shown"
    # ... and then in every file but the keyring's.
    for folder, _, names in os.walk(desktop.directory):
        for name in names:
            path = Path(folder, name)
            if path.is_file():
                content = path.read_bytes()
                assert not [secret for secret in secrets if secret.encode() in content], path


def test_a_crash_leaves_nothing_behind(school, desk):
    """A core dump of either program would hold tokens and rows."""
    desktop = desk(school.url)
    assert core_limit(desktop.agent) == ("0", "0")
    assert core_limit(school.process) == ("0", "0")
