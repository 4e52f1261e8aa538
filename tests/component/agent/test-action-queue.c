/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The queue with its hands on an agent: whose queue it is, and what goes through which port. */
#include "ls-action-queue.h"
#include "ls-agent-fixture.h"
#include "ls-fake-queue-store.h"
#include "ls-fake-store.h"
#include "ls-wire-classic.h"
#include "ls-wire-edit.h"

#define ROW "{\"id\":\"g-1\",\"score\":70}"

typedef struct
{
  LsAgentFixture base;
  LsFakeQueueStore *queue_store;
  LsActionQueue *queue;
  GAsyncResult *result; /* of the last call */
  guint n_told;
  guint n_reports;
} Fixture;

static void
on_action_changed (LsActionQueue *queue, const LsAction *action, Fixture *fixture)
{
  fixture->n_told++;
}

static void
on_sync_completed (LsActionQueue *queue, const LsSyncReport *report, Fixture *fixture)
{
  fixture->n_reports++;
}

static void
start (Fixture *fixture)
{
  const LsDataEditor editor = {
    ls_wire_edit_check,    ls_wire_edit_lay_over,   ls_wire_edit_agrees,     ls_wire_edit_is_same,
    ls_wire_edit_merge,    ls_wire_edit_invert,     ls_wire_edit_set_member, ls_wire_edit_rename,
    ls_wire_data_get_text, ls_wire_edit_has_member,
  };
  const LsQueueConfig config = { .max_actions = 100, .max_bytes = 1 << 20 };

  ls_agent_fixture_make_agent (&fixture->base);
  fixture->queue =
      ls_action_queue_new (fixture->base.agent, LS_QUEUE_STORE (fixture->queue_store),
                           LS_TRANSPORT (fixture->base.transport), LS_CLOCK (fixture->base.clock),
                           LS_RANDOM (fixture->base.random), &editor, &config);
  g_signal_connect (fixture->queue, "action-changed", G_CALLBACK (on_action_changed), fixture);
  g_signal_connect (fixture->queue, "sync-completed", G_CALLBACK (on_sync_completed), fixture);
  ls_agent_start (fixture->base.agent);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->queue_store = ls_fake_queue_store_new ();
  ls_agent_fixture_init (&fixture->base, LS_STORE (ls_fake_store_new ()));
  start (fixture);
}

static void
settle (Fixture *fixture)
{
  ls_agent_fixture_settle (&fixture->base);
}

static void
stop_queue (Fixture *fixture)
{
  ls_action_queue_stop (fixture->queue);
  settle (fixture);
  g_clear_object (&fixture->result);
  g_assert_finalize_object (fixture->queue);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  stop_queue (fixture);
  ls_agent_fixture_tear_down (&fixture->base, data);
  g_assert_finalize_object (fixture->queue_store);
}

static gboolean
is_asked (Fixture *fixture, LsFakeCallKind kind)
{
  return ls_agent_fixture_is_asked (&fixture->base, kind);
}

static void
result_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Fixture *fixture = user_data;

  g_set_object (&fixture->result, result);
}

/* The agent */

static void
sign_in (Fixture *fixture, const char *user)
{
  ls_agent_fixture_sign_in (&fixture->base, user);
  settle (fixture);
}

static void
sign_out (Fixture *fixture)
{
  g_clear_object (&fixture->result);
  ls_agent_sign_out_async (fixture->base.agent, FALSE, NULL, result_cb, fixture);
  LS_AGENT_WAIT (is_asked (fixture, LS_FAKE_CALL_SIGN_OUT));
  ls_fake_transport_answer_sign_out (fixture->base.transport);
  LS_AGENT_WAIT (fixture->result != NULL);
  g_assert_true (ls_agent_sign_out_finish (fixture->base.agent, fixture->result, NULL));
}

