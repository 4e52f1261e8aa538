/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tokens: when they are refreshed, how often, and what becomes of the link without. */
#include "ls-engine-fixture.h"

#define LIFE LS_ENGINE_FIXTURE_TOKEN_LIFE
#define HOUR (60 * 60 * 1000)
#define YEAR_1970 (-LS_FAKE_CLOCK_START_WALL)

/* How much the machine's clock is wrong, in milliseconds */
static const gint64 wrong_clocks[] = { 0, 2 * HOUR, -2 * HOUR, YEAR_1970 };

/* By the server's clock, which is right whatever the machine's shows */
static gint64
get_server_time (LsEngineFixture *fixture)
{
  return ls_clock_get_monotonic (LS_CLOCK (fixture->clock)) - LS_FAKE_CLOCK_START_MONOTONIC +
         LS_FAKE_CLOCK_START_WALL;
}

/* Tokens that the server gave @age ago */
static LsSession *
new_session (LsEngineFixture *fixture, gint64 age)
{
  g_autofree char *access = g_strdup_printf ("%" G_GINT64_FORMAT, get_server_time (fixture) - age);

  return ls_session_new (access, "refresh");
}

static LsState
get_state (LsEngineFixture *fixture)
{
  return ls_engine_get_status (fixture->engine)->state;
}

static LsAccountState
get_account (LsEngineFixture *fixture)
{
  return ls_engine_get_account_state (fixture->engine);
}

/* Signs in with tokens that were just issued, or looks up older ones, and gets to live with them. */
static void
begin (LsEngineFixture *fixture, gint64 age)
{
  g_autoptr (LsUser) user = ls_user_new ("u", NULL, LS_ROLE_STUDENT, LS_EXTRA_ROLE_NONE);
  g_autoptr (LsSession) session = new_session (fixture, age);
  LsStoreState state = { .cursor = ls_cursor_new ("e", 10) };

  state.baselines[LS_ENTITY_GRADE].cursor = state.cursor;
  ls_engine_set_account (fixture->engine, user, &state, age == 0 ? session : NULL);
  if (age != 0)
    {
      ls_engine_fixture_assert_wants (fixture, LS_COMMAND_LOOK_UP_TOKENS);
      ls_engine_tokens (fixture->engine, session, FALSE);
    }
}

static void
go_live (LsEngineFixture *fixture, gint64 age)
{
  begin (fixture, age);
  ls_engine_fixture_connect (fixture, 10);
}

/* The keyring has what we have: nothing newer. */
static void
read_again (LsEngineFixture *fixture)
{
  g_autoptr (LsSession) same = ls_session_copy (ls_engine_get_session (fixture->engine));

  ls_engine_fixture_assert_wants (fixture, LS_COMMAND_LOOK_UP_TOKENS);
  ls_engine_tokens (fixture->engine, same, FALSE);
}

static void
fail (LsEngineFixture *fixture, GQuark domain, int code, const char *text)
{
  g_autoptr (GError) error = g_error_new_literal (domain, code, text);

  ls_engine_tokens_failed (fixture->engine, error);
}

static void
get_closed (LsEngineFixture *fixture, LsReason reason)
{
  g_autoptr (GError) error = ls_link_error_new (reason, 4001, 0, "closed by the test");

  ls_engine_closed (fixture->engine, error);
}

static void
give_tokens (LsEngineFixture *fixture)
{
  g_autoptr (LsSession) fresh = new_session (fixture, 0);

  ls_engine_tokens (fixture->engine, fresh, TRUE);
}

static void
receive (LsEngineFixture *fixture, LsMessageKind kind, gint64 timestamp)
{
  g_autoptr (LsMessage) message = ls_message_new (kind);

  message->timestamp = timestamp;
  ls_engine_message (fixture->engine, message);
}

