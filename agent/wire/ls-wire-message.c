/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-wire-message.h"

#include <string.h>

#include "ls-json-writer.h"
#include "ls-wire-value.h"

G_DEFINE_QUARK (ls_wire_error, ls_wire_error)

/* What a machine is known by: 32 hexadecimal digits (protocol, `machine`) */
#define MACHINE_LENGTH 32

/* All members that messages have. One walk finds those that are there; `events` messages, the only
 * ones that matter for speed, have theirs first. */
typedef enum
{
  TYPE,
  PREV,
  CURSOR,
  MORE,
  PARTIAL,
  EVENTS,
  EVENT_TYPES,
  AGENT,
  RESUME,
  USER,
  HEARTBEAT,
  EXPIRES_AT,
  TIMESTAMP,
  SENT,
  EVENT_TYPE,
  TOKEN,
  RETRY_AFTER,
  SPREAD,
  CODE,
  MESSAGE,
  N_MEMBERS
} Member;

static const char *const member_names[] = {
  "type",      "prev",   "cursor",     "more",      "partial",   "events",    "eventTypes",
  "agent",     "resume", "user",       "heartbeat", "expiresAt", "timestamp", "sent",
  "eventType", "token",  "retryAfter", "spread",    "code",      "message",   NULL,
};
G_STATIC_ASSERT (G_N_ELEMENTS (member_names) == N_MEMBERS + 1);

typedef enum
{
  FIELD_AGENT,
  FIELD_BOOLEAN,
  FIELD_CURSOR,
  FIELD_EVENTS,
  FIELD_EVENT_TYPE,
  FIELD_EVENT_TYPES,
  FIELD_INTEGER,
  FIELD_RESUME,
  FIELD_SECONDS,
  FIELD_STRING,
  FIELD_TIMESTAMP,
  FIELD_TOKEN,
  FIELD_USER,
} FieldType;

/* A member of one kind of message, and where in LsMessage it lives */
typedef struct
{
  Member member;
  FieldType type;
  gsize place;
  gboolean optional; /* may be null or left out; it is then empty, or false */
} Field;

#define MAX_FIELDS 6
#define PLACE(member) G_STRUCT_OFFSET (LsMessage, member)
#define REQUIRED(member, type, place)                                                              \
  {                                                                                                \
    member, FIELD_##type, PLACE (place), FALSE                                                     \
  }
#define OPTIONAL(member, type, place)                                                              \
  {                                                                                                \
    member, FIELD_##type, PLACE (place), TRUE                                                      \
  }

/* The table of the protocol, "WebSocket". The end of a row is a field of the member TYPE. A ping or
 * pong of the classic system has no cursors, its ping not even a time. */
static const Field fields[LS_N_MESSAGE_KINDS][MAX_FIELDS] = {
  [LS_MESSAGE_HELLO] = { OPTIONAL (CURSOR, CURSOR, cursor),
                         OPTIONAL (EVENT_TYPES, EVENT_TYPES, event_types),
                         REQUIRED (AGENT, AGENT, agent_version) },
  [LS_MESSAGE_WELCOME] = { REQUIRED (RESUME, RESUME, resume), REQUIRED (CURSOR, CURSOR, cursor),
                           REQUIRED (USER, USER, user), REQUIRED (HEARTBEAT, INTEGER, heartbeat),
                           REQUIRED (EXPIRES_AT, INTEGER, expires_at) },
  [LS_MESSAGE_EVENTS] = { REQUIRED (PREV, CURSOR, prev), REQUIRED (CURSOR, CURSOR, cursor),
                          REQUIRED (MORE, BOOLEAN, more), OPTIONAL (PARTIAL, BOOLEAN, partial),
                          REQUIRED (EVENTS, EVENTS, events) },
  [LS_MESSAGE_PING] = { OPTIONAL (TIMESTAMP, TIMESTAMP, timestamp) },
  [LS_MESSAGE_PONG] = { REQUIRED (TIMESTAMP, TIMESTAMP, timestamp), OPTIONAL (SENT, CURSOR, sent),
                        OPTIONAL (CURSOR, CURSOR, cursor) },
  [LS_MESSAGE_SUBSCRIBE] = { REQUIRED (EVENT_TYPE, EVENT_TYPE, event_type) },
  [LS_MESSAGE_SUBSCRIBED] = { REQUIRED (EVENT_TYPE, EVENT_TYPE, event_type),
                              REQUIRED (CURSOR, CURSOR, cursor) },
  [LS_MESSAGE_UNSUBSCRIBE] = { REQUIRED (EVENT_TYPE, EVENT_TYPE, event_type) },
  [LS_MESSAGE_UNSUBSCRIBED] = { REQUIRED (EVENT_TYPE, EVENT_TYPE, event_type) },
  [LS_MESSAGE_AUTH] = { REQUIRED (TOKEN, TOKEN, token) },
  [LS_MESSAGE_AUTHENTICATED] = { REQUIRED (EXPIRES_AT, INTEGER, expires_at) },
  [LS_MESSAGE_DRAIN] = { REQUIRED (RETRY_AFTER, SECONDS, retry_after_ms),
                         REQUIRED (SPREAD, SECONDS, spread_ms) },
  [LS_MESSAGE_ERROR] = { OPTIONAL (CODE, STRING, code), OPTIONAL (MESSAGE, STRING, text),
                         OPTIONAL (EVENT_TYPE, EVENT_TYPE, event_type) },
  [LS_MESSAGE_DISCONNECT] = { { TYPE } },
};

