# SPDX-License-Identifier: LGPL-2.1-or-later
"""Agents at the existing system, which answers all machines of a school a hundred times a minute in all.

Where there are others, agents take turns, minutes apart; what that leads to is for the simulation (tests/run crowd).
"""

from bisect import bisect_right
from datetime import datetime

import pytest

from classic_agent import Witness, status
from classic_server import ClassicServer
from labsync_testing import PASSWORD, until
from server_client import PARENT, STUDENT, STUDENT2

OTHERS = "/nothing"  # what other clients of the same address ask for
TURN, TURN_LASTS = 120_000, 10_000  # ms; of a school with more machines than a few


@pytest.fixture
def limited(directory, world):
    """Makes schools with their limit: limited("--option"…)."""

    def make(*options):
        return world.enter_context(ClassicServer(directory / "school", *options))

    return make


@pytest.fixture
def watched(desk, world):
    """Makes a live desktop and what it tells: watched(school)."""

    def make(school):
        desktop = desk(school.url, Connection_ping_interval="200ms")
        desktop.sign_in()
        desktop.wait_state("live")
        witness = Witness(desktop)
        world.callback(witness.close)
        return desktop, witness

    return make


def fill(school):
    """Takes all the room there is; returns when the first of it is free again, by the school's clock."""
    while (answer := school.raw("GET", OTHERS)).status != 429:
        pass
    reset = datetime.fromisoformat(answer.headers["X-RateLimit-Reset"].replace("Z", "+00:00"))
    return round(reset.timestamp() * 1000)


def of_agents(school):
    """The requests that count, but for those of others."""
    return [entry for entry in school.requests() if entry["path"] not in (OTHERS, "/ws")]


def wait_pings(school, count=2):
    """Lets the agent hear what the school's clock shows."""
    enough = len(school.sockets()[0]["received"]) + count
    until(lambda: len(school.sockets()[0]["received"]) >= enough, what="pings")


def test_who_finds_no_room_waits_for_its_turn(limited, watched):
    school = limited()
    desktop, witness = watched(school)
    ahead = -(school.now() + 6000) % TURN
    school.fault("clock", ahead)  # the next turn is in 6 s
    wait_pings(school)
    fill(school)
    school.forget_requests()
    refused = school.wait_request(path="/api/updates", status=429)
    school.fault("clock", ahead + TURN)  # the minute is over, and so is the crowd
    assert status(desktop)[0]["state"] == "live", "what is shown is not old yet"
    answered = school.wait_request(30, path="/api/updates", status=200)
    assert answered["time"] % TURN < TURN_LASTS + 2000
    assert [entry["time"] for entry in of_agents(school)] == [refused["time"], answered["time"]]
    assert witness.until(lambda: True) and witness.states == []


def test_who_starts_without_room_waits_unless_somebody_asks(limited, watched):
    school = limited("--rate-window=3")
    desktop, witness = watched(school)
    witness.close()
    desktop.kill()
    free_at = fill(school)
    school.forget_requests()
    desktop.start()
    desktop.wait_state("waiting")
    shown, code = status(desktop)
    assert (shown["reason"], code) == ("rate-limited", 10)
    assert shown["next_attempt_at"] >= free_at
    assert desktop.row("grade", "grade-1")["score"] == 85, "what is known stays"
    until(lambda: school.now() >= free_at, what="room")
    assert desktop.ctl("sync").code == 0
    desktop.wait_state("live")
    answers = [entry["status"] for entry in of_agents(school)]
    assert answers[0] == 429 and set(answers[1:]) == {200}
    assert of_agents(school)[1]["time"] >= free_at


WINDOW = 6  # s; polls, tokens and all else are ten times as fast as in a school


def test_three_agents_behind_one_address(limited, desk):
    school = limited(f"--rate-window={WINDOW}", "--token-lifetime=15")
    desktops = [desk(school.url, Connection_polling_interval="3s") for _ in range(3)]
    for desktop, email in zip(desktops, (STUDENT, STUDENT2, PARENT)):
        if desktop is desktops[-1]:
            for _ in range(5):
                school.raw("GET", OTHERS)
        desktop.bus.agent("Account", "SignIn", "(ssa{sv})", email, PASSWORD, {}, seconds=60)
        desktop.wait_state("live", "waiting")
        # Who has been refused waits for the next turn, unless somebody asks.
        assert desktop.state() == "live" or desktop.ctl("sync").code == 0
        desktop.wait_state("live")
    assert school.requests(path="/api/auth/login", status=429), "the third had to wait for room"

    def refreshed():
        return {entry["body"] for entry in school.requests(path="/api/auth/refresh", status=200)}

    until(lambda: len(refreshed()) == 3, 40, "another token for each of the three")
    for desktop in desktops:
        desktop.wait_state("live")
        assert status(desktop)[0]["account"]["state"] == "signed-in"

    times = [entry["time"] for entry in of_agents(school) if entry["status"] != 429]
    busiest = max(bisect_right(times, time + WINDOW * 1000) - index for index, time in enumerate(times))
    refused = len([entry for entry in of_agents(school) if entry["status"] == 429])
    print(f"{len(times)} requests, at most {busiest} in a window of {WINDOW} s, {refused} refused; {school.counters()}")
    assert busiest <= 12
    assert refused <= 12
