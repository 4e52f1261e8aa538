/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the chance of a random test follows from. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * LsSeedFunc:
 * @seed: what all chance of this run follows from
 * @data: as given
 *
 * One run of a random test.
 */
typedef void (*LsSeedFunc) (guint64 seed, gconstpointer data);

guint64 ls_seed_choose (void);
void ls_seed_run (guint n, guint n_long, LsSeedFunc func, gconstpointer data);

G_END_DECLS
