/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The queue at labsync-server: whose turn it is, what is sent, what comes of it. */
#include <string.h>

#include "ls-error.h"
#include "ls-queue-fixture.h"

#define MINUTE G_GINT64_CONSTANT (60000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

typedef LsQueueFixture Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  ls_queue_fixture_init (fixture, "{\"id\":\"g-1\",\"score\":70}", 5);
}

static LsActionDraft
draft (LsActionType type, const char *id, const char *body)
{
  return (LsActionDraft) {
    .type = type, .entity = "grade", .entity_id = id, .body = body, .method = LS_METHOD_INVALID
  };
}

static const char *
update (Fixture *fixture, const char *body)
{
  LsActionDraft wanted = draft (LS_ACTION_UPDATE, "g-1", body);

  return ls_queue_harness_enqueue (fixture->h, &wanted, fixture->row);
}

/* A new row of its own lane. */
static const char *
create (Fixture *fixture, const char *id)
{
  LsActionDraft wanted = draft (LS_ACTION_CREATE, id, "{\"score\":1}");

  return ls_queue_harness_enqueue (fixture->h, &wanted, NULL);
}

static void
create_rows (Fixture *fixture, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *id = g_strdup_printf ("row-%u", i);

      create (fixture, id);
    }
}

static void
connect_link (Fixture *fixture)
{
  ls_queue_harness_connect (fixture->h, LS_PROTOCOL_LABSYNC_V1);
}

static void
answer (Fixture *fixture, guint status)
{
  ls_queue_harness_answer (fixture->h, ls_queue_harness_reply (status, NULL, 0, 0));
}

static void
accept_with (Fixture *fixture, const char *row, gint64 version, gint64 offset)
{
  ls_queue_harness_answer (fixture->h, ls_queue_harness_reply (200, row, version, offset));
}

static const LsActionRequest *
peek (Fixture *fixture)
{
  LsQueueCommand *send = g_queue_peek_head (&fixture->h->sends);

  g_assert_nonnull (send);
  return send->request;
}

static void
assert_status (Fixture *fixture, const char *id, LsActionStatus status, LsOutcome outcome)
{
  const LsAction *action = ls_queue_harness_get (fixture->h, id);

  g_assert_cmpint (action->status, ==, status);
  g_assert_cmpint (action->outcome, ==, outcome);
}

/* Nobody is told of an action, and nobody hears of it, before it is on disk. */
static void
test_queue_not_told_before_disk (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  LsActionDraft wanted = draft (LS_ACTION_UPDATE, "g-1", "{\"score\":80}");
  gpointer ticket;

  connect_link (fixture);
  h->manual = TRUE;
  ticket = ls_queue_harness_try (h, &wanted, fixture->row);
  g_assert_false (g_hash_table_contains (h->answers, ticket));
  g_assert_cmpuint (h->told->len, ==, 0);
  g_assert_cmpuint (h->rows->len, ==, 0);
  g_assert_cmpuint (h->sends.length, ==, 0);
  g_assert_cmpuint (ls_queue_get_counts (h->queue)->pending, ==, 0);

  ls_queue_harness_write (h);
  g_assert_true (g_hash_table_contains (h->answers, ticket));
  g_assert_cmpuint (h->told->len, ==, 1);
  g_assert_cmpstr (h->rows->pdata[0], ==, "grade/g-1");
}

/* What goes to the server is on disk as being there first. */
static void
test_queue_not_sent_before_disk (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  const char *id = update (fixture, "{\"score\":80}");
  const LsAction *on_disk;

  h->manual = TRUE;
  connect_link (fixture);
  g_assert_cmpuint (h->sends.length, ==, 0);
  g_assert_nonnull (h->write);
  ls_queue_harness_write (h);
  g_assert_cmpuint (h->sends.length, ==, 1);
  on_disk = g_hash_table_lookup (h->disk, id);
  g_assert_cmpint (on_disk->status, ==, LS_ACTION_SYNCING);
  g_assert_cmpuint (on_disk->attempts, ==, 1);
}

