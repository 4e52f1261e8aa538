/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "ls-app-finder.h"

G_BEGIN_DECLS

/** LS_APP_FINDER_BUS_MAX_CONNECTIONS: by how many connections an app in a sandbox may call at a time */
#define LS_APP_FINDER_BUS_MAX_CONNECTIONS 64

#define LS_TYPE_APP_FINDER_BUS (ls_app_finder_bus_get_type ())
G_DECLARE_FINAL_TYPE (LsAppFinderBus, ls_app_finder_bus, LS, APP_FINDER_BUS, GObject)

LsAppFinder *ls_app_finder_bus_new (GDBusConnection *connection, gboolean is_inside);

G_END_DECLS
