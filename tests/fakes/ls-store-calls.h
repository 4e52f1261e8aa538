/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store's methods as calls that wait for their answer: what tests of a store speak. */
#pragma once

#include "ls-store.h"

G_BEGIN_DECLS

LsStoreState *
ls_call_open (LsStore *store, const char *server, const char *user_id, GError **error);
gboolean ls_call_close (LsStore *store, gboolean wipe, GError **error);
LsAccount *ls_call_load_account (LsStore *store, GError **error);
gboolean ls_call_save_account (LsStore *store, const LsAccount *account, GError **error);
LsCommit *ls_call_commit (LsStore *store, const LsChangeSet *change_set, GError **error);
gboolean
ls_call_stage (LsStore *store, LsEntity entity, GPtrArray *rows, gboolean first, GError **error);
LsCommit *ls_call_finish_snapshot (LsStore *store,
                                   LsEntity entity,
                                   LsCursor cursor,
                                   gint64 as_of,
                                   LsAbsence absence,
                                   GError **error);
gboolean ls_call_forget_baseline (LsStore *store, LsEntity entity, GError **error);
LsEventPage *ls_call_read_events (LsStore *store,
                                  guint64 after_seq,
                                  const gboolean *types,
                                  guint limit,
                                  gsize max_size,
                                  GError **error);
LsRow *ls_call_get (LsStore *store, LsEntity entity, const char *id, GError **error);
LsRowPage *ls_call_list (LsStore *store, const LsListQuery *query, GError **error);
LsChecksum *ls_call_checksum (LsStore *store, LsEntity entity, GError **error);
LsStoreStatistics *ls_call_statistics (LsStore *store, GError **error);

G_END_DECLS
