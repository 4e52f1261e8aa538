# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fixtures that every kind of integration test has: a directory, a stack of what to close, a server."""

import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from labsync_testing import Server


@pytest.fixture
def directory():
    """Short: a socket's path may have 107 characters."""
    path = Path(tempfile.mkdtemp(prefix="ls-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def world():
    """Closes what a test opens, in the other order."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def server(directory, world):
    return world.enter_context(Server(directory / "server"))
