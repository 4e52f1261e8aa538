/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An app: subscribes, decodes and counts every event, and says when the last one came and how long
 * they were under way. By signal it acknowledges every batch; by stream it may wait between two
 * packets. Prints "ready", and at the end one JSON line. */
#include <gio/gio.h>

#include <errno.h>
#include <gio/gunixfdlist.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "ls-bus-names.h"
#include "tally.h"

typedef struct
{
  GDBusConnection *connection;
  GMainLoop *loop;
  char *path;      /* of the subscription */
  int fd;          /* of the stream; -1: by signal */
  gint64 pause;    /* between two packets, in microseconds */
  guint64 n_bytes; /* of what was decoded, so that no decoding can be left out */
  Tally tally;
} Subscriber;

/* An event as an app has it before it. */
typedef struct
{
  guint64 seq;
  const char *type, *entity, *entity_id, *data;
  gint64 timestamp;
  const char *user_role, *user_id;
} Event;

static gint64
get_sent (const char *data)
{
  const char *sent = strstr (data, "\"sent\":");

  return sent != NULL ? g_ascii_strtoll (sent + strlen ("\"sent\":"), NULL, 10) : 0;
}

static void
take_event (Subscriber *self, const Event *event, gint64 now)
{
  tally_take_number (&self->tally, (gint64)event->seq);
  tally_take (&self->tally, get_sent (event->data), now);
  self->n_bytes += strlen (event->type) + strlen (event->entity) + strlen (event->entity_id) +
                   strlen (event->user_role) + strlen (event->user_id) +
                   (event->timestamp > 0 ? 8 : 0);
}

static void
end_if_done (Subscriber *self)
{
  if (tally_done (&self->tally))
    g_main_loop_quit (self->loop);
}

static void
on_events (GDBusConnection *connection,
           const char *sender,
           const char *path,
           const char *interface,
           const char *signal,
           GVariant *parameters,
           gpointer user_data)
{
  Subscriber *self = user_data;
  g_autoptr (GVariant) events = g_variant_get_child_value (parameters, 0);
  gint64 now = g_get_real_time ();
  Event event = { 0 };
  GVariantIter iter;

  g_variant_iter_init (&iter, events);
  while (g_variant_iter_next (&iter, "(t&s&s&s&sx&s&s)", &event.seq, &event.type, &event.entity,
                              &event.entity_id, &event.data, &event.timestamp, &event.user_role,
                              &event.user_id))
    take_event (self, &event, now);
  /* without a callback no answer is asked for */
  if (event.seq != 0)
    g_dbus_connection_call (connection, sender, path, interface, "Acknowledge",
                            g_variant_new ("(t)", event.seq), NULL, G_DBUS_CALL_FLAGS_NONE, -1,
                            NULL, NULL, NULL);
  end_if_done (self);
}

static guint64
get_number (const guint8 *at, gsize width)
{
  guint64 number = 0;

  memcpy (&number, at, width);
  return GUINT64_FROM_LE (number);
}

/* In how many bytes a container of that size says where its members end. */
static gsize
width_for (gsize size)
{
  return size <= G_MAXUINT8 ? 1 : size <= G_MAXUINT16 ? 2 : 4;
}

static gsize
align (gsize place)
{
  return (place + 7) & ~(gsize)7;
}

/* A member of a packet, read where it is; GVariant would make objects of everything first, and then
 * fifty subscribers would be all that is measured. */
static Event
read_event (const guint8 *from, gsize size)
{
  const char *text = (const char *)from;
  gsize width = width_for (size);
  gsize ends[5];
  gsize number;

  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    ends[i] = get_number (from + size - (i + 1) * width, width);
  number = align (ends[3]);
  return (Event) {
    .seq = get_number (from, 8),
    .type = text + 8,
    .entity = text + ends[0],
    .entity_id = text + ends[1],
    .data = text + ends[2],
    .timestamp = (gint64)get_number (from + number, 8),
    .user_role = text + number + 8,
    .user_id = text + ends[4],
  };
}

