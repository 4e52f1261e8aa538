/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-checksum.h"

/* FNV-1a, 64 bits (Fowler, Noll, Vo) */
#define FNV_OFFSET G_GUINT64_CONSTANT (0xcbf29ce484222325)
#define FNV_PRIME G_GUINT64_CONSTANT (0x100000001b3)

/**
 * ls_checksum_new:
 * @entity: of what
 *
 * Returns: (transfer full): the checksum of no rows
 */
LsChecksum *
ls_checksum_new (LsEntity entity)
{
  LsChecksum *self = g_new0 (LsChecksum, 1);

  self->entity = entity;
  return self;
}

/**
 * ls_checksum_free:
 * @self: (transfer full): a checksum
 *
 * Frees it.
 */
void
ls_checksum_free (LsChecksum *self)
{
  g_free (self);
}

static guint64
hash_byte (guint64 hash, guint8 byte)
{
  return (hash ^ byte) * FNV_PRIME;
}

/* The finaliser of MurmurHash3. FNV-1a alone is nearly linear: added up, the differences of two
 * rows that are both one version behind would often cancel each other out. */
static guint64
mix (guint64 hash)
{
  hash = (hash ^ (hash >> 33)) * G_GUINT64_CONSTANT (0xff51afd7ed558ccd);
  hash = (hash ^ (hash >> 33)) * G_GUINT64_CONSTANT (0xc4ceb9fe1a85ec53);
  return hash ^ (hash >> 33);
}

/**
 * ls_checksum_add:
 * @self: a checksum
 * @id: id of a row
 * @version: its version
 *
 * Adds a row. The order does not matter.
 */
void
ls_checksum_add (LsChecksum *self, const char *id, gint64 version)
{
  guint64 hash = FNV_OFFSET;

  for (const char *c = id; *c != '\0'; c++)
    hash = hash_byte (hash, (guint8)*c);
  for (int shift = 56; shift >= 0; shift -= 8)
    hash = hash_byte (hash, (guint8)((guint64)version >> shift));

  self->sum += mix (hash);
  self->count++;
}

/**
 * ls_checksum_agrees:
 * @a: a checksum
 * @b: another
 *
 * Returns: whether both are of the same rows
 */
gboolean
ls_checksum_agrees (const LsChecksum *a, const LsChecksum *b)
{
  return a->entity == b->entity && a->count == b->count && a->sum == b->sum;
}
