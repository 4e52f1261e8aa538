/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-account-service.h"

#include "ls-bus-names.h"
#include "ls-callers.h"
#include "ls-invocation.h"

/* The longest that a sign-out may wait for unsent actions (org.labsync.Agent1.Account). */
#define MAX_FLUSH_SECONDS 3600

/**
 * LsAccountService:
 *
 * org.labsync.Agent1.Account on an #LsAgent.
 */
struct _LsAccountService
{
  LsDbusAccountSkeleton parent_instance;

  LsAgent *agent; /* (owned) */
  gboolean wipe_on_sign_out;
};

static void ls_account_service_iface_init (LsDbusAccountIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LsAccountService,
                               ls_account_service,
                               LS_DBUS_TYPE_ACCOUNT_SKELETON,
                               G_IMPLEMENT_INTERFACE (LS_DBUS_TYPE_ACCOUNT,
                                                      ls_account_service_iface_init))

static void
ls_account_service_finalize (GObject *object)
{
  LsAccountService *self = LS_ACCOUNT_SERVICE (object);

  g_clear_object (&self->agent);

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
}

/* A sign-in, which may have to wait for the server, but for nobody. */
typedef struct
{
  GDBusMethodInvocation *invocation; /* (owned) by the answer */
  GCancellable *cancellable;         /* (owned) */
  guint watch_id;
} SignIn;

static void
caller_vanished_cb (GDBusConnection *connection, const char *name, gpointer user_data)
{
  g_cancellable_cancel (user_data);
}

static SignIn *
sign_in_new (GDBusMethodInvocation *invocation)
{
  SignIn *sign_in = g_new0 (SignIn, 1);

  sign_in->invocation = invocation;
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
  g_free (sign_in);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SignIn, sign_in_free)

static void
agent_sign_in_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (SignIn) sign_in = user_data;
  g_autoptr (GError) error = NULL;

  if (ls_agent_sign_in_finish (LS_AGENT (object), result, &error))
    g_dbus_method_invocation_return_value (sign_in->invocation, NULL);
  else
    ls_invocation_return_error (sign_in->invocation, error);
}

static void
begin_sign_in (LsAccountService *self,
               GDBusMethodInvocation *invocation,
               const char *email,
               const char *password)
{
  SignIn *sign_in = sign_in_new (invocation);

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

  if (!ls_invocation_check_options (invocation, options, NULL, 0))
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
  GDBusMethodInvocation *invocation = user_data;
  g_autoptr (GError) error = NULL;

  if (ls_agent_set_tokens_finish (LS_AGENT (object), result, &error))
    g_dbus_method_invocation_return_value (invocation, NULL);
  else
    ls_invocation_return_error (invocation, error);
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

  if (!ls_invocation_check_options (invocation, options, NULL, 0))
    return G_DBUS_METHOD_INVOCATION_HANDLED;

  session = ls_session_new (access, *refresh != '\0' ? refresh : NULL);
  ls_agent_set_tokens_async (self->agent, session, NULL, agent_set_tokens_cb, invocation);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
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

static gboolean
handle_sign_out (LsDbusAccount *object, GDBusMethodInvocation *invocation, GVariant *options)
{
  static const LsOption known[] = { { "wipe", "b" }, { "flush-seconds", "u" } };
  LsAccountService *self = LS_ACCOUNT_SERVICE (object);
  gboolean wipe = self->wipe_on_sign_out;
  guint32 flush_seconds = 0;

  if (!ls_invocation_check_options (invocation, options, known, G_N_ELEMENTS (known)))
    return G_DBUS_METHOD_INVOCATION_HANDLED;

  g_variant_lookup (options, "wipe", "b", &wipe);
  g_variant_lookup (options, "flush-seconds", "u", &flush_seconds);
  if (flush_seconds > MAX_FLUSH_SECONDS)
    g_dbus_method_invocation_return_error (invocation, LS_ERROR, LS_ERROR_INVALID_ARGUMENT,
                                           "option “flush-seconds” is at most %d",
                                           MAX_FLUSH_SECONDS);
  else
    ls_agent_sign_out_async (self->agent, wipe, NULL, agent_sign_out_cb, invocation);
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
update (LsAccountService *self)
{
  const LsUser *user = ls_agent_get_user (self->agent);

  g_object_set (self, "state",
                ls_account_state_to_string (ls_agent_get_account_state (self->agent)), "user-id",
                user != NULL ? user->id : "", "display-name", user != NULL ? user->name : "",
                "role", user != NULL ? ls_role_to_string (user->role) : "", "extra-role",
                user != NULL ? ls_extra_role_to_string (user->extra_role) : "", "expires-at",
                (guint64)ls_agent_get_expires_at (self->agent), NULL);
}

/**
 * ls_account_service_new:
 * @agent: the agent
 *
 * Returns: (transfer full): an interface to export
 */
LsAccountService *
ls_account_service_new (LsAgent *agent)
{
  LsAccountService *self =
      g_object_new (LS_TYPE_ACCOUNT_SERVICE, "version", LS_BUS_INTERFACE_VERSION, NULL);

  self->agent = g_object_ref (agent);
  g_signal_connect_object (agent, "account-changed", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  update (self);
  return self;
}

/**
 * ls_account_service_set_wipe_on_sign_out:
 * @self: the interface
 * @wipe: the setting `Privacy.wipe-on-sign-out`
 *
 * Sets what SignOut does when the caller doesn't say; at first %FALSE.
 */
void
ls_account_service_set_wipe_on_sign_out (LsAccountService *self, gboolean wipe)
{
  g_return_if_fail (LS_IS_ACCOUNT_SERVICE (self));

  self->wipe_on_sign_out = wipe;
}
