/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-connection-service.h"

#include "ls-bus-names.h"
#include "ls-callers.h"
#include "ls-invocation.h"

/**
 * LsConnectionService:
 *
 * org.labsync.Agent1.Connection on an #LsAgent.
 */
struct _LsConnectionService
{
  LsDbusConnectionSkeleton parent_instance;

  LsAgent *agent;   /* (owned) */
  LsAccess *access; /* (owned) */
};

static void ls_connection_service_iface_init (LsDbusConnectionIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LsConnectionService,
                               ls_connection_service,
                               LS_DBUS_TYPE_CONNECTION_SKELETON,
                               G_IMPLEMENT_INTERFACE (LS_DBUS_TYPE_CONNECTION,
                                                      ls_connection_service_iface_init))

static void
ls_connection_service_finalize (GObject *object)
{
  LsConnectionService *self = LS_CONNECTION_SERVICE (object);

  g_clear_object (&self->agent);
  g_clear_object (&self->access);

  G_OBJECT_CLASS (ls_connection_service_parent_class)->finalize (object);
}

static void
ls_connection_service_class_init (LsConnectionServiceClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ls_connection_service_finalize;
  ls_callers_guard_class (G_DBUS_INTERFACE_SKELETON_CLASS (klass));
}

static void
ls_connection_service_init (LsConnectionService *self)
{
}

static gboolean
handle_connect (LsDbusConnection *object, GDBusMethodInvocation *invocation, GVariant *options)
{
  LsConnectionService *self = LS_CONNECTION_SERVICE (object);

  if (!ls_invocation_check_options (invocation, options, NULL, 0) ||
      !ls_invocation_check_all (invocation, self->access, "connect"))
    return G_DBUS_METHOD_INVOCATION_HANDLED;

  ls_agent_connect (self->agent);
  ls_dbus_connection_complete_connect (object, invocation);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
handle_disconnect (LsDbusConnection *object, GDBusMethodInvocation *invocation, GVariant *options)
{
  LsConnectionService *self = LS_CONNECTION_SERVICE (object);

  if (!ls_invocation_check_options (invocation, options, NULL, 0) ||
      !ls_invocation_check_all (invocation, self->access, "disconnect"))
    return G_DBUS_METHOD_INVOCATION_HANDLED;

  ls_agent_disconnect (self->agent);
  ls_dbus_connection_complete_disconnect (object, invocation);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
handle_reconnect (LsDbusConnection *object, GDBusMethodInvocation *invocation, GVariant *options)
{
  LsConnectionService *self = LS_CONNECTION_SERVICE (object);

  if (!ls_invocation_check_options (invocation, options, NULL, 0) ||
      !ls_invocation_check_all (invocation, self->access, "reconnect"))
    return G_DBUS_METHOD_INVOCATION_HANDLED;

  ls_agent_reconnect (self->agent);
  ls_dbus_connection_complete_reconnect (object, invocation);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
agent_sync_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  GDBusMethodInvocation *invocation = user_data;
  g_autoptr (GError) error = NULL;

  if (ls_agent_sync_finish (LS_AGENT (object), result, &error))
    g_dbus_method_invocation_return_value (invocation, NULL);
  else
    ls_invocation_return_error (invocation, error);
}

static gboolean
handle_sync_now (LsDbusConnection *object, GDBusMethodInvocation *invocation, GVariant *options)
{
  LsConnectionService *self = LS_CONNECTION_SERVICE (object);

  /* whoever may read something may want it to be new */
  if (ls_invocation_check_options (invocation, options, NULL, 0) &&
      ls_invocation_check_access (invocation, self->access, ls_access_check_any, "sync"))
    ls_agent_sync_async (self->agent, NULL, agent_sync_cb, invocation);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
ls_connection_service_iface_init (LsDbusConnectionIface *iface)
{
  iface->handle_connect = handle_connect;
  iface->handle_disconnect = handle_disconnect;
  iface->handle_reconnect = handle_reconnect;
  iface->handle_sync_now = handle_sync_now;
}

static void
on_agent_state_changed (LsAgent *agent,
                        LsState old_state,
                        LsState new_state,
                        LsReason reason,
                        LsConnectionService *self)
{
  ls_dbus_connection_emit_state_changed (LS_DBUS_CONNECTION (self), ls_state_to_string (old_state),
                                         ls_state_to_string (new_state),
                                         ls_reason_to_string (reason));
}

static void
update (LsConnectionService *self)
{
  const LsStatus *status = ls_agent_get_status (self->agent);
  const char *server = ls_agent_get_config (self->agent)->server;

  g_object_set (self, "state", ls_state_to_string (status->state), "reason",
                ls_reason_to_string (status->reason), "transport",
                ls_transport_kind_to_string (status->transport), "protocol",
                ls_protocol_to_string (status->protocol), "server-url",
                server != NULL ? server : "", "confirmed-at", (guint64)status->confirmed_at,
                "last-connected-at", (guint64)status->last_connected_at, "attempt", status->attempt,
                "next-attempt-at", (guint64)status->next_attempt_at, "round-trip-ms",
                status->round_trip_ms, "metered", status->metered, NULL);
}

/**
 * ls_connection_service_new:
 * @agent: the agent
 * @access: who may do what
 *
 * Returns: (transfer full): an interface to export
 */
LsConnectionService *
ls_connection_service_new (LsAgent *agent, LsAccess *access)
{
  LsConnectionService *self =
      g_object_new (LS_TYPE_CONNECTION_SERVICE, "version", LS_BUS_INTERFACE_VERSION, NULL);

  self->agent = g_object_ref (agent);
  self->access = g_object_ref (access);
  g_signal_connect_object (agent, "state-changed", G_CALLBACK (on_agent_state_changed), self, 0);
  g_signal_connect_object (agent, "status-changed", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  update (self);
  return self;
}
