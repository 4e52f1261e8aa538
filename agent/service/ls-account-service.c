/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-account-service.h"

#include "ls-bus-names.h"
#include "ls-callers.h"
#include "ls-invocation.h"
#include "ls-last-flush.h"

/* The longest that a sign-out may wait for unsent actions (org.labsync.Agent1.Account). */
#define MAX_FLUSH_SECONDS 3600

/**
 * LsAccountService:
 *
 * org.labsync.Agent1.Account on an #LsAgent and its #LsActionQueue. Whoever is signed out by somebody else's
 * sign-in is treated as the settings say about a sign-out.
 */
struct _LsAccountService
{
  LsDbusAccountSkeleton parent_instance;

  LsAgent *agent;            /* (owned) */
  LsActionQueue *queue;      /* (owned) */
  LsAccess *access;          /* (owned) */
  LsDurables *durables;      /* (owned) */
  LsClock *clock;            /* (owned) */
  GCancellable *cancellable; /* (owned): of the sign-outs that wait */
  char *entering_app;        /* (owned) (nullable): whose sign-in is the newest */
  LsSignOutDefaults defaults;
};

static void ls_account_service_iface_init (LsDbusAccountIface *iface);
static void ls_account_service_farewell_init (LsFarewellInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LsAccountService,
                               ls_account_service,
                               LS_DBUS_TYPE_ACCOUNT_SKELETON,
                               G_IMPLEMENT_INTERFACE (LS_DBUS_TYPE_ACCOUNT,
                                                      ls_account_service_iface_init)
                                   G_IMPLEMENT_INTERFACE (LS_TYPE_FAREWELL,
                                                          ls_account_service_farewell_init))

static void
ls_account_service_finalize (GObject *object)
{
  LsAccountService *self = LS_ACCOUNT_SERVICE (object);

  g_clear_object (&self->agent);
  g_clear_object (&self->queue);
  g_clear_object (&self->access);
  g_clear_object (&self->durables);
  g_clear_object (&self->clock);
  g_clear_object (&self->cancellable);
  g_free (self->entering_app);

  G_OBJECT_CLASS (ls_account_service_parent_class)->finalize (object);
}

static void
ls_account_service_class_init (LsAccountServiceClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ls_account_service_finalize;
  ls_callers_guard_class (G_DBUS_INTERFACE_SKELETON_CLASS (klass));
}

static void
ls_account_service_init (LsAccountService *self)
{
  self->cancellable = g_cancellable_new ();
}

/* What is done to an account needs more than a grant. */
static gboolean
may (LsAccountService *self, GDBusMethodInvocation *invocation, const char *what)
{
  return ls_invocation_check_all (invocation, self->access, what);
}

static char *
name_app (LsAccountService *self, GDBusMethodInvocation *invocation)
{
  const char *sender = g_dbus_method_invocation_get_sender (invocation);

  return g_strdup (ls_app_get_name (ls_access_get_app (self->access, sender)));
}

/* A sign-in, which may have to wait for the server, and for what somebody else did to be sent. */
typedef struct
{
  GDBusMethodInvocation *invocation; /* (owned) by the answer */
  GCancellable *cancellable;         /* (owned) */
  LsJournal *journal;                /* (owned) */
  char *app;                         /* (owned) */
  guint watch_id;
} SignIn;

static void
caller_vanished_cb (GDBusConnection *connection, const char *name, gpointer user_data)
{
  g_cancellable_cancel (user_data);
}

static SignIn *
sign_in_new (LsAccountService *self, GDBusMethodInvocation *invocation)
{
  SignIn *sign_in = g_new0 (SignIn, 1);

  sign_in->invocation = invocation;
  sign_in->journal = g_object_ref (ls_access_get_journal (self->access));
  sign_in->app = name_app (self, invocation);
  g_free (self->entering_app);
  self->entering_app = g_strdup (sign_in->app);
  sign_in->cancellable = g_cancellable_new ();
  sign_in->watch_id = g_bus_watch_name_on_connection (
      g_dbus_method_invocation_get_connection (invocation),
      g_dbus_method_invocation_get_sender (invocation), G_BUS_NAME_WATCHER_FLAGS_NONE, NULL,
      caller_vanished_cb, g_object_ref (sign_in->cancellable), g_object_unref);
  return sign_in;
}

static void
sign_in_free (SignIn *sign_in)
{
  g_bus_unwatch_name (sign_in->watch_id);
  g_object_unref (sign_in->cancellable);
  g_object_unref (sign_in->journal);
  g_free (sign_in->app);
  g_free (sign_in);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SignIn, sign_in_free)