static void
test_queue_request (Fixture *fixture, gconstpointer data)
{
  const char *id = update (fixture, "{\"score\":80}");

  connect_link (fixture);
  g_assert_cmpint (peek (fixture)->method, ==, LS_METHOD_PUT);
  g_assert_cmpstr (peek (fixture)->path, ==, "/api/grades/g-1");
  g_assert_cmpstr (peek (fixture)->key, ==, id);
  g_assert_cmpint (peek (fixture)->version, ==, 5);
  g_assert_cmpstr (peek (fixture)->body, ==, "{\"score\":80}");
  /* a UUIDv7 */
  g_assert_true (g_uuid_string_is_valid (id) && id[14] == '7');
}

static void
test_queue_create (Fixture *fixture, gconstpointer data)
{
  LsActionDraft wanted = draft (LS_ACTION_CREATE, NULL, "{\"score\":1}");
  const char *id = ls_queue_harness_enqueue (fixture->h, &wanted, NULL);
  const LsAction *action = ls_queue_harness_get (fixture->h, id);
  g_autofree char *body = g_strdup_printf ("{\"score\":1,\"id\":\"%s\"}", action->entity_id);

  connect_link (fixture);
  g_assert_cmpint (peek (fixture)->method, ==, LS_METHOD_POST);
  g_assert_cmpstr (peek (fixture)->path, ==, "/api/grades");
  g_assert_cmpint (peek (fixture)->version, ==, 0);
  g_assert_cmpstr (peek (fixture)->body, ==, body);
  g_assert_true (g_uuid_string_is_valid (action->entity_id));
}

/* One after the other in a lane, four lanes at a time. */
static void
test_queue_lanes (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  const char *first = update (fixture, "{\"score\":80}");
  const char *second = update (fixture, "{\"score\":90}");

  for (guint i = 0; i < 6; i++)
    {
      g_autofree char *id = g_strdup_printf ("other-%u", i);

      create (fixture, id);
    }
  connect_link (fixture);
  g_assert_cmpuint (h->sends.length, ==, 4);
  g_assert_cmpstr (peek (fixture)->key, ==, first);
  for (GList *l = h->sends.head; l != NULL; l = l->next)
    g_assert_cmpstr (((LsQueueCommand *)l->data)->id, !=, second);

  accept_with (fixture, "{\"id\":\"g-1\",\"score\":80}", 6, 10);
  g_assert_cmpuint (h->sends.length, ==, 4);
  /* behind those whose turn it was while it had to wait */
  for (guint i = 0; i < 6; i++)
    {
      g_assert_cmpstr (peek (fixture)->key, !=, second);
      accept_with (fixture, NULL, 1, 11);
    }
  g_assert_cmpuint (h->sends.length, ==, 1);
  g_assert_cmpstr (peek (fixture)->key, ==, second);
}

static void
test_queue_depends_on (Fixture *fixture, gconstpointer data)
{
  LsActionDraft wanted = draft (LS_ACTION_CREATE, "later", "{}");
  const char *later;

  wanted.depends_on = update (fixture, "{\"score\":80}");
  later = ls_queue_harness_enqueue (fixture->h, &wanted, NULL);
  connect_link (fixture);
  g_assert_cmpuint (fixture->h->sends.length, ==, 1);
  accept_with (fixture, NULL, 6, 10);
  g_assert_cmpstr (peek (fixture)->key, ==, later);
}

static void
test_queue_depends_on_nothing (Fixture *fixture, gconstpointer data)
{
  LsActionDraft wanted = draft (LS_ACTION_CREATE, "later", "{}");
  gpointer ticket;

  wanted.depends_on = "nothing";
  ticket = ls_queue_harness_try (fixture->h, &wanted, NULL);
  g_assert_error (ls_queue_harness_get_error (fixture->h, ticket), LS_ERROR,
                  LS_ERROR_INVALID_ARGUMENT);
}

