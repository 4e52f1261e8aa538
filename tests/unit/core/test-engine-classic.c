/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The engine at the classic system: by socket and by polls alone, and who is signed in. */
#include "ls-classic-engine.h"
#include "ls-classic.h"
#include "ls-link-error.h"

static void
refuse_socket (LsClassicEngine *f)
{
  g_autoptr (GError) error = ls_link_error_new (LS_REASON_UPGRADE_REFUSED, 404, 0, "no");

  g_assert_true (f->opening);
  f->opening = FALSE;
  ls_engine_open_failed (f->base.engine, error);
  ls_classic_engine_settle (f);
}

static void
push (LsClassicEngine *f, const char *type, const char *id, const char *data)
{
  g_autoptr (LsMessage) message = ls_message_new (LS_MESSAGE_EVENTS);

  message->events = ls_event_array_new ();
  g_ptr_array_add (message->events, ls_event_new (ls_event_type_from_string (type), id, data));
  ls_engine_message (f->base.engine, message);
  ls_classic_engine_settle (f);
}

/* An open socket says nothing of what is missing: the poll does. */
static void
test_live (LsClassicEngine *f, gconstpointer data)
{
  gint64 confirmed_at;

  ls_classic_engine_open_socket (f);
  ls_classic_engine_assert_state (f, CONNECTING, NONE);
  g_assert_cmpuint (f->n_subscribed, ==, 6);
  g_assert_cmpint (f->base.at[LS_TIMER_OPEN_DEADLINE], ==, 0);
  ls_classic_engine_pong (f, 0);
  ls_classic_engine_assert_state (f, CONNECTING, NONE);
  ls_classic_engine_first_run (f, 0);
  ls_classic_engine_assert_state (f, LIVE, NONE);
  g_assert_cmpint (ls_classic_engine_get_status (f)->protocol, ==, LS_PROTOCOL_CLASSIC);
  g_assert_cmpint (ls_classic_engine_get_status (f)->transport, ==, LS_TRANSPORT_KIND_WEBSOCKET);
  g_assert_cmpint (ls_classic_engine_get_status (f)->next_attempt_at, ==, 0);
  g_assert_cmpuint (f->n_puts, ==, 2);
  g_assert_nonnull (f->sight);
  confirmed_at = ls_classic_engine_get_status (f)->confirmed_at;

  /* twice the polling interval, as there is a socket */
  g_assert_cmpint (ls_classic_engine_get_delay (f, LS_TIMER_POLL), >=, 48 * SECOND);
  g_assert_cmpint (ls_classic_engine_get_delay (f, LS_TIMER_POLL), <=, 72 * SECOND);
  ls_classic_engine_pong (f, 0);
  ls_classic_engine_ring (f, LS_TIMER_POLL);
  g_assert_cmpint (ls_classic_engine_get_status (f)->confirmed_at, ==, confirmed_at);
  ls_classic_engine_answer_poll (f, 0);
  g_assert_cmpint (ls_classic_engine_get_status (f)->confirmed_at, >, confirmed_at);
  g_assert_cmpuint (f->n_puts, ==, 2);
  ls_classic_engine_assert_state (f, LIVE, NONE);
}

/* The socket is up and polls are not answered: after two intervals that is not live any more. */
static void
test_unanswered (LsClassicEngine *f, gconstpointer data)
{
  ls_classic_engine_go_live (f, 0);
  g_assert_cmpint (ls_classic_engine_get_delay (f, LS_TIMER_STALE), ==, 120 * SECOND);
  ls_classic_engine_ring (f, LS_TIMER_POLL);
  ls_classic_engine_pong (f, 0);
  g_assert_cmpint (f->base.at[LS_TIMER_STALE] - ls_clock_get_monotonic (LS_CLOCK (f->base.clock)),
                   >, 0);
  ls_classic_engine_ring (f, LS_TIMER_STALE);
  ls_classic_engine_assert_state (f, WAITING, SERVER_UNREACHABLE);
  ls_classic_engine_assert_not_asked (f);
  g_assert_cmpint (f->base.at[LS_TIMER_STALE], ==, 0);
}

static void
test_poll_fails (LsClassicEngine *f, gconstpointer data)
{
  ls_classic_engine_go_live (f, 0);
  ls_classic_engine_ring (f, LS_TIMER_POLL);
  ls_classic_engine_refuse (f, LS_REASON_SERVER_UNREACHABLE, 500, 0);
  ls_classic_engine_assert_state (f, WAITING, SERVER_UNREACHABLE);
  ls_classic_engine_ring (f, LS_TIMER_ATTEMPT);
  ls_classic_engine_open_socket (f);
  ls_classic_engine_assert_asked (f, LS_COMMAND_POLL);
}