static void
take_snapshot (Fixture *fixture)
{
  LsSnapshotPage *page = ls_snapshot_page_new (LS_ENTITY_GRADE);
  LsUpdates *updates = ls_updates_new ();

  LS_AGENT_WAIT (is_asked (fixture, LS_FAKE_CALL_SNAPSHOT));
  page->cursor = ls_cursor_new ("e", 10);
  g_ptr_array_add (page->rows, ls_row_new (LS_ENTITY_GRADE, "g-1", ROW, 5));
  ls_fake_transport_answer_snapshot (fixture->base.transport, page);
  LS_AGENT_WAIT (is_asked (fixture, LS_FAKE_CALL_UPDATES));
  updates->not_modified = TRUE;
  ls_fake_transport_answer_updates (fixture->base.transport, updates);
}

/* Grade g-1 of version 5 is in the cache after the first time. */
static void
go_live (Fixture *fixture, LsResume resume)
{
  LS_AGENT_WAIT (is_asked (fixture, LS_FAKE_CALL_OPEN));
  ls_fake_transport_accept (fixture->base.transport, LS_PROTOCOL_LABSYNC_V1);
  ls_agent_fixture_welcome (&fixture->base, resume, 10);
  if (resume == LS_RESUME_FRESH)
    take_snapshot (fixture);
  LS_AGENT_WAIT (ls_agent_fixture_get_state (&fixture->base) == LS_STATE_LIVE);
  settle (fixture);
}

/* The queue */

static const LsActionDraft grade_80 = { .type = LS_ACTION_UPDATE,
                                        .entity = "grade",
                                        .entity_id = "g-1",
                                        .body = "{\"score\":80}",
                                        .method = LS_METHOD_INVALID };

static void
begin_enqueue (Fixture *fixture)
{
  g_clear_object (&fixture->result);
  ls_action_queue_enqueue_async (fixture->queue, &grade_80, NULL, result_cb, fixture);
}

static char *
end_enqueue (Fixture *fixture, GError **error)
{
  LS_AGENT_WAIT (fixture->result != NULL);
  return ls_action_queue_enqueue_finish (fixture->queue, fixture->result, error);
}

static char *
enqueue (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  char *id;

  begin_enqueue (fixture);
  id = end_enqueue (fixture, &error);
  g_assert_no_error (error);
  return id;
}

static void
assert_not_enqueued (Fixture *fixture, LsError code)
{
  g_autoptr (GError) error = NULL;

  begin_enqueue (fixture);
  g_assert_null (end_enqueue (fixture, &error));
  g_assert_error (error, LS_ERROR, (gint)code);
}

static LsActionReply *
new_reply (guint status)
{
  LsActionReply *reply = ls_action_reply_new (status);

  reply->is_ours = TRUE;
  return reply;
}

static void
accept (Fixture *fixture)
{
  LsActionReply *reply = new_reply (200);

  reply->row = g_strdup ("{\"id\":\"g-1\",\"score\":80}");
  reply->version = 6;
  reply->cursor = ls_cursor_new ("e", 11);
  LS_AGENT_WAIT (is_asked (fixture, LS_FAKE_CALL_ACT));
  ls_fake_transport_answer_act (fixture->base.transport, reply);
  settle (fixture);
}

static void
deliver_echo (Fixture *fixture, const char *key)
{
  LsMessage *message = ls_message_new (LS_MESSAGE_EVENTS);
  LsEvent *event = ls_event_new (ls_event_type_from_string ("grade_updated"), "g-1",
                                 "{\"id\":\"g-1\",\"score\":80}");

  event->offset = 11;
  event->version = 6;
  event->action_id = g_strdup (key);
  message->prev = ls_cursor_new ("e", 10);
  message->cursor = ls_cursor_new ("e", 11);
  message->events = ls_event_array_new ();
  g_ptr_array_add (message->events, event);
  ls_fake_transport_deliver (fixture->base.transport, message);
  settle (fixture);
}

static void
begin_wait (Fixture *fixture, const char *id, LsWaitUntil until, GCancellable *cancellable)
{
  g_clear_object (&fixture->result);
  ls_action_queue_wait_for_async (fixture->queue, id, until, cancellable, result_cb, fixture);
  settle (fixture);
}

static LsOutcome
end_wait (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LsAction) action = NULL;

  LS_AGENT_WAIT (fixture->result != NULL);
  action = ls_action_queue_wait_for_finish (fixture->queue, fixture->result, &error);
  g_assert_no_error (error);
  return action->outcome;
}

