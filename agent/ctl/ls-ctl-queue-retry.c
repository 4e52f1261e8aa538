/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ls-ctl-actions.h"
#include "ls-ctl-calls.h"
#include "ls-ctl-commands.h"
#include "ls-ctl-output.h"
#include "ls-i18n.h"
#include "ls-json-writer.h"

static void
print_count (LsCtl *self, guint count)
{
  g_autoptr (GString) out = g_string_new ("{");

  if (!self->json)
    {
      g_print (ngettext ("%'u action is sent again.\n", "%'u actions are sent again.\n", count),
               count);
      return;
    }

  ls_json_write_int (out, "count", count);
  g_string_append_c (out, '}');
  ls_ctl_print_raw (out->str);
}

static LsCtlExit
run (LsCtl *self, int argc, char *argv[])
{
  gboolean all = FALSE;
  const GOptionEntry entries[] = {
    { "all", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, &all, N_ ("All that have failed"), NULL },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (LsDbusQueue) queue = NULL;
  guint count = 0;
  GError *error = NULL;

  if (!ls_ctl_parse (self, &ls_ctl_queue_retry, entries, 0, 1, &argc, &argv))
    return LS_CTL_EXIT_USAGE;
  if (all == (argc > 1))
    return ls_ctl_fail_usage (self, _ ("Which action? Give its ID, or --all"));

  queue = ls_ctl_open_queue (self, &error);
  if (queue == NULL ||
      !(all ? ls_dbus_queue_call_retry_failed_sync (queue, ls_ctl_no_options (), &count, NULL,
                                                    &error)
            : ls_dbus_queue_call_retry_sync (queue, argv[1], ls_ctl_no_options (), NULL, &error)))
    return ls_ctl_fail (self, error);

  if (!all)
    return ls_ctl_finish (self, _ ("It is sent again."));

  print_count (self, count);
  return LS_CTL_EXIT_DONE;
}

const LsCtlCommand ls_ctl_queue_retry = {
  LS_CTL_QUEUE "retry",
  N_ ("ID | --all"),
  N_ ("Send failed actions again"),
  run,
};
