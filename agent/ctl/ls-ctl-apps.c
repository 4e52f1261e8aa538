/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ls-ctl-calls.h"
#include "ls-ctl-commands.h"
#include "ls-ctl-json.h"
#include "ls-ctl-output.h"
#include "ls-ctl-words.h"
#include "ls-i18n.h"

static void
add_app (LsCtlTable *table, GVariant *app)
{
  const char *name = "", *decision = "";
  g_autofree char *who = NULL, *may = NULL;

  g_variant_lookup (app, "app", "&s", &name);
  g_variant_lookup (app, "decision", "&s", &decision);
  who = ls_ctl_format_text (name);
  may = ls_ctl_words_translate (LS_CTL_DECISIONS, decision);
  ls_ctl_table_add (table, (const char *const[]) { who, may, NULL });
}

static void
print_for_people (GVariant *apps)
{
  const char *const headings[] = { _ ("APP"), _ ("DECISION"), NULL };
  g_autoptr (LsCtlTable) table = ls_ctl_table_new (headings);

  for (gsize i = 0; i < g_variant_n_children (apps); i++)
    {
      g_autoptr (GVariant) app = g_variant_get_child_value (apps, i);

      add_app (table, app);
    }

  if (g_variant_n_children (apps) > 0)
    ls_ctl_table_print (table);
  else
    g_print ("%s\n", _ ("No app has asked."));
}

static LsCtlExit
list (LsCtl *self, LsDbusApps *proxy)
{
  g_autoptr (GVariant) apps = NULL;
  GError *error = NULL;

  if (!ls_dbus_apps_call_list_sync (proxy, ls_ctl_no_options (), &apps, NULL, &error))
    return ls_ctl_fail (self, error);

  if (self->json)
    ls_ctl_json_print_dicts ("apps", apps);
  else
    print_for_people (apps);
  return LS_CTL_EXIT_DONE;
}

static const char *
describe (const char *decision)
{
  if (g_str_equal (decision, "allow"))
    return _ ("Where the settings leave it to you, the app may use the school's data now.");
  if (g_str_equal (decision, "deny"))
    return _ ("Where the settings leave it to you, the app may not use the school's data.");

  return _ ("You are asked again when the app wants something.");
}

static LsCtlExit
decide (LsCtl *self, LsDbusApps *proxy, const char *decision, const char *app)
{
  GError *error = NULL;

  if (!ls_dbus_apps_call_decide_sync (proxy, app, decision, ls_ctl_no_options (), NULL, &error))
    return ls_ctl_fail (self, error);

  return ls_ctl_finish (self, describe (decision));
}

static LsCtlExit
run (LsCtl *self, int argc, char *argv[])
{
  static const char *const decisions[] = { "allow", "deny", "forget", NULL };
  g_autoptr (LsDbusApps) proxy = NULL;
  GError *error = NULL;

  if (!ls_ctl_parse (self, &ls_ctl_command_apps, NULL, 0, 2, &argc, &argv))
    return LS_CTL_EXIT_USAGE;
  if (argc == 2 || (argc > 2 && !g_strv_contains (decisions, argv[1])))
    return ls_ctl_fail_usage (self, _ ("Usage: labsyncctl apps [allow|deny|forget APP]"));

  proxy = ls_ctl_open_apps (self, &error);
  if (proxy == NULL)
    return ls_ctl_fail (self, error);

  return argc > 2 ? decide (self, proxy, argv[1], argv[2]) : list (self, proxy);
}

const LsCtlCommand ls_ctl_command_apps = {
  "apps",
  N_ ("[allow|deny|forget APP]"),
  N_ ("List which apps may use the school's data, and decide about one"),
  run,
};
