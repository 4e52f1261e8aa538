/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-apps-service.h"

#include <string.h>

#include "ls-bus-names.h"
#include "ls-callers.h"
#include "ls-i18n.h"
#include "ls-invocation.h"

/* What the id of a question's notification begins with; the app's name follows. */
#define PREFIX "app "

/* Who decided that pressed a button, in the audit. */
#define BY_NOTIFICATION "notification"

/* What the user is asked about an app. */
typedef struct
{
  gint64 asked_at; /* monotonic, milliseconds; the last time */
  gboolean open;   /* it is on the screen, or waits for one */
} Question;

/**
 * LsAppsService:
 *
 * org.labsync.Agent1.Apps: asks the user about apps in a sandbox, and takes the answers. The name of an app
 * comes from its sandbox. One that is refused over and over does not have the user asked over and over.
 */
struct _LsAppsService
{
  LsDbusAppsSkeleton parent_instance;

  LsAgent *agent;       /* (owned) */
  LsAccess *access;     /* (owned) */
  LsNotifier *notifier; /* (owned) */
  LsClock *clock;       /* (owned) */
  GHashTable
      *questions; /* (owned) (element-type utf8 Question): by app; of who waits for the user */
  char *user_id;  /* (owned) (nullable): who is asked */
};

static void ls_apps_service_iface_init (LsDbusAppsIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LsAppsService,
                               ls_apps_service,
                               LS_DBUS_TYPE_APPS_SKELETON,
                               G_IMPLEMENT_INTERFACE (LS_DBUS_TYPE_APPS,
                                                      ls_apps_service_iface_init))

static void
ls_apps_service_finalize (GObject *object)
{
  LsAppsService *self = LS_APPS_SERVICE (object);

  g_hash_table_unref (self->questions);
  g_clear_object (&self->agent);
  g_clear_object (&self->access);
  g_clear_object (&self->notifier);
  g_clear_object (&self->clock);
  g_free (self->user_id);

  G_OBJECT_CLASS (ls_apps_service_parent_class)->finalize (object);
}

static void
ls_apps_service_class_init (LsAppsServiceClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ls_apps_service_finalize;
  ls_callers_guard_class (G_DBUS_INTERFACE_SKELETON_CLASS (klass));
}

static void
ls_apps_service_init (LsAppsService *self)
{
  self->questions = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}

static void
update_waiting (LsAppsService *self)
{
  ls_dbus_apps_set_waiting (LS_DBUS_APPS (self), g_hash_table_size (self->questions));
}

static void
note (LsAppsService *self, const char *who, const char *what, const char *subject)
{
  ls_journal_note (ls_access_get_journal (self->access), who, what, subject, "ok", FALSE);
}

static void
ask (LsAppsService *self, const char *app)
{
  const char *const buttons[] = {
    ls_decision_to_string (LS_DECISION_ALLOW),
    ls_i18n_for_user (N_ ("Allow")),
    ls_decision_to_string (LS_DECISION_DENY),
    ls_i18n_for_user (N_ ("Don't allow")),
    NULL,
  };
  g_autofree char *id = g_strconcat (PREFIX, app, NULL);
  g_autofree char *title =
      g_strdup_printf (ls_i18n_for_user (N_ ("%s wants to use the school's data")), app);
  const LsNotification notification = {
    .id = id,
    .title = title,
    .body =
        ls_i18n_for_user (N_ ("It could read what you may read, and change things in your name. "
                              "You can also decide, or change your mind, with: labsyncctl apps")),
    .buttons = buttons,
  };

  note (self, app, "ask", "");
  ls_notifier_show (self->notifier, &notification);
}

static Question *
ensure_question (LsAppsService *self, const char *app)
{
  Question *question = g_hash_table_lookup (self->questions, app);

  if (question == NULL && g_hash_table_size (self->questions) < LS_APPS_MAX_WAITING)
    {
      question = g_new0 (Question, 1);
      question->asked_at = G_MININT64;
      g_hash_table_insert (self->questions, g_strdup (app), question);
      update_waiting (self);
    }
  return question;
}

static void
on_access_wanted (LsAccess *access, const char *app, LsAppsService *self)
{
  Question *question = ensure_question (self, app);
  gint64 now = ls_clock_get_monotonic (self->clock);

  if (question == NULL || question->open || question->asked_at > now - LS_APPS_ASK_AGAIN_MS)
    return;

  question->asked_at = now;
  question->open = TRUE;
  ask (self, app);
}

static void
withdraw (LsAppsService *self, const char *app)
{
  g_autofree char *id = g_strconcat (PREFIX, app, NULL);

  ls_notifier_withdraw (self->notifier, id);
}

/* Ends the questions that nobody has to answer any more; or all of them. */
static void
drop_questions (LsAppsService *self, gboolean all)
{
  GHashTableIter iter;
  char *app;

  g_hash_table_iter_init (&iter, self->questions);
  while (g_hash_table_iter_next (&iter, (gpointer *)&app, NULL))
    {
      const LsApp sandboxed = { LS_APP_SANDBOXED, app };

      if (!all && ls_access_is_open (self->access, &sandboxed))
        continue;
      withdraw (self, app);
      g_hash_table_iter_remove (&iter);
    }
  update_waiting (self);
}

static void
on_access_changed (LsAccess *access, LsAppsService *self)
{
  drop_questions (self, FALSE);
}

/* Who was asked is not the one to answer any more. */
static void
on_agent_account_changed (LsAgent *agent, LsAppsService *self)
{
  const LsUser *user = ls_agent_get_user (agent);
  const char *id = user != NULL ? user->id : NULL;

  if (g_strcmp0 (id, self->user_id) == 0)
    return;

  g_free (self->user_id);
  self->user_id = g_strdup (id);
  drop_questions (self, TRUE);
}

