/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-queue-lane.h"

#include "ls-overlay.h"

/**
 * LsQueueLanes:
 *
 * Whose turn it is. There is one lane for each row: its actions go one after the other, in the order
 * of their `seq`, and one that can't go on holds up its own lane and whoever depends on it, and
 * nobody else. Also the actions that are done, but still laid over their row, stand in its lane.
 */
struct _LsQueueLanes
{
  GHashTable *by_id;      /* (unowned) (element-type utf8 LsQueueItem): all there are */
  GHashTable *lanes;      /* (owned) (element-type utf8 LsQueueLane) */
  GHashTable *dependents; /* (owned) (element-type utf8 GPtrArray): by the id that they depend on */
  GSequence *ready;       /* (owned) (element-type LsQueueItem): whose turn it is, soonest first */
  GHashTable *changed;    /* (owned) (element-type LsQueueLane): to be looked at */
};

struct _LsQueueLane
{
  char *key;            /* (owned) */
  const char *id;       /* in @key */
  GPtrArray *items;     /* (owned) (element-type LsQueueItem): in the order of seq */
  GSequenceIter *ready; /* (nullable): the place of its item in the sequence */
};

static void
lane_free (LsQueueLane *lane)
{
  g_free (lane->key);
  g_ptr_array_unref (lane->items);
  g_free (lane);
}

/**
 * ls_queue_lanes_new:
 * @by_id: (element-type utf8 LsQueueItem): where the caller keeps all items
 *
 * Returns: (transfer full): lanes with nothing in them
 */
LsQueueLanes *
ls_queue_lanes_new (GHashTable *by_id)
{
  LsQueueLanes *self = g_new0 (LsQueueLanes, 1);

  self->by_id = by_id;
  self->lanes = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify)lane_free);
  self->dependents =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
  self->ready = g_sequence_new (NULL);
  self->changed = g_hash_table_new (NULL, NULL);
  return self;
}

/**
 * ls_queue_lanes_free:
 * @self: (transfer full): lanes
 *
 * Frees them.
 */
void
ls_queue_lanes_free (LsQueueLanes *self)
{
  g_hash_table_unref (self->changed);
  g_sequence_free (self->ready);
  g_hash_table_unref (self->dependents);
  g_hash_table_unref (self->lanes);
  g_free (self);
}

static char *
make_key (const char *entity, const char *id)
{
  return g_strconcat (entity, "/", id, NULL);
}

static LsQueueLane *
get_lane (LsQueueLanes *self, const LsAction *action)
{
  g_autofree char *key = make_key (action->entity, action->entity_id);
  LsQueueLane *lane = g_hash_table_lookup (self->lanes, key);

  if (lane != NULL)
    return lane;

  lane = g_new0 (LsQueueLane, 1);
  lane->id = key + strlen (action->entity) + 1;
  lane->key = g_steal_pointer (&key);
  lane->items = g_ptr_array_new ();
  g_hash_table_insert (self->lanes, lane->key, lane);
  return lane;
}

/* Most are the last of their lane. */
static void
insert (GPtrArray *items, LsQueueItem *item)
{
  guint i = items->len;

  while (i > 0 && ((LsQueueItem *)items->pdata[i - 1])->now->seq > item->now->seq)
    i--;
  g_ptr_array_insert (items, (gint)i, item);
}

static gboolean
is_over (const LsQueueItem *item)
{
  return item->is_removed || !ls_action_is_open (item->now);
}

/* Also what is decided to be over stands there until that is on disk, since readers are told no earlier. */
static gboolean
belongs (const LsQueueItem *item)
{
  const LsAction *told = ls_queue_item_get_told (item);

  return !is_over (item) || ls_overlay_is_laid (item->now) ||
         (told != NULL && ls_overlay_is_laid (told));
}

static void
note_dependents (LsQueueLanes *self, const char *id)
{
  GPtrArray *items = g_hash_table_lookup (self->dependents, id);

  for (guint i = 0; items != NULL && i < items->len; i++)
    {
      LsQueueItem *item = items->pdata[i];

      if (item->lane != NULL)
        g_hash_table_add (self->changed, item->lane);
    }
}

/**
 * ls_queue_lanes_put:
 * @self: lanes
 * @item: an item that is in none
 *
 * Puts it where it belongs now. To be followed by ls_queue_lanes_settle().
 */
