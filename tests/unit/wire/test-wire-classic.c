/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "ls-json.h"
#include "ls-wire-classic.h"

/* As the classic system was seen to answer, shortened */
#define POLL(updates)                                                                              \
  "{\"success\":true,\"message\":\"Updates retrieved\",\"data\":{\"updates\":[" updates "]}}"
#define LISTING(rows) "{\"success\":true,\"message\":\"Berhasil\",\"data\":[" rows "]}"

static LsPoll *
poll_of (const char *text)
{
  g_autoptr (GError) error = NULL;
  LsPoll *poll = ls_wire_decode_poll (text, strlen (text), &error);

  g_assert_no_error (error);
  return poll;
}

static LsListing *
listing_of (const char *text)
{
  g_autoptr (GError) error = NULL;
  LsListing *listing = ls_wire_decode_listing (text, strlen (text), &error);

  g_assert_no_error (error);
  return listing;
}

static void
assert_row (const LsTableRows *rows, guint index, const char *id, const char *data)
{
  const LsRow *row;

  g_assert_nonnull (rows);
  g_assert_cmpuint (rows->rows->len, >, index);
  row = rows->rows->pdata[index];
  g_assert_cmpstr (row->id, ==, id);
  g_assert_cmpstr (row->data, ==, data);
  g_assert_cmpint (row->version, ==, 0);
}

static void
assert_counts (const LsTableRows *rows, guint n_rows, guint n_sent, guint n_bad)
{
  g_assert_cmpuint (rows->rows->len, ==, n_rows);
  g_assert_cmpuint (rows->n_sent, ==, n_sent);
  g_assert_cmpuint (rows->n_bad, ==, n_bad);
}

/* What it says beside the row is made up: whatever the type, it is the row that counts. */
static void
test_poll (void)
{
  g_autoptr (LsPoll) poll = poll_of (
      POLL ("{\"type\":\"grade_updated\",\"entity\":\"grades\",\"entityId\":\"g-1\",\"data\":"
            "{ \"id\":\"g-1\",\"score\":80.50,\"notes\":null },"
            "\"timestamp\":\"2026-11-23T06:09:33.640Z\",\"userRole\":\"student\",\"userId\":\"u\"},"
            "{\"type\":\"user_status_changed\",\"entity\":\"users\",\"entityId\":\"u-1\",\"data\":"
            "{\"id\":\"u-1\",\"password_hash\":\"5e88\",\"name\":\"Siti\"},"
            "\"timestamp\":\"2026-11-23 06:02:49\",\"userRole\":\"student\",\"userId\":\"u\"}"));

  assert_counts (poll->tables[LS_ENTITY_GRADE], 1, 1, 0);
  assert_row (poll->tables[LS_ENTITY_GRADE], 0, "g-1",
              "{ \"id\":\"g-1\",\"score\":80.50,\"notes\":null }");
  /* and a password is nobody's business */
  assert_row (poll->tables[LS_ENTITY_USER], 0, "u-1", "{\"id\":\"u-1\",\"name\":\"Siti\"}");
  for (guint i = 0; i < LS_N_ENTITIES; i++)
    if (i != LS_ENTITY_GRADE && i != LS_ENTITY_USER)
      g_assert_null (poll->tables[i]);
  g_assert_cmpuint (poll->n_bad, ==, 0);
  g_assert_false (poll->is_ours);
  g_assert_cmpuint (poll->quota.limit, ==, 0);
}

/* Polls, the browser client and the tables have a name each. */
static void
test_entity_names (void)
{
  static const struct
  {
    const char *name;
    LsEntity entity;
  } names[] = {
    { "grades", LS_ENTITY_GRADE },
    { "grade", LS_ENTITY_GRADE },
    { "attendance", LS_ENTITY_ATTENDANCE },
    { "announcements", LS_ENTITY_ANNOUNCEMENT },
    { "announcement", LS_ENTITY_ANNOUNCEMENT },
    { "elibrary", LS_ENTITY_LIBRARY_MATERIAL },
    { "library_material", LS_ENTITY_LIBRARY_MATERIAL },
    { "e_library", LS_ENTITY_LIBRARY_MATERIAL },
    { "schoolevents", LS_ENTITY_EVENT },
    { "event", LS_ENTITY_EVENT },
    { "school_events", LS_ENTITY_EVENT },
    { "users", LS_ENTITY_USER },
    { "user", LS_ENTITY_USER },
    { "\\u0075sers", LS_ENTITY_USER },
    { "inventory", LS_ENTITY_INVALID },
    { "Grades", LS_ENTITY_INVALID },
    { "", LS_ENTITY_INVALID },
  };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *text = g_strdup_printf (
          POLL ("{\"entity\":\"%s\",\"entityId\":\"1\",\"data\":{}}"), names[i].name);
      g_autoptr (LsPoll) poll = poll_of (text);

      g_assert_cmpuint (poll->n_bad, ==, 0);
      for (guint j = 0; j < LS_N_ENTITIES; j++)
        g_assert_cmpint (poll->tables[j] != NULL, ==, j == (guint)names[i].entity);
    }
}

