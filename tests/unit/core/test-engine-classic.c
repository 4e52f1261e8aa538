/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-classic.h"
#include "ls-engine-fixture.h"
#include "ls-link-error.h"

#define SECOND G_GINT64_CONSTANT (1000)
#define MINUTE (60 * SECOND)
#define BIT(entity) (1u << LS_ENTITY_##entity)

/*
 * An engine at the classic system. What the disk is asked for is done at once unless it is slow; what
 * the server is asked for waits for the test.
 */
typedef struct
{
  LsEngineFixture base;
  gboolean is_slow; /* the disk */
  gboolean is_full; /* the table of announcements: there may be more than a poll has */

  /* What is under way */
  gboolean opening;
  gboolean refreshing;
  LsCommand *request; /* (owned) (nullable): to the server */
  GQueue writing;     /* (element-type LsCommand) (owned): to the disk, if that is slow */

  /* What there was since the last look */
  guint n_subscribed;
  guint n_refreshes;
  guint n_puts;
  guint n_told; /* events */
  gboolean synced;
  GError *sync_error;
  char *sight; /* the last that went to the disk */
} Fixture;

static void
finish (Fixture *f, const LsCommand *command)
{
  g_autoptr (LsCommit) commit = ls_commit_new ();

  commit->entity = command->entity;
  f->n_puts++;
  ls_engine_finished_snapshot (f->base.engine, command->run, command->cursor, commit);
}

static void
write_down (Fixture *f, const LsCommand *command)
{
  if (command->kind == LS_COMMAND_STAGE)
    {
      ls_engine_staged (f->base.engine, command->run);
    }
  else if (command->kind == LS_COMMAND_FINISH_SNAPSHOT)
    {
      finish (f, command);
    }
  else
    {
      f->n_told += command->change_set->events->len;
      if (command->change_set->sight != NULL)
        {
          g_free (f->sight);
          f->sight = g_strdup (command->change_set->sight);
        }
      ls_engine_committed (f->base.engine, ls_commit_new ());
    }
}

static void
ask_disk (Fixture *f, LsCommand *command)
{
  g_autoptr (LsCommand) owned = command;

  if (!f->is_slow)
    {
      write_down (f, command);
      return;
    }
  g_queue_push_tail (&f->writing, g_steal_pointer (&owned));
}

/* Before a refresh; tokens that there are none of yet wait for the test. */
static void
find_no_newer_tokens (Fixture *f)
{
  g_autoptr (GError) error = g_error_new (LS_ERROR, LS_ERROR_NOT_FOUND, "none");

  if (ls_engine_get_session (f->base.engine) != NULL)
    ls_engine_tokens_failed (f->base.engine, error);
}

static void
carry_out (Fixture *f, LsCommand *command)
{
  g_autoptr (LsCommand) owned = command;

  switch ((guint)command->kind)
    {
    case LS_COMMAND_OPEN:
      f->opening = TRUE;
      break;
    case LS_COMMAND_HANG_UP:
      f->opening = FALSE;
      g_clear_pointer (&f->request, ls_command_free);
      break;
    case LS_COMMAND_LOOK_UP_TOKENS:
      find_no_newer_tokens (f);
      break;
    case LS_COMMAND_REFRESH_TOKENS:
      f->refreshing = TRUE;
      f->n_refreshes++;
      break;
    case LS_COMMAND_SEND:
      f->n_subscribed += command->message->kind == LS_MESSAGE_SUBSCRIBE;
      break;
    case LS_COMMAND_POLL:
    case LS_COMMAND_LIST:
    case LS_COMMAND_FETCH_UPDATES:
    case LS_COMMAND_FETCH_SNAPSHOT:
      g_clear_pointer (&f->request, ls_command_free);
      f->request = g_steal_pointer (&owned);
      break;
    case LS_COMMAND_STAGE:
    case LS_COMMAND_FINISH_SNAPSHOT:
    case LS_COMMAND_COMMIT:
      ask_disk (f, g_steal_pointer (&owned));
      break;
    case LS_COMMAND_ARM:
      f->base.at[command->timer] = command->at;
      break;
    case LS_COMMAND_DISARM:
      f->base.at[command->timer] = 0;
      break;
    case LS_COMMAND_TELL_SYNCED:
      f->synced = TRUE;
      g_clear_error (&f->sync_error);
      f->sync_error = g_steal_pointer (&command->error);
      break;
    default:
      break;
    }
}

static void
settle (Fixture *f)
{
  LsCommand *command;

  while ((command = ls_engine_take_command (f->base.engine)) != NULL)
    carry_out (f, command);
}

/* A slow disk is done with the oldest that it was asked for. Returns: what that was */
static LsCommandKind
write_next (Fixture *f)
{
  g_autoptr (LsCommand) command = g_queue_pop_head (&f->writing);

  g_assert_nonnull (command);
  write_down (f, command);
  settle (f);
  return command->kind;
}

