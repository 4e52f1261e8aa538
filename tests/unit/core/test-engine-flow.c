/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What comes faster than the store takes it waits at the server. */
#include "ls-engine-fixture.h"

/* As many events as a change set holds */
#define MANY 1000

static GPtrArray *
many_events (gint64 after)
{
  GPtrArray *events = ls_event_array_new ();

  for (gint64 offset = after + 1; offset <= after + MANY; offset++)
    {
      LsEvent *event = ls_event_new (ls_event_type_from_string ("grade_updated"), "g", "{}");

      event->offset = offset;
      g_ptr_array_add (events, event);
    }
  return events;
}

/* The next @MANY events come on the socket. */
static void
receive (LsEngineFixture *fixture, gint64 *offset)
{
  g_autoptr (LsMessage) message = ls_message_new (LS_MESSAGE_EVENTS);

  message->prev = ls_cursor_new ("e", *offset);
  message->events = many_events (*offset);
  *offset += MANY;
  message->cursor = ls_cursor_new ("e", *offset);
  ls_engine_message (fixture->engine, message);
}

static void
assert_holds (LsEngineFixture *fixture, gboolean held)
{
  g_autoptr (LsCommand) command = ls_engine_fixture_take (fixture, LS_COMMAND_HOLD);

  g_assert_nonnull (command);
  g_assert_cmpint (command->held, ==, held);
}

/* One change set is with the store and two are ready for it; more is not read. */
static void
get_held (LsEngineFixture *fixture)
{
  gint64 offset = 10;

  for (guint i = 0; i < 3; i++)
    {
      receive (fixture, &offset);
      ls_engine_fixture_assert_does_not_want (fixture, LS_COMMAND_HOLD);
    }
  receive (fixture, &offset);
  assert_holds (fixture, TRUE);
}

static void
test_held_while_behind (LsEngineFixture *fixture, gconstpointer data)
{
  get_held (fixture);
  ls_engine_committed (fixture->engine, ls_commit_new ());
  assert_holds (fixture, FALSE);
  for (guint i = 0; i < 2; i++)
    {
      ls_engine_committed (fixture->engine, ls_commit_new ());
      ls_engine_fixture_assert_does_not_want (fixture, LS_COMMAND_HOLD);
    }
}

/* A new socket is not held before the server has said welcome, and then has to be told anew. */
static void
test_next_socket (LsEngineFixture *fixture, gconstpointer data)
{
  g_autoptr (LsMessage) early = ls_message_new (LS_MESSAGE_PONG);
  g_autoptr (LsMessage) welcome = ls_message_new (LS_MESSAGE_WELCOME);

  welcome->cursor = ls_cursor_new ("e", 10 + 4 * MANY);
  get_held (fixture);
  ls_engine_restart (fixture->engine);
  ls_engine_fixture_assert_wants (fixture, LS_COMMAND_OPEN);
  ls_engine_opened (fixture->engine, LS_PROTOCOL_LABSYNC_V1);
  ls_engine_message (fixture->engine, early);
  ls_engine_fixture_assert_does_not_want (fixture, LS_COMMAND_HOLD);
  ls_engine_message (fixture->engine, welcome);
  assert_holds (fixture, TRUE);
}

/* Its pong may be among what is not read. */
static void
test_held_is_not_dead (LsEngineFixture *fixture, gconstpointer data)
{
  get_held (fixture);
  for (guint i = 0; i < 10; i++)
    {
      ls_fake_clock_advance (fixture->clock, 30000);
      ls_engine_timer (fixture->engine, LS_TIMER_HEARTBEAT);
      ls_engine_fixture_assert_does_not_want (fixture, LS_COMMAND_SEND);
    }
  g_assert_cmpint (ls_engine_get_status (fixture->engine)->state, ==, LS_STATE_LIVE);

  ls_engine_committed (fixture->engine, ls_commit_new ());
  ls_fake_clock_advance (fixture->clock, 30000);
  ls_engine_timer (fixture->engine, LS_TIMER_HEARTBEAT);
  ls_engine_fixture_assert_wants (fixture, LS_COMMAND_SEND);
}

/* A page of the log that says that there is more. */
static void
answer (LsEngineFixture *fixture, gint64 *offset)
{
  g_autoptr (LsUpdates) page = ls_updates_new ();

  g_ptr_array_unref (page->events);
  page->events = many_events (*offset);
  *offset += MANY;
  page->cursor = ls_cursor_new ("e", *offset);
  page->more = TRUE;
  ls_engine_updates (fixture->engine, fixture->run, page);
}

static void
test_log_is_not_read_faster (LsEngineFixture *fixture, gconstpointer data)
{
  gint64 offset = 10, behind = 100000;

  receive (fixture, &behind);
  ls_engine_fixture_assert_wants (fixture, LS_COMMAND_FETCH_UPDATES);
  for (guint i = 0; i < 3; i++)
    {
      answer (fixture, &offset);
      ls_engine_fixture_assert_wants (fixture, LS_COMMAND_FETCH_UPDATES);
    }
  answer (fixture, &offset);
  ls_engine_fixture_assert_does_not_want (fixture, LS_COMMAND_FETCH_UPDATES);
  ls_engine_committed (fixture->engine, ls_commit_new ());
  ls_engine_fixture_assert_wants (fixture, LS_COMMAND_FETCH_UPDATES);
}

#define ADD(name, function)                                                                        \
  g_test_add ("/core/engine-flow/" name, LsEngineFixture, NULL, ls_engine_fixture_set_up,          \
              function, ls_engine_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("held-while-behind", test_held_while_behind);
  ADD ("next-socket", test_next_socket);
  ADD ("held-is-not-dead", test_held_is_not_dead);
  ADD ("log-is-not-read-faster", test_log_is_not_read_faster);
  return g_test_run ();
}
