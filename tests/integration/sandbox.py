# SPDX-License-Identifier: LGPL-2.1-or-later
"""An app in a sandbox, as Flatpak makes one."""

import json
import subprocess

from labsync_testing import Result, program


def can_make_sandboxes():
    command = ["bwrap", "--ro-bind", "/", "/", "--unshare-pid", "true"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


class Sandbox:
    """Runs labsyncctl as the app that its /.flatpak-info names, on a desktop's bus."""

    def __init__(self, desktop, app):
        self.desktop = desktop
        self.info = desktop.directory / f"{app}.info"
        self.info.write_text(f"[Application]\nname={app}\n\n[Instance]\ninstance-id=1\n")

    def ctl(self, *arguments, text=None, **environment):
        ctl = program("labsyncctl")
        command = [
            "bwrap", "--ro-bind", "/usr", "/usr", "--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64",
            "--ro-bind", str(self.desktop.runtime), str(self.desktop.runtime), "--ro-bind", ctl, ctl,
            "--ro-bind", str(self.info), "/.flatpak-info", "--proc", "/proc", "--unshare-pid", ctl, *arguments,
        ]
        run = subprocess.run(
            command, env={**self.desktop.environment, **environment}, input=text or "", capture_output=True, text=True, timeout=30,
            check=False,
        )
        return Result(run.returncode, run.stdout, run.stderr)

    def is_refused(self, *arguments, text=None):
        result = self.ctl(*arguments, "--json", text=text)
        return result.code == 1 and json.loads(result.err)["error"]["code"] == "AccessDenied"