/* When a timer rings that was armed by what happened last, in milliseconds from now; -1: never */
static gint64
take_delay (LsEngineFixture *fixture, LsTimer timer)
{
  gint64 delay = -1;
  LsCommand *command;

  while ((command = ls_engine_take_command (fixture->engine)) != NULL)
    {
      if (command->kind == LS_COMMAND_ARM && command->timer == timer)
        delay = command->at - ls_clock_get_monotonic (LS_CLOCK (fixture->clock));
      ls_command_free (command);
    }
  return delay;
}

static void
configure (LsEngineFixture *fixture, const char *server, gboolean tokens_in_memory)
{
  g_autoptr (LsConfig) config = ls_config_new ();

  config->server = g_strdup (server);
  config->entities = 1u << LS_ENTITY_GRADE;
  config->tokens_in_memory = tokens_in_memory;
  ls_engine_set_config (fixture->engine, config);
}

/* A refresh begins with a look into the keyring, and its tokens are handed over on the open socket. */
static void
test_refresh (LsEngineFixture *fixture, gconstpointer data)
{
  g_autoptr (LsCommand) command = NULL;

  go_live (fixture, 0);
  ls_fake_clock_advance (fixture->clock, LIFE * 9 / 10);
  ls_engine_timer (fixture->engine, LS_TIMER_REFRESH);
  read_again (fixture);
  ls_engine_fixture_assert_wants (fixture, LS_COMMAND_REFRESH_TOKENS);
  give_tokens (fixture);
  command = ls_engine_fixture_take (fixture, LS_COMMAND_SEND);
  g_assert_cmpint (command->message->kind, ==, LS_MESSAGE_AUTH);
  g_assert_cmpstr (command->message->token, ==, ls_engine_get_session (fixture->engine)->access);
  g_assert_cmpint (get_state (fixture), ==, LS_STATE_LIVE);
}

/* However many ask for it at once, and in whatever way: one is under way at a time. */
static void
test_single_flight (LsEngineFixture *fixture, gconstpointer data)
{
  go_live (fixture, 0);
  ls_engine_timer (fixture->engine, LS_TIMER_REFRESH);
  for (guint i = 0; i < 50; i++)
    {
      ls_engine_timer (fixture->engine, LS_TIMER_REFRESH);
      get_closed (fixture, LS_REASON_TOKEN_REFUSED);
      ls_engine_retry_now (fixture->engine);
      g_assert_true (ls_engine_refresh_tokens (fixture->engine));
    }
  read_again (fixture);
  for (guint i = 0; i < 50; i++)
    {
      ls_engine_timer (fixture->engine, LS_TIMER_REFRESH);
      ls_engine_retry_now (fixture->engine);
    }
  ls_engine_fixture_assert_wants (fixture, LS_COMMAND_REFRESH_TOKENS);
  for (guint i = 0; i < 50; i++)
    ls_engine_retry_now (fixture->engine);
  ls_engine_fixture_assert_does_not_want (fixture, LS_COMMAND_REFRESH_TOKENS);
  g_assert_cmpuint (ls_engine_get_counters (fixture->engine)->n_refreshes, ==, 1);
  give_tokens (fixture);
  ls_engine_fixture_connect (fixture, 10);
}

/* Somebody else has refreshed: no need to do so again, and ours are void by now. */
static void
test_newer_in_keyring (LsEngineFixture *fixture, gconstpointer data)
{
  g_autoptr (LsSession) newer = NULL;
  g_autoptr (LsCommand) command = NULL;

  go_live (fixture, 0);
  ls_fake_clock_advance (fixture->clock, LIFE * 9 / 10);
  newer = new_session (fixture, 1000);
  ls_engine_timer (fixture->engine, LS_TIMER_REFRESH);
  ls_engine_fixture_assert_wants (fixture, LS_COMMAND_LOOK_UP_TOKENS);
  ls_engine_tokens (fixture->engine, newer, FALSE);
  command = ls_engine_fixture_take (fixture, LS_COMMAND_SEND);
  g_assert_cmpstr (command->message->token, ==, newer->access);
  g_assert_cmpuint (ls_engine_get_counters (fixture->engine)->n_refreshes, ==, 0);
}

