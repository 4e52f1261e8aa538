/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-action-machine.h"

/* clang-format off */
#define TO(event, status) [LS_ACTION_##event] = LS_ACTION_##status
#define NEVER(event) [LS_ACTION_##event] = LS_ACTION_STATUS_INVALID

/* What is over stays as it is. */
#define OVER \
  { \
    NEVER (SEND), NEVER (POSTPONE), NEVER (ACCEPT), NEVER (REFUSE), NEVER (COLLIDE), \
    NEVER (MOVE_ON), NEVER (SUPERSEDE), NEVER (CANCEL), NEVER (RETRY), NEVER (EDIT), \
  }

static const LsActionStatus table[LS_N_ACTION_STATUSES][LS_N_ACTION_EVENTS] = {
  [LS_ACTION_PENDING] = {
    TO (SEND, SYNCING),
    TO (POSTPONE, PENDING),
    TO (ACCEPT, COMPLETED),
    TO (REFUSE, FAILED),
    TO (COLLIDE, CONFLICT),
    TO (MOVE_ON, PENDING),
    TO (SUPERSEDE, COMPLETED),
    TO (CANCEL, CANCELLED),
    TO (RETRY, PENDING),
    TO (EDIT, PENDING),
  },
  /* Nobody but the server can change what is with the server. */
  [LS_ACTION_SYNCING] = {
    NEVER (SEND),
    TO (POSTPONE, PENDING),
    TO (ACCEPT, COMPLETED),
    TO (REFUSE, FAILED),
    TO (COLLIDE, CONFLICT),
    TO (MOVE_ON, PENDING),
    TO (SUPERSEDE, COMPLETED),
    NEVER (CANCEL),
    NEVER (RETRY),
    NEVER (EDIT),
  },
  [LS_ACTION_COMPLETED] = OVER,
  /* A dead letter goes only by the user's hand, or as the stream shows that it was done after all. */
  [LS_ACTION_FAILED] = {
    NEVER (SEND),
    NEVER (POSTPONE),
    TO (ACCEPT, COMPLETED),
    NEVER (REFUSE),
    NEVER (COLLIDE),
    NEVER (MOVE_ON),
    NEVER (SUPERSEDE),
    TO (CANCEL, CANCELLED),
    TO (RETRY, PENDING),
    TO (EDIT, PENDING),
  },
  [LS_ACTION_CONFLICT] = {
    NEVER (SEND),
    NEVER (POSTPONE),
    TO (ACCEPT, COMPLETED),
    NEVER (REFUSE),
    TO (COLLIDE, CONFLICT),
    TO (MOVE_ON, PENDING),
    TO (SUPERSEDE, COMPLETED),
    TO (CANCEL, CANCELLED),
    NEVER (RETRY),
    TO (EDIT, CONFLICT),
  },
  [LS_ACTION_CANCELLED] = OVER,
};
/* clang-format on */

/* The statuses in which an outcome stands, and which. */
static const LsOutcome outcomes[LS_N_ACTION_EVENTS] = {
  [LS_ACTION_ACCEPT] = LS_OUTCOME_ACCEPTED,    [LS_ACTION_REFUSE] = LS_OUTCOME_REJECTED,
  [LS_ACTION_COLLIDE] = LS_OUTCOME_CONFLICTED, [LS_ACTION_SUPERSEDE] = LS_OUTCOME_SUPERSEDED,
  [LS_ACTION_CANCEL] = LS_OUTCOME_CANCELLED,
};

static const char *const event_names[] = {
  "send",    "postpone",  "accept", "refuse", "collide",
  "move-on", "supersede", "cancel", "retry",  "edit",
};
G_STATIC_ASSERT (G_N_ELEMENTS (event_names) == LS_N_ACTION_EVENTS);

/**
 * ls_action_machine_step:
 * @status: where an action is
 * @event: what happened
 * @step: (out): where it goes
 *
 * The whole life of an action: one table, every pair in it.
 *
 * Returns: whether that can happen to it
 */
gboolean
ls_action_machine_step (LsActionStatus status, LsActionEvent event, LsActionStep *step)
{
  g_assert ((guint)status < LS_N_ACTION_STATUSES);
  g_assert ((guint)event < LS_N_ACTION_EVENTS);

  step->status = table[status][event];
  step->outcome = outcomes[event];
  /* An edited conflict is one still. */
  if (step->status == LS_ACTION_CONFLICT)
    step->outcome = LS_OUTCOME_CONFLICTED;
  return step->status != LS_ACTION_STATUS_INVALID;
}

/**
 * ls_action_event_to_string:
 * @event: an event
 *
 * Returns: its name, for the log and the documents
 */
const char *
ls_action_event_to_string (LsActionEvent event)
{
  g_return_val_if_fail ((guint)event < LS_N_ACTION_EVENTS, "");

  return event_names[event];
}
