/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-action-queue.h"

G_BEGIN_DECLS

/**
 * LsCacheView:
 * @LS_CACHE_VIEW_SERVER: rows as the server sent them
 * @LS_CACHE_VIEW_PENDING: only those with changes of the user's own that are not in the cache yet, and these in them
 * @LS_CACHE_VIEW_MERGED: all rows, and these changes in them
 *
 * What a reader wants to see (org.labsync.Agent1.Cache).
 */
typedef enum
{
  LS_CACHE_VIEW_SERVER,
  LS_CACHE_VIEW_PENDING,
  LS_CACHE_VIEW_MERGED,
  LS_CACHE_VIEW_INVALID,
} LsCacheView;

LsCacheView ls_cache_view_from_string (const char *name);

/**
 * LsMergedRow:
 * @row: (owned) (nullable): as the cache has it, a tombstone included
 * @overlay: (owned) (nullable): as it will be; %NULL: nothing is laid over it
 *
 * A row with what the user has changed in it.
 */
typedef struct
{
  LsRow *row;
  LsOverlay *overlay;
} LsMergedRow;

LsMergedRow *ls_merged_row_new (LsActionQueue *queue, LsEntity entity, const char *id, LsRow *row);
void ls_merged_row_free (LsMergedRow *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsMergedRow, ls_merged_row_free)

gboolean ls_merged_row_is_in (const LsMergedRow *self, LsCacheView view);
const char *ls_merged_row_get_data (const LsMergedRow *self, LsCacheView view);
GVariant *ls_merged_row_get_meta (const LsMergedRow *self, LsCacheView view);

void ls_merged_rows_read_async (LsActionQueue *queue,
                                LsStore *store,
                                LsEntity entity,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
GHashTable *ls_merged_rows_read_finish (LsActionQueue *queue, GAsyncResult *result, GError **error);

G_END_DECLS
