/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-queue-item.h"

G_BEGIN_DECLS

typedef struct _LsQueueLanes LsQueueLanes;

LsQueueLanes *ls_queue_lanes_new (GHashTable *by_id);
void ls_queue_lanes_free (LsQueueLanes *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsQueueLanes, ls_queue_lanes_free)

void ls_queue_lanes_put (LsQueueLanes *self, LsQueueItem *item);
void ls_queue_lanes_take (LsQueueLanes *self, LsQueueItem *item);
void ls_queue_lanes_settle (LsQueueLanes *self);

LsQueueItem *ls_queue_lanes_get_ready (LsQueueLanes *self);
LsQueueItem *ls_queue_lanes_get_tried (LsQueueLanes *self, gint64 now);
gboolean ls_queue_lanes_is_first (LsQueueLanes *self, const LsQueueItem *item);
GPtrArray *ls_queue_lanes_get_row (LsQueueLanes *self, const char *entity, const char *id);
LsQueueItem *ls_queue_lanes_get_last (LsQueueLanes *self, const char *entity, const char *id);
GPtrArray *ls_queue_lanes_get_dependents (LsQueueLanes *self, const char *id);
const char *ls_queue_lanes_get_blocker (LsQueueLanes *self, const LsQueueItem *item);
GPtrArray *ls_queue_lanes_list_rows (LsQueueLanes *self, const char *entity);

G_END_DECLS
