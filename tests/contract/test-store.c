/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sqlite3.h>

#include "ls-error.h"
#include "ls-fake-store-keys.h"
#include "ls-fake-store.h"
#include "ls-remove-tree.h"
#include "ls-store-calls.h"
#include "ls-store-sqlite.h"

#define SERVER "https://school.test"
/* More writes than the store on disk lets pass before it trims. */
#define MANY_WRITES 250

typedef struct
{
  char *dir;             /* (owned) (nullable): of the store on disk */
  LsFakeStoreKeys *keys; /* (owned) (nullable): of a store that is encrypted */
  LsStore *store;        /* (owned) */
} Fixture;

static void
start_on_disk (Fixture *fixture)
{
  fixture->store = LS_STORE (ls_store_sqlite_new (fixture->dir));
  if (fixture->keys != NULL)
    ls_store_sqlite_set_encryption (LS_STORE_SQLITE (fixture->store), LS_STORE_KEYS (fixture->keys),
                                    TRUE);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  if (g_str_equal (data, "fake"))
    {
      fixture->store = LS_STORE (ls_fake_store_new ());
      return;
    }
  fixture->dir = g_dir_make_tmp ("labsync-XXXXXX", NULL);
  if (g_str_equal (data, "encrypted"))
    fixture->keys = ls_fake_store_keys_new ();
  start_on_disk (fixture);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_assert_finalize_object (fixture->store);
  if (fixture->dir != NULL)
    ls_remove_tree (fixture->dir);
  g_free (fixture->dir);
  g_clear_object (&fixture->keys);
}

static LsStoreState *
open_store (Fixture *fixture, const char *user)
{
  g_autoptr (GError) error = NULL;
  LsStoreState *state = ls_call_open (fixture->store, SERVER, user, &error);

  g_assert_no_error (error);
  return state;
}

static void
open_quietly (Fixture *fixture)
{
  ls_store_state_free (open_store (fixture, "u"));
}

/* The process ends, and another begins. */
static void
restart (Fixture *fixture)
{
  if (LS_IS_FAKE_STORE (fixture->store))
    {
      ls_fake_store_crash (LS_FAKE_STORE (fixture->store));
      return;
    }
  g_assert_finalize_object (fixture->store);
  start_on_disk (fixture);
}

static LsEvent *
event_new (const char *type, const char *id, const char *data, gint64 version)
{
  LsEvent *event = ls_event_new (ls_event_type_from_string (type), id, data);

  g_assert_cmpint (event->type, !=, LS_EVENT_TYPE_INVALID);
  event->version = version;
  event->timestamp = 77;
  g_free (event->user_role);
  event->user_role = g_strdup ("teacher");
  g_free (event->user_id);
  event->user_id = g_strdup ("t1");
  return event;
}

/* @offset 0: without a cursor. The time is 1000 + @offset. */
static LsChangeSet *
change_set (LsEvent *event, gint64 offset)
{
  g_autoptr (GPtrArray) events = ls_event_array_new ();

  if (event != NULL)
    g_ptr_array_add (events, event);
  return ls_change_set_new (events, offset != 0 ? ls_cursor_new ("e", offset) : LS_CURSOR_NONE,
                            1000 + offset);
}

static LsCommit *
commit (Fixture *fixture, LsEvent *event, gint64 offset)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LsChangeSet) set = change_set (event, offset);
  LsCommit *done = ls_call_commit (fixture->store, set, &error);

  g_assert_no_error (error);
  return done;
}

/* Commits and tells the event's `seq`; 0: it was dropped. */
static guint64
put (Fixture *fixture, LsEvent *event, gint64 offset)
{
  g_autoptr (LsCommit) done = commit (fixture, event, offset);

  g_assert_cmpuint (done->events->len + done->n_dropped, ==, 1);
  return done->events->len > 0 ? ((LsEvent *)done->events->pdata[0])->seq : 0;
}

static LsRow *
get (Fixture *fixture, LsEntity entity, const char *id)
{
  g_autoptr (GError) error = NULL;
  LsRow *row = ls_call_get (fixture->store, entity, id, &error);

  if (row == NULL)
    g_assert_error (error, LS_ERROR, LS_ERROR_NOT_FOUND);
  return row;
}

/* The `seq` of all events after @after_seq, as text; "expired" if they are gone. */
static char *
read_seqs (Fixture *fixture, guint64 after_seq)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LsEventPage) page =
      ls_call_read_events (fixture->store, after_seq, NULL, G_MAXUINT, G_MAXSIZE, &error);
  GString *text = g_string_new (NULL);

  if (page == NULL)
    {
      g_assert_error (error, LS_ERROR, LS_ERROR_CURSOR_EXPIRED);
      g_string_append (text, "expired");
    }
  for (guint i = 0; page != NULL && i < page->events->len; i++)
    g_string_append_printf (text, "%s%" G_GUINT64_FORMAT, i > 0 ? " " : "",
                            ((LsEvent *)page->events->pdata[i])->seq);
  return g_string_free (text, FALSE);
}

#define ASSERT_SEQS(fixture, after_seq, expected)                                                  \
  G_STMT_START                                                                                     \
  {                                                                                                \
    g_autofree char *seqs = read_seqs (fixture, after_seq);                                        \
                                                                                                   \
    g_assert_cmpstr (seqs, ==, expected);                                                          \
  }                                                                                                \
  G_STMT_END