/* A dead letter holds up its lane and who depends on it, and nobody else; it stays, and says why. */
static void
test_queue_dead_letter (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  const char *poison = update (fixture, "{\"score\":101}");
  const char *behind = update (fixture, "{\"score\":90}");
  const char *free_one = create (fixture, "free");
  LsActionDraft wanted = draft (LS_ACTION_CREATE, "later", "{}");
  LsActionReply *reply = ls_queue_harness_reply (400, NULL, 0, 0);
  const char *dependent;
  const LsAction *action;

  wanted.depends_on = poison;
  dependent = ls_queue_harness_enqueue (h, &wanted, NULL);
  connect_link (fixture);
  reply->code = g_strdup ("invalid");
  reply->text = g_strdup ("{\"error\":\"invalid\"}");
  ls_queue_harness_answer (h, reply);
  accept_with (fixture, NULL, 1, 10);

  assert_status (fixture, poison, LS_ACTION_FAILED, LS_OUTCOME_REJECTED);
  action = ls_queue_harness_get (h, poison);
  g_assert_cmpstr (action->reason, ==, "invalid");
  g_assert_cmpuint (action->http_status, ==, 400);
  g_assert_cmpstr (action->answer, ==, "{\"error\":\"invalid\"}");
  /* the server would say the same to the same key again */
  g_assert_cmpstr (action->key, !=, poison);
  assert_status (fixture, free_one, LS_ACTION_COMPLETED, LS_OUTCOME_ACCEPTED);
  assert_status (fixture, behind, LS_ACTION_PENDING, LS_OUTCOME_NONE);
  g_assert_cmpuint (h->sends.length, ==, 0);
  g_assert_cmpstr (ls_queue_get_blocker (h->queue, behind), ==, poison);
  g_assert_cmpstr (ls_queue_get_blocker (h->queue, dependent), ==, poison);
  g_assert_null (ls_queue_get_blocker (h->queue, poison));
  g_assert_cmpuint (ls_queue_get_counts (h->queue)->failed, ==, 1);

  ls_queue_retry (h->queue, poison, ls_queue_harness_ticket (h));
  ls_queue_harness_run (h);
  g_assert_cmpstr (peek (fixture)->key, ==, ls_queue_harness_get (h, poison)->key);
  g_assert_cmpstr (peek (fixture)->key, !=, poison);
}

/* Without an answer nobody knows: the same key goes again, however often, and also after a restart. */
static void
test_queue_same_key (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  g_autofree char *id = g_strdup (update (fixture, "{\"score\":80}"));

  connect_link (fixture);
  for (guint i = 0; i < 4; i++)
    {
      ls_queue_harness_fail_send (h, LS_REASON_SERVER_UNREACHABLE);
      g_assert_true (ls_queue_harness_get (h, id)->outcome_unknown);
      assert_status (fixture, id, LS_ACTION_PENDING, LS_OUTCOME_NONE);
      g_assert_true (ls_queue_harness_advance_to_alarm (h));
      g_assert_cmpstr (peek (fixture)->key, ==, id);
      g_assert_cmpint (peek (fixture)->version, ==, 5);
    }
  ls_queue_harness_crash (h);
  g_assert_true (ls_queue_harness_get (h, id)->outcome_unknown);
  assert_status (fixture, id, LS_ACTION_PENDING, LS_OUTCOME_NONE);
  connect_link (fixture);
  g_assert_cmpstr (peek (fixture)->key, ==, id);
  g_assert_cmpuint (ls_queue_harness_get (h, id)->attempts, ==, 6);
}

/* What surely did not reach the server is not unknown. */
static void
test_queue_portal (Fixture *fixture, gconstpointer data)
{
  const char *id = update (fixture, "{\"score\":80}");

  connect_link (fixture);
  ls_queue_harness_fail_send (fixture->h, LS_REASON_CAPTIVE_PORTAL);
  assert_status (fixture, id, LS_ACTION_PENDING, LS_OUTCOME_NONE);
  g_assert_false (ls_queue_harness_get (fixture->h, id)->outcome_unknown);
  g_assert_cmpstr (ls_queue_harness_get (fixture->h, id)->reason, ==, "captive-portal");
}

/* Waits grow to 15 min, however often it fails, and are there after a restart. */
static void
test_queue_waits (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  g_autofree char *id = g_strdup (update (fixture, "{\"score\":80}"));
  gint64 longest = 0;

  connect_link (fixture);
  for (guint i = 0; i < 60; i++)
    {
      gint64 wait;

      answer (fixture, 503);
      wait =
          ls_queue_harness_get (h, id)->next_attempt_at - ls_clock_get_wall (LS_CLOCK (h->clock));
      g_assert_cmpint (wait, >=, 0);
      g_assert_cmpint (wait, <=, MIN (G_GINT64_CONSTANT (2000) << MIN (i, 20), 15 * MINUTE));
      longest = MAX (longest, wait);
      while (h->sends.length == 0)
        g_assert_true (ls_queue_harness_advance_to_alarm (h));
    }
  g_assert_cmpint (longest, >, 10 * MINUTE);

  answer (fixture, 503);
  while (ls_queue_harness_get (h, id)->next_attempt_at - ls_clock_get_wall (LS_CLOCK (h->clock)) <
         MINUTE)
    {
      while (h->sends.length == 0)
        g_assert_true (ls_queue_harness_advance_to_alarm (h));
      answer (fixture, 503);
    }
  ls_queue_harness_crash (h);
  connect_link (fixture);
  g_assert_cmpuint (h->sends.length, ==, 0);
  ls_queue_harness_advance (h, 16 * MINUTE);
  g_assert_cmpuint (h->sends.length, ==, 1);
}