/* Ids of all kinds: text, numbers, none. Rows without one are nobody's, and were sent all the same. */
static void
test_ids (void)
{
  g_autoptr (LsPoll) poll =
      poll_of (POLL ("{\"entity\":\"grades\",\"entityId\":\"a/ b\",\"data\":{\"id\":\"a/ b\"}},"
                     "{\"entity\":\"grades\",\"entityId\":12345678901234567890,\"data\":{}},"
                     "{\"entity\":\"grades\",\"entityId\":null,\"data\":{\"id\":null}},"
                     "{\"entity\":\"grades\",\"data\":{\"id\":\"in-the-row\"}},"
                     "{\"entity\":\"grades\",\"data\":{\"id\":null}},"
                     "{\"entity\":\"grades\",\"data\":{}},"
                     "{\"entity\":\"grades\",\"entityId\":\"\",\"data\":{}},"
                     "{\"entity\":\"grades\",\"entityId\":1.5,\"data\":{}},"
                     "{\"entity\":\"grades\",\"entityId\":{},\"data\":{}},"
                     "{\"entity\":\"grades\",\"entityId\":\"no-row\",\"data\":null},"
                     "{\"entity\":\"grades\",\"entityId\":\"no-row\"}"));
  const LsTableRows *grades = poll->tables[LS_ENTITY_GRADE];

  assert_counts (grades, 3, 11, 6);
  assert_row (grades, 0, "a/ b", "{\"id\":\"a/ b\"}");
  assert_row (grades, 1, "12345678901234567890", "{}");
  assert_row (grades, 2, "in-the-row", "{\"id\":\"in-the-row\"}");
}

/* What can't be told whose it is makes every table doubtful. */
static void
test_nobodys (void)
{
  g_autoptr (LsPoll) poll =
      poll_of (POLL ("null,7,[],\"x\",{},{\"entity\":null,\"entityId\":\"1\",\"data\":{}},"
                     "{\"entity\":\"grades\",\"entity\":\"users\",\"data\":{}},"
                     "{\"entity\":\"grades\",\"entityId\":\"1\",\"data\":{}}"));

  g_assert_cmpuint (poll->n_bad, ==, 7);
  assert_counts (poll->tables[LS_ENTITY_GRADE], 1, 1, 0);
}

static void
test_empty (void)
{
  g_autoptr (LsPoll) poll = poll_of (POLL (""));
  g_autoptr (LsListing) listing = listing_of (LISTING (""));

  for (guint i = 0; i < LS_N_ENTITIES; i++)
    g_assert_null (poll->tables[i]);
  assert_counts (listing->rows, 0, 0, 0);
}

static void
test_listing (void)
{
  g_autoptr (LsListing) listing =
      listing_of (LISTING ("{\"id\":\"u-1\",\"password_hash\":\"5e88\",\"is_active\":1},{\"id\":2},"
                           "{\"id\":null},{\"name\":\"x\"},null,{\"id\":\"a\",\"id\":\"b\"}"));

  assert_counts (listing->rows, 2, 6, 3);
  assert_row (listing->rows, 0, "u-1", "{\"id\":\"u-1\",\"is_active\":1}");
  assert_row (listing->rows, 1, "2", "{\"id\":2}");
}

/* Anything else is no answer. */
static void
test_no_answer (void)
{
  static const char *const texts[] = {
    "",
    "<!DOCTYPE html>",
    "{}",
    "[]",
    "{\"success\":true}",
    "{\"success\":true,\"data\":null}",
    "{\"success\":true,\"data\":{\"updates\":null}}",
    "{\"success\":true,\"data\":\"x\"}",
    "{\"success\":false,\"data\":[]}",
    "{\"success\":false,\"data\":{\"updates\":[]}}",
    "{\"success\":1,\"data\":[]}",
    "{\"error\":\"Terlalu banyak permintaan\",\"message\":\"x\",\"retryAfter\":60}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) poll_error = NULL;
      g_autoptr (GError) listing_error = NULL;

      g_assert_null (ls_wire_decode_poll (texts[i], strlen (texts[i]), &poll_error));
      g_assert_nonnull (poll_error);
      g_assert_null (ls_wire_decode_listing (texts[i], strlen (texts[i]), &listing_error));
      g_assert_nonnull (listing_error);
    }
}

/* 505 users and five full tables: what the real one sends at first */
static void
test_large (void)
{
  g_autoptr (GString) updates = g_string_new ("{\"success\":true,\"data\":{\"updates\":[");
  g_autoptr (LsPoll) poll = NULL;

  for (guint i = 0; i < 505; i++)
    g_string_append_printf (
        updates,
        "%s{\"type\":\"user_status_changed\",\"entity\":\"users\",\"entityId\":\"u-%u\",\"data\":"
        "{\"id\":\"u-%u\",\"notes\":\"%0900d\"}}",
        i > 0 ? "," : "", i, i, 0);
  g_string_append (updates, "]}}");
  poll = poll_of (updates->str);
  assert_counts (poll->tables[LS_ENTITY_USER], 505, 505, 0);
}

static void
test_get_text (void)
{
  static const char data[] =
      "{\"a\":\"x\\u0041\\n\",\"b\":1.50,\"c\":null,\"d\":true,\"e\":[1, 2],\"f\":{\"a\":2},"
      "\"g\":\"\",\"h\":\"\\u0000\",\"i\":0}";
  static const char *const expected[][2] = {
    { "a", "xA\n" },      { "b", "1.50" }, { "c", NULL }, { "d", "true" }, { "e", "[1, 2]" },
    { "f", "{\"a\":2}" }, { "g", "" },     { "h", NULL }, { "i", "0" },    { "z", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      g_autofree char *text = ls_wire_data_get_text (data, expected[i][0]);

      g_assert_cmpstr (text, ==, expected[i][1]);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/classic/poll", test_poll);
  g_test_add_func ("/wire/classic/entity-names", test_entity_names);
  g_test_add_func ("/wire/classic/ids", test_ids);
  g_test_add_func ("/wire/classic/nobodys", test_nobodys);
  g_test_add_func ("/wire/classic/empty", test_empty);
  g_test_add_func ("/wire/classic/listing", test_listing);
  g_test_add_func ("/wire/classic/no-answer", test_no_answer);
  g_test_add_func ("/wire/classic/large", test_large);
  g_test_add_func ("/wire/classic/get-text", test_get_text);
  return g_test_run ();
}
