/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-checksum.h"

static guint64
sum_of (const char *id, gint64 version)
{
  g_autoptr (LsChecksum) checksum = ls_checksum_new (LS_ENTITY_GRADE);

  ls_checksum_add (checksum, id, version);
  return checksum->sum;
}

/* Figures of dbus/PROTOCOL.md, computed with another program: agent and server of different
 * versions must come to the same. */
static void
test_checksum_known (void)
{
  g_autoptr (LsChecksum) none = ls_checksum_new (LS_ENTITY_GRADE);

  g_assert_cmphex (none->sum, ==, 0);
  g_assert_cmphex (sum_of ("g-1", 4), ==, G_GUINT64_CONSTANT (0x1c28258096182a78));
  g_assert_cmphex (sum_of ("g-2", 1), ==, G_GUINT64_CONSTANT (0x60cbeb7d6f80bd25));
  g_assert_cmphex (sum_of ("", G_GINT64_CONSTANT (1) << 53), ==,
                   G_GUINT64_CONSTANT (0x7649a0d57bdcf9b9));
}

static void
test_checksum_order (void)
{
  g_autoptr (LsChecksum) a = ls_checksum_new (LS_ENTITY_GRADE);
  g_autoptr (LsChecksum) b = ls_checksum_new (LS_ENTITY_GRADE);
  g_autoptr (LsChecksum) other = ls_checksum_new (LS_ENTITY_USER);

  ls_checksum_add (a, "x", 1);
  ls_checksum_add (a, "y", 2);
  ls_checksum_add (b, "y", 2);
  g_assert_false (ls_checksum_agrees (a, b));
  ls_checksum_add (b, "x", 1);
  g_assert_true (ls_checksum_agrees (a, b));
  g_assert_cmpint (a->count, ==, 2);
  ls_checksum_add (other, "x", 1);
  ls_checksum_add (other, "y", 2);
  g_assert_false (ls_checksum_agrees (a, other));
}

/* Rows that are each a version behind or ahead must not make up for each other. */
static void
test_checksum_no_cancelling (void)
{
  for (guint i = 0; i < 200; i++)
    {
      g_autofree char *one = g_strdup_printf ("row-%03u", i);
      g_autofree char *other = g_strdup_printf ("row-%03u", i + 1);

      g_assert_cmphex (sum_of (one, 2) + sum_of (other, 3), !=,
                       sum_of (one, 3) + sum_of (other, 2));
      g_assert_cmphex (sum_of (one, 2) + sum_of (other, 2), !=,
                       sum_of (one, 3) + sum_of (other, 3));
      g_assert_cmphex (sum_of (one, 2) + sum_of (other, 2), !=,
                       sum_of (one, 1) + sum_of (other, 3));
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/checksum/known", test_checksum_known);
  g_test_add_func ("/core/checksum/order", test_checksum_order);
  g_test_add_func ("/core/checksum/no-cancelling", test_checksum_no_cancelling);
  return g_test_run ();
}
