/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-clients.h"

#include <sys/socket.h>

#include "ls-address.h"

/* libsoup 3.2 has no such limits, and tells of a connection's end only sometimes; nor does it let go of
 * the GSocket then: its file descriptor stays open for ever. So what is known of a connection hangs on
 * its socket, and it is looked from time to time which are at their end. It starts the first request
 * as it accepts the connection, so a TLS handshake is within the time for that one's headers. */

#define CLIENT_KEY "labsync-client"

/* TLS handshakes from one address that may be under way. GIO has each of them hold a thread while it waits for its
 * client, and GTask has ten and makes others slowly: one every 100 ms at first, in all 60 within 16 s (GLib 2.74,
 * gtask.c). Who says nothing on many connections would have everybody else wait for a thread. */
#define MAX_HANDSHAKES 64

struct _LsClients
{
  SoupServer *server; /* (owned) */
  LsClientLimits limits;
  GPtrArray *clients;    /* (owned) (element-type Client) */
  GHashTable *addresses; /* (owned): address -> how many */
  GHashTable *greetings; /* (owned): address -> how many of them have not shaken hands yet */
  guint tick_id;
};

typedef struct
{
  GSocket *socket;  /* (owned) */
  char *address;    /* (owned) */
  gint64 deadline;  /* monotonic, microseconds; 0: none */
  gboolean idle;    /* between two requests, or before the first */
  gboolean greeted; /* its TLS handshake is done, or it needs none */
} Client;

static void
client_free (gpointer data)
{
  Client *client = data;

  g_object_set_data (G_OBJECT (client->socket), CLIENT_KEY, NULL);
  g_object_unref (client->socket);
  g_free (client->address);
  g_free (client);
}

static guint
get_count (GHashTable *counts, const char *address)
{
  return GPOINTER_TO_UINT (g_hash_table_lookup (counts, address));
}

static void
count (GHashTable *counts, const char *address, int change)
{
  guint now = get_count (counts, address) + (guint)change;

  if (now > 0)
    g_hash_table_insert (counts, g_strdup (address), GUINT_TO_POINTER (now));
  else
    g_hash_table_remove (counts, address);
}

/* libsoup reads what comes before it does anything else: an end that is still there to be read,
 * where a request should begin, is one that it has given up at. */
