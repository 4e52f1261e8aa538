/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is told of a drain: when it is at its end, and what came of it. */
#include "ls-queue-harness.h"

#define HOUR (G_GINT64_CONSTANT (60) * 60 * 1000)

typedef struct
{
  LsQueueHarness *h;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->h = ls_queue_harness_new (5);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  ls_queue_harness_free (fixture->h);
}

static const char *
create (Fixture *fixture, const char *id)
{
  LsActionDraft wanted = { .type = LS_ACTION_CREATE,
                           .entity = "grade",
                           .entity_id = id,
                           .body = "{\"score\":70}",
                           .method = LS_METHOD_INVALID };

  return ls_queue_harness_enqueue (fixture->h, &wanted, NULL);
}

static void
connect_link (Fixture *fixture)
{
  ls_queue_harness_connect (fixture->h, LS_PROTOCOL_LABSYNC_V1);
}

static void
answer (Fixture *fixture, guint status, const char *row, gint64 version)
{
  ls_queue_harness_answer (fixture->h, ls_queue_harness_reply (status, row, version, 10));
}

static void
flush (Fixture *fixture)
{
  ls_queue_flush (fixture->h->queue);
  ls_queue_harness_run (fixture->h);
}

static void
assert_report (Fixture *fixture, guint n, gboolean success, guint n_processed, guint n_failed)
{
  const LsSyncReport *report = fixture->h->report;

  g_assert_cmpuint (fixture->h->n_reports, ==, n);
  g_assert_cmpint (report->success, ==, success);
  g_assert_cmpuint (report->n_processed, ==, n_processed);
  g_assert_cmpuint (report->n_failed, ==, n_failed);
}

static void
assert_only (GStrv texts, const char *text)
{
  g_assert_cmpuint (g_strv_length (texts), ==, 1);
  g_assert_cmpstr (texts[0], ==, text);
}

static void
test_queue_report_members (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  const char *taken;
  g_autofree char *error = NULL;

  create (fixture, "good");
  error = g_strconcat (create (fixture, "bad"), ": http-400", NULL);
  taken = create (fixture, "taken");
  connect_link (fixture);
  answer (fixture, 200, NULL, 1);
  answer (fixture, 400, NULL, 0);
  g_assert_cmpuint (h->n_reports, ==, 0);
  answer (fixture, 409, "{\"id\":\"taken\",\"score\":60}", 6);
  assert_report (fixture, 1, FALSE, 1, 1);
  assert_only (h->report->errors, error);
  assert_only (h->report->conflicts, taken);
}

/* Nobody is told of nothing, but who asks. */
static void
test_queue_report_nothing (Fixture *fixture, gconstpointer data)
{
  connect_link (fixture);
  ls_queue_harness_advance (fixture->h, HOUR);
  g_assert_cmpuint (fixture->h->n_reports, ==, 0);
  flush (fixture);
  assert_report (fixture, 1, TRUE, 0, 0);
}

/* Who asks hears that nothing can be sent; what is left is sent when it can be. */
static void
test_queue_report_offline (Fixture *fixture, gconstpointer data)
{
  create (fixture, "left");
  g_assert_cmpuint (fixture->h->n_reports, ==, 0);
  flush (fixture);
  assert_report (fixture, 1, FALSE, 0, 0);
  assert_only (fixture->h->report->errors, "waiting-for-network");
  ls_queue_harness_advance (fixture->h, HOUR);
  g_assert_cmpuint (fixture->h->n_reports, ==, 1);

  connect_link (fixture);
  ls_queue_harness_advance (fixture->h, HOUR);
  answer (fixture, 200, NULL, 1);
  assert_report (fixture, 2, TRUE, 1, 0);
}

/* Offline there is nothing wrong where there is nothing left. */
static void
test_queue_report_offline_empty (Fixture *fixture, gconstpointer data)
{
  flush (fixture);
  assert_report (fixture, 1, TRUE, 0, 0);
}

/* A server that does not know us is none to wait for: only a sign-in helps. */
static void
test_queue_report_signed_out (Fixture *fixture, gconstpointer data)
{
  create (fixture, "left");
  connect_link (fixture);
  answer (fixture, 401, NULL, 0);
  flush (fixture);
  g_assert_cmpuint (fixture->h->n_reports, ==, 0);
  ls_queue_tokens_refused (fixture->h->queue);
  ls_queue_harness_run (fixture->h);
  assert_report (fixture, 1, FALSE, 0, 0);
  assert_only (fixture->h->report->errors, "token-refused");
}

