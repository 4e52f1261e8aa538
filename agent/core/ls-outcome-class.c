/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-outcome-class.h"

/* The code of labsync.v1 for: another request with this key is under way (protocol, "an action"). */
#define KEY_BUSY "key-busy"

/* clang-format off */
#define BOTH(class) LS_OUTCOME_CLASS_##class, LS_OUTCOME_CLASS_##class

/* By status; the first row that fits counts. A redirection is about how the server is reached and not about the
 * action. The classic system says yes by 200 and 201 alone; 404 is an unknown endpoint there, as a write to an unknown
 * row is 200; and 500 is any mistake of the caller's, too. */
static const struct
{
  guint first, last;
  LsOutcomeClass labsync, classic;
} table[] = {
  { 100, 199, BOTH (RETRY) },
  { 200, 201, BOTH (ACCEPTED) },
  { 202, 299, LS_OUTCOME_CLASS_ACCEPTED, LS_OUTCOME_CLASS_RETRY },
  { 300, 399, BOTH (RETRY) },
  { 401, 401, BOTH (TOKEN) },
  { 404, 404, LS_OUTCOME_CLASS_GONE, LS_OUTCOME_CLASS_REFUSED },
  { 408, 408, BOTH (RETRY) },
  { 409, 409, BOTH (CONFLICT) },
  { 410, 410, BOTH (GONE) },
  { 412, 412, BOTH (CONFLICT) },
  { 425, 425, BOTH (RETRY) },
  { 429, 429, BOTH (RETRY) },
  { 400, 499, BOTH (REFUSED) },
  { 500, 500, LS_OUTCOME_CLASS_RETRY, LS_OUTCOME_CLASS_BROKEN },
  { 501, 599, BOTH (RETRY) },
};
/* clang-format on */

/**
 * ls_outcome_class_of_reply:
 * @reply: what the server said to an action
 *
 * Returns: what that means for the action
 */
LsOutcomeClass
ls_outcome_class_of_reply (const LsActionReply *reply)
{
  if (reply->status == 409 && g_strcmp0 (reply->code, KEY_BUSY) == 0)
    return LS_OUTCOME_CLASS_RETRY;

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    if (reply->status >= table[i].first && reply->status <= table[i].last)
      return reply->is_ours ? table[i].labsync : table[i].classic;

  return LS_OUTCOME_CLASS_RETRY;
}

/**
 * ls_outcome_class_is_final:
 * @outcome_class: what an answer means
 *
 * Returns: whether the server would give the same answer to the same key again
 */
gboolean
ls_outcome_class_is_final (LsOutcomeClass outcome_class)
{
  return outcome_class == LS_OUTCOME_CLASS_ACCEPTED || outcome_class == LS_OUTCOME_CLASS_CONFLICT ||
         outcome_class == LS_OUTCOME_CLASS_GONE || outcome_class == LS_OUTCOME_CLASS_REFUSED;
}

/**
 * ls_outcome_class_may_be_done:
 * @status: of an answer that does not say that it was done
 *
 * Returns: whether the server may have done it all the same: it stumbled, maybe on its way out, or said yes in a way
 *   that it does not have
 */
gboolean
ls_outcome_class_may_be_done (guint status)
{
  return status >= 500 || status / 100 == 2;
}

/**
 * ls_outcome_class_error_may_be_done:
 * @reason: why there is no answer of the server's
 *
 * Returns: whether the server may have done it all the same; not if something else was in the way
 */
gboolean
ls_outcome_class_error_may_be_done (LsReason reason)
{
  static const gboolean is_in_the_way[LS_N_REASONS] = {
    [LS_REASON_NOT_CONFIGURED] = TRUE, [LS_REASON_NO_NETWORK] = TRUE,
    [LS_REASON_CAPTIVE_PORTAL] = TRUE, [LS_REASON_PROXY_AUTH] = TRUE,
    [LS_REASON_TLS_UNTRUSTED] = TRUE,  [LS_REASON_CLOCK_SKEW] = TRUE,
  };

  return !is_in_the_way[reason];
}
