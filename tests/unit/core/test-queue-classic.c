/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The queue at the classic system, which has neither keys nor versions and says yes to everything. */
#include "ls-queue-fixture.h"

#define BASE "{\"id\":\"g-1\",\"score\":70,\"note\":null}"

typedef LsQueueFixture Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  ls_queue_fixture_init (fixture, BASE, 0);
}

static const char *
enqueue (Fixture *fixture, LsActionType type, const char *id, const char *body)
{
  LsActionDraft wanted = {
    .type = type, .entity = "grade", .entity_id = id, .body = body, .method = LS_METHOD_INVALID
  };

  return ls_queue_harness_enqueue (fixture->h, &wanted,
                                   type != LS_ACTION_CREATE ? fixture->row : NULL);
}

static void
connect_link (Fixture *fixture)
{
  ls_queue_harness_connect (fixture->h, LS_PROTOCOL_CLASSIC);
}

static void
read_row (Fixture *fixture, const char *row)
{
  ls_queue_harness_answer_read (fixture->h,
                                ls_queue_harness_classic_reply (row != NULL ? 200 : 404, row));
}

static void
answer (Fixture *fixture, guint status)
{
  ls_queue_harness_answer (fixture->h, ls_queue_harness_classic_reply (status, NULL));
}

static void
assert_is (Fixture *fixture, const char *id, LsActionStatus status, LsOutcome outcome)
{
  const LsAction *action = ls_queue_harness_get (fixture->h, id);

  g_assert_cmpint (action->status, ==, status);
  g_assert_cmpint (action->outcome, ==, outcome);
}

static void
assert_under_way (Fixture *fixture, guint n_reads, guint n_sends)
{
  g_assert_cmpuint (fixture->h->reads.length, ==, n_reads);
  g_assert_cmpuint (fixture->h->sends.length, ==, n_sends);
}

/* The row is looked at, written, read back, and put into the cache. */
static void
test_classic_update (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  const char *id = enqueue (fixture, LS_ACTION_UPDATE, "g-1", "{\"score\":80}");
  const LsEvent *fed;

  connect_link (fixture);
  assert_under_way (fixture, 1, 0);
  g_assert_cmpstr (((LsQueueCommand *)h->reads.head->data)->path, ==, "/api/grades/g-1");
  read_row (fixture, BASE);
  assert_under_way (fixture, 0, 1);
  g_assert_cmpint (((LsQueueCommand *)h->sends.head->data)->request->version, ==, 0);
  g_assert_false (((LsQueueCommand *)h->sends.head->data)->request->is_repeatable);
  answer (fixture, 200);
  assert_is (fixture, id, LS_ACTION_SYNCING, LS_OUTCOME_NONE);
  assert_under_way (fixture, 1, 0);
  read_row (fixture, "{\"id\":\"g-1\",\"score\":80,\"note\":null}");
  assert_is (fixture, id, LS_ACTION_COMPLETED, LS_OUTCOME_ACCEPTED);
  g_assert_false (ls_queue_harness_get (h, id)->visible);
  fed = g_queue_peek_head (&h->feeds);
  g_assert_cmpstr (fed->data, ==, "{\"id\":\"g-1\",\"score\":80,\"note\":null}");
  g_assert_cmpstr (ls_event_type_to_string (fed->type), ==, "grade_updated");
  /* not before it is in the cache */
  ls_queue_moved (h->queue, LS_CURSOR_NONE, FALSE);
  ls_queue_harness_run (h);
  g_assert_false (ls_queue_harness_get (h, id)->visible);
  ls_queue_moved (h->queue, LS_CURSOR_NONE, TRUE);
  ls_queue_harness_run (h);
  g_assert_true (ls_queue_harness_get (h, id)->visible);
}

static void
test_classic_conflict (Fixture *fixture, gconstpointer data)
{
  const char *id = enqueue (fixture, LS_ACTION_UPDATE, "g-1", "{\"score\":80}");

  connect_link (fixture);
  read_row (fixture, "{\"id\":\"g-1\",\"score\":60,\"note\":null}");
  assert_under_way (fixture, 0, 0);
  assert_is (fixture, id, LS_ACTION_CONFLICT, LS_OUTCOME_CONFLICTED);
  ls_queue_resolve (fixture->h->queue, id, LS_RESOLUTION_KEEP_LOCAL, NULL, 0,
                    ls_queue_harness_ticket (fixture->h));
  ls_queue_harness_run (fixture->h);
  /* it is conditional on what was shown: a second change opens it again */
  read_row (fixture, "{\"id\":\"g-1\",\"score\":50,\"note\":null}");
  assert_is (fixture, id, LS_ACTION_CONFLICT, LS_OUTCOME_CONFLICTED);
  ls_queue_resolve (fixture->h->queue, id, LS_RESOLUTION_KEEP_LOCAL, NULL, 0,
                    ls_queue_harness_ticket (fixture->h));
  ls_queue_harness_run (fixture->h);
  read_row (fixture, "{\"id\":\"g-1\",\"score\":50,\"note\":null}");
  assert_under_way (fixture, 0, 1);
}

