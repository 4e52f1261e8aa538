/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-seed.h"

/**
 * ls_seed_choose:
 *
 * Says which, for LABSYNC_SEED to repeat it.
 *
 * Returns: the seed of LABSYNC_SEED; without that another one each time
 */
guint64
ls_seed_choose (void)
{
  const char *text = g_getenv ("LABSYNC_SEED");
  guint64 seed = text != NULL ? g_ascii_strtoull (text, NULL, 10) : (guint64)g_get_real_time ();

  g_test_message ("LABSYNC_SEED=%" G_GUINT64_FORMAT, seed);
  return seed;
}

/**
 * ls_seed_run:
 * @n: how many seeds a commit tries
 * @n_long: how many `tests/run --long` does
 * @func: a run, that says its seed when it fails
 * @data: for @func
 *
 * Runs with one seed after the other, or with that of LABSYNC_SEED alone.
 */
void
ls_seed_run (guint n, guint n_long, LsSeedFunc func, gconstpointer data)
{
  guint64 first = ls_seed_choose ();

  if (g_getenv ("LABSYNC_LONG") != NULL)
    n = n_long;
  if (g_getenv ("LABSYNC_SEED") != NULL)
    n = 1;
  g_test_message ("%u seeds from there on", n);
  for (guint i = 0; i < n; i++)
    func (first + i, data);
}
