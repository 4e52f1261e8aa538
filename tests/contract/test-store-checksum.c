/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-error.h"
#include "ls-store-fixture.h"

static void
put (LsStoreFixture *f, const char *type, const char *id, gint64 version)
{
  g_assert_cmpuint (ls_store_fixture_put (f, type, id, "{}", version, 0), !=, 0);
}

/* Live rows of the entity count, with the versions that they have by now. */
static void
test_checksum (LsStoreFixture *f, gconstpointer kind)
{
  g_autoptr (LsChecksum) expected = ls_checksum_new (LS_ENTITY_GRADE);
  g_autoptr (LsChecksum) checksum = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_null (ls_call_checksum (f->store, LS_ENTITY_GRADE, &error));
  g_assert_error (error, LS_ERROR, LS_ERROR_NOT_SIGNED_IN);

  ls_store_fixture_open_quietly (f);
  put (f, "grade_created", "a", 1);
  put (f, "grade_created", "b", 1);
  put (f, "grade_created", "gone", 1);
  put (f, "user_created", "u", 1);
  put (f, "grade_updated", "b", 7);
  put (f, "grade_deleted", "gone", 2);
  ls_checksum_add (expected, "b", 7);
  ls_checksum_add (expected, "a", 1);
  checksum = ls_call_checksum (f->store, LS_ENTITY_GRADE, NULL);
  g_assert_true (ls_checksum_agrees (checksum, expected));
  g_assert_false (ls_cursor_is_set (checksum->cursor));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (argc, ==, 2);
  LS_STORE_ADD (argv[1], "checksum", test_checksum);
  return g_test_run ();
}
