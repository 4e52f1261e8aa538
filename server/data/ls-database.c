/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-database.h"

#include "ls-i18n.h"
#include "ls-school-error.h"

struct _LsDatabase
{
  sqlite3 *handle;
  GHashTable *statements; /* (owned) (element-type utf8 sqlite3_stmt): by their SQL */
};

static void
finalize_statement (gpointer statement)
{
  sqlite3_finalize (statement);
}

static void
set_error (GError **error, sqlite3 *handle)
{
  int code = sqlite3_errcode (handle);
  LsSchoolError kind =
      code == SQLITE_CONSTRAINT ? LS_SCHOOL_ERROR_INVALID : LS_SCHOOL_ERROR_STORAGE;

  g_set_error_literal (error, LS_SCHOOL_ERROR, kind, sqlite3_errmsg (handle));
}

/**
 * ls_database_open:
 * @path: the file, which is made if it does not exist
 * @error: return location for %LS_SCHOOL_ERROR_STORAGE
 *
 * Returns: (transfer full) (nullable): the database
 */
LsDatabase *
ls_database_open (const char *path, GError **error)
{
  g_autoptr (LsDatabase) self = g_new0 (LsDatabase, 1);

  self->statements = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, finalize_statement);
  if (sqlite3_open_v2 (path, &self->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) !=
      SQLITE_OK)
    {
      g_set_error (error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_STORAGE, _ ("Can’t open “%s”: %s"), path,
                   self->handle == NULL ? "out of memory" : sqlite3_errmsg (self->handle));
      return NULL;
    }

  sqlite3_busy_timeout (self->handle, 1000);
  sqlite3_db_config (self->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  return g_steal_pointer (&self);
}

/**
 * ls_database_close:
 * @self: (transfer full): a database
 *
 * Closes it. No statement may be in use.
 */
void
ls_database_close (LsDatabase *self)
{
  g_hash_table_unref (self->statements);
  sqlite3_close (self->handle);
  g_free (self);
}

static LsStatement *
find_statement (LsDatabase *self, const char *sql, GError **error)
{
  sqlite3_stmt *statement = g_hash_table_lookup (self->statements, sql);

  if (statement != NULL)
    {
      /* Nobody may start a statement anew while somebody else walks over its rows. */
      g_assert (!sqlite3_stmt_busy (statement));
      return statement;
    }

  if (sqlite3_prepare_v3 (self->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) !=
      SQLITE_OK)
    {
      set_error (error, self->handle);
      return NULL;
    }
  g_hash_table_insert (self->statements, g_strdup (sql), statement);
  return statement;
}

static int
bind_one (LsStatement *statement, int index, char type, va_list *arguments)
{
  GBytes *bytes;

  switch (type)
    {
    case 't':
      return sqlite3_bind_text (statement, index, va_arg (*arguments, const char *), -1,
                                SQLITE_TRANSIENT);
    case 'i':
      return sqlite3_bind_int64 (statement, index, va_arg (*arguments, gint64));
    case 'b':
      bytes = va_arg (*arguments, GBytes *);
      return sqlite3_bind_blob64 (statement, index, g_bytes_get_data (bytes, NULL),
                                  g_bytes_get_size (bytes), SQLITE_TRANSIENT);
    default:
      g_assert_not_reached ();
    }
}

static LsStatement *
prepare (LsDatabase *self, GError **error, const char *sql, const char *types, va_list *arguments)
{
  LsStatement *statement = find_statement (self, sql, error);

  for (int i = 0; statement != NULL && types[i] != '\0'; i++)
    if (bind_one (statement, i + 1, types[i], arguments) != SQLITE_OK)
      {
        set_error (error, self->handle);
        g_clear_pointer (&statement, ls_statement_release);
      }
  return statement;
}

/**
 * ls_database_prepare:
 * @self: a database
 * @error: return location for an error
 * @sql: one statement
 * @types: what is bound to its parameters: `t` text (nullable), `i` a #gint64, `b` a #GBytes
 * @...: the values, copied
 *
 * Returns: (transfer full) (nullable): the statement, ready for ls_statement_step()
 */
