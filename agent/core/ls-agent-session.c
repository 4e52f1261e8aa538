/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How somebody comes and goes: tokens, keyring, store. */
#include "ls-agent-private.h"

static void
transport_sign_out_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  /* The tokens end by themselves; being offline is no reason to stay signed in. */
  if (!ls_transport_sign_out_finish (LS_TRANSPORT (object), result, &error))
    g_debug ("sign-out: %s", error->message);
}

/* The classic system takes nothing but the access token. */
static void
revoke_tokens (LsAgent *self, const LsSession *session, gboolean is_classic)
{
  ls_transport_sign_out_async (self->transport, session->access,
                               is_classic ? NULL : session->refresh, self->cancellable,
                               transport_sign_out_cb, NULL);
}

/* A sign-out on its way through store and keyring. */
typedef struct
{
  guint n_pending;    /* answers */
  LsAccount *left;    /* (owned): who signs out */
  gboolean in_memory; /* their tokens: nothing need be in the keyring */
  GError *error;      /* (owned) (nullable): what the store said, or else the keyring */
} SignOut;

static void
sign_out_free (SignOut *sign_out)
{
  ls_account_free (sign_out->left);
  g_clear_error (&sign_out->error);
  g_free (sign_out);
}

static void
sign_out_step_done (GTask *task)
{
  SignOut *sign_out = g_task_get_task_data (task);

  if (--sign_out->n_pending > 0)
    return;

  if (sign_out->error != NULL)
    g_task_return_error (task, g_steal_pointer (&sign_out->error));
  else
    g_task_return_boolean (task, TRUE);
}

static gboolean
finish_clearing (GObject *object, GAsyncResult *result)
{
  g_autoptr (GError) error = NULL;

  if (ls_secrets_clear_finish (LS_SECRETS (object), result, &error))
    return TRUE;

  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_warning ("the tokens are still in the keyring: %s", error->message);
  return FALSE;
}

static void
secrets_clear_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  LsAgent *self = g_task_get_source_object (task);
  SignOut *sign_out = g_task_get_task_data (task);

  if (!finish_clearing (object, result) && !sign_out->in_memory)
    {
      ls_agent_leftover_keep (self, sign_out->left);
      if (sign_out->error == NULL)
        sign_out->error = g_error_new_literal (LS_ERROR, LS_ERROR_LOCKED,
                                               "signed out, but the keyring has kept the tokens");
    }
  sign_out_step_done (task);
}

static void
store_close_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  SignOut *sign_out = g_task_get_task_data (task);
  GError *error = NULL;

  if (!ls_store_close_finish (LS_STORE (object), result, &error))
    {
      g_clear_error (&sign_out->error);
      sign_out->error = error;
    }
  sign_out_step_done (task);
}

static void
left_store_open_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LsStoreState) state = ls_store_open_finish (LS_STORE (object), result, &error);

  if (state == NULL)
    g_warning ("what is stored of who was signed in is still there: %s", error->message);
}

/* Signs out whoever is remembered as signed in, even if that could not be taken up again: as the settings name
 * another server now, or the store does not open. */
