# SPDX-License-Identifier: LGPL-2.1-or-later
"""The schemas of the wire and their examples agree with each other."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "fakes"))
import wire_schema  # noqa: E402

EXAMPLES = wire_schema.WIRE_DIR / "examples"
VALID = sorted(EXAMPLES.glob("*.json"))
INVALID = sorted((EXAMPLES / "invalid").glob("*.json"))
MESSAGES = {
    *("hello welcome events ping pong subscribe subscribed unsubscribe unsubscribed".split()),
    *("auth authenticated drain error disconnect".split()),
}


def kind_of(path):
    return path.name.split("-")[0]


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_valid_example_is_accepted(path):
    kind = kind_of(path)
    wire_schema.validate(kind, path.read_bytes())
    if kind in MESSAGES | {"event"}:
        assert wire_schema.frame_kind(path.read_bytes()) == kind


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_invalid_example_is_refused(path):
    with pytest.raises(wire_schema.WireError):
        wire_schema.validate(kind_of(path), path.read_bytes())


@pytest.mark.parametrize("kind", wire_schema.kinds())
def test_every_kind_has_examples_of_both_sorts(kind):
    assert kind in {kind_of(path) for path in VALID}
    assert kind in {kind_of(path) for path in INVALID}


def test_every_message_has_a_schema():
    others = {"event", "updates", "snapshot", "checksum", "session", "failure", "accepted", "refused"}
    assert set(wire_schema.kinds()) == MESSAGES | others


@pytest.mark.parametrize("text", ["", "{", "[1]x", '{"a":1,"a":2}', "NaN", b"\xff", "[]", "3"])
def test_what_is_no_frame_is_refused(text):
    with pytest.raises(wire_schema.WireError):
        wire_schema.validate_frame(text)
