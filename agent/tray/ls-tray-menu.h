/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "ls-tray-view.h"

G_BEGIN_DECLS

/** LS_TRAY_MENU_PATH: where the menu is on the bus */
#define LS_TRAY_MENU_PATH "/MenuBar"

#define LS_TYPE_TRAY_MENU (ls_tray_menu_get_type ())
G_DECLARE_FINAL_TYPE (LsTrayMenu, ls_tray_menu, LS, TRAY_MENU, GObject)

LsTrayMenu *ls_tray_menu_new (void);
gboolean ls_tray_menu_export (LsTrayMenu *self, GDBusConnection *connection, GError **error);
void ls_tray_menu_set_view (LsTrayMenu *self, const LsTrayView *view);
void ls_tray_menu_refreshed (LsTrayMenu *self);

G_END_DECLS