static void
assert_not_waited (Fixture *fixture, GQuark domain, gint code)
{
  g_autoptr (GError) error = NULL;

  LS_AGENT_WAIT (fixture->result != NULL);
  g_assert_null (ls_action_queue_wait_for_finish (fixture->queue, fixture->result, &error));
  g_assert_error (error, domain, code);
}

static void
test_nobody (Fixture *fixture, gconstpointer data)
{
  assert_not_enqueued (fixture, LS_ERROR_NOT_SIGNED_IN);
  begin_wait (fixture, "x", LS_WAIT_UNTIL_ACCEPTED, NULL);
  assert_not_waited (fixture, LS_ERROR, LS_ERROR_NOT_SIGNED_IN);
  g_assert_null (ls_action_queue_find (fixture->queue, "x"));
  g_assert_cmpuint (ls_action_queue_get_counts (fixture->queue)->pending, ==, 0);
}

/* The whole way, from an app to the stream. */
static void
test_whole_way (Fixture *fixture, gconstpointer data)
{
  g_autofree char *id = NULL;
  const LsFakeCall *call;
  g_autoptr (LsOverlay) overlay = NULL;
  g_autoptr (GPtrArray) touched = NULL;

  sign_in (fixture, "anna");
  go_live (fixture, LS_RESUME_FRESH);
  id = enqueue (fixture);
  LS_AGENT_WAIT (is_asked (fixture, LS_FAKE_CALL_ACT));
  call = ls_fake_transport_peek_call (fixture->base.transport, LS_FAKE_CALL_ACT);
  g_assert_true (g_str_has_prefix (call->token, "anna@"));
  g_assert_cmpstr (call->request->path, ==, "/api/grades/g-1");
  g_assert_cmpint (call->request->version, ==, 5);
  overlay = ls_action_queue_lay_over (fixture->queue, LS_ENTITY_GRADE, "g-1", ROW);
  g_assert_cmpstr (overlay->data, ==, "{\"id\":\"g-1\",\"score\":80}");
  g_assert_cmpstr (overlay->pending[0], ==, id);
  touched = ls_action_queue_get_touched (fixture->queue, LS_ENTITY_GRADE);
  g_assert_cmpuint (touched->len, ==, 1);

  begin_wait (fixture, id, LS_WAIT_UNTIL_ACCEPTED, NULL);
  g_assert_null (fixture->result);
  accept (fixture);
  g_assert_cmpint (end_wait (fixture), ==, LS_OUTCOME_ACCEPTED);
  begin_wait (fixture, id, LS_WAIT_UNTIL_VISIBLE, NULL);
  g_assert_null (fixture->result);
  deliver_echo (fixture, id);
  g_assert_cmpint (end_wait (fixture), ==, LS_OUTCOME_ACCEPTED);
  g_assert_cmpuint (fixture->n_reports, ==, 1);
}

/* Without a link it waits, for as long as it takes, also over a restart; the same key settles what is unknown. */
static void
test_offline (Fixture *fixture, gconstpointer data)
{
  g_autofree char *id = NULL;

  sign_in (fixture, "anna");
  id = enqueue (fixture);
  settle (fixture);
  g_assert_false (is_asked (fixture, LS_FAKE_CALL_ACT));
  go_live (fixture, LS_RESUME_FRESH);
  LS_AGENT_WAIT (is_asked (fixture, LS_FAKE_CALL_ACT));
  ls_agent_fixture_drop (&fixture->base);
  stop_queue (fixture);
  ls_agent_fixture_stop (&fixture->base);

  start (fixture);
  settle (fixture);
  g_assert_true (ls_action_queue_find (fixture->queue, id)->outcome_unknown);
  begin_wait (fixture, id, LS_WAIT_UNTIL_ACCEPTED, NULL);
  go_live (fixture, LS_RESUME_RESUMED);
  LS_AGENT_WAIT (is_asked (fixture, LS_FAKE_CALL_ACT));
  g_assert_cmpstr (
      ls_fake_transport_peek_call (fixture->base.transport, LS_FAKE_CALL_ACT)->request->key, ==,
      id);
  accept (fixture);
  g_assert_cmpint (end_wait (fixture), ==, LS_OUTCOME_ACCEPTED);
}

