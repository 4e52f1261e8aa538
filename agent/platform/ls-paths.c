/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-paths.h"

#include <errno.h>
#include <glib/gstdio.h>

#include "ls-error.h"

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

/**
 * ls_paths_make_private_dir:
 * @path: (type filename): an absolute path
 * @error: return location for a %LS_ERROR_STORAGE
 *
 * Makes the directory @path and those above it unless they exist, and takes away the access of all
 * other users to @path: it holds what a pupil has written.
 *
 * Returns: whether @path is a directory, is private, and can be written to
 */
gboolean
ls_paths_make_private_dir (const char *path, GError **error)
{
  GStatBuf info = { 0 };
  const char *problem = NULL;

  g_return_val_if_fail (path != NULL && g_path_is_absolute (path), FALSE);

  if (g_mkdir_with_parents (path, 0700) != 0 || g_stat (path, &info) != 0)
    problem = g_strerror (errno);
  else if (!S_ISDIR (info.st_mode))
    problem = g_strerror (ENOTDIR);
  else if ((info.st_mode & 0077) != 0 && g_chmod (path, 0700) != 0)
    problem = g_strerror (errno);
  else if (g_access (path, R_OK | W_OK | X_OK) != 0)
    problem = g_strerror (errno);

  if (problem != NULL)
    g_set_error (error, LS_ERROR, LS_ERROR_STORAGE, "Cannot keep anything in “%s”: %s", path,
                 problem);

  return problem == NULL;
}
