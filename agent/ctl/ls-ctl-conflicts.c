/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ls-ctl-actions.h"
#include "ls-ctl-commands.h"
#include "ls-i18n.h"

static LsCtlExit
run (LsCtl *self, int argc, char *argv[])
{
  const char *const statuses[] = { "conflict", NULL };

  if (!ls_ctl_parse (self, &ls_ctl_command_conflicts, NULL, 0, 0, &argc, &argv))
    return LS_CTL_EXIT_USAGE;

  return ls_ctl_actions_list (self, statuses, NULL, "conflicts");
}

const LsCtlCommand ls_ctl_command_conflicts = {
  "conflicts",
  NULL,
  N_ ("List what you and somebody else have changed"),
  run,
};
