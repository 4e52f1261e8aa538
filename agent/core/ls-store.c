/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-store.h"

G_DEFINE_INTERFACE (LsStore, ls_store, G_TYPE_OBJECT)

static void
ls_store_default_init (LsStoreInterface *iface)
{
  /**
   * LsStore::lost:
   * @self: the store
   * @entities: an #LsEntitySet: of which rows are gone, and have to be fetched anew
   * @n: how many rows and events are gone
   *
   * Something could not be decrypted and was let go. Comes before the answer to whoever met with it.
   */
  g_signal_new ("lost", LS_TYPE_STORE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                G_TYPE_UINT, G_TYPE_UINT);
}

/**
 * ls_store_tell_lost:
 * @self: a store
 * @entities: of which rows are gone
 * @n: how many rows and events
 *
 * For implementations: emits LsStore::lost.
 */
void
ls_store_tell_lost (LsStore *self, LsEntitySet entities, guint n)
{
  g_return_if_fail (LS_IS_STORE (self));

  g_signal_emit_by_name (self, "lost", (guint)entities, n);
}

/**
 * ls_store_state_free:
 * @state: (transfer full): a state
 *
 * Frees it.
 */
void
ls_store_state_free (LsStoreState *state)
{
  g_free (state->id);
  g_free (state->sight);
  g_free (state);
}

/**
 * ls_account_new:
 * @server: (nullable): the server's URL
 * @user: (nullable): who is signed in
 * @disconnected: whether the user said Disconnect
 *
 * Returns: (transfer full): the account
 */
LsAccount *
ls_account_new (const char *server, const LsUser *user, gboolean disconnected)
{
  LsAccount *account = g_new0 (LsAccount, 1);

  account->server = g_strdup (server);
  account->user = user != NULL ? ls_user_copy (user) : NULL;
  account->disconnected = disconnected;
  return account;
}

/**
 * ls_account_copy:
 * @account: an account
 *
 * Returns: (transfer full): a copy
 */
LsAccount *
ls_account_copy (const LsAccount *account)
{
  LsAccount *copy = ls_account_new (account->server, account->user, account->disconnected);

  copy->expiry_told = account->expiry_told;
  return copy;
}

/**
 * ls_account_free:
 * @account: (transfer full): an account
 *
 * Frees it.
 */
void
ls_account_free (LsAccount *account)
{
  g_free (account->server);
  g_clear_pointer (&account->user, ls_user_free);
  g_free (account);
}

/**
 * ls_event_page_free:
 * @page: (transfer full): a page
 *
 * Frees it.
 */
void
ls_event_page_free (LsEventPage *page)
{
  g_ptr_array_unref (page->events);
  g_free (page);
}

/**
 * ls_list_query_new:
 * @entity: of what
 *
 * Returns: (transfer full): a query for the first 500 rows by id
 */
LsListQuery *
ls_list_query_new (LsEntity entity)
{
  LsListQuery *query = g_new0 (LsListQuery, 1);

  query->entity = entity;
  query->limit = 500;
  return query;
}

/**
 * ls_list_query_copy:
 * @query: a query
 *
 * Returns: (transfer full): a copy, which shares @filter and @overlay
 */
LsListQuery *
ls_list_query_copy (const LsListQuery *query)
{
  LsListQuery *copy = g_memdup2 (query, sizeof *query);

  if (query->filter != NULL)
    g_hash_table_ref (query->filter);
  if (query->overlay != NULL)
    g_ptr_array_ref (query->overlay);
  copy->order_by = g_strdup (query->order_by);
  copy->after = g_strdup (query->after);
  return copy;
}

/**
 * ls_list_query_free:
 * @query: (transfer full): a query
 *
 * Frees it.
 */
void
ls_list_query_free (LsListQuery *query)
{
  g_clear_pointer (&query->filter, g_hash_table_unref);
  g_clear_pointer (&query->overlay, g_ptr_array_unref);
  g_free (query->order_by);
  g_free (query->after);
  g_free (query);
}

/**
 * ls_row_page_free:
 * @page: (transfer full): a page
 *
 * Frees it.
 */
void
ls_row_page_free (LsRowPage *page)
{
  g_ptr_array_unref (page->rows);
  g_free (page->next);
  g_free (page);
}

/**
 * ls_store_load_account_async:
 * @self: a store
 * @callback: called when it is done
 * @user_data: for @callback
 *
 * Reads what is remembered of the account.
 */
void
ls_store_load_account_async (LsStore *self, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (LS_IS_STORE (self));

  LS_STORE_GET_IFACE (self)->load_account_async (self, callback, user_data);
}

/**
 * ls_store_load_account_finish:
 * @self: a store
 * @result: what the callback was given
 * @error: %LS_ERROR_STORAGE
 *
 * Returns: (transfer full) (nullable): the account; an empty one where nothing is remembered
 */