/* @error: (nullable): why nobody was signed in */
static void
answer_sign_in (SignIn *sign_in, const char *what, gboolean sent, const GError *error)
{
  ls_journal_note (sign_in->journal, sign_in->app, what, "", ls_invocation_name_outcome (error),
                   sent);
  if (error != NULL)
    {
      ls_invocation_return_error (sign_in->invocation, error);
      return;
    }

  g_dbus_method_invocation_return_value (sign_in->invocation, NULL);
}

static void
agent_sign_in_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SignIn) sign_in = user_data;
  g_autoptr (GError) error = NULL;

  ls_agent_sign_in_finish (LS_AGENT (object), result, &error);
  answer_sign_in (sign_in, "sign-in", TRUE, error);
}

static void
begin_sign_in (LsAccountService *self,
               GDBusMethodInvocation *invocation,
               const char *email,
               const char *password)
{
  SignIn *sign_in = sign_in_new (self, invocation);

  ls_agent_sign_in_async (self->agent, email, password, sign_in->cancellable, agent_sign_in_cb,
                          sign_in);
}

static gboolean
handle_sign_in (LsDbusAccount *object,
                GDBusMethodInvocation *invocation,
                const char *email,
                const char *password,
                GVariant *options)
{
  LsAccountService *self = LS_ACCOUNT_SERVICE (object);

  if (!ls_invocation_check_options (invocation, options, NULL, 0) ||
      !may (self, invocation, "sign-in"))
    return G_DBUS_METHOD_INVOCATION_HANDLED;

  if (*email == '\0' || *password == '\0')
    g_dbus_method_invocation_return_error (invocation, LS_ERROR, LS_ERROR_INVALID_ARGUMENT,
                                           "the %s is empty",
                                           *email == '\0' ? "e-mail address" : "password");
  else
    begin_sign_in (self, invocation, email, password);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
agent_set_tokens_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SignIn) sign_in = user_data;
  g_autoptr (GError) error = NULL;

  ls_agent_set_tokens_finish (LS_AGENT (object), result, &error);
  answer_sign_in (sign_in, "set-tokens", FALSE, error);
}

static gboolean
handle_set_tokens (LsDbusAccount *object,
                   GDBusMethodInvocation *invocation,
                   const char *access,
                   const char *refresh,
                   GVariant *options)
{
  LsAccountService *self = LS_ACCOUNT_SERVICE (object);
  g_autoptr (LsSession) session = NULL;
  SignIn *sign_in;

  if (!ls_invocation_check_options (invocation, options, NULL, 0) ||
      !may (self, invocation, "set-tokens"))
    return G_DBUS_METHOD_INVOCATION_HANDLED;

  session = ls_session_new (access, *refresh != '\0' ? refresh : NULL);
  sign_in = sign_in_new (self, invocation);
  ls_agent_set_tokens_async (self->agent, session, sign_in->cancellable, agent_set_tokens_cb,
                             sign_in);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

/* A sign-out that lets unsent actions be sent first. */
typedef struct
{
  LsAccountService *service;         /* (owned) */
  GDBusMethodInvocation *invocation; /* (owned) by the answer */
  char *user_id;                     /* (owned) (nullable): who signs out */
  gboolean wipe;
  gboolean insists;        /* on @wipe */
  gboolean discard_unsent; /* of it */
} SignOut;

static void
sign_out_free (SignOut *sign_out)
{
  g_object_unref (sign_out->service);
  g_free (sign_out->user_id);
  g_free (sign_out);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SignOut, sign_out_free)

static const char *
get_user_id (LsAccountService *self)
{
  const LsUser *user = ls_agent_get_user (self->agent);

  return user != NULL ? user->id : NULL;
}

static gboolean
has_unsent (LsAccountService *self)
{
  return ls_queue_counts_get_open (ls_action_queue_get_counts (self->queue)) > 0;
}

/* Whether anything can reach the server, or soon may. */
static gboolean
has_link (LsAccountService *self)
{
  LsState state = ls_agent_get_status (self->agent)->state;

  return state == LS_STATE_LIVE || state == LS_STATE_POLLING || state == LS_STATE_CONNECTING;
}

/* What happens right before somebody is signed out, which nothing keeps from happening any more. Whether the server can
 * be told is another matter. */
static void
part (LsAccountService *self, const char *app, gboolean wipe, gboolean forget_queue)
{
  const char *store_id = ls_agent_get_store_id (self->agent);

  if (forget_queue)
    ls_action_queue_forget (self->queue);
  if (wipe)
    ls_decisions_clear (ls_access_get_decisions (self->access));
  if (wipe && store_id != NULL)
    ls_durables_forget (self->durables, store_id);
  ls_journal_note (ls_access_get_journal (self->access), app, "sign-out", "", "ok",
                   has_link (self));
}

static void
agent_sign_out_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  GDBusMethodInvocation *invocation = user_data;
  g_autoptr (GError) error = NULL;

  if (ls_agent_sign_out_finish (LS_AGENT (object), result, &error))
    g_dbus_method_invocation_return_value (invocation, NULL);
  else
    ls_invocation_return_error (invocation, error);
}

