/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-queue-table.h"

/**
 * LsQueueTable:
 *
 * All actions, twice: as it was decided, and as it is on disk. What is decided becomes a write; what is told
 * is what is on disk; and if a write fails, what is on disk is what counts. Keeps every index up to date, and
 * knows nothing of what actions mean.
 */
struct _LsQueueTable
{
  GHashTable *by_id;  /* (owned) (element-type utf8 LsQueueItem) */
  GHashTable *by_key; /* (owned) (element-type utf8 LsQueueItem): by idempotency key */
  GHashTable *
      by_app_key; /* (owned) (element-type utf8 LsQueueItem): by the key that an app gave, and the app */
  GSequence *items;    /* (owned) (element-type LsQueueItem): in the order of seq */
  LsQueueLanes *lanes; /* (owned) */
  GHashTable *unseen;  /* (owned) (element-type LsQueueItem): done, but not visible yet */
  GPtrArray *touched;  /* (owned) (element-type LsQueueItem): to be indexed anew */
  GPtrArray *dirty;    /* (owned) (element-type LsQueueItem): to be written */
  guint64 last_seq;
  guint n_open;
  GHashTable *open_of; /* (owned) (element-type utf8 guint): how many of them by app */
  gsize n_bytes;       /* of what is wanted by what is open */
  guint n_kept;        /* over and done with, and still there */
  guint n_losers;      /* of these, with a side that lost */
};

/**
 * ls_queue_table_new:
 *
 * Returns: (transfer full): a table with nothing in it
 */
LsQueueTable *
ls_queue_table_new (void)
{
  LsQueueTable *self = g_new0 (LsQueueTable, 1);

  self->by_id =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify)ls_queue_item_free);
  self->by_key = g_hash_table_new (g_str_hash, g_str_equal);
  self->by_app_key = g_hash_table_new (g_str_hash, g_str_equal);
  self->items = g_sequence_new (NULL);
  self->lanes = ls_queue_lanes_new (self->by_id);
  self->unseen = g_hash_table_new (NULL, NULL);
  self->open_of = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->touched = g_ptr_array_new ();
  self->dirty = g_ptr_array_new ();
  return self;
}

/**
 * ls_queue_table_free:
 * @self: (transfer full): a table
 *
 * Frees it.
 */
void
ls_queue_table_free (LsQueueTable *self)
{
  g_ptr_array_unref (self->touched);
  g_ptr_array_unref (self->dirty);
  g_hash_table_unref (self->unseen);
  g_hash_table_unref (self->open_of);
  ls_queue_lanes_free (self->lanes);
  g_sequence_free (self->items);
  g_hash_table_unref (self->by_key);
  g_hash_table_unref (self->by_app_key);
  g_hash_table_unref (self->by_id);
  g_free (self);
}

static int
compare_seq (gconstpointer a, gconstpointer b, gpointer user_data)
{
  const LsQueueItem *first = a, *second = b;

  return first->now->seq < second->now->seq ? -1 : first->now->seq > second->now->seq;
}

static const char *
get_app (const LsAction *action)
{
  return action->app != NULL ? action->app : "";
}

static void
count_open (LsQueueTable *self, const LsAction *action, int change)
{
  guint n = ls_queue_table_get_n_open_of (self, get_app (action)) + (guint)change;

  self->n_open += (guint)change;
  if (n > 0)
    g_hash_table_replace (self->open_of, g_strdup (get_app (action)), GUINT_TO_POINTER (n));
  else
    g_hash_table_remove (self->open_of, get_app (action));
}

/* No key has a blank in it. */
static char *
make_app_key (const char *app, const char *key)
{
  return g_strconcat (key, " ", app, NULL);
}

static void
put_key (GHashTable *index, char **indexed, char *key, LsQueueItem *item)
{
  *indexed = key;
  g_hash_table_replace (index, key, item);
}

static void
take_key (GHashTable *index, char **indexed, const LsQueueItem *item)
{
  if (*indexed != NULL && g_hash_table_lookup (index, *indexed) == item)
    g_hash_table_remove (index, *indexed);
  g_clear_pointer (indexed, g_free);
}

