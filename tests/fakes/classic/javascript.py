# SPDX-License-Identifier: LGPL-2.1-or-later
"""JSON and dates as the original's language reads and writes them."""

import calendar
import email.utils
import json
import math
import re

# ECMAScript's own form; the original's engine also takes a space for the T, and a lone date is UTC.
ISO_DATE = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:?\d\d)?)?)?)?"
)
SURROGATE = re.compile("[\ud800-\udfff]")
MAX_SAFE_INTEGER = 2**53


def _integer(digits):
    return int(digits) if len(digits) < 18 and abs(int(digits)) <= MAX_SAFE_INTEGER else float(digits)


def _refuse(name):
    raise ValueError(f"{name} is not JSON")


def parse_json(text):
    """JSON.parse(); text or the bytes of a body. Raises ValueError."""
    if isinstance(text, bytes):
        text = text.decode("utf-8-sig", "replace")
    try:
        return json.loads(text, parse_int=_integer, parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError("too deep") from error


def _plain(value):
    """JavaScript has one kind of number, and knows no infinity in JSON."""
    if isinstance(value, dict):
        return {key: _plain(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_plain(member) for member in value]
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return int(value) if value.is_integer() and abs(value) < 1e21 else value
    return value


def dump_json(value):
    """JSON.stringify() as UTF-8."""
    text = json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"))
    return SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", text).encode()


def well_formed(text):
    """As a string leaves the engine: halves of surrogate pairs are replaced."""
    return SURROGATE.sub("\ufffd", text)


def parse_date(text):
    """Date's constructor: milliseconds, or None for an invalid date."""
    match = ISO_DATE.fullmatch(text)
    if match:
        return _iso_date(*match.groups())
    if not re.match(r"[A-Za-z]{3}", text):
        return None
    parsed = email.utils.parsedate_tz(text)
    return email.utils.mktime_tz(parsed) * 1000 if parsed else None


def _iso_date(year, month, day, hour, minute, second, fraction, zone):
    fields = [int(field or initial) for field, initial in (
        (year, 1), (month, 1), (day, 1), (hour, 0), (minute, 0), (second, 0))]
    within = 1 <= fields[1] <= 12 and 1 <= fields[2] <= 31 and fields[3] <= 23 and max(fields[4:]) <= 59
    if not within:
        return None
    offset = 0
    if zone and zone != "Z":
        digits = zone[1:].replace(":", "")
        offset = (int(digits[:2]) * 60 + int(digits[2:])) * (-60 if zone[0] == "-" else 60)
    milliseconds = int((fraction or "").ljust(3, "0")[:3])
    return (calendar.timegm((*fields, 0, 0, 0)) - offset) * 1000 + milliseconds
