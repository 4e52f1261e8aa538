/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define LS_TYPE_SANDBOX (ls_sandbox_get_type ())
G_DECLARE_FINAL_TYPE (LsSandbox, ls_sandbox, LS, SANDBOX, GObject)

LsSandbox *ls_sandbox_new (const char *marker);
gboolean ls_sandbox_is_inside (void);
void ls_sandbox_start_latest_async (GDBusConnection *connection,
                                    const char *const *argv,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);
gboolean
ls_sandbox_start_latest_finish (GDBusConnection *connection, GAsyncResult *result, GError **error);

G_END_DECLS
