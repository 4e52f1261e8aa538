/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ls-ctl-commands.h"
#include "ls-ctl-output.h"
#include "ls-i18n.h"
#include "ls-json-writer.h"
#include "ls-settings.h"

/* `agent.conf:3`, or what stands in place of a file. */
static char *
format_origin (const LsSettingsOrigin *origin)
{
  if (origin->line > 0)
    return g_strdup_printf ("%s:%u", origin->source, origin->line);
  if (g_str_equal (origin->source, LS_SETTINGS_SOURCE_ENVIRONMENT))
    return g_strdup_printf (_ ("environment %s"), origin->name);

  if (g_str_equal (origin->source, LS_SETTINGS_SOURCE_BUILT_IN))
    return g_strdup (_ ("built-in"));

  return g_strdup (origin->source);
}

static const char *
or_not_set (const char *text)
{
  return *text != '\0' ? text : _ ("(not set)");
}

static void
append_origin (GString *out, const LsSettingsOrigin *origin, gboolean is_effective)
{
  ls_json_next_element (out);
  g_string_append_c (out, '{');
  ls_json_write_string (out, "source", origin->source);
  ls_json_write_int (out, "line", origin->line);
  ls_json_write_string (out, "name", origin->name);
  ls_json_write_string (out, "value", origin->text);
  ls_json_write_boolean (out, "used", is_effective);
  ls_json_write_boolean (out, "refused", origin->refused);
  g_string_append_c (out, '}');
}

static void
append_explanation (GString *out, const LsSettingsExplanation *explanation)
{
  g_string_append_c (out, '{');
  ls_json_write_string (out, "key", explanation->name);
  ls_json_write_string (out, "value", explanation->effective->text);
  ls_json_write_string (out, "source", explanation->effective->source);
  ls_json_write_int (out, "line", explanation->effective->line);
  ls_json_write_boolean (out, "locked", explanation->locked_by != NULL);
  ls_json_write_string (out, "locked_by", explanation->locked_by);
  ls_json_write_name (out, "layers");
  g_string_append_c (out, '[');
  for (guint i = 0; i < explanation->origins->len; i++)
    {
      const LsSettingsOrigin *origin = g_ptr_array_index (explanation->origins, i);

      append_origin (out, origin, origin == explanation->effective);
    }
  g_string_append (out, "]}");
}

static void
append_problems (GString *out, LsSettings *settings)
{
  GPtrArray *problems = ls_settings_get_problems (settings);

  g_string_append_c (out, '[');
  for (guint i = 0; i < problems->len; i++)
    {
      const LsSettingsProblem *problem = g_ptr_array_index (problems, i);

      ls_json_next_element (out);
      g_string_append_c (out, '{');
      ls_json_write_string (out, "source", problem->source);
      ls_json_write_int (out, "line", problem->line);
      ls_json_write_string (out, "name", problem->name);
      ls_json_write_string (out, "message", problem->message);
      g_string_append_c (out, '}');
    }
  g_string_append_c (out, ']');
}

static void
print_json (LsSettings *settings, GPtrArray *explanations)
{
  g_autoptr (GString) out = g_string_new ("{\"settings\":[");

  for (guint i = 0; i < explanations->len; i++)
    {
      ls_json_next_element (out);
      append_explanation (out, g_ptr_array_index (explanations, i));
    }
  g_string_append_c (out, ']');
  ls_json_write_name (out, "problems");
  append_problems (out, settings);
  g_string_append_c (out, '}');
  ls_ctl_print_raw (out->str);
}

static void
print_problems (LsSettings *settings)
{
  GPtrArray *problems = ls_settings_get_problems (settings);

  for (guint i = 0; i < problems->len; i++)
    {
      g_autofree char *text = ls_settings_problem_to_string (g_ptr_array_index (problems, i));
      g_autofree char *harmless = ls_ctl_format_text (text);

      g_printerr ("%s\n", harmless);
    }
}

