# SPDX-License-Identifier: LGPL-2.1-or-later
"""Programs on a desktop's bus that call a method again and again."""

import json
import os
import statistics
import subprocess
from pathlib import Path

PROGRAM = Path(os.environ["LABSYNC_BUILD"]) / "tests/bench/bench-peer-app"
SECONDS = 60  # the longest that all calls may take
ACTION = json.dumps({"score": 87.5, "note": "x" * 230})  # with its name and id about 300 bytes


def app_of(desktop, *arguments):
    """app.c on a desktop's bus."""
    return subprocess.Popen(
        [PROGRAM, *map(str, arguments)],
        env=desktop.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )


def call_often(desktop, n_callers, n_in_flight, count, arguments, *method):
    """Each of n_callers has so many calls under way; count are made in all, all callers beginning together.

    Calls destination, path, interface, method with arguments as GVariant writes them. Returns how that went, with
    times in microseconds: the median of the callers' p50, and the slowest one's p99.
    """
    each = max(count // n_callers, 1)
    callers = [app_of(desktop, each, SECONDS, n_in_flight, arguments, *method) for _ in range(n_callers)]
    for caller in callers:
        assert caller.stdout.readline() == "ready\n"
    for caller in callers:
        print(file=caller.stdin, flush=True)
    reports = []
    for caller in callers:
        text, _ = caller.communicate(timeout=SECONDS)
        assert caller.returncode == 0
        reports.append(json.loads(text))
    return {
        "events": sum(report["events"] for report in reports),
        "first_sent": min(report["first_sent"] for report in reports),
        "last": max(report["last"] for report in reports),
        "p50": statistics.median(report["p50"] for report in reports),
        "p99": max(report["p99"] for report in reports),
    }


def enqueue(desktop, n_callers, n_in_flight, count, row=ACTION):
    """New grades, each a row of its own, for the agent's queue."""
    return call_often(
        desktop, n_callers, n_in_flight, count, f"('create', 'grade', '', {json.dumps(row)}, @a{{sv}} {{}})",
        "org.labsync.Agent", "/org/labsync/Agent", "org.labsync.Agent1.Queue", "Enqueue",
    )
