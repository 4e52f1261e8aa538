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
  LsEntitySet lost;      /* of which rows were let go */
  guint n_lost;          /* how many rows and events were */
} Fixture;

static void
on_lost (LsStore *store, LsEntitySet entities, guint n, Fixture *fixture)
{
  fixture->lost |= entities;
  fixture->n_lost += n;
}

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
  g_signal_connect (fixture->store, "lost", G_CALLBACK (on_lost), fixture);
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

/* How many rows and events were let go since the last time, and of what. */
static void
assert_lost (Fixture *fixture, guint n, LsEntitySet entities)
{
  g_assert_cmpuint (fixture->n_lost, ==, n);
  g_assert_cmpuint (fixture->lost, ==, entities);
  fixture->n_lost = 0;
  fixture->lost = LS_ENTITY_SET_NONE;
}

static void
assert_gone (Fixture *fixture, const char *id)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (ls_call_get (fixture->store, LS_ENTITY_GRADE, id, &error));
  g_assert_error (error, LS_ERROR, LS_ERROR_NOT_FOUND);
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

/* Turns a bit in the midst of a payload, as a disk may. */
static void
flip (Fixture *fixture, const char *table, const char *where)
{
  g_autofree char *path = find_file (fixture, "cache.db");
  g_autofree char *select = g_strdup_printf ("SELECT data FROM %s WHERE %s", table, where);
  g_autofree char *update = g_strdup_printf ("UPDATE %s SET data = ? WHERE %s", table, where);
  g_autofree guchar *bytes = NULL;
  sqlite3 *database = NULL;
  sqlite3_stmt *stmt = NULL;
  int size;

  g_assert_cmpint (sqlite3_open (path, &database), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_prepare_v2 (database, select, -1, &stmt, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_step (stmt), ==, SQLITE_ROW);
  size = sqlite3_column_bytes (stmt, 0);
  bytes = g_memdup2 (sqlite3_column_blob (stmt, 0), (gsize)size);
  sqlite3_finalize (stmt);
  bytes[size / 2] ^= 1;
  g_assert_cmpint (sqlite3_prepare_v2 (database, update, -1, &stmt, NULL), ==, SQLITE_OK);
  sqlite3_bind_blob (stmt, 1, bytes, size, SQLITE_STATIC);
  g_assert_cmpint (sqlite3_step (stmt), ==, SQLITE_DONE);
  g_assert_cmpint (sqlite3_changes (database), ==, 1);
  sqlite3_finalize (stmt);
  sqlite3_close (database);
}

#define GRADES (1u << LS_ENTITY_GRADE)

/* Whoever can write the file can neither put one row in another's place nor make one up. */
static void
test_swapped_and_made_up (Fixture *fixture, gconstpointer data)
{
  open_quietly (fixture, "u");
  put (fixture, "g", SECRET);
  put (fixture, "h", OTHER);
  tamper (fixture, "UPDATE row SET data = (SELECT data FROM row WHERE id = 'g') WHERE id = 'h'");
  assert_row (fixture, "g", SECRET);
  assert_lost (fixture, 0, LS_ENTITY_SET_NONE);
  assert_gone (fixture, "h");
  assert_lost (fixture, 1, GRADES);
  tamper (fixture, "UPDATE row SET data = '{\"note\":\"made up\"}' WHERE id = 'g'");
  assert_gone (fixture, "g");
  assert_lost (fixture, 1, GRADES);
}

static void
finish_snapshot (Fixture *fixture, const char *id, const char *data)
{
  g_autoptr (GPtrArray) rows = ls_row_array_new ();
  g_autoptr (LsCommit) commit = NULL;
  g_autoptr (GError) error = NULL;

  g_ptr_array_add (rows, ls_row_new (LS_ENTITY_GRADE, id, data, 1));
  g_assert_true (ls_call_stage (fixture->store, LS_ENTITY_GRADE, rows, TRUE, NULL));
  commit = ls_call_finish_snapshot (fixture->store, LS_ENTITY_GRADE, ls_cursor_new ("e", 5), 2,
                                    LS_ABSENCE_IS_NOTHING, &error);
  g_assert_no_error (error);
}

/* A bit costs one row, which is to be fetched anew, also if nobody hears of it before a restart. */
static void
test_flipped_row (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsStoreState) state = NULL;

  open_quietly (fixture, "u");
  finish_snapshot (fixture, "g", SECRET);
  put (fixture, "h", OTHER);
  flip (fixture, "row", "id = 'g'");
  assert_gone (fixture, "g");
  assert_lost (fixture, 1, GRADES);
  assert_row (fixture, "h", OTHER);

  start (fixture, TRUE);
  state = ls_call_open (fixture->store, SERVER, "u", NULL);
  g_assert_false (ls_cursor_is_set (state->baselines[LS_ENTITY_GRADE].cursor));
  finish_snapshot (fixture, "g", SECRET);
  assert_row (fixture, "g", SECRET);
  assert_lost (fixture, 0, LS_ENTITY_SET_NONE);
}

