/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The engine's tokens: where they come from, how long they are good, what becomes of us without. */
#include "ls-engine-private.h"

/* A server that counts in seconds takes a token for good until the last of its seconds is over. In
 * milliseconds. */
#define GRACE 1000

/* From one refresh to the next at the least, whoever wants it, so that there are three a minute at most. In
 * milliseconds. */
#define PAUSE 20000

/* Tokens that are refused although they are younger than this are not replaced by younger ones. In
 * milliseconds. */
#define YOUNG 60000

static void
fetch (LsEngine *self, LsTokenFetch how)
{
  self->token_fetch = how;
  if (how != LS_TOKENS_LOOKED_UP)
    self->tokens_asked_at = ls_clock_get_monotonic (self->clock);
  if (how == LS_TOKENS_REFRESHED)
    self->counters.n_refreshes++;
  ls_engine_push_simple (self, how == LS_TOKENS_REFRESHED ? LS_COMMAND_REFRESH_TOKENS
                                                          : LS_COMMAND_LOOK_UP_TOKENS);
}

/* Whether other tokens were asked for within this time. */
static gboolean
has_asked (LsEngine *self, gint64 duration)
{
  return self->tokens_asked_at != 0 &&
         ls_clock_get_monotonic (self->clock) < self->tokens_asked_at + duration;
}

/**
 * ls_engine_tokens_arm:
 * @self: the engine
 *
 * Has the tokens refreshed in time, and the link ended with them. By a clock that may be wrong they
 * need not have ended: then the server says so.
 */
void
ls_engine_tokens_arm (LsEngine *self)
{
  const LsTokenKeeper *keeper = &self->keeper;
  gint64 now = ls_clock_get_monotonic (self->clock);

  /* While it is too early for a refresh that is wanted, the timer rings for that. */
  if (keeper->refresh_due != 0 && self->token_fetch != LS_TOKENS_PAUSED)
    ls_engine_arm (self, LS_TIMER_REFRESH, MAX (keeper->refresh_due - now, 1));
  if (keeper->end != 0 && (keeper->is_dated || keeper->end > now))
    ls_engine_arm (self, LS_TIMER_EXPIRY, MAX (keeper->end + GRACE - now, 1));
}

/* How old a token is, in milliseconds: by the server's clock if that is known. */
static gint64
get_age (LsEngine *self, gint64 issued)
{
  gint64 now = self->server_ahead != 0 ? ls_clock_get_monotonic (self->clock) + self->server_ahead
                                       : ls_clock_get_wall (self->clock);

  return issued == 0 ? 0 : now - issued;
}

/**
 * ls_engine_tokens_take:
 * @self: the engine
 * @session: the tokens
 * @just_issued: whether the server gave them just now
 *
 * Takes tokens. Those that came just now tell the server's time, too.
 */
void
ls_engine_tokens_take (LsEngine *self, const LsSession *session, gboolean just_issued)
{
  gint64 issued = self->reader.get_issued (session->access);
  gint64 now = ls_clock_get_monotonic (self->clock);

  if (just_issued)
    ls_pace_counted (&self->pace, now);
  self->refused_since = 0;
  if (just_issued && issued != 0)
    self->server_ahead = issued - now;
  ls_token_keeper_take (&self->keeper, session, &self->reader, self->random, now,
                        just_issued ? 0 : get_age (self, issued));
  self->keeper.is_dated = just_issued || self->server_ahead != 0;
  ls_engine_set_account_state (self, LS_ACCOUNT_SIGNED_IN);
  ls_engine_push_simple (self, LS_COMMAND_TELL_ACCOUNT);
  ls_engine_tokens_arm (self);
}

/**
 * ls_engine_server_time:
 * @self: the engine
 * @server: now by the server's clock, in milliseconds since the epoch
 *
 * The server has said what time it is. Ours may be wrong by hours, or start in 1970.
 */
