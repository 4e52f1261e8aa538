/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gio/gio.h>

#include "fuzz.h"

/* Stands in for libFuzzer in ordinary builds: runs a target over the files of the directories
 * given, one test for each. */

static void
test_file (gconstpointer user_data)
{
  const char *path = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *data = NULL;
  gsize length;

  g_assert_true (g_file_get_contents (path, &data, &length, &error));
  g_assert_no_error (error);
  LLVMFuzzerTestOneInput ((const guint8 *)data, length);
}

static void
add_directory (const char *directory)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) dir = g_dir_open (directory, 0, &error);
  g_autofree char *corpus = g_path_get_basename (directory);
  const char *name;

  g_assert_no_error (error);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      char *path = g_build_filename (directory, name, NULL);
      g_autofree char *test = NULL;

      if (!g_file_test (path, G_FILE_TEST_IS_REGULAR))
        {
          g_free (path);
          continue;
        }
      test = g_strconcat ("/fuzz/corpus/", corpus, "/", name, NULL);
      g_test_add_data_func_full (test, path, test_file, g_free);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (argc, >, 1);

  for (int i = 1; i < argc; i++)
    add_directory (argv[i]);

  return g_test_run ();
}
