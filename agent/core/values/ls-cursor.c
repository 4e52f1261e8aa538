/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-cursor.h"

#include <string.h>

static gboolean
epoch_is_valid (const char *epoch, gsize length)
{
  if (length == 0 || length > LS_MAX_EPOCH_LENGTH)
    return FALSE;

  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isalnum (epoch[i]) && strchr ("-_.", epoch[i]) == NULL)
      return FALSE;

  return TRUE;
}

/**
 * ls_cursor_new:
 * @epoch: identity of the log, 1 to %LS_MAX_EPOCH_LENGTH characters
 * @offset: a position in it
 *
 * Returns: the cursor
 */
LsCursor
ls_cursor_new (const char *epoch, gint64 offset)
{
  LsCursor cursor = LS_CURSOR_NONE;

  g_return_val_if_fail (epoch != NULL && strlen (epoch) <= LS_MAX_EPOCH_LENGTH, cursor);

  g_strlcpy (cursor.epoch, epoch, sizeof cursor.epoch);
  cursor.offset = offset;
  return cursor;
}

/**
 * ls_cursor_parse:
 * @text: (nullable): `EPOCH:OFFSET`; the epoch is 1 to 64 of `A-Za-z0-9-_.`
 * @cursor: (out): the cursor; untouched on failure
 *
 * Returns: %TRUE if @text is a cursor
 */
gboolean
ls_cursor_parse (const char *text, LsCursor *cursor)
{
  const char *colon = text == NULL ? NULL : strrchr (text, ':');
  guint64 offset;

  if (colon == NULL || !epoch_is_valid (text, (gsize)(colon - text)))
    return FALSE;
  if (!g_ascii_string_to_unsigned (colon + 1, 10, 0, (guint64)LS_MAX_INTEGER, &offset, NULL))
    return FALSE;

  *cursor = LS_CURSOR_NONE;
  memcpy (cursor->epoch, text, (gsize)(colon - text));
  cursor->offset = (gint64)offset;
  return TRUE;
}

/**
 * ls_cursor_to_string:
 * @cursor: a cursor
 *
 * Returns: (transfer full) (nullable): `EPOCH:OFFSET`, %NULL for no position
 */
char *
ls_cursor_to_string (LsCursor cursor)
{
  if (!ls_cursor_is_set (cursor))
    return NULL;

  return g_strdup_printf ("%s:%" G_GINT64_FORMAT, cursor.epoch, cursor.offset);
}

/**
 * ls_cursor_is_set:
 * @cursor: a cursor
 *
 * Returns: whether it is a position at all
 */
gboolean
ls_cursor_is_set (LsCursor cursor)
{
  return cursor.epoch[0] != '\0';
}

/**
 * ls_cursor_equal:
 * @a: a cursor
 * @b: another
 *
 * Returns: whether both are the same position of the same log
 */
gboolean
ls_cursor_equal (LsCursor a, LsCursor b)
{
  return a.offset == b.offset && g_str_equal (a.epoch, b.epoch);
}

/**
 * ls_cursor_covers:
 * @a: a cursor
 * @b: another
 *
 * Returns: whether someone who stands at @a has everything up to @b: same log, not before it
 */
gboolean
ls_cursor_covers (LsCursor a, LsCursor b)
{
  return ls_cursor_is_set (a) && g_str_equal (a.epoch, b.epoch) && a.offset >= b.offset;
}
