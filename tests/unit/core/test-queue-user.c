/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What users want of actions that are there: edit, cancel, merge, give up. */
#include "ls-error.h"
#include "ls-queue-fixture.h"

#define BASE "{\"id\":\"g-1\",\"score\":70,\"note\":\"\"}"

typedef LsQueueFixture Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  ls_queue_fixture_init (fixture, BASE, 5);
}

static const char *
enqueue_of (Fixture *fixture, const char *app, const char *body)
{
  LsActionDraft wanted = { .type = LS_ACTION_UPDATE,
                           .entity = "grade",
                           .entity_id = "g-1",
                           .body = body,
                           .coalesce = TRUE,
                           .method = LS_METHOD_INVALID,
                           .app = app };

  return ls_queue_harness_enqueue (fixture->h, &wanted, fixture->row);
}

static const char *
enqueue (Fixture *fixture, LsActionType type, const char *body, gboolean coalesce)
{
  LsActionDraft wanted = { .type = type,
                           .entity = "grade",
                           .entity_id = "g-1",
                           .body = body,
                           .coalesce = coalesce,
                           .method = LS_METHOD_INVALID };

  return ls_queue_harness_enqueue (fixture->h, &wanted,
                                   type != LS_ACTION_CREATE ? fixture->row : NULL);
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

static const LsActionRequest *
peek (Fixture *fixture)
{
  LsQueueCommand *send = g_queue_peek_head (&fixture->h->sends);

  g_assert_nonnull (send);
  return send->request;
}

static const LsAction *
get (Fixture *fixture, const char *id)
{
  return ls_queue_harness_get (fixture->h, id);
}

typedef void (*ChangeFunc) (LsQueue *queue, const char *id, gpointer ticket);

static GError *
change (Fixture *fixture, ChangeFunc func, const char *id)
{
  gpointer ticket = ls_queue_harness_ticket (fixture->h);

  func (fixture->h->queue, id, ticket);
  return ls_queue_harness_get_error (fixture->h, ticket);
}

static GError *
edit (Fixture *fixture, const char *id, const char *body)
{
  gpointer ticket = ls_queue_harness_ticket (fixture->h);

  ls_queue_edit (fixture->h->queue, id, body, ticket);
  return ls_queue_harness_get_error (fixture->h, ticket);
}

static void
test_user_unknown (Fixture *fixture, gconstpointer data)
{
  g_assert_error (edit (fixture, "x", "{}"), LS_ERROR, LS_ERROR_NOT_FOUND);
  g_assert_error (change (fixture, ls_queue_cancel, "x"), LS_ERROR, LS_ERROR_NOT_FOUND);
  g_assert_error (change (fixture, ls_queue_retry, "x"), LS_ERROR, LS_ERROR_NOT_FOUND);
  g_assert_error (change (fixture, ls_queue_discard, "x"), LS_ERROR, LS_ERROR_NOT_FOUND);
}

static void
test_user_edit_waiting (Fixture *fixture, gconstpointer data)
{
  const char *id = enqueue (fixture, LS_ACTION_UPDATE, "{\"score\":80}", FALSE);

  g_assert_no_error (edit (fixture, id, "{\"score\":85}"));
  g_assert_error (edit (fixture, id, "{\"id\":\"other\"}"), LS_ERROR, LS_ERROR_INVALID_ARGUMENT);
  g_assert_error (edit (fixture, id, "nonsense"), LS_ERROR, LS_ERROR_INVALID_ARGUMENT);
  g_assert_cmpuint (fixture->h->rows->len, ==, 2);
  connect_link (fixture);
  g_assert_cmpstr (peek (fixture)->body, ==, "{\"score\":85}");
  g_assert_cmpstr (peek (fixture)->key, ==, id);
}

/* The server was there once: another body does not go with the same key. */
static void
test_user_edit_postponed (Fixture *fixture, gconstpointer data)
{
  const char *id = enqueue (fixture, LS_ACTION_UPDATE, "{\"score\":80}", FALSE);

  connect_link (fixture);
  answer (fixture, 429, NULL, 0);
  g_assert_no_error (edit (fixture, id, "{\"score\":85}"));
  g_assert_cmpstr (peek (fixture)->body, ==, "{\"score\":85}");
  g_assert_cmpstr (peek (fixture)->key, !=, id);
}

static void
test_user_edit_dead_letter (Fixture *fixture, gconstpointer data)
{
  const char *id = enqueue (fixture, LS_ACTION_UPDATE, "{\"score\":101}", FALSE);

  connect_link (fixture);
  answer (fixture, 400, NULL, 0);
  g_assert_no_error (edit (fixture, id, "{\"score\":100}"));
  g_assert_cmpstr (peek (fixture)->body, ==, "{\"score\":100}");
  g_assert_cmpstr (peek (fixture)->key, !=, id);
}

/* It is in conflict still, with what it wants now. */
static void
test_user_edit_conflict (Fixture *fixture, gconstpointer data)
{
  const char *id = enqueue (fixture, LS_ACTION_UPDATE, "{\"score\":80}", FALSE);

  connect_link (fixture);
  answer (fixture, 412, "{\"id\":\"g-1\",\"score\":60,\"note\":\"\"}", 6);
  g_assert_no_error (edit (fixture, id, "{\"score\":85}"));
  g_assert_cmpint (get (fixture, id)->status, ==, LS_ACTION_CONFLICT);
  g_assert_cmpstr (get (fixture, id)->body, ==, "{\"score\":85}");
  g_assert_cmpstr (get (fixture, id)->reason, ==, "row-changed");
}

/* What is with the server is not changed under it: the change goes after it. */
static void
test_user_edit_in_flight (Fixture *fixture, gconstpointer data)
{
  const char *id = enqueue (fixture, LS_ACTION_UPDATE, "{\"score\":80}", FALSE);

  connect_link (fixture);
  g_assert_no_error (edit (fixture, id, "{\"score\":85}"));
  g_assert_no_error (edit (fixture, id, "{\"score\":85}"));
  g_assert_cmpuint (ls_queue_get_counts (fixture->h->queue)->pending, ==, 1);
  answer (fixture, 200, "{\"id\":\"g-1\",\"score\":80,\"note\":\"\"}", 6);
  g_assert_cmpint (get (fixture, id)->status, ==, LS_ACTION_COMPLETED);
  g_assert_cmpstr (peek (fixture)->body, ==, "{\"score\":85}");
  g_assert_cmpint (peek (fixture)->version, ==, 6);
  g_assert_error (edit (fixture, id, "{\"score\":1}"), LS_ERROR, LS_ERROR_CONFLICT);
}

/* Answers what is under way with what it asked for; returns what comes next. */
static const LsActionRequest *
do_next (Fixture *fixture, gint64 version)
{
  g_autofree char *row = fixture->h->editor.lay_over (BASE, peek (fixture)->body);

  answer (fixture, 200, row, version);
  return peek (fixture);
}

/* Who changes their mind twice wants what they said last. */
static void
test_user_edit_back (Fixture *fixture, gconstpointer data)
{
  const char *id = enqueue (fixture, LS_ACTION_UPDATE, "{\"score\":80}", FALSE);

  connect_link (fixture);
  g_assert_no_error (edit (fixture, id, "{\"score\":85}"));
  g_assert_no_error (edit (fixture, id, "{\"score\":75}"));
  g_assert_no_error (edit (fixture, id, "{\"score\":85}"));
  g_assert_cmpstr (do_next (fixture, 6)->body, ==, "{\"score\":85}");
  g_assert_cmpstr (do_next (fixture, 7)->body, ==, "{\"score\":75}");
  g_assert_cmpstr (do_next (fixture, 8)->body, ==, "{\"score\":85}");
}

static void
test_user_cancel_again (Fixture *fixture, gconstpointer data)
{
  const char *id = enqueue (fixture, LS_ACTION_UPDATE, "{\"score\":80}", FALSE);

  connect_link (fixture);
  g_assert_no_error (change (fixture, ls_queue_cancel, id));
  g_assert_no_error (edit (fixture, id, "{\"score\":85}"));
  g_assert_no_error (change (fixture, ls_queue_cancel, id));
  g_assert_cmpstr (do_next (fixture, 6)->body, ==, "{\"score\":70}");
  g_assert_cmpstr (do_next (fixture, 7)->body, ==, "{\"score\":85}");
  g_assert_cmpstr (do_next (fixture, 8)->body, ==, "{\"score\":70}");
}

static void
test_user_cancel_waiting (Fixture *fixture, gconstpointer data)
{
  LsActionDraft wanted = {
    .type = LS_ACTION_CREATE, .entity = "message", .body = "{}", .method = LS_METHOD_INVALID
  };
  const char *id = enqueue (fixture, LS_ACTION_UPDATE, "{\"score\":80}", FALSE);
  const char *dependent;

  wanted.depends_on = id;
  dependent = ls_queue_harness_enqueue (fixture->h, &wanted, NULL);
  g_assert_no_error (change (fixture, ls_queue_cancel, id));
  g_assert_cmpint (get (fixture, id)->status, ==, LS_ACTION_CANCELLED);
  g_assert_cmpint (get (fixture, id)->outcome, ==, LS_OUTCOME_CANCELLED);
  /* again is no error */
  g_assert_no_error (change (fixture, ls_queue_cancel, id));
  g_assert_cmpint (get (fixture, dependent)->status, ==, LS_ACTION_FAILED);
  g_assert_cmpstr (get (fixture, dependent)->reason, ==, "dependency-cancelled");
  connect_link (fixture);
  g_assert_cmpuint (fixture->h->sends.length, ==, 0);
  /* the user may want it all the same */
  g_assert_no_error (change (fixture, ls_queue_retry, dependent));
  g_assert_cmpuint (fixture->h->sends.length, ==, 1);
}

static void
test_user_cancel_in_flight (Fixture *fixture, gconstpointer data)
{
  const char *id = enqueue (fixture, LS_ACTION_UPDATE, "{\"score\":80}", FALSE);

  connect_link (fixture);
  g_assert_no_error (change (fixture, ls_queue_cancel, id));
  answer (fixture, 200, "{\"id\":\"g-1\",\"score\":80,\"note\":\"\"}", 6);
  g_assert_cmpint (peek (fixture)->method, ==, LS_METHOD_PUT);
  g_assert_cmpstr (peek (fixture)->body, ==, "{\"score\":70}");
  g_assert_cmpint (peek (fixture)->version, ==, 6);
  g_assert_error (change (fixture, ls_queue_cancel, id), LS_ERROR, LS_ERROR_CONFLICT);
}

/* It may have been done: to forget it would be no cancelling. */
static void
test_user_cancel_unknown (Fixture *fixture, gconstpointer data)
{
  const char *id = enqueue (fixture, LS_ACTION_CREATE, "{\"score\":80}", FALSE);

  connect_link (fixture);
  ls_queue_harness_fail_send (fixture->h, LS_REASON_SERVER_UNREACHABLE);
  g_assert_no_error (change (fixture, ls_queue_cancel, id));
  g_assert_cmpint (get (fixture, id)->status, ==, LS_ACTION_PENDING);
  ls_queue_harness_advance_to_alarm (fixture->h);
  g_assert_cmpstr (peek (fixture)->key, ==, id);
  answer (fixture, 200, "{\"id\":\"g-1\",\"score\":80}", 1);
  g_assert_cmpint (peek (fixture)->method, ==, LS_METHOD_DELETE);
  g_assert_cmpstr (peek (fixture)->path, ==, "/api/grades/g-1");
  g_assert_cmpint (peek (fixture)->version, ==, 1);
}

static void
test_user_cancel_delete_in_flight (Fixture *fixture, gconstpointer data)
{
  const char *id = enqueue (fixture, LS_ACTION_DELETE, NULL, FALSE);

  connect_link (fixture);
  g_assert_error (change (fixture, ls_queue_cancel, id), LS_ERROR, LS_ERROR_CONFLICT);
}

static void
test_user_discard (Fixture *fixture, gconstpointer data)
{
  const char *id = enqueue (fixture, LS_ACTION_UPDATE, "{\"score\":101}", FALSE);
  const char *behind = enqueue (fixture, LS_ACTION_UPDATE, "{\"score\":90}", FALSE);

  g_assert_error (change (fixture, ls_queue_discard, id), LS_ERROR, LS_ERROR_CONFLICT);
  connect_link (fixture);
  answer (fixture, 400, NULL, 0);
  g_assert_no_error (change (fixture, ls_queue_discard, id));
  g_assert_cmpint (get (fixture, id)->outcome, ==, LS_OUTCOME_CANCELLED);
  g_assert_cmpstr (peek (fixture)->key, ==, behind);
}

static void
test_user_retry_failed (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  gpointer ticket = ls_queue_harness_ticket (h);
  LsQueueCommand *told;

  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *id = g_strdup_printf ("row-%u", i);
      LsActionDraft wanted = { .type = LS_ACTION_CREATE,
                               .entity = "grade",
                               .entity_id = id,
                               .body = "{}",
                               .method = LS_METHOD_INVALID };

      ls_queue_harness_enqueue (h, &wanted, NULL);
    }
  connect_link (fixture);
  answer (fixture, 422, NULL, 0);
  answer (fixture, 403, NULL, 0);
  answer (fixture, 201, NULL, 1);
  ls_queue_retry_failed (h->queue, ticket);
  g_assert_no_error (ls_queue_harness_get_error (h, ticket));
  told = g_hash_table_lookup (h->answers, ticket);
  g_assert_cmpuint (told->number, ==, 2);
  g_assert_cmpuint (h->sends.length, ==, 2);
}

