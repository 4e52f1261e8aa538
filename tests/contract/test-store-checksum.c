/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-error.h"
#include "ls-fake-store.h"
#include "ls-remove-tree.h"
#include "ls-store-calls.h"
#include "ls-store-sqlite.h"

static void
put (LsStore *store, const char *type, const char *id, gint64 version)
{
  g_autoptr (GPtrArray) events = ls_event_array_new ();
  LsEvent *event = ls_event_new (ls_event_type_from_string (type), id, "{}");
  g_autoptr (LsChangeSet) set = NULL;
  g_autoptr (LsCommit) done = NULL;

  event->version = version;
  g_ptr_array_add (events, event);
  set = ls_change_set_new (events, LS_CURSOR_NONE, 1000);
  done = ls_call_commit (store, set, NULL);
  g_assert_cmpuint (done->events->len, ==, 1);
}

static void
check (LsStore *store)
{
  g_autoptr (LsChecksum) expected = ls_checksum_new (LS_ENTITY_GRADE);
  g_autoptr (LsChecksum) checksum = NULL;
  g_autoptr (LsStoreState) state = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_null (ls_call_checksum (store, LS_ENTITY_GRADE, &error));
  g_assert_error (error, LS_ERROR, LS_ERROR_NOT_SIGNED_IN);

  state = ls_call_open (store, "https://school.test", "u", NULL);
  put (store, "grade_created", "a", 1);
  put (store, "grade_created", "b", 1);
  put (store, "grade_created", "gone", 1);
  put (store, "user_created", "u", 1);
  put (store, "grade_updated", "b", 7);
  put (store, "grade_deleted", "gone", 2);
  ls_checksum_add (expected, "b", 7);
  ls_checksum_add (expected, "a", 1);
  checksum = ls_call_checksum (store, LS_ENTITY_GRADE, NULL);
  g_assert_true (ls_checksum_agrees (checksum, expected));
  g_assert_false (ls_cursor_is_set (checksum->cursor));
}

/* Live rows of the entity count, with the versions that they have by now. */
static void
test_checksum (gconstpointer kind)
{
  g_autofree char *dir = NULL;
  LsStore *store;

  if (g_str_equal (kind, "fake"))
    {
      store = LS_STORE (ls_fake_store_new ());
    }
  else
    {
      dir = g_dir_make_tmp ("labsync-XXXXXX", NULL);
      store = LS_STORE (ls_store_sqlite_new (dir));
    }

  check (store);
  g_assert_finalize_object (store);
  if (dir != NULL)
    ls_remove_tree (dir);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (argc, ==, 2);
  g_test_add_data_func ("/contract/store/checksum", argv[1], test_checksum);
  return g_test_run ();
}