static const LsStatus *
status_of (Fixture *f)
{
  return ls_engine_get_status (f->base.engine);
}

#define assert_state(f, state_, reason_)                                                           \
  G_STMT_START                                                                                     \
  {                                                                                                \
    g_assert_cmpstr (ls_state_to_string (status_of (f)->state), ==,                                \
                     ls_state_to_string (LS_STATE_##state_));                                      \
    g_assert_cmpstr (ls_reason_to_string (status_of (f)->reason), ==,                              \
                     ls_reason_to_string (LS_REASON_##reason_));                                   \
  }                                                                                                \
  G_STMT_END

static void
assert_asked (Fixture *f, LsCommandKind kind)
{
  g_assert_nonnull (f->request);
  g_assert_cmpint (f->request->kind, ==, kind);
}

static void
assert_not_asked (Fixture *f)
{
  g_assert_null (f->request);
}

static gint64
delay_of (Fixture *f, LsTimer timer)
{
  return ls_engine_fixture_get_delay (&f->base, timer);
}

static void
ring (Fixture *f, LsTimer timer)
{
  ls_engine_fixture_ring (&f->base, timer);
  settle (f);
}

static void
wait_for (Fixture *f, gint64 duration)
{
  ls_fake_clock_advance (f->base.clock, duration);
}

/* The server */

static void
open_socket (Fixture *f)
{
  g_assert_true (f->opening);
  f->opening = FALSE;
  ls_engine_opened (f->base.engine, LS_PROTOCOL_CLASSIC);
  settle (f);
}

static void
close_socket (Fixture *f)
{
  g_autoptr (GError) error = ls_link_error_new (LS_REASON_SERVER_UNREACHABLE, 1006, 0, "cut");

  ls_engine_closed (f->base.engine, error);
  settle (f);
}

static void
refuse_socket (Fixture *f)
{
  g_autoptr (GError) error = ls_link_error_new (LS_REASON_UPGRADE_REFUSED, 404, 0, "no");

  g_assert_true (f->opening);
  f->opening = FALSE;
  ls_engine_open_failed (f->base.engine, error);
  settle (f);
}

/* Answers a poll with one announcement, in a school with other machines. */
static void
answer_poll (Fixture *f, guint n_others)
{
  g_autoptr (LsPoll) poll = ls_poll_new ();
  g_autoptr (LsCommand) request = g_steal_pointer (&f->request);
  LsTableRows *rows = ls_table_rows_new ();

  g_assert_nonnull (request);
  g_assert_cmpint (request->kind, ==, LS_COMMAND_POLL);
  g_ptr_array_add (rows->rows, ls_row_new (LS_ENTITY_ANNOUNCEMENT, "a1", "{\"id\":\"a1\"}", 0));
  rows->n_sent = f->is_full ? 100 : 1;
  poll->tables[LS_ENTITY_ANNOUNCEMENT] = rows;
  /* of our own there have been some, at most so many */
  poll->quota = (LsQuota) { .limit = 100, .remaining = n_others > 0 ? 96 - n_others : 100 };
  ls_engine_polled (f->base.engine, request->run, poll);
  settle (f);
}

static void
answer_list (Fixture *f)
{
  g_autoptr (LsListing) listing = ls_listing_new ();
  g_autoptr (LsCommand) request = g_steal_pointer (&f->request);

  g_assert_nonnull (request);
  g_assert_cmpint (request->kind, ==, LS_COMMAND_LIST);
  ls_engine_listed (f->base.engine, request->run, listing);
  settle (f);
}

static void
refuse (Fixture *f, LsReason reason, guint status, gint64 retry_after)
{
  g_autoptr (GError) error = ls_link_error_new (reason, status, retry_after, "no");
  g_autoptr (LsCommand) request = g_steal_pointer (&f->request);

  g_assert_nonnull (request);
  if (request->kind == LS_COMMAND_LIST)
    ls_engine_list_failed (f->base.engine, request->run, error);
  else
    ls_engine_fetch_failed (f->base.engine, request->run, error);
  settle (f);
}

static void
refuse_busy (Fixture *f)
{
  refuse (f, LS_REASON_RATE_LIMITED, 429, 5 * SECOND);
}

static void
answer_refresh (Fixture *f)
{
  g_autoptr (LsSession) session = ls_engine_fixture_issue_token (&f->base);

  g_assert_true (f->refreshing);
  f->refreshing = FALSE;
  ls_engine_tokens (f->base.engine, session, TRUE);
  settle (f);
}

static void
refuse_refresh (Fixture *f, LsReason reason, gint64 retry_after)
{
  g_autoptr (GError) error = ls_link_error_new (reason, 429, retry_after, "no");

  g_assert_true (f->refreshing);
  f->refreshing = FALSE;
  ls_engine_tokens_failed (f->base.engine, error);
  settle (f);
}

static void
pong (Fixture *f, gint64 timestamp)
{
  g_autoptr (LsMessage) message = ls_message_new (LS_MESSAGE_PONG);

  message->timestamp = timestamp;
  ls_engine_message (f->base.engine, message);
  settle (f);
}

static void
push (Fixture *f, const char *type, const char *id, const char *data)
{
  g_autoptr (LsMessage) message = ls_message_new (LS_MESSAGE_EVENTS);

  message->events = ls_event_array_new ();
  g_ptr_array_add (message->events, ls_event_new (ls_event_type_from_string (type), id, data));
  ls_engine_message (f->base.engine, message);
  settle (f);
}

/* Anna has signed in; announcements and grades are followed. */
static void
set_up_with (Fixture *f, gboolean websocket)
{
  static const LsStoreState nothing = { 0 };
  g_autoptr (LsConfig) config = ls_config_new ();
  g_autoptr (LsSession) session = NULL;

  config->server = g_strdup ("http://server");
  config->entities = BIT (ANNOUNCEMENT) | BIT (GRADE);
  config->websocket = websocket;
  ls_engine_fixture_init (&f->base, config);
  session = ls_engine_fixture_issue_token (&f->base);
  ls_engine_fixture_sign_in (&f->base, &nothing, session);
  settle (f);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  set_up_with (f, TRUE);
}

static void
set_up_without_socket (Fixture *f, gconstpointer data)
{
  set_up_with (f, FALSE);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  ls_engine_fixture_tear_down (&f->base, data);
  g_clear_pointer (&f->request, ls_command_free);
  g_queue_clear_full (&f->writing, (GDestroyNotify)ls_command_free);
  g_clear_error (&f->sync_error);
  g_free (f->sight);
}

/* The run after a sign-in: the table that tells which grades are hers; the poll; and as it has no
 * grades, their list. */
static void
first_run (Fixture *f, guint n_others)
{
  g_assert_cmpstr (f->request->table, ==, "students");
  answer_list (f);
  answer_poll (f, n_others);
  g_assert_cmpstr (f->request->table, ==, "grades");
  answer_list (f);
  assert_not_asked (f);
}

static void
go_live (Fixture *f, guint n_others)
{
  open_socket (f);
  first_run (f, n_others);
  assert_state (f, LIVE, NONE);
}

/* An open socket says nothing of what is missing: the poll does. */
static void
test_live (Fixture *f, gconstpointer data)
{
  gint64 confirmed_at;

  open_socket (f);
  assert_state (f, CONNECTING, NONE);
  g_assert_cmpuint (f->n_subscribed, ==, 6);
  g_assert_cmpint (f->base.at[LS_TIMER_OPEN_DEADLINE], ==, 0);
  pong (f, 0);
  assert_state (f, CONNECTING, NONE);
  first_run (f, 0);
  assert_state (f, LIVE, NONE);
  g_assert_cmpint (status_of (f)->protocol, ==, LS_PROTOCOL_CLASSIC);
  g_assert_cmpint (status_of (f)->transport, ==, LS_TRANSPORT_KIND_WEBSOCKET);
  g_assert_cmpint (status_of (f)->next_attempt_at, ==, 0);
  g_assert_cmpuint (f->n_puts, ==, 2);
  g_assert_nonnull (f->sight);
  confirmed_at = status_of (f)->confirmed_at;

  /* twice the polling interval, as there is a socket */
  g_assert_cmpint (delay_of (f, LS_TIMER_POLL), >=, 48 * SECOND);
  g_assert_cmpint (delay_of (f, LS_TIMER_POLL), <=, 72 * SECOND);
  pong (f, 0);
  ring (f, LS_TIMER_POLL);
  g_assert_cmpint (status_of (f)->confirmed_at, ==, confirmed_at);
  answer_poll (f, 0);
  g_assert_cmpint (status_of (f)->confirmed_at, >, confirmed_at);
  g_assert_cmpuint (f->n_puts, ==, 2);
  assert_state (f, LIVE, NONE);
}

/* The socket is up and polls are not answered: after two intervals that is not live any more. */
static void
test_unanswered (Fixture *f, gconstpointer data)
{
  go_live (f, 0);
  g_assert_cmpint (delay_of (f, LS_TIMER_STALE), ==, 120 * SECOND);
  ring (f, LS_TIMER_POLL);
  pong (f, 0);
  g_assert_cmpint (f->base.at[LS_TIMER_STALE] - ls_clock_get_monotonic (LS_CLOCK (f->base.clock)),
                   >, 0);
  ring (f, LS_TIMER_STALE);
  assert_state (f, WAITING, SERVER_UNREACHABLE);
  assert_not_asked (f);
  g_assert_cmpint (f->base.at[LS_TIMER_STALE], ==, 0);
}

static void
test_poll_fails (Fixture *f, gconstpointer data)
{
  go_live (f, 0);
  ring (f, LS_TIMER_POLL);
  refuse (f, LS_REASON_SERVER_UNREACHABLE, 500, 0);
  assert_state (f, WAITING, SERVER_UNREACHABLE);
  ring (f, LS_TIMER_ATTEMPT);
  open_socket (f);
  assert_asked (f, LS_COMMAND_POLL);
}

/* No room for a poll: the next turn is soon enough. Only two intervals without any end it. */
static void
test_no_room_for_a_poll (Fixture *f, gconstpointer data)
{
  go_live (f, 0);
  ring (f, LS_TIMER_POLL);
  refuse_busy (f);
  assert_state (f, LIVE, NONE);
  g_assert_cmpint (delay_of (f, LS_TIMER_POLL), <=, 130 * SECOND);
  g_assert_cmpint (delay_of (f, LS_TIMER_STALE), <=, 240 * SECOND);
  ring (f, LS_TIMER_POLL);
  refuse_busy (f);
  assert_state (f, LIVE, NONE);
  ring (f, LS_TIMER_STALE);
  assert_state (f, WAITING, RATE_LIMITED);
}

/* Not live yet, there is nothing to bear it with. */
static void
test_no_room_at_first (Fixture *f, gconstpointer data)
{
  open_socket (f);
  answer_list (f);
  refuse_busy (f);
  assert_state (f, WAITING, RATE_LIMITED);
  g_assert_cmpint (delay_of (f, LS_TIMER_ATTEMPT), >=, 5 * SECOND);
}

/* Where there is room, whoever comes back looks at once what was missed, and subscribes anew. */
static void
test_reconnects (Fixture *f, gconstpointer data)
{
  go_live (f, 0);
  f->n_subscribed = 0;
  close_socket (f);
  assert_state (f, WAITING, SERVER_UNREACHABLE);
  ring (f, LS_TIMER_ATTEMPT);
  open_socket (f);
  assert_state (f, CONNECTING, SERVER_UNREACHABLE);
  g_assert_cmpuint (f->n_subscribed, ==, 6);
  answer_poll (f, 0);
  assert_state (f, LIVE, NONE);
}

/* Where there is none, what was polled lately has to do until the next turn. */
static void
test_reconnects_in_a_crowd (Fixture *f, gconstpointer data)
{
  go_live (f, 30);
  wait_for (f, 5 * MINUTE);
  close_socket (f);
  ring (f, LS_TIMER_ATTEMPT);
  open_socket (f);
  assert_state (f, LIVE, NONE);
  assert_not_asked (f);
  g_assert_cmpint (delay_of (f, LS_TIMER_POLL), <=, 4 * MINUTE + 10 * SECOND);
  g_assert_cmpint (delay_of (f, LS_TIMER_STALE), <=, 3 * MINUTE);
  ring (f, LS_TIMER_POLL);
  assert_asked (f, LS_COMMAND_POLL);
}

/* With nothing recent the connection waits for its turn, and says until when. */
static void
test_waits_for_its_turn (Fixture *f, gconstpointer data)
{
  gint64 turn;

  go_live (f, 30);
  wait_for (f, 9 * MINUTE);
  close_socket (f);
  ring (f, LS_TIMER_ATTEMPT);
  open_socket (f);
  assert_state (f, WAITING, RATE_LIMITED);
  assert_not_asked (f);
  turn = status_of (f)->next_attempt_at % (4 * MINUTE);
  g_assert_cmpint (turn, <, 15 * SECOND);
  g_assert_cmpint (delay_of (f, LS_TIMER_ATTEMPT), <=, 4 * MINUTE + 15 * SECOND);

  /* somebody pulls the cable: that does not bring the turn forward */
  ls_engine_retry_now (f->base.engine);
  settle (f);
  open_socket (f);
  assert_state (f, WAITING, RATE_LIMITED);
  ring (f, LS_TIMER_ATTEMPT);
  open_socket (f);
  answer_poll (f, 30);
  assert_state (f, LIVE, NONE);
}

/* A turn that was missed is over. */
static void
test_misses_its_turn (Fixture *f, gconstpointer data)
{
  go_live (f, 30);
  wait_for (f, 9 * MINUTE);
  close_socket (f);
  ring (f, LS_TIMER_ATTEMPT);
  open_socket (f);
  assert_state (f, WAITING, RATE_LIMITED);
  wait_for (f, delay_of (f, LS_TIMER_ATTEMPT) + 20 * SECOND);
  ring (f, LS_TIMER_ATTEMPT);
  open_socket (f);
  assert_state (f, WAITING, RATE_LIMITED);
}

/* A user who asks gets a poll, in a crowd, too; but not one after the other. */
static void
test_asked_by_a_user (Fixture *f, gconstpointer data)
{
  go_live (f, 30);
  f->is_full = TRUE;
  wait_for (f, 4 * SECOND);
  ls_engine_sync (f->base.engine);
  settle (f);
  assert_not_asked (f);
  pong (f, 0);
  g_assert_false (f->synced);
  g_assert_cmpint (delay_of (f, LS_TIMER_POLL), ==, 6 * SECOND);
  ring (f, LS_TIMER_POLL);
  answer_poll (f, 30);
  g_assert_false (f->synced); /* and the tables that a poll does not have */
  answer_list (f);
  g_assert_true (f->synced);
  g_assert_no_error (f->sync_error);

  f->synced = FALSE;
  wait_for (f, MINUTE);
  ls_engine_sync (f->base.engine);
  settle (f);
  assert_asked (f, LS_COMMAND_POLL);
  refuse_busy (f);
  g_assert_true (f->synced);
  g_assert_error (f->sync_error, LS_ERROR, LS_ERROR_UNREACHABLE);
  ring (f, LS_TIMER_STALE);
  assert_state (f, WAITING, RATE_LIMITED);

  f->synced = FALSE;
  ls_engine_sync (f->base.engine);
  settle (f);
  open_socket (f);
  answer_poll (f, 30);
  answer_list (f);
  g_assert_true (f->synced);
  assert_state (f, LIVE, NONE);
}

/* Where polls come more often by themselves, nobody waits longer for asking. */
static void
test_asked_between_quick_polls (Fixture *f, gconstpointer data)
{
  g_autoptr (LsConfig) config = ls_config_new ();

  config->server = g_strdup ("http://server");
  config->entities = BIT (ANNOUNCEMENT) | BIT (GRADE);
  config->polling_interval = SECOND;
  ls_engine_set_config (f->base.engine, config);
  go_live (f, 0);
  ls_engine_sync (f->base.engine);
  settle (f);
  assert_not_asked (f);
  g_assert_cmpint (delay_of (f, LS_TIMER_POLL), ==, 2 * SECOND);
  ring (f, LS_TIMER_POLL);
  answer_poll (f, 0);
  g_assert_true (f->synced);
  g_assert_no_error (f->sync_error);
}

/* Turns are taken by the server's clock, which a pong tells. */
static void
test_server_time (Fixture *f, gconstpointer data)
{
  gint64 ahead = 77 * SECOND + 24 * 60 * MINUTE;
  gint64 wall;

  go_live (f, 30);
  pong (f, ls_clock_get_wall (LS_CLOCK (f->base.clock)) + ahead);
  ring (f, LS_TIMER_POLL);
  answer_poll (f, 30);
  wall = ls_clock_get_wall (LS_CLOCK (f->base.clock));
  g_assert_cmpint ((wall + delay_of (f, LS_TIMER_POLL) + ahead) % (4 * MINUTE), <, 10 * SECOND);
}

/* Without a socket nobody says what the server is: it shows by what it does not know. */
static void
test_without_socket (Fixture *f, gconstpointer data)
{
  g_assert_false (f->opening);
  assert_asked (f, LS_COMMAND_FETCH_SNAPSHOT);
  refuse (f, LS_REASON_SERVER_UNREACHABLE, 404, 0);
  first_run (f, 0);
  assert_state (f, POLLING, NONE);
  g_assert_cmpint (status_of (f)->protocol, ==, LS_PROTOCOL_CLASSIC);
  g_assert_cmpint (delay_of (f, LS_TIMER_POLL), >=, 24 * SECOND);
  g_assert_cmpint (delay_of (f, LS_TIMER_POLL), <=, 36 * SECOND);
  ring (f, LS_TIMER_POLL);
  answer_poll (f, 0);
  assert_state (f, POLLING, NONE);
  g_assert_false (f->opening);
  /* nothing to compare, no token, no network: in a crowd it waits like all others */
  ring (f, LS_TIMER_POLL);
  refuse_busy (f);
  assert_state (f, WAITING, RATE_LIMITED);
  ring (f, LS_TIMER_ATTEMPT);
  assert_state (f, WAITING, RATE_LIMITED);
  g_assert_cmpint (status_of (f)->next_attempt_at % (2 * MINUTE), <, 15 * SECOND);
  ring (f, LS_TIMER_ATTEMPT);
  answer_poll (f, 0);
  assert_state (f, POLLING, NONE);
}

/* What answers neither way is neither: the next attempt begins with our own protocol. */
static void
test_neither (Fixture *f, gconstpointer data)
{
  refuse (f, LS_REASON_SERVER_UNREACHABLE, 200, 0);
  answer_list (f);
  refuse (f, LS_REASON_SERVER_UNREACHABLE, 404, 0);
  assert_state (f, WAITING, SERVER_UNREACHABLE);
  g_assert_cmpint (status_of (f)->protocol, ==, LS_PROTOCOL_UNKNOWN);
  ring (f, LS_TIMER_ATTEMPT);
  assert_asked (f, LS_COMMAND_FETCH_SNAPSHOT);
}

/* What was spoken last time is tried first; so is what the answer to a sign-in suggests. */
static void
test_likely (Fixture *f, gconstpointer data)
{
  g_autoptr (LsSession) session = ls_engine_fixture_issue_token (&f->base);
  LsStoreState stored = { .cursor = LS_CLASSIC_CURSOR };

  ls_engine_fixture_sign_in (&f->base, &stored, NULL);
  settle (f);
  ls_engine_tokens (f->base.engine, session, FALSE);
  settle (f);
  assert_asked (f, LS_COMMAND_LIST);

  stored.cursor = LS_CURSOR_NONE;
  session->is_classic = TRUE;
  ls_engine_fixture_sign_in (&f->base, &stored, session);
  settle (f);
  assert_asked (f, LS_COMMAND_LIST);

  stored.cursor = LS_CLASSIC_CURSOR;
  session->is_classic = FALSE;
  ls_engine_fixture_sign_in (&f->base, &stored, session);
  settle (f);
  assert_asked (f, LS_COMMAND_FETCH_SNAPSHOT);
}

/* The school gets labsync-server: what it answers to a poll says so. */
static void
test_becomes_ours (Fixture *f, gconstpointer data)
{
  g_autoptr (LsPoll) poll = ls_poll_new ();
  g_autoptr (LsCommand) request = NULL;

  refuse (f, LS_REASON_SERVER_UNREACHABLE, 404, 0);
  first_run (f, 0);
  ring (f, LS_TIMER_POLL);
  request = g_steal_pointer (&f->request);
  poll->is_ours = TRUE;
  ls_engine_polled (f->base.engine, request->run, poll);
  settle (f);
  assert_state (f, WAITING, SERVER_UNREACHABLE);
  g_assert_cmpint (status_of (f)->protocol, ==, LS_PROTOCOL_UNKNOWN);
  ring (f, LS_TIMER_ATTEMPT);
  assert_asked (f, LS_COMMAND_FETCH_UPDATES);
}

static void
test_becomes_ours_by_socket (Fixture *f, gconstpointer data)
{
  g_autoptr (LsMessage) welcome = ls_message_new (LS_MESSAGE_WELCOME);

  go_live (f, 30);
  close_socket (f);
  ring (f, LS_TIMER_ATTEMPT);
  f->opening = FALSE;
  ls_engine_opened (f->base.engine, LS_PROTOCOL_LABSYNC_V1);
  settle (f);
  assert_not_asked (f);
  welcome->resume = LS_RESUME_SNAPSHOT;
  welcome->cursor = ls_cursor_new ("e", 7);
  ls_engine_message (f->base.engine, welcome);
  settle (f);
  assert_state (f, CONNECTING, SERVER_UNREACHABLE);
  assert_asked (f, LS_COMMAND_FETCH_SNAPSHOT);
  g_assert_cmpint (status_of (f)->protocol, ==, LS_PROTOCOL_LABSYNC_V1);
}

/* The socket can't be had: polls alone, in turn, and it is tried again now and then. */
static void
test_socket_refused (Fixture *f, gconstpointer data)
{
  refuse_socket (f);
  refuse (f, LS_REASON_SERVER_UNREACHABLE, 404, 0);
  first_run (f, 30);
  assert_state (f, POLLING, UPGRADE_REFUSED);
  refuse_socket (f);
  assert_not_asked (f);
  ring (f, LS_TIMER_ATTEMPT);
  assert_state (f, POLLING, UPGRADE_REFUSED);
  open_socket (f);
  assert_state (f, LIVE, NONE);
  assert_not_asked (f);
}

/* Refreshed tokens are refused lists, which is no reason to refresh them. The token of the sign-in is
 * used for them as long as it is good. */
static void
test_lists_refused (Fixture *f, gconstpointer data)
{
  g_autofree char *login = NULL;

  open_socket (f);
  login = g_strdup (ls_engine_get_list_token (f->base.engine));
  first_run (f, 0);
  wait_for (f, 14 * MINUTE);
  ls_engine_timer (f->base.engine, LS_TIMER_REFRESH);
  settle (f);
  answer_refresh (f);
  g_assert_cmpstr (ls_engine_get_list_token (f->base.engine), ==, login);
  g_assert_cmpstr (ls_engine_get_session (f->base.engine)->access, !=, login);
  wait_for (f, MINUTE);
  g_assert_cmpstr (ls_engine_get_list_token (f->base.engine), ==,
                   ls_engine_get_session (f->base.engine)->access);

  f->n_refreshes = 0;
  f->is_full = TRUE;
  ls_engine_sync (f->base.engine);
  settle (f);
  answer_poll (f, 0);
  refuse (f, LS_REASON_TOKEN_REFUSED, 401, 0);
  g_assert_cmpuint (f->n_refreshes, ==, 0);
  g_assert_true (f->synced);
  assert_state (f, LIVE, NONE);
}

/* A token that polls are refused is refreshed once. If there is no room for that, then after a while:
 * neither the old token nor the refresh is tried again at once. */
static void
test_token_refused (Fixture *f, gconstpointer data)
{
  go_live (f, 0);
  ring (f, LS_TIMER_POLL);
  refuse (f, LS_REASON_TOKEN_REFUSED, 401, 0);
  assert_state (f, CONNECTING, TOKEN_REFUSED);
  refuse_refresh (f, LS_REASON_RATE_LIMITED, 20 * SECOND);
  assert_state (f, WAITING, RATE_LIMITED);
  g_assert_false (f->opening);
  g_assert_cmpint (delay_of (f, LS_TIMER_ATTEMPT), >=, 20 * SECOND);
  ring (f, LS_TIMER_ATTEMPT);
  answer_refresh (f);
  open_socket (f);
  g_assert_cmpuint (f->n_refreshes, ==, 2);
}

/* Before it ends the token is refreshed as often as it takes, ever sooner after a refusal, but not more
 * often than three times a minute. */
static void
test_no_room_for_a_refresh (Fixture *f, gconstpointer data)
{
  guint n = 0;

  go_live (f, 0);
  ring (f, LS_TIMER_REFRESH);
  while (status_of (f)->state == LS_STATE_LIVE)
    {
      g_assert_cmpuint (++n, <, 50);
      refuse_refresh (f, LS_REASON_RATE_LIMITED, 10 * SECOND);
      if (status_of (f)->state == LS_STATE_LIVE)
        {
          g_assert_cmpint (delay_of (f, LS_TIMER_REFRESH), >=, 10 * SECOND);
          while (!f->refreshing)
            ring (f, LS_TIMER_REFRESH);
        }
    }
  g_assert_cmpuint (n, >, 2);
  assert_state (f, WAITING, RATE_LIMITED);
  g_assert_cmpint (ls_engine_get_account_state (f->base.engine), ==, LS_ACCOUNT_SIGNED_IN);
  g_assert_cmpint (delay_of (f, LS_TIMER_ATTEMPT), <=, 20 * SECOND);
}

/* The socket brings what is not for her, what is old, and what comes in the midst of a run. */
static void
test_pushed (Fixture *f, gconstpointer data)
{
  go_live (f, 0);
  push (f, "announcement_created", "a2", "{\"id\":\"a2\"}");
  push (f, "announcement_created", "a3", "{\"id\":\"a3\",\"is_active\":0}");
  push (f, "grade_updated", "g1", "{\"id\":\"g1\",\"student_id\":\"s-ben\"}");
  g_assert_cmpuint (f->n_told, ==, 1);
  ring (f, LS_TIMER_POLL);
  push (f, "announcement_updated", "a2", "{\"id\":\"a2\",\"n\":2}");
  g_assert_cmpuint (f->n_told, ==, 1);
  answer_poll (f, 0);
  g_assert_cmpuint (f->n_told, ==, 2);
  g_assert_cmpuint (f->n_puts, ==, 3); /* the announcements are compared whole */
}

/* An app wants more: what can be had is asked for at once, and what can't be had is not asked for
 * again and again. */
static void
test_followed (Fixture *f, gconstpointer data)
{
  go_live (f, 0);
  ls_engine_follow (f->base.engine, BIT (EVENT));
  settle (f);
  answer_poll (f, 0);
  g_assert_cmpstr (f->request->table, ==, "school_events");
  refuse (f, LS_REASON_SERVER_UNREACHABLE, 500, 0);
  assert_not_asked (f);
  ls_engine_follow (f->base.engine, BIT (MESSAGE));
  settle (f);
  assert_not_asked (f);
  ls_engine_unfollow (f->base.engine, BIT (EVENT));
  ls_engine_follow (f->base.engine, BIT (EVENT));
  settle (f);
  assert_not_asked (f);
}

/* Nobody is left waiting for what can't be had. */
static void
test_sync_without_all (Fixture *f, gconstpointer data)
{
  go_live (f, 0);
  ls_engine_follow (f->base.engine, BIT (MESSAGE));
  settle (f);
  wait_for (f, MINUTE);
  ls_engine_sync (f->base.engine);
  settle (f);
  answer_poll (f, 0);
  g_assert_true (f->synced);
}

/* The connection ends while the disk is still busy: what it then has counts, and nothing goes on. */
static void
test_cut_in_a_put (Fixture *f, gconstpointer data)
{
  open_socket (f);
  answer_list (f);
  f->is_slow = TRUE;
  answer_poll (f, 0);
  g_assert_cmpint (write_next (f), ==, LS_COMMAND_STAGE);
  g_assert_cmpint (write_next (f), ==, LS_COMMAND_COMMIT);
  close_socket (f);
  g_assert_cmpint (write_next (f), ==, LS_COMMAND_FINISH_SNAPSHOT);
  g_assert_cmpuint (f->writing.length, ==, 0);
  assert_not_asked (f);

  f->is_slow = FALSE;
  ring (f, LS_TIMER_ATTEMPT);
  open_socket (f);
  f->n_puts = 0;
  answer_poll (f, 0);
  g_assert_cmpuint (f->n_puts, ==, 1); /* once more, as nobody had heard of it */
}

/* Another user has nothing of the last one's, and what is under way for that one is void. */
static void
test_another_user (Fixture *f, gconstpointer data)
{
  static const LsStoreState nothing = { 0 };
  g_autoptr (LsSession) session = ls_engine_fixture_issue_token (&f->base);
  g_autoptr (LsPoll) late = ls_poll_new ();
  guint run;

  go_live (f, 30);
  ring (f, LS_TIMER_POLL);
  run = f->request->run;
  ls_engine_fixture_sign_in (&f->base, &nothing, session);
  settle (f);
  ls_engine_polled (f->base.engine, run, late);
  settle (f);
  assert_state (f, CONNECTING, NONE);
  g_assert_cmpint (status_of (f)->protocol, ==, LS_PROTOCOL_UNKNOWN);
  g_assert_cmpint (status_of (f)->confirmed_at, ==, 0);
  open_socket (f);
  /* the school is as crowded as before */
  assert_state (f, WAITING, RATE_LIMITED);
}

/* Another server has a limit of its own. */
static void
test_another_server (Fixture *f, gconstpointer data)
{
  static const LsStoreState nothing = { 0 };
  g_autoptr (LsSession) session = ls_engine_fixture_issue_token (&f->base);
  g_autoptr (LsConfig) config = ls_config_new ();

  go_live (f, 30);
  config->server = g_strdup ("http://other");
  ls_engine_clear_account (f->base.engine);
  ls_engine_set_config (f->base.engine, config);
  ls_engine_fixture_sign_in (&f->base, &nothing, session);
  settle (f);
  open_socket (f);
  assert_asked (f, LS_COMMAND_LIST);
}

#define ADD(name, set_up_, function)                                                               \
  g_test_add ("/core/engine-classic/" name, Fixture, NULL, set_up_, function, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("live", set_up, test_live);
  ADD ("unanswered", set_up, test_unanswered);
  ADD ("poll-fails", set_up, test_poll_fails);
  ADD ("no-room/for-a-poll", set_up, test_no_room_for_a_poll);
  ADD ("no-room/at-first", set_up, test_no_room_at_first);
  ADD ("no-room/for-a-refresh", set_up, test_no_room_for_a_refresh);
  ADD ("reconnects", set_up, test_reconnects);
  ADD ("turns/reconnects", set_up, test_reconnects_in_a_crowd);
  ADD ("turns/waits", set_up, test_waits_for_its_turn);
  ADD ("turns/misses", set_up, test_misses_its_turn);
  ADD ("turns/asked-by-a-user", set_up, test_asked_by_a_user);
  ADD ("asked-between-quick-polls", set_up, test_asked_between_quick_polls);
  ADD ("turns/server-time", set_up, test_server_time);
  ADD ("without-socket", set_up_without_socket, test_without_socket);
  ADD ("neither", set_up_without_socket, test_neither);
  ADD ("likely", set_up_without_socket, test_likely);
  ADD ("becomes-ours", set_up_without_socket, test_becomes_ours);
  ADD ("becomes-ours-by-socket", set_up, test_becomes_ours_by_socket);
  ADD ("socket-refused", set_up, test_socket_refused);
  ADD ("lists-refused", set_up, test_lists_refused);
  ADD ("token-refused", set_up, test_token_refused);
  ADD ("pushed", set_up, test_pushed);
  ADD ("followed", set_up, test_followed);
  ADD ("sync-without-all", set_up, test_sync_without_all);
  ADD ("cut-in-a-put", set_up, test_cut_in_a_put);
  ADD ("another-user", set_up, test_another_user);
  ADD ("another-server", set_up, test_another_server);
  return g_test_run ();
}
