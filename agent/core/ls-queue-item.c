/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-queue-item.h"

/**
 * ls_queue_item_new:
 * @action: (transfer full): an action
 *
 * Returns: (transfer full): it as an item that is not on disk
 */
LsQueueItem *
ls_queue_item_new (LsAction *action)
{
  LsQueueItem *item = g_new0 (LsQueueItem, 1);

  item->now = action;
  return item;
}

/**
 * ls_queue_item_free:
 * @item: (transfer full): an item
 *
 * Frees it.
 */
void
ls_queue_item_free (LsQueueItem *item)
{
  ls_action_free (item->now);
  g_clear_pointer (&item->disk, ls_action_free);
  g_free (item->dependency);
  g_free (item->key);
  g_free (item->app_key);
  g_free (item);
}

/**
 * ls_queue_item_get_told:
 * @item: an item
 *
 * Returns: (transfer none) (nullable): the action as others may know it: as it is on disk; %NULL: it
 *   is not there
 */
const LsAction *
ls_queue_item_get_told (const LsQueueItem *item)
{
  if (!item->on_disk)
    return NULL;

  return item->disk != NULL ? item->disk : item->now;
}

/**
 * ls_queue_item_is_with_server:
 * @item: an item
 *
 * Returns: whether the server has it or may have done it: then it can't be changed any more
 */
gboolean
ls_queue_item_is_with_server (const LsQueueItem *item)
{
  return item->now->status == LS_ACTION_SYNCING ||
         (item->now->status == LS_ACTION_PENDING && item->now->outcome_unknown);
}

/**
 * ls_queue_item_is_waiting:
 * @item: an item
 *
 * Returns: whether it has not been sent, and nothing is under way for it
 */
gboolean
ls_queue_item_is_waiting (const LsQueueItem *item)
{
  return item->now->status == LS_ACTION_PENDING && !item->now->outcome_unknown &&
         item->phase == LS_QUEUE_IDLE;
}

/**
 * ls_queue_item_is_marked:
 * @item: an item
 *
 * Returns: whether it is on disk as being with the server, or about to be, where it is not yet
 */
gboolean
ls_queue_item_is_marked (const LsQueueItem *item)
{
  return item->phase == LS_QUEUE_STORING || item->phase == LS_QUEUE_STORED;
}
