/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-audit-file.h"

/* "LSau" */
#define APPLICATION_ID 0x4c536175

/* How many lines go at most when one comes: room is made faster than it is used up, and a clock that is
 * wrong for a moment does not cost everything. */
#define TRIM_STEP 10

static const LsMigration migrations[] = {
  /* 1: the first. Nobody changes a line, and only the oldest can go. */
  "CREATE TABLE entry (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL,"
  "  user TEXT NOT NULL, app TEXT NOT NULL, what TEXT NOT NULL, subject TEXT NOT NULL,"
  "  outcome TEXT NOT NULL, sent INTEGER NOT NULL);"
  "CREATE TRIGGER entry_stays BEFORE UPDATE ON entry"
  "  BEGIN SELECT raise (ABORT, 'the audit is only added to'); END;"
  "CREATE TRIGGER entry_goes_last BEFORE DELETE ON entry"
  "  WHEN old.id <> (SELECT min (id) FROM entry)"
  "  BEGIN SELECT raise (ABORT, 'the audit is only added to'); END",
};

struct _LsAuditFile
{
  LsDatabase *database; /* (owned) */
};

/**
 * ls_audit_file_open:
 * @path: the file
 * @error: as for ls_database_open()
 *
 * Returns: (transfer full) (nullable): the audit
 */
LsAuditFile *
ls_audit_file_open (const char *path, GError **error)
{
  LsDatabase *database =
      ls_database_open (path, APPLICATION_ID, migrations, G_N_ELEMENTS (migrations), NULL, error);
  LsAuditFile *self;

  if (database == NULL)
    return NULL;

  self = g_new0 (LsAuditFile, 1);
  self->database = database;
  return self;
}

/**
 * ls_audit_file_free:
 * @self: (transfer full): an audit
 *
 * Closes it.
 */
void
ls_audit_file_free (LsAuditFile *self)
{
  ls_database_free (self->database);
  g_free (self);
}

/**
 * ls_audit_file_is_read_only:
 * @self: an audit
 *
 * Returns: whether it could only be opened to be read
 */
gboolean
ls_audit_file_is_read_only (LsAuditFile *self)
{
  return ls_database_is_read_only (self->database);
}

/**
 * ls_audit_file_append:
 * @self: an audit
 * @entry: what happened
 * @error: %LS_ERROR_STORAGE
 *
 * Returns: whether it is written
 */
gboolean
ls_audit_file_append (LsAuditFile *self, const LsAuditEntry *entry, GError **error)
{
  sqlite3_stmt *stmt = ls_database_prepare (
      self->database,
      "INSERT INTO entry (at, user, app, what, subject, outcome, sent) VALUES (?, ?, ?, ?, ?, ?, ?)",
      error);

  if (stmt == NULL)
    return FALSE;

  sqlite3_bind_int64 (stmt, 1, entry->at);
  ls_database_bind_text (stmt, 2, entry->user);
  ls_database_bind_text (stmt, 3, entry->app);
  ls_database_bind_text (stmt, 4, entry->what);
  ls_database_bind_text (stmt, 5, entry->subject);
  ls_database_bind_text (stmt, 6, entry->outcome);
  sqlite3_bind_int (stmt, 7, entry->sent);
  return ls_database_finish (self->database, stmt, error);
}

/* Removes the oldest line if its time is over, or if there are too many. */
static gboolean
remove_oldest (LsAuditFile *self, gint64 oldest, GError **error)
{
  sqlite3_stmt *stmt =
      ls_database_prepare (self->database,
                           "DELETE FROM entry WHERE id = (SELECT min (id) FROM entry)"
                           "  AND (at < ? OR (SELECT max (id) FROM entry) - id >= ?) RETURNING id",
                           error);
  gboolean removed;

  if (stmt == NULL)
    return FALSE;

  sqlite3_bind_int64 (stmt, 1, oldest);
  sqlite3_bind_int64 (stmt, 2, LS_AUDIT_FILE_MAX);
  removed = ls_database_step (self->database, stmt, error);
  sqlite3_reset (stmt);
  return removed;
}

/**
 * ls_audit_file_trim:
 * @self: an audit
 * @oldest: lines from before this may go, in milliseconds since the epoch
 * @error: %LS_ERROR_STORAGE
 *
 * Removes a few of the oldest lines. To be called whenever one was added.
 *
 * Returns: whether that went well
 */
gboolean
ls_audit_file_trim (LsAuditFile *self, gint64 oldest, GError **error)
{
  g_autoptr (GError) step_error = NULL;

  for (guint i = 0; i < TRIM_STEP && remove_oldest (self, oldest, &step_error); i++)
    continue;
  if (step_error == NULL)
    return TRUE;

  g_propagate_error (error, g_steal_pointer (&step_error));
  return FALSE;
}

static LsAuditEntry *
read_entry (sqlite3_stmt *stmt)
{
  LsAuditEntry *entry = g_new0 (LsAuditEntry, 1);

  entry->id = sqlite3_column_int64 (stmt, 0);
  entry->at = sqlite3_column_int64 (stmt, 1);
  entry->user = g_strdup (ls_database_column_text (stmt, 2));
  entry->app = g_strdup (ls_database_column_text (stmt, 3));
  entry->what = g_strdup (ls_database_column_text (stmt, 4));
  entry->subject = g_strdup (ls_database_column_text (stmt, 5));
  entry->outcome = g_strdup (ls_database_column_text (stmt, 6));
  entry->sent = sqlite3_column_int (stmt, 7) != 0;
  return entry;
}

/**
 * ls_audit_file_read:
 * @self: an audit
 * @query: which lines
 * @error: %LS_ERROR_STORAGE
 *
 * Returns: (transfer full) (nullable) (element-type LsAuditEntry): the lines, the newest first
 */
GPtrArray *
ls_audit_file_read (LsAuditFile *self, const LsAuditQuery *query, GError **error)
{
  g_autoptr (GPtrArray) entries =
      g_ptr_array_new_with_free_func ((GDestroyNotify)ls_audit_entry_free);
  g_autoptr (GError) step_error = NULL;
  sqlite3_stmt *stmt =
      ls_database_prepare (self->database,
                           "SELECT id, at, user, app, what, subject, outcome, sent FROM entry"
                           "  WHERE id < ?1 AND sent >= ?2 ORDER BY id DESC LIMIT ?3",
                           error);

  if (stmt == NULL)
    return NULL;

  sqlite3_bind_int64 (stmt, 1, query->before > 0 ? query->before : G_MAXINT64);
  sqlite3_bind_int (stmt, 2, query->sent);
  sqlite3_bind_int64 (stmt, 3, query->limit);
  while (ls_database_step (self->database, stmt, &step_error))
    g_ptr_array_add (entries, read_entry (stmt));
  if (step_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&step_error));
      return NULL;
    }

  return g_steal_pointer (&entries);
}
