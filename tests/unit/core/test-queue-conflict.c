/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Conflicts: what is one, what becomes of it by policy, and by the user. */
#include "ls-error.h"
#include "ls-queue-fixture.h"

#define BASE "{\"id\":\"g-1\",\"score\":70,\"note\":\"\",\"version\":5}"
#define THEIRS "{\"id\":\"g-1\",\"score\":60,\"note\":\"\",\"version\":6}"

typedef LsQueueFixture Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  ls_queue_fixture_init (fixture, BASE, 5);
}

static void
set_policy (Fixture *fixture, LsConflictPolicy policy)
{
  fixture->h->config.policies[LS_ENTITY_GRADE] = policy;
  ls_queue_set_config (fixture->h->queue, &fixture->h->config);
}

static const char *
change (Fixture *fixture, LsActionType type, const char *body)
{
  LsActionDraft wanted = {
    .type = type, .entity = "grade", .entity_id = "g-1", .body = body, .method = LS_METHOD_INVALID
  };

  return ls_queue_harness_enqueue (fixture->h, &wanted, fixture->row);
}

static const char *
update (Fixture *fixture, const char *body)
{
  return change (fixture, LS_ACTION_UPDATE, body);
}

static void
connect_link (Fixture *fixture)
{
  ls_queue_harness_connect (fixture->h, LS_PROTOCOL_LABSYNC_V1);
}

static void
answer (Fixture *fixture, guint status, const char *row, gint64 version)
{
  ls_queue_harness_answer (fixture->h, ls_queue_harness_reply (status, row, version, 0));
}

