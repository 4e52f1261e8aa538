/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists of what rows will be: others stand in for those of the cache. */
#include "ls-fake-store-keys.h"
#include "ls-fake-store.h"
#include "ls-remove-tree.h"
#include "ls-store-calls.h"
#include "ls-store-sqlite.h"

typedef struct
{
  char *dir; /* NULL: of the fake */
  LsStore *store;
} Fixture;

static void
put (LsStore *store, const char *id, const char *json)
{
  g_autoptr (GPtrArray) events = ls_event_array_new ();
  g_autoptr (LsChangeSet) set = NULL;
  g_autoptr (LsCommit) done = NULL;
  LsEvent *event = ls_event_new (ls_event_type_from_string ("grade_created"), id, json);

  event->version = 3;
  g_ptr_array_add (events, event);
  set = ls_change_set_new (events, LS_CURSOR_NONE, 1000);
  done = ls_call_commit (store, set, NULL);
  g_assert_cmpuint (done->events->len, ==, 1);
}

static void
set_up (Fixture *fixture, gconstpointer kind)
{
  g_autoptr (LsStoreState) state = NULL;

  fixture->dir = g_str_equal (kind, "fake") ? NULL : g_dir_make_tmp ("labsync-XXXXXX", NULL);
  fixture->store = fixture->dir == NULL ? LS_STORE (ls_fake_store_new ())
                                        : LS_STORE (ls_store_sqlite_new (fixture->dir));
  if (g_str_equal (kind, "encrypted"))
    {
      g_autoptr (LsFakeStoreKeys) keys = ls_fake_store_keys_new ();

      ls_store_sqlite_set_encryption (LS_STORE_SQLITE (fixture->store), LS_STORE_KEYS (keys), TRUE);
    }
  state = ls_call_open (fixture->store, "https://school.test", "u", NULL);
  put (fixture->store, "a", "{\"p\":1}");
  put (fixture->store, "b", "{\"p\":2}");
  put (fixture->store, "c", "{\"p\":3}");
  put (fixture->store, "d", "{\"p\":4}");
}

static void
tear_down (Fixture *fixture, gconstpointer kind)
{
  g_assert_finalize_object (fixture->store);
  if (fixture->dir != NULL)
    ls_remove_tree (fixture->dir);
  g_free (fixture->dir);
}

static void
add (LsListQuery *query, const char *id, const char *data)
{
  LsRow *row = ls_row_new (LS_ENTITY_GRADE, id, data, 7);

  row->as_of = 2000;
  g_ptr_array_add (query->overlay, row);
}

/* "b" is hidden, "c" is another, "aa" is new. */
static LsListQuery *
make_query (void)
{
  LsListQuery *query = ls_list_query_new (LS_ENTITY_GRADE);

  query->overlay = ls_row_array_new ();
  add (query, "b", NULL);
  add (query, "c", "{ \"p\":0,\"t\":\"\xc3\xa4\\u0000\\\"\\n\" }");
  add (query, "aa", "{\"p\":4}");
  return query;
}

/* The rows' ids, page by page: "a b|c d". */
static void
assert_ids (Fixture *fixture, LsListQuery *query, const char *expected)
{
  g_autoptr (GString) text = g_string_new (NULL);

  do
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (LsRowPage) page = ls_call_list (fixture->store, query, &error);

      g_assert_no_error (error);
      for (guint i = 0; i < page->rows->len; i++)
        g_string_append_printf (text, "%s%s", i > 0 ? " " : "",
                                ((LsRow *)page->rows->pdata[i])->id);
      g_free (query->after);
      query->after = g_steal_pointer (&page->next);
      if (query->after != NULL)
        g_string_append_c (text, '|');
    }
  while (query->after != NULL);
  g_assert_cmpstr (text->str, ==, expected);
}

static void
test_rows (Fixture *fixture, gconstpointer kind)
{
  g_autoptr (LsListQuery) query = make_query ();
  g_autoptr (LsRowPage) page = ls_call_list (fixture->store, query, NULL);
  const LsRow *theirs = page->rows->pdata[0];
  const LsRow *ours = page->rows->pdata[2];

  g_assert_cmpuint (page->rows->len, ==, 4);
  g_assert_cmpuint (page->seq, ==, 4);
  g_assert_cmpstr (theirs->data, ==, "{\"p\":1}");
  g_assert_cmpint (theirs->version, ==, 3);
  g_assert_cmpint (theirs->as_of, ==, 1000);
  g_assert_cmpstr (ours->id, ==, "c");
  g_assert_cmpstr (ours->data, ==, "{ \"p\":0,\"t\":\"\xc3\xa4\\u0000\\\"\\n\" }");
  g_assert_cmpint (ours->version, ==, 7);
  g_assert_cmpint (ours->as_of, ==, 2000);
}

static void
test_order_and_pages (Fixture *fixture, gconstpointer kind)
{
  g_autoptr (LsListQuery) query = make_query ();

  query->limit = 2;
  assert_ids (fixture, query, "a aa|c d");
  query->descending = TRUE;
  query->limit = 3;
  assert_ids (fixture, query, "d c aa|a");
  query->order_by = g_strdup ("p");
  query->descending = FALSE;
  query->limit = 1;
  assert_ids (fixture, query, "c|a|aa|d");
}

static void
test_filter (Fixture *fixture, gconstpointer kind)
{
  const char *const cases[][2] = { { "4", "aa d" }, { "3", "" }, { "2", "" }, { "0", "c" } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (LsListQuery) query = make_query ();

      query->filter = g_hash_table_new (g_str_hash, g_str_equal);
      g_hash_table_insert (query->filter, (gpointer) "p", (gpointer)cases[i][0]);
      assert_ids (fixture, query, cases[i][1]);
    }
}

static void
test_only (Fixture *fixture, gconstpointer kind)
{
  g_autoptr (LsListQuery) query = make_query ();

  query->only_overlay = TRUE;
  query->limit = 1;
  assert_ids (fixture, query, "aa|c");
  g_ptr_array_set_size (query->overlay, 0);
  assert_ids (fixture, query, "");
  query->only_overlay = FALSE;
  assert_ids (fixture, query, "a|b|c|d");
}

#define ADD(name, function)                                                                        \
  g_test_add ("/contract/store/overlay/" name, Fixture, argv[1], set_up, function, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (argc, ==, 2);
  ADD ("rows", test_rows);
  ADD ("order-and-pages", test_order_and_pages);
  ADD ("filter", test_filter);
  ADD ("only", test_only);
  return g_test_run ();
}
