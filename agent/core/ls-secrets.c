/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-secrets.h"

G_DEFINE_INTERFACE (LsSecrets, ls_secrets, G_TYPE_OBJECT)

static void
ls_secrets_default_init (LsSecretsInterface *iface)
{
}

/**
 * ls_secrets_store_async:
 * @self: where secrets are kept
 * @server: the server's URL
 * @user_id: whose tokens
 * @session: the tokens; a %NULL refresh token leaves a stored one as it is
 * @cancellable: (nullable): a cancellable
 * @callback: called when it is done
 * @user_data: for @callback
 *
 * Stores both tokens, one item each.
 */
void
ls_secrets_store_async (LsSecrets *self,
                        const char *server,
                        const char *user_id,
                        const LsSession *session,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  g_return_if_fail (LS_IS_SECRETS (self));

  LS_SECRETS_GET_IFACE (self)->store_async (self, server, user_id, session, cancellable, callback,
                                            user_data);
}

/**
 * ls_secrets_store_finish:
 * @self: where secrets are kept
 * @result: what the callback was given
 * @error: %LS_ERROR_LOCKED: locked, missing or hung; %LS_ERROR_FAILED: anything else
 *
 * Returns: whether both are stored
 */
gboolean
ls_secrets_store_finish (LsSecrets *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * ls_secrets_lookup_async:
 * @self: where secrets are kept
 * @server: the server's URL
 * @user_id: whose tokens
 * @cancellable: (nullable): a cancellable
 * @callback: called when it is done
 * @user_data: for @callback
 *
 * Looks both tokens up.
 */
void
ls_secrets_lookup_async (LsSecrets *self,
                         const char *server,
                         const char *user_id,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_return_if_fail (LS_IS_SECRETS (self));

  LS_SECRETS_GET_IFACE (self)->lookup_async (self, server, user_id, cancellable, callback,
                                             user_data);
}

/**
 * ls_secrets_lookup_finish:
 * @self: where secrets are kept
 * @result: what the callback was given
 * @error: %LS_ERROR_NOT_FOUND: there are none, for certain; %LS_ERROR_LOCKED: locked, missing or
 *   hung, so nobody knows; %LS_ERROR_FAILED: anything else
 *
 * Returns: (transfer full) (nullable): the tokens, without a user
 */
LsSession *
ls_secrets_lookup_finish (LsSecrets *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * ls_secrets_clear_async:
 * @self: where secrets are kept
 * @server: the server's URL
 * @user_id: whose tokens
 * @cancellable: (nullable): a cancellable
 * @callback: called when it is done
 * @user_data: for @callback
 *
 * Forgets both tokens; that there are none is no error.
 */
void
ls_secrets_clear_async (LsSecrets *self,
                        const char *server,
                        const char *user_id,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  g_return_if_fail (LS_IS_SECRETS (self));

  LS_SECRETS_GET_IFACE (self)->clear_async (self, server, user_id, cancellable, callback,
                                            user_data);
}

/**
 * ls_secrets_clear_finish:
 * @self: where secrets are kept
 * @result: what the callback was given
 * @error: as for ls_secrets_store_finish()
 *
 * Returns: whether none are left
 */
gboolean
ls_secrets_clear_finish (LsSecrets *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