static void
test_classic_wanted_already (Fixture *fixture, gconstpointer data)
{
  const char *id = enqueue (fixture, LS_ACTION_UPDATE, "g-1", "{\"score\":80}");

  connect_link (fixture);
  read_row (fixture, "{\"id\":\"g-1\",\"score\":80,\"note\":\"well done\"}");
  assert_under_way (fixture, 0, 0);
  assert_is (fixture, id, LS_ACTION_COMPLETED, LS_OUTCOME_ACCEPTED);
}

static void
test_classic_deleted_there (Fixture *fixture, gconstpointer data)
{
  const char *id = enqueue (fixture, LS_ACTION_UPDATE, "g-1", "{\"score\":80}");

  connect_link (fixture);
  read_row (fixture, NULL);
  assert_is (fixture, id, LS_ACTION_CONFLICT, LS_OUTCOME_CONFLICTED);
  g_assert_cmpstr (ls_queue_harness_get (fixture->h, id)->reason, ==, "row-deleted");
}

/* A write to a row that is not there is a success there. */
static void
test_classic_yes_is_no_proof (Fixture *fixture, gconstpointer data)
{
  LsActionDraft wanted = { .type = LS_ACTION_UPDATE,
                           .entity = "grade",
                           .entity_id = "unknown",
                           .body = "{\"score\":80}",
                           .method = LS_METHOD_INVALID };
  const char *known = enqueue (fixture, LS_ACTION_UPDATE, "g-1", "{\"score\":80}");
  const char *unknown = ls_queue_harness_enqueue (fixture->h, &wanted, NULL);

  connect_link (fixture);
  read_row (fixture, BASE);
  read_row (fixture, NULL);
  answer (fixture, 200);
  assert_under_way (fixture, 1, 0);
  read_row (fixture, NULL);
  assert_is (fixture, known, LS_ACTION_CONFLICT, LS_OUTCOME_CONFLICTED);
  assert_is (fixture, unknown, LS_ACTION_FAILED, LS_OUTCOME_REJECTED);
  g_assert_cmpstr (ls_queue_harness_get (fixture->h, unknown)->reason, ==, "not-found");
}

/* What its row does not show was not done, whoever said yes: it is looked at and sent again, and no more than thrice. */
static void
check_not_done (Fixture *fixture, const char *id, const char *row)
{
  LsQueueHarness *h = fixture->h;
  gboolean is_create = row == NULL;

  connect_link (fixture);
  for (guint i = 0; i < 3; i++)
    {
      if (i > 0 || !is_create)
        read_row (fixture, row);
      assert_under_way (fixture, 0, 1);
      answer (fixture, 201);
      assert_under_way (fixture, 1, 0);
      read_row (fixture, row);
      g_assert_cmpstr (ls_queue_harness_get (h, id)->reason, ==, "not-done");
      if (i < 2)
        g_assert_true (ls_queue_harness_advance_to_alarm (h));
    }
  assert_is (fixture, id, LS_ACTION_FAILED, LS_OUTCOME_REJECTED);
  assert_under_way (fixture, 0, 0);
}

static void
test_classic_create_not_done (Fixture *fixture, gconstpointer data)
{
  check_not_done (fixture, enqueue (fixture, LS_ACTION_CREATE, NULL, "{\"score\":80}"), NULL);
}

static void
test_classic_update_not_done (Fixture *fixture, gconstpointer data)
{
  check_not_done (fixture, enqueue (fixture, LS_ACTION_UPDATE, "g-1", "{\"score\":80}"), BASE);
}

static void
test_classic_delete_not_done (Fixture *fixture, gconstpointer data)
{
  check_not_done (fixture, enqueue (fixture, LS_ACTION_DELETE, "g-1", NULL), BASE);
}

/* It says yes by 200 and 201, and by nothing else. */
static void
test_classic_odd_yes (Fixture *fixture, gconstpointer data)
{
  const char *id = enqueue (fixture, LS_ACTION_CREATE, NULL, "{\"score\":80}");

  connect_link (fixture);
  answer (fixture, 204);
  assert_is (fixture, id, LS_ACTION_PENDING, LS_OUTCOME_NONE);
  g_assert_true (ls_queue_harness_get (fixture->h, id)->outcome_unknown);
  ls_queue_harness_advance_to_alarm (fixture->h);
  assert_under_way (fixture, 1, 0);
}

