/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-entity.h"

#include <string.h>

typedef struct
{
  const char *name;      /* singular: the bus, the command line and labsync.v1 */
  const char *table;     /* the REST table; NULL: has none */
  const char *poll_name; /* what the classic system calls it in a poll; NULL: never polled */
} EntityInfo;

static const EntityInfo entities[] = {
  [LS_ENTITY_ANNOUNCEMENT] = { "announcement", "announcements", "announcements" },
  [LS_ENTITY_NOTIFICATION] = { "notification", "notifications", NULL },
  [LS_ENTITY_GRADE] = { "grade", "grades", "grades" },
  [LS_ENTITY_ATTENDANCE] = { "attendance", "attendance", "attendance" },
  [LS_ENTITY_EVENT] = { "event", "school_events", "schoolevents" },
  [LS_ENTITY_USER] = { "user", "users", "users" },
  [LS_ENTITY_CONVERSATION] = { "conversation", "conversations", NULL },
  [LS_ENTITY_MESSAGE] = { "message", "messages", NULL },
  [LS_ENTITY_LIBRARY_MATERIAL] = { "library_material", "e_library", "elibrary" },
  [LS_ENTITY_PRESENCE] = { "presence", NULL, NULL },
};
G_STATIC_ASSERT (G_N_ELEMENTS (entities) == LS_N_ENTITIES);

typedef struct
{
  const char *name;
  LsEntity entity;
  LsChangeKind change;
} TypeInfo;

/* Of the types of one entity with the same change, the first is the one that a poll or a snapshot
 * produces. */
static const TypeInfo types[] = {
  { "grade_created", LS_ENTITY_GRADE, LS_CHANGE_CREATED },
  { "grade_updated", LS_ENTITY_GRADE, LS_CHANGE_UPDATED },
  { "grade_deleted", LS_ENTITY_GRADE, LS_CHANGE_DELETED },
  { "attendance_marked", LS_ENTITY_ATTENDANCE, LS_CHANGE_CREATED },
  { "attendance_updated", LS_ENTITY_ATTENDANCE, LS_CHANGE_UPDATED },
  { "attendance_deleted", LS_ENTITY_ATTENDANCE, LS_CHANGE_DELETED },
  { "announcement_created", LS_ENTITY_ANNOUNCEMENT, LS_CHANGE_CREATED },
  { "announcement_updated", LS_ENTITY_ANNOUNCEMENT, LS_CHANGE_UPDATED },
  { "announcement_deleted", LS_ENTITY_ANNOUNCEMENT, LS_CHANGE_DELETED },
  { "library_material_added", LS_ENTITY_LIBRARY_MATERIAL, LS_CHANGE_CREATED },
  { "library_material_updated", LS_ENTITY_LIBRARY_MATERIAL, LS_CHANGE_UPDATED },
  { "library_material_deleted", LS_ENTITY_LIBRARY_MATERIAL, LS_CHANGE_DELETED },
  { "event_created", LS_ENTITY_EVENT, LS_CHANGE_CREATED },
  { "event_updated", LS_ENTITY_EVENT, LS_CHANGE_UPDATED },
  { "event_deleted", LS_ENTITY_EVENT, LS_CHANGE_DELETED },
  { "user_created", LS_ENTITY_USER, LS_CHANGE_CREATED },
  { "user_updated", LS_ENTITY_USER, LS_CHANGE_UPDATED },
  { "user_deleted", LS_ENTITY_USER, LS_CHANGE_DELETED },
  { "user_role_changed", LS_ENTITY_USER, LS_CHANGE_UPDATED },
  { "user_status_changed", LS_ENTITY_USER, LS_CHANGE_UPDATED },
  { "message_created", LS_ENTITY_MESSAGE, LS_CHANGE_CREATED },
  { "message_updated", LS_ENTITY_MESSAGE, LS_CHANGE_UPDATED },
  { "message_deleted", LS_ENTITY_MESSAGE, LS_CHANGE_DELETED },
  { "message_read", LS_ENTITY_MESSAGE, LS_CHANGE_UPDATED },
  { "conversation_created", LS_ENTITY_CONVERSATION, LS_CHANGE_CREATED },
  { "conversation_updated", LS_ENTITY_CONVERSATION, LS_CHANGE_UPDATED },
  { "conversation_deleted", LS_ENTITY_CONVERSATION, LS_CHANGE_DELETED },
  { "notification_created", LS_ENTITY_NOTIFICATION, LS_CHANGE_CREATED },
  { "notification_read", LS_ENTITY_NOTIFICATION, LS_CHANGE_UPDATED },
  { "notification_deleted", LS_ENTITY_NOTIFICATION, LS_CHANGE_DELETED },
  { "user_online", LS_ENTITY_PRESENCE, LS_CHANGE_UPDATED },
  { "user_offline", LS_ENTITY_PRESENCE, LS_CHANGE_UPDATED },
  { "user_heartbeat", LS_ENTITY_PRESENCE, LS_CHANGE_UPDATED },
  { "presence_update", LS_ENTITY_PRESENCE, LS_CHANGE_UPDATED },
};

