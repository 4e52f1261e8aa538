/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is written down as being with the server before there is room for it there. */
#include <string.h>

#include "ls-queue-harness.h"

#define MINUTE G_GINT64_CONSTANT (60000)
/* How many may be with the server at once, and how many more on disk as if they were (ls-queue-send.c). */
#define IN_FLIGHT 4
#define AHEAD 8

typedef struct
{
  LsQueueHarness *h;
  GPtrArray *ids; /* (element-type utf8): of the actions in their order, each of a row of its own */
} Fixture;

static const char *
add (Fixture *fixture, LsActionType type)
{
  g_autofree char *id = g_strdup_printf ("row-%u", fixture->ids->len);
  g_autoptr (LsRow) row = ls_row_new (LS_ENTITY_GRADE, id, "{\"score\":1}", 5);
  LsActionDraft wanted = { .type = type,
                           .entity = "grade",
                           .entity_id = id,
                           .body = "{\"score\":2}",
                           .method = LS_METHOD_INVALID };
  const char *action = ls_queue_harness_enqueue (fixture->h, &wanted, row);

  g_ptr_array_add (fixture->ids, g_strdup (action));
  return action;
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->h = ls_queue_harness_new (5);
  fixture->ids = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < 20; i++)
    add (fixture, LS_ACTION_UPDATE);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_ptr_array_unref (fixture->ids);
  ls_queue_harness_free (fixture->h);
}

static void
connect_link (Fixture *fixture)
{
  ls_queue_harness_connect (fixture->h, LS_PROTOCOL_LABSYNC_V1);
}

static void
answer (Fixture *fixture, guint status)
{
  ls_queue_harness_answer (fixture->h, ls_queue_harness_reply (status, NULL, 6, 10));
}

static const LsAction *
get (Fixture *fixture, guint i)
{
  return ls_queue_harness_get (fixture->h, fixture->ids->pdata[i]);
}

static guint
count_on_disk (Fixture *fixture, LsActionStatus status)
{
  GHashTableIter iter;
  LsAction *action;
  guint n = 0;

  g_hash_table_iter_init (&iter, fixture->h->disk);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *)&action))
    n += action->status == status;
  return n;
}

static guint
count_told (Fixture *fixture, const char *id, LsActionStatus status)
{
  guint n = 0;

  for (guint i = 0; i < fixture->h->told->len; i++)
    {
      const LsAction *action = fixture->h->told->pdata[i];

      n += g_str_equal (action->id, id) && action->status == status;
    }
  return n;
}

/* Nothing is with the server that is not so on disk. */
static void
assert_all_sent_on_disk (Fixture *fixture)
{
  for (GList *l = fixture->h->sends.head; l != NULL; l = l->next)
    {
      const LsAction *action =
          g_hash_table_lookup (fixture->h->disk, ((LsQueueCommand *)l->data)->id);

      g_assert_cmpint (action->status, ==, LS_ACTION_SYNCING);
      g_assert_cmpuint (action->attempts, ==, 1);
    }
}

/* None but those that are with the server is on disk as if it was, and none of the others is marked as sent. */
static void
assert_taken_back (Fixture *fixture)
{
  g_assert_cmpuint (count_on_disk (fixture, LS_ACTION_SYNCING), ==, fixture->h->sends.length);
  for (guint i = IN_FLIGHT; i < fixture->ids->len; i++)
    {
      const LsAction *action = g_hash_table_lookup (fixture->h->disk, fixture->ids->pdata[i]);

      g_assert_cmpint (action->status, ==, LS_ACTION_PENDING);
      g_assert_cmpuint (action->attempts, ==, 0);
      g_assert_false (action->outcome_unknown);
    }
}

/* The disk is not in the way of what comes next: it was written down while others were with the server. Who asks is
 * told what is there in fact. */
static void
test_ahead_sent_at_once (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  const LsQueueCounts *counts = ls_queue_get_counts (h->queue);

  h->manual = TRUE;
  connect_link (fixture);
  g_assert_cmpuint (h->sends.length, ==, 0);
  ls_queue_harness_write (h);
  g_assert_cmpuint (count_on_disk (fixture, LS_ACTION_SYNCING), ==, IN_FLIGHT + AHEAD);
  g_assert_cmpuint (h->sends.length, ==, IN_FLIGHT);
  g_assert_cmpuint (counts->in_flight, ==, IN_FLIGHT);
  g_assert_cmpuint (counts->pending, ==, 20 - IN_FLIGHT);
  g_assert_cmpint (get (fixture, IN_FLIGHT)->status, ==, LS_ACTION_PENDING);
  g_assert_cmpuint (get (fixture, IN_FLIGHT)->attempts, ==, 0);

  /* no write comes to its end meanwhile */
  for (guint i = 0; i < AHEAD; i++)
    {
      answer (fixture, 200);
      g_assert_cmpuint (h->sends.length, ==, IN_FLIGHT);
      g_assert_cmpstr (((LsQueueCommand *)h->sends.tail->data)->id, ==,
                       fixture->ids->pdata[IN_FLIGHT + i]);
      assert_all_sent_on_disk (fixture);
    }
  answer (fixture, 200);
  g_assert_cmpuint (h->sends.length, ==, IN_FLIGHT - 1);
}

