# SPDX-License-Identifier: LGPL-2.1-or-later
"""The database: the original's tables with its constraints and defaults, and nothing it does not have."""

import sqlite3
from pathlib import Path

PARAMETERS = 100  # a statement may have
# sqlite3.Warning is what two statements in one get.
FAILURES = (sqlite3.Error, sqlite3.Warning)
NOW = "TIMESTAMP DEFAULT CURRENT_TIMESTAMP"


def _one_of(column, *values):
    quoted = ", ".join(f"'{value}'" for value in values)
    return f"CHECK ({column} IN ({quoted}))"


def _to(table, on_delete=""):
    return f"REFERENCES {table} (id) {on_delete}"


OWNED = "ON DELETE CASCADE"
LOOSE = "ON DELETE SET NULL"
DAYS = ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu")

# The id is a text that may be NULL: SQLite allows that of a primary key, and the original stores such rows.
TABLES = {
    "users": f"""name TEXT NOT NULL, email TEXT UNIQUE NOT NULL, password_hash TEXT,
        role TEXT NOT NULL {_one_of("role", "admin", "teacher", "student", "parent")},
        extra_role TEXT CHECK (extra_role IN ('staff', 'osis', NULL)),
        status TEXT DEFAULT 'active' {_one_of("status", "active", "inactive")},
        created_at {NOW}, updated_at {NOW}""",
    "students": f"""user_id TEXT NOT NULL {_to("users", OWNED)}, nisn TEXT UNIQUE, nis TEXT UNIQUE,
        class TEXT, class_name TEXT, address TEXT, phone_number TEXT, parent_name TEXT, parent_phone TEXT,
        date_of_birth DATE, enrollment_date {NOW}""",
    "teachers": f"""user_id TEXT NOT NULL {_to("users", OWNED)}, nip TEXT UNIQUE, subjects TEXT,
        join_date {NOW}""",
    "subjects": "name TEXT NOT NULL, code TEXT UNIQUE NOT NULL, description TEXT, credit_hours INTEGER DEFAULT 2",
    "classes": f"""name TEXT UNIQUE NOT NULL, homeroom_teacher_id TEXT {_to("teachers", LOOSE)},
        academic_year TEXT NOT NULL, semester TEXT NOT NULL {_one_of("semester", "1", "2")}""",
    "schedules": f"""class_id TEXT NOT NULL {_to("classes", OWNED)},
        subject_id TEXT NOT NULL {_to("subjects", OWNED)}, teacher_id TEXT NOT NULL {_to("teachers", OWNED)},
        day_of_week TEXT NOT NULL {_one_of("day_of_week", *DAYS)},
        start_time TEXT NOT NULL, end_time TEXT NOT NULL, room TEXT""",
    "attendance": f"""student_id TEXT NOT NULL {_to("students", OWNED)},
        class_id TEXT NOT NULL {_to("classes", OWNED)}, date DATE NOT NULL,
        status TEXT NOT NULL {_one_of("status", "hadir", "sakit", "izin", "alpa")}, notes TEXT,
        recorded_by TEXT NOT NULL {_to("users")}, created_at {NOW}""",
    "grades": f"""student_id TEXT NOT NULL {_to("students", OWNED)},
        subject_id TEXT NOT NULL {_to("subjects", OWNED)}, class_id TEXT NOT NULL {_to("classes", OWNED)},
        academic_year TEXT NOT NULL, semester TEXT NOT NULL, assignment_type TEXT NOT NULL,
        assignment_name TEXT NOT NULL, score REAL NOT NULL CHECK (score BETWEEN 0 AND 100),
        max_score REAL DEFAULT 100, created_by TEXT NOT NULL {_to("users")}, created_at {NOW}""",
    "ppdb_registrants": f"""full_name TEXT NOT NULL, nisn TEXT UNIQUE NOT NULL, origin_school TEXT NOT NULL,
        parent_name TEXT NOT NULL, phone_number TEXT NOT NULL, email TEXT NOT NULL, address TEXT NOT NULL,
        registration_date {NOW},
        status TEXT DEFAULT 'pending' {_one_of("status", "pending", "approved", "rejected")},
        reviewed_by TEXT {_to("users", LOOSE)}, reviewed_at TIMESTAMP, notes TEXT""",
    "inventory": f"""item_name TEXT NOT NULL, category TEXT NOT NULL,
        quantity INTEGER NOT NULL CHECK (quantity >= 0),
        condition TEXT NOT NULL {_one_of("condition", "Baik", "Rusak Ringan", "Rusak Berat")},
        location TEXT NOT NULL, created_at {NOW}, updated_at {NOW},
        last_checked_by TEXT {_to("users", LOOSE)}""",
    "school_events": f"""event_name TEXT NOT NULL, description TEXT, date TIMESTAMP NOT NULL, location TEXT,
        status TEXT DEFAULT 'Upcoming' {_one_of("status", "Upcoming", "Ongoing", "Completed")},
        organizer TEXT NOT NULL, created_by TEXT NOT NULL {_to("users")}, created_at {NOW}""",
    "event_registrations": f"""event_id TEXT NOT NULL {_to("school_events", OWNED)}, student_id TEXT NOT NULL,
        student_name TEXT NOT NULL, student_class TEXT NOT NULL, registration_date {NOW},
        attendance_status TEXT DEFAULT 'registered'
        {_one_of("attendance_status", "registered", "attended", "absent")}, notes TEXT""",
    "event_budgets": f"""event_id TEXT NOT NULL {_to("school_events", OWNED)}, category TEXT NOT NULL,
        item_name TEXT NOT NULL, estimated_cost REAL NOT NULL, actual_cost REAL, quantity INTEGER DEFAULT 1,
        status TEXT DEFAULT 'planned' {_one_of("status", "planned", "approved", "purchased", "completed")},
        approved_by TEXT {_to("users", LOOSE)}, approved_at TIMESTAMP, notes TEXT, created_at {NOW}""",
    "event_photos": f"""event_id TEXT NOT NULL {_to("school_events", OWNED)}, photo_url TEXT NOT NULL,
        caption TEXT, uploaded_by TEXT NOT NULL {_to("users", LOOSE)}, uploaded_at {NOW}""",
    "event_feedback": f"""event_id TEXT NOT NULL {_to("school_events", OWNED)}, student_id TEXT NOT NULL,
        student_name TEXT NOT NULL, student_class TEXT NOT NULL,
        overall_rating INTEGER CHECK (overall_rating BETWEEN 1 AND 5),
        organization_rating INTEGER CHECK (organization_rating BETWEEN 1 AND 5),
        content_rating INTEGER CHECK (content_rating BETWEEN 1 AND 5),
        comments TEXT, would_recommend BOOLEAN, submitted_at {NOW}""",
    "e_library": f"""title TEXT NOT NULL, description TEXT, category TEXT NOT NULL, file_url TEXT NOT NULL,
        file_type TEXT NOT NULL, file_size INTEGER, subject_id TEXT {_to("subjects", LOOSE)},
        uploaded_by TEXT NOT NULL {_to("users", OWNED)}, uploaded_at {NOW}, download_count INTEGER DEFAULT 0""",
    "announcements": f"""title TEXT NOT NULL, content TEXT NOT NULL,
        category TEXT NOT NULL {_one_of("category", "umum", "akademik", "kegiatan", "keuangan")},
        target_audience TEXT, is_active BOOLEAN DEFAULT TRUE, created_by TEXT NOT NULL {_to("users", OWNED)},
        created_at {NOW}, expires_at TIMESTAMP""",
    "parent_student_relationship": f"""parent_id TEXT NOT NULL {_to("users", OWNED)},
        student_id TEXT NOT NULL {_to("students", OWNED)},
        relationship_type TEXT NOT NULL {_one_of("relationship_type", "ayah", "ibu", "wali")},
        is_primary_contact BOOLEAN DEFAULT TRUE, created_at {NOW}, UNIQUE (parent_id, student_id)""",
    "sessions": f"""user_id TEXT NOT NULL {_to("users", OWNED)}, token TEXT UNIQUE NOT NULL,
        expires_at TIMESTAMP NOT NULL, created_at {NOW}, last_accessed TIMESTAMP, ip_address TEXT,
        user_agent TEXT, is_revoked BOOLEAN DEFAULT FALSE, refresh_token TEXT, refresh_token_expires_at TEXT""",
}
# Tables whose updated_at is the database's own: whatever was supplied is lost at the first change.
STAMPED = ("users", "inventory")


