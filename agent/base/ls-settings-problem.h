/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * LsSettingsProblem:
 * @source: (owned): the file, or `environment`
 * @line: the line in the file from 1, or 0
 * @name: (owned) (nullable): the setting as it is called there
 * @message: (owned): what is wrong, in a sentence without a full stop
 *
 * Something in the settings that was not taken over.
 */
typedef struct
{
  char *source;
  guint line;
  char *name;
  char *message;
} LsSettingsProblem;

LsSettingsProblem *
ls_settings_problem_new (const char *source, guint line, const char *name, const char *format, ...)
    G_GNUC_PRINTF (4, 5);
void ls_settings_problem_free (LsSettingsProblem *problem);
char *ls_settings_problem_to_string (const LsSettingsProblem *problem);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsSettingsProblem, ls_settings_problem_free)

G_END_DECLS
