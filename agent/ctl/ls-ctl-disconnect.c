/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ls-ctl-calls.h"
#include "ls-ctl-commands.h"
#include "ls-i18n.h"

static LsCtlExit
run (LsCtl *self, int argc, char *argv[])
{
  return ls_ctl_run_connection_call (
      self, &ls_ctl_command_disconnect, ls_dbus_connection_call_disconnect_sync,
      _ ("Disconnected until you say: labsyncctl connect"), argc, argv);
}

const LsCtlCommand ls_ctl_command_disconnect = {
  "disconnect",
  NULL,
  N_ ("Disconnect until you say connect"),
  run,
};
