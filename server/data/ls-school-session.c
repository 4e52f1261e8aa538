/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "ls-school-private.h"

/* Of random bytes: as many as SHA-256 has. */
#define SECRET_LENGTH 32

static void
wipe (char *secret)
{
  if (secret != NULL)
    explicit_bzero (secret, strlen (secret));
  g_free (secret);
}

/**
 * ls_login_free:
 * @login: (transfer full): what is needed to check a password
 *
 * Wipes and frees it.
 */
void
ls_login_free (LsLogin *login)
{
  g_free (login->user_id);
  wipe (login->password_hash);
  g_free (login);
}

/**
 * ls_school_session_free:
 * @session: (transfer full): a session
 *
 * Wipes and frees it.
 */
void
ls_school_session_free (LsSchoolSession *session)
{
  g_free (session->id);
  g_free (session->user_id);
  wipe (session->refresh_token);
  g_free (session);
}

static gboolean
fail_session (GError **error)
{
  g_set_error_literal (error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_SESSION, "The session is over");
  return FALSE;
}

/**
 * ls_school_find_login:
 * @self: a school
 * @email: what somebody typed
 * @error: return location for an error; %LS_SCHOOL_ERROR_NOT_FOUND: there is no such account
 *
 * Returns: (transfer full) (nullable): what is needed to check the password
 */
LsLogin *
ls_school_find_login (LsSchool *self, const char *email, GError **error)
{
  g_autoptr (LsStatement) statement = NULL;
  LsLogin *login;
  gboolean row;

  g_return_val_if_fail (LS_IS_SCHOOL (self), NULL);
  g_return_val_if_fail (email != NULL, NULL);

  statement = ls_database_prepare (self->database, error,
                                   "SELECT id, password_hash, status = 'active' FROM users "
                                   "WHERE email = ?1 AND deleted_at IS NULL",
                                   "t", email);
  if (statement == NULL || !ls_statement_step (statement, &row, error))
    return NULL;
  if (!row)
    {
      g_set_error_literal (error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_NOT_FOUND, "No such account");
      return NULL;
    }

  login = g_new0 (LsLogin, 1);
  login->user_id = g_strdup (ls_statement_get_text (statement, 0));
  login->password_hash = g_strdup (ls_statement_get_text (statement, 1));
  login->active = ls_statement_get_integer (statement, 2) != 0;
  return login;
}

static GBytes *
make_secret (GError **error)
{
  guchar secret[SECRET_LENGTH];

  if (getrandom (secret, sizeof secret, 0) == (gssize)sizeof secret)
    return g_bytes_new (secret, sizeof secret);

  g_set_error (error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_STORAGE, "No random numbers: %s",
               g_strerror (errno));
  return NULL;
}

static char *
hash_token (const char *token)
{
  return g_compute_checksum_for_string (G_CHECKSUM_SHA256, token, -1);
}

/* The token that follows @token. It is computed, not drawn, so that a client which never got the
 * answer gets the same one again; without the session's secret and @token nobody can compute it. */
static char *
derive_token (GBytes *secret, const char *token)
{
  gsize length;
  const guchar *key = g_bytes_get_data (secret, &length);

  return g_compute_hmac_for_string (G_CHECKSUM_SHA256, key, length, token, -1);
}

/**
 * ls_school_create_session:
 * @self: a school
 * @user_id: whose
 * @expires_at_ms: when the session ends for good, milliseconds since the epoch
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): a new session
 */
LsSchoolSession *
ls_school_create_session (LsSchool *self, const char *user_id, gint64 expires_at_ms, GError **error)
{
  g_autoptr (LsSchoolSession) session = NULL;
  g_autoptr (GBytes) secret = NULL;
  g_autofree char *hash = NULL;

  g_return_val_if_fail (LS_IS_SCHOOL (self), NULL);
  g_return_val_if_fail (user_id != NULL, NULL);

  secret = make_secret (error);
  if (secret == NULL)
    return NULL;

  session = g_new0 (LsSchoolSession, 1);
  session->id = g_uuid_string_random ();
  session->user_id = g_strdup (user_id);
  session->refresh_token = derive_token (secret, session->id);
  session->expires_at = expires_at_ms;
  hash = hash_token (session->refresh_token);
  if (!ls_database_run (self->database, error,
                        "INSERT INTO sessions (id, user_id, secret, refresh_hash, expires_at) "
                        "VALUES (?1, ?2, ?3, ?4, ?5)",
                        "ttbti", session->id, user_id, secret, hash, expires_at_ms))
    return NULL;

  return g_steal_pointer (&session);
}

