# SPDX-License-Identifier: LGPL-2.1-or-later
"""A machine whose clock is wrong: it connects, stays so, and asks nobody again and again."""

import time

import pytest

from labsync_testing import program, until

HOUR = 3600


def since_1970():
    """How much a clock is behind that starts at the beginning of 1970, in seconds."""
    return -int(time.time()) + 24 * HOUR


def wrong_by(seconds):
    """What runs a program whose wall clock, and no other, is wrong."""
    return (
        "env", f"LD_PRELOAD={program('wrong-clock.so')}", f"WRONG_CLOCK_OFFSET={seconds}",
        "ASAN_OPTIONS=verify_asan_link_order=0",
    )


def offset(desktop):
    return desktop.bus.agent("Diagnostics", "GetHealth", "(a{sv})", {})[0]["clock-offset"]


@pytest.mark.parametrize("wrong", [2 * HOUR, -2 * HOUR, since_1970()], ids=["ahead", "behind", "1970"])
@pytest.mark.parametrize("websocket", ["true", "false"], ids=["socket", "polling"])
def test_wrong_clock(server, teacher, desk, wrong, websocket):
    desktop = desk(server.url, wrapper=wrong_by(wrong), Server_websocket=websocket)
    state = "live" if websocket == "true" else "polling"
    desktop.sign_in()
    desktop.wait_state(state)
    assert abs(offset(desktop) / 1000 + wrong) < 20

    # Tokens of before a restart have an age that only the server's clock tells.
    desktop.stop()
    desktop.start()
    desktop.wait_state(state)
    row = teacher.create("announcements", title="Now", content="…", category="umum")
    until(lambda: row["id"] in desktop.cached("announcement"), what="the row")
    statistics = desktop.statistics()
    assert statistics["refreshes"] <= 1
    assert statistics["connects"] <= 2
    assert desktop.state() == state and desktop.account() == "signed-in"
