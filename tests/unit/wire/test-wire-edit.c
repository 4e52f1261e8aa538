/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-wire-edit.h"

#include <string.h>

#include "ls-error.h"
#include "ls-json.h"

static gboolean
equal (const char *a, const char *b)
{
  return ls_json_equal ((LsJsonSlice) { a, strlen (a) }, (LsJsonSlice) { b, strlen (b) });
}

static void
test_equal (void)
{
  static const struct
  {
    const char *a;
    const char *b;
    gboolean equal;
  } cases[] = {
    { "1", "1.0", TRUE },
    { "100", "1e2", TRUE },
    { "1", "2", FALSE },
    { "9007199254740993", "9007199254740992", FALSE },
    { "1", "\"1\"", FALSE },
    { "true", "true", TRUE },
    { "true", "false", FALSE },
    { "null", "null", TRUE },
    { "null", "false", FALSE },
    { "\"a\"", "\"\\u0061\"", TRUE },
    { "\"a\"", "\"b\"", FALSE },
    { "\"a\\u0000b\"", "\"a\\u0000b\"", TRUE },
    { "[1,2]", "[1, 2.0]", TRUE },
    { "[1,2]", "[2,1]", FALSE },
    { "[1]", "[1,1]", FALSE },
    { "[1,1]", "[1]", FALSE },
    { "{}", "{}", TRUE },
    { "{\"a\":1,\"b\":[2]}", "{\"b\":[2],\"a\":1}", TRUE },
    { "{\"a\":1}", "{\"a\":1,\"b\":null}", FALSE },
    { "{\"a\":1,\"b\":null}", "{\"a\":1}", FALSE },
    { "{\"a\":1,\"a\":1}", "{\"a\":1,\"a\":1}", FALSE },
    { "{\"\\u0061\":1}", "{\"a\":1}", TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_message ("%s and %s", cases[i].a, cases[i].b);
      g_assert_cmpint (equal (cases[i].a, cases[i].b), ==, cases[i].equal);
    }
  g_assert_true (ls_json_equal ((LsJsonSlice) { NULL, 0 }, (LsJsonSlice) { NULL, 0 }));
  g_assert_false (ls_json_equal ((LsJsonSlice) { NULL, 0 }, (LsJsonSlice) { "null", 4 }));
}

static void
assert_refused (const char *text, gboolean plain)
{
  g_autofree char *shown = g_strndup (text, 60);
  g_autofree char *escaped = g_strescape (shown, NULL);
  g_autoptr (GError) error = NULL;

  g_test_message ("%s", escaped);
  g_assert_false (ls_wire_edit_check (text, plain, &error));
  g_assert_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT);
}

static char *
object_of_members (guint n)
{
  GString *text = g_string_new ("{");

  for (guint i = 0; i < n; i++)
    g_string_append_printf (text, "%s\"m%u\":%u", i > 0 ? "," : "", i, i);
  g_string_append_c (text, '}');
  return g_string_free (text, FALSE);
}

