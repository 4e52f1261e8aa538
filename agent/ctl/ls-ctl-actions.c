/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-ctl-actions.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "ls-ctl-calls.h"
#include "ls-ctl-output.h"
#include "ls-ctl-words.h"
#include "ls-error.h"
#include "ls-i18n.h"
#include "ls-json-variant.h"
#include "ls-json-writer.h"

/* More than the agent takes (1 MiB), so that it is the agent that says so. */
#define MAX_DATA ((gsize)2 << 20)

#define BLOCKED_BY "blocked-by "

/**
 * ls_ctl_action_get_text:
 * @action: an action
 * @name: a member that is a text
 *
 * Returns: it; empty without it
 */
const char *
ls_ctl_action_get_text (GVariant *action, const char *name)
{
  const char *text = "";

  g_variant_lookup (action, name, "&s", &text);
  return text;
}

/* What @value means, or @value itself where a newer agent, or the server, says what we do not know. */
static const char *
translate (LsCtlVocabulary vocabulary, const char *value)
{
  const LsCtlWord *word = ls_ctl_words_find (vocabulary, value);

  return word != NULL ? _ (word->sentence) : value;
}

/**
 * ls_ctl_action_describe:
 * @action: an action
 *
 * Returns: (transfer full): what it does and to what, in the words of the command line
 */
char *
ls_ctl_action_describe (GVariant *action)
{
  return g_strjoin (" ", ls_ctl_action_get_text (action, "type"),
                    ls_ctl_action_get_text (action, "entity"),
                    ls_ctl_action_get_text (action, "entity-id"), NULL);
}

/**
 * ls_ctl_action_describe_status:
 * @action: an action
 *
 * Returns: where it is, for people
 */
const char *
ls_ctl_action_describe_status (GVariant *action)
{
  return translate (LS_CTL_ACTION_STATUSES, ls_ctl_action_get_text (action, "status"));
}

static const char *
describe_error (const char *error)
{
  const char *sentence = translate (LS_CTL_ACTION_ERRORS, error);

  return sentence != error ? sentence : translate (LS_CTL_REASONS, error);
}

/**
 * ls_ctl_action_describe_trouble:
 * @action: an action
 *
 * Returns: (transfer full): what holds it up or went wrong, for people; empty: nothing
 */
char *
ls_ctl_action_describe_trouble (GVariant *action)
{
  const char *detail = ls_ctl_action_get_text (action, "detail");

  if (g_str_has_prefix (detail, BLOCKED_BY))
    return g_strdup_printf (_ ("waits for %s"), detail + strlen (BLOCKED_BY));
  if (*detail != '\0')
    return g_strdup (translate (LS_CTL_ACTION_DETAILS, detail));

  return g_strdup (describe_error (ls_ctl_action_get_text (action, "error")));
}

/**
 * ls_ctl_action_append_json:
 * @out: where to
 * @action: an action
 *
 * Appends an ACTION of the contract.
 */
void
ls_ctl_action_append_json (GString *out, GVariant *action)
{
  static const char *const raw[] = { "data", NULL };

  g_string_append_c (out, '{');
  ls_json_write_dict (out, action, raw);
  g_string_append_c (out, '}');
}

static gboolean
read_input (GString *text, GError **error)
{
  char buffer[4096];
  gssize n_read = 0;

  do
    {
      n_read = read (STDIN_FILENO, buffer, sizeof buffer);
      if (n_read > 0)
        g_string_append_len (text, buffer, n_read);
    }
  while ((n_read > 0 || (n_read < 0 && errno == EINTR)) && text->len <= MAX_DATA);

  if (n_read >= 0)
    return TRUE;

  g_set_error (error, LS_ERROR, LS_ERROR_FAILED, _ ("The data cannot be read: %s"),
               g_strerror (errno));
  return FALSE;
}

/**
 * ls_ctl_action_read_data:
 * @argument: (nullable): from the command line; `-`: what is in standard input
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): UTF-8 text; empty without @argument
 */
char *
ls_ctl_action_read_data (const char *argument, GError **error)
{
  g_autoptr (GString) text = g_string_new (argument);

  if (g_strcmp0 (argument, "-") == 0)
    {
      g_string_truncate (text, 0);
      if (!read_input (text, error))
        return NULL;
    }
  if (g_utf8_validate_len (text->str, text->len, NULL))
    return g_string_free (g_steal_pointer (&text), FALSE);

  g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT, _ ("The data is not UTF-8 text"));
  return NULL;
}

static GVariant *
build_options (const char *const *statuses, const char *entity, const char *after)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  if (statuses != NULL)
    g_variant_dict_insert (&dict, "status", "^as", statuses);
  if (entity != NULL)
    g_variant_dict_insert (&dict, "entity", "s", entity);
  if (*after != '\0')
    g_variant_dict_insert (&dict, "after", "s", after);

  return g_variant_dict_end (&dict);
}

