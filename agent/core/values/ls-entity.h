/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * LsEntity:
 *
 * The kinds of things that are kept in step, in the order in which snapshots are taken: what a
 * class waits for first comes first.
 */
typedef enum
{
  LS_ENTITY_ANNOUNCEMENT,
  LS_ENTITY_NOTIFICATION,
  LS_ENTITY_GRADE,
  LS_ENTITY_ATTENDANCE,
  LS_ENTITY_EVENT,
  LS_ENTITY_USER,
  LS_ENTITY_CONVERSATION,
  LS_ENTITY_MESSAGE,
  LS_ENTITY_LIBRARY_MATERIAL,
  LS_ENTITY_PRESENCE,
  LS_ENTITY_INVALID,
} LsEntity;

#define LS_N_ENTITIES LS_ENTITY_INVALID

/** LsEntitySet: a set of entities, one bit each: `1u << LsEntity` */
typedef guint LsEntitySet;

#define LS_ENTITY_SET_NONE 0u
#define LS_ENTITY_SET_ALL ((1u << LS_N_ENTITIES) - 1)
#define LS_ENTITY_SET_STORED (LS_ENTITY_SET_ALL & ~(1u << LS_ENTITY_PRESENCE))

/**
 * LsChangeKind:
 *
 * What an event says happened to the row.
 */
typedef enum
{
  LS_CHANGE_CREATED,
  LS_CHANGE_UPDATED,
  LS_CHANGE_DELETED,
} LsChangeKind;

/**
 * LsEventType:
 *
 * Index into the table of event types; see ls_event_type_from_string().
 */
typedef gint LsEventType;

#define LS_EVENT_TYPE_INVALID (-1)

/** LS_MAX_ENTITY_NAME: characters of a name that an entity may have */
#define LS_MAX_ENTITY_NAME 64

const char *ls_entity_to_string (LsEntity entity);
gboolean ls_entity_is_plain_name (const char *name);
LsEntity ls_entity_from_string (const char *name);
const char *ls_entity_get_table (LsEntity entity);
LsEntity ls_entity_from_table (const char *table);
const char *ls_entity_get_poll_name (LsEntity entity);

guint ls_event_type_get_count (void);
const char *ls_event_type_to_string (LsEventType type);
LsEventType ls_event_type_from_string (const char *name);
LsEntity ls_event_type_get_entity (LsEventType type);
LsChangeKind ls_event_type_get_change (LsEventType type);
LsEventType ls_event_type_for (LsEntity entity, LsChangeKind change);

G_END_DECLS
