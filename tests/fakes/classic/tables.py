# SPDX-License-Identifier: LGPL-2.1-or-later
"""GET, POST, PUT and DELETE of the original's tables: no paging, no filters, no roles, no versions."""

import uuid

from .http import answer, error, guarded, success, unauthorized
from .javascript import parse_json, well_formed

NAMES = (
    "users", "ppdb_registrants", "inventory", "school_events", "event_registrations", "event_budgets",
    "event_photos", "event_feedback", "students", "teachers", "subjects", "classes", "schedules", "grades",
    "attendance", "e_library", "announcements",
)
WRITES = ("POST", "PUT", "DELETE")


def _bindable(value):
    """A value as it gets into the database; it refuses lists and objects by itself."""
    return well_formed(value) if isinstance(value, str) else value


def _object(request):
    document = parse_json(request.body)
    return document if isinstance(document, dict) else {}


class Tables:
    """The requests to /api/TABLE. on_write (method, table, row before, row after, payload) is told of each write."""

    def __init__(self, database, auth, faults, on_write):
        self._database = database
        self._auth = auth
        self._faults = faults
        self._on_write = on_write

    @guarded
    def respond(self, table, request):
        payload = self._auth.authenticate(request)
        if payload is None:
            return unauthorized()
        conflict = request.method in WRITES and self._faults.strike("conflict", request.path, request.method)
        if conflict:
            return answer(409, {"success": False, "version": conflict.value})
        return self._act(table, request, payload)

    def _act(self, table, request, payload):
        row_id = request.path.rsplit("/", 1)[-1]
        if row_id == table:
            row_id = ""
        if request.method == "GET":
            return self._get(table, row_id)
        if request.method == "POST":
            return self._create(table, request, payload)
        if request.method not in WRITES:
            return error(405, "Metode tidak didukung")
        if not row_id:
            return error(400, "ID diperlukan")
        if request.method == "PUT":
            return self._update(table, row_id, request, payload)
        return self._delete(table, row_id, payload)

    def _row(self, table, row_id):
        rows = self._database.query(table, f"SELECT * FROM {table} WHERE id IS ?", row_id)
        return rows[0] if rows else None

    def _known(self, table, row_id):
        """A row that whoever is told of writes wants to see; the original has no such reader."""
        return self._row(table, row_id) if self._faults.find("push") else None

    def _get(self, table, row_id):
        if not row_id:
            return success(self._database.query(table, f"SELECT * FROM {table}"))
        row = self._row(table, row_id)
        return success(row) if row else error(404, "Data tidak ditemukan", 404)

    def _create(self, table, request, payload):
        row = {"id": str(uuid.uuid4()), **_object(request)}
        # As in the original, the names go into the statement as they came.
        columns, marks = ", ".join(row), ", ".join("?" * len(row))
        self._database.query(
            table, f"INSERT INTO {table} ({columns}) VALUES ({marks})", *map(_bindable, row.values())
        )
        self._on_write("POST", table, None, self._known(table, row["id"]), payload)
        return success(row, "Data berhasil dibuat", 201, wrote=True)

    def _update(self, table, row_id, request, payload):
        columns = _object(request)
        before = self._known(table, row_id)
        assignments = ", ".join(f"{name} = ?" for name in columns)
        self._database.query(
            table, f"UPDATE {table} SET {assignments} WHERE id = ?", *map(_bindable, columns.values()), row_id
        )
        self._on_write("PUT", table, before, self._known(table, columns.get("id", row_id)), payload)
        return success(columns, "Data berhasil diperbarui", wrote=True)

    def _delete(self, table, row_id, payload):
        before = self._known(table, row_id)
        self._database.query(table, f"DELETE FROM {table} WHERE id = ?", row_id)
        self._on_write("DELETE", table, before, None, payload)
        return success(None, "Data berhasil dihapus", wrote=True)
