/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-ctl-commands.h"
#include "ls-ctl-menu.h"
#include "ls-i18n.h"

static LsCtlExit
run (LsCtl *self, int argc, char *argv[])
{
  static const LsCtlCommand *const commands[] = {
    &ls_ctl_queue_list,
    &ls_ctl_queue_add,
    &ls_ctl_queue_show,
    &ls_ctl_queue_edit,
    &ls_ctl_queue_cancel,
    &ls_ctl_queue_retry,
    &ls_ctl_queue_discard,
    &ls_ctl_queue_resolve,
    &ls_ctl_queue_undo,
    &ls_ctl_queue_export,
    NULL,
  };
  static const LsCtlMenu menu = { "labsyncctl queue",
                                  N_ ("What you did, on its way to the school's server."),
                                  commands };

  if (!ls_ctl_menu_parse (&menu, self, NULL, &argc, &argv))
    return LS_CTL_EXIT_USAGE;

  return ls_ctl_menu_run (&menu, self, argc, argv);
}

const LsCtlCommand ls_ctl_command_queue = {
  "queue",
  N_ ("COMMAND …"),
  N_ ("Show and change what is on its way to the server"),
  run,
};