static void
test_classic_delete (Fixture *fixture, gconstpointer data)
{
  const char *id = enqueue (fixture, LS_ACTION_DELETE, "g-1", NULL);
  const LsEvent *fed;

  connect_link (fixture);
  read_row (fixture, BASE);
  answer (fixture, 200);
  read_row (fixture, NULL);
  assert_is (fixture, id, LS_ACTION_COMPLETED, LS_OUTCOME_ACCEPTED);
  fed = g_queue_peek_head (&fixture->h->feeds);
  g_assert_cmpstr (ls_event_type_to_string (fed->type), ==, "grade_deleted");
  g_assert_cmpstr (fed->data, ==, "{\"id\":\"g-1\"}");
}

static void
test_classic_delete_of_what_changed (Fixture *fixture, gconstpointer data)
{
  const char *id = enqueue (fixture, LS_ACTION_DELETE, "g-1", NULL);

  connect_link (fixture);
  read_row (fixture, "{\"id\":\"g-1\",\"score\":60,\"note\":null}");
  assert_is (fixture, id, LS_ACTION_CONFLICT, LS_OUTCOME_CONFLICTED);
}

/* The answer to a create is lost: it is looked up, and made once. */
static void
test_classic_create_unknown (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  g_autofree char *id = g_strdup (enqueue (fixture, LS_ACTION_CREATE, NULL, "{\"score\":80}"));
  g_autofree char *row = NULL;

  connect_link (fixture);
  assert_under_way (fixture, 0, 1);
  ls_queue_harness_fail_send (h, LS_REASON_SERVER_UNREACHABLE);
  ls_queue_harness_advance_to_alarm (h);
  assert_under_way (fixture, 1, 0);
  read_row (fixture, NULL);
  assert_under_way (fixture, 0, 1);
  ls_queue_harness_crash (h);
  connect_link (fixture);
  assert_under_way (fixture, 1, 0);
  row = g_strdup_printf ("{\"id\":\"%s\",\"score\":80,\"max_score\":100}",
                         ls_queue_harness_get (h, id)->entity_id);
  read_row (fixture, row);
  assert_is (fixture, id, LS_ACTION_COMPLETED, LS_OUTCOME_ACCEPTED);
  g_assert_cmpuint (ls_queue_harness_get (h, id)->attempts, ==, 2);
}

/* Two who make up the same id by hand are two. */
static void
test_classic_create_of_another (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  const char *id = enqueue (fixture, LS_ACTION_CREATE, "class-7a", "{\"score\":80}");

  connect_link (fixture);
  answer (fixture, 500);
  ls_queue_harness_advance_to_alarm (h);
  read_row (fixture, "{\"id\":\"class-7a\",\"score\":1}");
  assert_is (fixture, id, LS_ACTION_CONFLICT, LS_OUTCOME_CONFLICTED);
}

/* A conflict that it speaks of without showing the row: if ours is to stay, then on what it was made from. */
static void
test_classic_conflict_unseen (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  const char *id = enqueue (fixture, LS_ACTION_UPDATE, "g-1", "{\"score\":80}");
  LsActionReply *reply = ls_queue_harness_classic_reply (409, NULL);

  connect_link (fixture);
  read_row (fixture, BASE);
  reply->version = 2;
  ls_queue_harness_answer (h, reply);
  assert_is (fixture, id, LS_ACTION_CONFLICT, LS_OUTCOME_CONFLICTED);
  ls_queue_resolve (h->queue, id, LS_RESOLUTION_KEEP_LOCAL, NULL, 2, ls_queue_harness_ticket (h));
  ls_queue_harness_run (h);
  read_row (fixture, "{\"id\":\"g-1\",\"score\":10,\"note\":null}");
  assert_is (fixture, id, LS_ACTION_CONFLICT, LS_OUTCOME_CONFLICTED);
}

/* 500 is any mistake of the caller's there: after the third it is a dead letter, unless it was done. */
static void
test_classic_500 (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  const char *id = enqueue (fixture, LS_ACTION_CREATE, NULL, "{\"skor\":80}");

  connect_link (fixture);
  for (guint i = 0; i < 2; i++)
    {
      answer (fixture, 500);
      ls_queue_harness_advance_to_alarm (h);
      read_row (fixture, NULL);
      assert_under_way (fixture, 0, 1);
    }
  answer (fixture, 500);
  assert_under_way (fixture, 1, 0);
  read_row (fixture, NULL);
  assert_is (fixture, id, LS_ACTION_FAILED, LS_OUTCOME_REJECTED);
  g_assert_cmpuint (ls_queue_harness_get (h, id)->http_status, ==, 500);
}

