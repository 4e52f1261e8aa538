/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-options.h"

#include <string.h>

#include "ls-error.h"

static const LsOption known[] = { { "limit", "u" }, { "filter", "a{ss}" } };

static GError *
check (const char *text)
{
  g_autoptr (GVariant) options = g_variant_parse (G_VARIANT_TYPE_VARDICT, text, NULL, NULL, NULL);
  GError *error = NULL;
  gboolean good;

  g_assert_nonnull (options);
  good = ls_options_check (options, known, G_N_ELEMENTS (known), &error);
  g_assert_true (good == (error == NULL));
  return error;
}

static void
test_options_good (void)
{
  g_assert_no_error (check ("{}"));
  g_assert_no_error (check ("{'limit': <uint32 5>, 'filter': <{'a': 'b'}>}"));
  g_assert_no_error (check ("{'filter': <@a{ss} {}>}"));
}

static void
test_options_unknown (void)
{
  g_autoptr (GError) error = check ("{'limit': <uint32 5>, 'colour': <'red'>}");

  g_assert_error (error, LS_ERROR, LS_ERROR_UNKNOWN_OPTION);
  g_assert_nonnull (strstr (error->message, "colour"));
}

static void
test_options_wrong_type (void)
{
  const char *const texts[] = { "{'limit': <5>}", "{'limit': <'5'>}", "{'limit': <<uint32 5>>}",
                                "{'filter': <{'a': 1}>}", "{'filter': <@a{sv} {}>}" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = check (texts[i]);

      g_assert_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT);
      g_assert_nonnull (strstr (error->message, i < 3 ? "limit" : "filter"));
      g_assert_nonnull (strstr (error->message, i < 3 ? "not u" : "not a{ss}"));
    }
}

static void
test_options_filter (void)
{
  g_autoptr (GVariant) options = g_variant_parse (
      G_VARIANT_TYPE_VARDICT, "{'filter': <{'class_id': 'c', 'x': '1'}>}", NULL, NULL, NULL);
  g_autoptr (GVariant) none = g_variant_parse (G_VARIANT_TYPE_VARDICT, "{}", NULL, NULL, NULL);
  g_autoptr (GHashTable) filter = ls_options_get_filter (options);

  g_assert_cmpuint (g_hash_table_size (filter), ==, 2);
  g_assert_cmpstr (g_hash_table_lookup (filter, "class_id"), ==, "c");
  g_assert_null (ls_options_get_filter (none));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/service/options/good", test_options_good);
  g_test_add_func ("/service/options/unknown", test_options_unknown);
  g_test_add_func ("/service/options/wrong-type", test_options_wrong_type);
  g_test_add_func ("/service/options/filter", test_options_filter);
  return g_test_run ();
}
