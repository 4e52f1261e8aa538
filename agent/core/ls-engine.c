/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-engine-private.h"

#include <string.h>

/**
 * LsEngine:
 *
 * Decides. Each function below is an input: something happened. What is to be done about it waits
 * in a queue of commands until the caller takes them, carries them out and reports back. The engine
 * itself performs nothing, and so can be replayed, simulated and stopped at any point.
 */

/**
 * ls_engine_new:
 * @clock: for the time; alarms are commands
 * @random: for jitter
 * @reader: reads tokens
 * @data_reader: reads data
 * @config: settings
 *
 * Returns: (transfer full): an engine without an account
 */
LsEngine *
ls_engine_new (LsClock *clock,
               LsRandom *random,
               const LsTokenReader *reader,
               const LsDataReader *data_reader,
               const LsConfig *config)
{
  LsEngine *self = g_new0 (LsEngine, 1);

  self->clock = g_object_ref (clock);
  self->random = g_object_ref (random);
  self->reader = *reader;
  self->data_reader = *data_reader;
  self->config = ls_config_copy (config);
  self->network_available = TRUE;
  self->intake = ls_intake_new ();
  self->sync = ls_sync_new (self->intake);
  self->classic = ls_classic_new (clock, data_reader);
  self->status.state = LS_STATE_STOPPED;
  self->subscriptions.always = config->entities;
  g_queue_init (&self->commands);
  ls_engine_stream_update_followed (self);
  return self;
}

/**
 * ls_engine_free:
 * @self: (transfer full): an engine
 *
 * Frees it.
 */
void
ls_engine_free (LsEngine *self)
{
  g_queue_clear_full (&self->commands, (GDestroyNotify)ls_command_free);
  g_clear_pointer (&self->delayed, ls_command_free);
  ls_engine_compare_forget (self);
  ls_token_keeper_clear (&self->keeper);
  ls_sync_free (self->sync);
  ls_classic_free (self->classic);
  ls_intake_free (self->intake);
  g_clear_pointer (&self->user, ls_user_free);
  ls_config_free (self->config);
  g_object_unref (self->clock);
  g_object_unref (self->random);
  g_free (self);
}

/**
 * ls_engine_push:
 * @self: the engine
 * @command: (transfer full): what to do
 *
 * Adds a command.
 */
void
ls_engine_push (LsEngine *self, LsCommand *command)
{
  g_queue_push_tail (&self->commands, command);
}

/**
 * ls_engine_push_simple:
 * @self: the engine
 * @kind: what to do
 *
 * Adds a command that needs no more words.
 */
void
ls_engine_push_simple (LsEngine *self, LsCommandKind kind)
{
  ls_engine_push (self, ls_command_new (kind));
}

/**
 * ls_engine_arm:
 * @self: the engine
 * @timer: which
 * @delay_ms: from now, in milliseconds
 *
 * Has @timer ring later, unless the program ends.
 */
void
ls_engine_arm (LsEngine *self, LsTimer timer, gint64 delay_ms)
{
  LsCommand *command;

  if (self->gate.ending)
    return;

  command = ls_command_new (LS_COMMAND_ARM);
  command->timer = timer;
  command->at = ls_clock_get_monotonic (self->clock) + delay_ms;
  ls_engine_push (self, command);
}

/**
 * ls_engine_disarm:
 * @self: the engine
 * @timer: which
 *
 * Keeps @timer from ringing.
 */
void
ls_engine_disarm (LsEngine *self, LsTimer timer)
{
  LsCommand *command = ls_command_new (LS_COMMAND_DISARM);

  command->timer = timer;
  ls_engine_push (self, command);
}

/**
 * ls_engine_take_command:
 * @self: the engine
 *
 * Returns: (transfer full) (nullable): what to do next
 */
LsCommand *
ls_engine_take_command (LsEngine *self)
{
  return g_queue_pop_head (&self->commands);
}

/**
 * ls_engine_get_status:
 * @self: the engine
 *
 * Returns: (transfer none): the connection as apps see it
 */
const LsStatus *
ls_engine_get_status (LsEngine *self)
{
  return &self->status;
}