/* Other tokens are asked for once. */
static void
test_tokens (Fixture *fixture, gconstpointer data)
{
  g_autofree char *id = NULL;

  sign_in (fixture, "anna");
  go_live (fixture, LS_RESUME_FRESH);
  id = enqueue (fixture);
  LS_AGENT_WAIT (is_asked (fixture, LS_FAKE_CALL_ACT));
  ls_fake_transport_answer_act (fixture->base.transport, new_reply (401));
  LS_AGENT_WAIT (is_asked (fixture, LS_FAKE_CALL_REFRESH));
  g_assert_false (is_asked (fixture, LS_FAKE_CALL_ACT));
  ls_fake_clock_advance (fixture->base.clock, 1000);
  ls_fake_transport_answer_refresh (fixture->base.transport,
                                    ls_agent_fixture_issue_tokens (&fixture->base, "anna", FALSE));
  LS_AGENT_WAIT (is_asked (fixture, LS_FAKE_CALL_ACT));
  ls_fake_transport_answer_act (fixture->base.transport, new_reply (401));
  settle (fixture);
  g_assert_false (is_asked (fixture, LS_FAKE_CALL_REFRESH));
  g_assert_false (is_asked (fixture, LS_FAKE_CALL_ACT));

  sign_in (fixture, "anna");
  go_live (fixture, LS_RESUME_RESUMED);
  accept (fixture);
  g_assert_cmpint (ls_action_queue_find (fixture->queue, id)->status, ==, LS_ACTION_COMPLETED);
}

/* A queue is its user's: another one has none of it, and whoever waited is sent away. */
static void
test_accounts (Fixture *fixture, gconstpointer data)
{
  g_autofree char *id = NULL;

  sign_in (fixture, "anna");
  id = enqueue (fixture);
  begin_wait (fixture, id, LS_WAIT_UNTIL_ACCEPTED, NULL);
  g_object_ref (fixture->queue);
  ls_agent_sign_out_async (fixture->base.agent, FALSE, NULL, NULL, NULL);
  assert_not_waited (fixture, LS_ERROR, LS_ERROR_NOT_SIGNED_IN);
  LS_AGENT_WAIT (is_asked (fixture, LS_FAKE_CALL_SIGN_OUT));
  ls_fake_transport_answer_sign_out (fixture->base.transport);
  settle (fixture);
  g_object_unref (fixture->queue);
  g_assert_null (ls_action_queue_find (fixture->queue, id));
  assert_not_enqueued (fixture, LS_ERROR_NOT_SIGNED_IN);

  sign_in (fixture, "budi");
  g_assert_null (ls_action_queue_find (fixture->queue, id));
  sign_out (fixture);
  sign_in (fixture, "anna");
  g_assert_nonnull (ls_action_queue_find (fixture->queue, id));
  g_assert_cmpuint (ls_action_queue_get_counts (fixture->queue)->pending, ==, 1);
}

/* Whoever comes while the queue is being opened waits for that. */
static void
test_early (Fixture *fixture, gconstpointer data)
{
  g_autofree char *id = NULL;
  g_autoptr (GError) error = NULL;

  ls_fake_queue_store_set_manual (fixture->queue_store, TRUE);
  sign_in (fixture, "anna");
  begin_enqueue (fixture);
  settle (fixture);
  g_assert_null (fixture->result);
  while (ls_fake_queue_store_step (fixture->queue_store))
    settle (fixture);
  id = end_enqueue (fixture, &error);
  g_assert_no_error (error);
  ls_fake_queue_store_set_manual (fixture->queue_store, FALSE);
}