static LsStatement *
find_refreshable (LsSchool *self, const char *hash, gint64 now_ms, GError **error)
{
  g_autoptr (LsStatement) statement = ls_database_prepare (
      self->database, error,
      "SELECT s.id, s.user_id, s.secret, s.expires_at, s.refresh_hash = ?1 FROM sessions s "
      "JOIN users u ON u.id = s.user_id WHERE s.is_revoked = 0 AND s.expires_at > ?2 "
      "AND u.status = 'active' AND u.deleted_at IS NULL "
      "AND (s.refresh_hash = ?1 OR (s.previous_hash = ?1 AND s.grace_until > ?2))",
      "ti", hash, now_ms);
  gboolean row;

  if (statement == NULL || !ls_statement_step (statement, &row, error))
    return NULL;
  if (!row)
    {
      fail_session (error);
      return NULL;
    }
  return g_steal_pointer (&statement);
}

/**
 * ls_school_rotate_session:
 * @self: a school
 * @refresh_token: what a client gave
 * @now_ms: the time, milliseconds since the epoch
 * @error: return location for an error; %LS_SCHOOL_ERROR_SESSION: the token is not good, or no more
 *
 * Replaces the refresh token. The old one stays good for %LS_SCHOOL_REFRESH_GRACE more and yields
 * the same new one again, for a client that missed the answer.
 *
 * Returns: (transfer full) (nullable): the session with its new token
 */
LsSchoolSession *
ls_school_rotate_session (LsSchool *self, const char *refresh_token, gint64 now_ms, GError **error)
{
  g_autoptr (LsSchoolSession) session = NULL;
  g_autoptr (LsStatement) statement = NULL;
  g_autoptr (GBytes) secret = NULL;
  g_autofree char *old_hash = NULL;
  g_autofree char *new_hash = NULL;
  gboolean first;

  g_return_val_if_fail (LS_IS_SCHOOL (self), NULL);
  g_return_val_if_fail (refresh_token != NULL, NULL);

  old_hash = hash_token (refresh_token);
  statement = find_refreshable (self, old_hash, now_ms, error);
  if (statement == NULL)
    return NULL;

  secret =
      g_bytes_new (sqlite3_column_blob (statement, 2), (gsize)sqlite3_column_bytes (statement, 2));
  first = ls_statement_get_integer (statement, 4) != 0;
  session = g_new0 (LsSchoolSession, 1);
  session->id = g_strdup (ls_statement_get_text (statement, 0));
  session->user_id = g_strdup (ls_statement_get_text (statement, 1));
  session->expires_at = ls_statement_get_integer (statement, 3);
  session->refresh_token = derive_token (secret, refresh_token);
  g_clear_pointer (&statement, ls_statement_release);

  new_hash = hash_token (session->refresh_token);
  if (first &&
      !ls_database_run (self->database, error,
                        "UPDATE sessions SET refresh_hash = ?2, previous_hash = ?3, "
                        "grace_until = ?4 WHERE id = ?1",
                        "ttti", session->id, new_hash, old_hash, now_ms + LS_SCHOOL_REFRESH_GRACE))
    return NULL;

  return g_steal_pointer (&session);
}

/**
 * ls_school_revoke_session:
 * @self: a school
 * @session_id: a session's id
 * @error: return location for an error; %LS_SCHOOL_ERROR_SESSION: there is none, or it was revoked
 *
 * Ends a session at once.
 *
 * Returns: whether it is ended
 */
gboolean
ls_school_revoke_session (LsSchool *self, const char *session_id, GError **error)
{
  g_return_val_if_fail (LS_IS_SCHOOL (self), FALSE);
  g_return_val_if_fail (session_id != NULL, FALSE);

  if (!ls_database_run (self->database, error,
                        "UPDATE sessions SET is_revoked = 1 WHERE id = ?1 AND is_revoked = 0", "t",
                        session_id))
    return FALSE;

  return ls_database_get_n_changes (self->database) > 0 || fail_session (error);
}

/**
 * ls_school_session_is_active:
 * @self: a school
 * @session_id: (nullable): a session's id
 * @now_ms: the time, milliseconds since the epoch
 *
 * Returns: whether the session goes on: neither revoked nor over, and its user may still sign in;
 *   %FALSE also if the database failed
 */
gboolean
ls_school_session_is_active (LsSchool *self, const char *session_id, gint64 now_ms)
{
  g_autoptr (LsStatement) statement = NULL;
  gboolean row;

  g_return_val_if_fail (LS_IS_SCHOOL (self), FALSE);

  statement = ls_database_prepare (self->database, NULL,
                                   "SELECT 1 FROM sessions s JOIN users u ON u.id = s.user_id "
                                   "WHERE s.id = ?1 AND s.is_revoked = 0 AND s.expires_at > ?2 "
                                   "AND u.status = 'active' AND u.deleted_at IS NULL",
                                   "ti", session_id, now_ms);
  return statement != NULL && ls_statement_step (statement, &row, NULL) && row;
}
