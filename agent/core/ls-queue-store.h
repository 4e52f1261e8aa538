/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "ls-action.h"

G_BEGIN_DECLS

#define LS_TYPE_QUEUE_STORE (ls_queue_store_get_type ())
G_DECLARE_INTERFACE (LsQueueStore, ls_queue_store, LS, QUEUE_STORE, GObject)

/**
 * LsQueueStoreInterface:
 *
 * Durable storage of the actions of a user at a server as a port: a file beside the cache's, with
 * promises of its own. What was written is there after a power cut. Never is a queue deleted
 * unless somebody says so, nor moved aside without what can be read of it being kept. Methods are carried out in the order of the calls,
 * on a thread of its own, and answered with #GTask in the caller's main context; writes that wait
 * together share a transaction. Errors are of %LS_ERROR: %LS_ERROR_STORAGE, %LS_ERROR_NEWER_STORE,
 * %LS_ERROR_NOT_SIGNED_IN (none is open).
 */
struct _LsQueueStoreInterface
{
  GTypeInterface parent_iface;

  void (*open_async) (LsQueueStore *self,
                      const char *server,
                      const char *user_id,
                      GAsyncReadyCallback callback,
                      gpointer user_data);
  void (*close_async) (LsQueueStore *self,
                       gboolean wipe,
                       GAsyncReadyCallback callback,
                       gpointer user_data);
  void (*write_async) (LsQueueStore *self,
                       GPtrArray *put,
                       const char *const *removed,
                       GAsyncReadyCallback callback,
                       gpointer user_data);
};

void ls_queue_store_open_async (LsQueueStore *self,
                                const char *server,
                                const char *user_id,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
GPtrArray *ls_queue_store_open_finish (LsQueueStore *self, GAsyncResult *result, GError **error);
void ls_queue_store_close_async (LsQueueStore *self,
                                 gboolean wipe,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
gboolean ls_queue_store_close_finish (LsQueueStore *self, GAsyncResult *result, GError **error);
void ls_queue_store_write_async (LsQueueStore *self,
                                 GPtrArray *put,
                                 const char *const *removed,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
gboolean ls_queue_store_write_finish (LsQueueStore *self, GAsyncResult *result, GError **error);

G_END_DECLS
