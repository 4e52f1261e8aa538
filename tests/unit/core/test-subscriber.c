/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-subscriber.h"

static GPtrArray *
events_from (guint64 first, guint n)
{
  GPtrArray *events = ls_event_array_new ();

  for (guint i = 0; i < n; i++)
    {
      LsEvent *event = ls_event_new (ls_event_type_from_string ("grade_updated"), "g", "{}");

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

/* Its `seq` from first on, and no other. */
static void
assert_selects (LsSubscriber *subscriber, GPtrArray *events, guint64 first, guint n)
{
  g_autoptr (GPtrArray) selected = ls_subscriber_select (subscriber, events);

  g_assert_cmpuint (selected->len, ==, n);
  for (guint i = 0; i < n; i++)
    g_assert_cmpuint (((LsEvent *)selected->pdata[i])->seq, ==, first + i);
}

static void
test_subscriber_all (void)
{
  g_autoptr (LsSubscriber) subscriber = subscriber_for ("grade_updated", 0);
  g_autoptr (GPtrArray) events = events_from (1, 150);
  g_autoptr (GPtrArray) selected = ls_subscriber_select (subscriber, events);

  g_assert_true (selected == events);
  g_assert_cmpuint (ls_subscriber_get_position (subscriber), ==, 0);
}

static void
test_subscriber_type (void)
{
  g_autoptr (LsSubscriber) subscriber = subscriber_for ("user_updated", 0);
  g_autoptr (GPtrArray) events = events_from (1, 150);

  assert_selects (subscriber, events, 0, 0);
}

/* Knows an event by its data: those with an even number in it. */
static gboolean
match_even (const char *data, GHashTable *filter)
{
  g_assert_true (g_hash_table_contains (filter, "even"));
  return g_ascii_strtoull (data + 1, NULL, 10) % 2 == 0;
}

static void
test_subscriber_filter (void)
{
  g_autofree gboolean *types = g_new0 (gboolean, ls_event_type_get_count ());
  g_autoptr (GHashTable) filter = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (LsSubscriber) subscriber = NULL;
  g_autoptr (GPtrArray) events = events_from (1, 6);
  g_autoptr (GPtrArray) selected = NULL;

  g_hash_table_add (filter, (gpointer) "even");
  types[ls_event_type_from_string ("grade_updated")] = TRUE;
  for (guint i = 0; i < events->len; i++)
    {
      LsEvent *event = events->pdata[i];

      g_free (event->data);
      event->data = g_strdup_printf ("{%u}", (guint)event->seq);
    }
  subscriber = ls_subscriber_new (types, filter, match_even, 2);
  selected = ls_subscriber_select (subscriber, events);
  g_assert_cmpuint (selected->len, ==, 2);
  g_assert_cmpuint (((LsEvent *)selected->pdata[0])->seq, ==, 4);
  g_assert_cmpuint (((LsEvent *)selected->pdata[1])->seq, ==, 6);
}

static void
test_subscriber_no_repetition (void)
{
  g_autoptr (LsSubscriber) subscriber = subscriber_for ("grade_updated", 5);
  g_autoptr (GPtrArray) events = events_from (1, 8);

  assert_selects (subscriber, events, 6, 3);
  ls_subscriber_advance (subscriber, 7);
  assert_selects (subscriber, events, 8, 1);
  ls_subscriber_advance (subscriber, 3);
  assert_selects (subscriber, events, 8, 1);
  ls_subscriber_advance (subscriber, 8);
  assert_selects (subscriber, events, 0, 0);
}

static void
test_subscriber_presence (void)
{
  g_autoptr (LsSubscriber) subscriber = subscriber_for ("grade_updated", 5);
  g_autoptr (GPtrArray) events = events_from (0, 1);

  assert_selects (subscriber, events, 0, 1);
}

static void
test_subscriber_acknowledge (void)
{
  g_autoptr (LsSubscriber) subscriber = subscriber_for ("grade_updated", 5);

  ls_subscriber_advance (subscriber, 8);
  g_assert_cmpuint (ls_subscriber_acknowledge (subscriber, 7), ==, 7);
  g_assert_cmpuint (ls_subscriber_acknowledge (subscriber, 6), ==, 6);
  g_assert_cmpuint (ls_subscriber_get_acknowledged (subscriber), ==, 7);
  g_assert_cmpuint (ls_subscriber_acknowledge (subscriber, G_MAXUINT64), ==, 8);
  g_assert_cmpuint (ls_subscriber_get_acknowledged (subscriber), ==, 8);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/subscriber/all", test_subscriber_all);
  g_test_add_func ("/core/subscriber/type", test_subscriber_type);
  g_test_add_func ("/core/subscriber/filter", test_subscriber_filter);
  g_test_add_func ("/core/subscriber/no-repetition", test_subscriber_no_repetition);
  g_test_add_func ("/core/subscriber/presence", test_subscriber_presence);
  g_test_add_func ("/core/subscriber/acknowledge", test_subscriber_acknowledge);
  return g_test_run ();
}
