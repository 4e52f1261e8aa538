/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "school-fixture.h"

#include <string.h>

#define FORBIDDEN LS_SCHOOL_ERROR_FORBIDDEN
#define NOT_FOUND LS_SCHOOL_ERROR_NOT_FOUND
#define STORAGE LS_SCHOOL_ERROR_STORAGE

#define DAY (24 * 60 * 60 * G_GINT64_CONSTANT (1000))
#define NOTICE "{'title':'T','content':'C','category':'umum'}"

/* What a request asks for; its hash is the name of the test's own making. */
typedef struct
{
  LsWriteKind kind;
  const char *table;
  const char *id;
  const char *json;
  gint64 if_version;
} Request;

static int
act (School *school,
     const char *user_id,
     const char *key,
     const char *hash,
     Request request,
     LsWriteResult *result)
{
  g_autoptr (JsonObject) body = request.json == NULL ? NULL : school_parse (request.json);
  LsWrite write = { .kind = request.kind,
                    .table = request.table,
                    .id = request.id,
                    .body = body,
                    .if_version = request.if_version,
                    .action_id = key,
                    .request_hash = hash };

  ls_write_result_clear (result);
  return school_write_full (school, user_id, write, result);
}

/* The second time the same is said again, and nothing is done. */
static void
assert_replays (School *school, const char *user_id, const char *key, Request request, int expected)
{
  g_auto (LsWriteResult) first = { 0 };
  g_auto (LsWriteResult) second = { 0 };
  LsCursor top;

  g_test_message ("%s", key);
  g_assert_cmpint (act (school, user_id, key, "h", request, &first), ==, expected);
  g_assert_false (first.replayed);

  top = ls_school_get_cursor (school->school);
  g_assert_cmpint (act (school, user_id, key, "h", request, &second), ==, expected);
  g_assert_true (second.replayed);
  g_assert_true (ls_cursor_equal (ls_school_get_cursor (school->school), top));

  g_assert_cmpstr (second.row, ==, first.row);
  g_assert_cmpstr (second.id, ==, first.id);
  g_assert_cmpstr (second.field, ==, first.field);
  g_assert_cmpint (second.version, ==, first.version);
  g_assert_true (ls_cursor_equal (second.cursor, first.cursor));
  g_assert_true (ls_cursor_is_set (first.cursor) == (expected == OK));
}

static void
test_done_once (School *school, gconstpointer data)
{
  const Request create = { LS_WRITE_CREATE, "announcements", NULL, NOTICE, 0 };
  const Request update = { LS_WRITE_UPDATE, "grades", "g1", "{'score':7}", 1 };
  const Request bury = { LS_WRITE_DELETE, "grades", "g1", NULL, 2 };
  const Request unlogged = { LS_WRITE_CREATE, "subjects", NULL, "{'name':'N','code':'N'}", 0 };
  const Request out_of_sight = { LS_WRITE_UPDATE, "announcements", "n1", "{'is_active':0}", 0 };
  const Request leave = { LS_WRITE_UPDATE, "conversations", "c1", "{'members':['s1']}", 0 };
  g_auto (LsWriteResult) left = { 0 };

  assert_replays (school, "t1", "create", create, OK);
  assert_replays (school, "t1", "update", update, OK);
  assert_replays (school, "t1", "bury", bury, OK);
  assert_replays (school, "admin", "unlogged", unlogged, OK);
  assert_replays (school, "t1", "out-of-sight", out_of_sight, OK);

  /* The row is shown to the user as the very write has made them. */
  assert_replays (school, "t1", "leave", leave, OK);
  act (school, "t1", "leave", "h", leave, &left);
  g_assert_cmpstr (left.row, ==, "{\"id\":\"c1\"}");
}

