/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The engine's connection: attempts, failures, waits, life. */
#include "ls-engine-private.h"

/* After this long without trouble the waits begin anew (contract, "Retry rules"). */
#define STABLE_AFTER 60000
/* A poll comes at its interval, give or take this many percent (goals, F6). */
#define POLL_JITTER 20
/* What the server asks us to stay away for gets longer by up to this part of it. */
#define STAY_AWAY_JITTER 4

/* The one place where the state is assigned. */
static void
change_state (LsEngine *self, LsState state, LsReason reason)
{
  LsCommand *command;

  if (self->status.state == state && self->status.reason == reason)
    return;

  command = ls_command_new (LS_COMMAND_TELL_STATE);
  command->old_state = self->status.state;
  command->new_state = state;
  command->reason = reason;
  g_debug ("connection: %s -> %s (%s)", ls_state_to_string (self->status.state),
           ls_state_to_string (state), ls_reason_to_string (reason));
  self->status.state = state;
  self->status.reason = reason;
  ls_engine_push (self, command);
}

static void
set_transport (LsEngine *self, LsTransportKind kind)
{
  if (self->status.transport == kind)
    return;

  self->status.transport = kind;
  if (kind != LS_TRANSPORT_KIND_NONE)
    self->status.last_connected_at = ls_clock_get_wall (self->clock);
  ls_engine_push_simple (self, LS_COMMAND_TELL_STATUS);
}

static void
set_next_attempt (LsEngine *self, gint64 at)
{
  if (self->status.next_attempt_at == at)
    return;

  self->status.next_attempt_at = at;
  ls_engine_push_simple (self, LS_COMMAND_TELL_STATUS);
}

static void
hang_up (LsEngine *self)
{
  static const LsTimer timers[] = {
    LS_TIMER_ATTEMPT,   LS_TIMER_POLL,   LS_TIMER_OPEN_DEADLINE,
    LS_TIMER_HEARTBEAT, LS_TIMER_STABLE, LS_TIMER_STALE,
  };

  for (guint i = 0; i < G_N_ELEMENTS (timers); i++)
    ls_engine_disarm (self, timers[i]);

  self->phase = LS_SOCKET_CLOSED;
  self->attempt_on_tokens = FALSE;
  ls_sync_abort (self->sync);
  ls_engine_compare_hang_up (self);
  ls_intake_drop_held (self->intake);
  g_clear_pointer (&self->delayed, ls_command_free);
  ls_engine_push_simple (self, LS_COMMAND_HANG_UP);
  set_transport (self, LS_TRANSPORT_KIND_NONE);
  set_next_attempt (self, 0);
}

static void
open_socket (LsEngine *self)
{
  self->phase = LS_SOCKET_OPENING;
  self->held = FALSE;
  self->counters.n_connects++;
  ls_engine_arm (self, LS_TIMER_OPEN_DEADLINE, self->config->connect_timeout);
  ls_engine_push_simple (self, LS_COMMAND_OPEN);
}

/**
 * ls_engine_link_attempt:
 * @self: the engine, with nothing under way
 *
 * Tries to get through: first the tokens, then the socket, or a poll where there is to be none.
 */
void
ls_engine_link_attempt (LsEngine *self)
{
  self->attempt_on_tokens = !ls_engine_tokens_are_ready (self);
  if (self->attempt_on_tokens)
    return;

  if (self->config->websocket)
    open_socket (self);
  else
    ls_engine_classic_poll_in_turn (self);
}

/* Waiting for a sign-in has no end of its own. */
static gboolean
only_a_sign_in_helps (LsEngine *self)
{
  return self->account_state == LS_ACCOUNT_EXPIRED;
}

/* Attempts in a row for which the time that the server chose stands as it is: a school that comes back
 * has let everybody in long before, so that one who is still told to wait waits longer each time. */
#define OBEYED 10