static void
test_queue_retry_after (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  LsActionReply *reply = ls_queue_harness_reply (429, NULL, 0, 0);

  update (fixture, "{\"score\":80}");
  connect_link (fixture);
  create (fixture, "other");
  reply->retry_after_ms = MINUTE;
  ls_queue_harness_answer (h, reply);
  accept_with (fixture, NULL, 1, 10);
  create (fixture, "another");
  /* it holds for everything: the limit is not about this action */
  ls_queue_harness_advance (h, MINUTE - 1);
  g_assert_cmpuint (h->sends.length, ==, 0);
  ls_queue_harness_advance (h, 1 + MINUTE / 4);
  g_assert_cmpuint (h->sends.length, ==, 2);
}

/* A token that is refused pauses everything, is replaced once, and is no reason for a loop. */
static void
test_queue_tokens (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  const char *id = update (fixture, "{\"score\":80}");

  create (fixture, "a");
  create (fixture, "b");
  connect_link (fixture);
  g_assert_cmpuint (h->sends.length, ==, 3);
  for (guint i = 0; i < 3; i++)
    answer (fixture, 401);
  g_assert_cmpuint (h->n_refreshes, ==, 1);
  g_assert_cmpuint (h->sends.length, ==, 0);
  assert_status (fixture, id, LS_ACTION_PENDING, LS_OUTCOME_NONE);
  ls_queue_harness_advance (h, HOUR);
  g_assert_cmpuint (h->sends.length, ==, 0);

  ls_queue_tokens_changed (h->queue);
  ls_queue_harness_run (h);
  g_assert_cmpuint (h->sends.length, ==, 3);
  g_assert_cmpstr (peek (fixture)->key, ==, id);
  /* this one proves it */
  accept_with (fixture, NULL, 6, 10);
  answer (fixture, 401);
  g_assert_cmpuint (h->n_refreshes, ==, 2);
  answer (fixture, 401);
  ls_queue_tokens_changed (h->queue);
  ls_queue_harness_run (h);
  answer (fixture, 401);
  answer (fixture, 401);
  g_assert_cmpuint (h->n_refreshes, ==, 2);
  ls_queue_harness_advance (h, HOUR);
  g_assert_cmpuint (h->sends.length, ==, 0);
  /* one that comes by itself is tried, and asks for no other */
  ls_queue_tokens_changed (h->queue);
  ls_queue_harness_run (h);
  g_assert_cmpuint (h->sends.length, ==, 2);
  answer (fixture, 401);
  answer (fixture, 401);
  g_assert_cmpuint (h->n_refreshes, ==, 2);
  ls_queue_harness_advance (h, HOUR);
  g_assert_cmpuint (h->sends.length, ==, 0);
  /* a sign-in opens the queue anew */
  ls_queue_harness_crash (h);
  connect_link (fixture);
  ls_queue_harness_advance (h, 30000);
  g_assert_cmpuint (h->sends.length, ==, 2);
}

static void
test_queue_no_refresh_token (Fixture *fixture, gconstpointer data)
{
  update (fixture, "{\"score\":80}");
  connect_link (fixture);
  answer (fixture, 401);
  ls_queue_tokens_refused (fixture->h->queue);
  ls_queue_harness_run (fixture->h);
  ls_queue_harness_advance (fixture->h, HOUR);
  g_assert_cmpuint (fixture->h->sends.length, ==, 0);
  g_assert_cmpuint (fixture->h->n_refreshes, ==, 1);
}

/* Lets time pass until something is sent. Returns: (transfer none): what */
static const LsActionRequest *
wait_for_send (Fixture *fixture)
{
  while (fixture->h->sends.length == 0)
    g_assert_true (ls_queue_harness_advance_to_alarm (fixture->h));
  return peek (fixture);
}

