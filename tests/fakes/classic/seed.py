# SPDX-License-Identifier: LGPL-2.1-or-later
"""The demonstration school: the people and rows of labsync-server's --seed-demo."""

import hashlib

PASSWORD = "demo"
YEAR = "2026/2027"
CLASS = "X IPA 1"


def _grade(number, student, score):
    return dict(
        id=f"grade-{number}", student_id=student, subject_id="subject-1", class_id="class-1", academic_year=YEAR,
        semester="1", assignment_type="tugas", assignment_name="Aljabar 1", score=score, created_by="demo-teacher",
    )


def _user(name, full_name, role, **more):
    return dict(
        id=f"demo-{name}", name=full_name, email=f"{name}@demo.test", role=role,
        password_hash=hashlib.sha256(PASSWORD.encode()).hexdigest(), **more,
    )


ROWS = (
    ("users", _user("admin", "Budi Santoso", "admin")),
    ("users", _user("teacher", "Siti Rahayu", "teacher")),
    ("users", _user("student", "Andi Wijaya", "student", extra_role="osis")),
    ("users", _user("student2", "Dewi Lestari", "student")),
    ("users", _user("parent", "Hasan Wijaya", "parent")),
    ("teachers", dict(id="teacher-1", user_id="demo-teacher", nip="198001012005012001", subjects="Matematika")),
    ("subjects", dict(id="subject-1", name="Matematika", code="MTK")),
    ("subjects", dict(id="subject-2", name="Fisika", code="FIS")),
    ("classes", dict(id="class-1", name=CLASS, homeroom_teacher_id="teacher-1", academic_year=YEAR, semester="1")),
    ("students", {
        "id": "student-1", "user_id": "demo-student", "nisn": "0101010101", "nis": "1001", "class": "class-1",
        "class_name": CLASS,
    }),
    ("students", {
        "id": "student-2", "user_id": "demo-student2", "nisn": "0202020202", "nis": "1002", "class": "class-1",
        "class_name": CLASS,
    }),
    ("schedules", dict(
        id="schedule-1", class_id="class-1", subject_id="subject-1", teacher_id="teacher-1", day_of_week="Senin",
        start_time="07:00", end_time="08:30", room="Lab 1",
    )),
    ("parent_student_relationship", dict(
        id="relationship-1", parent_id="demo-parent", student_id="student-1", relationship_type="ayah",
    )),
    ("grades", _grade(1, "student-1", 85)),
    ("grades", _grade(2, "student-2", 92.5)),
    ("attendance", dict(
        id="attendance-1", student_id="student-1", class_id="class-1", date="2026-11-23", status="hadir",
        recorded_by="demo-teacher",
    )),
    ("attendance", dict(
        id="attendance-2", student_id="student-2", class_id="class-1", date="2026-11-23", status="izin",
        notes="Acara keluarga", recorded_by="demo-teacher",
    )),
    ("announcements", dict(
        id="announcement-1", title="Selamat datang", content="Tahun ajaran baru dimulai.", category="umum",
        created_by="demo-admin",
    )),
    ("announcements", dict(
        id="announcement-2", title="Rapat guru", content="Ruang guru, pukul 13.00.", category="akademik",
        target_audience='["teacher"]', created_by="demo-admin",
    )),
    ("e_library", dict(
        id="material-1", title="Modul Aljabar", category="modul", file_url="https://demo.test/aljabar.pdf",
        file_type="pdf", file_size=120000, subject_id="subject-1", uploaded_by="demo-teacher",
    )),
    ("school_events", dict(
        id="event-1", event_name="Pekan Olahraga", date="2026-12-07", location="Lapangan", organizer="OSIS",
        created_by="demo-admin",
    )),
)


def seed(database):
    """Fills the school, unless it has been before."""
    if database.run("SELECT 1 FROM users WHERE id = 'demo-admin'"):
        return
    for table, row in ROWS:
        columns, marks = ", ".join(row), ", ".join("?" * len(row))
        database.run(f"INSERT INTO {table} ({columns}) VALUES ({marks})", *row.values())
