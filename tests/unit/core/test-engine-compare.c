/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-engine-fixture.h"
#include "ls-link-error.h"

#define MINUTE 60000
#define HOUR (60 * MINUTE)

static gint64
now (LsEngineFixture *fixture)
{
  return ls_clock_get_monotonic (LS_CLOCK (fixture->clock));
}

static void
ring (LsEngineFixture *fixture)
{
  ls_engine_fixture_ring (fixture, LS_TIMER_COMPARE);
}

static LsChecksum *
checksum (const char *id, gint64 offset)
{
  LsChecksum *checksum = ls_checksum_new (LS_ENTITY_GRADE);

  ls_checksum_add (checksum, id, 1);
  checksum->cursor = ls_cursor_new ("e", offset);
  return checksum;
}

static void
server_has (LsEngineFixture *fixture, const char *id, gint64 offset)
{
  g_autoptr (LsChecksum) theirs = checksum (id, offset);
  g_autoptr (LsCommand) command = ls_engine_fixture_take (fixture, LS_COMMAND_FETCH_CHECKSUM);

  g_assert_nonnull (command);
  g_assert_cmpint (command->entity, ==, LS_ENTITY_GRADE);
  ls_engine_their_checksum (fixture->engine, theirs);
}

static void
we_have (LsEngineFixture *fixture, const char *id)
{
  g_autoptr (LsChecksum) ours = checksum (id, 0);

  ls_engine_fixture_assert_wants (fixture, LS_COMMAND_TAKE_CHECKSUM);
  ls_engine_our_checksum (fixture->engine, ours);
}

static void
assert_counted (LsEngineFixture *fixture, guint64 comparisons, guint64 divergences)
{
  const LsCounters *counters = ls_engine_get_counters (fixture->engine);

  g_assert_cmpuint (counters->n_comparisons, ==, comparisons);
  g_assert_cmpuint (counters->n_divergences, ==, divergences);
}

static void
updates (LsEngineFixture *fixture, gint64 cursor, gint64 event)
{
  g_autoptr (LsUpdates) page = ls_updates_new ();

  ls_engine_fixture_assert_wants (fixture, LS_COMMAND_FETCH_UPDATES);
  page->cursor = ls_cursor_new ("e", cursor);
  if (event != 0)
    {
      LsEvent *grade = ls_event_new (ls_event_type_from_string ("grade_updated"), "g", "{}");

      grade->offset = event;
      g_ptr_array_add (page->events, grade);
    }
  ls_engine_updates (fixture->engine, fixture->run, page);
}

static void
nothing_new (LsEngineFixture *fixture)
{
  g_autoptr (LsUpdates) page = ls_updates_new ();

  page->not_modified = TRUE;
  ls_engine_updates (fixture->engine, fixture->run, page);
}

/* Not all agents of a school at the same time, and a cut link does not put it off. */
static void
test_compare_hourly (LsEngineFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = ls_link_error_new (LS_REASON_SERVER_UNREACHABLE, 0, 0, "cut");
  gint64 first = fixture->at[LS_TIMER_COMPARE];

  g_assert_cmpint (first - now (fixture), >=, HOUR * 8 / 10);
  g_assert_cmpint (first - now (fixture), <=, HOUR * 12 / 10);

  ls_fake_clock_advance (fixture->clock, HOUR / 2);
  ls_engine_closed (fixture->engine, error);
  ls_engine_fixture_assert_does_not_want (fixture, LS_COMMAND_FETCH_CHECKSUM);
  g_assert_cmpint (fixture->at[LS_TIMER_COMPARE], ==, 0);
  ls_engine_timer (fixture->engine, LS_TIMER_ATTEMPT);
  ls_engine_fixture_connect (fixture, 10);
  g_assert_cmpint (fixture->at[LS_TIMER_COMPARE], ==, first);

  ring (fixture);
  server_has (fixture, "a", 10);
  g_assert_cmpint (fixture->at[LS_TIMER_COMPARE] - now (fixture), >=, HOUR * 8 / 10);
  we_have (fixture, "a");
  assert_counted (fixture, 1, 0);
  ls_engine_fixture_assert_does_not_want (fixture, LS_COMMAND_FETCH_SNAPSHOT);
}

/* @n_kept: how much more we have that was kept
 *
 * Returns: what it would have meant that a row is absent */