/* A server that fails is let alone, and one action asks whether it is well again. */
static void
test_queue_breaker (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;

  create_rows (fixture, 20);
  connect_link (fixture);
  for (guint i = 0; i < 5; i++)
    answer (fixture, 503);
  g_assert_cmpint (ls_queue_get_counts (h->queue)->breaker, ==, LS_BREAKER_OPEN);
  while (h->sends.length > 0)
    answer (fixture, 503);

  wait_for_send (fixture);
  g_assert_cmpint (ls_queue_get_counts (h->queue)->breaker, ==, LS_BREAKER_PROBING);
  g_assert_cmpuint (h->sends.length, ==, 1);
  accept_with (fixture, NULL, 1, 10);
  g_assert_cmpint (ls_queue_get_counts (h->queue)->breaker, ==, LS_BREAKER_CLOSED);
  g_assert_cmpuint (h->sends.length, ==, 4);
}

/* Where first answers are lost, what was sent before is done already and makes the better probe; but one that
 * always fails does not keep the others waiting for ever. */
static void
test_queue_breaker_probes (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  g_autoptr (GHashTable) tried = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  create_rows (fixture, 20);
  connect_link (fixture);
  while (h->sends.length > 0)
    {
      g_hash_table_add (tried, g_strdup (peek (fixture)->key));
      ls_queue_harness_fail_send (h, LS_REASON_SERVER_UNREACHABLE);
    }
  g_assert_cmpint (ls_queue_get_counts (h->queue)->breaker, ==, LS_BREAKER_OPEN);

  for (guint i = 0; i < 3; i++)
    {
      g_assert_cmpint (g_hash_table_contains (tried, wait_for_send (fixture)->key), ==, i % 2 == 0);
      g_assert_cmpuint (h->sends.length, ==, 1);
      ls_queue_harness_fail_send (h, LS_REASON_SERVER_UNREACHABLE);
    }
}

static void
test_queue_flush (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;

  create_rows (fixture, 5);
  connect_link (fixture);
  while (h->sends.length > 0)
    answer (fixture, 503);
  g_assert_cmpint (ls_queue_get_counts (h->queue)->breaker, ==, LS_BREAKER_OPEN);

  ls_queue_flush (h->queue);
  ls_queue_harness_run (h);
  g_assert_cmpuint (h->sends.length, ==, 1);
  answer (fixture, 503);
  g_assert_cmpuint (h->sends.length, ==, 0);
  /* not again before 10 s have passed */
  ls_queue_flush (h->queue);
  ls_queue_harness_run (h);
  g_assert_cmpuint (h->sends.length, ==, 0);
  ls_fake_clock_advance (h->clock, 10000);
  ls_queue_flush (h->queue);
  ls_queue_harness_run (h);
  g_assert_cmpuint (h->sends.length, ==, 1);
}

static void
test_queue_pace (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  guint n = 0;

  h->config.rate = 5;
  ls_queue_set_config (h->queue, &h->config);
  create_rows (fixture, 40);
  connect_link (fixture);
  for (guint i = 0; i < 50; i++)
    {
      for (; h->sends.length > 0; n++)
        accept_with (fixture, NULL, 1, 10);
      ls_queue_harness_advance (h, 100);
    }
  g_assert_cmpuint (n, >=, 24);
  g_assert_cmpuint (n, <=, 30);
}

/* Work from yesterday does not leave all machines in the same moment. */
static void
test_queue_random_start (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;

  update (fixture, "{\"score\":80}");
  ls_fake_clock_advance (h->clock, 2 * HOUR);
  ls_queue_harness_crash (h);
  connect_link (fixture);
  g_assert_cmpuint (h->sends.length, ==, 0);
  ls_queue_harness_advance (h, 30000);
  g_assert_cmpuint (h->sends.length, ==, 1);
}