static void
event (Fixture *fixture, const char *row, gint64 version)
{
  ls_queue_harness_event (fixture->h, row != NULL ? "grade_updated" : "grade_deleted", "g-1",
                          row != NULL ? row : "{\"id\":\"g-1\"}", version, NULL);
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

static gpointer
resolve (Fixture *fixture,
         const char *id,
         LsResolution resolution,
         const char *merged,
         gint64 version)
{
  gpointer ticket = ls_queue_harness_ticket (fixture->h);

  ls_queue_resolve (fixture->h->queue, id, resolution, merged, version, ticket);
  ls_queue_harness_run (fixture->h);
  return ticket;
}

static void
assert_conflict (Fixture *fixture, const char *id, const char *row, gint64 version)
{
  g_assert_cmpint (get (fixture, id)->status, ==, LS_ACTION_CONFLICT);
  g_assert_cmpint (get (fixture, id)->outcome, ==, LS_OUTCOME_CONFLICTED);
  g_assert_cmpstr (get (fixture, id)->server, ==, row);
  g_assert_cmpint (get (fixture, id)->server_version, ==, version);
}

/* The server says so. */
static void
test_conflict_by_answer (Fixture *fixture, gconstpointer data)
{
  const char *id = update (fixture, "{\"score\":80}");

  connect_link (fixture);
  answer (fixture, 412, THEIRS, 6);
  assert_conflict (fixture, id, THEIRS, 6);
  g_assert_cmpstr (get (fixture, id)->base, ==, BASE);
  g_assert_cmpstr (get (fixture, id)->reason, ==, "row-changed");
  g_assert_cmpstr (get (fixture, id)->key, !=, id);
  g_assert_cmpuint (fixture->h->sends.length, ==, 0);
}

/* The stream says so first, also without a link for actions; the clock has no say. */
static void
test_conflict_by_event (Fixture *fixture, gconstpointer data)
{
  const char *id = update (fixture, "{\"score\":80}");

  ls_fake_clock_jump_wall (fixture->h->clock, 7200000);
  event (fixture, THEIRS, 6);
  assert_conflict (fixture, id, THEIRS, 6);
  /* it was never sent: its key is good still */
  g_assert_cmpstr (get (fixture, id)->key, ==, id);
}

static void
test_conflict_not_by_what_is_known (Fixture *fixture, gconstpointer data)
{
  const char *id = update (fixture, "{\"score\":80}");

  event (fixture, BASE, 5);
  event (fixture, THEIRS, 4);
  event (fixture, THEIRS, 0);
  g_assert_cmpint (get (fixture, id)->status, ==, LS_ACTION_PENDING);
}

/* The version is another, what it says is not. */
static void
test_conflict_equal_content (Fixture *fixture, gconstpointer data)
{
  const char *id = update (fixture, "{\"score\":80}");

  event (fixture, "{\"note\":\"\",\"score\":70.0,\"id\":\"g-1\",\"version\":9}", 9);
  g_assert_cmpint (get (fixture, id)->status, ==, LS_ACTION_PENDING);
  connect_link (fixture);
  g_assert_cmpint (peek (fixture)->version, ==, 9);
  answer (fixture, 412, "{\"id\":\"g-1\",\"score\":80,\"note\":\"x\",\"version\":10}", 10);
  /* somebody else wants the same */
  g_assert_cmpint (get (fixture, id)->status, ==, LS_ACTION_SYNCING);
  g_assert_cmpint (peek (fixture)->version, ==, 10);
  g_assert_cmpstr (peek (fixture)->key, !=, id);
}

/* While it is with the server, what comes may be of before or after it. */
static void
test_conflict_not_in_flight (Fixture *fixture, gconstpointer data)
{
  const char *first = update (fixture, "{\"score\":80}");
  const char *second = update (fixture, "{\"score\":90}");

  connect_link (fixture);
  event (fixture, "{\"id\":\"g-1\",\"score\":80,\"note\":\"\",\"version\":6}", 6);
  g_assert_cmpint (get (fixture, first)->status, ==, LS_ACTION_SYNCING);
  g_assert_cmpint (get (fixture, second)->status, ==, LS_ACTION_PENDING);
  ls_queue_harness_fail_send (fixture->h, LS_REASON_SERVER_UNREACHABLE);
  event (fixture, THEIRS, 7);
  g_assert_cmpint (get (fixture, first)->status, ==, LS_ACTION_PENDING);
  g_assert_cmpint (get (fixture, second)->status, ==, LS_ACTION_PENDING);
}

static void
test_conflict_second_change (Fixture *fixture, gconstpointer data)
{
  const char *id = update (fixture, "{\"score\":80}");
  guint n_told;

  event (fixture, THEIRS, 6);
  n_told = fixture->h->told->len;
  event (fixture, "{\"id\":\"g-1\",\"score\":50,\"note\":\"\"}", 7);
  assert_conflict (fixture, id, "{\"id\":\"g-1\",\"score\":50,\"note\":\"\"}", 7);
  g_assert_cmpuint (fixture->h->told->len, ==, n_told + 1);
  /* what was decided on what was shown before does not count */
  g_assert_error (ls_queue_harness_get_error (
                      fixture->h, resolve (fixture, id, LS_RESOLUTION_KEEP_LOCAL, NULL, 6)),
                  LS_ERROR, LS_ERROR_CONFLICT);
  assert_conflict (fixture, id, "{\"id\":\"g-1\",\"score\":50,\"note\":\"\"}", 7);
  /* whoever was in the way takes it back */
  event (fixture, "{\"id\":\"g-1\",\"score\":70,\"note\":\"\"}", 8);
  g_assert_cmpint (get (fixture, id)->status, ==, LS_ACTION_PENDING);
}

static void
test_conflict_keep_local (Fixture *fixture, gconstpointer data)
{
  const char *id = update (fixture, "{\"score\":80}");
  g_autofree char *key = NULL;

  connect_link (fixture);
  answer (fixture, 412, THEIRS, 6);
  g_assert_no_error (ls_queue_harness_get_error (
      fixture->h, resolve (fixture, id, LS_RESOLUTION_KEEP_LOCAL, NULL, 6)));
  g_assert_cmpint (peek (fixture)->version, ==, 6);
  g_assert_cmpstr (peek (fixture)->key, !=, id);
  g_assert_cmpstr (peek (fixture)->body, ==, "{\"score\":80}");
  key = g_strdup (peek (fixture)->key);
  /* it is conditional itself */
  answer (fixture, 412, "{\"id\":\"g-1\",\"score\":50,\"note\":\"\"}", 7);
  assert_conflict (fixture, id, "{\"id\":\"g-1\",\"score\":50,\"note\":\"\"}", 7);
  resolve (fixture, id, LS_RESOLUTION_KEEP_LOCAL, NULL, 7);
  g_assert_cmpstr (peek (fixture)->key, !=, key);
  answer (fixture, 200, "{\"id\":\"g-1\",\"score\":80,\"note\":\"\"}", 8);
  g_assert_cmpint (get (fixture, id)->outcome, ==, LS_OUTCOME_ACCEPTED);
  g_assert_cmpstr (get (fixture, id)->loser, ==, "{\"id\":\"g-1\",\"score\":50,\"note\":\"\"}");
}

static void
test_conflict_use_server (Fixture *fixture, gconstpointer data)
{
  const char *id = update (fixture, "{\"score\":80}");

  event (fixture, THEIRS, 6);
  resolve (fixture, id, LS_RESOLUTION_USE_SERVER, NULL, 6);
  g_assert_cmpint (get (fixture, id)->status, ==, LS_ACTION_COMPLETED);
  g_assert_cmpint (get (fixture, id)->outcome, ==, LS_OUTCOME_SUPERSEDED);
  g_assert_cmpstr (get (fixture, id)->loser, ==, "{\"score\":80}");
  connect_link (fixture);
  g_assert_cmpuint (fixture->h->sends.length, ==, 0);
}

static void
test_conflict_merge_by_hand (Fixture *fixture, gconstpointer data)
{
  const char *id = update (fixture, "{\"score\":80}");

  event (fixture, THEIRS, 6);
  g_assert_error (
      ls_queue_harness_get_error (fixture->h, resolve (fixture, id, LS_RESOLUTION_MERGE, "[]", 6)),
      LS_ERROR, LS_ERROR_INVALID_ARGUMENT);
  resolve (fixture, id, LS_RESOLUTION_MERGE, "{\"score\":75}", 6);
  connect_link (fixture);
  g_assert_cmpstr (peek (fixture)->body, ==, "{\"score\":75}");
  g_assert_cmpint (peek (fixture)->version, ==, 6);
}

/* A day long the side that lost can be brought back. */
static void
undo (Fixture *fixture, const char *id, const LsRow *row)
{
  gpointer ticket = ls_queue_harness_ticket (fixture->h);

  ls_queue_undo (fixture->h->queue, id, row, ticket);
  g_assert_no_error (ls_queue_harness_get_error (fixture->h, ticket));
}

static void
test_conflict_undo (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsRow) now = ls_row_new (LS_ENTITY_GRADE, "g-1", THEIRS, 6);
  const char *id = update (fixture, "{\"score\":80}");
  gpointer ticket = ls_queue_harness_ticket (fixture->h);

  event (fixture, THEIRS, 6);
  resolve (fixture, id, LS_RESOLUTION_USE_SERVER, NULL, 6);
  undo (fixture, id, now);
  connect_link (fixture);
  g_assert_cmpstr (peek (fixture)->body, ==, "{\"score\":80}");
  g_assert_cmpint (peek (fixture)->version, ==, 6);
  /* once */
  ls_queue_undo (fixture->h->queue, id, now, ticket);
  g_assert_error (ls_queue_harness_get_error (fixture->h, ticket), LS_ERROR, LS_ERROR_NOT_FOUND);
}

