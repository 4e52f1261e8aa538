/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-metrics.h"

/**
 * ls_metrics_count_request:
 * @metrics: the counters
 * @status: HTTP status of the answer
 *
 * Counts a request.
 */
void
ls_metrics_count_request (LsMetrics *metrics, guint status)
{
  g_return_if_fail (metrics != NULL);

  if (status < G_N_ELEMENTS (metrics->requests))
    metrics->requests[status]++;
}

static void
append_metric (GString *out, const char *name, const char *type, const char *suffix, guint64 value)
{
  g_string_append_printf (out, "# TYPE %s %s\n%s%s %" G_GUINT64_FORMAT "\n", name, type, name,
                          suffix, value);
}

/**
 * ls_metrics_to_string:
 * @metrics: the counters
 * @log_offset: the top of the school's log
 *
 * Returns: (transfer full): the counters as OpenMetrics text (version 1.0.0)
 */
char *
ls_metrics_to_string (const LsMetrics *metrics, gint64 log_offset)
{
  GString *out;

  g_return_val_if_fail (metrics != NULL, NULL);

  out = g_string_new ("# TYPE labsync_requests counter\n");
  for (guint status = 0; status < G_N_ELEMENTS (metrics->requests); status++)
    if (metrics->requests[status] > 0)
      g_string_append_printf (out, "labsync_requests_total{status=\"%u\"} %" G_GUINT64_FORMAT "\n",
                              status, metrics->requests[status]);

  append_metric (out, "labsync_actions_replayed", "counter", "_total", metrics->replays_total);
  append_metric (out, "labsync_connections", "gauge", "", metrics->connections);
  append_metric (out, "labsync_connections_opened", "counter", "_total",
                 metrics->connections_total);
  append_metric (out, "labsync_messages_received", "counter", "_total", metrics->messages_total);
  append_metric (out, "labsync_events_sent", "counter", "_total", metrics->events_total);
  append_metric (out, "labsync_log_offset", "gauge", "", (guint64)log_offset);
  g_string_append (out, "# EOF\n");
  return g_string_free (out, FALSE);
}