static void
test_refused_once (School *school, gconstpointer data)
{
  const Request forbidden = { LS_WRITE_UPDATE, "grades", "g1", "{'score':100}", 0 };
  const Request missing = { LS_WRITE_UPDATE, "grades", "none", "{'score':7}", 0 };
  const Request invalid = { LS_WRITE_UPDATE, "grades", "g1", "{'score':101}", 0 };
  const Request taken = { LS_WRITE_CREATE, "announcements", NULL,
                          "{'id':'n1','title':'T','content':'C','category':'umum'}", 0 };
  const Request changed = { LS_WRITE_UPDATE, "grades", "g1", "{'score':7}", 5 };
  const Request again = { LS_WRITE_DELETE, "grades", "g2", NULL, 0 };

  assert_replays (school, "s1", "forbidden", forbidden, FORBIDDEN);
  assert_replays (school, "t1", "missing", missing, NOT_FOUND);
  assert_replays (school, "t1", "invalid", invalid, LS_SCHOOL_ERROR_INVALID);
  assert_replays (school, "t1", "taken", taken, LS_SCHOOL_ERROR_EXISTS);
  assert_replays (school, "t1", "changed", changed, LS_SCHOOL_ERROR_VERSION);
  assert_replays (school, "t1", "first", again, OK);
  assert_replays (school, "t1", "second", again, LS_SCHOOL_ERROR_GONE);
}

/* Even if it would be accepted by now, and in the words of that time. */
static void
test_refused_for_good (School *school, gconstpointer data)
{
  const Request request = { LS_WRITE_UPDATE, "grades", "g1", "{'score':7}", 2 };
  g_autoptr (LsViewer) teacher = school_get_viewer (school, "t1");
  g_autoptr (JsonObject) body = school_parse (request.json);
  const LsWrite write = { .kind = LS_WRITE_UPDATE,
                          .table = "grades",
                          .id = "g1",
                          .body = body,
                          .if_version = 2,
                          .action_id = "k",
                          .request_hash = "h" };
  g_auto (LsWriteResult) first = { 0 };
  g_auto (LsWriteResult) second = { 0 };
  g_autoptr (GError) before = NULL;
  g_autoptr (GError) after = NULL;

  g_assert_false (ls_school_write (school->school, teacher, &write, &first, &before));
  g_assert_cmpint (school_update (school, "t1", "grades", "g1", "{'score':1}"), ==, OK);
  g_assert_false (ls_school_write (school->school, teacher, &write, &second, &after));
  g_assert_cmpstr (after->message, ==, before->message);
  g_assert_cmpstr (second.row, ==, first.row);
  g_assert_cmpint (second.version, ==, 1);
}

static void
test_other_request (School *school, gconstpointer data)
{
  const Request request = { LS_WRITE_UPDATE, "grades", "g1", "{'score':7}", 0 };
  const Request other = { LS_WRITE_UPDATE, "grades", "g1", "{'score':8}", 0 };
  g_auto (LsWriteResult) result = { 0 };

  g_assert_cmpint (act (school, "t1", "k", "h", request, &result), ==, OK);
  g_assert_cmpint (act (school, "t1", "k", "other", other, &result), ==,
                   LS_SCHOOL_ERROR_KEY_REUSED);
  g_assert_null (result.row);
  g_assert_false (result.replayed);
  g_assert_cmpint (act (school, "t1", "k", "h", request, &result), ==, OK);
  g_assert_true (result.replayed);
  g_assert_cmpint (result.version, ==, 2);
}

static void
test_other_user (School *school, gconstpointer data)
{
  const Request request = { LS_WRITE_UPDATE, "grades", "g1", "{'score':7}", 0 };
  g_auto (LsWriteResult) result = { 0 };

  g_assert_cmpint (act (school, "t1", "k", "h", request, &result), ==, OK);
  g_assert_cmpint (act (school, "admin", "k", "h", request, &result), ==, OK);
  g_assert_false (result.replayed);
  g_assert_cmpint (result.version, ==, 3);
}

