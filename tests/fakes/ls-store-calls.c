/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-store-calls.h"

#include "ls-answer.h"

/**
 * ls_call_open:
 * @store: a store
 * @server: as there
 * @user_id: as there
 * @error: as for ls_store_open_finish()
 *
 * Calls ls_store_open_async() and waits.
 *
 * Returns: (transfer full) (nullable): as ls_store_open_finish()
 */
LsStoreState *
ls_call_open (LsStore *store, const char *server, const char *user_id, GError **error)
{
  g_autoptr (GAsyncResult) answer = NULL;

  ls_store_open_async (store, server, user_id, ls_answer_cb, &answer);
  return ls_store_open_finish (store, ls_answer_wait (&answer), error);
}

/**
 * ls_call_close:
 * @store: a store
 * @wipe: as there
 * @error: as for ls_store_close_finish()
 *
 * Calls ls_store_close_async() and waits.
 *
 * Returns: as ls_store_close_finish()
 */
gboolean
ls_call_close (LsStore *store, gboolean wipe, GError **error)
{
  g_autoptr (GAsyncResult) answer = NULL;

  ls_store_close_async (store, wipe, ls_answer_cb, &answer);
  return ls_store_close_finish (store, ls_answer_wait (&answer), error);
}

/**
 * ls_call_load_account:
 * @store: a store
 * @error: as for ls_store_load_account_finish()
 *
 * Calls ls_store_load_account_async() and waits.
 *
 * Returns: (transfer full) (nullable): as ls_store_load_account_finish()
 */
LsAccount *
ls_call_load_account (LsStore *store, GError **error)
{
  g_autoptr (GAsyncResult) answer = NULL;

  ls_store_load_account_async (store, ls_answer_cb, &answer);
  return ls_store_load_account_finish (store, ls_answer_wait (&answer), error);
}

/**
 * ls_call_save_account:
 * @store: a store
 * @account: as there
 * @error: as for ls_store_save_account_finish()
 *
 * Calls ls_store_save_account_async() and waits.
 *
 * Returns: as ls_store_save_account_finish()
 */
gboolean
ls_call_save_account (LsStore *store, const LsAccount *account, GError **error)
{
  g_autoptr (GAsyncResult) answer = NULL;

  ls_store_save_account_async (store, account, ls_answer_cb, &answer);
  return ls_store_save_account_finish (store, ls_answer_wait (&answer), error);
}

/**
 * ls_call_commit:
 * @store: a store
 * @change_set: as there
 * @error: as for ls_store_commit_finish()
 *
 * Calls ls_store_commit_async() and waits.
 *
 * Returns: (transfer full) (nullable): as ls_store_commit_finish()
 */
LsCommit *
ls_call_commit (LsStore *store, const LsChangeSet *change_set, GError **error)
{
  g_autoptr (GAsyncResult) answer = NULL;

  ls_store_commit_async (store, change_set, ls_answer_cb, &answer);
  return ls_store_commit_finish (store, ls_answer_wait (&answer), error);
}

/**
 * ls_call_stage:
 * @store: a store
 * @entity: as there
 * @rows: as there
 * @first: as there
 * @error: as for ls_store_stage_finish()
 *
 * Calls ls_store_stage_async() and waits.
 *
 * Returns: as ls_store_stage_finish()
 */
gboolean
ls_call_stage (LsStore *store, LsEntity entity, GPtrArray *rows, gboolean first, GError **error)
{
  g_autoptr (GAsyncResult) answer = NULL;

  ls_store_stage_async (store, entity, rows, first, ls_answer_cb, &answer);
  return ls_store_stage_finish (store, ls_answer_wait (&answer), error);
}

/**
 * ls_call_finish_snapshot:
 * @store: a store
 * @entity: as there
 * @cursor: as there
 * @as_of: as there
 * @absence: as there
 * @error: as for ls_store_finish_snapshot_finish()
 *
 * Calls ls_store_finish_snapshot_async() and waits.
 *
 * Returns: (transfer full) (nullable): as ls_store_finish_snapshot_finish()
 */
