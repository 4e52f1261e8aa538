/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-random.h"
#include "ls-reply.h"

G_BEGIN_DECLS

/**
 * LsTokenReader:
 * @get_issued: when a token was issued, in milliseconds since the epoch by the server; 0: unknown
 * @get_expiry: when a token ends, likewise; 0: it does not say
 * @get_user: (nullable): whose it is
 *
 * Reads what an access token says about itself. Given to core by the composition root, as core
 * knows nothing of JSON.
 */
typedef struct
{
  gint64 (*get_issued) (const char *token);
  gint64 (*get_expiry) (const char *token);
  LsUser *(*get_user) (const char *token);
} LsTokenReader;

/**
 * LsTokenKeeper:
 * @session: (owned) (nullable): the tokens we have
 * @expires_at: when the access token ends by the server's clock, ms since the epoch; 0: unknown
 * @refresh_due: monotonic milliseconds; 0: never by itself
 * @end: when it ends, monotonic milliseconds; 0: unknown
 * @life: how long it is good for in all, milliseconds; 0: unknown
 * @is_dated: whether @end is right whatever the wall clock shows
 * @is_login: whether it came from a sign-in, as far as is known
 * @login: (owned) (nullable): the access token of the last sign-in, once another took its place: the
 *   classic system takes no other for its tables
 * @login_end: when that ends, monotonic milliseconds; 0: unknown
 *
 * The tokens and their life, by the monotonic clock: a wrong wall clock neither breaks nor loops.
 */
typedef struct
{
  LsSession *session;
  gint64 expires_at;
  gint64 refresh_due;
  gint64 end;
  gint64 life;
  gboolean is_dated;
  gboolean is_login;
  char *login;
  gint64 login_end;
} LsTokenKeeper;

void ls_token_keeper_take (LsTokenKeeper *self,
                           const LsSession *session,
                           const LsTokenReader *reader,
                           LsRandom *random,
                           gint64 monotonic,
                           gint64 age);
gboolean ls_token_keeper_date (LsTokenKeeper *self, gint64 server, gint64 monotonic);
gboolean ls_token_keeper_is_older (const LsTokenKeeper *self,
                                   const LsSession *session,
                                   const LsTokenReader *reader);
const char *ls_token_keeper_get_login (const LsTokenKeeper *self, gint64 monotonic);
void ls_token_keeper_refused (LsTokenKeeper *self, gint64 monotonic);
void ls_token_keeper_clear (LsTokenKeeper *self);
gboolean ls_token_keeper_is_due (const LsTokenKeeper *self, gint64 monotonic);
gboolean ls_token_keeper_is_over (const LsTokenKeeper *self, gint64 monotonic);

G_END_DECLS
