/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-ctl.h"
#include "ls-dbus.h"
#include "ls-error.h"

G_BEGIN_DECLS

/**
 * LsCtlConnectionCall:
 *
 * A method of `.Connection` that takes options and returns nothing, as generated from the XML.
 */
typedef gboolean (*LsCtlConnectionCall) (LsDbusConnection *proxy,
                                         GVariant *options,
                                         GCancellable *cancellable,
                                         GError **error);

void
ls_ctl_set_unknown (GError **error, LsError code, const char *message, const char *const *known);
gboolean ls_ctl_check_entity (LsDbusCache *cache, const char *entity, GError **error);
LsDbusConnection *ls_ctl_open_connection (LsCtl *self, GError **error);
LsDbusAccount *ls_ctl_open_account (LsCtl *self, GError **error);
LsDbusApps *ls_ctl_open_apps (LsCtl *self, GError **error);
LsDbusCache *ls_ctl_open_cache (LsCtl *self, GError **error);
LsDbusQueue *ls_ctl_open_queue (LsCtl *self, GError **error);
LsDbusDiagnostics *ls_ctl_open_diagnostics (LsCtl *self, GError **error);
LsDbusEvents *ls_ctl_open_events (LsCtl *self, GError **error);
LsCtlExit ls_ctl_run_connection_call (LsCtl *self,
                                      const LsCtlCommand *command,
                                      LsCtlConnectionCall call,
                                      const char *message,
                                      int argc,
                                      char *argv[]);

G_END_DECLS
