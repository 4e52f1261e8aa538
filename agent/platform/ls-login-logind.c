/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-login-logind.h"

#include <unistd.h>

/* org.freedesktop.login1(5) */
#define LOGIND_NAME "org.freedesktop.login1"
#define LOGIND_PATH "/org/freedesktop/login1"
#define LOGIND_MANAGER "org.freedesktop.login1.Manager"
#define LOGIND_SESSION "org.freedesktop.login1.Session"
#define LOGIND_USER "org.freedesktop.login1.User"
#define PROPERTIES "org.freedesktop.DBus.Properties"

/* How long an answer may take, in milliseconds. Until it comes all is as it was. */
#define PATIENCE 5000

/**
 * LsLoginLogind:
 *
 * Who sits at the machine, as systemd-logind sees it. The agent is a service of the user and belongs
 * to no session, so what counts is the user: `active` with a session in the foreground (one from
 * another machine is always there), `online` with sessions behind another user's, `lingering` and
 * `closing` without any. Without a logind, or one that knows the user, there is nobody to share the
 * machine with.
 */
struct _LsLoginLogind
{
  GObject parent_instance;

  GCancellable *cancellable;   /* (owned) */
  GDBusConnection *connection; /* (owned) (nullable): the system bus */
  guint watch_id;
  guint session_id;
  guint manager_id;
  gboolean active;
};

static void ls_login_logind_login_init (LsLoginInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LsLoginLogind,
                               ls_login_logind,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (LS_TYPE_LOGIN, ls_login_logind_login_init))

static gboolean
ls_login_logind_is_active (LsLogin *login)
{
  return LS_LOGIN_LOGIND (login)->active;
}

static void
ls_login_logind_login_init (LsLoginInterface *iface)
{
  iface->is_active = ls_login_logind_is_active;
}

static void
ls_login_logind_dispose (GObject *object)
{
  LsLoginLogind *self = LS_LOGIN_LOGIND (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_handle_id (&self->watch_id, g_bus_unwatch_name);
  if (self->connection != NULL)
    {
      g_dbus_connection_signal_unsubscribe (self->connection, self->session_id);
      g_dbus_connection_signal_unsubscribe (self->connection, self->manager_id);
    }
  g_clear_object (&self->connection);

  G_OBJECT_CLASS (ls_login_logind_parent_class)->dispose (object);
}

static void
ls_login_logind_finalize (GObject *object)
{
  g_object_unref (LS_LOGIN_LOGIND (object)->cancellable);

  G_OBJECT_CLASS (ls_login_logind_parent_class)->finalize (object);
}

static void
ls_login_logind_class_init (LsLoginLogindClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = ls_login_logind_dispose;
  object_class->finalize = ls_login_logind_finalize;
}

static void
ls_login_logind_init (LsLoginLogind *self)
{
  self->cancellable = g_cancellable_new ();
  self->active = TRUE;
}

static void
set_active (LsLoginLogind *self, gboolean active)
{
  if (self->active == active)
    return;

  self->active = active;
  ls_login_emit_changed (LS_LOGIN (self));
}

/* What can't be asked keeps nobody from working. */
static void
fail (LsLoginLogind *self, const GError *error)
{
  g_debug ("login: logind does not know the user: %s", error->message);
  set_active (self, TRUE);
}

static void
call (LsLoginLogind *self,
      const char *path,
      const char *interface,
      const char *method,
      GVariant *arguments,
      const char *reply,
      GAsyncReadyCallback callback)
{
  g_dbus_connection_call (self->connection, LOGIND_NAME, path, interface, method, arguments,
                          G_VARIANT_TYPE (reply), G_DBUS_CALL_FLAGS_NO_AUTO_START, PATIENCE,
                          self->cancellable, callback, self);
}

/* Returns: (transfer full) (nullable): the answer; %NULL also if @user_data is gone */
static GVariant *
finish_call (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  GVariant *answer = g_dbus_connection_call_finish (G_DBUS_CONNECTION (object), result, &error);

  if (error != NULL && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    fail (user_data, error);
  return answer;
}

static void
get_state_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GVariant) answer = finish_call (object, result, user_data);
  g_autoptr (GVariant) state = NULL;

  if (answer == NULL)
    return;

  g_variant_get (answer, "(v)", &state);
  set_active (user_data, !g_variant_is_of_type (state, G_VARIANT_TYPE_STRING) ||
                             g_str_equal (g_variant_get_string (state, NULL), "active"));
}

static void
get_user_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GVariant) answer = finish_call (object, result, user_data);
  const char *path;

  if (answer == NULL)
    return;

  g_variant_get (answer, "(&o)", &path);
  call (user_data, path, PROPERTIES, "Get", g_variant_new ("(ss)", LOGIND_USER, "State"), "(v)",
        get_state_cb);
}

static void
look (LsLoginLogind *self)
{
  call (self, LOGIND_PATH, LOGIND_MANAGER, "GetUser", g_variant_new ("(u)", (guint32)getuid ()),
        "(o)", get_user_cb);
}

/* The state of a user is a property that tells of no change; but it only changes when a session does. */
static void
something_changed_cb (GDBusConnection *connection,
                      const char *sender,
                      const char *path,
                      const char *interface,
                      const char *signal,
                      GVariant *parameters,
                      gpointer user_data)
{
  look (user_data);
}

static void
name_appeared_cb (GDBusConnection *connection,
                  const char *name,
                  const char *owner,
                  gpointer user_data)
{
  look (user_data);
}

static void
name_vanished_cb (GDBusConnection *connection, const char *name, gpointer user_data)
{
  set_active (user_data, TRUE);
}

static guint
subscribe (LsLoginLogind *self, const char *interface, const char *member, const char *arg0)
{
  return g_dbus_connection_signal_subscribe (self->connection, LOGIND_NAME, interface, member, NULL,
                                             arg0, G_DBUS_SIGNAL_FLAGS_NONE, something_changed_cb,
                                             self, NULL);
}

static void
bus_get_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  GDBusConnection *connection = g_bus_get_finish (result, &error);
  LsLoginLogind *self = user_data;

  if (connection == NULL)
    {
      g_debug ("login: there is no system bus: %s", error->message);
      return;
    }

  self->connection = connection;
  g_dbus_connection_set_exit_on_close (connection, FALSE);
  self->session_id = subscribe (self, PROPERTIES, "PropertiesChanged", LOGIND_SESSION);
  self->manager_id = subscribe (self, LOGIND_MANAGER, NULL, NULL);
  self->watch_id =
      g_bus_watch_name_on_connection (connection, LOGIND_NAME, G_BUS_NAME_WATCHER_FLAGS_NONE,
                                      name_appeared_cb, name_vanished_cb, self, NULL);
}

/**
 * ls_login_logind_new:
 *
 * Returns: (transfer full): a login that is active until logind says otherwise
 */
LsLogin *
ls_login_logind_new (void)
{
  LsLoginLogind *self = g_object_new (LS_TYPE_LOGIN_LOGIND, NULL);

  g_bus_get (G_BUS_TYPE_SYSTEM, self->cancellable, bus_get_cb, self);
  return LS_LOGIN (self);
}