/**
 * ls_entity_to_string:
 * @entity: an entity
 *
 * Returns: its singular name, for example `grade`
 */
const char *
ls_entity_to_string (LsEntity entity)
{
  g_return_val_if_fail ((guint)entity < LS_N_ENTITIES, "");

  return entities[entity].name;
}

/**
 * ls_entity_from_string:
 * @name: (nullable): a singular name
 *
 * Returns: the entity, or %LS_ENTITY_INVALID
 */
LsEntity
ls_entity_from_string (const char *name)
{
  for (guint i = 0; name != NULL && i < LS_N_ENTITIES; i++)
    if (g_str_equal (entities[i].name, name))
      return (LsEntity)i;

  return LS_ENTITY_INVALID;
}

/**
 * ls_entity_is_plain_name:
 * @name: (nullable): what somebody calls an entity
 *
 * Returns: whether it is one of ours, or could be one of a server's own: `[a-z][a-z0-9_]*`, of at most
 *   %LS_MAX_ENTITY_NAME characters
 */
gboolean
ls_entity_is_plain_name (const char *name)
{
  return name != NULL && g_ascii_islower (*name) && strlen (name) <= LS_MAX_ENTITY_NAME &&
         name[strspn (name, G_CSET_a_2_z G_CSET_DIGITS "_")] == '\0';
}

/**
 * ls_entity_get_table:
 * @entity: an entity
 *
 * Returns: (nullable): the REST table, for example `e_library`
 */
const char *
ls_entity_get_table (LsEntity entity)
{
  g_return_val_if_fail ((guint)entity < LS_N_ENTITIES, NULL);

  return entities[entity].table;
}

/**
 * ls_entity_from_table:
 * @table: (nullable): a REST table's name
 *
 * Returns: the entity whose rows stand in it, or %LS_ENTITY_INVALID
 */
LsEntity
ls_entity_from_table (const char *table)
{
  for (guint i = 0; table != NULL && i < LS_N_ENTITIES; i++)
    if (g_strcmp0 (entities[i].table, table) == 0)
      return (LsEntity)i;

  return LS_ENTITY_INVALID;
}

/**
 * ls_entity_get_poll_name:
 * @entity: an entity
 *
 * Returns: (nullable): what the classic system calls it in `/api/updates`
 */
const char *
ls_entity_get_poll_name (LsEntity entity)
{
  g_return_val_if_fail ((guint)entity < LS_N_ENTITIES, NULL);

  return entities[entity].poll_name;
}

/**
 * ls_event_type_get_count:
 *
 * Returns: how many event types there are; valid types are 0 to this - 1
 */
guint
ls_event_type_get_count (void)
{
  return G_N_ELEMENTS (types);
}

/**
 * ls_event_type_to_string:
 * @type: a valid event type
 *
 * Returns: its name, for example `grade_updated`
 */
const char *
ls_event_type_to_string (LsEventType type)
{
  g_return_val_if_fail ((guint)type < G_N_ELEMENTS (types), "");

  return types[type].name;
}

/**
 * ls_event_type_from_string:
 * @name: (nullable): a name
 *
 * Returns: the event type, or %LS_EVENT_TYPE_INVALID
 */
LsEventType
ls_event_type_from_string (const char *name)
{
  for (guint i = 0; name != NULL && i < G_N_ELEMENTS (types); i++)
    if (g_str_equal (types[i].name, name))
      return (LsEventType)i;

  return LS_EVENT_TYPE_INVALID;
}

/**
 * ls_event_type_get_entity:
 * @type: a valid event type
 *
 * Returns: what it is about
 */
LsEntity
ls_event_type_get_entity (LsEventType type)
{
  g_return_val_if_fail ((guint)type < G_N_ELEMENTS (types), LS_ENTITY_INVALID);

  return types[type].entity;
}

/**
 * ls_event_type_get_change:
 * @type: a valid event type
 *
 * Returns: what it does to the row
 */
LsChangeKind
ls_event_type_get_change (LsEventType type)
{
  g_return_val_if_fail ((guint)type < G_N_ELEMENTS (types), LS_CHANGE_UPDATED);

  return types[type].change;
}

/**
 * ls_event_type_for:
 * @entity: an entity that is stored
 * @change: what happened to a row of it
 *
 * Returns: the type that a change found by polling or by a snapshot gets
 */
LsEventType
ls_event_type_for (LsEntity entity, LsChangeKind change)
{
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    if (types[i].entity == entity && types[i].change == change)
      return (LsEventType)i;

  g_return_val_if_reached (LS_EVENT_TYPE_INVALID);
}
