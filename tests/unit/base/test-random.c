/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-fake-random.h"

static void
test_below_stays_in_range (void)
{
  const guint64 extremes[] = { 0, 1, G_MAXINT64, G_MAXUINT64 };
  g_autoptr (LsFakeRandom) random = ls_fake_random_new_sequence (extremes, G_N_ELEMENTS (extremes));

  for (guint i = 0; i < G_N_ELEMENTS (extremes); i++)
    g_assert_cmpint (ls_random_below (LS_RANDOM (random), 1), ==, 0);

  for (guint i = 0; i < G_N_ELEMENTS (extremes); i++)
    {
      gint64 number = ls_random_below (LS_RANDOM (random), 10);

      g_assert_cmpint (number, >=, 0);
      g_assert_cmpint (number, <, 10);
    }

  for (guint i = 0; i < G_N_ELEMENTS (extremes); i++)
    g_assert_cmpint (ls_random_below (LS_RANDOM (random), G_MAXINT64), >=, 0);
}

static void
test_below_reaches_every_number (void)
{
  g_autoptr (LsFakeRandom) random = ls_fake_random_new (1);
  guint counts[6] = { 0 };

  for (guint i = 0; i < 6000; i++)
    counts[ls_random_below (LS_RANDOM (random), 6)]++;

  /* 1000 are expected of each; 6 standard deviations are 173. */
  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    {
      g_assert_cmpuint (counts[i], >, 820);
      g_assert_cmpuint (counts[i], <, 1180);
    }
}

static void
test_uuid_is_version_4 (void)
{
  const guint64 zeros[] = { 0 };
  const guint64 ones[] = { G_MAXUINT64 };
  g_autoptr (LsFakeRandom) lowest = ls_fake_random_new_sequence (zeros, 1);
  g_autoptr (LsFakeRandom) highest = ls_fake_random_new_sequence (ones, 1);
  g_autoptr (LsFakeRandom) random = ls_fake_random_new (7);
  g_autofree char *first = ls_random_uuid (LS_RANDOM (lowest));
  g_autofree char *last = ls_random_uuid (LS_RANDOM (highest));

  g_assert_cmpstr (first, ==, "00000000-0000-4000-8000-000000000000");
  g_assert_cmpstr (last, ==, "ffffffff-ffff-4fff-bfff-ffffffffffff");

  for (guint i = 0; i < 100; i++)
    {
      g_autofree char *uuid = ls_random_uuid (LS_RANDOM (random));

      g_assert_true (g_uuid_string_is_valid (uuid));
    }
}

static void
test_uuid_7_sorts_by_time (void)
{
  const guint64 ones[] = { G_MAXUINT64 };
  g_autoptr (LsFakeRandom) highest = ls_fake_random_new_sequence (ones, 1);
  g_autoptr (LsFakeRandom) random = ls_fake_random_new (7);
  g_autofree char *known =
      ls_random_uuid7 (LS_RANDOM (highest), G_GINT64_CONSTANT (0x017f22e279b0));
  g_autofree char *last = g_strdup ("");

  g_assert_cmpstr (known, ==, "017f22e2-79b0-7fff-bfff-ffffffffffff");
  for (gint64 i = 0; i < 100; i++)
    {
      char *uuid = ls_random_uuid7 (LS_RANDOM (random), 1700000000000 + i);

      g_assert_true (g_uuid_string_is_valid (uuid));
      g_assert_cmpstr (uuid, >, last);
      g_free (last);
      last = uuid;
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/random/below-stays-in-range", test_below_stays_in_range);
  g_test_add_func ("/base/random/below-reaches-every-number", test_below_reaches_every_number);
  g_test_add_func ("/base/random/uuid-is-version-4", test_uuid_is_version_4);
  g_test_add_func ("/base/random/uuid-7-sorts-by-time", test_uuid_7_sorts_by_time);

  return g_test_run ();
}
