/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-access.h"
#include "ls-dbus.h"
#include "ls-notifier.h"

G_BEGIN_DECLS

/** LS_APPS_ASK_AGAIN_MS: how long an app is not asked about again that the user did not decide, in milliseconds */
#define LS_APPS_ASK_AGAIN_MS (10 * 60 * 1000)
/** LS_APPS_MAX_WAITING: about how many apps the user is asked at a time */
#define LS_APPS_MAX_WAITING 20

#define LS_TYPE_APPS_SERVICE (ls_apps_service_get_type ())
G_DECLARE_FINAL_TYPE (LsAppsService, ls_apps_service, LS, APPS_SERVICE, LsDbusAppsSkeleton)

LsAppsService *
ls_apps_service_new (LsAgent *agent, LsAccess *access, LsNotifier *notifier, LsClock *clock);

G_END_DECLS