void
ls_engine_server_time (LsEngine *self, gint64 server)
{
  gint64 now = ls_clock_get_monotonic (self->clock);

  if (server <= 0)
    return;

  self->server_ahead = server - now;
  if (ls_token_keeper_date (&self->keeper, server, now))
    ls_engine_tokens_arm (self);
}

/**
 * ls_engine_get_clock_offset:
 * @self: the engine
 * @offset: (out): what has to be added to this machine's wall clock to get the server's, milliseconds
 *
 * Returns: whether the server has said what time it is
 */
gboolean
ls_engine_get_clock_offset (LsEngine *self, gint64 *offset)
{
  if (self->server_ahead == 0)
    return FALSE;

  *offset =
      self->server_ahead + ls_clock_get_monotonic (self->clock) - ls_clock_get_wall (self->clock);
  return TRUE;
}

/**
 * ls_engine_tokens_refresh:
 * @self: the engine, with tokens
 *
 * Asks for fresh tokens, unless that is under way. First it looks into the keyring: there may be newer
 * ones; and what could not be kept is not asked for, as it is good once only.
 */
void
ls_engine_tokens_refresh (LsEngine *self)
{
  if (self->token_fetch != LS_TOKENS_AT_REST)
    return;

  if (!has_asked (self, PAUSE))
    {
      fetch (self, LS_TOKENS_READ_AGAIN);
      return;
    }

  self->token_fetch = LS_TOKENS_PAUSED;
  ls_engine_arm (self, LS_TIMER_REFRESH,
                 self->tokens_asked_at + PAUSE - ls_clock_get_monotonic (self->clock));
}

/**
 * ls_engine_refresh_tokens:
 * @self: the engine
 *
 * The server has refused the access token to an action. %LS_COMMAND_TELL_TOKENS follows if it gives
 * another. The classic system takes none for actions but that of a sign-in.
 *
 * Returns: whether there is anything to refresh by
 */
gboolean
ls_engine_refresh_tokens (LsEngine *self)
{
  if (self->keeper.session == NULL || self->keeper.session->refresh == NULL ||
      ls_engine_classic_is_spoken (self))
    return FALSE;

  ls_engine_tokens_refresh (self);
  return TRUE;
}

/**
 * ls_engine_tokens_are_young:
 * @self: the engine, with tokens
 *
 * Returns: whether there is no sense in asking for younger ones
 */
gboolean
ls_engine_tokens_are_young (LsEngine *self)
{
  return has_asked (self, YOUNG);
}

/**
 * ls_engine_tokens_are_ready:
 * @self: the engine
 *
 * Asks for tokens if there are none, or none that are good for use.
 *
 * Returns: whether there are
 */
gboolean
ls_engine_tokens_are_ready (LsEngine *self)
{
  if (self->token_fetch != LS_TOKENS_AT_REST)
    return FALSE;

  if (self->keeper.session == NULL)
    fetch (self, LS_TOKENS_LOOKED_UP);
  else if (ls_token_keeper_is_due (&self->keeper, ls_clock_get_monotonic (self->clock)))
    ls_engine_tokens_refresh (self);

  return self->token_fetch == LS_TOKENS_AT_REST;
}

/* Whether tokens that come now were asked for. */
static gboolean
is_fetching (LsEngine *self)
{
  return self->token_fetch != LS_TOKENS_AT_REST && self->token_fetch != LS_TOKENS_PAUSED;
}