/* Where there is room, whoever comes back looks at once what was missed, and subscribes anew. */
static void
test_reconnects (LsClassicEngine *f, gconstpointer data)
{
  ls_classic_engine_go_live (f, 0);
  f->n_subscribed = 0;
  ls_classic_engine_close_socket (f);
  ls_classic_engine_assert_state (f, WAITING, SERVER_UNREACHABLE);
  ls_classic_engine_ring (f, LS_TIMER_ATTEMPT);
  ls_classic_engine_open_socket (f);
  ls_classic_engine_assert_state (f, CONNECTING, SERVER_UNREACHABLE);
  g_assert_cmpuint (f->n_subscribed, ==, 6);
  ls_classic_engine_answer_poll (f, 0);
  ls_classic_engine_assert_state (f, LIVE, NONE);
}

/* Without a socket nobody says what the server is: it shows by what it does not know. */
static void
test_without_socket (LsClassicEngine *f, gconstpointer data)
{
  g_assert_false (f->opening);
  ls_classic_engine_assert_asked (f, LS_COMMAND_FETCH_SNAPSHOT);
  ls_classic_engine_refuse (f, LS_REASON_SERVER_UNREACHABLE, 404, 0);
  ls_classic_engine_first_run (f, 0);
  ls_classic_engine_assert_state (f, POLLING, NONE);
  g_assert_cmpint (ls_classic_engine_get_status (f)->protocol, ==, LS_PROTOCOL_CLASSIC);
  g_assert_cmpint (ls_classic_engine_get_delay (f, LS_TIMER_POLL), >=, 24 * SECOND);
  g_assert_cmpint (ls_classic_engine_get_delay (f, LS_TIMER_POLL), <=, 36 * SECOND);
  ls_classic_engine_ring (f, LS_TIMER_POLL);
  ls_classic_engine_answer_poll (f, 0);
  ls_classic_engine_assert_state (f, POLLING, NONE);
  g_assert_false (f->opening);
  /* nothing to compare, no token, no network: in a crowd it waits like all others */
  ls_classic_engine_ring (f, LS_TIMER_POLL);
  ls_classic_engine_refuse_busy (f);
  ls_classic_engine_assert_state (f, WAITING, RATE_LIMITED);
  ls_classic_engine_ring (f, LS_TIMER_ATTEMPT);
  ls_classic_engine_assert_state (f, WAITING, RATE_LIMITED);
  g_assert_cmpint (ls_classic_engine_get_status (f)->next_attempt_at % (2 * MINUTE), <,
                   15 * SECOND);
  ls_classic_engine_ring (f, LS_TIMER_ATTEMPT);
  ls_classic_engine_answer_poll (f, 0);
  ls_classic_engine_assert_state (f, POLLING, NONE);
}

/* What answers neither way is neither: the next attempt begins with our own protocol. */
static void
test_neither (LsClassicEngine *f, gconstpointer data)
{
  ls_classic_engine_refuse (f, LS_REASON_SERVER_UNREACHABLE, 200, 0);
  ls_classic_engine_answer_list (f);
  ls_classic_engine_refuse (f, LS_REASON_SERVER_UNREACHABLE, 404, 0);
  ls_classic_engine_assert_state (f, WAITING, SERVER_UNREACHABLE);
  g_assert_cmpint (ls_classic_engine_get_status (f)->protocol, ==, LS_PROTOCOL_UNKNOWN);
  ls_classic_engine_ring (f, LS_TIMER_ATTEMPT);
  ls_classic_engine_assert_asked (f, LS_COMMAND_FETCH_SNAPSHOT);
}

/* What was spoken last time is tried first; so is what the answer to a sign-in suggests. */
static void
test_likely (LsClassicEngine *f, gconstpointer data)
{
  g_autoptr (LsSession) session = ls_engine_fixture_issue_token (&f->base);
  LsStoreState stored = { .cursor = LS_CLASSIC_CURSOR };

  ls_engine_fixture_sign_in (&f->base, &stored, NULL);
  ls_classic_engine_settle (f);
  ls_engine_tokens (f->base.engine, session, FALSE);
  ls_classic_engine_settle (f);
  ls_classic_engine_assert_asked (f, LS_COMMAND_LIST);

  stored.cursor = LS_CURSOR_NONE;
  session->is_classic = TRUE;
  ls_engine_fixture_sign_in (&f->base, &stored, session);
  ls_classic_engine_settle (f);
  ls_classic_engine_assert_asked (f, LS_COMMAND_LIST);

  stored.cursor = LS_CLASSIC_CURSOR;
  session->is_classic = FALSE;
  ls_engine_fixture_sign_in (&f->base, &stored, session);
  ls_classic_engine_settle (f);
  ls_classic_engine_assert_asked (f, LS_COMMAND_FETCH_SNAPSHOT);
}

