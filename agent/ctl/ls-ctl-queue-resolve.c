/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ls-ctl-actions.h"
#include "ls-ctl-calls.h"
#include "ls-ctl-commands.h"
#include "ls-i18n.h"

/* Whoever does not say which version they have seen has seen the one that is there. */
static gboolean
get_version (LsDbusQueue *queue, const char *id, gint64 *version, GError **error)
{
  g_autofree char *base = NULL;
  g_autofree char *local = NULL;
  g_autofree char *server = NULL;
  g_autoptr (GVariant) details = NULL;

  return *version >= 0 || ls_dbus_queue_call_get_conflict_sync (queue, id, &base, &local, &server,
                                                                version, &details, NULL, error);
}

static gboolean
resolve (LsDbusQueue *queue,
         const char *id,
         const char *resolution,
         const char *argument,
         gint64 version,
         GError **error)
{
  g_auto (GVariantDict) options = G_VARIANT_DICT_INIT (NULL);
  g_autofree char *merged = ls_ctl_action_read_data (argument, error);

  if (merged == NULL || !get_version (queue, id, &version, error))
    return FALSE;

  g_variant_dict_insert (&options, "server-version", "x", version);
  return ls_dbus_queue_call_resolve_sync (queue, id, resolution, merged,
                                          g_variant_dict_end (&options), NULL, error);
}

static LsCtlExit
run (LsCtl *self, int argc, char *argv[])
{
  g_autofree char *argument = NULL;
  gint64 version = -1;
  const GOptionEntry entries[] = {
    { "data", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_STRING, &argument,
      N_ ("Of merge: what to send; - for what is in standard input"), N_ ("JSON") },
    { "server-version", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_INT64, &version,
      N_ ("Only if the server still has this version"), N_ ("N") },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (LsDbusQueue) queue = NULL;
  GError *error = NULL;

  if (!ls_ctl_parse (self, &ls_ctl_queue_resolve, entries, 2, 2, &argc, &argv))
    return LS_CTL_EXIT_USAGE;

  queue = ls_ctl_open_queue (self, &error);
  if (queue == NULL)
    return ls_ctl_fail (self, error);
  if (!resolve (queue, argv[1], argv[2], argument, version, &error))
    {
      ls_ctl_action_explain_not_found (&error, _ ("There is no conflict with this ID"));
      return ls_ctl_fail (self, error);
    }

  return ls_ctl_finish (self, _ ("The conflict is settled."));
}

const LsCtlCommand ls_ctl_queue_resolve = {
  LS_CTL_QUEUE "resolve",
  N_ ("ID HOW"),
  N_ ("Settle a conflict: keep_local, use_server or merge"),
  run,
};