static void
take_out (LsQueueTable *self, LsQueueItem *item)
{
  ls_queue_lanes_take (self->lanes, item);
  g_hash_table_remove (self->unseen, item);
  take_key (self->by_key, &item->key, item);
  take_key (self->by_app_key, &item->app_key, item);
  if (item->size > 0)
    {
      count_open (self, item->now, -1);
      self->n_bytes -= item->size;
      item->size = 0;
    }
  self->n_kept -= item->is_kept;
  self->n_losers -= item->has_loser;
  item->is_kept = FALSE;
  item->has_loser = FALSE;
}

static void
put_in (LsQueueTable *self, LsQueueItem *item)
{
  const LsAction *action = item->now;

  ls_queue_lanes_put (self->lanes, item);
  if (item->is_removed)
    return;

  put_key (self->by_key, &item->key, g_strdup (action->key), item);
  if (action->app_key != NULL)
    put_key (self->by_app_key, &item->app_key, make_app_key (action->app, action->app_key), item);
  if (action->status == LS_ACTION_COMPLETED && !action->visible)
    g_hash_table_add (self->unseen, item);
  if (ls_action_is_open (action))
    {
      item->size = ls_action_get_request_size (action);
      count_open (self, action, 1);
      self->n_bytes += item->size;
    }
  else if (action->visible)
    {
      item->is_kept = TRUE;
      item->has_loser = action->loser != NULL;
      self->n_kept++;
      self->n_losers += item->has_loser;
    }
}

/**
 * ls_queue_table_settle:
 * @self: a table
 *
 * Brings every index up to date with what was touched. To be called at the end of each change.
 */
void
ls_queue_table_settle (LsQueueTable *self)
{
  for (guint i = 0; i < self->touched->len; i++)
    {
      LsQueueItem *item = self->touched->pdata[i];

      item->is_touched = FALSE;
      take_out (self, item);
      put_in (self, item);
    }
  g_ptr_array_set_size (self->touched, 0);
  ls_queue_lanes_settle (self->lanes);
}

/**
 * ls_queue_table_note:
 * @self: a table
 * @item: an item of it
 *
 * Its `phase` or its `due` changes, which nobody writes down.
 */
void
ls_queue_table_note (LsQueueTable *self, LsQueueItem *item)
{
  if (item->is_touched)
    return;

  item->is_touched = TRUE;
  g_ptr_array_add (self->touched, item);
}

static void
make_dirty (LsQueueTable *self, LsQueueItem *item)
{
  ls_queue_table_note (self, item);
  if (item->is_dirty)
    return;

  item->is_dirty = TRUE;
  g_ptr_array_add (self->dirty, item);
}

/**
 * ls_queue_table_touch:
 * @self: a table
 * @item: an item of it
 *
 * Returns: (transfer none): the action, to be changed, and to be written after that
 */
LsAction *
ls_queue_table_touch (LsQueueTable *self, LsQueueItem *item)
{
  if (item->on_disk && item->disk == NULL)
    item->disk = ls_action_copy (item->now);
  make_dirty (self, item);
  return item->now;
}

/**
 * ls_queue_table_amend:
 * @self: a table
 * @item: an item of it that has not changed since it was written
 *
 * Returns: (transfer none): the action, to be changed into what was written in its place
 */
LsAction *
ls_queue_table_amend (LsQueueTable *self, LsQueueItem *item)
{
  g_assert (item->on_disk && item->disk == NULL && !item->is_dirty);

  ls_queue_table_note (self, item);
  return item->now;
}

static LsQueueItem *
insert (LsQueueTable *self, LsAction *action)
{
  LsQueueItem *item = ls_queue_item_new (action);

  self->last_seq = MAX (self->last_seq, action->seq);
  g_hash_table_insert (self->by_id, action->id, item);
  item->place = g_sequence_insert_sorted (self->items, item, compare_seq, NULL);
  ls_queue_table_note (self, item);
  return item;
}

/**
 * ls_queue_table_load:
 * @self: a table with nothing in it
 * @actions: (element-type LsAction): what is on disk
 *
 * Begins with what is on disk.
 */
void
ls_queue_table_load (LsQueueTable *self, GPtrArray *actions)
{
  for (guint i = 0; i < actions->len; i++)
    insert (self, ls_action_copy (actions->pdata[i]))->on_disk = TRUE;
  ls_queue_table_settle (self);
}

/**
 * ls_queue_table_add:
 * @self: a table
 * @action: (transfer full): an action; it gets its `seq` here
 *
 * Returns: (transfer none): it as an item, to be written
 */
LsQueueItem *
ls_queue_table_add (LsQueueTable *self, LsAction *action)
{
  LsQueueItem *item;

  action->seq = self->last_seq + 1;
  item = insert (self, action);
  make_dirty (self, item);
  return item;
}

