/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-action-queue.h"
#include "ls-access.h"
#include "ls-durables.h"
#include "ls-agent.h"
#include "ls-clock.h"
#include "ls-dbus.h"

G_BEGIN_DECLS

/**
 * LsSignOutDefaults:
 * @wipe: the setting `Privacy.wipe-on-sign-out`
 * @flush_seconds: the setting `Queue.flush-seconds`
 *
 * What SignOut does when the caller doesn't say, and another's sign-in.
 */
typedef struct
{
  gboolean wipe;
  guint flush_seconds;
} LsSignOutDefaults;

#define LS_TYPE_ACCOUNT_SERVICE (ls_account_service_get_type ())
G_DECLARE_FINAL_TYPE (LsAccountService,
                      ls_account_service,
                      LS,
                      ACCOUNT_SERVICE,
                      LsDbusAccountSkeleton)

LsAccountService *ls_account_service_new (LsAgent *agent,
                                          LsActionQueue *queue,
                                          LsAccess *access,
                                          LsDurables *durables,
                                          LsClock *clock);
void ls_account_service_set_defaults (LsAccountService *self, const LsSignOutDefaults *defaults);
void ls_account_service_close (LsAccountService *self);

G_END_DECLS
