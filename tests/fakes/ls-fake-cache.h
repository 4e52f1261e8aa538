/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-store.h"

G_BEGIN_DECLS

/**
 * LsFakeCache:
 *
 * What is known of a user's data at a server, in memory: what #LsFakeStore holds one of for each
 * user. Follows the port's words, not the real cache's code.
 */
typedef struct _LsFakeCache LsFakeCache;

LsFakeCache *ls_fake_cache_new (const char *id);
void ls_fake_cache_free (LsFakeCache *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsFakeCache, ls_fake_cache_free)

LsStoreState *ls_fake_cache_get_state (LsFakeCache *self);
LsCommit *ls_fake_cache_commit (LsFakeCache *self, const LsChangeSet *change_set);
void ls_fake_cache_stage (LsFakeCache *self, LsEntity entity, GPtrArray *rows, gboolean first);
LsCommit *ls_fake_cache_finish_snapshot (LsFakeCache *self,
                                         LsEntity entity,
                                         LsCursor cursor,
                                         gint64 as_of,
                                         LsAbsence absence);
LsEventPage *ls_fake_cache_read_events (LsFakeCache *self,
                                        guint64 after_seq,
                                        const gboolean *types,
                                        guint limit,
                                        gsize max_size,
                                        GError **error);
LsRow *ls_fake_cache_get (LsFakeCache *self, LsEntity entity, const char *id, GError **error);
LsRowPage *ls_fake_cache_list (LsFakeCache *self, const LsListQuery *query, GError **error);
LsChecksum *ls_fake_cache_get_checksum (LsFakeCache *self, LsEntity entity);
LsStoreStatistics *ls_fake_cache_get_statistics (LsFakeCache *self);
void ls_fake_cache_trim (LsFakeCache *self, gint64 oldest);

G_END_DECLS
