/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the queue takes for its own in the stream of events, and what not. */
#include "ls-queue-fixture.h"

/* A key that an app chose by what it means: another user's app may choose the same. */
#define KEY "attendance-2026-11-26-7A"
#define ME "u-1" /* as the harness has it */

typedef LsQueueFixture Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  ls_queue_fixture_init (fixture, "{\"id\":\"g-1\",\"score\":70}", 5);
}

/* Enqueues something about grade g-1, with the key of this file. */
static const char *
enqueue (Fixture *fixture, LsActionType type, const char *endpoint, const char *body)
{
  LsActionDraft wanted = { .type = type,
                           .entity = "grade",
                           .entity_id = "g-1",
                           .endpoint = endpoint,
                           .body = body,
                           .key = KEY,
                           .method = LS_METHOD_INVALID };

  return ls_queue_harness_enqueue (fixture->h, &wanted,
                                   type != LS_ACTION_CREATE ? fixture->row : NULL);
}

/* An event comes that was made by an action with the key of this file. */
static void
deliver (Fixture *fixture, const char *user_id, const char *type, const char *id)
{
  g_autoptr (GPtrArray) events = ls_event_array_new ();
  g_autofree char *row = g_strdup_printf ("{\"id\":\"%s\",\"score\":80}", id);
  LsEvent *event = ls_event_new_take (ls_event_type_from_string (type), g_strdup (id),
                                      g_steal_pointer (&row), g_strdup (""), g_strdup (user_id));

  event->version = 6;
  event->action_id = g_strdup (KEY);
  g_ptr_array_add (events, event);
  ls_queue_events (fixture->h->queue, events);
  ls_queue_harness_run (fixture->h);
}

static void
assert_status (Fixture *fixture, const char *id, LsActionStatus status)
{
  g_assert_cmpint (ls_queue_harness_get (fixture->h, id)->status, ==, status);
}

/* The answer is lost, the stream is not. */
static void
test_stream_own (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  const char *id = enqueue (fixture, LS_ACTION_UPDATE, NULL, "{\"score\":80}");

  ls_queue_harness_connect (h, LS_PROTOCOL_LABSYNC_V1);
  deliver (fixture, ME, "grade_updated", "g-1");
  assert_status (fixture, id, LS_ACTION_COMPLETED);
  g_assert_cmpint (ls_queue_harness_get (h, id)->outcome, ==, LS_OUTCOME_ACCEPTED);
  g_assert_true (ls_queue_harness_get (h, id)->visible);
  g_assert_cmpuint (h->feeds.length, ==, 0);
  ls_queue_harness_fail_send (h, LS_REASON_SERVER_UNREACHABLE);
  assert_status (fixture, id, LS_ACTION_COMPLETED);
  ls_queue_harness_advance (h, 60 * 60 * 1000);
  g_assert_cmpuint (h->sends.length, ==, 0);
}

/* The stream is faster than the answer, which then is no news: an outcome is told once. */
static void
test_stream_before_the_answer (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  const char *id = enqueue (fixture, LS_ACTION_UPDATE, NULL, "{\"score\":80}");
  LsActionReply *reply = ls_queue_harness_reply (200, NULL, 6, 10);
  guint n_told;

  ls_queue_harness_connect (h, LS_PROTOCOL_LABSYNC_V1);
  deliver (fixture, ME, "grade_updated", "g-1");
  assert_status (fixture, id, LS_ACTION_COMPLETED);
  n_told = h->told->len;
  reply->text = g_strdup ("{\"success\":true}");
  ls_queue_harness_answer (h, reply);
  g_assert_cmpuint (h->told->len, ==, n_told);
  g_assert_cmpuint (ls_queue_harness_get (h, id)->http_status, ==, 200);
  g_assert_null (ls_queue_harness_get (h, id)->answer);
}

/* The server keeps the keys of each user apart, and tells everybody all of them. */
static void
test_stream_of_another (Fixture *fixture, gconstpointer data)
{
  const char *id = enqueue (fixture, LS_ACTION_UPDATE, NULL, "{\"score\":90}");

  deliver (fixture, "teacher-b", "grade_updated", "g-1");
  assert_status (fixture, id, LS_ACTION_CONFLICT);
}

/* Nor does what comes after it move to their row. */
static void
test_stream_create_of_another (Fixture *fixture, gconstpointer data)
{
  const char *id = enqueue (fixture, LS_ACTION_CREATE, NULL, "{\"score\":90}");

  deliver (fixture, "teacher-b", "grade_created", "g-2");
  assert_status (fixture, id, LS_ACTION_PENDING);
  g_assert_cmpstr (ls_queue_harness_get (fixture->h, id)->entity_id, ==, "g-1");
  ls_queue_harness_connect (fixture->h, LS_PROTOCOL_LABSYNC_V1);
  g_assert_cmpuint (fixture->h->sends.length, ==, 1);
}

/* An app may use a key again, on another machine. */
static void
test_stream_other_row (Fixture *fixture, gconstpointer data)
{
  const char *id = enqueue (fixture, LS_ACTION_UPDATE, NULL, "{\"score\":80}");

  deliver (fixture, ME, "grade_updated", "g-2");
  assert_status (fixture, id, LS_ACTION_PENDING);
  deliver (fixture, ME, "attendance_updated", "g-1");
  assert_status (fixture, id, LS_ACTION_PENDING);
}

/* What is asked for by a path of its own may change a row of any id. */
static void
test_stream_own_path (Fixture *fixture, gconstpointer data)
{
  const char *id = enqueue (fixture, LS_ACTION_PUBLISH, "/api/grades/g-1/publish", NULL);

  deliver (fixture, ME, "grade_updated", "g-2");
  assert_status (fixture, id, LS_ACTION_COMPLETED);
}

#define ADD(name, function)                                                                        \
  g_test_add ("/core/queue-stream/" name, Fixture, NULL, set_up, function, ls_queue_fixture_clear)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("own", test_stream_own);
  ADD ("before-the-answer", test_stream_before_the_answer);
  ADD ("of-another", test_stream_of_another);
  ADD ("create-of-another", test_stream_create_of_another);
  ADD ("other-row", test_stream_other_row);
  ADD ("own-path", test_stream_own_path);
  return g_test_run ();
}
