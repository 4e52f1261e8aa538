# SPDX-License-Identifier: LGPL-2.1-or-later
"""The events that the original only describes: what a write means to subscribers."""

ENTITIES = {
    "grades": "grade",
    "attendance": "attendance",
    "announcements": "announcement",
    "e_library": "library_material",
    "school_events": "event",
    "users": "user",
}
VERBS = {"POST": "created", "PUT": "updated", "DELETE": "deleted"}
# Verbs of their own, and changes that have no event in the original's list.
TYPES = {
    ("attendance", "POST"): "attendance_marked",
    ("attendance", "DELETE"): None,
    ("e_library", "POST"): "library_material_added",
    ("e_library", "DELETE"): None,
    ("users", "POST"): None,
    ("users", "DELETE"): None,
}


def _type(method, table, before, after):
    if table == "users" and method == "PUT":
        if before["role"] != after["role"]:
            return "user_role_changed"
        return "user_status_changed" if before["status"] != after["status"] else None
    return TYPES.get((table, method), f"{ENTITIES[table]}_{VERBS[method]}")


def event_of(method, table, before, after, payload, timestamp):
    """The documented event of a write, None for one that has none."""
    changed = before if method == "DELETE" else after
    if table not in ENTITIES or changed is None or (method == "PUT" and before is None):
        return None
    kind = _type(method, table, before, after)
    if kind is None:
        return None
    return {
        "type": kind,
        "entity": ENTITIES[table],
        "entityId": changed["id"],
        "data": {"id": changed["id"]} if method == "DELETE" else after,
        "timestamp": timestamp,
        "userRole": payload.get("role"),
        "userId": payload.get("user_id"),
    }
