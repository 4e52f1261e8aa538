/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-request-hash.h"

#include <string.h>

#include "ls-json-writer.h"

/* Its value does not count: who got hold of a fast hash of it would guess the password sooner than
 * by the slow one that is stored for that very reason. */
#define PASSWORD "password"

static void append_node (GString *out, JsonNode *node);

static void
append_object (GString *out, JsonObject *object)
{
  GList *names = g_list_sort (json_object_get_members (object), (GCompareFunc)strcmp);

  g_string_append_c (out, '{');
  for (GList *l = names; l != NULL; l = l->next)
    {
      ls_json_write_name (out, l->data);
      if (g_str_equal (l->data, PASSWORD))
        g_string_append (out, "null");
      else
        append_node (out, json_object_get_member (object, l->data));
    }
  g_string_append_c (out, '}');
  g_list_free (names);
}

static void
append_array (GString *out, JsonArray *array)
{
  g_string_append_c (out, '[');
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      ls_json_next_element (out);
      append_node (out, json_array_get_element (array, i));
    }
  g_string_append_c (out, ']');
}

static void
append_value (GString *out, JsonNode *node)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  switch (json_node_get_value_type (node))
    {
    case G_TYPE_STRING:
      ls_json_append_string (out, json_node_get_string (node));
      break;
    case G_TYPE_INT64:
      ls_json_append_int (out, json_node_get_int (node));
      break;
    case G_TYPE_BOOLEAN:
      g_string_append (out, json_node_get_boolean (node) ? "true" : "false");
      break;
    default:
      g_string_append (out, g_ascii_dtostr (text, sizeof text, json_node_get_double (node)));
    }
}

static void
append_node (GString *out, JsonNode *node)
{
  switch (json_node_get_node_type (node))
    {
    case JSON_NODE_OBJECT:
      append_object (out, json_node_get_object (node));
      break;
    case JSON_NODE_ARRAY:
      append_array (out, json_node_get_array (node));
      break;
    case JSON_NODE_VALUE:
      append_value (out, node);
      break;
    case JSON_NODE_NULL:
    default:
      g_string_append (out, "null");
    }
}

/**
 * ls_request_hash:
 * @method: the method of a request
 * @route: where it leads
 * @body: (nullable): its body
 *
 * Tells a repetition of an action from another one: SHA-256 of `METHOD TABLE/ID`, a line feed, and the
 * body in one form: members sorted by their names, no blanks, a number or a text however it was
 * written the same, and `null` as the value of `password`.
 *
 * Returns: (transfer full): the hash in hexadecimal digits
 */
char *
ls_request_hash (const char *method, const LsRoute *route, JsonObject *body)
{
  g_autoptr (GString) text = g_string_new (NULL);

  g_string_printf (text, "%s %s/%s\n", method, route->table, route->id != NULL ? route->id : "");
  if (body != NULL)
    append_object (text, body);
  return g_compute_checksum_for_string (G_CHECKSUM_SHA256, text->str, (gssize)text->len);
}
