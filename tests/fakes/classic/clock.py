# SPDX-License-Identifier: LGPL-2.1-or-later
"""The one place that the stand-in has its time from."""

import time
from datetime import datetime, timezone


class Clock:
    """Milliseconds since the epoch; a test may move it and stop it."""

    def __init__(self):
        self.offset = 0
        self._stopped_at = None

    @staticmethod
    def _real():
        return time.time_ns() // 1_000_000

    def stop(self, stopped):
        """While it is stopped, only a new offset moves it."""
        if not stopped:
            self._stopped_at = None
        elif self._stopped_at is None:
            self._stopped_at = self._real()

    def now(self):
        base = self._real() if self._stopped_at is None else self._stopped_at
        return base + self.offset

    def seconds(self):
        return self.now() // 1000

    def iso(self):
        return iso(self.now())

    def sqlite(self):
        """What SQLite's CURRENT_TIMESTAMP says: UTC without a zone."""
        return datetime.fromtimestamp(self.seconds(), timezone.utc).strftime("%Y-%m-%d %H:%M:%S")


def iso(milliseconds):
    """As JavaScript's toISOString()."""
    moment = datetime.fromtimestamp(milliseconds // 1000, timezone.utc)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03}Z"
