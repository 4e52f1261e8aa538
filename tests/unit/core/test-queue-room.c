/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How much the queue takes: whatever makes it more is refused where it would be too much. */
#include "ls-error.h"
#include "ls-queue-fixture.h"

#define BASE "{\"id\":\"g-1\",\"score\":70,\"note\":\"\"}"
#define LARGE                                                                                      \
  "{\"note\":\"0123456789012345678901234567890123456789012345678901234567890123456789\"}"

typedef LsQueueFixture Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  ls_queue_fixture_init (f, BASE, 5);
}

static void
limit (Fixture *f, guint max_actions, guint max_of_app, gsize max_bytes)
{
  f->h->config.max_actions = max_actions;
  f->h->config.max_of_app = max_of_app;
  f->h->config.max_bytes = max_bytes;
  ls_queue_set_config (f->h->queue, &f->h->config);
  ls_queue_harness_run (f->h);
}

/* As much as there is now, and no more. */
static void
limit_bytes (Fixture *f)
{
  GHashTableIter iter;
  gpointer action;
  gsize n = 0;

  g_hash_table_iter_init (&iter, f->h->disk);
  while (g_hash_table_iter_next (&iter, NULL, &action))
    n += ls_action_is_open (action) ? ls_action_get_request_size (action) : 0;
  limit (f, 100, 0, n);
}

static LsActionDraft
draft (LsActionType type, const char *body)
{
  return (LsActionDraft) { .type = type,
                           .entity = "grade",
                           .entity_id = "g-1",
                           .body = body,
                           .app = "app",
                           .method = LS_METHOD_INVALID };
}

static const char *
update (Fixture *f, const char *body)
{
  LsActionDraft wanted = draft (LS_ACTION_UPDATE, body);

  return ls_queue_harness_enqueue (f->h, &wanted, f->row);
}

/* A new row that is with the server. */
static const char *
create_in_flight (Fixture *f)
{
  LsActionDraft wanted = draft (LS_ACTION_CREATE, "{\"score\":1}");
  const char *id = ls_queue_harness_enqueue (f->h, &wanted, NULL);

  ls_queue_harness_connect (f->h, LS_PROTOCOL_LABSYNC_V1);
  g_assert_cmpint (ls_queue_harness_get (f->h, id)->status, ==, LS_ACTION_SYNCING);
  return id;
}

static const char *
update_in_flight (Fixture *f)
{
  const char *id = update (f, "{\"score\":80}");

  ls_queue_harness_connect (f->h, LS_PROTOCOL_LABSYNC_V1);
  g_assert_cmpint (ls_queue_harness_get (f->h, id)->status, ==, LS_ACTION_SYNCING);
  return id;
}

static GError *
edit (Fixture *f, const char *id, const char *body)
{
  gpointer ticket = ls_queue_harness_ticket (f->h);

  ls_queue_edit (f->h->queue, id, body, ticket);
  return ls_queue_harness_get_error (f->h, ticket);
}

static GError *
cancel (Fixture *f, const char *id)
{
  gpointer ticket = ls_queue_harness_ticket (f->h);

  ls_queue_cancel (f->h->queue, id, ticket);
  return ls_queue_harness_get_error (f->h, ticket);
}

static GError *
resolve (Fixture *f, const char *id, const char *merged)
{
  gpointer ticket = ls_queue_harness_ticket (f->h);

  ls_queue_resolve (f->h->queue, id, LS_RESOLUTION_MERGE, merged, 6, ticket);
  return ls_queue_harness_get_error (f->h, ticket);
}

#define assert_full(error) g_assert_error (error, LS_ERROR, LS_ERROR_QUOTA_EXCEEDED)

static guint
count_open (Fixture *f)
{
  return ls_queue_counts_get_open (ls_queue_get_counts (f->h->queue));
}

static GError *
try_update (Fixture *f, const char *app)
{
  LsActionDraft wanted = draft (LS_ACTION_UPDATE, "{\"score\":80}");

  wanted.app = app;
  return ls_queue_harness_get_error (f->h, ls_queue_harness_try (f->h, &wanted, f->row));
}

static void
test_room_enqueue (Fixture *f, gconstpointer data)
{
  limit (f, 2, 0, 1 << 20);
  g_assert_no_error (try_update (f, "app"));
  g_assert_no_error (try_update (f, "another"));
  assert_full (try_update (f, "app"));

  /* what is done makes room */
  ls_queue_harness_connect (f->h, LS_PROTOCOL_LABSYNC_V1);
  ls_queue_harness_answer (f->h, ls_queue_harness_reply (200, NULL, 6, 10));
  g_assert_no_error (try_update (f, "app"));
  limit_bytes (f);
  assert_full (try_update (f, "app"));
}

