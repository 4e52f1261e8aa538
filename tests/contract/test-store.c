/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Users and their stores, commits, and the log of events. */
#include <sqlite3.h>

#include "ls-error.h"
#include "ls-fake-store.h"
#include "ls-store-fixture.h"
#include "ls-store-sqlite.h"

/* More writes than the store on disk lets pass before it trims. */
#define MANY_WRITES 250

/* Has events of before @oldest removed; the newest there is is of @newest. */
static void
trim (LsStoreFixture *f, gint64 oldest, gint64 newest, gint64 n_left)
{
  g_autoptr (LsChangeSet) nothing = ls_change_set_new (NULL, LS_CURSOR_NONE, 0);
  gint64 n_events;

  if (LS_IS_FAKE_STORE (f->store))
    {
      ls_fake_store_trim (LS_FAKE_STORE (f->store), oldest);
      return;
    }

  ls_store_sqlite_set_limits (LS_STORE_SQLITE (f->store), G_MAXINT64, newest - oldest);
  for (guint i = 0; i < MANY_WRITES; i++)
    ls_store_commit_async (f->store, nothing, NULL, NULL);
  do
    {
      g_autofree LsStoreStatistics *counts = ls_store_fixture_count (f);

      n_events = counts->n_events;
    }
  while (n_events != n_left);
}

/* Has the next commit with the row "poison" fail halfway. */
static void
set_poison (LsStoreFixture *f, gboolean poisonous)
{
  g_autoptr (GDir) dir = NULL;
  g_autofree char *path = NULL;
  sqlite3 *database = NULL;

  if (LS_IS_FAKE_STORE (f->store))
    {
      ls_fake_store_fail_writes (LS_FAKE_STORE (f->store), poisonous ? 1 : 0);
      return;
    }

  dir = g_dir_open (f->dir, 0, NULL);
  path = g_build_filename (f->dir, g_dir_read_name (dir), "cache.db", NULL);
  g_assert_cmpint (sqlite3_open (path, &database), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (database,
                                 poisonous
                                     ? "CREATE TRIGGER poison BEFORE INSERT ON row WHEN"
                                       " NEW.id = 'poison' BEGIN SELECT RAISE (ABORT, 'no'); END"
                                     : "DROP TRIGGER poison",
                                 NULL, NULL, NULL),
                   ==, SQLITE_OK);
  sqlite3_close (database);
}

static void
test_nothing_open (LsStoreFixture *f, gconstpointer data)
{
  g_autoptr (GError) commit_error = NULL;
  g_autoptr (GError) read_error = NULL;
  g_autoptr (GError) list_error = NULL;
  g_autoptr (LsListQuery) query = ls_list_query_new (LS_ENTITY_GRADE);
  g_autoptr (LsChangeSet) set = ls_store_fixture_make_change_set (NULL, 1);

  g_assert_null (ls_call_commit (f->store, set, &commit_error));
  g_assert_error (commit_error, LS_ERROR, LS_ERROR_NOT_SIGNED_IN);
  g_assert_null (ls_call_read_events (f->store, 0, NULL, 1, 1, &read_error));
  g_assert_error (read_error, LS_ERROR, LS_ERROR_NOT_SIGNED_IN);
  g_assert_null (ls_call_list (f->store, query, &list_error));
  g_assert_error (list_error, LS_ERROR, LS_ERROR_NOT_SIGNED_IN);
  g_assert_false (ls_call_forget_baseline (f->store, LS_ENTITY_GRADE, NULL));
  g_assert_true (ls_call_close (f->store, FALSE, NULL));
  g_assert_true (ls_call_close (f->store, TRUE, NULL));
}

static void
test_account (LsStoreFixture *f, gconstpointer data)
{
  g_autoptr (LsAccount) nobody = ls_call_load_account (f->store, NULL);
  g_autoptr (LsUser) user = ls_user_new ("u", "Ani", LS_ROLE_STUDENT, LS_EXTRA_ROLE_NONE);
  g_autoptr (LsAccount) somebody = ls_account_new (LS_STORE_FIXTURE_SERVER, user, TRUE);
  g_autoptr (LsAccount) loaded = NULL;

  g_assert_null (nobody->server);
  g_assert_null (nobody->user);
  g_assert_false (nobody->disconnected);

  g_assert_true (ls_call_save_account (f->store, somebody, NULL));
  ls_store_fixture_restart (f);
  loaded = ls_call_load_account (f->store, NULL);
  g_assert_cmpstr (loaded->server, ==, LS_STORE_FIXTURE_SERVER);
  g_assert_cmpstr (loaded->user->id, ==, "u");
  g_assert_cmpstr (loaded->user->name, ==, "Ani");
  g_assert_cmpint (loaded->user->role, ==, LS_ROLE_STUDENT);
  g_assert_true (loaded->disconnected);
}

