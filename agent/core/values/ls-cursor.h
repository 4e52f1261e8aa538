/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** LS_MAX_INTEGER: the largest integer that the wire carries: 2^53 (protocol, "Limits") */
#define LS_MAX_INTEGER (G_GINT64_CONSTANT (1) << 53)

/** LS_MAX_EPOCH_LENGTH: an epoch is a UUID, a number or a name; 64 characters hold any of them */
#define LS_MAX_EPOCH_LENGTH 64

/**
 * LsCursor:
 * @epoch: identity of the server's log; empty: no position at all
 * @offset: the last event of that log that is in, 0 to %LS_MAX_INTEGER
 *
 * A position in the server's log. One value, copied by assignment: an offset means nothing without
 * its epoch. Never crosses the bus.
 */
typedef struct
{
  char epoch[LS_MAX_EPOCH_LENGTH + 1];
  gint64 offset;
} LsCursor;

#define LS_CURSOR_NONE ((LsCursor) { "", 0 })

LsCursor ls_cursor_new (const char *epoch, gint64 offset);
gboolean ls_cursor_parse (const char *text, LsCursor *cursor);
char *ls_cursor_to_string (LsCursor cursor);
gboolean ls_cursor_is_set (LsCursor cursor);
gboolean ls_cursor_equal (LsCursor a, LsCursor b);
gboolean ls_cursor_covers (LsCursor a, LsCursor b);

G_END_DECLS
