#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs pytest files and reports every case as TAP, so that meson's log counts cases, not files.

What a test prints (seeds, measured times) comes out as TAP comments, also when it passes.
"""

import os
import sys

import pytest


class Tap:
    """A pytest plugin that reports as TAP."""

    def __init__(self, out):
        self.out = out
        self.number = 0
        self.broken = False

    def say(self, text):
        for line in text.splitlines():
            print(f"# {line}", file=self.out, flush=True)

    def pytest_collection_finish(self, session):
        print(f"1..{len(session.items)}", file=self.out, flush=True)

    def pytest_collectreport(self, report):
        if report.failed:
            self.broken = True
            print(report.longreprtext, file=sys.stderr, flush=True)
            print(f"Bail out! {report.nodeid} cannot be loaded", file=self.out, flush=True)

    def pytest_runtest_logreport(self, report):
        # A failing set-up or tear-down is a case that failed, although the call was fine or absent.
        if report.when == "call" or (report.when == "setup" and not report.passed):
            self.case(report)
        elif report.when == "teardown" and report.failed:
            self.broken = True
            print(report.longreprtext, file=sys.stderr, flush=True)
            print(f"Bail out! {report.nodeid}: tear-down failed", file=self.out, flush=True)

    def case(self, report):
        self.number += 1
        name = report.nodeid.split("::", 1)[-1].replace("#", "")
        if report.skipped:
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else "skipped"
            print(f"ok {self.number} {name} # SKIP {reason}", file=self.out, flush=True)
            return
        print(f"{'ok' if report.passed else 'not ok'} {self.number} {name}", file=self.out, flush=True)
        self.say(report.capstdout)
        if report.failed:
            # meson shows standard error of a test that failed, not its TAP.
            print(name, report.longreprtext, report.capstderr, sep="\n", file=sys.stderr, flush=True)


def main():
    # pytest's own report goes nowhere: standard output is for TAP alone.
    tap = Tap(os.fdopen(os.dup(1), "w", encoding="utf-8"))
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    here = os.path.dirname(os.path.abspath(__file__))
    options = ["-q", "--tb=short", "-p", "no:cacheprovider", "--rootdir", here]
    status = pytest.main([*options, *sys.argv[1:]], plugins=[tap])
    return 0 if status == pytest.ExitCode.OK and not tap.broken else 1


if __name__ == "__main__":
    sys.exit(main())
