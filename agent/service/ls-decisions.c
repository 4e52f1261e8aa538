/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-decisions.h"

#include "ls-error.h"
#include "ls-kept-file.h"

/* What a decision is called on the bus and in the file. */
static const char *const words[] = {
  [LS_DECISION_NONE] = "forget",
  [LS_DECISION_ALLOW] = "allow",
  [LS_DECISION_DENY] = "deny",
};

/**
 * ls_decision_parse:
 * @word: a word
 * @decision: (out): what it means
 *
 * Returns: whether it means anything
 */
gboolean
ls_decision_parse (const char *word, LsDecision *decision)
{
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (g_str_equal (words[i], word))
      {
        *decision = (LsDecision)i;
        return TRUE;
      }

  return FALSE;
}

/**
 * ls_decision_to_string:
 * @decision: a decision
 *
 * Returns: (transfer none): the word that means it; of none, that to get there: `forget`
 */
const char *
ls_decision_to_string (LsDecision decision)
{
  return words[decision];
}

/**
 * LsDecisions:
 *
 * What users have decided about apps in sandboxes. A decision belongs to the account that is signed in, as
 * others may use the same session of the machine; without an account there is none. They are in a key
 * file: a group for each account, in it a key for each app.
 */
struct _LsDecisions
{
  GObject parent_instance;

  LsAgent *agent;   /* (owned) */
  LsKeptFile *kept; /* (owned) */
  GKeyFile *file;   /* (owned) */
};

enum
{
  SIGNAL_CHANGED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (LsDecisions, ls_decisions, G_TYPE_OBJECT)

static void
ls_decisions_dispose (GObject *object)
{
  LsDecisions *self = LS_DECISIONS (object);

  if (self->kept != NULL && ls_kept_file_is_busy (self->kept))
    ls_kept_file_save_now (self->kept, self->file);
  g_clear_object (&self->kept);

  G_OBJECT_CLASS (ls_decisions_parent_class)->dispose (object);
}

static void
ls_decisions_finalize (GObject *object)
{
  LsDecisions *self = LS_DECISIONS (object);

  g_clear_object (&self->agent);
  g_clear_pointer (&self->file, g_key_file_unref);

  G_OBJECT_CLASS (ls_decisions_parent_class)->finalize (object);
}

static void
ls_decisions_class_init (LsDecisionsClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = ls_decisions_dispose;
  object_class->finalize = ls_decisions_finalize;

  /**
   * LsDecisions::changed:
   * @self: the decisions
   *
   * The user has decided something else.
   */
  signals[SIGNAL_CHANGED] = g_signal_new ("changed", LS_TYPE_DECISIONS, G_SIGNAL_RUN_LAST, 0, NULL,
                                          NULL, NULL, G_TYPE_NONE, 0);
}

static void
ls_decisions_init (LsDecisions *self)
{
}

/**
 * ls_decisions_new:
 * @agent: the agent
 * @path: (nullable): the key file; %NULL: nothing is kept on disk
 *
 * Reads the file, which blocks: for the start of the program.
 *
 * Returns: (transfer full): what was decided
 */
LsDecisions *
ls_decisions_new (LsAgent *agent, const char *path)
{
  LsDecisions *self = g_object_new (LS_TYPE_DECISIONS, NULL);

  self->agent = g_object_ref (agent);
  self->kept = ls_kept_file_new (path, "decisions about apps");
  self->file = ls_kept_file_load (self->kept);
  return self;
}

/* Returns: (transfer full) (nullable): the group of who is signed in. It can't hold brackets or control
 * characters, an account can. */
static char *
get_group (LsDecisions *self)
{
  const LsUser *user = ls_agent_get_user (self->agent);
  const char *server = ls_agent_get_config (self->agent)->server;
  g_autofree char *escaped_server = NULL;
  g_autofree char *escaped_user = NULL;

  if (user == NULL || server == NULL)
    return NULL;

  escaped_server = g_uri_escape_string (server, NULL, FALSE);
  escaped_user = g_uri_escape_string (user->id, NULL, FALSE);
  return g_strdup_printf ("%s %s", escaped_server, escaped_user);
}

/**
 * ls_decisions_get:
 * @self: the decisions
 * @app: the name of an app in a sandbox
 *
 * Returns: what the user who is signed in has decided about it
 */
LsDecision
ls_decisions_get (LsDecisions *self, const char *app)
{
  g_autofree char *group = NULL;
  g_autofree char *word = NULL;
  LsDecision decision = LS_DECISION_NONE;

  g_return_val_if_fail (LS_IS_DECISIONS (self), LS_DECISION_NONE);

  group = get_group (self);
  if (group != NULL)
    word = g_key_file_get_string (self->file, group, app, NULL);
  if (word != NULL)
    ls_decision_parse (word, &decision);
  return decision;
}

/**
 * ls_decisions_list:
 * @self: the decisions
 *
 * Returns: (transfer full): the names of the apps that the user has decided about
 */
GStrv
ls_decisions_list (LsDecisions *self)
{
  g_autofree char *group = NULL;
  GStrv apps = NULL;

  g_return_val_if_fail (LS_IS_DECISIONS (self), NULL);

  group = get_group (self);
  if (group != NULL)
    apps = g_key_file_get_keys (self->file, group, NULL, NULL);
  return apps != NULL ? apps : g_new0 (char *, 1);
}

/* Also keeps out what could not be a key in the file. */
static gboolean
is_app (const char *app)
{
  return g_dbus_is_name (app) && !g_dbus_is_unique_name (app);
}

static gboolean
check (LsDecisions *self, const char *app, LsDecision decision, GError **error)
{
  g_auto (GStrv) apps = ls_decisions_list (self);

  if (ls_agent_get_user (self->agent) == NULL)
    g_set_error (error, LS_ERROR, LS_ERROR_NOT_SIGNED_IN, "nobody is signed in");
  else if (!is_app (app))
    g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT,
                 "“%s” is not the name of an app in a sandbox", app);
  else if (g_strv_length (apps) >= LS_DECISIONS_MAX &&
           !g_strv_contains ((const char *const *)apps, app))
    g_set_error (error, LS_ERROR, LS_ERROR_LIMIT_EXCEEDED, "%d apps are decided about",
                 LS_DECISIONS_MAX);
  else
    return TRUE;

