/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-queue-pace.h"

/* A request, in the unit of the level. */
#define REQUEST 1000
/* After this long away the beginning is spread over that much (goals, F18), milliseconds. */
#define LONG_AWAY (60 * 60 * 1000)
#define START_SPREAD 30000

static gint64
get_level (const LsQueuePace *self, gint64 now)
{
  gint64 full = (gint64)self->rate * REQUEST;

  /* A second's worth comes in a second: thousandths and milliseconds cancel out. */
  return MIN (self->level + (now - self->filled_at) * self->rate, full);
}

/**
 * ls_queue_pace_begin:
 * @self: a pace
 * @rate: how many requests in a second; 0: no limit
 * @gone_at: since when there has been no link, monotonic milliseconds
 * @now: monotonic milliseconds
 *
 * Begins with a full bucket and without a link.
 */
void
ls_queue_pace_begin (LsQueuePace *self, guint rate, gint64 gone_at, gint64 now)
{
  *self = (LsQueuePace) {
    .rate = rate, .level = (gint64)rate * REQUEST, .filled_at = now, .gone_at = gone_at
  };
}

/**
 * ls_queue_pace_set_rate:
 * @self: a pace
 * @rate: how many requests in a second; 0: no limit
 * @now: monotonic milliseconds
 *
 * Changes the pace.
 */
void
ls_queue_pace_set_rate (LsQueuePace *self, guint rate, gint64 now)
{
  self->level = get_level (self, now);
  self->filled_at = now;
  self->rate = rate;
}

/**
 * ls_queue_pace_link_lost:
 * @self: a pace
 * @now: monotonic milliseconds
 *
 * There is no link any more.
 */
void
ls_queue_pace_link_lost (LsQueuePace *self, gint64 now)
{
  self->gone_at = now;
}

/**
 * ls_queue_pace_link_found:
 * @self: a pace
 * @random: for the spread
 * @now: monotonic milliseconds
 *
 * There is a link again. After a long time others have come back at this moment, too: then the beginning
 * is a random moment of the next 30 s.
 */
void
ls_queue_pace_link_found (LsQueuePace *self, LsRandom *random, gint64 now)
{
  if (now - self->gone_at >= LONG_AWAY)
    self->start_at = now + ls_random_below (random, START_SPREAD + 1);
  self->gone_at = 0;
}

/**
 * ls_queue_pace_hurry:
 * @self: a pace
 *
 * The user does not want to wait for the beginning.
 */
void
ls_queue_pace_hurry (LsQueuePace *self)
{
  self->start_at = 0;
}

/**
 * ls_queue_pace_stay_away:
 * @self: a pace
 * @until: monotonic milliseconds
 *
 * The server has said when to come back.
 */
void
ls_queue_pace_stay_away (LsQueuePace *self, gint64 until)
{
  self->away_until = MAX (self->away_until, until);
}

/**
 * ls_queue_pace_spend:
 * @self: a pace
 * @now: monotonic milliseconds
 *
 * A request goes out. One that belongs to another (a row is read before it is written) does not wait
 * for its turn; what comes after waits the longer.
 */
void
ls_queue_pace_spend (LsQueuePace *self, gint64 now)
{
  if (self->rate == 0)
    return;

  self->level = get_level (self, now) - REQUEST;
  self->filled_at = now;
}

/**
 * ls_queue_pace_get_next:
 * @self: a pace
 * @now: monotonic milliseconds
 *
 * Returns: when the next request may go out, monotonic milliseconds; not after @now: at once
 */
gint64
ls_queue_pace_get_next (const LsQueuePace *self, gint64 now)
{
  gint64 next = MAX (self->start_at, self->away_until);
  gint64 lack;

  if (self->rate == 0)
    return next;

  lack = REQUEST - get_level (self, now);
  return lack > 0 ? MAX (next, now + (lack + self->rate - 1) / self->rate) : next;
}
