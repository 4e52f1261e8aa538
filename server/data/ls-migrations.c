/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-migrations.h"

#include <inttypes.h>

#include "ls-i18n.h"
#include "ls-school-error.h"

/* "LSsc": tells our files from other SQLite databases. */
#define APPLICATION_ID 0x4c537363
#define PRAGMA_APPLICATION_ID "PRAGMA application_id = 0x4c537363"

/* clang-format off */

/* What every table has. A constraint is named after its column, so that its violation can be told
 * to the client by name. Tombstones keep their unique values: only living rows must differ. */
#define ID "id TEXT NOT NULL PRIMARY KEY"
#define KEPT                                                                                       \
  "version INTEGER NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, "           \
  "deleted_at INTEGER"
#define ONE_OF(column, list) "CONSTRAINT " column " CHECK (" column " IN (" list "))"
#define UNIQUE(table, column)                                                                      \
  "CREATE UNIQUE INDEX " table "_by_" column " ON " table " (" column ") WHERE deleted_at IS NULL;"
#define INDEX(table, column) "CREATE INDEX " table "_by_" column " ON " table " (" column ");"

/* Protocol, "Data". */
static const char people[] =
    "CREATE TABLE users (" ID ", name TEXT NOT NULL, email TEXT NOT NULL, password_hash TEXT, "
    "role TEXT NOT NULL " ONE_OF ("role", "'admin', 'teacher', 'student', 'parent'") ", "
    "extra_role TEXT " ONE_OF ("extra_role", "'staff', 'osis'") ", "
    "status TEXT NOT NULL " ONE_OF ("status", "'active', 'inactive'") ", " KEPT ");"
    UNIQUE ("users", "email")
    "CREATE TABLE teachers (" ID ", user_id TEXT NOT NULL REFERENCES users, nip TEXT, "
    "subjects TEXT, " KEPT ");"
    INDEX ("teachers", "user_id")
    "CREATE TABLE subjects (" ID ", name TEXT NOT NULL, code TEXT NOT NULL, " KEPT ");"
    UNIQUE ("subjects", "code")
    "CREATE TABLE classes (" ID ", name TEXT NOT NULL, homeroom_teacher_id TEXT REFERENCES teachers, "
    "academic_year TEXT NOT NULL, "
    "semester TEXT NOT NULL " ONE_OF ("semester", "'1', '2'") ", " KEPT ");"
    UNIQUE ("classes", "name") INDEX ("classes", "homeroom_teacher_id")
    "CREATE TABLE students (" ID ", user_id TEXT NOT NULL REFERENCES users, nisn TEXT, nis TEXT, "
    "class TEXT REFERENCES classes, class_name TEXT, address TEXT, phone_number TEXT, "
    "parent_name TEXT, parent_phone TEXT, date_of_birth TEXT, " KEPT ");"
    INDEX ("students", "user_id") INDEX ("students", "class")
    "CREATE TABLE schedules (" ID ", class_id TEXT NOT NULL REFERENCES classes, "
    "subject_id TEXT NOT NULL REFERENCES subjects, teacher_id TEXT NOT NULL REFERENCES teachers, "
    "day_of_week TEXT NOT NULL " ONE_OF ("day_of_week", "'Senin', 'Selasa', 'Rabu', 'Kamis', "
                                                        "'Jumat', 'Sabtu', 'Minggu'") ", "
    "start_time TEXT NOT NULL, end_time TEXT NOT NULL, room TEXT, " KEPT ");"
    INDEX ("schedules", "class_id") INDEX ("schedules", "teacher_id")
    "CREATE TABLE parent_student_relationship (" ID ", parent_id TEXT NOT NULL REFERENCES users, "
    "student_id TEXT NOT NULL REFERENCES students, relationship_type TEXT NOT NULL "
    ONE_OF ("relationship_type", "'ayah', 'ibu', 'wali'") ", " KEPT ");"
    INDEX ("parent_student_relationship", "parent_id")
    INDEX ("parent_student_relationship", "student_id");

