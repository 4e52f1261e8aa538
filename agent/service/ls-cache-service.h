/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-action-queue.h"
#include "ls-access.h"
#include "ls-agent.h"
#include "ls-clock.h"
#include "ls-dbus.h"

G_BEGIN_DECLS

#define LS_TYPE_CACHE_SERVICE (ls_cache_service_get_type ())
G_DECLARE_FINAL_TYPE (LsCacheService, ls_cache_service, LS, CACHE_SERVICE, LsDbusCacheSkeleton)

LsCacheService *
ls_cache_service_new (LsAgent *agent, LsActionQueue *queue, LsAccess *access, LsClock *clock);

G_END_DECLS
