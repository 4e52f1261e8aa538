/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-tls-rehearsal.h"

#include <errno.h>
#include <sys/socket.h>

/* GIO does not compare a key with its certificate: only a client finds out that they don't belong
 * together. So the server is its own first client. */

typedef struct
{
  guint n_running;
  GError *error; /* (owned) (nullable) */
} Rehearsal;

static gboolean
open_pair (GSocket *sockets[2], GError **error)
{
  int fds[2];

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
    {
      int saved_errno = errno;

      g_set_error_literal (error, G_IO_ERROR, (gint)g_io_error_from_errno (saved_errno),
                           g_strerror (saved_errno));
      return FALSE;
    }

  for (guint i = 0; i < 2; i++)
    {
      sockets[i] = g_socket_new_from_fd (fds[i], NULL);
      g_assert (sockets[i] != NULL); /* they are sockets */
    }
  return TRUE;
}

/* Who the server says it is does not matter here. */
static gboolean
on_accept_certificate (GTlsConnection *connection,
                       GTlsCertificate *certificate,
                       GTlsCertificateFlags flaws,
                       gpointer user_data)
{
  return TRUE;
}

static void
handshake_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Rehearsal *rehearsal = user_data;
  g_autoptr (GError) error = NULL;

  rehearsal->n_running--;
  if (g_tls_connection_handshake_finish (G_TLS_CONNECTION (source), result, &error))
    return;

  /* The other side then waits for nothing. */
  g_io_stream_close (G_IO_STREAM (source), NULL, NULL);
  if (rehearsal->error == NULL)
    rehearsal->error = g_steal_pointer (&error);
}

static void
begin (Rehearsal *rehearsal, GIOStream *connection)
{
  rehearsal->n_running++;
  g_tls_connection_handshake_async (G_TLS_CONNECTION (connection), G_PRIORITY_DEFAULT, NULL,
                                    handshake_cb, rehearsal);
}

static gboolean
shake_hands (GTlsCertificate *certificate, GSocket *sockets[2], GError **error)
{
  g_autoptr (GSocketConnection) near_end =
      g_socket_connection_factory_create_connection (sockets[0]);
  g_autoptr (GSocketConnection) far_end =
      g_socket_connection_factory_create_connection (sockets[1]);
  g_autoptr (GIOStream) server =
      g_tls_server_connection_new (G_IO_STREAM (near_end), certificate, error);
  g_autoptr (GIOStream) client =
      server != NULL ? g_tls_client_connection_new (G_IO_STREAM (far_end), NULL, error) : NULL;
  GMainContext *context = g_main_context_get_thread_default ();
  Rehearsal rehearsal = { 0 };

  if (client == NULL)
    return FALSE;

  g_signal_connect (client, "accept-certificate", G_CALLBACK (on_accept_certificate), NULL);
  begin (&rehearsal, server);
  begin (&rehearsal, client);
  while (rehearsal.n_running > 0)
    g_main_context_iteration (context, TRUE);

  if (rehearsal.error == NULL)
    return TRUE;

  g_propagate_error (error, rehearsal.error);
  return FALSE;
}

/**
 * ls_tls_rehearse:
 * @certificate: a certificate with its key
 * @error: return location for an error
 *
 * Greets itself once, over a socket that nobody else sees. Blocks for some milliseconds.
 *
 * Returns: whether a client can be greeted with @certificate
 */
gboolean
ls_tls_rehearse (GTlsCertificate *certificate, GError **error)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GSocket) near_end = NULL;
  g_autoptr (GSocket) far_end = NULL;
  GSocket *sockets[2];
  gboolean ok;

  g_return_val_if_fail (G_IS_TLS_CERTIFICATE (certificate), FALSE);

  if (!open_pair (sockets, error))
    return FALSE;

  near_end = sockets[0];
  far_end = sockets[1];
  g_main_context_push_thread_default (context);
  ok = shake_hands (certificate, sockets, error);
  g_main_context_pop_thread_default (context);
  return ok;
}
