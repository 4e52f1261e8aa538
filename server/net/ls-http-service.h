/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

#include "ls-admission.h"
#include "ls-auditor.h"
#include "ls-auth.h"
#include "ls-hub.h"
#include "ls-metrics.h"
#include "ls-school.h"

G_BEGIN_DECLS

typedef struct _LsHttpService LsHttpService;

LsHttpService *ls_http_service_new (SoupServer *server,
                                    LsSchool *school,
                                    LsAuth *auth,
                                    LsHub *hub,
                                    LsAdmission *admission,
                                    LsAuditor *auditor,
                                    LsMetrics *metrics);
void ls_http_service_free (LsHttpService *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsHttpService, ls_http_service_free)

void ls_http_service_drain (LsHttpService *self, gint64 retry_after);

G_END_DECLS
