/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-wire-event.h"

#include "ls-json-writer.h"
#include "ls-wire-value.h"

/* The members of an EVENT, in the order in which they are sent */
enum
{
  TYPE,
  ENTITY,
  ENTITY_ID,
  DATA,
  TIMESTAMP,
  USER_ROLE,
  USER_ID,
  OFFSET,
  VERSION,
  ACTION_ID,
  N_MEMBERS
};

static const char *const member_names[] = {
  "type",   "entity", "entityId", "data",     "timestamp", "userRole",
  "userId", "offset", "version",  "actionId", NULL,
};
G_STATIC_ASSERT (G_N_ELEMENTS (member_names) == N_MEMBERS + 1);

static LsEventType
read_type (LsJsonSlice value, GError **error)
{
  g_autofree char *name = ls_json_get_string (value, error);
  LsEventType type = name != NULL ? ls_event_type_from_string (name) : LS_EVENT_TYPE_INVALID;

  if (name != NULL && type == LS_EVENT_TYPE_INVALID)
    g_set_error_literal (error, LS_JSON_ERROR, LS_JSON_ERROR_SHAPE, "unknown type");
  return type;
}

/* Returns: whether @name is @value, which may be missing */
static gboolean
is_name (LsJsonSlice value, const char *name)
{
  return name != NULL && ls_json_string_equals (value, name);
}

/* The type says already what the entity is; when the entity is given too, it must be the same, by
 * any of its names: ours, the table's, or that of the classic system's poll. */
static gboolean
check_entity (LsJsonSlice value, LsEntity entity, GError **error)
{
  if (ls_wire_is_absent (value) || is_name (value, ls_entity_to_string (entity)) ||
      is_name (value, ls_entity_get_table (entity)) ||
      is_name (value, ls_entity_get_poll_name (entity)))
    return TRUE;

  g_set_error_literal (error, LS_JSON_ERROR, LS_JSON_ERROR_SHAPE,
                       "the entity is not the one of the type");
  return FALSE;
}

/* The classic system leaves `entityId` null for a row without an id; then the data's is looked at.
 */
static char *
read_entity_id (const LsJsonSlice *members, GError **error)
{
  LsJsonSlice id = members[ENTITY_ID];

  if (ls_wire_is_absent (id) && ls_json_get_kind (members[DATA]) == LS_JSON_OBJECT &&
      !ls_json_find_member (members[DATA], "id", &id, error))
    return NULL;

  return ls_wire_read_id (id, error);
}

/* A deletion needs no data: it gets `{"id":…}`. */
static char *
read_data (LsJsonSlice value, LsEventType type, const char *entity_id, GError **error)
{
  if (ls_json_get_kind (value) == LS_JSON_OBJECT)
    return ls_json_get_raw (value);

  if (ls_wire_is_absent (value) && ls_event_type_get_change (type) == LS_CHANGE_DELETED)
    {
      GString *data = g_string_new ("{");

      ls_json_write_string (data, "id", entity_id);
      g_string_append_c (data, '}');
      return g_string_free (data, FALSE);
    }

  g_set_error_literal (error, LS_JSON_ERROR, LS_JSON_ERROR_SHAPE, "the data is not an object");
  return NULL;
}

/* Returns: (nullable): the text, empty if there is none; %NULL on error */
static char *
read_text (LsJsonSlice value, GError **error)
{
  return ls_wire_is_absent (value) ? g_strdup ("") : ls_json_get_string (value, error);
}

/**
 * ls_wire_read_event:
 * @value: an EVENT, from checked text
 * @error: return location for a #LsJsonError
 *
 * Reads an event (protocol, "EVENT"). Only `type`, an id, `data` and `timestamp` must be there.
 *
 * Returns: (transfer full) (nullable): the event
 */
