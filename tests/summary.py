#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Counts test cases in meson's testlog.json and says which did not run, and why.

A test that speaks TAP counts with each of its cases, any other as one. Standard input has the names of
the tests that were to run, one a line: what the log does not tell of has failed, as meson stopped
before it. The last line is `N passed, N failed, N skipped`; the exit code is 1 if anything failed or
nothing ran at all.
"""

import argparse
import json
import re
import sys

CASE = re.compile(r"^(not )?ok\b\s*\d*\s*-?\s*(.*?)\s*(?:#\s*(SKIP|TODO)\b\s*(.*))?$", re.I)
# GLib's words for a case that its own command line left to another run of the same program.
ELSEWHERE = "by request"
GOOD = {"OK", "EXPECTEDFAIL"}


def cases(test):
    """Yields (verdict, name, reason) of one entry of the log."""
    result = test["result"]
    found = []
    for line in (test.get("stdout") or "").splitlines():
        match = CASE.match(line)
        if not match:
            continue
        name = f"{test['name']}: {match[2] or 'case'}"
        if (match[3] or "").upper() == "SKIP" and match[4].startswith(ELSEWHERE):
            continue
        if (match[3] or "").upper() == "SKIP":
            found.append(("skipped", name, match[4] or "no reason given"))
        elif match[1]:
            found.append(("failed", name, "not ok"))
        else:
            found.append(("passed", name, ""))
    verdicts = {verdict for verdict, _, _ in found}
    if result == "SKIP" and "skipped" not in verdicts:
        reason = (test.get("stdout") or "").strip().splitlines()
        found.append(("skipped", test["name"], reason[-1] if reason else "no reason given"))
    elif result not in GOOD | {"SKIP"} and "failed" not in verdicts:
        # It died, hung or ended with an error after its last good case.
        found.append(("failed", test["name"], result.lower()))
    return found or [("passed", test["name"], "")]


def read_log(path):
    """The tests that the log tells of; one that was cut off in the middle of a line is not among them."""
    try:
        with open(path, encoding="utf-8") as log:
            lines = log.readlines()
    except FileNotFoundError:
        return []
    return [json.loads(line) for line in lines if line.endswith("\n")]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--no-skips", action="store_true", help="a skipped case is a failure")
    parser.add_argument("log")
    arguments = parser.parse_args()

    chosen = sys.stdin.read().splitlines()
    tests = read_log(arguments.log)
    told = {test["name"] for test in tests}
    found = [case for test in tests for case in cases(test)]
    found += [("failed", name, "meson stopped before its end") for name in chosen if name not in told]

    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for verdict, name, reason in found:
        counts[verdict] += 1
        if verdict == "skipped":
            print(f"not run: {name} ({reason})")
        elif verdict == "failed":
            print(f"failed: {name} ({reason})")
    if not chosen:
        print("no test matched")
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**counts))
    bad = counts["failed"] or not chosen or (arguments.no_skips and counts["skipped"])
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
