# SPDX-License-Identifier: LGPL-2.1-or-later
"""Manual pages and the example settings say what the programs say."""

import json
import os
import re

import pytest

from conftest import PROGRAMS, help_of, run

PAGES = {
    "labsync-agent": "share/man/man1/labsync-agent.1",
    "labsyncctl": "share/man/man1/labsyncctl.1",
    "labsync-server": "share/man/man8/labsync-server.8",
    "labsync-tray": "share/man/man1/labsync-tray.1",
}
SETTINGS = "share/man/man5/labsync.conf.5"
EXAMPLE = "share/doc/labsync/agent.conf.example"


def options(text):
    return set(re.findall(r"^  (?:-\w, )?(--[a-z-]+)", text, re.M)) - {"--help"}


def commands(text):
    listing = text[text.index("Commands:"):].split("\n\n")[0]
    return re.findall(r"^  ([a-z-]+)", listing, re.M)


def every_command(program):
    """The words of each command; a command may have commands of its own."""
    for command in commands(help_of(program)):
        page = help_of(program, command)
        yield (command,)
        if "Commands:" in page:
            yield from ((command, word) for word in commands(page))


def page_options(page):
    """Options as a page written in mdoc names them."""
    return {f"--{name}" for name in re.findall(r"\bFl Fl ([a-z-]+)", page)}


@pytest.fixture(scope="session")
def settings(tmp_path_factory):
    home = str(tmp_path_factory.mktemp("home"))
    result = run(
        PROGRAMS["labsyncctl"], "config", "--json",
        env={"PATH": os.environ["PATH"], "HOME": home, "XDG_CONFIG_HOME": home, "LC_ALL": "C.UTF-8"},
    )
    return {
        entry["key"]: entry["layers"][0]["value"] if entry["layers"] else entry["value"]
        for entry in json.loads(result.stdout)["settings"]
    }


@pytest.mark.parametrize("path", [*PAGES.values(), SETTINGS])
def test_page_is_clean(root, path):
    result = run("mandoc", "-T", "lint", "-W", "warning", root / path)
    assert (result.returncode, result.stdout + result.stderr) == (0, "")


def test_page_check_can_fail(tmp_path):
    page = tmp_path / "x.1"
    page.write_text(".Dd today\n.Dt X 1\n.Os\n.Sh NAME\n.Nm x\n.Nd y\n.Bl\n")
    assert run("mandoc", "-T", "lint", "-W", "warning", page).returncode != 0


@pytest.mark.parametrize("program", [name for name in PAGES if PROGRAMS[name].exists()])
def test_page_has_every_option(root, program):
    page = page_options((root / PAGES[program]).read_text())
    known = options(help_of(program))
    if program == "labsyncctl":
        for words in every_command(program):
            known |= options(help_of(program, *words))
    assert known and known <= page, known - page
    assert page - {"--help"} <= known, "options that are none"


def test_page_has_every_command(root):
    page = (root / PAGES["labsyncctl"]).read_text()
    listed = re.findall(r"^(?:\.It |\.)Cm ([a-z-]+)", page[page.index("The commands are"):page.index(".Sh ENVIRONMENT")], re.M)
    names = commands(help_of("labsyncctl"))
    assert len(names) > 10 and [name for name in listed if name in names] and set(names) <= set(listed)
    listed = re.findall(r"^(?:\.It |\.)Cm queue ([a-z-]+)", page, re.M)
    assert len(listed) > 5 and listed == commands(help_of("labsyncctl", "queue"))


def page_settings(page):
    found, group = {}, None
    for line in page[page.index(".Sh SETTINGS"):page.index(".Sh LOCKED")].splitlines():
        if line.startswith(".Ss "):
            group = line[4:]
        elif line.startswith(".It Va "):
            name = f"{group}.{line[7:]}"
            found[name] = ""
        elif line.startswith(".Ql ") and group:
            found[name] = line[4:].removesuffix(" .")
    return found


def test_page_has_every_setting(root, settings):
    assert page_settings((root / SETTINGS).read_text()) == settings


def test_example_has_every_setting(root, settings):
    found, group = {}, None
    for line in (root / EXAMPLE).read_text().splitlines():
        if re.match(r"#?\[", line):
            group = line.strip("#[]")
        elif match := re.match(r"#([a-z_-]+)=(.*)", line):
            found[f"{group}.{match[1]}"] = match[2]
    assert found.pop("Locked.keys")
    assert found == settings


def test_example_is_valid(root, tmp_path, settings):
    """With the comment signs off, every line is one that the agent takes."""
    text = (root / EXAMPLE).read_text()
    text = re.sub(r"^#(?=[a-z_-]+=)", "", text[:text.index("#[Locked]")], flags=re.M)
    (tmp_path / "labsync").mkdir()
    (tmp_path / "labsync/agent.conf").write_text(text)
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
    result = run(PROGRAMS["labsyncctl"], "config", "--json", env=environment)
    document = json.loads(result.stdout)
    assert document["problems"] == []
    assert {entry["source"] for entry in document["settings"]} == {str(tmp_path / "labsync/agent.conf")}


@pytest.mark.parametrize("path", ["share/labsync/agent.conf", "etc/labsync/server.conf"])
def test_installed_settings_set_nothing(root, path):
    lines = (root / path).read_text().splitlines()
    assert not [line for line in lines if line and line[0] not in "#["]


def test_server_reads_its_file(root, tmp_path):
    """The options that the file shows exist."""
    text = (root / "etc/labsync/server.conf").read_text()
    (tmp_path / "server.conf").write_text(re.sub(r"^#(?=[a-z-]+=)", "", text, flags=re.M) + "nonsense=1\n")
    result = run(PROGRAMS["labsync-server"], "--config", tmp_path / "server.conf", env={"PATH": "/bin", "HOME": str(tmp_path)})
    assert result.returncode == 2 and "nonsense" in result.stderr
