# SPDX-License-Identifier: LGPL-2.1-or-later
"""GET /api/updates, the original's poll."""

from .clock import iso
from .data import FAILURES
from .http import success, unauthorized
from .javascript import parse_date

# In this order; the type never says anything else.
TYPES = {
    "grades": "grade_updated",
    "attendance": "attendance_updated",
    "announcements": "announcement_updated",
    "e_library": "library_material_updated",
    "school_events": "event_updated",
    "users": "user_status_changed",
}


class Updates:
    """Answers polls. It looks at the token alone, not at its session."""

    def __init__(self, clock, database, auth):
        self._clock = clock
        self._database = database
        self._auth = auth

    def respond(self, request):
        payload = self._auth.bearer(request)
        if payload is None:
            return unauthorized()
        text = request.headers.get("if-modified-since", "").strip()
        since = parse_date(text) if text else 0
        updates = []
        for table in TYPES:
            try:
                updates += [self._update(table, row, payload) for row in self._rows(table, since)]
            except (*FAILURES, ValueError):
                continue  # a table that fails is left out, without a word
        return success({"updates": updates}, "Updates retrieved")

    def _rows(self, table, since):
        if not self._database.has_column(table, "updated_at"):
            return self._database.query(table, f"SELECT * FROM {table} LIMIT 100")
        if since is None:
            raise ValueError("no date")
        # Texts are compared: 2026-11-23 09:00:00 is less than 2026-11-23T00:00:00.000Z.
        return self._database.query(table, f"SELECT * FROM {table} WHERE updated_at > ?", iso(since))

    def _update(self, table, row, payload):
        return {
            "type": TYPES[table],
            "entity": table.replace("_", ""),
            "entityId": row["id"],
            "data": row,
            "timestamp": row.get("updated_at") or self._clock.iso(),
            "userRole": payload.get("role"),
            "userId": payload.get("user_id"),
        }
