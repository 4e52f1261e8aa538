/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-engine.h"
#include "ls-fake-clock.h"
#include "ls-fake-random.h"
#include "ls-link-error.h"

#define MINUTE 60000
#define HOUR (60 * MINUTE)

typedef struct
{
  LsFakeClock *clock;
  LsFakeRandom *random;
  LsEngine *engine;
  guint run;         /* of the last command that was wanted */
  gint64 compare_at; /* when the timer of comparisons rings; 0: it does not */
} Fixture;

static gint64
token_get_issued (const char *token)
{
  return 1;
}

static gint64
token_get_expiry (const char *token)
{
  return LS_MAX_INTEGER; /* the largest that the wire lets through */
}

static LsUser *
token_get_user (const char *token)
{
  return ls_user_new ("anna", "Anna", LS_ROLE_STUDENT, LS_EXTRA_ROLE_NONE);
}

/* Takes all commands. Returns: the only one of @kind; %NULL: there is none */
static LsCommand *
take (Fixture *fixture, LsCommandKind kind)
{
  g_autoptr (LsCommand) found = NULL;
  LsCommand *command;

  while ((command = ls_engine_take_command (fixture->engine)) != NULL)
    {
      if (command->kind == LS_COMMAND_ARM && command->timer == LS_TIMER_COMPARE)
        fixture->compare_at = command->at;
      if (command->kind == LS_COMMAND_DISARM && command->timer == LS_TIMER_COMPARE)
        fixture->compare_at = 0;
      if (command->kind != kind)
        {
          ls_command_free (command);
          continue;
        }
      g_assert_null (found);
      found = command;
    }
  return g_steal_pointer (&found);
}

static void
assert_wants (Fixture *fixture, LsCommandKind kind)
{
  g_autoptr (LsCommand) command = take (fixture, kind);

  g_assert_nonnull (command);
  fixture->run = command->run;
}

static void
assert_does_not_want (Fixture *fixture, LsCommandKind kind)
{
  g_autoptr (LsCommand) command = take (fixture, kind);

  g_assert_null (command);
}

static void
connect_at (Fixture *fixture, gint64 offset)
{
  g_autoptr (LsMessage) welcome = ls_message_new (LS_MESSAGE_WELCOME);

  welcome->resume = LS_RESUME_RESUMED;
  welcome->cursor = ls_cursor_new ("e", offset);
  assert_wants (fixture, LS_COMMAND_OPEN);
  ls_engine_opened (fixture->engine, LS_PROTOCOL_LABSYNC_V1);
  ls_engine_message (fixture->engine, welcome);
  g_assert_cmpint (ls_engine_get_status (fixture->engine)->state, ==, LS_STATE_LIVE);
  assert_does_not_want (fixture, LS_COMMAND_FETCH_CHECKSUM);
}

/* Live at the cursor e:10, following grades only. */
static void
set_up (Fixture *fixture, gconstpointer data)
{
  const LsTokenReader reader = { token_get_issued, token_get_expiry, token_get_user };
  const LsDataReader data_reader = { NULL, NULL }; /* of no use to labsync.v1 */
  g_autoptr (LsUser) user = ls_user_new ("u", NULL, LS_ROLE_STUDENT, LS_EXTRA_ROLE_NONE);
  g_autoptr (LsConfig) config = ls_config_new ();
  g_autoptr (LsSession) session = ls_session_new ("access", "refresh");
  LsStoreState state = { .cursor = ls_cursor_new ("e", 10) };

  state.baselines[LS_ENTITY_GRADE].cursor = state.cursor;
  config->server = g_strdup ("http://server");
  config->entities = 1u << LS_ENTITY_GRADE;
  fixture->clock = ls_fake_clock_new ();
  fixture->random = ls_fake_random_new (7);
  fixture->engine = ls_engine_new (LS_CLOCK (fixture->clock), LS_RANDOM (fixture->random), &reader,
                                   &data_reader, config);
  ls_engine_set_account (fixture->engine, user, &state, session);
  connect_at (fixture, 10);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  ls_engine_free (fixture->engine);
  g_object_unref (fixture->clock);
  g_object_unref (fixture->random);
}

