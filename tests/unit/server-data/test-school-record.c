/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "ls-record.h"
#include "ls-school-error.h"

static gboolean
set (LsRecord *record, const char *column, const char *json, GError **error)
{
  g_autoptr (JsonNode) node = json_from_string (json, NULL);
  int index = ls_table_find_column (record->table, column);

  g_assert_nonnull (node);
  g_assert_cmpint (index, >=, 0);
  return ls_record_set_json (record, (guint)index, node, error);
}

static void
test_real (void)
{
  static const char *const same[] = { "0",     "80",  "92.5",  "0.1",
                                      "1e-07", "100", "-3.25", "33.333333333333336" };

  for (guint i = 0; i < G_N_ELEMENTS (same); i++)
    {
      g_autoptr (LsRecord) record = ls_record_new (ls_schema_find_table ("grades"));
      g_autofree char *expected = g_strdup_printf ("\"score\":%s,", same[i]);
      g_autofree char *json = NULL;
      g_autoptr (GError) error = NULL;

      g_assert_true (set (record, "score", same[i], &error));
      g_assert_no_error (error);
      json = ls_record_to_json (record, LS_SIGHT_FULL);
      g_assert_nonnull (strstr (json, expected));
    }
}

static void
test_types (void)
{
  static const struct
  {
    const char *table;
    const char *column;
    const char *json;
    gint64 integer; /* -1: refused */
  } cases[] = {
    { "announcements", "is_active", "true", 1 },
    { "announcements", "is_active", "0", 0 },
    { "announcements", "is_active", "2", -1 },
    { "announcements", "is_active", "\"true\"", -1 },
    { "announcements", "expires_at", "1700000000000", 1700000000000 },
    { "announcements", "expires_at", "\"2023-11-14T22:13:20.250Z\"", 1700000000250 },
    { "announcements", "expires_at", "\"2023-11-14 22:13:20\"", 1700000000000 },
    { "announcements", "expires_at", "\"2023-11-15T05:13:20+07:00\"", 1700000000000 },
    { "announcements", "expires_at", "\"tomorrow\"", -1 },
    { "announcements", "expires_at", "-1", -1 },
    { "announcements", "expires_at", "1.5", -1 },
    { "e_library", "file_size", "9007199254740992", 9007199254740992 },
    { "e_library", "file_size", "9007199254740993", -1 },
    { "e_library", "file_size", "1.0", -1 },
    { "e_library", "file_size", "\"1\"", -1 },
    { "grades", "score", "\"80\"", -1 },
    { "grades", "score", "true", -1 },
    { "grades", "score", "[1]", -1 },
    { "grades", "semester", "1", -1 },
    { "grades", "semester", "{}", -1 },
    { "announcements", "target_audience", "[\"pupil\"]", -1 },
    { "announcements", "target_audience", "[1]", -1 },
    { "announcements", "target_audience", "\"student\"", -1 },
    { "announcements", "target_audience", "{}", -1 },
    { "conversations", "members", "\"t1\"", -1 },
    { "conversations", "members", "[null]", -1 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (LsRecord) record = ls_record_new (ls_schema_find_table (cases[i].table));
      g_autofree char *before = ls_record_to_json (record, LS_SIGHT_FULL);
      g_autofree char *after = NULL;
      g_autoptr (GError) error = NULL;

      g_test_message ("%s %s", cases[i].column, cases[i].json);
      if (set (record, cases[i].column, cases[i].json, &error))
        {
          g_assert_cmpint (ls_record_get_integer (record, cases[i].column), ==, cases[i].integer);
          continue;
        }

      g_assert_cmpint (cases[i].integer, ==, -1);
      g_assert_error (error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_INVALID);
      after = ls_record_to_json (record, LS_SIGHT_FULL);
      g_assert_cmpstr (after, ==, before);
    }
}

/* A list inside a string has been checked by nobody yet. */
static void
test_nested_text (void)
{
  g_autoptr (LsRecord) record = ls_record_new (ls_schema_find_table ("announcements"));
  g_autoptr (GString) deep = g_string_new (NULL);
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_VALUE);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 200000; i++)
    g_string_append_c (deep, '[');
  json_node_set_string (node, deep->str);
  g_assert_false (ls_record_set_json (
      record, (guint)ls_table_find_column (record->table, "target_audience"), node, &error));
  g_assert_error (error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_INVALID);
}

static void
test_lists (void)
{
  g_autoptr (LsRecord) conversation = ls_record_new (ls_schema_find_table ("conversations"));
  g_autoptr (LsRecord) announcement = ls_record_new (ls_schema_find_table ("announcements"));

  g_assert_true (set (conversation, "members", "[\"b\",\"a\",\"b\"]", NULL));
  g_assert_cmpstr (ls_record_get_text (conversation, "members"), ==, "[\"a\",\"b\"]");
  g_assert_true (ls_record_list_has (conversation, "members", "a"));
  g_assert_false (ls_record_list_has (conversation, "members", "c"));

  g_assert_true (
      set (announcement, "target_audience", "\"[ \\\"student\\\", \\\"admin\\\"]\"", NULL));
  g_assert_cmpstr (ls_record_get_text (announcement, "target_audience"), ==,
                   "[\"student\",\"admin\"]");
  g_assert_true (set (announcement, "target_audience", "null", NULL));
  g_assert_null (ls_record_get_text (announcement, "target_audience"));
}

/* The log keeps rows as JSON: every table's rows come back as they were. */
static void
test_round_trip (void)
{
  guint n_tables;
  const LsTable *tables = ls_schema_get_tables (&n_tables);

  for (guint i = 0; i < n_tables; i++)
    {
      g_autoptr (LsRecord) record = ls_record_new (&tables[i]);
      g_autoptr (LsRecord) copy = NULL;
      g_autoptr (GError) error = NULL;
      g_autofree char *json = NULL;

      ls_record_set_text (record, "id", "quote\" back\\slash \n \x01 é");
      ls_record_set_integer (record, "version", 3);
      json = ls_record_to_json (record, LS_SIGHT_FULL);
      copy = ls_record_new_from_json (&tables[i], json, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (ls_record_get_changes (record, copy), ==, 0);
    }
}

static void
test_damaged (void)
{
  static const char *const texts[] = { "", "[]", "{}", "{\"id\":\"x\",\"score\":\"high\"}",
                                       "{\"id\"" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (LsRecord) record =
          ls_record_new_from_json (ls_schema_find_table ("grades"), texts[i], &error);

      g_assert_null (record);
      g_assert_error (error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_STORAGE);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/school/record/real", test_real);
  g_test_add_func ("/school/record/types", test_types);
  g_test_add_func ("/school/record/nested-text", test_nested_text);
  g_test_add_func ("/school/record/lists", test_lists);
  g_test_add_func ("/school/record/round-trip", test_round_trip);
  g_test_add_func ("/school/record/damaged", test_damaged);

  return g_test_run ();
}
