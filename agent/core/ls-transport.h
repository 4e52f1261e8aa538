/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "ls-action-request.h"
#include "ls-checksum.h"
#include "ls-message.h"
#include "ls-poll.h"
#include "ls-reply.h"
#include "ls-state.h"

G_BEGIN_DECLS

#define LS_TYPE_TRANSPORT (ls_transport_get_type ())
G_DECLARE_INTERFACE (LsTransport, ls_transport, LS, TRANSPORT, GObject)

/**
 * LsTransportInterface:
 * @open_async: see ls_transport_open_async()
 * @send: see ls_transport_send()
 * @close: see ls_transport_close()
 * @set_held: see ls_transport_set_held()
 * @updates_async: see ls_transport_updates_async()
 * @snapshot_async: see ls_transport_snapshot_async()
 * @checksum_async: see ls_transport_checksum_async()
 * @poll_async: see ls_transport_poll_async()
 * @list_async: see ls_transport_list_async()
 * @act_async: see ls_transport_act_async()
 * @get_row_async: see ls_transport_get_row_async()
 * @sign_in_async: see ls_transport_sign_in_async()
 * @refresh_async: see ls_transport_refresh_async()
 * @sign_out_async: see ls_transport_sign_out_async()
 *
 * The link to the server as a port: one socket and the HTTP calls beside it. Implementations answer
 * with #GTask; errors are of %LS_LINK_ERROR, or of %LS_ERROR where a method says so.
 */
struct _LsTransportInterface
{
  GTypeInterface parent_iface;

  void (*open_async) (LsTransport *self,
                      const char *token,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer user_data);
  void (*send) (LsTransport *self, LsMessage *message);
  void (*close) (LsTransport *self);
  void (*set_held) (LsTransport *self, gboolean held);
  void (*updates_async) (LsTransport *self,
                         const char *token,
                         LsCursor cursor,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data);
  void (*snapshot_async) (LsTransport *self,
                          const char *token,
                          LsEntity entity,
                          const char *page,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data);
  void (*checksum_async) (LsTransport *self,
                          const char *token,
                          LsEntity entity,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data);
  void (*poll_async) (LsTransport *self,
                      const char *token,
                      gint64 since,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer user_data);
  void (*list_async) (LsTransport *self,
                      const char *token,
                      const char *table,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer user_data);
  void (*act_async) (LsTransport *self,
                     const char *token,
                     const LsActionRequest *request,
                     GCancellable *cancellable,
                     GAsyncReadyCallback callback,
                     gpointer user_data);
  void (*get_row_async) (LsTransport *self,
                         const char *token,
                         const char *path,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data);
  void (*sign_in_async) (LsTransport *self,
                         const char *email,
                         const char *password,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data);
  void (*refresh_async) (LsTransport *self,
                         const char *refresh_token,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data);
  void (*sign_out_async) (LsTransport *self,
                          const char *token,
                          const char *refresh_token,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data);
};

void ls_transport_open_async (LsTransport *self,
                              const char *token,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
LsProtocol ls_transport_open_finish (LsTransport *self, GAsyncResult *result, GError **error);
void ls_transport_send (LsTransport *self, LsMessage *message);
void ls_transport_close (LsTransport *self);
void ls_transport_set_held (LsTransport *self, gboolean held);
void ls_transport_updates_async (LsTransport *self,
                                 const char *token,
                                 LsCursor cursor,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
LsUpdates *ls_transport_updates_finish (LsTransport *self, GAsyncResult *result, GError **error);
void ls_transport_snapshot_async (LsTransport *self,
                                  const char *token,
                                  LsEntity entity,
                                  const char *page,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);
LsSnapshotPage *
ls_transport_snapshot_finish (LsTransport *self, GAsyncResult *result, GError **error);
void ls_transport_checksum_async (LsTransport *self,
                                  const char *token,
                                  LsEntity entity,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);
LsChecksum *ls_transport_checksum_finish (LsTransport *self, GAsyncResult *result, GError **error);
void ls_transport_poll_async (LsTransport *self,
                              const char *token,
                              gint64 since,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
LsPoll *ls_transport_poll_finish (LsTransport *self, GAsyncResult *result, GError **error);
void ls_transport_list_async (LsTransport *self,
                              const char *token,
                              const char *table,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
LsListing *ls_transport_list_finish (LsTransport *self, GAsyncResult *result, GError **error);
void ls_transport_act_async (LsTransport *self,
                             const char *token,
                             const LsActionRequest *request,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
LsActionReply *ls_transport_act_finish (LsTransport *self, GAsyncResult *result, GError **error);
void ls_transport_get_row_async (LsTransport *self,
                                 const char *token,
                                 const char *path,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
LsActionReply *
ls_transport_get_row_finish (LsTransport *self, GAsyncResult *result, GError **error);
void ls_transport_sign_in_async (LsTransport *self,
                                 const char *email,
                                 const char *password,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
LsSession *ls_transport_sign_in_finish (LsTransport *self, GAsyncResult *result, GError **error);
void ls_transport_refresh_async (LsTransport *self,
                                 const char *refresh_token,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
LsSession *ls_transport_refresh_finish (LsTransport *self, GAsyncResult *result, GError **error);
void ls_transport_sign_out_async (LsTransport *self,
                                  const char *token,
                                  const char *refresh_token,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);
gboolean ls_transport_sign_out_finish (LsTransport *self, GAsyncResult *result, GError **error);

void ls_transport_emit_message (LsTransport *self, LsMessage *message);
void ls_transport_emit_bad_message (LsTransport *self, const GError *error);
void ls_transport_emit_closed (LsTransport *self, const GError *error);
void ls_transport_emit_server_time (LsTransport *self, gint64 time);

G_END_DECLS
