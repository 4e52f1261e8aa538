/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-access.h"
#include "ls-action-queue.h"
#include "ls-agent.h"
#include "ls-callers.h"
#include "ls-dbus.h"

G_BEGIN_DECLS

#define LS_TYPE_QUEUE_SERVICE (ls_queue_service_get_type ())
G_DECLARE_FINAL_TYPE (LsQueueService, ls_queue_service, LS, QUEUE_SERVICE, LsDbusQueueSkeleton)

LsQueueService *ls_queue_service_new (LsAgent *agent,
                                      LsActionQueue *queue,
                                      LsAccess *access,
                                      LsCallers *callers,
                                      LsClock *clock);
void ls_queue_service_close (LsQueueService *self);

G_END_DECLS
