/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-action.h"

G_BEGIN_DECLS

/**
 * LsActionEvent:
 * @LS_ACTION_SEND: it goes to the server
 * @LS_ACTION_POSTPONE: it did not come through, or nobody knows: again later
 * @LS_ACTION_ACCEPT: the server has done it
 * @LS_ACTION_REFUSE: the server will never do it as it is
 * @LS_ACTION_COLLIDE: the row is not what it was made from
 * @LS_ACTION_MOVE_ON: it is made from another state of the row now, and can be sent
 * @LS_ACTION_SUPERSEDE: something else takes its place: a later action, or the server's side
 * @LS_ACTION_CANCEL: the user does not want it any more
 * @LS_ACTION_RETRY: the user wants it sent again
 * @LS_ACTION_EDIT: the user has changed what is to be sent
 *
 * What can happen to an action.
 */
typedef enum
{
  LS_ACTION_SEND,
  LS_ACTION_POSTPONE,
  LS_ACTION_ACCEPT,
  LS_ACTION_REFUSE,
  LS_ACTION_COLLIDE,
  LS_ACTION_MOVE_ON,
  LS_ACTION_SUPERSEDE,
  LS_ACTION_CANCEL,
  LS_ACTION_RETRY,
  LS_ACTION_EDIT,
} LsActionEvent;

#define LS_N_ACTION_EVENTS (LS_ACTION_EDIT + 1)

/** LsActionStep: the status to go to, and the outcome that goes with it */
typedef struct
{
  LsActionStatus status;
  LsOutcome outcome;
} LsActionStep;

gboolean ls_action_machine_step (LsActionStatus status, LsActionEvent event, LsActionStep *step);
const char *ls_action_event_to_string (LsActionEvent event);

G_END_DECLS
