# SPDX-License-Identifier: LGPL-2.1-or-later
"""The table in README's section on security: each line names tests, and these are there."""

import json
import os
import re
from pathlib import Path

import pytest

from project_tree import ROOT, files

NAMED = re.compile(r"`([\w-]+)/([\w/-]+)`")


def rows(text):
    """The table's lines: its cells."""
    section = text.partition("\n## Security\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def sources():
    """Of each test that can be run, by its name: what it is written in."""
    programs = {path.stem: path for path in files(".c", ".py", under=["tests"])}
    listed = json.loads((Path(os.environ["LABSYNC_BUILD"]) / "meson-info/intro-tests.json").read_text())
    found = {}
    for test in listed:
        stems = [Path(word).stem for word in test["cmd"]]
        found[test["name"]] = [programs[stem].read_text() for stem in stems if stem in programs]
    return found


def is_there(case, source):
    """A function of Python, or the end of a path of GLib's."""
    return re.search(rf'^def test_{re.escape(case)}\b|"(?:[^"\s]*/)?{re.escape(case)}"', source, re.M) is not None


def missing(table, tests):
    for cells in table:
        named = NAMED.findall(cells[-1])
        if not named:
            yield f"{cells[1]}: names no test"
        for name, case in named:
            if not any(is_there(case, source) for source in tests.get(name, [])):
                yield f"{name}/{case} is no test"


def test_each_line_has_its_tests():
    table = rows((ROOT / "README.md").read_text(encoding="utf-8"))
    assert len(table) > 20
    found = list(missing(table, sources()))
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "cell, complaints",
    [
        ("`tls/a_test`", 0), ("`tls/a_test`, `cache/list/all`", 0), ("", 1), ("`tls/another`", 1), ("`tls/a_te`", 1),
        ("`nothing/a_test`", 1), ("`cache/all`", 0), ("`cache/al`", 1),
    ],
)
def test_notices_what_is_not_there(cell, complaints):
    tests = {"tls": ["def test_a_test(server):\n"], "cache": ['  { "/store/cache/list/all", test_all },\n']}
    assert len(list(missing([["who", "what", cell]], tests))) == complaints
