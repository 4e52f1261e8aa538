/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-auth.h"

#include "ls-address.h"
#include "ls-password.h"
#include "ls-refresh-token.h"
#include "ls-reply.h"
#include "ls-throttle.h"

/* A sign-in that is refused because too many have failed is answered after this time, whether its
 * password was looked at or not: how long it takes tells nothing. Milliseconds. */
#define REFUSAL_TIME 1000

/* Passwords that may wait to be checked: a large school at the bell. One takes some 40 ms of a core, and
 * a request may take two minutes. */
#define MAX_WAITING 1500

/* When to come back if there are more, milliseconds */
#define BUSY_RETRY (10 * 1000)

/* How often a user may try another e-mail address for their account. The answer tells whether somebody
 * has it, which nobody learns at a sign-in. */
static const LsThrottleRate email_rate = { 5, 24 * 60 * 60 * G_GINT64_CONSTANT (1000) };

G_DEFINE_QUARK (ls_auth_error, ls_auth_error)

/**
 * LsAuth:
 *
 * Signing in and out, and who a token belongs to. Passwords are checked in threads of its own,
 * because that is slow on purpose.
 *
 * LsAuth::session-ended (const char *session_id): a session was ended; whoever uses it has to go.
 */
struct _LsAuth
{
  GObject parent_instance;

  LsSchool *school;     /* (owned) */
  GBytes *key;          /* (owned) */
  LsSignInGuard *guard; /* (owned) */
  GThreadPool *hashers; /* (owned): of tasks */
  LsThrottle *emails;   /* (owned): by user id */
  gint64 token_lifetime;
  gint64 session_lifetime;
};

G_DEFINE_FINAL_TYPE (LsAuth, ls_auth, G_TYPE_OBJECT)

