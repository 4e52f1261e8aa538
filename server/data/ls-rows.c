/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-rows.h"

#include <string.h>

#include "ls-school-error.h"

/**
 * ls_rows_get_select:
 * @table: a table
 * @condition: SQL that follows `FROM table`; never with a value from outside
 *
 * Returns: (transfer full): SQL that selects whole rows for ls_rows_read()
 */
char *
ls_rows_get_select (const LsTable *table, const char *condition)
{
  g_autofree char *columns = ls_table_get_column_list (table);

  return g_strdup_printf ("SELECT %s, deleted_at IS NOT NULL FROM \"%s\" %s", columns, table->name,
                          condition);
}

static LsValue
read_value (LsStatement *statement, int column)
{
  switch (sqlite3_column_type (statement, column))
    {
    case SQLITE_INTEGER:
      return (LsValue) { LS_VALUE_INTEGER, .integer = sqlite3_column_int64 (statement, column) };
    case SQLITE_FLOAT:
      return (LsValue) { LS_VALUE_REAL, .real = sqlite3_column_double (statement, column) };
    case SQLITE_NULL:
      return (LsValue) { LS_VALUE_NULL };
    default:
      return (LsValue) { LS_VALUE_TEXT,
                         .text = g_strdup (ls_statement_get_text (statement, column)) };
    }
}

/**
 * ls_rows_read:
 * @statement: a statement of ls_rows_get_select() that has a row
 * @table: the table
 *
 * Returns: (transfer full): the row
 */
LsRecord *
ls_rows_read (LsStatement *statement, const LsTable *table)
{
  LsRecord *record = g_new0 (LsRecord, 1);

  record->table = table;
  record->values = g_new0 (LsValue, table->n_columns);
  for (guint i = 0; i < table->n_columns; i++)
    record->values[i] = read_value (statement, (int)i);
  return record;
}

/**
 * ls_rows_collect:
 * @statement: (transfer full) (nullable): a statement of ls_rows_get_select(); %NULL: @error is set
 * @table: the table
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable) (element-type LsRecord): all its rows
 */
GPtrArray *
ls_rows_collect (LsStatement *statement, const LsTable *table, GError **error)
{
  g_autoptr (LsStatement) owned = statement;
  g_autoptr (GPtrArray) rows = NULL;
  gboolean row = TRUE;

  if (owned == NULL)
    return NULL;

  rows = g_ptr_array_new_with_free_func ((GDestroyNotify)ls_record_free);
  while (row)
    {
      if (!ls_statement_step (owned, &row, error))
        return NULL;
      if (row)
        g_ptr_array_add (rows, ls_rows_read (owned, table));
    }
  return g_steal_pointer (&rows);
}

/**
 * ls_rows_find:
 * @database: the school's database
 * @table: a table
 * @id: an id
 * @record: (out) (transfer full) (nullable): the row; %NULL if there never was one
 * @deleted: (out): whether it is a tombstone
 * @error: return location for an error
 *
 * Returns: %FALSE if it could not be looked up
 */
gboolean
ls_rows_find (LsDatabase *database,
              const LsTable *table,
              const char *id,
              LsRecord **record,
              gboolean *deleted,
              GError **error)
{
  g_autofree char *sql = ls_rows_get_select (table, "WHERE id = ?1");
  g_autoptr (LsStatement) statement = ls_database_prepare (database, error, sql, "t", id);
  gboolean row;

  *record = NULL;
  *deleted = FALSE;
  if (statement == NULL || !ls_statement_step (statement, &row, error))
    return FALSE;

  if (row)
    {
      *record = ls_rows_read (statement, table);
      *deleted = ls_statement_get_integer (statement, (int)table->n_columns) != 0;
    }
  return TRUE;
}

static int
bind_value (LsStatement *statement, int index, const LsValue *value)
{
  switch (value->kind)
    {
    case LS_VALUE_INTEGER:
      return sqlite3_bind_int64 (statement, index, value->integer);
    case LS_VALUE_REAL:
      return sqlite3_bind_double (statement, index, value->real);
    case LS_VALUE_TEXT:
      return sqlite3_bind_text (statement, index, value->text, -1, SQLITE_TRANSIENT);
    case LS_VALUE_NULL:
    default:
      return sqlite3_bind_null (statement, index);
    }
}

