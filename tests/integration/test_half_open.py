# SPDX-License-Identifier: LGPL-2.1-or-later
"""A link that is dead without saying so: noticed within 9 s with an app attached, 35 s idle."""

import subprocess
import time

import pytest

from labsync_testing import INTERFACE, Server

WITH_APP, IDLE = 9, 35


def time_to_notice(desktop, limit, break_it):
    """Seconds from breaking the link until the agent says that it is not live any more."""
    left = []
    subscription = desktop.bus.connection.signal_subscribe(
        None, INTERFACE + "Connection", "StateChanged", None, None, 0,
        lambda *_: left.append(time.monotonic()),
    )
    break_it()
    start = time.monotonic()
    desktop.bus.until(lambda: left, limit + 10, "noticing")
    desktop.bus.connection.signal_unsubscribe(subscription)
    return left[0] - start


@pytest.mark.parametrize("attached, limit", [(True, WITH_APP), (False, IDLE)])
def test_a_server_that_stopped(server, desktop, attached, limit):
    app = desktop.app("grade_updated") if attached else None
    took = time_to_notice(desktop, limit, server.freeze)
    print(f"stopped server, {'an app attached' if attached else 'idle'}: noticed after {took:.2f} s of {limit} s")
    server.thaw()
    if app:
        app.close()
    assert took <= limit
    desktop.wait_state("live", seconds=30)


@pytest.fixture
def far_away(directory, world, namespace):
    """A server in a network namespace of its own, and what cuts the way to it without a word."""
    server = world.enter_context(Server(directory / "far", host=namespace.address, wrapper=namespace.inside))

    def drop():
        rules = (
            "table inet cut {\n  chain in {\n    type filter hook input priority 0\n"
            f'    iifname "{namespace.device}" drop\n  }}\n}}\n'
        )
        done = subprocess.run(
            [*namespace.inside, "nft", "-f", "-"], input=rules, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr

    return server, drop


@pytest.mark.parametrize("attached, limit", [(True, WITH_APP), (False, IDLE)])
def test_a_way_that_drops_everything(desk, far_away, attached, limit):
    server, drop = far_away
    desktop = desk(server.url, Server_allow_insecure="true")
    desktop.sign_in()
    desktop.wait_state("live")
    app = desktop.app("grade_updated") if attached else None
    took = time_to_notice(desktop, limit, drop)
    print(f"dropped packets, {'an app attached' if attached else 'idle'}: noticed after {took:.2f} s of {limit} s")
    if app:
        app.close()
    assert took <= limit