/**
 * ls_engine_get_counters:
 * @self: the engine
 *
 * Returns: (transfer none): what was done; whoever carries commands out counts into it, too
 */
LsCounters *
ls_engine_get_counters (LsEngine *self)
{
  return &self->counters;
}

/**
 * ls_engine_get_account_state:
 * @self: the engine
 *
 * Returns: the account's state
 */
LsAccountState
ls_engine_get_account_state (LsEngine *self)
{
  return self->account_state;
}

/**
 * ls_engine_get_session:
 * @self: the engine
 *
 * Returns: (transfer none) (nullable): the tokens
 */
const LsSession *
ls_engine_get_session (LsEngine *self)
{
  return self->keeper.session;
}

/**
 * ls_engine_is_classic:
 * @self: the engine
 *
 * Returns: whether the server is the classic system, as far as we know
 */
gboolean
ls_engine_is_classic (LsEngine *self)
{
  return ls_sync_is_classic (self->sync);
}

/**
 * ls_engine_get_list_token:
 * @self: the engine, with tokens
 *
 * Returns: (transfer none): the access token to ask the classic system for a table with
 */
const char *
ls_engine_get_list_token (LsEngine *self)
{
  return ls_engine_classic_is_spoken (self)
             ? ls_token_keeper_get_login (&self->keeper, ls_clock_get_monotonic (self->clock))
             : self->keeper.session->access;
}

/**
 * ls_engine_get_expires_at:
 * @self: the engine
 *
 * Returns: when the access token ends, in milliseconds since the epoch; 0: unknown
 */
gint64
ls_engine_get_expires_at (LsEngine *self)
{
  return self->keeper.expires_at;
}

/**
 * ls_engine_get_committed:
 * @self: the engine
 *
 * Returns: where the disk stands in the server's log
 */
LsCursor
ls_engine_get_committed (LsEngine *self)
{
  return ls_intake_get_committed (self->intake);
}

/**
 * ls_engine_is_settled:
 * @self: the engine
 *
 * Returns: whether everything that came is on disk, and nothing is being asked for
 */
gboolean
ls_engine_is_settled (LsEngine *self)
{
  return ls_intake_is_settled (self->intake) && !ls_sync_is_running (self->sync);
}

/**
 * ls_engine_get_followed:
 * @self: the engine
 *
 * Returns: what is followed upstream
 */
LsEntitySet
ls_engine_get_followed (LsEngine *self)
{
  return self->followed;
}

/**
 * ls_engine_set_account_state:
 * @self: the engine
 * @state: of the account
 *
 * Notes it and tells.
 */
void
ls_engine_set_account_state (LsEngine *self, LsAccountState state)
{
  if (self->account_state == state)
    return;

  self->account_state = state;
  ls_engine_push_simple (self, LS_COMMAND_TELL_ACCOUNT);
}

/**
 * ls_engine_set_config:
 * @self: the engine
 * @config: settings
 *
 * Takes new settings. Another server ends the connection; the caller then changes the account.
 */
void
ls_engine_set_config (LsEngine *self, const LsConfig *config)
{
  if (g_strcmp0 (self->config->server, config->server) != 0)
    {
      self->pace = (LsPace) { 0 };
      self->server_ahead = 0;
    }
  ls_config_free (self->config);
  self->config = ls_config_copy (config);
  self->subscriptions.always = config->entities;
  ls_engine_stream_update_followed (self);
  ls_engine_link_check_gate (self);
}

/**
 * ls_engine_set_gate:
 * @self: the engine
 * @gate: what keeps us from connecting
 *
 * Opens or closes the gate.
 */
void
ls_engine_set_gate (LsEngine *self, LsEngineGate gate)
{
  self->gate = gate;
  ls_engine_link_check_gate (self);
}

/**
 * ls_engine_set_account:
 * @self: the engine
 * @user: who
 * @store: what is in the account's store, which is open
 * @session: (nullable): the tokens, just issued; %NULL: they are to be looked up
 *
 * Somebody is signed in.
 */
