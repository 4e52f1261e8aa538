/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>
#include <libsoup/soup.h>

G_BEGIN_DECLS

char *ls_http_request_get_token (SoupServerMessage *message);
JsonObject *ls_http_request_get_body (SoupServerMessage *message, GError **error);
gboolean ls_http_request_get_if_match (SoupServerMessage *message, gint64 *version, GError **error);
gboolean
ls_http_request_get_action_id (SoupServerMessage *message, const char **action_id, GError **error);
gboolean ls_http_request_get_before (GHashTable *query, gint64 *before, GError **error);
gboolean ls_http_request_get_limit (GHashTable *query, guint maximum, guint *limit, GError **error);

G_END_DECLS
