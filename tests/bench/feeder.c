/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A school server that does nothing but send, so that it is never what a benchmark measures.
 *
 * Its log holds nothing: an event is a canned text with a few digits put in, made when it is sent.
 * Speaks as much of labsync.v1 and of HTTP as a client needs to get live and to make grades, and listens on standard
 * input to lines `feed COUNT BATCH RATE ROWS`: COUNT more events for ROWS rows, BATCH in a frame,
 * RATE a second, 0 for as fast as they are taken. What is fed while nobody listens is a backlog.
 * The end of standard input ends it. */
#include <glib.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "event.h"

#define EPOCH "0b6f5c1e-2f4b-4c8f-9a55-6f1c2d3e4f50"
/* Offsets begin here, so that all of them have ten digits. */
#define FIRST G_GINT64_CONSTANT (1000000000)
/* As much is kept ready for a client, so that it never has to wait for us. */
#define OUT_SIZE (512 * 1024)
#define MAX_REQUEST (64 * 1024)
#define MAX_PAGE 500

typedef struct
{
  int fd;
  GString *in;
  GString *out;
  gsize written; /* of @out */
  gboolean upgraded;
  gboolean streaming;
  gboolean closing;
  gint64 position; /* the last offset that was sent */
} Client;

typedef struct
{
  int listener;
  GPtrArray *clients; /* (element-type Client) (owned) */
  EventFields fields;
  gint64 top; /* the last offset of the log */
  gint64 batch;
  gint64 rows;
  gint64 rate;
  gint64 n_left; /* still to be fed, at a rate */
  gint64 next;   /* when, in monotonic microseconds */
  GString *input;
  gboolean stop;
} Feeder;

static void
client_free (Client *client)
{
  close (client->fd);
  g_string_free (client->in, TRUE);
  g_string_free (client->out, TRUE);
  g_free (client);
}

static void
append_events (Feeder *self, GString *out, gint64 from, gint64 to)
{
  gint64 now = g_get_real_time ();

  for (gint64 offset = from; offset <= to; offset++)
    event_append (out, &self->fields, offset, offset % self->rows, now);
  if (out->str[out->len - 1] == ',')
    g_string_truncate (out, out->len - 1);
}

static void
append_frame (GString *out, guint8 opcode, const char *payload, gsize length)
{
  guint8 head[10] = { 0x80 | opcode };
  gsize size = 2;

  if (length < 126)
    {
      head[1] = (guint8)length;
    }
  else if (length <= G_MAXUINT16)
    {
      head[1] = 126;
      head[2] = (guint8)(length >> 8);
      head[3] = (guint8)length;
      size = 4;
    }
  else
    {
      head[1] = 127;
      for (guint i = 0; i < 8; i++)
        head[2 + i] = (guint8)((guint64)length >> (56 - 8 * i));
      size = 10;
    }
  g_string_append_len (out, (const char *)head, (gssize)size);
  g_string_append_len (out, payload, (gssize)length);
}

static void G_GNUC_PRINTF (2, 3) send_text (Client *client, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  append_frame (client->out, 1, text, strlen (text));
}

/* Keeps a client that follows busy, and nobody waiting for more than one frame. */
static void
stream (Feeder *self, Client *client)
{
  while (client->streaming && client->position < self->top &&
         client->out->len - client->written < OUT_SIZE)
    {
      gint64 last = MIN (client->position + self->batch, self->top);
      g_autoptr (GString) frame = g_string_sized_new ((gsize)(last - client->position + 1) * 320);

      g_string_append_printf (frame,
                              "{\"type\":\"events\",\"prev\":\"" EPOCH ":%" G_GINT64_FORMAT
                              "\",\"cursor\":\"" EPOCH ":%" G_GINT64_FORMAT
                              "\",\"more\":false,\"events\":[",
                              client->position, last);
      append_events (self, frame, client->position + 1, last);
      g_string_append (frame, "]}");
      append_frame (client->out, 1, frame->str, frame->len);
      client->position = last;
    }
}

/* The member's text up to its end, without the quotation mark; our clients write no blanks. */
static gint64
get_number (const char *text, const char *name)
{
  const char *at = strstr (text, name);

  return at != NULL ? g_ascii_strtoll (at + strlen (name), NULL, 10) : 0;
}

