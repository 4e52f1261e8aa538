/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-school-private.h"
#include "ls-schema.h"
#include "ls-visibility.h"

/* Rows that are summed up in one go; other clients wait meanwhile. 100,000 rows take 50 ms in all on a
 * virtual machine. Who sees a part of them has all its ids found again for each slice, which are few. */
#define SLICE 4000

/* How often it begins anew because something was written in between. After that it takes so many rows at once that
 * nothing comes in between; of a larger table there is no checksum until it is quieter. */
#define MAX_RESTARTS 3
#define LAST_SLICE 50000

/* The sum of what somebody sees of a table, as far as it has come. */
typedef struct
{
  char *viewer_id;      /* (owned) */
  const LsTable *table; /* (unowned) */
  char *sql;            /* (owned) (nullable) */
  LsViewer *viewer;     /* (owned) (nullable) */
  LsChecksum *sum;      /* (owned) (nullable): of all rows up to @last_id, at its cursor */
  char *last_id;        /* (owned) (nullable) */
  int limit;            /* of rows at a time */
  guint n_restarts;
} Walk;

static void
walk_clear (Walk *walk)
{
  g_clear_pointer (&walk->sql, g_free);
  g_clear_pointer (&walk->viewer, ls_viewer_unref);
  g_clear_pointer (&walk->sum, ls_checksum_free);
  g_clear_pointer (&walk->last_id, g_free);
}

static void
walk_free (Walk *walk)
{
  walk_clear (walk);
  g_free (walk->viewer_id);
  g_free (walk);
}

/* At the top of the log, with what the user may see by now. */
static gboolean
walk_begin (Walk *walk, LsSchool *school, GError **error)
{
  g_autofree char *seen = NULL;

  walk->viewer = ls_school_get_viewer (school, walk->viewer_id, error);
  if (walk->viewer == NULL || !ls_school_check_active (walk->viewer, error))
    return FALSE;

  walk->limit = walk->n_restarts < MAX_RESTARTS ? SLICE : LAST_SLICE;
  seen = ls_visibility_get_condition (walk->viewer, walk->table);
  walk->sql = g_strdup_printf ("SELECT id, version FROM \"%s\" WHERE deleted_at IS NULL "
                               "AND id > :after AND %s ORDER BY id LIMIT %d",
                               walk->table->name, seen, walk->limit);
  walk->sum = ls_checksum_new (walk->table->entity);
  walk->sum->cursor = ls_school_get_cursor (school);
  walk->last_id = g_strdup ("");
  return TRUE;
}

/* Sums up the next rows. */
static gboolean
walk_go_on (Walk *walk, LsSchool *school, gboolean *end, GError **error)
{
  g_autoptr (LsStatement) statement =
      ls_sight_rule_prepare (school->database, walk->sql, walk->viewer, walk->last_id, error);
  gboolean row = TRUE;
  int n_rows = 0;

  while (row)
    {
      const char *id;

      if (statement == NULL || !ls_statement_step (statement, &row, error))
        return FALSE;
      if (!row)
        break;

      id = ls_statement_get_text (statement, 0);
      ls_checksum_add (walk->sum, id, ls_statement_get_integer (statement, 1));
      if (++n_rows == walk->limit)
        {
          g_free (walk->last_id);
          walk->last_id = g_strdup (id);
        }
    }

  *end = n_rows < walk->limit;
  return TRUE;
}

/* The rows of before and those of after a write have no common cursor. */
static gboolean
walk_is_outdated (const Walk *walk, LsSchool *school)
{
  LsCursor top = ls_school_get_cursor (school);

  return !ls_cursor_equal (walk->sum->cursor, top);
}

static gboolean
walk_may_go_on (const Walk *walk, GError **error)
{
  if (walk->n_restarts < MAX_RESTARTS)
    return TRUE;

  g_set_error (error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_BUSY, "%s is written to all the time",
               walk->table->name);
  return FALSE;
}

static gboolean
on_slice (gpointer user_data)
{
  GTask *task = user_data;
  LsSchool *self = g_task_get_source_object (task);
  Walk *walk = g_task_get_task_data (task);
  GError *error = NULL;
  gboolean end = FALSE;
  gboolean good = TRUE;

  if (walk->sum != NULL && walk_is_outdated (walk, self))
    {
      walk->n_restarts++;
      walk_clear (walk);
    }
  if (walk->sum == NULL)
    good = walk_begin (walk, self, &error);
  if (good)
    good = walk_go_on (walk, self, &end, &error) && (end || walk_may_go_on (walk, &error));

  if (!good)
    g_task_return_error (task, error);
  else if (end)
    g_task_return_pointer (task, g_steal_pointer (&walk->sum), (GDestroyNotify)ls_checksum_free);
  return good && !end ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

/**
 * ls_school_checksum_async:
 * @self: a school
 * @viewer: who asks
 * @entity: of what
 * @callback: called when it is done
 * @user_data: for @callback
 *
 * Sums up all rows that @viewer may see, little by little.
 */
void
ls_school_checksum_async (LsSchool *self,
                          const LsViewer *viewer,
                          LsEntity entity,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (GSource) source = NULL;
  const LsTable *table;
  Walk *walk;

  g_return_if_fail (LS_IS_SCHOOL (self));
  g_return_if_fail ((guint)entity < LS_N_ENTITIES);

  task = g_task_new (self, NULL, callback, user_data);
  g_task_set_source_tag (task, ls_school_checksum_async);
  table = ls_schema_get_entity_table (entity);
  if (table == NULL)
    {
      g_task_return_new_error (task, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_NOT_FOUND,
                               "There is no checksum of that");
      return;
    }

  walk = g_new0 (Walk, 1);
  walk->viewer_id = g_strdup (ls_viewer_get_id (viewer));
  walk->table = table;
  g_task_set_task_data (task, walk, (GDestroyNotify)walk_free);
  source = g_idle_source_new ();
  g_task_attach_source (task, source, on_slice);
}

/**
 * ls_school_checksum_finish:
 * @self: a school
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): the checksum of all rows that the viewer may see, where the
 *   log stands at its cursor
 */
LsChecksum *
ls_school_checksum_finish (LsSchool *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
