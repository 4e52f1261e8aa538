# SPDX-License-Identifier: LGPL-2.1-or-later
"""Text for people is marked for translation, and every translation is whole and up to date."""

import ast
import re
import subprocess

import pytest

from c_source import Source
from project_tree import ROOT, c_files, exceptions, name

PO = ROOT / "po"
LANGUAGES = (PO / "LINGUAS").read_text().split()
MARKS = {"_", "N_", "C_", "NC_", "gettext", "ngettext", "g_dngettext"}
# As meson's preset for GLib has them.
KEYWORDS = (
    "_", "N_", "C_:1c,2", "NC_:1c,2", "g_dcgettext:2", "g_dngettext:2,3", "g_dpgettext2:2c,3",
)

# The programs' own text. Other files speak to the log, to the bus or to a network, in English.
SPEAKING = (
    "agent/base/ls-setting", "agent/ctl/", "agent/daemon/main.c", "agent/service/ls-account-notice", "agent/service/ls-apps-service",
    "agent/tray/",
    "server/main.c", "server/net/ls-server-config.c",
)
# Any text in a call of one of these is for people.
PRINTING = {
    "g_print", "g_printerr", "ls_ctl_print_line", "ls_ctl_fail_usage", "ls_ctl_finish",
    "ls_ctl_run_connection_call", "ls_settings_problem_new", "add_problem", "print_time", "print_word",
    "g_option_context_new", "g_option_context_set_summary", "g_option_context_set_description",
}
# Tables whose texts people read: the type or name of the variable -> from which member on.
TABLES = {"GOptionEntry": 5, "LsCtlCommand": 1, "headings": 0, "Word": 1, "Option": 5}
# What these are given is for developers, or for machines.
SILENT = {
    "g_debug", "g_info", "g_message", "g_warning", "g_critical", "g_error", "g_assert", "g_log_structured",
    "g_set_prgname", "G_DEFINE_QUARK", "g_dbus_method_invocation_return_error",
}
PROGRAMS = re.compile(r"\blabsync(?:ctl|-agent|-server|-tray)\b|--[a-z-]+")
DIRECTIVE = re.compile(r"%[-+ #0']*(?:\d+|\*)?(?:\.(?:\d+|\*))?(?:hh|h|ll|l|z)?[a-zA-Z%]|\\033\[\d*m?|\\[nt]")
WORD = re.compile(r"[^\W\d_]{2,}")
PROSE = re.compile(r"[a-z]{2,},? [a-z]{2,}")


def words(literal):
    """What is left of a C string when everything is gone that is the same in every language."""
    return DIRECTIVE.sub(" ", PROGRAMS.sub(" ", literal[1:-1]))


def calls(tokens):
    """For each token: the functions in whose calls it stands, outermost first."""
    stack, found = [], []
    for at, token in enumerate(tokens):
        if token.text == "(":
            previous = tokens[at - 1] if at else token
            stack.append(previous.text if previous.kind == "word" else "")
        elif token.text == ")" and stack:
            stack.pop()
        found.append([function for function in stack if function])
    return found


def tables(tokens):
    """Indices of the strings in initialisers of TABLES that people read."""
    found, at = set(), 0
    while at < len(tokens):
        start = next((tokens[back].text for back in range(at - 1, max(at - 6, -1), -1)
                      if tokens[back].text in TABLES), None)
        if tokens[at].text != "=" or tokens[min(at + 1, len(tokens) - 1)].text != "{" or not start:
            at += 1
            continue
        end, depth, member, rows = at + 1, 0, 0, 0
        while True:
            text = tokens[end].text
            if text in "{(":
                depth += 1
                if text == "{" and depth == 2:
                    member, rows = 0, rows + 1
            elif text in "})":
                depth -= 1
            elif text == "," and depth == (2 if rows else 1):
                member += 1
            elif tokens[end].kind == "string" and member >= TABLES[start]:
                found.add(end)
            end += 1
            if depth == 0:
                break
        at = end
    return found


def unmarked(text):
    """(line, literal) of strings that people read and nobody can translate."""
    source = Source(text)
    tokens = source.tokens
    around, shown = calls(tokens), tables(tokens)
    for at, token in enumerate(tokens):
        if token.kind != "string" or token.text[0] != '"' or MARKS & set(around[at]) or SILENT & set(around[at]):
            continue
        if any(function.startswith("g_return_") for function in around[at]):
            continue
        left = words(token.text)
        is_shown = at in shown or bool(PRINTING & set(around[at]))
        if (is_shown and WORD.search(left)) or PROSE.search(left):
            yield token.line, token.text


def marked(text):
    """Whether a C file has text to translate, comments aside."""
    tokens = Source(text).tokens
    return any(
        token.text in MARKS and tokens[at + 1].text == "(" and tokens[at + 2].kind == "string"
        for at, token in enumerate(tokens[:-2])
    )


def template(tmp_path):
    """What is to be translated now."""
    pot = tmp_path / "labsync.pot"
    subprocess.run(
        ["xgettext", "--from-code=UTF-8", f"--files-from={PO / 'POTFILES'}", f"--directory={ROOT}",
         f"--output={pot}", *(f"--keyword={keyword}" for keyword in KEYWORDS)],
        check=True, capture_output=True,
    )
    return pot


