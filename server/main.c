/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib-unix.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "ls-i18n.h"
#include "ls-process.h"
#include "ls-server.h"

/* Exit status of a command line or a configuration that makes no sense */
#define EXIT_USAGE 2

static gboolean
on_terminate (gpointer user_data)
{
  ls_server_stop (user_data);
  return G_SOURCE_CONTINUE;
}

/* What is on the disk may be half written: the server goes on with what it has. */
static gboolean
on_reload (gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  if (ls_server_reload (user_data, &error))
    g_message ("The TLS certificate was read anew");
  else
    g_warning ("The TLS certificate stays as it was: %s", error->message);
  return G_SOURCE_CONTINUE;
}

static int
run (const LsServerConfig *config)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GError) error = NULL;
  g_autoptr (LsServer) server = ls_server_new (config, &error);
  guint interrupt_id, terminate_id, reload_id;

  if (server == NULL)
    {
      g_printerr ("labsync-server: %s\n", error->message);
      return EXIT_FAILURE;
    }
  if (config->tls_certificate == NULL && !ls_server_config_is_loopback (config))
    g_printerr ("labsync-server: %s\n",
                _ ("warning: without a TLS certificate, passwords and grades travel readable to "
                   "anybody on the network"));

  /* What follows is for the log and for clients, which know errors by their words. */
  ls_i18n_use_english ();

  g_signal_connect_swapped (server, "stopped", G_CALLBACK (g_main_loop_quit), loop);
  interrupt_id = g_unix_signal_add (SIGINT, on_terminate, server);
  terminate_id = g_unix_signal_add (SIGTERM, on_terminate, server);
  reload_id = g_unix_signal_add (SIGHUP, on_reload, server);

  g_print ("listening on %s\n", ls_server_get_url (server));
  fflush (stdout);
  g_main_loop_run (loop);

  g_source_remove (interrupt_id);
  g_source_remove (terminate_id);
  g_source_remove (reload_id);
  return EXIT_SUCCESS;
}

int
main (int argc, char **argv)
{
  g_autoptr (LsServerConfig) config = NULL;
  g_autoptr (GError) error = NULL;
  gboolean show_version = FALSE;

  ls_i18n_init ();
  ls_process_forbid_core_dumps ();
  ls_process_forbid_old_tls ();
  umask (077); /* what is stored is nobody else's business */

  config = ls_server_config_parse ((const char *const *)argv, &show_version, &error);
  if (config == NULL)
    {
      g_printerr ("labsync-server: %s\n", error->message);
      return EXIT_USAGE;
    }
  if (show_version)
    {
      g_print ("labsync-server " LS_VERSION "\n");
      return EXIT_SUCCESS;
    }

  return run (config);
}
