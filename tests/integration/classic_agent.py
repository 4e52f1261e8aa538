# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of the agent at the existing system have in common."""

import json
from collections import Counter

from labsync_testing import INTERFACE, App, until


class Witness(App):
    """An app that subscribes to everything, and notes each state of the connection."""

    def __init__(self, desktop, **options):
        super().__init__(desktop.address, **options)
        self.states = []  # (state, reason)
        self.connection.signal_subscribe(
            None, INTERFACE + "Connection", "StateChanged", None, None, 0,
            lambda *signal: self.states.append(signal[5].unpack()[1:]),
        )

    def told(self):
        """How often each thing was told: {(type, id): 1}."""
        return Counter((event.type, event.entity_id) for event in self.events)

    def wait_told(self, *expected, seconds=15):
        """Waits until all of these (type, id) were told."""
        self.until(
            lambda: set(expected) <= set(self.told()), seconds, lambda: f"{set(expected) - set(self.told())} told"
        )

    def wait_state(self, state, reason=None, seconds=15):
        """Waits for a state that has been entered since forget_states()."""
        self.until(
            lambda: any(seen == state and reason in (None, why) for seen, why in self.states), seconds,
            lambda: f"{state}/{reason} (seen: {self.states})",
        )

    def forget_states(self):
        self.until(lambda: True)
        self.states.clear()


def polls(school):
    """How many polls were answered well."""
    return len(school.requests(path="/api/updates", status=200))


def wait_polls(school, count=2, seconds=15):
    """Lets that many polls begin and be answered."""
    enough = polls(school) + count + 1  # one may be under way
    until(lambda: polls(school) >= enough, seconds, f"{enough} polls")


def status(desktop):
    """What `labsyncctl status` says, and its exit code."""
    result = desktop.ctl("status", "--json")
    return json.loads(result.out), result.code