static void
test_conflict_undo_keep_local (Fixture *fixture, gconstpointer data)
{
  const char *id = update (fixture, "{\"score\":80}");

  event (fixture, THEIRS, 6);
  resolve (fixture, id, LS_RESOLUTION_KEEP_LOCAL, NULL, 6);
  connect_link (fixture);
  answer (fixture, 200, "{\"id\":\"g-1\",\"score\":80,\"note\":\"\"}", 7);
  undo (fixture, id, fixture->row);
  g_assert_cmpstr (peek (fixture)->body, ==, "{\"score\":60}");
  /* from what we have left ourselves, which the cache does not have yet */
  g_assert_cmpint (peek (fixture)->version, ==, 7);
}

static void
test_conflict_undo_too_late (Fixture *fixture, gconstpointer data)
{
  const char *id = update (fixture, "{\"score\":80}");
  gpointer ticket = ls_queue_harness_ticket (fixture->h);

  event (fixture, THEIRS, 6);
  resolve (fixture, id, LS_RESOLUTION_USE_SERVER, NULL, 6);
  ls_queue_harness_advance (fixture->h, 26 * G_GINT64_CONSTANT (3600000));
  ls_queue_undo (fixture->h->queue, id, fixture->row, ticket);
  g_assert_error (ls_queue_harness_get_error (fixture->h, ticket), LS_ERROR, LS_ERROR_NOT_FOUND);
}