LsAccount *
ls_store_load_account_finish (LsStore *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * ls_store_save_account_async:
 * @self: a store
 * @account: what to remember
 * @callback: called when it is done
 * @user_data: for @callback
 *
 * Remembers the account, durably.
 */
void
ls_store_save_account_async (LsStore *self,
                             const LsAccount *account,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  g_return_if_fail (LS_IS_STORE (self));

  LS_STORE_GET_IFACE (self)->save_account_async (self, account, callback, user_data);
}

/**
 * ls_store_save_account_finish:
 * @self: a store
 * @result: what the callback was given
 * @error: %LS_ERROR_STORAGE
 *
 * Returns: whether it is on disk
 */
gboolean
ls_store_save_account_finish (LsStore *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * ls_store_open_async:
 * @self: a store
 * @server: the server's URL
 * @user_id: whose store
 * @callback: called when it is done
 * @user_data: for @callback
 *
 * Opens the store of a user at a server, made if there is none. A damaged cache is moved aside
 * and begun anew; another store that is open is closed. A store on a disk that can't be written is
 * opened all the same: what is there can be read, writes fail with %LS_ERROR_STORAGE, until the disk
 * is well again.
 */
void
ls_store_open_async (LsStore *self,
                     const char *server,
                     const char *user_id,
                     GAsyncReadyCallback callback,
                     gpointer user_data)
{
  g_return_if_fail (LS_IS_STORE (self));

  LS_STORE_GET_IFACE (self)->open_async (self, server, user_id, callback, user_data);
}

/**
 * ls_store_open_finish:
 * @self: a store
 * @result: what the callback was given
 * @error: %LS_ERROR_STORAGE; %LS_ERROR_NEWER_STORE: a newer program wrote it, it is left alone
 *
 * Returns: (transfer full) (nullable): what is in it
 */
LsStoreState *
ls_store_open_finish (LsStore *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * ls_store_close_async:
 * @self: a store
 * @wipe: whether to remove its files as well
 * @callback: called when it is done
 * @user_data: for @callback
 *
 * Closes the store that is open, if any.
 */
void
ls_store_close_async (LsStore *self,
                      gboolean wipe,
                      GAsyncReadyCallback callback,
                      gpointer user_data)
{
  g_return_if_fail (LS_IS_STORE (self));

  LS_STORE_GET_IFACE (self)->close_async (self, wipe, callback, user_data);
}

/**
 * ls_store_close_finish:
 * @self: a store
 * @result: what the callback was given
 * @error: %LS_ERROR_STORAGE
 *
 * Returns: whether it is closed, and removed if so asked
 */
gboolean
ls_store_close_finish (LsStore *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * ls_store_commit_async:
 * @self: a store
 * @change_set: what to commit
 * @callback: called when it is done
 * @user_data: for @callback
 *
 * Commits events, the rows they change and the cursor, in one transaction. Which event is a real
 * change is decided by ls_cache_rules_judge().
 */
void
ls_store_commit_async (LsStore *self,
                       const LsChangeSet *change_set,
                       GAsyncReadyCallback callback,
                       gpointer user_data)
{
  g_return_if_fail (LS_IS_STORE (self));

  LS_STORE_GET_IFACE (self)->commit_async (self, change_set, callback, user_data);
}

/**
 * ls_store_commit_finish:
 * @self: a store
 * @result: what the callback was given
 * @error: %LS_ERROR_STORAGE: nothing of it is in
 *
 * Returns: (transfer full) (nullable): what it did
 */
LsCommit *
ls_store_commit_finish (LsStore *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * ls_store_stage_async:
 * @self: a store
 * @entity: of what
 * @rows: (element-type LsRow): a page of its snapshot
 * @first: whether it is the first page: what was staged before is dropped
 * @callback: called when it is done
 * @user_data: for @callback
 *
 * Puts a page of a snapshot aside until ls_store_finish_snapshot_async().
 */
void
ls_store_stage_async (LsStore *self,
                      LsEntity entity,
                      GPtrArray *rows,
                      gboolean first,
                      GAsyncReadyCallback callback,
                      gpointer user_data)
{
  g_return_if_fail (LS_IS_STORE (self));

  LS_STORE_GET_IFACE (self)->stage_async (self, entity, rows, first, callback, user_data);
}

/**
 * ls_store_stage_finish:
 * @self: a store
 * @result: what the callback was given
 * @error: %LS_ERROR_STORAGE
 *
 * Returns: whether it is in
 */
gboolean
ls_store_stage_finish (LsStore *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * ls_store_finish_snapshot_async:
 * @self: a store
 * @entity: of what
 * @cursor: the position that the snapshot stands for
 * @as_of: when the server said so, in milliseconds since the epoch
 * @absence: what it means that a row is absent
 * @callback: called when it is done
 * @user_data: for @callback
 *
 * Makes what was staged the truth, in one transaction: rows that differ change, rows that are
 * absent become tombstones if ls_absence_is_believed(), the entity's baseline becomes @cursor. Each difference becomes an
 * event, except when the entity had no baseline before. The cursor of the stream stays as it is.
 */
void
ls_store_finish_snapshot_async (LsStore *self,
                                LsEntity entity,
                                LsCursor cursor,
                                gint64 as_of,
                                LsAbsence absence,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  g_return_if_fail (LS_IS_STORE (self));

  LS_STORE_GET_IFACE (self)->finish_snapshot_async (self, entity, cursor, as_of, absence, callback,
                                                    user_data);
}

/**
 * ls_store_finish_snapshot_finish:
 * @self: a store
 * @result: what the callback was given
 * @error: %LS_ERROR_STORAGE: nothing of it is in
 *
 * Returns: (transfer full) (nullable): what it did
 */
LsCommit *
ls_store_finish_snapshot_finish (LsStore *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * ls_store_read_events_async:
 * @self: a store
 * @after_seq: start after this `seq`; 0: at the beginning of the log
 * @types: (nullable) (array): which event types, indexed by #LsEventType; %NULL: all
 * @limit: how many at most
 * @max_size: stop at this many bytes (ls_event_get_size()), but not before the first
 * @callback: called when it is done
 * @user_data: for @callback
 *
 * Reads from the local log.
 */
void
ls_store_read_events_async (LsStore *self,
                            guint64 after_seq,
                            const gboolean *types,
                            guint limit,
                            gsize max_size,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_return_if_fail (LS_IS_STORE (self));

  LS_STORE_GET_IFACE (self)->read_events_async (self, after_seq, types, limit, max_size, callback,
                                                user_data);
}

/**
 * ls_store_read_events_finish:
 * @self: a store
 * @result: what the callback was given
 * @error: %LS_ERROR_CURSOR_EXPIRED: what follows @after_seq is no longer in the log
 *
 * Returns: (transfer full) (nullable): a page of events
 */
LsEventPage *
ls_store_read_events_finish (LsStore *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * ls_store_get_async:
 * @self: a store
 * @entity: of what
 * @id: which
 * @callback: called when it is done
 * @user_data: for @callback
 *
 * Reads a row.
 */
void
ls_store_get_async (LsStore *self,
                    LsEntity entity,
                    const char *id,
                    GAsyncReadyCallback callback,
                    gpointer user_data)
{
  g_return_if_fail (LS_IS_STORE (self));

  LS_STORE_GET_IFACE (self)->get_async (self, entity, id, callback, user_data);
}

/**
 * ls_store_get_finish:
 * @self: a store
 * @result: what the callback was given
 * @error: %LS_ERROR_NOT_FOUND
 *
 * Returns: (transfer full) (nullable): the row; it may be a tombstone
 */
LsRow *
ls_store_get_finish (LsStore *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * ls_store_list_async:
 * @self: a store
 * @query: what to list
 * @callback: called when it is done
 * @user_data: for @callback
 *
 * Lists rows.
 */
void
ls_store_list_async (LsStore *self,
                     const LsListQuery *query,
                     GAsyncReadyCallback callback,
                     gpointer user_data)
{
  g_return_if_fail (LS_IS_STORE (self));

  LS_STORE_GET_IFACE (self)->list_async (self, query, callback, user_data);
}

/**
 * ls_store_list_finish:
 * @self: a store
 * @result: what the callback was given
 * @error: %LS_ERROR_INVALID_ARGUMENT: a member that is no plain name, or a damaged `after`
 *
 * Returns: (transfer full) (nullable): a page of rows
 */
LsRowPage *
ls_store_list_finish (LsStore *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * ls_store_checksum_async:
 * @self: a store
 * @entity: of what
 * @callback: called with the answer
 * @user_data: for @callback
 *
 * Takes the checksum of the live rows as they are on disk, not of what they were meant to be.
 */
void
ls_store_checksum_async (LsStore *self,
                         LsEntity entity,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_return_if_fail (LS_IS_STORE (self));

  LS_STORE_GET_IFACE (self)->checksum_async (self, entity, callback, user_data);
}

/**
 * ls_store_checksum_finish:
 * @self: a store
 * @result: what the callback was given
 * @error: %LS_ERROR_STORAGE, %LS_ERROR_NOT_SIGNED_IN
 *
 * Returns: (transfer full) (nullable): the checksum, without a cursor
 */
LsChecksum *
ls_store_checksum_finish (LsStore *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * ls_store_statistics_async:
 * @self: a store
 * @callback: called when it is done
 * @user_data: for @callback
 *
 * Counts.
 */
void
ls_store_statistics_async (LsStore *self, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (LS_IS_STORE (self));

  LS_STORE_GET_IFACE (self)->statistics_async (self, callback, user_data);
}

/**
 * ls_store_statistics_finish:
 * @self: a store
 * @result: what the callback was given
 * @error: %LS_ERROR_STORAGE
 *
 * Returns: (transfer full) (nullable): the counts; free with g_free()
 */
LsStoreStatistics *
ls_store_statistics_finish (LsStore *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
