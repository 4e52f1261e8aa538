/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib.h>

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

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/platform/paths/state-dir", test_state_dir);

  return g_test_run ();
}
