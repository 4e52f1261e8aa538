/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-wire-action.h"

#include <string.h>

#include "ls-json.h"

static LsActionReply *
read_reply (guint status, const char *text)
{
  LsActionReply *reply = ls_action_reply_new (status);
  g_autoptr (GError) error = NULL;

  g_assert_true (ls_wire_read_action_reply (reply, text, strlen (text), &error));
  g_assert_no_error (error);
  return reply;
}

static void
test_success (void)
{
  g_autoptr (LsActionReply) reply = read_reply (
      200,
      "{\"success\":true,\"data\":{\"id\":\"g\", \"version\":4},\"version\":5,\"cursor\":\"e:7\"}");
  g_autoptr (LsActionReply) inside =
      read_reply (200, "{\"success\":true,\"data\":{\"id\":\"g\",\"version\":4}}");
  g_autoptr (LsActionReply) nothing = read_reply (200, "{\"success\":true,\"data\":null}");

  g_assert_cmpstr (reply->row, ==, "{\"id\":\"g\", \"version\":4}");
  g_assert_cmpint (reply->version, ==, 5);
  g_assert_true (ls_cursor_equal (reply->cursor, ls_cursor_new ("e", 7)));
  g_assert_cmpint (inside->version, ==, 4);
  g_assert_false (ls_cursor_is_set (inside->cursor));
  g_assert_null (nothing->row);
  g_assert_cmpint (nothing->version, ==, 0);
}

/* Three shapes of errors (the existing system), and ours */
static void
test_errors (void)
{
  g_autoptr (LsActionReply) conflict =
      read_reply (409, "{\"success\":false,\"message\":\"x\",\"error\":\"conflict\",\"status\":409,"
                       "\"data\":{\"id\":\"g\"},\"version\":9}");
  g_autoptr (LsActionReply) classic =
      read_reply (500, "{\"success\":false,\"message\":\"Terjadi\",\"status\":500}");
  g_autoptr (LsActionReply) limited =
      read_reply (429, "{\"error\":\"Too many\",\"message\":\"x\",\"retryAfter\":60}");

  g_assert_cmpstr (conflict->code, ==, "conflict");
  g_assert_cmpstr (conflict->row, ==, "{\"id\":\"g\"}");
  g_assert_cmpint (conflict->version, ==, 9);
  g_assert_null (classic->code);
  g_assert_cmpstr (limited->code, ==, "Too many");
}

static void
test_nonsense (void)
{
  static const char *const texts[] = {
    "",
    "[]",
    "{\"version\":-1}",
    "{\"version\":\"4\"}",
    "{\"cursor\":7}",
    "{\"cursor\":\"7\"}",
    "{\"data\":{},\"data\":{}}",
    "{\"success\":true",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (LsActionReply) reply = ls_action_reply_new (200);
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", texts[i]);
      g_assert_false (ls_wire_read_action_reply (reply, texts[i], strlen (texts[i]), &error));
      g_assert_nonnull (error);
      g_assert_true (error->domain == LS_JSON_ERROR);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/wire/action/success", test_success);
  g_test_add_func ("/wire/action/errors", test_errors);
  g_test_add_func ("/wire/action/nonsense", test_nonsense);

  return g_test_run ();
}
