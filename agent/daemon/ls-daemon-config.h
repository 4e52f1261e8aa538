/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-config.h"
#include "ls-settings.h"
#include "ls-transport-config.h"

G_BEGIN_DECLS

LsConfig *ls_daemon_config_for_core (LsSettings *settings, const char *machine);
LsTransportConfig *ls_daemon_config_for_transport (LsSettings *settings);

G_END_DECLS