static void
wait_for_next_attempt (LsEngine *self)
{
  gint64 delay = ls_backoff_next (&self->backoff, self->random, self->config->reconnect_initial,
                                  self->config->reconnect_max);

  /* The classic system has room again for one of those whom it tells the same time. */
  if (self->stay_away > 0 && ls_engine_classic_is_spoken (self))
    delay = ls_pace_choose_retry (self->stay_away, 0, self->random);
  /* The server chose the time: not a backoff on top, unless it says so again and again. */
  else if (self->stay_away > 0 && self->backoff.attempt <= OBEYED)
    delay = self->stay_away;
  delay = MAX (delay, self->stay_away);
  self->stay_away = 0;
  hang_up (self);
  self->status.attempt = self->backoff.attempt;
  if (only_a_sign_in_helps (self))
    return;

  ls_engine_arm (self, LS_TIMER_ATTEMPT, delay);
  set_next_attempt (self, ls_clock_get_wall (self->clock) + delay);
}

/**
 * ls_engine_link_poll_later:
 * @self: the engine, just polled
 *
 * Waits for the next poll.
 */
void
ls_engine_link_poll_later (LsEngine *self)
{
  gint64 interval = self->config->polling_interval;
  gint64 spread = interval * POLL_JITTER / 100;
  gint64 delay = interval - spread + ls_random_below (self->random, 2 * spread + 1);

  if (ls_engine_classic_is_spoken (self))
    delay = ls_engine_classic_choose_delay (self);
  ls_engine_arm (self, LS_TIMER_POLL, delay);
  if (self->status.state == LS_STATE_POLLING)
    set_next_attempt (self, ls_clock_get_wall (self->clock) + delay);
}

static void
begin_polling (LsEngine *self)
{
  set_transport (self, LS_TRANSPORT_KIND_POLLING);
  ls_engine_arm (self, LS_TIMER_STABLE, STABLE_AFTER);
  ls_engine_tokens_arm (self);
  ls_engine_compare_connected (self);
  ls_engine_link_poll_later (self);
  if (self->config->websocket)
    open_socket (self);
}

static void
try_socket (LsEngine *self)
{
  ls_engine_disarm (self, LS_TIMER_ATTEMPT);
  if (self->config->websocket && self->phase == LS_SOCKET_CLOSED)
    open_socket (self);
}

static void
try_socket_later (LsEngine *self)
{
  gint64 delay = self->stay_away > 0 ? self->stay_away : self->config->websocket_retry;

  self->stay_away = 0;
  ls_engine_arm (self, LS_TIMER_ATTEMPT, delay);
}

static void
stream (LsEngine *self)
{
  if (!ls_engine_classic_is_spoken (self))
    ls_engine_disarm (self, LS_TIMER_POLL);
  ls_engine_disarm (self, LS_TIMER_ATTEMPT);
  set_next_attempt (self, 0);
  set_transport (self, LS_TRANSPORT_KIND_WEBSOCKET);
  self->n_socket_failures = 0;
  self->reported = LS_REASON_NONE;
  ls_engine_arm (self, LS_TIMER_STABLE, STABLE_AFTER);
  ls_engine_tokens_arm (self);
  ls_engine_compare_connected (self);
}

static void
fall_back (LsEngine *self)
{
  self->n_socket_failures++;
  if (self->n_socket_failures >= self->config->fallback_after)
    ls_engine_classic_poll_in_turn (self);
  else
    ls_engine_link_apply (self, LS_CONNECTION_UNREACHABLE, self->trouble);
}

static void
probe (LsEngine *self)
{
  ls_heartbeat_probe (&self->heartbeat, ls_clock_get_monotonic (self->clock));
  ls_engine_link_ping (self);
  ls_engine_link_check_heartbeat (self);
}