static void
test_classic_500_but_done (Fixture *fixture, gconstpointer data)
{
  const char *id = enqueue (fixture, LS_ACTION_CREATE, "g-9", "{\"score\":80}");

  connect_link (fixture);
  for (guint i = 0; i < 2; i++)
    {
      answer (fixture, 500);
      ls_queue_harness_advance_to_alarm (fixture->h);
      read_row (fixture, NULL);
    }
  answer (fixture, 500);
  read_row (fixture, "{\"id\":\"g-9\",\"score\":80}");
  assert_is (fixture, id, LS_ACTION_COMPLETED, LS_OUTCOME_ACCEPTED);
}

/* The server refuses every write with 500, and gives a row when asked for it, or not even that. */
static void
stumble (Fixture *fixture, const char *row, guint n_times)
{
  LsQueueHarness *h = fixture->h;

  connect_link (fixture);
  for (guint i = 0; i < n_times; i++)
    {
      while (h->reads.length + h->sends.length > 0)
        if (h->sends.length > 0)
          answer (fixture, 500);
        else
          ls_queue_harness_answer_read (
              h, ls_queue_harness_classic_reply (row != NULL ? 200 : 500, row));
      if (!ls_queue_harness_advance_to_alarm (h))
        break;
    }
}

/* A server that stumbles over everything makes no dead letters. */
static void
test_classic_500_of_all (Fixture *fixture, gconstpointer data)
{
  for (guint i = 0; i < 8; i++)
    {
      g_autofree char *id = g_strdup_printf ("row-%u", i);

      enqueue (fixture, LS_ACTION_CREATE, id, "{\"score\":80}");
    }
  stumble (fixture, NULL, 60);
  g_assert_cmpuint (ls_queue_get_counts (fixture->h->queue)->failed, ==, 0);
  g_assert_cmpuint (ls_queue_get_counts (fixture->h->queue)->pending, ==, 8);
}

/* That it gives rows does not make it one that takes them. */
static void
test_classic_500_of_all_writes (Fixture *fixture, gconstpointer data)
{
  for (guint i = 0; i < 8; i++)
    {
      g_autofree char *id = g_strdup_printf ("row-%u", i);

      enqueue (fixture, LS_ACTION_UPDATE, id, "{\"score\":80}");
    }
  stumble (fixture, BASE, 60);
  g_assert_cmpuint (ls_queue_get_counts (fixture->h->queue)->failed, ==, 0);
  g_assert_cmpuint (ls_queue_get_counts (fixture->h->queue)->pending, ==, 8);
  g_assert_cmpint (ls_queue_get_counts (fixture->h->queue)->breaker, !=, LS_BREAKER_CLOSED);
}

/* Where nothing else can be sent, nobody knows whether it is the server or the actions: not for ever. */
static void
test_classic_500_alone (Fixture *fixture, gconstpointer data)
{
  const char *first = enqueue (fixture, LS_ACTION_UPDATE, "g-1", "{\"score\":101}");
  const char *second = enqueue (fixture, LS_ACTION_UPDATE, "g-2", "{\"score\":101}");

  stumble (fixture, BASE, 200);
  assert_is (fixture, first, LS_ACTION_FAILED, LS_OUTCOME_REJECTED);
  assert_is (fixture, second, LS_ACTION_FAILED, LS_OUTCOME_REJECTED);
}

/* Opens the breaker by one action that is refused with 500, and lets the time for a probe come. */
static void
wait_for_probe (Fixture *fixture)
{
  LsQueueHarness *h = fixture->h;

  for (guint i = 0; i < LS_BREAKER_FAILURES; i++)
    {
      while (h->reads.length == 0)
        g_assert_true (ls_queue_harness_advance_to_alarm (h));
      read_row (fixture, BASE);
      ls_queue_harness_fail_send (h, LS_REASON_SERVER_UNREACHABLE);
    }
  g_assert_cmpint (ls_queue_get_counts (h->queue)->breaker, ==, LS_BREAKER_OPEN);
  while (h->reads.length == 0)
    g_assert_true (ls_queue_harness_advance_to_alarm (h));
}

/* A probe whose row is as wanted shows nothing: another one is it, at once. */
static void
test_classic_probe_needless (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  const char *second;

  enqueue (fixture, LS_ACTION_UPDATE, "g-1", "{\"score\":80}");
  connect_link (fixture);
  wait_for_probe (fixture);
  second = enqueue (fixture, LS_ACTION_UPDATE, "g-2", "{\"score\":80}");
  assert_under_way (fixture, 1, 0);
  read_row (fixture, "{\"id\":\"g-1\",\"score\":80,\"note\":null}");
  assert_under_way (fixture, 1, 0);
  read_row (fixture, BASE);
  g_assert_cmpint (ls_queue_get_counts (h->queue)->breaker, ==, LS_BREAKER_PROBING);
  answer (fixture, 200);
  g_assert_cmpint (ls_queue_get_counts (h->queue)->breaker, ==, LS_BREAKER_CLOSED);
  read_row (fixture, "{\"id\":\"g-2\",\"score\":80,\"note\":null}");
  assert_is (fixture, second, LS_ACTION_COMPLETED, LS_OUTCOME_ACCEPTED);
}