LsEvent *
ls_wire_read_event (LsJsonSlice value, GError **error)
{
  LsJsonSlice members[N_MEMBERS];
  g_autoptr (LsEvent) event = NULL;
  g_autofree char *entity_id = NULL, *data = NULL, *user_role = NULL, *user_id = NULL;
  LsEventType type;

  if (!ls_json_find_members (value, member_names, members, error))
    return NULL;

  type = read_type (members[TYPE], error);
  if (type == LS_EVENT_TYPE_INVALID ||
      !check_entity (members[ENTITY], ls_event_type_get_entity (type), error))
    return NULL;

  entity_id = read_entity_id (members, error);
  data = entity_id != NULL ? read_data (members[DATA], type, entity_id, error) : NULL;
  user_role = data != NULL ? read_text (members[USER_ROLE], error) : NULL;
  user_id = user_role != NULL ? read_text (members[USER_ID], error) : NULL;
  if (user_id == NULL)
    return NULL;

  event = ls_event_new_take (type, g_steal_pointer (&entity_id), g_steal_pointer (&data),
                             g_steal_pointer (&user_role), g_steal_pointer (&user_id));
  if (!ls_wire_read_timestamp (members[TIMESTAMP], &event->timestamp, error) ||
      !ls_wire_read_optional_integer (members[OFFSET], &event->offset, error) ||
      !ls_wire_read_optional_integer (members[VERSION], &event->version, error) ||
      !ls_wire_read_optional_string (members[ACTION_ID], &event->action_id, error))
    return NULL;

  return g_steal_pointer (&event);
}

/**
 * ls_wire_read_events:
 * @array: an array of EVENTs, from checked text
 * @n_bad: (out): how many were left out because they were malformed
 * @error: return location for %LS_JSON_ERROR_SHAPE: @array is not an array
 *
 * Reads events, in order. A malformed one costs only itself.
 *
 * Returns: (transfer full) (nullable) (element-type LsEvent): the events
 */
GPtrArray *
ls_wire_read_events (LsJsonSlice array, guint *n_bad, GError **error)
{
  g_autoptr (GPtrArray) events = NULL;
  LsJsonSlice element;
  LsJsonIter iter;

  if (ls_json_get_kind (array) != LS_JSON_ARRAY)
    {
      g_set_error_literal (error, LS_JSON_ERROR, LS_JSON_ERROR_SHAPE, "not an array");
      return NULL;
    }

  *n_bad = 0;
  events = ls_event_array_new ();
  ls_json_iter_init (&iter, array);
  while (ls_json_iter_next_element (&iter, &element))
    {
      g_autoptr (GError) bad = NULL;
      LsEvent *event = ls_wire_read_event (element, &bad);

      if (event != NULL)
        {
          g_ptr_array_add (events, event);
          continue;
        }
      g_debug ("Left a bad event out: %s", bad->message);
      (*n_bad)++;
    }

  return g_steal_pointer (&events);
}

/* Empty means unknown, which the wire calls null. */
static const char *
null_if_empty (const char *text)
{
  return *text != '\0' ? text : NULL;
}

/**
 * ls_wire_append_event:
 * @out: where to
 * @event: an event
 *
 * Appends an EVENT. Its data goes in byte for byte. `offset` is left out when the event is not in
 * the log.
 */
void
ls_wire_append_event (GString *out, const LsEvent *event)
{
  g_return_if_fail (out != NULL && event != NULL);

  g_string_append_c (out, '{');
  ls_json_write_string (out, "type", ls_event_type_to_string (event->type));
  ls_json_write_string (out, "entity", ls_entity_to_string (ls_event_get_entity (event)));
  ls_json_write_string (out, "entityId", event->entity_id);
  ls_json_write_raw (out, "data", event->data);
  ls_json_write_int (out, "timestamp", event->timestamp);
  ls_json_write_string (out, "userRole", null_if_empty (event->user_role));
  ls_json_write_string (out, "userId", null_if_empty (event->user_id));
  if (event->offset > 0)
    ls_json_write_int (out, "offset", event->offset);
  ls_wire_write_version (out, event->version);
  ls_json_write_string (out, "actionId", event->action_id);
  g_string_append_c (out, '}');
}

/**
 * ls_wire_write_events:
 * @out: where to, inside an object
 * @name: the member's name
 * @events: (element-type LsEvent): its value
 *
 * Appends a member.
 */
void
ls_wire_write_events (GString *out, const char *name, GPtrArray *events)
{
  ls_json_write_name (out, name);
  g_string_append_c (out, '[');
  for (guint i = 0; i < events->len; i++)
    {
      ls_json_next_element (out);
      ls_wire_append_event (out, g_ptr_array_index (events, i));
    }
  g_string_append_c (out, ']');
}
