/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-breaker.h"

/* Within which time failures open it (goals, F18), milliseconds. */
#define WINDOW 60000
/* The pause before a probe: doubles from the first bound to the last, milliseconds. At least half of it is
 * kept, so that a server that is down is let alone, and the rest is chance, so that machines spread. */
#define FIRST_PAUSE 10000
#define LONGEST_PAUSE 300000
#define MAX_DOUBLINGS 5

/**
 * ls_breaker_allows:
 * @self: a breaker
 * @now: monotonic milliseconds
 *
 * Returns: whether something may be sent; if it is not closed, that is one probe, to be followed by
 *   ls_breaker_sent()
 */
gboolean
ls_breaker_allows (const LsBreaker *self, gint64 now)
{
  return self->state == LS_BREAKER_CLOSED ||
         (self->state == LS_BREAKER_OPEN && now >= self->open_until);
}

/**
 * ls_breaker_sent:
 * @self: a breaker that allows it
 *
 * Something goes to the server: a probe, unless the breaker is closed.
 */
void
ls_breaker_sent (LsBreaker *self)
{
  if (self->state == LS_BREAKER_OPEN)
    self->state = LS_BREAKER_PROBING;
}

static void
open_for_a_while (LsBreaker *self, LsRandom *random, gint64 now)
{
  gint64 pause = MIN (FIRST_PAUSE << MIN (self->n_pauses, MAX_DOUBLINGS), LONGEST_PAUSE);

  self->n_pauses++;
  self->state = LS_BREAKER_OPEN;
  self->open_until = now + pause / 2 + ls_random_below (random, pause / 2 + 1);
}

/**
 * ls_breaker_failed:
 * @self: a breaker
 * @random: for the jitter
 * @now: monotonic milliseconds
 *
 * The server did not answer, or stumbled. What was sent before the breaker opened does not count any more.
 */
void
ls_breaker_failed (LsBreaker *self, LsRandom *random, gint64 now)
{
  gint64 *slot = &self->failures[self->n_failures % LS_BREAKER_FAILURES];

  if (self->state == LS_BREAKER_PROBING)
    {
      open_for_a_while (self, random, now);
      return;
    }
  if (self->state == LS_BREAKER_OPEN)
    return;

  *slot = now;
  self->n_failures++;
  slot = &self->failures[self->n_failures % LS_BREAKER_FAILURES];
  if (self->n_failures >= LS_BREAKER_FAILURES && now - *slot <= WINDOW)
    open_for_a_while (self, random, now);
}

/**
 * ls_breaker_succeeded:
 * @self: a breaker
 *
 * The server answered and is well, whatever it said.
 */
void
ls_breaker_succeeded (LsBreaker *self)
{
  self->state = LS_BREAKER_CLOSED;
  self->n_failures = 0;
  self->n_pauses = 0;
}

/**
 * ls_breaker_undecided:
 * @self: a breaker
 *
 * What was sent is over without having shown how the server is: if it was a probe, another one is.
 */
void
ls_breaker_undecided (LsBreaker *self)
{
  if (self->state == LS_BREAKER_PROBING)
    self->state = LS_BREAKER_OPEN;
}

/**
 * ls_breaker_hurry:
 * @self: a breaker
 * @now: monotonic milliseconds
 *
 * There is reason to hope: the time for a probe is now.
 */
void
ls_breaker_hurry (LsBreaker *self, gint64 now)
{
  self->open_until = MIN (self->open_until, now);
}