static const char records[] =
    "CREATE TABLE grades (" ID ", student_id TEXT NOT NULL REFERENCES students, "
    "subject_id TEXT NOT NULL REFERENCES subjects, class_id TEXT NOT NULL REFERENCES classes, "
    "academic_year TEXT NOT NULL, semester TEXT NOT NULL " ONE_OF ("semester", "'1', '2'") ", "
    "assignment_type TEXT NOT NULL, assignment_name TEXT NOT NULL, "
    "score REAL NOT NULL CONSTRAINT score CHECK (score BETWEEN 0 AND 100), max_score REAL, "
    "created_by TEXT NOT NULL REFERENCES users, " KEPT ");"
    INDEX ("grades", "student_id") INDEX ("grades", "class_id")
    "CREATE TABLE attendance (" ID ", student_id TEXT NOT NULL REFERENCES students, "
    "class_id TEXT NOT NULL REFERENCES classes, date TEXT NOT NULL, "
    "status TEXT NOT NULL " ONE_OF ("status", "'hadir', 'sakit', 'izin', 'alpa'") ", notes TEXT, "
    "recorded_by TEXT NOT NULL REFERENCES users, " KEPT ");"
    INDEX ("attendance", "student_id") INDEX ("attendance", "class_id")
    "CREATE TABLE announcements (" ID ", title TEXT NOT NULL, content TEXT NOT NULL, "
    "category TEXT NOT NULL " ONE_OF ("category", "'umum', 'akademik', 'kegiatan', 'keuangan'") ", "
    "target_audience TEXT, is_active INTEGER NOT NULL, "
    "created_by TEXT NOT NULL REFERENCES users, expires_at INTEGER, " KEPT ");"
    "CREATE TABLE e_library (" ID ", title TEXT NOT NULL, description TEXT, category TEXT NOT NULL, "
    "file_url TEXT NOT NULL, file_type TEXT NOT NULL, file_size INTEGER, "
    "subject_id TEXT REFERENCES subjects, uploaded_by TEXT NOT NULL REFERENCES users, "
    "download_count INTEGER NOT NULL, " KEPT ");"
    "CREATE TABLE school_events (" ID ", event_name TEXT NOT NULL, description TEXT, "
    "date TEXT NOT NULL, location TEXT, "
    "status TEXT NOT NULL " ONE_OF ("status", "'Upcoming', 'Ongoing', 'Completed'") ", "
    "organizer TEXT NOT NULL, created_by TEXT NOT NULL REFERENCES users, " KEPT ");";

/* conversations.members is the truth; conversation_members is its index, kept by triggers. */
static const char talk[] =
    "CREATE TABLE conversations (" ID ", "
    "type TEXT NOT NULL " ONE_OF ("type", "'direct', 'group'") ", name TEXT, "
    "created_by TEXT NOT NULL REFERENCES users, members TEXT NOT NULL, " KEPT ");"
    "CREATE TABLE conversation_members (conversation_id TEXT NOT NULL REFERENCES conversations, "
    "user_id TEXT NOT NULL REFERENCES users, PRIMARY KEY (conversation_id, user_id)) WITHOUT ROWID;"
    INDEX ("conversation_members", "user_id")
    "CREATE TRIGGER conversation_started AFTER INSERT ON conversations BEGIN "
    "INSERT INTO conversation_members SELECT new.id, value FROM json_each (new.members); END;"
    "CREATE TRIGGER conversation_changed AFTER UPDATE OF members ON conversations BEGIN "
    "DELETE FROM conversation_members WHERE conversation_id = new.id;"
    "INSERT INTO conversation_members SELECT new.id, value FROM json_each (new.members); END;"
    "CREATE TABLE messages (" ID ", conversation_id TEXT NOT NULL REFERENCES conversations, "
    "sender_id TEXT NOT NULL REFERENCES users, recipient_id TEXT REFERENCES users, "
    "message_type TEXT NOT NULL "
    ONE_OF ("message_type", "'text', 'image', 'file', 'audio', 'video'") ", "
    "content TEXT NOT NULL, status TEXT, reply_to TEXT REFERENCES messages, read_at INTEGER, "
    KEPT ");"
    INDEX ("messages", "conversation_id")
    "CREATE TABLE notifications (" ID ", user_id TEXT NOT NULL REFERENCES users, "
    "title TEXT NOT NULL, body TEXT NOT NULL, type TEXT NOT NULL, read INTEGER NOT NULL, "
    KEPT ");"
    INDEX ("notifications", "user_id");

