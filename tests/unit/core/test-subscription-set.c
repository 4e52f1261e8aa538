/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-subscription-set.h"

#define GRADE (1u << LS_ENTITY_GRADE)
#define USER (1u << LS_ENTITY_USER)
#define PRESENCE (1u << LS_ENTITY_PRESENCE)

static void
test_subscription_set_union (void)
{
  LsSubscriptionSet set = { .always = GRADE };

  ls_subscription_set_add (&set, USER);
  ls_subscription_set_add (&set, USER | PRESENCE);
  g_assert_cmphex (ls_subscription_set_get_wanted (&set, 0), ==, GRADE | USER | PRESENCE);
  ls_subscription_set_remove (&set, USER, 100);
  g_assert_cmphex (ls_subscription_set_get_wanted (&set, 1000), ==, GRADE | USER | PRESENCE);
}

static void
test_subscription_set_grace (void)
{
  LsSubscriptionSet set = { .always = GRADE };

  ls_subscription_set_add (&set, PRESENCE | GRADE);
  ls_subscription_set_remove (&set, PRESENCE | GRADE, 600);
  g_assert_cmphex (ls_subscription_set_get_wanted (&set, 599), ==, GRADE | PRESENCE);
  g_assert_cmpint (ls_subscription_set_get_next_expiry (&set, 599), ==, 600);
  g_assert_cmphex (ls_subscription_set_get_wanted (&set, 600), ==, GRADE);
  g_assert_cmpint (ls_subscription_set_get_next_expiry (&set, 600), ==, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/subscription-set/union", test_subscription_set_union);
  g_test_add_func ("/core/subscription-set/grace", test_subscription_set_grace);
  return g_test_run ();
}