static void
act (LsEngine *self, LsConnectionAction action)
{
  switch (action)
    {
    case LS_CONNECTION_ACTION_NONE:
      break;
    case LS_CONNECTION_ACTION_HANG_UP:
      hang_up (self);
      break;
    case LS_CONNECTION_ACTION_REATTEMPT:
      hang_up (self);
      ls_engine_link_attempt (self);
      break;
    case LS_CONNECTION_ACTION_ATTEMPT:
      set_next_attempt (self, 0);
      ls_engine_disarm (self, LS_TIMER_ATTEMPT);
      ls_engine_link_attempt (self);
      break;
    case LS_CONNECTION_ACTION_FALL_BACK:
      fall_back (self);
      break;
    case LS_CONNECTION_ACTION_WAIT:
      wait_for_next_attempt (self);
      break;
    case LS_CONNECTION_ACTION_BEGIN_POLLING:
      begin_polling (self);
      break;
    case LS_CONNECTION_ACTION_GO_ON_POLLING:
      ls_engine_link_poll_later (self);
      break;
    case LS_CONNECTION_ACTION_TRY_SOCKET:
      try_socket (self);
      break;
    case LS_CONNECTION_ACTION_TRY_SOCKET_LATER:
      try_socket_later (self);
      break;
    case LS_CONNECTION_ACTION_STREAM:
      stream (self);
      break;
    case LS_CONNECTION_ACTION_PROBE:
      probe (self);
      break;
    default:
      g_assert_not_reached ();
    }
}

/**
 * ls_engine_link_apply:
 * @self: the engine
 * @event: what happened
 * @reason: why; of the new state
 *
 * Applies an event to the connection machine: changes the state, then acts.
 */
void
ls_engine_link_apply (LsEngine *self, LsConnectionEvent event, LsReason reason)
{
  LsState old = self->status.state;
  LsConnectionStep step = ls_connection_machine_step (old, event);

  /* At rest nothing needs doing twice, but why we rest may change. */
  if (step.state == old && event <= LS_CONNECTION_SUSPEND)
    {
      change_state (self, old, reason);
      return;
    }
  if (step.state == old && step.action == LS_CONNECTION_ACTION_NONE)
    return;

  /* While attempts go on, the last trouble stays in view. */
  if (step.state == old && reason == LS_REASON_NONE && old == LS_STATE_CONNECTING)
    reason = self->status.reason;
  change_state (self, step.state, reason);
  act (self, step.action);
  /* Who asked for a sync waits for as long as there is an attempt, and no longer. */
  if (step.state != LS_STATE_CONNECTING && step.state != LS_STATE_LIVE &&
      step.state != LS_STATE_POLLING)
    ls_engine_stream_synced (self);
}

static gboolean
is_about_the_token (const GError *error)
{
  return error->domain == LS_LINK_ERROR && error->code == LS_REASON_TOKEN_REFUSED;
}

/* The server said no to the token: get another one, unless this one is as fresh as can be. */
static gboolean
try_other_tokens (LsEngine *self)
{
  LsSession *session = self->keeper.session;

  if (session == NULL || ls_engine_tokens_are_young (self))
    return FALSE;
  if (session->refresh == NULL)
    {
      ls_engine_set_account_state (self, LS_ACCOUNT_EXPIRED);
      return FALSE;
    }

  ls_token_keeper_refused (&self->keeper, ls_clock_get_monotonic (self->clock));
  ls_engine_link_apply (self, LS_CONNECTION_RESTART, LS_REASON_TOKEN_REFUSED);
  return TRUE;
}

/**
 * ls_engine_link_stay_away:
 * @self: the engine
 * @error: why the link failed
 *
 * Notes how long the server wants us to stay away, if it says so. Never less than that, and a random
 * part more, as it says the same to others.
 */
void
ls_engine_link_stay_away (LsEngine *self, const GError *error)
{
  gint64 away = ls_link_error_get_retry_after (error);
  gint64 jitter = MAX (away / STAY_AWAY_JITTER, self->config->reconnect_initial);

  self->stay_away = away > 0 ? away + ls_random_below (self->random, jitter + 1) : 0;
}

/* What somebody has to see to is said once, as it is known here in full and in the state by name only. */
static void
report (LsEngine *self, LsReason reason, const GError *error)
{
  gboolean is_for_somebody = reason == LS_REASON_TLS_UNTRUSTED || reason == LS_REASON_CLOCK_SKEW;

  if (is_for_somebody && self->reported != reason)
    g_warning ("%s", error->message);
  else
    g_debug ("link: %s", error->message);
  self->reported = reason;
}

