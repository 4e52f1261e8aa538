/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-ctl-json.h"

#include "ls-bus-names.h"
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

/* The server's own text goes through as it is. Line breaks, which can only stand between its
 * members, become blanks: a document is one line. */
static void
write_data (GString *out, const char *json)
{
  g_autofree char *line = g_strdelimit (g_strdup (json), "\r\n", ' ');

  ls_json_write_raw (out, "data", *line != '\0' ? line : "null");
}

/**
 * ls_ctl_json_write_variant:
 * @out: where to, inside an object
 * @name: a name as on the bus
 * @value: its value, of a basic type or a list of strings
 *
 * Appends a member, its name as contracted for the command line. What is of a type that no part of
 * the contract has is shown as text.
 */
void
ls_ctl_json_write_variant (GString *out, const char *name, GVariant *value)
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
 * ls_ctl_json_write_dict:
 * @out: where to, inside an object
 * @dict: an `a{sv}`
 *
 * Appends the members of @dict.
 */
void
ls_ctl_json_write_dict (GString *out, GVariant *dict)
{
  GVariantIter iter;
  const char *name = NULL;
  GVariant *value = NULL;

  g_variant_iter_init (&iter, dict);
  while (g_variant_iter_loop (&iter, "{&sv}", &name, &value))
    ls_ctl_json_write_variant (out, name, value);
}

/**
 * ls_ctl_json_write_properties:
 * @out: where to, inside an object
 * @proxy: a proxy
 * @info: its interface
 *
 * Appends the properties that @proxy has, in the order of the interface.
 */
void
ls_ctl_json_write_properties (GString *out, GDBusProxy *proxy, const GDBusInterfaceInfo *info)
{
  for (guint i = 0; info->properties != NULL && info->properties[i] != NULL; i++)
    {
      const char *name = info->properties[i]->name;
      g_autoptr (GVariant) value = g_dbus_proxy_get_cached_property (proxy, name);

      if (value != NULL)
        ls_ctl_json_write_variant (out, name, value);
    }
}

/**
 * ls_ctl_json_append_event:
 * @out: where to
 * @event: a %LS_BUS_EVENT_TYPE
 *
 * Appends an EVENT of the contract.
 */
void
ls_ctl_json_append_event (GString *out, GVariant *event)
{
  guint64 seq = 0;
  gint64 timestamp = 0;
  const char *type = NULL;
  const char *entity = NULL;
  const char *id = NULL;
  const char *data = NULL;
  const char *role = NULL;
  const char *user = NULL;

  g_variant_get (event, "(t&s&s&s&sx&s&s)", &seq, &type, &entity, &id, &data, &timestamp, &role,
                 &user);
  g_string_append_printf (out, "{\"seq\":%" G_GUINT64_FORMAT, seq);
  ls_json_write_string (out, "type", type);
  ls_json_write_string (out, "entity", entity);
  ls_json_write_string (out, "entity_id", id);
  write_data (out, data);
  ls_json_write_int (out, "timestamp", timestamp);
  ls_json_write_string (out, "user_role", role);
  ls_json_write_string (out, "user_id", user);
  g_string_append_c (out, '}');
}

/**
 * ls_ctl_json_append_row:
 * @out: where to
 * @entity: its entity
 * @id: its id
 * @json: its data
 * @meta: the `a{sv}` that came with it
 *
 * Appends a row as `get` prints it.
 */
void
ls_ctl_json_append_row (GString *out,
                        const char *entity,
                        const char *id,
                        const char *json,
                        GVariant *meta)
{
  g_string_append_c (out, '{');
  ls_json_write_string (out, "entity", entity);
  ls_json_write_string (out, "id", id);
  write_data (out, json);
  ls_ctl_json_write_dict (out, meta);
  g_string_append_c (out, '}');
}
