/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-pace.h"

/* The classic system counts all requests from one address together, and lets nobody sign in or
 * refresh a token when more than four others came in the last minute. So all machines together aim
 * at that many: what a school polls less often, it gains in tokens that don't run out. */
#define CROWDED 5

/* Where it is quiet, each machine polls more often by this part of its fastest pace; where it is
 * crowded, a quarter less often. Adding and multiplying is what makes machines that know nothing of
 * each other end at equal shares (AIMD; Chiu and Jain, 1989). */
#define STEP 16

/* Nobody polls less often than this, however many there are, in milliseconds. Where not even that
 * leaves room for tokens, they run out, and who has none does not poll. */
#define LONGEST (10 * 60 * 1000)

static gint64
clamp (gint64 interval, gint64 shortest)
{
  return CLAMP (interval, shortest, MAX (shortest, LONGEST));
}

/**
 * ls_pace_get:
 * @self: a pace
 * @shortest: the interval when nobody else polls, in milliseconds
 *
 * Returns: the interval, in milliseconds
 */
gint64
ls_pace_get (const LsPace *self, gint64 shortest)
{
  return clamp (self->interval, shortest);
}

/**
 * ls_pace_heard:
 * @self: a pace
 * @quota: what the answer to a poll says
 * @shortest: the interval when nobody else polls, in milliseconds
 *
 * Slows down where the limit is crowded, and speeds up again where it is not.
 */
void
ls_pace_heard (LsPace *self, const LsQuota *quota, gint64 shortest)
{
  gint64 interval = ls_pace_get (self, shortest);
  guint n_recent = quota->limit > quota->remaining ? quota->limit - quota->remaining : 0;

  if (n_recent > CROWDED)
    interval = interval * 4 / 3;
  else
    interval = interval * STEP * shortest / (STEP * shortest + interval);
  self->interval = clamp (interval, shortest);
}

/**
 * ls_pace_refused:
 * @self: a pace
 * @shortest: the interval when nobody else polls, in milliseconds
 *
 * The limit was reached: halves the pace.
 */
void
ls_pace_refused (LsPace *self, gint64 shortest)
{
  self->interval = clamp (2 * ls_pace_get (self, shortest), shortest);
}
