/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-events-service.h"

#include <gio/gunixfdlist.h>

#include "ls-bus-events.h"
#include "ls-bus-names.h"
#include "ls-callers.h"
#include "ls-delivery-signal.h"
#include "ls-delivery-stream.h"
#include "ls-invocation.h"
#include "ls-subscription-service.h"

/* How much GetEvents returns at most (org.labsync.Agent1.Events). */
#define MAX_EVENTS 1000
#define MAX_SIZE (1024 * 1024)

/**
 * LsEventsService:
 *
 * org.labsync.Agent1.Events on an #LsAgent; owns the subscriptions.
 */
struct _LsEventsService
{
  LsDbusEventsSkeleton parent_instance;

  LsAgent *agent;            /* (owned) */
  LsAccess *access;          /* (owned) */
  LsCallers *callers;        /* (owned) */
  LsDurables *durables;      /* (owned) */
  LsLogReader *reader;       /* (owned) */
  GHashTable *subscriptions; /* (owned) (element-type LsSubscriptionService): a set */
  guint64 last_number;       /* of a subscription's path */
  gboolean broadcast;        /* see ls_service_set_broadcast() */
};

static void ls_events_service_iface_init (LsDbusEventsIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LsEventsService,
                               ls_events_service,
                               LS_DBUS_TYPE_EVENTS_SKELETON,
                               G_IMPLEMENT_INTERFACE (LS_DBUS_TYPE_EVENTS,
                                                      ls_events_service_iface_init))

typedef struct _OpenCall OpenCall;

/* Exports the subscription and answers the call, or leaves it unanswered. Returns: where events go */
typedef LsDelivery *(*OpenFunc) (OpenCall *call, GError **error);

/* A call of Subscribe or OpenStream that waits for the log. */
struct _OpenCall
{
  LsEventsService *service;            /* (owned) */
  LsSubscriptionService *subscription; /* (owned) */
  GDBusMethodInvocation *invocation;   /* (owned) (nullable): %NULL once it is answered */
  char *path;                          /* (owned): where the subscription will be */
  OpenFunc open;
};

/* A call of GetEvents that waits for the log. */
typedef struct
{
  LsEventsService *service;          /* (owned) */
  GDBusMethodInvocation *invocation; /* (owned) */
  char *store_id;                    /* (owned): of whom it was checked */
  guint64 after_seq;
  gboolean from_start; /* no cursor was given */
} ReadCall;

static void
ls_events_service_dispose (GObject *object)
{
  LsEventsService *self = LS_EVENTS_SERVICE (object);

  if (self->agent != NULL)
    ls_events_service_close (self);
  g_clear_object (&self->reader);
  g_clear_object (&self->durables);
  g_clear_object (&self->callers);
  g_clear_object (&self->access);
  g_clear_object (&self->agent);

  G_OBJECT_CLASS (ls_events_service_parent_class)->dispose (object);
}

static void
ls_events_service_finalize (GObject *object)
{
  LsEventsService *self = LS_EVENTS_SERVICE (object);

  g_hash_table_unref (self->subscriptions);

  G_OBJECT_CLASS (ls_events_service_parent_class)->finalize (object);
}

static void
ls_events_service_class_init (LsEventsServiceClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = ls_events_service_dispose;
  object_class->finalize = ls_events_service_finalize;
  ls_callers_guard_class (G_DBUS_INTERFACE_SKELETON_CLASS (klass));
}

static void
ls_events_service_init (LsEventsService *self)
{
  self->subscriptions = g_hash_table_new_full (NULL, NULL, g_object_unref, NULL);
}

static void
on_subscription_closed (LsSubscriptionService *subscription, LsEventsService *self)
{
  ls_callers_remove_subscription (self->callers, ls_subscription_service_get_sender (subscription));
  g_hash_table_remove (self->subscriptions, subscription);
}

