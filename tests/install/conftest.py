# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `meson install` puts onto a machine, in a directory of its own."""

import os
import subprocess
from pathlib import Path

import pytest

BUILD = Path(os.environ["LABSYNC_BUILD"])
PREFIX = Path(os.environ["LABSYNC_PREFIX"])
PROGRAMS = {
    "labsync-agent": BUILD / "agent/daemon/labsync-agent",
    "labsyncctl": BUILD / "agent/ctl/labsyncctl",
    "labsync-server": BUILD / "server/labsync-server",
    "labsync-tray": BUILD / "agent/tray/labsync-tray",
}


def run(*command, **options):
    return subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, check=False, timeout=60, **options
    )


def help_of(program, *command):
    result = run(PROGRAMS[program], *command, "--help")
    assert result.returncode == 0, result
    return result.stdout


@pytest.fixture(scope="session")
def root(tmp_path_factory):
    """The prefix as it was installed."""
    folder = tmp_path_factory.mktemp("root")
    result = run("meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", folder)
    assert result.returncode == 0, result.stdout + result.stderr
    return folder / PREFIX.relative_to("/")
