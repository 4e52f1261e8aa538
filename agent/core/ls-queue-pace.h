/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-random.h"

G_BEGIN_DECLS

/**
 * LsQueuePace:
 * @rate: how many requests in a second; 0: no limit
 * @level: what is left of them, in thousandths; below 0: used ahead of time
 * @filled_at: when @level was that, monotonic milliseconds
 * @start_at: not before this, since a whole school may come back at once; the same; 0: at once
 * @away_until: not before this, as the server said so; the same; 0: at once
 * @gone_at: when the link was lost, the same; 0: it is there
 *
 * How fast the queue is sent: a token bucket that holds a second's worth. A plain value.
 */
typedef struct
{
  guint rate;
  gint64 level;
  gint64 filled_at;
  gint64 start_at;
  gint64 away_until;
  gint64 gone_at;
} LsQueuePace;

void ls_queue_pace_begin (LsQueuePace *self, guint rate, gint64 gone_at, gint64 now);
void ls_queue_pace_set_rate (LsQueuePace *self, guint rate, gint64 now);
void ls_queue_pace_link_lost (LsQueuePace *self, gint64 now);
void ls_queue_pace_link_found (LsQueuePace *self, LsRandom *random, gint64 now);
void ls_queue_pace_hurry (LsQueuePace *self);
void ls_queue_pace_stay_away (LsQueuePace *self, gint64 until);
void ls_queue_pace_spend (LsQueuePace *self, gint64 now);
gint64 ls_queue_pace_get_next (const LsQueuePace *self, gint64 now);

G_END_DECLS
