/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-entity.h"

static void
test_entity_names (void)
{
  for (guint i = 0; i < LS_N_ENTITIES; i++)
    {
      LsEntity entity = (LsEntity)i;

      g_assert_cmpint (ls_entity_from_string (ls_entity_to_string (entity)), ==, entity);
      if (ls_entity_get_table (entity) != NULL)
        g_assert_cmpint (ls_entity_from_table (ls_entity_get_table (entity)), ==, entity);
    }
  g_assert_cmpint (ls_entity_from_string ("grades"), ==, LS_ENTITY_INVALID);
  g_assert_cmpint (ls_entity_from_string (NULL), ==, LS_ENTITY_INVALID);
}

static void
test_entity_types (void)
{
  for (guint i = 0; i < ls_event_type_get_count (); i++)
    g_assert_cmpint (ls_event_type_from_string (ls_event_type_to_string ((LsEventType)i)), ==, i);

  for (guint i = 0; i < LS_N_ENTITIES; i++)
    for (guint change = LS_CHANGE_CREATED; i != LS_ENTITY_PRESENCE && change <= LS_CHANGE_DELETED;
         change++)
      {
        LsEventType type = ls_event_type_for ((LsEntity)i, (LsChangeKind)change);

        g_assert_cmpint (ls_event_type_get_entity (type), ==, i);
        g_assert_cmpint (ls_event_type_get_change (type), ==, change);
      }
  g_assert_cmpint (ls_event_type_from_string ("grade_exploded"), ==, LS_EVENT_TYPE_INVALID);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/entity/names", test_entity_names);
  g_test_add_func ("/core/entity/types", test_entity_types);
  return g_test_run ();
}
