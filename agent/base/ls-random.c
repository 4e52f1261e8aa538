/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-random.h"

G_DEFINE_INTERFACE (LsRandom, ls_random, G_TYPE_OBJECT)

static void
ls_random_default_init (LsRandomInterface *iface)
{
}

/**
 * ls_random_next:
 * @self: a source of randomness
 *
 * Returns: 64 random bits
 */
guint64
ls_random_next (LsRandom *self)
{
  g_return_val_if_fail (LS_IS_RANDOM (self), 0);

  return LS_RANDOM_GET_IFACE (self)->next (self);
}

/**
 * ls_random_below:
 * @self: a source of randomness
 * @bound: the exclusive upper bound, at least 1
 *
 * Returns: a number from 0 to @bound - 1. The bias of the remainder is below @bound / 2^63, which
 *   does not matter for the waiting times this is used for.
 */
gint64
ls_random_below (LsRandom *self, gint64 bound)
{
  g_return_val_if_fail (bound > 0, 0);

  return (gint64)((ls_random_next (self) >> 1) % (guint64)bound);
}

/* Returns: (transfer full): a UUID of @version, of whose @high bits those that tell it are replaced */
static char *
format_uuid (guint64 high, guint64 low, guint version)
{
  high = (high & ~G_GUINT64_CONSTANT (0xf000)) | (guint64)version << 12;
  low = (low & ~(G_GUINT64_CONSTANT (3) << 62)) | (G_GUINT64_CONSTANT (2) << 62);

  return g_strdup_printf ("%08x-%04x-%04x-%04x-%012" G_GINT64_MODIFIER "x", (guint)(high >> 32),
                          (guint)(high >> 16) & 0xffff, (guint)high & 0xffff, (guint)(low >> 48),
                          low & G_GUINT64_CONSTANT (0xffffffffffff));
}

/**
 * ls_random_uuid:
 * @self: a source of randomness
 *
 * Returns: (transfer full): a random (version 4) UUID as text
 */
char *
ls_random_uuid (LsRandom *self)
{
  guint64 high = ls_random_next (self);

  return format_uuid (high, ls_random_next (self), 4);
}

/**
 * ls_random_uuid7:
 * @self: a source of randomness
 * @wall_ms: now, in milliseconds since the epoch
 *
 * Returns: (transfer full): a UUID that sorts by time (version 7, RFC 9562) as text: 48 bits of
 *   @wall_ms, the rest is random
 */
char *
ls_random_uuid7 (LsRandom *self, gint64 wall_ms)
{
  guint64 high = (guint64)wall_ms << 16 | (ls_random_next (self) & 0xffff);

  return format_uuid (high, ls_random_next (self), 7);
}
