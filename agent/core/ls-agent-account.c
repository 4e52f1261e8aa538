/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who is signed in: sign-in, sign-out, and what is remembered of it over a restart. */
#include "ls-agent-private.h"

/* How often to look whether the keyring has been unlocked that has a store's key, in milliseconds. */
#define REOPEN_EVERY 30000

/**
 * ls_agent_get_account_state:
 * @self: an agent
 *
 * Returns: the account's state
 */
LsAccountState
ls_agent_get_account_state (LsAgent *self)
{
  g_return_val_if_fail (LS_IS_AGENT (self), LS_ACCOUNT_SIGNED_OUT);

  return ls_engine_get_account_state (self->engine);
}

/**
 * ls_agent_get_user:
 * @self: an agent
 *
 * Returns: (transfer none) (nullable): who is signed in
 */
const LsUser *
ls_agent_get_user (LsAgent *self)
{
  g_return_val_if_fail (LS_IS_AGENT (self), NULL);

  return self->user;
}

/**
 * ls_agent_get_expires_at:
 * @self: an agent
 *
 * Returns: when the access token ends, in milliseconds since the epoch; 0: unknown
 */
gint64
ls_agent_get_expires_at (LsAgent *self)
{
  g_return_val_if_fail (LS_IS_AGENT (self), 0);

  return ls_engine_get_expires_at (self->engine);
}

/* A change of the account on its way through store and keyring: what was remembered, or a sign-in. */
typedef struct
{
  guint generation;    /* of the agent when it began */
  LsAccount *account;  /* (owned) (nullable): what was remembered */
  LsSession *session;  /* (owned) (nullable): of a sign-in */
  LsStoreState *state; /* (owned) (nullable) */
} Change;

static void
change_free (Change *change)
{
  g_clear_pointer (&change->account, ls_account_free);
  g_clear_pointer (&change->session, ls_session_free);
  g_clear_pointer (&change->state, ls_store_state_free);
  g_free (change);
}

/**
 * ls_agent_account_cancel_sign_in:
 * @self: an agent
 *
 * Ends a sign-in that the server has not answered yet, if there is one.
 */
void
ls_agent_account_cancel_sign_in (LsAgent *self)
{
  g_autoptr (GCancellable) signing_in = g_steal_pointer (&self->signing_in);

  if (signing_in != NULL)
    g_cancellable_cancel (signing_in);
}

/**
 * ls_agent_account_stop_reopening:
 * @self: an agent
 *
 * Does not try any more to open a store whose key is locked away.
 */
void
ls_agent_account_stop_reopening (LsAgent *self)
{
  if (self->reopening != 0)
    ls_clock_remove_alarm (self->clock, self->reopening);
  self->reopening = 0;
}

static void
forget_account (LsAgent *self)
{
  ls_agent_account_cancel_sign_in (self);
  ls_agent_account_stop_reopening (self);
  self->generation++;
  g_clear_pointer (&self->user, ls_user_free);
  g_clear_pointer (&self->store_id, g_free);
  self->last_seq = 0;
  ls_engine_clear_account (self->engine);
}

/* Begins the change that @task is about. Nothing of whoever was signed in before can be read from
 * here on, and no change that is still under way may come to its end. */
static Change *
begin_change (LsAgent *self, GTask *task)
{
  Change *change = g_new0 (Change, 1);

  forget_account (self);
  change->generation = self->generation;
  g_task_set_task_data (task, change, (GDestroyNotify)change_free);
  return change;
}

/* Whether the agent has ended, or another change has begun since: then @task ends, too. What the
 * store was then, and whose, does not hold any more. */
static gboolean
is_overtaken (LsAgent *self, GTask *task)
{
  const Change *change = g_task_get_task_data (task);

  if (!g_cancellable_is_cancelled (self->cancellable) && change->generation == self->generation)
    return FALSE;

  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED,
                           "the account has changed meanwhile");
  return TRUE;
}

