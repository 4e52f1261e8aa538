/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib-unix.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>

#include "ls-bus-names.h"
#include "ls-clean-heap.h"
#include "ls-daemon.h"
#include "ls-i18n.h"
#include "ls-process.h"
#include "ls-sandbox.h"

/* How long a polite goodbye may take after the order to stop, in milliseconds. */
#define GOODBYE 300

/* How long the next version may take to come up before this one makes room, in milliseconds. */
#define HANDOVER 10000

typedef struct
{
  GMainLoop *loop;             /* (owned) */
  GDBusConnection *connection; /* (owned) */
  LsDaemon *daemon;            /* (owned) (nullable) */
  GBusNameOwnerFlags flags;
  guint owner;
  int status;
  gboolean acquired;
  gboolean ready;
  gboolean stopping;
  const char *other_agent; /* what to say in the user's language when all else is English */
} Program;

static gboolean
on_goodbye_over (gpointer user_data)
{
  Program *program = user_data;

  g_main_loop_quit (program->loop);
  return G_SOURCE_REMOVE;
}

static void
stop (Program *program)
{
  if (program->stopping)
    return;

  program->stopping = TRUE;
  ls_daemon_stop (program->daemon);
  g_timeout_add (GOODBYE, on_goodbye_over, program);
}

static gboolean
on_signal_stop (gpointer user_data)
{
  stop (user_data);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_signal_reload (gpointer user_data)
{
  Program *program = user_data;

  ls_daemon_reload (program->daemon);
  return G_SOURCE_CONTINUE;
}

static void
install_signals (Program *program)
{
  g_unix_signal_add (SIGTERM, on_signal_stop, program);
  g_unix_signal_add (SIGINT, on_signal_stop, program);
  g_unix_signal_add (SIGHUP, on_signal_reload, program);
  signal (SIGPIPE, SIG_IGN);
}

static gboolean
on_handover_over (gpointer user_data)
{
  stop (user_data);
  return G_SOURCE_REMOVE;
}

/* Where the new version can't be started, whoever calls next gets it from the bus. */
static void
on_sandbox_updated (LsSandbox *sandbox, gboolean started, Program *program)
{
  if (started)
    g_timeout_add (HANDOVER, on_handover_over, program);
  else
    stop (program);
}

static void
announce (Program *program)
{
  if (program->acquired && program->ready)
    ls_daemon_announce (program->daemon);
}

static void
on_name_acquired (GDBusConnection *connection, const char *name, gpointer user_data)
{
  Program *program = user_data;

  program->acquired = TRUE;
  if (program->flags & G_BUS_NAME_OWNER_FLAGS_REPLACE)
    ls_daemon_start (program->daemon);
  announce (program);
}

static void
on_name_lost (GDBusConnection *connection, const char *name, gpointer user_data)
{
  Program *program = user_data;

  if (connection == NULL)
    g_message ("the session bus has gone");
  else if (program->acquired)
    g_message ("another agent has taken this one's place");
  else
    g_printerr ("labsync-agent: %s\n", program->other_agent);
  program->status = connection == NULL ? EXIT_FAILURE : EXIT_SUCCESS;
  g_main_loop_quit (program->loop);
}

static void
own_name (Program *program)
{
  if (program->owner == 0)
    program->owner = g_bus_own_name_on_connection (program->connection, LS_BUS_NAME, program->flags,
                                                   on_name_acquired, on_name_lost, program, NULL);
}

static void
on_daemon_ready (LsDaemon *daemon, Program *program)
{
  program->ready = TRUE;
  own_name (program);
  announce (program);
  malloc_trim (0);
}

/* The name comes last, so that nobody who was waiting for it finds nothing there. But whoever takes
 * another's place has the name first: the other one must not write any more when this one reads. */
static void
start (Program *program)
{
  g_signal_connect (program->daemon, "ready", G_CALLBACK (on_daemon_ready), program);
  if (program->flags & G_BUS_NAME_OWNER_FLAGS_REPLACE)
    own_name (program);
  else
    ls_daemon_start (program->daemon);
}

static int
run (const char *config_file, const char *state_dir, gboolean replace)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusConnection) connection = NULL;
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (LsSdNotify) notify = ls_sd_notify_new ();
  g_autoptr (LsDaemon) daemon = NULL;
  g_autoptr (LsSandbox) sandbox = NULL;
  const char *const successor[] = { LS_LIBEXECDIR "/labsync-agent", "--replace", NULL };
  const char *no_bus = _ ("there is no session bus");
  Program program = {
    .loop = loop,
    .status = EXIT_SUCCESS,
    .other_agent = _ ("another agent is running; --replace takes its place"),
  };

  /* What follows goes into the log and onto the bus. */
  ls_i18n_use_english ();
  connection = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, &error);
  if (connection == NULL)
    {
      g_printerr ("labsync-agent: %s: %s\n", no_bus, error->message);
      return EXIT_FAILURE;
    }

  daemon = ls_daemon_new (connection, config_file, state_dir, notify, &error);
  if (daemon == NULL || !ls_daemon_export (daemon, &error))
    {
      g_printerr ("labsync-agent: %s\n", error->message);
      return EXIT_FAILURE;
    }

  program.connection = connection;
  program.daemon = daemon;
  program.flags = G_BUS_NAME_OWNER_FLAGS_ALLOW_REPLACEMENT |
                  (replace ? G_BUS_NAME_OWNER_FLAGS_REPLACE : G_BUS_NAME_OWNER_FLAGS_DO_NOT_QUEUE);
  install_signals (&program);
  if (ls_sandbox_is_inside ())
    {
      sandbox = ls_sandbox_new (connection, successor);
      g_signal_connect (sandbox, "updated", G_CALLBACK (on_sandbox_updated), &program);
    }

  start (&program);
  g_main_loop_run (loop);
  if (program.owner != 0)
    g_bus_unown_name (program.owner);
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
    { "config", 'c', 0, G_OPTION_ARG_FILENAME, &config_file, N_ ("Read this settings file, too"),
      N_ ("FILE") },
    { "state-dir", 0, 0, G_OPTION_ARG_FILENAME, &state_dir, N_ ("Keep stores in this directory"),
      N_ ("DIR") },
    { "replace", 'r', 0, G_OPTION_ARG_NONE, &replace, N_ ("Take the place of a running agent"),
      NULL },
    { "verbose", 'v', 0, G_OPTION_ARG_NONE, &verbose, N_ ("Say what is going on"), NULL },
    { "version", 0, 0, G_OPTION_ARG_NONE, &version, N_ ("Print the version"), NULL },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) arguments = g_strdupv (argv);

  ls_i18n_init ();
  g_option_context_set_summary (context,
                                _ ("Keeps this machine in step with the school's server."));
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    {
      g_printerr ("labsync-agent: %s\n", error->message);
      return 2;
    }
  if (argc > 1)
    {
      g_printerr (_ ("labsync-agent: “%s” is one argument too many\n"), argv[1]);
      return 2;
    }
  if (version)
    {
      g_print ("labsync-agent %s\n", LS_VERSION);
      return EXIT_SUCCESS;
    }
  if (verbose)
    g_log_set_debug_enabled (TRUE);

  ls_process_forbid_core_dumps ();
  ls_process_forbid_old_tls ();
  ls_process_raise_file_limit ();
  ls_clean_heap_ensure (config_file, arguments);
  return run (config_file, state_dir, replace);
}
