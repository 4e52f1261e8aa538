/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-interest.h"

#include "ls-throttle.h"

static const LsThrottleRate rate = { LS_INTEREST_MAX_CHANGES, 60 * 1000 };

static guint64
get_bit (LsEventType type)
{
  g_assert (type >= 0 && type < 64);

  return G_GUINT64_CONSTANT (1) << type;
}

/**
 * ls_interest_add_all:
 * @self: an interest
 *
 * Wants every type there is.
 */
void
ls_interest_add_all (LsInterest *self)
{
  self->types = G_MAXUINT64;
}

/**
 * ls_interest_add:
 * @self: an interest
 * @type: an event type
 *
 * Wants @type as well.
 */
void
ls_interest_add (LsInterest *self, LsEventType type)
{
  self->types |= get_bit (type);
}

/**
 * ls_interest_remove:
 * @self: an interest
 * @type: an event type
 *
 * Wants @type no more.
 */
void
ls_interest_remove (LsInterest *self, LsEventType type)
{
  self->types &= ~get_bit (type);
}

/**
 * ls_interest_has:
 * @self: an interest
 * @type: an event type
 *
 * Returns: whether @type is wanted
 */
gboolean
ls_interest_has (const LsInterest *self, LsEventType type)
{
  return (self->types & get_bit (type)) != 0;
}

/**
 * ls_interest_count_change:
 * @self: an interest
 * @now: the time, monotonic, milliseconds
 *
 * Counts a wish for a change.
 *
 * Returns: whether it may be granted; %FALSE: there were more than %LS_INTEREST_MAX_CHANGES
 */
gboolean
ls_interest_count_change (LsInterest *self, gint64 now)
{
  if (ls_throttle_rate_get_wait (&rate, self->busy_until, now) > 0)
    return FALSE;

  self->busy_until = ls_throttle_rate_take (&rate, self->busy_until, now);
  return TRUE;
}
