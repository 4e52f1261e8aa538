# SPDX-License-Identifier: LGPL-2.1-or-later
"""The tree as a whole: no trace of one machine, documents that lead somewhere."""

import re

import pytest

from project_tree import ROOT, files, name

# Written in pieces, or this file would be its own first find.
PLACES = re.compile("|".join([r"(?<![\w.~])/" + "work/", r"(?<![\w.~])/" + "root/", r"(?<![\w.])/" + "tmp/build", "/Us" + "ers/"]))
REGISTRIES = re.compile(
    "|".join(
        re.escape(host) for host in (
            "pypi" + ".org", "python" + "hosted.org", "crates" + ".io", "registry." + "npmjs.org",
            "deb." + "debian.org", "proxy." + "golang.org", "docker" + ".io", "ghcr" + ".io",
        )
    )
)
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)")


def texts():
    for path in files():
        try:
            yield path, path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def machine_traces(text):
    return [match.group() for pattern in (PLACES, REGISTRIES) for match in pattern.finditer(text)]


def broken_links(path, text):
    return [link for link in LINK.findall(text) if not (path.parent / link).exists()]


def test_no_trace_of_one_machine():
    found = [f"{name(path)}: {trace}" for path, text in texts() for trace in machine_traces(text)]
    assert not found, "\n".join(found)


def test_links_of_documents():
    found = [
        f"{name(path)}: {link}" for path, text in texts() if path.suffix == ".md"
        for link in broken_links(path, text)
    ]
    assert not found, "\n".join(found)


def unread_options(options, build_files):
    """Build options that nothing looks at: they would promise what they do not do."""
    return [option for option in re.findall(r"^option\('([\w-]+)'", options, re.M)
            if f"get_option('{option}')" not in build_files]


def test_every_build_option_is_read():
    build_files = "".join(path.read_text() for path in files() if path.name == "meson.build")
    assert unread_options((ROOT / "meson_options.txt").read_text(), build_files) == []


def test_rejects_an_option_that_nothing_reads():
    assert unread_options("option('tests', type: 'boolean')\noption('fuzz')\n", "if get_option('fuzz')") == ["tests"]


def test_readme_begins_with_what_to_run():
    readme = (ROOT / "README.md").read_text()
    assert "tests/demo" in readme and "tests/run" in readme


@pytest.mark.parametrize("text", ["see /" + "work/x", "in /" + "root/x", "https://pypi" + ".org/simple"])
def test_rejects_traces(text):
    assert machine_traces(text)


@pytest.mark.parametrize("text", ["agent/" + "work/x", "$HOME/x", "/usr/share/labsync", "~/" + "root/x"])
def test_accepts(text):
    assert not machine_traces(text)


def test_rejects_a_broken_link():
    assert broken_links(ROOT / "README.md", "see [x](no/such/file.md)")
    assert not broken_links(ROOT / "README.md", "see [x](README.md#top) and [y](https://example.org)")