/* The ids of a query, page by page: "a b|c d". */
static char *
list_ids (Fixture *fixture, LsListQuery *query)
{
  GString *text = g_string_new (NULL);

  do
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (LsRowPage) page = ls_call_list (fixture->store, query, &error);

      g_assert_no_error (error);
      g_assert_cmpuint (page->rows->len, <=, query->limit);
      for (guint i = 0; i < page->rows->len; i++)
        g_string_append_printf (text, "%s%s", i > 0 ? " " : "",
                                ((LsRow *)page->rows->pdata[i])->id);
      g_free (query->after);
      query->after = g_steal_pointer (&page->next);
      if (query->after != NULL)
        g_string_append_c (text, '|');
    }
  while (query->after != NULL);
  return g_string_free (text, FALSE);
}

static LsStoreStatistics *
statistics (Fixture *fixture)
{
  LsStoreStatistics *counts = ls_call_statistics (fixture->store, NULL);

  g_assert_nonnull (counts);
  return counts;
}

/* Has events of before @oldest removed; the newest there is is of @newest. */
static void
trim (Fixture *fixture, gint64 oldest, gint64 newest, gint64 n_left)
{
  g_autoptr (LsChangeSet) nothing = ls_change_set_new (NULL, LS_CURSOR_NONE, 0);
  gint64 n_events;

  if (LS_IS_FAKE_STORE (fixture->store))
    {
      ls_fake_store_trim (LS_FAKE_STORE (fixture->store), oldest);
      return;
    }

  ls_store_sqlite_set_limits (LS_STORE_SQLITE (fixture->store), G_MAXINT64, newest - oldest);
  for (guint i = 0; i < MANY_WRITES; i++)
    ls_store_commit_async (fixture->store, nothing, NULL, NULL);
  do
    {
      g_autofree LsStoreStatistics *counts = statistics (fixture);

      n_events = counts->n_events;
    }
  while (n_events != n_left);
}

/* Has the next commit with the row "poison" fail halfway. */
static void
set_poison (Fixture *fixture, gboolean poisonous)
{
  g_autoptr (GDir) dir = NULL;
  g_autofree char *path = NULL;
  sqlite3 *database = NULL;

  if (LS_IS_FAKE_STORE (fixture->store))
    {
      ls_fake_store_fail_writes (LS_FAKE_STORE (fixture->store), poisonous ? 1 : 0);
      return;
    }

  dir = g_dir_open (fixture->dir, 0, NULL);
  path = g_build_filename (fixture->dir, g_dir_read_name (dir), "cache.db", NULL);
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
test_nothing_open (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) commit_error = NULL;
  g_autoptr (GError) read_error = NULL;
  g_autoptr (GError) list_error = NULL;
  g_autoptr (LsListQuery) query = ls_list_query_new (LS_ENTITY_GRADE);
  g_autoptr (LsChangeSet) set = change_set (NULL, 1);

  g_assert_null (ls_call_commit (fixture->store, set, &commit_error));
  g_assert_error (commit_error, LS_ERROR, LS_ERROR_NOT_SIGNED_IN);
  g_assert_null (ls_call_read_events (fixture->store, 0, NULL, 1, 1, &read_error));
  g_assert_error (read_error, LS_ERROR, LS_ERROR_NOT_SIGNED_IN);
  g_assert_null (ls_call_list (fixture->store, query, &list_error));
  g_assert_error (list_error, LS_ERROR, LS_ERROR_NOT_SIGNED_IN);
  g_assert_false (ls_call_forget_baseline (fixture->store, LS_ENTITY_GRADE, NULL));
  g_assert_true (ls_call_close (fixture->store, FALSE, NULL));
  g_assert_true (ls_call_close (fixture->store, TRUE, NULL));
}

static void
test_account (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsAccount) nobody = ls_call_load_account (fixture->store, NULL);
  g_autoptr (LsUser) user = ls_user_new ("u", "Ani", LS_ROLE_STUDENT, LS_EXTRA_ROLE_NONE);
  g_autoptr (LsAccount) somebody = ls_account_new (SERVER, user, TRUE);
  g_autoptr (LsAccount) loaded = NULL;

  g_assert_null (nobody->server);
  g_assert_null (nobody->user);
  g_assert_false (nobody->disconnected);

  g_assert_true (ls_call_save_account (fixture->store, somebody, NULL));
  restart (fixture);
  loaded = ls_call_load_account (fixture->store, NULL);
  g_assert_cmpstr (loaded->server, ==, SERVER);
  g_assert_cmpstr (loaded->user->id, ==, "u");
  g_assert_cmpstr (loaded->user->name, ==, "Ani");
  g_assert_cmpint (loaded->user->role, ==, LS_ROLE_STUDENT);
  g_assert_true (loaded->disconnected);
}