/* A queue that can't be opened says why, and is tried again each time. */
static void
test_trouble (Fixture *fixture, gconstpointer data)
{
  g_autofree char *id = NULL;

  ls_fake_queue_store_set_state (fixture->queue_store, LS_FAKE_QUEUE_STORE_NEWER);
  sign_in (fixture, "anna");
  assert_not_enqueued (fixture, LS_ERROR_NEWER_STORE);
  ls_fake_queue_store_set_state (fixture->queue_store, LS_FAKE_QUEUE_STORE_BROKEN);
  assert_not_enqueued (fixture, LS_ERROR_STORAGE);
  ls_fake_queue_store_set_state (fixture->queue_store, LS_FAKE_QUEUE_STORE_FULL);
  assert_not_enqueued (fixture, LS_ERROR_STORAGE);
  ls_fake_queue_store_set_state (fixture->queue_store, LS_FAKE_QUEUE_STORE_OK);
  id = enqueue (fixture);
  g_assert_cmpuint (fixture->n_told, ==, 1);
}

/* What could not be opened is tried again with the link, without anybody asking. */
static void
test_trouble_with_link (Fixture *fixture, gconstpointer data)
{
  g_autofree char *id = NULL;

  sign_in (fixture, "anna");
  id = enqueue (fixture);
  sign_out (fixture);
  ls_fake_queue_store_set_state (fixture->queue_store, LS_FAKE_QUEUE_STORE_BROKEN);
  sign_in (fixture, "anna");
  g_assert_null (ls_action_queue_find (fixture->queue, id));
  ls_fake_queue_store_set_state (fixture->queue_store, LS_FAKE_QUEUE_STORE_OK);
  go_live (fixture, LS_RESUME_FRESH);
  accept (fixture);
  g_assert_cmpint (ls_action_queue_find (fixture->queue, id)->status, ==, LS_ACTION_COMPLETED);
}

static void
begin_change (Fixture *fixture)
{
  g_clear_object (&fixture->result);
}

static void
end_change (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;

  LS_AGENT_WAIT (fixture->result != NULL);
  g_assert_true (ls_action_queue_change_finish (fixture->queue, fixture->result, &error));
  g_assert_no_error (error);
}

/* What users want goes through, and each is answered. */
static void
test_changes (Fixture *fixture, gconstpointer data)
{
  g_autofree char *id = NULL;
  LsActionReply *reply = new_reply (412);

  sign_in (fixture, "anna");
  id = enqueue (fixture);
  begin_change (fixture);
  ls_action_queue_edit_async (fixture->queue, id, "{\"score\":90}", result_cb, fixture);
  end_change (fixture);
  g_assert_cmpstr (ls_action_queue_find (fixture->queue, id)->body, ==, "{\"score\":90}");

  go_live (fixture, LS_RESUME_FRESH);
  LS_AGENT_WAIT (is_asked (fixture, LS_FAKE_CALL_ACT));
  reply->row = g_strdup ("{\"id\":\"g-1\",\"score\":60}");
  reply->version = 6;
  ls_fake_transport_answer_act (fixture->base.transport, reply);
  settle (fixture);
  begin_wait (fixture, id, LS_WAIT_UNTIL_VISIBLE, NULL);
  g_assert_cmpint (end_wait (fixture), ==, LS_OUTCOME_CONFLICTED);
  begin_change (fixture);
  ls_action_queue_resolve_async (fixture->queue, id, LS_RESOLUTION_USE_SERVER, NULL, 6, result_cb,
                                 fixture);
  end_change (fixture);
  begin_change (fixture);
  ls_action_queue_undo_async (fixture->queue, id, result_cb, fixture);
  end_change (fixture);
  LS_AGENT_WAIT (is_asked (fixture, LS_FAKE_CALL_ACT));
  ls_fake_transport_answer_act (fixture->base.transport, new_reply (400));
  settle (fixture);
  g_assert_cmpuint (ls_action_queue_get_counts (fixture->queue)->failed, ==, 1);

  g_clear_object (&fixture->result);
  ls_action_queue_retry_failed_async (fixture->queue, result_cb, fixture);
  LS_AGENT_WAIT (fixture->result != NULL);
  g_assert_cmpint (ls_action_queue_retry_failed_finish (fixture->queue, fixture->result, NULL), ==,
                   1);
  accept (fixture);
}

