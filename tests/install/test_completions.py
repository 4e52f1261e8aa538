# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the shells offer after labsyncctl, without an agent."""

import os
import re
from pathlib import Path

import pytest

from conftest import help_of, run
from test_documents import commands, options

BASH = """
source {root}/share/bash-completion/completions/labsyncctl
COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
[ -z "{last}" ] && {{ COMP_WORDS+=(''); COMP_CWORD=$((COMP_CWORD + 1)); }}
_labsyncctl
printf '%s\\n' "${{COMPREPLY[@]}}"
"""

# zsh completes in a terminal only: what it would offer is caught where it hands it over.
ZSH = """
fpath=({root}/share/zsh/site-functions $fpath)
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z 'PS1=; stty -echo; fpath=({root}/share/zsh/site-functions $fpath); path=({root}/bin $path)'
zpty -w z 'autoload -Uz compinit && compinit -u -D -d {tmp}/dump; zstyle ":completion:*" verbose no; LISTMAX=0'
zpty -w z 'compadd() {{ local -a got; builtin compadd -O got "$@"; print -rl -- $got >>{tmp}/found; builtin compadd "$@"; }}'
zpty -w z 'bindkey "^X" complete-word; print ready'
zpty -r -m z line '*ready*'
zpty -w -n z '{line}'$'\\x18'
for i in {{1..100}}; do zpty -r -t z line; sleep 0.05; [[ -s {tmp}/found ]] && break; done
sleep 0.3
cat {tmp}/found
"""


@pytest.fixture(params=["bash", "zsh", "fish"])
def complete(request, root, tmp_path):
    """What a shell offers at the end of a line."""
    shell = request.param
    environment = {
        "PATH": f"{root}/bin:{os.environ['PATH']}", "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path),
        "XDG_DATA_HOME": str(tmp_path), "LC_ALL": "C.UTF-8", "TERM": "xterm",
    }

    def offers(line):
        if shell == "bash":
            script = BASH.format(root=root, words=line, last=line.split(" ")[-1])
        elif shell == "zsh":
            (tmp_path / "found").unlink(missing_ok=True)
            script = ZSH.format(root=root, tmp=tmp_path, line=line)
        else:
            script = f"source {root}/share/fish/vendor_completions.d/labsyncctl.fish; complete -C'{line}'"
        result = run(shell, "-c", script, env=environment)
        return {offer.split("\t")[0].strip() for offer in result.stdout.splitlines() if offer.strip()}

    return offers


def test_commands(complete):
    names = commands(help_of("labsyncctl"))
    assert len(names) > 10
    assert set(names) <= complete("labsyncctl ")


def test_options(complete):
    for command in commands(help_of("labsyncctl")):
        known = options(help_of("labsyncctl", command))
        offered = {offer.rstrip("=") for offer in complete(f"labsyncctl {command} --")}
        assert known <= offered, (command, known - offered)


def test_event_types_and_entities(complete):
    source = (Path(__file__).parents[2] / "dbus/CONTRACT.md").read_text()
    rows = [row.split("|") for row in source.splitlines() if re.match(r"\| [a-z_]+( \(never stored\))? \| [a-z_]+_[a-z]+ ", row)]
    types = {word for row in rows for word in row[2].split()}
    entities = {row[1].split()[0] for row in rows} - {"presence"}
    assert len(types) > 30 and len(entities) == 9
    assert types <= complete("labsyncctl watch "), types - complete("labsyncctl watch ")
    assert entities <= complete("labsyncctl list ")
    assert entities <= complete("labsyncctl get ")


def test_settings(complete):
    assert "explain" in complete("labsyncctl config ")
    assert {"Server.url", "Privacy.wipe-on-sign-out"} <= complete("labsyncctl config explain ")
