/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What others may know of the queue: what is on disk. */
#include "ls-queue-private.h"

/**
 * ls_queue_get_counts:
 * @self: a queue
 *
 * Returns: (transfer none): how many actions there are of which kind
 */
const LsQueueCounts *
ls_queue_get_counts (LsQueue *self)
{
  return &self->counts;
}

/**
 * ls_queue_find:
 * @self: a queue
 * @id: of an action
 *
 * Returns: (transfer none) (nullable): the action
 */
const LsAction *
ls_queue_find (LsQueue *self, const char *id)
{
  LsQueueItem *item = ls_queue_table_find (self->table, id);

  return item != NULL ? ls_queue_item_get_told (item) : NULL;
}

static gboolean
matches (const LsAction *action, guint statuses, const char *entity)
{
  return action != NULL && (statuses == 0 || (statuses & (1u << action->status)) != 0) &&
         (entity == NULL || g_str_equal (action->entity, entity));
}

/**
 * ls_queue_list:
 * @self: a queue
 * @statuses: of which, one bit each: `1u << LsActionStatus`; 0: all
 * @entity: (nullable): of which entity
 * @limit: how many at most
 * @after: (nullable): `next` of the page before
 * @next: (out) (transfer full) (nullable): for the next page; %NULL: this was the last
 *
 * Returns: (transfer container) (element-type LsAction): actions, the oldest first
 */
GPtrArray *
ls_queue_list (LsQueue *self,
               guint statuses,
               const char *entity,
               guint limit,
               const char *after,
               char **next)
{
  GPtrArray *actions = g_ptr_array_new ();
  guint64 seq = after != NULL ? g_ascii_strtoull (after, NULL, 10) : 0;
  GSequenceIter *iter = ls_queue_table_search (self->table, seq);

  *next = NULL;
  for (; !g_sequence_iter_is_end (iter); iter = g_sequence_iter_next (iter))
    {
      const LsAction *action = ls_queue_item_get_told (g_sequence_get (iter));

      if (!matches (action, statuses, entity))
        continue;
      if (actions->len == limit)
        {
          const LsAction *last = actions->pdata[limit - 1];

          *next = g_strdup_printf ("%" G_GUINT64_FORMAT, last->seq);
          break;
        }
      g_ptr_array_add (actions, (gpointer)action);
    }
  return actions;
}

/**
 * ls_queue_get_blocker:
 * @self: a queue
 * @id: of an action
 *
 * Returns: (transfer none) (nullable): id of the dead letter or conflict that it waits for
 */
const char *
ls_queue_get_blocker (LsQueue *self, const char *id)
{
  LsQueueItem *item = ls_queue_table_find (self->table, id);

  if (item == NULL)
    return NULL;

  return ls_queue_lanes_get_blocker (ls_queue_table_get_lanes (self->table), item);
}

/* Whether the cache has what an action did. That need not be on disk to be so. */
static gboolean
is_seen (const LsQueueItem *item, const LsAction *told)
{
  return told->status == LS_ACTION_COMPLETED && item->now->visible;
}

/* Returns: (transfer full) (element-type LsAction): what is on disk of a row, and not in the cache */
static GPtrArray *
list_row (LsQueue *self, const char *entity, const char *id)
{
  GPtrArray *lane = ls_queue_lanes_get_row (ls_queue_table_get_lanes (self->table), entity, id);
  GPtrArray *actions = g_ptr_array_new ();

  for (guint i = 0; lane != NULL && i < lane->len; i++)
    {
      const LsAction *action = ls_queue_item_get_told (lane->pdata[i]);

      if (action != NULL && !is_seen (lane->pdata[i], action))
        g_ptr_array_add (actions, (gpointer)action);
    }
  return actions;
}

/**
 * ls_queue_lay_over:
 * @self: a queue
 * @entity: of a row
 * @id: of a row
 * @row: (nullable): as the cache has it; %NULL: it has none
 *
 * Returns: (transfer full): the row as it will be
 */
LsOverlay *
ls_queue_lay_over (LsQueue *self, const char *entity, const char *id, const char *row)
{
  g_autoptr (GPtrArray) actions = list_row (self, entity, id);

  return ls_overlay_new (row, actions, &self->editor);
}

static gboolean
is_touched (LsQueue *self, const char *entity, const char *id)
{
  g_autoptr (GPtrArray) actions = list_row (self, entity, id);

  for (guint i = 0; i < actions->len; i++)
    if (ls_overlay_is_laid (actions->pdata[i]))
      return TRUE;

  return FALSE;
}

/**
 * ls_queue_get_touched:
 * @self: a queue
 * @entity: of which rows
 *
 * Returns: (transfer full) (element-type utf8): ids of the rows that something is laid over
 */
GPtrArray *
ls_queue_get_touched (LsQueue *self, const char *entity)
{
  GPtrArray *ids = ls_queue_lanes_list_rows (ls_queue_table_get_lanes (self->table), entity);

  for (guint i = ids->len; i > 0; i--)
    if (!is_touched (self, entity, ids->pdata[i - 1]))
      g_ptr_array_remove_index_fast (ids, i - 1);
  return ids;
}
