/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How it connects, waits, polls instead, and stops. */
#include "ls-agent-fixture.h"

static void
test_agent_falls_back_to_polling (LsAgentFixture *f, gconstpointer data)
{
  ls_agent_fixture_go_live (f);
  ls_agent_fixture_drop (f);
  ls_fake_clock_advance (f->clock, 1000); /* the first wait is at most this long */
  ls_agent_fixture_refuse (f, LS_REASON_UPGRADE_REFUSED);
  ls_agent_fixture_answer_updates (f, 10, 12);
  LS_AGENT_WAIT (ls_agent_fixture_get_state (f) == LS_STATE_POLLING);
  /* one attempt at the socket at once */
  ls_agent_fixture_refuse (f, LS_REASON_UPGRADE_REFUSED);
  ls_agent_fixture_assert_told (f, 11, 12);
  g_assert_cmpint (ls_agent_get_status (f->agent)->reason, ==, LS_REASON_UPGRADE_REFUSED);

  /* the next poll comes in 30 s, give or take 20 % */
  ls_fake_clock_advance (f->clock, 23900);
  ls_agent_fixture_settle (f);
  g_assert_false (ls_agent_fixture_is_asked (f, LS_FAKE_CALL_UPDATES));
  ls_fake_clock_advance (f->clock, 12200);
  ls_agent_fixture_answer_updates (f, 12, 13);
  ls_agent_fixture_assert_told (f, 11, 13);

  /* and the socket is tried again after two minutes */
  ls_fake_clock_advance (f->clock, 84000);
  LS_AGENT_WAIT (ls_agent_fixture_is_asked (f, LS_FAKE_CALL_OPEN));
}

static void
test_agent_waits_when_nothing_answers (LsAgentFixture *f, gconstpointer data)
{
  guint n_opened;
  gint64 delay;

  ls_agent_fixture_go_live (f);
  ls_agent_fixture_drop (f);
  n_opened = ls_fake_transport_count_started (f->transport, LS_FAKE_CALL_OPEN);
  for (guint i = 0; i < 8; i++)
    {
      g_assert_cmpint (ls_agent_fixture_get_state (f), ==, LS_STATE_WAITING);
      g_assert_cmpint (ls_agent_get_status (f->agent)->next_attempt_at, >, 0);
      delay =
          ls_agent_get_status (f->agent)->next_attempt_at - ls_clock_get_wall (LS_CLOCK (f->clock));
      g_assert_cmpint (delay, <=, 60000);
      ls_fake_clock_advance (f->clock, MAX (delay, 0));
      ls_agent_fixture_refuse (f, LS_REASON_SERVER_UNREACHABLE);
      ls_agent_fixture_fail_poll (f);
    }
  g_assert_cmpuint (ls_fake_transport_count_started (f->transport, LS_FAKE_CALL_OPEN), ==,
                    n_opened + 8);
}

static void
test_agent_network_up_cuts_the_wait (LsAgentFixture *f, gconstpointer data)
{
  ls_agent_fixture_go_live (f);
  ls_fake_network_set (f->network, FALSE, FALSE);
  ls_agent_fixture_drop (f);
  g_assert_cmpint (ls_agent_fixture_get_state (f), ==, LS_STATE_OFFLINE);
  g_assert_cmpint (ls_agent_get_status (f->agent)->reason, ==, LS_REASON_NO_NETWORK);
  ls_fake_network_set (f->network, TRUE, FALSE);
  g_assert_cmpint (ls_agent_fixture_get_state (f), ==, LS_STATE_CONNECTING);
  LS_AGENT_WAIT (ls_agent_fixture_is_asked (f, LS_FAKE_CALL_OPEN));
}

static void
test_agent_silence_is_noticed (LsAgentFixture *f, gconstpointer data)
{
  g_autoptr (LsMessage) ping = NULL;

  ls_agent_fixture_go_live (f);
  ls_agent_follow (f->agent, 1u << LS_ENTITY_GRADE);
  ls_fake_clock_advance (f->clock, 5000);
  ping = ls_agent_fixture_take_sent (f, LS_MESSAGE_PING);
  ls_fake_clock_advance (f->clock, 3899);
  g_assert_cmpint (ls_agent_fixture_get_state (f), ==, LS_STATE_LIVE);
  ls_fake_clock_advance (f->clock, 1);
  g_assert_cmpint (ls_agent_fixture_get_state (f), ==, LS_STATE_WAITING);
  ls_agent_unfollow (f->agent, 1u << LS_ENTITY_GRADE);
  ls_fake_clock_advance (f->clock, 700000);
}