static void
test_new_store_is_empty (LsStoreFixture *f, gconstpointer data)
{
  g_autoptr (LsStoreState) state = ls_store_fixture_open (f, "u");
  g_autofree LsStoreStatistics *counts = ls_store_fixture_count (f);

  g_assert_cmpstr (state->id, !=, "");
  g_assert_false (ls_cursor_is_set (state->cursor));
  g_assert_cmpint (state->confirmed_at, ==, 0);
  g_assert_cmpuint (state->first_seq, ==, 0);
  g_assert_cmpuint (state->last_seq, ==, 0);
  for (guint i = 0; i < LS_N_ENTITIES; i++)
    g_assert_false (ls_cursor_is_set (state->baselines[i].cursor));
  g_assert_cmpint (counts->n_events + counts->n_rows + counts->n_tombstones, ==, 0);
  LS_STORE_ASSERT_SEQS (f, 0, "");
}

static void
test_commit_tells_real_changes (LsStoreFixture *f, gconstpointer data)
{
  g_autoptr (LsRow) live = NULL;
  g_autoptr (LsRow) gone = NULL;
  g_autofree LsStoreStatistics *counts = NULL;

  ls_store_fixture_open_quietly (f);
  g_assert_cmpuint (ls_store_fixture_put (f, "grade_created", "g", "{\"a\":1}", 3, 5), ==, 1);
  /* a repetition, and one that is late */
  g_assert_cmpuint (ls_store_fixture_put (f, "grade_created", "g", "{\"a\":1}", 3, 6), ==, 0);
  g_assert_cmpuint (ls_store_fixture_put (f, "grade_updated", "g", "{\"a\":0}", 2, 6), ==, 0);
  live = ls_store_fixture_get (f, LS_ENTITY_GRADE, "g");
  g_assert_cmpstr (live->data, ==, "{\"a\":1}");
  g_assert_cmpint (live->version, ==, 3);
  g_assert_cmpint (live->as_of, ==, 1005);
  g_assert_false (live->deleted);

  /* a deletion without a version keeps the row's, as the tombstone */
  g_assert_cmpuint (ls_store_fixture_put (f, "grade_deleted", "g", "{\"id\":\"g\"}", 0, 7), ==, 2);
  g_assert_cmpuint (ls_store_fixture_put (f, "grade_deleted", "g", "{\"id\":\"g\"}", 0, 7), ==, 0);
  gone = ls_store_fixture_get (f, LS_ENTITY_GRADE, "g");
  g_assert_true (gone->deleted);
  g_assert_null (gone->data);
  g_assert_cmpint (gone->version, ==, 3);
  g_assert_cmpint (gone->as_of, ==, 1007);
  counts = ls_store_fixture_count (f);
  g_assert_cmpint (counts->n_events, ==, 2);
  g_assert_cmpint (counts->n_rows, ==, 0);
  g_assert_cmpint (counts->n_tombstones, ==, 1);
  g_assert_cmpint (counts->file_size, >, 0);
}

static void
test_presence_passes_through (LsStoreFixture *f, gconstpointer data)
{
  g_autoptr (LsCommit) done = NULL;

  ls_store_fixture_open_quietly (f);
  done = ls_store_fixture_commit (f, ls_store_fixture_make_event ("user_online", "u", "{}", 0), 1);
  g_assert_cmpuint (done->events->len, ==, 1);
  g_assert_cmpuint (((LsEvent *)done->events->pdata[0])->seq, ==, 0);
  g_assert_null (ls_store_fixture_get (f, LS_ENTITY_PRESENCE, "u"));
  LS_STORE_ASSERT_SEQS (f, 0, "");
}