static LsAbsence
take_snapshot_keeping (LsEngineFixture *fixture, guint n_kept)
{
  g_autoptr (LsSnapshotPage) page = ls_snapshot_page_new (LS_ENTITY_GRADE);
  g_autoptr (LsCommit) commit = ls_commit_new ();
  g_autoptr (LsCommand) command = NULL;

  commit->entity = LS_ENTITY_GRADE;
  commit->n_kept = n_kept;
  page->cursor = ls_cursor_new ("e", 10);
  ls_engine_fixture_assert_wants (fixture, LS_COMMAND_FETCH_SNAPSHOT);
  ls_engine_snapshot_page (fixture->engine, fixture->run, page);
  ls_engine_fixture_assert_wants (fixture, LS_COMMAND_STAGE);
  ls_engine_staged (fixture->engine, fixture->run);
  command = ls_engine_fixture_take (fixture, LS_COMMAND_FINISH_SNAPSHOT);
  ls_engine_finished_snapshot (fixture->engine, fixture->run, ls_cursor_new ("e", 10), commit);
  ls_engine_fixture_assert_wants (fixture, LS_COMMAND_FETCH_UPDATES);
  nothing_new (fixture);
  ls_engine_fixture_assert_does_not_want (fixture, LS_COMMAND_FETCH_SNAPSHOT);
  return command->absence;
}

static void
take_snapshot (LsEngineFixture *fixture)
{
  take_snapshot_keeping (fixture, 0);
}

/* What differs is fetched anew, looked at again soon, and not fetched again and again. */
static void
test_compare_heals_once (LsEngineFixture *fixture, gconstpointer data)
{

  ring (fixture);
  server_has (fixture, "a", 10);
  we_have (fixture, "b");
  assert_counted (fixture, 1, 1);
  take_snapshot (fixture);
  g_assert_cmpint (fixture->at[LS_TIMER_COMPARE] - now (fixture), <=, 10000);

  ring (fixture);
  server_has (fixture, "a", 10);
  we_have (fixture, "b");
  assert_counted (fixture, 2, 2);
  ls_engine_fixture_assert_does_not_want (fixture, LS_COMMAND_FETCH_SNAPSHOT);

  ls_fake_clock_advance (fixture->clock, HOUR);
  ring (fixture);
  server_has (fixture, "a", 10);
  we_have (fixture, "b");
  assert_counted (fixture, 3, 3);
  take_snapshot (fixture);
}

static void
find_difference (LsEngineFixture *fixture)
{
  ring (fixture);
  server_has (fixture, "a", 10);
  we_have (fixture, "b");
}

/* Rows that a snapshot lacks in masses stay, and go when the server says the same for long enough. */
static void
test_compare_doubts (LsEngineFixture *fixture, gconstpointer data)
{
  find_difference (fixture);
  g_assert_cmpint (take_snapshot_keeping (fixture, 30), ==, LS_ABSENCE_IS_DOUBTED);
  g_assert_cmpuint (ls_engine_get_counters (fixture->engine)->n_doubted_rows, ==, 30);

  /* Whoever asks sooner gets the same. */
  ls_fake_clock_advance (fixture->clock, HOUR / 2 - 1);
  ls_engine_sync (fixture->engine);
  ls_engine_fixture_assert_wants (fixture, LS_COMMAND_FETCH_UPDATES);
  nothing_new (fixture);
  ls_engine_fixture_assert_does_not_want (fixture, LS_COMMAND_FETCH_SNAPSHOT);

  ls_fake_clock_advance (fixture->clock, 1);
  ls_engine_sync (fixture->engine);
  g_assert_cmpint (take_snapshot_keeping (fixture, 0), ==, LS_ABSENCE_IS_DELETION);
}

/* The server is ahead: first everything is fetched that it speaks of. */
static void
test_compare_catches_up (LsEngineFixture *fixture, gconstpointer data)
{
  ring (fixture);
  server_has (fixture, "a", 12);
  updates (fixture, 12, 11);
  ls_engine_fixture_assert_wants (fixture, LS_COMMAND_COMMIT);
  ls_engine_committed (fixture->engine, ls_commit_new ());
  we_have (fixture, "a");
  assert_counted (fixture, 1, 0);
}