/* What could not be kept is not asked for. As long as the old ones last nobody notices but by the
 * account's state; then the link ends, and comes back when the keyring does. */
static void
test_locked_keyring (LsEngineFixture *fixture, gconstpointer data)
{
  go_live (fixture, 0);
  ls_fake_clock_advance (fixture->clock, LIFE * 9 / 10);
  ls_engine_timer (fixture->engine, LS_TIMER_REFRESH);
  ls_engine_fixture_assert_wants (fixture, LS_COMMAND_LOOK_UP_TOKENS);
  fail (fixture, LS_ERROR, LS_ERROR_LOCKED, "locked");
  g_assert_cmpint (get_account (fixture), ==, LS_ACCOUNT_LOCKED);
  g_assert_cmpint (get_state (fixture), ==, LS_STATE_LIVE);
  g_assert_cmpint (take_delay (fixture, LS_TIMER_REFRESH), >, 0);

  ls_fake_clock_advance (fixture->clock, LIFE);
  ls_engine_timer (fixture->engine, LS_TIMER_EXPIRY);
  g_assert_cmpint (get_state (fixture), ==, LS_STATE_WAITING);
  for (guint i = 0; i < 3; i++)
    {
      g_assert_cmpint (take_delay (fixture, LS_TIMER_ATTEMPT), >, 0);
      ls_fake_clock_advance (fixture->clock, 20000);
      ls_engine_timer (fixture->engine, LS_TIMER_ATTEMPT);
      ls_engine_fixture_assert_wants (fixture, LS_COMMAND_LOOK_UP_TOKENS);
      fail (fixture, LS_ERROR, LS_ERROR_LOCKED, "locked");
      g_assert_cmpint (get_account (fixture), ==, LS_ACCOUNT_LOCKED);
    }
  ls_fake_clock_advance (fixture->clock, 20000);
  ls_engine_timer (fixture->engine, LS_TIMER_ATTEMPT);
  read_again (fixture);
  ls_engine_fixture_assert_wants (fixture, LS_COMMAND_REFRESH_TOKENS);
  give_tokens (fixture);
  g_assert_cmpint (get_account (fixture), ==, LS_ACCOUNT_SIGNED_IN);
  ls_engine_fixture_connect (fixture, 10);
}

/* Memory alone is enough by setting; and a keyring without our tokens is one that takes them. */
static void
test_keyring_without_tokens (LsEngineFixture *fixture, gconstpointer data)
{
  go_live (fixture, 0);
  ls_engine_timer (fixture->engine, LS_TIMER_REFRESH);
  ls_engine_fixture_assert_wants (fixture, LS_COMMAND_LOOK_UP_TOKENS);
  fail (fixture, LS_ERROR, LS_ERROR_NOT_FOUND, "none");
  ls_engine_fixture_assert_wants (fixture, LS_COMMAND_REFRESH_TOKENS);
  give_tokens (fixture);

  configure (fixture, "http://server", TRUE);
  ls_fake_clock_advance (fixture->clock, LIFE * 9 / 10);
  ls_engine_timer (fixture->engine, LS_TIMER_REFRESH);
  ls_engine_fixture_assert_wants (fixture, LS_COMMAND_LOOK_UP_TOKENS);
  fail (fixture, LS_ERROR, LS_ERROR_LOCKED, "locked");
  ls_engine_fixture_assert_wants (fixture, LS_COMMAND_REFRESH_TOKENS);
  give_tokens (fixture);
  g_assert_cmpint (get_account (fixture), ==, LS_ACCOUNT_SIGNED_IN);
}

