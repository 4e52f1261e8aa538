/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-cursor.h"

static void
test_cursor_round_trip (void)
{
  LsCursor cursor;
  g_autofree char *text = NULL;

  g_assert_true (ls_cursor_parse ("3f-a_b.c:9007199254740992", &cursor));
  g_assert_cmpstr (cursor.epoch, ==, "3f-a_b.c");
  g_assert_cmpint (cursor.offset, ==, LS_MAX_INTEGER);
  text = ls_cursor_to_string (cursor);
  g_assert_cmpstr (text, ==, "3f-a_b.c:9007199254740992");
}

static void
test_cursor_refuses (void)
{
  static const char *const bad[] = {
    "",
    ":",
    ":1",
    "e:",
    "e",
    "e:-1",
    "e:1x",
    "e: 1",
    "e:9007199254740993",
    "e f:1",
    "e:f:1",
    "é:1",
    "0123456789012345678901234567890123456789012345678901234567890123x:1",
  };
  LsCursor cursor = LS_CURSOR_NONE;

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_false (ls_cursor_parse (bad[i], &cursor));
  g_assert_false (ls_cursor_parse (NULL, &cursor));
  g_assert_false (ls_cursor_is_set (cursor));
}

static void
test_cursor_covers (void)
{
  LsCursor a = ls_cursor_new ("a", 5);

  g_assert_true (ls_cursor_covers (a, ls_cursor_new ("a", 5)));
  g_assert_true (ls_cursor_covers (a, ls_cursor_new ("a", 4)));
  g_assert_false (ls_cursor_covers (a, ls_cursor_new ("a", 6)));
  g_assert_false (ls_cursor_covers (a, ls_cursor_new ("b", 1)));
  g_assert_false (ls_cursor_covers (LS_CURSOR_NONE, LS_CURSOR_NONE));
  g_assert_true (ls_cursor_equal (LS_CURSOR_NONE, LS_CURSOR_NONE));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/cursor/round-trip", test_cursor_round_trip);
  g_test_add_func ("/core/cursor/refuses", test_cursor_refuses);
  g_test_add_func ("/core/cursor/covers", test_cursor_covers);
  return g_test_run ();
}
