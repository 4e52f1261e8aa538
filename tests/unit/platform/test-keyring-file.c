/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <string.h>

#include "ls-answer.h"
#include "ls-keyring-file.h"

#define HEADER "GnomeKeyring\n\r\0\n\1\0"
#define HEADER_SIZE 18

typedef struct
{
  char *dir;   /* (owned) */
  char *path;  /* (owned) */
  char *aside; /* (owned) */
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer user_data)
{
  fixture->dir = g_dir_make_tmp ("labsync-keyring-XXXXXX", NULL);
  fixture->path = g_build_filename (fixture->dir, "default.keyring", NULL);
  fixture->aside = g_strconcat (fixture->path, ".damaged", NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer user_data)
{
  g_unlink (fixture->path);
  g_unlink (fixture->aside);
  g_assert_cmpint (g_rmdir (fixture->dir), ==, 0);
  g_free (fixture->dir);
  g_free (fixture->path);
  g_free (fixture->aside);
}

/* A file as libsecret writes it, with one item; a salt that is @missing bytes too short. */
static GByteArray *
make_file (gsize missing)
{
  guint8 salt[32] = { 0 };
  GByteArray *file = g_byte_array_new ();
  g_autoptr (GVariant) content = NULL;
  GVariantBuilder items;
  GVariantBuilder attributes;

  g_variant_builder_init (&attributes, G_VARIANT_TYPE ("a{say}"));
  g_variant_builder_add (&attributes, "{s@ay}", "kind",
                         g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, salt, 32, 1));
  g_variant_builder_init (&items, G_VARIANT_TYPE ("a(a{say}ay)"));
  g_variant_builder_add (&items, "(a{say}@ay)", &attributes,
                         g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, salt, 32, 1));
  content = g_variant_ref_sink (
      g_variant_new ("(u@ayutua(a{say}ay))", GUINT32_TO_LE (32),
                     g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, salt, 32 - missing, 1), 100000,
                     (guint64)1, 1, &items));
  g_byte_array_append (file, (const guint8 *)HEADER, HEADER_SIZE);
  g_byte_array_append (file, g_variant_get_data (content), g_variant_get_size (content));

  return file;
}

static gboolean
mend (Fixture *fixture, GError **error)
{
  g_autoptr (GAsyncResult) answer = NULL;

  ls_keyring_file_mend_async (fixture->path, NULL, ls_answer_cb, &answer);
  return ls_keyring_file_mend_finish (ls_answer_wait (&answer), error);
}

static void
write_file (Fixture *fixture, const void *data, gsize size)
{
  g_assert_true (g_file_set_contents (fixture->path, data, (gssize)size, NULL));
}

static void
assert_left_alone (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (mend (fixture, &error));
  g_assert_no_error (error);
  g_assert_false (g_file_test (fixture->aside, G_FILE_TEST_EXISTS));
}

static void
test_sound_file_stays (Fixture *fixture, gconstpointer user_data)
{
  g_autoptr (GByteArray) file = make_file (0);

  write_file (fixture, file->data, file->len);
  assert_left_alone (fixture);
  g_assert_true (g_file_test (fixture->path, G_FILE_TEST_EXISTS));
}

static void
test_no_file_is_fine (Fixture *fixture, gconstpointer user_data)
{
  assert_left_alone (fixture);
}

static void
test_other_version_stays (Fixture *fixture, gconstpointer user_data)
{
  g_autoptr (GByteArray) file = make_file (0);

  file->data[16] = 2;
  write_file (fixture, file->data, file->len);
  assert_left_alone (fixture);
}

static void
assert_moved_aside (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (mend (fixture, &error));
  g_assert_no_error (error);
  g_assert_false (g_file_test (fixture->path, G_FILE_TEST_EXISTS));
  g_assert_true (g_file_test (fixture->aside, G_FILE_TEST_EXISTS));
}

static void
test_every_truncation_is_moved_aside (Fixture *fixture, gconstpointer user_data)
{
  g_autoptr (GByteArray) file = make_file (0);

  for (guint length = 0; length < file->len; length++)
    {
      write_file (fixture, file->data, length);
      assert_moved_aside (fixture);
    }
}

static void
test_short_salt_is_moved_aside (Fixture *fixture, gconstpointer user_data)
{
  g_autoptr (GByteArray) file = make_file (1);

  write_file (fixture, file->data, file->len);
  assert_moved_aside (fixture);
}

static void
test_directory_is_an_error (Fixture *fixture, gconstpointer user_data)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_mkdir (fixture->path, 0700), ==, 0);
  g_assert_false (mend (fixture, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_IS_DIRECTORY);
  g_assert_cmpint (g_rmdir (fixture->path), ==, 0);
}

#define ADD(path, function)                                                                        \
  g_test_add ("/platform/keyring-file/" path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("sound-file-stays", test_sound_file_stays);
  ADD ("no-file-is-fine", test_no_file_is_fine);
  ADD ("other-version-stays", test_other_version_stays);
  ADD ("every-truncation-is-moved-aside", test_every_truncation_is_moved_aside);
  ADD ("short-salt-is-moved-aside", test_short_salt_is_moved_aside);
  ADD ("directory-is-an-error", test_directory_is_an_error);

  return g_test_run ();
}