/* Nor does it keep anybody from what is beside it: a list, a change of that row, a snapshot. */
static void
test_flipped_row_in_the_way (Fixture *fixture, gconstpointer data)
{
  LsListQuery *query = ls_list_query_new (LS_ENTITY_GRADE);
  g_autoptr (LsRowPage) page = NULL;

  open_quietly (fixture, "u");
  finish_snapshot (fixture, "g", SECRET);
  put (fixture, "h", OTHER);
  flip (fixture, "row", "id = 'g'");
  query->limit = 10;
  page = ls_call_list (fixture->store, query, NULL);
  ls_list_query_free (query);
  g_assert_nonnull (page);
  g_assert_cmpuint (page->rows->len, ==, 1);
  assert_lost (fixture, 1, GRADES);

  flip (fixture, "row", "id = 'h'");
  put (fixture, "h", SECRET);
  assert_row (fixture, "h", SECRET);
  assert_lost (fixture, 1, GRADES);

  flip (fixture, "row", "id = 'h'");
  finish_snapshot (fixture, "h", OTHER);
  assert_row (fixture, "h", OTHER);
  assert_lost (fixture, 1, GRADES);
}

static void
assert_events (Fixture *fixture, guint64 after, guint n, gint code)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LsEventPage) page =
      ls_call_read_events (fixture->store, after, NULL, 100, G_MAXINT, &error);

  if (code == 0)
    g_assert_cmpuint (page->events->len, ==, n);
  else
    g_assert_error (error, LS_ERROR, code);
}

/* The log begins anew behind what is lost of it: who has read on misses nothing, who has not is told so. */
static void
test_flipped_event (Fixture *fixture, gconstpointer data)
{
  open_quietly (fixture, "u");
  for (guint i = 0; i < 5; i++)
    {
      g_autofree char *id = g_strdup_printf ("g-%u", i);

      put (fixture, id, SECRET);
    }
  flip (fixture, "event", "seq = 3");
  assert_events (fixture, 3, 2, 0);
  assert_lost (fixture, 0, LS_ENTITY_SET_NONE);
  assert_events (fixture, 1, 0, LS_ERROR_CURSOR_EXPIRED);
  assert_lost (fixture, 3, LS_ENTITY_SET_NONE);
  assert_events (fixture, 0, 2, 0);
  assert_events (fixture, 3, 2, 0);
  assert_row (fixture, "g-2", SECRET);
}

/* A snapshot that lacks a row would delete it: it is taken anew instead, and nothing is let go of. */
static void
test_flipped_stage (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GPtrArray) rows = ls_row_array_new ();
  g_autoptr (GError) error = NULL;

  open_quietly (fixture, "u");
  finish_snapshot (fixture, "g", SECRET);
  g_ptr_array_add (rows, ls_row_new (LS_ENTITY_GRADE, "g", OTHER, 2));
  g_assert_true (ls_call_stage (fixture->store, LS_ENTITY_GRADE, rows, TRUE, NULL));
  flip (fixture, "staged", "id = 'g'");
  g_assert_null (ls_call_finish_snapshot (fixture->store, LS_ENTITY_GRADE, ls_cursor_new ("e", 6),
                                          3, LS_ABSENCE_IS_DELETION, &error));
  g_assert_error (error, LS_ERROR, LS_ERROR_STORAGE);
  assert_row (fixture, "g", SECRET);
  assert_lost (fixture, 0, LS_ENTITY_SET_NONE);
  finish_snapshot (fixture, "g", OTHER);
  assert_row (fixture, "g", OTHER);
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
    { "/store/encrypted/flipped/row", test_flipped_row },
    { "/store/encrypted/flipped/row-in-the-way", test_flipped_row_in_the_way },
    { "/store/encrypted/flipped/event", test_flipped_event },
    { "/store/encrypted/flipped/stage", test_flipped_stage },
  };

  g_test_init (&argc, &argv, NULL);
  /* Damage is warned of. */
  g_log_set_always_fatal (G_LOG_LEVEL_CRITICAL | G_LOG_FATAL_MASK);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, Fixture, NULL, set_up, tests[i].func, tear_down);
  return g_test_run ();
}