/* @flushed: (nullable): why the queue could not be read */
static gboolean
check_sign_out (const SignOut *sign_out, const GError *flushed, GError **error)
{
  if (g_strcmp0 (sign_out->user_id, get_user_id (sign_out->service)) != 0)
    {
      g_set_error (error, LS_ERROR, LS_ERROR_CANCELLED, "the account has changed meanwhile");
      return FALSE;
    }
  if (flushed != NULL && (sign_out->insists || flushed->domain != LS_ERROR))
    {
      g_propagate_error (error, g_error_copy (flushed));
      return FALSE;
    }
  if (sign_out->insists && !sign_out->discard_unsent && has_unsent (sign_out->service))
    {
      g_set_error (error, LS_ERROR, LS_ERROR_UNSENT_WORK,
                   "the server does not have everything yet");
      return FALSE;
    }

  return TRUE;
}

static void
last_flush_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  LsActionQueue *queue = LS_ACTION_QUEUE (object);
  g_autoptr (SignOut) sign_out = user_data;
  g_autoptr (GError) flushed = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *app = NULL;

  ls_last_flush_finish (queue, result, &flushed);
  app = name_app (sign_out->service, sign_out->invocation);
  if (!check_sign_out (sign_out, flushed, &error))
    {
      ls_journal_note (ls_access_get_journal (sign_out->service->access), app, "sign-out", "",
                       ls_invocation_name_outcome (error), FALSE);
      ls_invocation_return_error (sign_out->invocation, error);
      return;
    }

  part (sign_out->service, app, sign_out->wipe,
        sign_out->wipe && (sign_out->discard_unsent || !has_unsent (sign_out->service)));
  ls_agent_sign_out_async (sign_out->service->agent, sign_out->wipe, NULL, agent_sign_out_cb,
                           sign_out->invocation);
}

static void
flush (LsAccountService *self,
       guint seconds,
       GCancellable *cancellable,
       GAsyncReadyCallback callback,
       gpointer user_data)
{
  ls_last_flush_async (self->queue, self->clock, has_link (self) ? (gint64)seconds * 1000 : 0,
                       cancellable, callback, user_data);
}

static void
parse_sign_out (SignOut *sign_out, GVariant *options, guint *flush_seconds)
{
  *flush_seconds = sign_out->service->defaults.flush_seconds;
  g_variant_lookup (options, "flush-seconds", "u", flush_seconds);
  g_variant_lookup (options, "wipe", "b", &sign_out->insists);
  g_variant_lookup (options, "discard-unsent", "b", &sign_out->discard_unsent);
  sign_out->wipe = sign_out->insists;
  if (!g_variant_lookup (options, "wipe", "b", NULL))
    sign_out->wipe = sign_out->service->defaults.wipe;
}

static gboolean
handle_sign_out (LsDbusAccount *object, GDBusMethodInvocation *invocation, GVariant *options)
{
  static const LsOption known[] = { { "wipe", "b" },
                                    { "discard-unsent", "b" },
                                    { "flush-seconds", "u" } };
  LsAccountService *self = LS_ACCOUNT_SERVICE (object);
  g_autoptr (SignOut) sign_out = NULL;
  guint flush_seconds;

  if (!ls_invocation_check_options (invocation, options, known, G_N_ELEMENTS (known)) ||
      !may (self, invocation, "sign-out"))
    return G_DBUS_METHOD_INVOCATION_HANDLED;

  sign_out = g_new0 (SignOut, 1);
  sign_out->service = g_object_ref (self);
  sign_out->invocation = invocation;
  sign_out->user_id = g_strdup (get_user_id (self));
  parse_sign_out (sign_out, options, &flush_seconds);
  if (flush_seconds > MAX_FLUSH_SECONDS)
    g_dbus_method_invocation_return_error (invocation, LS_ERROR, LS_ERROR_INVALID_ARGUMENT,
                                           "option “flush-seconds” is at most %d",
                                           MAX_FLUSH_SECONDS);
  else
    flush (self, flush_seconds, self->cancellable, last_flush_cb, g_steal_pointer (&sign_out));
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
ls_account_service_iface_init (LsDbusAccountIface *iface)
{
  iface->handle_sign_in = handle_sign_in;
  iface->handle_set_tokens = handle_set_tokens;
  iface->handle_sign_out = handle_sign_out;
}

static void
farewell_last_flush_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  LsAccountService *self = g_task_get_source_object (task);
  g_autoptr (GError) error = NULL;

  /* Where nothing is wiped, nobody needs to know what is in the queue. */
  if (ls_last_flush_finish (LS_ACTION_QUEUE (object), result, &error) ||
      (!self->defaults.wipe && error->domain == LS_ERROR))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
farewell_flush_async (LsFarewell *farewell,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer user_data)
{
  LsAccountService *self = LS_ACCOUNT_SERVICE (farewell);
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, farewell_flush_async);
  flush (self, self->defaults.flush_seconds, cancellable, farewell_last_flush_cb, task);
}

