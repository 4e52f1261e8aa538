/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "ls-json.h"
#include "ls-wire-http.h"

static void
test_updates (void)
{
  static const char text[] =
      "{\"success\":true,\"message\":\"x\",\"data\":{\"more\":true,\"cursor\":\"e:9\",\"resume\":"
      "\"resumed\",\"updates\":[{\"type\":\"grade_deleted\",\"entityId\":\"g\",\"timestamp\":1},"
      "null]}}";
  g_autoptr (GError) error = NULL;
  g_autoptr (LsUpdates) updates = ls_wire_decode_updates (text, strlen (text), &error);

  g_assert_no_error (error);
  g_assert_cmpuint (updates->events->len, ==, 1);
  g_assert_cmpuint (updates->n_bad_events, ==, 1);
  g_assert_true (ls_cursor_equal (updates->cursor, ls_cursor_new ("e", 9)));
  g_assert_true (updates->more);
  g_assert_cmpint (updates->resume, ==, LS_RESUME_RESUMED);
  g_assert_false (updates->not_modified);
}

static void
test_snapshot (void)
{
  static const char text[] =
      "{\"success\":true,\"data\":{\"entity\":\"user\",\"cursor\":\"e:9\",\"next\":null,\"rows\":["
      "{\"id\":\"a\",\"version\":3,\"data\":{ \"id\" : \"a\" }},{\"id\":5,\"data\":{}},"
      "{\"id\":\"b\",\"version\":-1,\"data\":{}},{\"id\":\"c\",\"data\":null},{\"data\":{}},7]}}";
  g_autoptr (GError) error = NULL;
  g_autoptr (LsSnapshotPage) page = ls_wire_decode_snapshot_page (text, strlen (text), &error);
  LsRow *row;

  g_assert_no_error (error);
  g_assert_cmpint (page->entity, ==, LS_ENTITY_USER);
  g_assert_null (page->next);
  g_assert_cmpuint (page->rows->len, ==, 2);
  g_assert_cmpuint (page->n_bad_rows, ==, 4);
  row = g_ptr_array_index (page->rows, 0);
  g_assert_cmpstr (row->id, ==, "a");
  g_assert_cmpint (row->version, ==, 3);
  g_assert_cmpstr (row->data, ==, "{ \"id\" : \"a\" }");
  g_assert_cmpint (row->entity, ==, LS_ENTITY_USER);
  g_assert_false (row->deleted);
  row = g_ptr_array_index (page->rows, 1);
  g_assert_cmpstr (row->id, ==, "5");
  g_assert_cmpint (row->version, ==, 0);
}

static void
test_session_login (void)
{
  static const char text[] =
      "{\"success\":true,\"message\":\"Login berhasil\",\"data\":{\"user\":{\"id\":\"u\",\"name\":"
      "\"Siti\",\"email\":\"s@x\",\"role\":\"student\",\"extraRole\":null,\"status\":\"active\"},"
      "\"token\":\"a.b.c\",\"refreshToken\":\"r\"}}";
  g_autoptr (GError) error = NULL;
  g_autoptr (LsSession) session = ls_wire_decode_session (text, strlen (text), &error);

  g_assert_no_error (error);
  g_assert_cmpstr (session->access, ==, "a.b.c");
  g_assert_cmpstr (session->refresh, ==, "r");
  g_assert_cmpstr (session->user->id, ==, "u");
  g_assert_cmpstr (session->user->name, ==, "Siti");
  g_assert_cmpstr (session->user->email, ==, "s@x");
  g_assert_cmpint (session->user->role, ==, LS_ROLE_STUDENT);
  g_assert_cmpint (session->user->extra_role, ==, LS_EXTRA_ROLE_NONE);
}

static void
test_session_refresh_of_classic (void)
{
  static const char text[] = "{\"success\":true,\"data\":{\"token\":\"a.b.c\"}}";
  g_autoptr (LsSession) session = ls_wire_decode_session (text, strlen (text), NULL);

  g_assert_nonnull (session);
  g_assert_null (session->user);
  g_assert_null (session->refresh);
}

static void
test_requests (void)
{
  gsize length;
  g_autofree char *login = ls_wire_encode_login ("a\"@x", "pä\\ss", &length);
  g_autofree char *refresh = NULL;
  g_autofree char *logout = NULL;
  g_autofree char *classic_logout = NULL;

  g_assert_cmpstr (login, ==, "{\"email\":\"a\\\"@x\",\"password\":\"pä\\\\ss\"}");
  g_assert_cmpuint (length, ==, strlen (login));
  refresh = ls_wire_encode_refresh ("r", &length);
  g_assert_cmpstr (refresh, ==, "{\"refreshToken\":\"r\"}");
  g_assert_cmpuint (length, ==, strlen (refresh));
  logout = ls_wire_encode_logout ("r", NULL);
  g_assert_cmpstr (logout, ==, refresh);
  classic_logout = ls_wire_encode_logout (NULL, &length);
  g_assert_cmpstr (classic_logout, ==, "{}");
  g_assert_cmpuint (length, ==, strlen (classic_logout));
}

