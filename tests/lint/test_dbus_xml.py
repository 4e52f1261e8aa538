# SPDX-License-Identifier: LGPL-2.1-or-later
"""The bus contract: every element is explained, nothing was renamed or removed."""

import re
import xml.etree.ElementTree as ElementTree

import pytest

from project_tree import ROOT

DBUS = ROOT / "dbus"
FILES = sorted(DBUS.glob("org.labsync.Agent1.*.xml"))
FROZEN = ROOT / "tests" / "lint" / "contract.frozen"
MEMBERS = ("property", "method", "signal")


def read(path):
    parser = ElementTree.XMLParser(target=ElementTree.TreeBuilder(insert_comments=True))
    return ElementTree.fromstring(path.read_text(encoding="utf-8"), parser)


def comments(parent):
    """(element, text of the comment right before it or None) of each child"""
    before = None
    for child in parent:
        if child.tag is ElementTree.Comment:
            before = child.text
        else:
            yield child, before
            before = None


def faults(root):
    """What is not explained."""
    for interface, text in comments(root):
        name = interface.get("name")
        if not (text or "").strip().startswith(f"{name}:"):
            yield f"{name} has no comment"
        for member, comment in comments(interface):
            yield from member_faults(f"{name}.{member.get('name')}", member, comment or "")


def member_faults(full, member, comment):
    name = member.get("name")
    head, _, body = comment.strip().partition("\n")
    if head != f"{name}:" or not body.strip():
        yield f"{full} has no comment"
    for argument in member.findall("arg"):
        if not re.search(rf"^\s*@{argument.get('name')}: \S", comment, re.MULTILINE):
            yield f"{full}: argument {argument.get('name')} is not explained"


def describe(root):
    """One line for each thing that apps rely on."""
    for interface in root.findall("interface"):
        for member in interface:
            if member.tag not in MEMBERS:
                continue
            line = f"{member.tag} {interface.get('name')}.{member.get('name')}"
            if member.tag == "property":
                yield f"{line} {member.get('type')} {member.get('access')}"
            else:
                arguments = " ".join(
                    f"{argument.get('direction', 'out')}:{argument.get('type')}"
                    for argument in member.findall("arg")
                )
                yield f"{line} {arguments}".rstrip()


def table_errors():
    text = (DBUS / "ls-bus-errors.c").read_text()
    return re.findall(r'LS_BUS_ERROR_PREFIX "(\w+)"', text)


def current():
    lines = [line for path in FILES for line in describe(read(path))]
    lines += [f"error org.labsync.Agent1.Error.{name}" for name in table_errors()]
    return sorted(lines)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_everything_is_explained(path):
    assert not list(faults(read(path)))


def test_frozen():
    """Something new is added to the list; nothing is ever taken from it."""
    frozen = [line for line in FROZEN.read_text().splitlines() if line and not line.startswith("#")]
    assert current() == frozen


def test_errors_are_those_of_the_contract():
    text = (DBUS / "CONTRACT.md").read_text(encoding="utf-8")
    listed = re.search(r"\*\*Errors\*\* `org\.labsync\.Agent1\.Error\.`: ([\w\s]+)\.", text)
    assert table_errors() == listed.group(1).split()


def test_every_interface_is_built_and_named():
    build = (DBUS / "meson.build").read_text()
    names = (DBUS / "ls-bus-names.h").read_text()
    assert FILES
    for path in FILES:
        assert f"'{path.name}'" in build
        assert f'LS_BUS_INTERFACE_PREFIX "{path.stem.rpartition(".")[2]}"' in names


@pytest.mark.parametrize(
    "text, fault",
    [
        ('<node><interface name="a.B"/></node>', "a.B has no comment"),
        (
            '<node><!-- a.B: x --><interface name="a.B"><method name="M"/></interface></node>',
            "a.B.M has no comment",
        ),
        (
            '<node><!-- a.B: x --><interface name="a.B"><!-- M:\n does --><method name="M">'
            '<arg name="y" type="s"/></method></interface></node>',
            "a.B.M: argument y is not explained",
        ),
    ],
)
def test_rejects(tmp_path, text, fault):
    path = tmp_path / "x.xml"
    path.write_text(text)
    assert list(faults(read(path))) == [fault]
