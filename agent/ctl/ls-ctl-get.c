/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ls-ctl-calls.h"
#include "ls-ctl-commands.h"
#include "ls-ctl-json.h"
#include "ls-ctl-output.h"
#include "ls-error.h"
#include "ls-i18n.h"

static void
print_json (const char *entity, const char *id, const char *json, GVariant *meta)
{
  g_autoptr (GString) out = g_string_new (NULL);

  ls_ctl_json_append_row (out, entity, id, json, meta);
  ls_ctl_print_raw (out->str);
}

static void
print_for_people (const char *json, GVariant *meta)
{
  g_autofree char *readable = ls_ctl_format_json (json);
  g_autofree char *time = NULL;
  g_autofree char *version_text = NULL;
  guint64 as_of = 0;
  gint64 version = 0;
  g_auto (GStrv) pending = NULL;

  g_variant_lookup (meta, "pending", "^as", &pending);
  g_variant_lookup (meta, "version", "x", &version);
  g_variant_lookup (meta, "as-of", "t", &as_of);
  time = ls_ctl_format_time ((gint64)as_of);
  version_text = g_strdup_printf ("%" G_GINT64_FORMAT, version);

  g_print ("%s\n\n", readable);
  ls_ctl_print_line (_ ("Version"), version > 0 ? version_text : "-", LS_CTL_COLOR_NONE);
  ls_ctl_print_line (_ ("As of"), time, LS_CTL_COLOR_NONE);
  if (pending != NULL && pending[0] != NULL)
    ls_ctl_print_line (_ ("Your changes"), _ ("not confirmed by the server"), LS_CTL_COLOR_WAIT);
}

static GVariant *
build_options (int max_age, const char *view)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  if (max_age != LS_CTL_NOT_GIVEN)
    g_variant_dict_insert (&dict, "max-age", "u", (guint)max_age);
  if (view != NULL)
    g_variant_dict_insert (&dict, "view", "s", view);

  return g_variant_dict_end (&dict);
}

/* A row that was deleted is known to be gone, which to people is the same as no row. */
static gboolean
check_deleted (GVariant *meta, GError **error)
{
  gboolean deleted = FALSE;

  g_variant_lookup (meta, "deleted", "b", &deleted);
  if (deleted)
    g_set_error_literal (error, LS_ERROR, LS_ERROR_NOT_FOUND, _ ("The row was deleted"));

  return !deleted;
}

static LsCtlExit
run (LsCtl *self, int argc, char *argv[])
{
  int max_age = LS_CTL_NOT_GIVEN;
  g_autofree char *view = NULL;
  const GOptionEntry entries[] = {
    { "max-age", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_INT, &max_age,
      N_ ("Ask the server first if what is here is older"), N_ ("SECONDS") },
    { "view", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_STRING, &view,
      N_ ("With your own unsent changes (merged), without (server), or only where there are such "
          "(pending)"),
      N_ ("VIEW") },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (LsDbusCache) cache = NULL;
  g_autofree char *json = NULL;
  g_autoptr (GVariant) meta = NULL;
  GError *error = NULL;

  if (!ls_ctl_parse (self, &ls_ctl_command_get, entries, 2, 2, &argc, &argv))
    return LS_CTL_EXIT_USAGE;
  if (max_age < 0)
    return ls_ctl_fail_usage (self, _ ("--max-age must not be negative"));

  cache = ls_ctl_open_cache (self, &error);
  if (cache == NULL || !ls_ctl_check_entity (cache, argv[1], &error) ||
      !ls_dbus_cache_call_get_sync (cache, argv[1], argv[2], build_options (max_age, view), &json,
                                    &meta, NULL, &error) ||
      !check_deleted (meta, &error))
    return ls_ctl_fail (self, error);

  if (self->json)
    print_json (argv[1], argv[2], json, meta);
  else
    print_for_people (json, meta);

  return LS_CTL_EXIT_DONE;
}

const LsCtlCommand ls_ctl_command_get = {
  "get",
  N_ ("ENTITY ID"),
  N_ ("Show a row, online or not"),
  run,
};