/* Once a ping is answered nothing wakes us up before the next one is due. */
static void
test_agent_answered_ping_wakes_nobody (LsAgentFixture *f, gconstpointer data)
{
  g_autoptr (LsMessage) ping = NULL;

  ls_agent_fixture_go_live (f);
  ls_fake_clock_advance (f->clock, 25000);
  ping = ls_agent_fixture_take_sent (f, LS_MESSAGE_PING);
  g_assert_cmpint (ls_fake_clock_get_next_delay (f->clock), ==, 9900);
  ls_fake_transport_deliver (f->transport, ls_message_new (LS_MESSAGE_PONG));
  g_assert_cmpint (ls_fake_clock_get_next_delay (f->clock), ==, 25000);
}

static void
test_agent_disconnect_lasts (LsAgentFixture *f, gconstpointer data)
{
  ls_agent_fixture_go_live (f);
  ls_agent_disconnect (f->agent);
  g_assert_cmpint (ls_agent_fixture_get_state (f), ==, LS_STATE_STOPPED);
  g_assert_cmpint (ls_agent_get_status (f->agent)->reason, ==, LS_REASON_USER);
  ls_agent_fixture_settle (f);
  g_assert_finalize_object (f->agent);

  ls_agent_fixture_start (f);
  LS_AGENT_WAIT (ls_agent_get_user (f->agent) != NULL);
  ls_agent_fixture_settle (f);
  g_assert_cmpint (ls_agent_fixture_get_state (f), ==, LS_STATE_STOPPED);
  ls_agent_connect (f->agent);
  LS_AGENT_WAIT (ls_agent_fixture_is_asked (f, LS_FAKE_CALL_OPEN));
}

/* After a restart the agent signs in by itself and goes on where it was. */
static void
test_agent_restart (LsAgentFixture *f, gconstpointer data)
{
  g_autoptr (LsMessage) hello = NULL;

  ls_agent_fixture_go_live (f);
  ls_agent_fixture_deliver (f, 10, 11);
  ls_agent_fixture_assert_told (f, 11, 11);
  ls_agent_fixture_settle (f);
  g_assert_finalize_object (f->agent);

  ls_agent_fixture_start (f);
  LS_AGENT_WAIT (ls_agent_fixture_is_asked (f, LS_FAKE_CALL_OPEN));
  g_assert_cmpstr (ls_agent_get_user (f->agent)->id, ==, "anna");
  ls_fake_transport_accept (f->transport, LS_PROTOCOL_LABSYNC_V1);
  hello = ls_agent_fixture_take_sent (f, LS_MESSAGE_HELLO);
  g_assert_cmpint (hello->cursor.offset, ==, 11);
}

static void
test_agent_drain (LsAgentFixture *f, gconstpointer data)
{
  LsMessage *message = ls_message_new (LS_MESSAGE_DRAIN);
  gint64 now = ls_clock_get_wall (LS_CLOCK (f->clock));
  const LsStatus *status;

  ls_agent_fixture_go_live (f);
  message->retry_after_ms = 5000;
  message->spread_ms = 30000;
  ls_fake_transport_deliver (f->transport, message);
  status = ls_agent_get_status (f->agent);
  g_assert_cmpint (status->reason, ==, LS_REASON_SERVER_DRAINING);
  g_assert_cmpint (status->next_attempt_at, >=, now + 5000);
  g_assert_cmpint (status->next_attempt_at, <=, now + 35000);
  ls_fake_clock_advance (f->clock, 4999);
  g_assert_false (ls_agent_fixture_is_asked (f, LS_FAKE_CALL_OPEN));
  for (guint i = 0; i < 31 && !ls_agent_fixture_is_asked (f, LS_FAKE_CALL_OPEN); i++)
    ls_fake_clock_advance (f->clock, 1000);
  g_assert_true (ls_agent_fixture_is_asked (f, LS_FAKE_CALL_OPEN));
}

/* A server that has no room just now says when it has: not before, and not much later, however
 * often we tried. */
