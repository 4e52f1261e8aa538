/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-row.h"

/**
 * ls_row_new:
 * @entity: of what kind
 * @id: its id
 * @data: (nullable): the row as JSON text
 * @version: its version, 0 if unknown
 *
 * Returns: (transfer full): the row
 */
LsRow *
ls_row_new (LsEntity entity, const char *id, const char *data, gint64 version)
{
  LsRow *row = g_new0 (LsRow, 1);

  row->entity = entity;
  row->id = g_strdup (id);
  row->data = g_strdup (data);
  row->version = version;
  return row;
}

/**
 * ls_row_copy:
 * @row: a row
 *
 * Returns: (transfer full): a copy
 */
LsRow *
ls_row_copy (const LsRow *row)
{
  LsRow *copy = g_memdup2 (row, sizeof *row);

  copy->id = g_strdup (row->id);
  copy->data = g_strdup (row->data);
  return copy;
}

/**
 * ls_row_free:
 * @row: (transfer full): a row
 *
 * Frees it.
 */
void
ls_row_free (LsRow *row)
{
  g_free (row->id);
  g_free (row->data);
  g_free (row);
}

/**
 * ls_row_array_new:
 *
 * Returns: (transfer full) (element-type LsRow): an empty array that owns its rows
 */
GPtrArray *
ls_row_array_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify)ls_row_free);
}
