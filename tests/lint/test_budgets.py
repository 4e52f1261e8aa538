# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sizes: see "Budgets" in tests/README.md. A switch is one branch: a flat list of cases reads as one."""

import re
import statistics
from pathlib import Path

import pytest

from c_source import Source
from project_tree import PRODUCT, c_files, exceptions, name

EXCEPTIONS = Path(__file__).with_name("budgets.exceptions")
FILE_LINES = 900
FUNCTION_LINES = 80
CLASS_INIT_LINES = 120
BRANCHES = 12
NESTING = 4
PARAMETERS = 7
# GObject's own idiom keeps the ids of signals, properties and error domains in statics, filled once.
GOBJECT_IDS = re.compile(r"signals|signal_\w+|props|properties|quark")


def faults(path, text):
    """Yields (what, where, message)."""
    source = Source(text)
    lines = text.count("\n")
    if lines > FILE_LINES:
        yield "lines", path, f"{path}: {lines} lines, at most {FILE_LINES}"
    # A test may count in a static what the code under test calls back.
    if not path.endswith("/main.c") and not path.startswith("tests/"):
        for variable, line in source.mutable_statics():
            if not GOBJECT_IDS.fullmatch(variable):
                yield "static", f"{path}:{variable}", f"{path}:{line}: {variable} is a mutable static"
    for function in source.functions:
        where = f"{path}:{function.name}"
        longest = CLASS_INIT_LINES if function.name.endswith("_class_init") else FUNCTION_LINES
        for what, value, limit in (
            ("lines", function.lines, longest),
            ("branches", function.branches, BRANCHES),
            ("nesting", function.nesting, NESTING),
            ("parameters", function.parameters, PARAMETERS),
            ("goto", function.gotos, 0),
        ):
            if value > limit:
                yield what, where, f"{path}:{function.line}: {function.name}: {what} {value}, at most {limit}"


def test_limits():
    known = exceptions(EXCEPTIONS)
    used = set()
    found = []
    for path in c_files(*PRODUCT, "tests"):
        for what, where, message in faults(name(path), path.read_text()):
            if (what, where) in known:
                used.add((what, where))
            else:
                found.append(message)
    assert not found, "\n".join(found)
    assert not set(known) - used, "exceptions that nothing needs any more"


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def test_targets():
    """The middle and the tail of all our code, printed so that a drift is seen before the limit."""
    texts = [path.read_text() for path in c_files(*PRODUCT) if path.suffix == ".c"]
    functions = [function for text in texts for function in Source(text).functions]
    found = []
    for what, values, middle, tail in (
        ("lines per file", [text.count("\n") for text in texts], 250, 650),
        ("lines per function", [function.lines for function in functions], 15, 50),
        ("branches per function", [function.branches for function in functions], None, 7),
        ("nesting", [function.nesting for function in functions], None, 3),
        ("parameters", [function.parameters for function in functions], None, 5),
    ):
        median, p95 = statistics.median(values), percentile(values, 0.95)
        print(f"{what}: median {median:g}, p95 {p95}, most {max(values)} of {len(values)}")
        if (middle is not None and median > middle) or p95 > tail:
            found.append(what)
    assert not found


HEAD = "static void\nf (int a)\n{\n"


@pytest.mark.parametrize(
    "what, text",
    [
        ("lines", "int x;\n" * 901),
        ("lines", HEAD + "  a++;\n" * 90 + "}\n"),
        ("lines", "static void\nls_a_class_init (A *k)\n{\n" + "  a++;\n" * 130 + "}\n"),
        ("branches", HEAD + "  if (a) a++;\n" * 13 + "}\n"),
        ("branches", HEAD + "  a = a ? 1 : 2;\n" * 13 + "}\n"),
        ("nesting", HEAD + "if (a) {" * 5 + "}" * 5 + "}\n"),
        ("parameters", "G_DEFINE_TYPE (A, a, B)\nvoid\nf (int a, int b, int c, int d, int e, int f, int g, int h)\n{\n}\n"),
        ("goto", HEAD + "  goto out;\nout:\n  return;\n}\n"),
        ("static", "static int counter;\n"),
        ("static", "static int counter = 0;\n"),
        ("static", HEAD + "  static char buffer[10];\n}\n"),
    ],
)
def test_rejects(what, text):
    assert what in [fault[0] for fault in faults("agent/core/a.c", text)]


@pytest.mark.parametrize(
    "text",
    [
        "static const char *const names[] = { \"a\", \"b\" };\n",
        "static guint signals[N_SIGNALS];\nstatic GParamSpec *props[N_PROPS] = { NULL, };\n",
        "static void f (int a);\n",
        "/* goto */\n" + HEAD + "  do { a--; } while (a);\n}\n",
        HEAD + "  switch (a)\n" + "    case 1: a++;\n" * 20 + "}\n",
        "struct _A\n{\n  int a;\n};\n" + HEAD + "  Pair pairs[] = { { { { { { 1 } } } } } };\n}\n",
    ],
)
def test_accepts(text):
    assert not list(faults("agent/core/a.c", text))


def test_exceptions_need_a_reason(tmp_path):
    path = tmp_path / "exceptions"
    path.write_text("lines agent/a.c\n")
    with pytest.raises(ValueError):
        exceptions(path)
