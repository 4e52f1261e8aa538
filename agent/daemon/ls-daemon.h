/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "ls-sd-notify.h"

G_BEGIN_DECLS

#define LS_TYPE_DAEMON (ls_daemon_get_type ())
G_DECLARE_FINAL_TYPE (LsDaemon, ls_daemon, LS, DAEMON, GObject)

LsDaemon *ls_daemon_new (GDBusConnection *connection,
                         const char *config_file,
                         const char *state_dir,
                         LsSdNotify *notify,
                         GError **error);
gboolean ls_daemon_export (LsDaemon *self, GError **error);
void ls_daemon_start (LsDaemon *self);
void ls_daemon_reload (LsDaemon *self);
void ls_daemon_announce (LsDaemon *self);
void ls_daemon_stop (LsDaemon *self);

G_END_DECLS