static void
on_hello (Feeder *self, Client *client, const char *text)
{
  gint64 position = get_number (text, "\"cursor\":\"" EPOCH ":");

  client->position = position >= FIRST ? position : self->top;
  client->streaming = TRUE;
  send_text (client,
             "{\"type\":\"welcome\",\"resume\":\"%s\",\"cursor\":\"" EPOCH ":%" G_GINT64_FORMAT
             "\",\"user\":{\"id\":\"u-1\",\"role\":\"admin\",\"extraRole\":null},"
             "\"heartbeat\":25000,\"expiresAt\":%" G_GINT64_FORMAT "}",
             position >= FIRST ? "resumed" : "fresh", self->top,
             g_get_real_time () / 1000 + 24 * 3600 * 1000);
}

static void
on_text (Feeder *self, Client *client, const char *text)
{
  if (strstr (text, "\"type\":\"hello\"") != NULL)
    {
      on_hello (self, client, text);
    }
  else if (strstr (text, "\"type\":\"ping\"") != NULL)
    {
      send_text (client,
                 "{\"type\":\"pong\",\"timestamp\":%" G_GINT64_FORMAT ",\"sent\":\"" EPOCH
                 ":%" G_GINT64_FORMAT "\",\"cursor\":\"" EPOCH ":%" G_GINT64_FORMAT "\"}",
                 get_number (text, "\"timestamp\":"), client->position, client->position);
    }
  else if (strstr (text, "\"type\":\"subscribe\"") != NULL)
    {
      const char *type = strstr (text, "\"eventType\":\"");
      const char *end = type != NULL ? strchr (type + 13, '"') : NULL;

      if (end != NULL)
        send_text (client,
                   "{\"type\":\"subscribed\",%.*s,\"cursor\":\"" EPOCH ":%" G_GINT64_FORMAT "\"}",
                   (int)(end + 1 - type), type, self->top);
    }
}

/* Takes one frame, which a client always masks. Returns: whether there was a whole one */
static gboolean
take_frame (Feeder *self, Client *client)
{
  guint8 *in = (guint8 *)client->in->str;
  gsize length, start = 6;
  g_autofree char *text = NULL;

  if (client->in->len < 6)
    return FALSE;

  length = in[1] & 0x7f;
  if (length == 126)
    {
      length = (gsize)in[2] << 8 | in[3];
      start = 8;
    }
  else if (length == 127)
    {
      client->closing = TRUE; /* nothing that a client says is that long */
      return FALSE;
    }
  if (client->in->len < start + length)
    return FALSE;

  text = g_malloc0 (length + 1);
  for (gsize i = 0; i < length; i++)
    text[i] = (char)(in[start + i] ^ in[start - 4 + i % 4]);
  if ((in[0] & 0xf) == 1)
    on_text (self, client, text);
  else if ((in[0] & 0xf) == 9)
    append_frame (client->out, 10, text, length);
  else if ((in[0] & 0xf) == 8)
    {
      append_frame (client->out, 8, text, length);
      client->streaming = FALSE;
      client->closing = TRUE;
    }
  g_string_erase (client->in, 0, (gssize)(start + length));
  return !client->closing;
}

static void
upgrade (Client *client, const char *request)
{
  const char *key = strcasestr (request, "\r\nSec-WebSocket-Key: ");
  g_autoptr (GChecksum) sha1 = g_checksum_new (G_CHECKSUM_SHA1);
  g_autofree char *accept = NULL;
  guint8 digest[20];
  gsize size = sizeof digest;

  if (key == NULL)
    {
      client->closing = TRUE;
      return;
    }
  key += strlen ("\r\nSec-WebSocket-Key: ");
  g_checksum_update (sha1, (const guchar *)key, (gssize)strcspn (key, "\r"));
  g_checksum_update (sha1, (const guchar *)"258EAFA5-E914-47DA-95CA-C5AB0DC85B11", -1);
  g_checksum_get_digest (sha1, digest, &size);
  accept = g_base64_encode (digest, size);
  g_string_append_printf (client->out,
                          "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                          "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n"
                          "Sec-WebSocket-Protocol: labsync.v1\r\nX-Labsync-Server: 1\r\n\r\n",
                          accept);
  client->upgraded = TRUE;
}

static void
answer_json (Client *client, const char *status, const char *json)
{
  g_string_append_printf (client->out,
                          "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
                          "X-Labsync-Server: 1\r\n\r\n%s",
                          status, strlen (json), json);
}