/* Only a keyring that says so holds nothing: any other trouble is no reason to sign in again. */
static void
test_broken_keyring (LsEngineFixture *fixture, gconstpointer data)
{
  g_autoptr (LsUser) user = ls_user_new ("u", NULL, LS_ROLE_STUDENT, LS_EXTRA_ROLE_NONE);
  LsStoreState state = { .cursor = ls_cursor_new ("e", 10) };

  ls_engine_set_account (fixture->engine, user, &state, NULL);
  ls_engine_fixture_assert_wants (fixture, LS_COMMAND_LOOK_UP_TOKENS);
  fail (fixture, LS_ERROR, LS_ERROR_FAILED, "broken");
  g_assert_cmpint (get_account (fixture), ==, LS_ACCOUNT_LOCKED);
  g_assert_cmpint (take_delay (fixture, LS_TIMER_ATTEMPT), >, 0);
  ls_engine_timer (fixture->engine, LS_TIMER_ATTEMPT);
  ls_engine_fixture_assert_wants (fixture, LS_COMMAND_LOOK_UP_TOKENS);
  fail (fixture, LS_ERROR, LS_ERROR_NOT_FOUND, "none");
  g_assert_cmpint (get_account (fixture), ==, LS_ACCOUNT_EXPIRED);
}

/* The server has no room for a refresh for longer than the token lasts. We end the link ourselves, and
 * do not come back earlier than it said. */
static void
test_ends_at_expiry (LsEngineFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = ls_link_error_new (LS_REASON_RATE_LIMITED, 429, HOUR, "busy");

  go_live (fixture, 0);
  ls_fake_clock_advance (fixture->clock, LIFE * 9 / 10);
  ls_engine_timer (fixture->engine, LS_TIMER_REFRESH);
  read_again (fixture);
  ls_engine_fixture_assert_wants (fixture, LS_COMMAND_REFRESH_TOKENS);
  ls_engine_tokens_failed (fixture->engine, error);
  g_assert_cmpint (get_state (fixture), ==, LS_STATE_LIVE);
  g_assert_cmpint (take_delay (fixture, LS_TIMER_EXPIRY), ==, LIFE / 10 + 1000);

  ls_fake_clock_advance (fixture->clock, LIFE / 10 + 1000);
  ls_engine_timer (fixture->engine, LS_TIMER_EXPIRY);
  g_assert_cmpint (get_state (fixture), ==, LS_STATE_WAITING);
  g_assert_cmpint (ls_engine_get_status (fixture->engine)->reason, ==, LS_REASON_TOKEN_REFUSED);
  g_assert_cmpint (take_delay (fixture, LS_TIMER_ATTEMPT), >=, HOUR - LIFE / 10 - 1000);
}

/* A token that is renewed in time ends nothing. */
static void
test_expiry_of_an_older_token (LsEngineFixture *fixture, gconstpointer data)
{
  go_live (fixture, 0);
  ls_fake_clock_advance (fixture->clock, LIFE * 9 / 10);
  ls_engine_timer (fixture->engine, LS_TIMER_REFRESH);
  read_again (fixture);
  ls_engine_fixture_assert_wants (fixture, LS_COMMAND_REFRESH_TOKENS);
  give_tokens (fixture);
  ls_fake_clock_advance (fixture->clock, LIFE / 10 + 1000);
  ls_engine_timer (fixture->engine, LS_TIMER_EXPIRY);
  g_assert_cmpint (get_state (fixture), ==, LS_STATE_LIVE);
}

