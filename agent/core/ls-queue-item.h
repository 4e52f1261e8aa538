/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-action.h"
#include "ls-state.h"

G_BEGIN_DECLS

/**
 * LsQueuePhase:
 * @LS_QUEUE_IDLE: nothing is under way
 * @LS_QUEUE_LOOKING: its row is being read, before it is sent
 * @LS_QUEUE_STORING: it is being written down that it is with the server, where it is not yet
 * @LS_QUEUE_STORED: that is on disk, and it is sent as soon as the server has room for it
 * @LS_QUEUE_SENDING: it is with the server
 * @LS_QUEUE_READING_BACK: its row is being read, after it was sent
 *
 * What is under way for an action. Not on disk: a restart ends all of it.
 */
typedef enum
{
  LS_QUEUE_IDLE,
  LS_QUEUE_LOOKING,
  LS_QUEUE_STORING,
  LS_QUEUE_STORED,
  LS_QUEUE_SENDING,
  LS_QUEUE_READING_BACK,
} LsQueuePhase;

typedef struct _LsQueueLane LsQueueLane;

/**
 * LsQueueItem:
 * @now: (owned): the action as it was decided
 * @disk: (owned) (nullable): the action as it is on disk, where that is not @now
 * @on_disk: whether it is there at all
 * @is_dirty: @now is to be written
 * @is_removed: it is to be taken off the disk
 * @phase: what is under way
 * @due: not to be sent before this, monotonic milliseconds
 * @token: which of the tokens it was sent with
 * @protocol: to what kind of server it was sent
 * @n_broken: how often in a row the server stumbled over it
 * @n_unread: how often in a row its row could not be read
 * @is_last_look: if its row does not show that it was done, it is given up
 * @is_fed: what came of it is on its way into the cache
 * @is_news: where it is now is still to be told
 *
 * An action in the queue, and what is known of it beside. The other members belong to #LsQueueTable
 * and #LsQueueLanes.
 */
typedef struct
{
  LsAction *now;
  LsAction *disk;
  gboolean on_disk;
  gboolean is_dirty;
  gboolean is_removed;

  LsQueuePhase phase;
  gint64 due;
  guint token;
  LsProtocol protocol;
  guint n_broken;
  guint n_unread;
  gboolean is_last_look;
  gboolean is_fed;
  gboolean is_news;

  /*< private >*/
  LsQueueLane *lane;    /* (unowned) (nullable) */
  char *dependency;     /* (owned) (nullable): as it is indexed, like what follows */
  char *key;            /* (owned) (nullable) */
  char *app_key;        /* (owned) (nullable) */
  gsize size;           /* counted as open; 0: not counted */
  gboolean is_kept;     /* counted as over and done with */
  gboolean has_loser;   /* and as such with a side that lost */
  GSequenceIter *place; /* in the order of seq */
  gboolean is_touched;
} LsQueueItem;

LsQueueItem *ls_queue_item_new (LsAction *action);
void ls_queue_item_free (LsQueueItem *item);
const LsAction *ls_queue_item_get_told (const LsQueueItem *item);
gboolean ls_queue_item_is_with_server (const LsQueueItem *item);
gboolean ls_queue_item_is_waiting (const LsQueueItem *item);
gboolean ls_queue_item_is_marked (const LsQueueItem *item);

G_END_DECLS
