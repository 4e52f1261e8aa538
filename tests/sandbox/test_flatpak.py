# SPDX-License-Identifier: LGPL-2.1-or-later
"""The Flatpak as a lab desktop has it: built, installed, started by the bus, updated, removed."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from gi.repository import GLib

from flatpak_testing import APP, MANIFEST, TREE, Flatpak, SandboxedDesktop, development_manifest, run
from labsync_testing import BUS_NAME, until
from machine_traces import in_files
from panels import TRAY_NAME, Panel

GOLDEN = Path(__file__).with_name("metadata.golden")
TALK = "org.kde.StatusNotifierWatcher"
CANARY = "Kanarie-7f3a91c5e2"


@pytest.fixture(scope="session")
def flatpak():
    smoke = subprocess.run(
        ["bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--unshare-all", "true"],
        check=False, capture_output=True,
    )
    if smoke.returncode != 0:
        pytest.skip("there are no user namespaces here")
    if os.getuid() != 0:
        pytest.skip("making the runtime needs root")
    installed = Flatpak(Path(os.environ["LABSYNC_BUILD"]) / "flatpak")
    installed.install()
    return installed


@pytest.fixture
def desk(directory, world, flatpak):
    """Makes desktops that have the Flatpak: desk(url, Group_key=value…)."""

    def make(url=None, **settings):
        settings = {"Connection_reconnect_initial": "100ms", "Connection_reconnect_max": "500ms", **settings}
        return world.enter_context(SandboxedDesktop(directory / "desk", flatpak, url, **settings))

    return make


@pytest.fixture
def signed_in(server, desk):
    desktop = desk(server.url)
    desktop.activate()
    desktop.sign_in()
    desktop.wait_state("live")
    return desktop


def shown_manifest(path):
    out, errors = run("flatpak-builder", "--show-manifest", path)
    assert errors == "", errors
    return json.loads(out)


def test_product_manifest_is_that_of_the_tests(directory):
    """The GNOME runtime can't be had everywhere; all but the runtime is what the other tests run."""
    development = directory / "manifest.json"
    development.write_text(json.dumps(development_manifest(TREE)))
    product, ours = shown_manifest(MANIFEST), shown_manifest(development)
    assert product["runtime"] == "org.gnome.Platform"
    for manifest in (product, ours):
        for key in ("runtime", "sdk", "runtime-version"):
            del manifest[key]
        del manifest["modules"][-1]["sources"]
    # The other runtime has it.
    assert product["modules"].pop(0)["name"] == "libsodium"
    assert product == ours


def test_permissions_are_the_agreed_ones(flatpak):
    """Who changes a permission changes the golden copy, and README's table with it."""
    lines = (flatpak.build / "metadata").read_text().splitlines()
    kept = [line for line in lines if not line.startswith(("runtime=", "sdk="))]
    assert kept == GOLDEN.read_text().splitlines()


def test_started_by_the_bus_it_brings_events(server, desk, flatpak):
    desktop = desk(server.url)
    seconds = desktop.activate()
    print(f"from activation to the first answer {seconds:.2f} s; {flatpak.installed_size() / 1024:.0f} KiB installed")
    assert desktop.ctl("sign-in", "student@demo.test", text="demo\n").code == 0
    desktop.wait_state("live")
    app = desktop.app("announcement_created")
    server.person("admin@demo.test").create("announcements", title="Besok libur", content="-", category="umum")
    event = app.wait_event(type="announcement_created")
    assert json.loads(event.data)["title"] == "Besok libur"
    assert desktop.database().is_relative_to(desktop.data)


def test_after_a_kill_it_signs_in_by_itself(signed_in):
    until(signed_in.keyring_file.exists, what="the keyring's file")
    signed_in.kill()
    signed_in.activate()
    signed_in.wait_state("live")


