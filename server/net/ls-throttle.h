/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * LsThrottleRate:
 * @burst: how often something may happen at once
 * @recovery: in which time all of that may happen again, milliseconds
 *
 * How often something may happen: @burst at once, and in the long run @burst in every @recovery,
 * evenly.
 */
typedef struct
{
  guint burst;
  gint64 recovery;
} LsThrottleRate;

gint64 ls_throttle_rate_get_wait (const LsThrottleRate *rate, gint64 busy_until, gint64 now);
gint64 ls_throttle_rate_take (const LsThrottleRate *rate, gint64 busy_until, gint64 now);

/**
 * LsThrottle:
 *
 * The same for each of many, who are known by a text.
 */
typedef struct _LsThrottle LsThrottle;

LsThrottle *ls_throttle_new (const LsThrottleRate *rate);
void ls_throttle_free (LsThrottle *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsThrottle, ls_throttle_free)

gint64 ls_throttle_get_wait (LsThrottle *self, const char *who, gint64 now);
void ls_throttle_take (LsThrottle *self, const char *who, gint64 now);
void ls_throttle_give_back (LsThrottle *self, const char *who);
void ls_throttle_forget (LsThrottle *self, const char *who);
guint ls_throttle_get_size (LsThrottle *self);

G_END_DECLS