  return FALSE;
}

/**
 * ls_decisions_set:
 * @self: the decisions
 * @app: the name of an app in a sandbox
 * @decision: what the user who is signed in says of it; %LS_DECISION_NONE: to be asked again
 * @error: %LS_ERROR_NOT_SIGNED_IN, %LS_ERROR_INVALID_ARGUMENT: not a name; %LS_ERROR_LIMIT_EXCEEDED
 *
 * Counts at once, and is on disk soon.
 *
 * Returns: whether it counts
 */
gboolean
ls_decisions_set (LsDecisions *self, const char *app, LsDecision decision, GError **error)
{
  g_autofree char *group = NULL;

  g_return_val_if_fail (LS_IS_DECISIONS (self), FALSE);

  if (!check (self, app, decision, error))
    return FALSE;

  group = get_group (self);
  if (decision == LS_DECISION_NONE)
    g_key_file_remove_key (self->file, group, app, NULL);
  else
    g_key_file_set_string (self->file, group, app, words[decision]);
  ls_kept_file_save (self->kept, self->file);
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
  return TRUE;
}

/**
 * ls_decisions_clear:
 * @self: the decisions
 *
 * Forgets all that the user who is signed in has decided.
 */
void
ls_decisions_clear (LsDecisions *self)
{
  g_autofree char *group = NULL;

  g_return_if_fail (LS_IS_DECISIONS (self));

  group = get_group (self);
  if (group == NULL || !g_key_file_remove_group (self->file, group, NULL))
    return;

  ls_kept_file_save (self->kept, self->file);
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}
