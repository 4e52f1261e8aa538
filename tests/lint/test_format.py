# SPDX-License-Identifier: LGPL-2.1-or-later
"""clang-format 14 has nothing to change; another version formats differently."""

import subprocess

from project_tree import ROOT, c_files


def complaints(paths):
    run = subprocess.run(
        ["clang-format-14", f"--style=file:{ROOT / '.clang-format'}", "--dry-run", "-Werror", *paths],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )
    return run.stderr if run.returncode else ""


def test_tree():
    found = sorted({line.split(":")[0] for line in complaints(c_files()).splitlines() if "error:" in line})
    assert not found, "clang-format-14 -i " + " ".join(found)


def test_rejects(tmp_path):
    bad = tmp_path / "bad.c"
    bad.write_text("int f(int a) {\n\treturn a;\n}\n")
    assert complaints([bad])


def test_accepts(tmp_path):
    good = tmp_path / "good.c"
    good.write_text("int\nf (int a)\n{\n  return a;\n}\n")
    assert not complaints([good])