/* Every outcome is told once, and that it is being sent as far as that is still so when the disk has it. */
static void
test_ahead_told_once (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;

  h->manual = TRUE;
  connect_link (fixture);
  ls_queue_harness_write (h);
  g_assert_cmpuint (count_told (fixture, fixture->ids->pdata[0], LS_ACTION_SYNCING), ==, 1);
  while (h->sends.length > 0 || h->write != NULL)
    {
      while (h->sends.length > 0)
        answer (fixture, 200);
      ls_queue_harness_write (h);
    }
  for (guint i = 0; i < fixture->ids->len; i++)
    {
      const char *id = fixture->ids->pdata[i];

      g_assert_cmpuint (count_told (fixture, id, LS_ACTION_COMPLETED), ==, 1);
      g_assert_cmpuint (count_told (fixture, id, LS_ACTION_PENDING), ==, 1);
    }
  /* while a write was under way it was sent and answered */
  g_assert_cmpuint (count_told (fixture, fixture->ids->pdata[IN_FLIGHT + 1], LS_ACTION_SYNCING), ==,
                    0);
  g_assert_cmpuint (ls_queue_get_counts (h->queue)->in_flight, ==, 0);
  g_assert_cmpuint (ls_queue_get_counts (h->queue)->pending, ==, 0);
}

static void
test_ahead_breaker (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;

  connect_link (fixture);
  for (guint i = 0; i < 5; i++)
    answer (fixture, 503);
  g_assert_cmpint (ls_queue_get_counts (h->queue)->breaker, ==, LS_BREAKER_OPEN);
  g_assert_cmpuint (h->sends.length, ==, IN_FLIGHT - 1);
  g_assert_cmpuint (count_on_disk (fixture, LS_ACTION_SYNCING), ==, IN_FLIGHT - 1);
  while (h->sends.length > 0)
    answer (fixture, 503);
  /* a probe is one, and nothing is ahead of it */
  while (h->sends.length == 0)
    g_assert_true (ls_queue_harness_advance_to_alarm (h));
  g_assert_cmpuint (h->sends.length, ==, 1);
  g_assert_cmpuint (count_on_disk (fixture, LS_ACTION_SYNCING), ==, 1);
}

/* Nothing that is about to be sent is, once the link is gone; all of it can be changed as before. */
static void
test_ahead_link_lost (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  guint n = g_hash_table_size (h->disk);

  connect_link (fixture);
  ls_queue_harness_disconnect (h);
  assert_taken_back (fixture);
  ls_queue_harness_crash (h);
  g_assert_false (get (fixture, IN_FLIGHT)->outcome_unknown);
  ls_queue_edit (h->queue, fixture->ids->pdata[IN_FLIGHT], "{\"score\":3}",
                 ls_queue_harness_ticket (h));
  ls_queue_harness_run (h);
  g_assert_cmpstr (get (fixture, IN_FLIGHT)->body, ==, "{\"score\":3}");
  g_assert_cmpuint (g_hash_table_size (h->disk), ==, n);
}

static void
test_ahead_tokens (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;

  connect_link (fixture);
  answer (fixture, 401);
  g_assert_cmpuint (h->n_refreshes, ==, 1);
  g_assert_cmpuint (h->sends.length, ==, IN_FLIGHT - 1);
  assert_taken_back (fixture);
}

static void
test_ahead_retry_after (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  LsActionReply *reply = ls_queue_harness_reply (429, NULL, 0, 0);

  connect_link (fixture);
  reply->retry_after_ms = MINUTE;
  ls_queue_harness_answer (h, reply);
  g_assert_cmpuint (h->sends.length, ==, IN_FLIGHT - 1);
  assert_taken_back (fixture);
  ls_queue_harness_advance (h, MINUTE - 1);
  g_assert_cmpuint (h->sends.length, ==, IN_FLIGHT - 1);
}

