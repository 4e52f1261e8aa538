/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

gboolean ls_keyring_file_is_used (void);
char *ls_keyring_file_get_path (void);
void ls_keyring_file_mend_async (const char *path,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
gboolean ls_keyring_file_mend_finish (GAsyncResult *result, GError **error);

G_END_DECLS
