/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "ls-http-answer.h"
#include "ls-http-call.h"

/**
 * ls_http_handle_health:
 * @call: `GET /health`
 *
 * Says that the server is alive.
 */
void
ls_http_handle_health (const LsHttpCall *call)
{
  ls_http_answer_ok (call->message, SOUP_STATUS_OK, "Server berjalan",
                     "{\"status\":\"ok\",\"version\":\"" LS_VERSION "\"}");
}

/**
 * ls_http_handle_ready:
 * @call: `GET /ready`
 *
 * Says whether requests can be served.
 */
void
ls_http_handle_ready (const LsHttpCall *call)
{
  g_autoptr (GError) error = NULL;

  if (ls_school_check (call->school, &error))
    ls_http_answer_ok (call->message, SOUP_STATUS_OK, "Server siap", "{\"status\":\"ready\"}");
  else
    ls_http_answer_failure (call->message, error);
}

/**
 * ls_http_handle_metrics:
 * @call: `GET /metrics`
 *
 * Gives the counters, in which nobody is named.
 */
void
ls_http_handle_metrics (const LsHttpCall *call)
{
  char *text = ls_metrics_to_string (call->metrics, ls_school_get_cursor (call->school).offset);

  soup_server_message_set_status (call->message, SOUP_STATUS_OK, NULL);
  soup_server_message_set_response (call->message,
                                    "application/openmetrics-text; version=1.0.0; charset=utf-8",
                                    SOUP_MEMORY_TAKE, text, strlen (text));
}