/**
 * ls_queue_table_remove:
 * @self: a table
 * @item: an item of it that is on disk
 *
 * Has it taken off the disk.
 */
void
ls_queue_table_remove (LsQueueTable *self, LsQueueItem *item)
{
  g_return_if_fail (item->on_disk);

  ls_queue_table_touch (self, item);
  item->is_removed = TRUE;
}

static void
forget (LsQueueTable *self, LsQueueItem *item)
{
  take_out (self, item);
  g_ptr_array_remove_fast (self->touched, item);
  g_ptr_array_remove_fast (self->dirty, item);
  g_sequence_remove (item->place);
  g_hash_table_remove (self->by_id, item->now->id);
}

/**
 * ls_queue_table_is_dirty:
 * @self: a table
 *
 * Returns: whether there is something to be written
 */
gboolean
ls_queue_table_is_dirty (LsQueueTable *self)
{
  return self->dirty->len > 0;
}

/**
 * ls_queue_table_take_changes:
 * @self: a table without a write under way
 * @removed: (out) (transfer full): ids of what is to be taken off the disk
 *
 * Returns: (transfer full) (element-type LsAction): what is to be written, as it is now
 */
GPtrArray *
ls_queue_table_take_changes (LsQueueTable *self, GStrv *removed)
{
  GPtrArray *put = ls_action_array_new ();
  g_autoptr (GPtrArray) ids = g_ptr_array_new ();

  for (guint i = 0; i < self->dirty->len; i++)
    {
      LsQueueItem *item = self->dirty->pdata[i];

      item->is_dirty = FALSE;
      if (item->is_removed)
        g_ptr_array_add (ids, g_strdup (item->now->id));
      else
        g_ptr_array_add (put, ls_action_copy (item->now));
    }
  g_ptr_array_set_size (self->dirty, 0);
  g_ptr_array_add (ids, NULL);
  *removed = (GStrv)g_ptr_array_free (g_steal_pointer (&ids), FALSE);
  return put;
}

static void
written (LsQueueTable *self, LsQueueItem *item, const LsAction *action)
{
  ls_queue_table_note (self, item);
  item->on_disk = TRUE;
  g_clear_pointer (&item->disk, ls_action_free);
  if (item->is_dirty)
    item->disk = ls_action_copy (action);
}

/**
 * ls_queue_table_written:
 * @self: a table
 * @put: (element-type LsAction): what ls_queue_table_take_changes() gave
 * @removed: likewise
 * @func: told of each
 * @user_data: for @func
 *
 * It is on disk.
 */
void
ls_queue_table_written (LsQueueTable *self,
                        GPtrArray *put,
                        GStrv removed,
                        LsQueueWrittenFunc func,
                        gpointer user_data)
{
  for (guint i = 0; i < put->len; i++)
    {
      const LsAction *action = put->pdata[i];
      LsQueueItem *item = ls_queue_table_find (self, action->id);

      func (ls_queue_item_get_told (item), action, user_data);
      written (self, item, action);
    }
  for (guint i = 0; removed[i] != NULL; i++)
    {
      LsQueueItem *item = ls_queue_table_find (self, removed[i]);

      func (ls_queue_item_get_told (item), NULL, user_data);
      forget (self, item);
    }
  ls_queue_table_settle (self);
}

/**
 * ls_queue_table_roll_back:
 * @self: a table
 *
 * A write failed: what was decided since the last one that did not, was not.
 */
void
ls_queue_table_roll_back (LsQueueTable *self)
{
  GSequenceIter *iter = g_sequence_get_begin_iter (self->items);

  g_ptr_array_set_size (self->dirty, 0);
  while (!g_sequence_iter_is_end (iter))
    {
      LsQueueItem *item = g_sequence_get (iter);

      iter = g_sequence_iter_next (iter);
      item->is_dirty = FALSE;
      item->is_removed = FALSE;
      if (!item->on_disk)
        {
          forget (self, item);
        }
      else if (item->disk != NULL)
        {
          g_hash_table_steal (self->by_id, item->now->id);
          ls_action_free (item->now);
          item->now = g_steal_pointer (&item->disk);
          g_hash_table_insert (self->by_id, item->now->id, item);
          ls_queue_table_note (self, item);
        }
    }
  ls_queue_table_settle (self);
}

