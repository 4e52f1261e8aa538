/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-store-keys.h"

G_DEFINE_INTERFACE (LsStoreKeys, ls_store_keys, G_TYPE_OBJECT)

static void
ls_store_keys_default_init (LsStoreKeysInterface *iface)
{
}

/**
 * ls_store_keys_obtain_sync:
 * @self: where keys are kept
 * @server: the server's URL
 * @user_id: whose store
 * @make: whether to make a key where there is none
 * @key: (out caller-allocates) (array fixed-size=32): the key; a secret: wipe it after use
 * @error: %LS_ERROR_NOT_FOUND: there is none, for certain; %LS_ERROR_LOCKED: locked, missing or hung, so
 *   nobody knows; %LS_ERROR_FAILED: anything else
 *
 * Looks a key up. One that is made is kept before it is told.
 *
 * Returns: whether there is a key
 */
gboolean
ls_store_keys_obtain_sync (LsStoreKeys *self,
                           const char *server,
                           const char *user_id,
                           gboolean make,
                           guchar *key,
                           GError **error)
{
  g_return_val_if_fail (LS_IS_STORE_KEYS (self), FALSE);

  return LS_STORE_KEYS_GET_IFACE (self)->obtain_sync (self, server, user_id, make, key, error);
}

/**
 * ls_store_keys_forget_sync:
 * @self: where keys are kept
 * @server: the server's URL
 * @user_id: whose store
 * @error: %LS_ERROR_LOCKED, %LS_ERROR_FAILED
 *
 * Forgets a key, and with it everything that was encrypted with it, wherever there are copies of that.
 *
 * Returns: whether there is none any more; it need not have been there
 */
gboolean
ls_store_keys_forget_sync (LsStoreKeys *self,
                           const char *server,
                           const char *user_id,
                           GError **error)
{
  g_return_val_if_fail (LS_IS_STORE_KEYS (self), FALSE);

  return LS_STORE_KEYS_GET_IFACE (self)->forget_sync (self, server, user_id, error);
}
