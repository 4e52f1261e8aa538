/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define LS_TYPE_TRAY_WATCHER (ls_tray_watcher_get_type ())
G_DECLARE_FINAL_TYPE (LsTrayWatcher, ls_tray_watcher, LS, TRAY_WATCHER, GObject)

LsTrayWatcher *ls_tray_watcher_new (GDBusConnection *connection);

G_END_DECLS
