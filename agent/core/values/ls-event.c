/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-event.h"

#include <string.h>

G_DEFINE_BOXED_TYPE (LsEvent, ls_event, ls_event_ref, ls_event_unref)

/* What the fixed members of an event take on the bus: three integers, alignment and the shorter
 * names, rounded up. */
#define FIXED_SIZE 96

/**
 * ls_event_new_take:
 * @type: a valid event type
 * @entity_id: (transfer full): the row's id
 * @data: (transfer full): the row as JSON text
 * @user_role: (transfer full): who made the change: role; empty if unknown
 * @user_id: (transfer full): who made the change: id; empty if unknown
 *
 * Returns: (transfer full): an event whose other members are 0 or %NULL; the caller fills them in
 *   before handing it on
 */
LsEvent *
ls_event_new_take (LsEventType type, char *entity_id, char *data, char *user_role, char *user_id)
{
  LsEvent *event;

  g_return_val_if_fail (type != LS_EVENT_TYPE_INVALID, NULL);
  g_return_val_if_fail (entity_id != NULL && data != NULL, NULL);
  g_return_val_if_fail (user_role != NULL && user_id != NULL, NULL);

  event = g_new0 (LsEvent, 1);
  g_atomic_ref_count_init (&event->ref_count);
  event->type = type;
  event->entity_id = entity_id;
  event->data = data;
  event->user_role = user_role;
  event->user_id = user_id;
  return event;
}

/**
 * ls_event_new:
 * @type: a valid event type
 * @entity_id: the row's id
 * @data: the row as JSON text
 *
 * Returns: (transfer full): an event whose other members are 0, empty or %NULL; the caller fills
 *   them in before handing it on, freeing the strings that it replaces
 */
LsEvent *
ls_event_new (LsEventType type, const char *entity_id, const char *data)
{
  return ls_event_new_take (type, g_strdup (entity_id), g_strdup (data), g_strdup (""),
                            g_strdup (""));
}

/**
 * ls_event_ref:
 * @event: an event
 *
 * Returns: (transfer full): @event
 */
LsEvent *
ls_event_ref (LsEvent *event)
{
  g_atomic_ref_count_inc (&event->ref_count);
  return event;
}

/**
 * ls_event_unref:
 * @event: (transfer full): an event
 *
 * Gives a reference back.
 */
void
ls_event_unref (LsEvent *event)
{
  if (!g_atomic_ref_count_dec (&event->ref_count))
    return;

  g_free (event->entity_id);
  g_free (event->data);
  g_free (event->user_role);
  g_free (event->user_id);
  g_free (event->action_id);
  g_free (event);
}

/**
 * ls_event_get_entity:
 * @event: an event
 *
 * Returns: what it is about
 */
LsEntity
ls_event_get_entity (const LsEvent *event)
{
  return ls_event_type_get_entity (event->type);
}

/**
 * ls_event_get_size:
 * @event: an event
 *
 * Returns: about how many bytes it takes in a batch on the bus, never too few
 */
gsize
ls_event_get_size (const LsEvent *event)
{
  return FIXED_SIZE + strlen (event->entity_id) + strlen (event->data) + strlen (event->user_role) +
         strlen (event->user_id);
}

/**
 * ls_event_array_new:
 *
 * Returns: (transfer full) (element-type LsEvent): an empty array that owns its events
 */
GPtrArray *
ls_event_array_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify)ls_event_unref);
}
