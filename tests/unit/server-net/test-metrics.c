/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gio/gio.h>

#include "ls-metrics.h"

static void
test_text (void)
{
  LsMetrics metrics = { .replays_total = 1,
                        .connections = 2,
                        .connections_total = 3,
                        .messages_total = 4,
                        .events_total = 5 };
  g_autofree char *text = NULL;

  ls_metrics_count_request (&metrics, 200);
  ls_metrics_count_request (&metrics, 200);
  ls_metrics_count_request (&metrics, 401);
  ls_metrics_count_request (&metrics, 100000);
  text = ls_metrics_to_string (&metrics, 6);

  g_assert_cmpstr (text, ==,
                   "# TYPE labsync_requests counter\n"
                   "labsync_requests_total{status=\"200\"} 2\n"
                   "labsync_requests_total{status=\"401\"} 1\n"
                   "# TYPE labsync_actions_replayed counter\n"
                   "labsync_actions_replayed_total 1\n"
                   "# TYPE labsync_connections gauge\n"
                   "labsync_connections 2\n"
                   "# TYPE labsync_connections_opened counter\n"
                   "labsync_connections_opened_total 3\n"
                   "# TYPE labsync_messages_received counter\n"
                   "labsync_messages_received_total 4\n"
                   "# TYPE labsync_events_sent counter\n"
                   "labsync_events_sent_total 5\n"
                   "# TYPE labsync_log_offset gauge\n"
                   "labsync_log_offset 6\n"
                   "# EOF\n");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/server-net/metrics/text", test_text);
  return g_test_run ();
}
