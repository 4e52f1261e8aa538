/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

#define LS_TYPE_NETWORK (ls_network_get_type ())
G_DECLARE_INTERFACE (LsNetwork, ls_network, LS, NETWORK, GObject)

/**
 * LsNetworkInterface:
 * @is_available: whether there seems to be a network
 * @is_metered: whether traffic costs money
 *
 * What the machine knows of its network: a hint when to try, never a gate. A school LAN without a
 * default route counts as "not available" although the server on it answers. Implementations emit
 * LsNetwork::changed.
 */
struct _LsNetworkInterface
{
  GTypeInterface parent_iface;

  gboolean (*is_available) (LsNetwork *self);
  gboolean (*is_metered) (LsNetwork *self);
};

gboolean ls_network_is_available (LsNetwork *self);
gboolean ls_network_is_metered (LsNetwork *self);
void ls_network_emit_changed (LsNetwork *self);

G_END_DECLS
