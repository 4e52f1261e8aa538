# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the stand-in can do that the original never does. All of it is off until somebody asks."""

from dataclasses import dataclass
from typing import Optional

FLAG, NUMBER, TEXT = "flag", "number", "text"

# name: kind of its value, what it is when none is given. tests/README.md says what each one does.
KNOWN = {
    "slow": (NUMBER, 300),
    "silence": (FLAG, True),
    "status": (NUMBER, 503),
    "redirect": (TEXT, ""),
    "lost-answer": (FLAG, True),
    "cut": (FLAG, True),
    "truncated-json": (FLAG, True),
    "json": (TEXT, '{"success":tru'),
    "content-type": (TEXT, "text/html"),
    "huge": (NUMBER, 2 << 20),
    "conflict": (NUMBER, 2),
    "db": (TEXT, "*"),
    "refuse-upgrade": (NUMBER, 403),
    "clock": (NUMBER, 0),
    "clock-stopped": (FLAG, True),
    "push": (FLAG, True),
    "push-twice": (FLAG, True),
    "push-late": (NUMBER, 300),
    "push-swapped": (FLAG, True),
    "close-at-expiry": (NUMBER, 4001),
    "pings": (NUMBER, 30000),
}


@dataclass
class Fault:
    """One fault that is on, and what it is limited to."""

    name: str
    value: object
    path: str = ""  # the beginning of a path; empty: any
    method: str = ""  # empty: any
    count: Optional[int] = None  # how often it still strikes; None: always

    def concerns(self, path, method):
        return path.startswith(self.path) and self.method in ("", method)


def _value(name, value):
    kind, initial = KNOWN[name]
    if value is None or (kind == FLAG and value is True):
        return initial
    if kind == NUMBER:
        return int(value)
    if kind == TEXT and isinstance(value, str):
        return value
    raise ValueError(f"{name}: {value!r} is no {kind}")


class Faults:
    """The faults that are on."""

    def __init__(self, on_change=lambda: None):
        self._faults = []
        self.on_change = on_change

    def set(self, name, value=None, path="", method="", count=None):
        """Turns one on; a second one of the same name and scope takes its place."""
        if name not in KNOWN:
            raise ValueError(f"{name}: no such fault")
        fault = Fault(name, _value(name, value), str(path), str(method), count if count is None else int(count))
        same = (name, path, method, fault.value if name == "db" else None)
        self._faults = [
            other for other in self._faults
            if (other.name, other.path, other.method, other.value if name == "db" else None) != same
        ] + [fault]
        self.on_change()

    def set_option(self, text):
        """NAME[@PATH][=VALUE], as on the command line."""
        scope, _, value = text.partition("=")
        name, _, path = scope.partition("@")
        self.set(name, value or None, path)

    def clear(self, name=None):
        """Turns off those of one name, or all."""
        self._faults = [fault for fault in self._faults if name not in (None, fault.name)]
        self.on_change()

    def active(self):
        return [vars(fault) for fault in self._faults]

    def find(self, name, path="", method=""):
        """The fault, without using it up."""
        for fault in self._faults:
            if fault.name == name and fault.concerns(path, method):
                return fault
        return None

    def strike(self, name, path="", method=""):
        """The fault, which has struck once more."""
        fault = self.find(name, path, method)
        if fault and fault.count is not None:
            fault.count -= 1
            if fault.count <= 0:
                self._faults.remove(fault)
        return fault

    def value(self, name, otherwise=None):
        """The value of a fault that has no scope."""
        fault = self.find(name)
        return fault.value if fault else otherwise

    def breaks(self, table):
        """Whether the database fails for a table."""
        return any(fault.name == "db" and fault.value in ("*", table) for fault in self._faults)
