/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-bus-events.h"

#include "ls-bus-names.h"
#include "ls-error.h"

/* The members of an event on the bus, in order */
enum
{
  SEQ,
  TYPE,
  ENTITY,
  ENTITY_ID,
  DATA,
  TIMESTAMP,
  USER_ROLE,
  USER_ID,
  N_MEMBERS
};

/* What mostly is the same as in the event before is then not made again. */
static GVariant *
same_or_new (GVariant *last, const char *text)
{
  if (last != NULL && g_str_equal (g_variant_get_string (last, NULL), text))
    return last;

  return g_variant_new_string (text);
}

/**
 * ls_bus_events_new:
 * @events: (element-type LsEvent): events
 *
 * Returns: (transfer floating): them as they are on the bus
 */
GVariant *
ls_bus_events_new (GPtrArray *events)
{
  g_autofree GVariant **children = g_new (GVariant *, events->len);
  GVariant *members[N_MEMBERS] = { NULL };

  for (guint i = 0; i < events->len; i++)
    {
      const LsEvent *event = g_ptr_array_index (events, i);
      const char *entity = ls_entity_to_string (ls_event_get_entity (event));

      members[SEQ] = g_variant_new_uint64 (event->seq);
      members[TYPE] = same_or_new (members[TYPE], ls_event_type_to_string (event->type));
      members[ENTITY] = same_or_new (members[ENTITY], entity);
      members[ENTITY_ID] = g_variant_new_string (event->entity_id);
      members[DATA] = g_variant_new_string (event->data);
      members[TIMESTAMP] = g_variant_new_int64 (event->timestamp);
      members[USER_ROLE] = same_or_new (members[USER_ROLE], event->user_role);
      members[USER_ID] = same_or_new (members[USER_ID], event->user_id);
      children[i] = g_variant_new_tuple (members, N_MEMBERS);
    }

  return g_variant_new_array (G_VARIANT_TYPE (LS_BUS_EVENT_TYPE), children, events->len);
}

/**
 * ls_bus_event_types_to_strv:
 * @types: (nullable) (array): indexed by #LsEventType; %NULL: all
 *
 * Returns: (transfer full): the names of those that are set
 */
GStrv
ls_bus_event_types_to_strv (const gboolean *types)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (LsEventType type = 0; type < (LsEventType)ls_event_type_get_count (); type++)
    if (types == NULL || types[type])
      g_strv_builder_add (builder, ls_event_type_to_string (type));

  return g_strv_builder_end (builder);
}

/**
 * ls_bus_event_types_parse:
 * @names: event types from the bus
 * @types: (out caller-allocates) (array): indexed by #LsEventType; those in @names are set
 * @error: %LS_ERROR_INVALID_ARGUMENT, naming the one that there is not
 *
 * Returns: whether all of @names exist
 */
gboolean
ls_bus_event_types_parse (const char *const *names, gboolean *types, GError **error)
{
  for (guint i = 0; names[i] != NULL; i++)
    {
      LsEventType type = ls_event_type_from_string (names[i]);

      if (type == LS_EVENT_TYPE_INVALID)
        {
          g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT, "unknown event type “%s”",
                       names[i]);
          return FALSE;
        }
      types[type] = TRUE;
    }

  return TRUE;
}
