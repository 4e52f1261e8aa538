/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the queue sees in the stream: its own deeds, and those of others. */
#include "ls-queue-private.h"

static gboolean
is_deletion (const LsEvent *event)
{
  return ls_event_type_get_change (event->type) == LS_CHANGE_DELETED;
}

/* Our own change has come back: it was done, whatever became of the answer, and it is in the cache. */
static void
take_echo (LsQueue *self, LsQueueItem *item, const LsEvent *event)
{
  LsTheirRow result = { is_deletion (event) ? NULL : event->data, event->version,
                        is_deletion (event) };

  if (ls_action_is_open (item->now))
    ls_queue_complete_in_cache (self, item, &result);
  else if (!item->now->visible)
    ls_queue_see (self, item);
}

/* While one of a lane is with the server, what comes may be of before or after it: the server will say. */
static gboolean
is_with_server (GPtrArray *lane)
{
  for (guint i = 0; i < lane->len; i++)
    if (ls_queue_item_is_with_server (lane->pdata[i]))
      return TRUE;

  return FALSE;
}

/* A key is its user's: somebody else may have the same (protocol, "Actions"), and so may an app of theirs at another
 * machine, for another row. An action of its own path may change a row of any id. */
static gboolean
is_echo (LsQueue *self, const LsAction *action, const LsEvent *event)
{
  gboolean is_foreign = *event->user_id != '\0' && !g_str_equal (event->user_id, self->user_id);

  return !is_foreign &&
         g_str_equal (action->entity, ls_entity_to_string (ls_event_get_entity (event))) &&
         (action->type > LS_ACTION_DELETE || g_str_equal (action->entity_id, event->entity_id));
}

static LsQueueItem *
find_echoed (LsQueue *self, const LsEvent *event)
{
  LsQueueItem *item = NULL;

  if (event->action_id != NULL)
    item = ls_queue_table_find_key (self->table, event->action_id);

  return item != NULL && is_echo (self, item->now, event) ? item : NULL;
}

static void
take_event (LsQueue *self, const LsEvent *event)
{
  LsQueueItem *item = find_echoed (self, event);
  LsTheirRow theirs = { is_deletion (event) ? NULL : event->data, event->version,
                        is_deletion (event) };
  GPtrArray *lane;

  if (item != NULL)
    {
      take_echo (self, item, event);
      ls_queue_table_settle (self->table);
      return;
    }

  /* Without a version nobody knows whether it is newer: then the server says so when the action is sent. */
  lane =
      ls_queue_lanes_get_row (ls_queue_table_get_lanes (self->table),
                              ls_entity_to_string (ls_event_get_entity (event)), event->entity_id);
  if (lane == NULL || event->version == 0 || is_with_server (lane))
    return;

  ls_queue_collide_lane (self, lane, &theirs);
  ls_queue_table_settle (self->table);
}

/**
 * ls_queue_events:
 * @self: the queue
 * @events: (element-type LsEvent): what came into the cache
 *
 * Somebody changed something at the server; maybe we did.
 */
void
ls_queue_events (LsQueue *self, GPtrArray *events)
{
  for (guint i = 0; i < events->len; i++)
    take_event (self, events->pdata[i]);
  ls_queue_turn (self);
}

/* Whether the cache has what an action did, now that it stands at @position. A log that was left behind tells
 * nothing more. */
static gboolean
is_visible (const LsQueueItem *item, LsCursor before, LsCursor position, gboolean is_settled)
{
  LsCursor cursor = item->now->commit_cursor;

  if (!ls_cursor_is_set (cursor))
    return item->is_fed && is_settled;
  if (ls_cursor_covers (position, cursor))
    return TRUE;

  return ls_cursor_is_set (position) && !g_str_equal (before.epoch, position.epoch) &&
         g_str_equal (before.epoch, cursor.epoch);
}

/**
 * ls_queue_see_what_is_there:
 * @self: the queue
 * @before: where the cache stood before
 *
 * Notes what of all that is done the cache has by now.
 */
void
ls_queue_see_what_is_there (LsQueue *self, LsCursor before)
{
  GHashTableIter iter;
  gpointer item;

  g_hash_table_iter_init (&iter, ls_queue_table_get_unseen (self->table));
  while (g_hash_table_iter_next (&iter, &item, NULL))
    if (is_visible (item, before, self->position, self->is_settled))
      ls_queue_see (self, item);
}

/**
 * ls_queue_moved:
 * @self: the queue
 * @position: where the cache stands in the server's log
 * @is_settled: whether everything is in it that was fed to it
 *
 * The cache has moved on.
 */
void
ls_queue_moved (LsQueue *self, LsCursor position, gboolean is_settled)
{
  LsCursor before = self->position;

  self->position = position;
  self->is_settled = is_settled;
  if (g_hash_table_size (ls_queue_table_get_unseen (self->table)) == 0)
    return;

  ls_queue_see_what_is_there (self, before);
  ls_queue_turn (self);
}

/* To be connected is to have everything: whatever was done before has come into the cache. */
static void
see_what_has_no_cursor (LsQueue *self)
{
  GHashTableIter iter;
  gpointer next;

  g_hash_table_iter_init (&iter, ls_queue_table_get_unseen (self->table));
  while (g_hash_table_iter_next (&iter, &next, NULL))
    {
      LsQueueItem *item = next;

      if (ls_cursor_is_set (item->now->commit_cursor))
        continue;
      item->is_fed = TRUE;
      ls_queue_see (self, item);
    }
}

/**
 * ls_queue_set_link:
 * @self: the queue
 * @is_reachable: whether the server can be reached
 * @protocol: what it speaks
 *
 * Something about the link changed.
 */
void
ls_queue_set_link (LsQueue *self, gboolean is_reachable, LsProtocol protocol)
{
  gboolean was_reachable = self->is_reachable;
  gint64 now = ls_queue_now (self);

  /* what may be ahead of time at one server may not be at another */
  if (protocol != self->protocol)
    ls_queue_send_take_back (self);
  self->is_reachable = is_reachable;
  self->protocol = protocol;
  if (was_reachable && !is_reachable)
    {
      ls_queue_pace_link_lost (&self->pace, now);
    }
  else if (!was_reachable && is_reachable)
    {
      ls_queue_pace_link_found (&self->pace, self->random, now);
      ls_breaker_hurry (&self->breaker, now);
      see_what_has_no_cursor (self);
    }
  ls_queue_turn (self);
}