/**
 * ls_engine_link_fail:
 * @self: the engine
 * @error: why
 *
 * The link failed: the socket, a request, or both. Decides what that means for the connection.
 */
void
ls_engine_link_fail (LsEngine *self, const GError *error)
{
  LsReason reason = ls_link_error_get_reason (error);

  report (self, reason, error);
  self->trouble = reason;
  ls_engine_link_stay_away (self, error);
  if (is_about_the_token (error) && try_other_tokens (self))
    return;

  if (!self->network_available && reason == LS_REASON_SERVER_UNREACHABLE)
    ls_engine_link_apply (self, LS_CONNECTION_NO_NETWORK, LS_REASON_NO_NETWORK);
  else
    ls_engine_link_apply (self, LS_CONNECTION_UNREACHABLE, reason);
}

/**
 * ls_engine_link_check_gate:
 * @self: the engine
 *
 * Looks at everything that decides whether we may connect at all.
 */
void
ls_engine_link_check_gate (LsEngine *self)
{
  if (self->gate.ending)
    ls_engine_link_apply (self, LS_CONNECTION_STOP, LS_REASON_NONE);
  else if (self->config->server == NULL)
    ls_engine_link_apply (self, LS_CONNECTION_STOP, LS_REASON_NOT_CONFIGURED);
  else if (self->gate.disconnected)
    ls_engine_link_apply (self, LS_CONNECTION_STOP, LS_REASON_USER);
  else if (!self->has_account)
    ls_engine_link_apply (self, LS_CONNECTION_SIGN_OUT, self->store_trouble);
  else if (self->gate.suspended)
    ls_engine_link_apply (self, LS_CONNECTION_SUSPEND, LS_REASON_POLICY);
  else
    ls_engine_link_apply (self, LS_CONNECTION_GO, LS_REASON_NONE);
}

/**
 * ls_engine_link_heard:
 * @self: the engine
 *
 * Something came on the socket.
 */
void
ls_engine_link_heard (LsEngine *self)
{
  gboolean answers = ls_heartbeat_is_waiting (&self->heartbeat);

  self->counters.n_frames++;
  ls_heartbeat_heard (&self->heartbeat, ls_clock_get_monotonic (self->clock));
  /* Nobody has to wake up at the deadline of a question that is answered. */
  if (answers)
    ls_engine_link_check_heartbeat (self);
}

/**
 * ls_engine_link_ping:
 * @self: the engine, with an open socket
 *
 * Sends a ping.
 */
void
ls_engine_link_ping (LsEngine *self)
{
  LsCommand *command = ls_command_new (LS_COMMAND_SEND);

  command->message = ls_message_new (LS_MESSAGE_PING);
  command->message->timestamp = ls_clock_get_wall (self->clock);
  ls_engine_push (self, command);
}

/**
 * ls_engine_link_check_heartbeat:
 * @self: the engine
 *
 * Pings if it is time, gives the link up if the answer is overdue, and looks again later.
 */
void
ls_engine_link_check_heartbeat (LsEngine *self)
{
  gint64 now = ls_clock_get_monotonic (self->clock);
  g_autoptr (GError) error = NULL;
  LsHeartbeatVerdict verdict;
  gint64 next;

  if (self->phase != LS_SOCKET_STREAMING)
    return;

  /* Who does not listen hears no answer. */
  if (self->held)
    ls_heartbeat_heard (&self->heartbeat, now);
  verdict = ls_heartbeat_check (&self->heartbeat, now, &next);
  if (verdict == LS_HEARTBEAT_DEAD)
    {
      error = ls_link_error_new (LS_REASON_SERVER_UNREACHABLE, 0, 0, "no answer to a ping");
      ls_engine_closed (self, error);
      return;
    }
  if (verdict == LS_HEARTBEAT_PING)
    ls_engine_link_ping (self);

  ls_engine_arm (self, LS_TIMER_HEARTBEAT, MAX (next - now, 1));
}
