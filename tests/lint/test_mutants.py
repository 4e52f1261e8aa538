# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every mutant still fits the code that it breaks."""

import importlib.util
import sys

from project_tree import ROOT

MUTANTS = ROOT / "tests/mutants"


def load():
    spec = importlib.util.spec_from_file_location("mutants", MUTANTS / "run.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["mutants"] = module  # where its classes look for themselves
    spec.loader.exec_module(module)
    return module


def misfits(mutants, tree):
    """The files in which a mutant's lines do not occur exactly once."""
    return [
        f"{mutant.name}: {path}" for mutant in mutants for path, old, _ in mutant.edits
        if not (tree / path).is_file() or (tree / path).read_text().count(old) != 1
    ]


def test_every_mutant_fits():
    found = [load().read(path) for path in sorted(MUTANTS.glob("*.mutant"))]
    assert len(found) > 50
    assert misfits(found, ROOT) == []


def test_what_does_not_fit_is_found(tmp_path):
    run = load()
    (tmp_path / "a.c").write_text("one\ntwo\ntwo\n")

    def named(name, path, old):
        return run.Mutant(name, "text", ["test"], [(path, old, "other\n")])

    mutants = [named("fits", "a.c", "one\n"), named("twice", "a.c", "two\n"), named("gone", "a.c", "three\n"),
               named("no-file", "b.c", "one\n")]
    assert misfits(mutants, tmp_path) == ["twice: a.c", "gone: a.c", "no-file: b.c"]