enum
{
  SESSION_ENDED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static gint64
now_ms (void)
{
  return g_get_real_time () / 1000;
}

static gint64
monotonic_ms (void)
{
  return g_get_monotonic_time () / 1000;
}

/* What a login waits with while the password is checked */
typedef struct
{
  LsLogin *login;    /* (owned) (nullable): unknown */
  char *email;       /* (owned) */
  char *password;    /* (owned) */
  char *address;     /* (owned): from where */
  char *network;     /* (owned): the same, see ls_address_get_network() */
  gboolean is_known; /* whether somebody has signed in to that account from there before */
  gint64 begun;      /* monotonic, milliseconds */
  gint64 retry_after;
} Attempt;

static void
attempt_free (Attempt *attempt)
{
  g_clear_pointer (&attempt->login, ls_login_free);
  g_free (attempt->email);
  ls_secret_free (attempt->password);
  g_free (attempt->address);
  g_free (attempt->network);
  g_free (attempt);
}

/* For an account that can't be signed in to, as much is computed as for one that can, so that the
 * time it takes doesn't tell who has an account. */
static gboolean
is_right (const Attempt *attempt)
{
  const LsLogin *login = attempt->login;
  gboolean ok = ls_password_verify (attempt->password, login != NULL ? login->password_hash : NULL);

  return ok && login->active;
}

/* The limits are asked when it is this attempt's turn: what comes at once is counted one after another,
 * and thirty machines with one account are no thirty guesses. */
static void
check_password (GTask *task)
{
  LsAuth *self = g_task_get_source_object (task);
  Attempt *attempt = g_task_get_task_data (task);
  gint64 stranger_wait;
  gint64 wait = ls_sign_in_guard_begin (self->guard, attempt->email, attempt->network,
                                        attempt->is_known, monotonic_ms (), &stranger_wait);
  gboolean ok = wait == 0 && is_right (attempt);

  if (ok)
    ls_sign_in_guard_succeed (self->guard, attempt->email, attempt->network, stranger_wait == 0);
  else
    attempt->retry_after = MAX (wait, stranger_wait);
  g_task_return_boolean (task, ok);
}

static void
hash_password (GTask *task)
{
  GError *error = NULL;
  char *hash = ls_password_hash (g_task_get_task_data (task), &error);

  if (hash != NULL)
    g_task_return_pointer (task, hash, g_free);
  else
    g_task_return_error (task, error);
}

/* In one of the hashers' threads */
static void
run_in_thread (gpointer data, gpointer unused)
{
  g_autoptr (GTask) task = data;

  if (g_task_get_source_tag (task) == ls_auth_hash_async)
    hash_password (task);
  else
    check_password (task);
}

/* A core is left for everything else: what is computed here is slow and large on purpose. */
static guint
get_n_hashers (void)
{
  guint n = g_get_num_processors ();

  return n > 1 ? n - 1 : 1;
}

static void
ls_auth_finalize (GObject *object)
{
  LsAuth *self = LS_AUTH (object);

  g_thread_pool_free (self->hashers, TRUE, FALSE); /* empty: its tasks hold references */
  g_clear_pointer (&self->guard, ls_sign_in_guard_free);
  g_clear_pointer (&self->emails, ls_throttle_free);
  g_clear_object (&self->school);
  g_clear_pointer (&self->key, g_bytes_unref);

  G_OBJECT_CLASS (ls_auth_parent_class)->finalize (object);
}

static void
ls_auth_class_init (LsAuthClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ls_auth_finalize;

  signals[SESSION_ENDED] = g_signal_new ("session-ended", LS_TYPE_AUTH, G_SIGNAL_RUN_LAST, 0, NULL,
                                         NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
ls_auth_init (LsAuth *self)
{
  self->emails = ls_throttle_new (&email_rate);
  self->hashers = g_thread_pool_new (run_in_thread, NULL, (gint)get_n_hashers (), FALSE, NULL);
}

/**
 * ls_auth_new:
 * @school: who is at the school
 * @key: what tokens are signed with
 * @token_lifetime: how long an access token is good, milliseconds
 * @session_lifetime: how long a sign-in lasts, milliseconds
 * @limits: how often a sign-in may fail
 *
 * Returns: (transfer full): a new object
 */
LsAuth *
ls_auth_new (LsSchool *school,
             GBytes *key,
             gint64 token_lifetime,
             gint64 session_lifetime,
             const LsSignInLimits *limits)
{
  LsAuth *self;

  g_return_val_if_fail (LS_IS_SCHOOL (school) && key != NULL, NULL);

  self = g_object_new (LS_TYPE_AUTH, NULL);
  self->school = g_object_ref (school);
  self->key = g_bytes_ref (key);
  self->token_lifetime = token_lifetime;
  self->session_lifetime = session_lifetime;
  self->guard = ls_sign_in_guard_new (limits);
  return self;
}

/**
 * ls_identity_copy:
 * @identity: an identity
 *
 * Returns: (transfer full): a copy
 */
LsIdentity *
ls_identity_copy (const LsIdentity *identity)
{
  LsIdentity *copy;

  g_return_val_if_fail (identity != NULL, NULL);

  copy = g_new0 (LsIdentity, 1);
  copy->claims = ls_claims_copy (identity->claims);
  copy->viewer = ls_viewer_ref (identity->viewer);
  return copy;
}

/**
 * ls_identity_free:
 * @identity: (transfer full): an identity
 *
 * Frees it.
 */
void
ls_identity_free (LsIdentity *identity)
{
  ls_claims_free (identity->claims);
  ls_viewer_unref (identity->viewer);
  g_free (identity);
}

static LsUser *
new_user (const LsViewer *viewer)
{
  LsUser *user = ls_user_new (ls_viewer_get_id (viewer), ls_viewer_get_name (viewer),
                              ls_viewer_get_role (viewer), ls_viewer_get_extra_role (viewer));

  g_free (user->email);
  user->email = g_strdup (ls_viewer_get_email (viewer));
  return user;
}

/* Returns: (transfer full) (nullable): who has the id; only if active */
static LsViewer *
find_viewer (LsAuth *self, const char *user_id, GError **error)
{
  g_autoptr (LsViewer) viewer = ls_school_get_viewer (self->school, user_id, error);

  if (viewer == NULL || ls_viewer_is_active (viewer))
    return g_steal_pointer (&viewer);

  g_set_error_literal (error, LS_AUTH_ERROR, LS_AUTH_ERROR_INACTIVE, "The account is not active");
  return NULL;
}

static void
fail_ended (GError **error)
{
  g_set_error_literal (error, LS_AUTH_ERROR, LS_AUTH_ERROR_ENDED, "The session has ended");
}

/* No token outlives its session. Returns: (transfer full) (nullable): what a client gets of it */
static LsSession *
make_session (LsAuth *self, const LsSchoolSession *stored, GError **error)
{
  g_autoptr (LsViewer) viewer = find_viewer (self, stored->user_id, error);
  g_autoptr (LsUser) user = NULL;
  gint64 now = now_ms ();
  char *token, *refresh_token;
  LsSession *session;

  if (viewer == NULL)
    return NULL;

  user = new_user (viewer);
  token = ls_jwt_sign (self->key, user, stored->id, now,
                       MIN (self->token_lifetime, stored->expires_at - now));
  refresh_token = ls_refresh_token_make (self->key, stored->id, stored->generation);
  session = ls_session_new (token, refresh_token);
  session->user = g_steal_pointer (&user);
  ls_secret_free (token);
  ls_secret_free (refresh_token);
  return session;
}

static gboolean
on_refuse (gpointer user_data)
{
  GTask *task = user_data;

  g_task_return_new_error (task, LS_AUTH_ERROR, LS_AUTH_ERROR_LIMITED,
                           "Too many sign-ins have failed");
  return G_SOURCE_REMOVE;
}

/* Refuses an attempt, and not at once. */
static void
refuse_in_time (GTask *task)
{
  const Attempt *attempt = g_task_get_task_data (task);
  gint64 passed = monotonic_ms () - attempt->begun;

  g_timeout_add_full (G_PRIORITY_DEFAULT, (guint)CLAMP (REFUSAL_TIME - passed, 0, REFUSAL_TIME),
                      on_refuse, g_object_ref (task), g_object_unref);
}

/* What was wrong is told only where it may be told to anybody. */
static void
checked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  const Attempt *attempt = g_task_get_task_data (task);

  if (g_task_propagate_boolean (G_TASK (result), NULL))
    g_task_return_boolean (task, TRUE);
  else if (attempt->retry_after > 0)
    refuse_in_time (task);
  else
    g_task_return_new_error (task, LS_AUTH_ERROR, LS_AUTH_ERROR_CREDENTIALS,
                             "The e-mail address or the password is wrong");
}

static void
begin_check (LsAuth *self, GTask *task)
{
  GTask *check = g_task_new (self, NULL, checked_cb, g_object_ref (task));

  g_task_set_source_tag (check, begin_check);
  g_task_set_task_data (check, g_task_get_task_data (task), NULL);
  g_thread_pool_push (self->hashers, check, NULL);
}

/* What is refused anyway does not wait for its turn. */
static void
begin_attempt (LsAuth *self, GTask *task)
{
  Attempt *attempt = g_task_get_task_data (task);

  attempt->is_known = ls_school_knows (self->school, attempt->email, attempt->network);
  attempt->retry_after = ls_sign_in_guard_check (self->guard, attempt->email, attempt->network,
                                                 attempt->is_known, attempt->begun);
  if (attempt->retry_after > 0)
    refuse_in_time (task);
  else if (g_thread_pool_unprocessed (self->hashers) < MAX_WAITING)
    begin_check (self, task);
  else
    {
      attempt->retry_after = BUSY_RETRY;
      g_task_return_new_error (task, LS_AUTH_ERROR, LS_AUTH_ERROR_BUSY,
                               "Too many passwords wait to be checked");
    }
}

/**
 * ls_auth_login_async:
 * @self: an auth
 * @email: e-mail address
 * @password: password
 * @address: (nullable): from where
 * @callback: to call then
 * @user_data: for @callback
 *
 * Checks a password and, if it is right, starts a session.
 */
void
ls_auth_login_async (LsAuth *self,
                     const char *email,
                     const char *password,
                     GSocketAddress *address,
                     GAsyncReadyCallback callback,
                     gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (GError) error = NULL;
  Attempt *attempt;

  g_return_if_fail (LS_IS_AUTH (self) && email != NULL && password != NULL);

  task = g_task_new (self, NULL, callback, user_data);
  g_task_set_source_tag (task, ls_auth_login_async);

  attempt = g_new0 (Attempt, 1);
  attempt->email = g_strdup (email);
  attempt->password = g_strdup (password);
  attempt->address = ls_address_to_string (address);
  attempt->network = ls_address_get_network (address);
  attempt->begun = monotonic_ms ();
  attempt->login = ls_school_find_login (self->school, email, &error);
  g_task_set_task_data (task, attempt, (GDestroyNotify)attempt_free);

  if (error == NULL || g_error_matches (error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_NOT_FOUND))
    begin_attempt (self, task);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/**
 * ls_auth_login_finish:
 * @self: an auth
 * @result: what the callback got
 * @retry_after: (out): in how many milliseconds another attempt has a chance, after
 *   %LS_AUTH_ERROR_LIMITED and %LS_AUTH_ERROR_BUSY
 * @error: return location for one of these, %LS_AUTH_ERROR_CREDENTIALS, or a #LsSchoolError
 *
 * Returns: (transfer full) (nullable): the session
 */
LsSession *
ls_auth_login_finish (LsAuth *self, GAsyncResult *result, gint64 *retry_after, GError **error)
{
  g_autoptr (LsSchoolSession) stored = NULL;
  const Attempt *attempt;

  g_return_val_if_fail (LS_IS_AUTH (self) && retry_after != NULL, NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, ls_auth_login_async), NULL);

  attempt = g_task_get_task_data (G_TASK (result));
  *retry_after = attempt->retry_after;
  if (!g_task_propagate_boolean (G_TASK (result), error))
    return NULL;

  stored = ls_school_create_session (self->school, attempt->login->user_id, attempt->address,
                                     attempt->network, now_ms () + self->session_lifetime, error);
  return stored != NULL ? make_session (self, stored, error) : NULL;
}

/**
 * ls_auth_login_get_user_id:
 * @result: what the callback of ls_auth_login_async() got
 *
 * Returns: (transfer none) (nullable): whose account it was about; %NULL: there is none
 */
const char *
ls_auth_login_get_user_id (GAsyncResult *result)
{
  const Attempt *attempt;

  g_return_val_if_fail (g_async_result_is_tagged (result, ls_auth_login_async), NULL);

  attempt = g_task_get_task_data (G_TASK (result));
  return attempt->login != NULL ? attempt->login->user_id : NULL;
}

/**
 * ls_auth_refresh:
 * @self: an auth
 * @refresh_token: what a client calls its refresh token
 * @error: return location for an error
 *
 * Gives a new pair of tokens for a refresh token. The old one is good for another minute, in which
 * an answer that got lost can be asked for again. Later it ends the session.
 *
 * Returns: (transfer full) (nullable): the session
 */
LsSession *
ls_auth_refresh (LsAuth *self, const char *refresh_token, GError **error)
{
  g_autoptr (LsSchoolSession) stored = NULL;
  g_autoptr (GError) local_error = NULL;
  g_autofree char *session_id = NULL;
  gint64 generation;

  g_return_val_if_fail (LS_IS_AUTH (self) && refresh_token != NULL, NULL);

  if (!ls_refresh_token_read (self->key, refresh_token, &session_id, &generation))
    {
      fail_ended (error);
      return NULL;
    }

  stored = ls_school_rotate_session (self->school, session_id, generation, now_ms (), &local_error);
  if (stored != NULL)
    return make_session (self, stored, error);

  if (g_error_matches (local_error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_REUSED))
    g_signal_emit (self, signals[SESSION_ENDED], 0, session_id);
  g_propagate_error (error, g_steal_pointer (&local_error));
  return NULL;
}

/**
 * ls_auth_check:
 * @self: an auth
 * @token: what a client calls its access token
 * @error: return location for a #LsJwtError, a #LsAuthError or a #LsSchoolError
 *
 * Returns: (transfer full) (nullable): whose it is
 */
LsIdentity *
ls_auth_check (LsAuth *self, const char *token, GError **error)
{
  g_autoptr (LsClaims) claims = NULL;
  g_autoptr (LsViewer) viewer = NULL;
  g_autoptr (GError) local_error = NULL;
  LsIdentity *identity;

  g_return_val_if_fail (LS_IS_AUTH (self) && token != NULL, NULL);

  claims = ls_jwt_verify (self->key, token, now_ms (), error);
  if (claims == NULL)
    return NULL;

  viewer = find_viewer (self, claims->user_id, &local_error);
  if (g_error_matches (local_error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_NOT_FOUND))
    {
      g_set_error_literal (error, LS_AUTH_ERROR, LS_AUTH_ERROR_INACTIVE,
                           "The account does not exist any more");
      return NULL;
    }
  if (viewer == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return NULL;
    }

  if (!ls_school_session_is_active (self->school, claims->session_id, now_ms ()))
    {
      fail_ended (error);
      return NULL;
    }

  identity = g_new0 (LsIdentity, 1);
  identity->claims = g_steal_pointer (&claims);
  identity->viewer = g_steal_pointer (&viewer);
  return identity;
}

/* Any refresh token that the session ever had will do: to end it is the most that an old one can do in a
 * refresh, too. Returns: (transfer full) (nullable): the session that the tokens are of */
static char *
find_session (LsAuth *self, const char *token, const char *refresh_token, GError **error)
{
  g_autoptr (LsIdentity) identity = NULL;
  char *session_id = NULL;
  gint64 generation;

  if (token != NULL)
    identity = ls_auth_check (self, token, refresh_token == NULL ? error : NULL);
  if (identity != NULL)
    return g_strdup (identity->claims->session_id);
  if (refresh_token != NULL &&
      !ls_refresh_token_read (self->key, refresh_token, &session_id, &generation))
    fail_ended (error);

  return session_id;
}

/**
 * ls_auth_logout:
 * @self: an auth
 * @token: (nullable): what a client calls its access token
 * @refresh_token: (nullable): what it calls its refresh token; not both are %NULL
 * @error: return location for a #LsJwtError, a #LsAuthError or a #LsSchoolError
 *
 * Ends a session at once: that of the access token or, if that is not good any more, as after a quarter
 * of an hour without a network, that of the refresh token.
 *
 * Returns: whether it is ended
 */
gboolean
ls_auth_logout (LsAuth *self, const char *token, const char *refresh_token, GError **error)
{
  g_autofree char *session_id = NULL;

  g_return_val_if_fail (LS_IS_AUTH (self), FALSE);
  g_return_val_if_fail (token != NULL || refresh_token != NULL, FALSE);

  session_id = find_session (self, token, refresh_token, error);
  if (session_id == NULL || !ls_school_revoke_session (self->school, session_id, error))
    return FALSE;

  g_signal_emit (self, signals[SESSION_ENDED], 0, session_id);
  return TRUE;
}

/**
 * ls_auth_try_email:
 * @self: an auth
 * @viewer: who writes a user
 * @email: with which e-mail address
 * @retry_after: (out): in how many milliseconds it may be tried again, after %LS_AUTH_ERROR_EMAIL
 * @error: return location for that
 *
 * Counts it, unless it is an admin, or the address is theirs already.
 *
 * Returns: whether they may
 */
gboolean
ls_auth_try_email (LsAuth *self,
                   const LsViewer *viewer,
                   const char *email,
                   gint64 *retry_after,
                   GError **error)
{
  const char *user_id;

  g_return_val_if_fail (LS_IS_AUTH (self) && viewer != NULL && email != NULL, FALSE);
  g_return_val_if_fail (retry_after != NULL, FALSE);

  *retry_after = 0;
  if (ls_viewer_get_role (viewer) == LS_ROLE_ADMIN ||
      g_strcmp0 (ls_viewer_get_email (viewer), email) == 0)
    return TRUE;

  user_id = ls_viewer_get_id (viewer);
  *retry_after = ls_throttle_get_wait (self->emails, user_id, monotonic_ms ());
  if (*retry_after > 0)
    {
      g_set_error_literal (error, LS_AUTH_ERROR, LS_AUTH_ERROR_EMAIL,
                           "Too many e-mail addresses were tried");
      return FALSE;
    }

  ls_throttle_take (self->emails, user_id, monotonic_ms ());
  return TRUE;
}

/**
 * ls_auth_hash_async:
 * @self: an auth
 * @password: a password
 * @callback: to call then
 * @user_data: for @callback
 *
 * Makes what is stored of a password.
 */
void
ls_auth_hash_async (LsAuth *self,
                    const char *password,
                    GAsyncReadyCallback callback,
                    gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (LS_IS_AUTH (self) && password != NULL);

  task = g_task_new (self, NULL, callback, user_data);
  g_task_set_source_tag (task, ls_auth_hash_async);
  g_task_set_task_data (task, g_strdup (password), (GDestroyNotify)ls_secret_free);
  g_thread_pool_push (self->hashers, g_steal_pointer (&task), NULL);
}

/**
 * ls_auth_hash_finish:
 * @self: an auth
 * @result: what the callback got
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable): the hash
 */
char *
ls_auth_hash_finish (LsAuth *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (LS_IS_AUTH (self), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, ls_auth_hash_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