static void
answer_updates (Feeder *self, Client *client, const char *request)
{
  gint64 position = MAX (get_number (request, EPOCH "%3A"), get_number (request, EPOCH ":"));
  g_autoptr (GString) page = g_string_new ("{\"success\":true,\"data\":{\"updates\":[");
  gint64 last;

  position = CLAMP (position, FIRST, self->top);
  last = MIN (position + MAX_PAGE, self->top);
  append_events (self, page, position + 1, last);
  g_string_append_printf (
      page, "],\"cursor\":\"" EPOCH ":%" G_GINT64_FORMAT "\",\"more\":%s,\"resume\":\"resumed\"}}",
      last, last < self->top ? "true" : "false");
  answer_json (client, "200 OK", page->str);
}

static void
answer_snapshot (Feeder *self, Client *client, const char *request)
{
  const char *entity = strstr (request, "entity=") + strlen ("entity=");
  g_autofree char *json =
      g_strdup_printf ("{\"success\":true,\"data\":{\"entity\":\"%.*s\",\"rows\":[],\"next\":null,"
                       "\"cursor\":\"" EPOCH ":%" G_GINT64_FORMAT "\"}}",
                       (int)strcspn (entity, " &"), entity, self->top);

  answer_json (client, "200 OK", json);
}

/* An action is done as soon as it is here, and the stream has gone past it. */
static void
answer_action (Feeder *self, Client *client, const char *row)
{
  g_autofree char *json =
      g_strdup_printf ("{\"success\":true,\"message\":\"\",\"data\":%s,\"version\":1,"
                       "\"cursor\":\"" EPOCH ":%" G_GINT64_FORMAT "\"}",
                       row, self->top);

  answer_json (client, "201 Created", json);
}

static gsize
get_content_length (const char *request)
{
  static const char name[] = "\r\nContent-Length: ";
  const char *at = strcasestr (request, name);

  return at != NULL ? (gsize)g_ascii_strtoull (at + strlen (name), NULL, 10) : 0;
}

/* Takes one request. Returns: whether there was a whole one */
static gboolean
take_request (Feeder *self, Client *client)
{
  const char *end = strstr (client->in->str, "\r\n\r\n");
  g_autofree char *request = NULL;
  g_autofree char *body = NULL;
  gsize head, size;

  client->closing = client->in->len > MAX_REQUEST;
  if (end == NULL)
    return FALSE;

  head = (gsize)(end + 4 - client->in->str);
  request = g_strndup (client->in->str, head - 2);
  size = get_content_length (request);
  if (client->in->len - head < size)
    return FALSE;

  body = g_strndup (client->in->str + head, size);
  g_string_erase (client->in, 0, (gssize)(head + size));
  if (g_str_has_prefix (request, "GET /ws"))
    upgrade (client, request);
  else if (g_str_has_prefix (request, "GET /api/updates?"))
    answer_updates (self, client, request);
  else if (g_str_has_prefix (request, "GET /api/snapshot?entity="))
    answer_snapshot (self, client, request);
  else if (g_str_has_prefix (request, "POST /api/grades "))
    answer_action (self, client, body);
  else
    answer_json (client, "404 Not Found", "{\"success\":false}");
  return TRUE;
}

static void
read_client (Feeder *self, Client *client)
{
  char buffer[16384];
  ssize_t n = read (client->fd, buffer, sizeof buffer);

  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  if (n <= 0)
    {
      client->streaming = FALSE;
      client->closing = TRUE;
      g_string_truncate (client->out, 0);
      client->written = 0;
      return;
    }

  g_string_append_len (client->in, buffer, n);
  while (client->upgraded ? take_frame (self, client) : take_request (self, client))
    continue;
}

static void
write_client (Client *client)
{
  while (client->written < client->out->len)
    {
      ssize_t n = send (client->fd, client->out->str + client->written,
                        client->out->len - client->written, MSG_NOSIGNAL);

      if (n < 0 && (errno == EAGAIN || errno == EINTR))
        break;
      if (n < 0)
        {
          client->closing = TRUE;
          break;
        }
      client->written += (gsize)n;
    }
  if (client->written == client->out->len || client->written > OUT_SIZE / 2)
    {
      g_string_erase (client->out, 0, (gssize)client->written);
      client->written = 0;
    }
}

