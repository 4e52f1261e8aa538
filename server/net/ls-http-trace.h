/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

#include "ls-audit-entry.h"
#include "ls-http-route.h"

G_BEGIN_DECLS

void ls_http_trace_set_route (SoupServerMessage *message, const LsRoute *route);
void ls_http_trace_set_user (SoupServerMessage *message, const char *user_id);
void ls_http_trace_set_code (SoupServerMessage *message, const char *code);
LsAuditEntry *ls_http_trace_get_refusal (SoupServerMessage *message);

G_END_DECLS
