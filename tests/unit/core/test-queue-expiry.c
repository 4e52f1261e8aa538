/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Actions whose time is over: what was not begun by then is not begun any more; what may have been done is settled. */
#include "ls-error.h"
#include "ls-link-error.h"
#include "ls-queue-fixture.h"

#define MINUTE G_GINT64_CONSTANT (60000)
#define BASE "{\"id\":\"g-1\",\"score\":70}"
#define WANTED "{\"id\":\"g-1\",\"score\":80}"

typedef LsQueueFixture Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  ls_queue_fixture_init (f, BASE, 5);
}

static const char *
enqueue (Fixture *f, LsActionType type, const char *endpoint, LsMethod method)
{
  LsActionDraft wanted = { .type = type,
                           .entity = endpoint != NULL ? "assignment" : "grade",
                           .entity_id = "g-1",
                           .endpoint = endpoint,
                           .body = type != LS_ACTION_DELETE ? "{\"score\":80}" : NULL,
                           .method = method };

  wanted.expires_at = ls_clock_get_wall (LS_CLOCK (f->h->clock)) + MINUTE;
  return ls_queue_harness_enqueue (f->h, &wanted, type != LS_ACTION_CREATE ? f->row : NULL);
}

static const char *
enqueue_row (Fixture *f, LsActionType type)
{
  return enqueue (f, type, NULL, LS_METHOD_INVALID);
}

static void
pass_time (Fixture *f)
{
  ls_queue_harness_disconnect (f->h);
  ls_fake_clock_advance (f->h->clock, MINUTE);
}

static void
read_row (Fixture *f, const char *row)
{
  ls_queue_harness_answer_read (f->h,
                                ls_queue_harness_classic_reply (row != NULL ? 200 : 404, row));
}

static void
assert_is (Fixture *f, const char *id, LsActionStatus status, const char *reason)
{
  const LsAction *action = ls_queue_harness_get (f->h, id);

  g_assert_cmpint (action->status, ==, status);
  g_assert_cmpstr (action->reason, ==, reason);
  g_assert_cmpuint (f->h->sends.length + f->h->reads.length, ==, 0);
}

/* Sends it at the classic system, which does not answer; then its time is over. */
static void
lose_answer (Fixture *f, gboolean is_read_first)
{
  ls_queue_harness_connect (f->h, LS_PROTOCOL_CLASSIC);
  if (is_read_first)
    read_row (f, BASE);
  ls_queue_harness_fail_send (f->h, LS_REASON_SERVER_UNREACHABLE);
  pass_time (f);
  ls_queue_harness_connect (f->h, LS_PROTOCOL_CLASSIC);
  ls_queue_harness_advance_to_alarm (f->h);
}

/* It goes with its key until there is an answer, as it may have been done. */
static void
test_expiry_may_be_done (Fixture *f, gconstpointer data)
{
  const char *id = enqueue_row (f, LS_ACTION_UPDATE);

  ls_queue_harness_connect (f->h, LS_PROTOCOL_LABSYNC_V1);
  ls_queue_harness_fail_send (f->h, LS_REASON_SERVER_UNREACHABLE);
  pass_time (f);
  ls_queue_harness_connect (f->h, LS_PROTOCOL_LABSYNC_V1);
  for (guint i = 0; i < 2; i++)
    {
      ls_queue_harness_advance_to_alarm (f->h);
      g_assert_cmpstr (((LsQueueCommand *)f->h->sends.head->data)->request->key, ==, id);
      ls_queue_harness_answer (f->h, ls_queue_harness_reply (i == 0 ? 503 : 429, NULL, 0, 0));
    }
  ls_queue_harness_advance_to_alarm (f->h);
  ls_queue_harness_answer (f->h, ls_queue_harness_reply (200, WANTED, 6, 10));
  assert_is (f, id, LS_ACTION_COMPLETED, NULL);
}

/* Likewise after the program has ended while it was with the server. */
static void
test_expiry_after_a_crash (Fixture *f, gconstpointer data)
{
  g_autofree char *id = g_strdup (enqueue_row (f, LS_ACTION_UPDATE));

  ls_queue_harness_connect (f->h, LS_PROTOCOL_LABSYNC_V1);
  ls_queue_harness_crash (f->h);
  ls_fake_clock_advance (f->h->clock, MINUTE);
  ls_queue_harness_connect (f->h, LS_PROTOCOL_LABSYNC_V1);
  g_assert_cmpuint (f->h->sends.length, ==, 1);
  ls_queue_harness_answer (f->h, ls_queue_harness_reply (200, WANTED, 6, 10));
  assert_is (f, id, LS_ACTION_COMPLETED, NULL);
}