LsCommit *
ls_call_finish_snapshot (LsStore *store,
                         LsEntity entity,
                         LsCursor cursor,
                         gint64 as_of,
                         LsAbsence absence,
                         GError **error)
{
  g_autoptr (GAsyncResult) answer = NULL;

  ls_store_finish_snapshot_async (store, entity, cursor, as_of, absence, ls_answer_cb, &answer);
  return ls_store_finish_snapshot_finish (store, ls_answer_wait (&answer), error);
}

/**
 * ls_call_forget_baseline:
 * @store: a store
 * @entity: what is not followed any more
 * @error: as for ls_store_commit_finish()
 *
 * Commits just that.
 *
 * Returns: whether it is noted
 */
gboolean
ls_call_forget_baseline (LsStore *store, LsEntity entity, GError **error)
{
  g_autoptr (LsChangeSet) set = ls_change_set_new (NULL, LS_CURSOR_NONE, 0);
  g_autoptr (LsCommit) commit = NULL;

  set->forgotten = 1u << entity;
  commit = ls_call_commit (store, set, error);
  return commit != NULL;
}

/**
 * ls_call_read_events:
 * @store: a store
 * @after_seq: as there
 * @types: as there
 * @limit: as there
 * @max_size: as there
 * @error: as for ls_store_read_events_finish()
 *
 * Calls ls_store_read_events_async() and waits.
 *
 * Returns: (transfer full) (nullable): as ls_store_read_events_finish()
 */
LsEventPage *
ls_call_read_events (LsStore *store,
                     guint64 after_seq,
                     const gboolean *types,
                     guint limit,
                     gsize max_size,
                     GError **error)
{
  g_autoptr (GAsyncResult) answer = NULL;

  ls_store_read_events_async (store, after_seq, types, limit, max_size, ls_answer_cb, &answer);
  return ls_store_read_events_finish (store, ls_answer_wait (&answer), error);
}

/**
 * ls_call_get:
 * @store: a store
 * @entity: as there
 * @id: as there
 * @error: as for ls_store_get_finish()
 *
 * Calls ls_store_get_async() and waits.
 *
 * Returns: (transfer full) (nullable): as ls_store_get_finish()
 */
LsRow *
ls_call_get (LsStore *store, LsEntity entity, const char *id, GError **error)
{
  g_autoptr (GAsyncResult) answer = NULL;

  ls_store_get_async (store, entity, id, ls_answer_cb, &answer);
  return ls_store_get_finish (store, ls_answer_wait (&answer), error);
}

/**
 * ls_call_list:
 * @store: a store
 * @query: as there
 * @error: as for ls_store_list_finish()
 *
 * Calls ls_store_list_async() and waits.
 *
 * Returns: (transfer full) (nullable): as ls_store_list_finish()
 */
LsRowPage *
ls_call_list (LsStore *store, const LsListQuery *query, GError **error)
{
  g_autoptr (GAsyncResult) answer = NULL;

  ls_store_list_async (store, query, ls_answer_cb, &answer);
  return ls_store_list_finish (store, ls_answer_wait (&answer), error);
}

/**
 * ls_call_checksum:
 * @store: a store
 * @entity: of what
 * @error: as for ls_store_checksum_finish()
 *
 * Calls ls_store_checksum_async() and waits.
 *
 * Returns: (transfer full) (nullable): as ls_store_checksum_finish()
 */
LsChecksum *
ls_call_checksum (LsStore *store, LsEntity entity, GError **error)
{
  g_autoptr (GAsyncResult) answer = NULL;

  ls_store_checksum_async (store, entity, ls_answer_cb, &answer);
  return ls_store_checksum_finish (store, ls_answer_wait (&answer), error);
}

/**
 * ls_call_statistics:
 * @store: a store
 * @error: as for ls_store_statistics_finish()
 *
 * Calls ls_store_statistics_async() and waits.
 *
 * Returns: (transfer full) (nullable): as ls_store_statistics_finish()
 */
LsStoreStatistics *
ls_call_statistics (LsStore *store, GError **error)
{
  g_autoptr (GAsyncResult) answer = NULL;

  ls_store_statistics_async (store, ls_answer_cb, &answer);
  return ls_store_statistics_finish (store, ls_answer_wait (&answer), error);
}
