/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-fake-network.h"

/**
 * LsFakeNetwork:
 *
 * A network that is as the test says.
 */
struct _LsFakeNetwork
{
  GObject parent_instance;

  gboolean available;
  gboolean metered;
};

static void ls_fake_network_network_init (LsNetworkInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LsFakeNetwork,
                               ls_fake_network,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (LS_TYPE_NETWORK,
                                                      ls_fake_network_network_init))

static gboolean
ls_fake_network_is_available (LsNetwork *network)
{
  return LS_FAKE_NETWORK (network)->available;
}

static gboolean
ls_fake_network_is_metered (LsNetwork *network)
{
  return LS_FAKE_NETWORK (network)->metered;
}

static void
ls_fake_network_network_init (LsNetworkInterface *iface)
{
  iface->is_available = ls_fake_network_is_available;
  iface->is_metered = ls_fake_network_is_metered;
}

static void
ls_fake_network_class_init (LsFakeNetworkClass *klass)
{
}

static void
ls_fake_network_init (LsFakeNetwork *self)
{
  self->available = TRUE;
}

/**
 * ls_fake_network_new:
 *
 * Returns: (transfer full): a network that is available and not metered
 */
LsFakeNetwork *
ls_fake_network_new (void)
{
  return g_object_new (LS_TYPE_FAKE_NETWORK, NULL);
}

/**
 * ls_fake_network_set:
 * @self: a fake network
 * @available: whether there is one
 * @metered: whether traffic costs money
 *
 * Emits LsNetwork::changed, also when all is as it was: real ones do.
 */
void
ls_fake_network_set (LsFakeNetwork *self, gboolean available, gboolean metered)
{
  g_return_if_fail (LS_IS_FAKE_NETWORK (self));

  self->available = available;
  self->metered = metered;
  ls_network_emit_changed (LS_NETWORK (self));
}
