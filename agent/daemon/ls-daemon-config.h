/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-access.h"
#include "ls-account-service.h"
#include "ls-action-queue.h"
#include "ls-config.h"
#include "ls-settings.h"
#include "ls-transport-config.h"

G_BEGIN_DECLS

LsConfig *ls_daemon_config_for_core (LsSettings *settings, const char *machine);
LsTransportConfig *ls_daemon_config_for_transport (LsSettings *settings);
LsQueueConfig ls_daemon_config_for_queue (LsSettings *settings);
LsSignOutDefaults ls_daemon_config_for_sign_out (LsSettings *settings);

LsAccessPolicy ls_daemon_config_for_access (LsSettings *settings);

G_END_DECLS