static gboolean
is_over (Client *client)
{
  char byte;

  if (g_socket_is_closed (client->socket))
    return TRUE;

  return client->idle &&
         recv (g_socket_get_fd (client->socket), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

static void
greeted (LsClients *self, Client *client)
{
  if (!client->greeted)
    count (self->greetings, client->address, -1);
  client->greeted = TRUE;
}

static void
forget_closed (LsClients *self)
{
  for (guint i = self->clients->len; i > 0; i--)
    {
      Client *client = self->clients->pdata[i - 1];

      if (is_over (client))
        {
          g_socket_close (client->socket, NULL);
          greeted (self, client);
          count (self->addresses, client->address, -1);
          g_ptr_array_remove_index_fast (self->clients, i - 1);
        }
    }
}

/* libsoup then finds the connection at its end and drops it. */
static void
cut (Client *client)
{
  client->deadline = 0;
  g_socket_shutdown (client->socket, TRUE, TRUE, NULL);
}

static gboolean
on_tick (gpointer user_data)
{
  LsClients *self = user_data;
  gint64 now = g_get_monotonic_time ();

  forget_closed (self);
  for (guint i = 0; i < self->clients->len; i++)
    {
      Client *client = self->clients->pdata[i];

      if (client->deadline != 0 && client->deadline <= now)
        {
          g_debug ("A connection from %s took too long", client->address);
          cut (client);
        }
    }

  if (self->clients->len > 0)
    return G_SOURCE_CONTINUE;

  self->tick_id = 0;
  return G_SOURCE_REMOVE;
}

static char *
get_address (GSocket *socket)
{
  g_autoptr (GSocketAddress) remote = g_socket_get_remote_address (socket, NULL);

  return ls_address_to_string (remote);
}

static gboolean
has_room (LsClients *self, const char *address)
{
  return self->clients->len < self->limits.max_total &&
         get_count (self->addresses, address) < self->limits.max_per_address &&
         get_count (self->greetings, address) < MAX_HANDSHAKES;
}

static void
set_deadline (Client *client, gint64 milliseconds)
{
  client->deadline = g_get_monotonic_time () + milliseconds * 1000;
}

static Client *
find_client (SoupServerMessage *message)
{
  GSocket *socket = soup_server_message_get_socket (message);

  return socket == NULL ? NULL : g_object_get_data (G_OBJECT (socket), CLIENT_KEY);
}

/* The headers are in, or the body is: what comes next may take as long as a body. */
static void
on_progress (SoupServerMessage *message, LsClients *self)
{
  Client *client = find_client (message);

  if (client == NULL || client->deadline == 0)
    return;

  client->idle = FALSE;
  set_deadline (client, self->limits.body_timeout);
}

static void
on_connected (SoupServerMessage *message, LsClients *self)
{
  Client *client = find_client (message);

  if (client != NULL)
    greeted (self, client);
}

static void
take (LsClients *self, GSocket *socket)
{
  Client *client = g_new0 (Client, 1);
  gboolean is_welcome;

  client->socket = g_object_ref (socket);
  client->address = get_address (socket);
  client->idle = TRUE;
  if (!has_room (self, client->address))
    forget_closed (self);
  is_welcome = has_room (self, client->address);

  count (self->addresses, client->address, 1);
  count (self->greetings, client->address, 1);
  g_ptr_array_add (self->clients, client);
  g_object_set_data (G_OBJECT (socket), CLIENT_KEY, client);
  set_deadline (client, self->limits.header_timeout);
  if (self->tick_id == 0)
    self->tick_id = g_timeout_add_seconds (1, on_tick, self);

  if (!is_welcome)
    {
      g_debug ("One connection too many, from %s", client->address);
      cut (client);
    }
}

static void
on_request_started (SoupServer *server, SoupServerMessage *message, LsClients *self)
{
  GSocket *socket = soup_server_message_get_socket (message);
  Client *client = find_client (message);

  if (client == NULL && socket != NULL)
    {
      take (self, socket);
      g_signal_connect (message, "connected", G_CALLBACK (on_connected), self);
    }
  else if (client != NULL)
    {
      set_deadline (client, self->limits.header_timeout);
    }

  g_signal_connect (message, "got-headers", G_CALLBACK (on_progress), self);
  g_signal_connect (message, "got-body", G_CALLBACK (on_progress), self);
}

/* Of a request that made a WebSocket, too: that has no deadline. */
static void
on_request_finished (SoupServer *server, SoupServerMessage *message, LsClients *self)
{
  Client *client = find_client (message);

  if (client == NULL || client->deadline == 0)
    return;

  client->idle = TRUE;
  set_deadline (client, self->limits.idle_timeout);
}

/* The connection broke, or ended where a further request could have come. */
static void
on_request_aborted (SoupServer *server, SoupServerMessage *message, LsClients *self)
{
  GSocket *socket = soup_server_message_get_socket (message);

  if (socket != NULL)
    g_socket_close (socket, NULL);
}

/**
 * ls_clients_release:
 * @message: the request that made a connection a WebSocket
 *
 * Sets no deadlines to the connection any more. It goes on to count.
 */
void
ls_clients_release (SoupServerMessage *message)
{
  Client *client = find_client (message);

  if (client == NULL)
    return;

  client->idle = FALSE;
  client->deadline = 0;
}

/**
 * ls_clients_new:
 * @server: an HTTP server that does not listen yet
 * @limits: what its clients may do
 *
 * Returns: (transfer full): what watches over its connections
 */
LsClients *
ls_clients_new (SoupServer *server, const LsClientLimits *limits)
{
  LsClients *self;

  g_return_val_if_fail (SOUP_IS_SERVER (server) && limits != NULL, NULL);

  self = g_new0 (LsClients, 1);
  self->server = g_object_ref (server);
  self->limits = *limits;
  self->clients = g_ptr_array_new_with_free_func (client_free);
  self->addresses = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->greetings = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_signal_connect (server, "request-started", G_CALLBACK (on_request_started), self);
  g_signal_connect (server, "request-finished", G_CALLBACK (on_request_finished), self);
  g_signal_connect (server, "request-aborted", G_CALLBACK (on_request_aborted), self);
  return self;
}

/**
 * ls_clients_free:
 * @self: (transfer full): what watches over connections, of a server that takes none any more
 *
 * Leaves them alone from now on.
 */
void
ls_clients_free (LsClients *self)
{
  g_signal_handlers_disconnect_by_data (self->server, self);
  g_clear_handle_id (&self->tick_id, g_source_remove);
  g_ptr_array_unref (self->clients);
  g_hash_table_unref (self->addresses);
  g_hash_table_unref (self->greetings);
  g_object_unref (self->server);
  g_free (self);
}
