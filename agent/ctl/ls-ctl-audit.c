/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ls-ctl-calls.h"
#include "ls-ctl-commands.h"
#include "ls-ctl-json.h"
#include "ls-ctl-output.h"
#include "ls-ctl-words.h"
#include "ls-i18n.h"

static void
add_entry (LsCtlTable *table, GVariant *entry)
{
  const char *what = "", *subject = "", *app = "", *outcome = "";
  guint64 at = 0;
  g_autofree char *time = NULL, *deed = NULL, *with = NULL, *who = NULL, *end = NULL;

  g_variant_lookup (entry, "at", "t", &at);
  g_variant_lookup (entry, "what", "&s", &what);
  g_variant_lookup (entry, "subject", "&s", &subject);
  g_variant_lookup (entry, "app", "&s", &app);
  g_variant_lookup (entry, "outcome", "&s", &outcome);
  time = ls_ctl_format_time ((gint64)at);
  deed = ls_ctl_words_translate (LS_CTL_DEEDS, what);
  with = ls_ctl_format_text (subject);
  who = ls_ctl_format_text (app);
  end = ls_ctl_words_translate (LS_CTL_ENDS, outcome);
  ls_ctl_table_add (table, (const char *const[]) { time, deed, with, end, who, NULL });
}

static void
print_for_people (GVariant *entries)
{
  const char *const headings[] = {
    _ ("TIME"), _ ("WHAT"), _ ("OF"), _ ("OUTCOME"), _ ("APP"), NULL,
  };
  g_autoptr (LsCtlTable) table = ls_ctl_table_new (headings);

  for (gsize i = 0; i < g_variant_n_children (entries); i++)
    {
      g_autoptr (GVariant) entry = g_variant_get_child_value (entries, i);

      add_entry (table, entry);
    }

  if (g_variant_n_children (entries) > 0)
    ls_ctl_table_print (table);
  else
    g_print ("%s\n", _ ("Nothing has been noted."));
}

static LsCtlExit
run (LsCtl *self, int argc, char *argv[])
{
  gboolean sent = FALSE;
  gint64 before = 0;
  int limit = 100;
  const GOptionEntry options[] = {
    { "sent", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, &sent,
      N_ ("Only what left this computer in your name"), NULL },
    { "limit", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_INT, &limit, N_ ("At most so many"), N_ ("N") },
    { "before", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_INT64, &before,
      N_ ("Only what came before the entry of this number"), N_ ("N") },
    G_OPTION_ENTRY_NULL,
  };
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);
  g_autoptr (LsDbusDiagnostics) proxy = NULL;
  g_autoptr (GVariant) entries = NULL;
  GError *error = NULL;

  if (!ls_ctl_parse (self, &ls_ctl_command_audit, options, 0, 0, &argc, &argv))
    return LS_CTL_EXIT_USAGE;
  if (limit < 0 || before < 0)
    return ls_ctl_fail_usage (self, _ ("--limit and --before must not be negative"));

  g_variant_dict_insert (&dict, "limit", "u", (guint)limit);
  g_variant_dict_insert (&dict, "before", "t", (guint64)before);
  g_variant_dict_insert (&dict, "sent", "b", sent);
  proxy = ls_ctl_open_diagnostics (self, &error);
  if (proxy == NULL || !ls_dbus_diagnostics_call_get_audit_sync (proxy, g_variant_dict_end (&dict),
                                                                 &entries, NULL, &error))
    return ls_ctl_fail (self, error);

  if (self->json)
    ls_ctl_json_print_dicts ("entries", entries);
  else
    print_for_people (entries);

  return LS_CTL_EXIT_DONE;
}

const LsCtlCommand ls_ctl_command_audit = {
  "audit",
  NULL,
  N_ ("List which app did what in your name, and what left this computer"),
  run,
};