void
ls_queue_lanes_put (LsQueueLanes *self, LsQueueItem *item)
{
  note_dependents (self, item->now->id);
  if (!belongs (item))
    return;

  item->lane = get_lane (self, item->now);
  insert (item->lane->items, item);
  g_hash_table_add (self->changed, item->lane);
  if (item->now->depends_on != NULL)
    {
      GPtrArray *items = g_hash_table_lookup (self->dependents, item->now->depends_on);

      item->dependency = g_strdup (item->now->depends_on);
      if (items == NULL)
        {
          items = g_ptr_array_new ();
          g_hash_table_insert (self->dependents, g_strdup (item->dependency), items);
        }
      g_ptr_array_add (items, item);
    }
}

static void
remove_ready (LsQueueLane *lane)
{
  g_clear_pointer (&lane->ready, g_sequence_remove);
}

/**
 * ls_queue_lanes_take:
 * @self: lanes
 * @item: an item
 *
 * Takes it out of its lane, if it is in one. To be followed by ls_queue_lanes_settle().
 */
void
ls_queue_lanes_take (LsQueueLanes *self, LsQueueItem *item)
{
  LsQueueLane *lane = g_steal_pointer (&item->lane);

  if (lane == NULL)
    return;

  remove_ready (lane);
  g_ptr_array_remove (lane->items, item);
  g_hash_table_add (self->changed, lane);
  if (item->dependency != NULL)
    {
      GPtrArray *items = g_hash_table_lookup (self->dependents, item->dependency);

      g_ptr_array_remove_fast (items, item);
      if (items->len == 0)
        g_hash_table_remove (self->dependents, item->dependency);
      g_clear_pointer (&item->dependency, g_free);
    }
}

/* The first of its row that is not over. */
static LsQueueItem *
get_head (const LsQueueLane *lane)
{
  for (guint i = 0; i < lane->items->len; i++)
    if (!is_over (lane->items->pdata[i]))
      return lane->items->pdata[i];

  return NULL;
}

/* What is not there any more has been done long ago. */
static const LsQueueItem *
get_open_dependency (LsQueueLanes *self, const LsQueueItem *item)
{
  const LsQueueItem *dependency = NULL;

  if (item->now->depends_on != NULL)
    dependency = g_hash_table_lookup (self->by_id, item->now->depends_on);

  return dependency != NULL && !is_over (dependency) ? dependency : NULL;
}

static int
compare_ready (gconstpointer a, gconstpointer b, gpointer user_data)
{
  const LsQueueItem *first = a, *second = b;

  if (first->due != second->due)
    return first->due < second->due ? -1 : 1;

  return first->now->seq < second->now->seq ? -1 : first->now->seq > second->now->seq;
}

static void
look_at (LsQueueLanes *self, LsQueueLane *lane)
{
  LsQueueItem *head = get_head (lane);

  remove_ready (lane);
  if (lane->items->len == 0)
    g_hash_table_remove (self->lanes, lane->key);
  else if (head != NULL && head->now->status == LS_ACTION_PENDING && head->phase == LS_QUEUE_IDLE &&
           get_open_dependency (self, head) == NULL)
    lane->ready = g_sequence_insert_sorted (self->ready, head, compare_ready, NULL);
}

/**
 * ls_queue_lanes_settle:
 * @self: lanes
 *
 * Looks whose turn it is, after something was put or taken.
 */
void
ls_queue_lanes_settle (LsQueueLanes *self)
{
  GHashTableIter iter;
  gpointer lane;

  g_hash_table_iter_init (&iter, self->changed);
  while (g_hash_table_iter_next (&iter, &lane, NULL))
    look_at (self, lane);
  g_hash_table_remove_all (self->changed);
}

/**
 * ls_queue_lanes_get_ready:
 * @self: lanes
 *
 * Returns: (transfer none) (nullable): whose turn it is next, by `due` and then by `seq`; %NULL: nobody's
 */
LsQueueItem *
ls_queue_lanes_get_ready (LsQueueLanes *self)
{
  GSequenceIter *first = g_sequence_get_begin_iter (self->ready);

  return g_sequence_iter_is_end (first) ? NULL : g_sequence_get (first);
}

