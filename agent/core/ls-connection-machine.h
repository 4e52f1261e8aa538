/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-state.h"

G_BEGIN_DECLS

/**
 * LsConnectionEvent:
 * @LS_CONNECTION_STOP: not to connect: no server is set, or the user or a policy said so
 * @LS_CONNECTION_SIGN_OUT: nobody is signed in
 * @LS_CONNECTION_SUSPEND: this session is not the active one
 * @LS_CONNECTION_GO: none of these holds (any more)
 * @LS_CONNECTION_RETRY_DUE: the wait is over
 * @LS_CONNECTION_RETRY_NOW: there is reason to hope: network up, or the user asks
 * @LS_CONNECTION_RESTART: the user wants a new connection
 * @LS_CONNECTION_SOCKET_REFUSED: the socket could not be opened
 * @LS_CONNECTION_CAUGHT_UP: the socket is up and nothing is missing
 * @LS_CONNECTION_POLLED: a poll brought us up to date
 * @LS_CONNECTION_UNREACHABLE: socket or poll failed, and there is a network
 * @LS_CONNECTION_NO_NETWORK: socket or poll failed, and there is none
 *
 * What can happen to a connection.
 */
typedef enum
{
  LS_CONNECTION_STOP,
  LS_CONNECTION_SIGN_OUT,
  LS_CONNECTION_SUSPEND,
  LS_CONNECTION_GO,
  LS_CONNECTION_RETRY_DUE,
  LS_CONNECTION_RETRY_NOW,
  LS_CONNECTION_RESTART,
  LS_CONNECTION_SOCKET_REFUSED,
  LS_CONNECTION_CAUGHT_UP,
  LS_CONNECTION_POLLED,
  LS_CONNECTION_UNREACHABLE,
  LS_CONNECTION_NO_NETWORK,
} LsConnectionEvent;

#define LS_N_CONNECTION_EVENTS (LS_CONNECTION_NO_NETWORK + 1)

/**
 * LsConnectionAction:
 * @LS_CONNECTION_ACTION_NONE: nothing
 * @LS_CONNECTION_ACTION_HANG_UP: end everything that is under way
 * @LS_CONNECTION_ACTION_ATTEMPT: try the socket, or poll where there is none
 * @LS_CONNECTION_ACTION_REATTEMPT: hang up, then try
 * @LS_CONNECTION_ACTION_FALL_BACK: try a poll instead, if it is time for that
 * @LS_CONNECTION_ACTION_WAIT: hang up, and come back after a while
 * @LS_CONNECTION_ACTION_BEGIN_POLLING: wait for the next poll, and try the socket at once
 * @LS_CONNECTION_ACTION_GO_ON_POLLING: wait for the next poll
 * @LS_CONNECTION_ACTION_TRY_SOCKET: try the socket beside the polling
 * @LS_CONNECTION_ACTION_TRY_SOCKET_LATER: wait for the next try of the socket
 * @LS_CONNECTION_ACTION_STREAM: stop polling: the socket brings everything
 * @LS_CONNECTION_ACTION_PROBE: ask at once whether the link still lives
 *
 * What is to be done.
 */
typedef enum
{
  LS_CONNECTION_ACTION_NONE,
  LS_CONNECTION_ACTION_HANG_UP,
  LS_CONNECTION_ACTION_ATTEMPT,
  LS_CONNECTION_ACTION_REATTEMPT,
  LS_CONNECTION_ACTION_FALL_BACK,
  LS_CONNECTION_ACTION_WAIT,
  LS_CONNECTION_ACTION_BEGIN_POLLING,
  LS_CONNECTION_ACTION_GO_ON_POLLING,
  LS_CONNECTION_ACTION_TRY_SOCKET,
  LS_CONNECTION_ACTION_TRY_SOCKET_LATER,
  LS_CONNECTION_ACTION_STREAM,
  LS_CONNECTION_ACTION_PROBE,
} LsConnectionAction;

#define LS_N_CONNECTION_ACTIONS (LS_CONNECTION_ACTION_PROBE + 1)

/** LsConnectionStep: the state to go to and what to do on the way */
typedef struct
{
  LsState state;
  LsConnectionAction action;
} LsConnectionStep;

LsConnectionStep ls_connection_machine_step (LsState state, LsConnectionEvent event);
const char *ls_connection_event_to_string (LsConnectionEvent event);
const char *ls_connection_action_to_string (LsConnectionAction action);

G_END_DECLS