void
ls_engine_set_account (LsEngine *self,
                       const LsUser *user,
                       const LsStoreState *store,
                       const LsSession *session)
{
  ls_engine_link_apply (self, LS_CONNECTION_SIGN_OUT, LS_REASON_NONE);
  ls_token_keeper_clear (&self->keeper);
  ls_engine_compare_forget (self);
  self->token_fetch = LS_TOKENS_AT_REST;
  self->tokens_asked_at = 0;
  memset (self->doubted_at, 0, sizeof self->doubted_at);
  ls_intake_begin (self->intake, store->cursor);
  for (guint i = 0; i < LS_N_ENTITIES; i++)
    ls_intake_set_baseline (self->intake, (LsEntity)i, store->baselines[i].cursor);
  ls_intake_set_followed (self->intake, self->followed);
  g_clear_pointer (&self->user, ls_user_free);
  self->user = ls_user_copy (user);
  ls_classic_set_user (self->classic, user, store->sight);
  ls_engine_classic_set_protocol (self, LS_PROTOCOL_UNKNOWN);
  /* Where no socket tells, what seems likely is tried first. */
  if (session != NULL ? session->is_classic : ls_cursor_equal (store->cursor, LS_CLASSIC_CURSOR))
    ls_sync_set_classic (self->sync, self->classic);
  self->polled_at = 0;
  self->turn_at = 0;

  self->has_account = TRUE;
  self->store_trouble = LS_REASON_NONE;
  self->status.confirmed_at = store->confirmed_at;
  ls_backoff_reset (&self->backoff);
  self->n_socket_failures = 0;
  ls_engine_set_account_state (self, LS_ACCOUNT_SIGNED_IN);
  if (session != NULL)
    {
      ls_engine_tokens_take (self, session, TRUE);
      self->keeper.is_login = TRUE;
      ls_classic_signed_in (self->classic);
    }
  ls_engine_link_check_gate (self);
}

/**
 * ls_engine_clear_account:
 * @self: the engine
 *
 * Nobody is signed in any more.
 */
void
ls_engine_clear_account (LsEngine *self)
{
  self->has_account = FALSE;
  self->store_trouble = LS_REASON_NONE;
  self->status.confirmed_at = 0;
  self->token_fetch = LS_TOKENS_AT_REST;
  ls_token_keeper_clear (&self->keeper);
  ls_intake_begin (self->intake, LS_CURSOR_NONE);
  g_clear_pointer (&self->user, ls_user_free);
  ls_classic_set_user (self->classic, NULL, NULL);
  ls_engine_classic_set_protocol (self, LS_PROTOCOL_UNKNOWN);
  ls_engine_set_account_state (self, LS_ACCOUNT_SIGNED_OUT);
  ls_engine_link_check_gate (self);
}

/**
 * ls_engine_set_store_broken:
 * @self: the engine, without an account
 * @locked: whether that is for want of the store's key, as the keyring is locked
 *
 * Somebody is remembered as signed in, but nothing can be read or kept for them.
 */
void
ls_engine_set_store_broken (LsEngine *self, gboolean locked)
{
  self->store_trouble = locked ? LS_REASON_TOKEN_REFUSED : LS_REASON_STORAGE;
  if (locked)
    ls_engine_set_account_state (self, LS_ACCOUNT_LOCKED);
  ls_engine_link_check_gate (self);
}

/**
 * ls_engine_set_network:
 * @self: the engine
 * @available: whether there seems to be a network
 * @metered: whether traffic costs money
 *
 * Something about the network may have changed: a reason to try, or to ask whether the link still
 * lives, never one to give up.
 */
void
ls_engine_set_network (LsEngine *self, gboolean available, gboolean metered)
{
  gboolean changed = self->network_available != available || self->status.metered != metered;

  if (!changed)
    return;

  self->network_available = available;
  self->status.metered = metered;
  ls_engine_push_simple (self, LS_COMMAND_TELL_STATUS);
  ls_engine_stream_update_followed (self);
  if (available || self->status.state == LS_STATE_LIVE)
    ls_engine_retry_now (self);
}

/**
 * ls_engine_opened:
 * @self: the engine
 * @protocol: what the server speaks
 *
 * The socket is open.
 */