static void
open_call_free (OpenCall *call)
{
  g_object_unref (call->service);
  g_object_unref (call->subscription);
  g_clear_object (&call->invocation);
  g_free (call->path);
  g_free (call);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (OpenCall, open_call_free)

static gboolean
export_subscription (OpenCall *call, GError **error)
{
  GDBusInterfaceSkeleton *skeleton = G_DBUS_INTERFACE_SKELETON (call->subscription);

  ls_callers_guard (call->service->callers, skeleton);
  return g_dbus_interface_skeleton_export (
      skeleton, g_dbus_method_invocation_get_connection (call->invocation), call->path, error);
}

static LsDelivery *
open_signals (OpenCall *call, GError **error)
{
  LsEventsService *self = call->service;
  const char *sender = ls_subscription_service_get_sender (call->subscription);
  LsDeliverySignal *signals;

  if (!export_subscription (call, error))
    return NULL;

  signals = ls_delivery_signal_new (g_dbus_method_invocation_get_connection (call->invocation),
                                    self->broadcast ? NULL : sender, call->path);
  ls_dbus_events_complete_subscribe (LS_DBUS_EVENTS (self), g_steal_pointer (&call->invocation),
                                     call->path);
  return LS_DELIVERY (signals);
}

/* On a connection that can't pass a socket on, the answer would be the end of the connection. */
static gboolean
check_passes_sockets (GDBusConnection *connection, GError **error)
{
  if (g_dbus_connection_get_capabilities (connection) & G_DBUS_CAPABILITY_FLAGS_UNIX_FD_PASSING)
    return TRUE;

  g_set_error (error, LS_ERROR, LS_ERROR_FAILED, "this bus passes no sockets on");
  return FALSE;
}

static LsDelivery *
open_stream (OpenCall *call, GError **error)
{
  GDBusConnection *connection = g_dbus_method_invocation_get_connection (call->invocation);
  g_autoptr (LsDeliveryStream) stream = NULL;
  g_autoptr (GUnixFDList) fds = NULL;
  int app_fd;

  if (!check_passes_sockets (connection, error))
    return NULL;
  stream = ls_delivery_stream_new (&app_fd, error);
  if (stream == NULL)
    return NULL;
  fds = g_unix_fd_list_new_from_array (&app_fd, 1);
  if (!export_subscription (call, error))
    return NULL;

  ls_dbus_events_complete_open_stream (LS_DBUS_EVENTS (call->service),
                                       g_steal_pointer (&call->invocation), fds, call->path,
                                       g_variant_new_handle (0));
  return LS_DELIVERY (g_steal_pointer (&stream));
}

static gboolean
open_subscription (OpenCall *call, const LsEventPage *page, GError **error)
{
  LsEventsService *self = call->service;
  g_autoptr (LsDelivery) delivery = NULL;

  if (!g_hash_table_contains (self->subscriptions, call->subscription))
    {
      g_set_error (error, LS_ERROR, LS_ERROR_CANCELLED, "the subscription has ended meanwhile");
      return FALSE;
    }
  if (!ls_log_check_gapless (page, error))
    return FALSE;
  delivery = call->open (call, error);
  if (delivery == NULL)
    return FALSE;

  ls_subscription_service_start (call->subscription, self->reader, delivery);
  return TRUE;
}

static void
store_probe_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (OpenCall) call = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (LsEventPage) page = ls_store_read_events_finish (LS_STORE (object), result, &error);

  if (page != NULL && open_subscription (call, page, &error))
    return;

  ls_subscription_service_close (call->subscription);
  ls_invocation_return_error (g_steal_pointer (&call->invocation), error);
}

static void
open_when_probed (LsEventsService *self,
                  GDBusMethodInvocation *invocation,
                  const char *const *types,
                  GVariant *options,
                  OpenFunc open)
{
  const char *sender = g_dbus_method_invocation_get_sender (invocation);
  g_autoptr (GError) error = NULL;
  g_autoptr (LsSubscriptionRequest) request = ls_subscription_request_parse (
      self->agent, self->access, self->durables, sender, types, options, &error);
  guint64 after_seq;
  OpenCall *call;

  if (request == NULL || !ls_callers_add_subscription (self->callers, sender, &error))
    {
      ls_invocation_return_error (invocation, error);
      return;
    }

  after_seq = request->after_seq;
  call = g_new0 (OpenCall, 1);
  call->service = g_object_ref (self);
  call->invocation = invocation;
  call->path = g_strdup_printf (LS_BUS_SUBSCRIPTION_PATH "%" G_GUINT64_FORMAT, ++self->last_number);
  call->open = open;
  call->subscription =
      ls_subscription_service_new (self->agent, self->durables, g_steal_pointer (&request));
  g_hash_table_add (self->subscriptions, g_object_ref (call->subscription));
  g_signal_connect_object (call->subscription, "closed", G_CALLBACK (on_subscription_closed), self,
                           0);
  /* tells whether the log still reaches back to there */
  ls_store_read_events_async (ls_agent_get_store (self->agent), after_seq, NULL, 1, 1,
                              store_probe_cb, call);
}

