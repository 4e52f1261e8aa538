/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-cursor.h"
#include "ls-entity.h"

G_BEGIN_DECLS

/**
 * LsChecksum:
 * @entity: of what
 * @count: how many rows there are
 * @sum: of them (protocol, "Checksum")
 * @cursor: the position that it stands for; unset if it was taken here
 *
 * What tells two sets of rows apart, by their ids and versions, in whatever order they come.
 */
typedef struct
{
  LsEntity entity;
  gint64 count;
  guint64 sum;
  LsCursor cursor;
} LsChecksum;

LsChecksum *ls_checksum_new (LsEntity entity);
void ls_checksum_free (LsChecksum *self);
void ls_checksum_add (LsChecksum *self, const char *id, gint64 version);
gboolean ls_checksum_agrees (const LsChecksum *a, const LsChecksum *b);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsChecksum, ls_checksum_free)

G_END_DECLS