/* A probe that a disk that fails ends before it is sent is not the last one. */
static void
test_classic_probe_disk (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;

  enqueue (fixture, LS_ACTION_UPDATE, "g-1", "{\"score\":80}");
  connect_link (fixture);
  wait_for_probe (fixture);
  h->manual = TRUE;
  read_row (fixture, BASE);
  ls_queue_harness_fail_write (h);
  h->manual = FALSE;
  ls_queue_harness_advance (h, 60000);
  assert_under_way (fixture, 1, 0);
}

/* The answer to a write is there, the row is not: then it is as if there was none. */
static void
test_classic_read_back_fails (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  const char *id = enqueue (fixture, LS_ACTION_UPDATE, "g-1", "{\"score\":80}");

  connect_link (fixture);
  read_row (fixture, BASE);
  answer (fixture, 200);
  ls_queue_harness_fail_read (h, LS_REASON_SERVER_UNREACHABLE);
  assert_is (fixture, id, LS_ACTION_PENDING, LS_OUTCOME_NONE);
  g_assert_true (ls_queue_harness_get (h, id)->outcome_unknown);
  ls_queue_harness_advance_to_alarm (h);
  read_row (fixture, "{\"id\":\"g-1\",\"score\":80,\"note\":null}");
  assert_is (fixture, id, LS_ACTION_COMPLETED, LS_OUTCOME_ACCEPTED);
  assert_under_way (fixture, 0, 0);
}

/* A row that can't be had is asked for less and less often. */
static void
test_classic_look_backoff (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  const char *id = enqueue (fixture, LS_ACTION_UPDATE, "g-1", "{\"score\":80}");
  guint n_looks = 0;
  gint64 end;

  connect_link (fixture);
  end = ls_clock_get_monotonic (LS_CLOCK (h->clock)) + 24 * 60 * 60 * 1000;
  while (ls_clock_get_monotonic (LS_CLOCK (h->clock)) < end)
    {
      while (h->reads.length > 0)
        {
          ls_queue_harness_answer_read (h, ls_queue_harness_classic_reply (200, NULL));
          n_looks++;
        }
      g_assert_true (ls_queue_harness_advance_to_alarm (h));
    }
  assert_is (fixture, id, LS_ACTION_PENDING, LS_OUTCOME_NONE);
  /* 15 min at most, half of that on average */
  g_assert_cmpuint (n_looks, >=, 90);
  g_assert_cmpuint (n_looks, <, 400);
}

/* A row that we may not see is no reason to wait for it. */
static void
test_classic_look_refused (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  const char *id = enqueue (fixture, LS_ACTION_UPDATE, "g-1", "{\"score\":80}");

  connect_link (fixture);
  ls_queue_harness_answer_read (h, ls_queue_harness_classic_reply (403, NULL));
  assert_is (fixture, id, LS_ACTION_FAILED, LS_OUTCOME_REJECTED);
  g_assert_cmpstr (ls_queue_harness_get (h, id)->reason, ==, "http-403");
  g_assert_false (ls_queue_harness_get (h, id)->outcome_unknown);

  ls_queue_retry (h->queue, id, ls_queue_harness_ticket (h));
  ls_queue_harness_run (h);
  read_row (fixture, BASE);
  answer (fixture, 200);
  ls_queue_harness_answer_read (h, ls_queue_harness_classic_reply (405, NULL));
  assert_is (fixture, id, LS_ACTION_FAILED, LS_OUTCOME_REJECTED);
  g_assert_true (ls_queue_harness_get (h, id)->outcome_unknown);
}

static const char *
enqueue_publish (Fixture *fixture)
{
  LsActionDraft wanted = { .type = LS_ACTION_PUBLISH,
                           .entity = "grade",
                           .entity_id = "g-1",
                           .endpoint = "/api/grades/g-1/publish",
                           .method = LS_METHOD_INVALID };

  return ls_queue_harness_enqueue (fixture->h, &wanted, fixture->row);
}

/* What can't be looked up and must not be done twice is for the user. */
static void
test_classic_publish_unknown (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  const char *id = enqueue_publish (fixture);

  connect_link (fixture);
  assert_under_way (fixture, 0, 1);
  ls_queue_harness_fail_send (h, LS_REASON_SERVER_UNREACHABLE);
  ls_queue_harness_advance_to_alarm (h);
  assert_is (fixture, id, LS_ACTION_FAILED, LS_OUTCOME_REJECTED);
  g_assert_cmpstr (ls_queue_harness_get (h, id)->reason, ==, "outcome-unknown");
  ls_queue_retry (h->queue, id, ls_queue_harness_ticket (h));
  ls_queue_harness_run (h);
  assert_under_way (fixture, 0, 1);
}

