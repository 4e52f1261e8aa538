/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>

#include "ls-cache.h"
#include "ls-error.h"

typedef struct
{
  char *dir;
  char *path;
  LsCache *cache;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->dir = g_dir_make_tmp ("labsync-XXXXXX", NULL);
  fixture->path = g_build_filename (fixture->dir, "cache.db", NULL);
  fixture->cache = ls_cache_open (fixture->path, NULL, NULL);
  g_assert_nonnull (fixture->cache);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  ls_cache_free (fixture->cache);
  g_unlink (fixture->path);
  g_rmdir (fixture->dir);
  g_free (fixture->dir);
  g_free (fixture->path);
}

static LsEvent *
grade (const char *type, const char *id, const char *data, gint64 version)
{
  LsEvent *event = ls_event_new (ls_event_type_from_string (type), id, data);

  event->version = version;
  return event;
}

static LsCommit *
commit (Fixture *fixture, LsEvent *event, gint64 offset)
{
  g_autoptr (GPtrArray) events = ls_event_array_new ();
  g_autoptr (LsChangeSet) set = NULL;
  g_autoptr (GError) error = NULL;
  LsCommit *done;

  if (event != NULL)
    g_ptr_array_add (events, event);
  set = ls_change_set_new (events, ls_cursor_new ("e", offset), 1000 + offset);
  done = ls_cache_commit (fixture->cache, set, &error);
  g_assert_no_error (error);
  return done;
}

static void
test_cache_commit (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsCommit) first = commit (fixture, grade ("grade_created", "g", "{\"a\":1}", 1), 5);
  g_autoptr (LsCommit) again = commit (fixture, grade ("grade_created", "g", "{\"a\":1}", 1), 6);
  g_autoptr (LsCommit) gone =
      commit (fixture, grade ("grade_deleted", "g", "{\"id\":\"g\"}", 2), 7);
  g_autoptr (LsStoreState) state = ls_cache_read_state (fixture->cache, NULL);
  g_autoptr (LsRow) row = ls_cache_get (fixture->cache, LS_ENTITY_GRADE, "g", NULL);

  g_assert_cmpuint (first->events->len, ==, 1);
  g_assert_cmpuint (((LsEvent *)first->events->pdata[0])->seq, ==, 1);
  g_assert_cmpuint (again->events->len, ==, 0);
  g_assert_cmpuint (again->n_dropped, ==, 1);
  g_assert_cmpuint (gone->events->len, ==, 1);
  g_assert_true (row->deleted);
  g_assert_cmpint (row->version, ==, 2);
  g_assert_cmpstr (state->cursor.epoch, ==, "e");
  g_assert_cmpint (state->cursor.offset, ==, 7);
  g_assert_cmpuint (state->last_seq, ==, 2);
}

/* Everything a commit does belongs to the caller's transaction: what dies before its end leaves
 * neither the events nor the cursor behind. */
static void
test_cache_one_transaction (Fixture *fixture, gconstpointer data)
{
  LsDatabase *database = ls_cache_get_database (fixture->cache);
  g_autoptr (LsStoreState) state = NULL;

  g_assert_true (ls_database_run (database, "BEGIN IMMEDIATE", NULL));
  ls_commit_free (commit (fixture, grade ("grade_created", "g", "{}", 1), 5));
  g_assert_true (ls_database_in_transaction (database));
  g_assert_true (ls_database_run (database, "ROLLBACK", NULL));
  state = ls_cache_read_state (fixture->cache, NULL);
  g_assert_false (ls_cursor_is_set (state->cursor));
  g_assert_null (ls_cache_get (fixture->cache, LS_ENTITY_GRADE, "g", NULL));
}

static void
test_cache_presence_is_not_stored (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsCommit) done =
      commit (fixture, ls_event_new (ls_event_type_from_string ("user_online"), "u", "{}"), 1);
  g_autofree LsStoreStatistics *statistics = ls_cache_get_statistics (fixture->cache, NULL);

  g_assert_cmpuint (done->events->len, ==, 1);
  g_assert_cmpuint (((LsEvent *)done->events->pdata[0])->seq, ==, 0);
  g_assert_cmpint (statistics->n_events + statistics->n_rows, ==, 0);
}

