/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-subscriber.h"

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

      event->seq = first + i;
      g_ptr_array_add (events, event);
    }
  return events;
}

static LsSubscriber *
subscriber_for (const char *type_name, guint64 after)
{
  g_autofree gboolean *types = g_new0 (gboolean, ls_event_type_get_count ());

  types[ls_event_type_from_string (type_name)] = TRUE;
  return ls_subscriber_new (types, NULL, NULL, after);
}

static guint
offer (LsSubscriber *subscriber, GPtrArray *events, guint64 up_to)
{
  g_autoptr (GPtrArray) batch = ls_subscriber_offer (subscriber, events, up_to);

  return batch->len;
}

static void
test_subscriber_batch (void)
{
  g_autoptr (LsSubscriber) subscriber = subscriber_for ("grade_updated", 0);
  g_autoptr (GPtrArray) events = events_from (1, 150, 10);

  g_assert_cmpuint (offer (subscriber, events, 150), ==, 100);
  g_assert_cmpuint (ls_subscriber_get_position (subscriber), ==, 100);
  g_assert_cmpuint (offer (subscriber, events, 150), ==, 50);
  g_assert_cmpuint (ls_subscriber_get_position (subscriber), ==, 150);
}

static void
test_subscriber_window (void)
{
  g_autoptr (LsSubscriber) subscriber = subscriber_for ("grade_updated", 0);
  g_autoptr (GPtrArray) events = events_from (1, 1500, 10);
  guint n = 0;

  while (ls_subscriber_has_room (subscriber))
    n += offer (subscriber, events, 1500);
  g_assert_cmpuint (n, ==, LS_WINDOW_EVENTS);
  g_assert_cmpuint (offer (subscriber, events, 1500), ==, 0);
  g_assert_true (ls_subscriber_take_hint (subscriber));
  g_assert_false (ls_subscriber_take_hint (subscriber));

  ls_subscriber_acknowledge (subscriber, 400);
  g_assert_true (ls_subscriber_has_room (subscriber));
  g_assert_cmpuint (ls_subscriber_get_acknowledged (subscriber), ==, 400);
  while (ls_subscriber_has_room (subscriber) && ls_subscriber_get_position (subscriber) < 1500)
    n += offer (subscriber, events, 1500);
  g_assert_cmpuint (n, ==, 1400);
}

static void
test_subscriber_window_size (void)
{
  g_autoptr (LsSubscriber) subscriber = subscriber_for ("grade_updated", 0);
  g_autoptr (GPtrArray) events = events_from (1, 100, 100 * 1024);
  guint n = 0;

  /* one event larger than a batch travels alone */
  g_assert_cmpuint (offer (subscriber, events, 100), ==, 1);
  for (n = 1; ls_subscriber_has_room (subscriber); n++)
    g_assert_cmpuint (offer (subscriber, events, 100), ==, 1);
  g_assert_cmpuint (n, ==, 3);
}

static void
test_subscriber_type (void)
{
  g_autoptr (LsSubscriber) subscriber = subscriber_for ("user_updated", 0);
  g_autoptr (GPtrArray) events = events_from (1, 150, 10);

  g_assert_cmpuint (offer (subscriber, events, 150), ==, 0);
  g_assert_cmpuint (ls_subscriber_get_position (subscriber), ==, 150);
}

static gboolean
match_never (const char *data, GHashTable *filter)
{
  return FALSE;
}

static void
test_subscriber_filter (void)
{
  g_autofree gboolean *types = g_new0 (gboolean, ls_event_type_get_count ());
  g_autoptr (GHashTable) filter = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (LsSubscriber) subscriber = NULL;
  g_autoptr (GPtrArray) events = events_from (1, 3, 10);

  types[ls_event_type_from_string ("grade_updated")] = TRUE;
  subscriber = ls_subscriber_new (types, filter, match_never, 0);
  g_assert_cmpuint (offer (subscriber, events, 3), ==, 0);
}

static void
test_subscriber_no_repetition (void)
{
  g_autoptr (LsSubscriber) subscriber = subscriber_for ("grade_updated", 5);
  g_autoptr (GPtrArray) events = events_from (1, 8, 10);

  g_assert_cmpuint (offer (subscriber, events, 8), ==, 3);
  g_assert_cmpuint (offer (subscriber, events, 8), ==, 0);
  ls_subscriber_acknowledge (subscriber, G_MAXUINT64);
  g_assert_cmpuint (ls_subscriber_get_acknowledged (subscriber), ==, 8);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/subscriber/batch", test_subscriber_batch);
  g_test_add_func ("/core/subscriber/window", test_subscriber_window);
  g_test_add_func ("/core/subscriber/window-size", test_subscriber_window_size);
  g_test_add_func ("/core/subscriber/type", test_subscriber_type);
  g_test_add_func ("/core/subscriber/filter", test_subscriber_filter);
  g_test_add_func ("/core/subscriber/no-repetition", test_subscriber_no_repetition);
  return g_test_run ();
}