static void
use (LsEngine *self, const LsSession *session, gboolean refreshed)
{
  /* At the classic system a refresh changes nothing for actions. */
  gboolean is_other =
      self->token_fetch != LS_TOKENS_LOOKED_UP && !ls_engine_classic_is_spoken (self);
  LsCommand *command;

  self->token_fetch = LS_TOKENS_AT_REST;
  ls_engine_tokens_take (self, session, refreshed);
  if (is_other)
    ls_engine_push_simple (self, LS_COMMAND_TELL_TOKENS);
  self->keeper.is_login = !refreshed;
  if (self->attempt_on_tokens)
    {
      ls_engine_link_attempt (self);
      return;
    }
  if (self->phase != LS_SOCKET_STREAMING || ls_engine_classic_is_spoken (self))
    return;

  command = ls_command_new (LS_COMMAND_SEND);
  command->message = ls_message_new (LS_MESSAGE_AUTH);
  command->message->token = g_strdup (session->access);
  ls_engine_push (self, command);
}

/**
 * ls_engine_tokens_are_of:
 * @self: the engine, with somebody signed in
 * @user: (nullable): whose the tokens are said to be
 * @error: %LS_REASON_TOKEN_REFUSED of %LS_LINK_ERROR
 *
 * By tokens of another user we would fetch another user's rows, and send what this one did in the other's
 * name.
 *
 * Returns: whether they are of who is signed in, for all that is said
 */
gboolean
ls_engine_tokens_are_of (LsEngine *self, const LsUser *user, GError **error)
{
  if (user == NULL || g_str_equal (user->id, self->user->id))
    return TRUE;

  g_propagate_error (
      error, ls_link_error_new (LS_REASON_TOKEN_REFUSED, 0, 0, "the token is somebody else's"));
  return FALSE;
}

/**
 * ls_engine_check_tokens:
 * @self: the engine, with somebody signed in
 * @session: tokens that came, not used or stored yet
 * @error: %LS_REASON_TOKEN_REFUSED of %LS_LINK_ERROR
 *
 * Returns: whether they may be stored and used: they are of who is signed in, or don't say whose
 */
gboolean
ls_engine_check_tokens (LsEngine *self, const LsSession *session, GError **error)
{
  g_autoptr (LsUser) named = self->reader.get_user (session->access);

  return ls_engine_tokens_are_of (self, session->user, error) &&
         ls_engine_tokens_are_of (self, named, error);
}

/**
 * ls_engine_tokens:
 * @self: the engine
 * @session: the tokens
 * @refreshed: whether they were just issued, or looked up
 *
 * Tokens came that were asked for. Those of another user are as good as refused.
 */
void
ls_engine_tokens (LsEngine *self, const LsSession *session, gboolean refreshed)
{
  g_autoptr (GError) error = NULL;

  if (!is_fetching (self))
    return;

  if (!ls_engine_check_tokens (self, session, &error))
    ls_engine_tokens_failed (self, error);
  else if (self->token_fetch == LS_TOKENS_READ_AGAIN &&
           !ls_token_keeper_is_older (&self->keeper, session, &self->reader))
    fetch (self, LS_TOKENS_REFRESHED);
  else
    use (self, session, refreshed);
}

/* A refresh ahead of time that failed is no reason not to use what we have. Its answer may have been lost,
 * and what is sent then is good for a minute only (protocol, "HTTP"). */
static void
go_on_with_old_tokens (LsEngine *self, const GError *error)
{
  gint64 now = ls_clock_get_monotonic (self->clock);
  gint64 away = ls_link_error_get_retry_after (error);
  gint64 delay =
      away > 0 ? ls_pace_choose_retry (away, self->keeper.end - now, self->random) : PAUSE;

  self->keeper.refresh_due = now + delay;
  ls_engine_tokens_arm (self);
  if (self->attempt_on_tokens)
    ls_engine_link_attempt (self);
}

static void
note_refused_refresh (LsEngine *self)
{
  gint64 now = ls_clock_get_monotonic (self->clock);

  if (self->refused_since == 0)
    self->refused_since = now;
  ls_pace_refused (&self->pace, now - self->refused_since);
}

/* Whether tokens that came now could be kept, or need not be. */
static gboolean
may_refresh (LsEngine *self, const GError *error)
{
  return g_error_matches (error, LS_ERROR, LS_ERROR_NOT_FOUND) || self->config->tokens_in_memory;
}

