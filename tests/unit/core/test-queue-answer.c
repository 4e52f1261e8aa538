/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose answer it is that comes while we talk to labsync-server. */
#include "ls-queue-fixture.h"

typedef LsQueueFixture Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  ls_queue_fixture_init (fixture, "{\"id\":\"g-1\",\"score\":70}", 5);
}

static const char *
enqueue (Fixture *fixture, LsActionType type)
{
  LsActionDraft wanted = { .type = type,
                           .entity = "grade",
                           .entity_id = "g-1",
                           .body = type != LS_ACTION_DELETE ? "{\"score\":80}" : NULL,
                           .method = LS_METHOD_INVALID };

  return ls_queue_harness_enqueue (fixture->h, &wanted,
                                   type != LS_ACTION_CREATE ? fixture->row : NULL);
}

static const LsAction *
get (Fixture *fixture, const char *id)
{
  return ls_queue_harness_get (fixture->h, id);
}

/* A proxy, a gateway or a portal says what labsync-server would sign. */
static void
answer_on_the_way (Fixture *fixture, guint status, const char *row)
{
  ls_queue_harness_answer (fixture->h, ls_queue_harness_classic_reply (status, row));
}

/* Whatever it says: nothing was decided about the action, which goes again with the same key. */
static void
test_answer_on_the_way (Fixture *fixture, gconstpointer data)
{
  static const guint statuses[] = { 200, 201, 204, 400, 401, 403, 404, 409, 410, 422, 429 };
  LsQueueHarness *h = fixture->h;
  const char *id = enqueue (fixture, (LsActionType)GPOINTER_TO_INT (data));
  g_autofree char *key = g_strdup (get (fixture, id)->key);

  ls_queue_harness_connect (h, LS_PROTOCOL_LABSYNC_V1);
  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++)
    {
      while (h->sends.length == 0)
        g_assert_true (ls_queue_harness_advance_to_alarm (h));
      answer_on_the_way (fixture, statuses[i], "{\"id\":\"g-1\",\"score\":70}");
      g_assert_cmpint (get (fixture, id)->status, ==, LS_ACTION_PENDING);
      g_assert_false (get (fixture, id)->outcome_unknown);
      g_assert_cmpstr (get (fixture, id)->reason, ==, "captive-portal");
      g_assert_cmpstr (get (fixture, id)->key, ==, key);
      g_assert_cmpuint (h->reads.length, ==, 0);
    }
  g_assert_cmpuint (h->n_refreshes, ==, 0);
}

/* Behind a gateway that gives up the server may go on. */
static void
test_answer_gateway (Fixture *fixture, gconstpointer data)
{
  const char *id = enqueue (fixture, LS_ACTION_UPDATE);
  LsActionReply *reply = ls_queue_harness_classic_reply (504, NULL);
  gint64 now = ls_clock_get_wall (LS_CLOCK (fixture->h->clock));

  reply->retry_after_ms = 60000;
  ls_queue_harness_connect (fixture->h, LS_PROTOCOL_LABSYNC_V1);
  ls_queue_harness_answer (fixture->h, reply);
  g_assert_cmpint (get (fixture, id)->status, ==, LS_ACTION_PENDING);
  g_assert_true (get (fixture, id)->outcome_unknown);
  g_assert_cmpstr (get (fixture, id)->reason, ==, "server-unreachable");
  g_assert_cmpint (get (fixture, id)->next_attempt_at, >=, now + 60000);
}

/* What is too large for something on the way never gets to the server: it holds up nothing any longer. */
static void
test_answer_too_large (Fixture *fixture, gconstpointer data)
{
  const char *id = enqueue (fixture, LS_ACTION_UPDATE);

  ls_queue_harness_connect (fixture->h, LS_PROTOCOL_LABSYNC_V1);
  answer_on_the_way (fixture, (guint)GPOINTER_TO_INT (data), NULL);
  g_assert_cmpint (get (fixture, id)->status, ==, LS_ACTION_FAILED);
  g_assert_cmpint (get (fixture, id)->http_status, ==, GPOINTER_TO_INT (data));
}

/* When to come back counts for all lanes, and whoever is in a hurry, also where a proxy says it for the server. */
static void
test_answer_retry_after (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  LsActionReply *reply = ls_queue_harness_classic_reply (503, NULL);

  enqueue (fixture, LS_ACTION_UPDATE);
  reply->retry_after_ms = 60000;
  ls_queue_harness_connect (h, LS_PROTOCOL_LABSYNC_V1);
  ls_queue_harness_answer (h, reply);
  ls_queue_flush (h->queue);
  ls_queue_harness_run (h);
  ls_queue_harness_advance (h, 59999);
  g_assert_cmpuint (h->sends.length, ==, 0);
  ls_queue_harness_advance (h, 1);
  g_assert_cmpuint (h->sends.length, ==, 1);
}

/* What counts is what the server was when it was asked: that may have changed since. */
static void
test_answer_protocol_changed (Fixture *fixture, gconstpointer data)
{
  const char *id = enqueue (fixture, LS_ACTION_UPDATE);

  ls_queue_harness_connect (fixture->h, LS_PROTOCOL_LABSYNC_V1);
  ls_queue_harness_connect (fixture->h, LS_PROTOCOL_CLASSIC);
  answer_on_the_way (fixture, 403, NULL);
  g_assert_cmpint (get (fixture, id)->status, ==, LS_ACTION_PENDING);
}

#define ADD(name, data, function)                                                                  \
  g_test_add ("/core/queue-answer/" name, Fixture, GINT_TO_POINTER (data), set_up, function,       \
              ls_queue_fixture_clear)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("create-on-the-way", LS_ACTION_CREATE, test_answer_on_the_way);
  ADD ("update-on-the-way", LS_ACTION_UPDATE, test_answer_on_the_way);
  ADD ("delete-on-the-way", LS_ACTION_DELETE, test_answer_on_the_way);
  ADD ("too-large-413", 413, test_answer_too_large);
  ADD ("too-large-414", 414, test_answer_too_large);
  ADD ("too-large-431", 431, test_answer_too_large);
  ADD ("gateway", 0, test_answer_gateway);
  ADD ("retry-after", 0, test_answer_retry_after);
  ADD ("protocol-changed", 0, test_answer_protocol_changed);
  return g_test_run ();
}