static void
test_room_enqueue_of_an_app (Fixture *f, gconstpointer data)
{
  limit (f, 100, 2, 1 << 20);
  g_assert_no_error (try_update (f, "app"));
  g_assert_no_error (try_update (f, "app"));
  assert_full (try_update (f, "app"));
  g_assert_no_error (try_update (f, "another"));

  ls_queue_harness_connect (f->h, LS_PROTOCOL_LABSYNC_V1);
  ls_queue_harness_answer (f->h, ls_queue_harness_reply (200, NULL, 6, 10));
  g_assert_no_error (try_update (f, "app"));
}

/* What is edited while it is with the server becomes one more. */
static void
test_room_edit_in_flight (Fixture *f, gconstpointer data)
{
  const char *id = update_in_flight (f);

  limit (f, 1, 0, 1 << 20);
  assert_full (edit (f, id, "{\"score\":85}"));
  g_assert_cmpuint (count_open (f), ==, 1);

  limit (f, 2, 0, 1 << 20);
  g_assert_no_error (edit (f, id, "{\"score\":85}"));
  g_assert_cmpuint (count_open (f), ==, 2);
  /* the same again is no more than that */
  g_assert_no_error (edit (f, id, "{\"score\":85}"));
  assert_full (edit (f, id, "{\"score\":86}"));
}

static void
test_room_edit_in_flight_of_an_app (Fixture *f, gconstpointer data)
{
  const char *id = update_in_flight (f);

  limit (f, 100, 1, 1 << 20);
  assert_full (edit (f, id, "{\"score\":85}"));
  assert_full (cancel (f, id));
  limit (f, 100, 2, 1 << 20);
  g_assert_no_error (edit (f, id, "{\"score\":85}"));
}

static void
test_room_edit_in_flight_bytes (Fixture *f, gconstpointer data)
{
  const char *id = update_in_flight (f);

  limit_bytes (f);
  assert_full (edit (f, id, "{\"score\":85}"));
}

static void
test_room_cancel_in_flight (Fixture *f, gconstpointer data)
{
  const char *id = update_in_flight (f);

  limit (f, 1, 0, 1 << 20);
  assert_full (cancel (f, id));
  limit_bytes (f);
  assert_full (cancel (f, id));
  g_assert_cmpuint (count_open (f), ==, 1);
  limit (f, 2, 0, 1 << 20);
  g_assert_no_error (cancel (f, id));
  g_assert_cmpuint (count_open (f), ==, 2);
}

/* There is one deletion at most for each create: a full queue is no reason to let it stand. */
static void
test_room_cancel_create_in_flight (Fixture *f, gconstpointer data)
{
  const char *id = create_in_flight (f);

  limit (f, 1, 1, 1);
  for (guint i = 0; i < 3; i++)
    g_assert_no_error (cancel (f, id));
  g_assert_cmpuint (count_open (f), ==, 2);
}

/* A larger body counts, a smaller one may always be. */
static void
test_room_edit_pending (Fixture *f, gconstpointer data)
{
  const char *id = update (f, "{\"score\":80}");

  limit_bytes (f);
  assert_full (edit (f, id, LARGE));
  g_assert_cmpstr (ls_queue_harness_get (f->h, id)->body, ==, "{\"score\":80}");
  g_assert_no_error (edit (f, id, "{\"score\":85}"));
  limit (f, 1, 1, 1);
  g_assert_no_error (edit (f, id, "{\"score\":9}"));
  assert_full (edit (f, id, "{\"score\":10}"));
}

static void
test_room_merge (Fixture *f, gconstpointer data)
{
  const char *id = update_in_flight (f);

  ls_queue_harness_answer (
      f->h, ls_queue_harness_reply (412, "{\"id\":\"g-1\",\"score\":60,\"note\":\"\"}", 6, 0));
  g_assert_cmpint (ls_queue_harness_get (f->h, id)->status, ==, LS_ACTION_CONFLICT);
  limit_bytes (f);
  assert_full (resolve (f, id, LARGE));
  g_assert_cmpint (ls_queue_harness_get (f->h, id)->status, ==, LS_ACTION_CONFLICT);
  g_assert_no_error (resolve (f, id, "{\"score\":75}"));
}

/* Two that become one are measured as that one. */
static void
test_room_coalesce (Fixture *f, gconstpointer data)
{
  LsActionDraft wanted = draft (LS_ACTION_UPDATE, "{\"score\":80}");
  gpointer ticket;

  wanted.coalesce = TRUE;
  ls_queue_harness_enqueue (f->h, &wanted, f->row);
  limit_bytes (f);
  wanted.body = "{\"score\":90}";
  ls_queue_harness_enqueue (f->h, &wanted, f->row);
  wanted.body = LARGE;
  ticket = ls_queue_harness_try (f->h, &wanted, f->row);
  assert_full (ls_queue_harness_get_error (f->h, ticket));
  g_assert_cmpuint (count_open (f), ==, 1);
}