/* What can't be decrypted any more is not sent as it is, whoever asks; its user may say anew what it was. */
static void
test_user_unreadable (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  g_autofree char *id = g_strdup (enqueue (fixture, LS_ACTION_UPDATE, "{\"score\":80}", FALSE));
  gpointer ticket;
  LsQueueCommand *told;

  ls_action_lose_payloads (g_hash_table_lookup (h->disk, id));
  ls_queue_harness_crash (h);
  connect_link (fixture);
  g_assert_cmpuint (ls_queue_get_counts (h->queue)->failed, ==, 1);
  g_assert_cmpstr (get (fixture, id)->reason, ==, LS_ACTION_UNREADABLE);
  g_assert_error (change (fixture, ls_queue_retry, id), LS_ERROR, LS_ERROR_CONFLICT);
  ticket = ls_queue_harness_ticket (h);
  ls_queue_retry_failed (h->queue, ticket);
  g_assert_no_error (ls_queue_harness_get_error (h, ticket));
  told = g_hash_table_lookup (h->answers, ticket);
  g_assert_cmpuint (told->number, ==, 0);
  g_assert_cmpuint (h->sends.length, ==, 0);

  g_assert_no_error (edit (fixture, id, "{\"score\":81}"));
  g_assert_cmpstr (peek (fixture)->body, ==, "{\"score\":81}");
}

