/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>

#include "ls-error.h"
#include "ls-remove-tree.h"
#include "ls-store-sqlite.h"

typedef struct
{
  char *dir;
  LsStore *store;
  GAsyncResult *result;
} Fixture;

static void
keep_result_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Fixture *fixture = user_data;

  g_set_object (&fixture->result, result);
}

static GAsyncResult *
wait_result (Fixture *fixture)
{
  while (fixture->result == NULL)
    g_main_context_iteration (NULL, TRUE);

  return fixture->result;
}

static LsStoreState *
open_store (Fixture *fixture, const char *user_id)
{
  g_autoptr (GError) error = NULL;
  LsStoreState *state;

  g_clear_object (&fixture->result);
  ls_store_open_async (fixture->store, "http://s", user_id, keep_result_cb, fixture);
  state = ls_store_open_finish (fixture->store, wait_result (fixture), &error);
  g_assert_no_error (error);
  return state;
}

static LsChangeSet *
change (const char *id, gint64 offset)
{
  g_autoptr (GPtrArray) events = ls_event_array_new ();
  LsEvent *event = ls_event_new (ls_event_type_from_string ("grade_created"), id, "{}");

  event->version = 1;
  g_ptr_array_add (events, event);
  return ls_change_set_new (events, ls_cursor_new ("e", offset), 1);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->dir = g_dir_make_tmp ("labsync-XXXXXX", NULL);
  fixture->store = LS_STORE (ls_store_sqlite_new (fixture->dir));
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_clear_object (&fixture->result);
  g_assert_finalize_object (fixture->store);
  ls_remove_tree (fixture->dir);
  g_free (fixture->dir);
}

static void
test_store_sqlite_nothing_open (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsChangeSet) set = change ("g", 1);
  g_autoptr (GError) error = NULL;

  ls_store_commit_async (fixture->store, set, keep_result_cb, fixture);
  g_assert_null (ls_store_commit_finish (fixture->store, wait_result (fixture), &error));
  g_assert_error (error, LS_ERROR, LS_ERROR_NOT_SIGNED_IN);
}

static void
count_commit_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (LsCommit) commit = ls_store_commit_finish (LS_STORE (object), result, NULL);
  guint *n = user_data;

  g_assert_nonnull (commit);
  /* answers come in the order of the calls */
  g_assert_cmpuint (((LsEvent *)commit->events->pdata[0])->seq, ==, ++*n);
}

static void
test_store_sqlite_group_commit (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsStoreState) state = open_store (fixture, "u");
  guint n = 0;

  for (gint64 i = 1; i <= 500; i++)
    {
      g_autofree char *id = g_strdup_printf ("g%d", (int)i);
      g_autoptr (LsChangeSet) set = change (id, i);

      ls_store_commit_async (fixture->store, set, count_commit_cb, &n);
    }
  while (n < 500)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (ls_store_sqlite_get_n_transactions (LS_STORE_SQLITE (fixture->store)), <, 400);
}

static void
test_store_sqlite_users_are_apart (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsStoreState) first = open_store (fixture, "one");
  g_autoptr (LsChangeSet) set = change ("g", 1);
  g_autoptr (LsStoreState) second = NULL;
  g_autoptr (LsStoreState) again = NULL;
  g_autoptr (GError) error = NULL;
  guint n = 0;

  ls_store_commit_async (fixture->store, set, count_commit_cb, &n);
  second = open_store (fixture, "two");
  g_assert_cmpuint (n, ==, 1);
  g_assert_cmpstr (first->id, !=, second->id);
  g_clear_object (&fixture->result);
  ls_store_get_async (fixture->store, LS_ENTITY_GRADE, "g", keep_result_cb, fixture);
  g_assert_null (ls_store_get_finish (fixture->store, wait_result (fixture), &error));
  g_assert_error (error, LS_ERROR, LS_ERROR_NOT_FOUND);

  again = open_store (fixture, "one");
  g_assert_cmpstr (first->id, ==, again->id);
  g_assert_cmpint (again->cursor.offset, ==, 1);
}

