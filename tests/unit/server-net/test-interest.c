/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-interest.h"

static void
test_types (void)
{
  LsInterest all = { 0 }, few = { 0 };

  ls_interest_add_all (&all);
  for (LsEventType type = 0; type < (LsEventType)ls_event_type_get_count (); type++)
    {
      g_assert_true (ls_interest_has (&all, type));
      g_assert_false (ls_interest_has (&few, type));
      ls_interest_add (&few, type);
      ls_interest_remove (&all, type);
      g_assert_true (ls_interest_has (&few, type));
      g_assert_false (ls_interest_has (&all, type));
    }
}

static void
test_changes (void)
{
  LsInterest interest = { 0 };
  guint n = 0;

  while (ls_interest_count_change (&interest, 1000))
    n++;
  g_assert_cmpuint (n, ==, LS_INTEREST_MAX_CHANGES);
  g_assert_false (ls_interest_count_change (&interest, 1000));
  g_assert_true (ls_interest_count_change (&interest, 1500));
  g_assert_false (ls_interest_count_change (&interest, 1500));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/server-net/interest/types", test_types);
  g_test_add_func ("/server-net/interest/changes", test_changes);
  return g_test_run ();
}
