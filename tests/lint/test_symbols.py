# SPDX-License-Identifier: LGPL-2.1-or-later
"""What core's archives need from outside: nothing that touches the world."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ARCHIVES = ("agent/core/libls-core.a", "agent/core/values/libls-values.a")
FORBIDDEN = re.compile(
    r"""^(
        g_(file|socket|dbus|settings|random|rand|bus|inet|network|resolver|subprocess|spawn|proxy)_\w+
      | g_(timeout|idle|unix_signal|child_watch)_\w+ | g_(usleep|getenv|setenv|get_host_name|get_home_dir)
      | g_(get_real_time|get_monotonic_time|get_current_time|date_time_new_now\w*)
      | g_(input_stream|output_stream|data_input_stream|mkdir|mkstemp|open|fopen|unlink|rename|stat|access|chmod)\w*
      | g_(uuid_string_random|thread_new|thread_try_new|get_user_\w+_dir|task_run_in_thread\w*)
      | (soup|sqlite3|secret|json|sd)_\w+
      | (open|openat|read|write|pread|pwrite|close|socket|connect|send|recv|poll|select|fopen|fclose|fread|fwrite)(64)?
      | (time|gettimeofday|clock_gettime|nanosleep|usleep|sleep|rand|random|srand|getrandom|getenv|system|fork|getpid)
    )$""",
    re.X,
)


def symbols(archive):
    listing = subprocess.run(
        ["nm", "--undefined-only", "--format=posix", archive], check=True, capture_output=True, text=True
    ).stdout
    return {line.split()[0] for line in listing.splitlines() if " U" in line}


def forbidden(names):
    return sorted(name for name in names if FORBIDDEN.match(name))


@pytest.mark.parametrize("archive", ARCHIVES)
def test_archive(archive):
    needed = symbols(Path(os.environ["LABSYNC_BUILD"]) / archive)
    assert any(name.startswith("g_") for name in needed), "nm listed nothing"
    assert not forbidden(needed)


@pytest.mark.parametrize(
    "name",
    [
        "g_file_get_contents", "g_socket_new", "g_dbus_connection_call", "g_timeout_add", "g_idle_add_once",
        "g_get_real_time", "g_get_monotonic_time", "g_random_int", "g_settings_new", "soup_session_new",
        "sqlite3_step", "secret_password_store", "open", "open64", "read", "time", "clock_gettime",
        "g_uuid_string_random", "json_parser_new",
    ],
)
def test_rejects(name):
    assert forbidden([name])


@pytest.mark.parametrize("name", ["g_task_new", "g_cancellable_new", "g_object_new", "g_strdup", "memcpy", "ls_clock_now"])
def test_accepts(name):
    assert not forbidden([name])