/* Our own edits in a row are no conflict. */
static void
test_queue_own_edits (Fixture *fixture, gconstpointer data)
{
  update (fixture, "{\"score\":80}");
  update (fixture, "{\"score\":90}");
  update (fixture, "{\"score\":95}");
  connect_link (fixture);
  g_assert_cmpint (peek (fixture)->version, ==, 5);
  accept_with (fixture, "{\"id\":\"g-1\",\"score\":80}", 6, 10);
  g_assert_cmpint (peek (fixture)->version, ==, 6);
  accept_with (fixture, "{\"id\":\"g-1\",\"score\":90}", 7, 11);
  g_assert_cmpint (peek (fixture)->version, ==, 7);
  /* made from what the cache has: its echo has not come yet */
  accept_with (fixture, "{\"id\":\"g-1\",\"score\":95}", 8, 12);
  update (fixture, "{\"score\":97}");
  g_assert_cmpint (peek (fixture)->version, ==, 8);
}

/* A row made offline is changed offline: the change knows the version that it will have. */
static void
test_queue_create_then_edit (Fixture *fixture, gconstpointer data)
{
  LsActionDraft wanted = draft (LS_ACTION_UPDATE, "new", "{\"score\":2}");

  create (fixture, "new");
  ls_queue_harness_enqueue (fixture->h, &wanted, NULL);
  connect_link (fixture);
  accept_with (fixture, "{\"id\":\"new\",\"score\":1}", 1, 10);
  g_assert_cmpstr (peek (fixture)->path, ==, "/api/grades/new");
  g_assert_cmpint (peek (fixture)->version, ==, 1);
}

/* The server has given the row another id. */
static void
test_queue_rename (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  g_autofree char *made = g_strdup (create (fixture, "ours"));
  LsActionDraft change = draft (LS_ACTION_UPDATE, "ours", "{\"score\":2,\"id\":\"ours\"}");
  LsActionDraft other =
      draft (LS_ACTION_CREATE, "note", "{\"grade_id\":\"ours\",\"text\":\"ours\"}");
  LsActionDraft third = draft (LS_ACTION_CREATE, "third", "{\"grade_id\":\"ours\"}");
  const char *changed, *dependent, *last;

  other.depends_on = made;
  other.endpoint = "/api/grades/ours/notes";
  changed = ls_queue_harness_enqueue (h, &change, NULL);
  dependent = ls_queue_harness_enqueue (h, &other, NULL);
  third.depends_on = dependent;
  last = ls_queue_harness_enqueue (h, &third, NULL);
  connect_link (fixture);
  accept_with (fixture, "{\"id\":\"theirs\",\"score\":1}", 1, 10);

  g_assert_cmpstr (ls_queue_harness_get (h, made)->entity_id, ==, "theirs");
  g_assert_cmpstr (ls_queue_harness_get (h, changed)->entity_id, ==, "theirs");
  g_assert_cmpint (ls_queue_harness_get (h, changed)->base_version, ==, 1);
  g_assert_cmpstr (ls_queue_harness_get (h, changed)->endpoint, ==, "/api/grades/theirs");
  g_assert_cmpstr (ls_queue_harness_get (h, changed)->body, ==, "{\"score\":2,\"id\":\"theirs\"}");
  g_assert_cmpstr (ls_queue_harness_get (h, dependent)->endpoint, ==, "/api/grades/theirs/notes");
  g_assert_nonnull (strstr (ls_queue_harness_get (h, dependent)->body, "\"grade_id\":\"theirs\""));
  g_assert_cmpstr (ls_queue_harness_get (h, dependent)->entity_id, ==, "note");
  g_assert_nonnull (strstr (ls_queue_harness_get (h, last)->body, "\"grade_id\":\"theirs\""));
}

static void
test_queue_accepted_changed (Fixture *fixture, gconstpointer data)
{
  const char *id = update (fixture, "{\"score\":80}");

  connect_link (fixture);
  accept_with (fixture, "{\"id\":\"g-1\",\"score\":79}", 6, 10);
  assert_status (fixture, id, LS_ACTION_COMPLETED, LS_OUTCOME_ACCEPTED_CHANGED);
}

static void
test_queue_delete_of_what_is_gone (Fixture *fixture, gconstpointer data)
{
  LsActionDraft wanted = draft (LS_ACTION_DELETE, "g-1", NULL);
  const char *id = ls_queue_harness_enqueue (fixture->h, &wanted, fixture->row);

  connect_link (fixture);
  answer (fixture, 404);
  assert_status (fixture, id, LS_ACTION_COMPLETED, LS_OUTCOME_ACCEPTED);
  /* no cursor will say when the cache knows, so it is told */
  g_assert_cmpuint (fixture->h->feeds.length, ==, 1);
  g_assert_false (ls_queue_harness_get (fixture->h, id)->visible);
  ls_queue_harness_move (fixture->h, 1);
  g_assert_true (ls_queue_harness_get (fixture->h, id)->visible);
}

