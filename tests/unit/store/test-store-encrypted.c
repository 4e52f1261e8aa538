/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sqlite3.h>
#include <string.h>

#include "ls-error.h"
#include "ls-fake-store-keys.h"
#include "ls-remove-tree.h"
#include "ls-store-calls.h"
#include "ls-store-sqlite.h"

#define SERVER "https://school.test"
#define CANARY "Kanarie-7f3a91c5e2"
#define SECRET "{\"note\":\"" CANARY "\"}"
#define OTHER "{\"note\":\"another\"}"

typedef struct
{
  char *dir;             /* (owned) */
  LsFakeStoreKeys *keys; /* (owned) */
  LsStore *store;        /* (owned) */
} Fixture;

/* The agent begins, or begins again. */
static void
start (Fixture *fixture, gboolean encrypt)
{
  if (fixture->store != NULL)
    {
      ls_call_close (fixture->store, FALSE, NULL);
      g_assert_finalize_object (fixture->store);
    }
  fixture->store = LS_STORE (ls_store_sqlite_new (fixture->dir));
  ls_store_sqlite_set_encryption (LS_STORE_SQLITE (fixture->store), LS_STORE_KEYS (fixture->keys),
                                  encrypt);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->dir = g_dir_make_tmp ("labsync-XXXXXX", NULL);
  fixture->keys = ls_fake_store_keys_new ();
  start (fixture, TRUE);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_assert_finalize_object (fixture->store);
  g_assert_finalize_object (fixture->keys);
  ls_remove_tree (fixture->dir);
  g_free (fixture->dir);
}

/* Returns: (transfer full): the store's name, which is another one once it is begun anew */
static char *
open_store (Fixture *fixture, const char *user)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LsStoreState) state = ls_call_open (fixture->store, SERVER, user, &error);

  g_assert_no_error (error);
  return g_strdup (state->id);
}

static void
open_quietly (Fixture *fixture, const char *user)
{
  g_autofree char *id = open_store (fixture, user);
}

static void
put (Fixture *fixture, const char *id, const char *data)
{
  g_autoptr (GPtrArray) events = ls_event_array_new ();
  g_autoptr (LsChangeSet) set = NULL;
  g_autoptr (LsCommit) commit = NULL;
  g_autoptr (GError) error = NULL;

  g_ptr_array_add (events, ls_event_new (ls_event_type_from_string ("grade_created"), id, data));
  set = ls_change_set_new (events, LS_CURSOR_NONE, 1);
  commit = ls_call_commit (fixture->store, set, &error);
  g_assert_no_error (error);
}

static void
assert_row (Fixture *fixture, const char *id, const char *data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LsRow) row = ls_call_get (fixture->store, LS_ENTITY_GRADE, id, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (row->data, ==, data);
}

static void
assert_unreadable (Fixture *fixture, const char *id)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (ls_call_get (fixture->store, LS_ENTITY_GRADE, id, &error));
  g_assert_error (error, LS_ERROR, LS_ERROR_STORAGE);
}

/* The file called @name in the only directory that there is. */
static char *
find_file (Fixture *fixture, const char *name)
{
  g_autoptr (GDir) dir = g_dir_open (fixture->dir, 0, NULL);

  return g_build_filename (fixture->dir, g_dir_read_name (dir), name, NULL);
}

/* Whether the text is in the database or the log beside it. */
static gboolean
is_in_files (Fixture *fixture, const char *text)
{
  static const char *const names[] = { "cache.db", "cache.db-wal" };
  gboolean found = FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = find_file (fixture, names[i]);
      g_autofree char *content = NULL;
      gsize length;

      if (g_file_get_contents (path, &content, &length, NULL))
        found = found || memmem (content, length, text, strlen (text)) != NULL;
    }
  return found;
}

/* What somebody does who can write the file. */
static void
tamper (Fixture *fixture, const char *sql)
{
  g_autofree char *path = find_file (fixture, "cache.db");
  sqlite3 *database = NULL;

  g_assert_cmpint (sqlite3_open (path, &database), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (database, sql, NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close (database);
}

static void
test_files_say_nothing (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GPtrArray) rows = ls_row_array_new ();
  g_autoptr (LsCommit) commit = NULL;

  open_quietly (fixture, "u");
  put (fixture, "g", SECRET);
  put (fixture, "g", OTHER);
  g_ptr_array_add (rows, ls_row_new (LS_ENTITY_GRADE, "s", SECRET, 1));
  g_assert_true (ls_call_stage (fixture->store, LS_ENTITY_GRADE, rows, TRUE, NULL));
  g_assert_false (is_in_files (fixture, CANARY));
  commit = ls_call_finish_snapshot (fixture->store, LS_ENTITY_GRADE, LS_CURSOR_NONE, 2, TRUE, NULL);
  g_assert_nonnull (commit);
  assert_row (fixture, "s", SECRET);
  g_assert_false (is_in_files (fixture, CANARY));
  g_assert_false (is_in_files (fixture, "another"));

  start (fixture, TRUE);
  open_quietly (fixture, "u");
  assert_row (fixture, "s", SECRET);
}

/* What was overwritten or deleted is not in the pages that the file has to spare, encrypted or not. */
static void
test_deleted_is_gone (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GString) large = g_string_new ("{\"note\":\"");

  for (guint i = 0; i < 1000; i++)
    g_string_append (large, CANARY);
  g_string_append (large, "\"}");
  start (fixture, FALSE);
  open_quietly (fixture, "u");
  put (fixture, "g", large->str);
  g_assert_true (ls_call_close (fixture->store, FALSE, NULL));
  g_assert_true (is_in_files (fixture, CANARY));
  open_quietly (fixture, "u");
  put (fixture, "g", OTHER);
  g_assert_true (ls_call_close (fixture->store, FALSE, NULL));
  tamper (fixture, "PRAGMA secure_delete = ON; DELETE FROM event");
  g_assert_false (is_in_files (fixture, CANARY));
}