static gboolean
read_seconds (LsJsonSlice value, gint64 *milliseconds, GError **error)
{
  gint64 seconds;

  if (!ls_json_get_int (value, 0, LS_MAX_INTEGER / 1000, &seconds, error))
    return FALSE;

  *milliseconds = seconds * 1000;
  return TRUE;
}

/* An event type that this version does not know is no fault of the peer's, who may be newer. */
static gboolean
read_event_type (LsJsonSlice value, LsEventType *type, GError **error)
{
  g_autofree char *name = ls_json_get_string (value, error);

  if (name == NULL)
    return FALSE;

  *type = ls_event_type_from_string (name);
  if (*type != LS_EVENT_TYPE_INVALID)
    return TRUE;

  g_set_error_literal (error, LS_WIRE_ERROR, LS_WIRE_ERROR_UNKNOWN, "unknown event type");
  return FALSE;
}

/* Unknown types are passed over: there are no events of them to send. */
static gboolean
read_event_types (LsJsonSlice value, GArray **types, GError **error)
{
  g_autoptr (GArray) found = NULL;
  LsJsonSlice element;
  LsJsonIter iter;

  if (ls_json_get_kind (value) != LS_JSON_ARRAY)
    {
      g_set_error_literal (error, LS_JSON_ERROR, LS_JSON_ERROR_SHAPE, "not an array");
      return FALSE;
    }

  found = g_array_new (FALSE, FALSE, sizeof (LsEventType));
  ls_json_iter_init (&iter, value);
  while (ls_json_iter_next_element (&iter, &element))
    {
      g_autoptr (GError) local_error = NULL;
      LsEventType type;

      if (read_event_type (element, &type, &local_error))
        g_array_append_val (found, type);
      else if (local_error->domain != LS_WIRE_ERROR)
        {
          g_propagate_error (error, g_steal_pointer (&local_error));
          return FALSE;
        }
    }

  *types = g_steal_pointer (&found);
  return TRUE;
}

static gboolean
is_machine (const char *text)
{
  return strlen (text) == MACHINE_LENGTH && strspn (text, "0123456789abcdef") == MACHINE_LENGTH;
}

static gboolean
read_agent (LsJsonSlice value, LsMessage *message, GError **error)
{
  static const char *const names[] = { "version", "machine", NULL };
  LsJsonSlice members[G_N_ELEMENTS (names) - 1];

  if (!ls_json_find_members (value, names, members, error))
    return FALSE;

  message->agent_version = ls_json_get_string (members[0], error);
  if (message->agent_version == NULL)
    return FALSE;

  message->machine = ls_json_get_string (members[1], error);
  if (message->machine == NULL)
    return FALSE;
  if (is_machine (message->machine))
    return TRUE;

  g_set_error_literal (error, LS_JSON_ERROR, LS_JSON_ERROR_RANGE,
                       "the machine is not 32 hexadecimal digits");
  return FALSE;
}

