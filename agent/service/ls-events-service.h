/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-access.h"
#include "ls-agent.h"
#include "ls-callers.h"
#include "ls-dbus.h"
#include "ls-durables.h"

G_BEGIN_DECLS

#define LS_TYPE_EVENTS_SERVICE (ls_events_service_get_type ())
G_DECLARE_FINAL_TYPE (LsEventsService, ls_events_service, LS, EVENTS_SERVICE, LsDbusEventsSkeleton)

LsEventsService *
ls_events_service_new (LsAgent *agent, LsAccess *access, LsCallers *callers, LsDurables *durables);
void ls_events_service_set_broadcast (LsEventsService *self, gboolean broadcast);
void ls_events_service_close (LsEventsService *self);

G_END_DECLS