static void
test_turned_on_and_off (Fixture *fixture, gconstpointer data)
{
  g_autofree char *plain = NULL, *encrypted = NULL, *again = NULL, *off = NULL;

  start (fixture, FALSE);
  plain = open_store (fixture, "u");
  put (fixture, "g", SECRET);
  g_assert_true (is_in_files (fixture, CANARY));
  g_assert_cmpuint (ls_fake_store_keys_get_count (fixture->keys), ==, 0);

  start (fixture, TRUE);
  encrypted = open_store (fixture, "u");
  g_assert_cmpstr (encrypted, !=, plain);
  g_assert_false (is_in_files (fixture, CANARY));
  put (fixture, "g", SECRET);
  start (fixture, TRUE);
  again = open_store (fixture, "u");
  g_assert_cmpstr (encrypted, ==, again);

  start (fixture, FALSE);
  off = open_store (fixture, "u");
  g_assert_cmpstr (off, !=, encrypted);
  put (fixture, "g", SECRET);
  assert_row (fixture, "g", SECRET);
}

static void
test_lost_key (Fixture *fixture, gconstpointer data)
{
  g_autofree char *before = open_store (fixture, "u");
  g_autofree char *after = NULL;

  put (fixture, "g", SECRET);
  g_assert_true (ls_call_close (fixture->store, FALSE, NULL));
  g_assert_true (ls_store_keys_forget_sync (LS_STORE_KEYS (fixture->keys), SERVER, "u", NULL));
  after = open_store (fixture, "u");
  g_assert_cmpstr (before, !=, after);
  put (fixture, "g", OTHER);
  assert_row (fixture, "g", OTHER);
}

/* Nobody knows whether there is a key: nothing is begun anew for that. */
static void
test_locked_keyring (Fixture *fixture, gconstpointer data)
{
  g_autofree char *before = open_store (fixture, "u");
  g_autofree char *after = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) read_error = NULL;

  put (fixture, "g", SECRET);
  start (fixture, TRUE);
  ls_fake_store_keys_set_locked (fixture->keys, TRUE);
  g_assert_null (ls_call_open (fixture->store, SERVER, "u", &error));
  g_assert_error (error, LS_ERROR, LS_ERROR_LOCKED);
  g_assert_null (ls_call_get (fixture->store, LS_ENTITY_GRADE, "g", &read_error));
  g_assert_error (read_error, LS_ERROR, LS_ERROR_NOT_SIGNED_IN);

  ls_fake_store_keys_set_locked (fixture->keys, FALSE);
  after = open_store (fixture, "u");
  g_assert_cmpstr (before, ==, after);
  assert_row (fixture, "g", SECRET);
}

static void
test_wipe_forgets_the_key (Fixture *fixture, gconstpointer data)
{
  open_quietly (fixture, "u");
  put (fixture, "g", SECRET);
  open_quietly (fixture, "v");
  g_assert_cmpuint (ls_fake_store_keys_get_count (fixture->keys), ==, 2);
  g_assert_true (ls_call_close (fixture->store, FALSE, NULL));
  g_assert_cmpuint (ls_fake_store_keys_get_count (fixture->keys), ==, 2);
  open_quietly (fixture, "v");
  g_assert_true (ls_call_close (fixture->store, TRUE, NULL));
  g_assert_cmpuint (ls_fake_store_keys_get_count (fixture->keys), ==, 1);
  open_quietly (fixture, "u");
  assert_row (fixture, "g", SECRET);
}

/* Whoever can write the file can neither put one row in another's place nor make one up. */
static void
test_swapped_and_made_up (Fixture *fixture, gconstpointer data)
{
  open_quietly (fixture, "u");
  put (fixture, "g", SECRET);
  put (fixture, "h", OTHER);
  tamper (fixture, "UPDATE row SET data = (SELECT data FROM row WHERE id = 'g') WHERE id = 'h'");
  assert_row (fixture, "g", SECRET);
  assert_unreadable (fixture, "h");
  tamper (fixture, "UPDATE row SET data = '{\"note\":\"made up\"}' WHERE id = 'g'");
  assert_unreadable (fixture, "g");
}

int
main (int argc, char *argv[])
{
  static const struct
  {
    const char *path;
    void (*func) (Fixture *, gconstpointer);
  } tests[] = {
    { "/store/encrypted/files-say-nothing", test_files_say_nothing },
    { "/store/encrypted/deleted-is-gone", test_deleted_is_gone },
    { "/store/encrypted/turned-on-and-off", test_turned_on_and_off },
    { "/store/encrypted/lost-key", test_lost_key },
    { "/store/encrypted/locked-keyring", test_locked_keyring },
    { "/store/encrypted/wipe-forgets-the-key", test_wipe_forgets_the_key },
    { "/store/encrypted/swapped-and-made-up", test_swapped_and_made_up },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, Fixture, NULL, set_up, tests[i].func, tear_down);
  return g_test_run ();
}
