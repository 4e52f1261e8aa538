/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The key that an app gives: by it the app finds its action again, for as long as that is kept, and nobody else does. */
#include "ls-error.h"
#include "ls-queue-fixture.h"

#define BASE "{\"id\":\"g-1\",\"score\":70,\"note\":\"\"}"
#define OTHERS "{\"id\":\"g-1\",\"score\":60,\"note\":\"\"}"
#define KEY "the-app's"

typedef LsQueueFixture Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  ls_queue_fixture_init (f, BASE, 5);
}

static LsActionDraft
draft (const char *app, const char *body)
{
  return (LsActionDraft) { .type = LS_ACTION_UPDATE,
                           .entity = "grade",
                           .entity_id = "g-1",
                           .body = body,
                           .key = KEY,
                           .app = app,
                           .method = LS_METHOD_INVALID };
}

static char *
enqueue (Fixture *f, const char *app, const char *body)
{
  LsActionDraft wanted = draft (app, body);

  return g_strdup (ls_queue_harness_enqueue (f->h, &wanted, f->row));
}

/* The app has not heard our answer, and asks again: it is told of the same action, and of no other. */
static void
assert_known (Fixture *f, const char *id)
{
  g_autofree char *again = enqueue (f, "app", "{\"score\":80}");
  LsActionDraft other = draft ("app", "{\"score\":99}");
  gpointer ticket = ls_queue_harness_try (f->h, &other, f->row);

  g_assert_cmpstr (again, ==, id);
  g_assert_error (ls_queue_harness_get_error (f->h, ticket), LS_ERROR, LS_ERROR_CONFLICT);
}

static void
answer (Fixture *f, guint status, const char *row, gint64 version)
{
  ls_queue_harness_answer (f->h, ls_queue_harness_reply (status, row, version, 10));
}

static const char *
peek_key (Fixture *f)
{
  LsQueueCommand *send = g_queue_peek_head (&f->h->sends);

  g_assert_nonnull (send);
  return send->request->key;
}

static void
connect_link (Fixture *f)
{
  ls_queue_harness_connect (f->h, LS_PROTOCOL_LABSYNC_V1);
}

static void
test_key_waiting (Fixture *f, gconstpointer data)
{
  g_autofree char *id = enqueue (f, "app", "{\"score\":80}");
  g_autofree char *in_other_words = enqueue (f, "app", "{ \"score\" : 80.0 }");

  g_assert_cmpstr (in_other_words, ==, id);
  assert_known (f, id);
  ls_queue_harness_crash (f->h);
  assert_known (f, id);
  connect_link (f);
  g_assert_cmpstr (peek_key (f), ==, KEY);
}

/* The server has answered for good: it is sent again with another key, and the app's stays its own. */
static void
test_key_dead_letter (Fixture *f, gconstpointer data)
{
  g_autofree char *id = enqueue (f, "app", "{\"score\":80}");

  connect_link (f);
  answer (f, 403, NULL, 0);
  assert_known (f, id);
  ls_queue_harness_crash (f->h);
  assert_known (f, id);
  ls_queue_retry (f->h->queue, id, ls_queue_harness_ticket (f->h));
  connect_link (f);
  g_assert_cmpstr (peek_key (f), !=, KEY);
  assert_known (f, id);
  answer (f, 200, "{\"id\":\"g-1\",\"score\":80,\"note\":\"\"}", 6);
  assert_known (f, id);
  ls_queue_harness_crash (f->h);
  assert_known (f, id);
}

static void
test_key_conflict (Fixture *f, gconstpointer data)
{
  g_autofree char *id = enqueue (f, "app", "{\"score\":80}");

  connect_link (f);
  answer (f, 412, OTHERS, 6);
  g_assert_cmpint (ls_queue_harness_get (f->h, id)->status, ==, LS_ACTION_CONFLICT);
  assert_known (f, id);
  ls_queue_resolve (f->h->queue, id, LS_RESOLUTION_MERGE, "{\"score\":75}", 6,
                    ls_queue_harness_ticket (f->h));
  ls_queue_harness_run (f->h);
  assert_known (f, id);
}

