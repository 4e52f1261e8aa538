/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-http-trace.h"

#include "ls-address.h"

/* What hangs on a request for the audit: who asks for what, as it becomes known. Of the path only what we
 * have names for: the rest may be anything, a token too. */

#define TRACE_KEY "labsync-trace"

typedef struct
{
  LsEndpoint endpoint;
  char *table;      /* (owned) (nullable) */
  char *user_id;    /* (owned) (nullable) */
  const char *code; /* (unowned) (nullable): why it was refused */
} Trace;

static const struct
{
  LsAuditKind kind;
  const char *name;
} endpoints[] = {
  [LS_ENDPOINT_NONE] = { LS_AUDIT_REQUEST, "?" },
  [LS_ENDPOINT_LOGIN] = { LS_AUDIT_SIGN_IN, NULL },
  [LS_ENDPOINT_REFRESH] = { LS_AUDIT_REFRESH, NULL },
  [LS_ENDPOINT_LOGOUT] = { LS_AUDIT_SIGN_OUT, NULL },
  [LS_ENDPOINT_UPDATES] = { LS_AUDIT_REQUEST, "updates" },
  [LS_ENDPOINT_SNAPSHOT] = { LS_AUDIT_REQUEST, "snapshot" },
  [LS_ENDPOINT_CHECKSUM] = { LS_AUDIT_REQUEST, "checksum" },
  [LS_ENDPOINT_AUDIT] = { LS_AUDIT_REQUEST, "audit" },
  [LS_ENDPOINT_HEALTH] = { LS_AUDIT_REQUEST, "health" },
  [LS_ENDPOINT_READY] = { LS_AUDIT_REQUEST, "ready" },
  [LS_ENDPOINT_METRICS] = { LS_AUDIT_REQUEST, "metrics" },
  [LS_ENDPOINT_SOCKET] = { LS_AUDIT_REQUEST, "ws" },
  [LS_ENDPOINT_TABLE] = { LS_AUDIT_REQUEST, NULL },
  [LS_ENDPOINT_ROW] = { LS_AUDIT_REQUEST, NULL },
};

static void
trace_free (gpointer data)
{
  Trace *trace = data;

  g_free (trace->table);
  g_free (trace->user_id);
  g_free (trace);
}

static Trace *
get_trace (SoupServerMessage *message)
{
  Trace *trace = g_object_get_data (G_OBJECT (message), TRACE_KEY);

  if (trace != NULL)
    return trace;

  trace = g_new0 (Trace, 1);
  g_object_set_data_full (G_OBJECT (message), TRACE_KEY, trace, trace_free);
  return trace;
}

/**
 * ls_http_trace_set_route:
 * @message: a request
 * @route: where it leads
 *
 * Notes what is asked for.
 */
void
ls_http_trace_set_route (SoupServerMessage *message, const LsRoute *route)
{
  Trace *trace = get_trace (message);

  trace->endpoint = route->endpoint;
  g_free (trace->table);
  trace->table = g_strdup (route->table);
}

/**
 * ls_http_trace_set_user:
 * @message: a request
 * @user_id: (nullable): who asks
 *
 * Notes who that is.
 */
void
ls_http_trace_set_user (SoupServerMessage *message, const char *user_id)
{
  Trace *trace = get_trace (message);

  g_free (trace->user_id);
  trace->user_id = g_strdup (user_id);
}

/**
 * ls_http_trace_set_code:
 * @message: a request
 * @code: the code of an error, which is never freed
 *
 * Notes why it is refused.
 */
void
ls_http_trace_set_code (SoupServerMessage *message, const char *code)
{
  get_trace (message)->code = code;
}

static gboolean
is_refused (SoupServerMessage *message)
{
  guint status = soup_server_message_get_status (message);

  return status >= 400 && status < 500;
}

/* Returns: (transfer full) (nullable): what was asked for; %NULL: the kind of the entry says it */
static char *
get_subject (SoupServerMessage *message, const Trace *trace)
{
  const char *name = trace->table != NULL ? trace->table : endpoints[trace->endpoint].name;
  const char *method = soup_server_message_get_method (message);
  gboolean is_known = ls_method_from_string (method) != LS_METHOD_NONE;

  return name == NULL ? NULL : g_strdup_printf ("%s %s", is_known ? method : "?", name);
}

/**
 * ls_http_trace_get_refusal:
 * @message: a request that was answered
 *
 * Returns: (transfer full) (nullable): the audit's entry of it, if it was refused
 */
LsAuditEntry *
ls_http_trace_get_refusal (SoupServerMessage *message)
{
  const Trace *trace = get_trace (message);
  g_autofree char *subject = NULL;
  LsAuditEntry *entry;

  if (!is_refused (message))
    return NULL;

  subject = get_subject (message, trace);
  entry = ls_audit_entry_new (endpoints[trace->endpoint].kind,
                              trace->code != NULL ? trace->code : "bad-request", trace->user_id,
                              subject);
  entry->address = ls_address_to_string (soup_server_message_get_remote_address (message));
  return entry;
}