/* However much is done meanwhile; and it does not count among that. */
static void
test_conflict_undo_of_many (Fixture *fixture, gconstpointer data)
{
  const guint n = 1500;
  g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func (g_free);

  set_policy (fixture, LS_CONFLICT_POLICY_SERVER);
  connect_link (fixture);
  for (guint i = 0; i < n; i++)
    {
      g_ptr_array_add (ids, g_strdup (update (fixture, "{\"score\":80}")));
      answer (fixture, 412, THEIRS, 6);
    }
  update (fixture, "{\"score\":81}");
  answer (fixture, 200, "{\"id\":\"g-1\",\"score\":81}", 7);
  ls_queue_harness_advance (fixture->h, 2 * 60 * 60 * 1000);
  for (guint i = 0; i < n; i++)
    g_assert_nonnull (get (fixture, ids->pdata[i])->loser);

  ls_queue_harness_advance (fixture->h, 25 * 60 * 60 * G_GINT64_CONSTANT (1000));
  g_assert_null (ls_queue_find (fixture->h->queue, ids->pdata[0]));
}

static void
test_conflict_policy_server (Fixture *fixture, gconstpointer data)
{
  const char *id = update (fixture, "{\"score\":80}");

  set_policy (fixture, LS_CONFLICT_POLICY_SERVER);
  connect_link (fixture);
  answer (fixture, 412, THEIRS, 6);
  g_assert_cmpint (get (fixture, id)->outcome, ==, LS_OUTCOME_SUPERSEDED);
  g_assert_cmpstr (get (fixture, id)->loser, ==, "{\"score\":80}");
}

static void
test_conflict_policy_local (Fixture *fixture, gconstpointer data)
{
  const char *id = update (fixture, "{\"score\":80}");

  set_policy (fixture, LS_CONFLICT_POLICY_LOCAL);
  connect_link (fixture);
  answer (fixture, 412, THEIRS, 6);
  g_assert_cmpint (peek (fixture)->version, ==, 6);
  g_assert_cmpstr (get (fixture, id)->loser, ==, THEIRS);
}

static void
test_conflict_policy_merge (Fixture *fixture, gconstpointer data)
{
  const char *first = update (fixture, "{\"note\":\"good\",\"score\":70}");
  const char *second;

  set_policy (fixture, LS_CONFLICT_POLICY_MERGE);
  second = update (fixture, "{\"score\":80}");
  event (fixture, THEIRS, 6);
  /* one changed what nobody else did, the other did not */
  g_assert_cmpint (get (fixture, first)->status, ==, LS_ACTION_PENDING);
  assert_conflict (fixture, second, THEIRS, 6);
  connect_link (fixture);
  g_assert_cmpint (peek (fixture)->version, ==, 6);
  g_assert_cmpstr (peek (fixture)->body, ==, "{\"note\":\"good\"}");
  /* what our own action made of it is what the other conflict is about by now */
  answer (fixture, 200, "{\"id\":\"g-1\",\"score\":60,\"note\":\"good\"}", 7);
  assert_conflict (fixture, second, "{\"id\":\"g-1\",\"score\":60,\"note\":\"good\"}", 7);
}

/* One of two members was changed by both. */
static void
test_conflict_policy_merge_same_member (Fixture *fixture, gconstpointer data)
{
  const char *id = update (fixture, "{\"note\":\"good\",\"score\":60}");

  set_policy (fixture, LS_CONFLICT_POLICY_MERGE);
  event (fixture, "{\"id\":\"g-1\",\"score\":65,\"note\":\"good\"}", 6);
  assert_conflict (fixture, id, "{\"id\":\"g-1\",\"score\":65,\"note\":\"good\"}", 6);
}

/* Both did the same, and somebody did more: nothing is left to be sent. */
static void
test_conflict_policy_merge_done (Fixture *fixture, gconstpointer data)
{
  const char *id = update (fixture, "{\"score\":80,\"note\":\"\"}");

  set_policy (fixture, LS_CONFLICT_POLICY_MERGE);
  connect_link (fixture);
  answer (fixture, 412, "{\"id\":\"g-1\",\"score\":80,\"note\":\"theirs\",\"version\":6}", 6);
  g_assert_cmpint (get (fixture, id)->status, ==, LS_ACTION_COMPLETED);
  g_assert_cmpuint (fixture->h->sends.length, ==, 0);
  g_assert_cmpuint (fixture->h->feeds.length, ==, 1);
}