/* A refused refresh: one sign of it, and nothing is tried until somebody signs in. */
static void
test_refused_refresh (LsEngineFixture *fixture, gconstpointer data)
{
  go_live (fixture, 0);
  get_closed (fixture, LS_REASON_TOKEN_REFUSED);
  read_again (fixture);
  ls_engine_fixture_assert_wants (fixture, LS_COMMAND_REFRESH_TOKENS);
  fail (fixture, LS_LINK_ERROR, LS_REASON_TOKEN_REFUSED, "revoked");
  g_assert_cmpint (get_account (fixture), ==, LS_ACCOUNT_EXPIRED);
  g_assert_cmpint (get_state (fixture), ==, LS_STATE_WAITING);
  ls_engine_fixture_assert_wants (fixture, LS_COMMAND_TELL_ACCOUNT);
  ls_fake_clock_advance (fixture->clock, 24 * HOUR);
  ls_engine_timer (fixture->engine, LS_TIMER_REFRESH);
  ls_engine_timer (fixture->engine, LS_TIMER_EXPIRY);
  g_assert_null (ls_engine_take_command (fixture->engine));
}

/* Another user's tokens are not used, by polling or on the socket: as after a refused refresh, nothing is tried
 * until somebody signs in. */
static void
test_of_another (LsEngineFixture *fixture, gconstpointer data)
{
  const gboolean named_beside = GPOINTER_TO_INT (data);
  g_autofree char *access = g_strdup_printf ("%" G_GINT64_FORMAT "%s", get_server_time (fixture),
                                             named_beside ? "" : "@ben");
  g_autoptr (LsSession) theirs = ls_session_new (access, "refresh");
  g_autofree char *ours = NULL;

  go_live (fixture, 0);
  ours = g_strdup (ls_engine_get_session (fixture->engine)->access);
  ls_fake_clock_advance (fixture->clock, LIFE * 9 / 10);
  ls_engine_timer (fixture->engine, LS_TIMER_REFRESH);
  read_again (fixture);
  ls_engine_fixture_assert_wants (fixture, LS_COMMAND_REFRESH_TOKENS);
  if (named_beside)
    theirs->user = ls_user_new ("ben", NULL, LS_ROLE_STUDENT, LS_EXTRA_ROLE_NONE);
  ls_engine_tokens (fixture->engine, theirs, TRUE);

  g_assert_cmpstr (ls_engine_get_session (fixture->engine)->access, ==, ours);
  g_assert_cmpint (get_account (fixture), ==, LS_ACCOUNT_EXPIRED);
  g_assert_cmpint (get_state (fixture), ==, LS_STATE_WAITING);
  g_assert_cmpint (ls_engine_get_status (fixture->engine)->reason, ==, LS_REASON_TOKEN_REFUSED);
  ls_engine_fixture_assert_does_not_want (fixture, LS_COMMAND_SEND);
  ls_fake_clock_advance (fixture->clock, 24 * HOUR);
  ls_engine_timer (fixture->engine, LS_TIMER_REFRESH);
  g_assert_null (ls_engine_take_command (fixture->engine));
}

/* Fresh tokens that are refused at once are not a reason to ask for fresher ones. */
static void
test_refused_fresh_tokens (LsEngineFixture *fixture, gconstpointer data)
{
  go_live (fixture, 0);
  ls_engine_timer (fixture->engine, LS_TIMER_REFRESH);
  read_again (fixture);
  give_tokens (fixture);
  get_closed (fixture, LS_REASON_TOKEN_REFUSED);
  g_assert_cmpint (get_state (fixture), ==, LS_STATE_WAITING);
  ls_engine_fixture_assert_does_not_want (fixture, LS_COMMAND_LOOK_UP_TOKENS);
}

/* ... not even if they were good enough for a welcome. */
static void
test_refused_young_tokens (LsEngineFixture *fixture, gconstpointer data)
{
  go_live (fixture, 0);
  get_closed (fixture, LS_REASON_TOKEN_REFUSED);
  read_again (fixture);
  give_tokens (fixture);
  for (guint i = 0; i < 4; i++)
    {
      ls_engine_fixture_connect (fixture, 10);
      get_closed (fixture, LS_REASON_TOKEN_REFUSED);
      g_assert_cmpint (get_state (fixture), ==, LS_STATE_WAITING);
      ls_engine_fixture_assert_does_not_want (fixture, LS_COMMAND_LOOK_UP_TOKENS);
      ls_fake_clock_advance (fixture->clock, 14000);
      ls_engine_timer (fixture->engine, LS_TIMER_ATTEMPT);
    }
  ls_engine_fixture_connect (fixture, 10);
  ls_fake_clock_advance (fixture->clock, 4000);
  get_closed (fixture, LS_REASON_TOKEN_REFUSED);
  read_again (fixture);
  ls_engine_fixture_assert_wants (fixture, LS_COMMAND_REFRESH_TOKENS);
}