static gboolean
decide (LsAppsService *self, const char *app, LsDecision decision, const char *who, GError **error)
{
  if (!ls_decisions_set (ls_access_get_decisions (self->access), app, decision, error))
    return FALSE;

  /* who is to be asked again need not wait for it */
  withdraw (self, app);
  g_hash_table_remove (self->questions, app);
  update_waiting (self);
  note (self, who, ls_decision_to_string (decision), app);
  return TRUE;
}

static void
on_notifier_pressed (LsNotifier *notifier, const char *id, const char *key, LsAppsService *self)
{
  g_autoptr (GError) error = NULL;
  LsDecision decision;

  if (!g_str_has_prefix (id, PREFIX) || !ls_decision_parse (key, &decision) ||
      !g_hash_table_contains (self->questions, id + strlen (PREFIX)))
    return;

  if (!decide (self, id + strlen (PREFIX), decision, BY_NOTIFICATION, &error))
    g_warning ("what the user decided does not count: %s", error->message);
}

static void
on_notifier_closed (LsNotifier *notifier, const char *id, LsAppsService *self)
{
  Question *question = g_str_has_prefix (id, PREFIX)
                           ? g_hash_table_lookup (self->questions, id + strlen (PREFIX))
                           : NULL;

  if (question != NULL)
    question->open = FALSE;
}

static void
add_app (GVariantBuilder *apps, const char *app, const char *decision)
{
  g_variant_builder_open (apps, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (apps, "{sv}", "app", g_variant_new_string (app));
  g_variant_builder_add (apps, "{sv}", "decision", g_variant_new_string (decision));
  g_variant_builder_close (apps);
}

static gboolean
handle_list (LsDbusApps *object, GDBusMethodInvocation *invocation, GVariant *options)
{
  LsAppsService *self = LS_APPS_SERVICE (object);
  LsDecisions *decisions = ls_access_get_decisions (self->access);
  g_auto (GVariantBuilder) apps = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));
  g_auto (GStrv) decided = NULL;
  GHashTableIter iter;
  const char *app;

  if (!ls_invocation_check_options (invocation, options, NULL, 0) ||
      !ls_invocation_check_all (invocation, self->access, "apps"))
    return G_DBUS_METHOD_INVOCATION_HANDLED;

  g_hash_table_iter_init (&iter, self->questions);
  while (g_hash_table_iter_next (&iter, (gpointer *)&app, NULL))
    add_app (&apps, app, "waiting");
  decided = ls_decisions_list (decisions);
  for (guint i = 0; decided[i] != NULL; i++)
    add_app (&apps, decided[i], ls_decision_to_string (ls_decisions_get (decisions, decided[i])));
  ls_dbus_apps_complete_list (object, invocation, g_variant_builder_end (&apps));
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

/* Returns: (transfer full): what the caller is called */
static char *
name_caller (LsAppsService *self, GDBusMethodInvocation *invocation)
{
  const char *sender = g_dbus_method_invocation_get_sender (invocation);

  return g_strdup (ls_app_get_name (ls_access_get_app (self->access, sender)));
}

static gboolean
handle_decide (LsDbusApps *object,
               GDBusMethodInvocation *invocation,
               const char *app,
               const char *word,
               GVariant *options)
{
  LsAppsService *self = LS_APPS_SERVICE (object);
  g_autoptr (GError) error = NULL;
  g_autofree char *who = NULL;
  LsDecision decision;

  if (!ls_invocation_check_options (invocation, options, NULL, 0) ||
      !ls_invocation_check_access (invocation, self->access, ls_access_check_host, "decide"))
    return G_DBUS_METHOD_INVOCATION_HANDLED;

  who = name_caller (self, invocation);
  if (!ls_decision_parse (word, &decision))
    g_dbus_method_invocation_return_error (invocation, LS_ERROR, LS_ERROR_INVALID_ARGUMENT,
                                           "“%s” is no decision", word);
  else if (!decide (self, app, decision, who, &error))
    ls_invocation_return_error (invocation, error);
  else
    ls_dbus_apps_complete_decide (object, invocation);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
ls_apps_service_iface_init (LsDbusAppsIface *iface)
{
  iface->handle_list = handle_list;
  iface->handle_decide = handle_decide;
}

/**
 * ls_apps_service_new:
 * @agent: the agent
 * @access: who may do what
 * @notifier: asks the user
 * @clock: the clock
 *
 * Returns: (transfer full): an interface to export
 */
LsAppsService *
ls_apps_service_new (LsAgent *agent, LsAccess *access, LsNotifier *notifier, LsClock *clock)
{
  LsAppsService *self =
      g_object_new (LS_TYPE_APPS_SERVICE, "version", LS_BUS_INTERFACE_VERSION, NULL);

  self->agent = g_object_ref (agent);
  self->access = g_object_ref (access);
  self->notifier = g_object_ref (notifier);
  self->clock = g_object_ref (clock);
  g_signal_connect_object (access, "wanted", G_CALLBACK (on_access_wanted), self, 0);
  g_signal_connect_object (access, "changed", G_CALLBACK (on_access_changed), self, 0);
  g_signal_connect_object (agent, "account-changed", G_CALLBACK (on_agent_account_changed), self,
                           0);
  g_signal_connect_object (notifier, "pressed", G_CALLBACK (on_notifier_pressed), self, 0);
  g_signal_connect_object (notifier, "closed", G_CALLBACK (on_notifier_closed), self, 0);
  on_agent_account_changed (agent, self);
  return self;
}