/* Of what is done, but not in the cache yet, nothing is laid over the row: nobody knows what. */
static void
test_user_unreadable_done (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  g_autofree char *id = g_strdup (enqueue (fixture, LS_ACTION_UPDATE, "{\"score\":80}", FALSE));
  g_autoptr (LsOverlay) overlay = NULL;

  connect_link (fixture);
  answer (fixture, 200, "{\"id\":\"g-1\",\"score\":80,\"note\":\"\"}", 6);
  ls_action_lose_payloads (g_hash_table_lookup (h->disk, id));
  ls_queue_harness_crash (h);
  g_assert_cmpint (get (fixture, id)->status, ==, LS_ACTION_COMPLETED);
  overlay = ls_queue_lay_over (h->queue, "grade", "g-1", BASE);
  g_assert_cmpstr (overlay->data, ==, BASE);
}

/* Changes of one row that wait become one, as far as both allow it; the older one ends as superseded. */
static void
test_user_coalesce (Fixture *fixture, gconstpointer data)
{
  const char *first = enqueue (fixture, LS_ACTION_UPDATE, "{\"score\":80,\"note\":\"a\"}", TRUE);
  const char *second = enqueue (fixture, LS_ACTION_UPDATE, "{\"score\":85}", TRUE);
  const char *third = enqueue (fixture, LS_ACTION_UPDATE, "{\"score\":90}", FALSE);
  const char *fourth = enqueue (fixture, LS_ACTION_UPDATE, "{\"score\":95}", TRUE);

  g_assert_cmpint (get (fixture, first)->outcome, ==, LS_OUTCOME_SUPERSEDED);
  g_assert_cmpint (get (fixture, third)->status, ==, LS_ACTION_PENDING);
  g_assert_cmpint (get (fixture, fourth)->status, ==, LS_ACTION_PENDING);
  connect_link (fixture);
  g_assert_cmpstr (peek (fixture)->key, ==, second);
  g_assert_cmpstr (peek (fixture)->body, ==, "{\"score\":85,\"note\":\"a\"}");
  g_assert_cmpint (peek (fixture)->version, ==, 5);
}

