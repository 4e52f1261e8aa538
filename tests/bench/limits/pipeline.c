/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The whole path with nothing but the path: WebSocket from URL, the fields of an event cut out of
 * the text without a check, group commit into FILE on a thread of its own, signals and packets to
 * whoever subscribed. Under the agent's name, so that the same subscribers measure it. */
#include <libsoup/soup.h>

#include <glib-unix.h>
#include <stdlib.h>
#include <string.h>

#include "limit.h"

/* Frames in a transaction: 1,000 events, which is what the agent takes. With all that waits, the file would be
 * synced less often, but the first events would wait and everything that came would be in memory. */
#define MAX_GROUP 10
#define MAX_MESSAGE (1024 * 1024)

typedef struct
{
  GMainLoop *loop;
  SoupSession *session;
  SoupWebsocketConnection *socket;
  const char *url;
  char *cursor; /* as the server wrote it; of what is with the store */
  guint64 seq;
  LimitBus *bus;
  LimitStore *store;
  GAsyncQueue *batches; /* (element-type GPtrArray) to the thread */
} Pipeline;

typedef struct
{
  Pipeline *pipeline;
  GPtrArray *groups[MAX_GROUP];
  guint n_groups;
} Committed;

static gboolean
on_committed (gpointer user_data)
{
  Committed *committed = user_data;

  for (guint i = 0; i < committed->n_groups; i++)
    {
      limit_bus_send (committed->pipeline->bus, committed->groups[i]);
      g_ptr_array_unref (committed->groups[i]);
    }
  g_free (committed);
  return G_SOURCE_REMOVE;
}

static gpointer
store_events (gpointer user_data)
{
  Pipeline *self = user_data;

  for (;;)
    {
      Committed *committed = g_new0 (Committed, 1);
      GPtrArray *batch = g_async_queue_pop (self->batches);
      const LimitEvent *last;

      committed->pipeline = self;
      for (; batch != NULL; batch = g_async_queue_try_pop (self->batches))
        {
          committed->groups[committed->n_groups++] = batch;
          if (committed->n_groups == MAX_GROUP)
            break;
        }
      batch = committed->groups[committed->n_groups - 1];
      last = batch->pdata[batch->len - 1];
      limit_store_put (self->store, committed->groups, committed->n_groups, last->version);
      g_idle_add_full (G_PRIORITY_DEFAULT, on_committed, committed, NULL);
    }
  return NULL;
}

/* Returns: the byte behind the string whose opening mark @at is at */
static const char *
skip_string (const char *at)
{
  for (at++; *at != '"'; at++)
    if (*at == '\\')
      at++;
  return at + 1;
}

/* Returns: the byte behind the value */
static const char *
skip_value (const char *at)
{
  guint depth = 0;

  if (*at == '"')
    return skip_string (at);
  if (*at != '{' && *at != '[')
    return at + strcspn (at, ",]}");
  do
    {
      depth += *at == '{' || *at == '[';
      depth -= *at == '}' || *at == ']';
      at = *at == '"' ? skip_string (at) : at + 1;
    }
  while (depth > 0);
  return at;
}

/* Takes the members of the event that are needed; @at is moved behind it. */
static LimitEvent *
take_event (const char **at)
{
  static const char *const names[] = { "\"entityId\"", "\"data\"", "\"userRole\"", "\"userId\"" };
  const char *texts[4] = { "", "", "", "" };
  gsize lengths[4] = { 0 };
  gint64 version = 0, timestamp = 0;
  LimitEvent *event;

  while (**at != '}')
    {
      const char *name = *at + 1;
      const char *value = skip_string (name) + 1;

      *at = skip_value (value);
      for (guint i = 0; i < G_N_ELEMENTS (names); i++)
        if (strncmp (name, names[i], strlen (names[i])) == 0)
          {
            gboolean quoted = *value == '"';

            texts[i] = value + quoted;
            lengths[i] = (gsize)(*at - value) - 2 * quoted;
          }
      if (g_str_has_prefix (name, "\"version\""))
        version = g_ascii_strtoll (value, NULL, 10);
      else if (g_str_has_prefix (name, "\"timestamp\""))
        timestamp = g_ascii_strtoll (value, NULL, 10);
    }
  (*at)++;
  event = limit_event_new (texts, lengths);
  event->version = version;
  event->timestamp = timestamp;
  return event;
}

