/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-bus-events.h"

#include "ls-bus-names.h"
#include "ls-error.h"

/**
 * ls_bus_events_new:
 * @events: (element-type LsEvent): events
 *
 * Returns: (transfer floating): them as they are on the bus
 */
GVariant *
ls_bus_events_new (GPtrArray *events)
{
  g_auto (GVariantBuilder) builder =
      G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a" LS_BUS_EVENT_TYPE));

  for (guint i = 0; i < events->len; i++)
    {
      const LsEvent *event = g_ptr_array_index (events, i);

      g_variant_builder_add (&builder, LS_BUS_EVENT_TYPE, event->seq,
                             ls_event_type_to_string (event->type),
                             ls_entity_to_string (ls_event_get_entity (event)), event->entity_id,
                             event->data, event->timestamp, event->user_role, event->user_id);
    }

  return g_variant_builder_end (&builder);
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
