/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-hostile-peer.h"

#include <string.h>
#include <sys/socket.h>

/* RFC 6455, 1.3 */
#define WEBSOCKET_GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

struct _LsHostilePeer
{
  GSocketService *service;    /* (owned) */
  const LsPeerScript *script; /* (unowned) */
  guint16 port;

  GMutex mutex;
  GPtrArray *requests;  /* (owned) (element-type utf8) */
  GByteArray *received; /* (owned), what came after the request */
  guint n_gone;
  gsize filler_sent; /* bytes */
};

static char *
read_request (GInputStream *in)
{
  g_autoptr (GString) request = g_string_new (NULL);

  while (!g_str_has_suffix (request->str, "\r\n\r\n"))
    {
      char c;

      if (g_input_stream_read (in, &c, 1, NULL, NULL) != 1)
        return NULL;
      g_string_append_c (request, c);
    }

  return g_string_free (g_steal_pointer (&request), FALSE);
}

static char *
get_accept (const char *request)
{
  static const char name[] = "Sec-WebSocket-Key: ";
  const char *key = strstr (request, name);
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA1);
  guint8 digest[20];
  gsize length = sizeof digest;

  g_assert (key != NULL);
  key += strlen (name);
  g_checksum_update (checksum, (const guchar *)key, strcspn (key, "\r"));
  g_checksum_update (checksum, (const guchar *)WEBSOCKET_GUID, -1);
  g_checksum_get_digest (checksum, digest, &length);

  return g_base64_encode (digest, length);
}

static void
write_handshake (GOutputStream *out, const LsPeerScript *script, const char *request)
{
  g_autofree char *accept = get_accept (request);
  g_autoptr (GString) answer =
      g_string_new ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                    "Connection: Upgrade\r\nX-Labsync-Server: 1\r\n");

  g_string_append_printf (answer, "Sec-WebSocket-Accept: %s\r\n", accept);
  if (script->subprotocol != NULL)
    g_string_append_printf (answer, "Sec-WebSocket-Protocol: %s\r\n", script->subprotocol);
  if (script->extensions != NULL)
    g_string_append_printf (answer, "Sec-WebSocket-Extensions: %s\r\n", script->extensions);
  g_string_append (answer, "\r\n");
  if (script->is_early)
    g_string_append_len (answer, g_bytes_get_data (script->frames, NULL),
                         g_bytes_get_size (script->frames));
  g_output_stream_write_all (out, answer->str, answer->len, NULL, NULL, NULL);
}

/* Returns: how much of it the other side's and our own kernel took */
static gsize
write_filler (GOutputStream *out, const LsPeerScript *script)
{
  gsize length = strlen (script->filler);
  gsize sent = 0;

  while (sent < script->filler_size)
    {
      g_usleep (script->filler_pause);
      if (!g_output_stream_write_all (out, script->filler, length, NULL, NULL, NULL))
        break;
      sent += length;
    }

  return sent;
}

/* Returns: whether anything came */
static gboolean
read_some (LsHostilePeer *self, GInputStream *in)
{
  guint8 buffer[4096];
  gssize n = g_input_stream_read (in, buffer, sizeof buffer, NULL, NULL);

  if (n <= 0)
    return FALSE;

  g_mutex_lock (&self->mutex);
  g_byte_array_append (self->received, buffer, n);
  g_mutex_unlock (&self->mutex);

  return TRUE;
}

static void
play (LsHostilePeer *self, GIOStream *stream, const char *request)
{
  const LsPeerScript *script = self->script;
  GInputStream *in = g_io_stream_get_input_stream (stream);
  GOutputStream *out = g_io_stream_get_output_stream (stream);

  if (script->answer != NULL)
    g_output_stream_write_all (out, script->answer, strlen (script->answer), NULL, NULL, NULL);
  if (script->upgrades)
    write_handshake (out, script, request);
  if (script->upgrades && !script->is_early)
    read_some (self, in);
  if (script->frames != NULL && !script->is_early)
    g_output_stream_write_all (out, g_bytes_get_data (script->frames, NULL),
                               g_bytes_get_size (script->frames), NULL, NULL, NULL);
  if (script->filler != NULL)
    {
      gsize sent = write_filler (out, script);

      g_mutex_lock (&self->mutex);
      self->filler_sent += sent;
      g_mutex_unlock (&self->mutex);
    }
}

static void
end (LsHostilePeer *self, GSocketConnection *connection)
{
  static const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
  GInputStream *in = g_io_stream_get_input_stream (G_IO_STREAM (connection));
  int fd = g_socket_get_fd (g_socket_connection_get_socket (connection));

  if (self->script->ending == LS_PEER_RESETS)
    setsockopt (fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  else if (self->script->ending == LS_PEER_FINISHES)
    shutdown (fd, SHUT_WR);
  if (self->script->ending != LS_PEER_RESETS)
    while (read_some (self, in))
      ;

  g_io_stream_close (G_IO_STREAM (connection), NULL, NULL);
}

static gboolean
on_run (GThreadedSocketService *service,
        GSocketConnection *connection,
        GObject *source,
        gpointer user_data)
{
  LsHostilePeer *self = user_data;
  char *request = read_request (g_io_stream_get_input_stream (G_IO_STREAM (connection)));

  if (request != NULL)
    {
      g_mutex_lock (&self->mutex);
      g_ptr_array_add (self->requests, request);
      g_mutex_unlock (&self->mutex);
      play (self, G_IO_STREAM (connection), request);
    }
  end (self, connection);

  g_mutex_lock (&self->mutex);
  self->n_gone++;
  g_mutex_unlock (&self->mutex);
  g_main_context_wakeup (NULL);

  return TRUE;
}

/**
 * ls_hostile_peer_new:
 * @script: (unowned): what to do; has to outlive the peer
 *
 * Returns: (transfer full): a peer that listens on a port of 127.0.0.1
 */
LsHostilePeer *
ls_hostile_peer_new (const LsPeerScript *script)
{
  LsHostilePeer *self = g_new0 (LsHostilePeer, 1);
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (GError) error = NULL;

  self->script = script;
  self->requests = g_ptr_array_new_with_free_func (g_free);
  self->received = g_byte_array_new ();
  g_mutex_init (&self->mutex);
  self->service = g_threaded_socket_service_new (-1);
  g_signal_connect (self->service, "run", G_CALLBACK (on_run), self);
  g_socket_listener_add_address (G_SOCKET_LISTENER (self->service), any, G_SOCKET_TYPE_STREAM,
                                 G_SOCKET_PROTOCOL_TCP, NULL, &address, &error);
  g_assert_no_error (error);
  self->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address));

  return self;
}