class Database:
    """SQLite, in memory or in a directory; every statement is a transaction of its own."""

    def __init__(self, clock, faults, directory=None):
        self._faults = faults
        path = ":memory:"
        if directory:
            Path(directory).mkdir(parents=True, exist_ok=True)
            path = str(Path(directory) / "school.db")
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, PARAMETERS)
        # SQLite's own function of that name, so that defaults and triggers follow our clock too.
        self._connection.create_function("current_timestamp", 0, clock.sqlite)
        # What was committed survives a kill; a power cut is nobody's business here.
        self._connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA foreign_keys = ON")
        for name, columns in TABLES.items():
            self._connection.execute(f"CREATE TABLE IF NOT EXISTS {name} (id TEXT PRIMARY KEY, {columns})")
        for name in STAMPED:
            self._connection.execute(
                f"CREATE TRIGGER IF NOT EXISTS {name}_changed AFTER UPDATE ON {name} BEGIN "
                f"UPDATE {name} SET updated_at = CURRENT_TIMESTAMP WHERE id = new.id; END"
            )

    def close(self):
        self._connection.close()

    def empty(self):
        self._connection.execute("PRAGMA foreign_keys = OFF")
        for name in TABLES:
            self._connection.execute(f"DELETE FROM {name}")
        self._connection.execute("PRAGMA foreign_keys = ON")

    def run(self, sql, *parameters):
        """The rows of one statement as dictionaries. Raises sqlite3.Error."""
        return [dict(row) for row in self._connection.execute(sql, parameters)]

    def query(self, table, sql, *parameters):
        """Like run(), about a table whose failure can be asked for."""
        if self._faults.breaks(table):
            raise sqlite3.OperationalError(f"no such table: {table}")
        return self.run(sql, *parameters)

    def has_column(self, table, column):
        return any(row["name"] == column for row in self.run(f"PRAGMA table_info({table})"))