static void
take_packet (Subscriber *self, const guint8 *packet, gsize size)
{
  gint64 now = g_get_real_time ();
  gsize width = width_for (size);
  gsize ends = get_number (packet + size - width, width);
  gsize start = 0;

  for (gsize at = ends; at < size; at += width)
    {
      gsize end = get_number (packet + at, width);
      Event event = read_event (packet + start, end - start);

      take_event (self, &event, now);
      start = align (end);
    }
}

static gpointer
receive_packets (gpointer user_data)
{
  Subscriber *self = user_data;
  g_autofree guint8 *packet = g_malloc (LS_BUS_PACKET_SIZE);

  while (!tally_done (&self->tally))
    {
      gssize size = recv (self->fd, packet, LS_BUS_PACKET_SIZE, 0);

      if (size < 0 && errno == EINTR)
        continue;
      if (size <= 0)
        {
          g_printerr ("subscriber: the stream ended after %u events\n", self->tally.delays->len);
          exit (EXIT_FAILURE);
        }
      take_packet (self, packet, (gsize)size);
      if (self->pause > 0)
        g_usleep ((gulong)self->pause);
    }
  g_main_loop_quit (self->loop);
  return NULL;
}

static gboolean
on_timeout (gpointer user_data)
{
  Subscriber *self = user_data;

  g_printerr ("subscriber: %u of %u events in time\n", self->tally.delays->len, self->tally.count);
  exit (EXIT_FAILURE);
}

static gboolean
subscribe (Subscriber *self, gboolean by_stream, GError **error)
{
  const char *types[] = { "grade_updated", NULL };
  g_autoptr (GUnixFDList) fds = NULL;
  g_autoptr (GVariant) answer = NULL;

  if (!by_stream)
    /* What is sent to us alone comes without a rule. */
    g_dbus_connection_signal_subscribe (self->connection, NULL, LS_BUS_INTERFACE_SUBSCRIPTION,
                                        "Events", NULL, NULL, G_DBUS_SIGNAL_FLAGS_NO_MATCH_RULE,
                                        on_events, self, NULL);
  answer = g_dbus_connection_call_with_unix_fd_list_sync (
      self->connection, LS_BUS_NAME, LS_BUS_PATH, LS_BUS_INTERFACE_EVENTS,
      by_stream ? "OpenStream" : "Subscribe", g_variant_new ("(^asa{sv})", types, NULL),
      G_VARIANT_TYPE (by_stream ? "(oh)" : "(o)"), G_DBUS_CALL_FLAGS_NONE, -1, NULL, &fds, NULL,
      error);
  if (answer == NULL)
    return FALSE;

  g_variant_get_child (answer, 0, "o", &self->path);
  self->fd = by_stream ? g_unix_fd_list_get (fds, 0, error) : -1;
  return !by_stream || self->fd != -1;
}

int
main (int argc, char *argv[])
{
  Subscriber self = { 0 };
  gboolean by_stream = argc > 1 && g_str_equal (argv[1], "stream");
  g_autoptr (GError) error = NULL;

  if (argc < 4)
    {
      g_printerr ("Usage: subscriber signal|stream COUNT SECONDS [PAUSE-IN-MILLISECONDS]\n");
      return 2;
    }

  tally_init (&self.tally, (guint)atoi (argv[2]));
  self.pause = argc > 4 ? atoi (argv[4]) * 1000 : 0;
  self.loop = g_main_loop_new (NULL, FALSE);
  self.connection = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, &error);
  if (self.connection == NULL || !subscribe (&self, by_stream, &error))
    {
      g_printerr ("subscriber: %s\n", error->message);
      return EXIT_FAILURE;
    }

  g_print ("ready\n");
  g_timeout_add_seconds ((guint)atoi (argv[3]), on_timeout, &self);
  if (by_stream)
    g_thread_unref (g_thread_new ("stream", receive_packets, &self));
  g_main_loop_run (self.loop);
  if (self.n_bytes == 0)
    return EXIT_FAILURE;
  tally_report (&self.tally);
  g_dbus_connection_call (self.connection, LS_BUS_NAME, self.path, LS_BUS_INTERFACE_SUBSCRIPTION,
                          "Close", NULL, NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL, NULL);
  g_dbus_connection_flush_sync (self.connection, NULL, NULL);
  return EXIT_SUCCESS;
}
