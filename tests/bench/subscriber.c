/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An app: subscribes, decodes and counts every event, acknowledges every batch, and says when the
 * last one came and how long they were under way. Prints "ready", and at the end one JSON line. */
#include <gio/gio.h>

#include <stdlib.h>
#include <string.h>

#include "ls-bus-names.h"

typedef struct
{
  GMainLoop *loop;
  guint count;     /* how many to wait for */
  guint64 n_bytes; /* of what was decoded, so that no decoding can be left out */
  guint64 last_seq;
  gint64 first_sent; /* in microseconds since the epoch, as all times here */
  GArray *delays;    /* (element-type gint64) */
  gboolean in_order;
} Subscriber;

static gint64
get_sent (const char *data)
{
  const char *sent = strstr (data, "\"sent\":");

  return sent != NULL ? g_ascii_strtoll (sent + strlen ("\"sent\":"), NULL, 10) : 0;
}

static guint64
take_batch (Subscriber *self, GVariant *events)
{
  gint64 now = g_get_real_time ();
  const char *type, *entity, *entity_id, *data, *user_role, *user_id;
  guint64 seq = 0;
  gint64 timestamp;
  GVariantIter iter;

  g_variant_iter_init (&iter, events);
  while (g_variant_iter_next (&iter, "(t&s&s&s&sx&s&s)", &seq, &type, &entity, &entity_id, &data,
                              &timestamp, &user_role, &user_id))
    {
      gint64 sent = get_sent (data);
      gint64 delay = now - sent;

      if (self->first_sent == 0)
        self->first_sent = sent;
      self->in_order &= seq > self->last_seq;
      self->last_seq = seq;
      self->n_bytes += strlen (type) + strlen (entity) + strlen (entity_id) + strlen (user_role) +
                       strlen (user_id) + (timestamp > 0 ? 8 : 0);
      g_array_append_val (self->delays, delay);
    }
  return seq;
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
  guint64 seq = take_batch (self, events);

  /* without a callback no answer is asked for */
  if (seq != 0)
    g_dbus_connection_call (connection, sender, path, interface, "Acknowledge",
                            g_variant_new ("(t)", seq), NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL,
                            NULL, NULL);
  if (self->delays->len >= self->count)
    g_main_loop_quit (self->loop);
}

static gint
compare (gconstpointer a, gconstpointer b)
{
  const gint64 *x = a, *y = b;

  return (*x > *y) - (*x < *y);
}

static gboolean
on_timeout (gpointer user_data)
{
  Subscriber *self = user_data;

  g_printerr ("subscriber: %u of %u events in time\n", self->delays->len, self->count);
  exit (EXIT_FAILURE);
}

static void
report (Subscriber *self, gint64 last)
{
  guint n = self->delays->len;

  g_array_sort (self->delays, compare);
  g_print ("{\"events\":%u,\"first_sent\":%" G_GINT64_FORMAT ",\"last\":%" G_GINT64_FORMAT
           ",\"p50\":%" G_GINT64_FORMAT ",\"p99\":%" G_GINT64_FORMAT ",\"in_order\":%s}\n",
           n, self->first_sent, last, g_array_index (self->delays, gint64, n / 2),
           g_array_index (self->delays, gint64, n - 1 - n / 100),
           self->in_order && self->n_bytes > 0 ? "true" : "false");
}

int
main (int argc, char *argv[])
{
  Subscriber self = { .in_order = TRUE };
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusConnection) connection = NULL;
  g_autoptr (GVariant) answer = NULL;
  const char *types[] = { "grade_updated", NULL };
  const char *path;

  if (argc != 3)
    {
      g_printerr ("Usage: subscriber COUNT SECONDS\n");
      return 2;
    }

  self.count = (guint)atoi (argv[1]);
  self.loop = g_main_loop_new (NULL, FALSE);
  self.delays = g_array_sized_new (FALSE, FALSE, sizeof (gint64), self.count);
  connection = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, &error);
  if (connection != NULL)
    {
      /* What is sent to us alone comes without a rule. */
      g_dbus_connection_signal_subscribe (connection, NULL, LS_BUS_INTERFACE_SUBSCRIPTION, "Events",
                                          NULL, NULL, G_DBUS_SIGNAL_FLAGS_NO_MATCH_RULE, on_events,
                                          &self, NULL);
      answer = g_dbus_connection_call_sync (
          connection, LS_BUS_NAME, LS_BUS_PATH, LS_BUS_INTERFACE_EVENTS, "Subscribe",
          g_variant_new ("(^asa{sv})", types, NULL), G_VARIANT_TYPE ("(o)"), G_DBUS_CALL_FLAGS_NONE,
          -1, NULL, &error);
    }
  if (answer == NULL)
    {
      g_printerr ("subscriber: %s\n", error->message);
      return EXIT_FAILURE;
    }

  g_print ("ready\n");
  g_timeout_add_seconds ((guint)atoi (argv[2]), on_timeout, &self);
  g_main_loop_run (self.loop);
  report (&self, g_get_real_time ());
  g_variant_get (answer, "(&o)", &path);
  g_dbus_connection_call (connection, LS_BUS_NAME, path, LS_BUS_INTERFACE_SUBSCRIPTION, "Close",
                          NULL, NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL, NULL);
  g_dbus_connection_flush_sync (connection, NULL, NULL);
  g_array_unref (self.delays);
  g_main_loop_unref (self.loop);
  return EXIT_SUCCESS;
}
