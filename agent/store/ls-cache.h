/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-cipher.h"
#include "ls-database.h"
#include "ls-store.h"

G_BEGIN_DECLS

/**
 * LsCache:
 *
 * What is known of a user's data at a server: `cache.db`. Everything in it can be had again. Used
 * by one thread at a time; the methods that write expect a transaction to be open.
 */
typedef struct _LsCache LsCache;

LsCache *ls_cache_open (const char *path, LsCipher *cipher, GError **error);
void ls_cache_abandon (LsCache *self);
void ls_cache_free (LsCache *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsCache, ls_cache_free)

LsDatabase *ls_cache_get_database (LsCache *self);
LsStoreState *ls_cache_read_state (LsCache *self, GError **error);

LsCommit *ls_cache_commit (LsCache *self, const LsChangeSet *change_set, GError **error);
gboolean
ls_cache_stage (LsCache *self, LsEntity entity, GPtrArray *rows, gboolean first, GError **error);
LsCommit *ls_cache_finish_snapshot (LsCache *self,
                                    LsEntity entity,
                                    LsCursor cursor,
                                    gint64 as_of,
                                    LsAbsence absence,
                                    GError **error);
gboolean ls_cache_forget_baseline (LsCache *self, LsEntity entity, GError **error);

LsEventPage *ls_cache_read_events (LsCache *self,
                                   guint64 after_seq,
                                   const gboolean *types,
                                   guint limit,
                                   gsize max_size,
                                   GError **error);
LsRow *ls_cache_get (LsCache *self, LsEntity entity, const char *id, GError **error);
LsRowPage *ls_cache_list (LsCache *self, const LsListQuery *query, GError **error);
LsChecksum *ls_cache_get_checksum (LsCache *self, LsEntity entity, GError **error);
LsStoreStatistics *ls_cache_get_statistics (LsCache *self, GError **error);
gboolean ls_cache_is_broken (LsCache *self);
gboolean ls_cache_mend (LsCache *self, LsEntitySet *entities, guint *n_lost, GError **error);
gboolean ls_cache_trim (LsCache *self, gint64 max_size, gint64 oldest, GError **error);

/* for the parts of this class alone */
gboolean ls_cache_leave_gap (LsCache *self, GError **error);
guint64 ls_cache_get_last_seq (LsCache *self);
gboolean ls_cache_log_events (LsCache *self, GPtrArray *events, gint64 as_of, GError **error);
void ls_cache_note_mended (LsCache *self);

G_END_DECLS