/* Nor is what a gateway says in its place an answer of the system. */
static void
test_classic_publish_gateway (Fixture *fixture, gconstpointer data)
{
  static const guint statuses[] = { 503, 504 };
  LsQueueHarness *h = fixture->h;
  const char *id = enqueue_publish (fixture);

  connect_link (fixture);
  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++)
    {
      assert_is (fixture, id, LS_ACTION_SYNCING, LS_OUTCOME_NONE);
      answer (fixture, statuses[i]);
      ls_queue_harness_advance_to_alarm (h);
    }
  assert_is (fixture, id, LS_ACTION_FAILED, LS_OUTCOME_REJECTED);
  g_assert_cmpstr (ls_queue_harness_get (h, id)->reason, ==, "outcome-unknown");
  ls_queue_edit (h->queue, id, "{}", ls_queue_harness_ticket (h));
  ls_queue_harness_run (h);
  assert_is (fixture, id, LS_ACTION_SYNCING, LS_OUTCOME_NONE);
}

/* What it stumbled over is sent again once the user has said it anew: nobody else can say whether it was done. */
static void
test_classic_publish_500 (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  const char *id = enqueue_publish (fixture);

  connect_link (fixture);
  for (guint i = 0; i < 3; i++)
    {
      answer (fixture, 500);
      ls_queue_harness_advance_to_alarm (h);
    }
  assert_is (fixture, id, LS_ACTION_FAILED, LS_OUTCOME_REJECTED);
  g_assert_cmpstr (ls_queue_harness_get (h, id)->reason, ==, "http-500");
  ls_queue_edit (h->queue, id, "{}", ls_queue_harness_ticket (h));
  ls_queue_harness_run (h);
  assert_is (fixture, id, LS_ACTION_SYNCING, LS_OUTCOME_NONE);
}

static void
check_create_elsewhere (Fixture *fixture, const char *entity)
{
  LsQueueHarness *h = fixture->h;
  LsActionDraft wanted = { .type = LS_ACTION_CREATE,
                           .entity = entity,
                           .endpoint = "/api/email/send",
                           .body = "{\"to\":\"u-2\"}",
                           .method = LS_METHOD_INVALID };
  const char *id = ls_queue_harness_enqueue (h, &wanted, NULL);

  connect_link (fixture);
  assert_under_way (fixture, 0, 1);
  ls_queue_harness_fail_send (h, LS_REASON_SERVER_UNREACHABLE);
  ls_queue_harness_advance_to_alarm (h);
  assert_under_way (fixture, 0, 0);
  assert_is (fixture, id, LS_ACTION_FAILED, LS_OUTCOME_REJECTED);
  g_assert_cmpstr (ls_queue_harness_get (h, id)->reason, ==, "outcome-unknown");
}

/* A create that goes anywhere but to a table is not to be found there: a 404 would not say that it was not done. */
static void
test_classic_create_elsewhere (Fixture *fixture, gconstpointer data)
{
  check_create_elsewhere (fixture, "email");
  check_create_elsewhere (fixture, "announcement");
}

/* A change of a row that was not in the cache is made from what is there when it is sent. */
static void
test_classic_blind (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  LsActionDraft wanted = { .type = LS_ACTION_UPDATE,
                           .entity = "grade",
                           .entity_id = "g-1",
                           .body = "{\"score\":80}",
                           .method = LS_METHOD_INVALID };
  const char *id = ls_queue_harness_enqueue (h, &wanted, NULL);

  connect_link (fixture);
  read_row (fixture, BASE);
  ls_queue_harness_fail_send (h, LS_REASON_SERVER_UNREACHABLE);
  ls_queue_harness_advance_to_alarm (h);
  /* it was done or it was not, and then somebody else came */
  read_row (fixture, "{\"id\":\"g-1\",\"score\":60,\"note\":null}");
  assert_is (fixture, id, LS_ACTION_CONFLICT, LS_OUTCOME_CONFLICTED);
}

/* What was before it is not done after all, as that could not be written down: then it is not its turn. */
static void
test_classic_turn_lost (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  const char *first = enqueue (fixture, LS_ACTION_UPDATE, "g-1", "{\"score\":80}");
  const char *second = enqueue (fixture, LS_ACTION_UPDATE, "g-1", "{\"note\":\"x\"}");

  connect_link (fixture);
  h->manual = TRUE;
  read_row (fixture, "{\"id\":\"g-1\",\"score\":80,\"note\":null}");
  assert_under_way (fixture, 1, 0);
  ls_queue_harness_fail_write (h);
  read_row (fixture, "{\"id\":\"g-1\",\"score\":80,\"note\":null}");
  assert_under_way (fixture, 0, 0);
  assert_is (fixture, second, LS_ACTION_PENDING, LS_OUTCOME_NONE);
  ls_queue_harness_advance (h, 10000);
  g_assert_cmpstr (((LsQueueCommand *)h->reads.head->data)->id, ==, first);
}

