/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists of rows: pages, order, filters. */
#include "ls-error.h"
#include "ls-store-fixture.h"

static void
put_grades (LsStoreFixture *f, const char *const *ids_and_data)
{
  for (guint i = 0; ids_and_data[i] != NULL; i += 2)
    ls_store_fixture_put (f, "grade_created", ids_and_data[i], ids_and_data[i + 1], 1, i + 1);
}

static void
test_list_pages (LsStoreFixture *f, gconstpointer data)
{
  g_autoptr (LsListQuery) query = ls_list_query_new (LS_ENTITY_GRADE);
  g_autoptr (LsRowPage) page = NULL;
  g_autofree char *up = NULL;
  g_autofree char *down = NULL;

  ls_store_fixture_open_quietly (f);
  put_grades (
      f, (const char *const[]) { "c", "{}", "a", "{}", "e", "{}", "b", "{}", "d", "{}", NULL });
  ls_store_fixture_put (f, "grade_deleted", "d", "{\"id\":\"d\"}", 2, 20);
  ls_store_fixture_put (f, "announcement_created", "n", "{}", 1, 21);
  query->limit = 2;
  up = ls_store_fixture_list_ids (f, query);
  g_assert_cmpstr (up, ==, "a b|c e");
  query->descending = TRUE;
  query->limit = 3;
  down = ls_store_fixture_list_ids (f, query);
  g_assert_cmpstr (down, ==, "e c b|a");

  page = ls_call_list (f->store, query, NULL);
  g_assert_cmpuint (page->seq, ==, 7);
  g_assert_cmpstr (((LsRow *)page->rows->pdata[0])->data, ==, "{}");
  g_assert_cmpint (((LsRow *)page->rows->pdata[0])->as_of, ==, 1005);
}

/* What changes between two pages is no reason to leave out or repeat what does not. */
static void
test_list_goes_on_where_it_was (LsStoreFixture *f, gconstpointer data)
{
  g_autoptr (LsListQuery) query = ls_list_query_new (LS_ENTITY_GRADE);
  g_autoptr (LsRowPage) page = NULL;
  g_autofree char *rest = NULL;

  ls_store_fixture_open_quietly (f);
  put_grades (f, (const char *const[]) { "a", "{}", "b\nb", "{}", "b\nbb", "{}", "c", "{}", NULL });
  query->limit = 2;
  page = ls_call_list (f->store, query, NULL);
  query->after = g_steal_pointer (&page->next);
  ls_store_fixture_put (f, "grade_deleted", "b\nb", "{}", 2, 20);
  ls_store_fixture_put (f, "grade_created", "aa", "{}", 1, 21);
  ls_store_fixture_put (f, "grade_created", "b\nb\t", "{}", 1, 22);
  ls_store_fixture_put (f, "grade_created", "b\nba", "{}", 1, 23);
  rest = ls_store_fixture_list_ids (f, query);
  g_assert_cmpstr (rest, ==, "b\nb\t b\nba|b\nbb c");
}

static void
test_list_order (LsStoreFixture *f, gconstpointer data)
{
  g_autoptr (LsListQuery) query = ls_list_query_new (LS_ENTITY_GRADE);
  g_autofree char *up = NULL;
  g_autofree char *down = NULL;

  ls_store_fixture_open_quietly (f);
  /* numbers as such, then texts; what is missing or null is the empty text; the id decides */
  put_grades (f,
              (const char *const[]) { "a", "{\"p\":\"x\"}", "b", "{\"p\":10}", "c", "{\"p\":9.5}",
                                      "d", "{}", "e", "{\"p\":null}", "f", "{\"p\":\"X\"}", "g",
                                      "{\"p\":10}", "h", "{\"p\":true}", NULL });
  query->order_by = g_strdup ("p");
  query->limit = 3;
  up = ls_store_fixture_list_ids (f, query);
  g_assert_cmpstr (up, ==, "h c b|g d e|f a");
  query->descending = TRUE;
  query->limit = 1;
  down = ls_store_fixture_list_ids (f, query);
  g_assert_cmpstr (down, ==, "a|f|e|d|g|b|c|h");
}

static void
test_list_filter (LsStoreFixture *f, gconstpointer data)
{
  static const char *const cases[][3] = {
    { "p", "x", "a" },    { "p", "1", "b c" },         { "p", "true", "d e" },
    { "p", "null", "f" }, { "p", "q\"\xc3\xa4", "g" }, { "missing", "1", "" },
    { "p", "\"x\"", "" }, { "p", "1.0", "h" },         { "p", "X", "" },
  };

  ls_store_fixture_open_quietly (f);
  put_grades (f, (const char *const[]) { "a", "{\"p\":\"x\"}", "b", "{\"p\":1}", "c",
                                         "{\"p\":\"1\"}", "d", "{\"p\":true}", "e",
                                         "{\"p\":\"true\"}", "f", "{\"p\":null}", "g",
                                         "{\"p\":\"q\\\"\\u00e4\"}", "h", "{\"p\":1.0}", NULL });
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (LsListQuery) query = ls_list_query_new (LS_ENTITY_GRADE);
      g_autofree char *ids = NULL;

      query->filter = g_hash_table_new (g_str_hash, g_str_equal);
      g_hash_table_insert (query->filter, (gpointer)cases[i][0], (gpointer)cases[i][1]);
      ids = ls_store_fixture_list_ids (f, query);
      g_assert_cmpstr (ids, ==, cases[i][2]);
    }
}

static void
test_list_refuses (LsStoreFixture *f, gconstpointer data)
{
  static const char *const bad_names[] = { "", "a b", "a\"b", "1a", "a.b", "$" };
  g_autoptr (LsListQuery) damaged = ls_list_query_new (LS_ENTITY_GRADE);
  g_autoptr (GError) damaged_error = NULL;

  ls_store_fixture_open_quietly (f);
  for (guint i = 0; i < G_N_ELEMENTS (bad_names); i++)
    {
      g_autoptr (LsListQuery) order = ls_list_query_new (LS_ENTITY_GRADE);
      g_autoptr (LsListQuery) filter = ls_list_query_new (LS_ENTITY_GRADE);
      g_autoptr (GError) order_error = NULL;
      g_autoptr (GError) filter_error = NULL;

      order->order_by = g_strdup (bad_names[i]);
      g_assert_null (ls_call_list (f->store, order, &order_error));
      g_assert_error (order_error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT);
      filter->filter = g_hash_table_new (g_str_hash, g_str_equal);
      g_hash_table_insert (filter->filter, (gpointer)bad_names[i], (gpointer) "1");
      g_assert_null (ls_call_list (f->store, filter, &filter_error));
      g_assert_error (filter_error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT);
    }
  damaged->after = g_strdup ("nonsense");
  g_assert_null (ls_call_list (f->store, damaged, &damaged_error));
  g_assert_error (damaged_error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (argc, ==, 2);
  LS_STORE_ADD (argv[1], "list-pages", test_list_pages);
  LS_STORE_ADD (argv[1], "list-goes-on-where-it-was", test_list_goes_on_where_it_was);
  LS_STORE_ADD (argv[1], "list-order", test_list_order);
  LS_STORE_ADD (argv[1], "list-filter", test_list_filter);
  LS_STORE_ADD (argv[1], "list-refuses", test_list_refuses);
  return g_test_run ();
}