static LsCommit *
take_snapshot (Fixture *fixture,
               const char *const *ids,
               const char *data,
               gint64 offset,
               gboolean complete)
{
  g_autoptr (GPtrArray) rows = ls_row_array_new ();
  g_autoptr (GError) error = NULL;
  LsCommit *done;

  for (guint i = 0; ids[i] != NULL; i++)
    g_ptr_array_add (rows, ls_row_new (LS_ENTITY_GRADE, ids[i], data, offset));
  g_assert_true (ls_cache_stage (fixture->cache, LS_ENTITY_GRADE, rows, TRUE, &error));
  done = ls_cache_finish_snapshot (fixture->cache, LS_ENTITY_GRADE, ls_cursor_new ("e", offset),
                                   2000, complete, &error);
  g_assert_no_error (error);
  return done;
}

static LsCommit *
snapshot (Fixture *fixture, const char *const *ids, const char *data, gint64 offset)
{
  return take_snapshot (fixture, ids, data, offset, TRUE);
}

/* A row that came malformed is no row that is gone. */
static void
test_cache_incomplete_snapshot_deletes_nothing (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsCommit) first =
      snapshot (fixture, (const char *[]) { "a", "b", NULL }, "{\"a\":1}", 1);
  g_autoptr (LsCommit) second =
      take_snapshot (fixture, (const char *[]) { "a", NULL }, "{\"a\":2}", 2, FALSE);
  g_autoptr (LsRow) row = ls_cache_get (fixture->cache, LS_ENTITY_GRADE, "b", NULL);

  g_assert_cmpuint (second->events->len, ==, 1);
  g_assert_false (row->deleted);
}

static void
test_cache_first_baseline_is_quiet (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsCommit) done =
      snapshot (fixture, (const char *[]) { "a", "b", NULL }, "{\"a\":1}", 9);
  g_autoptr (LsStoreState) state = ls_cache_read_state (fixture->cache, NULL);

  g_assert_cmpuint (done->events->len, ==, 0);
  g_assert_cmpuint (g_strv_length (done->ids), ==, 2);
  g_assert_cmpint (state->baselines[LS_ENTITY_GRADE].cursor.offset, ==, 9);
  g_assert_false (ls_cursor_is_set (state->cursor));
}

static void
test_cache_later_snapshot_tells_differences (Fixture *fixture, gconstpointer data)
{
  static const char *const types[] = { "grade_created", "grade_updated", "grade_deleted" };
  static const char *const ids[] = { "c", "same\"quoted", "b" };
  g_autoptr (LsCommit) first =
      snapshot (fixture, (const char *[]) { "same\"quoted", "b", NULL }, "{\"a\":1}", 1);
  g_autoptr (LsCommit) second =
      snapshot (fixture, (const char *[]) { "same\"quoted", "c", NULL }, "{\"a\":2}", 2);
  g_autoptr (LsCommit) third =
      snapshot (fixture, (const char *[]) { "same\"quoted", "c", NULL }, "{\"a\":2}", 3);

  g_assert_nonnull (first->ids);
  g_assert_cmpuint (second->events->len, ==, 3);
  for (guint i = 0; i < 3; i++)
    {
      LsEvent *event = second->events->pdata[i];

      g_assert_cmpstr (ls_event_type_to_string (event->type), ==, types[i]);
      g_assert_cmpstr (event->entity_id, ==, ids[i]);
      g_assert_cmpuint (event->seq, ==, i + 1);
    }
  g_assert_cmpuint (third->events->len, ==, 0);
}

static void
test_cache_read_events (Fixture *fixture, gconstpointer data)
{
  g_autofree gboolean *types = g_new0 (gboolean, ls_event_type_get_count ());
  g_autoptr (LsEventPage) page = NULL;
  g_autoptr (LsEventPage) rest = NULL;
  g_autoptr (LsEventPage) none = NULL;
  g_autoptr (GError) error = NULL;

  for (gint64 i = 1; i <= 10; i++)
    {
      g_autofree char *text = g_strdup_printf ("{\"a\":%d}", (int)i);

      ls_commit_free (commit (fixture, grade ("grade_updated", "g", text, i), i));
    }
  page = ls_cache_read_events (fixture->cache, 3, NULL, 4, 100000, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (page->events->len, ==, 4);
  g_assert_cmpuint (page->last_seq, ==, 7);
  g_assert_true (page->more);
  rest = ls_cache_read_events (fixture->cache, 7, NULL, 4, 1, &error);
  g_assert_cmpuint (rest->events->len, ==, 1);
  none = ls_cache_read_events (fixture->cache, 0, types, 4, 100000, &error);
  g_assert_cmpuint (none->events->len, ==, 0);
  g_assert_cmpuint (none->last_seq, ==, 10);
  g_assert_false (none->more);
  g_assert_null (ls_cache_read_events (fixture->cache, 11, NULL, 4, 1, &error));
  g_assert_error (error, LS_ERROR, LS_ERROR_CURSOR_EXPIRED);
}

/* The log shrinks to its limits; numbers go on from where they were. */
static void
test_cache_trim (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsStoreState) state = NULL;
  g_autoptr (LsCommit) next = NULL;
  g_autoptr (GError) error = NULL;

  for (gint64 i = 1; i <= 10; i++)
    {
      g_autofree char *text = g_strdup_printf ("{\"a\":%d}", (int)i);

      ls_commit_free (commit (fixture, grade ("grade_updated", "g", text, i), i));
    }
  g_assert_true (ls_cache_trim (fixture->cache, G_MAXINT64, 1006, &error));
  state = ls_cache_read_state (fixture->cache, &error);
  g_assert_cmpuint (state->first_seq, ==, 6);
  g_assert_null (ls_cache_read_events (fixture->cache, 3, NULL, 4, 1, &error));
  g_assert_error (error, LS_ERROR, LS_ERROR_CURSOR_EXPIRED);

  g_assert_true (ls_cache_trim (fixture->cache, 1, 0, NULL));
  g_assert_false (ls_cache_trim (fixture->cache, 1, 0, NULL));
  next = commit (fixture, grade ("grade_updated", "g", "{\"a\":11}", 11), 11);
  g_assert_cmpuint (((LsEvent *)next->events->pdata[0])->seq, ==, 11);
}

