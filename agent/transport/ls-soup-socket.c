/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-soup-socket.h"

#include "ls-deflate.h"
#include "ls-json.h"
#include "ls-soup-errors.h"
#include "ls-tap-input.h"
#include "ls-wire-message.h"

/* Bytes in a message that is looked at. Somewhat more than one may have, so that one which is just
 * too long is a bad message and not the end of the socket. */
#define MAX_MESSAGE (LS_WIRE_MAX_MESSAGE + 64 * 1024)

/* How much is read in each turn of the main loop, before others are served. In bytes. */
#define TURN (64 * 1024)

/* How long a peer has for its half of the close. */
#define LINGER_S 5

struct _LsSoupSocket
{
  SoupWebsocketConnection *connection;    /* (owned) */
  LsTapInput *tap;                        /* (owned): what it reads from */
  const LsSoupSocketCallbacks *callbacks; /* (unowned) */
  gpointer user_data;                     /* (unowned) */
  GError *error;                          /* (owned) (nullable), the first there was */
  GSource *ending; /* (owned) (nullable): it has failed, which is still to be told */
};

static void
on_lingering_closed (SoupWebsocketConnection *connection, gpointer id)
{
  g_signal_handlers_disconnect_by_data (connection, id);
  g_source_remove (GPOINTER_TO_UINT (id));
}

static void
on_lingering_error (SoupWebsocketConnection *connection, GError *error, gpointer id)
{
  on_lingering_closed (connection, id);
}

static gboolean
stop_lingering (gpointer user_data)
{
  guint id = g_source_get_id (g_main_current_source ());

  g_signal_handlers_disconnect_by_data (user_data, GUINT_TO_POINTER (id));
  return G_SOURCE_REMOVE;
}

/* Keeps @connection for as long as the peer needs to answer the close. Behind an error libsoup would
 * go on reading, and keep all of it. */
static void
linger (SoupWebsocketConnection *connection)
{
  guint id = g_timeout_add_seconds_full (G_PRIORITY_DEFAULT, LINGER_S, stop_lingering,
                                         g_object_ref (connection), g_object_unref);

  g_signal_connect (connection, "closed", G_CALLBACK (on_lingering_closed), GUINT_TO_POINTER (id));
  g_signal_connect (connection, "error", G_CALLBACK (on_lingering_error), GUINT_TO_POINTER (id));
}

static void
send_to (SoupWebsocketConnection *connection, const LsMessage *message)
{
  gsize length = 0;
  char *text = ls_wire_encode_message (message, &length);
  g_autoptr (GBytes) bytes = g_bytes_new_take (text, length);

  soup_websocket_connection_send_message (connection, SOUP_WEBSOCKET_DATA_TEXT, bytes);
}

static LsMessage *
decode (SoupWebsocketDataType type, GBytes *bytes, GError **error)
{
  gsize length = 0;
  const char *text = g_bytes_get_data (bytes, &length);

  if (type != SOUP_WEBSOCKET_DATA_TEXT)
    {
      g_set_error_literal (error, LS_JSON_ERROR, LS_JSON_ERROR_SYNTAX,
                           "A binary message came, where only text is spoken");
      return NULL;
    }

  return ls_wire_decode_message (text != NULL ? text : "", length, error);
}

static void
tell_closed (LsSoupSocket *self)
{
  LsSoupFailure failure = {
    .was_open = TRUE,
    .error = self->error,
    .close_code = soup_websocket_connection_get_close_code (self->connection),
  };
  g_autoptr (GError) error = ls_soup_errors_map (&failure);

  self->callbacks->closed (error, self->user_data);
}

static gboolean
on_ending (gpointer user_data)
{
  LsSoupSocket *self = user_data;

  g_clear_pointer (&self->ending, g_source_unref);
  tell_closed (self);
  return G_SOURCE_REMOVE;
}

/* The callback may free the socket. */
static void
on_message (SoupWebsocketConnection *connection,
            SoupWebsocketDataType type,
            GBytes *bytes,
            LsSoupSocket *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LsMessage) message = NULL;

  if (self->ending != NULL)
    return;

  message = decode (type, bytes, &error);
  if (message != NULL)
    self->callbacks->message (message, self->user_data);
  else
    self->callbacks->bad_message (error, self->user_data);
}

/* libsoup closes the connection politely then, and goes on reading until the peer has answered, at
 * what it can't read. That is not waited for: nothing of it is heard any more. Told from the main loop,
 * as libsoup is in the midst of it. */
