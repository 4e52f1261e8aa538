/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "event.h"

#include <string.h>

/* 300 bytes with the comma. Every field has a width of its own, so that digits are all it takes. */
static const char event_text[] =
    "{\"type\":\"grade_updated\",\"entity\":\"grade\",\"entityId\":\"g-000000\","
    "\"data\":{\"id\":\"g-000000\",\"student_id\":\"s-1\",\"score\":87.5,\"sent\":0000000000000000},"
    "\"timestamp\":0000000000000,\"userRole\":\"teacher\",\"userId\":\"u-teacher\","
    "\"offset\":0000000000,\"version\":0000000000,"
    "\"actionId\":\"8c0b4a3e-6a53-4f0e-9c1b-0f5f7f3f8a11\"},";

static gsize
find_field (const char *name)
{
  return (gsize)(strstr (event_text, name) - event_text) + strlen (name);
}

static void
put_digits (char *at, guint width, gint64 value)
{
  for (guint i = width; i > 0; i--, value /= 10)
    at[i - 1] = (char)('0' + value % 10);
}

/**
 * event_fields:
 *
 * Returns: where event_append() puts its digits; found once, kept by the caller
 */
EventFields
event_fields (void)
{
  return (EventFields) {
    .entity_id = find_field ("\"entityId\":\"g-"),
    .id = find_field ("\"id\":\"g-"),
    .sent = find_field ("\"sent\":"),
    .timestamp = find_field ("\"timestamp\":"),
    .offset = find_field ("\"offset\":"),
    .version = find_field ("\"version\":"),
  };
}

/**
 * event_append:
 * @out: what it is appended to, a comma behind it
 * @fields: event_fields()
 * @offset: the event's place in the log, of ten digits
 * @row: the number of the row that it changes, below a million
 * @now: when it is sent, in microseconds since 1970
 */
void
event_append (GString *out, const EventFields *fields, gint64 offset, gint64 row, gint64 now)
{
  char *at;

  g_string_append_len (out, event_text, sizeof event_text - 1);
  at = out->str + out->len - (sizeof event_text - 1);
  put_digits (at + fields->entity_id, 6, row);
  put_digits (at + fields->id, 6, row);
  put_digits (at + fields->sent, 16, now);
  put_digits (at + fields->timestamp, 13, now / 1000);
  put_digits (at + fields->offset, 10, offset);
  put_digits (at + fields->version, 10, offset);
}