/* The school gets labsync-server: what it answers to a poll says so. */
static void
test_becomes_ours (LsClassicEngine *f, gconstpointer data)
{
  g_autoptr (LsPoll) poll = ls_poll_new ();
  g_autoptr (LsCommand) request = NULL;

  ls_classic_engine_refuse (f, LS_REASON_SERVER_UNREACHABLE, 404, 0);
  ls_classic_engine_first_run (f, 0);
  ls_classic_engine_ring (f, LS_TIMER_POLL);
  request = g_steal_pointer (&f->request);
  poll->is_ours = TRUE;
  ls_engine_polled (f->base.engine, request->run, poll);
  ls_classic_engine_settle (f);
  ls_classic_engine_assert_state (f, WAITING, SERVER_UNREACHABLE);
  g_assert_cmpint (ls_classic_engine_get_status (f)->protocol, ==, LS_PROTOCOL_UNKNOWN);
  ls_classic_engine_ring (f, LS_TIMER_ATTEMPT);
  ls_classic_engine_assert_asked (f, LS_COMMAND_FETCH_UPDATES);
}

static void
test_becomes_ours_by_socket (LsClassicEngine *f, gconstpointer data)
{
  g_autoptr (LsMessage) welcome = ls_message_new (LS_MESSAGE_WELCOME);

  ls_classic_engine_go_live (f, 30);
  ls_classic_engine_close_socket (f);
  ls_classic_engine_ring (f, LS_TIMER_ATTEMPT);
  f->opening = FALSE;
  ls_engine_opened (f->base.engine, LS_PROTOCOL_LABSYNC_V1);
  ls_classic_engine_settle (f);
  ls_classic_engine_assert_not_asked (f);
  welcome->resume = LS_RESUME_SNAPSHOT;
  welcome->cursor = ls_cursor_new ("e", 7);
  ls_engine_message (f->base.engine, welcome);
  ls_classic_engine_settle (f);
  ls_classic_engine_assert_state (f, CONNECTING, SERVER_UNREACHABLE);
  ls_classic_engine_assert_asked (f, LS_COMMAND_FETCH_SNAPSHOT);
  g_assert_cmpint (ls_classic_engine_get_status (f)->protocol, ==, LS_PROTOCOL_LABSYNC_V1);
}

/* The socket can't be had: polls alone, in turn, and it is tried again now and then. */
static void
test_socket_refused (LsClassicEngine *f, gconstpointer data)
{
  refuse_socket (f);
  ls_classic_engine_refuse (f, LS_REASON_SERVER_UNREACHABLE, 404, 0);
  ls_classic_engine_first_run (f, 30);
  ls_classic_engine_assert_state (f, POLLING, UPGRADE_REFUSED);
  refuse_socket (f);
  ls_classic_engine_assert_not_asked (f);
  ls_classic_engine_ring (f, LS_TIMER_ATTEMPT);
  ls_classic_engine_assert_state (f, POLLING, UPGRADE_REFUSED);
  ls_classic_engine_open_socket (f);
  ls_classic_engine_assert_state (f, LIVE, NONE);
  ls_classic_engine_assert_not_asked (f);
}

/* Refreshed tokens are refused lists, which is no reason to refresh them. The token of the sign-in is
 * used for them as long as it is good. */
static void
test_lists_refused (LsClassicEngine *f, gconstpointer data)
{
  g_autofree char *login = NULL;

  ls_classic_engine_open_socket (f);
  login = g_strdup (ls_engine_get_list_token (f->base.engine));
  ls_classic_engine_first_run (f, 0);
  ls_classic_engine_wait (f, 14 * MINUTE);
  ls_engine_timer (f->base.engine, LS_TIMER_REFRESH);
  ls_classic_engine_settle (f);
  ls_classic_engine_answer_refresh (f);
  g_assert_cmpstr (ls_engine_get_list_token (f->base.engine), ==, login);
  g_assert_cmpstr (ls_engine_get_session (f->base.engine)->access, !=, login);
  ls_classic_engine_wait (f, MINUTE);
  g_assert_cmpstr (ls_engine_get_list_token (f->base.engine), ==,
                   ls_engine_get_session (f->base.engine)->access);

  f->n_refreshes = 0;
  f->is_full = TRUE;
  ls_engine_sync (f->base.engine);
  ls_classic_engine_settle (f);
  ls_classic_engine_answer_poll (f, 0);
  ls_classic_engine_refuse (f, LS_REASON_TOKEN_REFUSED, 401, 0);
  g_assert_cmpuint (f->n_refreshes, ==, 0);
  g_assert_true (f->synced);
  ls_classic_engine_assert_state (f, LIVE, NONE);
}