/* An answer that says that nothing was done ends the attempt. */
static void
test_expiry_not_done (Fixture *f, gconstpointer data)
{
  const char *id = enqueue_row (f, LS_ACTION_UPDATE);

  ls_queue_harness_connect (f->h, LS_PROTOCOL_LABSYNC_V1);
  ls_queue_harness_answer (f->h, ls_queue_harness_reply (429, NULL, 0, 0));
  pass_time (f);
  ls_queue_harness_connect (f->h, LS_PROTOCOL_LABSYNC_V1);
  ls_queue_harness_advance_to_alarm (f->h);
  assert_is (f, id, LS_ACTION_FAILED, "expired");
}

/* Something was in the way, or the server refused to be connected to: it never came there. */
static void
test_expiry_never_arrived (Fixture *f, gconstpointer is_refused)
{
  const char *id = enqueue_row (f, LS_ACTION_UPDATE);
  g_autoptr (GError) error = ls_link_error_new (
      is_refused != NULL ? LS_REASON_SERVER_UNREACHABLE : LS_REASON_CAPTIVE_PORTAL, 0, 0, "no");
  g_autoptr (LsQueueCommand) send = NULL;

  if (is_refused != NULL)
    ls_link_error_set_unsent (error);
  ls_queue_harness_connect (f->h, LS_PROTOCOL_LABSYNC_V1);
  send = ls_queue_harness_take_send (f->h);
  ls_queue_send_failed (f->h->queue, send->id, error);
  ls_queue_harness_run (f->h);
  pass_time (f);
  ls_queue_harness_connect (f->h, LS_PROTOCOL_LABSYNC_V1);
  ls_queue_harness_advance_to_alarm (f->h);
  assert_is (f, id, LS_ACTION_FAILED, "expired");
}

static void
test_expiry_classic_done (Fixture *f, gconstpointer data)
{
  const char *id = enqueue_row (f, LS_ACTION_UPDATE);

  lose_answer (f, TRUE);
  read_row (f, WANTED);
  assert_is (f, id, LS_ACTION_COMPLETED, NULL);
}

static void
test_expiry_classic_not_done (Fixture *f, gconstpointer data)
{
  const char *id = enqueue_row (f, LS_ACTION_UPDATE);

  lose_answer (f, TRUE);
  read_row (f, BASE);
  assert_is (f, id, LS_ACTION_FAILED, "expired");
  g_assert_false (ls_queue_harness_get (f->h, id)->outcome_unknown);
}

/* Done or not, somebody else has come since. */
static void
test_expiry_classic_changed (Fixture *f, gconstpointer data)
{
  const char *id = enqueue_row (f, LS_ACTION_UPDATE);

  lose_answer (f, TRUE);
  read_row (f, "{\"id\":\"g-1\",\"score\":60}");
  assert_is (f, id, LS_ACTION_CONFLICT, "row-changed");
}

static void
test_expiry_classic_create (Fixture *f, gconstpointer done)
{
  const char *id = enqueue_row (f, LS_ACTION_CREATE);

  lose_answer (f, FALSE);
  read_row (f, done != NULL ? WANTED : NULL);
  if (done != NULL)
    assert_is (f, id, LS_ACTION_COMPLETED, NULL);
  else
    assert_is (f, id, LS_ACTION_FAILED, "expired");
}

static void
test_expiry_classic_delete (Fixture *f, gconstpointer done)
{
  const char *id = enqueue_row (f, LS_ACTION_DELETE);

  lose_answer (f, TRUE);
  read_row (f, done != NULL ? NULL : BASE);
  if (done != NULL)
    assert_is (f, id, LS_ACTION_COMPLETED, NULL);
  else
    assert_is (f, id, LS_ACTION_FAILED, "expired");
}

