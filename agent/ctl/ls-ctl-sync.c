/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ls-ctl-calls.h"
#include "ls-ctl-commands.h"
#include "ls-i18n.h"

static LsCtlExit
run (LsCtl *self, int argc, char *argv[])
{
  return ls_ctl_run_connection_call (self, &ls_ctl_command_sync,
                                     ls_dbus_connection_call_sync_now_sync, _ ("Up to date."), argc,
                                     argv);
}

const LsCtlCommand ls_ctl_command_sync = {
  "sync",
  NULL,
  N_ ("Fetch whatever is new now, and wait for it"),
  run,
};
