/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define LS_TYPE_SANDBOX (ls_sandbox_get_type ())
G_DECLARE_FINAL_TYPE (LsSandbox, ls_sandbox, LS, SANDBOX, GObject)

LsSandbox *ls_sandbox_new (GDBusConnection *connection, const char *const *successor);
gboolean ls_sandbox_is_inside (void);

G_END_DECLS
