/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a limit hands over by socket: the same packets that the agent makes. */
#include "limit.h"

#include <string.h>

static const char names[] = "grade_updated\0grade";

static void
append_number (GByteArray *out, guint64 number, guint width)
{
  number = GUINT64_TO_LE (number);
  g_byte_array_append (out, (const guint8 *)&number, width);
}

static guint
append_text (GByteArray *out, const char *text)
{
  g_byte_array_append (out, (const guint8 *)text, (guint)strlen (text) + 1);
  return out->len;
}

static void
append_event (GByteArray *out, const LimitEvent *event)
{
  guint start = out->len;
  guint ends[5] = { 8 + sizeof "grade_updated", 8 + sizeof names };
  guint width;

  append_number (out, event->seq, 8);
  g_byte_array_append (out, (const guint8 *)names, sizeof names);
  ends[2] = append_text (out, event->entity_id) - start;
  ends[3] = append_text (out, event->data) - start;
  append_number (out, 0, -out->len & 7);
  append_number (out, (guint64)event->timestamp, 8);
  ends[4] = append_text (out, event->user_role) - start;
  append_text (out, event->user_id);
  width = out->len - start + 5 <= G_MAXUINT8 ? 1 : 2;
  for (guint i = 5; i > 0; i--)
    append_number (out, ends[i - 1], width);
}

/**
 * limit_packet_new:
 * @events: (array length=n) (element-type LimitEvent): events that are small
 * @n: how many, up to 100
 *
 * Returns: (transfer full): an `a(tssssxss)`, as bytes
 */
GByteArray *
limit_packet_new (gpointer *events, guint n)
{
  GByteArray *out = g_byte_array_sized_new (32 * 1024);
  guint ends[100];
  guint width;

  for (guint i = 0; i < n; i++)
    {
      append_number (out, 0, -out->len & 7);
      append_event (out, events[i]);
      ends[i] = out->len;
    }
  width = out->len + n <= G_MAXUINT8 ? 1 : 2;
  for (guint i = 0; i < n; i++)
    append_number (out, ends[i], width);
  return out;
}
