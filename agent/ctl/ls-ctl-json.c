/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-ctl-json.h"

#include "ls-bus-names.h"
#include "ls-ctl-output.h"
#include "ls-json-variant.h"
#include "ls-json-writer.h"

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
        ls_json_write_variant (out, name, value);
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
  ls_json_write_object (out, "data", data);
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
  ls_json_write_object (out, "data", json);
  ls_json_write_dict (out, meta, NULL);
  g_string_append_c (out, '}');
}

/**
 * ls_ctl_json_print_dicts:
 * @member: what they are called
 * @dicts: an `aa{sv}`
 *
 * Prints a document that has all of them, as objects.
 */
void
ls_ctl_json_print_dicts (const char *member, GVariant *dicts)
{
  g_autoptr (GString) out = g_string_new ("{");

  ls_json_write_name (out, member);
  g_string_append_c (out, '[');
  for (gsize i = 0; i < g_variant_n_children (dicts); i++)
    {
      g_autoptr (GVariant) dict = g_variant_get_child_value (dicts, i);

      ls_json_next_element (out);
      g_string_append_c (out, '{');
      ls_json_write_dict (out, dict, NULL);
      g_string_append_c (out, '}');
    }
  g_string_append (out, "]}");
  ls_ctl_print_raw (out->str);
}