static void
test_cursor_goes_with_the_data (LsStoreFixture *f, gconstpointer data)
{
  g_autoptr (LsStoreState) state = NULL;

  ls_store_fixture_open_quietly (f);
  ls_store_fixture_put (f, "grade_created", "g", "{}", 1, 5);
  /* events outside the log leave the position alone */
  ls_store_fixture_put (f, "grade_created", "h", "{}", 1, 0);
  ls_store_fixture_restart (f);
  state = ls_store_fixture_open (f, "u");
  g_assert_cmpstr (state->cursor.epoch, ==, "e");
  g_assert_cmpint (state->cursor.offset, ==, 5);
  g_assert_cmpint (state->confirmed_at, ==, 1005);
  g_assert_cmpuint (state->first_seq, ==, 1);
  g_assert_cmpuint (state->last_seq, ==, 2);
  LS_STORE_ASSERT_SEQS (f, 0, "1 2");
}

static void
test_failed_commit_leaves_nothing (LsStoreFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) events = ls_event_array_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (LsStoreState) state = NULL;
  g_autoptr (LsChangeSet) set = NULL;
  g_autoptr (LsCommit) retried = NULL;

  ls_store_fixture_open_quietly (f);
  ls_store_fixture_put (f, "grade_created", "g", "{}", 1, 5);
  g_ptr_array_add (events, ls_store_fixture_make_event ("grade_created", "before", "{}", 1));
  g_ptr_array_add (events, ls_store_fixture_make_event ("grade_created", "poison", "{}", 1));

  set_poison (f, TRUE);
  set = ls_change_set_new (events, ls_cursor_new ("e", 7), 1007);
  g_assert_null (ls_call_commit (f->store, set, &error));
  g_assert_error (error, LS_ERROR, LS_ERROR_STORAGE);
  set_poison (f, FALSE);
  g_assert_null (ls_store_fixture_get (f, LS_ENTITY_GRADE, "before"));
  LS_STORE_ASSERT_SEQS (f, 0, "1");
  ls_store_fixture_restart (f);
  state = ls_store_fixture_open (f, "u");
  g_assert_cmpint (state->cursor.offset, ==, 5);

  retried = ls_call_commit (f->store, set, NULL);
  g_assert_cmpuint (retried->events->len, ==, 2);
  /* numbers rise, with a gap for each opening or without */
  g_assert_cmpuint (((LsEvent *)retried->events->pdata[0])->seq, >, 1);
  g_assert_cmpuint (((LsEvent *)retried->events->pdata[1])->seq, >, 2);
}

typedef struct
{
  guint n; /* how many were answered */
} Order;

static void
ordered_commit_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (LsCommit) done = ls_store_commit_finish (LS_STORE (object), result, NULL);
  Order *order = user_data;

  g_assert_cmpuint (((LsEvent *)done->events->pdata[0])->seq, ==, ++order->n);
}

/* A read that was asked for between two writes sees the first, not the second. */
static void
ordered_read_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (LsEventPage) page = ls_store_read_events_finish (LS_STORE (object), result, NULL);
  Order *order = user_data;

  g_assert_cmpuint (page->last_seq, ==, 20);
  g_assert_cmpuint (order->n, ==, 20);
}

static void
test_order_of_calls (LsStoreFixture *f, gconstpointer data)
{
  Order order = { 0 };

  ls_store_fixture_open_quietly (f);
  for (gint64 i = 1; i <= 40; i++)
    {
      g_autofree char *id = g_strdup_printf ("g%d", (int)i);
      g_autoptr (LsChangeSet) set = ls_store_fixture_make_change_set (
          ls_store_fixture_make_event ("grade_created", id, "{}", 1), i);

      ls_store_commit_async (f->store, set, ordered_commit_cb, &order);
      if (i == 20)
        ls_store_read_events_async (f->store, 0, NULL, 100, G_MAXSIZE, ordered_read_cb, &order);
    }
  g_assert_cmpuint (order.n, ==, 0);
  while (order.n < 40)
    g_main_context_iteration (NULL, TRUE);
}

