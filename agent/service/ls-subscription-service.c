/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-subscription-service.h"

#include "ls-bus-events.h"
#include "ls-bus-names.h"
#include "ls-callers.h"
#include "ls-invocation.h"
#include "ls-log-follower.h"

/**
 * LsSubscriptionService:
 *
 * org.labsync.Agent1.Subscription: what one app asked for, up to where it has dealt with it, and how
 * it ends. The same for all ways in which events are delivered.
 */
struct _LsSubscriptionService
{
  LsDbusSubscriptionSkeleton parent_instance;

  LsAgent *agent;                 /* (owned) */
  LsDurables *durables;           /* (owned) */
  LsSubscriptionRequest *request; /* (owned) */
  LsSubscriber *subscriber;       /* (owned) */
  LsDelivery *delivery;           /* (owned) (nullable): %NULL unless it is started */
  LsLogFollower *follower;        /* (owned) (nullable): likewise */
  char *store_id;                 /* (owned): the store that the places belong to */
  LsEntitySet followed;
  gboolean closed;
};

enum
{
  SIGNAL_CLOSED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static void ls_subscription_service_iface_init (LsDbusSubscriptionIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LsSubscriptionService,
                               ls_subscription_service,
                               LS_DBUS_TYPE_SUBSCRIPTION_SKELETON,
                               G_IMPLEMENT_INTERFACE (LS_DBUS_TYPE_SUBSCRIPTION,
                                                      ls_subscription_service_iface_init))

static void
ls_subscription_service_finalize (GObject *object)
{
  LsSubscriptionService *self = LS_SUBSCRIPTION_SERVICE (object);

  g_clear_object (&self->follower);
  g_clear_object (&self->delivery);
  g_clear_object (&self->subscriber);
  g_clear_pointer (&self->request, ls_subscription_request_free);
  g_clear_object (&self->durables);
  g_clear_object (&self->agent);
  g_free (self->store_id);

  G_OBJECT_CLASS (ls_subscription_service_parent_class)->finalize (object);
}

static void
ls_subscription_service_class_init (LsSubscriptionServiceClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ls_subscription_service_finalize;
  ls_callers_guard_class (G_DBUS_INTERFACE_SKELETON_CLASS (klass));

  /**
   * LsSubscriptionService::closed:
   * @self: a subscription
   *
   * It has ended, whoever ended it.
   */
  signals[SIGNAL_CLOSED] = g_signal_new ("closed", LS_TYPE_SUBSCRIPTION_SERVICE, G_SIGNAL_RUN_LAST,
                                         0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
ls_subscription_service_init (LsSubscriptionService *self)
{
}

static void
on_agent_account_changed (LsAgent *agent, LsSubscriptionService *self)
{
  /* another user, or none: what comes now is not what was subscribed to */
  if (g_strcmp0 (ls_agent_get_store_id (agent), self->store_id) != 0)
    ls_subscription_service_break_off (self);
}

static void
update_cursor (LsSubscriptionService *self)
{
  guint64 seq = ls_subscriber_get_acknowledged (self->subscriber);
  g_autofree char *cursor = ls_agent_format_cursor (self->agent, seq);

  ls_dbus_subscription_set_cursor (LS_DBUS_SUBSCRIPTION (self), cursor);
}

static void
keep_place (LsSubscriptionService *self)
{
  g_autoptr (GError) error = NULL;

  if (self->request->durable != NULL &&
      !ls_durables_set (self->durables, self->store_id, self->request->durable, self->request->app,
                        ls_subscriber_get_acknowledged (self->subscriber), &error))
    g_warning ("a durable place is not kept: %s", error->message);
}

static void
acknowledge (LsSubscriptionService *self, guint64 seq)
{
  seq = ls_subscriber_acknowledge (self->subscriber, seq);
  update_cursor (self);
  keep_place (self);
  ls_delivery_acknowledge (self->delivery, seq);
}

static void
on_delivery_ended (LsDelivery *delivery, LsSubscriptionService *self)
{
  ls_subscription_service_close (self);
}

static gboolean
check_sender (LsSubscriptionService *self, GDBusMethodInvocation *invocation)
{
  if (g_str_equal (g_dbus_method_invocation_get_sender (invocation), self->request->sender))
    return TRUE;

  g_dbus_method_invocation_return_error (invocation, LS_ERROR, LS_ERROR_ACCESS_DENIED,
                                         "this is another app's subscription");
  return FALSE;
}

static gboolean
handle_acknowledge (LsDbusSubscription *object, GDBusMethodInvocation *invocation, guint64 seq)
{
  LsSubscriptionService *self = LS_SUBSCRIPTION_SERVICE (object);

  if (!check_sender (self, invocation))
    return G_DBUS_METHOD_INVOCATION_HANDLED;

  ls_dbus_subscription_complete_acknowledge (object, invocation);
  acknowledge (self, seq);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
handle_close (LsDbusSubscription *object, GDBusMethodInvocation *invocation)
{
  LsSubscriptionService *self = LS_SUBSCRIPTION_SERVICE (object);

  if (!check_sender (self, invocation))
    return G_DBUS_METHOD_INVOCATION_HANDLED;

  ls_dbus_subscription_complete_close (object, invocation);
  ls_subscription_service_close (self);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
ls_subscription_service_iface_init (LsDbusSubscriptionIface *iface)
{
  iface->handle_acknowledge = handle_acknowledge;
  iface->handle_close = handle_close;
}

/**
 * ls_subscription_service_new:
 * @agent: the agent, with an open store
 * @durables: the durable places
 * @request: (transfer full): what the app asked for
 *
 * What it wants is followed upstream until ls_subscription_service_close(), which has to be called.
 *
 * Returns: (transfer full): a subscription that delivers nothing before it is started
 */
LsSubscriptionService *
ls_subscription_service_new (LsAgent *agent, LsDurables *durables, LsSubscriptionRequest *request)
{
  g_auto (GStrv) types = ls_bus_event_types_to_strv (request->types);
  LsSubscriptionService *self = g_object_new (LS_TYPE_SUBSCRIPTION_SERVICE, "version",
                                              LS_BUS_INTERFACE_VERSION, "types", types, NULL);

  self->agent = g_object_ref (agent);
  self->durables = g_object_ref (durables);
  self->request = request;
  self->store_id = g_strdup (ls_agent_get_store_id (agent));
  self->subscriber = ls_subscriber_new (request->types, request->filter,
                                        ls_agent_get_matcher (agent), request->after_seq);
  update_cursor (self);
  self->followed = ls_subscription_request_get_entities (request);
  ls_agent_follow (agent, self->followed);
  g_signal_connect_object (agent, "account-changed", G_CALLBACK (on_agent_account_changed), self,
                           0);
  return self;
}

/**
 * ls_subscription_service_get_entities:
 * @self: a subscription
 *
 * Returns: whose events it is about
 */
LsEntitySet
ls_subscription_service_get_entities (LsSubscriptionService *self)
{
  g_return_val_if_fail (LS_IS_SUBSCRIPTION_SERVICE (self), LS_ENTITY_SET_NONE);

  return self->followed;
}

/**
 * ls_subscription_service_get_sender:
 * @self: a subscription
 *
 * Returns: (transfer none): the unique name of the app
 */
const char *
ls_subscription_service_get_sender (LsSubscriptionService *self)
{
  g_return_val_if_fail (LS_IS_SUBSCRIPTION_SERVICE (self), NULL);

  return self->request->sender;
}

/**
 * ls_subscription_service_start:
 * @self: a subscription that is exported
 * @reader: reads the log
 * @delivery: how events get to the app
 *
 * Begins to deliver. Call it once.
 */
void
ls_subscription_service_start (LsSubscriptionService *self,
                               LsLogReader *reader,
                               LsDelivery *delivery)
{
  g_return_if_fail (LS_IS_SUBSCRIPTION_SERVICE (self));
  g_return_if_fail (self->delivery == NULL && !self->closed);

  self->delivery = g_object_ref (delivery);
  g_signal_connect_object (delivery, "ended", G_CALLBACK (on_delivery_ended), self, 0);
  self->follower = ls_log_follower_new (self->agent, reader, self->subscriber, delivery);
  ls_log_follower_start (self->follower);
}

/**
 * ls_subscription_service_caught_up:
 * @self: a subscription
 * @from: after this event
 * @to: up to this event
 *
 * The app has read the log by itself, see ls_log_follower_skip().
 */
void
ls_subscription_service_caught_up (LsSubscriptionService *self, guint64 from, guint64 to)
{
  g_return_if_fail (LS_IS_SUBSCRIPTION_SERVICE (self));

  if (self->follower != NULL && ls_log_follower_skip (self->follower, from, to))
    acknowledge (self, to);
}

/**
 * ls_subscription_service_break_off:
 * @self: a subscription
 *
 * Ends it, and has its app notice; a second time does nothing.
 */
void
ls_subscription_service_break_off (LsSubscriptionService *self)
{
  g_return_if_fail (LS_IS_SUBSCRIPTION_SERVICE (self));

  if (self->closed)
    return;

  if (self->delivery != NULL)
    ls_delivery_break_off (self->delivery);
  ls_subscription_service_close (self);
}

/**
 * ls_subscription_service_close:
 * @self: a subscription
 *
 * Ends it; a second time does nothing. A durable place is kept from now on for its 7 days.
 */
void
ls_subscription_service_close (LsSubscriptionService *self)
{
  GDBusInterfaceSkeleton *skeleton = G_DBUS_INTERFACE_SKELETON (self);

  g_return_if_fail (LS_IS_SUBSCRIPTION_SERVICE (self));

  if (self->closed)
    return;

  self->closed = TRUE;
  keep_place (self);
  if (self->follower != NULL)
    ls_log_follower_stop (self->follower);
  g_clear_object (&self->follower);
  g_clear_object (&self->delivery);
  if (g_dbus_interface_skeleton_get_connection (skeleton) != NULL)
    g_dbus_interface_skeleton_unexport (skeleton);
  ls_agent_unfollow (self->agent, self->followed);
  g_signal_emit (self, signals[SIGNAL_CLOSED], 0);
}