/* No app ends another one's action, nor sends what that one says. */
static void
test_user_coalesce_of_one_app (Fixture *fixture, gconstpointer data)
{
  const char *first = enqueue_of (fixture, "org.school.A", "{\"score\":80,\"note\":\"a\"}");
  const char *second = enqueue_of (fixture, "org.school.B", "{\"score\":85}");
  const char *third = enqueue_of (fixture, NULL, "{\"score\":90}");

  g_assert_cmpint (get (fixture, first)->status, ==, LS_ACTION_PENDING);
  g_assert_cmpstr (get (fixture, second)->body, ==, "{\"score\":85}");
  g_assert_cmpint (get (fixture, second)->status, ==, LS_ACTION_PENDING);
  g_assert_cmpstr (get (fixture, third)->body, ==, "{\"score\":90}");
}

/* Who depends on an action that was merged waits for what it was merged into. */
static void
test_user_coalesce_dependency (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  const char *first = enqueue (fixture, LS_ACTION_UPDATE, "{\"score\":80}", TRUE);
  LsActionDraft wanted = { .type = LS_ACTION_CREATE,
                           .entity = "announcement",
                           .body = "{}",
                           .method = LS_METHOD_INVALID,
                           .depends_on = first };
  const char *third, *announcement;

  enqueue (fixture, LS_ACTION_UPDATE, "{\"score\":85}", TRUE);
  third = enqueue (fixture, LS_ACTION_UPDATE, "{\"score\":90}", TRUE);
  enqueue (fixture, LS_ACTION_UPDATE, "{\"score\":95}", FALSE);
  announcement = ls_queue_harness_enqueue (h, &wanted, NULL);
  g_assert_cmpstr (get (fixture, announcement)->depends_on, ==, third);
  connect_link (fixture);
  g_assert_cmpuint (h->sends.length, ==, 1);
  answer (fixture, 200, "{\"id\":\"g-1\",\"score\":90}", 6);
  g_assert_cmpint (get (fixture, announcement)->status, ==, LS_ACTION_SYNCING);
}