@pytest.mark.parametrize("keep", [0, 17, 30, 200])
def test_damaged_keyring_file_costs_a_sign_in_only(signed_in, keep):
    """libsecret aborts the process on such a file."""
    until(signed_in.keyring_file.exists, what="the keyring's file")
    signed_in.kill()
    os.truncate(signed_in.keyring_file, keep)
    signed_in.activate()
    until(lambda: signed_in.bus.property("Account", "State") == "expired", what="the account to need a sign-in")
    assert signed_in.bus.agent("Cache", "List", "(sa{sv})", "grade", {})[0]
    signed_in.sign_in()
    signed_in.wait_state("live")
    signed_in.kill()
    signed_in.activate()
    signed_in.wait_state("live")


def items(desktop):
    """How many secrets are in the keyring's file, whose content is encrypted one by one (libsecret 0.20)."""
    content = GLib.Bytes.new(desktop.keyring_file.read_bytes()[len(b"GnomeKeyring\n\r\0\n\1\0"):])
    return GLib.Variant.new_from_bytes(GLib.VariantType("(uayutua(a{say}ay))"), content, False).unpack()[-1]


def test_encryption_survives_a_restart_and_goes_with_a_wipe(server, desk):
    """libsodium in the sandbox, its key by the Secret portal."""
    desktop = desk(server.url, Privacy_encrypt="true")
    desktop.activate()
    desktop.sign_in()
    desktop.wait_state("live")
    server.person("admin@demo.test").create("announcements", title=CANARY, content="-", category="umum")
    until(lambda: CANARY in str(desktop.cached("announcement")), what="the canary")
    assert len(items(desktop)) == 3, "two tokens and a key"

    server.stop()
    desktop.kill()
    assert list(desktop.data.rglob("cache.db"))
    assert in_files(desktop.data, CANARY) == []
    desktop.activate()
    assert CANARY in str(desktop.cached("announcement")), "it is read again, not fetched"

    server.start()
    desktop.wait_state("live")
    assert desktop.ctl("sign-out", "--wipe").code == 0
    until(lambda: not list(desktop.data.rglob("cache.db")), what="the store to be gone")
    until(lambda: items(desktop) == [], what="the key to be gone")
    assert in_files(desktop.data, CANARY) == []


def test_administrator_locks_settings(server, desk, flatpak):
    managed = flatpak.user / "extension" / f"{APP}.systemconfig" / flatpak.arch / "stable"
    managed.mkdir(parents=True)
    try:
        (managed / "agent.conf").write_text(f"[Server]\nurl={server.url}\n[Locked]\nkeys=Server.url\n")
        desktop = desk("http://127.0.0.1:1")
        desktop.activate()
        assert desktop.bus.property("Connection", "ServerUrl") == server.url
        (explained,) = desktop.json("config", "explain", "Server.url")["settings"]
        assert explained["value"] == server.url and explained["locked"]
    finally:
        shutil.rmtree(flatpak.user / "extension")


def test_update_hands_over_to_the_new_version(signed_in, flatpak, server):
    app = signed_in.app("announcement_created")
    (before,) = signed_in.instances()
    owner = signed_in.bus.owner(BUS_NAME)
    flatpak.publish_update()
    flatpak.update()
    until(lambda: signed_in.bus.owner(BUS_NAME) not in (None, owner), 30, "a new agent")
    until(lambda: before not in signed_in.instances(), what="the old one to end")
    signed_in.wait_state("live")
    assert signed_in.run("cat", "/app/update").code == 0
    app.close()
    again = signed_in.app("announcement_created")
    server.person("admin@demo.test").create("announcements", title="Baru", content="-", category="umum")
    again.wait_event(type="announcement_created")


def test_without_the_network_permission_it_never_connects(server, desk):
    desktop = desk(server.url)
    process = subprocess.Popen(
        ["flatpak", "run", "--user", "--unshare=network", "--command=/app/libexec/labsync-agent", APP],
        env=desktop.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: desktop.bus.has_owner(BUS_NAME), what="the agent")
        with pytest.raises(Exception, match="Unreachable"):
            desktop.sign_in()
    finally:
        desktop.kill()
        process.wait(10)


