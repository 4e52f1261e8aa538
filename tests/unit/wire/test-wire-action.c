/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "ls-json.h"
#include "ls-wire-action.h"

static LsActionReply *
decode (const char *text)
{
  g_autoptr (GError) error = NULL;
  LsActionReply *reply = ls_wire_decode_action_reply (text, strlen (text), &error);

  g_assert_no_error (error);
  return reply;
}

static void
test_accepted (void)
{
  g_autoptr (LsActionReply) reply =
      decode ("{\"success\":true,\"message\":\"x\",\"data\":{ \"id\" : \"a\" },\"version\":3,"
              "\"cursor\":\"e:9\"}");

  g_assert_null (reply->code);
  g_assert_cmpuint (reply->status, ==, 0);
  g_assert_cmpstr (reply->message, ==, "x");
  g_assert_cmpstr (reply->row, ==, "{ \"id\" : \"a\" }");
  g_assert_cmpint (reply->version, ==, 3);
  g_assert_true (ls_cursor_equal (reply->cursor, ls_cursor_new ("e", 9)));
}

static void
test_refused (void)
{
  g_autoptr (LsActionReply) reply =
      decode ("{\"success\":false,\"message\":\"x\",\"error\":\"invalid\",\"status\":400,"
              "\"field\":\"score\"}");

  g_assert_cmpstr (reply->code, ==, "invalid");
  g_assert_cmpuint (reply->status, ==, 400);
  g_assert_cmpstr (reply->field, ==, "score");
  g_assert_null (reply->row);
  g_assert_cmpint (reply->version, ==, 0);
  g_assert_false (ls_cursor_is_set (reply->cursor));
}

/* A code is told to everybody, so it has to be one. */
static void
test_code (void)
{
  static const char *const texts[] = { "",          "Bearer eyJ.x.y",
                                       "Not found", "why-not-1",
                                       "a_b",       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autofree char *text =
          g_strdup_printf ("{\"success\":false,\"error\":\"%s\",\"status\":400}", texts[i]);
      g_autoptr (LsActionReply) reply = decode (text);

      g_assert_null (reply->code);
      g_assert_cmpuint (reply->status, ==, 400);
    }
}

/* Neither versions nor cursors, and nothing of what was deleted. */
static void
test_classic (void)
{
  g_autoptr (LsActionReply) updated =
      decode ("{\"success\":true,\"message\":\"x\",\"data\":{\"score\":5}}");
  g_autoptr (LsActionReply) deleted = decode ("{\"success\":true,\"message\":\"x\",\"data\":null}");

  g_assert_cmpstr (updated->row, ==, "{\"score\":5}");
  g_assert_cmpint (updated->version, ==, 0);
  g_assert_false (ls_cursor_is_set (updated->cursor));
  g_assert_null (deleted->row);
}

static void
test_strange (void)
{
  static const char *const texts[] = {
    "",
    "{}",
    "[]",
    "{\"success\":1,\"data\":{}}",
    "{\"success\":null}",
    "{\"success\":false}",
    "{\"success\":false,\"error\":{}}",
    "{\"success\":true,\"data\":\"x\"}",
    "{\"success\":true,\"data\":{},\"cursor\":\"9\"}",
    "{\"success\":true,\"data\":{},\"version\":-1}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", texts[i]);
      g_assert_null (ls_wire_decode_action_reply (texts[i], strlen (texts[i]), &error));
      g_assert_true (error != NULL && error->domain == LS_JSON_ERROR);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/action/accepted", test_accepted);
  g_test_add_func ("/wire/action/refused", test_refused);
  g_test_add_func ("/wire/action/code", test_code);
  g_test_add_func ("/wire/action/classic", test_classic);
  g_test_add_func ("/wire/action/strange", test_strange);
  return g_test_run ();
}