/* A PUT may be done twice; but it is late, and nobody can say whether it was done. The user may send it all the same. */
static void
test_expiry_classic_cannot_look (Fixture *f, gconstpointer method)
{
  const char *id = enqueue (f, LS_ACTION_SUBMIT, "/api/assignments/g-1/submit",
                            (LsMethod)GPOINTER_TO_INT (method));
  gpointer ticket = ls_queue_harness_ticket (f->h);

  lose_answer (f, FALSE);
  assert_is (f, id, LS_ACTION_FAILED, "outcome-unknown");
  ls_queue_edit (f->h->queue, id, "{\"score\":81}", ticket);
  g_assert_no_error (ls_queue_harness_get_error (f->h, ticket));
  g_assert_cmpuint (f->h->sends.length, ==, 1);
}

/* Its time may pass while its row is looked at. */
static void
test_expiry_classic_while_looking (Fixture *f, gconstpointer data)
{
  const char *id = enqueue_row (f, LS_ACTION_UPDATE);

  ls_queue_harness_connect (f->h, LS_PROTOCOL_CLASSIC);
  ls_fake_clock_advance (f->h->clock, MINUTE);
  read_row (f, BASE);
  assert_is (f, id, LS_ACTION_FAILED, "expired");
}

/* Whoever edits what has expired wants it sent, as late as it is. */
static void
test_expiry_edited (Fixture *f, gconstpointer data)
{
  const char *id = enqueue_row (f, LS_ACTION_UPDATE);
  gpointer ticket = ls_queue_harness_ticket (f->h);

  pass_time (f);
  ls_queue_harness_connect (f->h, LS_PROTOCOL_LABSYNC_V1);
  assert_is (f, id, LS_ACTION_FAILED, "expired");
  ls_queue_edit (f->h->queue, id, "{\"score\":81}", ticket);
  g_assert_no_error (ls_queue_harness_get_error (f->h, ticket));
  g_assert_cmpuint (f->h->sends.length, ==, 1);
}

/* So does whoever settles a conflict. */
static void
test_expiry_resolved (Fixture *f, gconstpointer data)
{
  const char *id = enqueue_row (f, LS_ACTION_UPDATE);

  ls_queue_harness_connect (f->h, LS_PROTOCOL_LABSYNC_V1);
  ls_queue_harness_answer (f->h,
                           ls_queue_harness_reply (412, "{\"id\":\"g-1\",\"score\":60}", 6, 0));
  assert_is (f, id, LS_ACTION_CONFLICT, "row-changed");
  ls_fake_clock_advance (f->h->clock, MINUTE);
  ls_queue_resolve (f->h->queue, id, LS_RESOLUTION_KEEP_LOCAL, NULL, 6,
                    ls_queue_harness_ticket (f->h));
  ls_queue_harness_run (f->h);
  g_assert_cmpuint (f->h->sends.length, ==, 1);
}

#define ADD(name, data, function)                                                                  \
  g_test_add ("/core/queue-expiry/" name, Fixture, data, set_up, function, ls_queue_fixture_clear)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("may-be-done", NULL, test_expiry_may_be_done);
  ADD ("after-a-crash", NULL, test_expiry_after_a_crash);
  ADD ("not-done", NULL, test_expiry_not_done);
  ADD ("never-arrived", NULL, test_expiry_never_arrived);
  ADD ("never-arrived/refused", "refused", test_expiry_never_arrived);
  ADD ("classic/done", NULL, test_expiry_classic_done);
  ADD ("classic/not-done", NULL, test_expiry_classic_not_done);
  ADD ("classic/changed", NULL, test_expiry_classic_changed);
  ADD ("classic/create-done", "done", test_expiry_classic_create);
  ADD ("classic/create-not-done", NULL, test_expiry_classic_create);
  ADD ("classic/delete-done", "done", test_expiry_classic_delete);
  ADD ("classic/delete-not-done", NULL, test_expiry_classic_delete);
  ADD ("classic/cannot-look/post", GINT_TO_POINTER (LS_METHOD_POST),
       test_expiry_classic_cannot_look);
  ADD ("classic/cannot-look/put", GINT_TO_POINTER (LS_METHOD_PUT), test_expiry_classic_cannot_look);
  ADD ("classic/while-looking", NULL, test_expiry_classic_while_looking);
  ADD ("edited", NULL, test_expiry_edited);
  ADD ("resolved", NULL, test_expiry_resolved);
  return g_test_run ();
}
