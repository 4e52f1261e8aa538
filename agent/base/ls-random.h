/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

#define LS_TYPE_RANDOM (ls_random_get_type ())
G_DECLARE_INTERFACE (LsRandom, ls_random, LS, RANDOM, GObject)

/**
 * LsRandomInterface:
 * @next: 64 uniformly distributed bits
 *
 * Chance as a port, so that tests can choose it.
 */
struct _LsRandomInterface
{
  GTypeInterface parent_iface;

  guint64 (*next) (LsRandom *self);
};

guint64 ls_random_next (LsRandom *self);
gint64 ls_random_below (LsRandom *self, gint64 bound);
char *ls_random_uuid (LsRandom *self);
char *ls_random_uuid7 (LsRandom *self, gint64 wall_ms);

G_END_DECLS
