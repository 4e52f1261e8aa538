/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-delivery-signal.h"

#include "ls-bus-events.h"
#include "ls-bus-names.h"
#include "ls-window.h"

/**
 * LsDeliverySignal:
 *
 * Events by the signal org.labsync.Agent1.Subscription::Events, paced by a window: the bus would
 * keep everything for an app that does not read.
 */
struct _LsDeliverySignal
{
  GObject parent_instance;

  GDBusConnection *connection; /* (owned) */
  char *destination;           /* (owned) (nullable) */
  char *path;                  /* (owned) */
  LsWindow window;
};

static void delivery_iface_init (LsDeliveryInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LsDeliverySignal,
                               ls_delivery_signal,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (LS_TYPE_DELIVERY, delivery_iface_init))

static void
ls_delivery_signal_finalize (GObject *object)
{
  LsDeliverySignal *self = LS_DELIVERY_SIGNAL (object);

  ls_window_clear (&self->window);
  g_clear_object (&self->connection);
  g_free (self->destination);
  g_free (self->path);

  G_OBJECT_CLASS (ls_delivery_signal_parent_class)->finalize (object);
}

static void
ls_delivery_signal_class_init (LsDeliverySignalClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ls_delivery_signal_finalize;
}

static void
ls_delivery_signal_init (LsDeliverySignal *self)
{
}

static void
send_batch (LsDeliverySignal *self, GVariant *events)
{
  g_autoptr (GError) error = NULL;

  if (!g_dbus_connection_emit_signal (self->connection, self->destination, self->path,
                                      LS_BUS_INTERFACE_SUBSCRIPTION, "Events",
                                      g_variant_new ("(@a" LS_BUS_EVENT_TYPE ")", events), &error))
    g_debug ("a batch was not sent: %s", error->message);
}

static void
send_hint (LsDeliverySignal *self)
{
  g_autoptr (GPtrArray) nothing = ls_event_array_new ();

  send_batch (self, ls_bus_events_new (nothing));
}

static gboolean
has_room (LsDelivery *delivery)
{
  LsDeliverySignal *self = LS_DELIVERY_SIGNAL (delivery);

  return ls_window_has_room (&self->window);
}

static GPtrArray *
take_first (GPtrArray *events, guint n)
{
  GPtrArray *first = ls_event_array_new ();

  for (guint i = 0; i < n; i++)
    g_ptr_array_add (first, ls_event_ref (g_ptr_array_index (events, i)));
  return first;
}

static guint
put (LsDelivery *delivery, LsLogPage *page)
{
  LsDeliverySignal *self = LS_DELIVERY_SIGNAL (delivery);
  guint n = ls_window_admit (&self->window, page->events);

  if (n == page->events->len)
    {
      send_batch (self, ls_log_page_get_batch (page));
    }
  else if (n > 0)
    {
      g_autoptr (GPtrArray) first = take_first (page->events, n);

      send_batch (self, ls_bus_events_new (first));
    }
  return n;
}

static void
break_off (LsDelivery *delivery)
{
  send_hint (LS_DELIVERY_SIGNAL (delivery));
}

static void
hold (LsDelivery *delivery)
{
  LsDeliverySignal *self = LS_DELIVERY_SIGNAL (delivery);

  if (ls_window_take_hint (&self->window))
    send_hint (self);
}

static void
acknowledge (LsDelivery *delivery, guint64 seq)
{
  LsDeliverySignal *self = LS_DELIVERY_SIGNAL (delivery);

  ls_window_acknowledge (&self->window, seq);
  ls_delivery_emit_ready (delivery);
}

static void
delivery_iface_init (LsDeliveryInterface *iface)
{
  iface->has_room = has_room;
  iface->put = put;
  iface->break_off = break_off;
  iface->hold = hold;
  iface->acknowledge = acknowledge;
}

/**
 * ls_delivery_signal_new:
 * @connection: where the subscription is exported
 * @destination: (nullable): the unique name of the app; %NULL: as ls_service_set_broadcast() says
 * @path: of the subscription
 *
 * Returns: (transfer full): a delivery by signals
 */
LsDeliverySignal *
ls_delivery_signal_new (GDBusConnection *connection, const char *destination, const char *path)
{
  LsDeliverySignal *self = g_object_new (LS_TYPE_DELIVERY_SIGNAL, NULL);

  self->connection = g_object_ref (connection);
  self->destination = g_strdup (destination);
  self->path = g_strdup (path);
  return self;
}
