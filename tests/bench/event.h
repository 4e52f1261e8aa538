/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The event that every benchmark feeds: 300 bytes of which a few digits change. */
#pragma once

#include <glib.h>

/* Where the digits stand that change. */
typedef struct
{
  gsize entity_id, id, sent, timestamp, offset, version;
} EventFields;

EventFields event_fields (void);
void event_append (GString *out, const EventFields *fields, gint64 offset, gint64 row, gint64 now);