/* A row that was made under another id puts older changes before one whose row is being read back: that one goes on in its
 * turn. */
static void
test_classic_turn_lost_when_sent (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  const char *create = enqueue (fixture, LS_ACTION_CREATE, "c-1", "{\"score\":80}");
  const char *change = enqueue (fixture, LS_ACTION_UPDATE, "c-1", "{\"note\":\"x\"}");
  const char *sent = enqueue (fixture, LS_ACTION_UPDATE, "g-1", "{\"score\":90}");

  connect_link (fixture);
  read_row (fixture, BASE);
  answer (fixture, 201);
  answer (fixture, 200);
  assert_under_way (fixture, 2, 0);
  read_row (fixture, "{\"id\":\"g-1\",\"score\":80}");
  assert_is (fixture, create, LS_ACTION_COMPLETED, LS_OUTCOME_ACCEPTED_CHANGED);
  g_assert_cmpstr (ls_queue_harness_get (h, change)->entity_id, ==, "g-1");
  read_row (fixture, "{\"id\":\"g-1\",\"score\":90}");
  assert_is (fixture, sent, LS_ACTION_PENDING, LS_OUTCOME_NONE);
  g_assert_true (ls_queue_harness_get (h, sent)->outcome_unknown);
}

/* Column names are pasted into SQL there. */
static void
test_classic_column_names (Fixture *fixture, gconstpointer data)
{
  const char *id =
      enqueue (fixture, LS_ACTION_UPDATE, "g-1", "{\"score = 5, assignment_name\":\"x\"}");

  connect_link (fixture);
  assert_under_way (fixture, 0, 0);
  assert_is (fixture, id, LS_ACTION_FAILED, LS_OUTCOME_REJECTED);
  g_assert_cmpstr (ls_queue_harness_get (fixture->h, id)->reason, ==, "unknown-column");
}

/* Nor are they when what is sent is changed while its row is read. */
static void
test_classic_column_names_edited (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  const char *id = enqueue (fixture, LS_ACTION_UPDATE, "g-1", "{\"score\":80}");

  connect_link (fixture);
  assert_under_way (fixture, 1, 0);
  ls_queue_edit (h->queue, id, "{\"score = 5, assignment_name\":\"x\"}",
                 ls_queue_harness_ticket (h));
  ls_queue_harness_run (h);
  read_row (fixture, BASE);
  assert_under_way (fixture, 0, 0);
  assert_is (fixture, id, LS_ACTION_FAILED, LS_OUTCOME_REJECTED);
  g_assert_cmpstr (ls_queue_harness_get (h, id)->reason, ==, "unknown-column");
}

static void
test_classic_own_edits (Fixture *fixture, gconstpointer data)
{
  const char *first = enqueue (fixture, LS_ACTION_UPDATE, "g-1", "{\"score\":80}");
  const char *second = enqueue (fixture, LS_ACTION_UPDATE, "g-1", "{\"note\":\"x\"}");

  connect_link (fixture);
  read_row (fixture, BASE);
  answer (fixture, 200);
  read_row (fixture, "{\"id\":\"g-1\",\"score\":80,\"note\":null}");
  assert_is (fixture, first, LS_ACTION_COMPLETED, LS_OUTCOME_ACCEPTED);
  read_row (fixture, "{\"id\":\"g-1\",\"score\":80,\"note\":null}");
  assert_under_way (fixture, 0, 1);
  answer (fixture, 200);
  read_row (fixture, "{\"id\":\"g-1\",\"score\":80,\"note\":\"x\"}");
  assert_is (fixture, second, LS_ACTION_COMPLETED, LS_OUTCOME_ACCEPTED);
}

/* Somebody came between our own two edits. */
static void
test_classic_disturbed (Fixture *fixture, gconstpointer data)
{
  const char *second;

  enqueue (fixture, LS_ACTION_UPDATE, "g-1", "{\"score\":80}");
  second = enqueue (fixture, LS_ACTION_UPDATE, "g-1", "{\"note\":\"x\"}");
  connect_link (fixture);
  read_row (fixture, BASE);
  answer (fixture, 200);
  read_row (fixture, "{\"id\":\"g-1\",\"score\":80,\"note\":\"theirs\"}");
  read_row (fixture, "{\"id\":\"g-1\",\"score\":80,\"note\":\"theirs\"}");
  assert_is (fixture, second, LS_ACTION_CONFLICT, LS_OUTCOME_CONFLICTED);
}

