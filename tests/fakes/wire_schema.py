# SPDX-License-Identifier: LGPL-2.1-or-later
"""Checks text from the wire against the schemas in dbus/wire/."""

import functools
import json
import pathlib

import jsonschema

WIRE_DIR = pathlib.Path(__file__).resolve().parents[2] / "dbus" / "wire"
SUFFIX = ".schema.json"


class WireError(Exception):
    """A text that does not follow its schema."""


def kinds():
    """The names of all schemas but the common one."""
    names = {path.name[: -len(SUFFIX)] for path in WIRE_DIR.glob("*" + SUFFIX)}
    return sorted(names - {"common"})


@functools.lru_cache(maxsize=None)
def _schema(name):
    return json.loads((WIRE_DIR / name).read_text(encoding="utf-8"))


@functools.lru_cache(maxsize=None)
def _validator(kind):
    schema = _schema(kind + SUFFIX)
    store = {path.name: _schema(path.name) for path in WIRE_DIR.glob("*" + SUFFIX)}
    validator = jsonschema.validators.validator_for(schema)
    validator.check_schema(schema)
    return validator(schema, resolver=jsonschema.RefResolver(kind + SUFFIX, schema, store=store))


def _refuse_constant(name):
    raise WireError(f"{name} is not JSON")


def _unique_members(pairs):
    members = dict(pairs)
    if len(members) != len(pairs):
        raise WireError("a member occurs twice")
    return members


def parse(text):
    """Reads a JSON document (str or bytes), more strictly than Python does by itself."""
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8")
        return json.loads(
            text, parse_constant=_refuse_constant, object_pairs_hook=_unique_members
        )
    except ValueError as error:
        raise WireError(f"not JSON: {error}") from error


def validate(kind, text):
    """Returns the parsed document; raises WireError if it does not follow the schema of kind."""
    document = parse(text)
    error = jsonschema.exceptions.best_match(_validator(kind).iter_errors(document))
    if error is not None:
        raise WireError(f"{kind}: {error.json_path}: {error.message}")
    return document


def frame_kind(text):
    """The schema that a WebSocket frame has to follow, by its type."""
    document = parse(text)
    name = document.get("type") if isinstance(document, dict) else None
    if name in _schema("common" + SUFFIX)["$defs"]["eventType"]["enum"]:
        return "event"
    if name not in kinds():
        raise WireError(f"no message of type {name!r}")
    return name


def validate_frame(text):
    """Like validate(), for a WebSocket frame of any kind."""
    return validate(frame_kind(text), text)
