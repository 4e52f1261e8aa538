/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-access.h"
#include "ls-agent.h"
#include "ls-dbus.h"

G_BEGIN_DECLS

#define LS_TYPE_CONNECTION_SERVICE (ls_connection_service_get_type ())
G_DECLARE_FINAL_TYPE (LsConnectionService,
                      ls_connection_service,
                      LS,
                      CONNECTION_SERVICE,
                      LsDbusConnectionSkeleton)

LsConnectionService *ls_connection_service_new (LsAgent *agent, LsAccess *access);

G_END_DECLS
