/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

#include "ls-entity.h"

G_BEGIN_DECLS

/**
 * LsRow:
 * @entity: of what kind
 * @id: its id
 * @data: (nullable): the row as JSON text, byte for byte as the server sent it; %NULL for a
 *   tombstone
 * @version: the server's version; 0: unknown
 * @as_of: when the server last said so, in milliseconds since the epoch; 0: unknown
 * @deleted: whether this is a tombstone
 *
 * A row of an entity, as in a snapshot or in the cache.
 */
typedef struct
{
  LsEntity entity;
  char *id;
  char *data;
  gint64 version;
  gint64 as_of;
  gboolean deleted;
} LsRow;

LsRow *ls_row_new (LsEntity entity, const char *id, const char *data, gint64 version);
LsRow *ls_row_copy (const LsRow *row);
void ls_row_free (LsRow *row);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsRow, ls_row_free)

GPtrArray *ls_row_array_new (void);

G_END_DECLS
