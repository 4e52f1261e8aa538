/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A disk that is slow, fails or is full: what is not on it was not decided. */
#include "ls-error.h"
#include "ls-queue-fixture.h"

typedef LsQueueFixture Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  ls_queue_fixture_init (fixture, "{\"id\":\"g-1\",\"score\":70}", 5);
}

static gpointer
try (Fixture *fixture, const char *body)
{
  LsActionDraft wanted = { .type = LS_ACTION_UPDATE,
                           .entity = "grade",
                           .entity_id = "g-1",
                           .body = body,
                           .method = LS_METHOD_INVALID };

  return ls_queue_harness_try (fixture->h, &wanted, fixture->row);
}

static const char *
get_id (Fixture *fixture, gpointer ticket)
{
  LsQueueCommand *answer = g_hash_table_lookup (fixture->h->answers, ticket);

  g_assert_nonnull (answer);
  g_assert_no_error (answer->error);
  return answer->id;
}

static void
connect_link (Fixture *fixture)
{
  ls_queue_harness_connect (fixture->h, LS_PROTOCOL_LABSYNC_V1);
}

static char *
get_shown (Fixture *fixture)
{
  LsOverlay *overlay = ls_queue_lay_over (fixture->h->queue, "grade", "g-1", fixture->row->data);
  char *shown = g_strdup (overlay->data);

  ls_overlay_free (overlay);
  return shown;
}

/* Many callers who come while one write is under way share the next. */
static void
test_disk_shared_writes (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  gpointer tickets[50];

  h->manual = TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (tickets); i++)
    tickets[i] = try (fixture, "{\"score\":80}");
  g_assert_cmpuint (h->write->put->len, ==, 1);
  ls_queue_harness_write (h);
  g_assert_cmpuint (g_hash_table_size (h->answers), ==, 1);
  g_assert_cmpuint (h->write->put->len, ==, G_N_ELEMENTS (tickets) - 1);
  ls_queue_harness_write (h);
  for (guint i = 0; i < G_N_ELEMENTS (tickets); i++)
    get_id (fixture, tickets[i]);
}

/* The caller hears it, nobody else hears anything, and what was there is there. */
static void
test_disk_full (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  const char *first = get_id (fixture, try (fixture, "{\"score\":80}"));
  guint n_told = h->told->len;
  g_autofree char *shown = NULL;
  g_autofree char *shown_later = NULL;
  gpointer second, third;

  h->manual = TRUE;
  second = try (fixture, "{\"score\":85}");
  third = try (fixture, "{\"score\":90}");
  ls_queue_harness_fail_write (h);
  g_assert_error (ls_queue_harness_get_error (h, second), LS_ERROR, LS_ERROR_STORAGE);
  g_assert_error (ls_queue_harness_get_error (h, third), LS_ERROR, LS_ERROR_STORAGE);
  g_assert_cmpuint (h->told->len, ==, n_told);
  g_assert_cmpuint (ls_queue_get_counts (h->queue)->pending, ==, 1);
  ls_queue_harness_get (h, first);
  shown = get_shown (fixture);
  g_assert_cmpstr (shown, ==, "{\"id\":\"g-1\",\"score\":80}");

  /* nothing is sent, as it could not be written down */
  connect_link (fixture);
  g_assert_null (h->write);
  g_assert_cmpuint (h->sends.length, ==, 0);
  /* who asks is answered by the disk as it is now */
  second = try (fixture, "{\"score\":85}");
  ls_queue_harness_write (h);
  get_id (fixture, second);
  shown_later = get_shown (fixture);
  g_assert_cmpstr (shown_later, ==, "{\"id\":\"g-1\",\"score\":85}");
  /* and it goes on by itself */
  ls_queue_harness_write (h);
  g_assert_cmpuint (h->sends.length, ==, 1);
}

static void
test_disk_tried_again (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;

  try (fixture, "{\"score\":80}");
  h->manual = TRUE;
  connect_link (fixture);
  ls_queue_harness_fail_write (h);
  g_assert_cmpuint (h->sends.length, ==, 0);
  for (guint i = 0; i < 3; i++)
    {
      g_assert_null (h->write);
      ls_queue_harness_advance (h, 10000);
      ls_queue_harness_fail_write (h);
    }
  ls_queue_harness_advance (h, 10000);
  ls_queue_harness_write (h);
  g_assert_cmpuint (h->sends.length, ==, 1);
}