/* Whatever happens meanwhile: a refresh that has to wait is not forgotten. */
static void
test_pause_while_connected (LsEngineFixture *fixture, gconstpointer data)
{
  go_live (fixture, 0);
  ls_engine_timer (fixture->engine, LS_TIMER_REFRESH);
  read_again (fixture);
  give_tokens (fixture);
  ls_fake_clock_advance (fixture->clock, 5000);
  g_assert_true (ls_engine_refresh_tokens (fixture->engine));
  g_assert_cmpint (take_delay (fixture, LS_TIMER_REFRESH), ==, 15000);
  /* The link is cut and comes back, which arms everything anew, but for an attempt that waits. */
  get_closed (fixture, LS_REASON_SERVER_UNREACHABLE);
  ls_engine_retry_now (fixture->engine);
  ls_engine_fixture_assert_does_not_want (fixture, LS_COMMAND_OPEN);
  ls_fake_clock_advance (fixture->clock, 15000);
  ls_engine_timer (fixture->engine, LS_TIMER_REFRESH);
  read_again (fixture);
  ls_engine_fixture_assert_wants (fixture, LS_COMMAND_REFRESH_TOKENS);
}

/* A server that does not get a refresh done is not asked more often than three times a minute, whoever is
 * impatient. */
static void
test_pause (LsEngineFixture *fixture, gconstpointer data)
{
  guint64 n;

  go_live (fixture, 0);
  ls_fake_clock_advance (fixture->clock, LIFE);
  get_closed (fixture, LS_REASON_TOKEN_REFUSED);
  read_again (fixture);
  n = ls_engine_get_counters (fixture->engine)->n_refreshes;
  g_assert_cmpuint (n, ==, 1);
  for (guint i = 0; i < 60; i++)
    {
      g_autoptr (LsCommand) look = NULL;

      fail (fixture, LS_LINK_ERROR, LS_REASON_SERVER_UNREACHABLE, "no route");
      ls_fake_clock_advance (fixture->clock, 1000);
      ls_engine_retry_now (fixture->engine);
      ls_engine_timer (fixture->engine, LS_TIMER_REFRESH);
      look = ls_engine_fixture_take (fixture, LS_COMMAND_LOOK_UP_TOKENS);
      if (look != NULL)
        fail (fixture, LS_ERROR, LS_ERROR_NOT_FOUND, "none");
    }
  n = ls_engine_get_counters (fixture->engine)->n_refreshes;
  g_assert_cmpuint (n, ==, 4);
}

static void
set_wrong_clock (LsEngineFixture *fixture, gint64 wrong)
{
  gint64 right = get_server_time (fixture) - ls_clock_get_wall (LS_CLOCK (fixture->clock));

  ls_fake_clock_jump_wall (fixture->clock, right + wrong);
}

/* Tokens from the keyring are as old as they are by the server's clock, once it has told it. Until then
 * a clock that is ahead costs a refresh, one. */
