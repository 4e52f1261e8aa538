# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each fault of the existing system's stand-in: what a connected agent does about it, as a table.

tests/CLASSIC.md keeps the columns that are the same in every run; classic-faults.md in the build has all of them.
"""

import os
import re
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

import pytest

from classic_agent import Witness, wait_polls
from classic_server import ClassicServer
from conftest import QUICK
from labsync_testing import Desktop, until
from server_client import TEACHER

TESTS = Path(__file__).resolve().parents[1]
DOCUMENT = TESTS / "CLASSIC.md"
sys.path.insert(0, str(TESTS / "fakes"))

from classic.faults import KNOWN  # noqa: E402

HEAD = ["fault", "state", "told", "as"]
MEASURED = ["requests", "lasted", "live again after"]
AT_ONCE = 8  # schools, with an agent each: they mostly wait
SETTINGS = {
    **QUICK, "Connection_connect_timeout": "1s", "Connection_ping_interval": "300ms",
    "Connection_pong_timeout": "500ms", "Connection_polling_interval": "200ms",
}
LASTS = 2  # s, at least: a storm would show
# The requests meanwhile: a poll each 400 ms, or an attempt (a handshake by header, one by query, a poll, a refresh)
# each 250 ms on average; the lists and the first waits, which are short, come on top.
MOST_AT_FIRST, MOST_A_SECOND = 12, 16

LIVE, DOWN, PORTAL = "live", "waiting (server-unreachable)", "waiting (captive-portal)"
MEANWHILE, LATER = "meanwhile", "afterwards"


def refreshed(school):
    return school.requests(path="/api/auth/refresh", status=200)


def has_been_answered(school):
    return school.sockets() and school.sockets()[0]["pongs"] >= 2


@dataclass
class Case:
    """One fault, and what the agent is expected to do about it."""

    fault: str  # NAME[@PATH][=VALUE]
    rests: str  # the states, and why, other than connecting
    told: str  # when apps are told of a row that changes meanwhile
    why: str
    also: dict = field(default_factory=dict)  # other faults that it needs
    anew: bool = False  # it is about new sockets: the agent is asked to connect again
    writes: bool = False  # it is about writes: the change is made by one
    signs_in: bool = False  # it needs somebody to sign in again
    asks: bool = False  # somebody asks, instead of waiting for minutes
    most: int = 1  # how often a change may be told, where its repetitions differ from each other
    proof: Callable = None  # of a school: whether the fault has struck and was dealt with


CASES = (
    Case("slow=300", LIVE, MEANWHILE, "an answer may take its time"),
    Case("slow@/ws=2000", f"{DOWN}, polling (server-unreachable)", MEANWHILE,
         "the pong is overdue, and so is the handshake"),
    Case("silence", DOWN, LATER, "neither pings nor handshakes are answered"),
    Case("status=500", DOWN, LATER, "nothing can be had"),
    Case("status=502", DOWN, LATER, "nothing can be had"),
    Case("status=503", DOWN, LATER, "nothing can be had"),
    Case("status=504", DOWN, LATER, "nothing can be had"),
    Case("status=404", DOWN, LATER, "it is not the school that answers"),
    Case("status=403", "waiting (policy)", LATER, "somebody does not want us there"),
    Case("status=429", LIVE, LATER, "it waits for its turn, unless somebody asks", asks=True),
    Case("status=407", "waiting (proxy-auth)", LATER, "a proxy wants a sign-in"),
    Case("status=401", "waiting (token-refused)", LATER, "neither the token is taken nor its refresh", signs_in=True),
    Case("status=200", PORTAL, LATER, "a web page is no answer"),
    Case("redirect", PORTAL, LATER, "the school never redirects; a token is sent nowhere else"),
    Case("redirect=http://127.0.0.2:1", PORTAL, LATER, "likewise"),
    Case("lost-answer", LIVE, MEANWHILE, "the agent writes nothing there", writes=True),
    Case("cut", DOWN, LATER, "half a body is none"),
    Case("truncated-json", DOWN, LATER, "it is not JSON"),
    Case("json", DOWN, LATER, "it is not JSON"),
    Case('json={"success":true,"data":{"updates":{}}}', DOWN, LATER, "it is not a poll's JSON"),
    Case("content-type", PORTAL, LATER, "a web page is no answer"),
    Case("content-type=text/plain", DOWN, LATER, "only JSON is an answer"),
    Case("huge@/api", LIVE, MEANWHILE, "2 MiB are taken"),
    Case("huge@/api=17000000", DOWN, LATER, "more than 16 MiB are not"),
    Case("huge@/ws=65536", LIVE, MEANWHILE, "a pong may be large"),
    Case("huge@/ws", f"{DOWN}, {LIVE}", MEANWHILE, "a message of more than 1 MiB ends the socket"),
    Case("conflict", LIVE, MEANWHILE, "the agent writes nothing there"),
    Case("db", LIVE, LATER, "that no row comes proves nothing: all stay"),
    Case("db=grades", LIVE, LATER, "that a table is missing proves nothing: its rows stay"),
    Case("refuse-upgrade", "polling (upgrade-refused)", MEANWHILE, "polls do without a socket", anew=True),
    Case("refuse-upgrade=500", "polling (server-unreachable)", MEANWHILE, "likewise", anew=True),
    Case("clock=1000000", LIVE, MEANWHILE, "the token has ended there: it is refreshed", proof=refreshed),
    Case("clock=-1000000", LIVE, MEANWHILE, "nothing is decided by the clock"),
    Case("clock-stopped", LIVE, MEANWHILE, "nothing is decided by the clock"),
    Case("push", LIVE, MEANWHILE, "told by the event, and not again by the poll", writes=True),
    Case("push-twice", LIVE, MEANWHILE, "the second event changes nothing", also={"push": None}, writes=True),
    Case("push-late=700", LIVE, MEANWHILE, "a poll comes first, or the event", also={"push": None}, writes=True),
    Case("push-swapped", LIVE, MEANWHILE, "told as they come; a poll puts it right", also={"push": None}, writes=True,
         most=4),
    Case("close-at-expiry", LIVE, MEANWHILE, "another token, then another socket", also={"clock": 1_000_000},
         proof=refreshed),
    Case("pings=100", LIVE, MEANWHILE, "they are answered", proof=has_been_answered),
)


@dataclass
class Outcome:
    """What was seen."""

    rests: str
    told: str
    requests: int
    seconds: float  # how long the fault lasted
    recovery: float  # how long it took to be live again, in s


class Trial:
    """A school with one connected agent, through one fault."""

    def __init__(self, case, folder):
        self.case = case
        with ExitStack() as stack:
            self.school = stack.enter_context(ClassicServer(folder / "school", "--no-rate-limit"))
            self.desktop = stack.enter_context(Desktop(folder / "desktop", self.school.url, **SETTINGS))
            self.desktop.sign_in()
            self.desktop.wait_state("live")
            self.witness = Witness(self.desktop)
            stack.callback(self.witness.close)
            self._stack = stack.pop_all()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stack.close()

    def run(self):
        teacher = self.school.person(TEACHER)
        cursor = self.desktop.cursor()
        self.school.wait_socket(subscribed=["grade_updated"])
        self.witness.forget_states()
        self.school.forget_requests()
        began = time.monotonic()
        self._start()
        self._change(teacher)
        self._let_it_act(cursor, began + LASTS)
        rests, told = self._rests(), MEANWHILE if self._told(cursor) else LATER
        requests, seconds = len(self.school.requests()), time.monotonic() - began
        ended = time.monotonic()
        self._end()
        recovery = time.monotonic() - ended
        if not self.case.asks:
            wait_polls(self.school)
        until(lambda: self._told(cursor), 10, "the change")
        assert 1 <= len(self._told(cursor)) <= self.case.most, "once"
        assert self.desktop.row("grade", "grade-1")["score"] == 62
        assert self.desktop.cached("announcement").keys() == {"announcement-1"}, "nothing else is lost"
        return Outcome(rests, told, requests, seconds, recovery)

    def _start(self):
        for name, value in self.case.also.items():
            self.school.fault(name, value)
        name, _, value = self.case.fault.partition("=")
        name, _, path = name.partition("@")
        self.school.fault(name, value or None, path)
        if self.case.anew:
            self.desktop.ctl("reconnect")

    def _change(self, teacher):
        if not self.case.writes:
            self.school.sql("UPDATE grades SET score = 62 WHERE id = 'grade-1'")
            return
        for score in (61, 62) if self.case.most > 1 else (62,):
            with suppress(ConnectionError):  # the answer is lost
                teacher.update("grades", "grade-1", score=score)

    def _told(self, cursor):
        return [event for event in self.desktop.events(cursor)[0] if event.entity_id == "grade-1"]

    def _rests(self):
        """The states since the start, in order of appearance."""
        self.witness.until(lambda: True)
        seen = [state if why == "none" else f"{state} ({why})" for state, why in self.witness.states]
        return ", ".join(dict.fromkeys(state for state in seen if not state.startswith("connecting"))) or LIVE

    def _let_it_act(self, cursor, end):
        expected = set(self.case.rests.split(", "))
        until(lambda: expected <= set(self._rests().split(", ")), 15, lambda: f"{expected} among {self._rests()}")
        if self.case.proof:
            until(lambda: self.case.proof(self.school), 15, "a proof that it struck")
        if self.case.told == MEANWHILE:
            until(lambda: self._told(cursor), 15, "the change, told")
        if self.case.fault == "silence":
            # What is asked now is never answered: only of a handshake is that noticed within a second.
            self.school.wait_request(path="/ws", status=None)
            return
        if self.case.signs_in:
            until(lambda: self.desktop.bus.property("Account", "State") == "expired", 10, "a token that has expired")
        until(lambda: time.monotonic() >= end, LASTS + 1)

    def _end(self):
        for name in (self.case.fault.partition("=")[0].partition("@")[0], *self.case.also):
            if name != "clock":  # it goes on, as clocks do; else a token would be of the future
                self.school.clear(name)
        if self.case.signs_in:
            self.desktop.sign_in()
        if self.case.asks:
            self.desktop.ctl("sync")
        self.desktop.wait_state("live", seconds=20)


def attempt(case):
    """The outcome, or the exception that came instead."""
    with tempfile.TemporaryDirectory(prefix="ls-") as folder:
        try:
            with Trial(case, Path(folder)) as trial:
                return trial.run()
        except Exception as failure:  # pylint: disable=broad-except
            return failure


@pytest.fixture(scope="module")
def outcomes():
    """By fault; all of them are tried at the same time."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip((case.fault for case in CASES), pool.map(attempt, CASES)))


