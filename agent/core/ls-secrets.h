/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "ls-reply.h"

G_BEGIN_DECLS

#define LS_TYPE_SECRETS (ls_secrets_get_type ())
G_DECLARE_INTERFACE (LsSecrets, ls_secrets, LS, SECRETS, GObject)

/**
 * LsSecretsInterface:
 * @store_async: see ls_secrets_store_async()
 * @lookup_async: see ls_secrets_lookup_async()
 * @clear_async: see ls_secrets_clear_async()
 *
 * Where tokens are kept: the Secret Service. Implementations answer with #GTask, within 5 seconds,
 * and never prompt.
 */
struct _LsSecretsInterface
{
  GTypeInterface parent_iface;

  void (*store_async) (LsSecrets *self,
                       const char *server,
                       const char *user_id,
                       const LsSession *session,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer user_data);
  void (*lookup_async) (LsSecrets *self,
                        const char *server,
                        const char *user_id,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data);
  void (*clear_async) (LsSecrets *self,
                       const char *server,
                       const char *user_id,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer user_data);
};

void ls_secrets_store_async (LsSecrets *self,
                             const char *server,
                             const char *user_id,
                             const LsSession *session,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
gboolean ls_secrets_store_finish (LsSecrets *self, GAsyncResult *result, GError **error);
void ls_secrets_lookup_async (LsSecrets *self,
                              const char *server,
                              const char *user_id,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
LsSession *ls_secrets_lookup_finish (LsSecrets *self, GAsyncResult *result, GError **error);
void ls_secrets_clear_async (LsSecrets *self,
                             const char *server,
                             const char *user_id,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
gboolean ls_secrets_clear_finish (LsSecrets *self, GAsyncResult *result, GError **error);

G_END_DECLS