static void
test_queue_visible (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  g_autofree char *id = g_strdup (update (fixture, "{\"score\":80}"));

  connect_link (fixture);
  accept_with (fixture, "{\"id\":\"g-1\",\"score\":80}", 6, 10);
  g_assert_false (ls_queue_harness_get (h, id)->visible);
  ls_queue_harness_move (h, 9);
  g_assert_false (ls_queue_harness_get (h, id)->visible);
  ls_queue_harness_crash (h);
  g_assert_false (ls_queue_harness_get (h, id)->visible);
  ls_queue_harness_move (h, 10);
  g_assert_true (ls_queue_harness_get (h, id)->visible);
}

/* A log that is left behind tells nothing more; one that is not reached yet will. */
static void
test_queue_new_log (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  const char *old = update (fixture, "{\"score\":80}");
  const char *young = create (fixture, "young");
  LsActionReply *reply = ls_queue_harness_reply (200, NULL, 1, 0);

  connect_link (fixture);
  accept_with (fixture, "{\"id\":\"g-1\",\"score\":80}", 6, 10);
  reply->cursor = ls_cursor_new ("f", 20);
  ls_queue_harness_answer (h, reply);
  ls_queue_moved (h->queue, ls_cursor_new ("f", 3), TRUE);
  ls_queue_harness_run (h);
  g_assert_true (ls_queue_harness_get (h, old)->visible);
  g_assert_false (ls_queue_harness_get (h, young)->visible);
  ls_queue_moved (h->queue, ls_cursor_new ("f", 20), TRUE);
  ls_queue_harness_run (h);
  g_assert_true (ls_queue_harness_get (h, young)->visible);
}

/* An app that did not hear our answer asks again with its key. */
static void
test_queue_same_key_again (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  LsActionDraft wanted = draft (LS_ACTION_CREATE, NULL, "{\"score\":1}");
  const char *id;
  gpointer ticket;

  wanted.key = "the-app's";
  id = ls_queue_harness_enqueue (h, &wanted, NULL);
  g_assert_cmpstr (ls_queue_harness_enqueue (h, &wanted, NULL), ==, id);
  g_assert_cmpuint (ls_queue_get_counts (h->queue)->pending, ==, 1);
  wanted.body = "{\"score\":2}";
  ticket = ls_queue_harness_try (h, &wanted, NULL);
  g_assert_error (ls_queue_harness_get_error (h, ticket), LS_ERROR, LS_ERROR_CONFLICT);
  connect_link (fixture);
  g_assert_cmpstr (peek (fixture)->key, ==, "the-app's");
  g_assert_true (peek (fixture)->is_repeatable);
}

static void
test_queue_expires (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  LsActionDraft wanted = draft (LS_ACTION_CREATE, "late", "{}");
  const char *id;

  wanted.expires_at = ls_clock_get_wall (LS_CLOCK (h->clock)) + MINUTE;
  id = ls_queue_harness_enqueue (h, &wanted, NULL);
  ls_fake_clock_advance (h->clock, MINUTE);
  connect_link (fixture);
  g_assert_cmpuint (h->sends.length, ==, 0);
  assert_status (fixture, id, LS_ACTION_FAILED, LS_OUTCOME_REJECTED);
  g_assert_cmpstr (ls_queue_harness_get (h, id)->reason, ==, "expired");
  ls_queue_retry (h->queue, id, ls_queue_harness_ticket (h));
  ls_queue_harness_run (h);
  g_assert_cmpuint (h->sends.length, ==, 1);
}

