/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who is signed in, and what is remembered of it over a restart. */
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

/**
 * ls_agent_account_cancel_sign_in:
 * @self: an agent
 *
 * Ends a sign-in that has changed nothing yet, if there is one.
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

/**
 * ls_agent_account_forget:
 * @self: an agent
 *
 * Lets go of whoever is signed in. Nothing of theirs can be read from here on, and no change of the account
 * that is still under way may come to its end.
 */
void
ls_agent_account_forget (LsAgent *self)
{
  ls_agent_account_cancel_sign_in (self);
  ls_agent_account_stop_reopening (self);
  self->generation++;
  g_clear_pointer (&self->user, ls_user_free);
  g_clear_pointer (&self->store_id, g_free);
  self->last_seq = 0;
  self->in_memory = FALSE;
  ls_engine_clear_account (self->engine);
}

/**
 * ls_agent_account_is_overtaken:
 * @self: an agent
 * @generation: of the agent when a change of the account began
 *
 * Returns: whether the agent has ended, or another change has begun since: what the store was then, and whose,
 *   does not hold any more
 */
gboolean
ls_agent_account_is_overtaken (LsAgent *self, guint generation)
{
  return g_cancellable_is_cancelled (self->cancellable) || generation != self->generation;
}

/**
 * ls_agent_account_is_remembered:
 * @self: an agent
 * @server: a server's URL
 * @user_id: somebody
 *
 * Returns: whether it is they who have signed in and not out, there
 */
gboolean
ls_agent_account_is_remembered (LsAgent *self, const char *server, const char *user_id)
{
  const LsAccount *account = self->remembered;

  return account != NULL && account->user != NULL && g_str_equal (account->user->id, user_id) &&
         g_strcmp0 (account->server, server) == 0;
}

/**
 * ls_agent_account_has_other:
 * @self: an agent
 * @user: somebody at the server of the settings
 *
 * Returns: whether somebody else has signed in and not out, there or elsewhere
 */
gboolean
ls_agent_account_has_other (LsAgent *self, const LsUser *user)
{
  return self->remembered != NULL && self->remembered->user != NULL &&
         !ls_agent_account_is_remembered (self, self->config->server, user->id);
}

/**
 * ls_agent_account_use:
 * @self: an agent
 * @user: who is signed in from now on
 * @state: what the store has of them
 * @session: (nullable): their tokens, if they came just now; %NULL: the keyring has them
 *
 * Goes to work for somebody.
 */
void
ls_agent_account_use (LsAgent *self,
                      const LsUser *user,
                      const LsStoreState *state,
                      const LsSession *session)
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

/**
 * ls_agent_is_expiry_told:
 * @self: an agent
 *
 * Returns: whether the user was told that the account has expired, before a restart, too
 */
gboolean
ls_agent_is_expiry_told (LsAgent *self)
{
  g_return_val_if_fail (LS_IS_AGENT (self), FALSE);

  return self->remembered != NULL && self->remembered->expiry_told;
}

/**
 * ls_agent_set_expiry_told:
 * @self: an agent
 * @told: whether the user was told that the account has expired
 *
 * Remembers it over restarts, until somebody signs in or out.
 */
void
ls_agent_set_expiry_told (LsAgent *self, gboolean told)
{
  g_return_if_fail (LS_IS_AGENT (self));

  if (self->remembered == NULL || self->remembered->expiry_told == told)
    return;

  self->remembered->expiry_told = told;
  ls_store_save_account_async (self->store, self->remembered, store_save_account_cb, NULL);
}

static void
take_remembered (LsAgent *self, const LsAccount *account)
{
  g_clear_pointer (&self->remembered, ls_account_free);
  if (account != NULL)
    self->remembered = ls_account_copy (account);
  else
    self->remembered = ls_account_new (self->config->server, NULL, self->gate.disconnected);

  /* What the user has said meanwhile is newer. */
  if (self->gate_chosen)
    ls_agent_account_save_gate (self);
  else
    self->gate.disconnected = self->remembered->disconnected;
  ls_engine_set_gate (self->engine, self->gate);
}

/* What was remembered, on its way through the store. */
typedef struct
{
  guint generation;   /* of the agent when it began */
  LsAccount *account; /* (owned) (nullable) */
} Loading;

static void
loading_free (Loading *loading)
{
  g_clear_pointer (&loading->account, ls_account_free);
  g_free (loading);
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
  Loading *loading = g_task_get_task_data (task);

  state = ls_store_open_finish (LS_STORE (object), result, &error);
  if (ls_agent_account_is_overtaken (self, loading->generation))
    {
      g_task_return_boolean (task, FALSE);
      return;
    }

  if (state == NULL)
    open_failed (self, error);
  else
    ls_agent_account_use (self, loading->account->user, state, NULL);
  g_task_return_boolean (task, state != NULL);
}

static void
store_load_account_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (LsAccount) account = NULL;
  LsAgent *self = g_task_get_source_object (task);
  Loading *loading = g_task_get_task_data (task);

  account = ls_store_load_account_finish (LS_STORE (object), result, &error);
  if (g_task_return_error_if_cancelled (task))
    return;

  if (account == NULL)
    g_warning ("the account can't be read: %s", error->message);
  take_remembered (self, account);
  ls_agent_run (self);
  if (ls_agent_account_is_overtaken (self, loading->generation) || account == NULL ||
      account->user == NULL || g_strcmp0 (account->server, self->config->server) != 0)
    {
      g_task_return_boolean (task, FALSE);
      return;
    }

  ls_store_open_async (self->store, account->server, account->user->id, store_open_loaded_cb,
                       g_object_ref (task));
  loading->account = g_steal_pointer (&account);
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
  Loading *loading = g_new0 (Loading, 1);

  g_task_set_source_tag (task, ls_agent_account_load);
  g_task_set_task_data (task, loading, (GDestroyNotify)loading_free);
  ls_agent_account_forget (self);
  loading->generation = self->generation;
  self->gate_chosen = FALSE;
  ls_store_load_account_async (self->store, store_load_account_cb, task);
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
