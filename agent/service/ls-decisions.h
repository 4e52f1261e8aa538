/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-agent.h"

G_BEGIN_DECLS

/** LS_DECISIONS_MAX: about how many apps a user can decide, a number that nobody installs */
#define LS_DECISIONS_MAX 200

/**
 * LsDecision:
 * @LS_DECISION_NONE: none yet
 * @LS_DECISION_ALLOW: it may use what is there
 * @LS_DECISION_DENY: it may not
 *
 * What a user has decided about an app.
 */
typedef enum
{
  LS_DECISION_NONE,
  LS_DECISION_ALLOW,
  LS_DECISION_DENY,
} LsDecision;

gboolean ls_decision_parse (const char *word, LsDecision *decision);
const char *ls_decision_to_string (LsDecision decision);

#define LS_TYPE_DECISIONS (ls_decisions_get_type ())
G_DECLARE_FINAL_TYPE (LsDecisions, ls_decisions, LS, DECISIONS, GObject)

LsDecisions *ls_decisions_new (LsAgent *agent, const char *path);
LsDecision ls_decisions_get (LsDecisions *self, const char *app);
GStrv ls_decisions_list (LsDecisions *self);
gboolean ls_decisions_set (LsDecisions *self, const char *app, LsDecision decision, GError **error);
void ls_decisions_clear (LsDecisions *self);

G_END_DECLS
