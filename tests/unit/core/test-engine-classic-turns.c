/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The engine at a classic system with a limit, which it shares with all machines of the school. */
#include "ls-classic-engine.h"

/* No room for a poll: the next turn is soon enough. Only two intervals without any end it. */
static void
test_no_room_for_a_poll (LsClassicEngine *f, gconstpointer data)
{
  ls_classic_engine_go_live (f, 0);
  ls_classic_engine_ring (f, LS_TIMER_POLL);
  ls_classic_engine_refuse_busy (f);
  ls_classic_engine_assert_state (f, LIVE, NONE);
  g_assert_cmpint (ls_classic_engine_get_delay (f, LS_TIMER_POLL), <=, 130 * SECOND);
  g_assert_cmpint (ls_classic_engine_get_delay (f, LS_TIMER_STALE), <=, 240 * SECOND);
  ls_classic_engine_ring (f, LS_TIMER_POLL);
  ls_classic_engine_refuse_busy (f);
  ls_classic_engine_assert_state (f, LIVE, NONE);
  ls_classic_engine_ring (f, LS_TIMER_STALE);
  ls_classic_engine_assert_state (f, WAITING, RATE_LIMITED);
}

/* Not live yet, there is nothing to bear it with. */
static void
test_no_room_at_first (LsClassicEngine *f, gconstpointer data)
{
  ls_classic_engine_open_socket (f);
  ls_classic_engine_answer_list (f);
  ls_classic_engine_refuse_busy (f);
  ls_classic_engine_assert_state (f, WAITING, RATE_LIMITED);
  g_assert_cmpint (ls_classic_engine_get_delay (f, LS_TIMER_ATTEMPT), >=, 5 * SECOND);
}

/* Where there is none, what was polled lately has to do until the next turn. */
static void
test_reconnects_in_a_crowd (LsClassicEngine *f, gconstpointer data)
{
  ls_classic_engine_go_live (f, 30);
  ls_classic_engine_wait (f, 5 * MINUTE);
  ls_classic_engine_close_socket (f);
  ls_classic_engine_ring (f, LS_TIMER_ATTEMPT);
  ls_classic_engine_open_socket (f);
  ls_classic_engine_assert_state (f, LIVE, NONE);
  ls_classic_engine_assert_not_asked (f);
  g_assert_cmpint (ls_classic_engine_get_delay (f, LS_TIMER_POLL), <=, 4 * MINUTE + 10 * SECOND);
  g_assert_cmpint (ls_classic_engine_get_delay (f, LS_TIMER_STALE), <=, 3 * MINUTE);
  ls_classic_engine_ring (f, LS_TIMER_POLL);
  ls_classic_engine_assert_asked (f, LS_COMMAND_POLL);
}

/* With nothing recent the connection waits for its turn, and says until when. */
static void
test_waits_for_its_turn (LsClassicEngine *f, gconstpointer data)
{
  gint64 turn;

  ls_classic_engine_go_live (f, 30);
  ls_classic_engine_wait (f, 9 * MINUTE);
  ls_classic_engine_close_socket (f);
  ls_classic_engine_ring (f, LS_TIMER_ATTEMPT);
  ls_classic_engine_open_socket (f);
  ls_classic_engine_assert_state (f, WAITING, RATE_LIMITED);
  ls_classic_engine_assert_not_asked (f);
  turn = ls_classic_engine_get_status (f)->next_attempt_at % (4 * MINUTE);
  g_assert_cmpint (turn, <, 15 * SECOND);
  g_assert_cmpint (ls_classic_engine_get_delay (f, LS_TIMER_ATTEMPT), <=, 4 * MINUTE + 15 * SECOND);

  /* somebody pulls the cable: that does not bring the turn forward */
  ls_engine_retry_now (f->base.engine);
  ls_classic_engine_settle (f);
  ls_classic_engine_open_socket (f);
  ls_classic_engine_assert_state (f, WAITING, RATE_LIMITED);
  ls_classic_engine_ring (f, LS_TIMER_ATTEMPT);
  ls_classic_engine_open_socket (f);
  ls_classic_engine_answer_poll (f, 30);
  ls_classic_engine_assert_state (f, LIVE, NONE);
}

/* A turn that was missed is over. */
static void
test_misses_its_turn (LsClassicEngine *f, gconstpointer data)
{
  ls_classic_engine_go_live (f, 30);
  ls_classic_engine_wait (f, 9 * MINUTE);
  ls_classic_engine_close_socket (f);
  ls_classic_engine_ring (f, LS_TIMER_ATTEMPT);
  ls_classic_engine_open_socket (f);
  ls_classic_engine_assert_state (f, WAITING, RATE_LIMITED);
  ls_classic_engine_wait (f, ls_classic_engine_get_delay (f, LS_TIMER_ATTEMPT) + 20 * SECOND);
  ls_classic_engine_ring (f, LS_TIMER_ATTEMPT);
  ls_classic_engine_open_socket (f);
  ls_classic_engine_assert_state (f, WAITING, RATE_LIMITED);
}

