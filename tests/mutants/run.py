#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Breaks the code on purpose, one mutant at a time, and checks that a test notices.

A mutant is a file NAME.mutant beside this one: a sentence after `#` saying what it breaks,
`file: PATH`, `tests: NAMES` (of meson tests), and the change as `<<<<`, `====`, `>>>>`: lines that
occur exactly once in the file, and what takes their place. Several changes may follow each other,
each with a `file:` of its own if it is another file. All work is done in a copy of the tree.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
EDIT = re.compile(r"^<<<<\n(.*?)^====\n(.*?)^>>>>\n", re.S | re.M)


@dataclass
class Mutant:
    name: str
    text: str = ""
    tests: list = field(default_factory=list)
    edits: list = field(default_factory=list)  # (path, old, new)


def read(path):
    mutant = Mutant(path.stem)
    file, rest = None, path.read_text()
    while rest:
        edit = EDIT.match(rest)
        if edit:
            mutant.edits.append((file, edit[1], edit[2]))
            rest = rest[edit.end() :]
            continue
        line, _, rest = rest.partition("\n")
        key, _, value = line.partition(":")
        if line.startswith("#"):
            mutant.text += line.lstrip("# ") + " "
        elif key == "file":
            file = value.strip()
        elif key == "tests":
            mutant.tests += value.split()
        elif line.strip():
            raise ValueError(f"{path.name}: what is {line!r}?")
    if not (mutant.text and mutant.tests and mutant.edits and file):
        raise ValueError(f"{path.name}: needs a sentence, file, tests and a change")
    return mutant


def apply(mutant, tree):
    """Changes the copy; returns what the files were."""
    before = {}
    for path, old, new in mutant.edits:
        target = tree / path
        text = target.read_text()
        before.setdefault(target, text)
        if text.count(old) != 1:
            revert(before)
            raise ValueError(f"{mutant.name}: the lines occur {text.count(old)} times in {path}")
        target.write_text(text.replace(old, new))
    return before


def revert(before):
    for target, text in before.items():
        target.write_text(text)


def outcome(directory, tests):
    """passed, failed, or why it could not be tried; builds what these tests need."""
    run = subprocess.run(
        ["meson", "test", "-C", directory, *tests], capture_output=True, text=True, check=False
    )
    text = run.stdout + run.stderr
    if "No tests defined" in text or "No suitable tests" in text:
        return f"no test is called {' '.join(tests)}"
    if run.returncode == 125:  # meson's own code for a build that failed
        return f"does not build: {text[-2000:]}"
    return "passed" if run.returncode == 0 else "failed"


def verdict(mutant, tree, directory):
    """killed, survived, or why it could not be tried."""
    before = apply(mutant, tree)
    try:
        result = outcome(directory, mutant.tests)
        return {"passed": "survived", "failed": "killed"}.get(result, result)
    finally:
        revert(before)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", nargs="*", help="only these mutants")
    parser.add_argument("--list", action="store_true", help="say what there is")
    arguments = parser.parse_args()

    mutants = [read(path) for path in sorted(HERE.glob("*.mutant"))]
    unknown = set(arguments.name) - {mutant.name for mutant in mutants}
    if unknown:
        parser.error(f"no such mutant: {', '.join(sorted(unknown))}")
    mutants = [mutant for mutant in mutants if not arguments.name or mutant.name in arguments.name]
    if arguments.list:
        for mutant in mutants:
            print(f"{mutant.name}: {mutant.text}({', '.join(mutant.tests)})")
        return 0

    with tempfile.TemporaryDirectory(prefix="labsync-mutants-") as scratch:
        tree, directory = Path(scratch) / "tree", Path(scratch) / "build"
        shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(".git", "build*", "_build*", "__pycache__"))
        subprocess.run(["meson", "setup", directory, tree], check=True, stdout=subprocess.DEVNULL)
        tests = sorted({test for mutant in mutants for test in mutant.tests})
        unharmed = outcome(directory, tests)
        if unharmed != "passed":
            print(f"{' '.join(tests)} before any change: {unharmed}", file=sys.stderr)
            return 1
        results = {mutant.name: verdict(mutant, tree, directory) for mutant in mutants}

    for mutant in mutants:
        print(f"{mutant.name}: {results[mutant.name]}")
    killed = sum(result == "killed" for result in results.values())
    print(f"{killed} of {len(results)} killed")
    return 0 if results and killed == len(results) else 1


if __name__ == "__main__":
    sys.exit(main())
