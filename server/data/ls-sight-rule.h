/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-database.h"
#include "ls-record.h"
#include "ls-viewer.h"

G_BEGIN_DECLS

/**
 * LsSightTest:
 * @LS_SIGHT_TEST_END: no test: after the last one of a rule
 * @LS_SIGHT_TEST_ANYBODY: holds for everybody
 * @LS_SIGHT_TEST_SELF: the column holds the viewer's id
 * @LS_SIGHT_TEST_SCOPE: the column holds an id of the viewer's scope
 * @LS_SIGHT_TEST_MEMBER: a conversation that the viewer is a member of
 * @LS_SIGHT_TEST_AUDIENCE: an active announcement to the viewer's role or to everybody
 * @LS_SIGHT_TEST_TEACHER: the account of a teacher
 *
 * What can be asked about a viewer and a row, of a row in memory and of the database alike.
 */
typedef enum
{
  LS_SIGHT_TEST_END,
  LS_SIGHT_TEST_ANYBODY,
  LS_SIGHT_TEST_SELF,
  LS_SIGHT_TEST_SCOPE,
  LS_SIGHT_TEST_MEMBER,
  LS_SIGHT_TEST_AUDIENCE,
  LS_SIGHT_TEST_TEACHER,
} LsSightTest;

/** LS_SIGHT_RULE_MAX_TERMS: how many tests a rule may have */
#define LS_SIGHT_RULE_MAX_TERMS 3

/**
 * LsSightRule:
 * @sight: how much of the row is seen if the test holds
 * @test: the test
 * @column: (nullable): the column that %LS_SIGHT_TEST_SELF and %LS_SIGHT_TEST_SCOPE look at
 * @scope: the set that %LS_SIGHT_TEST_SCOPE looks into
 *
 * How much of a row somebody sees: the first test that holds says it; none: nothing.
 */
typedef struct
{
  struct
  {
    LsSight sight;
    LsSightTest test;
    const char *column;
    LsScopeKind scope;
  } terms[LS_SIGHT_RULE_MAX_TERMS + 1];
} LsSightRule;

LsSight
ls_sight_rule_judge (const LsSightRule *rule, const LsViewer *viewer, const LsRecord *record);
char *ls_sight_rule_get_condition (const LsSightRule *rule, const LsTable *table);
LsStatement *ls_sight_rule_prepare (LsDatabase *database,
                                    const char *sql,
                                    const LsViewer *viewer,
                                    const char *after,
                                    GError **error);

G_END_DECLS
