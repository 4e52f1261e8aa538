/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "ls-network.h"

G_BEGIN_DECLS

#define LS_TYPE_NETWORK_GIO (ls_network_gio_get_type ())
G_DECLARE_FINAL_TYPE (LsNetworkGio, ls_network_gio, LS, NETWORK_GIO, GObject)

LsNetwork *ls_network_gio_new (GNetworkMonitor *monitor);

G_END_DECLS