static void
test_new_store_is_empty (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsStoreState) state = open_store (fixture, "u");
  g_autofree LsStoreStatistics *counts = statistics (fixture);

  g_assert_cmpstr (state->id, !=, "");
  g_assert_false (ls_cursor_is_set (state->cursor));
  g_assert_cmpint (state->confirmed_at, ==, 0);
  g_assert_cmpuint (state->first_seq, ==, 0);
  g_assert_cmpuint (state->last_seq, ==, 0);
  for (guint i = 0; i < LS_N_ENTITIES; i++)
    g_assert_false (ls_cursor_is_set (state->baselines[i].cursor));
  g_assert_cmpint (counts->n_events + counts->n_rows + counts->n_tombstones, ==, 0);
  ASSERT_SEQS (fixture, 0, "");
}

static void
test_commit_tells_real_changes (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsRow) live = NULL;
  g_autoptr (LsRow) gone = NULL;
  g_autofree LsStoreStatistics *counts = NULL;

  open_quietly (fixture);
  g_assert_cmpuint (put (fixture, event_new ("grade_created", "g", "{\"a\":1}", 3), 5), ==, 1);
  /* a repetition, and one that is late */
  g_assert_cmpuint (put (fixture, event_new ("grade_created", "g", "{\"a\":1}", 3), 6), ==, 0);
  g_assert_cmpuint (put (fixture, event_new ("grade_updated", "g", "{\"a\":0}", 2), 6), ==, 0);
  live = get (fixture, LS_ENTITY_GRADE, "g");
  g_assert_cmpstr (live->data, ==, "{\"a\":1}");
  g_assert_cmpint (live->version, ==, 3);
  g_assert_cmpint (live->as_of, ==, 1005);
  g_assert_false (live->deleted);

  /* a deletion without a version keeps the row's, as the tombstone */
  g_assert_cmpuint (put (fixture, event_new ("grade_deleted", "g", "{\"id\":\"g\"}", 0), 7), ==, 2);
  g_assert_cmpuint (put (fixture, event_new ("grade_deleted", "g", "{\"id\":\"g\"}", 0), 7), ==, 0);
  gone = get (fixture, LS_ENTITY_GRADE, "g");
  g_assert_true (gone->deleted);
  g_assert_null (gone->data);
  g_assert_cmpint (gone->version, ==, 3);
  g_assert_cmpint (gone->as_of, ==, 1007);
  counts = statistics (fixture);
  g_assert_cmpint (counts->n_events, ==, 2);
  g_assert_cmpint (counts->n_rows, ==, 0);
  g_assert_cmpint (counts->n_tombstones, ==, 1);
  g_assert_cmpint (counts->file_size, >, 0);
}

static void
test_presence_passes_through (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsCommit) done = NULL;

  open_quietly (fixture);
  done = commit (fixture, event_new ("user_online", "u", "{}", 0), 1);
  g_assert_cmpuint (done->events->len, ==, 1);
  g_assert_cmpuint (((LsEvent *)done->events->pdata[0])->seq, ==, 0);
  g_assert_null (get (fixture, LS_ENTITY_PRESENCE, "u"));
  ASSERT_SEQS (fixture, 0, "");
}

static void
test_cursor_goes_with_the_data (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsStoreState) state = NULL;

  open_quietly (fixture);
  put (fixture, event_new ("grade_created", "g", "{}", 1), 5);
  /* events outside the log leave the position alone */
  put (fixture, event_new ("grade_created", "h", "{}", 1), 0);
  restart (fixture);
  state = open_store (fixture, "u");
  g_assert_cmpstr (state->cursor.epoch, ==, "e");
  g_assert_cmpint (state->cursor.offset, ==, 5);
  g_assert_cmpint (state->confirmed_at, ==, 1005);
  g_assert_cmpuint (state->first_seq, ==, 1);
  g_assert_cmpuint (state->last_seq, ==, 2);
  ASSERT_SEQS (fixture, 0, "1 2");
}

static void
test_failed_commit_leaves_nothing (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GPtrArray) events = ls_event_array_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (LsStoreState) state = NULL;
  g_autoptr (LsChangeSet) set = NULL;
  g_autoptr (LsCommit) retried = NULL;

  open_quietly (fixture);
  put (fixture, event_new ("grade_created", "g", "{}", 1), 5);
  g_ptr_array_add (events, event_new ("grade_created", "before", "{}", 1));
  g_ptr_array_add (events, event_new ("grade_created", "poison", "{}", 1));

  set_poison (fixture, TRUE);
  set = ls_change_set_new (events, ls_cursor_new ("e", 7), 1007);
  g_assert_null (ls_call_commit (fixture->store, set, &error));
  g_assert_error (error, LS_ERROR, LS_ERROR_STORAGE);
  set_poison (fixture, FALSE);
  g_assert_null (get (fixture, LS_ENTITY_GRADE, "before"));
  ASSERT_SEQS (fixture, 0, "1");
  restart (fixture);
  state = open_store (fixture, "u");
  g_assert_cmpint (state->cursor.offset, ==, 5);

  retried = ls_call_commit (fixture->store, set, NULL);
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
test_order_of_calls (Fixture *fixture, gconstpointer data)
{
  Order order = { 0 };

  open_quietly (fixture);
  for (gint64 i = 1; i <= 40; i++)
    {
      g_autofree char *id = g_strdup_printf ("g%d", (int)i);
      g_autoptr (LsChangeSet) set = change_set (event_new ("grade_created", id, "{}", 1), i);

      ls_store_commit_async (fixture->store, set, ordered_commit_cb, &order);
      if (i == 20)
        ls_store_read_events_async (fixture->store, 0, NULL, 100, G_MAXSIZE, ordered_read_cb,
                                    &order);
    }
  g_assert_cmpuint (order.n, ==, 0);
  while (order.n < 40)
    g_main_context_iteration (NULL, TRUE);
}

