/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

G_BEGIN_DECLS

void ls_soup_call_async (SoupSession *session,
                         SoupMessage *message,
                         const char *token,
                         gint64 connect_timeout_ms,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data);
GBytes *ls_soup_call_finish (GAsyncResult *result,
                             guint *status,
                             SoupMessageHeaders **headers,
                             GError **error);
GError *ls_soup_call_get_failure (GAsyncResult *result);

G_END_DECLS
