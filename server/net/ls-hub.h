/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

#include "ls-auditor.h"
#include "ls-auth.h"
#include "ls-metrics.h"
#include "ls-school.h"

G_BEGIN_DECLS

#define LS_TYPE_HUB (ls_hub_get_type ())
G_DECLARE_FINAL_TYPE (LsHub, ls_hub, LS, HUB, GObject)

LsHub *ls_hub_new (LsSchool *school,
                   LsAuth *auth,
                   LsAuditor *auditor,
                   LsMetrics *metrics,
                   gint64 heartbeat,
                   gint64 hello_timeout);

void ls_hub_accept (LsHub *self,
                    SoupWebsocketConnection *connection,
                    const LsIdentity *identity,
                    const char *network);
void ls_hub_drain (LsHub *self, gint64 retry_after, gint64 spread);
gboolean ls_hub_is_empty (LsHub *self);

G_END_DECLS