static void
use_account (LsAgent *self, const LsUser *user, const LsStoreState *state, const LsSession *session)
{
  LsUser *copy = ls_user_copy (user);

  self->generation++;
  g_clear_pointer (&self->user, ls_user_free);
  self->user = copy;
  g_free (self->store_id);
  self->store_id = g_strdup (state->id);
  self->last_seq = state->last_seq;
  ls_engine_set_account (self->engine, self->user, state, session);
  ls_agent_emit_account (self);
  ls_agent_run (self);
}

static void
store_save_account_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  if (!ls_store_save_account_finish (LS_STORE (object), result, &error))
    g_warning ("the account is not remembered: %s", error->message);
}

/**
 * ls_agent_account_save:
 * @self: an agent
 *
 * Remembers who is signed in, and whether to connect.
 */
void
ls_agent_account_save (LsAgent *self)
{
  g_clear_pointer (&self->remembered, ls_account_free);
  self->remembered = ls_account_new (self->config->server, self->user, self->gate.disconnected);
  ls_store_save_account_async (self->store, self->remembered, store_save_account_cb, NULL);
}

/**
 * ls_agent_account_save_gate:
 * @self: an agent
 *
 * Remembers whether to connect, and leaves alone who is remembered: that need not be who is signed
 * in now. Waits for what is remembered to be read first.
 */
void
ls_agent_account_save_gate (LsAgent *self)
{
  if (self->remembered == NULL || self->remembered->disconnected == self->gate.disconnected)
    return;

  self->remembered->disconnected = self->gate.disconnected;
  ls_store_save_account_async (self->store, self->remembered, store_save_account_cb, NULL);
}

static void
take_remembered (LsAgent *self, const LsAccount *account)
{
  g_clear_pointer (&self->remembered, ls_account_free);
  if (account != NULL)
    self->remembered = ls_account_new (account->server, account->user, account->disconnected);
  else
    self->remembered = ls_account_new (self->config->server, NULL, self->gate.disconnected);

  /* What the user has said meanwhile is newer. */
  if (self->gate_chosen)
    ls_agent_account_save_gate (self);
  else
    self->gate.disconnected = self->remembered->disconnected;
  ls_engine_set_gate (self->engine, self->gate);
}

static void
on_reopening (gpointer user_data)
{
  LsAgent *self = user_data;

  self->reopening = 0;
  ls_agent_account_load (self);
}

/* Nobody tells us when a keyring is unlocked, not without asking its service for more. */
static void
open_failed (LsAgent *self, const GError *error)
{
  gboolean locked = g_error_matches (error, LS_ERROR, LS_ERROR_LOCKED);

  g_warning ("the store can't be opened: %s", error->message);
  ls_engine_set_store_broken (self->engine, locked);
  if (locked)
    self->reopening = ls_clock_add_alarm (self->clock, LS_CLOCK_MONOTONIC,
                                          ls_clock_get_monotonic (self->clock) + REOPEN_EVERY,
                                          on_reopening, self);
  ls_agent_run (self);
}

static void
store_open_loaded_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (LsStoreState) state = NULL;
  LsAgent *self = g_task_get_source_object (task);
  Change *change = g_task_get_task_data (task);

  state = ls_store_open_finish (LS_STORE (object), result, &error);
  if (is_overtaken (self, task))
    return;

  if (state == NULL)
    open_failed (self, error);
  else
    use_account (self, change->account->user, state, NULL);
  g_task_return_boolean (task, state != NULL);
}

