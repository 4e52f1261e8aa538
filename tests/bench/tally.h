/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an app has received, or a caller has been told: how much, in which order, and how late. */
#pragma once

#include <glib.h>

typedef struct
{
  guint count;       /* how many are waited for */
  gint64 first_sent; /* in microseconds since 1970, as all times here */
  gint64 last;       /* when the last one came */
  gint64 last_number;
  GArray *delays; /* (element-type gint64) (owned) */
  gboolean in_order;
} Tally;

void tally_init (Tally *self, guint count);
void tally_take (Tally *self, gint64 sent, gint64 now);
void tally_take_number (Tally *self, gint64 number);
void tally_take_event (Tally *self, const char *text, gsize length);
gboolean tally_done (Tally *self);
void tally_report (Tally *self);