static void
test_events_by_cursor (LsStoreFixture *f, gconstpointer data)
{
  g_autoptr (LsEventPage) page = NULL;
  const LsEvent *event;

  ls_store_fixture_open_quietly (f);
  ls_store_fixture_put (f, "grade_created", "g", "{\"a\":1}", 3, 1);
  ls_store_fixture_put (f, "announcement_created", "n", "{}", 1, 2);
  ls_store_fixture_put (f, "grade_updated", "g", "{\"a\":2}", 4, 3);
  LS_STORE_ASSERT_SEQS (f, 0, "1 2 3");
  LS_STORE_ASSERT_SEQS (f, 1, "2 3");
  LS_STORE_ASSERT_SEQS (f, 3, "");
  LS_STORE_ASSERT_SEQS (f, 4, "expired");

  page = ls_call_read_events (f->store, 0, NULL, 1, G_MAXSIZE, NULL);
  event = page->events->pdata[0];
  g_assert_cmpuint (page->events->len, ==, 1);
  g_assert_true (page->more);
  g_assert_cmpuint (page->last_seq, ==, 1);
  g_assert_cmpint (event->type, ==, ls_event_type_from_string ("grade_created"));
  g_assert_cmpstr (event->entity_id, ==, "g");
  g_assert_cmpstr (event->data, ==, "{\"a\":1}");
  g_assert_cmpint (event->version, ==, 3);
  g_assert_cmpint (event->timestamp, ==, 77);
  g_assert_cmpstr (event->user_role, ==, "teacher");
  g_assert_cmpstr (event->user_id, ==, "t1");
}

static void
test_events_by_type_and_size (LsStoreFixture *f, gconstpointer data)
{
  g_autofree gboolean *types = g_new0 (gboolean, ls_event_type_get_count ());
  g_autoptr (LsEventPage) grades = NULL;
  g_autoptr (LsEventPage) one = NULL;
  g_autoptr (LsEventPage) two = NULL;
  gsize size;

  ls_store_fixture_open_quietly (f);
  ls_store_fixture_put (f, "grade_created", "g", "{\"a\":1}", 1, 1);
  ls_store_fixture_put (f, "grade_created", "h", "{\"a\":1}", 1, 2);
  ls_store_fixture_put (f, "announcement_created", "n", "{}", 1, 3);
  types[ls_event_type_from_string ("grade_created")] = TRUE;

  grades = ls_call_read_events (f->store, 0, types, 100, G_MAXSIZE, NULL);
  g_assert_cmpuint (grades->events->len, ==, 2);
  g_assert_false (grades->more);
  g_assert_cmpuint (grades->last_seq, ==, 3);
  size = ls_event_get_size (grades->events->pdata[0]);

  /* never less than one */
  one = ls_call_read_events (f->store, 0, NULL, 100, 1, NULL);
  g_assert_cmpuint (one->events->len, ==, 1);
  g_assert_true (one->more);
  two = ls_call_read_events (f->store, 0, NULL, 100, 2 * size, NULL);
  g_assert_cmpuint (two->events->len, ==, 2);
  g_assert_true (two->more);
  g_assert_cmpuint (two->last_seq, ==, 2);
}

static void
test_old_events_expire (LsStoreFixture *f, gconstpointer data)
{
  g_autoptr (LsStoreState) state = NULL;
  g_autoptr (LsRow) row = NULL;

  ls_store_fixture_open_quietly (f);
  for (gint64 i = 1; i <= 6; i++)
    {
      g_autofree char *id = g_strdup_printf ("g%d", (int)i);

      ls_store_fixture_put (f, "grade_created", id, "{}", 1, i);
    }
  trim (f, 1004, 1006, 3);
  LS_STORE_ASSERT_SEQS (f, 1, "expired");
  LS_STORE_ASSERT_SEQS (f, 2, "expired");
  LS_STORE_ASSERT_SEQS (f, 3, "4 5 6");
  LS_STORE_ASSERT_SEQS (f, 0, "4 5 6");
  row = ls_store_fixture_get (f, LS_ENTITY_GRADE, "g1");
  g_assert_false (row->deleted);

  /* an empty log has not forgotten what it gave out */
  trim (f, 1007, 1006, 0);
  LS_STORE_ASSERT_SEQS (f, 0, "");
  LS_STORE_ASSERT_SEQS (f, 5, "expired");
  LS_STORE_ASSERT_SEQS (f, 6, "");
  ls_store_fixture_restart (f);
  state = ls_store_fixture_open (f, "u");
  g_assert_cmpuint (state->first_seq, ==, 0);
  g_assert_cmpuint (state->last_seq, ==, 6);
  g_assert_cmpuint (ls_store_fixture_put (f, "grade_created", "g7", "{}", 1, 7), >, 6);
  LS_STORE_ASSERT_SEQS (f, 5, "expired");
}