static void
leave (LsAgent *self, gboolean wipe, GTask *task)
{
  const LsSession *session = ls_engine_get_session (self->engine);
  gboolean is_open = self->store_id != NULL;
  SignOut *sign_out = g_new0 (SignOut, 1);
  const LsAccount *left;

  sign_out->n_pending = 2;
  sign_out->left = g_steal_pointer (&self->remembered);
  sign_out->in_memory = self->in_memory;
  left = sign_out->left;
  g_task_set_task_data (task, sign_out, (GDestroyNotify)sign_out_free);
  if (session != NULL)
    revoke_tokens (self, session, ls_engine_is_classic (self->engine));
  ls_agent_account_forget (self);
  ls_agent_account_save (self);
  ls_agent_emit_account (self);
  ls_agent_run (self);

  ls_secrets_clear_async (self->secrets, left->server, left->user->id, self->cancellable,
                          secrets_clear_cb, g_object_ref (task));
  /* At once: what is opened after this is another's, and not to be closed, let alone wiped. */
  if (wipe && !is_open)
    ls_store_open_async (self->store, left->server, left->user->id, left_store_open_cb, NULL);
  ls_store_close_async (self->store, wipe, store_close_cb, g_object_ref (task));
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

  g_return_if_fail (LS_IS_AGENT (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, ls_agent_sign_out_async);
  if (self->user != NULL)
    leave (self, wipe, task);
  else
    g_task_return_new_error (task, LS_ERROR, LS_ERROR_NOT_SIGNED_IN, "nobody is signed in");
}

/**
 * ls_agent_sign_out_finish:
 * @self: an agent
 * @result: what the callback was given
 * @error: %LS_ERROR_NOT_SIGNED_IN; %LS_ERROR_STORAGE: signed out, but the store is still there;
 *   %LS_ERROR_LOCKED: signed out, but the tokens are still in the keyring, which is asked again
 *
 * Returns: whether everything is done
 */
gboolean
ls_agent_sign_out_finish (LsAgent *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* A sign-in on its way. Until the tokens are in the keyring it changes nothing, and can be cancelled. */
struct _LsAgentSignIn
{
  GCancellable *cancellable; /* (owned) */
  char *server;              /* (owned) */
  LsSession *session;        /* (owned) (nullable): once there is one */
  gboolean is_ours;          /* the session: the server gave it to us, and not to an app */
  gboolean is_kept;          /* the session: the keyring has it, or is about to */
  guint generation;          /* of the agent since the account has changed */
};

static void
sign_in_free (LsAgentSignIn *sign_in)
{
  g_object_unref (sign_in->cancellable);
  g_free (sign_in->server);
  g_clear_pointer (&sign_in->session, ls_session_free);
  g_free (sign_in);
}

/* Returns: (transfer full) (nullable): NULL: it has failed already */
static GTask *
begin_sign_in (LsAgent *self,
               gpointer tag,
               GCancellable *cancellable,
               GAsyncReadyCallback callback,
               gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  LsAgentSignIn *sign_in;

  g_task_set_source_tag (task, tag);
  if (self->config->server == NULL)
    {
      g_task_return_new_error (task, LS_ERROR, LS_ERROR_UNREACHABLE, "%s: no server is set",
                               ls_reason_to_string (LS_REASON_NOT_CONFIGURED));
      return NULL;
    }
  if (g_task_return_error_if_cancelled (task))
    return NULL;

  sign_in = g_new0 (LsAgentSignIn, 1);
  sign_in->cancellable = g_cancellable_new ();
  sign_in->server = g_strdup (self->config->server);
  g_task_set_task_data (task, sign_in, (GDestroyNotify)sign_in_free);
  if (cancellable != NULL)
    g_signal_connect_object (cancellable, "cancelled", G_CALLBACK (g_cancellable_cancel),
                             sign_in->cancellable, G_CONNECT_SWAPPED);
  ls_agent_account_cancel_sign_in (self);
  self->signing_in = g_object_ref (sign_in->cancellable);
  return g_steal_pointer (&task);
}

/* Whether another sign-in of the same person is further than this one. */
static gboolean
is_entering (LsAgent *self, const LsAgentSignIn *sign_in)
{
  const LsAgentSignIn *newest = self->entering;

  return newest != NULL && newest != sign_in && g_str_equal (newest->server, sign_in->server) &&
         g_str_equal (newest->session->user->id, sign_in->session->user->id);
}

static void
given_back_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  finish_clearing (object, result);
}

/* Tokens that nobody uses are worth nothing to us, and something to others. What an app brought is the app's, and
 * what the keyring has of somebody who is signed in is theirs. */
static void
give_back (LsAgent *self, LsAgentSignIn *sign_in)
{
  const char *user_id = sign_in->session->user->id;

  if (ls_agent_account_is_remembered (self, sign_in->server, user_id))
    return;

  if (sign_in->is_ours)
    revoke_tokens (self, sign_in->session, sign_in->session->is_classic);
  if (sign_in->is_kept && !is_entering (self, sign_in))
    ls_secrets_clear_async (self->secrets, sign_in->server, user_id, self->cancellable,
                            given_back_cb, NULL);
}

/* @error: (transfer full) */
static void
fail (LsAgent *self, GTask *task, GError *error)
{
  LsAgentSignIn *sign_in = g_task_get_task_data (task);

  if (sign_in->session != NULL && sign_in->session->user != NULL)
    give_back (self, sign_in);
  if (self->signing_in == sign_in->cancellable)
    g_clear_object (&self->signing_in);
  if (self->entering == sign_in)
    self->entering = NULL;
  g_task_return_error (task, error);
}

static void
fail_overtaken (LsAgent *self, GTask *task)
{
  fail (
      self, task,
      g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "the account has changed meanwhile"));
}

