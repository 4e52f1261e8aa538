/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-random.h"

G_BEGIN_DECLS

/**
 * LsBackoff:
 * @attempt: how many waits there were since the last reset
 *
 * Exponential backoff with full jitter. A plain value; zeroed is a good start.
 */
typedef struct
{
  guint attempt;
} LsBackoff;

gint64 ls_backoff_next (LsBackoff *self, LsRandom *random, gint64 initial_ms, gint64 max_ms);
void ls_backoff_reset (LsBackoff *self);

G_END_DECLS
