/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-error.h"

static void
test_names_are_bus_names (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint code = 0; code < LS_N_ERRORS; code++)
    {
      const char *name = ls_error_get_name (code);

      g_assert_true (g_ascii_isupper (name[0]));
      g_assert_cmpuint (strspn (name, G_CSET_A_2_Z G_CSET_a_2_z), ==, strlen (name));
      g_assert_true (g_hash_table_add (seen, (gpointer)name));
    }

  g_assert_cmpstr (ls_error_get_name (LS_ERROR_NOT_SIGNED_IN), ==, "NotSignedIn");
  g_assert_cmpstr (ls_error_get_name (LS_ERROR_CURSOR_EXPIRED), ==, "CursorExpired");
  g_assert_cmpstr (ls_error_get_name (LS_ERROR_WRONG_CREDENTIALS), ==, "WrongCredentials");
  g_assert_cmpstr (ls_error_get_name (LS_ERROR_FAILED), ==, "Failed");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/error/names-are-bus-names", test_names_are_bus_names);

  return g_test_run ();
}
