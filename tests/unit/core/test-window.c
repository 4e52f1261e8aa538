/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-window.h"

#include <string.h>

static GPtrArray *
events_from (guint64 first, guint n, gsize data_size)
{
  GPtrArray *events = ls_event_array_new ();
  g_autofree char *data = g_strnfill (data_size, ' ');

  memcpy (data, "{}", 2);
  for (guint i = 0; i < n; i++)
    {
      LsEvent *event = ls_event_new (ls_event_type_from_string ("grade_updated"), "g", data);

      event->seq = first != 0 ? first + i : 0;
      g_ptr_array_add (events, event);
    }
  return events;
}

static void
test_window_events (void)
{
  g_autoptr (GPtrArray) some = events_from (1, 990, 10);
  g_autoptr (GPtrArray) more = events_from (991, 50, 10);
  g_auto (LsWindow) window = { 0 };

  g_assert_cmpuint (ls_window_admit (&window, some), ==, 990);
  g_assert_true (ls_window_has_room (&window));
  g_assert_cmpuint (ls_window_admit (&window, more), ==, LS_WINDOW_EVENTS - 990);
  g_assert_false (ls_window_has_room (&window));
  g_assert_cmpuint (ls_window_admit (&window, more), ==, 0);
}

static void
test_window_acknowledge (void)
{
  g_autoptr (GPtrArray) events = events_from (1, LS_WINDOW_EVENTS, 10);
  g_autoptr (GPtrArray) more = events_from (LS_WINDOW_EVENTS + 1, 500, 10);
  g_auto (LsWindow) window = { 0 };

  g_assert_cmpuint (ls_window_admit (&window, events), ==, LS_WINDOW_EVENTS);
  ls_window_acknowledge (&window, 0);
  g_assert_false (ls_window_has_room (&window));
  ls_window_acknowledge (&window, 400);
  g_assert_cmpuint (ls_window_admit (&window, more), ==, 400);
  ls_window_acknowledge (&window, G_MAXUINT64);
  g_assert_cmpuint (window.size, ==, 0);
  g_assert_cmpuint (ls_window_admit (&window, events), ==, LS_WINDOW_EVENTS);
}

static void
test_window_size (void)
{
  g_autoptr (GPtrArray) events = events_from (1, 100, 100 * 1024);
  g_auto (LsWindow) window = { 0 };

  /* the one that makes it full goes out */
  g_assert_cmpuint (ls_window_admit (&window, events), ==, 3);
}

static void
test_window_hint (void)
{
  g_autoptr (GPtrArray) events = events_from (1, LS_WINDOW_EVENTS, 10);
  g_auto (LsWindow) window = { 0 };

  g_assert_false (ls_window_take_hint (&window));
  ls_window_admit (&window, events);
  g_assert_true (ls_window_take_hint (&window));
  g_assert_false (ls_window_take_hint (&window));
  ls_window_acknowledge (&window, 0);
  g_assert_true (ls_window_take_hint (&window));
  ls_window_acknowledge (&window, 1);
  g_assert_false (ls_window_take_hint (&window));
}

/* Nobody could acknowledge it. */
static void
test_window_presence (void)
{
  g_autoptr (GPtrArray) presence = events_from (0, 2 * LS_WINDOW_EVENTS, 10);
  g_auto (LsWindow) window = { 0 };

  g_assert_cmpuint (ls_window_admit (&window, presence), ==, presence->len);
  g_assert_cmpuint (window.size, ==, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/window/events", test_window_events);
  g_test_add_func ("/core/window/acknowledge", test_window_acknowledge);
  g_test_add_func ("/core/window/size", test_window_size);
  g_test_add_func ("/core/window/hint", test_window_hint);
  g_test_add_func ("/core/window/presence", test_window_presence);
  return g_test_run ();
}
