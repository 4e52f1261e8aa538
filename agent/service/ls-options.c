/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-options.h"

#include "ls-error.h"

static const LsOption *
find (const LsOption *known, guint n_known, const char *name)
{
  for (guint i = 0; i < n_known; i++)
    if (g_str_equal (known[i].name, name))
      return &known[i];

  return NULL;
}

/**
 * ls_options_check:
 * @options: a dictionary `a{sv}` from the bus
 * @known: (nullable) (array length=n_known): the options that the method takes
 * @n_known: how many they are
 * @error: %LS_ERROR_UNKNOWN_OPTION or, of the wrong type, %LS_ERROR_INVALID_ARGUMENT; both name
 *   the option
 *
 * To be called before anything of @options is used; afterwards g_variant_lookup() fails only for
 * options that are not there.
 *
 * Returns: whether all of @options are known and of the right type
 */
gboolean
ls_options_check (GVariant *options, const LsOption *known, guint n_known, GError **error)
{
  GVariantIter iter;
  const char *name;
  GVariant *value;

  g_return_val_if_fail (g_variant_is_of_type (options, G_VARIANT_TYPE_VARDICT), FALSE);

  g_variant_iter_init (&iter, options);
  while (g_variant_iter_next (&iter, "{&sv}", &name, &value))
    {
      g_autoptr (GVariant) owned = value;
      const LsOption *option = find (known, n_known, name);

      if (option == NULL)
        {
          g_set_error (error, LS_ERROR, LS_ERROR_UNKNOWN_OPTION, "unknown option “%s”", name);
          return FALSE;
        }
      if (!g_variant_is_of_type (owned, G_VARIANT_TYPE (option->type)))
        {
          g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT,
                       "option “%s” has the type %s, not %s", name,
                       g_variant_get_type_string (owned), option->type);
          return FALSE;
        }
    }

  return TRUE;
}

/**
 * ls_options_get_filter:
 * @options: options, checked
 *
 * Returns: (transfer full) (nullable) (element-type utf8 utf8): the option `filter` (`a{ss}`); %NULL:
 *   nothing is to be filtered out
 */
GHashTable *
ls_options_get_filter (GVariant *options)
{
  g_autoptr (GVariant) filter = g_variant_lookup_value (options, "filter", NULL);
  GHashTable *table;
  GVariantIter iter;
  char *member;
  char *value;

  if (filter == NULL || g_variant_n_children (filter) == 0)
    return NULL;

  table = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_variant_iter_init (&iter, filter);
  while (g_variant_iter_next (&iter, "{ss}", &member, &value))
    g_hash_table_replace (table, member, value);
  return table;
}
