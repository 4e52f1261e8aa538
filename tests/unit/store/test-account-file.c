/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>

#include "ls-account-file.h"
#include "ls-error.h"

static void
test_account_file_round_trip (void)
{
  g_autofree char *dir = g_dir_make_tmp ("labsync-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (dir, "account.conf", NULL);
  g_autoptr (LsUser) user =
      ls_user_new ("u 1", "Bu \"Sari\"\n", LS_ROLE_TEACHER, LS_EXTRA_ROLE_STAFF);
  g_autoptr (LsAccount) account = ls_account_new ("http://127.0.0.1:1", user, TRUE);
  g_autoptr (LsAccount) loaded = NULL;
  g_autoptr (LsAccount) nobody = NULL;
  g_autoptr (GError) error = NULL;
  GStatBuf info;

  account->expiry_told = TRUE;
  nobody = ls_account_file_load (path, &error);
  g_assert_no_error (error);
  g_assert_null (nobody->user);
  g_assert_false (nobody->expiry_told);
  g_assert_true (ls_account_file_save (path, account, &error));
  g_assert_cmpint (g_stat (path, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 0777, ==, 0600);

  loaded = ls_account_file_load (path, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (loaded->server, ==, "http://127.0.0.1:1");
  g_assert_true (loaded->disconnected);
  g_assert_true (loaded->expiry_told);
  g_assert_cmpstr (loaded->user->id, ==, "u 1");
  g_assert_cmpstr (loaded->user->name, ==, "Bu \"Sari\"\n");
  g_assert_cmpint (loaded->user->role, ==, LS_ROLE_TEACHER);
  g_assert_cmpint (loaded->user->extra_role, ==, LS_EXTRA_ROLE_STAFF);
  g_unlink (path);
  g_rmdir (dir);
}

static void
test_account_file_damaged (void)
{
  g_autofree char *dir = g_dir_make_tmp ("labsync-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (dir, "account.conf", NULL);
  g_autoptr (LsAccount) account = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (path, "nonsense", -1, NULL));
  account = ls_account_file_load (path, &error);
  g_assert_null (account);
  g_assert_error (error, LS_ERROR, LS_ERROR_STORAGE);
  g_unlink (path);
  g_rmdir (dir);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/store/account-file/round-trip", test_account_file_round_trip);
  g_test_add_func ("/store/account-file/damaged", test_account_file_damaged);
  return g_test_run ();
}