static void
test_events_by_cursor (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsEventPage) page = NULL;
  const LsEvent *event;

  open_quietly (fixture);
  put (fixture, event_new ("grade_created", "g", "{\"a\":1}", 3), 1);
  put (fixture, event_new ("announcement_created", "n", "{}", 1), 2);
  put (fixture, event_new ("grade_updated", "g", "{\"a\":2}", 4), 3);
  ASSERT_SEQS (fixture, 0, "1 2 3");
  ASSERT_SEQS (fixture, 1, "2 3");
  ASSERT_SEQS (fixture, 3, "");
  ASSERT_SEQS (fixture, 4, "expired");

  page = ls_call_read_events (fixture->store, 0, NULL, 1, G_MAXSIZE, NULL);
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
test_events_by_type_and_size (Fixture *fixture, gconstpointer data)
{
  g_autofree gboolean *types = g_new0 (gboolean, ls_event_type_get_count ());
  g_autoptr (LsEventPage) grades = NULL;
  g_autoptr (LsEventPage) one = NULL;
  g_autoptr (LsEventPage) two = NULL;
  gsize size;

  open_quietly (fixture);
  put (fixture, event_new ("grade_created", "g", "{\"a\":1}", 1), 1);
  put (fixture, event_new ("grade_created", "h", "{\"a\":1}", 1), 2);
  put (fixture, event_new ("announcement_created", "n", "{}", 1), 3);
  types[ls_event_type_from_string ("grade_created")] = TRUE;

  grades = ls_call_read_events (fixture->store, 0, types, 100, G_MAXSIZE, NULL);
  g_assert_cmpuint (grades->events->len, ==, 2);
  g_assert_false (grades->more);
  g_assert_cmpuint (grades->last_seq, ==, 3);
  size = ls_event_get_size (grades->events->pdata[0]);

  /* never less than one */
  one = ls_call_read_events (fixture->store, 0, NULL, 100, 1, NULL);
  g_assert_cmpuint (one->events->len, ==, 1);
  g_assert_true (one->more);
  two = ls_call_read_events (fixture->store, 0, NULL, 100, 2 * size, NULL);
  g_assert_cmpuint (two->events->len, ==, 2);
  g_assert_true (two->more);
  g_assert_cmpuint (two->last_seq, ==, 2);
}

static void
test_old_events_expire (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsStoreState) state = NULL;
  g_autoptr (LsRow) row = NULL;

  open_quietly (fixture);
  for (gint64 i = 1; i <= 6; i++)
    {
      g_autofree char *id = g_strdup_printf ("g%d", (int)i);

      put (fixture, event_new ("grade_created", id, "{}", 1), i);
    }
  trim (fixture, 1004, 1006, 3);
  ASSERT_SEQS (fixture, 1, "expired");
  ASSERT_SEQS (fixture, 2, "expired");
  ASSERT_SEQS (fixture, 3, "4 5 6");
  ASSERT_SEQS (fixture, 0, "4 5 6");
  row = get (fixture, LS_ENTITY_GRADE, "g1");
  g_assert_false (row->deleted);

  /* an empty log has not forgotten what it gave out */
  trim (fixture, 1007, 1006, 0);
  ASSERT_SEQS (fixture, 0, "");
  ASSERT_SEQS (fixture, 5, "expired");
  ASSERT_SEQS (fixture, 6, "");
  restart (fixture);
  state = open_store (fixture, "u");
  g_assert_cmpuint (state->first_seq, ==, 0);
  g_assert_cmpuint (state->last_seq, ==, 6);
  g_assert_cmpuint (put (fixture, event_new ("grade_created", "g7", "{}", 1), 7), >, 6);
  ASSERT_SEQS (fixture, 5, "expired");
}

static void
put_grades (Fixture *fixture, const char *const *ids_and_data)
{
  for (guint i = 0; ids_and_data[i] != NULL; i += 2)
    put (fixture, event_new ("grade_created", ids_and_data[i], ids_and_data[i + 1], 1), i + 1);
}

static void
test_list_pages (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsListQuery) query = ls_list_query_new (LS_ENTITY_GRADE);
  g_autoptr (LsRowPage) page = NULL;
  g_autofree char *up = NULL;
  g_autofree char *down = NULL;

  open_quietly (fixture);
  put_grades (fixture, (const char *const[]) { "c", "{}", "a", "{}", "e", "{}", "b", "{}", "d",
                                               "{}", NULL });
  put (fixture, event_new ("grade_deleted", "d", "{\"id\":\"d\"}", 2), 20);
  put (fixture, event_new ("announcement_created", "n", "{}", 1), 21);
  query->limit = 2;
  up = list_ids (fixture, query);
  g_assert_cmpstr (up, ==, "a b|c e");
  query->descending = TRUE;
  query->limit = 3;
  down = list_ids (fixture, query);
  g_assert_cmpstr (down, ==, "e c b|a");

  page = ls_call_list (fixture->store, query, NULL);
  g_assert_cmpuint (page->seq, ==, 7);
  g_assert_cmpstr (((LsRow *)page->rows->pdata[0])->data, ==, "{}");
  g_assert_cmpint (((LsRow *)page->rows->pdata[0])->as_of, ==, 1005);
}

