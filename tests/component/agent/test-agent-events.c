/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What comes from the server, and what apps are told of it: once, in order, without a hole. */
#include "ls-agent-fixture.h"

static void
test_agent_live_events (LsAgentFixture *f, gconstpointer data)
{
  ls_agent_fixture_go_live (f);
  ls_agent_fixture_deliver (f, 10, 11);
  ls_agent_fixture_deliver (f, 11, 14);
  ls_agent_fixture_assert_told (f, 11, 14);
}

static void
test_agent_duplicate_frame (LsAgentFixture *f, gconstpointer data)
{
  ls_agent_fixture_go_live (f);
  ls_agent_fixture_deliver (f, 10, 12);
  ls_agent_fixture_deliver (f, 10, 12);
  ls_agent_fixture_deliver (f, 11, 13);
  ls_agent_fixture_assert_told (f, 11, 13);
}

/* A hole is filled first; what came meanwhile waits, and everything is told once and in order. */
static void
test_agent_gap (LsAgentFixture *f, gconstpointer data)
{
  ls_agent_fixture_go_live (f);
  ls_agent_fixture_deliver (f, 12, 13);
  ls_agent_fixture_deliver (f, 13, 14);
  ls_agent_fixture_answer_updates (f, 10, 13);
  ls_agent_fixture_assert_told (f, 11, 14);
  g_assert_cmpint (ls_agent_get_counters (f->agent)->n_gaps, ==, 1);
  g_assert_cmpint (ls_agent_fixture_get_state (f), ==, LS_STATE_LIVE);
}

static void
test_agent_gap_seen_by_pong (LsAgentFixture *f, gconstpointer data)
{
  LsMessage *pong = ls_message_new (LS_MESSAGE_PONG);

  ls_agent_fixture_go_live (f);
  pong->sent = ls_cursor_new ("e", 12);
  pong->cursor = ls_cursor_new ("e", 12);
  ls_fake_transport_deliver (f->transport, pong);
  ls_agent_fixture_answer_updates (f, 10, 12);
  ls_agent_fixture_assert_told (f, 11, 12);
}

static void
test_agent_resume (LsAgentFixture *f, gconstpointer data)
{
  g_autoptr (LsMessage) hello = NULL;

  ls_agent_fixture_go_live (f);
  ls_agent_fixture_deliver (f, 10, 11);
  ls_agent_fixture_assert_told (f, 11, 11);
  ls_agent_fixture_drop (f);
  g_assert_cmpint (ls_agent_fixture_get_state (f), ==, LS_STATE_WAITING);
  ls_fake_clock_advance (f->clock, 1000); /* the first wait is at most this long */
  LS_AGENT_WAIT (ls_agent_fixture_is_asked (f, LS_FAKE_CALL_OPEN));
  ls_fake_transport_accept (f->transport, LS_PROTOCOL_LABSYNC_V1);
  hello = ls_agent_fixture_take_sent (f, LS_MESSAGE_HELLO);
  g_assert_cmpint (hello->cursor.offset, ==, 11);
  ls_agent_fixture_welcome (f, LS_RESUME_RESUMED, 13);
  g_assert_cmpint (ls_agent_fixture_get_state (f), ==, LS_STATE_CONNECTING);
  ls_agent_fixture_deliver (f, 11, 13);
  LS_AGENT_WAIT (ls_agent_fixture_get_state (f) == LS_STATE_LIVE);
  ls_agent_fixture_assert_told (f, 11, 13);
}

/* The server was restored from a backup: another log. What differs is told, the rest is not. */
static void
test_agent_new_log (LsAgentFixture *f, gconstpointer data)
{
  LsEvent *event;

  ls_agent_fixture_go_live (f);
  ls_agent_fixture_deliver (f, 10, 11);
  ls_agent_fixture_assert_told (f, 11, 11);
  ls_fake_transport_deliver (f->transport, ls_agent_fixture_make_frame ("f", 3, 4));
  ls_agent_fixture_answer_snapshot (f, "f", 4, "new");
  LS_AGENT_WAIT (ls_agent_fixture_is_asked (f, LS_FAKE_CALL_UPDATES));
  g_assert_cmpstr (ls_fake_transport_peek_call (f->transport, LS_FAKE_CALL_UPDATES)->cursor.epoch,
                   ==, "f");
  LS_AGENT_WAIT (f->events->len == 3);
  event = f->events->pdata[1];
  g_assert_cmpstr (event->entity_id, ==, "new");
  g_assert_cmpstr (ls_event_type_to_string (event->type), ==, "grade_created");
  event = f->events->pdata[2];
  g_assert_cmpstr (event->entity_id, ==, "g11");
  g_assert_cmpstr (ls_event_type_to_string (event->type), ==, "grade_deleted");
}

