/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-throttle.h"

#define MINUTE 60000

/* Ten at once, then one a minute. */
static const LsThrottleRate rate = { 10, 10 * MINUTE };

static guint
take_all (LsThrottle *throttle, const char *who, gint64 now)
{
  guint n = 0;

  while (ls_throttle_get_wait (throttle, who, now) == 0)
    {
      ls_throttle_take (throttle, who, now);
      n++;
    }
  return n;
}

static void
test_burst (void)
{
  const gint64 start = 123456789;
  g_autoptr (LsThrottle) throttle = ls_throttle_new (&rate);

  g_assert_cmpuint (take_all (throttle, "a", start), ==, 10);
  g_assert_cmpint (ls_throttle_get_wait (throttle, "a", start), ==, MINUTE);
  g_assert_cmpint (ls_throttle_get_wait (throttle, "a", start + MINUTE - 1), ==, 1);
  g_assert_cmpuint (take_all (throttle, "a", start + MINUTE), ==, 1);
  g_assert_cmpuint (take_all (throttle, "a", start + 4 * MINUTE), ==, 3);
  g_assert_cmpuint (take_all (throttle, "a", start + 1000 * MINUTE), ==, 10);
  g_assert_cmpuint (take_all (throttle, "b", start), ==, 10);
}

static void
test_giving_back (void)
{
  g_autoptr (LsThrottle) throttle = ls_throttle_new (&rate);

  take_all (throttle, "a", 0);
  ls_throttle_give_back (throttle, "a");
  g_assert_cmpuint (take_all (throttle, "a", 0), ==, 1);
  ls_throttle_forget (throttle, "a");
  g_assert_cmpuint (take_all (throttle, "a", 0), ==, 10);

  /* What is given back to somebody idle is no credit. */
  ls_throttle_give_back (throttle, "b");
  ls_throttle_take (throttle, "c", 0);
  for (guint i = 0; i < 5; i++)
    {
      ls_throttle_give_back (throttle, "c");
      g_assert_cmpuint (take_all (throttle, "c", 100 * MINUTE * (i + 1)), ==, 10);
    }
}

/* It remembers as many as are busy, however many come. */
static void
test_memory (void)
{
  g_autoptr (LsThrottle) throttle = ls_throttle_new (&rate);
  guint most = 0;

  for (guint i = 0; i < 100000; i++)
    {
      g_autofree char *who = g_strdup_printf ("%u", i);

      ls_throttle_take (throttle, who, i * (MINUTE / 100)); /* a hundred in a minute */
      most = MAX (most, ls_throttle_get_size (throttle));
    }
  g_assert_cmpuint (most, <=, 1024);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/server-net/throttle/burst", test_burst);
  g_test_add_func ("/server-net/throttle/giving-back", test_giving_back);
  g_test_add_func ("/server-net/throttle/memory", test_memory);
  return g_test_run ();
}
