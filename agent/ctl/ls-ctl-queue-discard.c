/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ls-ctl-actions.h"
#include "ls-ctl-commands.h"
#include "ls-i18n.h"

static LsCtlExit
run (LsCtl *self, int argc, char *argv[])
{
  return ls_ctl_action_run_call (self, &ls_ctl_queue_discard, ls_dbus_queue_call_discard_sync,
                                 _ ("It is given up."), argc, argv);
}

const LsCtlCommand ls_ctl_queue_discard = {
  LS_CTL_QUEUE "discard",
  N_ ("ID"),
  N_ ("Give up a failed action or one in conflict"),
  run,
};