static void
test_ahead_signed_out (Fixture *fixture, gconstpointer data)
{
  connect_link (fixture);
  fixture->h->manual = TRUE;
  /* one write is under way with more of them */
  answer (fixture, 200);
  answer (fixture, 200);
  ls_queue_harness_end (fixture->h);
  g_assert_cmpuint (count_on_disk (fixture, LS_ACTION_SYNCING), ==, IN_FLIGHT);
  g_assert_cmpuint (count_on_disk (fixture, LS_ACTION_COMPLETED), ==, 2);
  fixture->h->manual = FALSE;
  ls_queue_harness_crash (fixture->h);
  g_assert_true (get (fixture, 2)->outcome_unknown);
  g_assert_false (get (fixture, 2 + IN_FLIGHT)->outcome_unknown);
  g_assert_cmpuint (get (fixture, 2 + IN_FLIGHT)->attempts, ==, 0);
}

/* Nobody knows after a crash whether it was sent; its key says so to the server. */
static void
test_ahead_crash (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;

  connect_link (fixture);
  ls_queue_harness_crash (h);
  for (guint i = 0; i < fixture->ids->len; i++)
    {
      g_assert_cmpint (get (fixture, i)->outcome_unknown, ==, i < IN_FLIGHT + AHEAD);
      g_assert_cmpuint (get (fixture, i)->attempts, ==, i < IN_FLIGHT + AHEAD ? 1 : 0);
    }
  connect_link (fixture);
  g_assert_cmpstr (((LsQueueCommand *)h->sends.head->data)->request->key, ==,
                   fixture->ids->pdata[0]);
}

/* What is about to be sent is sent as it was changed, once that is on disk. */
static void
test_ahead_edited (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  const char *id = fixture->ids->pdata[IN_FLIGHT];
  guint n = g_hash_table_size (h->disk);

  connect_link (fixture);
  h->manual = TRUE;
  ls_queue_edit (h->queue, id, "{\"score\":3}", ls_queue_harness_ticket (h));
  ls_queue_harness_run (h);
  answer (fixture, 200);
  g_assert_cmpstr (((LsQueueCommand *)h->sends.tail->data)->id, !=, id);
  h->manual = FALSE;
  ls_queue_harness_write (h);
  for (; h->sends.length > 0; answer (fixture, 200))
    {
      const LsQueueCommand *send = g_queue_peek_head (&h->sends);

      assert_all_sent_on_disk (fixture);
      if (g_str_equal (send->id, id))
        g_assert_cmpstr (send->request->body, ==, "{\"score\":3}");
    }
  g_assert_cmpint (get (fixture, IN_FLIGHT)->status, ==, LS_ACTION_COMPLETED);
  g_assert_cmpuint (g_hash_table_size (h->disk), ==, n);
}

static void
test_ahead_cancelled (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  const char *id = fixture->ids->pdata[IN_FLIGHT];

  connect_link (fixture);
  ls_queue_cancel (h->queue, id, ls_queue_harness_ticket (h));
  ls_queue_harness_run (h);
  g_assert_cmpint (get (fixture, IN_FLIGHT)->status, ==, LS_ACTION_CANCELLED);
  while (h->sends.length > 0)
    {
      g_assert_cmpstr (((LsQueueCommand *)h->sends.head->data)->id, !=, id);
      answer (fixture, 200);
    }
  g_assert_cmpuint (count_on_disk (fixture, LS_ACTION_COMPLETED), ==, fixture->ids->len - 1);
}

/* Somebody else was faster than what has not been sent yet. */
static void
test_ahead_conflict (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  const char *id = fixture->ids->pdata[IN_FLIGHT];

  connect_link (fixture);
  ls_queue_harness_event (h, "grade_updated", get (fixture, IN_FLIGHT)->entity_id, "{\"score\":9}",
                          6, NULL);
  g_assert_cmpint (get (fixture, IN_FLIGHT)->status, ==, LS_ACTION_CONFLICT);
  while (h->sends.length > 0)
    {
      g_assert_cmpstr (((LsQueueCommand *)h->sends.head->data)->id, !=, id);
      answer (fixture, 200);
    }
}

static void
test_ahead_expired (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  LsActionDraft wanted = { .type = LS_ACTION_CREATE,
                           .entity = "grade",
                           .entity_id = "late",
                           .body = "{}",
                           .method = LS_METHOD_INVALID };
  const char *id;

  connect_link (fixture);
  while (h->sends.length > IN_FLIGHT - 1)
    answer (fixture, 200);
  for (guint i = 0; i < 2; i++)
    add (fixture, LS_ACTION_UPDATE);
  wanted.expires_at = ls_clock_get_wall (LS_CLOCK (h->clock)) + 1000;
  id = ls_queue_harness_enqueue (h, &wanted, NULL);
  ls_queue_harness_advance (h, 2000);
  while (h->sends.length > 0)
    {
      g_assert_cmpstr (((LsQueueCommand *)h->sends.head->data)->id, !=, id);
      answer (fixture, 200);
    }
  g_assert_cmpint (ls_queue_harness_get (h, id)->status, ==, LS_ACTION_FAILED);
  g_assert_cmpstr (ls_queue_harness_get (h, id)->reason, ==, "expired");
}

