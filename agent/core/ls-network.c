/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-network.h"

G_DEFINE_INTERFACE (LsNetwork, ls_network, G_TYPE_OBJECT)

enum
{
  SIGNAL_CHANGED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static void
ls_network_default_init (LsNetworkInterface *iface)
{
  /**
   * LsNetwork::changed:
   * @self: the network
   *
   * Something about the network may have changed; it may also be as it was.
   */
  signals[SIGNAL_CHANGED] = g_signal_new ("changed", LS_TYPE_NETWORK, G_SIGNAL_RUN_LAST, 0, NULL,
                                          NULL, NULL, G_TYPE_NONE, 0);
}

/**
 * ls_network_is_available:
 * @self: the network
 *
 * Returns: whether there seems to be one
 */
gboolean
ls_network_is_available (LsNetwork *self)
{
  g_return_val_if_fail (LS_IS_NETWORK (self), FALSE);

  return LS_NETWORK_GET_IFACE (self)->is_available (self);
}

/**
 * ls_network_is_metered:
 * @self: the network
 *
 * Returns: whether traffic costs money
 */
gboolean
ls_network_is_metered (LsNetwork *self)
{
  g_return_val_if_fail (LS_IS_NETWORK (self), FALSE);

  return LS_NETWORK_GET_IFACE (self)->is_metered (self);
}

/**
 * ls_network_emit_changed:
 * @self: the network
 *
 * For implementations: emits LsNetwork::changed.
 */
void
ls_network_emit_changed (LsNetwork *self)
{
  g_return_if_fail (LS_IS_NETWORK (self));

  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}