static void
test_agent_retry_after (LsAgentFixture *f, gconstpointer data)
{
  ls_agent_fixture_go_live (f);
  ls_agent_fixture_drop (f);
  for (guint i = 0; i < 8; i++)
    {
      while (!ls_agent_fixture_is_asked (f, LS_FAKE_CALL_OPEN))
        ls_fake_clock_advance (f->clock, 100);
      ls_fake_transport_refuse (f->transport,
                                ls_link_error_new (LS_REASON_SERVER_DRAINING, 503, 20000, "busy"));
      LS_AGENT_WAIT (ls_agent_fixture_get_state (f) == LS_STATE_WAITING);
      g_assert_false (ls_agent_fixture_is_asked (f, LS_FAKE_CALL_UPDATES));
      ls_fake_clock_advance (f->clock, 19999);
      g_assert_false (ls_agent_fixture_is_asked (f, LS_FAKE_CALL_OPEN));
      ls_fake_clock_advance (f->clock, 5001);
      g_assert_true (ls_agent_fixture_is_asked (f, LS_FAKE_CALL_OPEN));
    }
}

/* The same beside the polling, where the next try would be two minutes away. */
static void
test_agent_retry_after_while_polling (LsAgentFixture *f, gconstpointer data)
{
  ls_agent_fixture_go_live (f);
  ls_agent_fixture_drop (f);
  ls_fake_clock_advance (f->clock, 1000);
  ls_agent_fixture_refuse (f, LS_REASON_UPGRADE_REFUSED);
  ls_agent_fixture_answer_updates (f, 10, 10);
  LS_AGENT_WAIT (ls_agent_fixture_get_state (f) == LS_STATE_POLLING);
  LS_AGENT_WAIT (ls_agent_fixture_is_asked (f, LS_FAKE_CALL_OPEN));
  ls_fake_transport_refuse (f->transport,
                            ls_link_error_new (LS_REASON_SERVER_DRAINING, 503, 8000, "busy"));
  ls_agent_fixture_settle (f);
  g_assert_cmpint (ls_agent_fixture_get_state (f), ==, LS_STATE_POLLING);
  ls_fake_clock_advance (f->clock, 7999);
  g_assert_false (ls_agent_fixture_is_asked (f, LS_FAKE_CALL_OPEN));
  ls_fake_clock_advance (f->clock, 2001);
  g_assert_true (ls_agent_fixture_is_asked (f, LS_FAKE_CALL_OPEN));
}

static void
restart (LsAgentFixture *f)
{
  ls_agent_fixture_stop (f);
  ls_agent_fixture_start (f);
}

/* What the user says while it is still read what was said before counts, and nobody is signed out by
 * it. */
static void
test_agent_disconnect_while_loading (LsAgentFixture *f, gconstpointer data)
{
  ls_agent_fixture_go_live (f);
  restart (f);
  ls_agent_disconnect (f->agent);
  ls_agent_fixture_settle (f);
  g_assert_cmpint (ls_agent_fixture_get_state (f), ==, LS_STATE_STOPPED);
  g_assert_cmpstr (ls_agent_get_user (f->agent)->id, ==, "anna");

  restart (f);
  ls_agent_connect (f->agent);
  LS_AGENT_WAIT (ls_agent_fixture_is_asked (f, LS_FAKE_CALL_OPEN));

  restart (f);
  LS_AGENT_WAIT (ls_agent_fixture_is_asked (f, LS_FAKE_CALL_OPEN));
  g_assert_cmpstr (ls_agent_get_user (f->agent)->id, ==, "anna");
}

static void
on_agent_status_changed (LsAgent *agent, guint *n_told)
{
  (*n_told)++;
}

/* Apps see at which server the agent is, also while nobody is signed in at either. */
static void
test_agent_another_server_is_told (LsAgentFixture *f, gconstpointer data)
{
  g_autoptr (LsConfig) other = ls_config_copy (f->config);
  guint n_told = 0;

  g_free (other->server);
  other->server = g_strdup ("http://other");
  ls_agent_set_config (f->agent, other);
  ls_agent_fixture_settle (f);
  g_assert_cmpint (ls_agent_fixture_get_state (f), ==, LS_STATE_SIGNED_OUT);

  g_signal_connect (f->agent, "status-changed", G_CALLBACK (on_agent_status_changed), &n_told);
  ls_agent_set_config (f->agent, f->config);
  g_assert_cmpuint (n_told, >, 0);
  ls_agent_fixture_settle (f);
  g_assert_cmpint (ls_agent_fixture_get_state (f), ==, LS_STATE_SIGNED_OUT);
}

