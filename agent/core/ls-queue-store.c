/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-queue-store.h"

G_DEFINE_INTERFACE (LsQueueStore, ls_queue_store, G_TYPE_OBJECT)

static void
ls_queue_store_default_init (LsQueueStoreInterface *iface)
{
}

/**
 * ls_queue_store_open_async:
 * @self: a queue store
 * @server: the server's URL
 * @user_id: whose queue
 * @callback: called when it is open
 * @user_data: for @callback
 *
 * Opens the queue of a user at a server, and closes the one before. The cache of the same user must be
 * open: its lock keeps other processes out of both.
 */
void
ls_queue_store_open_async (LsQueueStore *self,
                           const char *server,
                           const char *user_id,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_return_if_fail (LS_IS_QUEUE_STORE (self));

  LS_QUEUE_STORE_GET_IFACE (self)->open_async (self, server, user_id, callback, user_data);
}

/**
 * ls_queue_store_open_finish:
 * @self: a queue store
 * @result: what the callback was given
 * @error: %LS_ERROR_STORAGE, %LS_ERROR_NEWER_STORE
 *
 * Returns: (transfer full) (nullable) (element-type LsAction): everything in it, in the order of `seq`
 */
GPtrArray *
ls_queue_store_open_finish (LsQueueStore *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * ls_queue_store_close_async:
 * @self: a queue store
 * @wipe: whether to remove the file, too: nothing in it is wanted any more
 * @callback: called when it is closed
 * @user_data: for @callback
 *
 * Closes what is open.
 */
void
ls_queue_store_close_async (LsQueueStore *self,
                            gboolean wipe,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_return_if_fail (LS_IS_QUEUE_STORE (self));

  LS_QUEUE_STORE_GET_IFACE (self)->close_async (self, wipe, callback, user_data);
}

/**
 * ls_queue_store_close_finish:
 * @self: a queue store
 * @result: what the callback was given
 * @error: %LS_ERROR_STORAGE
 *
 * Returns: whether it is closed
 */
gboolean
ls_queue_store_close_finish (LsQueueStore *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * ls_queue_store_write_async:
 * @self: a queue store
 * @put: (element-type LsAction): actions as they are now, new or changed, each with its `seq`; nobody changes
 *   them or the array any more
 * @removed: (nullable): ids of actions that are over and done with
 * @callback: called when it is on the disk for good
 * @user_data: for @callback
 *
 * Writes, all of it or nothing.
 */
void
ls_queue_store_write_async (LsQueueStore *self,
                            GPtrArray *put,
                            const char *const *removed,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_return_if_fail (LS_IS_QUEUE_STORE (self));
  g_return_if_fail (put != NULL);

  LS_QUEUE_STORE_GET_IFACE (self)->write_async (self, put, removed, callback, user_data);
}

/**
 * ls_queue_store_write_finish:
 * @self: a queue store
 * @result: what the callback was given
 * @error: %LS_ERROR_STORAGE, %LS_ERROR_NEWER_STORE, %LS_ERROR_NOT_SIGNED_IN
 *
 * Returns: whether it is written
 */
gboolean
ls_queue_store_write_finish (LsQueueStore *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