static void
answer_poll (Fixture *fixture, const char *row)
{
  LsPoll *poll = ls_poll_new ();
  LsTableRows *rows = ls_table_rows_new ();

  LS_AGENT_WAIT (is_asked (fixture, LS_FAKE_CALL_POLL));
  g_ptr_array_add (rows->rows, ls_row_new (LS_ENTITY_GRADE, "g-1", row, 0));
  rows->n_sent = 1;
  poll->tables[LS_ENTITY_GRADE] = rows;
  ls_fake_transport_answer_poll (fixture->base.transport, poll);
  settle (fixture);
}

static LsActionReply *
new_row (const char *row)
{
  LsActionReply *reply = ls_action_reply_new (200);

  reply->row = g_strdup (row);
  return reply;
}

static void
row_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  LsRow **row = user_data;

  *row = ls_store_get_finish (LS_STORE (object), result, NULL);
}

static void
assert_cached (Fixture *fixture, const char *data)
{
  g_autoptr (LsRow) row = NULL;

  ls_store_get_async (fixture->base.store, LS_ENTITY_GRADE, "g-1", row_cb, &row);
  settle (fixture);
  g_assert_cmpstr (row->data, ==, data);
}

/* The classic system tells nobody what an action did, so that the queue tells the cache: behind a poll that was asked
 * for before. */
static void
test_classic (Fixture *fixture, gconstpointer data)
{
  g_autofree char *id = NULL;

  sign_in (fixture, "anna");
  LS_AGENT_WAIT (is_asked (fixture, LS_FAKE_CALL_OPEN));
  ls_fake_transport_accept (fixture->base.transport, LS_PROTOCOL_CLASSIC);
  answer_poll (fixture, ROW);
  LS_AGENT_WAIT (ls_agent_fixture_get_state (&fixture->base) == LS_STATE_LIVE);
  id = enqueue (fixture);
  LS_AGENT_WAIT (is_asked (fixture, LS_FAKE_CALL_GET_ROW));
  ls_fake_transport_answer_row (fixture->base.transport, new_row (ROW));
  LS_AGENT_WAIT (is_asked (fixture, LS_FAKE_CALL_ACT));
  /* a poll that a user asks for comes a moment after the last one */
  ls_agent_sync_async (fixture->base.agent, NULL, NULL, NULL);
  ls_fake_clock_advance (fixture->base.clock, 10000);
  LS_AGENT_WAIT (is_asked (fixture, LS_FAKE_CALL_POLL));
  ls_fake_transport_answer_act (fixture->base.transport, ls_action_reply_new (200));
  LS_AGENT_WAIT (is_asked (fixture, LS_FAKE_CALL_GET_ROW));
  ls_fake_transport_answer_row (fixture->base.transport, new_row ("{\"id\":\"g-1\",\"score\":80}"));
  settle (fixture);
  g_assert_cmpint (ls_action_queue_find (fixture->queue, id)->outcome, ==, LS_OUTCOME_ACCEPTED);
  g_assert_false (ls_action_queue_find (fixture->queue, id)->visible);
  assert_cached (fixture, ROW);
  answer_poll (fixture, ROW);
  assert_cached (fixture, "{\"id\":\"g-1\",\"score\":80}");
  g_assert_true (ls_action_queue_find (fixture->queue, id)->visible);
}