/* Whoever is signed in at one server stays so while there is nobody at another. */
static void
test_agent_disconnect_at_another_server (LsAgentFixture *f, gconstpointer data)
{
  g_autoptr (LsConfig) other = ls_config_copy (f->config);

  ls_agent_fixture_go_live (f);
  g_free (other->server);
  other->server = g_strdup ("http://other");
  ls_agent_set_config (f->agent, other);
  ls_agent_fixture_settle (f);
  g_assert_cmpint (ls_agent_fixture_get_state (f), ==, LS_STATE_SIGNED_OUT);
  ls_agent_disconnect (f->agent);
  ls_agent_connect (f->agent);

  ls_agent_set_config (f->agent, f->config);
  ls_agent_fixture_settle (f);
  g_assert_nonnull (ls_agent_get_user (f->agent));
}

/* Whatever was under way when the program was told to end, nothing begins afterwards. */
static void
assert_stopped (LsAgentFixture *f)
{
  g_assert_cmpint (ls_agent_fixture_get_state (f), ==, LS_STATE_STOPPED);
  g_assert_cmpuint (ls_fake_clock_count_alarms (f->clock), ==, 0);
  ls_agent_fixture_settle (f);
  g_assert_cmpint (ls_agent_fixture_get_state (f), ==, LS_STATE_STOPPED);
  g_assert_cmpuint (ls_fake_clock_count_alarms (f->clock), ==, 0);
  g_assert_cmpuint (ls_fake_transport_count_pending (f->transport), ==, 0);
}

static void
test_agent_stop_while_opening (LsAgentFixture *f, gconstpointer data)
{
  ls_agent_fixture_go_live (f);
  ls_agent_fixture_drop (f);
  ls_agent_connect (f->agent);
  LS_AGENT_WAIT (ls_agent_fixture_is_asked (f, LS_FAKE_CALL_OPEN));
  ls_agent_stop (f->agent);
  assert_stopped (f);
}

static void
test_agent_stop_while_loading (LsAgentFixture *f, gconstpointer data)
{
  ls_agent_fixture_go_live (f);
  ls_agent_fixture_settle (f);
  g_assert_finalize_object (f->agent);

  ls_agent_fixture_start (f);
  ls_agent_stop (f->agent);
  assert_stopped (f);
  g_assert_nonnull (ls_agent_get_user (f->agent));
}

static void
test_agent_stop_while_signing_in (LsAgentFixture *f, gconstpointer data)
{
  ls_agent_fixture_begin_sign_in (f, "a@b", "secret");
  LS_AGENT_WAIT (ls_agent_fixture_is_asked (f, LS_FAKE_CALL_SIGN_IN));
  ls_agent_stop (f->agent);
  LS_AGENT_WAIT (f->done);
  g_assert_error (f->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  assert_stopped (f);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  LS_AGENT_ADD ("falls-back-to-polling", test_agent_falls_back_to_polling);
  LS_AGENT_ADD ("waits-when-nothing-answers", test_agent_waits_when_nothing_answers);
  LS_AGENT_ADD ("network-up-cuts-the-wait", test_agent_network_up_cuts_the_wait);
  LS_AGENT_ADD ("silence-is-noticed", test_agent_silence_is_noticed);
  LS_AGENT_ADD ("answered-ping-wakes-nobody", test_agent_answered_ping_wakes_nobody);
  LS_AGENT_ADD ("disconnect-lasts", test_agent_disconnect_lasts);
  LS_AGENT_ADD ("restart", test_agent_restart);
  LS_AGENT_ADD ("drain", test_agent_drain);
  LS_AGENT_ADD ("retry-after", test_agent_retry_after);
  LS_AGENT_ADD ("retry-after/while-polling", test_agent_retry_after_while_polling);
  LS_AGENT_ADD ("disconnect/while-loading", test_agent_disconnect_while_loading);
  LS_AGENT_ADD ("another-server/is-told", test_agent_another_server_is_told);
  LS_AGENT_ADD ("disconnect/at-another-server", test_agent_disconnect_at_another_server);
  LS_AGENT_ADD ("stop/while-opening", test_agent_stop_while_opening);
  LS_AGENT_ADD ("stop/while-loading", test_agent_stop_while_loading);
  LS_AGENT_ADD ("stop/while-signing-in", test_agent_stop_while_signing_in);
  return g_test_run ();
}