static void
test_check (void)
{
  g_autofree char *many = object_of_members (LS_WIRE_MAX_MEMBERS);
  g_autofree char *too_many = object_of_members (LS_WIRE_MAX_MEMBERS + 1);
  g_autofree char *blanks = g_strnfill (LS_WIRE_MAX_ACTION, ' ');
  g_autofree char *too_long = g_strconcat ("{}", blanks, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (ls_wire_edit_check ("{}", TRUE, &error));
  g_assert_true (ls_wire_edit_check ("{\"_a9\":[{\"x y\":1}]}", TRUE, &error));
  g_assert_true (ls_wire_edit_check ("{\"student-id\":1,\"\":2}", FALSE, &error));
  g_assert_true (ls_wire_edit_check (many, TRUE, &error));
  g_assert_no_error (error);

  assert_refused ("", FALSE);
  assert_refused ("[]", FALSE);
  assert_refused ("{} {}", FALSE);
  assert_refused ("{\"a\":1,}", FALSE);
  assert_refused ("{\"a\":\"\xff\"}", FALSE);
  assert_refused ("{\"a\":1,\"\\u0061\":2}", FALSE);
  assert_refused ("{\"a\\u0000\":1}", FALSE);
  assert_refused ("{\"score = 5, note\":1}", TRUE);
  assert_refused ("{\"9a\":1}", TRUE);
  assert_refused ("{\"\":1}", TRUE);
  assert_refused ("{\"n\\u00e4me\":1}", TRUE);
  assert_refused (too_many, FALSE);
  assert_refused (too_long, FALSE);
}

static void
assert_text (char *text, const char *expected)
{
  g_autofree char *owned = text;

  g_assert_cmpstr (owned, ==, expected);
}

static void
test_lay_over (void)
{
  assert_text (ls_wire_edit_lay_over (NULL, "{\"a\":1}"), "{\"a\":1}");
  assert_text (ls_wire_edit_lay_over ("{}", "{}"), "{}");
  assert_text (ls_wire_edit_lay_over ("{\"id\":\"g\",\"score\":80,\"n\":null}", "{\"score\":90}"),
               "{\"id\":\"g\",\"score\":90,\"n\":null}");
  assert_text (ls_wire_edit_lay_over ("{\"a\":1}", "{\"b\":{\"c\":[]},\"a\":null}"),
               "{\"a\":null,\"b\":{\"c\":[]}}");
}

static void
test_agrees (void)
{
  const char *row = "{\"id\":\"g\",\"score\":80.0,\"final\":1,\"note\":null,\"nis\":\"007\"}";

  g_assert_true (ls_wire_edit_agrees (row, "{}"));
  g_assert_true (ls_wire_edit_agrees (row, "{\"score\":80,\"id\":\"g\"}"));
  g_assert_true (ls_wire_edit_agrees (row, "{\"final\":true,\"score\":\"80\"}"));
  g_assert_true (ls_wire_edit_agrees (row, "{\"note\":null,\"absent\":null}"));
  g_assert_false (ls_wire_edit_agrees (row, "{\"final\":false}"));
  g_assert_false (ls_wire_edit_agrees (row, "{\"score\":81}"));
  g_assert_false (ls_wire_edit_agrees (row, "{\"nis\":\"7\"}"));
  g_assert_false (ls_wire_edit_agrees (row, "{\"note\":\"\"}"));
  g_assert_false (ls_wire_edit_agrees (row, "{\"absent\":0}"));
}

static void
test_is_same (void)
{
  const char *row = "{\"id\":\"g\",\"score\":80,\"version\":3,\"updated_at\":1}";

  g_assert_true (ls_wire_edit_is_same (row, "{\"version\":4,\"score\":80,\"id\":\"g\"}"));
  g_assert_false (ls_wire_edit_is_same (row, "{\"id\":\"g\",\"score\":81}"));
  g_assert_false (ls_wire_edit_is_same (row, "{\"id\":\"g\",\"score\":80,\"note\":\"x\"}"));
  g_assert_false (ls_wire_edit_is_same ("{\"note\":\"x\"}", "{}"));
}

static void
test_merge (void)
{
  const char *base = "{\"a\":1,\"b\":2,\"c\":3}";

  /* only here; only there; on both sides to the same; nothing really changed */
  assert_text (ls_wire_edit_merge (base, "{\"a\":9}", "{\"a\":1,\"b\":2,\"c\":3}"), "{\"a\":9}");
  assert_text (ls_wire_edit_merge (base, "{\"a\":9}", "{\"a\":1,\"b\":8,\"c\":3}"), "{\"a\":9}");
  assert_text (ls_wire_edit_merge (base, "{\"a\":9,\"b\":8}", "{\"a\":9,\"b\":2,\"c\":3}"),
               "{\"b\":8}");
  assert_text (ls_wire_edit_merge (base, "{\"a\":1}", "{\"a\":7,\"b\":2,\"c\":3}"), "{}");
  assert_text (ls_wire_edit_merge (NULL, "{\"a\":9}", "{}"), "{\"a\":9}");
  g_assert_null (ls_wire_edit_merge (base, "{\"a\":9,\"b\":8}", "{\"a\":7,\"b\":2,\"c\":3}"));
  g_assert_null (ls_wire_edit_merge (NULL, "{\"a\":9}", "{\"a\":7}"));
}

static void
test_invert (void)
{
  assert_text (ls_wire_edit_invert ("{\"id\":\"g\",\"a\":1,\"b\":[2]}",
                                    "{\"id\":\"g\",\"b\":3,\"a\":4,\"c\":5}"),
               "{\"b\":[2],\"a\":1,\"c\":null}");
  assert_text (ls_wire_edit_invert (NULL, "{\"a\":4}"), "{\"a\":null}");
}

static void
test_set_and_rename (void)
{
  assert_text (ls_wire_edit_set_member ("{\"a\":1}", "id", "x\"y"), "{\"a\":1,\"id\":\"x\\\"y\"}");
  assert_text (ls_wire_edit_set_member ("{\"id\":null}", "id", "x"), "{\"id\":\"x\"}");
  g_assert_true (ls_wire_edit_has_member ("{\"a\":1,\"id\":null}", "id"));
  g_assert_false (ls_wire_edit_has_member ("{\"ID\":1,\"a\":{\"id\":1}}", "id"));
  assert_text (ls_wire_edit_rename ("{\"id\":\"t\\u0031\",\"of\":\"t1\",\"n\":1,\"l\":[\"t1\"],"
                                    "\"o\":\"t12\"}",
                                    "t1", "s-1"),
               "{\"id\":\"s-1\",\"of\":\"s-1\",\"n\":1,\"l\":[\"t1\"],\"o\":\"t12\"}");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/wire/edit/equal", test_equal);
  g_test_add_func ("/wire/edit/check", test_check);
  g_test_add_func ("/wire/edit/lay-over", test_lay_over);
  g_test_add_func ("/wire/edit/agrees", test_agrees);
  g_test_add_func ("/wire/edit/is-same", test_is_same);
  g_test_add_func ("/wire/edit/merge", test_merge);
  g_test_add_func ("/wire/edit/invert", test_invert);
  g_test_add_func ("/wire/edit/set-and-rename", test_set_and_rename);

  return g_test_run ();
}
