/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-paths.h"

/**
 * ls_paths_get_state_dir:
 * @given: (nullable): the directory named on the command line
 *
 * Returns: (transfer full) (type filename): the absolute path of the directory that holds all the
 *   agent keeps: @given, or `labsync` in `$XDG_DATA_HOME`, which a sandbox sets to its own
 */
char *
ls_paths_get_state_dir (const char *given)
{
  if (given != NULL)
    return g_canonicalize_filename (given, NULL);

  return g_build_filename (g_get_user_data_dir (), "labsync", NULL);
}