static void
take_events (Pipeline *self, const char *text)
{
  GPtrArray *batch = g_ptr_array_new_with_free_func (g_free);
  const char *at = strstr (text, "\"events\":[") + strlen ("\"events\":[");

  while (*at == '{' || *at == ',')
    {
      LimitEvent *event;

      at += *at == ',';
      event = take_event (&at);
      event->seq = ++self->seq;
      g_ptr_array_add (batch, event);
    }
  g_async_queue_push (self->batches, batch);
}

static void
on_message (SoupWebsocketConnection *socket, gint type, GBytes *bytes, Pipeline *self)
{
  const char *text = g_bytes_get_data (bytes, NULL);
  const char *cursor = strstr (text, "\"cursor\":\"");

  if (cursor != NULL)
    {
      cursor += strlen ("\"cursor\":\"");
      g_free (self->cursor);
      self->cursor = g_strndup (cursor, strcspn (cursor, "\""));
    }
  if (g_str_has_prefix (text, "{\"type\":\"events\""))
    take_events (self, text);
  else if (g_str_has_prefix (text, "{\"type\":\"welcome\""))
    limit_bus_set_state (self->bus, "live");
}

static void
connect_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Pipeline *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *cursor =
      self->cursor != NULL ? g_strdup_printf ("\"%s\"", self->cursor) : g_strdup ("null");
  g_autofree char *hello = g_strdup_printf (
      "{\"type\":\"hello\",\"cursor\":%s,\"eventTypes\":null,\"agent\":{\"version\":\"0\","
      "\"machine\":\"00000000000000000000000000000000\"}}",
      cursor);

  self->socket = soup_session_websocket_connect_finish (SOUP_SESSION (object), result, &error);
  if (self->socket == NULL)
    g_error ("%s", error->message);
  soup_websocket_connection_set_max_incoming_payload_size (self->socket, MAX_MESSAGE);
  g_signal_connect (self->socket, "message", G_CALLBACK (on_message), self);
  soup_websocket_connection_send_text (self->socket, hello);
}

static void
connect_socket (Pipeline *self)
{
  g_autoptr (SoupMessage) message = soup_message_new (SOUP_METHOD_GET, self->url);
  char *protocols[] = { "labsync.v1", NULL };

  soup_session_websocket_connect_async (self->session, message, NULL, protocols, G_PRIORITY_DEFAULT,
                                        NULL, connect_cb, self);
}

static void
on_call (const char *method, guint64 argument, gpointer user_data)
{
  Pipeline *self = user_data;

  if (g_str_equal (method, "Connect"))
    {
      connect_socket (self);
    }
  else if (g_str_equal (method, "Disconnect"))
    {
      g_signal_handlers_disconnect_by_data (self->socket, self);
      soup_websocket_connection_close (self->socket, SOUP_WEBSOCKET_CLOSE_NORMAL, NULL);
      g_clear_object (&self->socket);
      limit_bus_set_state (self->bus, "stopped");
    }
}

static gboolean
on_stop (gpointer user_data)
{
  g_main_loop_quit (user_data);
  return G_SOURCE_REMOVE;
}

int
main (int argc, char *argv[])
{
  Pipeline self = { 0 };

  if (argc != 3)
    {
      g_printerr ("Usage: pipeline URL FILE\n");
      return 2;
    }

  self.url = argv[1];
  self.loop = g_main_loop_new (NULL, FALSE);
  self.batches = g_async_queue_new ();
  self.store = limit_store_open (argv[2]);
  self.bus = limit_bus_new (on_call, &self);
  self.session = soup_session_new ();
  g_thread_unref (g_thread_new ("store", store_events, &self));
  g_unix_signal_add (SIGTERM, on_stop, self.loop);
  connect_socket (&self);
  g_main_loop_run (self.loop);
  return EXIT_SUCCESS;
}
