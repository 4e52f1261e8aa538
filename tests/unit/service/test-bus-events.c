/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-bus-events.h"

#include <string.h>

#include "ls-bus-names.h"
#include "ls-error.h"

static void
test_bus_events_form (void)
{
  g_autoptr (GPtrArray) events = ls_event_array_new ();
  LsEvent *event =
      ls_event_new (ls_event_type_from_string ("grade_deleted"), "g-1", "{\"id\": 1 }");
  g_autoptr (GVariant) variant = NULL;
  g_autofree char *text = NULL;

  event->seq = 7;
  event->timestamp = 1700000000000;
  g_ptr_array_add (events, event);
  variant = g_variant_ref_sink (ls_bus_events_new (events));
  text = g_variant_print (variant, FALSE);
  g_assert_cmpstr (g_variant_get_type_string (variant), ==, "a" LS_BUS_EVENT_TYPE);
  g_assert_cmpstr (text, ==,
                   "[(7, 'grade_deleted', 'grade', 'g-1', '{\"id\": 1 }', 1700000000000, '', '')]");
}

/* What neighbours share is made once, and each still says what it says. */
static void
test_bus_events_neighbours (void)
{
  static const char *const types[] = { "grade_updated", "grade_updated", "user_updated" };
  static const char *const roles[] = { "teacher", "", "" };
  g_autoptr (GPtrArray) events = ls_event_array_new ();
  g_autoptr (GVariant) variant = NULL;
  g_autofree char *text = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      LsEvent *event = ls_event_new (ls_event_type_from_string (types[i]), "x", "{}");

      g_free (event->user_role);
      event->user_role = g_strdup (roles[i]);
      g_ptr_array_add (events, event);
    }
  variant = g_variant_ref_sink (ls_bus_events_new (events));
  text = g_variant_print (variant, FALSE);
  g_assert_cmpstr (text, ==,
                   "[(0, 'grade_updated', 'grade', 'x', '{}', 0, 'teacher', ''), "
                   "(0, 'grade_updated', 'grade', 'x', '{}', 0, '', ''), "
                   "(0, 'user_updated', 'user', 'x', '{}', 0, '', '')]");
}

static void
test_bus_events_types (void)
{
  const char *const good[] = { "grade_created", "message_read", NULL };
  const char *const bad[] = { "grade_created", "grade_exploded", NULL };
  g_autofree gboolean *types = g_new0 (gboolean, ls_event_type_get_count ());
  g_auto (GStrv) names = NULL;
  g_auto (GStrv) all = ls_bus_event_types_to_strv (NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (ls_bus_event_types_parse (good, types, NULL));
  names = ls_bus_event_types_to_strv (types);
  g_assert_true (g_strv_equal ((const char *const *)names, good));
  g_assert_cmpuint (g_strv_length (all), ==, ls_event_type_get_count ());

  g_assert_false (ls_bus_event_types_parse (bad, types, &error));
  g_assert_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT);
  g_assert_nonnull (strstr (error->message, "grade_exploded"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/service/bus-events/form", test_bus_events_form);
  g_test_add_func ("/service/bus-events/neighbours", test_bus_events_neighbours);
  g_test_add_func ("/service/bus-events/types", test_bus_events_types);
  return g_test_run ();
}