static const char log_and_sessions[] =
    "CREATE TABLE log (\"offset\" INTEGER PRIMARY KEY AUTOINCREMENT, type TEXT NOT NULL, "
    "entity_id TEXT NOT NULL, row_before TEXT, row_after TEXT, timestamp INTEGER NOT NULL, "
    "user_role TEXT NOT NULL, user_id TEXT NOT NULL, version INTEGER NOT NULL, action_id TEXT, "
    "recipient TEXT);"
    INDEX ("log", "timestamp")
    "CREATE TABLE past_viewers (user_id TEXT NOT NULL, until INTEGER NOT NULL, scope BLOB NOT NULL, "
    "PRIMARY KEY (user_id, until)) WITHOUT ROWID;"
    "CREATE TABLE sessions (id TEXT NOT NULL PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users, "
    "secret BLOB NOT NULL, refresh_hash TEXT NOT NULL, previous_hash TEXT, grace_until INTEGER, "
    "expires_at INTEGER NOT NULL, is_revoked INTEGER NOT NULL DEFAULT 0);"
    "CREATE UNIQUE INDEX sessions_by_refresh ON sessions (refresh_hash);"
    INDEX ("sessions", "previous_hash") INDEX ("sessions", "user_id")
    "CREATE TABLE meta (name TEXT NOT NULL PRIMARY KEY, value NOT NULL) WITHOUT ROWID;"
    "INSERT INTO meta VALUES ('floor', 0);";

/* Which entries belong together. What is older stands for itself. */
static const char transactions[] =
    "ALTER TABLE log ADD COLUMN txn INTEGER NOT NULL DEFAULT 0;"
    "UPDATE log SET txn = \"offset\" - 1;";

/* Whoever may see a few rows of a large table finds them by what ls-sight-rule.c asks for, in the
 * order of a snapshot, without looking at others. */
#define SEEN_BY(table, column)                                                                     \
  "CREATE INDEX " table "_seen_by_" column " ON " table " (" column ", id) "                       \
  "WHERE deleted_at IS NULL;"
#define INSTEAD_SEEN_BY(table, column)                                                             \
  "DROP INDEX " table "_by_" column ";" SEEN_BY (table, column)

static const char sight[] =
    INSTEAD_SEEN_BY ("grades", "student_id") INSTEAD_SEEN_BY ("grades", "class_id")
    SEEN_BY ("grades", "created_by")
    INSTEAD_SEEN_BY ("attendance", "student_id") INSTEAD_SEEN_BY ("attendance", "class_id")
    SEEN_BY ("attendance", "recorded_by")
    INSTEAD_SEEN_BY ("messages", "conversation_id")
    INSTEAD_SEEN_BY ("notifications", "user_id")
    SEEN_BY ("users", "role");

/* What actions came to, by their idempotency keys: see ls-actions.c. */
static const char actions[] =
    "CREATE TABLE actions (user_id TEXT NOT NULL REFERENCES users, key TEXT NOT NULL, "
    "request_hash TEXT NOT NULL, time INTEGER NOT NULL, outcome TEXT NOT NULL, message TEXT, "
    "field TEXT, row_id TEXT, row TEXT, version INTEGER NOT NULL, cursor TEXT, "
    "PRIMARY KEY (user_id, key));"
    INDEX ("actions", "time");

/* A session's refresh tokens are told apart by their generation, and signed (ls-refresh-token.c).
 * Nothing leads there from the hashes of before: everybody signs in again. */
static const char sessions[] =
    "DROP TABLE sessions;"
    "CREATE TABLE sessions (id TEXT NOT NULL PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users, "
    "network TEXT NOT NULL, generation INTEGER NOT NULL DEFAULT 0, "
    "grace_until INTEGER NOT NULL DEFAULT 0, expires_at INTEGER NOT NULL, "
    "is_revoked INTEGER NOT NULL DEFAULT 0);"
    INDEX ("sessions", "user_id");

/* Who did what: only added to, whatever the program may think of. */
static const char audit[] =
    "CREATE TABLE audit (id INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, "
    "kind TEXT NOT NULL, outcome TEXT NOT NULL, user_id TEXT, address TEXT, subject TEXT, "
    "version INTEGER NOT NULL, \"offset\" INTEGER NOT NULL, count INTEGER NOT NULL);"
    "CREATE INDEX audit_by_user_id ON audit (user_id) WHERE user_id IS NOT NULL;"
    "INSERT INTO meta VALUES ('audit_floor', 0);"
    "CREATE TRIGGER audit_stays BEFORE UPDATE ON audit BEGIN "
    "SELECT RAISE (ABORT, 'the audit is only added to'); END;"
    "CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit "
    "WHEN old.id > (SELECT value FROM meta WHERE name = 'audit_floor') BEGIN "
    "SELECT RAISE (ABORT, 'the audit is only added to'); END;";

