/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-queue-lane.h"

G_BEGIN_DECLS

typedef struct _LsQueueTable LsQueueTable;

/**
 * LsQueueWrittenFunc:
 * @before: (nullable): what was on disk before; %NULL: nothing
 * @after: (nullable): what is there now; %NULL: nothing any more
 * @user_data: what was given to ls_queue_table_written()
 *
 * Told of each action that was written, when that is on disk.
 */
typedef void (*LsQueueWrittenFunc) (const LsAction *before,
                                    const LsAction *after,
                                    gpointer user_data);

LsQueueTable *ls_queue_table_new (void);
void ls_queue_table_free (LsQueueTable *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsQueueTable, ls_queue_table_free)

void ls_queue_table_load (LsQueueTable *self, GPtrArray *actions);
LsQueueItem *ls_queue_table_add (LsQueueTable *self, LsAction *action);
LsAction *ls_queue_table_touch (LsQueueTable *self, LsQueueItem *item);
LsAction *ls_queue_table_amend (LsQueueTable *self, LsQueueItem *item);
void ls_queue_table_note (LsQueueTable *self, LsQueueItem *item);
void ls_queue_table_remove (LsQueueTable *self, LsQueueItem *item);
void ls_queue_table_settle (LsQueueTable *self);

gboolean ls_queue_table_is_dirty (LsQueueTable *self);
GPtrArray *ls_queue_table_take_changes (LsQueueTable *self, GStrv *removed);
void ls_queue_table_written (LsQueueTable *self,
                             GPtrArray *put,
                             GStrv removed,
                             LsQueueWrittenFunc func,
                             gpointer user_data);
void ls_queue_table_roll_back (LsQueueTable *self);

LsQueueItem *ls_queue_table_find (LsQueueTable *self, const char *id);
LsQueueItem *ls_queue_table_find_key (LsQueueTable *self, const char *key);
LsQueueItem *ls_queue_table_find_app_key (LsQueueTable *self, const char *app, const char *key);
LsQueueLanes *ls_queue_table_get_lanes (LsQueueTable *self);
GSequence *ls_queue_table_get_items (LsQueueTable *self);
LsQueueItem *ls_queue_table_get_next_of_row (LsQueueTable *self, const LsQueueItem *item);
GSequenceIter *ls_queue_table_search (LsQueueTable *self, guint64 seq);
GHashTable *ls_queue_table_get_unseen (LsQueueTable *self);
guint ls_queue_table_get_n_open (LsQueueTable *self);
guint ls_queue_table_get_n_open_of (LsQueueTable *self, const char *app);
gsize ls_queue_table_get_n_bytes (LsQueueTable *self);
guint ls_queue_table_get_n_kept (LsQueueTable *self);
guint ls_queue_table_get_n_losers (LsQueueTable *self);

G_END_DECLS
