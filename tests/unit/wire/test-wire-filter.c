/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-wire-filter.h"

#include <glib.h>

#define DATA                                                                                       \
  "{\"class\":\"7A\",\"score\":90,\"ratio\":1.50,\"final\":true,\"note\":null,"                    \
  "\"name\":\"S\\u00e9\\\"x\",\"tags\":[\"7A\"],\"of\":{\"class\":\"8B\"},\"\":\"empty\"}"

/* "name=text" pairs, all of which have to hold. */
static gboolean
matches (const char *const *pairs)
{
  g_autoptr (GHashTable) filter = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  for (guint i = 0; pairs[i] != NULL; i++)
    {
      g_auto (GStrv) parts = g_strsplit (pairs[i], "=", 2);

      g_hash_table_insert (filter, g_strdup (parts[0]), g_strdup (parts[1]));
    }

  return ls_wire_filter_matches (DATA, filter);
}

static gboolean
matches_one (const char *pair)
{
  const char *const pairs[] = { pair, NULL };

  return matches (pairs);
}

static void
test_filter_scalars (void)
{
  const char *const same[] = { "class=7A",  "score=90",          "ratio=1.50", "final=true",
                               "note=null", "name=S\xc3\xa9\"x", "=empty" };
  const char *const other[] = { "class=7",     "class=7AB",   "class=\"7A\"", "class=",
                                "score=9",     "score=900",   "score=90.0",   "ratio=1.5",
                                "final=false", "final=True",  "note=",        "name=S\\u00e9\\\"x",
                                "absent=7A",   "absent=null", "absent=" };

  for (guint i = 0; i < G_N_ELEMENTS (same); i++)
    {
      g_test_message ("%s", same[i]);
      g_assert_true (matches_one (same[i]));
    }
  for (guint i = 0; i < G_N_ELEMENTS (other); i++)
    {
      g_test_message ("%s", other[i]);
      g_assert_false (matches_one (other[i]));
    }
}

/* A filter names members of the row itself, and compares scalars alone. */
static void
test_filter_structures (void)
{
  g_assert_false (matches_one ("tags=[\"7A\"]"));
  g_assert_false (matches_one ("tags=7A"));
  g_assert_false (matches_one ("of={\"class\":\"8B\"}"));
  g_assert_false (matches_one ("class=8B"));
}

static void
test_filter_all_must_hold (void)
{
  const char *const none[] = { NULL };
  const char *const both[] = { "class=7A", "score=90", NULL };
  const char *const first[] = { "class=7A", "score=91", NULL };
  const char *const second[] = { "class=7B", "score=90", NULL };

  g_assert_true (matches (none));
  g_assert_true (matches (both));
  g_assert_false (matches (first));
  g_assert_false (matches (second));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/filter/scalars", test_filter_scalars);
  g_test_add_func ("/wire/filter/structures", test_filter_structures);
  g_test_add_func ("/wire/filter/all-must-hold", test_filter_all_must_hold);
  return g_test_run ();
}
