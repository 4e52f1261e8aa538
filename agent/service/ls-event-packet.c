/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Events as they are in a packet of a stream: what GVariant would make of them, but written straight
 * down, as a GVariantBuilder makes an object of every member first. */
#include "ls-event-packet.h"

#include <string.h>

#include "ls-bus-names.h"

/* Strings of an event that are followed by the place where they end; the last needs none. */
#define N_ENDS 5

static void
append_number (GByteArray *out, guint64 number, guint width)
{
  guint64 little_endian = GUINT64_TO_LE (number);

  g_byte_array_append (out, (const guint8 *)&little_endian, width);
}

/* Whoever holds a number of 8 bytes begins where 8 divides. */
static void
align (GByteArray *out)
{
  static const guint8 nothing[8] = { 0 };

  g_byte_array_append (out, nothing, -out->len % sizeof nothing);
}

static guint
append_text (GByteArray *out, const char *text)
{
  g_byte_array_append (out, (const guint8 *)text, (guint)strlen (text) + 1);
  return out->len;
}

/* Where the members of a container end is written behind them, in as few bytes as its size needs,
 * these included. */
static guint
width_of_ends (gsize size, gsize n_ends)
{
  if (size + n_ends <= G_MAXUINT8)
    return 1;
  return size + 2 * n_ends <= G_MAXUINT16 ? 2 : 4;
}

static void
append_event (GByteArray *out, const LsEvent *event)
{
  guint ends[N_ENDS];
  guint start, width;

  align (out);
  start = out->len;
  append_number (out, event->seq, sizeof event->seq);
  ends[0] = append_text (out, ls_event_type_to_string (event->type));
  ends[1] = append_text (out, ls_entity_to_string (ls_event_get_entity (event)));
  ends[2] = append_text (out, event->entity_id);
  ends[3] = append_text (out, event->data);
  align (out);
  append_number (out, (guint64)event->timestamp, sizeof event->timestamp);
  ends[4] = append_text (out, event->user_role);
  append_text (out, event->user_id);

  width = width_of_ends (out->len - start, N_ENDS);
  for (guint i = N_ENDS; i > 0; i--)
    append_number (out, ends[i - 1] - start, width);
}

static GByteArray *
write_events (LsEvent *const *events, guint n)
{
  GByteArray *out = g_byte_array_sized_new (LS_BUS_PACKET_SIZE / 4);
  g_autofree guint *ends = g_new (guint, n);
  guint width;

  for (guint i = 0; i < n; i++)
    {
      append_event (out, events[i]);
      ends[i] = out->len;
    }
  width = width_of_ends (out->len, n);
  for (guint i = 0; i < n; i++)
    append_number (out, ends[i], width);
  return out;
}

/* What is left of an event that is too large: all but its data; should a server have made its names
 * that long, they go as well. */
static LsEvent *
lighten (const LsEvent *event)
{
  gsize names = strlen (event->entity_id) + strlen (event->user_role) + strlen (event->user_id);
  LsEvent *rest =
      ls_event_new (event->type, names < LS_BUS_PACKET_SIZE / 2 ? event->entity_id : "", "");

  rest->seq = event->seq;
  rest->timestamp = event->timestamp;
  if (names < LS_BUS_PACKET_SIZE / 2)
    {
      g_free (rest->user_role);
      rest->user_role = g_strdup (event->user_role);
      g_free (rest->user_id);
      rest->user_id = g_strdup (event->user_id);
    }
  return rest;
}

/**
 * ls_event_packet_new:
 * @events: (element-type LsEvent): at least one; several only if they fit, by ls_event_get_size()
 *
 * Returns: (transfer full): a serialised `a(tssssxss)`, little-endian on every machine; an event that
 *   alone is larger than %LS_BUS_PACKET_SIZE comes without its data
 */
GBytes *
ls_event_packet_new (GPtrArray *events)
{
  GByteArray *packet;

  g_return_val_if_fail (events->len > 0, NULL);

  packet = write_events ((LsEvent *const *)events->pdata, events->len);
  if (packet->len > LS_BUS_PACKET_SIZE)
    {
      g_autoptr (LsEvent) rest = lighten (g_ptr_array_index (events, 0));

      g_assert (events->len == 1);
      g_byte_array_unref (packet);
      packet = write_events (&rest, 1);
    }
  return g_byte_array_free_to_bytes (packet);
}
