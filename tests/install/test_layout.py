# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is installed, where, and whether the desktop and systemd can read it."""

import configparser
import os
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from conftest import PREFIX, run

GOLDEN = Path(__file__).parent / "installed.golden"
# systemd-analyze security: the lower the better. 10 is a unit that protects nothing.
EXPOSED = {"user/labsync-agent.service": 7.0, "system/labsync-server.service": 1.5}


def test_files(root):
    installed = {path.relative_to(root).as_posix() for path in root.rglob("*") if not path.is_dir()}
    assert installed == set(GOLDEN.read_text().split())


def read_desktop(path):
    parser = configparser.RawConfigParser(delimiters="=", interpolation=None)
    parser.optionxform = str
    parser.read_string(path.read_text())
    return parser["Desktop Entry"]


@pytest.mark.parametrize("path", [
    "share/applications/org.labsync.Agent.desktop", "etc/xdg/autostart/org.labsync.Agent.Tray.desktop",
])
def test_desktop_files(root, path):
    result = run("desktop-file-validate", root / path)
    assert (result.returncode, result.stdout + result.stderr) == (0, "")
    entry = read_desktop(root / path)
    assert entry["Exec"] == "labsync-tray"
    assert "komputer ini selaras" in entry["Comment[id]"]


def test_desktop_validation_can_fail(tmp_path):
    bad = tmp_path / "bad.desktop"
    bad.write_text("[Desktop Entry]\nType=Application\nName=x\nCategories=Nonsense;\n")
    assert run("desktop-file-validate", bad).returncode != 0


def test_metainfo(root):
    path = root / "share/metainfo/org.labsync.Agent.metainfo.xml"
    result = run("appstreamcli", "validate", "--no-net", path)
    assert result.returncode == 0, result.stdout
    document = ElementTree.parse(path)
    assert document.findtext("launchable") == "org.labsync.Agent.desktop"
    language = "{http://www.w3.org/XML/1998/namespace}lang"
    assert [node.text for node in document.findall("summary") if node.get(language) == "id"]


def test_metainfo_names_this_version(root):
    document = ElementTree.parse(root / "share/metainfo/org.labsync.Agent.metainfo.xml")
    version = run(root / "bin/labsyncctl", "--version").stdout.split()[1]
    assert document.find("releases/release").get("version") == version


def test_activation(root):
    text = (root / "share/dbus-1/services/org.labsync.Agent.service").read_text()
    assert f"Exec={PREFIX}/libexec/labsync-agent\n" in text
    assert "SystemdService=labsync-agent.service\n" in text
    unit = (root / "lib/systemd/user/labsync-agent.service").read_text()
    assert "BusName=org.labsync.Agent\n" in unit and f"ExecStart={PREFIX}/libexec/labsync-agent\n" in unit


def unit_copy(root, folder, kind, name):
    """A unit whose programs exist here, and no manual pages, which this machine may lack."""
    text = (root / "lib/systemd" / kind / name).read_text()
    text = text.replace(f"={PREFIX}/", f"={root}/")
    text = re.sub(r"^Documentation=.*\n", "", text, flags=re.M)
    (folder / name).write_text(text)
    return folder / name


def analyze(tmp_path, *arguments):
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700, exist_ok=True)
    return run("systemd-analyze", *arguments, env={**os.environ, "XDG_RUNTIME_DIR": str(runtime)})


@pytest.mark.parametrize("kind, name", [("user", "labsync-agent.service"), ("system", "labsync-server.service")])
def test_unit_is_valid(root, tmp_path, kind, name):
    unit = unit_copy(root, tmp_path, kind, name)
    result = analyze(tmp_path, f"--{kind}", "verify", unit)
    assert (result.returncode, result.stderr) == (0, "")
    # What systemd does not know, it ignores with success: only its words tell.
    unit.write_text(unit.read_text().replace("[Service]", "[Service]\nNoSuchThing=1"))
    assert "NoSuchThing" in analyze(tmp_path, f"--{kind}", "verify", unit).stderr


@pytest.mark.parametrize("unit, limit", EXPOSED.items())
def test_unit_is_hardened(root, tmp_path, unit, limit):
    kind, name = unit.split("/")
    path = unit_copy(root, tmp_path, kind, name)
    result = analyze(tmp_path, "security", "--offline=true", f"--{kind}", f"--threshold={int(limit * 10)}", path)
    level = re.search(r"Overall exposure level for \S+: ([\d.]+)", result.stdout)
    assert level, result.stdout + result.stderr
    print(f"{name}: exposure {level[1]} of at most {limit}")
    assert result.returncode == 0 and float(level[1]) <= limit
