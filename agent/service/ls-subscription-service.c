/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-subscription-service.h"

#include "ls-bus-events.h"
#include "ls-bus-names.h"
#include "ls-callers.h"
#include "ls-invocation.h"
#include "ls-subscriber.h"

/**
 * LsSubscriptionService:
 *
 * org.labsync.Agent1.Subscription: delivers to one app what its #LsSubscriber takes. While that is
 * level with the log, committed events go straight to it; else the log is read page by page, from
 * memory while it is not far behind.
 */
struct _LsSubscriptionService
{
  LsDbusSubscriptionSkeleton parent_instance;

  LsAgent *agent;                 /* (owned) */
  LsDurables *durables;           /* (owned) */
  LsLogReader *reader;            /* (owned) */
  LsSubscriptionRequest *request; /* (owned) */
  LsSubscriber *subscriber;       /* (owned) */
  char *store_id;                 /* (owned): the store that the places belong to */
  LsEntitySet followed;
  gboolean level; /* with the log */
  gboolean reading;
  gboolean stuck; /* the log could not be read, and the app knows */
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

/**
 * ls_subscription_request_free:
 * @request: (transfer full): a request
 *
 * Frees it.
 */
void
ls_subscription_request_free (LsSubscriptionRequest *request)
{
  g_free (request->sender);
  g_free (request->types);
  g_clear_pointer (&request->filter, g_hash_table_unref);
  g_free (request->durable);
  g_free (request);
}

static void
ls_subscription_service_finalize (GObject *object)
{
  LsSubscriptionService *self = LS_SUBSCRIPTION_SERVICE (object);

  g_clear_object (&self->subscriber);
  g_clear_pointer (&self->request, ls_subscription_request_free);
  g_clear_object (&self->reader);
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
send (LsSubscriptionService *self, GVariant *events)
{
  GDBusInterfaceSkeleton *skeleton = G_DBUS_INTERFACE_SKELETON (self);
  GDBusConnection *connection = g_dbus_interface_skeleton_get_connection (skeleton);
  g_autoptr (GError) error = NULL;

  if (!g_dbus_connection_emit_signal (
          connection, self->request->broadcast ? NULL : self->request->sender,
          g_dbus_interface_skeleton_get_object_path (skeleton), LS_BUS_INTERFACE_SUBSCRIPTION,
          "Events", g_variant_new ("(@a" LS_BUS_EVENT_TYPE ")", events), &error))
    g_debug ("a batch was not sent: %s", error->message);
}

static void
send_hint (LsSubscriptionService *self)
{
  g_autoptr (GPtrArray) nothing = ls_event_array_new ();

  send (self, ls_bus_events_new (nothing));
}

static void
set_level (LsSubscriptionService *self, gboolean level)
{
  if (self->level == level)
    return;

  self->level = level;
  if (level)
    ls_log_reader_remove_behind (self->reader);
  else
    ls_log_reader_add_behind (self->reader);
}

static void
update_level (LsSubscriptionService *self)
{
  set_level (self,
             ls_subscriber_get_position (self->subscriber) >= ls_agent_get_last_seq (self->agent));
}

/* A page that begins at the subscriber's position or before it. */
static void
deliver (LsSubscriptionService *self, LsLogPage *page)
{
  g_autoptr (GPtrArray) batch = ls_subscriber_offer (self->subscriber, page->events, page->up_to);

  /* mostly everybody gets all of it, and then the same */
  if (batch->len > 0)
    send (self, batch->len == page->events->len ? ls_log_page_get_batch (page)
                                                : ls_bus_events_new (batch));
}

static void
read_failed (LsSubscriptionService *self, const GError *error)
{
  if (self->stuck)
    return;

  /* The app finds out why with GetEvents. */
  g_warning ("a subscription can't read on: %s", error->message);
  self->stuck = TRUE;
  send_hint (self);
}

static void read_on (LsSubscriptionService *self);

static void
reader_read_cb (LsLogPage *page, const GError *error, gpointer user_data)
{
  g_autoptr (LsSubscriptionService) self = user_data;

  self->reading = FALSE;
  if (self->closed)
    return;

  if (page == NULL)
    {
      read_failed (self, error);
      return;
    }

  self->stuck = FALSE;
  deliver (self, page);
  read_on (self);
}

/* Delivers what there is, until the subscriber is level or its window is full. */
static void
read_on (LsSubscriptionService *self)
{
  const gboolean *types = ls_subscriber_get_types (self->subscriber);

  update_level (self);
  while (!self->level && !self->reading && ls_subscriber_has_room (self->subscriber))
    {
      guint64 position = ls_subscriber_get_position (self->subscriber);
      g_autoptr (LsLogPage) page = ls_log_reader_find (self->reader, position, types);

      if (page == NULL)
        {
          self->reading = TRUE;
          ls_log_reader_read (self->reader, position, types, reader_read_cb, g_object_ref (self));
          return;
        }
      deliver (self, page);
      update_level (self);
    }
  if (!self->level && !self->reading && ls_subscriber_take_hint (self->subscriber))
    send_hint (self);
}

static void
on_agent_events_committed (LsAgent *agent, GPtrArray *events, LsSubscriptionService *self)
{
  GPtrArray *pages = ls_log_reader_get_committed (self->reader);

  if (self->closed)
    return;

  for (guint i = 0; self->level && i < pages->len; i++)
    {
      LsLogPage *page = g_ptr_array_index (pages, i);

      deliver (self, page);
      set_level (self, ls_subscriber_get_position (self->subscriber) >= page->up_to);
    }
  read_on (self);
}

static void
on_agent_account_changed (LsAgent *agent, LsSubscriptionService *self)
{
  if (self->closed || g_strcmp0 (ls_agent_get_store_id (agent), self->store_id) == 0)
    return;

  /* another user, or none: what comes now is not what was subscribed to */
  send_hint (self);
  ls_subscription_service_close (self);
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
      !ls_durables_set (self->durables, self->store_id, self->request->durable,
                        ls_subscriber_get_acknowledged (self->subscriber), &error))
    g_warning ("a durable place is not kept: %s", error->message);
}

static void
acknowledge (LsSubscriptionService *self, guint64 seq)
{
  ls_subscriber_acknowledge (self->subscriber, seq);
  update_cursor (self);
  keep_place (self);
  if (!self->level)
    read_on (self);
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

static LsEntitySet
entities_of (const gboolean *types)
{
  LsEntitySet entities = LS_ENTITY_SET_NONE;

  for (LsEventType type = 0; type < (LsEventType)ls_event_type_get_count (); type++)
    if (types[type])
      entities |= 1u << ls_event_type_get_entity (type);

  return entities;
}

/**
 * ls_subscription_service_new:
 * @agent: the agent, with an open store
 * @durables: the durable places
 * @reader: reads the log
 * @request: (transfer full): what the app asked for
 *
 * What it wants is followed upstream until ls_subscription_service_close(), which has to be called.
 *
 * Returns: (transfer full): a subscription that delivers nothing before it is started
 */
LsSubscriptionService *
ls_subscription_service_new (LsAgent *agent,
                             LsDurables *durables,
                             LsLogReader *reader,
                             LsSubscriptionRequest *request)
{
  g_auto (GStrv) types = ls_bus_event_types_to_strv (request->types);
  LsSubscriptionService *self = g_object_new (LS_TYPE_SUBSCRIPTION_SERVICE, "version",
                                              LS_BUS_INTERFACE_VERSION, "types", types, NULL);

  self->agent = g_object_ref (agent);
  self->durables = g_object_ref (durables);
  self->reader = g_object_ref (reader);
  self->request = request;
  self->store_id = g_strdup (ls_agent_get_store_id (agent));
  self->level = TRUE; /* nothing is read before the start */
  self->subscriber = ls_subscriber_new (request->types, request->filter,
                                        ls_agent_get_matcher (agent), request->after_seq);
  update_cursor (self);
  self->followed = entities_of (request->types);
  ls_agent_follow (agent, self->followed);
  g_signal_connect_object (agent, "account-changed", G_CALLBACK (on_agent_account_changed), self,
                           0);
  return self;
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
 *
 * Begins to deliver.
 */
void
ls_subscription_service_start (LsSubscriptionService *self)
{
  g_return_if_fail (LS_IS_SUBSCRIPTION_SERVICE (self));

  g_signal_connect_object (self->agent, "events-committed", G_CALLBACK (on_agent_events_committed),
                           self, 0);
  read_on (self);
}

/**
 * ls_subscription_service_caught_up:
 * @self: a subscription
 * @from: after this event
 * @to: up to this event
 *
 * The app has read the log by itself. A paused subscription goes on after @to; one for which
 * something lies between its position and @from stays where it is.
 */
void
ls_subscription_service_caught_up (LsSubscriptionService *self, guint64 from, guint64 to)
{
  guint64 position;

  g_return_if_fail (LS_IS_SUBSCRIPTION_SERVICE (self));

  position = ls_subscriber_get_position (self->subscriber);
  if (self->reading || from > position ||
      (ls_subscriber_has_room (self->subscriber) && !self->stuck))
    return;

  if (to > position)
    {
      g_object_unref (self->subscriber);
      self->subscriber = ls_subscriber_new (self->request->types, self->request->filter,
                                            ls_agent_get_matcher (self->agent), to);
      update_level (self);
    }
  acknowledge (self, to);
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
  g_return_if_fail (LS_IS_SUBSCRIPTION_SERVICE (self));

  if (self->closed)
    return;

  self->closed = TRUE;
  set_level (self, TRUE);
  keep_place (self);
  g_dbus_interface_skeleton_unexport (G_DBUS_INTERFACE_SKELETON (self));
  ls_agent_unfollow (self->agent, self->followed);
  g_signal_emit (self, signals[SIGNAL_CLOSED], 0);
}