/* What changes between two pages is no reason to leave out or repeat what does not. */
static void
test_list_goes_on_where_it_was (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsListQuery) query = ls_list_query_new (LS_ENTITY_GRADE);
  g_autoptr (LsRowPage) page = NULL;
  g_autofree char *rest = NULL;

  open_quietly (fixture);
  put_grades (fixture,
              (const char *const[]) { "a", "{}", "b\nb", "{}", "b\nbb", "{}", "c", "{}", NULL });
  query->limit = 2;
  page = ls_call_list (fixture->store, query, NULL);
  query->after = g_steal_pointer (&page->next);
  put (fixture, event_new ("grade_deleted", "b\nb", "{}", 2), 20);
  put (fixture, event_new ("grade_created", "aa", "{}", 1), 21);
  put (fixture, event_new ("grade_created", "b\nb\t", "{}", 1), 22);
  put (fixture, event_new ("grade_created", "b\nba", "{}", 1), 23);
  rest = list_ids (fixture, query);
  g_assert_cmpstr (rest, ==, "b\nb\t b\nba|b\nbb c");
}

static void
test_list_order (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsListQuery) query = ls_list_query_new (LS_ENTITY_GRADE);
  g_autofree char *up = NULL;
  g_autofree char *down = NULL;

  open_quietly (fixture);
  /* numbers as such, then texts; what is missing or null is the empty text; the id decides */
  put_grades (fixture,
              (const char *const[]) { "a", "{\"p\":\"x\"}", "b", "{\"p\":10}", "c", "{\"p\":9.5}",
                                      "d", "{}", "e", "{\"p\":null}", "f", "{\"p\":\"X\"}", "g",
                                      "{\"p\":10}", "h", "{\"p\":true}", NULL });
  query->order_by = g_strdup ("p");
  query->limit = 3;
  up = list_ids (fixture, query);
  g_assert_cmpstr (up, ==, "h c b|g d e|f a");
  query->descending = TRUE;
  query->limit = 1;
  down = list_ids (fixture, query);
  g_assert_cmpstr (down, ==, "a|f|e|d|g|b|c|h");
}

static void
test_list_filter (Fixture *fixture, gconstpointer data)
{
  static const char *const cases[][3] = {
    { "p", "x", "a" },    { "p", "1", "b c" },         { "p", "true", "d e" },
    { "p", "null", "f" }, { "p", "q\"\xc3\xa4", "g" }, { "missing", "1", "" },
    { "p", "\"x\"", "" }, { "p", "1.0", "h" },         { "p", "X", "" },
  };

  open_quietly (fixture);
  put_grades (fixture, (const char *const[]) {
                           "a", "{\"p\":\"x\"}", "b", "{\"p\":1}", "c", "{\"p\":\"1\"}", "d",
                           "{\"p\":true}", "e", "{\"p\":\"true\"}", "f", "{\"p\":null}", "g",
                           "{\"p\":\"q\\\"\\u00e4\"}", "h", "{\"p\":1.0}", NULL });
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (LsListQuery) query = ls_list_query_new (LS_ENTITY_GRADE);
      g_autofree char *ids = NULL;

      query->filter = g_hash_table_new (g_str_hash, g_str_equal);
      g_hash_table_insert (query->filter, (gpointer)cases[i][0], (gpointer)cases[i][1]);
      ids = list_ids (fixture, query);
      g_assert_cmpstr (ids, ==, cases[i][2]);
    }
}

static void
test_list_refuses (Fixture *fixture, gconstpointer data)
{
  static const char *const bad_names[] = { "", "a b", "a\"b", "1a", "a.b", "$" };
  g_autoptr (LsListQuery) damaged = ls_list_query_new (LS_ENTITY_GRADE);
  g_autoptr (GError) damaged_error = NULL;

  open_quietly (fixture);
  for (guint i = 0; i < G_N_ELEMENTS (bad_names); i++)
    {
      g_autoptr (LsListQuery) order = ls_list_query_new (LS_ENTITY_GRADE);
      g_autoptr (LsListQuery) filter = ls_list_query_new (LS_ENTITY_GRADE);
      g_autoptr (GError) order_error = NULL;
      g_autoptr (GError) filter_error = NULL;

      order->order_by = g_strdup (bad_names[i]);
      g_assert_null (ls_call_list (fixture->store, order, &order_error));
      g_assert_error (order_error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT);
      filter->filter = g_hash_table_new (g_str_hash, g_str_equal);
      g_hash_table_insert (filter->filter, (gpointer)bad_names[i], (gpointer) "1");
      g_assert_null (ls_call_list (fixture->store, filter, &filter_error));
      g_assert_error (filter_error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT);
    }
  damaged->after = g_strdup ("nonsense");
  g_assert_null (ls_call_list (fixture->store, damaged, &damaged_error));
  g_assert_error (damaged_error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT);
}

