/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-ctl-output.h"

G_BEGIN_DECLS

/**
 * LsCtlWord:
 * @value: as it crosses the bus
 * @sentence: what it means; to be translated
 * @color: how to show it
 *
 * A value of the agent's in the words of people.
 */
typedef struct
{
  const char *value;
  const char *sentence;
  LsCtlColor color;
} LsCtlWord;

/**
 * LsCtlVocabulary:
 * @LS_CTL_STATES: of `Connection.State`
 * @LS_CTL_REASONS: of `Connection.Reason`
 * @LS_CTL_ACCOUNTS: of `Account.State`, but for the one that goes without saying
 * @LS_CTL_ROLES: of `Account.Role`
 * @LS_CTL_ACTION_STATUSES: member `status` of an action
 * @LS_CTL_ACTION_DETAILS: member `detail` of an action, but for those with an id in them
 * @LS_CTL_ACTION_ERRORS: member `error` of an action, but for those that are reasons
 * @LS_CTL_DEEDS: member `what` of the audit
 * @LS_CTL_ENDS: member `outcome` of the audit
 * @LS_CTL_DECISIONS: member `decision` of an app
 *
 * Which values are meant.
 */
typedef enum
{
  LS_CTL_STATES,
  LS_CTL_REASONS,
  LS_CTL_ACCOUNTS,
  LS_CTL_ROLES,
  LS_CTL_ACTION_STATUSES,
  LS_CTL_ACTION_DETAILS,
  LS_CTL_ACTION_ERRORS,
  LS_CTL_DEEDS,
  LS_CTL_ENDS,
  LS_CTL_DECISIONS,
} LsCtlVocabulary;

const LsCtlWord *ls_ctl_words_find (LsCtlVocabulary vocabulary, const char *value);
char *ls_ctl_words_translate (LsCtlVocabulary vocabulary, const char *value);

G_END_DECLS