/**
 * ls_hostile_peer_free:
 * @self: (transfer full): a peer
 *
 * Waits until everyone who connected is gone, and frees the peer.
 */
void
ls_hostile_peer_free (LsHostilePeer *self)
{
  g_autoptr (GBytes) received = ls_hostile_peer_wait_gone (self);

  g_socket_service_stop (self->service);
  g_socket_listener_close (G_SOCKET_LISTENER (self->service));
  g_object_unref (self->service);
  g_ptr_array_unref (self->requests);
  g_byte_array_unref (self->received);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

/**
 * ls_hostile_peer_get_port:
 * @self: a peer
 *
 * Returns: where it listens
 */
guint16
ls_hostile_peer_get_port (LsHostilePeer *self)
{
  return self->port;
}

/**
 * ls_hostile_peer_count_requests:
 * @self: a peer
 *
 * Returns: how many requests came so far
 */
guint
ls_hostile_peer_count_requests (LsHostilePeer *self)
{
  guint n_requests = 0;

  g_mutex_lock (&self->mutex);
  n_requests = self->requests->len;
  g_mutex_unlock (&self->mutex);

  return n_requests;
}

/**
 * ls_hostile_peer_get_request:
 * @self: a peer
 * @index: which request, from 0
 *
 * Returns: (transfer full): its head
 */
char *
ls_hostile_peer_get_request (LsHostilePeer *self, guint index)
{
  char *request = NULL;

  g_mutex_lock (&self->mutex);
  g_assert_cmpuint (index, <, self->requests->len);
  request = g_strdup (g_ptr_array_index (self->requests, index));
  g_mutex_unlock (&self->mutex);

  return request;
}

/**
 * ls_hostile_peer_get_filler_sent:
 * @self: a peer whose clients are gone
 *
 * Returns: how much filler it could send, in bytes
 */
gsize
ls_hostile_peer_get_filler_sent (LsHostilePeer *self)
{
  gsize sent = 0;

  g_mutex_lock (&self->mutex);
  sent = self->filler_sent;
  g_mutex_unlock (&self->mutex);

  return sent;
}

/**
 * ls_hostile_peer_wait_gone:
 * @self: a peer
 *
 * Runs the main loop until all who made a request are gone.
 *
 * Returns: (transfer full): what they sent after their requests
 */
GBytes *
ls_hostile_peer_wait_gone (LsHostilePeer *self)
{
  GBytes *received = NULL;

  g_mutex_lock (&self->mutex);
  while (self->n_gone < self->requests->len)
    {
      g_mutex_unlock (&self->mutex);
      g_main_context_iteration (NULL, TRUE);
      g_mutex_lock (&self->mutex);
    }
  received = g_bytes_new (self->received->data, self->received->len);
  g_mutex_unlock (&self->mutex);

  return received;
}

/**
 * ls_hostile_peer_frame:
 * @first_byte: the FIN bit and the opcode (RFC 6455, 5.2)
 * @data: what is in it
 * @length: its length in bytes, or -1 for a string
 *
 * Returns: (transfer full): an unmasked frame
 */
GBytes *
ls_hostile_peer_frame (guint8 first_byte, const char *data, gssize length)
{
  gsize size = length < 0 ? strlen (data) : (gsize)length;
  GByteArray *frame = g_byte_array_new ();
  guint64 long_size = GUINT64_TO_BE ((guint64)size);
  guint16 short_size = GUINT16_TO_BE ((guint16)size);
  guint8 size_byte = size < 126 ? size : size <= G_MAXUINT16 ? 126 : 127;

  g_byte_array_append (frame, &first_byte, 1);
  g_byte_array_append (frame, &size_byte, 1);
  if (size_byte == 126)
    g_byte_array_append (frame, (const guint8 *)&short_size, sizeof short_size);
  if (size_byte == 127)
    g_byte_array_append (frame, (const guint8 *)&long_size, sizeof long_size);
  g_byte_array_append (frame, (const guint8 *)data, size);

  return g_byte_array_free_to_bytes (frame);
}

/**
 * ls_hostile_peer_close_frame:
 * @code: the close code
 * @text: the reason
 *
 * Returns: (transfer full): a close frame
 */
GBytes *
ls_hostile_peer_close_frame (guint16 code, const char *text)
{
  g_autoptr (GString) data = g_string_new (NULL);

  g_string_append_c (data, (char)(code >> 8));
  g_string_append_c (data, (char)(code & 0xff));
  g_string_append (data, text);

  return ls_hostile_peer_frame (0x88, data->str, data->len);
}
