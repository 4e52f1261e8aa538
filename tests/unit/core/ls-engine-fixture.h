/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-engine.h"
#include "ls-fake-clock.h"
#include "ls-fake-random.h"

/** LS_ENGINE_FIXTURE_TOKEN_LIFE: of an access token, milliseconds */
#define LS_ENGINE_FIXTURE_TOKEN_LIFE G_GINT64_CONSTANT (900000)

/*
 * An engine whose commands the test takes and answers, or leaves.
 */
typedef struct
{
  LsFakeClock *clock;
  LsFakeRandom *random;
  LsEngine *engine;
  guint run;              /* of the last command that was wanted */
  gint64 at[LS_N_TIMERS]; /* when each timer rings, monotonic ms; 0: it does not */
} LsEngineFixture;

void ls_engine_fixture_init (LsEngineFixture *fixture, const LsConfig *config);
LsSession *ls_engine_fixture_issue_token (LsEngineFixture *fixture);
void ls_engine_fixture_sign_in (LsEngineFixture *fixture,
                                const LsStoreState *store,
                                const LsSession *session);
void ls_engine_fixture_set_up (LsEngineFixture *fixture, gconstpointer data);
void ls_engine_fixture_tear_down (LsEngineFixture *fixture, gconstpointer data);
void ls_engine_fixture_connect (LsEngineFixture *fixture, gint64 offset);
gint64 ls_engine_fixture_get_delay (LsEngineFixture *fixture, LsTimer timer);
void ls_engine_fixture_ring (LsEngineFixture *fixture, LsTimer timer);
LsCommand *ls_engine_fixture_take (LsEngineFixture *fixture, LsCommandKind kind);
void ls_engine_fixture_assert_wants (LsEngineFixture *fixture, LsCommandKind kind);
void ls_engine_fixture_assert_does_not_want (LsEngineFixture *fixture, LsCommandKind kind);
