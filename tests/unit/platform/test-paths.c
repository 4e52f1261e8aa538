/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>

#include "ls-error.h"
#include "ls-paths.h"

static void
test_state_dir (void)
{
  g_autofree char *usual = ls_paths_get_state_dir (NULL);
  g_autofree char *expected = g_build_filename (g_get_user_data_dir (), "labsync", NULL);
  g_autofree char *given = ls_paths_get_state_dir ("/srv/x/../labsync/");
  g_autofree char *relative = ls_paths_get_state_dir ("labsync");

  g_assert_cmpstr (usual, ==, expected);
  g_assert_cmpstr (given, ==, "/srv/labsync");
  g_assert_true (g_path_is_absolute (relative));
}

static void
test_dir_is_made_private (void)
{
  g_autofree char *root = g_dir_make_tmp ("labsync-paths-XXXXXX", NULL);
  g_autofree char *parent = g_build_filename (root, "a", NULL);
  g_autofree char *path = g_build_filename (parent, "b", NULL);
  g_autoptr (GError) error = NULL;
  GStatBuf info = { 0 };

  ls_paths_make_private_dir (path, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_stat (path, &info), ==, 0);
  g_assert_cmphex (info.st_mode & 0777, ==, 0700);

  g_assert_cmpint (g_chmod (path, 0755), ==, 0);
  g_assert_true (ls_paths_make_private_dir (path, NULL));
  g_assert_cmpint (g_stat (path, &info), ==, 0);
  g_assert_cmphex (info.st_mode & 0777, ==, 0700);

  g_assert_cmpint (g_rmdir (path), ==, 0);
  g_assert_true (g_file_set_contents (path, "", 0, NULL));
  g_assert_false (ls_paths_make_private_dir (path, &error));
  g_assert_error (error, LS_ERROR, LS_ERROR_STORAGE);

  g_assert_cmpint (g_unlink (path), ==, 0);
  g_assert_cmpint (g_rmdir (parent), ==, 0);
  g_assert_cmpint (g_rmdir (root), ==, 0);
}

static void
test_impossible_dir_is_told (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (ls_paths_make_private_dir ("/proc/labsync", &error));
  g_assert_error (error, LS_ERROR, LS_ERROR_STORAGE);
  g_assert_nonnull (strstr (error->message, "/proc/labsync"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/platform/paths/state-dir", test_state_dir);
  g_test_add_func ("/platform/paths/dir-is-made-private", test_dir_is_made_private);
  g_test_add_func ("/platform/paths/impossible-dir-is-told", test_impossible_dir_is_told);

  return g_test_run ();
}
