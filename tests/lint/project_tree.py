# SPDX-License-Identifier: LGPL-2.1-or-later
"""The files of the project, for lints."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("agent", "dbus", "server")
SKIPPED = {".git", "__pycache__", ".pytest_cache", "subprojects"}


def files(*suffixes, under=None):
    """All source files, sorted; builds and caches are not the project's."""
    tops = [ROOT / name for name in under] if under else [ROOT]
    found = []
    for top in tops:
        stack = [top] if top.is_dir() else []
        while stack:
            for entry in stack.pop().iterdir():
                if entry.name in SKIPPED:  # .git is a file in a second work tree
                    continue
                if entry.is_dir():
                    if not entry.name.startswith(("build", "_build")):
                        stack.append(entry)
                elif not suffixes or entry.suffix in suffixes:
                    found.append(entry)
    return sorted(found)


def c_files(*tops):
    return files(".c", ".h", under=tops or None)


def name(path):
    """How a file is called in messages and in lists of exceptions."""
    return path.relative_to(ROOT).as_posix()


def exceptions(path):
    """Reads `WHAT WHERE  reason` lines; a line without a reason is an error."""
    found = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        fields = line.split(None, 2)
        if len(fields) < 3:
            raise ValueError(f"{path.name}:{number}: an exception needs a reason")
        found[fields[0], fields[1]] = fields[2]
    return found
