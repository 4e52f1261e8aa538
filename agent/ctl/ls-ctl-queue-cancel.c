/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ls-ctl-actions.h"
#include "ls-ctl-commands.h"
#include "ls-i18n.h"

static LsCtlExit
run (LsCtl *self, int argc, char *argv[])
{
  return ls_ctl_action_run_call (self, &ls_ctl_queue_cancel, ls_dbus_queue_call_cancel_sync,
                                 _ ("It is taken back."), argc, argv);
}

const LsCtlCommand ls_ctl_queue_cancel = {
  LS_CTL_QUEUE "cancel",
  N_ ("ID"),
  N_ ("Take an action back"),
  run,
};
