/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-listener.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

/* Connections that may wait to be accepted: a school that comes back after a restart. GIO's 10 are
 * soon used up. */
#define BACKLOG 512

/**
 * LsListener:
 *
 * Accepts connections and hands them to a SoupServer. A SoupServer could listen itself, but leaks a
 * socket object for each connection then (3.2).
 */
struct _LsListener
{
  SoupServer *server;           /* (owned) */
  GSocketService *service;      /* (owned) */
  GSocketAddress *address;      /* (owned): where it listens indeed */
  GTlsCertificate *certificate; /* (owned) (nullable) */
};

/* Returns: (transfer full) (nullable): what requests are read from */
static GIOStream *
get_stream (LsListener *self, GSocketConnection *connection, GError **error)
{
  if (self->certificate == NULL)
    return G_IO_STREAM (g_object_ref (connection));

  return g_tls_server_connection_new (G_IO_STREAM (connection), self->certificate, error);
}

static gboolean
accept_connection (LsListener *self, GSocketConnection *connection, GError **error)
{
  GSocket *socket = g_socket_connection_get_socket (connection);
  g_autoptr (GSocketAddress) local = g_socket_get_local_address (socket, error);
  g_autoptr (GSocketAddress) remote =
      local != NULL ? g_socket_get_remote_address (socket, error) : NULL;
  g_autoptr (GIOStream) stream = remote != NULL ? get_stream (self, connection, error) : NULL;

  /* An event is to leave at once, not when there is more to send. */
  return stream != NULL && g_socket_set_option (socket, IPPROTO_TCP, TCP_NODELAY, TRUE, error) &&
         soup_server_accept_iostream (self->server, stream, local, remote, error);
}

static gboolean
on_incoming (GSocketService *service,
             GSocketConnection *connection,
             GObject *source,
             gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  if (!accept_connection (user_data, connection, &error))
    g_debug ("Could not accept a connection: %s", error->message);
  return TRUE;
}

/**
 * ls_listener_new:
 * @server: who answers requests
 * @address: where to listen
 * @certificate: (nullable): for TLS
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): a listener that accepts connections
 */
LsListener *
ls_listener_new (SoupServer *server,
                 GSocketAddress *address,
                 GTlsCertificate *certificate,
                 GError **error)
{
  g_autoptr (LsListener) self = NULL;

  g_return_val_if_fail (SOUP_IS_SERVER (server) && G_IS_INET_SOCKET_ADDRESS (address), NULL);

  self = g_new0 (LsListener, 1);
  self->server = g_object_ref (server);
  g_set_object (&self->certificate, certificate);
  self->service = g_socket_service_new ();
  g_socket_listener_set_backlog (G_SOCKET_LISTENER (self->service), BACKLOG);
  g_signal_connect (self->service, "incoming", G_CALLBACK (on_incoming), self);
  if (!g_socket_listener_add_address (G_SOCKET_LISTENER (self->service), address,
                                      G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL,
                                      &self->address, error))
    return NULL;

  return g_steal_pointer (&self);
}

/**
 * ls_listener_free:
 * @self: (transfer full): a listener
 *
 * Stops to listen. What was accepted stays.
 */
void
ls_listener_free (LsListener *self)
{
  g_signal_handlers_disconnect_by_data (self->service, self);
  g_socket_service_stop (self->service);
  g_socket_listener_close (G_SOCKET_LISTENER (self->service));
  g_object_unref (self->service);
  g_object_unref (self->server);
  g_clear_object (&self->address);
  g_clear_object (&self->certificate);
  g_free (self);
}

/**
 * ls_listener_get_url:
 * @self: a listener
 *
 * Returns: (transfer full): where it listens, as `http://HOST:PORT`
 */
char *
ls_listener_get_url (LsListener *self)
{
  GInetSocketAddress *address;
  g_autofree char *host = NULL;

  g_return_val_if_fail (self != NULL, NULL);

  address = G_INET_SOCKET_ADDRESS (self->address);
  host = g_inet_address_to_string (g_inet_socket_address_get_address (address));
  return g_uri_join (G_URI_FLAGS_NONE, self->certificate != NULL ? "https" : "http", NULL, host,
                     g_inet_socket_address_get_port (address), "", NULL, NULL);
}