static void
on_error (SoupWebsocketConnection *connection, GError *error, LsSoupSocket *self)
{
  if (self->error == NULL)
    self->error = g_error_copy (error);
  if (self->ending != NULL)
    return;

  self->ending = g_idle_source_new ();
  g_source_set_priority (self->ending, G_PRIORITY_DEFAULT);
  g_source_set_callback (self->ending, on_ending, self, NULL);
  g_source_attach (self->ending, g_main_context_get_thread_default ());
}

static void
on_closed (SoupWebsocketConnection *connection, LsSoupSocket *self)
{
  if (self->ending == NULL)
    tell_closed (self);
}

/* libsoup 3.2 reads a socket until nothing more comes. It can't be told to wait, and chooses its stream
 * itself; but that is a filter, which asks its base for every byte, and so the tap goes in between. */
static LsTapInput *
put_tap_in (SoupWebsocketConnection *connection)
{
  GIOStream *stream = soup_websocket_connection_get_io_stream (connection);
  GFilterInputStream *filter = G_FILTER_INPUT_STREAM (g_io_stream_get_input_stream (stream));
  g_autoptr (GInputStream) base = filter->base_stream;
  LsTapInput *tap = ls_tap_input_new (base);

  filter->base_stream = G_INPUT_STREAM (g_object_ref (tap));
  return tap;
}

/**
 * ls_soup_socket_new:
 * @connection: an open socket, of ls_soup_handshake_finish()
 * @callbacks: (unowned): what to call; has to outlive the socket
 * @user_data: for @callbacks
 *
 * Returns: (transfer full): the socket; nothing is called before the main loop runs again
 */
LsSoupSocket *
ls_soup_socket_new (SoupWebsocketConnection *connection,
                    const LsSoupSocketCallbacks *callbacks,
                    gpointer user_data)
{
  LsSoupSocket *self = NULL;

  g_return_val_if_fail (SOUP_IS_WEBSOCKET_CONNECTION (connection), NULL);

  self = g_new0 (LsSoupSocket, 1);
  self->connection = g_object_ref (connection);
  self->tap = put_tap_in (connection);
  self->callbacks = callbacks;
  self->user_data = user_data;
  ls_tap_input_set_turn (self->tap, TURN);
  ls_deflate_bound (connection, MAX_MESSAGE);
  g_signal_connect (connection, "message", G_CALLBACK (on_message), self);
  g_signal_connect (connection, "error", G_CALLBACK (on_error), self);
  g_signal_connect (connection, "closed", G_CALLBACK (on_closed), self);

  return self;
}

/**
 * ls_soup_socket_free:
 * @self: (transfer full): a socket
 *
 * Closes it if it is open, politely and in the background, and at once if it has failed. Nothing is
 * called any more.
 */
void
ls_soup_socket_free (LsSoupSocket *self)
{
  g_return_if_fail (self != NULL);

  g_signal_handlers_disconnect_by_data (self->connection, self);
  if (self->ending != NULL)
    g_source_destroy (self->ending);
  g_clear_pointer (&self->ending, g_source_unref);
  ls_tap_input_set_open (self->tap, TRUE); /* the end, too, has to be read */
  if (soup_websocket_connection_get_state (self->connection) == SOUP_WEBSOCKET_STATE_OPEN)
    {
      g_autoptr (LsMessage) message = ls_message_new (LS_MESSAGE_DISCONNECT);

      send_to (self->connection, message);
      soup_websocket_connection_close (self->connection, SOUP_WEBSOCKET_CLOSE_NORMAL, NULL);
    }
  if (self->error == NULL &&
      soup_websocket_connection_get_state (self->connection) != SOUP_WEBSOCKET_STATE_CLOSED)
    linger (self->connection);

  g_clear_object (&self->connection);
  g_clear_object (&self->tap);
  g_clear_error (&self->error);
  g_free (self);
}

/**
 * ls_soup_socket_send:
 * @self: a socket
 * @message: what to send
 *
 * Sends a message, unless the socket is closing or closed.
 */
void
ls_soup_socket_send (LsSoupSocket *self, const LsMessage *message)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (message != NULL);

  if (soup_websocket_connection_get_state (self->connection) == SOUP_WEBSOCKET_STATE_OPEN)
    send_to (self->connection, message);
}

/**
 * ls_soup_socket_set_held:
 * @self: a socket
 * @held: whether to read no more
 *
 * What is read already still comes: a turn, and the frame that it ends. Then the peer has to wait.
 */
void
ls_soup_socket_set_held (LsSoupSocket *self, gboolean held)
{
  g_return_if_fail (self != NULL);

  ls_tap_input_set_open (self->tap, !held);
}