def test_every_fault_has_a_case():
    assert {case.fault.partition("=")[0].partition("@")[0] for case in CASES} == set(KNOWN)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.fault)
def test_fault(outcomes, case):
    outcome = outcomes[case.fault]
    if isinstance(outcome, Exception):
        raise outcome
    print(outcome)
    assert (set(outcome.rests.split(", ")), outcome.told) == (set(case.rests.split(", ")), case.told)
    assert outcome.requests <= MOST_AT_FIRST + MOST_A_SECOND * outcome.seconds, "a storm"


def row(*cells):
    return f"| {' | '.join(cells)} |"


def test_the_table(outcomes):
    """Writes down what was seen. What must not vary is kept in tests/CLASSIC.md."""
    kept, seen = [], [row(*HEAD, *MEASURED), row(*["---"] * len(HEAD + MEASURED))]
    for case in CASES:
        outcome = outcomes[case.fault]
        if isinstance(outcome, Exception):
            seen.append(row(f"`{case.fault}`", f"{outcome}"))
            continue
        kept.append(row(f"`{case.fault}`", outcome.rests, outcome.told, case.why))
        seen.append(kept[-1] + f" {outcome.requests} | {outcome.seconds:.1f} s | {outcome.recovery:.1f} s |")
    report = Path(os.environ["LABSYNC_BUILD"]) / "tests/integration/classic-faults.md"
    report.write_text("\n".join(seen) + "\n")
    in_document = [line for line in DOCUMENT.read_text().splitlines() if line.startswith("| `")]
    assert in_document == kept, f"{DOCUMENT.name}; {report} has it"


def test_the_document_names_tests_that_there_are():
    code = "".join(path.read_text() for path in Path(__file__).parent.glob("test_classic_agent*.py"))
    named = re.findall(r"`(test_\w+)`", DOCUMENT.read_text())
    assert named and set(named) <= set(re.findall(r"^def (test_\w+)", code, re.MULTILINE))
