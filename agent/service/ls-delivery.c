/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-delivery.h"

enum
{
  SIGNAL_READY,
  SIGNAL_ENDED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_INTERFACE (LsDelivery, ls_delivery, G_TYPE_OBJECT)

static void
ls_delivery_default_init (LsDeliveryInterface *iface)
{
  /**
   * LsDelivery::ready:
   * @self: a delivery
   *
   * It may have room again.
   */
  signals[SIGNAL_READY] = g_signal_new ("ready", LS_TYPE_DELIVERY, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                        NULL, G_TYPE_NONE, 0);
  /**
   * LsDelivery::ended:
   * @self: a delivery
   *
   * The app no longer receives, or ls_delivery_break_off() was the end of it.
   */
  signals[SIGNAL_ENDED] = g_signal_new ("ended", LS_TYPE_DELIVERY, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                        NULL, G_TYPE_NONE, 0);
}

/**
 * ls_delivery_has_room:
 * @self: a delivery
 *
 * Returns: whether it takes events at the moment
 */
gboolean
ls_delivery_has_room (LsDelivery *self)
{
  g_return_val_if_fail (LS_IS_DELIVERY (self), FALSE);

  return LS_DELIVERY_GET_IFACE (self)->has_room (self);
}

/**
 * ls_delivery_put:
 * @self: a delivery that has room
 * @page: a page with at least one event
 *
 * Sends the events of @page. What it does not take it does not keep, and has no room then.
 *
 * Returns: how many of them, from the first on, are on their way
 */
guint
ls_delivery_put (LsDelivery *self, LsLogPage *page)
{
  g_return_val_if_fail (ls_delivery_has_room (self), 0);
  g_return_val_if_fail (page->events->len > 0, 0);

  return LS_DELIVERY_GET_IFACE (self)->put (self, page);
}

/**
 * ls_delivery_break_off:
 * @self: a delivery
 *
 * What should come next does not: lets the app know that it has to ask why.
 */
void
ls_delivery_break_off (LsDelivery *self)
{
  g_return_if_fail (LS_IS_DELIVERY (self));

  LS_DELIVERY_GET_IFACE (self)->break_off (self);
}

/**
 * ls_delivery_hold:
 * @self: a delivery
 *
 * There is more than it has room for.
 */
void
ls_delivery_hold (LsDelivery *self)
{
  LsDeliveryInterface *iface;

  g_return_if_fail (LS_IS_DELIVERY (self));

  iface = LS_DELIVERY_GET_IFACE (self);
  if (iface->hold != NULL)
    iface->hold (self);
}

/**
 * ls_delivery_is_paced:
 * @self: a delivery
 *
 * Returns: whether it is acknowledging that makes room
 */
gboolean
ls_delivery_is_paced (LsDelivery *self)
{
  g_return_val_if_fail (LS_IS_DELIVERY (self), FALSE);

  return LS_DELIVERY_GET_IFACE (self)->acknowledge != NULL;
}

/**
 * ls_delivery_acknowledge:
 * @self: a delivery
 * @seq: the app has dealt with everything up to this event
 *
 * Makes room, if ls_delivery_is_paced().
 */
void
ls_delivery_acknowledge (LsDelivery *self, guint64 seq)
{
  g_return_if_fail (LS_IS_DELIVERY (self));

  if (ls_delivery_is_paced (self))
    LS_DELIVERY_GET_IFACE (self)->acknowledge (self, seq);
}

/**
 * ls_delivery_emit_ready:
 * @self: a delivery
 *
 * For implementations: emits LsDelivery::ready.
 */
void
ls_delivery_emit_ready (LsDelivery *self)
{
  g_return_if_fail (LS_IS_DELIVERY (self));

  g_signal_emit (self, signals[SIGNAL_READY], 0);
}

/**
 * ls_delivery_emit_ended:
 * @self: a delivery
 *
 * For implementations: emits LsDelivery::ended.
 */
void
ls_delivery_emit_ended (LsDelivery *self)
{
  g_return_if_fail (LS_IS_DELIVERY (self));

  g_signal_emit (self, signals[SIGNAL_ENDED], 0);
}