/* Whoever may not use the account just now has not been told the action's fate. */
static void
test_not_final (School *school, gconstpointer data)
{
  const Request request = { LS_WRITE_CREATE, "announcements", NULL, NOTICE, 0 };
  g_auto (LsWriteResult) result = { 0 };

  g_assert_cmpint (school_update (school, "admin", "users", "t1", "{'status':'inactive'}"), ==, OK);
  g_assert_cmpint (act (school, "t1", "k", "h", request, &result), ==, FORBIDDEN);
  g_assert_cmpint (school_update (school, "admin", "users", "t1", "{'status':'active'}"), ==, OK);
  g_assert_cmpint (act (school, "t1", "k", "h", request, &result), ==, OK);
  g_assert_false (result.replayed);
}

/* The change and what is remembered of it are one: what can't be remembered is not done. */
static void
test_together (School *school, gconstpointer data)
{
  const Request request = { LS_WRITE_UPDATE, "grades", "g1", "{'score':7}", 0 };
  const Request refused = { LS_WRITE_UPDATE, "grades", "none", "{'score':7}", 0 };
  g_autofree char *before = school_get_row (school, "t1", "grades", "g1");
  g_autofree char *after = NULL;
  LsCursor top = ls_school_get_cursor (school->school);
  g_auto (LsWriteResult) result = { 0 };

  school_execute (school->directory, "CREATE TRIGGER full BEFORE INSERT ON actions "
                                     "BEGIN SELECT raise (ABORT, 'full'); END");
  g_assert_cmpint (act (school, "t1", "k", "h", request, &result), ==, STORAGE);
  g_assert_null (result.row);
  g_assert_false (ls_cursor_is_set (result.cursor));
  after = school_get_row (school, "t1", "grades", "g1");
  g_assert_cmpstr (after, ==, before);
  g_assert_true (ls_cursor_equal (ls_school_get_cursor (school->school), top));
  g_assert_cmpint (act (school, "t1", "k2", "h", refused, &result), ==, STORAGE);
}

/* And what is not done is not remembered: here it can't be committed. */
static void
test_together_undone (School *school, gconstpointer data)
{
  const Request request = { LS_WRITE_UPDATE, "grades", "g1", "{'score':7}", 0 };
  g_auto (LsWriteResult) result = { 0 };

  school_execute (school->directory,
                  "CREATE TABLE full (user_id REFERENCES users DEFERRABLE INITIALLY DEFERRED);"
                  "CREATE TRIGGER full AFTER INSERT ON actions "
                  "BEGIN INSERT INTO full VALUES ('nobody'); END");
  g_assert_cmpint (act (school, "t1", "k", "h", request, &result), ==, STORAGE);
  g_assert_null (result.row);
  school_execute (school->directory, "DROP TRIGGER full");
  g_assert_cmpint (act (school, "t1", "k", "h", request, &result), ==, OK);
  g_assert_false (result.replayed);
  g_assert_cmpint (result.version, ==, 2);
}

static void
test_damaged (School *school, gconstpointer data)
{
  const Request request = { LS_WRITE_UPDATE, "grades", "g1", "{'score':7}", 0 };
  g_auto (LsWriteResult) result = { 0 };

  g_assert_cmpint (act (school, "t1", "k", "h", request, &result), ==, OK);
  school_execute (school->directory, "UPDATE actions SET outcome = 'what'");
  g_assert_cmpint (act (school, "t1", "k", "h", request, &result), ==, STORAGE);
  g_assert_null (result.row);
  g_assert_false (result.replayed);
}

static void
test_large_row (School *school, gconstpointer data)
{
  g_autofree char *content = g_strnfill (100000, 'x');
  g_autofree char *json =
      g_strdup_printf ("{'id':'big','title':'T','content':'%s','category':'umum'}", content);
  const Request request = { LS_WRITE_CREATE, "announcements", NULL, json, 0 };
  g_auto (LsWriteResult) first = { 0 };
  g_auto (LsWriteResult) second = { 0 };

  g_assert_cmpint (act (school, "t1", "k", "h", request, &first), ==, OK);
  g_assert_cmpuint (strlen (first.row), >, strlen (content));
  g_assert_cmpint (act (school, "t1", "k", "h", request, &second), ==, OK);
  g_assert_cmpstr (second.row, ==, "{\"id\":\"big\"}");
  g_assert_cmpint (second.version, ==, 1);
  g_assert_true (ls_cursor_equal (second.cursor, first.cursor));
}