/* Somebody else has done what the first of two wanted: the second was not made from what that has left. */
static void
test_conflict_done_by_others (Fixture *fixture, gconstpointer data)
{
  const char *first = update (fixture, "{\"note\":\"good\"}");
  const char *second = update (fixture, "{\"score\":80}");

  set_policy (fixture, LS_CONFLICT_POLICY_MERGE);
  event (fixture, "{\"id\":\"g-1\",\"score\":60,\"note\":\"good\"}", 6);
  /* all of it is there: no need to send it, but for whoever looks at the versions */
  g_assert_cmpint (get (fixture, first)->status, ==, LS_ACTION_PENDING);
  assert_conflict (fixture, second, "{\"id\":\"g-1\",\"score\":60,\"note\":\"good\"}", 6);
}

static void
test_conflict_nothing_left (Fixture *fixture, gconstpointer data)
{
  const char *first = update (fixture, "{\"note\":\"good\",\"score\":70}");
  const char *second = update (fixture, "{\"score\":80}");

  set_policy (fixture, LS_CONFLICT_POLICY_MERGE);
  event (fixture, "{\"id\":\"g-1\",\"score\":60,\"note\":\"good\"}", 6);
  g_assert_cmpint (get (fixture, first)->status, ==, LS_ACTION_COMPLETED);
  assert_conflict (fixture, second, "{\"id\":\"g-1\",\"score\":60,\"note\":\"good\"}", 6);
}

/* Deleted there, changed here: that is a conflict, never a silent success. */
static void
test_conflict_deleted (Fixture *fixture, gconstpointer data)
{
  const char *id = update (fixture, "{\"score\":80}");
  const char *later = update (fixture, "{\"note\":\"late\"}");
  g_autofree char *body = NULL;
  g_autofree char *path = NULL;

  connect_link (fixture);
  answer (fixture, 410, NULL, 6);
  assert_conflict (fixture, id, NULL, 6);
  assert_conflict (fixture, later, NULL, 6);
  g_assert_cmpstr (get (fixture, id)->reason, ==, "row-deleted");
  resolve (fixture, id, LS_RESOLUTION_KEEP_LOCAL, NULL, 6);
  /* then it is made anew, as whoever changed it saw it, under an id that the server takes */
  g_assert_cmpint (peek (fixture)->method, ==, LS_METHOD_POST);
  g_assert_cmpstr (peek (fixture)->path, ==, "/api/grades");
  g_assert_cmpint (peek (fixture)->version, ==, 0);
  g_assert_cmpstr (get (fixture, id)->entity_id, !=, "g-1");
  body = g_strdup_printf ("{\"id\":\"%s\",\"score\":80,\"note\":\"\",\"version\":5}",
                          get (fixture, id)->entity_id);
  g_assert_cmpstr (peek (fixture)->body, ==, body);
  answer (fixture, 201, body, 1);
  /* and what came after it goes with it */
  path = g_strconcat ("/api/grades/", get (fixture, id)->entity_id, NULL);
  g_assert_cmpstr (peek (fixture)->key, ==, get (fixture, later)->key);
  g_assert_cmpstr (peek (fixture)->path, ==, path);
  g_assert_cmpint (peek (fixture)->version, ==, 1);
}

static void
test_conflict_deleted_in_stream (Fixture *fixture, gconstpointer data)
{
  const char *id = update (fixture, "{\"score\":80}");

  event (fixture, NULL, 6);
  assert_conflict (fixture, id, NULL, 6);
  g_assert_cmpstr (get (fixture, id)->reason, ==, "row-deleted");
}

static void
test_conflict_both_deleted (Fixture *fixture, gconstpointer data)
{
  const char *id = change (fixture, LS_ACTION_DELETE, NULL);

  event (fixture, NULL, 6);
  g_assert_cmpint (get (fixture, id)->status, ==, LS_ACTION_COMPLETED);
  g_assert_cmpint (get (fixture, id)->outcome, ==, LS_OUTCOME_ACCEPTED);
}

static void
test_conflict_deleted_here (Fixture *fixture, gconstpointer data)
{
  const char *id = change (fixture, LS_ACTION_DELETE, NULL);

  connect_link (fixture);
  answer (fixture, 412, THEIRS, 6);
  assert_conflict (fixture, id, THEIRS, 6);
  resolve (fixture, id, LS_RESOLUTION_KEEP_LOCAL, NULL, 6);
  g_assert_cmpint (peek (fixture)->method, ==, LS_METHOD_DELETE);
  g_assert_cmpint (peek (fixture)->version, ==, 6);
}