static void
frame_of_one (LsEngineFixture *fixture, gint64 offset)
{
  g_autoptr (LsMessage) message = ls_message_new (LS_MESSAGE_EVENTS);
  LsEvent *event = ls_event_new (ls_event_type_from_string ("grade_updated"), "g", "{}");

  event->offset = offset;
  message->events = ls_event_array_new ();
  message->prev = ls_cursor_new ("e", offset - 1);
  message->cursor = ls_cursor_new ("e", offset);
  g_ptr_array_add (message->events, event);
  ls_engine_message (fixture->engine, message);
}

/* The store has the next change set by the time the last one is told, and never two. */
static void
test_engine_commits_before_telling (LsEngineFixture *fixture, gconstpointer data)
{
  g_autoptr (LsCommand) first = NULL;
  g_autoptr (LsCommand) second = NULL;

  frame_of_one (fixture, 11);
  ls_engine_fixture_assert_wants (fixture, LS_COMMAND_COMMIT);
  frame_of_one (fixture, 12);
  ls_engine_fixture_assert_does_not_want (fixture, LS_COMMAND_COMMIT);
  ls_engine_committed (fixture->engine, ls_commit_new ());
  first = ls_engine_take_command (fixture->engine);
  second = ls_engine_take_command (fixture->engine);
  g_assert_cmpint (first->kind, ==, LS_COMMAND_COMMIT);
  g_assert_cmpint (first->change_set->cursor.offset, ==, 12);
  g_assert_cmpint (second->kind, ==, LS_COMMAND_TELL_COMMIT);
  ls_engine_fixture_assert_does_not_want (fixture, LS_COMMAND_TELL_COMMIT);
}

/* Changes of others, which move the log but not the entity, are no reason to ask again. */
static void
test_compare_beyond (LsEngineFixture *fixture, gconstpointer data)
{
  ring (fixture);
  server_has (fixture, "a", 12);
  updates (fixture, 15, 0);
  ls_engine_fixture_assert_wants (fixture, LS_COMMAND_COMMIT);
  ls_engine_committed (fixture->engine, ls_commit_new ());
  we_have (fixture, "a");
  assert_counted (fixture, 1, 0);
}

/* An entity that never stands still is let be. */
static void
test_compare_stale (LsEngineFixture *fixture, gconstpointer data)
{
  ring (fixture);
  for (gint64 i = 0; i < 3; i++)
    {
      server_has (fixture, "a", 12 + 10 * i);
      updates (fixture, 15 + 10 * i, 13 + 10 * i);
      ls_engine_fixture_assert_wants (fixture, LS_COMMAND_COMMIT);
      ls_engine_committed (fixture->engine, ls_commit_new ());
    }
  ls_engine_fixture_assert_does_not_want (fixture, LS_COMMAND_FETCH_CHECKSUM);
  assert_counted (fixture, 0, 0);
  ring (fixture);
  server_has (fixture, "a", 35);
  we_have (fixture, "a");
  assert_counted (fixture, 1, 0);
}

static void
sync_now (LsEngineFixture *fixture)
{
  ls_engine_sync (fixture->engine);
  ls_engine_fixture_assert_wants (fixture, LS_COMMAND_FETCH_UPDATES);
  nothing_new (fixture);
}

static void
test_compare_on_request (LsEngineFixture *fixture, gconstpointer data)
{
  sync_now (fixture);
  server_has (fixture, "a", 10);
  we_have (fixture, "a");
  assert_counted (fixture, 1, 0);

  sync_now (fixture);
  ls_engine_fixture_assert_does_not_want (fixture, LS_COMMAND_FETCH_CHECKSUM);
  ls_fake_clock_advance (fixture->clock, MINUTE);
  sync_now (fixture);
  ls_engine_fixture_assert_wants (fixture, LS_COMMAND_FETCH_CHECKSUM);
}

/* A server without checksums is asked once in a connection. */
static void
test_compare_unsupported (LsEngineFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = ls_link_error_new (LS_REASON_SERVER_UNREACHABLE, 404, 0, "no");

  ring (fixture);
  ls_engine_fixture_assert_wants (fixture, LS_COMMAND_FETCH_CHECKSUM);
  ls_engine_their_checksum_failed (fixture->engine, error);
  ls_fake_clock_advance (fixture->clock, MINUTE);
  sync_now (fixture);
  ls_engine_fixture_assert_does_not_want (fixture, LS_COMMAND_FETCH_CHECKSUM);

  ls_engine_restart (fixture->engine);
  ls_engine_fixture_connect (fixture, 10);
  sync_now (fixture);
  ls_engine_fixture_assert_wants (fixture, LS_COMMAND_FETCH_CHECKSUM);
}

