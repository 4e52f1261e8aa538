/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ls-ctl-calls.h"
#include "ls-ctl-commands.h"
#include "ls-ctl-json.h"
#include "ls-ctl-output.h"
#include "ls-i18n.h"
#include "ls-json-writer.h"

#define ROW_TYPE "(&s&s&s@a{sv})"

/* The options of the command line, as GOption fills them in. */
typedef struct
{
  GStrv filter;   /* (owned) (nullable) */
  char *order_by; /* (owned) (nullable) */
  char *after;    /* (owned) (nullable) */
  char *view;     /* (owned) (nullable) */
  gboolean descending;
  int limit;   /* or LS_CTL_NOT_GIVEN */
  int max_age; /* or LS_CTL_NOT_GIVEN */
} Options;

static void
print_json (GVariant *rows, const char *next, const char *cursor)
{
  g_autoptr (GString) out = g_string_new ("{\"rows\":[");

  for (gsize i = 0; i < g_variant_n_children (rows); i++)
    {
      const char *entity = NULL;
      const char *id = NULL;
      const char *json = NULL;
      g_autoptr (GVariant) meta = NULL;

      g_variant_get_child (rows, i, ROW_TYPE, &entity, &id, &json, &meta);
      ls_json_next_element (out);
      ls_ctl_json_append_row (out, entity, id, json, meta);
    }
  g_string_append_c (out, ']');
  ls_json_write_string (out, "next", next);
  ls_json_write_string (out, "cursor", cursor);
  g_string_append_c (out, '}');
  ls_ctl_print_raw (out->str);
}

static void
add_row (LsCtlTable *table, const char *id, const char *json, GVariant *meta)
{
  const char *cells[] = { id, NULL, json, NULL };
  g_autofree char *time = NULL;
  g_auto (GStrv) pending = NULL;
  guint64 as_of = 0;

  g_variant_lookup (meta, "as-of", "t", &as_of);
  g_variant_lookup (meta, "pending", "^as", &pending);
  time = ls_ctl_format_time ((gint64)as_of);
  cells[1] = pending != NULL && pending[0] != NULL ? _ ("not confirmed") : time;
  ls_ctl_table_add (table, cells);
}

static void
print_for_people (GVariant *rows, const char *next)
{
  const char *const headings[] = { _ ("ID"), _ ("AS OF"), _ ("DATA"), NULL };
  g_autoptr (LsCtlTable) table = ls_ctl_table_new (headings);

  for (gsize i = 0; i < g_variant_n_children (rows); i++)
    {
      const char *entity = NULL;
      const char *id = NULL;
      const char *json = NULL;
      g_autoptr (GVariant) meta = NULL;

      g_variant_get_child (rows, i, ROW_TYPE, &entity, &id, &json, &meta);
      add_row (table, id, json, meta);
    }

  if (g_variant_n_children (rows) > 0)
    ls_ctl_table_print (table);
  else
    g_print ("%s\n", _ ("There are no rows."));
  if (*next != '\0')
    g_print (_ ("There are more. Go on with: --after %s\n"), next);
}

static gboolean
insert_filter (GVariantDict *dict, GStrv filter)
{
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a{ss}"));

  for (guint i = 0; filter[i] != NULL; i++)
    {
      g_auto (GStrv) pair = g_strsplit (filter[i], "=", 2);

      if (pair[0] == NULL || pair[1] == NULL)
        return FALSE;
      g_variant_builder_add (&builder, "{ss}", pair[0], pair[1]);
    }
  g_variant_dict_insert_value (dict, "filter", g_variant_builder_end (&builder));

  return TRUE;
}

/* Returns: (transfer floating) (nullable): NULL if a filter is wrong. */
static GVariant *
build_options (const Options *options)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  if (options->filter != NULL && !insert_filter (&dict, options->filter))
    return NULL;
  if (options->order_by != NULL)
    g_variant_dict_insert (&dict, "order-by", "s", options->order_by);
  if (options->after != NULL)
    g_variant_dict_insert (&dict, "after", "s", options->after);
  if (options->view != NULL)
    g_variant_dict_insert (&dict, "view", "s", options->view);
  if (options->descending)
    g_variant_dict_insert (&dict, "descending", "b", TRUE);
  if (options->limit != LS_CTL_NOT_GIVEN)
    g_variant_dict_insert (&dict, "limit", "u", (guint)options->limit);
  if (options->max_age != LS_CTL_NOT_GIVEN)
    g_variant_dict_insert (&dict, "max-age", "u", (guint)options->max_age);

  return g_variant_dict_end (&dict);
}

static gboolean
parse (LsCtl *self, Options *options, int *argc, char ***argv)
{
  const GOptionEntry entries[] = {
    { "filter", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_STRING_ARRAY, &options->filter,
      N_ ("Only rows with this member (may be repeated)"), N_ ("NAME=VALUE") },
    { "order-by", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_STRING, &options->order_by,
      N_ ("Sort by this member"), N_ ("NAME") },
    { "descending", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, &options->descending,
      N_ ("Sort the other way round"), NULL },
    { "limit", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_INT, &options->limit, N_ ("At most so many"),
      N_ ("N") },
    { "after", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_STRING, &options->after,
      N_ ("Go on where a list ended"), N_ ("NEXT") },
    { "max-age", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_INT, &options->max_age,
      N_ ("Ask the server first if what is here is older"), N_ ("SECONDS") },
    { "view", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_STRING, &options->view,
      N_ ("With your own unsent changes (merged), without (server), or only where there are such "
          "(pending)"),
      N_ ("VIEW") },
    G_OPTION_ENTRY_NULL,
  };

  return ls_ctl_parse (self, &ls_ctl_command_list, entries, 1, 1, argc, argv);
}

static void
options_clear (Options *options)
{
  g_strfreev (options->filter);
  g_free (options->order_by);
  g_free (options->after);
  g_free (options->view);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static LsCtlExit
run (LsCtl *self, int argc, char *argv[])
{
  g_auto (Options) options = { .limit = LS_CTL_NOT_GIVEN, .max_age = LS_CTL_NOT_GIVEN };
  g_autoptr (LsDbusCache) cache = NULL;
  g_autoptr (GVariant) built = NULL;
  g_autoptr (GVariant) rows = NULL;
  g_autofree char *next = NULL;
  g_autofree char *cursor = NULL;
  GError *error = NULL;

  if (!parse (self, &options, &argc, &argv))
    return LS_CTL_EXIT_USAGE;
  if (options.limit < 0 || options.max_age < 0)
    return ls_ctl_fail_usage (self, _ ("--limit and --max-age must not be negative"));
  built = build_options (&options);
  if (built == NULL)
    return ls_ctl_fail_usage (self, _ ("A filter has the form NAME=VALUE"));
  g_variant_ref_sink (built);

  cache = ls_ctl_open_cache (self, &error);
  if (cache == NULL || !ls_ctl_check_entity (cache, argv[1], &error) ||
      !ls_dbus_cache_call_list_sync (cache, argv[1], built, &rows, &next, &cursor, NULL, &error))
    return ls_ctl_fail (self, error);

  if (self->json)
    print_json (rows, next, cursor);
  else
    print_for_people (rows, next);

  return LS_CTL_EXIT_DONE;
}

const LsCtlCommand ls_ctl_command_list = {
  "list",
  N_ ("ENTITY"),
  N_ ("List the rows of a kind, online or not"),
  run,
};
