/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether two values say the same. */
#include <string.h>

#include "ls-json.h"

static gboolean
is_integer (LsJsonSlice number)
{
  for (gsize i = 0; i < number.length; i++)
    if (!g_ascii_isdigit (number.start[i]) && number.start[i] != '-')
      return FALSE;

  return TRUE;
}

/* Integers are compared as they are written, since beyond 2^53 a double can't tell them apart. */
static gboolean
numbers_equal (LsJsonSlice a, LsJsonSlice b)
{
  if (a.length == b.length && memcmp (a.start, b.start, a.length) == 0)
    return TRUE;
  if (is_integer (a) && is_integer (b))
    return FALSE;

  return g_ascii_strtod (a.start, NULL) == g_ascii_strtod (b.start, NULL);
}

static gboolean
strings_equal (LsJsonSlice a, LsJsonSlice b)
{
  g_autofree char *text = NULL;

  if (a.length == b.length && memcmp (a.start, b.start, a.length) == 0)
    return TRUE;

  text = ls_json_get_string (a, NULL);
  return text != NULL && ls_json_string_equals (b, text);
}

static gboolean
arrays_equal (LsJsonSlice a, LsJsonSlice b)
{
  LsJsonIter iter_a, iter_b;
  LsJsonSlice element_a, element_b;

  ls_json_iter_init (&iter_a, a);
  ls_json_iter_init (&iter_b, b);
  while (ls_json_iter_next_element (&iter_a, &element_a))
    if (!ls_json_iter_next_element (&iter_b, &element_b) || !ls_json_equal (element_a, element_b))
      return FALSE;

  return !ls_json_iter_next_element (&iter_b, &element_b);
}

/* Returns: whether @b has each member of @a, of which there are *@n */
static gboolean
has_all (LsJsonSlice a, LsJsonSlice b, guint *n)
{
  LsJsonSlice name, value, other;
  LsJsonIter iter;

  *n = 0;
  ls_json_iter_init (&iter, a);
  while (ls_json_iter_next_member (&iter, &name, &value))
    {
      g_autofree char *text = ls_json_get_string (name, NULL);

      (*n)++;
      if (text == NULL || !ls_json_find_member (b, text, &other, NULL) ||
          !ls_json_equal (value, other))
        return FALSE;
    }

  return TRUE;
}

static gboolean
objects_equal (LsJsonSlice a, LsJsonSlice b)
{
  guint n_a, n_b;

  return has_all (a, b, &n_a) && has_all (b, a, &n_b) && n_a == n_b;
}

/**
 * ls_json_equal:
 * @a: a value, or none
 * @b: another
 *
 * Compares strings by what they say, numbers by their value, arrays and objects by what is in them. The
 * order of members does not count, and white space neither. An object with a member twice is equal to
 * nothing, not even to itself. No value is not `null`.
 *
 * Returns: whether both say the same
 */
gboolean
ls_json_equal (LsJsonSlice a, LsJsonSlice b)
{
  LsJsonKind kind = ls_json_get_kind (a);

  if (kind != ls_json_get_kind (b))
    return FALSE;

  switch (kind)
    {
    case LS_JSON_ABSENT:
    case LS_JSON_NULL:
      return TRUE;
    case LS_JSON_BOOLEAN:
      return *a.start == *b.start;
    case LS_JSON_NUMBER:
      return numbers_equal (a, b);
    case LS_JSON_STRING:
      return strings_equal (a, b);
    case LS_JSON_ARRAY:
      return arrays_equal (a, b);
    case LS_JSON_OBJECT:
      return objects_equal (a, b);
    default:
      g_return_val_if_reached (FALSE);
    }
}
