/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * LsServerUrl:
 *
 * Where the server is: a checked URL for calls and one for the socket. Immutable.
 */
typedef struct _LsServerUrl LsServerUrl;

LsServerUrl *
ls_server_url_new (const char *url, const char *ws_url, gboolean allow_insecure, GError **error);
void ls_server_url_free (LsServerUrl *self);
GUri *ls_server_url_get_call (const LsServerUrl *self, const char *path, const char *query);
GUri *ls_server_url_get_socket (const LsServerUrl *self, const char *token);
gboolean ls_server_url_is_loopback (GUri *uri);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsServerUrl, ls_server_url_free)

G_END_DECLS
