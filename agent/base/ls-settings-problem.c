/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-settings-problem.h"

/**
 * ls_settings_problem_new:
 * @source: the file, or `environment`
 * @line: the line in the file from 1, or 0
 * @name: (nullable): the setting as it is called there
 * @format: what is wrong, as for printf()
 * @...: for @format
 *
 * Returns: (transfer full): a problem to report
 */
LsSettingsProblem *
ls_settings_problem_new (const char *source, guint line, const char *name, const char *format, ...)
{
  LsSettingsProblem *problem = NULL;
  va_list args;

  g_return_val_if_fail (source != NULL && format != NULL, NULL);

  problem = g_new0 (LsSettingsProblem, 1);
  problem->source = g_strdup (source);
  problem->line = line;
  problem->name = g_strdup (name);
  va_start (args, format);
  problem->message = g_strdup_vprintf (format, args);
  va_end (args);

  return problem;
}

/**
 * ls_settings_problem_free:
 * @problem: (transfer full): a problem
 *
 * Frees @problem and what it owns.
 */
void
ls_settings_problem_free (LsSettingsProblem *problem)
{
  g_return_if_fail (problem != NULL);

  g_free (problem->source);
  g_free (problem->name);
  g_free (problem->message);
  g_free (problem);
}

/**
 * ls_settings_problem_to_string:
 * @problem: a problem
 *
 * Returns: (transfer full): one line as compilers write it, for the log and for people
 */
char *
ls_settings_problem_to_string (const LsSettingsProblem *problem)
{
  GString *text = NULL;

  g_return_val_if_fail (problem != NULL, NULL);

  text = g_string_new (problem->source);
  if (problem->line > 0)
    g_string_append_printf (text, ":%u", problem->line);
  if (problem->name != NULL)
    g_string_append_printf (text, ": %s", problem->name);
  g_string_append_printf (text, ": %s", problem->message);

  return g_string_free (text, FALSE);
}
