/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib-unix.h>
#include <locale.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>

#include "ls-bus-names.h"
#include "ls-daemon.h"

/* How long a polite goodbye may take after the order to stop, in milliseconds. */
#define GOODBYE 300

typedef struct
{
  GMainLoop *loop;  /* (owned) */
  LsDaemon *daemon; /* (owned) (nullable) */
  int status;
  gboolean stopping;
} Program;

static gboolean
on_goodbye_over (gpointer user_data)
{
  Program *program = user_data;

  g_main_loop_quit (program->loop);
  return G_SOURCE_REMOVE;
}

static gboolean
on_signal_stop (gpointer user_data)
{
  Program *program = user_data;

  if (!program->stopping && program->daemon != NULL)
    {
      program->stopping = TRUE;
      ls_daemon_stop (program->daemon);
      g_timeout_add (GOODBYE, on_goodbye_over, program);
    }
  return G_SOURCE_CONTINUE;
}

static gboolean
on_signal_reload (gpointer user_data)
{
  Program *program = user_data;

  if (program->daemon != NULL)
    ls_daemon_reload (program->daemon);
  return G_SOURCE_CONTINUE;
}

static void
on_name_acquired (GDBusConnection *connection, const char *name, gpointer user_data)
{
  g_debug ("on the bus as %s", name);
}

static void
on_name_lost (GDBusConnection *connection, const char *name, gpointer user_data)
{
  Program *program = user_data;

  if (connection == NULL)
    g_printerr ("labsync-agent: there is no session bus\n");
  else if (!program->stopping)
    g_printerr ("labsync-agent: another agent is running; --replace takes its place\n");
  program->status = connection == NULL ? EXIT_FAILURE : EXIT_SUCCESS;
  g_main_loop_quit (program->loop);
}

static void
install_signals (Program *program)
{
  g_unix_signal_add (SIGTERM, on_signal_stop, program);
  g_unix_signal_add (SIGINT, on_signal_stop, program);
  g_unix_signal_add (SIGHUP, on_signal_reload, program);
  signal (SIGPIPE, SIG_IGN);
}

static int
run (const char *config_file, const char *state_dir, gboolean replace)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusConnection) connection = NULL;
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (LsDaemon) daemon = NULL;
  GBusNameOwnerFlags flags = G_BUS_NAME_OWNER_FLAGS_ALLOW_REPLACEMENT;
  Program program = { loop, NULL, EXIT_SUCCESS, FALSE };
  guint owner;

  connection = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, &error);
  if (connection == NULL)
    {
      g_printerr ("labsync-agent: there is no session bus: %s\n", error->message);
      return EXIT_FAILURE;
    }

  /* Objects before the name, so that nobody who was waiting for it finds nothing there. */
  daemon = ls_daemon_new (connection, config_file, state_dir, &error);
  program.daemon = daemon;
  if (daemon == NULL || !ls_daemon_start (daemon, &error))
    {
      g_printerr ("labsync-agent: %s\n", error->message);
      return EXIT_FAILURE;
    }

  install_signals (&program);
  if (replace)
    flags |= G_BUS_NAME_OWNER_FLAGS_REPLACE;
  else
    flags |= G_BUS_NAME_OWNER_FLAGS_DO_NOT_QUEUE;
  owner = g_bus_own_name_on_connection (connection, LS_BUS_NAME, flags, on_name_acquired,
                                        on_name_lost, &program, NULL);
  malloc_trim (0);
  g_main_loop_run (loop);
  g_bus_unown_name (owner);
  return program.status;
}

int
main (int argc, char *argv[])
{
  g_autofree char *config_file = NULL;
  g_autofree char *state_dir = NULL;
  gboolean replace = FALSE;
  gboolean verbose = FALSE;
  gboolean version = FALSE;
  const GOptionEntry entries[] = {
    { "config", 'c', 0, G_OPTION_ARG_FILENAME, &config_file, "Read this settings file, too",
      "FILE" },
    { "state-dir", 0, 0, G_OPTION_ARG_FILENAME, &state_dir, "Keep stores in this directory",
      "DIR" },
    { "replace", 'r', 0, G_OPTION_ARG_NONE, &replace, "Take the place of a running agent", NULL },
    { "verbose", 'v', 0, G_OPTION_ARG_NONE, &verbose, "Say what is going on", NULL },
    { "version", 0, 0, G_OPTION_ARG_NONE, &version, "Print the version and exit", NULL },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;

  setlocale (LC_ALL, "");
  g_option_context_set_summary (context, "Keeps this machine in step with the school's server.");
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    {
      g_printerr ("labsync-agent: %s\n", error->message);
      return 2;
    }
  if (argc > 1)
    {
      g_printerr ("labsync-agent: '%s' is one argument too many\n", argv[1]);
      return 2;
    }
  if (version)
    {
      g_print ("labsync-agent %s\n", LS_VERSION);
      return EXIT_SUCCESS;
    }
  if (verbose)
    g_log_set_debug_enabled (TRUE);

  return run (config_file, state_dir, replace);
}
