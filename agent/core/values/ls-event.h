/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

#include "ls-entity.h"

G_BEGIN_DECLS

/**
 * LsEvent:
 * @type: what happened
 * @entity_id: the row's id
 * @data: the row as JSON text, byte for byte as the server sent it; a deletion: `{"id":…}`
 * @timestamp: when, in milliseconds since the epoch, by the server's clock
 * @user_role: who made the change: role; empty if unknown
 * @user_id: who made the change: id; empty if unknown
 * @offset: position in the server's log; 0: not in the log (a bare event, presence, or found by a
 *   snapshot)
 * @version: the row's version; 0: unknown
 * @action_id: (nullable): idempotency key of the action that made it
 * @seq: position in the local log, given by the store at commit; 0: not in the local log
 *
 * One change of one row. Immutable once it has been handed on, except for @seq, which the store
 * sets before anyone else sees the event. Safe to use from several threads.
 */
typedef struct
{
  LsEventType type;
  char *entity_id;
  char *data;
  gint64 timestamp;
  char *user_role;
  char *user_id;
  gint64 offset;
  gint64 version;
  char *action_id;
  guint64 seq;

  /*< private >*/
  gatomicrefcount ref_count;
} LsEvent;

#define LS_TYPE_EVENT (ls_event_get_type ())
GType ls_event_get_type (void);

LsEvent *ls_event_new (LsEventType type, const char *entity_id, const char *data);
LsEvent *
ls_event_new_take (LsEventType type, char *entity_id, char *data, char *user_role, char *user_id);
LsEvent *ls_event_ref (LsEvent *event);
void ls_event_unref (LsEvent *event);
LsEntity ls_event_get_entity (const LsEvent *event);
gsize ls_event_get_size (const LsEvent *event);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsEvent, ls_event_unref)

GPtrArray *ls_event_array_new (void);

G_END_DECLS