static void
store_load_account_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (LsAccount) account = NULL;
  LsAgent *self = g_task_get_source_object (task);
  Change *change = g_task_get_task_data (task);

  account = ls_store_load_account_finish (LS_STORE (object), result, &error);
  if (g_task_return_error_if_cancelled (task))
    return;

  if (account == NULL)
    g_warning ("the account can't be read: %s", error->message);
  take_remembered (self, account);
  ls_agent_run (self);
  if (is_overtaken (self, task))
    return;

  if (account == NULL || account->user == NULL ||
      g_strcmp0 (account->server, self->config->server) != 0)
    {
      g_task_return_boolean (task, FALSE);
      return;
    }

  ls_store_open_async (self->store, account->server, account->user->id, store_open_loaded_cb,
                       g_object_ref (task));
  change->account = g_steal_pointer (&account);
}

static void
account_loaded_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  if (!g_cancellable_is_cancelled (g_task_get_cancellable (G_TASK (result))))
    ls_agent_emit_loaded (LS_AGENT (object));
}

/**
 * ls_agent_account_load:
 * @self: an agent
 *
 * Signs in whoever was signed in at this server before, and says when that is known.
 */
void
ls_agent_account_load (LsAgent *self)
{
  GTask *task = g_task_new (self, self->cancellable, account_loaded_cb, NULL);

  g_task_set_source_tag (task, ls_agent_account_load);
  begin_change (self, task);
  self->gate_chosen = FALSE;
  ls_store_load_account_async (self->store, store_load_account_cb, task);
}

/* Whether the agent has ended while a sign-in was under way, which then ends, too. */
static gboolean
has_ended (LsAgent *self, GTask *task)
{
  if (!g_cancellable_is_cancelled (self->cancellable))
    return FALSE;

  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CANCELLED, "the agent ends");
  return TRUE;
}

static void
transport_sign_out_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  /* The tokens end by themselves; being offline is no reason to stay signed in. */
  if (!ls_transport_sign_out_finish (LS_TRANSPORT (object), result, &error))
    g_debug ("sign-out: %s", error->message);
}

static void
revoke_tokens (LsAgent *self, const LsSession *session)
{
  ls_transport_sign_out_async (self->transport, session->access, self->cancellable,
                               transport_sign_out_cb, NULL);
}

static void
refused_store_close_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  if (!ls_store_close_finish (LS_STORE (object), result, &error))
    g_warning ("the store can't be closed: %s", error->message);
}

/* Tokens that can't be kept are worth nothing to us, and something to others. Whoever was signed in
 * before is so again. */
static void
refuse_sign_in (LsAgent *self, GTask *task, const GError *error)
{
  const Change *change = g_task_get_task_data (task);

  revoke_tokens (self, change->session);
  ls_store_close_async (self->store, FALSE, refused_store_close_cb, NULL);
  ls_agent_account_load (self);
  g_task_return_new_error (task, LS_ERROR, LS_ERROR_LOCKED, "%s", error->message);
}

static void
secrets_store_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  LsAgent *self = g_task_get_source_object (task);
  Change *change = g_task_get_task_data (task);

  ls_secrets_store_finish (LS_SECRETS (object), result, &error);
  if (g_task_return_error_if_cancelled (task) || is_overtaken (self, task))
    return;

  if (error != NULL && !self->config->tokens_in_memory)
    {
      refuse_sign_in (self, task, error);
      return;
    }
  if (error != NULL)
    g_message ("the tokens are kept in memory alone: %s", error->message);

  use_account (self, change->session->user, change->state, change->session);
  ls_agent_account_save (self);
  g_task_return_boolean (task, TRUE);
}

static void
store_open_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  LsAgent *self = g_task_get_source_object (task);
  Change *change = g_task_get_task_data (task);

  change->state = ls_store_open_finish (LS_STORE (object), result, &error);
  if (change->state == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  if (is_overtaken (self, task))
    return;

  ls_secrets_store_async (self->secrets, self->config->server, change->session->user->id,
                          change->session, g_task_get_cancellable (task), secrets_store_cb,
                          g_object_ref (task));
}