static void
accept_client (Feeder *self)
{
  int fd = accept4 (self->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  int on = 1;
  Client *client;

  if (fd < 0)
    return;

  setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  client = g_new0 (Client, 1);
  client->fd = fd;
  client->in = g_string_new (NULL);
  client->out = g_string_sized_new (2 * OUT_SIZE);
  g_ptr_array_add (self->clients, client);
}

static void
feed (Feeder *self, const char *line)
{
  g_auto (GStrv) words = g_strsplit (line, " ", -1);

  if (g_strv_length (words) != 5 || !g_str_equal (words[0], "feed"))
    {
      g_printerr ("feeder: not an order: %s\n", line);
      return;
    }

  self->n_left = g_ascii_strtoll (words[1], NULL, 10);
  self->batch = MAX (g_ascii_strtoll (words[2], NULL, 10), 1);
  self->rate = g_ascii_strtoll (words[3], NULL, 10);
  self->rows = CLAMP (g_ascii_strtoll (words[4], NULL, 10), 1, 1000000);
  self->next = g_get_monotonic_time ();
  if (self->rate == 0)
    {
      self->top += self->n_left;
      self->n_left = 0;
    }
}

static void
read_orders (Feeder *self)
{
  char buffer[1024];
  ssize_t n = read (STDIN_FILENO, buffer, sizeof buffer);
  char *end;

  self->stop = n <= 0;
  g_string_append_len (self->input, buffer, MAX (n, 0));
  while ((end = strchr (self->input->str, '\n')) != NULL)
    {
      *end = '\0';
      feed (self, self->input->str);
      g_string_erase (self->input, 0, end + 1 - self->input->str);
    }
}

/* Lets the log grow at the rate. Returns: how long until it is to grow again, -1 for ever */
static gint64
tick (Feeder *self)
{
  gint64 now = g_get_monotonic_time ();

  while (self->n_left > 0 && self->next <= now)
    {
      gint64 n = MIN (self->batch, self->n_left);

      self->top += n;
      self->n_left -= n;
      self->next += n * G_USEC_PER_SEC / self->rate;
    }
  return self->n_left > 0 ? self->next - now : -1;
}

static void
serve (Feeder *self)
{
  g_autofree struct pollfd *fds = g_new0 (struct pollfd, self->clients->len + 2);
  guint n_clients = self->clients->len;
  gint64 wait = tick (self);
  struct timespec timeout = { wait / G_USEC_PER_SEC, wait % G_USEC_PER_SEC * 1000 };

  fds[0] = (struct pollfd) { STDIN_FILENO, POLLIN, 0 };
  fds[1] = (struct pollfd) { self->listener, POLLIN, 0 };
  for (guint i = 0; i < n_clients; i++)
    {
      Client *client = self->clients->pdata[i];

      stream (self, client);
      write_client (client);
      fds[2 + i] = (struct pollfd) { client->fd, POLLIN, 0 };
      if (client->out->len > client->written || client->closing ||
          (client->streaming && client->position < self->top))
        fds[2 + i].events |= POLLOUT;
    }
  if (ppoll (fds, n_clients + 2, wait >= 0 ? &timeout : NULL, NULL) < 0)
    return;

  if (fds[0].revents != 0)
    read_orders (self);
  for (guint i = n_clients; i > 0; i--)
    {
      Client *client = self->clients->pdata[i - 1];

      if (fds[1 + i].revents & (POLLIN | POLLHUP | POLLERR))
        read_client (self, client);
      write_client (client);
      if (client->closing && client->out->len == client->written)
        g_ptr_array_remove_index (self->clients, i - 1);
    }
  if (fds[1].revents != 0)
    accept_client (self);
}

static guint16
listen_here (Feeder *self)
{
  struct sockaddr_in address = { .sin_family = AF_INET };
  socklen_t size = sizeof address;

  address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  self->listener = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind (self->listener, (struct sockaddr *)&address, sizeof address) != 0 ||
      listen (self->listener, 16) != 0 ||
      getsockname (self->listener, (struct sockaddr *)&address, &size) != 0)
    g_error ("no socket: %s", g_strerror (errno));

  return ntohs (address.sin_port);
}

int
main (void)
{
  Feeder self = { .top = FIRST, .batch = 1, .rows = 1 };

  signal (SIGPIPE, SIG_IGN);
  self.clients = g_ptr_array_new_with_free_func ((GDestroyNotify)client_free);
  self.input = g_string_new (NULL);
  self.fields = event_fields ();
  g_print ("listening on http://127.0.0.1:%u\n", listen_here (&self));
  while (!self.stop)
    serve (&self);

  g_ptr_array_unref (self.clients);
  g_string_free (self.input, TRUE);
  close (self.listener);
  return 0;
}
