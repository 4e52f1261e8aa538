/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ls-ctl-actions.h"
#include "ls-ctl-commands.h"
#include "ls-i18n.h"

static LsCtlExit
run (LsCtl *self, int argc, char *argv[])
{
  g_auto (GStrv) statuses = NULL;
  g_autofree char *entity = NULL;
  const GOptionEntry entries[] = {
    { "status", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_STRING_ARRAY, &statuses,
      N_ ("Only with this status (may be repeated)"), N_ ("STATUS") },
    { "entity", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_STRING, &entity, N_ ("Only of this kind"),
      N_ ("ENTITY") },
    G_OPTION_ENTRY_NULL,
  };

  if (!ls_ctl_parse (self, &ls_ctl_queue_list, entries, 0, 0, &argc, &argv))
    return LS_CTL_EXIT_USAGE;

  return ls_ctl_actions_list (self, (const char *const *)statuses, entity, "actions");
}

const LsCtlCommand ls_ctl_queue_list = {
  LS_CTL_QUEUE "list",
  NULL,
  N_ ("List the actions, the oldest first"),
  run,
};