static int
count_steps (void *user_data)
{
  (*(guint *)user_data)++;
  return 0;
}

/* Trimming looks every 200 writes, mostly in vain: that must not cost what the log is long. */
static void
test_cache_trim_looks_at_the_oldest (Fixture *fixture, gconstpointer data)
{
  LsDatabase *database = ls_cache_get_database (fixture->cache);
  sqlite3 *handle = sqlite3_db_handle (ls_database_prepare (database, "SELECT 1", NULL));
  guint n_steps = 0;

  g_assert_true (ls_database_run (database, "BEGIN", NULL));
  for (gint64 i = 1; i <= 5000; i++)
    ls_commit_free (commit (fixture, grade ("grade_updated", "g", "{}", i), i));
  g_assert_true (ls_database_run (database, "COMMIT", NULL));

  sqlite3_progress_handler (handle, 1, count_steps, &n_steps);
  g_assert_false (ls_cache_trim (fixture->cache, G_MAXINT64, 1001, NULL));
  g_assert_cmpuint (n_steps, >, 0);
  g_assert_cmpuint (n_steps, <, 10000);
}

static void
test_cache_list (Fixture *fixture, gconstpointer data)
{
  static const char *const expected[] = { "e", "d", "c", "b", "a" };
  g_autoptr (LsListQuery) query = ls_list_query_new (LS_ENTITY_GRADE);
  guint n = 0;

  for (guint i = 0; i < 5; i++)
    {
      g_autofree char *id = g_strdup_printf ("%c", 'a' + (int)i);
      g_autofree char *text = g_strdup_printf ("{\"score\":%u,\"class\":\"x\",\"done\":%s}",
                                               80 + i / 2, i % 2 == 0 ? "true" : "false");

      ls_commit_free (commit (fixture, grade ("grade_created", id, text, 1), i));
    }

  query->order_by = g_strdup ("score");
  query->descending = TRUE;
  query->limit = 2;
  for (;;)
    {
      g_autoptr (LsRowPage) page = ls_cache_list (fixture->cache, query, NULL);

      for (guint i = 0; i < page->rows->len; i++)
        g_assert_cmpstr (((LsRow *)page->rows->pdata[i])->id, ==, expected[n++]);
      g_free (query->after);
      query->after = g_strdup (page->next);
      if (page->next == NULL)
        break;
    }
  g_assert_cmpuint (n, ==, 5);
}

static void
test_cache_list_filter (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsListQuery) query = ls_list_query_new (LS_ENTITY_GRADE);
  g_autoptr (LsRowPage) page = NULL;
  g_autoptr (GError) error = NULL;

  ls_commit_free (
      commit (fixture, grade ("grade_created", "a", "{\"s\":\"x\",\"n\":1.5,\"b\":true}", 1), 1));
  ls_commit_free (
      commit (fixture, grade ("grade_created", "b", "{\"s\":\"x\",\"n\":2,\"b\":null}", 1), 2));
  query->filter = g_hash_table_new (g_str_hash, g_str_equal);
  g_hash_table_insert (query->filter, (gpointer) "s", (gpointer) "x");
  g_hash_table_insert (query->filter, (gpointer) "n", (gpointer) "1.5");
  g_hash_table_insert (query->filter, (gpointer) "b", (gpointer) "true");
  page = ls_cache_list (fixture->cache, query, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (page->rows->len, ==, 1);
  g_assert_cmpstr (((LsRow *)page->rows->pdata[0])->id, ==, "a");

  g_hash_table_insert (query->filter, (gpointer) "x\") OR 1=1 --", (gpointer) "x");
  g_assert_null (ls_cache_list (fixture->cache, query, &error));
  g_assert_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT);
}

