/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

#include "ls-auditor.h"
#include "ls-auth.h"
#include "ls-http-route.h"
#include "ls-metrics.h"
#include "ls-school.h"

G_BEGIN_DECLS

/**
 * LsHttpCall:
 * @message: (unowned): the request
 * @query: (unowned) (nullable): its query
 * @method: what is to be done
 * @route: (unowned): with what
 * @identity: (unowned) (nullable): by whom; %NULL if the endpoint is for everybody
 * @school: (unowned): the school
 * @auth: (unowned): who is let in
 * @auditor: (unowned): what is written down
 * @metrics: (unowned): what is counted
 *
 * A request as its handler gets it. Lives on the stack: a handler that answers later keeps what it
 * needs itself.
 */
typedef struct
{
  SoupServerMessage *message;
  GHashTable *query;
  LsMethods method;
  const LsRoute *route;
  const LsIdentity *identity;
  LsSchool *school;
  LsAuth *auth;
  LsAuditor *auditor;
  const LsMetrics *metrics;
} LsHttpCall;

/**
 * LsHttpHandler:
 * @call: a request
 *
 * Answers @call, or pauses its message and answers it later.
 */
typedef void (*LsHttpHandler) (const LsHttpCall *call);

/* Signing in and out */
void ls_http_handle_login (const LsHttpCall *call);
void ls_http_handle_refresh (const LsHttpCall *call);
void ls_http_handle_logout (const LsHttpCall *call);

/* Catching up */
void ls_http_handle_updates (const LsHttpCall *call);
void ls_http_handle_snapshot (const LsHttpCall *call);
void ls_http_handle_checksum (const LsHttpCall *call);
void ls_http_handle_poll (const LsHttpCall *call);

/* Tables */
void ls_http_handle_table (const LsHttpCall *call);
void ls_http_handle_row (const LsHttpCall *call);

/* What happened */
void ls_http_handle_audit (const LsHttpCall *call);

/* How the server is */
void ls_http_handle_health (const LsHttpCall *call);
void ls_http_handle_ready (const LsHttpCall *call);
void ls_http_handle_metrics (const LsHttpCall *call);

G_END_DECLS
