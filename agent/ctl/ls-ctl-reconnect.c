/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ls-ctl-calls.h"
#include "ls-ctl-commands.h"
#include "ls-i18n.h"

static LsCtlExit
run (LsCtl *self, int argc, char *argv[])
{
  return ls_ctl_run_connection_call (
      self, &ls_ctl_command_reconnect, ls_dbus_connection_call_reconnect_sync,
      _ ("Reconnecting. See how it goes with: labsyncctl status"), argc, argv);
}

const LsCtlCommand ls_ctl_command_reconnect = {
  "reconnect",
  NULL,
  N_ ("Drop the connection and try again at once"),
  run,
};