/* A token that polls are refused is refreshed once. If there is no room for that, then after a while:
 * neither the old token nor the refresh is tried again at once. */
static void
test_token_refused (LsClassicEngine *f, gconstpointer data)
{
  ls_classic_engine_go_live (f, 0);
  ls_classic_engine_ring (f, LS_TIMER_POLL);
  ls_classic_engine_refuse (f, LS_REASON_TOKEN_REFUSED, 401, 0);
  ls_classic_engine_assert_state (f, CONNECTING, TOKEN_REFUSED);
  ls_classic_engine_refuse_refresh (f, LS_REASON_RATE_LIMITED, 20 * SECOND);
  ls_classic_engine_assert_state (f, WAITING, RATE_LIMITED);
  g_assert_false (f->opening);
  g_assert_cmpint (ls_classic_engine_get_delay (f, LS_TIMER_ATTEMPT), >=, 20 * SECOND);
  ls_classic_engine_ring (f, LS_TIMER_ATTEMPT);
  ls_classic_engine_answer_refresh (f);
  ls_classic_engine_open_socket (f);
  g_assert_cmpuint (f->n_refreshes, ==, 2);
}

/* The socket brings what is not for her, what is old, and what comes in the midst of a run. */
static void
test_pushed (LsClassicEngine *f, gconstpointer data)
{
  ls_classic_engine_go_live (f, 0);
  push (f, "announcement_created", "a2", "{\"id\":\"a2\"}");
  push (f, "announcement_created", "a3", "{\"id\":\"a3\",\"is_active\":0}");
  push (f, "grade_updated", "g1", "{\"id\":\"g1\",\"student_id\":\"s-ben\"}");
  g_assert_cmpuint (f->n_told, ==, 1);
  ls_classic_engine_ring (f, LS_TIMER_POLL);
  push (f, "announcement_updated", "a2", "{\"id\":\"a2\",\"n\":2}");
  g_assert_cmpuint (f->n_told, ==, 1);
  ls_classic_engine_answer_poll (f, 0);
  g_assert_cmpuint (f->n_told, ==, 2);
  g_assert_cmpuint (f->n_puts, ==, 3); /* the announcements are compared whole */
}

/* An app wants more: what can be had is asked for at once, and what can't be had is not asked for
 * again and again. */
static void
test_followed (LsClassicEngine *f, gconstpointer data)
{
  ls_classic_engine_go_live (f, 0);
  ls_engine_follow (f->base.engine, BIT (EVENT));
  ls_classic_engine_settle (f);
  ls_classic_engine_answer_poll (f, 0);
  g_assert_cmpstr (f->request->table, ==, "school_events");
  ls_classic_engine_refuse (f, LS_REASON_SERVER_UNREACHABLE, 500, 0);
  ls_classic_engine_assert_not_asked (f);
  ls_engine_follow (f->base.engine, BIT (MESSAGE));
  ls_classic_engine_settle (f);
  ls_classic_engine_assert_not_asked (f);
  ls_engine_unfollow (f->base.engine, BIT (EVENT));
  ls_engine_follow (f->base.engine, BIT (EVENT));
  ls_classic_engine_settle (f);
  ls_classic_engine_assert_not_asked (f);
}

/* Nobody is left waiting for what can't be had. */
static void
test_sync_without_all (LsClassicEngine *f, gconstpointer data)
{
  ls_classic_engine_go_live (f, 0);
  ls_engine_follow (f->base.engine, BIT (MESSAGE));
  ls_classic_engine_settle (f);
  ls_classic_engine_wait (f, MINUTE);
  ls_engine_sync (f->base.engine);
  ls_classic_engine_settle (f);
  ls_classic_engine_answer_poll (f, 0);
  g_assert_true (f->synced);
}