/* Strangers are refused as often as they like: of that only the newest is kept. */
static const char strangers[] =
    "CREATE INDEX audit_of_strangers ON audit (user_id IS NULL, id) "
    "WHERE outcome <> 'ok' AND (user_id IS NULL OR kind = 'sign-in');"
    "INSERT INTO meta VALUES ('audit_strangers_floor', 0);"
    "DROP TRIGGER audit_is_kept;"
    "CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit "
    "WHEN old.id > (SELECT value FROM meta WHERE name = 'audit_floor') AND NOT "
    "(old.outcome <> 'ok' AND (old.user_id IS NULL OR old.kind = 'sign-in') AND "
    "old.id <= (SELECT value FROM meta WHERE name = 'audit_strangers_floor')) BEGIN "
    "SELECT RAISE (ABORT, 'the audit is only added to'); END;";

/* clang-format on */

/* One step for each version; what has been released is never edited. */
static const struct
{
  const char *scripts[4]; /* ends with NULL */
} steps[] = {
  { { people, records, talk } },
  { { log_and_sessions } },
  { { transactions } },
  { { sight } },
  { { actions } },
  { { sessions } },
  { { audit } },
  { { strangers } },
};

static gboolean
get_number (LsDatabase *database, const char *sql, gint64 *number, GError **error)
{
  g_autoptr (LsStatement) statement = ls_database_prepare (database, error, sql, "");
  gboolean row;

  if (statement == NULL || !ls_statement_step (statement, &row, error))
    return FALSE;

  *number = ls_statement_get_integer (statement, 0);
  return TRUE;
}

static gboolean
apply_step (LsDatabase *database, guint step, GError **error)
{
  g_autofree char *version = g_strdup_printf ("PRAGMA user_version = %u", step + 1);

  if (!ls_database_execute (database, "BEGIN IMMEDIATE", error))
    return FALSE;

  for (guint i = 0; steps[step].scripts[i] != NULL; i++)
    if (!ls_database_execute (database, steps[step].scripts[i], error))
      {
        g_prefix_error (error, _ ("Can’t bring the database to version %u: "), step + 1);
        ls_database_execute (database, "ROLLBACK", NULL);
        return FALSE;
      }

  if (ls_database_execute (database, version, error) &&
      ls_database_execute (database, "COMMIT", error))
    return TRUE;

  ls_database_execute (database, "ROLLBACK", NULL);
  return FALSE;
}

static gboolean
check_identity (gint64 application_id, gint64 version, GError **error)
{
  if (application_id != APPLICATION_ID && (application_id != 0 || version != 0))
    g_set_error (error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_STORAGE,
                 _ ("This is the database of another program"));
  else if (version > (gint64)G_N_ELEMENTS (steps))
    g_set_error (error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_NEWER,
                 _ ("The database has version %" PRId64 ", this program knows up to %u"), version,
                 (guint)G_N_ELEMENTS (steps));
  else
    return TRUE;

  return FALSE;
}

/**
 * ls_migrations_apply:
 * @database: the school's database, new or of any version
 * @error: return location for an error; %LS_SCHOOL_ERROR_NEWER: it is of a later version and has
 *   not been touched
 *
 * Makes the database what this version of the program works with: each step in a transaction of
 * its own, every later commit safe against a power cut.
 *
 * Returns: whether it is
 */
gboolean
ls_migrations_apply (LsDatabase *database, GError **error)
{
  gint64 application_id, version;

  if (!get_number (database, "PRAGMA application_id", &application_id, error) ||
      !get_number (database, "PRAGMA user_version", &version, error) ||
      !check_identity (application_id, version, error))
    return FALSE;

  if (!ls_database_execute (database, "PRAGMA journal_mode = WAL", error) ||
      !ls_database_execute (database, "PRAGMA synchronous = FULL", error) ||
      !ls_database_execute (database, "PRAGMA foreign_keys = ON", error) ||
      !ls_database_execute (database, PRAGMA_APPLICATION_ID, error))
    return FALSE;

  for (gint64 step = version; step < (gint64)G_N_ELEMENTS (steps); step++)
    if (!apply_step (database, (guint)step, error))
      return FALSE;

  return TRUE;
}