/**
 * ls_queue_table_find:
 * @self: a table
 * @id: of an action
 *
 * Returns: (transfer none) (nullable): its item
 */
LsQueueItem *
ls_queue_table_find (LsQueueTable *self, const char *id)
{
  return g_hash_table_lookup (self->by_id, id);
}

/**
 * ls_queue_table_find_key:
 * @self: a table
 * @key: idempotency key
 *
 * Returns: (transfer none) (nullable): the item whose key that is now
 */
LsQueueItem *
ls_queue_table_find_key (LsQueueTable *self, const char *key)
{
  return g_hash_table_lookup (self->by_key, key);
}

/**
 * ls_queue_table_find_app_key:
 * @self: a table
 * @app: what an app is called
 * @key: a key that it gave
 *
 * Returns: (transfer none) (nullable): the item that it gave it to
 */
LsQueueItem *
ls_queue_table_find_app_key (LsQueueTable *self, const char *app, const char *key)
{
  g_autofree char *app_key = make_app_key (app, key);

  return g_hash_table_lookup (self->by_app_key, app_key);
}

/**
 * ls_queue_table_get_lanes:
 * @self: a table
 *
 * Returns: (transfer none): whose turn it is
 */
LsQueueLanes *
ls_queue_table_get_lanes (LsQueueTable *self)
{
  return self->lanes;
}

/**
 * ls_queue_table_get_items:
 * @self: a table
 *
 * Returns: (transfer none) (element-type LsQueueItem): all of them, in the order of `seq`
 */
GSequence *
ls_queue_table_get_items (LsQueueTable *self)
{
  return self->items;
}

/**
 * ls_queue_table_search:
 * @self: a table
 * @seq: a place
 *
 * Returns: (transfer none): the first item after it, or the end
 */
GSequenceIter *
ls_queue_table_search (LsQueueTable *self, guint64 seq)
{
  LsAction action = { .seq = seq };
  LsQueueItem item = { .now = &action };

  return g_sequence_search (self->items, &item, compare_seq, NULL);
}

/**
 * ls_queue_table_get_next_of_row:
 * @self: a table
 * @item: one of its items
 *
 * Looks at all that came later: not meant for every action.
 *
 * Returns: (transfer none) (nullable): the first action after it that is about the same row, over or not
 */
LsQueueItem *
ls_queue_table_get_next_of_row (LsQueueTable *self, const LsQueueItem *item)
{
  GSequenceIter *iter = g_sequence_iter_next (item->place);

  for (; !g_sequence_iter_is_end (iter); iter = g_sequence_iter_next (iter))
    {
      LsQueueItem *other = g_sequence_get (iter);

      if (g_str_equal (other->now->entity, item->now->entity) &&
          g_str_equal (other->now->entity_id, item->now->entity_id))
        return other;
    }
  return NULL;
}

/**
 * ls_queue_table_get_unseen:
 * @self: a table
 *
 * Returns: (transfer none) (element-type LsQueueItem): a set of what is done and not visible yet
 */
GHashTable *
ls_queue_table_get_unseen (LsQueueTable *self)
{
  return self->unseen;
}

/**
 * ls_queue_table_get_n_open:
 * @self: a table
 *
 * Returns: how many actions are open
 */
guint
ls_queue_table_get_n_open (LsQueueTable *self)
{
  return self->n_open;
}

/**
 * ls_queue_table_get_n_open_of:
 * @self: a table
 * @app: what an app is called
 *
 * Returns: how many open actions that app has
 */
guint
ls_queue_table_get_n_open_of (LsQueueTable *self, const char *app)
{
  return GPOINTER_TO_UINT (g_hash_table_lookup (self->open_of, app));
}

/**
 * ls_queue_table_get_n_bytes:
 * @self: a table
 *
 * Returns: how much text they have
 */
gsize
ls_queue_table_get_n_bytes (LsQueueTable *self)
{
  return self->n_bytes;
}

/**
 * ls_queue_table_get_n_kept:
 * @self: a table
 *
 * Returns: how many actions are over and done with, and still there
 */
guint
ls_queue_table_get_n_kept (LsQueueTable *self)
{
  return self->n_kept;
}

/**
 * ls_queue_table_get_n_losers:
 * @self: a table
 *
 * Returns: how many of these have a side that lost, which may be brought back
 */
guint
ls_queue_table_get_n_losers (LsQueueTable *self)
{
  return self->n_losers;
}
