/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "ls-password.h"
#include "ls-school-error.h"

static void
test_verify (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *hash = ls_password_hash ("rahasia", &error);
  g_autofree char *other = NULL;

  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (hash, "$y$"));
  g_assert_null (strstr (hash, "rahasia"));
  g_assert_true (ls_password_verify ("rahasia", hash));
  g_assert_false (ls_password_verify ("Rahasia", hash));
  g_assert_false (ls_password_verify ("", hash));

  other = ls_password_hash ("rahasia", &error);
  g_assert_cmpstr (hash, !=, other);
}

static void
test_bad_hash (void)
{
  static const char *const hashes[] = { "", "*", "*0", "x", "$y$", "$y$j9T$", "demo" };

  for (guint i = 0; i < G_N_ELEMENTS (hashes); i++)
    {
      g_assert_false (ls_password_verify ("demo", hashes[i]));
      g_assert_false (ls_password_verify (hashes[i], hashes[i]));
    }
  g_assert_false (ls_password_verify ("", NULL));
}

static void
test_too_long (void)
{
  g_autofree char *password = g_strnfill (100000, 'x');
  g_autoptr (GError) error = NULL;

  g_assert_null (ls_password_hash (password, &error));
  g_assert_error (error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_INVALID);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/school/password/verify", test_verify);
  g_test_add_func ("/school/password/bad-hash", test_bad_hash);
  g_test_add_func ("/school/password/too-long", test_too_long);

  return g_test_run ();
}
