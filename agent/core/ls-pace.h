/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-poll.h"
#include "ls-random.h"

G_BEGIN_DECLS

/** LS_PACE_N_OWN: how many requests of our own are remembered: a sign-in with all that follows it */
#define LS_PACE_N_OWN 16

/**
 * LsPace:
 * @crowd: how many machines were seen in a minute, lately at most, in sixteenths
 * @ahead: how far the server's clock is ahead of ours, in milliseconds
 * @own: (array): when the last requests of our own were counted, monotonic milliseconds, in a ring
 * @n_own: how many there have been
 *
 * When to poll where all machines of a school share one limit. A plain value; zeroed is a good start.
 */
typedef struct
{
  guint crowd;
  gint64 ahead;
  gint64 own[LS_PACE_N_OWN];
  guint n_own;
} LsPace;

gboolean ls_pace_is_crowded (const LsPace *self);
gint64 ls_pace_get_interval (const LsPace *self, gint64 shortest);
gint64 ls_pace_choose_delay (const LsPace *self,
                             gint64 shortest,
                             gboolean is_fresh,
                             gint64 wall,
                             LsRandom *random);
void ls_pace_counted (LsPace *self, gint64 monotonic);
void ls_pace_heard (LsPace *self, const LsQuota *quota, gint64 wall, gint64 monotonic);
void ls_pace_refused (LsPace *self, gint64 waited);
void ls_pace_told_time (LsPace *self, gint64 server, gint64 wall);

gint64 ls_pace_choose_retry (gint64 retry_after, gint64 left, LsRandom *random);

G_END_DECLS