/* The connection ends while the disk is still busy: what it then has counts, and nothing goes on. */
static void
test_cut_in_a_put (LsClassicEngine *f, gconstpointer data)
{
  ls_classic_engine_open_socket (f);
  ls_classic_engine_answer_list (f);
  f->is_slow = TRUE;
  ls_classic_engine_answer_poll (f, 0);
  g_assert_cmpint (ls_classic_engine_write_next (f), ==, LS_COMMAND_STAGE);
  g_assert_cmpint (ls_classic_engine_write_next (f), ==, LS_COMMAND_COMMIT);
  ls_classic_engine_close_socket (f);
  g_assert_cmpint (ls_classic_engine_write_next (f), ==, LS_COMMAND_FINISH_SNAPSHOT);
  g_assert_cmpuint (f->writing.length, ==, 0);
  ls_classic_engine_assert_not_asked (f);

  f->is_slow = FALSE;
  ls_classic_engine_ring (f, LS_TIMER_ATTEMPT);
  ls_classic_engine_open_socket (f);
  f->n_puts = 0;
  ls_classic_engine_answer_poll (f, 0);
  g_assert_cmpuint (f->n_puts, ==, 1); /* once more, as nobody had heard of it */
}

/* Another user has nothing of the last one's, and what is under way for that one is void. */
static void
test_another_user (LsClassicEngine *f, gconstpointer data)
{
  static const LsStoreState nothing = { 0 };
  g_autoptr (LsSession) session = ls_engine_fixture_issue_token (&f->base);
  g_autoptr (LsPoll) late = ls_poll_new ();
  guint run;

  ls_classic_engine_go_live (f, 30);
  ls_classic_engine_ring (f, LS_TIMER_POLL);
  run = f->request->run;
  ls_engine_fixture_sign_in (&f->base, &nothing, session);
  ls_classic_engine_settle (f);
  ls_engine_polled (f->base.engine, run, late);
  ls_classic_engine_settle (f);
  ls_classic_engine_assert_state (f, CONNECTING, NONE);
  g_assert_cmpint (ls_classic_engine_get_status (f)->protocol, ==, LS_PROTOCOL_UNKNOWN);
  g_assert_cmpint (ls_classic_engine_get_status (f)->confirmed_at, ==, 0);
  ls_classic_engine_open_socket (f);
  /* the school is as crowded as before */
  ls_classic_engine_assert_state (f, WAITING, RATE_LIMITED);
}

/* Another server has a limit of its own. */
static void
test_another_server (LsClassicEngine *f, gconstpointer data)
{
  static const LsStoreState nothing = { 0 };
  g_autoptr (LsSession) session = ls_engine_fixture_issue_token (&f->base);
  g_autoptr (LsConfig) config = ls_config_new ();

  ls_classic_engine_go_live (f, 30);
  config->server = g_strdup ("http://other");
  ls_engine_clear_account (f->base.engine);
  ls_engine_set_config (f->base.engine, config);
  ls_engine_fixture_sign_in (&f->base, &nothing, session);
  ls_classic_engine_settle (f);
  ls_classic_engine_open_socket (f);
  ls_classic_engine_assert_asked (f, LS_COMMAND_LIST);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  LS_CLASSIC_ENGINE_ADD ("live", TRUE, test_live);
  LS_CLASSIC_ENGINE_ADD ("unanswered", TRUE, test_unanswered);
  LS_CLASSIC_ENGINE_ADD ("poll-fails", TRUE, test_poll_fails);
  LS_CLASSIC_ENGINE_ADD ("reconnects", TRUE, test_reconnects);
  LS_CLASSIC_ENGINE_ADD ("without-socket", FALSE, test_without_socket);
  LS_CLASSIC_ENGINE_ADD ("neither", FALSE, test_neither);
  LS_CLASSIC_ENGINE_ADD ("likely", FALSE, test_likely);
  LS_CLASSIC_ENGINE_ADD ("becomes-ours", FALSE, test_becomes_ours);
  LS_CLASSIC_ENGINE_ADD ("becomes-ours-by-socket", TRUE, test_becomes_ours_by_socket);
  LS_CLASSIC_ENGINE_ADD ("socket-refused", TRUE, test_socket_refused);
  LS_CLASSIC_ENGINE_ADD ("lists-refused", TRUE, test_lists_refused);
  LS_CLASSIC_ENGINE_ADD ("token-refused", TRUE, test_token_refused);
  LS_CLASSIC_ENGINE_ADD ("pushed", TRUE, test_pushed);
  LS_CLASSIC_ENGINE_ADD ("followed", TRUE, test_followed);
  LS_CLASSIC_ENGINE_ADD ("sync-without-all", TRUE, test_sync_without_all);
  LS_CLASSIC_ENGINE_ADD ("cut-in-a-put", TRUE, test_cut_in_a_put);
  LS_CLASSIC_ENGINE_ADD ("another-user", TRUE, test_another_user);
  LS_CLASSIC_ENGINE_ADD ("another-server", TRUE, test_another_server);
  return g_test_run ();
}