static void
test_wrong_clock (LsEngineFixture *fixture, gconstpointer data)
{
  const gint64 wrong = *(const gint64 *)data;
  gint64 offset = 0;
  gint64 delay;

  configure (fixture, "http://other", FALSE);
  g_assert_false (ls_engine_get_clock_offset (fixture->engine, &offset));
  set_wrong_clock (fixture, wrong);
  begin (fixture, LIFE / 10);
  if (wrong > 0)
    {
      read_again (fixture);
      ls_engine_fixture_assert_wants (fixture, LS_COMMAND_REFRESH_TOKENS);
      give_tokens (fixture);
    }
  ls_engine_fixture_connect (fixture, 10);
  receive (fixture, LS_MESSAGE_PONG, get_server_time (fixture));
  delay = take_delay (fixture, LS_TIMER_REFRESH);
  if (wrong <= 0)
    {
      g_assert_cmpint (delay, >=, LIFE * 6 / 10);
      g_assert_cmpint (delay, <=, LIFE * 8 / 10);
    }
  g_assert_true (ls_engine_get_clock_offset (fixture->engine, &offset));
  g_assert_cmpint (offset, ==, -wrong);

  /* What it says later changes nothing of this token, be it nonsense. */
  receive (fixture, LS_MESSAGE_PONG, get_server_time (fixture) + LIFE);
  g_assert_cmpint (take_delay (fixture, LS_TIMER_REFRESH), ==, -1);
  g_assert_cmpuint (ls_engine_get_counters (fixture->engine)->n_refreshes, ==, wrong > 0 ? 1 : 0);
}

/* The tokens of before a restart are in order once the server has told its time over HTTP, too. */
static void
test_server_time_of_an_answer (LsEngineFixture *fixture, gconstpointer data)
{
  configure (fixture, "http://other", FALSE);
  set_wrong_clock (fixture, YEAR_1970);
  begin (fixture, LIFE / 2);
  g_assert_cmpint (take_delay (fixture, LS_TIMER_REFRESH), >=, LIFE * 7 / 10);
  ls_engine_server_time (fixture->engine, get_server_time (fixture));
  g_assert_cmpint (take_delay (fixture, LS_TIMER_REFRESH), <=, LIFE * 4 / 10);
  ls_engine_server_time (fixture->engine, 0);
  g_assert_null (ls_engine_take_command (fixture->engine));
}

static void
add (const char *path, void (*test) (LsEngineFixture *, gconstpointer), gconstpointer data)
{
  g_test_add (path, LsEngineFixture, data, ls_engine_fixture_set_up, test,
              ls_engine_fixture_tear_down);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  add ("/core/engine-tokens/refresh", test_refresh, NULL);
  add ("/core/engine-tokens/single-flight", test_single_flight, NULL);
  add ("/core/engine-tokens/newer-in-keyring", test_newer_in_keyring, NULL);
  add ("/core/engine-tokens/locked-keyring", test_locked_keyring, NULL);
  add ("/core/engine-tokens/keyring-without-tokens", test_keyring_without_tokens, NULL);
  add ("/core/engine-tokens/broken-keyring", test_broken_keyring, NULL);
  add ("/core/engine-tokens/ends-at-expiry", test_ends_at_expiry, NULL);
  add ("/core/engine-tokens/expiry-of-an-older-token", test_expiry_of_an_older_token, NULL);
  add ("/core/engine-tokens/refused-refresh", test_refused_refresh, NULL);
  add ("/core/engine-tokens/of-another/by-the-token", test_of_another, GINT_TO_POINTER (FALSE));
  add ("/core/engine-tokens/of-another/beside-it", test_of_another, GINT_TO_POINTER (TRUE));
  add ("/core/engine-tokens/refused-fresh-tokens", test_refused_fresh_tokens, NULL);
  add ("/core/engine-tokens/refused-young-tokens", test_refused_young_tokens, NULL);
  add ("/core/engine-tokens/pause", test_pause, NULL);
  add ("/core/engine-tokens/pause/while-connected", test_pause_while_connected, NULL);
  add ("/core/engine-tokens/server-time-of-an-answer", test_server_time_of_an_answer, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (wrong_clocks); i++)
    {
      g_autofree char *path = g_strdup_printf ("/core/engine-tokens/wrong-clock/%u", i);

      add (path, test_wrong_clock, &wrong_clocks[i]);
    }
  return g_test_run ();
}