static void
test_wait_cancelled (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autofree char *id = NULL;

  sign_in (fixture, "anna");
  id = enqueue (fixture);
  begin_wait (fixture, id, LS_WAIT_UNTIL_ACCEPTED, cancellable);
  g_cancellable_cancel (cancellable);
  assert_not_waited (fixture, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  begin_wait (fixture, id, LS_WAIT_UNTIL_ACCEPTED, cancellable);
  assert_not_waited (fixture, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  begin_wait (fixture, "unknown", LS_WAIT_UNTIL_ACCEPTED, NULL);
  assert_not_waited (fixture, LS_ERROR, LS_ERROR_NOT_FOUND);
}

/* Calls that are made from inside an answer. */
typedef struct
{
  Fixture *fixture;
  const char *id;
  guint n_calls;
  guint n_answers;
} Nested;

static void
nested_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Nested *nested = user_data;

  g_assert_true (g_task_had_error (G_TASK (result)));
  nested->n_answers++;
}

static void
call_everything (Nested *nested)
{
  LsActionQueue *queue = nested->fixture->queue;
  LsActionDraft rowless = { .type = LS_ACTION_SUBMIT,
                            .entity = "assignment",
                            .endpoint = "/api/assignments/a-1/submit",
                            .method = LS_METHOD_INVALID };

  ls_action_queue_enqueue_async (queue, &rowless, NULL, nested_cb, nested);
  ls_action_queue_enqueue_async (queue, &grade_80, NULL, nested_cb, nested);
  ls_action_queue_edit_async (queue, nested->id, "{}", nested_cb, nested);
  ls_action_queue_cancel_async (queue, nested->id, nested_cb, nested);
  ls_action_queue_retry_failed_async (queue, nested_cb, nested);
  ls_action_queue_wait_for_async (queue, nested->id, LS_WAIT_UNTIL_ACCEPTED, NULL, nested_cb,
                                  nested);
  ls_action_queue_ready_async (queue, TRUE, nested_cb, nested);
  nested->n_calls += 7;
}

static void
outer_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  nested_cb (object, result, user_data);
  call_everything (user_data);
}

/* As on the bus: from inside the main loop, where an answer is given at once. */
static gboolean
sign_out_cb (gpointer user_data)
{
  Fixture *fixture = user_data;

  ls_agent_sign_out_async (fixture->base.agent, FALSE, NULL, NULL, NULL);
  return G_SOURCE_REMOVE;
}

/* Whoever hears that the queue is closed may want something else at once, and hears the same of that. */
static void
test_closing (Fixture *fixture, gconstpointer data)
{
  g_autofree char *id = NULL;
  Nested nested = { .fixture = fixture };

  sign_in (fixture, "anna");
  nested.id = id = enqueue (fixture);
  ls_fake_queue_store_set_manual (fixture->queue_store, TRUE);
  ls_action_queue_enqueue_async (fixture->queue, &grade_80, NULL, outer_cb, &nested);
  settle (fixture);
  /* behind the write that is under way */
  ls_action_queue_enqueue_async (fixture->queue, &grade_80, NULL, outer_cb, &nested);
  ls_action_queue_wait_for_async (fixture->queue, id, LS_WAIT_UNTIL_ACCEPTED, NULL, outer_cb,
                                  &nested);
  nested.n_calls = 3;
  settle (fixture);
  g_assert_cmpuint (nested.n_answers, ==, 0);

  g_idle_add (sign_out_cb, fixture);
  LS_AGENT_WAIT (is_asked (fixture, LS_FAKE_CALL_SIGN_OUT));
  ls_fake_transport_answer_sign_out (fixture->base.transport);
  settle (fixture);
  ls_fake_queue_store_set_manual (fixture->queue_store, FALSE);
  settle (fixture);
  g_assert_cmpuint (nested.n_calls, ==, 3 + 3 * 7);
  g_assert_cmpuint (nested.n_answers, ==, nested.n_calls);
  /* nothing of that waits for the next one who signs in */
  sign_in (fixture, "budi");
  settle (fixture);
  g_assert_cmpuint (nested.n_answers, ==, nested.n_calls);
  g_assert_cmpuint (ls_action_queue_get_counts (fixture->queue)->pending, ==, 0);
}

/* Two who wait, of whom the first to be answered has the other one stop. */
typedef struct
{
  GCancellable *cancellables[2];
  guint n_answers;
} Pair;

static void
pair_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Pair *pair = user_data;

  pair->n_answers++;
  for (guint i = 0; i < G_N_ELEMENTS (pair->cancellables); i++)
    g_cancellable_cancel (pair->cancellables[i]);
}

