/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-json-variant.h"

#include "ls-json-writer.h"

/* `ServerUrl` and `server-url` both become `server_url`. */
static char *
to_snake_case (const char *name)
{
  GString *out = g_string_new (NULL);

  for (const char *next = name; *next != '\0'; next++)
    {
      if (g_ascii_isupper (*next) && next != name)
        g_string_append_c (out, '_');
      g_string_append_c (out, *next == '-' ? '_' : g_ascii_tolower (*next));
    }

  return g_string_free (out, FALSE);
}

static void
write_strings (GString *out, const char *name, GVariant *value)
{
  g_autofree const char **strings = g_variant_get_strv (value, NULL);

  ls_json_write_name (out, name);
  g_string_append_c (out, '[');
  for (guint i = 0; strings[i] != NULL; i++)
    {
      ls_json_next_element (out);
      ls_json_append_string (out, strings[i]);
    }
  g_string_append_c (out, ']');
}

/**
 * ls_json_write_variant:
 * @out: where to, inside an object
 * @name: a name as on the bus
 * @value: its value, of a basic type or a list of strings
 *
 * Appends a member, its name in lower_snake_case as on the command line (contract, §2). What is of a
 * type that no part of the contract has is shown as text.
 */
void
ls_json_write_variant (GString *out, const char *name, GVariant *value)
{
  g_autofree char *snake = to_snake_case (name);
  g_autofree char *text = NULL;

  switch (g_variant_classify (value))
    {
    case G_VARIANT_CLASS_BOOLEAN:
      ls_json_write_boolean (out, snake, g_variant_get_boolean (value));
      return;
    case G_VARIANT_CLASS_STRING:
    case G_VARIANT_CLASS_OBJECT_PATH:
      ls_json_write_string (out, snake, g_variant_get_string (value, NULL));
      return;
    case G_VARIANT_CLASS_INT64:
    case G_VARIANT_CLASS_UINT64:
    case G_VARIANT_CLASS_INT32:
    case G_VARIANT_CLASS_UINT32:
    case G_VARIANT_CLASS_DOUBLE:
      text = g_variant_print (value, FALSE);
      ls_json_write_raw (out, snake, text);
      return;
    case G_VARIANT_CLASS_ARRAY:
      if (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING_ARRAY))
        {
          write_strings (out, snake, value);
          return;
        }
      break;
    case G_VARIANT_CLASS_BYTE:
    case G_VARIANT_CLASS_INT16:
    case G_VARIANT_CLASS_UINT16:
    case G_VARIANT_CLASS_HANDLE:
    case G_VARIANT_CLASS_SIGNATURE:
    case G_VARIANT_CLASS_VARIANT:
    case G_VARIANT_CLASS_MAYBE:
    case G_VARIANT_CLASS_TUPLE:
    case G_VARIANT_CLASS_DICT_ENTRY:
    default:
      break;
    }

  text = g_variant_print (value, FALSE);
  ls_json_write_string (out, snake, text);
}

/**
 * ls_json_write_object:
 * @out: where to, inside an object
 * @name: the member's name
 * @json: a JSON value, or empty for `null`
 *
 * Appends a member whose value goes through as somebody else wrote it. Its line breaks, which can only
 * stand between members, become blanks: a document is one line.
 */
void
ls_json_write_object (GString *out, const char *name, const char *json)
{
  g_autofree char *line = g_strdelimit (g_strdup (json), "\r\n", ' ');

  ls_json_write_raw (out, name, *line != '\0' ? line : "null");
}

/**
 * ls_json_write_dict:
 * @out: where to, inside an object
 * @dict: an `a{sv}`
 * @raw: (nullable) (array zero-terminated=1): which of its texts are JSON, and go through as they are
 *
 * Appends the members of @dict, in its order.
 */
void
ls_json_write_dict (GString *out, GVariant *dict, const char *const *raw)
{
  GVariantIter iter;
  const char *name = NULL;
  GVariant *value = NULL;

  g_variant_iter_init (&iter, dict);
  while (g_variant_iter_loop (&iter, "{&sv}", &name, &value))
    if (raw != NULL && g_strv_contains (raw, name))
      ls_json_write_object (out, name, g_variant_get_string (value, NULL));
    else
      ls_json_write_variant (out, name, value);
}