static void
test_user_coalesce_never_sent (Fixture *fixture, gconstpointer data)
{
  const char *first = enqueue (fixture, LS_ACTION_UPDATE, "{\"score\":80}", TRUE);
  const char *second;

  connect_link (fixture);
  second = enqueue (fixture, LS_ACTION_UPDATE, "{\"score\":85}", TRUE);
  g_assert_cmpint (get (fixture, first)->status, ==, LS_ACTION_SYNCING);
  answer (fixture, 429, NULL, 0);
  enqueue (fixture, LS_ACTION_UPDATE, "{\"score\":90}", TRUE);
  g_assert_cmpint (get (fixture, first)->status, ==, LS_ACTION_PENDING);
  g_assert_cmpint (get (fixture, second)->outcome, ==, LS_OUTCOME_SUPERSEDED);
}

static void
test_user_coalesce_no_posts (Fixture *fixture, gconstpointer data)
{
  LsActionDraft wanted = { .type = LS_ACTION_SUBMIT,
                           .entity = "grade",
                           .entity_id = "g-1",
                           .endpoint = "/api/grades/g-1/submit",
                           .body = "{}",
                           .coalesce = TRUE,
                           .method = LS_METHOD_INVALID };
  const char *first = ls_queue_harness_enqueue (fixture->h, &wanted, fixture->row);

  ls_queue_harness_enqueue (fixture->h, &wanted, fixture->row);
  g_assert_cmpint (get (fixture, first)->status, ==, LS_ACTION_PENDING);
  g_assert_cmpuint (ls_queue_get_counts (fixture->h->queue)->pending, ==, 2);
}

#define ADD(name, function)                                                                        \
  g_test_add ("/core/queue-user/" name, Fixture, NULL, set_up, function, ls_queue_fixture_clear)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("unknown", test_user_unknown);
  ADD ("edit-waiting", test_user_edit_waiting);
  ADD ("edit-postponed", test_user_edit_postponed);
  ADD ("edit-dead-letter", test_user_edit_dead_letter);
  ADD ("edit-conflict", test_user_edit_conflict);
  ADD ("edit-in-flight", test_user_edit_in_flight);
  ADD ("edit-back", test_user_edit_back);
  ADD ("cancel-again", test_user_cancel_again);
  ADD ("cancel-waiting", test_user_cancel_waiting);
  ADD ("cancel-in-flight", test_user_cancel_in_flight);
  ADD ("cancel-unknown", test_user_cancel_unknown);
  ADD ("cancel-delete-in-flight", test_user_cancel_delete_in_flight);
  ADD ("discard", test_user_discard);
  ADD ("retry-failed", test_user_retry_failed);
  ADD ("unreadable", test_user_unreadable);
  ADD ("unreadable-done", test_user_unreadable_done);
  ADD ("coalesce", test_user_coalesce);
  ADD ("coalesce-of-one-app", test_user_coalesce_of_one_app);
  ADD ("coalesce-dependency", test_user_coalesce_dependency);
  ADD ("coalesce-never-sent", test_user_coalesce_never_sent);
  ADD ("coalesce-no-posts", test_user_coalesce_no_posts);
  return g_test_run ();
}
