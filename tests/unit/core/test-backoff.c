/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-backoff.h"
#include "ls-fake-random.h"

/* The largest of many waits at each attempt: full jitter reaches its bound and never passes it. */
static void
test_backoff_bound (void)
{
  static const gint64 bounds[] = { 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000, 60000 };
  g_autoptr (LsRandom) random = LS_RANDOM (ls_fake_random_new (7));

  for (guint attempt = 0; attempt < G_N_ELEMENTS (bounds); attempt++)
    {
      gint64 largest = 0;
      gint64 smallest = G_MAXINT64;

      for (guint i = 0; i < 2000; i++)
        {
          LsBackoff backoff = { attempt };
          gint64 wait = ls_backoff_next (&backoff, random, 1000, 60000);

          g_assert_cmpint (wait, >=, 0);
          g_assert_cmpint (wait, <=, bounds[attempt]);
          g_assert_cmpuint (backoff.attempt, ==, attempt + 1);
          largest = MAX (largest, wait);
          smallest = MIN (smallest, wait);
        }
      g_assert_cmpint (largest, >, bounds[attempt] * 95 / 100);
      g_assert_cmpint (smallest, <, bounds[attempt] * 5 / 100);
    }
}

static void
test_backoff_never_gives_up (void)
{
  g_autoptr (LsRandom) random = LS_RANDOM (ls_fake_random_new (8));
  LsBackoff backoff = { 0 };

  for (guint i = 0; i < 100000; i++)
    g_assert_cmpint (ls_backoff_next (&backoff, random, 1000, 60000), <=, 60000);
  ls_backoff_reset (&backoff);
  g_assert_cmpint (ls_backoff_next (&backoff, random, 1000, 60000), <=, 1000);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/backoff/bound", test_backoff_bound);
  g_test_add_func ("/core/backoff/never-gives-up", test_backoff_never_gives_up);
  return g_test_run ();
}