/* Where nobody asked, a lost link is no end. */
static void
test_queue_report_interrupted (Fixture *fixture, gconstpointer data)
{
  const guint n = 5;

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *id = g_strdup_printf ("row-%u", i);

      create (fixture, id);
    }
  connect_link (fixture);
  ls_queue_set_link (fixture->h->queue, FALSE, LS_PROTOCOL_LABSYNC_V1);
  for (guint i = 1; i < n; i++)
    answer (fixture, 200, NULL, 1);
  g_assert_cmpuint (fixture->h->n_reports, ==, 0);
  connect_link (fixture);
  answer (fixture, 200, NULL, 1);
  assert_report (fixture, 1, TRUE, n, 0);
}

/* What the server did not want yet is not done, also if it is tried again soon. */
static void
test_queue_report_postponed (Fixture *fixture, gconstpointer data)
{
  create (fixture, "left");
  connect_link (fixture);
  flush (fixture);
  answer (fixture, 503, NULL, 0);
  assert_report (fixture, 1, FALSE, 0, 0);
  assert_only (fixture->h->report->errors, "http-503");
  g_assert_true (fixture->h->report->goes_on);
  /* the rest is told, too */
  ls_queue_harness_advance_to_alarm (fixture->h);
  answer (fixture, 200, NULL, 1);
  assert_report (fixture, 2, TRUE, 1, 0);
  g_assert_false (fixture->h->report->goes_on);
}

/* Who asks while the server is let alone need not wait until it is not. */
static void
test_queue_report_breaker (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;

  create (fixture, "left");
  connect_link (fixture);
  while (ls_queue_get_counts (h->queue)->breaker == LS_BREAKER_CLOSED)
    {
      while (h->sends.length == 0)
        ls_queue_harness_advance_to_alarm (h);
      answer (fixture, 503, NULL, 0);
    }
  create (fixture, "new");
  flush (fixture);
  g_assert_cmpuint (h->n_reports, ==, 0);
  ls_queue_harness_fail_send (h, LS_REASON_SERVER_UNREACHABLE);
  assert_report (fixture, 1, FALSE, 0, 0);
  assert_only (h->report->errors, "server-unreachable");
  /* no probe so soon after the last one */
  flush (fixture);
  assert_report (fixture, 2, FALSE, 0, 0);
  assert_only (h->report->errors, "server-unreachable");
  g_assert_true (h->report->goes_on);
}

static void
test_queue_report_stay_away (Fixture *fixture, gconstpointer data)
{
  LsActionReply *reply = ls_queue_harness_reply (429, NULL, 0, 0);

  create (fixture, "left");
  connect_link (fixture);
  reply->retry_after_ms = HOUR;
  ls_queue_harness_answer (fixture->h, reply);
  flush (fixture);
  assert_report (fixture, 1, FALSE, 0, 0);
  assert_only (fixture->h->report->errors, "rate-limited");
}

/* What stands behind something that the user has to decide about is not done, either. */
static void
test_queue_report_blocked (Fixture *fixture, gconstpointer data)
{
  g_autofree char *why = g_strconcat ("blocked-by ", create (fixture, "bad"), NULL);

  create (fixture, "bad");
  connect_link (fixture);
  answer (fixture, 400, NULL, 0);
  g_assert_cmpuint (fixture->h->n_reports, ==, 1);
  flush (fixture);
  assert_report (fixture, 2, FALSE, 0, 0);
  assert_only (fixture->h->report->errors, why);
  g_assert_false (fixture->h->report->goes_on);
}

#define ADD(name, function)                                                                        \
  g_test_add ("/core/queue-report/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("members", test_queue_report_members);
  ADD ("nothing", test_queue_report_nothing);
  ADD ("offline", test_queue_report_offline);
  ADD ("offline-empty", test_queue_report_offline_empty);
  ADD ("signed-out", test_queue_report_signed_out);
  ADD ("interrupted", test_queue_report_interrupted);
  ADD ("postponed", test_queue_report_postponed);
  ADD ("breaker", test_queue_report_breaker);
  ADD ("stay-away", test_queue_report_stay_away);
  ADD ("blocked", test_queue_report_blocked);
  return g_test_run ();
}
