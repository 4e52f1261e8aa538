/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/* How long a key is, in bytes. */
#define LS_STORE_KEY_SIZE 32

#define LS_TYPE_STORE_KEYS (ls_store_keys_get_type ())
G_DECLARE_INTERFACE (LsStoreKeys, ls_store_keys, LS, STORE_KEYS, GObject)

/**
 * LsStoreKeysInterface:
 * @obtain_sync: see ls_store_keys_obtain_sync()
 * @forget_sync: see ls_store_keys_forget_sync()
 *
 * The keys that stores are encrypted with, as a port: the Secret Service. Called on the threads of the
 * stores, which do nothing else before they have theirs: so it blocks, for some seconds at most, and never
 * prompts.
 */
struct _LsStoreKeysInterface
{
  GTypeInterface parent_iface;

  gboolean (*obtain_sync) (LsStoreKeys *self,
                           const char *server,
                           const char *user_id,
                           gboolean make,
                           guchar *key,
                           GError **error);
  gboolean (*forget_sync) (LsStoreKeys *self,
                           const char *server,
                           const char *user_id,
                           GError **error);
};

gboolean ls_store_keys_obtain_sync (LsStoreKeys *self,
                                    const char *server,
                                    const char *user_id,
                                    gboolean make,
                                    guchar *key,
                                    GError **error);
gboolean ls_store_keys_forget_sync (LsStoreKeys *self,
                                    const char *server,
                                    const char *user_id,
                                    GError **error);

G_END_DECLS
