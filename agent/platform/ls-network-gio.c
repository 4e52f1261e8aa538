/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-network-gio.h"

/**
 * LsNetworkGio:
 *
 * The network as GIO sees it: through the portal, NetworkManager, or the kernel's routes. What it
 * says first may be wrong for a moment (the portal's answer comes later).
 */
struct _LsNetworkGio
{
  GObject parent_instance;

  GNetworkMonitor *monitor; /* (owned) */
};

static void ls_network_gio_network_init (LsNetworkInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LsNetworkGio,
                               ls_network_gio,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (LS_TYPE_NETWORK, ls_network_gio_network_init))

static gboolean
ls_network_gio_is_available (LsNetwork *network)
{
  return g_network_monitor_get_network_available (LS_NETWORK_GIO (network)->monitor);
}

static gboolean
ls_network_gio_is_metered (LsNetwork *network)
{
  return g_network_monitor_get_network_metered (LS_NETWORK_GIO (network)->monitor);
}

static void
ls_network_gio_network_init (LsNetworkInterface *iface)
{
  iface->is_available = ls_network_gio_is_available;
  iface->is_metered = ls_network_gio_is_metered;
}

static void
ls_network_gio_finalize (GObject *object)
{
  LsNetworkGio *self = LS_NETWORK_GIO (object);

  g_clear_object (&self->monitor);

  G_OBJECT_CLASS (ls_network_gio_parent_class)->finalize (object);
}

static void
ls_network_gio_class_init (LsNetworkGioClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ls_network_gio_finalize;
}

static void
ls_network_gio_init (LsNetworkGio *self)
{
}

/**
 * ls_network_gio_new:
 * @monitor: usually g_network_monitor_get_default()
 *
 * Returns: (transfer full): the network as @monitor sees it
 */
LsNetwork *
ls_network_gio_new (GNetworkMonitor *monitor)
{
  LsNetworkGio *self = NULL;

  g_return_val_if_fail (G_IS_NETWORK_MONITOR (monitor), NULL);

  self = g_object_new (LS_TYPE_NETWORK_GIO, NULL);
  self->monitor = g_object_ref (monitor);
  g_signal_connect_object (monitor, "network-changed", G_CALLBACK (ls_network_emit_changed), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (monitor, "notify::network-metered", G_CALLBACK (ls_network_emit_changed),
                           self, G_CONNECT_SWAPPED);

  return LS_NETWORK (self);
}
