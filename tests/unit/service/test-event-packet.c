/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Packets beside what GVariant makes of the same events. */
#include "ls-event-packet.h"

#include <gio/gio.h>
#include <string.h>

#include "ls-bus-events.h"
#include "ls-bus-names.h"

static LsEvent *
add_event (GPtrArray *events, const char *id, gsize data_size)
{
  g_autofree char *data = g_strnfill (data_size, 'x');
  LsEvent *event = ls_event_new (ls_event_type_from_string ("grade_updated"), id, data);

  event->seq = events->len + 1;
  event->timestamp = 1700000000000;
  g_ptr_array_add (events, event);
  return event;
}

static GVariant *
read_packet (GBytes *packet)
{
  GVariant *value = g_variant_ref_sink (
      g_variant_new_from_bytes (G_VARIANT_TYPE ("a" LS_BUS_EVENT_TYPE), packet, FALSE));

  /* a packet is made on this machine and read on it; only its bytes are the same on others */
  if (G_BYTE_ORDER == G_BIG_ENDIAN)
    {
      g_autoptr (GVariant) foreign = value;

      value = g_variant_byteswap (foreign);
    }
  return value;
}

static void
assert_same (GPtrArray *events)
{
  g_autoptr (GBytes) packet = ls_event_packet_new (events);
  g_autoptr (GVariant) ours = read_packet (packet);
  g_autoptr (GVariant) theirs = g_variant_ref_sink (ls_bus_events_new (events));

  g_assert_true (g_variant_is_normal_form (ours));
  g_assert_true (g_variant_equal (ours, theirs));
  g_assert_cmpuint (g_bytes_get_size (packet), ==, g_variant_get_size (theirs));
}

static void
test_packet_one (void)
{
  g_autoptr (GPtrArray) events = ls_event_array_new ();
  LsEvent *event = add_event (events, "g-1", 10);

  event->user_role = (g_free (event->user_role), g_strdup ("teacher"));
  event->user_id = (g_free (event->user_id), g_strdup ("u-\xc3\xa9"));
  event->timestamp = -1;
  assert_same (events);
}

/* The places where members end take more bytes in larger containers. */
static void
test_packet_sizes (void)
{
  for (gsize size = 0; size < 600; size++)
    {
      g_autoptr (GPtrArray) events = ls_event_array_new ();

      add_event (events, "g-1", size);
      assert_same (events);
      add_event (events, "", 0);
      assert_same (events);
    }
  for (gsize size = 65200; size < 65440; size++)
    {
      g_autoptr (GPtrArray) events = ls_event_array_new ();

      add_event (events, "g-1", size);
      assert_same (events);
    }
}

static void
test_packet_random (void)
{
  for (guint round = 0; round < 200; round++)
    {
      g_autoptr (GPtrArray) events = ls_event_array_new ();
      guint n = (guint)g_test_rand_int_range (1, 101);

      for (guint i = 0; i < n; i++)
        {
          g_autofree char *id = g_strnfill ((gsize)g_test_rand_int_range (0, 12), 'i');
          LsEvent *event = add_event (events, id, (gsize)g_test_rand_int_range (0, 500));

          event->type = g_test_rand_int_range (0, (gint)ls_event_type_get_count ());
          event->seq = (guint64)g_test_rand_int ();
        }
      assert_same (events);
    }
}

/* What is estimated to fit in a packet does. */
static void
test_packet_estimate (void)
{
  for (LsEventType type = 0; type < (LsEventType)ls_event_type_get_count (); type++)
    for (gsize size = 0; size < 20; size++)
      {
        g_autoptr (GPtrArray) events = ls_event_array_new ();
        g_autoptr (GBytes) packet = NULL;
        gsize estimate = 0;

        for (guint i = 0; i < 100; i++)
          {
            LsEvent *event = add_event (events, "g", size + 500);

            event->type = type;
            estimate += ls_event_get_size (event);
          }
        packet = ls_event_packet_new (events);
        g_assert_cmpuint (g_bytes_get_size (packet), <=, estimate);
      }
}

static void
test_packet_too_large (void)
{
  g_autoptr (GPtrArray) events = ls_event_array_new ();
  g_autoptr (GBytes) packet = NULL;
  g_autoptr (GVariant) value = NULL;
  g_autofree char *text = NULL;

  add_event (events, "g-1", LS_BUS_PACKET_SIZE);
  packet = ls_event_packet_new (events);
  value = read_packet (packet);
  text = g_variant_print (value, FALSE);
  g_assert_cmpstr (text, ==, "[(1, 'grade_updated', 'grade', 'g-1', '', 1700000000000, '', '')]");
}

static void
test_packet_names_too_large (void)
{
  g_autoptr (GPtrArray) events = ls_event_array_new ();
  g_autoptr (GBytes) packet = NULL;
  g_autoptr (GVariant) value = NULL;
  g_autofree char *id = g_strnfill (LS_BUS_PACKET_SIZE, 'i');
  g_autofree char *text = NULL;

  add_event (events, id, 2);
  packet = ls_event_packet_new (events);
  value = read_packet (packet);
  text = g_variant_print (value, FALSE);
  g_assert_cmpstr (text, ==, "[(1, 'grade_updated', 'grade', '', '', 1700000000000, '', '')]");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/service/event-packet/one", test_packet_one);
  g_test_add_func ("/service/event-packet/sizes", test_packet_sizes);
  g_test_add_func ("/service/event-packet/random", test_packet_random);
  g_test_add_func ("/service/event-packet/estimate", test_packet_estimate);
  g_test_add_func ("/service/event-packet/too-large", test_packet_too_large);
  g_test_add_func ("/service/event-packet/names-too-large", test_packet_names_too_large);
  return g_test_run ();
}
