/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "ls-server-config.h"

G_BEGIN_DECLS

#define LS_TYPE_SERVER (ls_server_get_type ())
G_DECLARE_FINAL_TYPE (LsServer, ls_server, LS, SERVER, GObject)

LsServer *ls_server_new (const LsServerConfig *config, GError **error);
const char *ls_server_get_url (LsServer *self);
gboolean ls_server_reload (LsServer *self, GError **error);
void ls_server_stop (LsServer *self);

G_END_DECLS
