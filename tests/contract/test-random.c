/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-fake-random.h"
#include "ls-random-system.h"

typedef LsRandom *(*Create) (void);

static LsRandom *
create_fake (void)
{
  return LS_RANDOM (ls_fake_random_new (42));
}

/* In 256 draws a bit that is chosen by chance stays the same with a probability of 2^-255. */
static void
test_every_bit_moves (gconstpointer data)
{
  g_autoptr (LsRandom) random = ((Create)data) ();
  guint64 ones = 0;
  guint64 zeros = 0;

  for (guint i = 0; i < 256; i++)
    {
      guint64 number = ls_random_next (random);

      ones |= number;
      zeros |= ~number;
    }

  g_assert_cmphex (ones, ==, G_MAXUINT64);
  g_assert_cmphex (zeros, ==, G_MAXUINT64);
}

static void
test_numbers_do_not_repeat (gconstpointer data)
{
  g_autoptr (LsRandom) random = ((Create)data) ();
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);

  for (guint i = 0; i < 1000; i++)
    {
      guint64 number = ls_random_next (random);

      g_assert_true (g_hash_table_add (seen, g_memdup2 (&number, sizeof number)));
    }
}

int
main (int argc, char *argv[])
{
  Create create = NULL;

  g_test_init (&argc, &argv, NULL);
  create = g_strcmp0 (argv[1], "system") == 0 ? ls_random_system_new : create_fake;
  g_test_add_data_func ("/contract/random/every-bit-moves", (gconstpointer)create,
                        test_every_bit_moves);
  g_test_add_data_func ("/contract/random/numbers-do-not-repeat", (gconstpointer)create,
                        test_numbers_do_not_repeat);

  return g_test_run ();
}