/* What was on its way into the cache when the link broke has come with the next poll. */
static void
test_classic_link_lost (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  const char *id = enqueue (fixture, LS_ACTION_CREATE, "g-2", "{\"score\":80}");

  connect_link (fixture);
  answer (fixture, 201);
  read_row (fixture, "{\"id\":\"g-2\",\"score\":80}");
  ls_queue_harness_disconnect (h);
  g_assert_false (ls_queue_harness_get (h, id)->visible);
  connect_link (fixture);
  g_assert_true (ls_queue_harness_get (h, id)->visible);
}

/* It knows no PATCH. */
static void
test_classic_patch (Fixture *fixture, gconstpointer data)
{
  LsActionDraft wanted = { .type = LS_ACTION_UPDATE,
                           .entity = "grade",
                           .entity_id = "g-1",
                           .body = "{\"score\":80}",
                           .method = LS_METHOD_PATCH };

  ls_queue_harness_enqueue (fixture->h, &wanted, fixture->row);
  connect_link (fixture);
  read_row (fixture, BASE);
  g_assert_cmpint (((LsQueueCommand *)fixture->h->sends.head->data)->request->method, ==,
                   LS_METHOD_PUT);
}

/* No refresh helps there, and none is asked for again and again. */
static void
test_classic_token (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  const char *id = enqueue (fixture, LS_ACTION_UPDATE, "g-1", "{\"score\":80}");

  connect_link (fixture);
  ls_queue_harness_answer_read (h, ls_queue_harness_classic_reply (401, NULL));
  g_assert_cmpuint (h->n_refreshes, ==, 1);
  ls_queue_tokens_refused (h->queue);
  for (guint i = 0; i < 10; i++)
    ls_queue_harness_advance (h, 600000);
  assert_under_way (fixture, 0, 0);
  g_assert_cmpuint (h->n_refreshes, ==, 1);
  assert_is (fixture, id, LS_ACTION_PENDING, LS_OUTCOME_NONE);
  g_assert_cmpstr (ls_queue_harness_get (h, id)->reason, ==, "token-refused");
}

#define ADD(name, function)                                                                        \
  g_test_add ("/core/queue-classic/" name, Fixture, NULL, set_up, function, ls_queue_fixture_clear)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  /* That the disk fails is warned of. */
  g_log_set_always_fatal (G_LOG_LEVEL_CRITICAL | G_LOG_FATAL_MASK);
  ADD ("update", test_classic_update);
  ADD ("conflict", test_classic_conflict);
  ADD ("wanted-already", test_classic_wanted_already);
  ADD ("deleted-there", test_classic_deleted_there);
  ADD ("yes-is-no-proof", test_classic_yes_is_no_proof);
  ADD ("create-not-done", test_classic_create_not_done);
  ADD ("update-not-done", test_classic_update_not_done);
  ADD ("delete-not-done", test_classic_delete_not_done);
  ADD ("odd-yes", test_classic_odd_yes);
  ADD ("delete", test_classic_delete);
  ADD ("delete-of-what-changed", test_classic_delete_of_what_changed);
  ADD ("create-unknown", test_classic_create_unknown);
  ADD ("create-of-another", test_classic_create_of_another);
  ADD ("conflict-unseen", test_classic_conflict_unseen);
  ADD ("500", test_classic_500);
  ADD ("500-but-done", test_classic_500_but_done);
  ADD ("500-of-all", test_classic_500_of_all);
  ADD ("500-of-all-writes", test_classic_500_of_all_writes);
  ADD ("500-alone", test_classic_500_alone);
  ADD ("probe-needless", test_classic_probe_needless);
  ADD ("probe-disk", test_classic_probe_disk);
  ADD ("read-back-fails", test_classic_read_back_fails);
  ADD ("look-backoff", test_classic_look_backoff);
  ADD ("look-refused", test_classic_look_refused);
  ADD ("publish-unknown", test_classic_publish_unknown);
  ADD ("publish-gateway", test_classic_publish_gateway);
  ADD ("publish-500", test_classic_publish_500);
  ADD ("create-elsewhere", test_classic_create_elsewhere);
  ADD ("blind", test_classic_blind);
  ADD ("turn-lost", test_classic_turn_lost);
  ADD ("turn-lost-when-sent", test_classic_turn_lost_when_sent);
  ADD ("column-names", test_classic_column_names);
  ADD ("column-names-edited", test_classic_column_names_edited);
  ADD ("own-edits", test_classic_own_edits);
  ADD ("disturbed", test_classic_disturbed);
  ADD ("link-lost", test_classic_link_lost);
  ADD ("patch", test_classic_patch);
  ADD ("token", test_classic_token);
  return g_test_run ();
}