/* Somebody has made a row of that id. */
static void
test_conflict_create (Fixture *fixture, gconstpointer data)
{
  LsActionDraft wanted = { .type = LS_ACTION_CREATE,
                           .entity = "grade",
                           .entity_id = "g-1",
                           .body = "{\"score\":80}",
                           .method = LS_METHOD_INVALID };
  const char *id = ls_queue_harness_enqueue (fixture->h, &wanted, NULL);

  connect_link (fixture);
  answer (fixture, 409, THEIRS, 6);
  assert_conflict (fixture, id, THEIRS, 6);
  resolve (fixture, id, LS_RESOLUTION_KEEP_LOCAL, NULL, 6);
  g_assert_cmpint (peek (fixture)->method, ==, LS_METHOD_PUT);
  g_assert_cmpstr (peek (fixture)->path, ==, "/api/grades/g-1");
  g_assert_cmpint (peek (fixture)->version, ==, 6);
}

/* Makes g-1, changes it twice, and finds that there is another; *id: the create, *changes: what came after it. */
static void
make_taken (Fixture *fixture, const char **id, const char *changes[2])
{
  LsActionDraft wanted = { .type = LS_ACTION_CREATE,
                           .entity = "grade",
                           .entity_id = "g-1",
                           .body = "{\"score\":80}",
                           .method = LS_METHOD_INVALID };

  *id = ls_queue_harness_enqueue (fixture->h, &wanted, NULL);
  wanted.type = LS_ACTION_UPDATE;
  wanted.body = "{\"score\":85}";
  changes[0] = ls_queue_harness_enqueue (fixture->h, &wanted, NULL);
  wanted.body = "{\"note\":\"good\"}";
  changes[1] = ls_queue_harness_enqueue (fixture->h, &wanted, NULL);
  connect_link (fixture);
  answer (fixture, 409, THEIRS, 6);
  assert_conflict (fixture, *id, THEIRS, 6);
}

/* What was to change our row does not change theirs unasked. */
static void
test_conflict_create_lost (Fixture *fixture, gconstpointer data)
{
  const char *id, *changes[2];

  make_taken (fixture, &id, changes);
  resolve (fixture, id, LS_RESOLUTION_USE_SERVER, NULL, 6);
  g_assert_cmpint (get (fixture, id)->outcome, ==, LS_OUTCOME_SUPERSEDED);
  assert_conflict (fixture, changes[0], THEIRS, 6);
  assert_conflict (fixture, changes[1], THEIRS, 6);
  g_assert_true (fixture->h->editor.is_same (get (fixture, changes[1])->base,
                                             "{\"id\":\"g-1\",\"score\":85}"));
  g_assert_cmpuint (fixture->h->sends.length, ==, 0);
  /* and if it is to, then only as it was shown */
  resolve (fixture, changes[0], LS_RESOLUTION_KEEP_LOCAL, NULL, 6);
  g_assert_cmpint (peek (fixture)->version, ==, 6);
}

static void
test_conflict_create_discarded (Fixture *fixture, gconstpointer data)
{
  gpointer ticket = ls_queue_harness_ticket (fixture->h);
  const char *id, *changes[2];

  make_taken (fixture, &id, changes);
  ls_queue_discard (fixture->h->queue, id, ticket);
  g_assert_no_error (ls_queue_harness_get_error (fixture->h, ticket));
  assert_conflict (fixture, changes[0], THEIRS, 6);
  g_assert_cmpuint (fixture->h->sends.length, ==, 0);
}

/* What comes after a create that becomes a change goes on from what that has left, and from nothing else. */
static void
test_conflict_create_won (Fixture *fixture, gconstpointer data)
{
  const char *id, *changes[2];

  make_taken (fixture, &id, changes);
  resolve (fixture, id, LS_RESOLUTION_KEEP_LOCAL, NULL, 6);
  g_assert_cmpint (peek (fixture)->version, ==, 6);
  answer (fixture, 200, "{\"id\":\"g-1\",\"score\":80,\"note\":\"\"}", 7);
  g_assert_cmpstr (peek (fixture)->body, ==, "{\"score\":85}");
  g_assert_cmpint (peek (fixture)->version, ==, 7);
  answer (fixture, 412, "{\"id\":\"g-1\",\"score\":10,\"note\":\"\"}", 8);
  g_assert_cmpint (get (fixture, changes[0])->status, ==, LS_ACTION_CONFLICT);
}

