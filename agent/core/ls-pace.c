/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-pace.h"

/* The classic system counts the last minute's requests of all machines behind one address together. It
 * answers a hundred, but gives a token only to who finds no more than ROOM others there. Machines that
 * poll whenever they like fill that room for good: forty of them, each every ten minutes, leave half of
 * the school without a token, for up to two hours.
 *
 * So a school with more machines than that polls in turns: all in the first seconds of an interval by
 * the server's clock. A minute later the room is empty, and until the next turn it is there for
 * tokens, five a minute. Nobody has to be told of the others: an answer says how many requests there
 * were. All figures below were tried in `tests/run --verbose crowd`, which prints what they lead to. */

#define SECOND ((gint64)1000)
#define MINUTE (60 * SECOND)
#define ROOM 4

/* So finely is the crowd counted; this part of it is forgotten with each poll that sees fewer. */
#define UNIT 16

/* For how many seconds of an interval the turn lasts; twice as many, or six times, made no difference
 * but to the room that is left. */
#define TURN (10 * SECOND)

/* Where there is room for all, a poll comes at its interval, give or take this many percent. */
#define JITTER 20

/* A new token for each of so many machines, before it ends, fits in between the turns. Those that are
 * a multiple of each other coincide, so that machines need not agree. With the longest, who comes
 * after a turn has a token that still lasts in the next. */
static const struct
{
  guint crowd;
  gint64 interval;
} levels[] = {
  { 20, 2 * MINUTE },
  { 50, 4 * MINUTE },
  { 100, 8 * MINUTE },
};

/* Who has nothing recent is not kept waiting for longer than this. */
#define LONGEST_WAIT (4 * MINUTE)

/* Tokens are given out so often at most: who has waited for n of these has had n others before. */
#define TOKEN_EVERY (12 * SECOND)

/* What comes on top of the time that the server names, at most: it names the same to everybody, and
 * has room for one of them then. */
#define SHORTEST_RETRY (5 * SECOND)

/**
 * ls_pace_is_crowded:
 * @self: a pace
 *
 * Returns: whether the school has to take turns
 */
gboolean
ls_pace_is_crowded (const LsPace *self)
{
  return self->crowd > ROOM * UNIT;
}

/**
 * ls_pace_get_interval:
 * @self: a pace
 * @shortest: the interval when nobody else polls, in milliseconds
 *
 * Returns: the interval, in milliseconds
 */
gint64
ls_pace_get_interval (const LsPace *self, gint64 shortest)
{
  guint level = 0;
  gint64 interval;

  if (!ls_pace_is_crowded (self))
    return shortest;

  while (level < G_N_ELEMENTS (levels) - 1 && self->crowd > levels[level].crowd * UNIT)
    level++;
  interval = levels[level].interval;
  while (interval < shortest)
    interval *= 2;
  return interval;
}

/**
 * ls_pace_choose_delay:
 * @self: a pace
 * @shortest: the interval when nobody else polls, in milliseconds
 * @is_fresh: whether there was a poll lately
 * @wall: now, in milliseconds since the epoch
 * @random: where the jitter comes from
 *
 * Returns: until the next poll, in milliseconds
 */
gint64
ls_pace_choose_delay (const LsPace *self,
                      gint64 shortest,
                      gboolean is_fresh,
                      gint64 wall,
                      LsRandom *random)
{
  gint64 interval = ls_pace_get_interval (self, shortest);
  gint64 spread = interval * JITTER / 100;
  gint64 server = MAX (wall + self->ahead, 0);

  if (!ls_pace_is_crowded (self))
    return interval - spread + ls_random_below (random, 2 * spread + 1);
  if (!is_fresh)
    interval = MIN (interval, LONGEST_WAIT);

  return interval - server % interval + ls_random_below (random, TURN);
}

/**
 * ls_pace_counted:
 * @self: a pace
 * @monotonic: now, monotonic milliseconds
 *
 * The server has counted a request of ours: it answered something other than that there is no room.
 */
void
ls_pace_counted (LsPace *self, gint64 monotonic)
{
  self->own[self->n_own % LS_PACE_N_OWN] = monotonic;
  self->n_own++;
}

static guint
count_own (const LsPace *self, gint64 monotonic)
{
  guint n = 0;

  for (guint i = 0; i < MIN (self->n_own, LS_PACE_N_OWN); i++)
    n += monotonic - self->own[i] < MINUTE;
  return n;
}

/**
 * ls_pace_heard:
 * @self: a pace
 * @quota: what the answer to a poll says, which is counted already
 * @wall: now, in milliseconds since the epoch
 * @monotonic: now, monotonic milliseconds
 *
 * Takes what an answer tells of the others, and of the server's clock.
 */
void
ls_pace_heard (LsPace *self, const LsQuota *quota, gint64 wall, gint64 monotonic)
{
  guint n = quota->limit > quota->remaining ? quota->limit - quota->remaining : 0;
  guint own = count_own (self, monotonic);
  guint crowd = n > own ? n - own + 1 : 1;

  self->crowd = MAX (crowd * UNIT, self->crowd - self->crowd / UNIT);
  if (quota->reset_at > 0)
    self->ahead = CLAMP (self->ahead, quota->reset_at - MINUTE - wall, quota->reset_at - wall);
}

/**
 * ls_pace_refused:
 * @self: a pace
 * @waited: for how long what was refused has been tried for, in milliseconds; 0: for the first time
 *
 * The server had no room for a request: there are others.
 */
void
ls_pace_refused (LsPace *self, gint64 waited)
{
  guint others = (guint)MIN (waited / TOKEN_EVERY, levels[G_N_ELEMENTS (levels) - 1].crowd);

  self->crowd = MAX (self->crowd, (ROOM + 1 + others) * UNIT);
}

/**
 * ls_pace_told_time:
 * @self: a pace
 * @server: what the server's clock shows, in milliseconds since the epoch
 * @wall: what ours does
 *
 * Sets the clock by which turns are taken.
 */
void
ls_pace_told_time (LsPace *self, gint64 server, gint64 wall)
{
  self->ahead = server - wall;
}

/**
 * ls_pace_choose_retry:
 * @retry_after: how long the server asks to stay away, in milliseconds
 * @left: how long the request can wait for, in milliseconds; may be negative
 * @random: where the jitter comes from
 *
 * Who can wait comes back less often, so that those who can't get in before.
 *
 * Returns: until the next try, in milliseconds
 */
gint64
ls_pace_choose_retry (gint64 retry_after, gint64 left, LsRandom *random)
{
  return retry_after + ls_random_below (random, MAX (left / 4, SHORTEST_RETRY));
}