/* Each has had its turn by the pace. */
static void
test_ahead_pace (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;

  h->config.rate = 5;
  ls_queue_set_config (h->queue, &h->config);
  ls_queue_harness_advance (h, 1000);
  connect_link (fixture);
  g_assert_cmpuint (count_on_disk (fixture, LS_ACTION_SYNCING), ==, 5);
}

/* It could not be asked whether it was sent. */
static void
test_ahead_never_at_classic (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;

  ls_queue_harness_connect (h, LS_PROTOCOL_CLASSIC);
  g_assert_cmpuint (h->reads.length, ==, IN_FLIGHT);
  while (h->reads.length > 0)
    ls_queue_harness_answer_read (h, ls_queue_harness_classic_reply (200, "{\"score\":1}"));
  g_assert_cmpuint (h->sends.length, ==, IN_FLIGHT);
  g_assert_cmpuint (count_on_disk (fixture, LS_ACTION_SYNCING), ==, IN_FLIGHT);
}

static void
test_ahead_another_server (Fixture *fixture, gconstpointer data)
{
  connect_link (fixture);
  ls_queue_harness_connect (fixture->h, LS_PROTOCOL_CLASSIC);
  assert_taken_back (fixture);
}

/* A disk that fails for a while holds nothing up for good. */
static void
test_ahead_disk_fails (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;

  connect_link (fixture);
  h->manual = TRUE;
  for (guint i = 0; i < 10; i++)
    {
      LsActionDraft wanted = {
        .type = LS_ACTION_CREATE, .entity = "grade", .body = "{}", .method = LS_METHOD_INVALID
      };

      ls_queue_harness_try (h, &wanted, NULL);
      ls_queue_harness_fail_write (h);
    }
  h->manual = FALSE;
  ls_queue_harness_advance (h, 10000);
  while (h->sends.length > 0)
    answer (fixture, 200);
  g_assert_cmpuint (count_on_disk (fixture, LS_ACTION_COMPLETED), ==, fixture->ids->len);
}

/* Nor does it at a server whose rows are read first. */
static void
test_ahead_disk_fails_at_classic (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;

  g_hash_table_remove_all (h->disk);
  ls_queue_harness_crash (h);
  ls_queue_harness_connect (h, LS_PROTOCOL_CLASSIC);
  h->manual = TRUE;
  for (guint i = 0; i < IN_FLIGHT; i++)
    {
      g_autofree char *id = g_strdup_printf ("gone-%u", i);
      LsActionDraft wanted = {
        .type = LS_ACTION_DELETE, .entity = "grade", .entity_id = id, .method = LS_METHOD_INVALID
      };

      ls_queue_harness_try (h, &wanted, NULL);
      ls_queue_harness_fail_write (h);
    }
  g_queue_clear_full (&h->reads, (GDestroyNotify)ls_queue_command_free);
  h->manual = FALSE;
  ls_queue_harness_advance (h, 10000);
  add (fixture, LS_ACTION_UPDATE);
  g_assert_cmpuint (h->reads.length, ==, 1);
}

#define ADD(name, function)                                                                        \
  g_test_add ("/core/queue-ahead/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  /* That the disk fails is warned of. */
  g_log_set_always_fatal (G_LOG_LEVEL_CRITICAL | G_LOG_FATAL_MASK);
  ADD ("sent-at-once", test_ahead_sent_at_once);
  ADD ("told-once", test_ahead_told_once);
  ADD ("breaker", test_ahead_breaker);
  ADD ("link-lost", test_ahead_link_lost);
  ADD ("tokens", test_ahead_tokens);
  ADD ("retry-after", test_ahead_retry_after);
  ADD ("signed-out", test_ahead_signed_out);
  ADD ("crash", test_ahead_crash);
  ADD ("edited", test_ahead_edited);
  ADD ("cancelled", test_ahead_cancelled);
  ADD ("conflict", test_ahead_conflict);
  ADD ("expired", test_ahead_expired);
  ADD ("pace", test_ahead_pace);
  ADD ("never-at-classic", test_ahead_never_at_classic);
  ADD ("another-server", test_ahead_another_server);
  ADD ("disk-fails", test_ahead_disk_fails);
  ADD ("disk-fails-at-classic", test_ahead_disk_fails_at_classic);

  return g_test_run ();
}