/* An answer that does not show the row is for the user, whatever the policy. */
static void
test_conflict_without_row (Fixture *fixture, gconstpointer data)
{
  const char *id = update (fixture, "{\"score\":80}");

  set_policy (fixture, LS_CONFLICT_POLICY_LOCAL);
  connect_link (fixture);
  answer (fixture, 409, NULL, 9);
  assert_conflict (fixture, id, NULL, 9);
  g_assert_cmpstr (get (fixture, id)->reason, ==, "row-changed");
  resolve (fixture, id, LS_RESOLUTION_KEEP_LOCAL, NULL, 9);
  g_assert_cmpint (peek (fixture)->method, ==, LS_METHOD_PUT);
  g_assert_cmpint (peek (fixture)->version, ==, 9);
}

/* Where the server says neither what it has nor which version that is, what it is sent on is what is known. */
static void
test_conflict_without_anything (Fixture *fixture, gconstpointer data)
{
  const char *id = update (fixture, "{\"score\":80}");

  connect_link (fixture);
  answer (fixture, 409, NULL, 0);
  assert_conflict (fixture, id, NULL, 0);
  g_assert_cmpstr (get (fixture, id)->reason, ==, "row-changed");
  resolve (fixture, id, LS_RESOLUTION_KEEP_LOCAL, NULL, 0);
  g_assert_cmpint (peek (fixture)->version, ==, 5);
  g_assert_cmpstr (get (fixture, id)->base, ==, BASE);
  answer (fixture, 412, THEIRS, 6);
  assert_conflict (fixture, id, THEIRS, 6);
}

#define BARE "{\"id\":\"g-1\"}"

/* What was too large to be said again is not a row that has lost everything: nobody decides by it alone. */
static void
test_conflict_bare (Fixture *fixture, gconstpointer data)
{
  const char *id = update (fixture, "{\"score\":80}");

  set_policy (fixture, LS_CONFLICT_POLICY_LOCAL);
  connect_link (fixture);
  answer (fixture, 412, BARE, 6);
  assert_conflict (fixture, id, NULL, 6);
  g_assert_cmpstr (get (fixture, id)->reason, ==, "row-changed");
  resolve (fixture, id, LS_RESOLUTION_KEEP_LOCAL, NULL, 6);
  g_assert_null (get (fixture, id)->loser);
  g_assert_cmpint (peek (fixture)->version, ==, 6);
}

/* Nor is it what is shown, or what the next change is made from; the version is. */
static void
test_conflict_bare_done (Fixture *fixture, gconstpointer data)
{
  LsQueueHarness *h = fixture->h;
  const char *id = update (fixture, "{\"score\":80}");
  const char *later = update (fixture, "{\"note\":\"good\"}");
  g_autoptr (LsOverlay) overlay = NULL;

  connect_link (fixture);
  ls_queue_harness_answer (h, ls_queue_harness_reply (200, BARE, 6, 10));
  g_assert_cmpint (get (fixture, id)->outcome, ==, LS_OUTCOME_ACCEPTED);
  overlay = ls_queue_lay_over (h->queue, "grade", "g-1", BASE);
  g_assert_true (h->editor.agrees (overlay->data, "{\"score\":80,\"note\":\"good\"}"));
  g_assert_cmpint (peek (fixture)->version, ==, 6);
  g_assert_true (h->editor.is_same (get (fixture, later)->base,
                                    "{\"id\":\"g-1\",\"score\":80,\"note\":\"\"}"));
}

/* The id that the server gave is known all the same. */
static void
test_conflict_bare_create (Fixture *fixture, gconstpointer data)
{
  LsActionDraft wanted = { .type = LS_ACTION_CREATE,
                           .entity = "grade",
                           .entity_id = "g-9",
                           .body = "{\"score\":80}",
                           .method = LS_METHOD_INVALID };
  const char *later;

  ls_queue_harness_enqueue (fixture->h, &wanted, NULL);
  wanted.type = LS_ACTION_UPDATE;
  later = ls_queue_harness_enqueue (fixture->h, &wanted, NULL);
  connect_link (fixture);
  answer (fixture, 201, BARE, 1);
  g_assert_cmpstr (get (fixture, later)->entity_id, ==, "g-1");
  g_assert_cmpstr (peek (fixture)->path, ==, "/api/grades/g-1");
  g_assert_cmpint (peek (fixture)->version, ==, 1);
}

