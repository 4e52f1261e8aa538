/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-agent.h"
#include "ls-dbus.h"

G_BEGIN_DECLS

#define LS_TYPE_ACCOUNT_SERVICE (ls_account_service_get_type ())
G_DECLARE_FINAL_TYPE (LsAccountService,
                      ls_account_service,
                      LS,
                      ACCOUNT_SERVICE,
                      LsDbusAccountSkeleton)

LsAccountService *ls_account_service_new (LsAgent *agent);
void ls_account_service_set_wipe_on_sign_out (LsAccountService *self, gboolean wipe);

G_END_DECLS