static void
test_agent_sync (LsAgentFixture *f, gconstpointer data)
{
  ls_agent_fixture_go_live (f);
  ls_agent_fixture_begin_sync (f);
  ls_agent_fixture_answer_updates (f, 10, 11);
  LS_AGENT_WAIT (f->done);
  g_assert_no_error (f->error);
  ls_agent_fixture_assert_told (f, 11, 11);

  ls_agent_fixture_drop (f);
  ls_agent_fixture_begin_sync (f);
  ls_agent_fixture_refuse (f, LS_REASON_SERVER_UNREACHABLE);
  ls_agent_fixture_fail_poll (f);
  LS_AGENT_WAIT (f->done);
  g_assert_error (f->error, LS_ERROR, LS_ERROR_UNREACHABLE);
}

/* A run that is under way may have looked already: who asks only now gets another one. */
static void
test_agent_sync_during_a_run (LsAgentFixture *f, gconstpointer data)
{
  ls_agent_fixture_go_live (f);
  ls_agent_fixture_begin_sync (f);
  LS_AGENT_WAIT (ls_agent_fixture_is_asked (f, LS_FAKE_CALL_UPDATES));
  ls_agent_fixture_begin_sync (f);
  ls_agent_fixture_answer_updates (f, 10, 11);
  ls_agent_fixture_settle (f);
  g_assert_false (f->done);
  ls_agent_fixture_answer_updates (f, 11, 12);
  LS_AGENT_WAIT (f->done);
  g_assert_no_error (f->error);
  ls_agent_fixture_assert_told (f, 11, 12);
  g_assert_false (ls_agent_fixture_is_asked (f, LS_FAKE_CALL_UPDATES));
}

/* Nobody waits for a sync that can't come any more. */
static void
test_agent_sync_ends_with_the_attempt (LsAgentFixture *f, gconstpointer data)
{
  ls_agent_fixture_go_live (f);
  ls_agent_fixture_drop (f);
  ls_agent_fixture_begin_sync (f);
  LS_AGENT_WAIT (ls_agent_fixture_is_asked (f, LS_FAKE_CALL_OPEN));
  ls_agent_disconnect (f->agent);
  ls_agent_fixture_settle (f);
  g_assert_true (f->done);
  g_assert_error (f->error, LS_ERROR, LS_ERROR_UNREACHABLE);
}

/* Confirms the next of the subscriptions that were asked for. */
static void
confirm_subscription (LsAgentFixture *f, LsEntity entity)
{
  g_autoptr (LsMessage) subscribe = ls_agent_fixture_take_sent (f, LS_MESSAGE_SUBSCRIBE);
  LsMessage *subscribed = ls_message_new (LS_MESSAGE_SUBSCRIBED);

  g_assert_cmpint (ls_event_type_get_entity (subscribe->event_type), ==, entity);
  subscribed->event_type = subscribe->event_type;
  subscribed->cursor = ls_cursor_new ("e", 10);
  ls_fake_transport_deliver (f->transport, subscribed);
}

/* An app comes between hello and welcome: what it wants is not in the hello. */
static void
test_agent_follow_while_greeting (LsAgentFixture *f, gconstpointer data)
{
  g_autoptr (LsMessage) hello = NULL;

  ls_agent_fixture_go_live (f);
  ls_agent_fixture_drop (f);
  ls_fake_clock_advance (f->clock, 1000);
  LS_AGENT_WAIT (ls_agent_fixture_is_asked (f, LS_FAKE_CALL_OPEN));
  ls_fake_transport_accept (f->transport, LS_PROTOCOL_LABSYNC_V1);
  hello = ls_agent_fixture_take_sent (f, LS_MESSAGE_HELLO);
  ls_agent_follow (f->agent, 1u << LS_ENTITY_ANNOUNCEMENT);
  g_assert_cmpuint (ls_fake_transport_count_sent (f->transport), ==, 0);
  ls_agent_fixture_welcome (f, LS_RESUME_RESUMED, 10);
  for (guint i = 0; i < 3; i++)
    confirm_subscription (f, LS_ENTITY_ANNOUNCEMENT);
  ls_agent_fixture_answer_snapshot (f, "e", 10, "a1");
  ls_agent_fixture_answer_updates (f, 10, 10);
  ls_agent_fixture_settle (f);
  ls_agent_unfollow (f->agent, 1u << LS_ENTITY_ANNOUNCEMENT);
}

/* The answer to a question of a run that was given up does not count for the next run. */
static void
test_agent_late_answer (LsAgentFixture *f, gconstpointer data)
{
  g_autoptr (LsMessage) hello = NULL;

  ls_agent_fixture_go_live (f);
  ls_agent_fixture_drop (f);
  ls_fake_clock_advance (f->clock, 1000);
  ls_agent_fixture_refuse (f, LS_REASON_UPGRADE_REFUSED);
  ls_agent_fixture_answer_updates (f, 10, 10);
  LS_AGENT_WAIT (ls_agent_fixture_get_state (f) == LS_STATE_POLLING);

  LS_AGENT_WAIT (ls_agent_fixture_is_asked (f, LS_FAKE_CALL_OPEN));
  ls_fake_transport_accept (f->transport, LS_PROTOCOL_LABSYNC_V1);
  hello = ls_agent_fixture_take_sent (f, LS_MESSAGE_HELLO);
  ls_agent_fixture_begin_sync (f);
  LS_AGENT_WAIT (ls_agent_fixture_is_asked (f, LS_FAKE_CALL_UPDATES));
  ls_agent_fixture_welcome (f, LS_RESUME_SNAPSHOT, 20);
  LS_AGENT_WAIT (ls_agent_fixture_is_asked (f, LS_FAKE_CALL_SNAPSHOT));
  ls_agent_fixture_answer_updates (f, 10, 20);
  ls_agent_fixture_settle (f);
  g_assert_cmpint (ls_agent_fixture_get_state (f), ==, LS_STATE_POLLING);
  g_assert_cmpuint (f->events->len, ==, 0);

  ls_agent_fixture_answer_snapshot (f, "e", 20, "g20");
  ls_agent_fixture_answer_updates (f, 20, 20);
  LS_AGENT_WAIT (ls_agent_fixture_get_state (f) == LS_STATE_LIVE);
  LS_AGENT_WAIT (f->done);
  g_assert_no_error (f->error);
}

