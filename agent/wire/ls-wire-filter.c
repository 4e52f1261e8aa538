/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-wire-filter.h"

#include <string.h>

#include "ls-json.h"

/* A scalar as text: a string without its quotes, everything else as it is written. */
static gboolean
scalar_equals (LsJsonSlice value, const char *text)
{
  switch (ls_json_get_kind (value))
    {
    case LS_JSON_STRING:
      return ls_json_string_equals (value, text);
    case LS_JSON_NULL:
    case LS_JSON_BOOLEAN:
    case LS_JSON_NUMBER:
      return strlen (text) == value.length && memcmp (text, value.start, value.length) == 0;
    case LS_JSON_ABSENT:
    case LS_JSON_ARRAY:
    case LS_JSON_OBJECT:
    default:
      return FALSE;
    }
}

/**
 * ls_wire_filter_matches:
 * @data: a JSON object that ls_json_check() has accepted
 * @filter: (element-type utf8 utf8): top-level member to its JSON scalar as text
 *
 * Returns: whether @data has every member of @filter with that value
 */
gboolean
ls_wire_filter_matches (const char *data, GHashTable *filter)
{
  LsJsonSlice object = { data, strlen (data) };
  GHashTableIter iter;
  gpointer name;
  gpointer text;

  g_hash_table_iter_init (&iter, filter);
  while (g_hash_table_iter_next (&iter, &name, &text))
    {
      LsJsonSlice value;

      if (!ls_json_find_member (object, name, &value, NULL) || !scalar_equals (value, text))
        return FALSE;
    }

  return TRUE;
}
