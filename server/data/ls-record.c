/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-record.h"

#include <string.h>

static void
value_clear (LsValue *value)
{
  g_free (value->text);
  *value = (LsValue) { LS_VALUE_NULL };
}

static LsValue
value_copy (const LsValue *value)
{
  LsValue copy = *value;

  copy.text = g_strdup (value->text);
  return copy;
}

static gboolean
value_equal (const LsValue *a, const LsValue *b)
{
  return a->kind == b->kind && a->integer == b->integer && a->real == b->real &&
         g_strcmp0 (a->text, b->text) == 0;
}

static LsValue *
get_value (const LsRecord *record, const char *column)
{
  int index = ls_table_find_column (record->table, column);

  g_assert (index >= 0);
  return &record->values[index];
}

static void
set_initial (LsValue *value, const LsColumn *column)
{
  switch (column->type)
    {
    case LS_COLUMN_REAL:
      value->kind = LS_VALUE_REAL;
      value->real = g_ascii_strtod (column->initial, NULL);
      break;
    case LS_COLUMN_INTEGER:
    case LS_COLUMN_BOOLEAN:
    case LS_COLUMN_TIME:
      value->kind = LS_VALUE_INTEGER;
      value->integer = g_ascii_strtoll (column->initial, NULL, 10);
      break;
    case LS_COLUMN_TEXT:
    case LS_COLUMN_ROLES:
    case LS_COLUMN_MEMBERS:
    default:
      value->kind = LS_VALUE_TEXT;
      value->text = g_strdup (column->initial);
    }
}

/**
 * ls_record_new:
 * @table: a table
 *
 * Returns: (transfer full): a row with the values that its columns have initially
 */
LsRecord *
ls_record_new (const LsTable *table)
{
  LsRecord *record = g_new0 (LsRecord, 1);

  record->table = table;
  record->values = g_new0 (LsValue, table->n_columns);
  for (guint i = 0; i < table->n_columns; i++)
    if (table->columns[i].initial != NULL)
      set_initial (&record->values[i], &table->columns[i]);
  return record;
}

/**
 * ls_record_copy:
 * @record: a row
 *
 * Returns: (transfer full): another like it
 */
LsRecord *
ls_record_copy (const LsRecord *record)
{
  LsRecord *copy = g_new0 (LsRecord, 1);

  copy->table = record->table;
  copy->values = g_new0 (LsValue, record->table->n_columns);
  for (guint i = 0; i < record->table->n_columns; i++)
    copy->values[i] = value_copy (&record->values[i]);
  return copy;
}

/**
 * ls_record_free:
 * @record: (transfer full): a row
 *
 * Frees it.
 */
void
ls_record_free (LsRecord *record)
{
  for (guint i = 0; i < record->table->n_columns; i++)
    value_clear (&record->values[i]);
  g_free (record->values);
  g_free (record);
}

/**
 * ls_record_get_id:
 * @record: a row
 *
 * Returns: its id
 */
const char *
ls_record_get_id (const LsRecord *record)
{
  return record->values[0].text;
}

/**
 * ls_record_get_version:
 * @record: a row
 *
 * Returns: its version
 */
gint64
ls_record_get_version (const LsRecord *record)
{
  return ls_record_get_integer (record, "version");
}

/**
 * ls_record_get_text:
 * @record: a row
 * @column: a column of its table
 *
 * Returns: (nullable): its text, %NULL if it holds none
 */
const char *
ls_record_get_text (const LsRecord *record, const char *column)
{
  return get_value (record, column)->text;
}

/**
 * ls_record_get_integer:
 * @record: a row
 * @column: a column of its table
 *
 * Returns: its integer, 0 if it holds none
 */
gint64
ls_record_get_integer (const LsRecord *record, const char *column)
{
  return get_value (record, column)->integer;
}

/**
 * ls_record_get_as_text:
 * @record: a row
 * @column: a column of its table
 *
 * Returns: (transfer full): what it holds, for people to read
 */
char *
ls_record_get_as_text (const LsRecord *record, const char *column)
{
  const LsValue *value = get_value (record, column);

  switch (value->kind)
    {
    case LS_VALUE_INTEGER:
      return g_strdup_printf ("%" G_GINT64_FORMAT, value->integer);
    case LS_VALUE_REAL:
      return g_strdup_printf ("%g", value->real);
    case LS_VALUE_NULL:
    case LS_VALUE_TEXT:
    default:
      return g_strdup (value->text == NULL ? "" : value->text);
    }
}

/**
 * ls_record_get_changes:
 * @before: (nullable): a row as it was
 * @after: (nullable): the row as it becomes
 *
 * Returns: a bit for each column that differs, `1 << index`; all of them if there is only one row
 */
guint64
ls_record_get_changes (const LsRecord *before, const LsRecord *after)
{
  guint64 changes = 0;

  if (before == NULL || after == NULL)
    return G_MAXUINT64;

  for (guint i = 0; i < after->table->n_columns; i++)
    if (!value_equal (&before->values[i], &after->values[i]))
      changes |= G_GUINT64_CONSTANT (1) << i;
  return changes;
}

/**
 * ls_record_set_text:
 * @record: a row
 * @column: a column of its table
 * @text: (nullable): its new text
 *
 * Sets a column.
 */
void
ls_record_set_text (LsRecord *record, const char *column, const char *text)
{
  LsValue *value = get_value (record, column);
  char *copy = g_strdup (text);

  value_clear (value);
  value->kind = copy == NULL ? LS_VALUE_NULL : LS_VALUE_TEXT;
  value->text = copy;
}

/**
 * ls_record_set_integer:
 * @record: a row
 * @column: a column of its table
 * @integer: its new value
 *
 * Sets a column.
 */
void
ls_record_set_integer (LsRecord *record, const char *column, gint64 integer)
{
  LsValue *value = get_value (record, column);

  value_clear (value);
  value->kind = LS_VALUE_INTEGER;
  value->integer = integer;
}
