/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-backoff.h"

/* Doubling a wait of at least 1 ms this often is more than any cap. */
#define MAX_DOUBLINGS 40

/**
 * ls_backoff_next:
 * @self: a backoff
 * @random: where the jitter comes from
 * @initial_ms: bound of the first wait, in milliseconds, at least 1
 * @max_ms: bound of every wait, in milliseconds
 *
 * Chooses how long to wait: evenly from 0 to min (@max_ms, @initial_ms × 2^attempt). The cap comes
 * before the jitter, so that machines that all have reached it still spread.
 *
 * Returns: the wait, in milliseconds
 */
gint64
ls_backoff_next (LsBackoff *self, LsRandom *random, gint64 initial_ms, gint64 max_ms)
{
  gint64 bound = initial_ms;

  g_return_val_if_fail (initial_ms > 0 && max_ms > 0, 0);

  for (guint i = 0; i < MIN (self->attempt, MAX_DOUBLINGS) && bound < max_ms; i++)
    bound *= 2;

  self->attempt++;
  return ls_random_below (random, MIN (bound, max_ms) + 1);
}

/**
 * ls_backoff_reset:
 * @self: a backoff
 *
 * Begins anew: things have been well for a while.
 */
void
ls_backoff_reset (LsBackoff *self)
{
  self->attempt = 0;
}