void
ls_engine_opened (LsEngine *self, LsProtocol protocol)
{
  if (self->phase != LS_SOCKET_OPENING)
    return;

  ls_engine_classic_set_protocol (self, protocol);
  if (protocol == LS_PROTOCOL_LABSYNC_V1)
    ls_engine_stream_hello (self);
  else
    ls_engine_classic_opened (self);
}

/* Where a poll would not fare better either. */
static gboolean
polling_is_pointless (LsReason reason)
{
  return reason == LS_REASON_TOKEN_REFUSED || reason == LS_REASON_RATE_LIMITED ||
         reason == LS_REASON_SERVER_DRAINING || reason == LS_REASON_POLICY;
}

/**
 * ls_engine_open_failed:
 * @self: the engine
 * @error: why
 *
 * The socket could not be opened, or closed before the welcome.
 */
void
ls_engine_open_failed (LsEngine *self, const GError *error)
{
  LsReason reason = ls_link_error_get_reason (error);

  if (self->phase == LS_SOCKET_CLOSED)
    return;

  g_debug ("socket: %s", error->message);
  self->phase = LS_SOCKET_CLOSED;
  self->trouble = reason;
  ls_engine_disarm (self, LS_TIMER_OPEN_DEADLINE);
  if (polling_is_pointless (reason) && self->status.state != LS_STATE_POLLING)
    {
      ls_engine_link_fail (self, error);
      return;
    }

  ls_engine_link_stay_away (self, error);
  ls_engine_link_apply (self, LS_CONNECTION_SOCKET_REFUSED, reason);
}

/**
 * ls_engine_closed:
 * @self: the engine
 * @error: why
 *
 * The socket that was open is gone.
 */
void
ls_engine_closed (LsEngine *self, const GError *error)
{
  if (self->phase == LS_SOCKET_STREAMING)
    {
      self->phase = LS_SOCKET_CLOSED;
      ls_engine_push_simple (self, LS_COMMAND_CLOSE);
      ls_engine_link_fail (self, error);
    }
  else
    {
      ls_engine_open_failed (self, error);
    }
}

/**
 * ls_engine_message:
 * @self: the engine
 * @message: what came
 *
 * A frame came on the socket.
 */
void
ls_engine_message (LsEngine *self, LsMessage *message)
{
  if (self->phase == LS_SOCKET_CLOSED)
    return;

  ls_engine_link_heard (self);
  ls_engine_stream_message (self, message);
}

/**
 * ls_engine_bad_message:
 * @self: the engine
 *
 * A frame came that can't be understood: a sign of life, counted, and no reason to reconnect. What
 * it may have brought shows as a gap.
 */
void
ls_engine_bad_message (LsEngine *self)
{
  if (self->phase == LS_SOCKET_CLOSED)
    return;

  ls_engine_link_heard (self);
  self->counters.n_bad_frames++;
}

/**
 * ls_engine_fetch_failed:
 * @self: the engine
 * @run: of the command
 * @error: why
 *
 * A request of the run under way failed.
 */
void
ls_engine_fetch_failed (LsEngine *self, guint run, const GError *error)
{
  if (!ls_sync_is_current (self->sync, run))
    return;

  if (ls_engine_classic_may_be_spoken (self, error))
    {
      ls_engine_classic_try (self);
      return;
    }
  if (!ls_engine_classic_is_spoken (self))
    ls_sync_set_classic (self->sync, NULL);

  ls_sync_abort (self->sync);
  if (!ls_engine_classic_bears (self, error))
    ls_engine_link_fail (self, error);
}

static void
on_attempt_timer (LsEngine *self)
{
  ls_engine_link_apply (self, LS_CONNECTION_RETRY_DUE, self->status.reason);
}

static void
on_poll_timer (LsEngine *self)
{
  if (!ls_sync_is_running (self->sync))
    ls_engine_stream_start_sync (self, FALSE);
}

