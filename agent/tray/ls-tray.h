/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define LS_TYPE_TRAY (ls_tray_get_type ())
G_DECLARE_FINAL_TYPE (LsTray, ls_tray, LS, TRAY, GObject)

LsTray *ls_tray_new (GDBusConnection *connection, GError **error);
void ls_tray_show (LsTray *self);

G_END_DECLS