static gboolean
farewell_flush_finish (LsFarewell *farewell, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Not as at a sign-out by the setting, which leaves what is unsent: who signs in does not know of it. */
static gboolean
farewell_part (LsFarewell *farewell, gboolean *wipe, GError **error)
{
  LsAccountService *self = LS_ACCOUNT_SERVICE (farewell);

  if (self->defaults.wipe && has_unsent (self))
    {
      g_set_error (
          error, LS_ERROR, LS_ERROR_UNSENT_WORK,
          "somebody else is signed in, and the server does not have everything of theirs yet: "
          "export it, and sign out first");
      return FALSE;
    }

  *wipe = self->defaults.wipe;
  part (self, self->entering_app, *wipe, *wipe);
  return TRUE;
}

static void
ls_account_service_farewell_init (LsFarewellInterface *iface)
{
  iface->flush_async = farewell_flush_async;
  iface->flush_finish = farewell_flush_finish;
  iface->part = farewell_part;
}

static void
update (LsAccountService *self)
{
  const LsUser *user = ls_agent_get_user (self->agent);

  g_object_set (self, "state",
                ls_account_state_to_string (ls_agent_get_account_state (self->agent)), "user-id",
                user != NULL ? user->id : "", "display-name", user != NULL ? user->name : "",
                "role", user != NULL ? ls_role_to_string (user->role) : "", "extra-role",
                user != NULL ? ls_extra_role_to_string (user->extra_role) : "", "expires-at",
                (guint64)ls_agent_get_expires_at (self->agent), "unsent",
                user != NULL ? 0 : ls_action_queue_get_n_left (self->queue), NULL);
}

/**
 * ls_account_service_new:
 * @agent: the agent
 * @queue: its queue
 * @access: who may do what
 * @durables: the durable places
 * @clock: the clock
 *
 * Returns: (transfer full): an interface to export
 */
LsAccountService *
ls_account_service_new (LsAgent *agent,
                        LsActionQueue *queue,
                        LsAccess *access,
                        LsDurables *durables,
                        LsClock *clock)
{
  LsAccountService *self =
      g_object_new (LS_TYPE_ACCOUNT_SERVICE, "version", LS_BUS_INTERFACE_VERSION, NULL);

  self->agent = g_object_ref (agent);
  self->queue = g_object_ref (queue);
  self->access = g_object_ref (access);
  self->durables = g_object_ref (durables);
  self->clock = g_object_ref (clock);
  /* After the queue, which closes by it. */
  g_signal_connect_object (agent, "account-changed", G_CALLBACK (update), self,
                           G_CONNECT_SWAPPED | G_CONNECT_AFTER);
  ls_agent_set_farewell (agent, LS_FAREWELL (self));
  update (self);
  return self;
}

/**
 * ls_account_service_set_defaults:
 * @self: the interface
 * @defaults: from the settings
 *
 * Sets what SignOut does when the caller doesn't say, and another's sign-in; at first it neither wipes nor waits.
 */
void
ls_account_service_set_defaults (LsAccountService *self, const LsSignOutDefaults *defaults)
{
  g_return_if_fail (LS_IS_ACCOUNT_SERVICE (self));

  self->defaults = *defaults;
}

/**
 * ls_account_service_close:
 * @self: the interface
 *
 * Ends all calls that wait.
 */
void
ls_account_service_close (LsAccountService *self)
{
  g_return_if_fail (LS_IS_ACCOUNT_SERVICE (self));

  g_cancellable_cancel (self->cancellable);
}