/* The tokens are good: open the store of whom they name. */
static void
sign_in_with (LsAgent *self, GTask *task, const LsSession *session)
{
  g_autoptr (LsSession) copy = ls_session_copy (session);
  Change *change;

  if (has_ended (self, task))
    return;
  if (copy->user == NULL)
    copy->user = self->reader.get_user (session->access);
  if (copy->user == NULL)
    {
      g_task_return_new_error (task, LS_ERROR, LS_ERROR_INVALID_ARGUMENT,
                               "the token does not say whose it is");
      return;
    }

  change = begin_change (self, task);
  change->session = g_steal_pointer (&copy);
  ls_agent_run (self);
  ls_store_open_async (self->store, self->config->server, change->session->user->id, store_open_cb,
                       g_object_ref (task));
}

static void
request_session_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (LsSession) session = NULL;
  g_autoptr (GError) error = NULL;
  LsAgent *self = LS_AGENT (object);

  session = ls_agent_request_session_finish (self, result, &error);
  if (self->signing_in == g_task_get_cancellable (G_TASK (result)))
    g_clear_object (&self->signing_in);

  if (session != NULL)
    sign_in_with (self, task, session);
  else if (error->domain == LS_LINK_ERROR)
    g_task_return_new_error (task, LS_ERROR, LS_ERROR_UNREACHABLE, "%s: %s",
                             ls_reason_to_string (ls_link_error_get_reason (error)),
                             error->message);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static gboolean
check_server (LsAgent *self, GTask *task)
{
  if (self->config->server != NULL)
    return TRUE;

  g_task_return_new_error (task, LS_ERROR, LS_ERROR_UNREACHABLE, "%s: no server is set",
                           ls_reason_to_string (LS_REASON_NOT_CONFIGURED));
  return FALSE;
}

/**
 * ls_agent_sign_in_async:
 * @self: an agent
 * @email: the user's e-mail address
 * @password: the user's password
 * @cancellable: (nullable): a cancellable
 * @callback: called when it is done
 * @user_data: for @callback
 *
 * Signs in. Whoever was signed in before stays so if this fails. Another sign-in that the server has
 * not answered yet ends, as does this one when the account changes in another way.
 */
