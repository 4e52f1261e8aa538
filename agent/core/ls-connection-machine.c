/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-connection-machine.h"

/* clang-format off */
#define STAY(state) { LS_STATE_##state, LS_CONNECTION_ACTION_NONE }
#define TO(state, action) { LS_STATE_##state, LS_CONNECTION_ACTION_##action }

/* What holds in every state: orders from above end everything. */
#define ORDERS \
  [LS_CONNECTION_STOP] = TO (STOPPED, HANG_UP), \
  [LS_CONNECTION_SIGN_OUT] = TO (SIGNED_OUT, HANG_UP), \
  [LS_CONNECTION_SUSPEND] = TO (SUSPENDED, HANG_UP)

/* A state in which nothing is under way: only GO leads out of it, and late news is no news. */
#define AT_REST(state) \
  { \
    ORDERS, \
    [LS_CONNECTION_GO] = TO (CONNECTING, ATTEMPT), \
    [LS_CONNECTION_RETRY_DUE] = STAY (state), \
    [LS_CONNECTION_RETRY_NOW] = STAY (state), \
    [LS_CONNECTION_RESTART] = STAY (state), \
    [LS_CONNECTION_SOCKET_REFUSED] = STAY (state), \
    [LS_CONNECTION_CAUGHT_UP] = STAY (state), \
    [LS_CONNECTION_POLLED] = STAY (state), \
    [LS_CONNECTION_UNREACHABLE] = STAY (state), \
    [LS_CONNECTION_NO_NETWORK] = STAY (state), \
  }

/* A state in which we wait for the next attempt. */
#define BETWEEN_ATTEMPTS(state) \
  { \
    ORDERS, \
    [LS_CONNECTION_GO] = STAY (state), \
    [LS_CONNECTION_RETRY_DUE] = TO (CONNECTING, ATTEMPT), \
    [LS_CONNECTION_RETRY_NOW] = TO (CONNECTING, ATTEMPT), \
    [LS_CONNECTION_RESTART] = TO (CONNECTING, REATTEMPT), \
    [LS_CONNECTION_SOCKET_REFUSED] = STAY (state), \
    [LS_CONNECTION_CAUGHT_UP] = STAY (state), \
    [LS_CONNECTION_POLLED] = STAY (state), \
    [LS_CONNECTION_UNREACHABLE] = TO (WAITING, WAIT), \
    [LS_CONNECTION_NO_NETWORK] = TO (OFFLINE, WAIT), \
  }

static const LsConnectionStep table[LS_N_STATES][LS_N_CONNECTION_EVENTS] = {
  [LS_STATE_STOPPED] = AT_REST (STOPPED),
  [LS_STATE_SIGNED_OUT] = AT_REST (SIGNED_OUT),
  [LS_STATE_SUSPENDED] = AT_REST (SUSPENDED),
  [LS_STATE_OFFLINE] = BETWEEN_ATTEMPTS (OFFLINE),
  [LS_STATE_WAITING] = BETWEEN_ATTEMPTS (WAITING),
  [LS_STATE_CONNECTING] = {
    ORDERS,
    [LS_CONNECTION_GO] = STAY (CONNECTING),
    [LS_CONNECTION_RETRY_DUE] = STAY (CONNECTING),
    [LS_CONNECTION_RETRY_NOW] = STAY (CONNECTING),
    [LS_CONNECTION_RESTART] = TO (CONNECTING, REATTEMPT),
    [LS_CONNECTION_SOCKET_REFUSED] = TO (CONNECTING, FALL_BACK),
    [LS_CONNECTION_CAUGHT_UP] = TO (LIVE, STREAM),
    [LS_CONNECTION_POLLED] = TO (POLLING, BEGIN_POLLING),
    [LS_CONNECTION_UNREACHABLE] = TO (WAITING, WAIT),
    [LS_CONNECTION_NO_NETWORK] = TO (OFFLINE, WAIT),
  },
  [LS_STATE_LIVE] = {
    ORDERS,
    [LS_CONNECTION_GO] = STAY (LIVE),
    [LS_CONNECTION_RETRY_DUE] = STAY (LIVE),
    [LS_CONNECTION_RETRY_NOW] = TO (LIVE, PROBE),
    [LS_CONNECTION_RESTART] = TO (CONNECTING, REATTEMPT),
    [LS_CONNECTION_SOCKET_REFUSED] = TO (WAITING, WAIT),
    [LS_CONNECTION_CAUGHT_UP] = STAY (LIVE),
    [LS_CONNECTION_POLLED] = STAY (LIVE),
    [LS_CONNECTION_UNREACHABLE] = TO (WAITING, WAIT),
    [LS_CONNECTION_NO_NETWORK] = TO (OFFLINE, WAIT),
  },
  [LS_STATE_POLLING] = {
    ORDERS,
    [LS_CONNECTION_GO] = STAY (POLLING),
    [LS_CONNECTION_RETRY_DUE] = TO (POLLING, TRY_SOCKET),
    [LS_CONNECTION_RETRY_NOW] = TO (POLLING, TRY_SOCKET),
    [LS_CONNECTION_RESTART] = TO (CONNECTING, REATTEMPT),
    [LS_CONNECTION_SOCKET_REFUSED] = TO (POLLING, TRY_SOCKET_LATER),
    [LS_CONNECTION_CAUGHT_UP] = TO (LIVE, STREAM),
    [LS_CONNECTION_POLLED] = TO (POLLING, GO_ON_POLLING),
    [LS_CONNECTION_UNREACHABLE] = TO (WAITING, WAIT),
    [LS_CONNECTION_NO_NETWORK] = TO (OFFLINE, WAIT),
  },
};
/* clang-format on */

static const char *const event_names[] = {
  "stop",    "sign-out",       "suspend",   "go",     "retry-due",   "retry-now",
  "restart", "socket-refused", "caught-up", "polled", "unreachable", "no-network",
};
G_STATIC_ASSERT (G_N_ELEMENTS (event_names) == LS_N_CONNECTION_EVENTS);

static const char *const action_names[] = {
  "none",          "hang-up",       "attempt",    "reattempt",        "fall-back", "wait",
  "begin-polling", "go-on-polling", "try-socket", "try-socket-later", "stream",    "probe",
};
G_STATIC_ASSERT (G_N_ELEMENTS (action_names) == LS_N_CONNECTION_ACTIONS);

/**
 * ls_connection_machine_step:
 * @state: where the connection is
 * @event: what happened
 *
 * The whole machine: one table, every pair in it.
 *
 * Returns: where it goes and what is to be done
 */
LsConnectionStep
ls_connection_machine_step (LsState state, LsConnectionEvent event)
{
  g_assert ((guint)state < LS_N_STATES);
  g_assert ((guint)event < LS_N_CONNECTION_EVENTS);

  return table[state][event];
}

/**
 * ls_connection_event_to_string:
 * @event: an event
 *
 * Returns: its name, for the log and the diagram
 */
const char *
ls_connection_event_to_string (LsConnectionEvent event)
{
  g_return_val_if_fail ((guint)event < LS_N_CONNECTION_EVENTS, "");

  return event_names[event];
}

/**
 * ls_connection_action_to_string:
 * @action: an action
 *
 * Returns: its name, for the log and the diagram
 */
const char *
ls_connection_action_to_string (LsConnectionAction action)
{
  g_return_val_if_fail ((guint)action < LS_N_CONNECTION_ACTIONS, "");

  return action_names[action];
}
