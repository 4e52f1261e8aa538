/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-engine.h"
#include "ls-fake-clock.h"
#include "ls-fake-random.h"

/*
 * An engine whose commands the test takes and answers, or leaves.
 */
typedef struct
{
  LsFakeClock *clock;
  LsFakeRandom *random;
  LsEngine *engine;
  guint run;         /* of the last command that was wanted */
  gint64 compare_at; /* when the timer of comparisons rings; 0: it does not */
} LsEngineFixture;

void ls_engine_fixture_set_up (LsEngineFixture *fixture, gconstpointer data);
void ls_engine_fixture_tear_down (LsEngineFixture *fixture, gconstpointer data);
void ls_engine_fixture_connect (LsEngineFixture *fixture, gint64 offset);
LsCommand *ls_engine_fixture_take (LsEngineFixture *fixture, LsCommandKind kind);
void ls_engine_fixture_assert_wants (LsEngineFixture *fixture, LsCommandKind kind);
void ls_engine_fixture_assert_does_not_want (LsEngineFixture *fixture, LsCommandKind kind);