/* @ids_and_data: of a page of grades */
static void
stage (Fixture *fixture, const char *const *ids_and_data, gint64 version, gboolean first)
{
  g_autoptr (GPtrArray) rows = ls_row_array_new ();

  for (guint i = 0; ids_and_data[i] != NULL; i += 2)
    g_ptr_array_add (rows,
                     ls_row_new (LS_ENTITY_GRADE, ids_and_data[i], ids_and_data[i + 1], version));
  g_assert_true (ls_call_stage (fixture->store, LS_ENTITY_GRADE, rows, first, NULL));
}

/* The time is 2000 + @offset. Tells the events: "created a 1, deleted b 1", each with its version. */
static char *
finish (Fixture *fixture, gint64 offset, LsAbsence absence, LsCommit **commit)
{
  static const char *const changes[] = { "created", "updated", "deleted" };
  LsCommit *done = ls_call_finish_snapshot (
      fixture->store, LS_ENTITY_GRADE, ls_cursor_new ("e", offset), 2000 + offset, absence, NULL);
  GString *text = g_string_new (NULL);

  g_assert_nonnull (done);
  g_assert_cmpint (done->entity, ==, LS_ENTITY_GRADE);
  for (guint i = 0; i < done->events->len; i++)
    {
      const LsEvent *event = done->events->pdata[i];

      g_assert_cmpint (event->timestamp, ==, 2000 + offset);
      g_assert_cmpuint (event->seq, !=, 0);
      g_string_append_printf (text, "%s%s %s %d", i > 0 ? ", " : "",
                              changes[ls_event_type_get_change (event->type)], event->entity_id,
                              (int)event->version);
    }
  if (commit != NULL)
    *commit = done;
  else
    ls_commit_free (done);
  return g_string_free (text, FALSE);
}

static void
test_first_snapshot_is_quiet (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsCommit) done = NULL;
  g_autofree char *told = NULL;
  g_autofree char *ids = NULL;
  g_autoptr (LsRow) row = NULL;
  g_autoptr (LsStoreState) state = NULL;

  open_quietly (fixture);
  put (fixture, event_new ("announcement_created", "n", "{}", 1), 4);
  stage (fixture, (const char *const[]) { "b", "{\"a\":1}", NULL }, 3, TRUE);
  stage (fixture, (const char *const[]) { "a", "{\"a\":2}", NULL }, 3, FALSE);
  g_assert_null (get (fixture, LS_ENTITY_GRADE, "a"));
  told = finish (fixture, 9, LS_ABSENCE_IS_DOUBTED, &done);
  g_assert_cmpstr (told, ==, "");
  ids = g_strjoinv (" ", done->ids);
  g_assert_cmpstr (ids, ==, "a b");
  row = get (fixture, LS_ENTITY_GRADE, "a");
  g_assert_cmpstr (row->data, ==, "{\"a\":2}");
  g_assert_cmpint (row->version, ==, 3);
  g_assert_cmpint (row->as_of, ==, 2009);
  ASSERT_SEQS (fixture, 0, "1");

  restart (fixture);
  state = open_store (fixture, "u");
  g_assert_cmpint (state->baselines[LS_ENTITY_GRADE].cursor.offset, ==, 9);
  g_assert_cmpint (state->baselines[LS_ENTITY_GRADE].as_of, ==, 2009);
  g_assert_false (ls_cursor_is_set (state->baselines[LS_ENTITY_USER].cursor));
  /* the stream is where it was */
  g_assert_cmpint (state->cursor.offset, ==, 4);
}

static void
test_later_snapshots_tell (Fixture *fixture, gconstpointer data)
{
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;
  g_autofree char *incomplete = NULL;
  g_autofree char *third = NULL;
  g_autoptr (LsRow) gone = NULL;
  g_autoptr (LsRow) kept = NULL;

  open_quietly (fixture);
  stage (fixture,
         (const char *const[]) { "a", "{}", "b", "{\"b\":1}", "c", "{}", "q\"\\\n", "{}", NULL }, 1,
         TRUE);
  first = finish (fixture, 1, LS_ABSENCE_IS_DOUBTED, NULL);
  g_assert_cmpstr (first, ==, "");

  stage (fixture, (const char *const[]) { "left", "{}", "over", "{}", NULL }, 2, TRUE);
  stage (fixture, (const char *const[]) { "b", "{\"b\":2}", "a", "{}", "d", "{}", NULL }, 2, TRUE);
  second = finish (fixture, 2, LS_ABSENCE_IS_DOUBTED, NULL);
  g_assert_cmpstr (second, ==, "updated b 2, created d 2, deleted c 1, deleted q\"\\\n 1");
  gone = get (fixture, LS_ENTITY_GRADE, "c");
  g_assert_true (gone->deleted);
  ASSERT_SEQS (fixture, 0, "1 2 3 4");

  /* not every row came: who is absent may still be there; and no baseline is not the first one */
  g_assert_true (ls_call_forget_baseline (fixture->store, LS_ENTITY_GRADE, NULL));
  stage (fixture, (const char *const[]) { "a", "{\"a\":3}", NULL }, 3, TRUE);
  incomplete = finish (fixture, 3, LS_ABSENCE_IS_NOTHING, NULL);
  g_assert_cmpstr (incomplete, ==, "updated a 3");
  kept = get (fixture, LS_ENTITY_GRADE, "b");
  g_assert_false (kept->deleted);

  /* what is gone comes back as new */
  stage (fixture, (const char *const[]) { "c", "{}", NULL }, 4, TRUE);
  third = finish (fixture, 4, LS_ABSENCE_IS_NOTHING, NULL);
  g_assert_cmpstr (third, ==, "created c 4");
}

