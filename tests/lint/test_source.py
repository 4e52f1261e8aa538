# SPDX-License-Identifier: LGPL-2.1-or-later
"""Licence lines, doc comments, include guards."""

import pytest

from c_source import Source
from project_tree import PRODUCT, c_files, files, name

LICENCE = "SPDX-License-Identifier: LGPL-2.1-or-later"
SOURCES = {".c", ".h", ".py", ".sh", ".build", ".xml"}
# Programs with no suffix: their first line says what runs them.
SCRIPTS = ("tests/run", "tests/demo", ".ci/run")


def has_licence(text):
    return any(LICENCE in line for line in text.splitlines()[:3])


def explained(header):
    """Names of the functions a header declares under a doc comment."""
    return {function for function, line in header.declared.items() if header.documented(line)}


def undocumented(source, elsewhere=frozenset()):
    """Names of the functions others can call that are explained neither here nor in a header."""
    for function in source.functions:
        if function.static or function.name == "main" or function.name in elsewhere:
            continue
        if not source.documented(function.line):
            yield function.name


def test_licence():
    paths = [path for path in files() if path.suffix in SOURCES or name(path) in SCRIPTS]
    lacking = [name(path) for path in paths if not has_licence(path.read_text(encoding="utf-8"))]
    assert paths
    assert not lacking, "\n".join(lacking)


def test_doc_comments():
    headers = {path.name: Source(path.read_text()) for path in c_files(*PRODUCT) if path.suffix == ".h"}
    found = []
    for path in c_files(*PRODUCT):
        if path.suffix != ".c":
            continue
        source = Source(path.read_text())
        own = [headers[header] for header, _, _ in source.includes if header in headers]
        elsewhere = set().union(*map(explained, own))
        found += [f"{name(path)}: {function}" for function in undocumented(source, elsewhere)]
    assert not found, "\n".join(found)


def test_pragma_once():
    lacking = [
        name(path) for path in c_files(*PRODUCT, "tests")
        if path.suffix == ".h" and "#pragma once" not in path.read_text()
    ]
    assert not lacking


def test_rejects_a_file_without_licence():
    assert not has_licence("/* Copyright somebody */\nint x;\n")
    assert has_licence(f"/* {LICENCE} */\n")


@pytest.mark.parametrize(
    "text, expected",
    [
        ("void\nls_a_b (int a)\n{\n}\n", ["ls_a_b"]),
        ("/* says nothing to gtk-doc */\nvoid\nls_a_b (int a)\n{\n}\n", ["ls_a_b"]),
        ("/**\n * ls_a_b:\n */\nvoid\nls_a_b (int a)\n{\n}\n", []),
        ("static void\nls_a_b (int a)\n{\n}\n", []),
        ("G_DEFINE_TYPE (A, a, B)\n\nvoid\nls_a_b (int a)\n{\n}\n", ["ls_a_b"]),
    ],
)
def test_undocumented(text, expected):
    assert list(undocumented(Source(text))) == expected


def test_documented_in_the_header():
    header = Source("/**\n * ls_a_b:\n */\nvoid ls_a_b (int a);\n")
    assert not list(undocumented(Source("void\nls_a_b (int a)\n{\n}\n"), explained(header)))
    assert not explained(Source("void ls_a_b (int a);\n"))