static gboolean
handle_subscribe (LsDbusEvents *object,
                  GDBusMethodInvocation *invocation,
                  const char *const *types,
                  GVariant *options)
{
  open_when_probed (LS_EVENTS_SERVICE (object), invocation, types, options, open_signals);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
handle_open_stream (LsDbusEvents *object,
                    GDBusMethodInvocation *invocation,
                    GUnixFDList *fds,
                    const char *const *types,
                    GVariant *options)
{
  open_when_probed (LS_EVENTS_SERVICE (object), invocation, types, options, open_stream);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
read_call_free (ReadCall *call)
{
  g_object_unref (call->service);
  g_free (call->store_id);
  g_free (call);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ReadCall, read_call_free)

/* A copy, as what is done to subscriptions can end them. */
static GPtrArray *
list_subscriptions (LsEventsService *self)
{
  GPtrArray *subscriptions = g_ptr_array_new_with_free_func (g_object_unref);
  GHashTableIter iter;
  gpointer subscription;

  g_hash_table_iter_init (&iter, self->subscriptions);
  while (g_hash_table_iter_next (&iter, &subscription, NULL))
    g_ptr_array_add (subscriptions, g_object_ref (subscription));
  return subscriptions;
}

static void
move_on (LsEventsService *self, const char *sender, guint64 from, guint64 to)
{
  g_autoptr (GPtrArray) subscriptions = list_subscriptions (self);

  for (guint i = 0; i < subscriptions->len; i++)
    {
      LsSubscriptionService *subscription = g_ptr_array_index (subscriptions, i);

      if (g_str_equal (ls_subscription_service_get_sender (subscription), sender))
        ls_subscription_service_caught_up (subscription, from, to);
    }
}

static void
store_read_events_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ReadCall) call = user_data;
  LsEventsService *self = call->service;
  g_autoptr (GError) error = NULL;
  g_autoptr (LsEventPage) page = ls_store_read_events_finish (LS_STORE (object), result, &error);
  g_autofree char *sender = g_strdup (g_dbus_method_invocation_get_sender (call->invocation));
  g_autofree char *next = NULL;
  guint64 last_seq;

  if (!ls_invocation_check_store (call->invocation, self->agent, call->store_id))
    return;
  if (page == NULL || (!call->from_start && !ls_log_check_gapless (page, &error)))
    {
      ls_invocation_return_error (call->invocation, error);
      return;
    }

  last_seq = MAX (page->last_seq, call->after_seq);
  next = ls_agent_format_cursor (self->agent, last_seq);
  ls_dbus_events_complete_get_events (LS_DBUS_EVENTS (self), call->invocation,
                                      ls_bus_events_new (page->events), next, page->more);
  move_on (self, sender, call->after_seq, last_seq);
}

/* Returns: (transfer full) (nullable): the types that @sender may read; %NULL: all of them */
static gboolean *
get_readable_types (LsEventsService *self, const char *sender)
{
  LsEntitySet readable = ls_access_get_readable (self->access, sender);
  gboolean *types;

  if (readable == LS_ENTITY_SET_ALL)
    return NULL;

  types = g_new0 (gboolean, ls_event_type_get_count ());
  for (LsEventType type = 0; type < (LsEventType)ls_event_type_get_count (); type++)
    types[type] = (readable & (1u << ls_event_type_get_entity (type))) != 0;
  return types;
}

/* Who may read something gets that of the log, and it is noted; the others are told that it is nothing. */
static gboolean
may_read_log (LsEventsService *self, const char *sender, GError **error)
{
  LsEntitySet readable = ls_access_get_readable (self->access, sender);

  if (readable == LS_ENTITY_SET_NONE)
    return ls_access_check_any (self->access, sender, "read", error);

  return ls_access_check_read (self->access, sender, readable & LS_ENTITY_SET_STORED, error);
}

