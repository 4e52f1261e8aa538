/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-action-queue.h"
#include "ls-access.h"
#include "ls-agent.h"
#include "ls-callers.h"
#include "ls-dbus.h"

G_BEGIN_DECLS

#define LS_TYPE_DIAGNOSTICS_SERVICE (ls_diagnostics_service_get_type ())
G_DECLARE_FINAL_TYPE (LsDiagnosticsService,
                      ls_diagnostics_service,
                      LS,
                      DIAGNOSTICS_SERVICE,
                      LsDbusDiagnosticsSkeleton)

LsDiagnosticsService *ls_diagnostics_service_new (LsAgent *agent,
                                                  LsActionQueue *queue,
                                                  LsAccess *access,
                                                  LsCallers *callers,
                                                  LsClock *clock);

G_END_DECLS
