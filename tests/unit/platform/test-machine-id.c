/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>

#include "ls-error.h"
#include "ls-machine-id.h"

static char *
read_text (const char *text, GError **error)
{
  g_autofree char *path = NULL;
  int fd = g_file_open_tmp ("labsync-machine-id-XXXXXX", &path, NULL);
  char *id = NULL;

  g_assert_cmpint (fd, >=, 0);
  g_close (fd, NULL);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  id = ls_machine_id_read (path, error);
  g_assert_cmpint (g_unlink (path), ==, 0);

  return id;
}

static void
test_is_salted (void)
{
  g_autofree char *id = read_text ("0123456789abcdef0123456789abcdef\n", NULL);
  g_autofree char *same = read_text ("0123456789abcdef0123456789abcdef", NULL);
  g_autofree char *other = read_text ("1123456789abcdef0123456789abcdef\n", NULL);

  /* printf 0123456789abcdef0123456789abcdeforg.labsync.Agent | sha256sum | cut -c1-32 */
  g_assert_cmpstr (id, ==, "8c9fcf4782acfacbc1d7dfac6ffa1cb5");
  g_assert_cmpstr (same, ==, id);
  g_assert_cmpstr (other, !=, id);
}

static void
test_bad_file_is_refused (void)
{
  const char *const bad[] = {
    "",
    "uninitialized\n",
    "0123456789abcdef0123456789abcde\n",
    "0123456789abcdef0123456789abcdef0\n",
    "0123456789ABCDEF0123456789ABCDEF\n",
    "01234567-89ab-cdef-0123-456789abcdef\n",
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (read_text (bad[i], &error));
      g_assert_error (error, LS_ERROR, LS_ERROR_FAILED);
    }
}

static void
test_missing_file_is_told (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (ls_machine_id_read ("/nonexistent/machine-id", &error));
  g_assert_error (error, LS_ERROR, LS_ERROR_FAILED);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/platform/machine-id/is-salted", test_is_salted);
  g_test_add_func ("/platform/machine-id/bad-file-is-refused", test_bad_file_is_refused);
  g_test_add_func ("/platform/machine-id/missing-file-is-told", test_missing_file_is_told);

  return g_test_run ();
}