/**
 * ls_queue_lanes_get_tried:
 * @self: lanes
 * @now: monotonic milliseconds
 *
 * Looks at all that is due: meant for now and then.
 *
 * Returns: (transfer none) (nullable): which of those whose turn it is has been sent before, the one that has been
 *   due for the longest time; %NULL: none is due
 */
LsQueueItem *
ls_queue_lanes_get_tried (LsQueueLanes *self, gint64 now)
{
  GSequenceIter *iter = g_sequence_get_begin_iter (self->ready);

  for (; !g_sequence_iter_is_end (iter); iter = g_sequence_iter_next (iter))
    {
      LsQueueItem *item = g_sequence_get (iter);

      if (item->due > now)
        break;
      if (item->now->attempts > 0)
        return item;
    }

  return NULL;
}

/**
 * ls_queue_lanes_is_first:
 * @self: lanes
 * @item: an item
 *
 * Returns: whether nothing stands before it
 */
gboolean
ls_queue_lanes_is_first (LsQueueLanes *self, const LsQueueItem *item)
{
  return item->lane != NULL && get_head (item->lane) == item &&
         get_open_dependency (self, item) == NULL;
}

/**
 * ls_queue_lanes_get_row:
 * @self: lanes
 * @entity: of a row
 * @id: of a row
 *
 * Returns: (transfer none) (nullable) (element-type LsQueueItem): what is in its lane, in the order of `seq`
 */
GPtrArray *
ls_queue_lanes_get_row (LsQueueLanes *self, const char *entity, const char *id)
{
  g_autofree char *key = make_key (entity, id);
  LsQueueLane *lane = g_hash_table_lookup (self->lanes, key);

  return lane != NULL ? lane->items : NULL;
}

/**
 * ls_queue_lanes_get_last:
 * @self: lanes
 * @entity: of a row
 * @id: of a row
 *
 * Returns: (transfer none) (nullable): the last of its lane that is not over
 */
LsQueueItem *
ls_queue_lanes_get_last (LsQueueLanes *self, const char *entity, const char *id)
{
  GPtrArray *items = ls_queue_lanes_get_row (self, entity, id);

  for (guint i = items != NULL ? items->len : 0; i > 0; i--)
    if (!is_over (items->pdata[i - 1]))
      return items->pdata[i - 1];

  return NULL;
}

/**
 * ls_queue_lanes_get_dependents:
 * @self: lanes
 * @id: of an action
 *
 * Returns: (transfer none) (nullable) (element-type LsQueueItem): who has said to depend on it and is not over
 */
GPtrArray *
ls_queue_lanes_get_dependents (LsQueueLanes *self, const char *id)
{
  return g_hash_table_lookup (self->dependents, id);
}

static gboolean
blocks (const LsQueueItem *item)
{
  return item->now->status == LS_ACTION_FAILED || item->now->status == LS_ACTION_CONFLICT;
}

/**
 * ls_queue_lanes_get_blocker:
 * @self: lanes
 * @item: an item
 *
 * Returns: (transfer none) (nullable): id of the dead letter or conflict that holds it up
 */
const char *
ls_queue_lanes_get_blocker (LsQueueLanes *self, const LsQueueItem *item)
{
  const LsQueueItem *head, *dependency;

  if (item->lane == NULL || item->now->status != LS_ACTION_PENDING)
    return NULL;

  head = get_head (item->lane);
  if (head != item && blocks (head))
    return head->now->id;
  dependency = get_open_dependency (self, head);
  if (dependency == NULL)
    dependency = get_open_dependency (self, item);

  return dependency != NULL && blocks (dependency) ? dependency->now->id : NULL;
}

/**
 * ls_queue_lanes_list_rows:
 * @self: lanes
 * @entity: of the rows
 *
 * Returns: (transfer full) (element-type utf8): ids of its rows with something in their lane
 */
GPtrArray *
ls_queue_lanes_list_rows (LsQueueLanes *self, const char *entity)
{
  GPtrArray *ids = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *prefix = make_key (entity, "");
  GHashTableIter iter;
  gpointer lane;

  g_hash_table_iter_init (&iter, self->lanes);
  while (g_hash_table_iter_next (&iter, NULL, &lane))
    if (g_str_has_prefix (((LsQueueLane *)lane)->key, prefix))
      g_ptr_array_add (ids, g_strdup (((LsQueueLane *)lane)->id));
  return ids;
}
