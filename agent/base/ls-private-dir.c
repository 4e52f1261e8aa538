/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Directories for what a pupil has written. */
#include "ls-private-dir.h"

#include <errno.h>
#include <glib/gstdio.h>

#include "ls-error.h"

/* What is on a disk that can't be written is still read, as it is. */
static gboolean
take_from_others (const char *path)
{
  return g_chmod (path, 0700) == 0 || errno == EROFS;
}

/**
 * ls_private_dir_make:
 * @path: (type filename): an absolute path
 * @error: return location for a %LS_ERROR_STORAGE
 *
 * Makes the directory @path and those above it unless they exist, and takes away the access of all
 * other users to @path, whoever made it: a service manager, an administrator or a backup may have
 * used a mode that lets others in.
 *
 * Returns: whether @path is a directory, and private unless its disk can't be written
 */
gboolean
ls_private_dir_make (const char *path, GError **error)
{
  GStatBuf info = { 0 };
  const char *problem = NULL;

  g_return_val_if_fail (path != NULL && g_path_is_absolute (path), FALSE);

  if (g_mkdir_with_parents (path, 0700) != 0 || g_stat (path, &info) != 0)
    problem = g_strerror (errno);
  else if (!S_ISDIR (info.st_mode))
    problem = g_strerror (ENOTDIR);
  else if ((info.st_mode & 0077) != 0 && !take_from_others (path))
    problem = g_strerror (errno);

  if (problem != NULL)
    g_set_error (error, LS_ERROR, LS_ERROR_STORAGE, "Cannot keep anything in “%s”: %s", path,
                 problem);

  return problem == NULL;
}