static gint64
now (Fixture *fixture)
{
  return ls_clock_get_monotonic (LS_CLOCK (fixture->clock));
}

static void
ring (Fixture *fixture)
{
  g_assert_cmpint (fixture->compare_at, >, 0);
  ls_fake_clock_advance (fixture->clock, fixture->compare_at - now (fixture));
  fixture->compare_at = 0;
  ls_engine_timer (fixture->engine, LS_TIMER_COMPARE);
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
server_has (Fixture *fixture, const char *id, gint64 offset)
{
  g_autoptr (LsChecksum) theirs = checksum (id, offset);
  g_autoptr (LsCommand) command = take (fixture, LS_COMMAND_FETCH_CHECKSUM);

  g_assert_nonnull (command);
  g_assert_cmpint (command->entity, ==, LS_ENTITY_GRADE);
  ls_engine_their_checksum (fixture->engine, theirs);
}

static void
we_have (Fixture *fixture, const char *id)
{
  g_autoptr (LsChecksum) ours = checksum (id, 0);

  assert_wants (fixture, LS_COMMAND_TAKE_CHECKSUM);
  ls_engine_our_checksum (fixture->engine, ours);
}

static void
assert_counted (Fixture *fixture, guint64 comparisons, guint64 divergences)
{
  const LsCounters *counters = ls_engine_get_counters (fixture->engine);

  g_assert_cmpuint (counters->n_comparisons, ==, comparisons);
  g_assert_cmpuint (counters->n_divergences, ==, divergences);
}

static void
updates (Fixture *fixture, gint64 cursor, gint64 event)
{
  g_autoptr (LsUpdates) page = ls_updates_new ();

  assert_wants (fixture, LS_COMMAND_FETCH_UPDATES);
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
nothing_new (Fixture *fixture)
{
  g_autoptr (LsUpdates) page = ls_updates_new ();

  page->not_modified = TRUE;
  ls_engine_updates (fixture->engine, fixture->run, page);
}

/* Not all agents of a school at the same time, and a cut link does not put it off. */
static void
test_compare_hourly (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = ls_link_error_new (LS_REASON_SERVER_UNREACHABLE, 0, 0, "cut");
  gint64 first = fixture->compare_at;

  g_assert_cmpint (first - now (fixture), >=, HOUR * 8 / 10);
  g_assert_cmpint (first - now (fixture), <=, HOUR * 12 / 10);

  ls_fake_clock_advance (fixture->clock, HOUR / 2);
  ls_engine_closed (fixture->engine, error);
  assert_does_not_want (fixture, LS_COMMAND_FETCH_CHECKSUM);
  g_assert_cmpint (fixture->compare_at, ==, 0);
  ls_engine_timer (fixture->engine, LS_TIMER_ATTEMPT);
  connect_at (fixture, 10);
  g_assert_cmpint (fixture->compare_at, ==, first);

  ring (fixture);
  server_has (fixture, "a", 10);
  g_assert_cmpint (fixture->compare_at - now (fixture), >=, HOUR * 8 / 10);
  we_have (fixture, "a");
  assert_counted (fixture, 1, 0);
  assert_does_not_want (fixture, LS_COMMAND_FETCH_SNAPSHOT);
}

static void
take_snapshot (Fixture *fixture)
{
  g_autoptr (LsSnapshotPage) page = ls_snapshot_page_new (LS_ENTITY_GRADE);

  page->cursor = ls_cursor_new ("e", 10);
  assert_wants (fixture, LS_COMMAND_FETCH_SNAPSHOT);
  ls_engine_snapshot_page (fixture->engine, fixture->run, page);
  assert_wants (fixture, LS_COMMAND_STAGE);
  ls_engine_staged (fixture->engine, fixture->run);
  assert_wants (fixture, LS_COMMAND_FINISH_SNAPSHOT);
  ls_engine_finished_snapshot (fixture->engine, fixture->run, LS_ENTITY_GRADE,
                               ls_cursor_new ("e", 10));
  assert_wants (fixture, LS_COMMAND_FETCH_UPDATES);
  nothing_new (fixture);
  assert_does_not_want (fixture, LS_COMMAND_FETCH_SNAPSHOT);
}

/* What differs is fetched anew, looked at again soon, and not fetched again and again. */
static void
test_compare_heals_once (Fixture *fixture, gconstpointer data)
{

  ring (fixture);
  server_has (fixture, "a", 10);
  we_have (fixture, "b");
  assert_counted (fixture, 1, 1);
  take_snapshot (fixture);
  g_assert_cmpint (fixture->compare_at - now (fixture), <=, 10000);

  ring (fixture);
  server_has (fixture, "a", 10);
  we_have (fixture, "b");
  assert_counted (fixture, 2, 2);
  assert_does_not_want (fixture, LS_COMMAND_FETCH_SNAPSHOT);

  ls_fake_clock_advance (fixture->clock, HOUR);
  ring (fixture);
  server_has (fixture, "a", 10);
  we_have (fixture, "b");
  assert_counted (fixture, 3, 3);
  take_snapshot (fixture);
}

/* The server is ahead: first everything is fetched that it speaks of. */
static void
test_compare_catches_up (Fixture *fixture, gconstpointer data)
{
  ring (fixture);
  server_has (fixture, "a", 12);
  updates (fixture, 12, 11);
  assert_wants (fixture, LS_COMMAND_COMMIT);
  ls_engine_committed (fixture->engine, ls_commit_new ());
  we_have (fixture, "a");
  assert_counted (fixture, 1, 0);
}

static void
frame_of_one (Fixture *fixture, gint64 offset)
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
test_engine_commits_before_telling (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsCommand) first = NULL;
  g_autoptr (LsCommand) second = NULL;

  frame_of_one (fixture, 11);
  assert_wants (fixture, LS_COMMAND_COMMIT);
  frame_of_one (fixture, 12);
  assert_does_not_want (fixture, LS_COMMAND_COMMIT);
  ls_engine_committed (fixture->engine, ls_commit_new ());
  first = ls_engine_take_command (fixture->engine);
  second = ls_engine_take_command (fixture->engine);
  g_assert_cmpint (first->kind, ==, LS_COMMAND_COMMIT);
  g_assert_cmpint (first->change_set->cursor.offset, ==, 12);
  g_assert_cmpint (second->kind, ==, LS_COMMAND_TELL_COMMIT);
  assert_does_not_want (fixture, LS_COMMAND_TELL_COMMIT);
}

/* Changes of others, which move the log but not the entity, are no reason to ask again. */
static void
test_compare_beyond (Fixture *fixture, gconstpointer data)
{
  ring (fixture);
  server_has (fixture, "a", 12);
  updates (fixture, 15, 0);
  assert_wants (fixture, LS_COMMAND_COMMIT);
  ls_engine_committed (fixture->engine, ls_commit_new ());
  we_have (fixture, "a");
  assert_counted (fixture, 1, 0);
}

/* An entity that never stands still is let be. */
static void
test_compare_stale (Fixture *fixture, gconstpointer data)
{
  ring (fixture);
  for (gint64 i = 0; i < 3; i++)
    {
      server_has (fixture, "a", 12 + 10 * i);
      updates (fixture, 15 + 10 * i, 13 + 10 * i);
      assert_wants (fixture, LS_COMMAND_COMMIT);
      ls_engine_committed (fixture->engine, ls_commit_new ());
    }
  assert_does_not_want (fixture, LS_COMMAND_FETCH_CHECKSUM);
  assert_counted (fixture, 0, 0);
  ring (fixture);
  server_has (fixture, "a", 35);
  we_have (fixture, "a");
  assert_counted (fixture, 1, 0);
}

static void
sync_now (Fixture *fixture)
{
  ls_engine_sync (fixture->engine);
  assert_wants (fixture, LS_COMMAND_FETCH_UPDATES);
  nothing_new (fixture);
}

static void
test_compare_on_request (Fixture *fixture, gconstpointer data)
{
  sync_now (fixture);
  server_has (fixture, "a", 10);
  we_have (fixture, "a");
  assert_counted (fixture, 1, 0);

  sync_now (fixture);
  assert_does_not_want (fixture, LS_COMMAND_FETCH_CHECKSUM);
  ls_fake_clock_advance (fixture->clock, MINUTE);
  sync_now (fixture);
  assert_wants (fixture, LS_COMMAND_FETCH_CHECKSUM);
}

/* A server without checksums is asked once in a connection. */
static void
test_compare_unsupported (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = ls_link_error_new (LS_REASON_SERVER_UNREACHABLE, 404, 0, "no");

  ring (fixture);
  assert_wants (fixture, LS_COMMAND_FETCH_CHECKSUM);
  ls_engine_their_checksum_failed (fixture->engine, error);
  ls_fake_clock_advance (fixture->clock, MINUTE);
  sync_now (fixture);
  assert_does_not_want (fixture, LS_COMMAND_FETCH_CHECKSUM);

  ls_engine_restart (fixture->engine);
  connect_at (fixture, 10);
  sync_now (fixture);
  assert_wants (fixture, LS_COMMAND_FETCH_CHECKSUM);
}

/* Any other failure ends the round only, and the link stays. */
static void
test_compare_failed (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = ls_link_error_new (LS_REASON_SERVER_UNREACHABLE, 500, 0, "no");

  ring (fixture);
  assert_wants (fixture, LS_COMMAND_FETCH_CHECKSUM);
  ls_engine_their_checksum_failed (fixture->engine, error);
  g_assert_cmpint (ls_engine_get_status (fixture->engine)->state, ==, LS_STATE_LIVE);
  ring (fixture);
  assert_wants (fixture, LS_COMMAND_FETCH_CHECKSUM);
}

/* What the store says after the connection is gone is about another time. */
static void
test_compare_cut (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsChecksum) ours = checksum ("b", 0);

  ring (fixture);
  server_has (fixture, "a", 10);
  assert_wants (fixture, LS_COMMAND_TAKE_CHECKSUM);
  ls_engine_restart (fixture->engine);
  connect_at (fixture, 10);
  ls_fake_clock_advance (fixture->clock, MINUTE);
  sync_now (fixture);
  assert_does_not_want (fixture, LS_COMMAND_FETCH_CHECKSUM);
  ls_engine_our_checksum (fixture->engine, ours);
  assert_counted (fixture, 0, 0);
  sync_now (fixture);
  server_has (fixture, "a", 10);
  we_have (fixture, "a");
  assert_counted (fixture, 1, 0);
}

#define ADD(name, function)                                                                        \
  g_test_add ("/core/engine-compare/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  /* That rows differ is warned of. */
  g_log_set_always_fatal (G_LOG_LEVEL_CRITICAL | G_LOG_FATAL_MASK);
  ADD ("hourly", test_compare_hourly);
  ADD ("heals-once", test_compare_heals_once);
  g_test_add ("/core/engine/commits-before-telling", Fixture, NULL, set_up,
              test_engine_commits_before_telling, tear_down);
  ADD ("catches-up", test_compare_catches_up);
  ADD ("beyond", test_compare_beyond);
  ADD ("stale", test_compare_stale);
  ADD ("on-request", test_compare_on_request);
  ADD ("unsupported", test_compare_unsupported);
  ADD ("failed", test_compare_failed);
  ADD ("cut", test_compare_cut);
  return g_test_run ();
}
