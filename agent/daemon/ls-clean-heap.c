/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-clean-heap.h"

#include <unistd.h>

#include "ls-settings.h"

/* glibc fills what is freed with a pattern, and keeps nothing aside that would not be filled: see "Memory
 * Allocation Tunables" in its manual. It reads this when a program is started, and never again. */
#define VARIABLE "GLIBC_TUNABLES"
#define TUNABLES "glibc.malloc.perturb=90:glibc.malloc.tcache_count=0"

static gboolean
is_wanted (const char *config_file)
{
  g_autoptr (LsSettingsSources) sources = ls_settings_sources_new_default (config_file);
  g_autoptr (LsSettings) settings = ls_settings_new (sources);

  return ls_settings_get_boolean (settings, "Privacy", "wipe-on-sign-out") ||
         ls_settings_get_boolean (settings, "Privacy", "encrypt");
}

/**
 * ls_clean_heap_ensure:
 * @config_file: (nullable): a settings file named on the command line
 * @arguments: of this program
 *
 * Where signing out is to leave nothing behind: sees to it that what this program frees is overwritten,
 * in every library that it uses. Starts the program anew for it, once. To be called first of all.
 */
void
ls_clean_heap_ensure (const char *config_file, char **arguments)
{
  const char *given = g_getenv (VARIABLE);
  g_autofree char *tunables = NULL;
  g_autofree char *program = NULL;

  if ((given != NULL && g_str_has_suffix (given, TUNABLES)) || !is_wanted (config_file))
    return;

  program = g_file_read_link ("/proc/self/exe", NULL);
  if (program == NULL)
    return;

  /* The last one counts: the environment does not undo what the settings want. */
  tunables = given != NULL ? g_strconcat (given, ":", TUNABLES, NULL) : g_strdup (TUNABLES);
  g_setenv (VARIABLE, tunables, TRUE);
  execv (program, arguments);
  g_warning ("what is freed is not overwritten: %s can't be started", program);
}