static void
on_open_deadline (LsEngine *self)
{
  g_autoptr (GError) error = NULL;

  error = ls_link_error_new (LS_REASON_SERVER_UNREACHABLE, 0, 0, "the server takes too long");
  ls_engine_push_simple (self, LS_COMMAND_CLOSE);
  ls_engine_open_failed (self, error);
}

static void
on_stable_timer (LsEngine *self)
{
  ls_backoff_reset (&self->backoff);
  self->status.attempt = 0;
  ls_engine_push_simple (self, LS_COMMAND_TELL_STATUS);
}

/**
 * ls_engine_timer:
 * @self: the engine
 * @timer: which
 *
 * A timer rang.
 */
void
ls_engine_timer (LsEngine *self, LsTimer timer)
{
  static void (*const handlers[]) (LsEngine *) = {
    [LS_TIMER_ATTEMPT] = on_attempt_timer,
    [LS_TIMER_POLL] = on_poll_timer,
    [LS_TIMER_OPEN_DEADLINE] = on_open_deadline,
    [LS_TIMER_HEARTBEAT] = ls_engine_link_check_heartbeat,
    [LS_TIMER_REFRESH] = ls_engine_tokens_on_refresh_timer,
    [LS_TIMER_EXPIRY] = ls_engine_tokens_on_expiry_timer,
    [LS_TIMER_FOLLOW] = ls_engine_stream_update_followed,
    [LS_TIMER_STABLE] = on_stable_timer,
    [LS_TIMER_COMPARE] = ls_engine_compare_on_timer,
    [LS_TIMER_STALE] = ls_engine_classic_on_stale,
  };
  G_STATIC_ASSERT (G_N_ELEMENTS (handlers) == LS_N_TIMERS);

  handlers[timer](self);
}

/**
 * ls_engine_follow:
 * @self: the engine
 * @entities: what an app wants
 *
 * An app came.
 */
void
ls_engine_follow (LsEngine *self, LsEntitySet entities)
{
  ls_subscription_set_add (&self->subscriptions, entities);
  ls_engine_stream_update_followed (self);
}

/**
 * ls_engine_unfollow:
 * @self: the engine
 * @entities: what the app wanted
 *
 * An app left.
 */
void
ls_engine_unfollow (LsEngine *self, LsEntitySet entities)
{
  gint64 until = ls_clock_get_monotonic (self->clock) + self->config->subscription_ttl;

  ls_subscription_set_remove (&self->subscriptions, entities, until);
  ls_engine_stream_update_followed (self);
}

/**
 * ls_engine_retry_now:
 * @self: the engine
 *
 * There is reason to try now: the user asks, or the network came up.
 */
void
ls_engine_retry_now (LsEngine *self)
{
  ls_engine_link_apply (self, LS_CONNECTION_RETRY_NOW, self->status.reason);
}

/**
 * ls_engine_restart:
 * @self: the engine
 *
 * The user wants a new connection.
 */
void
ls_engine_restart (LsEngine *self)
{
  ls_backoff_reset (&self->backoff);
  ls_engine_link_apply (self, LS_CONNECTION_RESTART, LS_REASON_NONE);
}

/**
 * ls_engine_sync:
 * @self: the engine
 *
 * The user wants to know now that nothing is missing. %LS_COMMAND_TELL_SYNCED follows.
 */
void
ls_engine_sync (LsEngine *self)
{
  LsState state = self->status.state;

  self->sync_wanted = TRUE;
  ls_classic_ask (self->classic);
  self->sync_again = ls_sync_is_running (self->sync);
  /* A stream that is catching up does so to where the server stood when it began. */
  if (state == LS_STATE_LIVE || state == LS_STATE_POLLING || self->phase == LS_SOCKET_STREAMING)
    {
      if (ls_engine_classic_is_spoken (self) && !ls_sync_is_running (self->sync))
        ls_engine_classic_sync (self);
      else if (!ls_sync_is_running (self->sync))
        ls_engine_stream_start_sync (self, FALSE);
    }
  else if (state == LS_STATE_WAITING || state == LS_STATE_OFFLINE)
    {
      ls_engine_retry_now (self);
    }
  else if (state != LS_STATE_CONNECTING)
    {
      ls_engine_stream_synced (self);
    }
}
