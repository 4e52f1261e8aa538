/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "ls-access.h"
#include "ls-account-service.h"
#include "ls-action-queue.h"
#include "ls-agent.h"
#include "ls-app-finder.h"
#include "ls-audit.h"
#include "ls-clock.h"

G_BEGIN_DECLS

#define LS_TYPE_SERVICE (ls_service_get_type ())
G_DECLARE_FINAL_TYPE (LsService, ls_service, LS, SERVICE, GObject)

LsService *ls_service_new (LsAgent *agent,
                           LsActionQueue *queue,
                           LsAppFinder *finder,
                           LsAudit *audit,
                           LsClock *clock,
                           GDBusConnection *connection,
                           const char *durables_path);
void ls_service_set_policy (LsService *self, const LsAccessPolicy *policy);
void ls_service_set_broadcast (LsService *self, gboolean broadcast);
void ls_service_set_sign_out_defaults (LsService *self, const LsSignOutDefaults *defaults);
gboolean ls_service_export (LsService *self, GError **error);
void ls_service_unexport (LsService *self);

G_END_DECLS