/* Parameter i + 1 of @sql is column i. */
static gboolean
run_with_record (LsDatabase *database, const char *sql, const LsRecord *record, GError **error)
{
  g_autoptr (LsStatement) statement = ls_database_prepare (database, error, sql, "");
  gboolean row;

  for (guint i = 0; statement != NULL && i < record->table->n_columns; i++)
    if (bind_value (statement, (int)i + 1, &record->values[i]) != SQLITE_OK)
      {
        g_set_error_literal (error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_INVALID, "Too large a value");
        return FALSE;
      }

  return statement != NULL && ls_statement_step (statement, &row, error);
}

/**
 * ls_rows_insert:
 * @database: the school's database
 * @record: a new row
 * @error: return location for an error; %LS_SCHOOL_ERROR_INVALID: a constraint was violated, see
 *   ls_rows_get_violated_column()
 *
 * Returns: whether it was stored
 */
gboolean
ls_rows_insert (LsDatabase *database, const LsRecord *record, GError **error)
{
  const LsTable *table = record->table;
  g_autofree char *columns = ls_table_get_column_list (table);
  g_autoptr (GString) sql = g_string_new (NULL);

  g_string_printf (sql, "INSERT INTO \"%s\" (%s) VALUES (", table->name, columns);
  for (guint i = 0; i < table->n_columns; i++)
    g_string_append (sql, i == 0 ? "?" : ", ?");
  g_string_append_c (sql, ')');
  return run_with_record (database, sql->str, record, error);
}

/**
 * ls_rows_update:
 * @database: the school's database
 * @record: a row that exists, with its new values
 * @error: return location for an error; as for ls_rows_insert()
 *
 * Returns: whether it was stored
 */
gboolean
ls_rows_update (LsDatabase *database, const LsRecord *record, GError **error)
{
  const LsTable *table = record->table;
  g_autoptr (GString) sql = g_string_new (NULL);

  g_string_printf (sql, "UPDATE \"%s\" SET ", table->name);
  for (guint i = 1; i < table->n_columns; i++)
    g_string_append_printf (sql, "%s\"%s\" = ?%u", i == 1 ? "" : ", ", table->columns[i].name,
                            i + 1);
  g_string_append (sql, " WHERE id = ?1");
  return run_with_record (database, sql->str, record, error);
}

/**
 * ls_rows_bury:
 * @database: the school's database
 * @record: a row that exists, with the version that its tombstone gets
 * @now: milliseconds since the epoch
 * @error: return location for an error
 *
 * Makes the row a tombstone.
 *
 * Returns: whether it was stored
 */
gboolean
ls_rows_bury (LsDatabase *database, const LsRecord *record, gint64 now, GError **error)
{
  g_autofree char *sql = g_strdup_printf (
      "UPDATE \"%s\" SET version = ?2, updated_at = ?3, deleted_at = ?3 WHERE id = ?1",
      record->table->name);

  return ls_database_run (database, error, sql, "tii", ls_record_get_id (record),
                          ls_record_get_version (record), now);
}

/**
 * ls_rows_get_violated_column:
 * @table: the table that was written
 * @error: a violated constraint, from ls_rows_insert() or ls_rows_update()
 *
 * SQLite tells which constraint it was only in its message, whose end is `table.column` or the
 * constraint's name (sqlite3.c, SQLITE_CONSTRAINT_NOTNULL, _UNIQUE and _CHECK); ours are named
 * after their columns.
 *
 * Returns: (nullable): the column, %NULL if it is none in particular
 */
const char *
ls_rows_get_violated_column (const LsTable *table, const GError *error)
{
  const char *name = strrchr (error->message, ' ');
  const char *dot = strrchr (error->message, '.');
  int column;

  if (name == NULL)
    return NULL;

  column = ls_table_find_column (table, dot != NULL ? dot + 1 : name + 1);
  return column < 0 ? NULL : table->columns[column].name;
}
