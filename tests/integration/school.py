# SPDX-License-Identifier: LGPL-2.1-or-later
"""A generated school, and an independent list of who sees what in it.

The list is written from the protocol's table (dbus/PROTOCOL.md, "Who sees and writes what") in terms
of this file's own records; nothing in it comes from the server.
"""

import hashlib
import json
import random
from dataclasses import dataclass, field

TABLES = {
    "grade": "grades",
    "attendance": "attendance",
    "announcement": "announcements",
    "library_material": "e_library",
    "event": "school_events",
    "user": "users",
    "message": "messages",
    "conversation": "conversations",
    "notification": "notifications",
}
# Made with the users before anybody looks; the others are what the writers add.
ROLES = ("admin", "teacher", "student", "parent")


@dataclass
class User:
    id: str
    role: str
    person_id: str = ""  # of the teachers or students table
    class_id: str = ""
    classes: set = field(default_factory=set)  # taught: schedule or homeroom
    children: set = field(default_factory=set)  # students' ids

    @property
    def email(self):
        return f"{self.id}@school.test"


class School:
    """3 classes, 4 teachers (one without a class), 6 students, 3 parents, a second admin; a student of the
    students' council and a parent of the staff, who write more than others, and see no more."""

    def __init__(self, server, seed):
        self.chance = random.Random(seed)
        self.server = server
        self.admin = server.person("admin@demo.test")
        self.users = {}
        self.rows = {entity: {} for entity in TABLES}
        self._people()
        self._sessions = {}

    def person(self, user):
        if user.id not in self._sessions:
            self._sessions[user.id] = self.server.person(user.email)
        return self._sessions[user.id]

    def of(self, role):
        return [user for user in self.users.values() if user.role == role]

    def _user(self, user_id, role, extra_role=None, **links):
        user = User(user_id, role, **links)
        self._sign_up(
            id=user_id, name=f"Name of {user_id}", email=user.email, role=role, extra_role=extra_role
        )
        self.users[user_id] = user
        return user

    def _sign_up(self, **columns):
        self.admin.create("users", **columns, password="demo")

    def _relate(self, parent_id, child):
        self.admin.create(
            "parent_student_relationship", parent_id=parent_id, student_id=child, relationship_type="ibu"
        )

    def _people(self):
        create = self.admin.create
        self._user("g-admin", "admin")
        teachers = [self._user(f"g-teacher{n}", "teacher", person_id=f"g-t{n}") for n in range(4)]
        for teacher in teachers:
            create("teachers", id=teacher.person_id, user_id=teacher.id)
        create("subjects", id="g-subject", name="Geometry", code="GEO-G")
        for n in range(3):
            create(
                "classes", id=f"g-c{n}", name=f"Class G{n}", homeroom_teacher_id=teachers[n].person_id,
                academic_year="2026", semester="1",
            )
            teachers[n].classes.add(f"g-c{n}")
        # One class is taught by somebody beside its homeroom teacher.
        create(
            "schedules", id="g-schedule", class_id="g-c1", subject_id="g-subject",
            teacher_id=teachers[0].person_id, day_of_week="Senin", start_time="08:00", end_time="09:00",
        )
        teachers[0].classes.add("g-c1")
        for n in range(6):
            student = self._user(f"g-student{n}", "student", person_id=f"g-s{n}", class_id=f"g-c{n % 3}")
            create("students", id=student.person_id, user_id=student.id, **{"class": student.class_id})
        for n in range(3):
            parent = self._user(f"g-parent{n}", "parent")
            children = [f"g-s{n}"] + ([f"g-s{n + 3}"] if n == 0 else [])
            for child in children:
                self._relate(parent.id, child)
                parent.children.add(child)
        osis = self._user("g-osis", "student", extra_role="osis", person_id="g-so", class_id="g-c0")
        create("students", id=osis.person_id, user_id=osis.id, **{"class": osis.class_id})
        self._user("g-staff", "parent", extra_role="staff")

    def _add(self, who, entity, **columns):
        row_id = f"g-{entity}{len(self.rows[entity])}"
        self._write_row(who, entity, {"id": row_id, **columns})
        self.rows[entity][row_id] = {**columns, "author": who.id}

    def _write_row(self, who, entity, row):
        self.person(who).create(TABLES[entity], **row)

    def write(self):
        """What happens at a school in a day: rows of every kind, by those who may make them."""
        students, teachers = self.of("student"), self.of("teacher")
        for student in students:
            taught = [teacher for teacher in teachers if student.class_id in teacher.classes]
            author = self.chance.choice([*taught, self.users["g-admin"]])
            place = {"student_id": student.person_id, "class_id": student.class_id}
            self._add(
                author, "grade", **place, subject_id="g-subject", academic_year="2026", semester="1",
                assignment_type="test", assignment_name="Circles", score=self.chance.randrange(101),
            )
            self._add(author, "attendance", **place, date="2026-11-23", status="hadir")
        audiences = (None, ["student"], ["parent"], ["teacher", "parent"], ["admin"])
        for audience in audiences:
            for active in (True, False):
                self._add(
                    self.chance.choice([*teachers, self.users["g-admin"]]), "announcement", title="News",
                    content="…", category="umum", target_audience=audience, is_active=active,
                )
        self._add(teachers[0], "library_material", title="Atlas", category="maps", file_url="/a.pdf", file_type="pdf")
        self._add(teachers[1], "event", event_name="Fair", date="2026-12-01", organizer="School")
        self._talk()

    def _talk(self):
        students, teachers = self.of("student"), self.of("teacher")
        pairs = [(teachers[0], students[0]), (teachers[1], self.of("parent")[1]), (teachers[2], teachers[3])]
        for first, second in pairs:
            self._add(first, "conversation", type="direct", members=[first.id, second.id])
            conversation = list(self.rows["conversation"])[-1]
            for writer in (first, second):
                self._add(writer, "message", conversation_id=conversation, message_type="text", content="hi")

    def expected(self, user, entity):
        """Ids of the generated rows that this user sees."""
        return {row_id for row_id, row in self.rows[entity].items() if getattr(self, f"_sees_{entity}")(user, row)}

    def _sees_schoolwork(self, user, row):
        return {
            "admin": lambda: True,
            "teacher": lambda: row["class_id"] in user.classes or row["author"] == user.id,
            "student": lambda: row["student_id"] == user.person_id,
            "parent": lambda: row["student_id"] in user.children,
        }[user.role]()

    _sees_grade = _sees_attendance = _sees_schoolwork

    def _sees_announcement(self, user, row):
        if user.role == "admin" or (user.role == "teacher" and row["author"] == user.id):
            return True
        return row["is_active"] and (row["target_audience"] is None or user.role in row["target_audience"])

    def _sees_library_material(self, user, _row):
        return user.role != "parent"

    def _sees_event(self, _user, _row):
        return True

    def _sees_conversation(self, user, row):
        return user.id in row["members"]

    def _sees_message(self, user, row):
        return user.id in self.rows["conversation"][row["conversation_id"]]["members"]


