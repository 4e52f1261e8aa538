/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ls-ctl-actions.h"
#include "ls-ctl-commands.h"
#include "ls-i18n.h"

static gboolean
undo (LsDbusQueue *queue,
      const char *id,
      GVariant *options,
      GCancellable *cancellable,
      GError **error)
{
  return ls_dbus_queue_call_undo_sync (queue, id, options, cancellable, error) ||
         ls_ctl_action_explain_not_found (error, _ ("There is nothing to bring back for this ID"));
}

static LsCtlExit
run (LsCtl *self, int argc, char *argv[])
{
  return ls_ctl_action_run_call (self, &ls_ctl_queue_undo, undo,
                                 _ ("The side that lost comes back."), argc, argv);
}

const LsCtlCommand ls_ctl_queue_undo = {
  LS_CTL_QUEUE "undo",
  N_ ("ID"),
  N_ ("Bring back the side that lost a conflict within the last day"),
  run,
};
