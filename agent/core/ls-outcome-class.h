/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-reply.h"
#include "ls-state.h"

G_BEGIN_DECLS

/**
 * LsOutcomeClass:
 * @LS_OUTCOME_CLASS_ACCEPTED: done
 * @LS_OUTCOME_CLASS_RETRY: not now: again later, as often as it takes
 * @LS_OUTCOME_CLASS_BROKEN: the server stumbled: later, but not for ever, as it may be about this action
 * @LS_OUTCOME_CLASS_TOKEN: it does not know us: nothing goes before there is another token
 * @LS_OUTCOME_CLASS_CONFLICT: the row is not what the action was made from
 * @LS_OUTCOME_CLASS_GONE: there is no such row (any more)
 * @LS_OUTCOME_CLASS_REFUSED: never, as it is
 *
 * What an answer means for an action.
 */
typedef enum
{
  LS_OUTCOME_CLASS_ACCEPTED,
  LS_OUTCOME_CLASS_RETRY,
  LS_OUTCOME_CLASS_BROKEN,
  LS_OUTCOME_CLASS_TOKEN,
  LS_OUTCOME_CLASS_CONFLICT,
  LS_OUTCOME_CLASS_GONE,
  LS_OUTCOME_CLASS_REFUSED,
} LsOutcomeClass;

LsOutcomeClass ls_outcome_class_of_reply (const LsActionReply *reply);
gboolean ls_outcome_class_is_final (LsOutcomeClass outcome_class);
gboolean ls_outcome_class_may_be_done (guint status);
gboolean ls_outcome_class_error_may_be_done (LsReason reason);

G_END_DECLS
