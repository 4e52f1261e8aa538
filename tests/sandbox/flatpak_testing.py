# SPDX-License-Identifier: LGPL-2.1-or-later
"""The Flatpak of this tree, installed in a place of its own, and desktops that run it."""

import hashlib
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

from labsync_testing import BUS_NAME, Desktop, Result, until

APP = "org.labsync.Agent"
TREE = Path(__file__).resolve().parents[2]
MANIFEST = TREE / "flatpak" / f"{APP}.json"
RUNTIME_SCRIPT = TREE / "flatpak" / "runtime"
RUNTIME = {"runtime": "org.labsync.Platform", "sdk": "org.labsync.Sdk", "runtime-version": "12"}


def run(*command, environment=None, seconds=300):
    """Runs a command that must succeed; returns what it printed, and on standard error."""
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=seconds, check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, f"{' '.join(map(str, command))}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout, done.stderr


def development_manifest(source):
    """The product's manifest on the runtime made of Debian packages, which has libsodium; this tree is its source."""
    manifest = json.loads(MANIFEST.read_text())
    manifest.update(RUNTIME)
    manifest["modules"] = [module for module in manifest["modules"] if module["name"] != "libsodium"]
    manifest["modules"][-1]["sources"] = [{"type": "dir", "path": str(source)}]
    return manifest


class Flatpak:
    """An installation of runtime and app; everything below one directory."""

    def __init__(self, directory):
        self.directory = Path(directory)
        self.user = self.directory / "user"
        self.repo = self.directory / "repo"
        self.build = self.directory / "build"
        self.runtime = self.directory / f"runtime-{hashlib.sha256(RUNTIME_SCRIPT.read_bytes()).hexdigest()[:12]}"
        self.environment = {**os.environ, "FLATPAK_USER_DIR": str(self.user)}
        self.arch = run("flatpak", "--default-arch")[0].strip()

    def flatpak(self, command, *arguments):
        return run("flatpak", command, "--user", *arguments, environment=self.environment)[0]

    def install(self):
        for step in (self._make_runtime, self._install_runtime, self._build_app, self._install_app):
            started = time.monotonic()
            step()
            print(f"{step.__name__.strip('_')}: {time.monotonic() - started:.1f} s")

    def _make_runtime(self):
        """Made anew when the script that makes it has changed."""
        if not self.runtime.exists():
            shutil.rmtree(self.directory, ignore_errors=True)
            run(RUNTIME_SCRIPT, self.runtime.with_suffix(".new"), seconds=600)
            self.runtime.with_suffix(".new").rename(self.runtime)

    def _install_runtime(self):
        self.flatpak("remote-add", "--if-not-exists", "--no-gpg-verify", "runtime", str(self.runtime / "repo"))
        for name in ("Platform", "Sdk"):
            self.flatpak("install", "-y", "--noninteractive", "--or-update", "runtime", f"org.labsync.{name}//12")

    def _build_app(self):
        source, manifest = self.directory / "source", self.directory / "manifest.json"
        shutil.rmtree(source, ignore_errors=True)
        shutil.copytree(TREE, source, ignore=shutil.ignore_patterns(".git", "build*", "_build*", "__pycache__"))
        manifest.write_text(json.dumps(development_manifest(source)))
        shutil.rmtree(self.repo, ignore_errors=True)
        _, errors = run(
            "flatpak-builder", "--user", "--force-clean", "--disable-download", "--disable-rofiles-fuse",
            "--disable-cache", "--ccache", f"--state-dir={self.directory / 'state'}", f"--repo={self.repo}",
            self.build, manifest, environment=self.environment, seconds=900,
        )
        assert "Unknown property" not in errors, errors

    def _install_app(self):
        self.flatpak("remote-add", "--if-not-exists", "--no-gpg-verify", "app", str(self.repo))
        self.flatpak("install", "-y", "--noninteractive", "--or-update", "app", APP)

    def publish_update(self):
        """Another build of the app, with one file more, comes into the repository."""
        (self.build / "files" / "update").write_text(str(time.time()))
        run("flatpak", "build-export", "--disable-sandbox", self.repo, self.build, "master")

    def update(self):
        self.flatpak("update", "-y", "--noninteractive", APP)

    def installed_size(self):
        """Bytes of the app's files, the debug information left out, which is not installed."""
        files = self.user / "app" / APP / "current" / "active" / "files"
        return sum(path.stat().st_size for path in files.rglob("*") if path.is_file() and not path.is_symlink())


class SandboxedDesktop(Desktop):
    """A lab machine whose agent is the Flatpak, started by the bus and by nobody else."""

    def __init__(self, directory, flatpak, url=None, **settings):
        self.flatpak = flatpak
        super().__init__(directory, url, **settings)
        portals = self.directory / "portals"
        portals.mkdir(exist_ok=True)
        shutil.copy("/usr/share/xdg-desktop-portal/portals/gnome-keyring.portal", portals)

    @property
    def data(self):
        return self.home / ".var" / "app" / APP

    @property
    def settings_file(self):
        return self.data / "config" / "labsync" / "agent.conf"

    @property
    def keyring_file(self):
        return self.data / "data" / "keyrings" / "default.keyring"

    @property
    def state_dir(self):
        return self.data / "data" / "labsync"

    @property
    def environment(self):
        environment = super().environment
        for key in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
            del environment[key]
        environment.update(
            FLATPAK_USER_DIR=str(self.flatpak.user),
            XDG_DATA_DIRS=f"{self.flatpak.user}/exports/share:/usr/local/share:/usr/share",
            # Only the one that these tests need: others would want a display.
            XDG_DESKTOP_PORTAL_DIR=str(self.directory / "portals"),
        )
        return environment

    @property
    def bus_config(self):
        return super().bus_config.replace("</listen>", "</listen>\n  <standard_session_servicedirs/>")

    def __enter__(self):
        self.open()
        return self

    def close(self):
        self.kill()
        super().close()

    def activate(self, seconds=30):
        """Has the bus start the agent; returns how long its first answer took."""
        started = time.monotonic()
        self.bus.start_by_name(BUS_NAME, seconds)
        self.bus.agent("Diagnostics", "GetHealth", "(a{sv})", {})
        return time.monotonic() - started

    def instances(self):
        out, _ = run("flatpak", "ps", "--columns=instance,application", environment=self.environment)
        return [line.split()[0] for line in out.splitlines() if APP in line]

    def kill(self):
        for instance in self.instances():
            subprocess.run(["flatpak", "kill", instance], env=self.environment, check=False, capture_output=True)
        until(lambda: not self.bus.has_owner(BUS_NAME), what="the agent's name to be free")

    def run(self, program, *arguments, options=(), text=None, seconds=30):
        """Runs a program in a sandbox of the app's."""
        done = subprocess.run(
            ["flatpak", "run", "--user", *options, f"--command={program}", APP, *arguments],
            env=self.environment, input=text or "", capture_output=True, text=True, timeout=seconds, check=False,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    def ctl(self, *arguments, text=None, seconds=30):
        return self.run("labsyncctl", *arguments, text=text, seconds=seconds)
