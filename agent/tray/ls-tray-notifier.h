/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

void ls_tray_notify (GDBusConnection *connection,
                     gboolean sandboxed,
                     const char *title,
                     const char *body);

G_END_DECLS
