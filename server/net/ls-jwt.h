/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "ls-message.h"

G_BEGIN_DECLS

/**
 * LsJwtError:
 * @LS_JWT_ERROR_INVALID: not a token that this key signed
 * @LS_JWT_ERROR_EXPIRED: one, but its time is over
 *
 * Why an access token is refused.
 */
typedef enum
{
  LS_JWT_ERROR_INVALID,
  LS_JWT_ERROR_EXPIRED,
} LsJwtError;

#define LS_JWT_ERROR (ls_jwt_error_quark ())
GQuark ls_jwt_error_quark (void);

/** LS_JWT_MAX_LENGTH: more than any token of ours has; what is longer is not looked at */
#define LS_JWT_MAX_LENGTH 4096

/**
 * LsClaims:
 * @user_id: whose token it is
 * @session_id: of which session
 * @expires_at: when it ends, milliseconds since the epoch
 *
 * What a token that was checked says. The role in it is for the agent's eyes only: what a user may
 * do is always looked up.
 */
typedef struct
{
  char *user_id;
  char *session_id;
  gint64 expires_at;
} LsClaims;

LsClaims *ls_claims_copy (const LsClaims *claims);
void ls_claims_free (LsClaims *claims);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsClaims, ls_claims_free)

char *ls_jwt_sign (GBytes *key,
                   const LsUser *user,
                   const char *session_id,
                   gint64 issued_at,
                   gint64 lifetime);
LsClaims *ls_jwt_verify (GBytes *key, const char *token, gint64 now, GError **error);

G_END_DECLS