def differences(pot, po):
    """Messages that only one of them has, and those without a translation."""
    only_one = subprocess.run(
        ["msgcomm", "--unique", "--omit-header", "--no-location", pot, po], check=True, capture_output=True, text=True
    ).stdout
    open_ones = "".join(
        subprocess.run(
            ["msgattrib", which, "--no-location", po], check=True, capture_output=True, text=True
        ).stdout
        for which in ("--untranslated", "--only-fuzzy", "--only-obsolete")
    )
    return "\n".join(line for line in (only_one + open_ones).splitlines() if line.startswith(("msgid", '"', "#~")))


def check_format(po):
    run = subprocess.run(
        ["msgfmt", "--check", "--output-file=/dev/null", po], capture_output=True, text=True, check=False
    )
    return run.stderr


def test_text_is_marked():
    allowed = exceptions(ROOT / "tests" / "lint" / "translations.exceptions")
    used, found = set(), []
    for path in c_files("agent", "server"):
        if not name(path).startswith(SPEAKING):
            continue
        for line, literal in unmarked(path.read_text()):
            key = (name(path), re.sub(r"\s+", "_", ast.literal_eval(literal).strip()))
            if key in allowed:
                used.add(key)
            else:
                found.append(f"{name(path)}:{line}: {literal} (as an exception: {' '.join(key)})")
    assert not found, "\n".join(found)
    assert not set(allowed) - used, "exceptions that nothing needs"


def test_list_of_files_is_complete():
    with_text = {name(path) for path in c_files("agent", "dbus", "server") if marked(path.read_text())}
    data = ROOT / "data"
    with_text |= {name(path) for path in data.glob("*.in") if re.search(r"\.(desktop|metainfo\.xml)\.in$", path.name)}
    assert with_text == set((PO / "POTFILES").read_text().split())


@pytest.mark.parametrize("language", LANGUAGES)
def test_translation_is_whole(language, tmp_path):
    po = PO / f"{language}.po"
    assert not check_format(po)
    assert not differences(template(tmp_path), po)


HEADER = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'


@pytest.mark.parametrize("entry", [
    'msgid "gone"\nmsgstr "hilang"\n\nmsgid "here"\nmsgstr "ada"\n',
    "",
    'msgid "here"\nmsgstr ""\n',
    '#, fuzzy\nmsgid "here"\nmsgstr "ada"\n',
    'msgid "here"\nmsgstr "ada"\n\n#~ msgid "old"\n#~ msgstr "lama"\n',
])
def test_rejects_a_translation(entry, tmp_path):
    (tmp_path / "a.pot").write_text(HEADER + 'msgid "here"\nmsgstr ""\n')
    (tmp_path / "a.po").write_text(HEADER + entry)
    assert differences(tmp_path / "a.pot", tmp_path / "a.po")


def test_accepts_a_translation(tmp_path):
    (tmp_path / "a.pot").write_text(HEADER + 'msgid "here"\nmsgstr ""\n')
    (tmp_path / "a.po").write_text(HEADER + 'msgid "here"\nmsgstr "ada"\n')
    assert not differences(tmp_path / "a.pot", tmp_path / "a.po")


def test_rejects_a_broken_format(tmp_path):
    po = tmp_path / "a.po"
    po.write_text(HEADER + '#, c-format\nmsgid "%s rows"\nmsgstr "%d baris"\n')
    assert check_format(po)


@pytest.mark.parametrize("text", [
    'void f (void) { g_print ("Hello\\n"); }',
    'void f (void) { g_printerr ("labsyncctl: %s failed\\n", x); }',
    'void f (void) { char *x = g_strdup_printf ("there is no %s", y); }',
    'const GOptionEntry e[] = { { "json", 0, 0, 0, &x, "Print JSON", NULL } };',
    'const GOptionEntry e[] = { { "f", 0, 0, 0, &x, N_ ("Read"), "FILE" } };',
    'const LsCtlCommand c = { "get", N_ ("ID"), "Show", run };',
    'void f (void) { const char *const headings[] = { "TIME", _ ("TYPE"), NULL }; }',
    'static const Word states[] = { { "live", "live", 0 } };',
    'void f (void) { return ls_ctl_fail_usage (self, "Wrong"); }',
])
def test_rejects(text):
    assert list(unmarked(text))


@pytest.mark.parametrize("text", [
    'void f (void) { g_print (_ ("Hello\\n")); g_print ("%s\\n", x); g_print ("labsyncctl %s\\n", v); }',
    'void f (void) { g_debug ("this is for developers"); g_variant_new ("(sa{sv})", x); }',
    'const GOptionEntry e[] = { { "json", 0, 0, 0, &x, N_ ("Print JSON"), NULL } };',
    'const LsCtlCommand c = { "get", NULL, N_ ("Show"), run };',
    'static const Word states[] = { { "live", N_ ("live"), 0 } };',
    'void f (void) { g_print (ngettext ("%u row", "%u rows", n), n); /* g_print ("x y") */ }',
])
def test_accepts(text):
    assert not list(unmarked(text))


def test_finds_marked_text():
    assert marked('void f (void) { g_print (_ ("x")); }')
    assert not marked('/* _ ("x") */ void f (void) { g_print (_ (x)); }')
