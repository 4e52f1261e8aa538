/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An app of the plain script: hears its signals, or calls a method again and again.
 *
 * Prints "ready" when it hears, or would call, which it does after a line on standard input; and at the end what
 * tally_report() prints. The delay of a call is the time until its answer. */
#include <gio/gio.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../tally.h"

typedef struct
{
  GDBusConnection *connection;
  GMainLoop *loop;
  Tally tally;
  char **method; /* destination, path, interface, name (unowned) */
  GVariant *arguments;
  guint n_called;
} App;

/* A call under way. */
typedef struct
{
  App *app;
  gint64 began;
} Call;

static void
on_event (GDBusConnection *connection,
          const char *sender,
          const char *path,
          const char *interface,
          const char *signal,
          GVariant *parameters,
          gpointer user_data)
{
  App *self = user_data;
  const char *text;

  g_variant_get (parameters, "(&s)", &text);
  tally_take_event (&self->tally, text, strlen (text));
  if (tally_done (&self->tally))
    g_main_loop_quit (self->loop);
}

/* The bus answers in turn: when it says who it is, it has the rule, too. */
static gboolean
listen_to_events (App *self, GError **error)
{
  g_autoptr (GVariant) id = NULL;

  g_dbus_connection_signal_subscribe (self->connection, NULL, "org.example.School", "Event", NULL,
                                      NULL, G_DBUS_SIGNAL_FLAGS_NONE, on_event, self, NULL);
  id = g_dbus_connection_call_sync (self->connection, "org.freedesktop.DBus",
                                    "/org/freedesktop/DBus", "org.freedesktop.DBus", "GetId", NULL,
                                    NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, error);
  if (id != NULL)
    g_print ("ready\n");
  return id != NULL;
}

static void call (App *self);

static void
called_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Call *done = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  if (answer == NULL)
    g_error ("%s", error->message);
  tally_take (&done->app->tally, done->began, g_get_real_time ());
  if (tally_done (&done->app->tally))
    g_main_loop_quit (done->app->loop);
  else
    call (done->app);
}

static void
call (App *self)
{
  Call *next;

  if (self->n_called == self->tally.count)
    return;

  next = g_new0 (Call, 1);
  *next = (Call) { self, g_get_real_time () };
  self->n_called++;
  g_dbus_connection_call (self->connection, self->method[0], self->method[1], self->method[2],
                          self->method[3], self->arguments, NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL,
                          called_cb, next);
}

static gboolean
call_all (App *self, const char *arguments, guint window, GError **error)
{
  self->arguments = g_variant_parse (NULL, arguments, NULL, NULL, error);
  if (self->arguments == NULL)
    return FALSE;

  g_variant_ref_sink (self->arguments);
  g_print ("ready\n");
  getchar ();
  for (guint i = 0; i < window; i++)
    call (self);
  return TRUE;
}

static gboolean
on_timeout (gpointer user_data)
{
  App *self = user_data;

  g_printerr ("app: %u of %u in time\n", self->tally.delays->len, self->tally.count);
  exit (EXIT_FAILURE);
}

static gboolean
start (App *self, int argc, char *argv[], GError **error)
{
  if (argc == 3)
    return listen_to_events (self, error);

  self->method = argv + 5;
  return call_all (self, argv[4], (guint)atoi (argv[3]), error);
}

int
main (int argc, char *argv[])
{
  App self = { 0 };
  g_autoptr (GError) error = NULL;

  if (argc != 3 && argc != 9)
    {
      g_printerr ("Usage: bench-peer-app COUNT SECONDS [CALLS-IN-FLIGHT ARGUMENTS "
                  "DESTINATION PATH INTERFACE METHOD]\n");
      return 2;
    }

  tally_init (&self.tally, (guint)atoi (argv[1]));
  self.loop = g_main_loop_new (NULL, FALSE);
  g_timeout_add_seconds ((guint)atoi (argv[2]), on_timeout, &self);
  self.connection = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, &error);
  if (self.connection == NULL || !start (&self, argc, argv, &error))
    {
      g_printerr ("app: %s\n", error->message);
      return EXIT_FAILURE;
    }

  g_main_loop_run (self.loop);
  tally_report (&self.tally);
  g_clear_pointer (&self.arguments, g_variant_unref);
  g_clear_pointer (&self.loop, g_main_loop_unref);
  g_clear_object (&self.connection);
  return EXIT_SUCCESS;
}
