# SPDX-License-Identifier: LGPL-2.1-or-later
"""The line that the build machine reads must count what happened."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SUMMARY = Path(__file__).parents[1] / "summary.py"
STOPPED = "meson stopped before its end"


def summarise(log, *chosen, options=()):
    run = subprocess.run(
        [sys.executable, SUMMARY, *options, log],
        input="".join(f"{name}\n" for name in chosen), capture_output=True, text=True, check=False,
    )
    return run.returncode, run.stdout.splitlines()


def summary(tmp_path, *tests, options=()):
    log = tmp_path / "testlog.json"
    log.write_text("".join(json.dumps(test) + "\n" for test in tests))
    return summarise(log, *(test["name"] for test in tests), options=options)


def entry(result, stdout=""):
    return {"name": "t", "result": result, "stdout": stdout}


@pytest.mark.parametrize(
    "test, counts, code",
    [
        (entry("OK"), "1 passed, 0 failed, 0 skipped", 0),
        (entry("OK", "1..2\nok 1 a\nok 2 b\n"), "2 passed, 0 failed, 0 skipped", 0),
        (entry("FAIL", "ok 1 a\nnot ok 2 b\n"), "1 passed, 1 failed, 0 skipped", 1),
        (entry("FAIL"), "0 passed, 1 failed, 0 skipped", 1),
        (entry("TIMEOUT", "ok 1 a\n"), "1 passed, 1 failed, 0 skipped", 1),
        (entry("ERROR", "ok 1 a\n"), "1 passed, 1 failed, 0 skipped", 1),
        (entry("OK", "ok 1 a # SKIP no namespaces\nok 2 b\n"), "1 passed, 0 failed, 1 skipped", 0),
        (entry("OK", "ok 1 /a # SKIP by request (-s option)\nok 2 /b\n"), "1 passed, 0 failed, 0 skipped", 0),
        (entry("SKIP", "no root\n"), "0 passed, 0 failed, 1 skipped", 0),
        (entry("OK", "# ok, a comment\nok 1 a\n"), "1 passed, 0 failed, 0 skipped", 0),
    ],
)
def test_counts(tmp_path, test, counts, code):
    status, lines = summary(tmp_path, test)
    assert (lines[-1], status) == (counts, code)


def test_names_what_did_not_run(tmp_path):
    _, lines = summary(tmp_path, entry("OK", "ok 1 drop # SKIP no namespaces\n"))
    assert lines[0] == "not run: t: drop (no namespaces)"


def test_a_skip_can_be_a_failure(tmp_path):
    assert summary(tmp_path, entry("SKIP"), options=["--no-skips"])[0] == 1


def test_nothing_run_is_a_failure(tmp_path):
    assert summary(tmp_path) == (1, ["no test matched", "0 passed, 0 failed, 0 skipped"])


def test_what_meson_did_not_come_to_is_a_failure(tmp_path):
    log = tmp_path / "testlog.json"
    assert summarise(log, "t") == (1, [f"failed: t ({STOPPED})", "0 passed, 1 failed, 0 skipped"])
    log.write_text(json.dumps(entry("OK")) + "\n")
    assert summarise(log, "t")[0] == 0
    assert summarise(log, "t", "u") == (1, [f"failed: u ({STOPPED})", "1 passed, 1 failed, 0 skipped"])


def test_a_line_that_was_cut_off_is_no_result(tmp_path):
    log = tmp_path / "testlog.json"
    log.write_text(json.dumps(entry("OK"))[:-3])
    assert summarise(log, "t") == (1, [f"failed: t ({STOPPED})", "0 passed, 1 failed, 0 skipped"])
