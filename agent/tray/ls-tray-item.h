/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "ls-tray-view.h"

G_BEGIN_DECLS

#define LS_TYPE_TRAY_ITEM (ls_tray_item_get_type ())
G_DECLARE_FINAL_TYPE (LsTrayItem, ls_tray_item, LS, TRAY_ITEM, GObject)

LsTrayItem *ls_tray_item_new (const char *icon_theme_path);
gboolean ls_tray_item_export (LsTrayItem *self, GDBusConnection *connection, GError **error);
void ls_tray_item_set_view (LsTrayItem *self, const LsTrayView *view);

G_END_DECLS