static void
test_store_sqlite_wipe (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsStoreState) first = open_store (fixture, "u");
  g_autoptr (LsStoreState) second = NULL;
  g_autoptr (GDir) dir = NULL;

  g_clear_object (&fixture->result);
  ls_store_close_async (fixture->store, TRUE, keep_result_cb, fixture);
  g_assert_true (ls_store_close_finish (fixture->store, wait_result (fixture), NULL));
  dir = g_dir_open (fixture->dir, 0, NULL);
  g_assert_null (g_dir_read_name (dir));
  second = open_store (fixture, "u");
  g_assert_cmpstr (first->id, !=, second->id);
}

static void
test_store_sqlite_directory_is_private (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsStoreState) state = open_store (fixture, "u");
  g_autoptr (GDir) dir = g_dir_open (fixture->dir, 0, NULL);
  g_autofree char *path = g_build_filename (fixture->dir, g_dir_read_name (dir), NULL);
  g_autoptr (GDir) files = g_dir_open (path, 0, NULL);
  const char *name;
  GStatBuf info;

  g_assert_cmpint (g_stat (path, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 0777, ==, 0700);
  while ((name = g_dir_read_name (files)) != NULL)
    {
      g_autofree char *file = g_build_filename (path, name, NULL);

      g_assert_cmpint (g_stat (file, &info), ==, 0);
      g_assert_cmpint (info.st_mode & 0777, ==, 0600);
    }
}

static void
make_public (const char *path)
{
  g_assert_cmpint (g_chmod (path, 0755), ==, 0);
}

static void
assert_private (const char *path)
{
  GStatBuf info;

  g_assert_cmpint (g_stat (path, &info), ==, 0);
  g_assert_cmphex (info.st_mode & 0777, ==, 0700);
}

/* Whoever made them, and whatever for. */
static void
test_store_sqlite_directories_become_private (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsStoreState) state = open_store (fixture, "u");
  g_autoptr (LsStoreState) again = NULL;
  g_autoptr (GDir) dir = g_dir_open (fixture->dir, 0, NULL);
  g_autofree char *path = g_build_filename (fixture->dir, g_dir_read_name (dir), NULL);

  make_public (fixture->dir);
  make_public (path);
  again = open_store (fixture, "u");
  assert_private (fixture->dir);
  assert_private (path);
}

static void
test_store_sqlite_no_directory (Fixture *fixture, gconstpointer data)
{
  g_autofree char *file = g_build_filename (fixture->dir, "file", NULL);
  g_autoptr (LsStore) store = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (file, "x", 1, NULL));
  store = LS_STORE (ls_store_sqlite_new (file));
  ls_store_open_async (store, "http://s", "u", keep_result_cb, fixture);
  g_assert_null (ls_store_open_finish (store, wait_result (fixture), &error));
  g_assert_error (error, LS_ERROR, LS_ERROR_STORAGE);
}

int
main (int argc, char *argv[])
{
  static const struct
  {
    const char *path;
    void (*func) (Fixture *, gconstpointer);
  } tests[] = {
    { "/store/store-sqlite/nothing-open", test_store_sqlite_nothing_open },
    { "/store/store-sqlite/group-commit", test_store_sqlite_group_commit },
    { "/store/store-sqlite/users-are-apart", test_store_sqlite_users_are_apart },
    { "/store/store-sqlite/wipe", test_store_sqlite_wipe },
    { "/store/store-sqlite/directory-is-private", test_store_sqlite_directory_is_private },
    { "/store/store-sqlite/directories-become-private",
      test_store_sqlite_directories_become_private },
    { "/store/store-sqlite/no-directory", test_store_sqlite_no_directory },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, Fixture, NULL, set_up, tests[i].func, tear_down);
  return g_test_run ();
}