static void
print_table (GPtrArray *explanations)
{
  const char *const headings[] = { _ ("SETTING"), _ ("VALUE"), _ ("FROM"), NULL };
  g_autoptr (LsCtlTable) table = ls_ctl_table_new (headings);

  for (guint i = 0; i < explanations->len; i++)
    {
      const LsSettingsExplanation *explanation = g_ptr_array_index (explanations, i);
      g_autofree char *origin = format_origin (explanation->effective);
      g_autofree char *from = explanation->locked_by != NULL
                                  ? g_strdup_printf (_ ("%s (locked)"), origin)
                                  : g_strdup (origin);
      const char *const cells[] = { explanation->name, or_not_set (explanation->effective->text),
                                    from, NULL };

      ls_ctl_table_add (table, cells);
    }
  ls_ctl_table_print (table);
}

/* One setting: all the places that set it, the one that counts marked. */
static void
print_one (const LsSettingsExplanation *explanation)
{
  const char *const headings[] = { _ ("VALUE"), "", _ ("FROM"), NULL };
  g_autoptr (LsCtlTable) table = ls_ctl_table_new (headings);

  ls_ctl_print_line (explanation->name, or_not_set (explanation->effective->text),
                     LS_CTL_COLOR_BOLD);
  if (explanation->locked_by != NULL)
    ls_ctl_print_line (_ ("Locked by"), explanation->locked_by, LS_CTL_COLOR_NONE);
  g_print ("\n");

  for (guint i = explanation->origins->len; i > 0; i--)
    {
      const LsSettingsOrigin *origin = g_ptr_array_index (explanation->origins, i - 1);
      g_autofree char *from = format_origin (origin);
      const char *mark = origin->refused ? _ ("refused") : "";
      const char *const cells[] = { origin->text,
                                    origin == explanation->effective ? _ ("used") : mark, from,
                                    NULL };

      ls_ctl_table_add (table, cells);
    }
  ls_ctl_table_print (table);
}

/* Returns: (transfer full) (nullable): of all settings, or of @name alone if there is one. */
static GPtrArray *
explain (LsSettings *settings, const char *name)
{
  g_autoptr (GPtrArray) explanations =
      g_ptr_array_new_with_free_func ((GDestroyNotify)ls_settings_explanation_free);
  guint n_keys = 0;
  const LsSettingKey *keys = ls_setting_keys_get_all (&n_keys);

  for (guint i = 0; i < n_keys; i++)
    {
      g_autofree char *key = ls_setting_key_to_string (&keys[i]);

      if (name == NULL || g_str_equal (name, key))
        g_ptr_array_add (explanations, ls_settings_explain (settings, keys[i].group, keys[i].name));
    }

  return explanations->len > 0 ? g_steal_pointer (&explanations) : NULL;
}

static LsCtlExit
fail_unknown (LsCtl *self, const char *name)
{
  g_autofree char *message = g_strdup_printf (
      _ ("There is no setting “%s”. List all with: labsyncctl config explain"), name);

  return ls_ctl_fail_usage (self, message);
}

/* Reads the files itself, so that it also tells why an agent does not start. */
static LsCtlExit
run (LsCtl *self, int argc, char *argv[])
{
  g_autofree char *file = NULL;
  const GOptionEntry entries[] = {
    { "config", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_FILENAME, &file,
      N_ ("The file that the agent was given with --config"), N_ ("FILE") },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (LsSettingsSources) sources = NULL;
  g_autoptr (LsSettings) settings = NULL;
  g_autoptr (GPtrArray) explanations = NULL;

  if (!ls_ctl_parse (self, &ls_ctl_command_config, entries, 0, 2, &argc, &argv))
    return LS_CTL_EXIT_USAGE;
  if (argc > 1 && !g_str_equal (argv[1], "explain"))
    return ls_ctl_fail_usage (self, _ ("Usage: labsyncctl config [explain [KEY]]"));

  sources = ls_settings_sources_new_default (file);
  settings = ls_settings_new (sources);
  explanations = explain (settings, argc > 2 ? argv[2] : NULL);
  if (explanations == NULL)
    return fail_unknown (self, argv[2]);

  if (self->json)
    {
      print_json (settings, explanations);
      return LS_CTL_EXIT_DONE;
    }

  if (argc > 2)
    print_one (g_ptr_array_index (explanations, 0));
  else
    print_table (explanations);
  print_problems (settings);

  return LS_CTL_EXIT_DONE;
}

const LsCtlCommand ls_ctl_command_config = {
  "config",
  N_ ("[explain [KEY]]"),
  N_ ("Show the settings, and where each comes from"),
  run,
};
