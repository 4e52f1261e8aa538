/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-classic-engine.h"

#include "ls-link-error.h"

static void
finish (LsClassicEngine *f, const LsCommand *command)
{
  g_autoptr (LsCommit) commit = ls_commit_new ();

  commit->entity = command->entity;
  f->n_puts++;
  ls_engine_finished_snapshot (f->base.engine, command->run, command->cursor, commit);
}

static void
write_down (LsClassicEngine *f, const LsCommand *command)
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
ask_disk (LsClassicEngine *f, LsCommand *command)
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
find_no_newer_tokens (LsClassicEngine *f)
{
  g_autoptr (GError) error = g_error_new (LS_ERROR, LS_ERROR_NOT_FOUND, "none");

  if (ls_engine_get_session (f->base.engine) != NULL)
    ls_engine_tokens_failed (f->base.engine, error);
}

static void
carry_out (LsClassicEngine *f, LsCommand *command)
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

/**
 * ls_classic_engine_settle:
 * @f: a fixture
 *
 * Carries out all that the engine wants; what the server is asked for waits.
 */
void
ls_classic_engine_settle (LsClassicEngine *f)
{
  LsCommand *command;

  while ((command = ls_engine_take_command (f->base.engine)) != NULL)
    carry_out (f, command);
}

/**
 * ls_classic_engine_write_next:
 * @f: a fixture
 *
 * A slow disk is done with the oldest that it was asked for.
 *
 * Returns: what that was
 */
LsCommandKind
ls_classic_engine_write_next (LsClassicEngine *f)
{
  g_autoptr (LsCommand) command = g_queue_pop_head (&f->writing);

  g_assert_nonnull (command);
  write_down (f, command);
  ls_classic_engine_settle (f);
  return command->kind;
}

/**
 * ls_classic_engine_get_status:
 * @f: a fixture
 *
 * Returns: the state of the connection
 */
const LsStatus *
ls_classic_engine_get_status (LsClassicEngine *f)
{
  return ls_engine_get_status (f->base.engine);
}

/**
 * ls_classic_engine_assert_asked:
 * @f: a fixture
 * @kind: of a request
 *
 * The server is asked for one.
 */
void
ls_classic_engine_assert_asked (LsClassicEngine *f, LsCommandKind kind)
{
  g_assert_nonnull (f->request);
  g_assert_cmpint (f->request->kind, ==, kind);
}

/**
 * ls_classic_engine_assert_not_asked:
 * @f: a fixture
 *
 * The server is asked for nothing.
 */
void
ls_classic_engine_assert_not_asked (LsClassicEngine *f)
{
  g_assert_null (f->request);
}

/**
 * ls_classic_engine_get_delay:
 * @f: a fixture
 * @timer: a timer that is armed
 *
 * Returns: when it rings, in milliseconds from now
 */
gint64
ls_classic_engine_get_delay (LsClassicEngine *f, LsTimer timer)
{
  return ls_engine_fixture_get_delay (&f->base, timer);
}

/**
 * ls_classic_engine_ring:
 * @f: a fixture
 * @timer: a timer that is armed
 *
 * Lets the time pass until it rings.
 */
void
ls_classic_engine_ring (LsClassicEngine *f, LsTimer timer)
{
  ls_engine_fixture_ring (&f->base, timer);
  ls_classic_engine_settle (f);
}

/**
 * ls_classic_engine_wait:
 * @f: a fixture
 * @duration: milliseconds
 *
 * Lets time pass, without any timer.
 */
void
ls_classic_engine_wait (LsClassicEngine *f, gint64 duration)
{
  ls_fake_clock_advance (f->base.clock, duration);
}

/* The server */

/**
 * ls_classic_engine_open_socket:
 * @f: a fixture
 *
 * The socket opens, as the classic system's.
 */
void
ls_classic_engine_open_socket (LsClassicEngine *f)
{
  g_assert_true (f->opening);
  f->opening = FALSE;
  ls_engine_opened (f->base.engine, LS_PROTOCOL_CLASSIC);
  ls_classic_engine_settle (f);
}

/**
 * ls_classic_engine_close_socket:
 * @f: a fixture
 *
 * The socket breaks.
 */
void
ls_classic_engine_close_socket (LsClassicEngine *f)
{
  g_autoptr (GError) error = ls_link_error_new (LS_REASON_SERVER_UNREACHABLE, 1006, 0, "cut");

  ls_engine_closed (f->base.engine, error);
  ls_classic_engine_settle (f);
}

/**
 * ls_classic_engine_answer_poll:
 * @f: a fixture
 * @n_others: how many requests of other machines the school had in this minute
 *
 * Answers a poll with one announcement.
 */
void
ls_classic_engine_answer_poll (LsClassicEngine *f, guint n_others)
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
  ls_classic_engine_settle (f);
}

/**
 * ls_classic_engine_answer_list:
 * @f: a fixture
 *
 * Answers a list with nothing.
 */
void
ls_classic_engine_answer_list (LsClassicEngine *f)
{
  g_autoptr (LsListing) listing = ls_listing_new ();
  g_autoptr (LsCommand) request = g_steal_pointer (&f->request);

  g_assert_nonnull (request);
  g_assert_cmpint (request->kind, ==, LS_COMMAND_LIST);
  ls_engine_listed (f->base.engine, request->run, listing);
  ls_classic_engine_settle (f);
}