static gboolean
handle_get_events (LsDbusEvents *object,
                   GDBusMethodInvocation *invocation,
                   const char *cursor,
                   guint limit,
                   GVariant *options)
{
  LsEventsService *self = LS_EVENTS_SERVICE (object);
  g_autoptr (GError) error = NULL;
  const char *sender = g_dbus_method_invocation_get_sender (invocation);
  g_autofree gboolean *types = NULL;
  gboolean from_start = *cursor == '\0';
  guint64 after_seq = 0;
  ReadCall *call;

  if (!ls_invocation_check_options (invocation, options, NULL, 0))
    return G_DBUS_METHOD_INVOCATION_HANDLED;

  if (!ls_agent_check_store (self->agent, &error) || !may_read_log (self, sender, &error) ||
      (!from_start && !ls_agent_parse_cursor (self->agent, cursor, &after_seq, &error)))
    {
      ls_invocation_return_error (invocation, error);
      return G_DBUS_METHOD_INVOCATION_HANDLED;
    }

  call = g_new (ReadCall, 1);
  *call = (ReadCall) { g_object_ref (self), invocation,
                       g_strdup (ls_agent_get_store_id (self->agent)), after_seq, from_start };
  types = get_readable_types (self, sender);
  ls_store_read_events_async (ls_agent_get_store (self->agent), after_seq, types,
                              limit == 0 ? MAX_EVENTS : MIN (limit, MAX_EVENTS), MAX_SIZE,
                              store_read_events_cb, call);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
ls_events_service_iface_init (LsDbusEventsIface *iface)
{
  iface->handle_subscribe = handle_subscribe;
  iface->handle_open_stream = handle_open_stream;
  iface->handle_get_events = handle_get_events;
}

/* Ends those of @sender, or all if it is %NULL. */
static void
close_subscriptions (LsEventsService *self, const char *sender)
{
  g_autoptr (GPtrArray) subscriptions = list_subscriptions (self);

  for (guint i = 0; i < subscriptions->len; i++)
    {
      LsSubscriptionService *subscription = g_ptr_array_index (subscriptions, i);

      if (sender == NULL || g_str_equal (ls_subscription_service_get_sender (subscription), sender))
        ls_subscription_service_close (subscription);
    }
}

static void
on_callers_vanished (LsCallers *callers, const char *sender, LsEventsService *self)
{
  close_subscriptions (self, sender);
}

/* Who may no longer read what it subscribed to loses it. */
static void
on_access_changed (LsAccess *access, LsEventsService *self)
{
  g_autoptr (GPtrArray) subscriptions = list_subscriptions (self);

  for (guint i = 0; i < subscriptions->len; i++)
    {
      LsSubscriptionService *subscription = g_ptr_array_index (subscriptions, i);
      const char *sender = ls_subscription_service_get_sender (subscription);
      LsEntitySet readable = ls_access_get_readable (access, sender);

      if ((ls_subscription_service_get_entities (subscription) & ~readable) != 0)
        ls_subscription_service_break_off (subscription);
    }
}

/**
 * ls_events_service_new:
 * @agent: the agent
 * @access: who may do what
 * @callers: the callers
 * @durables: the durable places
 *
 * Returns: (transfer full): an interface to export
 */
LsEventsService *
ls_events_service_new (LsAgent *agent, LsAccess *access, LsCallers *callers, LsDurables *durables)
{
  g_auto (GStrv) types = ls_bus_event_types_to_strv (NULL);
  LsEventsService *self = g_object_new (LS_TYPE_EVENTS_SERVICE, "version", LS_BUS_INTERFACE_VERSION,
                                        "event-types", types, NULL);

  self->agent = g_object_ref (agent);
  self->access = g_object_ref (access);
  self->callers = g_object_ref (callers);
  self->durables = g_object_ref (durables);
  self->reader = ls_log_reader_new (agent);
  g_signal_connect_object (access, "changed", G_CALLBACK (on_access_changed), self, 0);
  g_signal_connect_object (callers, "vanished", G_CALLBACK (on_callers_vanished), self, 0);
  return self;
}

/**
 * ls_events_service_set_broadcast:
 * @self: the service
 * @broadcast: see ls_service_set_broadcast()
 *
 * For the subscriptions from now on.
 */
void
ls_events_service_set_broadcast (LsEventsService *self, gboolean broadcast)
{
  g_return_if_fail (LS_IS_EVENTS_SERVICE (self));

  self->broadcast = broadcast;
}

/**
 * ls_events_service_close:
 * @self: the interface
 *
 * Ends all subscriptions.
 */
void
ls_events_service_close (LsEventsService *self)
{
  g_return_if_fail (LS_IS_EVENTS_SERVICE (self));

  close_subscriptions (self, NULL);
}