/* A user who asks gets a poll, in a crowd, too; but not one after the other. */
static void
test_asked_by_a_user (LsClassicEngine *f, gconstpointer data)
{
  ls_classic_engine_go_live (f, 30);
  f->is_full = TRUE;
  ls_classic_engine_wait (f, 4 * SECOND);
  ls_engine_sync (f->base.engine);
  ls_classic_engine_settle (f);
  ls_classic_engine_assert_not_asked (f);
  ls_classic_engine_pong (f, 0);
  g_assert_false (f->synced);
  g_assert_cmpint (ls_classic_engine_get_delay (f, LS_TIMER_POLL), ==, 6 * SECOND);
  ls_classic_engine_ring (f, LS_TIMER_POLL);
  ls_classic_engine_answer_poll (f, 30);
  g_assert_false (f->synced); /* and the tables that a poll does not have */
  ls_classic_engine_answer_list (f);
  g_assert_true (f->synced);
  g_assert_no_error (f->sync_error);

  f->synced = FALSE;
  ls_classic_engine_wait (f, MINUTE);
  ls_engine_sync (f->base.engine);
  ls_classic_engine_settle (f);
  ls_classic_engine_assert_asked (f, LS_COMMAND_POLL);
  ls_classic_engine_refuse_busy (f);
  g_assert_true (f->synced);
  g_assert_error (f->sync_error, LS_ERROR, LS_ERROR_UNREACHABLE);
  ls_classic_engine_ring (f, LS_TIMER_STALE);
  ls_classic_engine_assert_state (f, WAITING, RATE_LIMITED);

  f->synced = FALSE;
  ls_engine_sync (f->base.engine);
  ls_classic_engine_settle (f);
  ls_classic_engine_open_socket (f);
  ls_classic_engine_answer_poll (f, 30);
  ls_classic_engine_answer_list (f);
  g_assert_true (f->synced);
  ls_classic_engine_assert_state (f, LIVE, NONE);
}

/* Where polls come more often by themselves, nobody waits longer for asking. */
static void
test_asked_between_quick_polls (LsClassicEngine *f, gconstpointer data)
{
  g_autoptr (LsConfig) config = ls_config_new ();

  config->server = g_strdup ("http://server");
  config->entities = BIT (ANNOUNCEMENT) | BIT (GRADE);
  config->polling_interval = SECOND;
  ls_engine_set_config (f->base.engine, config);
  ls_classic_engine_go_live (f, 0);
  ls_engine_sync (f->base.engine);
  ls_classic_engine_settle (f);
  ls_classic_engine_assert_not_asked (f);
  g_assert_cmpint (ls_classic_engine_get_delay (f, LS_TIMER_POLL), ==, 2 * SECOND);
  ls_classic_engine_ring (f, LS_TIMER_POLL);
  ls_classic_engine_answer_poll (f, 0);
  g_assert_true (f->synced);
  g_assert_no_error (f->sync_error);
}

/* Turns are taken by the server's clock, which a pong tells. */
static void
test_server_time (LsClassicEngine *f, gconstpointer data)
{
  gint64 ahead = 77 * SECOND + 24 * 60 * MINUTE;
  gint64 wall;

  ls_classic_engine_go_live (f, 30);
  ls_classic_engine_pong (f, ls_clock_get_wall (LS_CLOCK (f->base.clock)) + ahead);
  ls_classic_engine_ring (f, LS_TIMER_POLL);
  ls_classic_engine_answer_poll (f, 30);
  wall = ls_clock_get_wall (LS_CLOCK (f->base.clock));
  g_assert_cmpint ((wall + ls_classic_engine_get_delay (f, LS_TIMER_POLL) + ahead) % (4 * MINUTE),
                   <, 10 * SECOND);
}

/* Before it ends the token is refreshed as often as it takes, ever sooner after a refusal, but not more
 * often than three times a minute. */
static void
test_no_room_for_a_refresh (LsClassicEngine *f, gconstpointer data)
{
  guint n = 0;

  ls_classic_engine_go_live (f, 0);
  ls_classic_engine_ring (f, LS_TIMER_REFRESH);
  while (ls_classic_engine_get_status (f)->state == LS_STATE_LIVE)
    {
      g_assert_cmpuint (++n, <, 50);
      ls_classic_engine_refuse_refresh (f, LS_REASON_RATE_LIMITED, 10 * SECOND);
      if (ls_classic_engine_get_status (f)->state == LS_STATE_LIVE)
        {
          g_assert_cmpint (ls_classic_engine_get_delay (f, LS_TIMER_REFRESH), >=, 10 * SECOND);
          while (!f->refreshing)
            ls_classic_engine_ring (f, LS_TIMER_REFRESH);
        }
    }
  g_assert_cmpuint (n, >, 2);
  ls_classic_engine_assert_state (f, WAITING, RATE_LIMITED);
  g_assert_cmpint (ls_engine_get_account_state (f->base.engine), ==, LS_ACCOUNT_SIGNED_IN);
  g_assert_cmpint (ls_classic_engine_get_delay (f, LS_TIMER_ATTEMPT), <=, 20 * SECOND);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  LS_CLASSIC_ENGINE_ADD ("no-room/for-a-poll", TRUE, test_no_room_for_a_poll);
  LS_CLASSIC_ENGINE_ADD ("no-room/at-first", TRUE, test_no_room_at_first);
  LS_CLASSIC_ENGINE_ADD ("no-room/for-a-refresh", TRUE, test_no_room_for_a_refresh);
  LS_CLASSIC_ENGINE_ADD ("turns/reconnects", TRUE, test_reconnects_in_a_crowd);
  LS_CLASSIC_ENGINE_ADD ("turns/waits", TRUE, test_waits_for_its_turn);
  LS_CLASSIC_ENGINE_ADD ("turns/misses", TRUE, test_misses_its_turn);
  LS_CLASSIC_ENGINE_ADD ("turns/asked-by-a-user", TRUE, test_asked_by_a_user);
  LS_CLASSIC_ENGINE_ADD ("asked-between-quick-polls", TRUE, test_asked_between_quick_polls);
  LS_CLASSIC_ENGINE_ADD ("turns/server-time", TRUE, test_server_time);
  return g_test_run ();
}