/* A server that refuses the very version that it has is not asked for ever. */
static void
test_conflict_with_itself (Fixture *fixture, gconstpointer data)
{
  const char *id = update (fixture, "{\"score\":80}");

  set_policy (fixture, LS_CONFLICT_POLICY_LOCAL);
  connect_link (fixture);
  answer (fixture, 412, BASE, 5);
  g_assert_cmpint (get (fixture, id)->status, ==, LS_ACTION_FAILED);
}

static void
test_conflict_policy_of_others (Fixture *fixture, gconstpointer data)
{
  LsActionDraft wanted = { .type = LS_ACTION_UPDATE,
                           .entity = "budget",
                           .entity_id = "b-1",
                           .endpoint = "/api/event_budgets/b-1",
                           .body = "{\"sum\":1}",
                           .base_version = 5,
                           .method = LS_METHOD_PATCH };
  const char *id;

  fixture->h->config.policies[LS_N_ENTITIES] = LS_CONFLICT_POLICY_SERVER;
  ls_queue_set_config (fixture->h->queue, &fixture->h->config);
  id = ls_queue_harness_enqueue (fixture->h, &wanted, NULL);
  connect_link (fixture);
  g_assert_cmpint (peek (fixture)->method, ==, LS_METHOD_PATCH);
  g_assert_cmpint (peek (fixture)->version, ==, 5);
  answer (fixture, 412, "{\"id\":\"b-1\",\"sum\":2}", 6);
  g_assert_cmpint (get (fixture, id)->outcome, ==, LS_OUTCOME_SUPERSEDED);
}

#define ADD(name, function)                                                                        \
  g_test_add ("/core/queue-conflict/" name, Fixture, NULL, set_up, function, ls_queue_fixture_clear)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("by-answer", test_conflict_by_answer);
  ADD ("by-event", test_conflict_by_event);
  ADD ("not-by-what-is-known", test_conflict_not_by_what_is_known);
  ADD ("equal-content", test_conflict_equal_content);
  ADD ("not-in-flight", test_conflict_not_in_flight);
  ADD ("second-change", test_conflict_second_change);
  ADD ("keep-local", test_conflict_keep_local);
  ADD ("use-server", test_conflict_use_server);
  ADD ("merge-by-hand", test_conflict_merge_by_hand);
  ADD ("undo", test_conflict_undo);
  ADD ("undo-keep-local", test_conflict_undo_keep_local);
  ADD ("undo-too-late", test_conflict_undo_too_late);
  ADD ("undo-of-many", test_conflict_undo_of_many);
  ADD ("policy-server", test_conflict_policy_server);
  ADD ("policy-local", test_conflict_policy_local);
  ADD ("policy-merge", test_conflict_policy_merge);
  ADD ("policy-merge-same-member", test_conflict_policy_merge_same_member);
  ADD ("policy-merge-done", test_conflict_policy_merge_done);
  ADD ("done-by-others", test_conflict_done_by_others);
  ADD ("nothing-left", test_conflict_nothing_left);
  ADD ("deleted", test_conflict_deleted);
  ADD ("deleted-in-stream", test_conflict_deleted_in_stream);
  ADD ("both-deleted", test_conflict_both_deleted);
  ADD ("deleted-here", test_conflict_deleted_here);
  ADD ("create", test_conflict_create);
  ADD ("create-lost", test_conflict_create_lost);
  ADD ("create-discarded", test_conflict_create_discarded);
  ADD ("create-won", test_conflict_create_won);
  ADD ("without-row", test_conflict_without_row);
  ADD ("without-anything", test_conflict_without_anything);
  ADD ("bare", test_conflict_bare);
  ADD ("bare-done", test_conflict_bare_done);
  ADD ("bare-create", test_conflict_bare_create);
  ADD ("with-itself", test_conflict_with_itself);
  ADD ("policy-of-others", test_conflict_policy_of_others);
  return g_test_run ();
}
