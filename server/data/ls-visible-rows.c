/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-visible-rows.h"

#include "ls-rows.h"
#include "ls-visibility.h"

struct _LsVisibleRows
{
  LsStatement *statement; /* (owned) */
  const LsViewer *viewer; /* (unowned) */
  const LsTable *table;   /* (unowned) */
};

/**
 * ls_visible_rows_new:
 * @database: the school's database
 * @viewer: who looks; must outlive the walk
 * @table: at what
 * @after: only rows whose id comes after this one; "": all
 * @error: return location for an error
 *
 * Costs what the rows cost that are seen, not those that are there.
 *
 * Returns: (transfer full) (nullable): the walk, before its first row
 */
LsVisibleRows *
ls_visible_rows_new (LsDatabase *database,
                     const LsViewer *viewer,
                     const LsTable *table,
                     const char *after,
                     GError **error)
{
  g_autofree char *seen = ls_visibility_get_condition (viewer, table);
  g_autofree char *condition =
      g_strconcat ("WHERE deleted_at IS NULL AND id > :after AND ", seen, " ORDER BY id", NULL);
  g_autofree char *sql = ls_rows_get_select (table, condition);
  LsStatement *statement = ls_sight_rule_prepare (database, sql, viewer, after, error);
  LsVisibleRows *self;

  if (statement == NULL)
    return NULL;

  self = g_new0 (LsVisibleRows, 1);
  self->statement = statement;
  self->viewer = viewer;
  self->table = table;
  return self;
}

/**
 * ls_visible_rows_next:
 * @self: a walk
 * @record: (out) (transfer full) (nullable): the next row; %NULL: there is no further one
 * @sight: (out): how much of it is seen
 * @error: return location for an error
 *
 * Returns: %FALSE if it failed
 */
gboolean
ls_visible_rows_next (LsVisibleRows *self, LsRecord **record, LsSight *sight, GError **error)
{
  *sight = LS_SIGHT_NONE;
  do
    {
      gboolean row;

      *record = NULL;
      if (!ls_statement_step (self->statement, &row, error))
        return FALSE;
      if (!row)
        return TRUE;

      /* The database has chosen the rows; how much of each is seen, if anything, is said here. */
      *record = ls_rows_read (self->statement, self->table);
      *sight = ls_visibility_get_sight (self->viewer, *record);
      if (*sight == LS_SIGHT_NONE)
        g_clear_pointer (record, ls_record_free);
    }
  while (*sight == LS_SIGHT_NONE);

  return TRUE;
}

/**
 * ls_visible_rows_free:
 * @self: (transfer full): a walk
 *
 * Ends it.
 */
void
ls_visible_rows_free (LsVisibleRows *self)
{
  ls_statement_release (self->statement);
  g_free (self);
}
