# SPDX-License-Identifier: LGPL-2.1-or-later
"""The existing system sends everybody's rows to everybody: what an agent there keeps of them, and on its disk."""

import json

import pytest

from classic_agent import Witness, wait_polls
from labsync_testing import seed, until
from school import ROLES, ClassicSchool

ENTITIES = ("grade", "attendance", "announcement", "library_material", "event")
MEMBERS = ("id", "name", "role", "email")


@pytest.fixture
def school(classic):
    return ClassicSchool(classic, seed())


def on_disk(desktop):
    """Whatever the agent has written anywhere."""
    return b"".join(path.read_bytes() for path in desktop.home.rglob("*") if path.is_file())


def check_disk(desktop, school, user):
    disk = on_disk(desktop)
    for secret in ("password_hash", *(row["password_hash"] for row in school.server.sql("SELECT * FROM users"))):
        assert secret.encode() not in disk, secret
    for entity in ENTITIES:
        expected = school.expected(user, entity)
        written = {row_id for row_id in school.rows[entity] if f'"id":"{row_id}"'.encode() in disk}
        assert written == expected, f"{user.id}, {entity}: too much {written - expected}"
    for other in school.users.values():
        seen = school.sees_of(user, other)
        assert (f"Name of {other.id}".encode() in disk) == ("name" in seen), (user.id, other.id)
        assert (other.email.encode() in disk) == ("email" in seen), (user.id, other.id)


def people(desktop):
    """Which members are known of whom."""
    rows = {row_id: json.loads(data) for row_id, (_, data) in desktop.seen("user").items()}
    return {row_id: [name for name in MEMBERS if name in row] for row_id, row in rows.items()}


@pytest.mark.parametrize("role", ROLES)
def test_one_has_what_one_may_see(school, desk, world, role):
    user = school.of(role)[0]
    school.write()
    desktop = desk(school.server.url)
    desktop.sign_in(user.email)
    desktop.wait_state("live")
    witness = Witness(desktop)
    world.callback(witness.close)
    before = {entity: set(school.rows[entity]) for entity in ENTITIES}
    school.write()
    for entity in ENTITIES:
        until(
            lambda entity=entity: desktop.seen(entity).keys() & school.rows[entity].keys()
            == school.expected(user, entity), 15, f"{user.id}: {entity} as expected",
        )
    assert {row_id: found for row_id, found in people(desktop).items() if row_id in school.users} == {
        other.id: school.sees_of(user, other) for other in school.users.values() if school.sees_of(user, other)
    }
    wait_polls(school.server)
    expected = {row_id for entity in ENTITIES for row_id in school.expected(user, entity) - before[entity]}
    witness.until(lambda: len(witness.events) >= len(expected), what="as many events")
    assert sorted(row_id for _, row_id in witness.told().elements()) == sorted(expected)

    # Neither now, in whatever SQLite keeps beside its file, nor at rest.
    check_disk(desktop, school, user)
    assert desktop.stop() == 0
    check_disk(desktop, school, user)
