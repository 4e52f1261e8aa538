/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-throttle.h"

/* The generic cell rate algorithm (ITU-T I.371): of each there is one number, until when it would be
 * busy if what it did was spread evenly. */

/* Those that are not busy any more are looked for when there are so many more than the last time. */
#define SWEEP_FACTOR 2
#define SWEEP_MIN 1024

struct _LsThrottle
{
  LsThrottleRate rate;
  GHashTable *busy_until; /* (owned) (element-type utf8 gint64): milliseconds */
  guint sweep_at;
};

static gint64
get_step (const LsThrottleRate *rate)
{
  return rate->recovery / rate->burst;
}

/**
 * ls_throttle_rate_get_wait:
 * @rate: how often
 * @busy_until: from ls_throttle_rate_take(); 0: nothing has happened yet
 * @now: the time of any clock that does not jump, milliseconds
 *
 * Returns: in how many milliseconds it may happen; 0: now
 */
gint64
ls_throttle_rate_get_wait (const LsThrottleRate *rate, gint64 busy_until, gint64 now)
{
  return MAX (busy_until - now - (rate->recovery - get_step (rate)), 0);
}

/**
 * ls_throttle_rate_take:
 * @rate: how often
 * @busy_until: from this function; 0: nothing has happened yet
 * @now: the time, milliseconds
 *
 * Returns: what to give as @busy_until from now on, when it has happened once more
 */
gint64
ls_throttle_rate_take (const LsThrottleRate *rate, gint64 busy_until, gint64 now)
{
  return MAX (busy_until, now) + get_step (rate);
}

/**
 * ls_throttle_new:
 * @rate: how often something may happen to each
 *
 * Returns: (transfer full): a throttle for which nothing has happened yet
 */
LsThrottle *
ls_throttle_new (const LsThrottleRate *rate)
{
  LsThrottle *self;

  g_return_val_if_fail (rate != NULL && rate->burst > 0, NULL);

  self = g_new0 (LsThrottle, 1);
  self->rate = *rate;
  self->busy_until = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->sweep_at = SWEEP_MIN;
  return self;
}

/**
 * ls_throttle_free:
 * @self: (transfer full): a throttle
 *
 * Frees it.
 */
void
ls_throttle_free (LsThrottle *self)
{
  g_hash_table_unref (self->busy_until);
  g_free (self);
}

static gint64
get_busy_until (LsThrottle *self, const char *who)
{
  const gint64 *known = g_hash_table_lookup (self->busy_until, who);

  return known != NULL ? *known : 0;
}

static void
set_busy_until (LsThrottle *self, const char *who, gint64 busy_until)
{
  g_hash_table_insert (self->busy_until, g_strdup (who),
                       g_memdup2 (&busy_until, sizeof busy_until));
}

static gboolean
is_idle (gpointer who, gpointer busy_until, gpointer now)
{
  return *(gint64 *)busy_until <= *(gint64 *)now;
}

static void
sweep (LsThrottle *self, gint64 now)
{
  if (g_hash_table_size (self->busy_until) < self->sweep_at)
    return;

  g_hash_table_foreach_remove (self->busy_until, is_idle, &now);
  self->sweep_at = MAX (g_hash_table_size (self->busy_until) * SWEEP_FACTOR, SWEEP_MIN);
}

/**
 * ls_throttle_get_wait:
 * @self: a throttle
 * @who: who asks
 * @now: the time of any clock that does not jump, milliseconds
 *
 * Returns: in how many milliseconds it may happen to @who; 0: now
 */
gint64
ls_throttle_get_wait (LsThrottle *self, const char *who, gint64 now)
{
  g_return_val_if_fail (self != NULL && who != NULL, 0);

  return ls_throttle_rate_get_wait (&self->rate, get_busy_until (self, who), now);
}

/**
 * ls_throttle_take:
 * @self: a throttle
 * @who: to whom it has happened
 * @now: the time, milliseconds
 *
 * Counts it.
 */
void
ls_throttle_take (LsThrottle *self, const char *who, gint64 now)
{
  g_return_if_fail (self != NULL && who != NULL);

  sweep (self, now);
  set_busy_until (self, who, ls_throttle_rate_take (&self->rate, get_busy_until (self, who), now));
}

/**
 * ls_throttle_give_back:
 * @self: a throttle
 * @who: to whom something happened that does not count after all
 *
 * Takes one back.
 */
void
ls_throttle_give_back (LsThrottle *self, const char *who)
{
  g_return_if_fail (self != NULL && who != NULL);

  if (g_hash_table_contains (self->busy_until, who))
    set_busy_until (self, who, get_busy_until (self, who) - get_step (&self->rate));
}

/**
 * ls_throttle_forget:
 * @self: a throttle
 * @who: somebody
 *
 * Takes back all of theirs.
 */
void
ls_throttle_forget (LsThrottle *self, const char *who)
{
  g_return_if_fail (self != NULL && who != NULL);

  g_hash_table_remove (self->busy_until, who);
}

/**
 * ls_throttle_get_size:
 * @self: a throttle
 *
 * Returns: of how many it knows anything
 */
guint
ls_throttle_get_size (LsThrottle *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return g_hash_table_size (self->busy_until);
}
