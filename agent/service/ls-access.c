/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-access.h"

#include <string.h>

#include "ls-role-sight.h"

/**
 * LsAccess:
 *
 * Who may do what: asked by every interface before it acts. An app gets what the settings grant it, or where
 * they leave that to the user, what the user says; and of that no more than what the user's role sees at all.
 * Refusals are noted in the journal.
 */
struct _LsAccess
{
  GObject parent_instance;

  LsAgent *agent;         /* (owned) */
  LsAppFinder *finder;    /* (owned) */
  LsJournal *journal;     /* (owned) */
  LsDecisions *decisions; /* (owned) */
  LsApp *unknown;         /* (owned) */
  gboolean host;
  LsSandboxPolicy sandboxed;
  GStrv read;    /* (owned) */
  GStrv enqueue; /* (owned) */
};

enum
{
  SIGNAL_CHANGED,
  SIGNAL_WANTED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (LsAccess, ls_access, G_TYPE_OBJECT)

static void
ls_access_finalize (GObject *object)
{
  LsAccess *self = LS_ACCESS (object);

  g_clear_object (&self->agent);
  g_clear_object (&self->finder);
  g_clear_object (&self->journal);
  g_clear_object (&self->decisions);
  ls_app_free (self->unknown);
  g_strfreev (self->read);
  g_strfreev (self->enqueue);

  G_OBJECT_CLASS (ls_access_parent_class)->finalize (object);
}

static void
ls_access_class_init (LsAccessClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ls_access_finalize;

  /**
   * LsAccess::changed:
   * @self: the access
   *
   * Somebody may do more or less than before.
   */
  signals[SIGNAL_CHANGED] = g_signal_new ("changed", LS_TYPE_ACCESS, G_SIGNAL_RUN_LAST, 0, NULL,
                                          NULL, NULL, G_TYPE_NONE, 0);

  /**
   * LsAccess::wanted:
   * @self: the access
   * @app: the name of an app in a sandbox
   *
   * It was refused something that the user could allow, who has not decided yet.
   */
  signals[SIGNAL_WANTED] = g_signal_new ("wanted", LS_TYPE_ACCESS, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                         NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
ls_access_init (LsAccess *self)
{
  self->unknown = ls_app_new (LS_APP_UNKNOWN, NULL);
  self->host = TRUE;
  self->read = g_new0 (char *, 1);
  self->enqueue = g_new0 (char *, 1);
}

static void
emit_changed (LsAccess *self)
{
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

/**
 * ls_access_new:
 * @agent: the agent
 * @finder: tells who calls
 * @journal: for what is refused
 * @decisions: what users say of apps
 *
 * Returns: (transfer full): an access with the contract's defaults: all for programs outside of a
 *   sandbox, nothing for others
 */
LsAccess *
ls_access_new (LsAgent *agent, LsAppFinder *finder, LsJournal *journal, LsDecisions *decisions)
{
  LsAccess *self = g_object_new (LS_TYPE_ACCESS, NULL);

  self->agent = g_object_ref (agent);
  self->finder = g_object_ref (finder);
  self->journal = g_object_ref (journal);
  self->decisions = g_object_ref (decisions);
  g_signal_connect_object (decisions, "changed", G_CALLBACK (emit_changed), self,
                           G_CONNECT_SWAPPED);
  return self;
}

/**
 * ls_access_get_journal:
 * @self: the access
 *
 * Returns: (transfer none): where is noted who did what
 */
LsJournal *
ls_access_get_journal (LsAccess *self)
{
  g_return_val_if_fail (LS_IS_ACCESS (self), NULL);

  return self->journal;
}

/**
 * ls_access_get_decisions:
 * @self: the access
 *
 * Returns: (transfer none): what users say of apps
 */
LsDecisions *
ls_access_get_decisions (LsAccess *self)
{
  g_return_val_if_fail (LS_IS_ACCESS (self), NULL);

  return self->decisions;
}

static void
set_grants (GStrv *grants, const char *const *value)
{
  g_strfreev (*grants);
  *grants = value != NULL ? g_strdupv ((GStrv)value) : g_new0 (char *, 1);
}

/**
 * ls_access_set_policy:
 * @self: the access
 * @policy: the settings
 *
 * Takes new settings. What an app already has and may no longer have is for the listeners of
 * LsAccess::changed to end.
 */
void
ls_access_set_policy (LsAccess *self, const LsAccessPolicy *policy)
{
  g_return_if_fail (LS_IS_ACCESS (self));

  self->host = policy->host;
  self->sandboxed = policy->sandboxed;
  set_grants (&self->read, policy->read);
  set_grants (&self->enqueue, policy->enqueue);
  emit_changed (self);
}

/**
 * ls_access_get_app:
 * @self: the access
 * @sender: the unique name of a caller
 *
 * Returns: (transfer none): who that is, valid until control returns to the main loop
 */
const LsApp *
ls_access_get_app (LsAccess *self, const char *sender)
{
  const LsApp *app;

  g_return_val_if_fail (LS_IS_ACCESS (self), NULL);

  app = ls_app_finder_peek (self->finder, sender);
  return app != NULL ? app : self->unknown;
}

/* @length: of @name. Returns: (nullable): what is granted to the app called @name, with “,” between the words */
static const char *
find_grant_of (GStrv grants, const char *name, gsize length)
{
  for (guint i = 0; length > 0 && grants[i] != NULL; i++)
    if (strncmp (grants[i], name, length) == 0 && grants[i][length] == ':')
      return grants[i] + length + 1;

  return NULL;
}

static const char *
find_grant (GStrv grants, const LsApp *app)
{
  return find_grant_of (grants, app->id, strlen (app->id));
}

static gboolean
is_named (LsAccess *self, const LsApp *app)
{
  return find_grant (self->read, app) != NULL || find_grant (self->enqueue, app) != NULL;
}

static gboolean
may_all (LsAccess *self, const LsApp *app)
{
  return !is_named (self, app) &&
         (app->kind == LS_APP_HOST ? self->host : self->sandboxed == LS_SANDBOX_ALLOW);
}

/* Whether the settings leave it to the user. */
static gboolean
is_up_to_user (LsAccess *self, const LsApp *app)
{
  return self->sandboxed == LS_SANDBOX_ASK && app->kind == LS_APP_SANDBOXED &&
         !is_named (self, app) && ls_agent_get_user (self->agent) != NULL;
}

/* Whether the user has said yes: to the data, which is less than everything. */
static gboolean
is_allowed (LsAccess *self, const LsApp *app)
{
  return is_up_to_user (self, app) &&
         ls_decisions_get (self->decisions, app->id) == LS_DECISION_ALLOW;
}

/**
 * ls_access_is_open:
 * @self: the access
 * @app: an app
 *
 * Returns: whether the user could decide about it and has not done so
 */
gboolean
ls_access_is_open (LsAccess *self, const LsApp *app)
{
  g_return_val_if_fail (LS_IS_ACCESS (self), FALSE);

  return is_up_to_user (self, app) &&
         ls_decisions_get (self->decisions, app->id) == LS_DECISION_NONE;
}

/* @grant: (nullable). What @entity names need not be known to the cache. */
static gboolean
grants_read (const char *grant, const char *entity)
{
  g_auto (GStrv) words = g_strsplit (grant != NULL ? grant : "", ",", -1);

  return g_strv_contains ((const char *const *)words, "*") ||
         g_strv_contains ((const char *const *)words, entity);
}

static LsEntitySet
get_granted (LsAccess *self, const LsApp *app)
{
  const char *grant = find_grant (self->read, app);
  LsEntitySet set = LS_ENTITY_SET_NONE;

  if (may_all (self, app) || is_allowed (self, app))
    return LS_ENTITY_SET_ALL;

  for (LsEntity entity = 0; entity < LS_N_ENTITIES; entity++)
    if (grants_read (grant, ls_entity_to_string (entity)))
      set |= 1u << entity;
  return set;
}

static LsEntitySet
get_sight (LsAccess *self)
{
  const LsUser *user = ls_agent_get_user (self->agent);

  return user != NULL ? ls_role_get_sight (user->role) : LS_ENTITY_SET_ALL;
}

/**
 * ls_access_get_readable:
 * @self: the access
 * @sender: the unique name of a caller
 *
 * Returns: the entities that it may read: what is granted to it, of what the user's role sees
 */
LsEntitySet
ls_access_get_readable (LsAccess *self, const char *sender)
{
  g_return_val_if_fail (LS_IS_ACCESS (self), LS_ENTITY_SET_NONE);

  return get_granted (self, ls_access_get_app (self, sender)) & get_sight (self);
}

static gboolean
refuse (LsAccess *self, const LsApp *app, const char *what, const char *subject)
{
  ls_journal_note_once (self->journal, ls_app_get_name (app), what, subject,
                        ls_error_get_name (LS_ERROR_ACCESS_DENIED));
  return FALSE;
}

/* Likewise of what the user could allow, who is asked if there is no answer yet. */
static gboolean
refuse_data (LsAccess *self,
             const LsApp *app,
             const char *what,
             const char *subject,
             GError **error)
{
  if (ls_access_is_open (self, app))
    {
      g_prefix_error (error, "the user is asked, and until there is an answer ");
      g_signal_emit (self, signals[SIGNAL_WANTED], 0, app->id);
    }
  else if (is_up_to_user (self, app) && !is_allowed (self, app))
    g_prefix_error (error, "the user has said no, and so ");
  return refuse (self, app, what, subject);
}

static gboolean
check_read_one (LsAccess *self,
                const LsApp *app,
                LsEntity entity,
                LsEntitySet granted,
                GError **error)
{
  const char *name = ls_entity_to_string (entity);

  if ((get_sight (self) & (1u << entity)) == 0)
    {
      g_set_error (error, LS_ERROR, LS_ERROR_ACCESS_DENIED, "a %s does not see “%s”",
                   ls_role_to_string (ls_agent_get_user (self->agent)->role), name);
      return refuse (self, app, "read", name);
    }
  if ((granted & (1u << entity)) == 0)
    {
      g_set_error (error, LS_ERROR, LS_ERROR_ACCESS_DENIED, "the settings don't let %s read “%s”",
                   ls_app_get_name (app), name);
      return refuse_data (self, app, "read", name, error);
    }

  ls_journal_note_once (self->journal, ls_app_get_name (app), "read", name, "ok");
  return TRUE;
}

/**
 * ls_access_check_read:
 * @self: the access
 * @sender: the unique name of a caller
 * @entities: what it wants to read
 * @error: %LS_ERROR_ACCESS_DENIED, which names the first entity that it may not read
 *
 * To be called before @entities are read for @sender; also notes that they were.
 *
 * Returns: whether it may read all of them
 */
gboolean
ls_access_check_read (LsAccess *self, const char *sender, LsEntitySet entities, GError **error)
{
  const LsApp *app;
  LsEntitySet granted;

  g_return_val_if_fail (LS_IS_ACCESS (self), FALSE);

  app = ls_access_get_app (self, sender);
  granted = get_granted (self, app);
  for (LsEntity entity = 0; entity < LS_N_ENTITIES; entity++)
    if ((entities & (1u << entity)) != 0 && !check_read_one (self, app, entity, granted, error))
      return FALSE;

  return TRUE;
}

static gboolean
is_in_sight (LsAccess *self, const char *name)
{
  LsEntity entity = ls_entity_from_string (name);

  return entity == LS_ENTITY_INVALID || (get_sight (self) & (1u << entity)) != 0;
}

/* Whether every app that @grants name may read what is called @entity. */
static gboolean
all_named_may_read (LsAccess *self, GStrv grants, const char *entity)
{
  for (guint i = 0; grants[i] != NULL; i++)
    if (!grants_read (find_grant_of (self->read, grants[i], strcspn (grants[i], ":")), entity))
      return FALSE;

  return TRUE;
}

/**
 * ls_access_may_see:
 * @self: the access
 * @sender: (nullable): the unique name of a caller; %NULL: whoever may talk to the agent, as a signal does
 * @entity: of what; the queue has also such as are no #LsEntity
 *
 * For what the queue tells of rows beside what is read as such. Who may do everything sees what the server
 * has said to the user's own actions.
 *
 * Returns: whether @sender, or everybody, may see rows of @entity
 */
gboolean
ls_access_may_see (LsAccess *self, const char *sender, const char *entity)
{
  const LsApp *app;

  g_return_val_if_fail (LS_IS_ACCESS (self), FALSE);

  if (sender == NULL)
    return self->host && self->sandboxed == LS_SANDBOX_ALLOW && is_in_sight (self, entity) &&
           all_named_may_read (self, self->read, entity) &&
           all_named_may_read (self, self->enqueue, entity);

  app = ls_access_get_app (self, sender);
  return may_all (self, app) ||
         (is_in_sight (self, entity) &&
          (is_allowed (self, app) || grants_read (find_grant (self->read, app), entity)));
}

static gboolean
matches (const char *word, const char *name)
{
  return g_str_equal (word, "*") || g_str_equal (word, name);
}

/* @grant: (nullable) */
static gboolean
is_granted (const char *grant, const char *entity, const char *type)
{
  g_auto (GStrv) words = g_strsplit (grant != NULL ? grant : "", ",", -1);

  for (guint i = 0; words[i] != NULL; i++)
    {
      g_auto (GStrv) parts = g_strsplit (words[i], ".", 2);

      if (matches (parts[0], entity) && (parts[1] == NULL || matches (parts[1], type)))
        return TRUE;
    }
  return FALSE;
}

/**
 * ls_access_check_enqueue:
 * @self: the access
 * @sender: the unique name of a caller
 * @draft: what it wants to have done; of a type that there is
 * @error: %LS_ERROR_ACCESS_DENIED
 *
 * A grant is one to what stands in it: whoever has no more may not send it elsewhere.
 *
 * Returns: whether @sender may enqueue such an action
 */
gboolean
ls_access_check_enqueue (LsAccess *self,
                         const char *sender,
                         const LsActionDraft *draft,
                         GError **error)
{
  const char *type = ls_action_type_to_string (draft->type);
  /* what else stands there may be as long as a message, and another one each time */
  const char *entity = ls_entity_is_plain_name (draft->entity) ? draft->entity : "other";
  const LsApp *app;
  gboolean granted;
  g_autofree char *subject = NULL;

  g_return_val_if_fail (LS_IS_ACCESS (self), FALSE);

  app = ls_access_get_app (self, sender);
  granted =
      is_allowed (self, app) || is_granted (find_grant (self->enqueue, app), draft->entity, type);
  if (may_all (self, app) || (granted && ls_action_draft_goes_to_its_row (draft)))
    return TRUE;

  g_set_error (error, LS_ERROR, LS_ERROR_ACCESS_DENIED, "the settings don't let %s %s “%s”%s",
               ls_app_get_name (app), type, entity, granted ? " there" : "");
  subject = g_strconcat (entity, ".", type, NULL);
  return refuse_data (self, app, "enqueue", subject, error);
}

/**
 * ls_access_check_any:
 * @self: the access
 * @sender: the unique name of a caller
 * @what: what it wants to do, a word
 * @error: %LS_ERROR_ACCESS_DENIED
 *
 * For what is of no use to who may read nothing.
 *
 * Returns: whether @sender may read anything
 */
gboolean
ls_access_check_any (LsAccess *self, const char *sender, const char *what, GError **error)
{
  const LsApp *app;

  g_return_val_if_fail (LS_IS_ACCESS (self), FALSE);

  app = ls_access_get_app (self, sender);
  if (may_all (self, app) || ls_access_get_readable (self, sender) != LS_ENTITY_SET_NONE)
    return TRUE;

  g_set_error (error, LS_ERROR, LS_ERROR_ACCESS_DENIED, "the settings don't let %s read anything",
               ls_app_get_name (app));
  return refuse_data (self, app, what, "", error);
}

/**
 * ls_access_has_all:
 * @self: the access
 * @sender: the unique name of a caller
 *
 * Returns: whether it may do everything, and not only what is granted to it by name
 */
gboolean
ls_access_has_all (LsAccess *self, const char *sender)
{
  g_return_val_if_fail (LS_IS_ACCESS (self), FALSE);

  return may_all (self, ls_access_get_app (self, sender));
}

/**
 * ls_access_check_all:
 * @self: the access
 * @sender: the unique name of a caller
 * @what: what it wants to do, a word
 * @error: %LS_ERROR_ACCESS_DENIED
 *
 * For what no grant covers: whose account it is, whether there is a connection, and what others did.
 *
 * Returns: whether @sender may do everything
 */
gboolean
ls_access_check_all (LsAccess *self, const char *sender, const char *what, GError **error)
{
  const LsApp *app;

  g_return_val_if_fail (LS_IS_ACCESS (self), FALSE);

  app = ls_access_get_app (self, sender);
  if (may_all (self, app))
    return TRUE;

  g_set_error (error, LS_ERROR, LS_ERROR_ACCESS_DENIED, "the settings don't let %s do that",
               ls_app_get_name (app));
  return refuse (self, app, what, "");
}

/**
 * ls_access_check_host:
 * @self: the access
 * @sender: the unique name of a caller
 * @what: what it wants to do, a word
 * @error: %LS_ERROR_ACCESS_DENIED
 *
 * For what no app in a sandbox may do, whatever the settings allow it, nor who can't be seen.
 *
 * Returns: whether @sender is outside of any sandbox, and may do everything
 */
gboolean
ls_access_check_host (LsAccess *self, const char *sender, const char *what, GError **error)
{
  const LsApp *app;

  g_return_val_if_fail (LS_IS_ACCESS (self), FALSE);

  app = ls_access_get_app (self, sender);
  if (app->kind == LS_APP_HOST)
    return ls_access_check_all (self, sender, what, error);

  g_set_error (error, LS_ERROR, LS_ERROR_ACCESS_DENIED, "%s is not outside of every sandbox",
               ls_app_get_name (app));
  return refuse (self, app, what, "");
}