static void
test_cache_list_bad_position (Fixture *fixture, gconstpointer data)
{
  static const char *const bad[] = { "", "x", "AAAA", "eA==", "//8=" };
  g_autoptr (LsListQuery) query = ls_list_query_new (LS_ENTITY_GRADE);

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_free (query->after);
      query->after = g_strdup (bad[i]);
      g_assert_null (ls_cache_list (fixture->cache, query, &error));
      g_assert_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT);
    }
}

/* Numbers go on where they stood, also above what the log still holds, and what was trimmed stays so. */
static void
test_cache_migration (gconstpointer file)
{
  Fixture fixture = { .dir = g_dir_make_tmp ("labsync-XXXXXX", NULL) };
  g_autofree char *old = g_build_filename (TEST_DIR, file, NULL);
  g_autofree char *sql = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (LsStoreState) state = NULL;
  g_autoptr (LsEventPage) page = NULL;
  g_autoptr (LsEventPage) trimmed = NULL;
  g_autoptr (LsCommit) done = NULL;
  g_autoptr (LsCommit) after_gap = NULL;
  sqlite3 *handle;

  fixture.path = g_build_filename (fixture.dir, "cache.db", NULL);
  g_assert_true (g_file_get_contents (old, &sql, NULL, NULL));
  g_assert_cmpint (sqlite3_open (fixture.path, &handle), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (handle, sql, NULL, NULL, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_close (handle), ==, SQLITE_OK);

  fixture.cache = ls_cache_open (fixture.path, NULL, &error);
  g_assert_no_error (error);
  state = ls_cache_read_state (fixture.cache, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (state->first_seq, ==, 3);
  g_assert_cmpuint (state->last_seq, ==, 7);
  g_assert_cmpstr (state->sight, ==, "");
  page = ls_cache_read_events (fixture.cache, 2, NULL, 100, G_MAXSIZE, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (page->events->len, ==, 4);
  g_assert_cmpstr (((LsEvent *)page->events->pdata[0])->data, ==, "{\"id\":\"g-1\",\"n\":3}");
  trimmed = ls_cache_read_events (fixture.cache, 1, NULL, 100, G_MAXSIZE, &error);
  g_assert_null (trimmed);
  g_assert_error (error, LS_ERROR, LS_ERROR_CURSOR_EXPIRED);

  done = commit (&fixture, grade ("grade_updated", "g-1", "{}", 8), 8);
  g_assert_cmpuint (((LsEvent *)done->events->pdata[0])->seq, ==, 8);
  g_assert_true (ls_cache_leave_gap (fixture.cache, NULL));
  after_gap = commit (&fixture, grade ("grade_updated", "g-1", "{}", 9), 9);
  g_assert_cmpuint (((LsEvent *)after_gap->events->pdata[0])->seq, ==, 10000009);
  tear_down (&fixture, NULL);
}

int
main (int argc, char *argv[])
{
  static const struct
  {
    const char *path;
    void (*func) (Fixture *, gconstpointer);
  } tests[] = {
    { "/store/cache/commit", test_cache_commit },
    { "/store/cache/one-transaction", test_cache_one_transaction },
    { "/store/cache/presence-is-not-stored", test_cache_presence_is_not_stored },
    { "/store/cache/first-baseline-is-quiet", test_cache_first_baseline_is_quiet },
    { "/store/cache/later-snapshot-tells-differences",
      test_cache_later_snapshot_tells_differences },
    { "/store/cache/incomplete-snapshot-deletes-nothing",
      test_cache_incomplete_snapshot_deletes_nothing },
    { "/store/cache/read-events", test_cache_read_events },
    { "/store/cache/trim", test_cache_trim },
    { "/store/cache/trim-looks-at-the-oldest", test_cache_trim_looks_at_the_oldest },
    { "/store/cache/list", test_cache_list },
    { "/store/cache/list-filter", test_cache_list_filter },
    { "/store/cache/list-bad-position", test_cache_list_bad_position },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, Fixture, NULL, set_up, tests[i].func, tear_down);
  g_test_add_data_func ("/store/cache/migration/2", "cache-2.sql", test_cache_migration);
  g_test_add_data_func ("/store/cache/migration/3", "cache-3.sql", test_cache_migration);
  return g_test_run ();
}
