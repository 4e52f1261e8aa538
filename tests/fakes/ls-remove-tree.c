/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-remove-tree.h"

#include <glib/gstdio.h>

/**
 * ls_remove_tree:
 * @path: a file, or a directory of a test's own
 *
 * Removes it with all that is in it. What a symbolic link points to stays.
 */
void
ls_remove_tree (const char *path)
{
  g_autoptr (GDir) dir = NULL;
  const char *name;

  if (!g_file_test (path, G_FILE_TEST_IS_SYMLINK))
    dir = g_dir_open (path, 0, NULL);
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      ls_remove_tree (child);
    }
  g_assert_cmpint (g_remove (path), ==, 0);
}