/* What the server says to one action takes no room from others. */
static void
test_room_answer (Fixture *f, gconstpointer data)
{
  const char *id = update_in_flight (f);
  gsize size = ls_action_get_request_size (ls_queue_harness_get (f->h, id));
  LsActionReply *reply = ls_queue_harness_reply (422, NULL, 0, 0);

  reply->text = g_strnfill (1000, 'x');
  ls_queue_harness_answer (f->h, reply);
  g_assert_cmpint (ls_queue_harness_get (f->h, id)->status, ==, LS_ACTION_FAILED);
  limit (f, 100, 0, 2 * size + 100);
  g_assert_no_error (try_update (f, "another"));
}

/* The row that it is made from counts, as it is kept with it. */
static void
test_room_base (Fixture *f, gconstpointer data)
{
  LsActionDraft wanted = draft (LS_ACTION_UPDATE, "{\"score\":80}");
  g_autofree char *id = g_strdup (update (f, "{\"score\":80}"));
  gsize size = ls_action_get_request_size (ls_queue_harness_get (f->h, id));
  gpointer ticket;

  g_assert_no_error (cancel (f, id));
  limit (f, 100, 0, size - 1);
  ticket = ls_queue_harness_try (f->h, &wanted, f->row);
  assert_full (ls_queue_harness_get_error (f->h, ticket));
  limit (f, 100, 0, size);
  ls_queue_harness_enqueue (f->h, &wanted, f->row);
}

static void
test_room_undo_of_an_app (Fixture *f, gconstpointer data)
{
  const char *id = update_in_flight (f);
  gpointer ticket;

  ls_queue_harness_answer (
      f->h, ls_queue_harness_reply (412, "{\"id\":\"g-1\",\"score\":60,\"note\":\"\"}", 6, 0));
  ls_queue_resolve (f->h->queue, id, LS_RESOLUTION_USE_SERVER, NULL, 6,
                    ls_queue_harness_ticket (f->h));
  ls_queue_harness_run (f->h);
  update (f, "{\"note\":\"x\"}");
  limit (f, 100, 1, 1 << 20);
  ticket = ls_queue_harness_ticket (f->h);
  ls_queue_undo (f->h->queue, id, f->row, ticket);
  assert_full (ls_queue_harness_get_error (f->h, ticket));
  limit (f, 100, 2, 1 << 20);
  ticket = ls_queue_harness_ticket (f->h);
  ls_queue_undo (f->h->queue, id, f->row, ticket);
  g_assert_no_error (ls_queue_harness_get_error (f->h, ticket));
}

/* Two large changes do not become one that no server would take. */
static void
test_room_too_large_for_one (Fixture *f, gconstpointer data)
{
  g_autofree char *filler = g_strnfill (600000, 'x');
  g_autofree char *first = g_strdup_printf ("{\"note\":\"%s\"}", filler);
  g_autofree char *second = g_strdup_printf ("{\"remark\":\"%s\"}", filler);
  LsActionDraft wanted = draft (LS_ACTION_UPDATE, first);
  const char *id;

  wanted.coalesce = TRUE;
  id = ls_queue_harness_enqueue (f->h, &wanted, f->row);
  wanted.body = second;
  ls_queue_harness_enqueue (f->h, &wanted, f->row);
  g_assert_cmpint (ls_queue_harness_get (f->h, id)->status, ==, LS_ACTION_PENDING);
  g_assert_cmpuint (count_open (f), ==, 2);
}

/* What one app wants never becomes a part of what another does, which could read it then. */
static void
test_room_coalesce_of_another (Fixture *f, gconstpointer data)
{
  LsActionDraft wanted = draft (LS_ACTION_UPDATE, "{\"score\":80}");
  const char *id;

  wanted.coalesce = TRUE;
  id = ls_queue_harness_enqueue (f->h, &wanted, f->row);
  wanted.app = "another";
  wanted.body = "{\"note\":\"x\"}";
  ls_queue_harness_enqueue (f->h, &wanted, f->row);
  g_assert_cmpint (ls_queue_harness_get (f->h, id)->status, ==, LS_ACTION_PENDING);
}

#define ADD(name, function)                                                                        \
  g_test_add ("/core/queue-room/" name, Fixture, NULL, set_up, function, ls_queue_fixture_clear)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("enqueue", test_room_enqueue);
  ADD ("enqueue/of-an-app", test_room_enqueue_of_an_app);
  ADD ("edit-in-flight", test_room_edit_in_flight);
  ADD ("edit-in-flight/of-an-app", test_room_edit_in_flight_of_an_app);
  ADD ("edit-in-flight/bytes", test_room_edit_in_flight_bytes);
  ADD ("cancel-in-flight", test_room_cancel_in_flight);
  ADD ("cancel-create-in-flight", test_room_cancel_create_in_flight);
  ADD ("edit-pending", test_room_edit_pending);
  ADD ("merge", test_room_merge);
  ADD ("coalesce", test_room_coalesce);
  ADD ("coalesce-of-another", test_room_coalesce_of_another);
  ADD ("answer", test_room_answer);
  ADD ("base", test_room_base);
  ADD ("undo-of-an-app", test_room_undo_of_an_app);
  ADD ("too-large-for-one", test_room_too_large_for_one);
  return g_test_run ();
}
