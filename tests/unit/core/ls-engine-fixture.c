/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-engine-fixture.h"

#include <string.h>

#include "ls-json.h"
#include "ls-wire-classic.h"

/* A token of the test is when it was issued, in milliseconds since the epoch; 0: it does not say. Behind an @ may
 * be whose it is. */
static gint64
token_get_issued (const char *token)
{
  return g_ascii_strtoll (token, NULL, 10);
}

static gint64
token_get_expiry (const char *token)
{
  gint64 issued = token_get_issued (token);

  return issued != 0 ? issued + LS_ENGINE_FIXTURE_TOKEN_LIFE : 0;
}

static LsUser *
token_get_user (const char *token)
{
  const char *at = strchr (token, '@');

  return at != NULL ? ls_user_new (at + 1, NULL, LS_ROLE_STUDENT, LS_EXTRA_ROLE_NONE) : NULL;
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
      if (command->kind == LS_COMMAND_ARM)
        fixture->at[command->timer] = command->at;
      if (command->kind == LS_COMMAND_DISARM)
        fixture->at[command->timer] = 0;
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
 * ls_engine_fixture_get_delay:
 * @fixture: a fixture, whose commands are taken
 * @timer: a timer that is armed
 *
 * Returns: when it rings, in milliseconds from now
 */
gint64
ls_engine_fixture_get_delay (LsEngineFixture *fixture, LsTimer timer)
{
  g_assert_cmpint (fixture->at[timer], >, 0);
  return fixture->at[timer] - ls_clock_get_monotonic (LS_CLOCK (fixture->clock));
}

/**
 * ls_engine_fixture_ring:
 * @fixture: a fixture, whose commands are taken
 * @timer: a timer that is armed
 *
 * Lets the time pass until it rings.
 */
void
ls_engine_fixture_ring (LsEngineFixture *fixture, LsTimer timer)
{
  ls_fake_clock_advance (fixture->clock, MAX (ls_engine_fixture_get_delay (fixture, timer), 0));
  fixture->at[timer] = 0;
  ls_engine_timer (fixture->engine, timer);
}

/**
 * ls_engine_fixture_init:
 * @fixture: a fixture
 * @config: its settings
 *
 * Makes an engine for which nobody is signed in.
 */
void
ls_engine_fixture_init (LsEngineFixture *fixture, const LsConfig *config)
{
  const LsTokenReader reader = { token_get_issued, token_get_expiry, token_get_user };
  const LsDataReader data_reader = { ls_wire_data_get_text, ls_json_with_members };

  fixture->clock = ls_fake_clock_new ();
  fixture->random = ls_fake_random_new (7);
  fixture->engine = ls_engine_new (LS_CLOCK (fixture->clock), LS_RANDOM (fixture->random), &reader,
                                   &data_reader, config);
}

/**
 * ls_engine_fixture_issue_token:
 * @fixture: a fixture
 *
 * Returns: (transfer full): tokens that were issued just now
 */
LsSession *
ls_engine_fixture_issue_token (LsEngineFixture *fixture)
{
  g_autofree char *access =
      g_strdup_printf ("%" G_GINT64_FORMAT, ls_clock_get_wall (LS_CLOCK (fixture->clock)));

  return ls_session_new (access, "refresh");
}

/**
 * ls_engine_fixture_sign_in:
 * @fixture: a fixture
 * @store: what Anna, a student, has on disk
 * @session: her tokens
 *
 * She signs in.
 */
void
ls_engine_fixture_sign_in (LsEngineFixture *fixture,
                           const LsStoreState *store,
                           const LsSession *session)
{
  g_autoptr (LsUser) user = ls_user_new ("anna", NULL, LS_ROLE_STUDENT, LS_EXTRA_ROLE_NONE);

  ls_engine_set_account (fixture->engine, user, store, session);
}

/**
 * ls_engine_fixture_set_up:
 * @fixture: a fixture
 * @data: not used
 *
 * Makes an engine that is live at the cursor e:10 and follows grades only, with a token that does not
 * end.
 */
void
ls_engine_fixture_set_up (LsEngineFixture *fixture, gconstpointer data)
{
  g_autoptr (LsConfig) config = ls_config_new ();
  g_autoptr (LsSession) session = ls_session_new ("0", "refresh");
  LsStoreState state = { .cursor = ls_cursor_new ("e", 10) };

  state.baselines[LS_ENTITY_GRADE].cursor = state.cursor;
  config->server = g_strdup ("http://server");
  config->entities = 1u << LS_ENTITY_GRADE;
  ls_engine_fixture_init (fixture, config);
  ls_engine_fixture_sign_in (fixture, &state, session);
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