/* After a restore from a backup a row can come back with a version lower than it once had. */
static void
test_snapshot_ends_versions (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsRow) gone = NULL;
  g_autoptr (LsRow) gone_before = NULL;
  g_autoptr (LsRow) back = NULL;
  g_autofree char *told = NULL;

  open_quietly (fixture);
  put (fixture, event_new ("grade_created", "a", "{}", 7), 1);
  put (fixture, event_new ("grade_created", "b", "{}", 7), 2);
  put (fixture, event_new ("grade_deleted", "b", "{}", 8), 3);
  stage (fixture, (const char *const[]) { NULL }, 1, TRUE);
  told = finish (fixture, 1, LS_ABSENCE_IS_DOUBTED, NULL);
  gone = get (fixture, LS_ENTITY_GRADE, "a");
  g_assert_true (gone->deleted);
  g_assert_cmpint (gone->version, ==, 0);
  gone_before = get (fixture, LS_ENTITY_GRADE, "b");
  g_assert_cmpint (gone_before->version, ==, 0);

  put (fixture, event_new ("grade_created", "a", "{}", 1), 4);
  back = get (fixture, LS_ENTITY_GRADE, "a");
  g_assert_false (back->deleted);
}

static void
test_deletion_names_the_row (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsCommit) done = NULL;
  g_autofree char *quiet = NULL;
  g_autofree char *told = NULL;

  open_quietly (fixture);
  stage (fixture, (const char *const[]) { "q\"\\\n\xc3\xa4", "{}", NULL }, 1, TRUE);
  quiet = finish (fixture, 1, LS_ABSENCE_IS_DOUBTED, NULL);
  stage (fixture, (const char *const[]) { NULL }, 1, TRUE);
  told = finish (fixture, 2, LS_ABSENCE_IS_DOUBTED, &done);
  g_assert_cmpuint (done->events->len, ==, 1);
  g_assert_cmpstr (((LsEvent *)done->events->pdata[0])->data, ==,
                   "{\"id\":\"q\\\"\\\\\\u000a\xc3\xa4\"}");
}

static void
test_forgotten_baseline (Fixture *fixture, gconstpointer data)
{
  g_autofree char *told = NULL;
  g_autoptr (LsStoreState) state = NULL;
  g_autoptr (LsRow) row = NULL;

  open_quietly (fixture);
  stage (fixture, (const char *const[]) { "a", "{}", NULL }, 1, TRUE);
  told = finish (fixture, 1, LS_ABSENCE_IS_DOUBTED, NULL);
  g_assert_true (ls_call_forget_baseline (fixture->store, LS_ENTITY_GRADE, NULL));
  restart (fixture);
  state = open_store (fixture, "u");
  g_assert_false (ls_cursor_is_set (state->baselines[LS_ENTITY_GRADE].cursor));
  row = get (fixture, LS_ENTITY_GRADE, "a");
  g_assert_false (row->deleted);
}

/* Whose rows the user may see is kept until something else is known, and is nobody else's. */
static void
test_sight (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsChangeSet) set = change_set (NULL, 0);
  g_autoptr (LsCommit) done = NULL;
  g_autoptr (LsCommit) other = NULL;
  g_autoptr (LsStoreState) kept = NULL;
  g_autoptr (LsStoreState) of_another = NULL;

  open_quietly (fixture);
  set->sight = g_strdup ("('student', ['s\'1'])");
  done = ls_call_commit (fixture->store, set, NULL);
  g_assert_nonnull (done);
  other = commit (fixture, NULL, 5);
  restart (fixture);
  kept = open_store (fixture, "u");
  g_assert_cmpstr (kept->sight, ==, set->sight);
  g_assert_cmpint (kept->cursor.offset, ==, 5);
  of_another = open_store (fixture, "v");
  g_assert_true (of_another->sight == NULL || *of_another->sight == '\0');
}

static void
test_users_are_apart (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsStoreState) first = open_store (fixture, "one");
  g_autoptr (LsStoreState) second = NULL;
  g_autoptr (LsStoreState) again = NULL;

  put (fixture, event_new ("grade_created", "g", "{}", 1), 1);
  second = open_store (fixture, "two");
  g_assert_cmpstr (first->id, !=, second->id);
  g_assert_null (get (fixture, LS_ENTITY_GRADE, "g"));
  again = open_store (fixture, "one");
  g_assert_cmpstr (first->id, ==, again->id);
  g_assert_cmpint (again->cursor.offset, ==, 1);
}