/* Whose rows the user may see is kept until something else is known, and is nobody else's. */
static void
test_sight (LsStoreFixture *f, gconstpointer data)
{
  g_autoptr (LsChangeSet) set = ls_store_fixture_make_change_set (NULL, 0);
  g_autoptr (LsCommit) done = NULL;
  g_autoptr (LsCommit) other = NULL;
  g_autoptr (LsStoreState) kept = NULL;
  g_autoptr (LsStoreState) of_another = NULL;

  ls_store_fixture_open_quietly (f);
  set->sight = g_strdup ("('student', ['s\'1'])");
  done = ls_call_commit (f->store, set, NULL);
  g_assert_nonnull (done);
  other = ls_store_fixture_commit (f, NULL, 5);
  ls_store_fixture_restart (f);
  kept = ls_store_fixture_open (f, "u");
  g_assert_cmpstr (kept->sight, ==, set->sight);
  g_assert_cmpint (kept->cursor.offset, ==, 5);
  of_another = ls_store_fixture_open (f, "v");
  g_assert_true (of_another->sight == NULL || *of_another->sight == '\0');
}

static void
test_users_are_apart (LsStoreFixture *f, gconstpointer data)
{
  g_autoptr (LsStoreState) first = ls_store_fixture_open (f, "one");
  g_autoptr (LsStoreState) second = NULL;
  g_autoptr (LsStoreState) again = NULL;

  ls_store_fixture_put (f, "grade_created", "g", "{}", 1, 1);
  second = ls_store_fixture_open (f, "two");
  g_assert_cmpstr (first->id, !=, second->id);
  g_assert_null (ls_store_fixture_get (f, LS_ENTITY_GRADE, "g"));
  again = ls_store_fixture_open (f, "one");
  g_assert_cmpstr (first->id, ==, again->id);
  g_assert_cmpint (again->cursor.offset, ==, 1);
}

static void
test_close_and_wipe (LsStoreFixture *f, gconstpointer data)
{
  g_autoptr (LsStoreState) first = ls_store_fixture_open (f, "u");
  g_autoptr (LsStoreState) closed = NULL;
  g_autoptr (LsStoreState) wiped = NULL;
  g_autoptr (GError) error = NULL;

  ls_store_fixture_put (f, "grade_created", "g", "{}", 1, 1);
  g_assert_true (ls_call_close (f->store, FALSE, NULL));
  g_assert_null (ls_call_read_events (f->store, 0, NULL, 1, 1, &error));
  g_assert_error (error, LS_ERROR, LS_ERROR_NOT_SIGNED_IN);
  closed = ls_store_fixture_open (f, "u");
  g_assert_cmpstr (first->id, ==, closed->id);
  g_assert_cmpuint (closed->last_seq, ==, 1);

  g_assert_true (ls_call_close (f->store, TRUE, NULL));
  wiped = ls_store_fixture_open (f, "u");
  g_assert_cmpstr (first->id, !=, wiped->id);
  g_assert_cmpuint (wiped->last_seq, ==, 0);
  g_assert_null (ls_store_fixture_get (f, LS_ENTITY_GRADE, "g"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (argc, ==, 2);
  LS_STORE_ADD (argv[1], "nothing-open", test_nothing_open);
  LS_STORE_ADD (argv[1], "account", test_account);
  LS_STORE_ADD (argv[1], "new-store-is-empty", test_new_store_is_empty);
  LS_STORE_ADD (argv[1], "commit-tells-real-changes", test_commit_tells_real_changes);
  LS_STORE_ADD (argv[1], "presence-passes-through", test_presence_passes_through);
  LS_STORE_ADD (argv[1], "cursor-goes-with-the-data", test_cursor_goes_with_the_data);
  LS_STORE_ADD (argv[1], "failed-commit-leaves-nothing", test_failed_commit_leaves_nothing);
  LS_STORE_ADD (argv[1], "order-of-calls", test_order_of_calls);
  LS_STORE_ADD (argv[1], "events-by-cursor", test_events_by_cursor);
  LS_STORE_ADD (argv[1], "events-by-type-and-size", test_events_by_type_and_size);
  LS_STORE_ADD (argv[1], "old-events-expire", test_old_events_expire);
  LS_STORE_ADD (argv[1], "sight", test_sight);
  LS_STORE_ADD (argv[1], "users-are-apart", test_users_are_apart);
  LS_STORE_ADD (argv[1], "close-and-wipe", test_close_and_wipe);
  return g_test_run ();
}
