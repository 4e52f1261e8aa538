/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-token-keeper.h"

/* A token is refreshed at 80 % of its life, give or take 10 %, so that a class that signed in
 * together does not refresh together (goals, F34). In permille. */
#define REFRESH_EARLIEST 700
#define REFRESH_SPREAD 200

static void
keep_login (LsTokenKeeper *self)
{
  if (!self->is_login)
    return;

  g_clear_pointer (&self->login, ls_secret_free);
  self->login = g_strdup (self->session->access);
  self->login_end = self->end;
  self->is_login = FALSE;
}

/**
 * ls_token_keeper_take:
 * @self: a keeper
 * @session: the tokens; a %NULL refresh token keeps the one that is there
 * @reader: reads the access token
 * @random: for the jitter
 * @monotonic: now, monotonic milliseconds
 * @age: how old the access token is, in milliseconds; 0: it came just now
 *
 * Takes new tokens.
 */
void
ls_token_keeper_take (LsTokenKeeper *self,
                      const LsSession *session,
                      const LsTokenReader *reader,
                      LsRandom *random,
                      gint64 monotonic,
                      gint64 age)
{
  LsSession *copy = ls_session_copy (session);
  gint64 issued = reader->get_issued (session->access);
  gint64 life;

  if (copy->refresh == NULL && self->session != NULL)
    copy->refresh = g_strdup (self->session->refresh);
  keep_login (self);
  g_clear_pointer (&self->session, ls_session_free);
  self->session = copy;
  self->expires_at = reader->get_expiry (session->access);
  self->refresh_due = 0;
  self->end = 0;
  self->life = 0;
  self->is_dated = FALSE;
  if (self->expires_at == 0 || issued == 0 || issued >= self->expires_at)
    return;

  life = self->expires_at - issued;
  age = CLAMP (age, 0, life);
  self->end = monotonic + life - age;
  self->life = life;
  if (copy->refresh != NULL)
    self->refresh_due =
        monotonic - age +
        life / 1000 * (REFRESH_EARLIEST + ls_random_below (random, REFRESH_SPREAD + 1));
}

/**
 * ls_token_keeper_date:
 * @self: a keeper
 * @server: now by the server's clock, in milliseconds since the epoch
 * @monotonic: now, monotonic milliseconds
 *
 * Corrects an age that was reckoned by a clock which may be wrong. That of a token that came just now
 * needs none, nor one that was corrected already: a server whose clocks contradict each other must not
 * have us refresh again and again.
 *
 * Returns: whether anything has changed
 */
gboolean
ls_token_keeper_date (LsTokenKeeper *self, gint64 server, gint64 monotonic)
{
  gint64 shift;

  if (self->end == 0 || self->is_dated)
    return FALSE;

  self->is_dated = TRUE;
  shift = monotonic + MIN (self->expires_at - server, self->life) - self->end;
  self->end += shift;
  if (self->refresh_due != 0)
    self->refresh_due += shift;
  return TRUE;
}

/**
 * ls_token_keeper_is_older:
 * @self: a keeper with tokens
 * @session: others
 * @reader: reads them
 *
 * Returns: whether those that are kept were given out before the others, for certain
 */
gboolean
ls_token_keeper_is_older (const LsTokenKeeper *self,
                          const LsSession *session,
                          const LsTokenReader *reader)
{
  return reader->get_issued (session->access) > reader->get_issued (self->session->access);
}

/**
 * ls_token_keeper_get_login:
 * @self: a keeper with tokens
 * @monotonic: now, monotonic milliseconds
 *
 * Returns: (transfer none): the access token of the sign-in for as long as it is good, then the one
 *   that is used for everything else
 */
const char *
ls_token_keeper_get_login (const LsTokenKeeper *self, gint64 monotonic)
{
  gboolean is_good = self->login != NULL && (self->login_end == 0 || monotonic < self->login_end);

  return is_good ? self->login : self->session->access;
}

/**
 * ls_token_keeper_refused:
 * @self: a keeper with tokens
 * @monotonic: now, monotonic milliseconds
 *
 * The server says that the access token has ended, whatever we reckoned.
 */
void
ls_token_keeper_refused (LsTokenKeeper *self, gint64 monotonic)
{
  self->end = monotonic;
  self->refresh_due = monotonic;
}

/**
 * ls_token_keeper_clear:
 * @self: a keeper
 *
 * Forgets the tokens.
 */
void
ls_token_keeper_clear (LsTokenKeeper *self)
{
  g_clear_pointer (&self->session, ls_session_free);
  g_clear_pointer (&self->login, ls_secret_free);
  *self = (LsTokenKeeper) { 0 };
}

/**
 * ls_token_keeper_is_due:
 * @self: a keeper
 * @monotonic: now, monotonic milliseconds
 *
 * Returns: whether it is time to refresh
 */
gboolean
ls_token_keeper_is_due (const LsTokenKeeper *self, gint64 monotonic)
{
  return self->refresh_due != 0 && monotonic >= self->refresh_due;
}

/**
 * ls_token_keeper_is_over:
 * @self: a keeper
 * @monotonic: now, monotonic milliseconds
 *
 * Returns: whether the access token has ended
 */
gboolean
ls_token_keeper_is_over (const LsTokenKeeper *self, gint64 monotonic)
{
  return self->end != 0 && monotonic >= self->end;
}