static void
test_close_and_wipe (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsStoreState) first = open_store (fixture, "u");
  g_autoptr (LsStoreState) closed = NULL;
  g_autoptr (LsStoreState) wiped = NULL;
  g_autoptr (GError) error = NULL;

  put (fixture, event_new ("grade_created", "g", "{}", 1), 1);
  g_assert_true (ls_call_close (fixture->store, FALSE, NULL));
  g_assert_null (ls_call_read_events (fixture->store, 0, NULL, 1, 1, &error));
  g_assert_error (error, LS_ERROR, LS_ERROR_NOT_SIGNED_IN);
  closed = open_store (fixture, "u");
  g_assert_cmpstr (first->id, ==, closed->id);
  g_assert_cmpuint (closed->last_seq, ==, 1);

  g_assert_true (ls_call_close (fixture->store, TRUE, NULL));
  wiped = open_store (fixture, "u");
  g_assert_cmpstr (first->id, !=, wiped->id);
  g_assert_cmpuint (wiped->last_seq, ==, 0);
  g_assert_null (get (fixture, LS_ENTITY_GRADE, "g"));
}

/* Stages the rows r0 … r(n - 1). */
static void
stage_many (Fixture *fixture, guint n)
{
  g_autoptr (GPtrArray) rows = ls_row_array_new ();

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *id = g_strdup_printf ("r%u", i);

      g_ptr_array_add (rows, ls_row_new (LS_ENTITY_GRADE, id, "{}", 1));
    }
  g_assert_true (ls_call_stage (fixture->store, LS_ENTITY_GRADE, rows, TRUE, NULL));
}

static void
assert_lacks (Fixture *fixture, guint n, LsAbsence absence, guint n_kept, guint n_left)
{
  g_autoptr (LsChecksum) left = NULL;
  g_autoptr (LsCommit) done = NULL;

  stage_many (fixture, n);
  done = ls_call_finish_snapshot (fixture->store, LS_ENTITY_GRADE, ls_cursor_new ("e", 1), 2000,
                                  absence, NULL);
  g_assert_cmpuint (done->n_kept, ==, n_kept);
  left = ls_call_checksum (fixture->store, LS_ENTITY_GRADE, NULL);
  g_assert_cmpint (left->count, ==, n_left);
}

/* A snapshot that says that very much is gone is not believed at once, and costs nothing. */
static void
test_mass_deletion (Fixture *fixture, gconstpointer data)
{
  open_quietly (fixture);
  assert_lacks (fixture, 40, LS_ABSENCE_IS_DOUBTED, 0, 40);
  assert_lacks (fixture, 0, LS_ABSENCE_IS_NOTHING, 0, 40);
  assert_lacks (fixture, 0, LS_ABSENCE_IS_DOUBTED, 40, 40);
  assert_lacks (fixture, 19, LS_ABSENCE_IS_DOUBTED, 21, 40);
  /* half of it is */
  assert_lacks (fixture, 20, LS_ABSENCE_IS_DOUBTED, 0, 20);
  assert_lacks (fixture, 0, LS_ABSENCE_IS_DOUBTED, 20, 20);
  assert_lacks (fixture, 0, LS_ABSENCE_IS_DELETION, 0, 0);
  /* ... and so are few rows. */
  assert_lacks (fixture, 19, LS_ABSENCE_IS_DOUBTED, 0, 19);
  assert_lacks (fixture, 0, LS_ABSENCE_IS_DOUBTED, 0, 0);
}

int
main (int argc, char *argv[])
{
  static const struct
  {
    const char *path;
    void (*func) (Fixture *, gconstpointer);
  } tests[] = {
    { "/contract/store/nothing-open", test_nothing_open },
    { "/contract/store/account", test_account },
    { "/contract/store/new-store-is-empty", test_new_store_is_empty },
    { "/contract/store/commit-tells-real-changes", test_commit_tells_real_changes },
    { "/contract/store/presence-passes-through", test_presence_passes_through },
    { "/contract/store/cursor-goes-with-the-data", test_cursor_goes_with_the_data },
    { "/contract/store/failed-commit-leaves-nothing", test_failed_commit_leaves_nothing },
    { "/contract/store/order-of-calls", test_order_of_calls },
    { "/contract/store/events-by-cursor", test_events_by_cursor },
    { "/contract/store/events-by-type-and-size", test_events_by_type_and_size },
    { "/contract/store/old-events-expire", test_old_events_expire },
    { "/contract/store/list-pages", test_list_pages },
    { "/contract/store/list-goes-on-where-it-was", test_list_goes_on_where_it_was },
    { "/contract/store/list-order", test_list_order },
    { "/contract/store/list-filter", test_list_filter },
    { "/contract/store/list-refuses", test_list_refuses },
    { "/contract/store/first-snapshot-is-quiet", test_first_snapshot_is_quiet },
    { "/contract/store/later-snapshots-tell", test_later_snapshots_tell },
    { "/contract/store/snapshot-ends-versions", test_snapshot_ends_versions },
    { "/contract/store/deletion-names-the-row", test_deletion_names_the_row },
    { "/contract/store/mass-deletion-is-doubted", test_mass_deletion },
    { "/contract/store/forgotten-baseline", test_forgotten_baseline },
    { "/contract/store/sight", test_sight },
    { "/contract/store/users-are-apart", test_users_are_apart },
    { "/contract/store/close-and-wipe", test_close_and_wipe },
  };

  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (argc, ==, 2);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, Fixture, argv[1], set_up, tests[i].func, tear_down);
  return g_test_run ();
}
