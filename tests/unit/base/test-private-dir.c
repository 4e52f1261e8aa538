/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>

#include "ls-error.h"
#include "ls-private-dir.h"

static void
test_made_private (void)
{
  g_autofree char *root = g_dir_make_tmp ("labsync-private-XXXXXX", NULL);
  g_autofree char *parent = g_build_filename (root, "a", NULL);
  g_autofree char *path = g_build_filename (parent, "b", NULL);
  g_autoptr (GError) error = NULL;
  GStatBuf info = { 0 };

  ls_private_dir_make (path, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_stat (path, &info), ==, 0);
  g_assert_cmphex (info.st_mode & 0777, ==, 0700);

  g_assert_cmpint (g_chmod (path, 0755), ==, 0);
  g_assert_true (ls_private_dir_make (path, NULL));
  g_assert_cmpint (g_stat (path, &info), ==, 0);
  g_assert_cmphex (info.st_mode & 0777, ==, 0700);

  g_assert_cmpint (g_rmdir (path), ==, 0);
  g_assert_true (g_file_set_contents (path, "", 0, NULL));
  g_assert_false (ls_private_dir_make (path, &error));
  g_assert_error (error, LS_ERROR, LS_ERROR_STORAGE);

  g_assert_cmpint (g_unlink (path), ==, 0);
  g_assert_cmpint (g_rmdir (parent), ==, 0);
  g_assert_cmpint (g_rmdir (root), ==, 0);
}

static void
test_impossible (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (ls_private_dir_make ("/proc/labsync", &error));
  g_assert_error (error, LS_ERROR, LS_ERROR_STORAGE);
  g_assert_nonnull (strstr (error->message, "/proc/labsync"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/private-dir/made-private", test_made_private);
  g_test_add_func ("/base/private-dir/impossible", test_impossible);

  return g_test_run ();
}