/* Reads one member into its place. */
static gboolean
read_field (LsMessage *message, const Field *field, LsJsonSlice value, GError **error)
{
  gpointer place = G_STRUCT_MEMBER_P (message, field->place);

  switch (field->type)
    {
    case FIELD_AGENT:
      return read_agent (value, message, error);
    case FIELD_BOOLEAN:
      return ls_json_get_boolean (value, place, error);
    case FIELD_CURSOR:
      return ls_wire_read_cursor (value, place, error);
    case FIELD_EVENTS:
      message->events = ls_wire_read_events (value, &message->n_bad_events, error);
      return message->events != NULL;
    case FIELD_EVENT_TYPE:
      return read_event_type (value, place, error);
    case FIELD_EVENT_TYPES:
      return read_event_types (value, place, error);
    case FIELD_INTEGER:
      return ls_wire_read_integer (value, place, error);
    case FIELD_RESUME:
      return ls_wire_read_resume (value, place, error);
    case FIELD_SECONDS:
      return read_seconds (value, place, error);
    case FIELD_STRING:
      return (*(char **)place = ls_json_get_string (value, error)) != NULL;
    case FIELD_TIMESTAMP:
      return ls_wire_read_timestamp (value, place, error);
    case FIELD_TOKEN:
      return ls_wire_read_token (value, place, error);
    case FIELD_USER:
      message->user = ls_wire_read_user (value, error);
      return message->user != NULL;
    default:
      g_assert_not_reached ();
    }
}

static gboolean
read_fields (LsMessage *message, const LsJsonSlice *members, GError **error)
{
  const Field *row = fields[message->kind];

  for (guint i = 0; i < MAX_FIELDS && row[i].member != TYPE; i++)
    {
      LsJsonSlice value = members[row[i].member];

      if (row[i].optional && ls_wire_is_absent (value))
        continue;
      if (!read_field (message, &row[i], value, error))
        {
          g_prefix_error (error, "%s: ", member_names[row[i].member]);
          return FALSE;
        }
    }

  return TRUE;
}

/* Returns: a message of the kind that @name names, LS_MESSAGE_EVENTS for a bare event; %NULL if
 *   @name is no kind of either */
static LsMessage *
new_message_of_type (const char *name)
{
  for (guint kind = 0; kind < LS_N_MESSAGE_KINDS; kind++)
    if (g_str_equal (name, ls_message_kind_to_string (kind)))
      return ls_message_new (kind);

  return NULL;
}

/* A bare event: the documented form of the classic system. When it is malformed, it is counted like
 * a malformed one among others. */
static LsMessage *
read_bare_event (LsJsonSlice root)
{
  LsMessage *message = ls_message_new (LS_MESSAGE_EVENTS);
  g_autoptr (GError) bad = NULL;
  LsEvent *event = ls_wire_read_event (root, &bad);

  message->events = ls_event_array_new ();
  if (event != NULL)
    g_ptr_array_add (message->events, event);
  else
    {
      g_debug ("Left a bad event out: %s", bad->message);
      message->n_bad_events = 1;
    }

  return message;
}

/**
 * ls_wire_decode_message:
 * @text: (array length=length): what came in a text frame
 * @length: its length in bytes
 * @error: return location for a #LsJsonError, or for %LS_WIRE_ERROR_UNKNOWN: well-formed, but of a
 *   type, or about a type of event, that this version does not know
 *
 * Reads a message of either direction (protocol, "WebSocket"). A malformed event is left out and
 * counted; anything else that is malformed is an error. Unknown members are passed over. A bare
 * EVENT becomes an `events` message with unset cursors.
 *
 * Returns: (transfer full) (nullable): the message
 */
LsMessage *
ls_wire_decode_message (const char *text, gsize length, GError **error)
{
  LsJsonSlice root, members[N_MEMBERS];
  g_autoptr (LsMessage) message = NULL;
  g_autofree char *type = NULL;

  g_return_val_if_fail (text != NULL, NULL);

  if (!ls_json_check_root (text, length, LS_WIRE_MAX_MESSAGE, &root, error) ||
      !ls_json_find_members (root, member_names, members, error))
    return NULL;

  type = ls_json_get_string (members[TYPE], error);
  if (type == NULL)
    {
      g_prefix_error (error, "type: ");
      return NULL;
    }

  if (ls_event_type_from_string (type) != LS_EVENT_TYPE_INVALID)
    return read_bare_event (root);

  message = new_message_of_type (type);
  if (message == NULL)
    {
      g_set_error_literal (error, LS_WIRE_ERROR, LS_WIRE_ERROR_UNKNOWN, "unknown type of message");
      return NULL;
    }

  if (!read_fields (message, members, error))
    return NULL;

  return g_steal_pointer (&message);
}