LsStatement *
ls_database_prepare (LsDatabase *self, GError **error, const char *sql, const char *types, ...)
{
  LsStatement *statement;
  va_list arguments;

  va_start (arguments, types);
  statement = prepare (self, error, sql, types, &arguments);
  va_end (arguments);
  return statement;
}

/**
 * ls_database_run:
 * @self: a database
 * @error: return location for an error; %LS_SCHOOL_ERROR_INVALID: a constraint was violated
 * @sql: one statement that yields no rows
 * @types: as for ls_database_prepare()
 * @...: the values
 *
 * Returns: whether it was done
 */
gboolean
ls_database_run (LsDatabase *self, GError **error, const char *sql, const char *types, ...)
{
  g_autoptr (LsStatement) statement = NULL;
  va_list arguments;
  gboolean row;

  va_start (arguments, types);
  statement = prepare (self, error, sql, types, &arguments);
  va_end (arguments);
  return statement != NULL && ls_statement_step (statement, &row, error);
}

/**
 * ls_database_execute:
 * @self: a database
 * @sql: any number of statements, never with a value from outside
 * @error: return location for an error
 *
 * Returns: whether all were done
 */
gboolean
ls_database_execute (LsDatabase *self, const char *sql, GError **error)
{
  if (sqlite3_exec (self->handle, sql, NULL, NULL, NULL) == SQLITE_OK)
    return TRUE;

  set_error (error, self->handle);
  return FALSE;
}

/**
 * ls_database_begin:
 * @self: a database
 * @error: return location for an error
 *
 * Begins a transaction that writes.
 *
 * Returns: whether it has begun; then it needs ls_database_end()
 */
gboolean
ls_database_begin (LsDatabase *self, GError **error)
{
  return ls_database_execute (self, "BEGIN IMMEDIATE", error);
}

/**
 * ls_database_end:
 * @self: a database
 * @ok: whether all of the transaction was done; else @error is set already, and nothing of it remains
 * @error: return location for an error
 *
 * Ends a transaction.
 *
 * Returns: whether it lasts
 */
gboolean
ls_database_end (LsDatabase *self, gboolean ok, GError **error)
{
  if (ok && ls_database_execute (self, "COMMIT", error))
    return TRUE;

  ls_database_execute (self, "ROLLBACK", NULL);
  return FALSE;
}

/**
 * ls_database_get_last_id:
 * @self: a database
 *
 * Returns: the row id of the last row that was inserted
 */
gint64
ls_database_get_last_id (LsDatabase *self)
{
  return sqlite3_last_insert_rowid (self->handle);
}

/**
 * ls_database_get_n_changes:
 * @self: a database
 *
 * Returns: how many rows the last statement changed
 */
gint64
ls_database_get_n_changes (LsDatabase *self)
{
  return sqlite3_changes64 (self->handle);
}

/**
 * ls_statement_step:
 * @statement: a statement
 * @row: (out): whether there is a row to read; %FALSE: it is done
 * @error: return location for an error
 *
 * Returns: %FALSE if it failed
 */
gboolean
ls_statement_step (LsStatement *statement, gboolean *row, GError **error)
{
  int result = sqlite3_step (statement);

  *row = result == SQLITE_ROW;
  if (result == SQLITE_ROW || result == SQLITE_DONE)
    return TRUE;

  set_error (error, sqlite3_db_handle (statement));
  return FALSE;
}

/**
 * ls_statement_get_text:
 * @statement: a statement that has a row
 * @column: which column, from 0
 *
 * Returns: (transfer none) (nullable): its text, valid until the next step
 */
const char *
ls_statement_get_text (LsStatement *statement, int column)
{
  return (const char *)sqlite3_column_text (statement, column);
}

/**
 * ls_statement_get_integer:
 * @statement: a statement that has a row
 * @column: which column, from 0
 *
 * Returns: its integer
 */
gint64
ls_statement_get_integer (LsStatement *statement, int column)
{
  return sqlite3_column_int64 (statement, column);
}

/**
 * ls_statement_release:
 * @statement: (transfer full): a statement
 *
 * Ends its use.
 */
void
ls_statement_release (LsStatement *statement)
{
  sqlite3_reset (statement);
  sqlite3_clear_bindings (statement);
}