static void
store_open_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (LsStoreState) state = ls_store_open_finish (LS_STORE (object), result, &error);
  LsAgent *self = g_task_get_source_object (task);
  LsAgentSignIn *sign_in = g_task_get_task_data (task);

  if (state == NULL)
    {
      fail (self, task, g_steal_pointer (&error));
      return;
    }
  if (ls_agent_account_is_overtaken (self, sign_in->generation))
    {
      fail_overtaken (self, task);
      return;
    }

  if (self->entering == sign_in)
    self->entering = NULL;
  ls_agent_account_use (self, sign_in->session->user, state, sign_in->session);
  self->in_memory = !sign_in->is_kept;
  ls_agent_account_save (self);
  g_task_return_boolean (task, TRUE);
}

static void
left_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  if (!ls_agent_sign_out_finish (LS_AGENT (object), result, &error))
    g_warning ("something is left of who was signed in: %s", error->message);
}

/* Whoever else is signed in leaves, as by a sign-out. Nobody waits for the keyring to forget them, nor for the
 * server. */
static gboolean
make_room (LsAgent *self, const LsUser *user, GError **error)
{
  g_autoptr (GTask) task = NULL;
  gboolean wipe = FALSE;

  if (!ls_agent_account_has_other (self, user))
    return TRUE;
  if (self->farewell != NULL && !ls_farewell_part (self->farewell, &wipe, error))
    return FALSE;

  task = g_task_new (self, NULL, left_cb, NULL);
  g_task_set_source_tag (task, make_room);
  leave (self, wipe, task);
  return TRUE;
}

/* From here on the sign-in can't be cancelled any more. */
static void
change_account (LsAgent *self, GTask *task)
{
  LsAgentSignIn *sign_in = g_task_get_task_data (task);
  GError *error = NULL;

  g_clear_object (&self->signing_in);
  if (!make_room (self, sign_in->session->user, &error))
    {
      fail (self, task, error);
      return;
    }

  ls_agent_account_forget (self);
  sign_in->generation = self->generation;
  ls_agent_run (self);
  ls_store_open_async (self->store, sign_in->server, sign_in->session->user->id, store_open_cb,
                       g_object_ref (task));
}

static void
secrets_store_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  LsAgent *self = g_task_get_source_object (task);
  LsAgentSignIn *sign_in = g_task_get_task_data (task);

  ls_secrets_store_finish (LS_SECRETS (object), result, &error);
  if (g_cancellable_is_cancelled (sign_in->cancellable))
    {
      fail_overtaken (self, task);
      return;
    }

  sign_in->is_kept = error == NULL;
  if (error != NULL && !self->config->tokens_in_memory)
    {
      fail (self, task, g_error_new_literal (LS_ERROR, LS_ERROR_LOCKED, error->message));
      return;
    }
  if (error != NULL)
    g_message ("the tokens are kept in memory alone: %s", error->message);

  change_account (self, task);
}

