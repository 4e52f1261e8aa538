# SPDX-License-Identifier: LGPL-2.1-or-later
"""cppcheck with its GTK library file: the leak gate that GLib code needs."""

import subprocess
from pathlib import Path

from project_tree import ROOT, c_files

# Macros of GLib that its library file of 2.10 does not know.
MACROS = (
    "G_GNUC_FORMAT(a)=", "G_GNUC_PRINTF(a,b)=", "G_DEFINE_EXTENDED_ERROR(a,b)=",
    "G_DECLARE_FINAL_TYPE(a,b,c,d,e)=", "G_DECLARE_INTERFACE(a,b,c,d,e)=",
)
SUPPRESSIONS = Path(__file__).with_name("cppcheck.suppressions")


def complaints(paths):
    run = subprocess.run(
        [
            "cppcheck", "--library=gtk", "--error-exitcode=1", "--enable=warning,portability", "--quiet",
            "--inline-suppr", "-j2", f"--suppressions-list={SUPPRESSIONS}",             *(f"-D{macro}" for macro in MACROS), *paths,
        ],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )
    return run.stderr if run.returncode else ""


def test_tree():
    paths = [path for path in c_files("agent", "dbus", "server") if path.suffix == ".c"]
    found = complaints(paths)
    assert not found, found


def test_rejects_a_leak(tmp_path):
    bad = tmp_path / "bad.c"
    bad.write_text("int f (void) { char *x = g_strdup (\"a\"); return x[0]; }\n")
    assert "memleak" in complaints([bad])
