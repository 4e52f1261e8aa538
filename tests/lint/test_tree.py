# SPDX-License-Identifier: LGPL-2.1-or-later
"""The tree as a whole: no trace of one machine, complete translations, documents that lead somewhere."""

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
TRANSLATED = re.compile(r"(?<!\w)(?:N?_|ngettext|gettext)\s*\(\s*\"")


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


def test_potfiles_is_complete():
    with_text = {
        name(path) for path, text in texts()
        if path.suffix == ".c" and not name(path).startswith("tests/") and TRANSLATED.search(text)
    }
    listing = ROOT / "po" / "POTFILES"
    listed = set(listing.read_text().split()) if listing.exists() else set()
    assert with_text == {entry for entry in listed if entry.endswith(".c")}


def test_links_of_documents():
    found = [
        f"{name(path)}: {link}" for path, text in texts() if path.suffix == ".md"
        for link in broken_links(path, text)
    ]
    assert not found, "\n".join(found)


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


def test_finds_translated_text():
    assert TRANSLATED.search('g_print (_("hello"));') and not TRANSLATED.search('my_gettext_x ("a")')