/**
 * ls_engine_tokens_failed:
 * @self: the engine
 * @error: %LS_ERROR_NOT_FOUND: the keyring has none; any other of %LS_ERROR: nobody knows what it has;
 *   or of %LS_LINK_ERROR
 *
 * Tokens did not come that were asked for.
 */
void
ls_engine_tokens_failed (LsEngine *self, const GError *error)
{
  g_autoptr (GError) link_error = NULL;
  LsReason reason = LS_REASON_TOKEN_REFUSED;
  gboolean is_locked =
      error->domain == LS_ERROR && !g_error_matches (error, LS_ERROR, LS_ERROR_NOT_FOUND);

  if (!is_fetching (self))
    return;
  if (self->token_fetch == LS_TOKENS_READ_AGAIN && may_refresh (self, error))
    {
      fetch (self, LS_TOKENS_REFRESHED);
      return;
    }

  self->token_fetch = LS_TOKENS_AT_REST;
  if (error->domain == LS_LINK_ERROR)
    reason = ls_link_error_get_reason (error);
  if (reason == LS_REASON_RATE_LIMITED)
    note_refused_refresh (self);
  if (is_locked)
    ls_engine_set_account_state (self, LS_ACCOUNT_LOCKED);
  else if (reason == LS_REASON_TOKEN_REFUSED)
    ls_engine_set_account_state (self, LS_ACCOUNT_EXPIRED);

  if (self->keeper.session != NULL && (is_locked || reason != LS_REASON_TOKEN_REFUSED) &&
      !ls_token_keeper_is_over (&self->keeper, ls_clock_get_monotonic (self->clock)))
    {
      go_on_with_old_tokens (self, error);
      return;
    }

  link_error = ls_link_error_new (reason, 0, ls_link_error_get_retry_after (error), "tokens: %s",
                                  error->message);
  ls_engine_link_fail (self, link_error);
}

/**
 * ls_engine_sign_in_refused:
 * @self: the engine
 * @waited: for how long the sign-in has been tried for, in milliseconds
 *
 * The server had no room for a sign-in.
 */
void
ls_engine_sign_in_refused (LsEngine *self, gint64 waited)
{
  ls_pace_refused (&self->pace, waited);
}

/* Whether there is a link that stands on the access token. */
static gboolean
is_connected (LsEngine *self)
{
  return self->keeper.session != NULL &&
         (self->status.state == LS_STATE_LIVE || self->status.state == LS_STATE_POLLING);
}

/**
 * ls_engine_tokens_on_refresh_timer:
 * @self: the engine
 *
 * It is time to refresh.
 */
void
ls_engine_tokens_on_refresh_timer (LsEngine *self)
{
  gboolean is_wanted = self->token_fetch == LS_TOKENS_PAUSED || is_connected (self);

  if (self->token_fetch == LS_TOKENS_PAUSED)
    self->token_fetch = LS_TOKENS_AT_REST;
  if (is_wanted)
    ls_engine_tokens_refresh (self);
}

/**
 * ls_engine_tokens_on_expiry_timer:
 * @self: the engine
 *
 * The token has ended and no other came: hangs up, as the classic system leaves the socket open for
 * ever. When to ask for another again stays as it was; without a refresh token the next attempt shows
 * whether it really has ended, as the server's clock counts and not ours.
 */
void
ls_engine_tokens_on_expiry_timer (LsEngine *self)
{
  gint64 now = ls_clock_get_monotonic (self->clock);

  if (!is_connected (self) || !ls_token_keeper_is_over (&self->keeper, now))
    return;

  g_debug ("link: the token has ended");
  self->stay_away = MAX (self->keeper.refresh_due - now, 0);
  ls_engine_link_apply (self, LS_CONNECTION_UNREACHABLE, LS_REASON_TOKEN_REFUSED);
}