/* The answer came, and could not be written down: it is as if it had not come. */
static void
test_disk_answer_lost (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  const char *id = get_id (fixture, try (fixture, "{\"score\":80}"));
  const LsAction *action;

  connect_link (fixture);
  h->manual = TRUE;
  ls_queue_harness_answer (h, ls_queue_harness_reply (200, NULL, 6, 10));
  ls_queue_harness_fail_write (h);
  ls_queue_harness_advance (h, 10000);
  ls_queue_harness_write (h);
  action = ls_queue_harness_get (h, id);
  g_assert_cmpint (action->status, ==, LS_ACTION_PENDING);
  g_assert_true (action->outcome_unknown);
  ls_queue_harness_write (h);
  g_assert_cmpstr (((LsQueueCommand *)h->sends.head->data)->request->key, ==, id);
  g_assert_cmpint (((LsQueueCommand *)h->sends.head->data)->request->version, ==, 5);
}

/* On its way for the second time when the disk fails, and on disk still as on its way for the first. */
static void
test_disk_sent_twice (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  const char *id = get_id (fixture, try (fixture, "{\"score\":80}"));

  connect_link (fixture);
  h->manual = TRUE;
  ls_queue_edit (h->queue, get_id (fixture, GUINT_TO_POINTER (1)), "{\"score\":1}",
                 ls_queue_harness_ticket (h));
  ls_queue_harness_run (h);
  ls_queue_harness_answer (h, ls_queue_harness_reply (503, NULL, 0, 0));
  ls_queue_retry (h->queue, id, ls_queue_harness_ticket (h));
  ls_queue_harness_run (h);
  ls_queue_harness_fail_write (h);
  h->manual = FALSE;
  ls_queue_harness_advance (h, 10000);
  g_assert_cmpuint (h->sends.length, ==, 1);
  g_assert_cmpstr (((LsQueueCommand *)h->sends.head->data)->request->key, ==, id);
}

/* It was seen in the cache, and that was forgotten. */
static void
test_disk_seen_again (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  const char *id = get_id (fixture, try (fixture, "{\"score\":80}"));

  connect_link (fixture);
  ls_queue_harness_answer (h, ls_queue_harness_reply (200, NULL, 6, 10));
  h->manual = TRUE;
  ls_queue_harness_move (h, 10);
  ls_queue_harness_fail_write (h);
  g_assert_false (ls_queue_harness_get (h, id)->visible);
  h->manual = FALSE;
  try (fixture, "{\"score\":85}");
  g_assert_true (ls_queue_harness_get (h, id)->visible);
}

/* A probe that could not be written down leaves the breaker as it was. */
static void
test_disk_and_breaker (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;

  try (fixture, "{\"score\":80}");
  connect_link (fixture);
  for (guint i = 0; i < 5; i++)
    {
      ls_queue_harness_answer (h, ls_queue_harness_reply (503, NULL, 0, 0));
      if (i < 4)
        while (h->sends.length == 0)
          ls_queue_harness_advance_to_alarm (h);
    }
  h->manual = TRUE;
  while (h->write == NULL)
    g_assert_true (ls_queue_harness_advance_to_alarm (h));
  ls_queue_harness_fail_write (h);
  while (h->write == NULL)
    g_assert_true (ls_queue_harness_advance_to_alarm (h));
  h->manual = FALSE;
  ls_queue_harness_write (h);
  while (h->sends.length == 0)
    g_assert_true (ls_queue_harness_advance_to_alarm (h));
}

