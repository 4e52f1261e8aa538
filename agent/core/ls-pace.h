/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-poll.h"

G_BEGIN_DECLS

/**
 * LsPace:
 * @interval: between two polls, in milliseconds; 0: not chosen yet
 *
 * How often to poll where all machines of a school share one limit. A plain value; zeroed is a good
 * start.
 */
typedef struct
{
  gint64 interval;
} LsPace;

gint64 ls_pace_get (const LsPace *self, gint64 shortest);
void ls_pace_heard (LsPace *self, const LsQuota *quota, gint64 shortest);
void ls_pace_refused (LsPace *self, gint64 shortest);

G_END_DECLS
