/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists of what rows will be: others stand in for those of the cache. */
#include "ls-store-fixture.h"

static void
put (LsStoreFixture *f, const char *id, const char *json)
{
  g_assert_cmpuint (ls_store_fixture_put (f, "grade_created", id, json, 3, 0), !=, 0);
}

static void
set_up (LsStoreFixture *f, gconstpointer kind)
{
  ls_store_fixture_set_up (f, kind);
  ls_store_fixture_open_quietly (f);
  put (f, "a", "{\"p\":1}");
  put (f, "b", "{\"p\":2}");
  put (f, "c", "{\"p\":3}");
  put (f, "d", "{\"p\":4}");
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

/* See ls_store_fixture_list_ids(). */
static void
assert_ids (LsStoreFixture *f, LsListQuery *query, const char *expected)
{
  g_autofree char *ids = ls_store_fixture_list_ids (f, query);

  g_assert_cmpstr (ids, ==, expected);
}

static void
test_rows (LsStoreFixture *f, gconstpointer kind)
{
  g_autoptr (LsListQuery) query = make_query ();
  g_autoptr (LsRowPage) page = ls_call_list (f->store, query, NULL);
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
test_order_and_pages (LsStoreFixture *f, gconstpointer kind)
{
  g_autoptr (LsListQuery) query = make_query ();

  query->limit = 2;
  assert_ids (f, query, "a aa|c d");
  query->descending = TRUE;
  query->limit = 3;
  assert_ids (f, query, "d c aa|a");
  query->order_by = g_strdup ("p");
  query->descending = FALSE;
  query->limit = 1;
  assert_ids (f, query, "c|a|aa|d");
}

static void
test_filter (LsStoreFixture *f, gconstpointer kind)
{
  const char *const cases[][2] = { { "4", "aa d" }, { "3", "" }, { "2", "" }, { "0", "c" } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (LsListQuery) query = make_query ();

      query->filter = g_hash_table_new (g_str_hash, g_str_equal);
      g_hash_table_insert (query->filter, (gpointer) "p", (gpointer)cases[i][0]);
      assert_ids (f, query, cases[i][1]);
    }
}

static void
test_only (LsStoreFixture *f, gconstpointer kind)
{
  g_autoptr (LsListQuery) query = make_query ();

  query->only_overlay = TRUE;
  query->limit = 1;
  assert_ids (f, query, "aa|c");
  g_ptr_array_set_size (query->overlay, 0);
  assert_ids (f, query, "");
  query->only_overlay = FALSE;
  assert_ids (f, query, "a|b|c|d");
}

#define ADD(name, function)                                                                        \
  g_test_add ("/contract/store/overlay/" name, LsStoreFixture, argv[1], set_up, function,          \
              ls_store_fixture_tear_down)

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