/* What is done is kept for a day after it is visible; dead letters and conflicts for ever. */
static void
test_queue_keeps (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  g_autofree char *good = g_strdup (create (fixture, "good"));
  g_autofree char *bad = g_strdup (create (fixture, "bad"));
  g_autofree char *changed = g_strdup (update (fixture, "{\"score\":80}"));

  connect_link (fixture);
  accept_with (fixture, NULL, 1, 10);
  answer (fixture, 400);
  ls_queue_harness_answer (h, ls_queue_harness_reply (412, "{\"id\":\"g-1\",\"score\":60}", 6, 0));
  ls_queue_harness_advance (h, 3 * DAY);
  ls_queue_harness_get (h, good); /* not visible yet */
  ls_queue_harness_move (h, 10);
  ls_queue_harness_advance (h, 2 * HOUR);
  g_assert_null (ls_queue_find (h->queue, good));
  g_assert_null (g_hash_table_lookup (h->disk, good));
  ls_queue_harness_advance (h, 400 * DAY);
  assert_status (fixture, bad, LS_ACTION_FAILED, LS_OUTCOME_REJECTED);
  assert_status (fixture, changed, LS_ACTION_CONFLICT, LS_OUTCOME_CONFLICTED);
  g_assert_cmpuint (g_hash_table_size (h->disk), ==, 2);
}

static void
test_queue_keeps_at_most (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  const char *bad = create (fixture, "bad");

  connect_link (fixture);
  answer (fixture, 400);
  ls_queue_harness_move (h, 100);
  for (guint i = 0; i < 1500; i++)
    {
      g_autofree char *id = g_strdup_printf ("row-%u", i);

      create (fixture, id);
      accept_with (fixture, NULL, 1, 10);
    }
  g_assert_cmpuint (g_hash_table_size (h->disk), <=, 1101);
  assert_status (fixture, bad, LS_ACTION_FAILED, LS_OUTCOME_REJECTED);
}

static void
test_queue_list (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  g_autofree char *next = NULL;
  g_autofree char *end = NULL;
  g_autoptr (GPtrArray) page = NULL;
  g_autoptr (GPtrArray) rest = NULL;
  g_autoptr (GPtrArray) none = NULL;

  create_rows (fixture, 5);
  page = ls_queue_list (h->queue, 1u << LS_ACTION_PENDING, "grade", 3, NULL, &next);
  g_assert_cmpuint (page->len, ==, 3);
  g_assert_cmpstr (((LsAction *)page->pdata[0])->entity_id, ==, "row-0");
  g_assert_nonnull (next);
  rest = ls_queue_list (h->queue, 0, NULL, 3, next, &end);
  g_assert_cmpuint (rest->len, ==, 2);
  g_assert_cmpstr (((LsAction *)rest->pdata[0])->entity_id, ==, "row-3");
  g_assert_null (end);
  none = ls_queue_list (h->queue, 1u << LS_ACTION_FAILED, NULL, 3, NULL, &end);
  g_assert_cmpuint (none->len, ==, 0);
}

#define ADD(name, function)                                                                        \
  g_test_add ("/core/queue/" name, Fixture, NULL, set_up, function, ls_queue_fixture_clear)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("not-told-before-disk", test_queue_not_told_before_disk);
  ADD ("not-sent-before-disk", test_queue_not_sent_before_disk);
  ADD ("request", test_queue_request);
  ADD ("create", test_queue_create);
  ADD ("lanes", test_queue_lanes);
  ADD ("depends-on", test_queue_depends_on);
  ADD ("depends-on-nothing", test_queue_depends_on_nothing);
  ADD ("dead-letter", test_queue_dead_letter);
  ADD ("same-key", test_queue_same_key);
  ADD ("portal", test_queue_portal);
  ADD ("waits", test_queue_waits);
  ADD ("retry-after", test_queue_retry_after);
  ADD ("tokens", test_queue_tokens);
  ADD ("no-refresh-token", test_queue_no_refresh_token);
  ADD ("breaker", test_queue_breaker);
  ADD ("breaker/probes", test_queue_breaker_probes);
  ADD ("flush", test_queue_flush);
  ADD ("pace", test_queue_pace);
  ADD ("random-start", test_queue_random_start);
  ADD ("own-edits", test_queue_own_edits);
  ADD ("create-then-edit", test_queue_create_then_edit);
  ADD ("rename", test_queue_rename);
  ADD ("accepted-changed", test_queue_accepted_changed);
  ADD ("delete-of-what-is-gone", test_queue_delete_of_what_is_gone);
  ADD ("visible", test_queue_visible);
  ADD ("new-log", test_queue_new_log);
  ADD ("same-key-again", test_queue_same_key_again);
  ADD ("expires", test_queue_expires);
  ADD ("keeps", test_queue_keeps);
  ADD ("keeps-at-most", test_queue_keeps_at_most);
  ADD ("list", test_queue_list);
  return g_test_run ();
}