/* Two users of the same change: an edit while the first write is under way is the next write. */
static void
test_disk_edit_while_writing (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  const char *id = get_id (fixture, try (fixture, "{\"score\":80}"));
  gpointer first = ls_queue_harness_ticket (h), second = ls_queue_harness_ticket (h);
  g_autofree char *shown = NULL;

  h->manual = TRUE;
  ls_queue_edit (h->queue, id, "{\"score\":85}", first);
  ls_queue_harness_run (h);
  ls_queue_edit (h->queue, id, "{\"score\":90}", second);
  ls_queue_harness_run (h);
  ls_queue_harness_write (h);
  g_assert_cmpstr (ls_queue_harness_get (h, id)->body, ==, "{\"score\":85}");
  g_assert_no_error (ls_queue_harness_get_error (h, first));
  g_assert_false (g_hash_table_contains (h->answers, second));
  ls_queue_harness_fail_write (h);
  g_assert_error (ls_queue_harness_get_error (h, second), LS_ERROR, LS_ERROR_STORAGE);
  g_assert_cmpstr (ls_queue_harness_get (h, id)->body, ==, "{\"score\":85}");
  shown = get_shown (fixture);
  g_assert_cmpstr (shown, ==, "{\"id\":\"g-1\",\"score\":85}");
}

/* What is cancelled stays in sight until that is on disk. */
static void
test_disk_shows_what_is_on_it (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  const char *id = get_id (fixture, try (fixture, "{\"score\":80}"));
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  h->manual = TRUE;
  ls_queue_cancel (h->queue, id, ls_queue_harness_ticket (h));
  ls_queue_harness_run (h);
  before = get_shown (fixture);
  g_assert_cmpstr (before, ==, "{\"id\":\"g-1\",\"score\":80}");
  ls_queue_harness_write (h);
  after = get_shown (fixture);
  g_assert_cmpstr (after, ==, "{\"id\":\"g-1\",\"score\":70}");
}

/* Who waits for an answer when the queue is closed hears that it is. */
static void
test_disk_end (Fixture *fixture, gconstpointer data)
{
  gpointer first, second;

  fixture->h->manual = TRUE;
  first = try (fixture, "{\"score\":80}");
  second = try (fixture, "{\"score\":85}");
  ls_queue_harness_end (fixture->h);
  g_assert_error (ls_queue_harness_get_error (fixture->h, first), LS_ERROR, LS_ERROR_NOT_SIGNED_IN);
  g_assert_error (ls_queue_harness_get_error (fixture->h, second), LS_ERROR,
                  LS_ERROR_NOT_SIGNED_IN);
}

/* The stream was faster than the answer, and the answer takes its time: until it comes the action is counted as
 * one of those that are under way, and is kept. */
static void
test_disk_keeps_what_is_under_way (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  const gint64 hour = 60 * 60 * G_GINT64_CONSTANT (1000);
  g_autofree char *id = NULL;
  LsQueueCommand *send;

  connect_link (fixture);
  id = g_strdup (get_id (fixture, try (fixture, "{\"score\":80}")));
  send = g_queue_peek_head (&h->sends);
  ls_queue_harness_event (h, "grade_updated", "g-1", "{\"id\":\"g-1\",\"score\":80}", 6,
                          send->request->key);
  ls_queue_harness_advance (h, 30 * hour);
  g_assert_cmpint (ls_queue_harness_get (h, id)->status, ==, LS_ACTION_COMPLETED);

  ls_queue_harness_answer (h, ls_queue_harness_reply (200, NULL, 6, 10));
  ls_queue_harness_advance (h, 2 * hour);
  g_assert_null (ls_queue_find (h->queue, id));
}

#define ADD(name, function)                                                                        \
  g_test_add ("/core/queue-disk/" name, Fixture, NULL, set_up, function, ls_queue_fixture_clear)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  /* That the disk fails is warned of. */
  g_log_set_always_fatal (G_LOG_LEVEL_CRITICAL | G_LOG_FATAL_MASK);
  ADD ("shared-writes", test_disk_shared_writes);
  ADD ("full", test_disk_full);
  ADD ("tried-again", test_disk_tried_again);
  ADD ("answer-lost", test_disk_answer_lost);
  ADD ("sent-twice", test_disk_sent_twice);
  ADD ("seen-again", test_disk_seen_again);
  ADD ("and-breaker", test_disk_and_breaker);
  ADD ("edit-while-writing", test_disk_edit_while_writing);
  ADD ("shows-what-is-on-it", test_disk_shows_what_is_on_it);
  ADD ("end", test_disk_end);
  ADD ("keeps-what-is-under-way", test_disk_keeps_what_is_under_way);
  return g_test_run ();
}