static void
keep_tokens (LsAgent *self, GTask *task)
{
  LsAgentSignIn *sign_in = g_task_get_task_data (task);

  sign_in->is_kept = TRUE;
  self->entering = sign_in;
  ls_agent_leftover_spare (self, sign_in->server, sign_in->session->user->id);
  ls_secrets_store_async (self->secrets, sign_in->server, sign_in->session->user->id,
                          sign_in->session, sign_in->cancellable, secrets_store_cb,
                          g_object_ref (task));
}

static void
farewell_flush_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  LsAgent *self = g_task_get_source_object (task);
  LsAgentSignIn *sign_in = g_task_get_task_data (task);
  gboolean may_leave = ls_farewell_flush_finish (LS_FAREWELL (object), result, &error);

  if (!may_leave)
    fail (self, task, error);
  else if (g_cancellable_is_cancelled (sign_in->cancellable))
    fail_overtaken (self, task);
  else
    keep_tokens (self, task);
}

/* The tokens are good: has whoever else is signed in send what they did. */
static void
sign_in_with (LsAgent *self, GTask *task, LsSession *session)
{
  LsAgentSignIn *sign_in = g_task_get_task_data (task);

  sign_in->session = session;
  if (session->user == NULL)
    session->user = self->reader.get_user (session->access);
  if (session->user == NULL)
    fail (self, task,
          g_error_new_literal (LS_ERROR, LS_ERROR_INVALID_ARGUMENT,
                               "the token does not say whose it is"));
  else if (self->user != NULL && self->farewell != NULL &&
           ls_agent_account_has_other (self, session->user))
    ls_farewell_flush_async (self->farewell, sign_in->cancellable, farewell_flush_cb,
                             g_object_ref (task));
  else
    keep_tokens (self, task);
}

static void
request_session_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  LsAgent *self = LS_AGENT (object);
  LsAgentSignIn *sign_in = g_task_get_task_data (task);
  LsSession *session = ls_agent_request_session_finish (self, result, &error);

  sign_in->is_ours = TRUE;
  if (session != NULL)
    sign_in_with (self, task, session);
  else if (error->domain == LS_LINK_ERROR)
    fail (self, task,
          g_error_new (LS_ERROR, LS_ERROR_UNREACHABLE, "%s: %s",
                       ls_reason_to_string (ls_link_error_get_reason (error)), error->message));
  else
    fail (self, task, g_steal_pointer (&error));
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
 * Signs in. Whoever else was signed in is signed out by it, as by ls_agent_sign_out_async(), once the tokens are
 * known to be good and are in the keyring; if it does not come to that, they stay. Another sign-in that is still
 * under way ends, as does this one when the account changes in another way.
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

  task = begin_sign_in (self, ls_agent_sign_in_async, cancellable, callback, user_data);
  if (task != NULL)
    ls_agent_request_session_async (self, email, password, self->signing_in, request_session_cb,
                                    g_object_ref (task));
}

/**
 * ls_agent_sign_in_finish:
 * @self: an agent
 * @result: what the callback was given
 * @error: %LS_ERROR_WRONG_CREDENTIALS, %LS_ERROR_STORAGE, %LS_ERROR_NEWER_STORE, %LS_ERROR_LOCKED: the
 *   keyring can't keep the tokens, and memory alone must not; %LS_ERROR_UNREACHABLE: the message begins
 *   with the reason; what #LsFarewell says
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
 * Signs in with tokens, as ls_agent_sign_in_async() does. Whether they are good shows when they are used.
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

  task = begin_sign_in (self, ls_agent_set_tokens_async, cancellable, callback, user_data);
  if (task != NULL)
    sign_in_with (self, task, ls_session_copy (session));
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

/**
 * ls_agent_set_farewell:
 * @self: an agent
 * @farewell: (nullable): (unowned): counts for as long as it is there
 *
 * Sets who is asked before somebody's sign-in signs somebody else out; at first nobody is, and nothing wiped.
 */
void
ls_agent_set_farewell (LsAgent *self, LsFarewell *farewell)
{
  g_return_if_fail (LS_IS_AGENT (self));

  g_set_weak_pointer (&self->farewell, farewell);
}