static void
test_wait_cancelled_by_another (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GCancellable) first = g_cancellable_new ();
  g_autoptr (GCancellable) second = g_cancellable_new ();
  Pair pair = { { first, second }, 0 };
  g_autofree char *id = NULL;

  sign_in (fixture, "anna");
  go_live (fixture, LS_RESUME_FRESH);
  id = enqueue (fixture);
  for (guint i = 0; i < G_N_ELEMENTS (pair.cancellables); i++)
    ls_action_queue_wait_for_async (fixture->queue, id, LS_WAIT_UNTIL_ACCEPTED,
                                    pair.cancellables[i], pair_cb, &pair);
  settle (fixture);
  accept (fixture);
  g_assert_cmpuint (pair.n_answers, ==, 2);
}

static void
begin (Fixture *fixture, LsActionType type, const char *id)
{
  LsActionDraft wanted = grade_80;

  wanted.type = type;
  wanted.entity_id = id;
  if (type == LS_ACTION_DELETE)
    wanted.body = NULL;
  g_clear_object (&fixture->result);
  ls_action_queue_enqueue_async (fixture->queue, &wanted, NULL, result_cb, fixture);
}

/* What is new is made from nothing in the cache, and does not wait for it. */
static void
test_new_row (Fixture *fixture, gconstpointer data)
{
  g_autofree char *id = NULL;

  sign_in (fixture, "u1");
  settle (fixture);
  ls_fake_store_set_manual (LS_FAKE_STORE (fixture->base.store), TRUE);
  begin (fixture, LS_ACTION_CREATE, "new");
  id = end_enqueue (fixture, NULL);
  g_assert_nonnull (ls_action_queue_find (fixture->queue, id));
  ls_fake_store_set_manual (LS_FAKE_STORE (fixture->base.store), FALSE);
}

/* But it does not overtake what waits for the cache. */
static void
test_order_of_a_row (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GPtrArray) actions = NULL;
  g_autofree char *next = NULL;

  sign_in (fixture, "u1");
  settle (fixture);
  ls_fake_store_set_manual (LS_FAKE_STORE (fixture->base.store), TRUE);
  begin (fixture, LS_ACTION_DELETE, "g-1");
  begin (fixture, LS_ACTION_CREATE, "g-1");
  while (g_main_context_iteration (NULL, FALSE))
    continue;
  g_assert_null (fixture->result);
  ls_fake_store_set_manual (LS_FAKE_STORE (fixture->base.store), FALSE);
  g_free (end_enqueue (fixture, NULL));
  settle (fixture);
  actions = ls_action_queue_list (fixture->queue, 0, NULL, 10, NULL, &next);
  g_assert_cmpuint (actions->len, ==, 2);
  g_assert_cmpint (((LsAction *)actions->pdata[0])->type, ==, LS_ACTION_DELETE);
  g_assert_cmpint (((LsAction *)actions->pdata[1])->type, ==, LS_ACTION_CREATE);

  /* and goes its own way again after that */
  ls_fake_store_set_manual (LS_FAKE_STORE (fixture->base.store), TRUE);
  begin (fixture, LS_ACTION_CREATE, "another");
  g_free (end_enqueue (fixture, NULL));
  ls_fake_store_set_manual (LS_FAKE_STORE (fixture->base.store), FALSE);
}

#define ADD(name, function)                                                                        \
  g_test_add ("/core/action-queue/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  /* That a disk fails, or that a store is of a newer version, is warned of. */
  g_log_set_always_fatal (G_LOG_LEVEL_CRITICAL | G_LOG_FATAL_MASK);
  ADD ("nobody", test_nobody);
  ADD ("whole-way", test_whole_way);
  ADD ("offline", test_offline);
  ADD ("tokens", test_tokens);
  ADD ("accounts", test_accounts);
  ADD ("new-row", test_new_row);
  ADD ("order-of-a-row", test_order_of_a_row);
  ADD ("early", test_early);
  ADD ("trouble", test_trouble);
  ADD ("trouble-with-link", test_trouble_with_link);
  ADD ("changes", test_changes);
  ADD ("classic", test_classic);
  ADD ("wait-cancelled", test_wait_cancelled);
  ADD ("wait-cancelled/by-another", test_wait_cancelled_by_another);
  ADD ("closing", test_closing);
  return g_test_run ();
}
