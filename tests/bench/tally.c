/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tally.h"

#include <string.h>

static gint
compare (gconstpointer a, gconstpointer b)
{
  const gint64 *x = a, *y = b;

  return (*x > *y) - (*x < *y);
}

static gint64
get_number (const char *text, gsize length, const char *name)
{
  const char *at = g_strstr_len (text, (gssize)length, name);

  return at != NULL ? g_ascii_strtoll (at + strlen (name), NULL, 10) : 0;
}

/**
 * tally_init:
 * @self: a tally, whatever is in it
 * @count: how many are waited for
 */
void
tally_init (Tally *self, guint count)
{
  *self = (Tally) { .count = count, .in_order = TRUE };
  self->delays = g_array_sized_new (FALSE, FALSE, sizeof (gint64), count);
}

/**
 * tally_take:
 * @self: a tally
 * @sent: when it was sent, in microseconds since 1970
 * @now: when it came, in the same
 */
void
tally_take (Tally *self, gint64 sent, gint64 now)
{
  gint64 delay = now - sent;

  self->last = now;
  if (self->first_sent == 0)
    self->first_sent = sent;
  g_array_append_val (self->delays, delay);
}

/**
 * tally_take_number:
 * @self: a tally
 * @number: of what comes, larger than that of everything before
 */
void
tally_take_number (Tally *self, gint64 number)
{
  self->in_order &= number > self->last_number;
  self->last_number = number;
}

/**
 * tally_take_event:
 * @self: a tally
 * @text: an event of event_append(); needs no end
 * @length: its length, in bytes
 *
 * Counts an event that came now, and says itself when it was sent.
 */
void
tally_take_event (Tally *self, const char *text, gsize length)
{
  tally_take_number (self, get_number (text, length, "\"offset\":"));
  tally_take (self, get_number (text, length, "\"sent\":"), g_get_real_time ());
}

/**
 * tally_done:
 *
 * Returns: whether all have come that are waited for
 */
gboolean
tally_done (Tally *self)
{
  return self->delays->len >= self->count;
}

/**
 * tally_report:
 *
 * Prints what came as one line of JSON, with times in microseconds, and lets go of it.
 */
void
tally_report (Tally *self)
{
  guint n = self->delays->len;

  g_array_sort (self->delays, compare);
  g_print ("{\"events\":%u,\"first_sent\":%" G_GINT64_FORMAT ",\"last\":%" G_GINT64_FORMAT
           ",\"p50\":%" G_GINT64_FORMAT ",\"p99\":%" G_GINT64_FORMAT ",\"in_order\":%s}\n",
           n, self->first_sent, self->last, n > 0 ? g_array_index (self->delays, gint64, n / 2) : 0,
           n > 0 ? g_array_index (self->delays, gint64, n - 1 - n / 100) : 0,
           self->in_order ? "true" : "false");
  g_clear_pointer (&self->delays, g_array_unref);
}
