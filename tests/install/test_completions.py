# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the shells offer after labsyncctl, without an agent."""

import os
import re
import select
import subprocess
import time
from pathlib import Path

import pytest

from conftest import help_of, run
from test_documents import commands, every_command, options

BASH = """
source {root}/share/bash-completion/completions/labsyncctl
COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
[ -z "{last}" ] && {{ COMP_WORDS+=(''); COMP_CWORD=$((COMP_CWORD + 1)); }}
_labsyncctl
printf '%s\\n' "${{COMPREPLY[@]}}"
"""

# zsh completes in a terminal only: what it would offer is caught where it hands it over.
ZSHRC = """
PS1= PS2= RPS1= LISTMAX=0
unsetopt auto_list auto_menu beep prompt_sp
fpath=({root}/share/zsh/site-functions $fpath)
autoload -Uz compinit && compinit -u -D
zstyle ':completion:*' verbose no
compadd() {{
  local -a got
  builtin compadd -O got "$@"
  found+=($got)
  builtin compadd "$@"
}}
offer() {{
  found=()
  zle complete-word
  BUFFER=
  print -rl -- $found . >{answers}
}}
ready() {{ print -r -- . >{answers} }}
zle -N offer
zle -N zle-line-init ready
bindkey '^X' offer
"""


class Zsh:
    """One interactive zsh for all questions: setting up its completion takes most of the time."""

    def __init__(self, root, environment):
        home = Path(environment["HOME"])
        self.answers = home / "answers"
        os.mkfifo(self.answers)
        (home / ".zshrc").write_text(ZSHRC.format(root=root, answers=self.answers))
        self.terminal, slave = os.openpty()
        os.set_blocking(self.terminal, False)
        self.process = subprocess.Popen(
            ["zsh", "-d", "-i"], env={**environment, "ZDOTDIR": str(home)}, stdin=slave, stdout=slave, stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        # The writer's end stays open here, too: a read ends at the mark, or in time.
        self.pipe = os.open(self.answers, os.O_RDWR | os.O_NONBLOCK)
        self.answer()

    def answer(self):
        """The lines up to the mark; what the terminal shows meanwhile is of no interest."""
        text, end = "", time.monotonic() + 30
        while not f"\n{text}".endswith("\n.\n"):
            readable, _, _ = select.select([self.pipe, self.terminal], [], [], max(0, end - time.monotonic()))
            assert readable, f"zsh does not answer: {text}"
            if self.terminal in readable:
                os.read(self.terminal, 65536)
            if self.pipe in readable:
                text += os.read(self.pipe, 65536).decode()
        return text[:-2]

    def ask(self, line):
        os.write(self.terminal, f"{line}\x18".encode())
        return self.answer()

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.terminal)
        os.close(self.pipe)


@pytest.fixture(scope="module", params=["bash", "zsh", "fish"])
def complete(request, root, tmp_path_factory):
    """What a shell offers at the end of a line."""
    shell = request.param
    home = tmp_path_factory.mktemp(shell)
    environment = {
        "PATH": f"{root}/bin:{os.environ['PATH']}", "HOME": str(home), "XDG_CONFIG_HOME": str(home),
        "XDG_DATA_HOME": str(home), "LC_ALL": "C.UTF-8", "TERM": "xterm",
    }
    zsh = Zsh(root, environment) if shell == "zsh" else None

    def offers(line):
        if shell == "bash":
            script = BASH.format(root=root, words=line, last=line.split(" ")[-1])
            text = run(shell, "-c", script, env=environment).stdout
        elif shell == "fish":
            script = f"source {root}/share/fish/vendor_completions.d/labsyncctl.fish; complete -C'{line}'"
            text = run(shell, "-c", script, env=environment).stdout
        else:
            text = zsh.ask(line)
        return {offer.split("\t")[0].strip() for offer in text.splitlines() if offer.strip()}

    yield offers
    if zsh is not None:
        zsh.close()


def test_commands(complete):
    names = commands(help_of("labsyncctl"))
    assert len(names) > 10
    assert set(names) <= complete("labsyncctl ")
    assert set(commands(help_of("labsyncctl", "queue"))) <= complete("labsyncctl queue ")


def test_options(complete):
    for words in every_command("labsyncctl"):
        known = options(help_of("labsyncctl", *words))
        offered = {offer.rstrip("=") for offer in complete(f"labsyncctl {' '.join(words)} --")}
        assert known <= offered, (words, known - offered)


def test_event_types_and_entities(complete):
    source = (Path(__file__).parents[2] / "dbus/CONTRACT.md").read_text()
    rows = [row.split("|") for row in source.splitlines() if re.match(r"\| [a-z_]+( \(never stored\))? \| [a-z_]+_[a-z]+ ", row)]
    types = {word for row in rows for word in row[2].split()}
    entities = {row[1].split()[0] for row in rows} - {"presence"}
    assert len(types) > 30 and len(entities) == 9
    assert types <= complete("labsyncctl watch "), types - complete("labsyncctl watch ")
    assert entities <= complete("labsyncctl list ")
    assert entities <= complete("labsyncctl get ")
    assert entities <= complete("labsyncctl queue list --entity ")
    assert entities <= complete("labsyncctl queue add --entity ")


def test_words_of_the_queue(complete):
    statuses = {"pending", "syncing", "completed", "failed", "conflict", "cancelled"}
    types = {"create", "update", "delete", "publish", "submit", "approve", "reject", "analyze"}
    assert statuses <= complete("labsyncctl queue list --status ")
    assert types <= complete("labsyncctl queue add --type ")
    assert {"POST", "PUT", "PATCH", "DELETE"} <= complete("labsyncctl queue add --method ")
    assert {"keep_local", "use_server", "merge"} <= complete("labsyncctl queue resolve a1 ")
    assert {"server", "pending", "merged"} <= complete("labsyncctl get --view ")


def test_decisions(complete):
    assert {"allow", "deny", "forget"} <= complete("labsyncctl apps ")


def test_settings(complete):
    assert "explain" in complete("labsyncctl config ")
    assert {"Server.url", "Privacy.wipe-on-sign-out"} <= complete("labsyncctl config explain ")