class ClassicSchool(School):
    """The same in the existing system, which has no messages, notes no authors by itself, and tells nobody whose
    parents somebody is."""

    AUTHORS = {
        "grade": "created_by", "attendance": "recorded_by", "announcement": "created_by",
        "library_material": "uploaded_by", "event": "created_by",
    }

    def _sign_up(self, **columns):
        self.admin.create("users", **columns, password_hash=hashlib.sha256(b"demo").hexdigest())

    def _relate(self, parent_id, child):
        self.server.sql(
            "INSERT INTO parent_student_relationship (id, parent_id, student_id, relationship_type) VALUES (?, ?, ?, ?)",
            f"{parent_id} {child}", parent_id, child, "ibu",
        )

    def _write_row(self, who, entity, row):
        columns = {**row, self.AUTHORS[entity]: who.id}
        if columns.get("target_audience"):
            columns["target_audience"] = json.dumps(columns["target_audience"])
        super()._write_row(who, entity, columns)

    def _talk(self):
        pass

    def _sees_schoolwork(self, user, row):
        return user.role != "parent" and super()._sees_schoolwork(user, row)

    _sees_grade = _sees_attendance = _sees_schoolwork

    def sees_of(self, user, other):
        """Which members of another's row somebody gets; none: not the row either."""
        members = {
            "admin": ["id", "name", "role", "email"],
            "teacher": ["id", "name", "role"] + ["email"] * (other.class_id in user.classes),
            "student": ["id", "name", "role"] * (other.role == "teacher" or other.class_id == user.class_id),
            "parent": ["id", "name"] * (other.role == "teacher"),
        }
        return ["id", "name", "role", "email"] if other is user else members[user.role]
