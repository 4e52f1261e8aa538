/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-audit.h"
#include "ls-reply.h"
#include "ls-school-private.h"

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
  ls_secret_free (login->password_hash);
  g_free (login);
}

/**
 * ls_school_session_free:
 * @session: (transfer full): a session
 *
 * Frees it.
 */
void
ls_school_session_free (LsSchoolSession *session)
{
  g_free (session->id);
  g_free (session->user_id);
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

/**
 * ls_school_knows:
 * @self: a school
 * @email: what somebody typed
 * @network: from where, as in ls_school_create_session()
 *
 * Returns: whether somebody has signed in to that account from there, not longer ago than a session
 *   lasts; %FALSE also if the database failed
 */
gboolean
ls_school_knows (LsSchool *self, const char *email, const char *network)
{
  g_autoptr (LsStatement) statement = NULL;
  gboolean row;

  g_return_val_if_fail (LS_IS_SCHOOL (self), FALSE);
  g_return_val_if_fail (email != NULL && network != NULL, FALSE);

  statement = ls_database_prepare (self->database, NULL,
                                   "SELECT 1 FROM users u JOIN sessions s ON s.user_id = u.id "
                                   "WHERE u.email = ?1 AND u.deleted_at IS NULL AND s.network = ?2",
                                   "tt", email, network);
  return statement != NULL && ls_statement_step (statement, &row, NULL) && row;
}

static gboolean
insert (LsSchool *self,
        const LsSchoolSession *session,
        const char *address,
        const char *network,
        GError **error)
{
  g_autoptr (LsAuditEntry) entry =
      ls_audit_entry_new (LS_AUDIT_SIGN_IN, LS_AUDIT_OK, session->user_id, NULL);

  entry->address = g_strdup (address);
  return ls_database_run (self->database, error,
                          "INSERT INTO sessions (id, user_id, network, expires_at) "
                          "VALUES (?1, ?2, ?3, ?4)",
                          "ttti", session->id, session->user_id, network, session->expires_at) &&
         ls_audit_append (self->database, entry, error);
}

/**
 * ls_school_create_session:
 * @self: a school
 * @user_id: whose
 * @address: from where, for the audit
 * @network: the same for ls_school_knows()
 * @expires_at_ms: when the session ends for good, milliseconds since the epoch
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): a new session
 */
LsSchoolSession *
ls_school_create_session (LsSchool *self,
                          const char *user_id,
                          const char *address,
                          const char *network,
                          gint64 expires_at_ms,
                          GError **error)
{
  g_autoptr (LsSchoolSession) session = NULL;

  g_return_val_if_fail (LS_IS_SCHOOL (self), NULL);
  g_return_val_if_fail (user_id != NULL && address != NULL && network != NULL, NULL);

  session = g_new0 (LsSchoolSession, 1);
  session->id = g_uuid_string_random ();
  session->user_id = g_strdup (user_id);
  session->expires_at = expires_at_ms;
  if (!ls_database_begin (self->database, error) ||
      !ls_database_end (self->database, insert (self, session, address, network, error), error))
    return NULL;

  return g_steal_pointer (&session);
}

/* What is known of a session, beside what a caller gets */
typedef struct
{
  LsSchoolSession *session; /* (owned) */
  gint64 grace_until;
} Found;

static gboolean
find_refreshable (LsSchool *self, const char *id, gint64 now_ms, Found *found, GError **error)
{
  g_autoptr (LsStatement) statement = ls_database_prepare (
      self->database, error,
      "SELECT s.user_id, s.generation, s.expires_at, s.grace_until FROM sessions s "
      "JOIN users u ON u.id = s.user_id WHERE s.id = ?1 AND s.is_revoked = 0 "
      "AND s.expires_at > ?2 AND u.status = 'active' AND u.deleted_at IS NULL",
      "ti", id, now_ms);
  gboolean row;

  if (statement == NULL || !ls_statement_step (statement, &row, error))
    return FALSE;
  if (!row)
    return fail_session (error);

  found->session = g_new0 (LsSchoolSession, 1);
  found->session->id = g_strdup (id);
  found->session->user_id = g_strdup (ls_statement_get_text (statement, 0));
  found->session->generation = ls_statement_get_integer (statement, 1);
  found->session->expires_at = ls_statement_get_integer (statement, 2);
  found->grace_until = ls_statement_get_integer (statement, 3);
  return TRUE;
}

/* Returns: whether the session is ended now, and was not before */
static gboolean
mark_revoked (LsSchool *self, const char *id, LsAuditKind kind, const char *outcome, GError **error)
{
  g_autoptr (LsStatement) statement = NULL;
  g_autoptr (LsAuditEntry) entry = NULL;
  gboolean row;

  statement = ls_database_prepare (self->database, error,
                                   "UPDATE sessions SET is_revoked = 1 "
                                   "WHERE id = ?1 AND is_revoked = 0 RETURNING user_id",
                                   "t", id);
  if (statement == NULL || !ls_statement_step (statement, &row, error))
    return FALSE;
  if (!row)
    return fail_session (error);

  entry = ls_audit_entry_new (kind, outcome, ls_statement_get_text (statement, 0), NULL);
  return ls_audit_append (self->database, entry, error);
}

static gboolean
end_session (LsSchool *self, const char *id, LsAuditKind kind, const char *outcome, GError **error)
{
  return ls_database_begin (self->database, error) &&
         ls_database_end (self->database, mark_revoked (self, id, kind, outcome, error), error);
}

/* Who comes with a token that was replaced long ago is a thief, or the thief was here before: nobody
 * can say which, so both are sent away. */
static gboolean
revoke_family (LsSchool *self, const char *id, GError **error)
{
  if (end_session (self, id, LS_AUDIT_REFRESH, "reused", error))
    g_set_error_literal (error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_REUSED,
                         "The refresh token was used before: the session is ended");
  return FALSE;
}

/* While the grace of one refresh runs, what is older still may be a request that was on its way: it is
 * refused, and that is all. */
static gboolean
check_generation (LsSchool *self, const Found *found, gint64 asked, gint64 now_ms, GError **error)
{
  gint64 age = found->session->generation - asked;

  if (age == 0 || (age == 1 && now_ms < found->grace_until))
    return TRUE;
  if (age < 0 || now_ms < found->grace_until)
    return fail_session (error);

  return revoke_family (self, found->session->id, error);
}

/**
 * ls_school_rotate_session:
 * @self: a school
 * @session_id: a session
 * @generation: which of its refresh tokens a client gave
 * @now_ms: the time, milliseconds since the epoch
 * @error: return location for an error; %LS_SCHOOL_ERROR_SESSION: the token is not good, or no more;
 *   %LS_SCHOOL_ERROR_REUSED: nor is the session, from now on
 *
 * Moves on to the next refresh token. The old one stays good for %LS_SCHOOL_REFRESH_GRACE more and
 * yields the same new one again, for a client that missed the answer; who comes with it later ends
 * the session.
 *
 * Returns: (transfer full) (nullable): the session with its new generation
 */
LsSchoolSession *
ls_school_rotate_session (LsSchool *self,
                          const char *session_id,
                          gint64 generation,
                          gint64 now_ms,
                          GError **error)
{
  g_autoptr (LsSchoolSession) session = NULL;
  Found found;

  g_return_val_if_fail (LS_IS_SCHOOL (self), NULL);
  g_return_val_if_fail (session_id != NULL, NULL);

  if (!find_refreshable (self, session_id, now_ms, &found, error))
    return NULL;

  session = found.session;
  if (!check_generation (self, &found, generation, now_ms, error))
    return NULL;
  if (generation == session->generation &&
      !ls_database_run (self->database, error,
                        "UPDATE sessions SET generation = ?2, grace_until = ?3 WHERE id = ?1",
                        "tii", session_id, generation + 1, now_ms + LS_SCHOOL_REFRESH_GRACE))
    return NULL;

  session->generation = generation + 1;
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

  return end_session (self, session_id, LS_AUDIT_SIGN_OUT, LS_AUDIT_OK, error);
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