static void
test_refuses (void)
{
  static const char *const bodies[] = {
    "",
    "<html>",
    "[]",
    "null",
    "{}",
    "{\"success\":true}",
    "{\"success\":true,\"data\":null}",
    "{\"success\":true,\"data\":[]}",
    "{\"success\":true,\"data\":{}}",
    "{\"success\":1,\"data\":{\"token\":\"x\"}}",
    "{\"success\":false,\"data\":{\"token\":\"x\"}}",
    "{\"success\":true,\"success\":true,\"data\":{\"token\":\"x\"}}",
    "{\"success\":true,\"data\":{\"token\":\"\"}}",
    "{\"success\":true,\"data\":{\"token\":\"a\\nb\"}}",
    "{\"success\":true,\"data\":{\"token\":\"a\",\"refreshToken\":\"b c\"}}",
    "{\"success\":true,\"data\":{\"token\":\"a\",\"user\":{}}}",
    "{\"success\":true,\"data\":{\"token\":\"a\",\"user\":{\"id\":\"u\",\"role\":7}}}",
    "{\"success\":true,\"data\":{\"updates\":{},\"cursor\":\"e:1\",\"more\":false,"
    "\"resume\":\"resumed\"}}",
    "{\"success\":true,\"data\":{\"updates\":[],\"cursor\":\"e\",\"more\":false,"
    "\"resume\":\"resumed\"}}",
    "{\"success\":true,\"data\":{\"updates\":[],\"cursor\":\"e:1\",\"more\":false,"
    "\"resume\":\"fresh\"}}",
    "{\"success\":true,\"data\":{\"entity\":\"grade\",\"rows\":{},\"next\":null,"
    "\"cursor\":\"e:1\"}}",
    "{\"success\":true,\"data\":{\"entity\":\"grade\",\"rows\":[],\"next\":1,\"cursor\":\"e:1\"}}",
    "{\"success\":true,\"data\":{\"entity\":\"grades\",\"rows\":[],\"cursor\":\"e:1\"}}",
    "{\"success\":true,\"data\":{\"entity\":\"grade\",\"rows\":[],\"cursor\":null}}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (bodies); i++)
    {
      g_autoptr (GError) updates = NULL, snapshot = NULL, session = NULL;
      gsize length = strlen (bodies[i]);

      g_test_message ("%s", bodies[i]);
      g_assert_null (ls_wire_decode_updates (bodies[i], length, &updates));
      g_assert_null (ls_wire_decode_snapshot_page (bodies[i], length, &snapshot));
      g_assert_null (ls_wire_decode_session (bodies[i], length, &session));
      g_assert_true (updates->domain == LS_JSON_ERROR);
      g_assert_true (snapshot->domain == LS_JSON_ERROR);
      g_assert_true (session->domain == LS_JSON_ERROR);
    }
}

static void
test_error_messages (void)
{
  static const struct
  {
    const char *body;
    const char *code;
    const char *message;
  } cases[] = {
    { "{\"success\":false,\"message\":\"m\",\"error\":\"C\",\"status\":403}", "C", "m" },
    { "{\"error\":\"C\",\"message\":\"m\",\"retryAfter\":60}", "C", "m" },
    { "{\"success\":false,\"status\":500}", NULL, NULL },
    { "{\"message\":\"m\",\"error\":{}}", NULL, "m" },
    { "Invalid token", NULL, NULL },
    { "", NULL, NULL },
    { "[1]", NULL, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *code = NULL, *message = NULL;
      gboolean found =
          ls_wire_decode_error_message (cases[i].body, strlen (cases[i].body), &code, &message);

      g_assert_cmpstr (code, ==, cases[i].code);
      g_assert_cmpstr (message, ==, cases[i].message);
      g_assert_cmpint (found, ==, code != NULL || message != NULL);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/wire/http/updates", test_updates);
  g_test_add_func ("/wire/http/snapshot", test_snapshot);
  g_test_add_func ("/wire/http/session/login", test_session_login);
  g_test_add_func ("/wire/http/session/refresh-of-classic", test_session_refresh_of_classic);
  g_test_add_func ("/wire/http/requests", test_requests);
  g_test_add_func ("/wire/http/refuses", test_refuses);
  g_test_add_func ("/wire/http/error-messages", test_error_messages);

  return g_test_run ();
}
