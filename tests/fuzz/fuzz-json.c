/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <json-glib/json-glib.h>
#include <string.h>

#include "fuzz.h"
#include "ls-json-writer.h"
#include "ls-json.h"

/* What the strict reader accepts, the lenient one accepts, every value in it can be reached, and
 * every string survives being read and written again. */

static void walk (LsJsonSlice value);

static void
walk_string (LsJsonSlice value)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = ls_json_get_string (value, &error);
  g_autoptr (GString) again = g_string_new (NULL);

  if (text == NULL)
    {
      g_assert_error (error, LS_JSON_ERROR, LS_JSON_ERROR_RANGE);
      return;
    }

  g_assert_true (g_utf8_validate (text, -1, NULL));
  g_assert_true (ls_json_string_equals (value, text));
  ls_json_append_string (again, text);
  g_assert_true (ls_json_check (again->str, again->len, again->len, NULL));
  g_assert_true (ls_json_string_equals ((LsJsonSlice) { again->str, again->len }, text));
}

static void
walk_array (LsJsonSlice array)
{
  LsJsonSlice element;
  LsJsonIter iter;

  ls_json_iter_init (&iter, array);
  while (ls_json_iter_next_element (&iter, &element))
    walk (element);
}

static void
walk_object (LsJsonSlice object)
{
  const char *const cut[] = { "password_hash", NULL };
  g_autofree char *text = ls_json_get_raw (object);
  g_autofree char *rest = ls_json_without_members (text, cut);
  g_autofree char *pruned = ls_json_prune (object, cut);
  LsJsonSlice name, value;
  LsJsonIter iter;

  g_assert_true (ls_json_check (rest, strlen (rest), strlen (text), NULL));
  g_assert_true (ls_json_find_member ((LsJsonSlice) { rest, strlen (rest) }, cut[0], &value, NULL));
  g_assert_cmpint (ls_json_get_kind (value), ==, LS_JSON_ABSENT);

  g_assert_true (ls_json_check (pruned, strlen (pruned), strlen (text), NULL));

  ls_json_iter_init (&iter, object);
  while (ls_json_iter_next_member (&iter, &name, &value))
    {
      walk_string (name);
      walk (value);
    }
}

static void
walk (LsJsonSlice value)
{
  gboolean boolean;
  gint64 integer;

  g_assert_true (ls_json_check (value.start, value.length, value.length, NULL));
  switch (ls_json_get_kind (value))
    {
    case LS_JSON_OBJECT:
      walk_object (value);
      break;
    case LS_JSON_ARRAY:
      walk_array (value);
      break;
    case LS_JSON_STRING:
      walk_string (value);
      break;
    case LS_JSON_NUMBER:
      if (ls_json_get_int (value, -1000, 1000, &integer, NULL))
        g_assert_true (integer >= -1000 && integer <= 1000);
      break;
    case LS_JSON_BOOLEAN:
      g_assert_true (ls_json_get_boolean (value, &boolean, NULL));
      break;
    case LS_JSON_NULL:
      break;
    case LS_JSON_ABSENT:
    default:
      g_assert_not_reached ();
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  /* A copy of the exact size, so that a read behind the end is seen. */
  g_autofree char *text = g_memdup2 (size > 0 ? data : (const guint8 *)"", MAX (size, 1));
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;
  LsJsonSlice root;

  if (!ls_json_check_root (text, size, 64 * 1024, &root, &error))
    {
      g_assert_nonnull (error);
      return 0;
    }

  g_assert_true (json_parser_load_from_data (parser, text, (gssize)size, NULL));
  walk (root);
  return 0;
}