/* Returns: (transfer full) (nullable) (element-type GVariant): of all pages */
static GPtrArray *
read_all (LsCtl *self, const char *const *statuses, const char *entity, GError **error)
{
  g_autoptr (LsDbusQueue) queue = ls_ctl_open_queue (self, error);
  g_autoptr (GPtrArray) actions = g_ptr_array_new_with_free_func ((GDestroyNotify)g_variant_unref);
  g_autofree char *next = g_strdup ("");

  if (queue == NULL)
    return NULL;

  do
    {
      g_autoptr (GVariant) page = NULL;
      g_autofree char *after = g_steal_pointer (&next);

      if (!ls_dbus_queue_call_list_sync (queue, build_options (statuses, entity, after), &page,
                                         &next, NULL, error))
        return NULL;
      for (gsize i = 0; i < g_variant_n_children (page); i++)
        g_ptr_array_add (actions, g_variant_get_child_value (page, i));
    }
  while (*next != '\0');

  return g_steal_pointer (&actions);
}

static void
print_json (GPtrArray *actions, const char *member)
{
  g_autoptr (GString) out = g_string_new ("{");

  ls_json_write_name (out, member);
  g_string_append_c (out, '[');
  for (guint i = 0; i < actions->len; i++)
    {
      ls_json_next_element (out);
      ls_ctl_action_append_json (out, g_ptr_array_index (actions, i));
    }
  g_string_append (out, "]}");
  ls_ctl_print_raw (out->str);
}

static void
add_row (LsCtlTable *table, GVariant *action)
{
  g_autofree char *what = ls_ctl_action_describe (action);
  g_autofree char *trouble = ls_ctl_action_describe_trouble (action);
  const char *cells[] = { ls_ctl_action_get_text (action, "id"),  NULL,    what,
                          ls_ctl_action_describe_status (action), trouble, NULL };
  g_autofree char *time = NULL;
  guint64 created = 0;

  g_variant_lookup (action, "created", "t", &created);
  time = ls_ctl_format_time ((gint64)created);
  cells[1] = time;
  ls_ctl_table_add (table, cells);
}

static void
print_table (GPtrArray *actions)
{
  const char *const headings[] = { _ ("ID"),     _ ("SINCE"), _ ("ACTION"),
                                   _ ("STATUS"), _ ("WHY"),   NULL };
  g_autoptr (LsCtlTable) table = ls_ctl_table_new (headings);

  for (guint i = 0; i < actions->len; i++)
    add_row (table, g_ptr_array_index (actions, i));
  ls_ctl_table_print (table);
}

/**
 * ls_ctl_actions_list:
 * @self: what commands share
 * @statuses: (nullable) (array zero-terminated=1): only with one of these
 * @entity: (nullable): only of this one
 * @member: what the list is called in JSON
 *
 * Prints what is in the queue.
 *
 * Returns: what the program has to end with
 */
LsCtlExit
ls_ctl_actions_list (LsCtl *self,
                     const char *const *statuses,
                     const char *entity,
                     const char *member)
{
  GError *error = NULL;
  g_autoptr (GPtrArray) actions = read_all (self, statuses, entity, &error);

  if (actions == NULL)
    return ls_ctl_fail (self, error);

  if (self->json)
    print_json (actions, member);
  else if (actions->len > 0)
    print_table (actions);
  else
    g_print ("%s\n", _ ("There is nothing."));

  return LS_CTL_EXIT_DONE;
}

/**
 * ls_ctl_action_explain_not_found:
 * @error: (inout): an error of the agent's
 * @message: what there is not, for people
 *
 * There may well be an action with the ID, but none that what was asked for could be done to. Puts
 * @message in the place of %LS_ERROR_NOT_FOUND's own words; any other error stays.
 *
 * Returns: %FALSE
 */
gboolean
ls_ctl_action_explain_not_found (GError **error, const char *message)
{
  if (g_error_matches (*error, LS_ERROR, LS_ERROR_NOT_FOUND))
    {
      g_clear_error (error);
      g_set_error_literal (error, LS_ERROR, LS_ERROR_NOT_FOUND, message);
    }

  return FALSE;
}

/**
 * ls_ctl_action_run_call:
 * @self: what commands share
 * @command: the command that was called
 * @call: the method that it stands for
 * @message: what to tell people afterwards
 * @argc: the command line from the command's name on
 * @argv: likewise
 *
 * A whole command that calls one method with the id of an action.
 *
 * Returns: what the program has to end with
 */
LsCtlExit
ls_ctl_action_run_call (LsCtl *self,
                        const LsCtlCommand *command,
                        LsCtlQueueCall call,
                        const char *message,
                        int argc,
                        char *argv[])
{
  g_autoptr (LsDbusQueue) queue = NULL;
  GError *error = NULL;

  if (!ls_ctl_parse (self, command, NULL, 1, 1, &argc, &argv))
    return LS_CTL_EXIT_USAGE;

  queue = ls_ctl_open_queue (self, &error);
  if (queue == NULL || !call (queue, argv[1], ls_ctl_no_options (), NULL, &error))
    return ls_ctl_fail (self, error);

  return ls_ctl_finish (self, message);
}
