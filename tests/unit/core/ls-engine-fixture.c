/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-engine-fixture.h"

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

/**
 * ls_engine_fixture_take:
 * @fixture: a fixture
 * @kind: what is looked for
 *
 * Takes all commands.
 *
 * Returns: (transfer full) (nullable): the only one of @kind; %NULL: there is none
 */
LsCommand *
ls_engine_fixture_take (LsEngineFixture *fixture, LsCommandKind kind)
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

/**
 * ls_engine_fixture_assert_wants:
 * @fixture: a fixture
 * @kind: what has to be wanted, once
 *
 * Takes all commands, and notes the run of the one that is wanted.
 */
void
ls_engine_fixture_assert_wants (LsEngineFixture *fixture, LsCommandKind kind)
{
  g_autoptr (LsCommand) command = ls_engine_fixture_take (fixture, kind);

  g_assert_nonnull (command);
  fixture->run = command->run;
}

/**
 * ls_engine_fixture_assert_does_not_want:
 * @fixture: a fixture
 * @kind: what must not be wanted
 *
 * Takes all commands.
 */
void
ls_engine_fixture_assert_does_not_want (LsEngineFixture *fixture, LsCommandKind kind)
{
  g_autoptr (LsCommand) command = ls_engine_fixture_take (fixture, kind);

  g_assert_null (command);
}

/**
 * ls_engine_fixture_connect:
 * @fixture: a fixture that wants to connect
 * @offset: where the server's log then stands
 *
 * Gets it to live.
 */
void
ls_engine_fixture_connect (LsEngineFixture *fixture, gint64 offset)
{
  g_autoptr (LsMessage) welcome = ls_message_new (LS_MESSAGE_WELCOME);

  welcome->resume = LS_RESUME_RESUMED;
  welcome->cursor = ls_cursor_new ("e", offset);
  ls_engine_fixture_assert_wants (fixture, LS_COMMAND_OPEN);
  ls_engine_opened (fixture->engine, LS_PROTOCOL_LABSYNC_V1);
  ls_engine_message (fixture->engine, welcome);
  g_assert_cmpint (ls_engine_get_status (fixture->engine)->state, ==, LS_STATE_LIVE);
  ls_engine_fixture_assert_does_not_want (fixture, LS_COMMAND_FETCH_CHECKSUM);
}

/**
 * ls_engine_fixture_set_up:
 * @fixture: a fixture
 * @data: not used
 *
 * Makes an engine that is live at the cursor e:10 and follows grades only.
 */
void
ls_engine_fixture_set_up (LsEngineFixture *fixture, gconstpointer data)
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
  ls_engine_fixture_connect (fixture, 10);
}

/**
 * ls_engine_fixture_tear_down:
 * @fixture: a fixture
 * @data: not used
 *
 * Frees what is in it.
 */
void
ls_engine_fixture_tear_down (LsEngineFixture *fixture, gconstpointer data)
{
  ls_engine_free (fixture->engine);
  g_object_unref (fixture->clock);
  g_object_unref (fixture->random);
}
