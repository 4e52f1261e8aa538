/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ls-ctl-actions.h"
#include "ls-ctl-calls.h"
#include "ls-ctl-commands.h"
#include "ls-ctl-output.h"
#include "ls-i18n.h"
#include "ls-json-writer.h"

/* The options of the command line, as GOption fills them in. */
typedef struct
{
  char *type;          /* (owned) (nullable) */
  char *entity;        /* (owned) (nullable) */
  char *entity_id;     /* (owned) (nullable) */
  char *endpoint;      /* (owned) (nullable) */
  char *method;        /* (owned) (nullable) */
  char *data;          /* (owned) (nullable) */
  char *key;           /* (owned) (nullable) */
  char *depends_on;    /* (owned) (nullable) */
  gint64 base_version; /* 0: not given */
  gboolean coalesce;
} Options;

static void
options_clear (Options *options)
{
  g_free (options->type);
  g_free (options->entity);
  g_free (options->entity_id);
  g_free (options->endpoint);
  g_free (options->method);
  g_free (options->data);
  g_free (options->key);
  g_free (options->depends_on);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static gboolean
parse (LsCtl *self, Options *options, int *argc, char ***argv)
{
  const GOptionEntry entries[] = {
    { "type", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_STRING, &options->type,
      N_ ("What to do: create, update, delete, publish, submit, approve, reject or analyze"),
      N_ ("TYPE") },
    { "entity", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_STRING, &options->entity,
      N_ ("To what kind of data"), N_ ("ENTITY") },
    { "entity-id", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_STRING, &options->entity_id,
      N_ ("To which row; a new one gets an ID if it has none"), N_ ("ID") },
    { "data", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_STRING, &options->data,
      N_ ("What to send; - for what is in standard input"), N_ ("JSON") },
    { "endpoint", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_STRING, &options->endpoint,
      N_ ("To which path on the server, if not that of the row"), N_ ("PATH") },
    { "method", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_STRING, &options->method,
      N_ ("How: POST, PUT, PATCH or DELETE"), N_ ("METHOD") },
    { "base-version", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_INT64, &options->base_version,
      N_ ("The version of the row that this was made from"), N_ ("N") },
    { "depends-on", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_STRING, &options->depends_on,
      N_ ("The action that has to be done before"), N_ ("ID") },
    { "idempotency-key", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_STRING, &options->key,
      N_ ("A second call with it is the same action"), N_ ("KEY") },
    { "coalesce", 0, G_OPTION_FLAG_NONE, G_OPTION_ARG_NONE, &options->coalesce,
      N_ ("May be merged with the next change of the row"), NULL },
    G_OPTION_ENTRY_NULL,
  };

  if (!ls_ctl_parse (self, &ls_ctl_queue_add, entries, 0, 0, argc, argv))
    return FALSE;
  if (options->type != NULL && options->entity != NULL)
    return TRUE;

  ls_ctl_fail_usage (self, _ ("--type and --entity are needed"));
  return FALSE;
}

static void
insert_text (GVariantDict *dict, const char *name, const char *text)
{
  if (text != NULL)
    g_variant_dict_insert (dict, name, "s", text);
}

static GVariant *
build_options (const Options *options)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  insert_text (&dict, "endpoint", options->endpoint);
  insert_text (&dict, "method", options->method);
  insert_text (&dict, "depends-on", options->depends_on);
  insert_text (&dict, "idempotency-key", options->key);
  if (options->base_version != 0)
    g_variant_dict_insert (&dict, "base-version", "x", options->base_version);
  if (options->coalesce)
    g_variant_dict_insert (&dict, "coalesce", "b", TRUE);

  return g_variant_dict_end (&dict);
}

static const char *
get_entity_id (const Options *options)
{
  return options->entity_id != NULL ? options->entity_id : "";
}

/* Returns: (transfer full) (nullable): the id of the action */
static char *
enqueue (LsDbusQueue *queue, const Options *options, GError **error)
{
  g_autofree char *data = ls_ctl_action_read_data (options->data, error);
  char *id = NULL;

  if (data != NULL)
    ls_dbus_queue_call_enqueue_sync (queue, options->type, options->entity, get_entity_id (options),
                                     data, build_options (options), &id, NULL, error);
  return id;
}

/* Whatever comes of asking for it: the action is in the queue, and whoever was told that it is not would add it again.
 *
 * Returns: (transfer full): the row; empty if nobody says which */
static char *
find_row (LsDbusQueue *queue, const char *id, const Options *options)
{
  g_autoptr (GVariant) action = NULL;
  g_autoptr (GError) error = NULL;

  if (ls_dbus_queue_call_get_sync (queue, id, &action, NULL, &error))
    return g_strdup (ls_ctl_action_get_text (action, "entity-id"));

  g_debug ("the action can't be read: %s", error->message);
  return g_strdup (get_entity_id (options));
}

static void
print_json (const char *id, const char *entity_id)
{
  g_autoptr (GString) out = g_string_new ("{");

  ls_json_write_string (out, "id", id);
  ls_json_write_string (out, "entity_id", entity_id);
  g_string_append_c (out, '}');
  ls_ctl_print_raw (out->str);
}

static LsCtlExit
run (LsCtl *self, int argc, char *argv[])
{
  g_auto (Options) options = { 0 };
  g_autoptr (LsDbusQueue) queue = NULL;
  g_autofree char *id = NULL;
  g_autofree char *row_id = NULL;
  GError *error = NULL;

  if (!parse (self, &options, &argc, &argv))
    return LS_CTL_EXIT_USAGE;

  queue = ls_ctl_open_queue (self, &error);
  if (queue != NULL)
    id = enqueue (queue, &options, &error);
  if (id == NULL)
    return ls_ctl_fail (self, error);

  row_id = find_row (queue, id, &options);
  if (self->json)
    print_json (id, row_id);
  else
    g_print (_ ("It is safe here, and on its way to the server: %s\n"), id);

  return LS_CTL_EXIT_DONE;
}

const LsCtlCommand ls_ctl_queue_add = {
  LS_CTL_QUEUE "add",
  NULL,
  N_ ("Do something, online or not"),
  run,
};