/* What was held for a socket that is gone, of a log that is gone, is not looked at again. */
static void
test_agent_held_frames_of_old_log (LsAgentFixture *f, gconstpointer data)
{
  g_autoptr (LsMessage) hello = NULL;

  ls_agent_fixture_go_live (f);
  ls_agent_fixture_deliver (f, 12, 13); /* a gap */
  LS_AGENT_WAIT (ls_agent_fixture_is_asked (f, LS_FAKE_CALL_UPDATES));
  ls_agent_fixture_drop (f);
  ls_fake_clock_advance (f->clock, 1000);
  LS_AGENT_WAIT (ls_agent_fixture_is_asked (f, LS_FAKE_CALL_OPEN));
  ls_fake_transport_accept (f->transport, LS_PROTOCOL_LABSYNC_V1);
  hello = ls_agent_fixture_take_sent (f, LS_MESSAGE_HELLO);
  ls_agent_fixture_welcome (f, LS_RESUME_SNAPSHOT, 5);
  ls_agent_fixture_answer_snapshot (f, "f", 5, NULL);
  LS_AGENT_WAIT (ls_agent_fixture_is_asked (f, LS_FAKE_CALL_UPDATES));
  {
    LsUpdates *nothing = ls_updates_new ();

    nothing->not_modified = TRUE;
    ls_fake_transport_answer_updates (f->transport, nothing);
  }
  ls_agent_fixture_settle (f);
  g_assert_false (ls_agent_fixture_is_asked (f, LS_FAKE_CALL_SNAPSHOT));
  g_assert_cmpuint (ls_fake_transport_count_pending (f->transport), ==, 0);
}

/* Another entity is wanted by an app: it is subscribed to, and once all its events are sure to
 * come, its snapshot is taken. */
static void
test_agent_follow (LsAgentFixture *f, gconstpointer data)
{
  ls_agent_fixture_go_live (f);
  ls_agent_follow (f->agent, 1u << LS_ENTITY_USER);
  for (guint i = 0; i < 5; i++)
    {
      ls_agent_fixture_settle (f);
      g_assert_false (ls_agent_fixture_is_asked (f, LS_FAKE_CALL_SNAPSHOT));
      confirm_subscription (f, LS_ENTITY_USER);
    }
  ls_agent_fixture_answer_snapshot (f, "e", 10, "u1");
  ls_agent_fixture_answer_updates (f, 10, 10);
  ls_agent_fixture_settle (f);
  g_assert_cmpuint (f->events->len, ==, 0);

  /* dropped upstream, but only after a while */
  ls_agent_unfollow (f->agent, 1u << LS_ENTITY_USER);
  g_assert_cmphex (ls_agent_get_followed (f->agent), ==,
                   (1u << LS_ENTITY_USER) | (1u << LS_ENTITY_GRADE));
  for (guint i = 0; i < 151; i++)
    {
      ls_agent_fixture_deliver (f, 10, 10);
      ls_fake_clock_advance (f->clock, 4000);
    }
  g_assert_cmphex (ls_agent_get_followed (f->agent), ==, 1u << LS_ENTITY_GRADE);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  LS_AGENT_ADD ("live-events", test_agent_live_events);
  LS_AGENT_ADD ("duplicate-frame", test_agent_duplicate_frame);
  LS_AGENT_ADD ("gap", test_agent_gap);
  LS_AGENT_ADD ("gap-seen-by-pong", test_agent_gap_seen_by_pong);
  LS_AGENT_ADD ("resume", test_agent_resume);
  LS_AGENT_ADD ("new-log", test_agent_new_log);
  LS_AGENT_ADD ("sync", test_agent_sync);
  LS_AGENT_ADD ("sync/during-a-run", test_agent_sync_during_a_run);
  LS_AGENT_ADD ("sync/ends-with-the-attempt", test_agent_sync_ends_with_the_attempt);
  LS_AGENT_ADD ("follow", test_agent_follow);
  LS_AGENT_ADD ("follow-while-greeting", test_agent_follow_while_greeting);
  LS_AGENT_ADD ("late-answer", test_agent_late_answer);
  LS_AGENT_ADD ("held-frames-of-old-log", test_agent_held_frames_of_old_log);
  return g_test_run ();
}