/* Any other failure ends the round only, and the link stays. */
static void
test_compare_failed (LsEngineFixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = ls_link_error_new (LS_REASON_SERVER_UNREACHABLE, 500, 0, "no");

  ring (fixture);
  ls_engine_fixture_assert_wants (fixture, LS_COMMAND_FETCH_CHECKSUM);
  ls_engine_their_checksum_failed (fixture->engine, error);
  g_assert_cmpint (ls_engine_get_status (fixture->engine)->state, ==, LS_STATE_LIVE);
  ring (fixture);
  ls_engine_fixture_assert_wants (fixture, LS_COMMAND_FETCH_CHECKSUM);
}

/* What the store says after the connection is gone is about another time. */
static void
test_compare_cut (LsEngineFixture *fixture, gconstpointer data)
{
  g_autoptr (LsChecksum) ours = checksum ("b", 0);

  ring (fixture);
  server_has (fixture, "a", 10);
  ls_engine_fixture_assert_wants (fixture, LS_COMMAND_TAKE_CHECKSUM);
  ls_engine_restart (fixture->engine);
  ls_engine_fixture_connect (fixture, 10);
  ls_fake_clock_advance (fixture->clock, MINUTE);
  sync_now (fixture);
  ls_engine_fixture_assert_does_not_want (fixture, LS_COMMAND_FETCH_CHECKSUM);
  ls_engine_our_checksum (fixture->engine, ours);
  assert_counted (fixture, 0, 0);
  sync_now (fixture);
  server_has (fixture, "a", 10);
  we_have (fixture, "a");
  assert_counted (fixture, 1, 0);
}

/* What the store had to let go of is fetched at once; offline, with the next link. */
static void
test_lost (LsEngineFixture *fixture, gconstpointer data)
{
  g_autoptr (LsMessage) welcome = ls_message_new (LS_MESSAGE_WELCOME);
  g_autoptr (LsCommand) command = NULL;

  ls_engine_lost (fixture->engine, LS_ENTITY_SET_NONE, 2);
  g_assert_null (ls_engine_take_command (fixture->engine));
  ls_engine_lost (fixture->engine, 1u << LS_ENTITY_GRADE, 1);
  command = ls_engine_fixture_take (fixture, LS_COMMAND_FETCH_SNAPSHOT);
  g_assert_nonnull (command);
  g_assert_cmpint (command->entity, ==, LS_ENTITY_GRADE);
  g_assert_cmpuint (ls_engine_get_counters (fixture->engine)->n_undecryptable, ==, 3);

  ls_engine_restart (fixture->engine);
  ls_engine_lost (fixture->engine, 1u << LS_ENTITY_GRADE, 1);
  ls_engine_fixture_assert_does_not_want (fixture, LS_COMMAND_FETCH_SNAPSHOT);
  welcome->resume = LS_RESUME_RESUMED;
  welcome->cursor = ls_cursor_new ("e", 10);
  ls_engine_opened (fixture->engine, LS_PROTOCOL_LABSYNC_V1);
  ls_engine_message (fixture->engine, welcome);
  ls_engine_fixture_assert_wants (fixture, LS_COMMAND_FETCH_SNAPSHOT);
}

#define ADD(name, function)                                                                        \
  g_test_add ("/core/engine-compare/" name, LsEngineFixture, NULL, ls_engine_fixture_set_up,       \
              function, ls_engine_fixture_tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  /* That rows differ is warned of. */
  g_log_set_always_fatal (G_LOG_LEVEL_CRITICAL | G_LOG_FATAL_MASK);
  ADD ("hourly", test_compare_hourly);
  ADD ("heals-once", test_compare_heals_once);
  g_test_add ("/core/engine/commits-before-telling", LsEngineFixture, NULL,
              ls_engine_fixture_set_up, test_engine_commits_before_telling,
              ls_engine_fixture_tear_down);
  ADD ("doubts", test_compare_doubts);
  ADD ("catches-up", test_compare_catches_up);
  ADD ("beyond", test_compare_beyond);
  ADD ("stale", test_compare_stale);
  ADD ("on-request", test_compare_on_request);
  ADD ("unsupported", test_compare_unsupported);
  ADD ("failed", test_compare_failed);
  ADD ("cut", test_compare_cut);
  ADD ("lost", test_lost);
  return g_test_run ();
}