/* A name as long as a body may be is not said again, nor remembered. */
static void
test_large_field (School *school, gconstpointer data)
{
  g_autofree char *name = g_strnfill (100000, 'x');
  g_autofree char *json = g_strdup_printf ("{'%s':1}", name);
  const Request request = { LS_WRITE_UPDATE, "grades", "g1", json, 0 };
  g_auto (LsWriteResult) result = { 0 };

  g_assert_cmpint (act (school, "t1", "k", "h", request, &result), ==, LS_SCHOOL_ERROR_INVALID);
  g_assert_cmpuint (strlen (result.field), ==, 64);
  assert_replays (school, "t1", "k2", request, LS_SCHOOL_ERROR_INVALID);
}

static void
test_reopened (School *school, gconstpointer data)
{
  const Request request = { LS_WRITE_CREATE, "announcements", NULL, NOTICE, 0 };
  g_auto (LsWriteResult) first = { 0 };
  g_auto (LsWriteResult) second = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (act (school, "t1", "k", "h", request, &first), ==, OK);
  g_assert_finalize_object (school->school);
  school->school = ls_school_open (school->directory, &error);
  g_assert_no_error (error);
  g_assert_cmpint (act (school, "t1", "k", "h", request, &second), ==, OK);
  g_assert_true (second.replayed);
  g_assert_cmpstr (second.row, ==, first.row);
  g_assert_true (ls_cursor_equal (second.cursor, first.cursor));
}

static gboolean
trim (School *school, gint64 now)
{
  g_autoptr (GError) error = NULL;
  gboolean more;

  g_assert_true (ls_school_trim (school->school, now, &more, &error));
  g_assert_no_error (error);
  return more;
}

static void
test_forgotten (School *school, gconstpointer data)
{
  const Request request = { LS_WRITE_CREATE, "announcements", NULL, NOTICE, 0 };
  gint64 now = g_get_real_time () / 1000;
  g_auto (LsWriteResult) result = { 0 };

  g_assert_cmpint (act (school, "t1", "k", "h", request, &result), ==, OK);
  g_assert_false (trim (school, now + 30 * DAY - 1));
  g_assert_cmpint (act (school, "t1", "k", "h", request, &result), ==, OK);
  g_assert_true (result.replayed);
  g_assert_false (trim (school, now + 31 * DAY));
  g_assert_cmpint (act (school, "t1", "k", "h", request, &result), ==, OK);
  g_assert_false (result.replayed);
}

/* Nobody waits while a term's actions are forgotten. */
static void
test_forgotten_in_steps (School *school, gconstpointer data)
{
  gint64 now = g_get_real_time () / 1000;

  school_execute (school->directory,
                  "INSERT INTO actions (user_id, key, request_hash, time, outcome, version) "
                  "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 450) "
                  "SELECT 't1', 'k' || i, 'h', i, 'gone', 0 FROM n");
  g_assert_true (trim (school, now));
  g_assert_true (trim (school, now));
  g_assert_false (trim (school, now));
}

#define ADD(path, function)                                                                        \
  g_test_add ("/school/actions/" path, School, NULL, school_set_up, function, school_tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("done-once", test_done_once);
  ADD ("refused-once", test_refused_once);
  ADD ("refused-for-good", test_refused_for_good);
  ADD ("other-request", test_other_request);
  ADD ("other-user", test_other_user);
  ADD ("not-final", test_not_final);
  ADD ("together", test_together);
  ADD ("together-undone", test_together_undone);
  ADD ("damaged", test_damaged);
  ADD ("large-row", test_large_row);
  ADD ("large-field", test_large_field);
  ADD ("reopened", test_reopened);
  ADD ("forgotten", test_forgotten);
  ADD ("forgotten-in-steps", test_forgotten_in_steps);

  return g_test_run ();
}
