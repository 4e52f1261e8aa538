/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

#include "ls-log-page.h"

G_BEGIN_DECLS

#define LS_TYPE_DELIVERY (ls_delivery_get_type ())
G_DECLARE_INTERFACE (LsDelivery, ls_delivery, LS, DELIVERY, GObject)

/**
 * LsDeliveryInterface:
 * @has_room: see ls_delivery_has_room()
 * @put: see ls_delivery_put()
 * @break_off: see ls_delivery_break_off()
 * @hold: (nullable): see ls_delivery_hold()
 * @acknowledge: (nullable): see ls_delivery_acknowledge(); %NULL: what the app acknowledges does not
 *   pace it
 *
 * How the events of a subscription get to its app. Nothing of it blocks.
 */
struct _LsDeliveryInterface
{
  GTypeInterface parent_iface;

  gboolean (*has_room) (LsDelivery *self);
  guint (*put) (LsDelivery *self, LsLogPage *page);
  void (*break_off) (LsDelivery *self);
  void (*hold) (LsDelivery *self);
  void (*acknowledge) (LsDelivery *self, guint64 seq);
};

gboolean ls_delivery_has_room (LsDelivery *self);
guint ls_delivery_put (LsDelivery *self, LsLogPage *page);
void ls_delivery_break_off (LsDelivery *self);
void ls_delivery_hold (LsDelivery *self);
gboolean ls_delivery_is_paced (LsDelivery *self);
void ls_delivery_acknowledge (LsDelivery *self, guint64 seq);

void ls_delivery_emit_ready (LsDelivery *self);
void ls_delivery_emit_ended (LsDelivery *self);

G_END_DECLS