static void
write_event_types (GString *out, const char *name, GArray *types)
{
  if (types == NULL)
    {
      ls_json_write_raw (out, name, "null");
      return;
    }

  ls_json_write_name (out, name);
  g_string_append_c (out, '[');
  for (guint i = 0; i < types->len; i++)
    {
      ls_json_next_element (out);
      ls_json_append_string (out, ls_event_type_to_string (g_array_index (types, LsEventType, i)));
    }
  g_string_append_c (out, ']');
}

static void
write_agent (GString *out, const char *name, const LsMessage *message)
{
  ls_json_write_name (out, name);
  g_string_append_c (out, '{');
  ls_json_write_string (out, "version", message->agent_version);
  ls_json_write_string (out, "machine", message->machine);
  g_string_append_c (out, '}');
}

/* The user as `welcome` introduces one */
static void
write_user (GString *out, const char *name, const LsUser *user)
{
  const char *extra_role = ls_extra_role_to_string (user->extra_role);

  ls_json_write_name (out, name);
  g_string_append_c (out, '{');
  ls_json_write_string (out, "id", user->id);
  ls_json_write_string (out, "role", ls_role_to_string (user->role));
  ls_json_write_string (out, "extraRole", *extra_role != '\0' ? extra_role : NULL);
  g_string_append_c (out, '}');
}

static void
write_field (GString *out, const LsMessage *message, const Field *field)
{
  gconstpointer place = G_STRUCT_MEMBER_P (message, field->place);
  const char *name = member_names[field->member];

  switch (field->type)
    {
    case FIELD_AGENT:
      write_agent (out, name, message);
      break;
    case FIELD_BOOLEAN:
      if (!field->optional || *(const gboolean *)place)
        ls_json_write_boolean (out, name, *(const gboolean *)place);
      break;
    case FIELD_CURSOR:
      ls_wire_write_cursor (out, name, *(const LsCursor *)place);
      break;
    case FIELD_EVENTS:
      ls_wire_write_events (out, name, message->events);
      break;
    case FIELD_EVENT_TYPE:
      if (!field->optional || message->event_type != LS_EVENT_TYPE_INVALID)
        ls_json_write_string (out, name, ls_event_type_to_string (message->event_type));
      break;
    case FIELD_EVENT_TYPES:
      write_event_types (out, name, message->event_types);
      break;
    case FIELD_RESUME:
      ls_wire_write_resume (out, name, message->resume);
      break;
    case FIELD_SECONDS:
      ls_json_write_int (out, name, *(const gint64 *)place / 1000);
      break;
    case FIELD_STRING:
    case FIELD_TOKEN:
      ls_json_write_string (out, name, *(char *const *)place);
      break;
    case FIELD_INTEGER:
    case FIELD_TIMESTAMP:
      ls_json_write_int (out, name, *(const gint64 *)place);
      break;
    case FIELD_USER:
      write_user (out, name, message->user);
      break;
    default:
      g_assert_not_reached ();
    }
}

static gboolean
is_bare_event (const LsMessage *message)
{
  return message->kind == LS_MESSAGE_EVENTS && message->events != NULL &&
         message->events->len == 1 && !ls_cursor_is_set (message->cursor);
}

/**
 * ls_wire_encode_message:
 * @message: a message that has all that its kind needs; an `events` message of one event without
 *   cursors is written as a bare EVENT
 * @length: (out) (optional): the text's length in bytes
 *
 * Writes a message. The text of `auth` is a secret: wipe it after use.
 *
 * Returns: (transfer full): the text, UTF-8 and zero-terminated
 */
char *
ls_wire_encode_message (const LsMessage *message, gsize *length)
{
  const Field *row;
  GString *out;

  g_return_val_if_fail (message != NULL, NULL);
  g_return_val_if_fail (message->kind != LS_MESSAGE_EVENTS || message->events != NULL, NULL);
  g_return_val_if_fail (message->kind != LS_MESSAGE_WELCOME || message->user != NULL, NULL);

  out = g_string_new (NULL);
  if (is_bare_event (message))
    ls_wire_append_event (out, g_ptr_array_index (message->events, 0));
  else
    {
      row = fields[message->kind];
      g_string_append_c (out, '{');
      ls_json_write_string (out, "type", ls_message_kind_to_string (message->kind));
      for (guint i = 0; i < MAX_FIELDS && row[i].member != TYPE; i++)
        write_field (out, message, &row[i]);
      g_string_append_c (out, '}');
    }

  if (length != NULL)
    *length = out->len;
  return g_string_free (out, FALSE);
}
