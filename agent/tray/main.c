/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib-unix.h>
#include <malloc.h>
#include <stdlib.h>

#include "ls-i18n.h"
#include "ls-sandbox.h"
#include "ls-tray.h"

/* One tray a session: who owns this name. A Flatpak may own names below its app id. */
#define TRAY_NAME "org.labsync.Agent.Tray"

/* org.freedesktop.DBus.RequestName */
#define NAME_FLAG_ALLOW_REPLACEMENT 1
#define NAME_FLAG_REPLACE_EXISTING 2
#define NAME_FLAG_DO_NOT_QUEUE 4
#define NAME_REPLY_EXISTS 3

/* A bus that was lost is looked for after 0.25 s, then after twice as long each time: for about a
 * minute in all. By then the session is over, and so are we. */
#define FIRST_DELAY_MS 250
#define MAX_LOOKS 8

typedef struct
{
  GMainLoop *loop;             /* (owned) */
  GDBusConnection *connection; /* (owned) (nullable) */
  LsTray *tray;                /* (owned) (nullable) */
  LsSandbox *sandbox;          /* (owned) (nullable) */
  guint looks;                 /* for a bus, in a row */
  gboolean replace;            /* whatever tray runs, at the start */
} Program;

typedef enum
{
  OPENED,
  NO_BUS,
  ANOTHER_RUNS,
} Outcome;

static Outcome open_bus (Program *program, GError **error);

static gboolean
look_for_bus_cb (gpointer user_data)
{
  Program *program = user_data;
  g_autoptr (GError) error = NULL;
  Outcome outcome = open_bus (program, &error);

  if (outcome == NO_BUS && program->looks < MAX_LOOKS)
    g_timeout_add (FIRST_DELAY_MS << program->looks++, look_for_bus_cb, program);
  else if (outcome != OPENED)
    g_main_loop_quit (program->loop);

  return G_SOURCE_REMOVE;
}

static void
close_bus (Program *program)
{
  g_clear_object (&program->sandbox);
  g_clear_object (&program->tray);
  g_clear_object (&program->connection);
}

static void
on_connection_closed (GDBusConnection *connection,
                      gboolean remote_peer_vanished,
                      GError *error,
                      gpointer user_data)
{
  Program *program = user_data;

  g_info ("the session bus is gone");
  close_bus (program);
  program->looks = 0;
  g_timeout_add (FIRST_DELAY_MS, look_for_bus_cb, program);
}

static void
on_name_lost (GDBusConnection *connection,
              const char *sender,
              const char *path,
              const char *interface,
              const char *signal,
              GVariant *parameters,
              gpointer user_data)
{
  Program *program = user_data;

  g_info ("another tray has taken this one's place");
  g_main_loop_quit (program->loop);
}

/* Where nobody may own names the tray works all the same. */
static gboolean
another_runs (Program *program, GDBusConnection *connection)
{
  guint flags = NAME_FLAG_ALLOW_REPLACEMENT | NAME_FLAG_DO_NOT_QUEUE |
                (program->replace ? NAME_FLAG_REPLACE_EXISTING : 0);
  g_autoptr (GVariant) reply = NULL;
  guint code = 0;

  g_dbus_connection_signal_subscribe (connection, "org.freedesktop.DBus", "org.freedesktop.DBus",
                                      "NameLost", "/org/freedesktop/DBus", TRAY_NAME,
                                      G_DBUS_SIGNAL_FLAGS_NONE, on_name_lost, program, NULL);
  reply = g_dbus_connection_call_sync (
      connection, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
      "RequestName", g_variant_new ("(su)", TRAY_NAME, flags), G_VARIANT_TYPE ("(u)"),
      G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL);
  if (reply != NULL)
    g_variant_get (reply, "(u)", &code);

  return code == NAME_REPLY_EXISTS;
}

/* A connection of our own rather than GLib's shared one, which can't be had a second time. */
static GDBusConnection *
join_bus (GError **error)
{
  g_autofree char *address = g_dbus_address_get_for_bus_sync (G_BUS_TYPE_SESSION, NULL, error);

  if (address == NULL)
    return NULL;

  return g_dbus_connection_new_for_address_sync (address,
                                                 G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                     G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                                 NULL, NULL, error);
}

static Outcome
open_bus (Program *program, GError **error)
{
  g_autoptr (GDBusConnection) connection = join_bus (error);
  g_autoptr (LsTray) tray = connection != NULL ? ls_tray_new (connection, error) : NULL;
  const char *const successor[] = { "labsync-tray", "--replace", NULL };

  if (tray == NULL)
    return NO_BUS;
  /* Objects before the name, so that nobody who was waiting for it finds nothing there. */
  if (another_runs (program, connection))
    return ANOTHER_RUNS;

  ls_tray_show (tray);
  g_signal_connect (connection, "closed", G_CALLBACK (on_connection_closed), program);
  if (ls_sandbox_is_inside ())
    program->sandbox = ls_sandbox_new (connection, successor);
  program->tray = g_steal_pointer (&tray);
  program->connection = g_steal_pointer (&connection);
  program->replace = FALSE;

  return OPENED;
}

static gboolean
on_signal_stop (gpointer user_data)
{
  Program *program = user_data;

  g_main_loop_quit (program->loop);

  return G_SOURCE_CONTINUE;
}

static int
run (gboolean replace)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GError) error = NULL;
  Program program = { .loop = loop, .replace = replace };

  switch (open_bus (&program, &error))
    {
    case NO_BUS:
      g_printerr (_ ("labsync-tray: there is no session bus: %s\n"), error->message);
      return EXIT_FAILURE;
    case ANOTHER_RUNS:
      g_printerr ("%s\n", _ ("labsync-tray: it is running in this session already"));
      return EXIT_SUCCESS;
    case OPENED:
    default:
      break;
    }

  g_unix_signal_add (SIGTERM, on_signal_stop, &program);
  g_unix_signal_add (SIGINT, on_signal_stop, &program);
  malloc_trim (0);
  g_main_loop_run (loop);

  if (program.connection != NULL)
    g_signal_handlers_disconnect_by_data (program.connection, &program);
  g_clear_object (&program.sandbox);
  g_clear_object (&program.tray);
  if (program.connection != NULL && !g_dbus_connection_is_closed (program.connection))
    g_dbus_connection_close_sync (program.connection, NULL, NULL);
  g_clear_object (&program.connection);

  return EXIT_SUCCESS;
}

int
main (int argc, char *argv[])
{
  gboolean replace = FALSE;
  gboolean version = FALSE;
  const GOptionEntry entries[] = {
    { "replace", 'r', 0, G_OPTION_ARG_NONE, &replace, N_ ("Take the place of a running tray"),
      NULL },
    { "version", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, &version, N_ ("Print the version"),
      NULL },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GOptionContext) context = NULL;
  g_autoptr (GError) error = NULL;

  ls_i18n_init ();
  context = g_option_context_new (NULL);
  g_option_context_set_summary (context, _ ("Shows in the tray how Lab Sync is doing."));
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    {
      g_printerr ("labsync-tray: %s\n", error->message);
      return 2;
    }
  if (argc > 1)
    {
      g_printerr (_ ("labsync-tray: “%s” is one argument too many\n"), argv[1]);
      return 2;
    }
  if (version)
    {
      g_print ("labsync-tray %s\n", LS_VERSION);
      return EXIT_SUCCESS;
    }

  return run (replace);
}
