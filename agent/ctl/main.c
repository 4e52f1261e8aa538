/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "ls-ctl-commands.h"
#include "ls-ctl-menu.h"
#include "ls-error.h"
#include "ls-i18n.h"

/* What has not reached its file, such as a copy of the queue on a full disk, must not pass for done. */
static LsCtlExit
check_output (LsCtl *ctl, LsCtlExit result)
{
  if (result != LS_CTL_EXIT_DONE || (fflush (stdout) == 0 && ferror (stdout) == 0))
    return result;

  return ls_ctl_fail (ctl,
                      g_error_new_literal (LS_ERROR, LS_ERROR_STORAGE,
                                           _ ("The output cannot be written. Is the disk full?")));
}

int
main (int argc, char *argv[])
{
  static const LsCtlCommand *const commands[] = {
    &ls_ctl_command_status,
    &ls_ctl_command_watch,
    &ls_ctl_command_events,
    &ls_ctl_command_get,
    &ls_ctl_command_list,
    &ls_ctl_command_queue,
    &ls_ctl_command_conflicts,
    &ls_ctl_command_sign_in,
    &ls_ctl_command_sign_out,
    &ls_ctl_command_sync,
    &ls_ctl_command_connect,
    &ls_ctl_command_reconnect,
    &ls_ctl_command_disconnect,
    &ls_ctl_command_audit,
    &ls_ctl_command_apps,
    &ls_ctl_command_config,
    NULL,
  };
  static const LsCtlMenu menu = { "labsyncctl", N_ ("Asks and tells the Lab Sync agent."),
                                  commands };
  gboolean version = FALSE;
  const GOptionEntry entries[] = {
    { "version", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, &version, N_ ("Print the version"),
      NULL },
    G_OPTION_ENTRY_NULL,
  };
  LsCtl ctl = { 0 };
  LsCtlExit result = LS_CTL_EXIT_DONE;

  ls_i18n_init ();
  /* GOption takes back what it has parsed when the rest is wrong, which is told in JSON, too. */
  ctl.json = g_strv_contains ((const char *const *)argv, "--json");
  if (ctl.json)
    ls_i18n_use_english ();
  if (!ls_ctl_menu_parse (&menu, &ctl, entries, &argc, &argv))
    return LS_CTL_EXIT_USAGE;

  if (version)
    g_print ("labsyncctl %s\n", LS_VERSION);
  else
    result = ls_ctl_menu_run (&menu, &ctl, argc, argv);
  result = check_output (&ctl, result);
  g_clear_object (&ctl.bus);

  return result;
}
