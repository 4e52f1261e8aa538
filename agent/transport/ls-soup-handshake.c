/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-soup-handshake.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include "ls-deflate-handshake.h"
#include "ls-soup-errors.h"
#include "ls-soup-request.h"

/* How long the kernel may wait for a peer to confirm what we sent. Without it a peer that is gone
 * is noticed by the heartbeat alone, and a close to it lingers for many minutes. */
#define TCP_USER_TIMEOUT_MS 20000

static const char *const protocols[] = { "labsync.v1", NULL };

static void
on_network_event (SoupMessage *message,
                  GSocketClientEvent event,
                  GIOStream *stream,
                  gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  if (event != G_SOCKET_CLIENT_CONNECTED || !G_IS_TCP_CONNECTION (stream))
    return;

  if (!g_socket_set_option (g_socket_connection_get_socket (G_SOCKET_CONNECTION (stream)),
                            IPPROTO_TCP, TCP_USER_TIMEOUT, TCP_USER_TIMEOUT_MS, &error))
    g_debug ("Could not set TCP_USER_TIMEOUT: %s", error->message);
}

static void
handshake_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = G_TASK (user_data);
  g_autoptr (GError) error = NULL;
  g_autoptr (SoupWebsocketConnection) connection =
      soup_session_websocket_connect_finish (SOUP_SESSION (source), result, &error);

  if (connection == NULL)
    g_task_return_error (task, ls_soup_request_get_failure (g_task_get_task_data (task), error));
  else
    g_task_return_pointer (task, g_steal_pointer (&connection), g_object_unref);
}

/**
 * ls_soup_handshake_async:
 * @session: the session for sockets, with ls_deflate_offer()
 * @uri: where to
 * @token: the access token
 * @timeout_ms: how long all of it may take, in milliseconds
 * @cancellable: (nullable): cancels the handshake
 * @callback: called when the socket is open, or can't be opened
 * @user_data: for @callback
 *
 * Opens a socket. It has an #LsDeflate, whether or not anything is compressed on it.
 */
void
ls_soup_handshake_async (SoupSession *session,
                         GUri *uri,
                         const char *token,
                         gint64 timeout_ms,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (session, cancellable, callback, user_data);
  g_autoptr (SoupMessage) message = soup_message_new_from_uri ("GET", uri);
  LsSoupRequest *request = ls_soup_request_new (message, token, timeout_ms, cancellable);

  g_task_set_source_tag (task, ls_soup_handshake_async);
  g_task_set_task_data (task, request, (GDestroyNotify)ls_soup_request_free);
  request->is_upgrade = TRUE;
  g_signal_connect (message, "network-event", G_CALLBACK (on_network_event), NULL);
  ls_deflate_watch (message);

  soup_session_websocket_connect_async (
      session, message, NULL, (char **)protocols, G_PRIORITY_DEFAULT,
      ls_soup_deadline_get_cancellable (request->deadline), handshake_cb, g_steal_pointer (&task));
}

/**
 * ls_soup_handshake_finish:
 * @result: what the callback was given
 * @is_ours: (out): whether our server answered, also if it refused
 * @error: of %LS_LINK_ERROR, or %G_IO_ERROR_CANCELLED
 *
 * The caller has to connect to the signals before it returns to the main loop: what came right
 * after the handshake is read then.
 *
 * Returns: (transfer full) (nullable): the open socket
 */
SoupWebsocketConnection *
ls_soup_handshake_finish (GAsyncResult *result, gboolean *is_ours, GError **error)
{
  LsSoupRequest *request = g_task_get_task_data (G_TASK (result));

  *is_ours = ls_soup_errors_is_ours (soup_message_get_response_headers (request->message));

  return g_task_propagate_pointer (G_TASK (result), error);
}
