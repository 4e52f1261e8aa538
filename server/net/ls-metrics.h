/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * LsMetrics:
 * @requests: how many requests were answered, by HTTP status
 * @replays_total: how many of them repeated an action and got its first answer again
 * @connections: how many WebSocket connections are open
 * @connections_total: how many were ever opened
 * @messages_total: how many messages came in on them
 * @events_total: how many events went out on them
 *
 * What the server counts. A key that was used for two different requests shows as a 422: nothing
 * else is answered so.
 */
typedef struct
{
  guint64 requests[600];
  guint64 replays_total;
  guint connections;
  guint64 connections_total;
  guint64 messages_total;
  guint64 events_total;
} LsMetrics;

void ls_metrics_count_request (LsMetrics *metrics, guint status);
char *ls_metrics_to_string (const LsMetrics *metrics, gint64 log_offset);

G_END_DECLS
