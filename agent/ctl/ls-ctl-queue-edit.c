/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ls-ctl-actions.h"
#include "ls-ctl-calls.h"
#include "ls-ctl-commands.h"
#include "ls-i18n.h"

static LsCtlExit
run (LsCtl *self, int argc, char *argv[])
{
  g_autofree char *argument = NULL;
  const GOptionEntry entries[] = {
    { "data", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_STRING, &argument,
      N_ ("What to send; - for what is in standard input"), N_ ("JSON") },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (LsDbusQueue) queue = NULL;
  g_autofree char *data = NULL;
  GError *error = NULL;

  if (!ls_ctl_parse (self, &ls_ctl_queue_edit, entries, 1, 1, &argc, &argv))
    return LS_CTL_EXIT_USAGE;
  if (argument == NULL)
    return ls_ctl_fail_usage (self, _ ("--data is needed"));

  queue = ls_ctl_open_queue (self, &error);
  if (queue != NULL)
    data = ls_ctl_action_read_data (argument, &error);
  if (data == NULL ||
      !ls_dbus_queue_call_edit_sync (queue, argv[1], data, ls_ctl_no_options (), NULL, &error))
    return ls_ctl_fail (self, error);

  return ls_ctl_finish (self, _ ("It is changed."));
}

const LsCtlCommand ls_ctl_queue_edit = {
  LS_CTL_QUEUE "edit",
  N_ ("ID --data JSON"),
  N_ ("Change what an action sends"),
  run,
};