void
ls_agent_sign_in_async (LsAgent *self,
                        const char *email,
                        const char *password,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (LS_IS_AGENT (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, ls_agent_sign_in_async);
  if (!check_server (self, task))
    return;

  if (g_task_return_error_if_cancelled (task))
    return;

  ls_agent_account_cancel_sign_in (self);
  self->signing_in = g_cancellable_new ();
  if (cancellable != NULL)
    g_signal_connect_object (cancellable, "cancelled", G_CALLBACK (g_cancellable_cancel),
                             self->signing_in, G_CONNECT_SWAPPED);
  ls_agent_request_session_async (self, email, password, self->signing_in, request_session_cb,
                                  g_object_ref (task));
}

/**
 * ls_agent_sign_in_finish:
 * @self: an agent
 * @result: what the callback was given
 * @error: %LS_ERROR_WRONG_CREDENTIALS, %LS_ERROR_STORAGE, %LS_ERROR_NEWER_STORE, %LS_ERROR_LOCKED: the
 *   keyring can't keep the tokens, and memory alone must not; %LS_ERROR_UNREACHABLE: the message begins
 *   with the reason
 *
 * Returns: whether the user is signed in
 */
gboolean
ls_agent_sign_in_finish (LsAgent *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * ls_agent_set_tokens_async:
 * @self: an agent
 * @session: tokens that came by another way, without a user
 * @cancellable: (nullable): a cancellable
 * @callback: called when it is done
 * @user_data: for @callback
 *
 * Signs in with tokens. Whether they are good shows when they are used.
 */
void
ls_agent_set_tokens_async (LsAgent *self,
                           const LsSession *session,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (LS_IS_AGENT (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, ls_agent_set_tokens_async);
  if (check_server (self, task))
    sign_in_with (self, task, session);
}

/**
 * ls_agent_set_tokens_finish:
 * @self: an agent
 * @result: what the callback was given
 * @error: %LS_ERROR_INVALID_ARGUMENT: not a token; or as for ls_agent_sign_in_finish()
 *
 * Returns: whether the user is signed in
 */
gboolean
ls_agent_set_tokens_finish (LsAgent *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* A sign-out on its way through store and keyring. */
typedef struct
{
  char *server;  /* (owned) */
  char *user_id; /* (owned) */
  GError *error; /* (owned) (nullable): what the store said */
} SignOut;

static void
sign_out_free (SignOut *sign_out)
{
  g_free (sign_out->server);
  g_free (sign_out->user_id);
  g_clear_error (&sign_out->error);
  g_free (sign_out);
}

static void
secrets_clear_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  SignOut *sign_out = g_task_get_task_data (task);

  if (!ls_secrets_clear_finish (LS_SECRETS (object), result, &error))
    g_warning ("the tokens are still in the keyring: %s", error->message);

  if (sign_out->error != NULL)
    g_task_return_error (task, g_steal_pointer (&sign_out->error));
  else
    g_task_return_boolean (task, TRUE);
}

static void
store_close_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  LsAgent *self = g_task_get_source_object (task);
  SignOut *sign_out = g_task_get_task_data (task);

  ls_store_close_finish (LS_STORE (object), result, &sign_out->error);
  if (!has_ended (self, task))
    ls_secrets_clear_async (self->secrets, sign_out->server, sign_out->user_id, self->cancellable,
                            secrets_clear_cb, g_object_ref (task));
}

/**
 * ls_agent_sign_out_async:
 * @self: an agent
 * @wipe: whether to remove what is stored of the user, too
 * @cancellable: (nullable): a cancellable
 * @callback: called when it is done
 * @user_data: for @callback
 *
 * Signs out, whether the server can be told or not.
 */
void
ls_agent_sign_out_async (LsAgent *self,
                         gboolean wipe,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  const LsSession *session;
  SignOut *sign_out;

  g_return_if_fail (LS_IS_AGENT (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, ls_agent_sign_out_async);
  if (self->user == NULL)
    {
      g_task_return_new_error (task, LS_ERROR, LS_ERROR_NOT_SIGNED_IN, "nobody is signed in");
      return;
    }

  session = ls_engine_get_session (self->engine);
  if (session != NULL)
    revoke_tokens (self, session);

  sign_out = g_new0 (SignOut, 1);
  sign_out->server = g_strdup (self->config->server);
  sign_out->user_id = g_strdup (self->user->id);
  g_task_set_task_data (task, sign_out, (GDestroyNotify)sign_out_free);
  forget_account (self);
  ls_agent_account_save (self);
  ls_agent_emit_account (self);
  ls_agent_run (self);
  /* At once: what is opened after this is another's, and not to be closed, let alone wiped. */
  ls_store_close_async (self->store, wipe, store_close_cb, g_object_ref (task));
}

/**
 * ls_agent_sign_out_finish:
 * @self: an agent
 * @result: what the callback was given
 * @error: %LS_ERROR_NOT_SIGNED_IN; %LS_ERROR_STORAGE: the store is still there
 *
 * Returns: whether everything is done
 */
gboolean
ls_agent_sign_out_finish (LsAgent *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
on_login_changed (LsLogin *login, LsAgent *self)
{
  self->gate.suspended = !ls_login_is_active (login);
  ls_engine_set_gate (self->engine, self->gate);
  ls_agent_run (self);
}

/**
 * ls_agent_follow_login:
 * @self: an agent
 *
 * Connects only while our user is the one who sits at the machine, if the machine knows.
 */
void
ls_agent_follow_login (LsAgent *self)
{
  if (self->login == NULL)
    return;

  g_signal_connect_object (self->login, "changed", G_CALLBACK (on_login_changed), self, 0);
  on_login_changed (self->login, self);
}
