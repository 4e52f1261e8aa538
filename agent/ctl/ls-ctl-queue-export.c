/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ls-ctl-calls.h"
#include "ls-ctl-commands.h"
#include "ls-ctl-output.h"
#include "ls-i18n.h"

static LsCtlExit
run (LsCtl *self, int argc, char *argv[])
{
  g_autoptr (LsDbusQueue) queue = NULL;
  g_autofree char *json = NULL;
  GError *error = NULL;

  if (!ls_ctl_parse (self, &ls_ctl_queue_export, NULL, 0, 0, &argc, &argv))
    return LS_CTL_EXIT_USAGE;

  queue = ls_ctl_open_queue (self, &error);
  if (queue == NULL ||
      !ls_dbus_queue_call_export_sync (queue, ls_ctl_no_options (), &json, NULL, &error))
    return ls_ctl_fail (self, error);

  ls_ctl_print_raw (json);

  return LS_CTL_EXIT_DONE;
}

const LsCtlCommand ls_ctl_queue_export = {
  LS_CTL_QUEUE "export",
  NULL,
  N_ ("Print everything in the queue as one JSON document"),
  run,
};
