/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-jwt.h"
#include "ls-school.h"
#include "ls-sign-in-guard.h"

G_BEGIN_DECLS

/**
 * LsAuthError:
 * @LS_AUTH_ERROR_CREDENTIALS: no active user with that e-mail address and password
 * @LS_AUTH_ERROR_LIMITED: too many sign-ins have failed; it was not even looked at the password, or
 *   as if
 * @LS_AUTH_ERROR_BUSY: too many passwords wait to be checked
 * @LS_AUTH_ERROR_ENDED: the token's session was ended by a logout, or is over
 * @LS_AUTH_ERROR_INACTIVE: the token's user may not use the account any more
 * @LS_AUTH_ERROR_EMAIL: the user has tried too many e-mail addresses
 *
 * Why somebody is not let in; for a bad token see #LsJwtError.
 */
typedef enum
{
  LS_AUTH_ERROR_CREDENTIALS,
  LS_AUTH_ERROR_LIMITED,
  LS_AUTH_ERROR_BUSY,
  LS_AUTH_ERROR_ENDED,
  LS_AUTH_ERROR_INACTIVE,
  LS_AUTH_ERROR_EMAIL,
} LsAuthError;

#define LS_AUTH_ERROR (ls_auth_error_quark ())
GQuark ls_auth_error_quark (void);

/**
 * LsIdentity:
 * @claims: what the token says
 * @viewer: who that is, as of now
 *
 * Who sent a request.
 */
typedef struct
{
  LsClaims *claims;
  LsViewer *viewer;
} LsIdentity;

LsIdentity *ls_identity_copy (const LsIdentity *identity);
void ls_identity_free (LsIdentity *identity);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsIdentity, ls_identity_free)

#define LS_TYPE_AUTH (ls_auth_get_type ())
G_DECLARE_FINAL_TYPE (LsAuth, ls_auth, LS, AUTH, GObject)

LsAuth *ls_auth_new (LsSchool *school,
                     GBytes *key,
                     gint64 token_lifetime,
                     gint64 session_lifetime,
                     const LsSignInLimits *limits);

void ls_auth_login_async (LsAuth *self,
                          const char *email,
                          const char *password,
                          GSocketAddress *address,
                          GAsyncReadyCallback callback,
                          gpointer user_data);
LsSession *
ls_auth_login_finish (LsAuth *self, GAsyncResult *result, gint64 *retry_after, GError **error);
const char *ls_auth_login_get_user_id (GAsyncResult *result);
LsSession *ls_auth_refresh (LsAuth *self, const char *refresh_token, GError **error);
gboolean
ls_auth_logout (LsAuth *self, const char *token, const char *refresh_token, GError **error);
LsIdentity *ls_auth_check (LsAuth *self, const char *token, GError **error);

gboolean ls_auth_try_email (LsAuth *self,
                            const LsViewer *viewer,
                            const char *email,
                            gint64 *retry_after,
                            GError **error);

void ls_auth_hash_async (LsAuth *self,
                         const char *password,
                         GAsyncReadyCallback callback,
                         gpointer user_data);
char *ls_auth_hash_finish (LsAuth *self, GAsyncResult *result, GError **error);

G_END_DECLS
