/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-transport.h"

G_DEFINE_INTERFACE (LsTransport, ls_transport, G_TYPE_OBJECT)

enum
{
  SIGNAL_MESSAGE,
  SIGNAL_BAD_MESSAGE,
  SIGNAL_CLOSED,
  SIGNAL_SERVER_TIME,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static void
ls_transport_default_init (LsTransportInterface *iface)
{
  /**
   * LsTransport::message:
   * @self: the transport
   * @message: what came on the socket
   *
   * A frame arrived and was decoded.
   */
  signals[SIGNAL_MESSAGE] = g_signal_new ("message", LS_TYPE_TRANSPORT, G_SIGNAL_RUN_LAST, 0, NULL,
                                          NULL, NULL, G_TYPE_NONE, 1, LS_TYPE_MESSAGE);
  /**
   * LsTransport::bad-message:
   * @self: the transport
   * @error: what is wrong with it
   *
   * A frame arrived that can't be understood. It is a sign of life and nothing else.
   */
  signals[SIGNAL_BAD_MESSAGE] = g_signal_new ("bad-message", LS_TYPE_TRANSPORT, G_SIGNAL_RUN_LAST,
                                              0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_ERROR);
  /**
   * LsTransport::closed:
   * @self: the transport
   * @error: why, of %LS_LINK_ERROR; its status is the close code, 0 without one
   *
   * The socket that was open is gone, and not by ls_transport_close().
   */
  signals[SIGNAL_CLOSED] = g_signal_new ("closed", LS_TYPE_TRANSPORT, G_SIGNAL_RUN_LAST, 0, NULL,
                                         NULL, NULL, G_TYPE_NONE, 1, G_TYPE_ERROR);
  /**
   * LsTransport::server-time:
   * @self: the transport
   * @time: by the server's clock, in milliseconds since the epoch, to the second
   *
   * An answer says what time it is at the server.
   */
  signals[SIGNAL_SERVER_TIME] = g_signal_new ("server-time", LS_TYPE_TRANSPORT, G_SIGNAL_RUN_LAST,
                                              0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_INT64);
}

/**
 * ls_transport_open_async:
 * @self: a transport without an open socket
 * @token: the access token
 * @cancellable: (nullable): cancels the handshake
 * @callback: called when the socket is open, or can't be opened
 * @user_data: for @callback
 *
 * Opens the socket. LsTransport::message and LsTransport::closed follow, the latter once at most.
 */
void
ls_transport_open_async (LsTransport *self,
                         const char *token,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_return_if_fail (LS_IS_TRANSPORT (self));

  LS_TRANSPORT_GET_IFACE (self)->open_async (self, token, cancellable, callback, user_data);
}

/**
 * ls_transport_open_finish:
 * @self: a transport
 * @result: what the callback was given
 * @error: of %LS_LINK_ERROR; %LS_REASON_TOKEN_REFUSED for 401
 *
 * Returns: what the server speaks; %LS_PROTOCOL_UNKNOWN on error
 */
LsProtocol
ls_transport_open_finish (LsTransport *self, GAsyncResult *result, GError **error)
{
  gssize protocol = g_task_propagate_int (G_TASK (result), error);

  return protocol < 0 ? LS_PROTOCOL_UNKNOWN : (LsProtocol)protocol;
}

/**
 * ls_transport_send:
 * @self: a transport
 * @message: what to send
 *
 * Sends a message on the socket; nothing happens if there is none open any more.
 */
void
ls_transport_send (LsTransport *self, LsMessage *message)
{
  g_return_if_fail (LS_IS_TRANSPORT (self));

  LS_TRANSPORT_GET_IFACE (self)->send (self, message);
}

/**
 * ls_transport_close:
 * @self: a transport
 *
 * Closes the socket, politely if it still answers. From now on nothing of it is heard:
 * LsTransport::closed is not emitted. Does nothing if none is open.
 */
void
ls_transport_close (LsTransport *self)
{
  g_return_if_fail (LS_IS_TRANSPORT (self));

  LS_TRANSPORT_GET_IFACE (self)->close (self);
}

/**
 * ls_transport_set_held:
 * @self: a transport
 * @held: whether to read no more from the socket
 *
 * Has the server wait until what came is dealt with. A little more may still be heard, as much as was
 * read already; the end of the socket is not heard before it is let go. A socket that was just opened
 * is not held. Does nothing if none is open.
 */
void
ls_transport_set_held (LsTransport *self, gboolean held)
{
  g_return_if_fail (LS_IS_TRANSPORT (self));

  LS_TRANSPORT_GET_IFACE (self)->set_held (self, held);
}

/**
 * ls_transport_updates_async:
 * @self: a transport
 * @token: the access token
 * @cursor: where to go on
 * @cancellable: (nullable): a cancellable
 * @callback: called with the answer
 * @user_data: for @callback
 *
 * Asks for a page of what came after @cursor.
 */
void
ls_transport_updates_async (LsTransport *self,
                            const char *token,
                            LsCursor cursor,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_return_if_fail (LS_IS_TRANSPORT (self));
  g_return_if_fail (ls_cursor_is_set (cursor));

  LS_TRANSPORT_GET_IFACE (self)->updates_async (self, token, cursor, cancellable, callback,
                                                user_data);
}

/**
 * ls_transport_updates_finish:
 * @self: a transport
 * @result: what the callback was given
 * @error: of %LS_LINK_ERROR
 *
 * Returns: (transfer full) (nullable): the page
 */
LsUpdates *
ls_transport_updates_finish (LsTransport *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * ls_transport_snapshot_async:
 * @self: a transport
 * @token: the access token
 * @entity: of what
 * @page: (nullable): token of the page; %NULL: the first
 * @cancellable: (nullable): a cancellable
 * @callback: called with the answer
 * @user_data: for @callback
 *
 * Asks for a page of a snapshot.
 */
void
ls_transport_snapshot_async (LsTransport *self,
                             const char *token,
                             LsEntity entity,
                             const char *page,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  g_return_if_fail (LS_IS_TRANSPORT (self));

  LS_TRANSPORT_GET_IFACE (self)->snapshot_async (self, token, entity, page, cancellable, callback,
                                                 user_data);
}

/**
 * ls_transport_snapshot_finish:
 * @self: a transport
 * @result: what the callback was given
 * @error: of %LS_LINK_ERROR
 *
 * Returns: (transfer full) (nullable): the page
 */
LsSnapshotPage *
ls_transport_snapshot_finish (LsTransport *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * ls_transport_checksum_async:
 * @self: a transport
 * @token: the access token
 * @entity: of what
 * @cancellable: (nullable): a cancellable
 * @callback: called with the answer
 * @user_data: for @callback
 *
 * Asks for the checksum of the rows that the server has.
 */
void
ls_transport_checksum_async (LsTransport *self,
                             const char *token,
                             LsEntity entity,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  g_return_if_fail (LS_IS_TRANSPORT (self));

  LS_TRANSPORT_GET_IFACE (self)->checksum_async (self, token, entity, cancellable, callback,
                                                 user_data);
}

/**
 * ls_transport_checksum_finish:
 * @self: a transport
 * @result: what the callback was given
 * @error: of %LS_LINK_ERROR; with status 404: the server has no checksums
 *
 * Returns: (transfer full) (nullable): the checksum, with the cursor that it stands for
 */
LsChecksum *
ls_transport_checksum_finish (LsTransport *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * ls_transport_poll_async:
 * @self: a transport
 * @token: the access token
 * @since: users that changed after this, in milliseconds since the epoch; 0: all
 * @cancellable: (nullable): a cancellable
 * @callback: called with the answer
 * @user_data: for @callback
 *
 * Asks the classic system for what it has. A server that speaks labsync.v1 answers in a way that
 * tells so.
 */
void
ls_transport_poll_async (LsTransport *self,
                         const char *token,
                         gint64 since,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_return_if_fail (LS_IS_TRANSPORT (self));

  LS_TRANSPORT_GET_IFACE (self)->poll_async (self, token, since, cancellable, callback, user_data);
}

/**
 * ls_transport_poll_finish:
 * @self: a transport
 * @result: what the callback was given
 * @error: of %LS_LINK_ERROR
 *
 * Returns: (transfer full) (nullable): what it has
 */
LsPoll *
ls_transport_poll_finish (LsTransport *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * ls_transport_list_async:
 * @self: a transport
 * @token: the access token of a sign-in
 * @table: a table of the classic system
 * @cancellable: (nullable): a cancellable
 * @callback: called with the answer
 * @user_data: for @callback
 *
 * Asks the classic system for all rows of a table.
 */
void
ls_transport_list_async (LsTransport *self,
                         const char *token,
                         const char *table,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_return_if_fail (LS_IS_TRANSPORT (self));
  g_return_if_fail (table != NULL);

  LS_TRANSPORT_GET_IFACE (self)->list_async (self, token, table, cancellable, callback, user_data);
}

/**
 * ls_transport_list_finish:
 * @self: a transport
 * @result: what the callback was given
 * @error: of %LS_LINK_ERROR
 *
 * Returns: (transfer full) (nullable): the table
 */
LsListing *
ls_transport_list_finish (LsTransport *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * ls_transport_act_async:
 * @self: a transport
 * @token: the access token
 * @request: an action
 * @cancellable: (nullable): a cancellable
 * @callback: called with the answer
 * @user_data: for @callback
 *
 * Sends an action. It may have been done also when there is an error, or it is cancelled; sent again with
 * the same key it is done once.
 */
void
ls_transport_act_async (LsTransport *self,
                        const char *token,
                        const LsActionRequest *request,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  g_return_if_fail (LS_IS_TRANSPORT (self));
  g_return_if_fail (request != NULL);

  LS_TRANSPORT_GET_IFACE (self)->act_async (self, token, request, cancellable, callback, user_data);
}

/**
 * ls_transport_act_finish:
 * @self: a transport
 * @result: what the callback was given
 * @error: of %LS_LINK_ERROR: no answer, or none of the server's
 *
 * Returns: (transfer full) (nullable): what the server said, success or not
 */
LsActionReply *
ls_transport_act_finish (LsTransport *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * ls_transport_get_row_async:
 * @self: a transport
 * @token: the access token
 * @path: of a row, for example `/api/grades/g-1`
 * @cancellable: (nullable): a cancellable
 * @callback: called with the answer
 * @user_data: for @callback
 *
 * Asks what the server has of a row now.
 */
void
ls_transport_get_row_async (LsTransport *self,
                            const char *token,
                            const char *path,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_return_if_fail (LS_IS_TRANSPORT (self));
  g_return_if_fail (path != NULL);

  LS_TRANSPORT_GET_IFACE (self)->get_row_async (self, token, path, cancellable, callback,
                                                user_data);
}

/**
 * ls_transport_get_row_finish:
 * @self: a transport
 * @result: what the callback was given
 * @error: of %LS_LINK_ERROR: no answer, or none of the server's
 *
 * Returns: (transfer full) (nullable): what the server said: 200 with the row, 404, or anything else
 */
LsActionReply *
ls_transport_get_row_finish (LsTransport *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * ls_transport_sign_in_async:
 * @self: a transport
 * @email: the user's e-mail address
 * @password: the user's password
 * @cancellable: (nullable): a cancellable
 * @callback: called with the answer
 * @user_data: for @callback
 *
 * Signs in.
 */
void
ls_transport_sign_in_async (LsTransport *self,
                            const char *email,
                            const char *password,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_return_if_fail (LS_IS_TRANSPORT (self));

  LS_TRANSPORT_GET_IFACE (self)->sign_in_async (self, email, password, cancellable, callback,
                                                user_data);
}

/**
 * ls_transport_sign_in_finish:
 * @self: a transport
 * @result: what the callback was given
 * @error: %LS_ERROR_WRONG_CREDENTIALS, or of %LS_LINK_ERROR
 *
 * Returns: (transfer full) (nullable): the session, with its user
 */
LsSession *
ls_transport_sign_in_finish (LsTransport *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * ls_transport_refresh_async:
 * @self: a transport
 * @refresh_token: the refresh token
 * @cancellable: (nullable): a cancellable
 * @callback: called with the answer
 * @user_data: for @callback
 *
 * Asks for a fresh access token.
 */
void
ls_transport_refresh_async (LsTransport *self,
                            const char *refresh_token,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_return_if_fail (LS_IS_TRANSPORT (self));

  LS_TRANSPORT_GET_IFACE (self)->refresh_async (self, refresh_token, cancellable, callback,
                                                user_data);
}

/**
 * ls_transport_refresh_finish:
 * @self: a transport
 * @result: what the callback was given
 * @error: of %LS_LINK_ERROR; %LS_REASON_TOKEN_REFUSED: the refresh token is worth nothing any more
 *
 * Returns: (transfer full) (nullable): the session, without a user
 */
LsSession *
ls_transport_refresh_finish (LsTransport *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * ls_transport_sign_out_async:
 * @self: a transport
 * @token: the access token
 * @refresh_token: (nullable): the refresh token, which ends the session even when @token has expired;
 *   %NULL: there is none, or the server does not take it
 * @cancellable: (nullable): a cancellable
 * @callback: called with the answer
 * @user_data: for @callback
 *
 * Tells the server that the session is over.
 */
void
ls_transport_sign_out_async (LsTransport *self,
                             const char *token,
                             const char *refresh_token,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  g_return_if_fail (LS_IS_TRANSPORT (self));

  LS_TRANSPORT_GET_IFACE (self)->sign_out_async (self, token, refresh_token, cancellable, callback,
                                                 user_data);
}

/**
 * ls_transport_sign_out_finish:
 * @self: a transport
 * @result: what the callback was given
 * @error: of %LS_LINK_ERROR
 *
 * Returns: whether the server knows
 */
gboolean
ls_transport_sign_out_finish (LsTransport *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * ls_transport_emit_message:
 * @self: a transport
 * @message: what came
 *
 * For implementations: emits LsTransport::message.
 */
void
ls_transport_emit_message (LsTransport *self, LsMessage *message)
{
  g_return_if_fail (LS_IS_TRANSPORT (self));

  g_signal_emit (self, signals[SIGNAL_MESSAGE], 0, message);
}

/**
 * ls_transport_emit_bad_message:
 * @self: a transport
 * @error: what is wrong with it
 *
 * For implementations: emits LsTransport::bad-message.
 */
void
ls_transport_emit_bad_message (LsTransport *self, const GError *error)
{
  g_return_if_fail (LS_IS_TRANSPORT (self));

  g_signal_emit (self, signals[SIGNAL_BAD_MESSAGE], 0, error);
}

/**
 * ls_transport_emit_closed:
 * @self: a transport
 * @error: why
 *
 * For implementations: emits LsTransport::closed.
 */
void
ls_transport_emit_closed (LsTransport *self, const GError *error)
{
  g_return_if_fail (LS_IS_TRANSPORT (self));

  g_signal_emit (self, signals[SIGNAL_CLOSED], 0, error);
}

/**
 * ls_transport_emit_server_time:
 * @self: a transport
 * @time: by the server's clock, in milliseconds since the epoch
 *
 * For implementations: emits LsTransport::server-time.
 */
void
ls_transport_emit_server_time (LsTransport *self, gint64 time)
{
  g_return_if_fail (LS_IS_TRANSPORT (self));

  g_signal_emit (self, signals[SIGNAL_SERVER_TIME], 0, time);
}