/**
 * ls_classic_engine_refuse:
 * @f: a fixture
 * @reason: why
 * @status: of HTTP
 * @retry_after: when there is room again, milliseconds from now; 0: the server does not say
 *
 * The server refuses what it is asked for.
 */
void
ls_classic_engine_refuse (LsClassicEngine *f, LsReason reason, guint status, gint64 retry_after)
{
  g_autoptr (GError) error = ls_link_error_new (reason, status, retry_after, "no");
  g_autoptr (LsCommand) request = g_steal_pointer (&f->request);

  g_assert_nonnull (request);
  if (request->kind == LS_COMMAND_LIST)
    ls_engine_list_failed (f->base.engine, request->run, error);
  else
    ls_engine_fetch_failed (f->base.engine, request->run, error);
  ls_classic_engine_settle (f);
}

/**
 * ls_classic_engine_refuse_busy:
 * @f: a fixture
 *
 * The server has no room for what it is asked for.
 */
void
ls_classic_engine_refuse_busy (LsClassicEngine *f)
{
  ls_classic_engine_refuse (f, LS_REASON_RATE_LIMITED, 429, 5 * SECOND);
}

/**
 * ls_classic_engine_answer_refresh:
 * @f: a fixture
 *
 * The server has new tokens.
 */
void
ls_classic_engine_answer_refresh (LsClassicEngine *f)
{
  g_autoptr (LsSession) session = ls_engine_fixture_issue_token (&f->base);

  g_assert_true (f->refreshing);
  f->refreshing = FALSE;
  ls_engine_tokens (f->base.engine, session, TRUE);
  ls_classic_engine_settle (f);
}

/**
 * ls_classic_engine_refuse_refresh:
 * @f: a fixture
 * @reason: why
 * @retry_after: when there is room again, milliseconds from now; 0: the server does not say
 *
 * The server has no new tokens.
 */
void
ls_classic_engine_refuse_refresh (LsClassicEngine *f, LsReason reason, gint64 retry_after)
{
  g_autoptr (GError) error = ls_link_error_new (reason, 429, retry_after, "no");

  g_assert_true (f->refreshing);
  f->refreshing = FALSE;
  ls_engine_tokens_failed (f->base.engine, error);
  ls_classic_engine_settle (f);
}

/**
 * ls_classic_engine_pong:
 * @f: a fixture
 * @timestamp: by the server's clock; 0: it does not say
 *
 * The server answers a ping.
 */
void
ls_classic_engine_pong (LsClassicEngine *f, gint64 timestamp)
{
  g_autoptr (LsMessage) message = ls_message_new (LS_MESSAGE_PONG);

  message->timestamp = timestamp;
  ls_engine_message (f->base.engine, message);
  ls_classic_engine_settle (f);
}

/**
 * ls_classic_engine_set_up:
 * @f: a fixture
 * @data: whether a socket is wanted, as #gboolean
 *
 * Anna has signed in; announcements and grades are followed.
 */
void
ls_classic_engine_set_up (LsClassicEngine *f, gconstpointer data)
{
  static const LsStoreState nothing = { 0 };
  g_autoptr (LsConfig) config = ls_config_new ();
  g_autoptr (LsSession) session = NULL;

  config->server = g_strdup ("http://server");
  config->entities = BIT (ANNOUNCEMENT) | BIT (GRADE);
  config->websocket = GPOINTER_TO_INT (data);
  ls_engine_fixture_init (&f->base, config);
  session = ls_engine_fixture_issue_token (&f->base);
  ls_engine_fixture_sign_in (&f->base, &nothing, session);
  ls_classic_engine_settle (f);
}

/**
 * ls_classic_engine_tear_down:
 * @f: a fixture
 * @data: not used
 *
 * Frees what is in it.
 */
void
ls_classic_engine_tear_down (LsClassicEngine *f, gconstpointer data)
{
  ls_engine_fixture_tear_down (&f->base, data);
  g_clear_pointer (&f->request, ls_command_free);
  g_queue_clear_full (&f->writing, (GDestroyNotify)ls_command_free);
  g_clear_error (&f->sync_error);
  g_free (f->sight);
}

/**
 * ls_classic_engine_first_run:
 * @f: a fixture
 * @n_others: see ls_classic_engine_answer_poll()
 *
 * The run after a sign-in: the table that tells which grades are hers; the poll; and as it has no
 * grades, their list.
 */
void
ls_classic_engine_first_run (LsClassicEngine *f, guint n_others)
{
  g_assert_cmpstr (f->request->table, ==, "students");
  ls_classic_engine_answer_list (f);
  ls_classic_engine_answer_poll (f, n_others);
  g_assert_cmpstr (f->request->table, ==, "grades");
  ls_classic_engine_answer_list (f);
  ls_classic_engine_assert_not_asked (f);
}

/**
 * ls_classic_engine_go_live:
 * @f: a fixture
 * @n_others: see ls_classic_engine_answer_poll()
 *
 * Gets to live by a socket and a run.
 */
void
ls_classic_engine_go_live (LsClassicEngine *f, guint n_others)
{
  ls_classic_engine_open_socket (f);
  ls_classic_engine_first_run (f, n_others);
  ls_classic_engine_assert_state (f, LIVE, NONE);
}
