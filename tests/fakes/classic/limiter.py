# SPDX-License-Identifier: LGPL-2.1-or-later
"""The rate limit: one list of times for each address, whatever the request; only the threshold differs."""

from dataclasses import dataclass

from .clock import iso


@dataclass
class Verdict:
    """What the limiter says about one request."""

    allowed: bool
    limit: int
    remaining: int
    reset: int  # ms; when the oldest request leaves the window
    retry_after: int  # s

    def headers(self):
        lines = [
            ("X-RateLimit-Limit", str(self.limit)),
            ("X-RateLimit-Remaining", str(self.remaining)),
            ("X-RateLimit-Reset", iso(self.reset)),
        ]
        return lines if self.allowed else [*lines, ("Retry-After", str(self.retry_after))]


def threshold(method, path):
    """How many requests a minute may have come before this one."""
    if path.startswith("/api/auth/"):
        return 5
    if path == "/api/files/upload":
        return 10
    if path == "/ws":
        return 30
    if path == "/api/email/send" or (path.startswith("/api/users") and method != "GET"):
        return 20
    return 100


class Limiter:
    """Counts allowed requests in the last minute, or another window in milliseconds."""

    def __init__(self, clock, window):
        self._clock = clock
        self._window = window
        self._times = {}

    def forget(self):
        self._times.clear()

    def check(self, address, method, path):
        now = self._clock.now()
        limit = threshold(method, path)
        times = [time for time in self._times.get(address, ()) if time > now - self._window]
        reset = (times[0] if times else now) + self._window
        allowed = len(times) < limit
        if allowed:
            times.append(now)
        self._times[address] = times
        return Verdict(allowed, limit, max(0, limit - len(times)), reset, -((now - reset) // 1000))