@pytest.fixture
def panel(desk, server, world):
    """A panel on the desktop of somebody who is signed in; the tray does not run yet."""
    desktop = desk(server.url)
    desktop.activate()
    desktop.sign_in()
    desktop.wait_state("live")
    folder = desktop.directory / "panel"
    folder.mkdir()
    panel = Panel(folder, "xfce", desktop.address)
    world.callback(panel.close)
    panel.desktop = desktop
    # The tray's sandbox belongs to the desktop, the panel does not.
    panel.sandbox = {key: desktop.environment[key] for key in ("HOME", "XDG_RUNTIME_DIR", "XDG_DATA_DIRS", "FLATPAK_USER_DIR")}
    return panel


def registered(panel):
    return panel.bus.call(
        "org.freedesktop.DBus.Properties", "Get", "(ss)", TALK, "RegisteredStatusNotifierItems",
        path="/StatusNotifierWatcher", name=TALK,
    )[0]


def test_tray_inside_is_shown_and_clicked_outside(panel):
    panel.start_tray("flatpak", "run", "--user", APP, **panel.sandbox)
    until(lambda: registered(panel), what="the icon to be announced")
    panel.icon()
    panel.click_entry("Pause")
    panel.desktop.wait_state("stopped")
    panel.click_entry("Resume")
    panel.desktop.wait_state("live")
    assert len(registered(panel)) == 1


def test_update_hands_over_to_the_new_tray(panel, flatpak):
    panel.start_tray("flatpak", "run", "--user", APP, **panel.sandbox)
    until(lambda: registered(panel), what="the icon to be announced")
    owner = panel.bus.owner(TRAY_NAME)
    flatpak.publish_update()
    flatpak.update()
    until(lambda: panel.bus.owner(TRAY_NAME) not in (None, owner), 30, "a new tray")
    assert panel.tray.wait(10) == 0
    until(lambda: len(registered(panel)) == 1, what="the icon of the new one alone")
    until(lambda: panel.title() == "Lab Sync: Connected and up to date", 30, "the title of who is live")
    panel.click_entry("Pause")
    panel.desktop.wait_state("stopped")


def test_without_the_watcher_the_tray_stays_away(panel):
    panel.start_tray("flatpak", "run", "--user", f"--no-talk-name={TALK}", APP, **panel.sandbox)
    # It has come so far that it would have announced itself.
    until(lambda: panel.title() == "Lab Sync: Connected and up to date", what="the title of who is live")
    assert registered(panel) == []
    panel.stop_tray()
    panel.desktop.kill()


MAY_NOT = {
    "own another name": "gdbus call --session -d org.freedesktop.DBus -o /org/freedesktop/DBus "
    "-m org.freedesktop.DBus.RequestName org.example.Other 0",
    "see the keyring's service": "gdbus introspect --session -d org.freedesktop.secrets -o /org/freedesktop/secrets",
    "start programs through systemd": "gdbus introspect --session -d org.freedesktop.systemd1 -o /",
    "see the system bus": "gdbus call --system -d org.freedesktop.login1 -o / -m org.freedesktop.DBus.Peer.Ping",
    "read the home directory": "ls $HOME/private",
    "read the host's settings": "ls /run/host/etc/passwd",
    "change itself": "echo x >/app/libexec/labsync-agent",
    "show windows": "ls /tmp/.X11-unix/X99",
}


@pytest.mark.parametrize("what", MAY_NOT)
def test_sandbox_may_not(desk, what):
    desktop = desk()
    (desktop.home / "private").write_text("private")
    assert desktop.run("sh", "-c", "exit 0").code == 0
    result = desktop.run("sh", "-c", MAY_NOT[what])
    assert result.code != 0, result


def test_what_it_writes_at_home_stays_inside(desk):
    desktop = desk()
    desktop.run("sh", "-c", "echo x >$HOME/written")
    assert not (desktop.home / "written").exists()


def test_removed_it_leaves_nothing(desk, flatpak):
    """The last test: others need the app."""
    desktop = desk()
    desktop.activate()
    desktop.kill()
    assert desktop.data.exists()
    run(
        "flatpak", "uninstall", "--user", "-y", "--noninteractive", "--delete-data", APP,
        environment=desktop.environment,
    )
    left = [path for path in flatpak.user.rglob(f"{APP}*") if ".removed" not in path.parts and "repo" not in path.parts]
    assert left == []
    assert not desktop.data.exists()
