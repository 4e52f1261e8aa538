/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

void ls_soup_handshake_async (SoupSession *session,
                              GUri *uri,
                              const char *token,
                              gint64 timeout_ms,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
SoupWebsocketConnection *
ls_soup_handshake_finish (GAsyncResult *result, gboolean *is_ours, GError **error);

G_END_DECLS
