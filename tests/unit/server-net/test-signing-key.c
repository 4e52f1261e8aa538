/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <sys/stat.h>

#include "ls-signing-key.h"

typedef struct
{
  char *directory; /* (owned) */
  char *path;      /* (owned) */
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer unused)
{
  fixture->directory = g_dir_make_tmp ("labsync-XXXXXX", NULL);
  fixture->path = g_build_filename (fixture->directory, LS_SIGNING_KEY_FILE, NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer unused)
{
  g_remove (fixture->path);
  g_assert_cmpint (g_rmdir (fixture->directory), ==, 0);
  g_free (fixture->directory);
  g_free (fixture->path);
}

static void
test_first_start (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) key = ls_signing_key_load (fixture->directory, &error);
  g_autoptr (GBytes) again = NULL, other = NULL;
  GStatBuf info;

  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (key), ==, 32);
  g_assert_cmpint (g_stat (fixture->path, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 0777, ==, 0600);

  again = ls_signing_key_load (fixture->directory, &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (key, again));

  g_remove (fixture->path);
  other = ls_signing_key_load (fixture->directory, &error);
  g_assert_no_error (error);
  g_assert_false (g_bytes_equal (key, other));
}

static void
test_damaged (Fixture *fixture, gconstpointer unused)
{
  static const gssize lengths[] = { 0, 31, 33, 1000 };
  char text[1000] = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_true (g_file_set_contents_full (fixture->path, text, lengths[i],
                                               G_FILE_SET_CONTENTS_NONE, 0600, NULL));
      g_assert_null (ls_signing_key_load (fixture->directory, &error));
      g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_INVAL);
    }
}

static void
test_readable_by_others (Fixture *fixture, gconstpointer unused)
{
  g_autoptr (GBytes) key = ls_signing_key_load (fixture->directory, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (key);
  g_assert_cmpint (g_chmod (fixture->path, 0640), ==, 0);
  g_assert_null (ls_signing_key_load (fixture->directory, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_PERM);
}

static void
test_no_directory (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (ls_signing_key_load ("/nonexistent/labsync", &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/server-net/signing-key/first-start", Fixture, NULL, set_up, test_first_start,
              tear_down);
  g_test_add ("/server-net/signing-key/damaged", Fixture, NULL, set_up, test_damaged, tear_down);
  g_test_add ("/server-net/signing-key/readable-by-others", Fixture, NULL, set_up,
              test_readable_by_others, tear_down);
  g_test_add_func ("/server-net/signing-key/no-directory", test_no_directory);
  return g_test_run ();
}