/* What is sent is another thing by now; what was asked for is the same. */
static void
test_key_edited (Fixture *f, gconstpointer data)
{
  g_autofree char *id = enqueue (f, "app", "{\"score\":80}");

  ls_queue_edit (f->h->queue, id, "{\"score\":81}", ls_queue_harness_ticket (f->h));
  ls_queue_harness_run (f->h);
  assert_known (f, id);
}

static void
test_key_coalesced (Fixture *f, gconstpointer data)
{
  LsActionDraft first = draft ("app", "{\"note\":\"x\"}");
  LsActionDraft second = draft ("app", "{\"score\":80}");
  g_autofree char *id = NULL;

  first.coalesce = second.coalesce = TRUE;
  first.key = "another";
  ls_queue_harness_enqueue (f->h, &first, f->row);
  id = g_strdup (ls_queue_harness_enqueue (f->h, &second, f->row));
  assert_known (f, id);
}

/* A row that gets its id here gets another one each time. */
static void
test_key_create (Fixture *f, gconstpointer data)
{
  LsActionDraft wanted = draft ("app", "{\"score\":80}");
  g_autofree char *id = NULL;

  wanted.type = LS_ACTION_CREATE;
  wanted.entity_id = NULL;
  id = g_strdup (ls_queue_harness_enqueue (f->h, &wanted, NULL));
  connect_link (f);
  answer (f, 403, NULL, 0);
  g_assert_cmpstr (ls_queue_harness_enqueue (f->h, &wanted, NULL), ==, id);
}

/* Two apps with the same key have nothing to do with each other, nor does one get to know of the other. */
static void
test_key_of_another (Fixture *f, gconstpointer data)
{
  g_autofree char *ours = enqueue (f, "app", "{\"score\":80}");
  g_autofree char *same = enqueue (f, "another", "{\"score\":80}");
  g_autofree char *other = enqueue (f, "third", "{\"score\":99}");

  g_assert_cmpstr (same, !=, ours);
  assert_known (f, ours);
  ls_queue_harness_crash (f->h);
  assert_known (f, ours);
  /* to the server all keys are one user's */
  connect_link (f);
  g_assert_cmpstr (peek_key (f), ==, KEY);
  answer (f, 200, "{\"id\":\"g-1\",\"score\":80,\"note\":\"\"}", 6);
  g_assert_cmpstr (peek_key (f), ==, same);
  answer (f, 200, "{\"id\":\"g-1\",\"score\":80,\"note\":\"\"}", 7);
  g_assert_cmpstr (peek_key (f), ==, other);
}

static void
deliver (Fixture *f, const char *user_id)
{
  g_autoptr (GPtrArray) events = ls_event_array_new ();
  LsEvent *event =
      ls_event_new_take (ls_event_type_from_string ("grade_updated"), g_strdup ("g-1"),
                         g_strdup ("{\"id\":\"g-1\"}"), g_strdup ("teacher"), g_strdup (user_id));

  event->version = 2;
  event->action_id = g_strdup (KEY);
  g_ptr_array_add (events, event);
  ls_queue_events (f->h->queue, events);
  ls_queue_harness_run (f->h);
}

/* Another teacher's app may make the same keys up; what that one did is not what this one is to do. */
static void
test_key_of_another_user (Fixture *f, gconstpointer data)
{
  g_autofree char *id = enqueue (f, "app", "{\"score\":80}");

  deliver (f, "u-2");
  g_assert_cmpint (ls_queue_harness_get (f->h, id)->status, ==, LS_ACTION_PENDING);
  deliver (f, "u-1");
  g_assert_cmpint (ls_queue_harness_get (f->h, id)->status, ==, LS_ACTION_COMPLETED);
}

#define ADD(name, function)                                                                        \
  g_test_add ("/core/queue-key/" name, Fixture, NULL, set_up, function, ls_queue_fixture_clear)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("waiting", test_key_waiting);
  ADD ("dead-letter", test_key_dead_letter);
  ADD ("conflict", test_key_conflict);
  ADD ("edited", test_key_edited);
  ADD ("coalesced", test_key_coalesced);
  ADD ("create", test_key_create);
  ADD ("of-another-app", test_key_of_another);
  ADD ("of-another-user", test_key_of_another_user);
  return g_test_run ();
}
