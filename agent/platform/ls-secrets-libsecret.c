/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-secrets-libsecret.h"

#include <libsecret/secret.h>

#include "ls-error.h"

/* libsecret itself would wait for 50 seconds for a service that hangs. */
#define DEADLINE_MS 5000

#define KIND_ACCESS "access"
#define KIND_REFRESH "refresh"

static const SecretSchema schema = {
  "org.labsync.Agent",
  SECRET_SCHEMA_NONE,
  {
      { "server", SECRET_SCHEMA_ATTRIBUTE_STRING },
      { "user", SECRET_SCHEMA_ATTRIBUTE_STRING },
      { "kind", SECRET_SCHEMA_ATTRIBUTE_STRING },
      { NULL, 0 },
  },
};

/**
 * LsSecretsLibsecret:
 *
 * The Secret Service of the desktop, or libsecret's encrypted file where that is in use. Never asks
 * the user: libsecret's own lookup and store would show a dialog when the keyring is locked, so all
 * is found by a search that does not unlock, and nothing is stored into what is locked.
 */
struct _LsSecretsLibsecret
{
  GObject parent_instance;

  LsClock *clock; /* (owned) */
};

static void ls_secrets_libsecret_secrets_init (LsSecretsInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LsSecretsLibsecret,
                               ls_secrets_libsecret,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (LS_TYPE_SECRETS,
                                                      ls_secrets_libsecret_secrets_init))

/* One call of the port: the data of its task. */
typedef struct
{
  LsClock *clock;            /* (owned) */
  GCancellable *cancellable; /* (owned): by the caller's or by the deadline */
  GCancellable *callers;     /* (owned) (nullable) */
  gulong callers_handler;
  guint deadline; /* alarm, 0: rung or removed */
  char *server;
  char *user_id;
  LsSession *session; /* (owned) (nullable): what to store, or what was found */
  GList *items;       /* (owned) (element-type SecretRetrievable): still to be looked at */
  gboolean has_locked;
  guint64 access_modified;
  guint64 refresh_modified;
} Request;

/* Also ends the deadline, before the answer is on its way. */
static void
request_stop (Request *request)
{
  if (request->deadline != 0)
    ls_clock_remove_alarm (request->clock, request->deadline);
  request->deadline = 0;
  g_cancellable_disconnect (request->callers, request->callers_handler);
  request->callers_handler = 0;
}

static void
request_free (gpointer data)
{
  Request *request = data;

  request_stop (request);
  g_object_unref (request->clock);
  g_object_unref (request->cancellable);
  g_clear_object (&request->callers);
  g_free (request->server);
  g_free (request->user_id);
  g_clear_pointer (&request->session, ls_session_free);
  g_list_free_full (request->items, g_object_unref);
  g_free (request);
}

static void
on_deadline (gpointer user_data)
{
  Request *request = user_data;

  request->deadline = 0;
  g_cancellable_cancel (request->cancellable);
}

static GTask *
request_new (LsSecrets *secrets,
             const char *server,
             const char *user_id,
             GCancellable *cancellable,
             GAsyncReadyCallback callback,
             gpointer user_data)
{
  LsSecretsLibsecret *self = LS_SECRETS_LIBSECRET (secrets);
  GTask *task = g_task_new (self, cancellable, callback, user_data);
  Request *request = g_new0 (Request, 1);

  request->clock = g_object_ref (self->clock);
  request->cancellable = g_cancellable_new ();
  request->server = g_strdup (server);
  request->user_id = g_strdup (user_id);
  request->deadline = ls_clock_add_alarm (request->clock, LS_CLOCK_MONOTONIC,
                                          ls_clock_get_monotonic (request->clock) + DEADLINE_MS,
                                          on_deadline, request);
  if (cancellable != NULL)
    {
      request->callers = g_object_ref (cancellable);
      request->callers_handler = g_cancellable_connect (
          cancellable, G_CALLBACK (g_cancellable_cancel), request->cancellable, NULL);
    }
  g_task_set_task_data (task, request, request_free);

  return task;
}

/* Whatever keeps the service from answering means "locked": nobody knows what it holds. */
static void
request_fail (GTask *task, GError *error)
{
  Request *request = g_task_get_task_data (task);
  gboolean locked = error->domain == G_IO_ERROR || error->domain == G_DBUS_ERROR ||
                    g_error_matches (error, SECRET_ERROR, SECRET_ERROR_IS_LOCKED) ||
                    g_error_matches (error, SECRET_ERROR, SECRET_ERROR_NO_SUCH_OBJECT);

  request_stop (request);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_task_return_new_error (task, LS_ERROR, LS_ERROR_LOCKED,
                             "The keyring does not answer within %d seconds", DEADLINE_MS / 1000);
  else if (locked)
    g_task_return_new_error (task, LS_ERROR, LS_ERROR_LOCKED, "The keyring is not available: %s",
                             error->message);
  else
    g_task_return_new_error (task, LS_ERROR, LS_ERROR_FAILED, "The keyring failed: %s",
                             error->message);
  g_error_free (error);
}

static void
request_fail_locked (GTask *task)
{
  request_stop (g_task_get_task_data (task));
  g_task_return_new_error (task, LS_ERROR, LS_ERROR_LOCKED, "The keyring is locked");
}

static GHashTable *
build_attributes (const Request *request, const char *kind)
{
  return secret_attributes_build (&schema, "server", request->server, "user", request->user_id,
                                  kind != NULL ? "kind" : NULL, kind, NULL);
}

/* Without unlocking, which could prompt. */
static void
start_search (GTask *task, GAsyncReadyCallback callback)
{
  const Request *request = g_task_get_task_data (task);
  g_autoptr (GHashTable) attributes = build_attributes (request, NULL);

  secret_password_searchv (&schema, attributes, SECRET_SEARCH_ALL, request->cancellable, callback,
                           task);
}

/* Takes what was found; those that are locked only leave a note. */
static gboolean
take_items (Request *request, GAsyncResult *result, GError **error)
{
  GError *local_error = NULL;
  GList *found = secret_password_search_finish (result, &local_error);

  if (local_error != NULL)
    {
      g_propagate_error (error, local_error);
      return FALSE;
    }

  for (GList *link = found; link != NULL; link = link->next)
    {
      if (SECRET_IS_ITEM (link->data) && secret_item_get_locked (SECRET_ITEM (link->data)))
        request->has_locked = TRUE;
      else
        request->items = g_list_prepend (request->items, g_object_ref (link->data));
    }
  g_list_free_full (found, g_object_unref);

  return TRUE;
}

/* Of several for one kind, left over in other collections, the newest counts. */
static void
take_token (Request *request, SecretRetrievable *item, const SecretValue *value)
{
  g_autoptr (GHashTable) attributes = secret_retrievable_get_attributes (item);
  const char *kind = g_hash_table_lookup (attributes, "kind");
  const char *text = secret_value_get_text ((SecretValue *)value);
  guint64 modified = secret_retrievable_get_modified (item);
  g_autoptr (LsSession) old = NULL;

  if (text == NULL)
    return;

  old = request->session;
  request->session = NULL;
  if (g_strcmp0 (kind, KIND_ACCESS) == 0 && modified >= request->access_modified)
    {
      request->access_modified = modified;
      request->session = ls_session_new (text, old != NULL ? old->refresh : NULL);
    }
  else if (g_strcmp0 (kind, KIND_REFRESH) == 0 && modified >= request->refresh_modified)
    {
      request->refresh_modified = modified;
      request->session = ls_session_new (old != NULL ? old->access : "", text);
    }
  else
    {
      request->session = g_steal_pointer (&old);
    }
}

static void retrieve_next (GTask *task);

static void
retrieve_secret_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Request *request = g_task_get_task_data (task);
  GError *error = NULL;
  SecretValue *value = NULL;

  value = secret_retrievable_retrieve_secret_finish (SECRET_RETRIEVABLE (object), result, &error);
  if (error != NULL)
    {
      request_fail (task, error);
      g_object_unref (task);
      return;
    }

  if (value != NULL)
    {
      take_token (request, SECRET_RETRIEVABLE (object), value);
      secret_value_unref (value);
    }
  retrieve_next (task);
}

static void
retrieve_next (GTask *task)
{
  Request *request = g_task_get_task_data (task);
  g_autoptr (SecretRetrievable) item = NULL;

  if (request->items != NULL)
    {
      item = request->items->data;
      request->items = g_list_delete_link (request->items, request->items);
      secret_retrievable_retrieve_secret (item, request->cancellable, retrieve_secret_cb, task);
      return;
    }

  request_stop (request);
  if (request->session != NULL)
    g_task_return_pointer (task, g_steal_pointer (&request->session),
                           (GDestroyNotify)ls_session_free);
  else if (request->has_locked)
    request_fail_locked (task);
  else
    g_task_return_new_error (task, LS_ERROR, LS_ERROR_NOT_FOUND, "The keyring holds no tokens");
  g_object_unref (task);
}

static void
search_to_lookup_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  GError *error = NULL;

  if (take_items (g_task_get_task_data (task), result, &error))
    {
      retrieve_next (task);
      return;
    }

  request_fail (task, error);
  g_object_unref (task);
}

static void
ls_secrets_libsecret_lookup_async (LsSecrets *secrets,
                                   const char *server,
                                   const char *user_id,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data)
{
  GTask *task = request_new (secrets, server, user_id, cancellable, callback, user_data);

  g_task_set_source_tag (task, ls_secrets_libsecret_lookup_async);
  start_search (task, search_to_lookup_cb);
}

static void
password_clear_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Request *request = g_task_get_task_data (task);
  GError *error = NULL;

  secret_password_clear_finish (result, &error);
  if (error != NULL)
    {
      request_fail (task, error);
    }
  else if (request->has_locked)
    {
      request_fail_locked (task);
    }
  else
    {
      request_stop (request);
      g_task_return_boolean (task, TRUE);
    }
}

static void
search_to_clear_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Request *request = g_task_get_task_data (task);
  g_autoptr (GHashTable) attributes = NULL;
  GError *error = NULL;

  if (!take_items (request, result, &error))
    {
      request_fail (task, error);
      g_object_unref (task);
      return;
    }

  /* Leaves alone what is locked, silently: that is why it was searched for. */
  attributes = build_attributes (request, NULL);
  secret_password_clearv (&schema, attributes, request->cancellable, password_clear_cb, task);
}

static void
ls_secrets_libsecret_clear_async (LsSecrets *secrets,
                                  const char *server,
                                  const char *user_id,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  GTask *task = request_new (secrets, server, user_id, cancellable, callback, user_data);

  g_task_set_source_tag (task, ls_secrets_libsecret_clear_async);
  start_search (task, search_to_clear_cb);
}

static void
start_store (GTask *task, const char *kind, const char *token, GAsyncReadyCallback callback)
{
  const Request *request = g_task_get_task_data (task);
  g_autoptr (GHashTable) attributes = build_attributes (request, kind);
  g_autofree char *label = g_strdup_printf ("Lab Sync: %s token for %s", kind, request->server);

  secret_password_storev (&schema, attributes, SECRET_COLLECTION_DEFAULT, label, token,
                          request->cancellable, callback, task);
}

static void
store_access_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (!secret_password_store_finish (result, &error))
    {
      request_fail (task, error);
      return;
    }

  request_stop (g_task_get_task_data (task));
  g_task_return_boolean (task, TRUE);
}

static void
store_refresh_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  const Request *request = g_task_get_task_data (task);
  GError *error = NULL;

  if (!secret_password_store_finish (result, &error))
    {
      request_fail (task, error);
      g_object_unref (task);
      return;
    }

  start_store (task, KIND_ACCESS, request->session->access, store_access_cb);
}

/* The refresh token first: with it alone the agent can go on after a power cut, whereas an old one
 * is worth nothing once the server has given out its successor. */
static void
start_to_store (GTask *task)
{
  const Request *request = g_task_get_task_data (task);

  if (request->session->refresh != NULL)
    start_store (task, KIND_REFRESH, request->session->refresh, store_refresh_cb);
  else
    start_store (task, KIND_ACCESS, request->session->access, store_access_cb);
}

static void
collection_for_alias_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  GError *error = NULL;
  g_autoptr (SecretCollection) collection = secret_collection_for_alias_finish (result, &error);

  if (collection != NULL && !secret_collection_get_locked (collection))
    {
      start_to_store (task);
      return;
    }

  /* Without a default collection the service would prompt to make one. */
  if (error != NULL)
    request_fail (task, error);
  else
    request_fail_locked (task);
  g_object_unref (task);
}

/* libsecret keeps to a file of its own, which is never locked, if told so, and in a sandbox. */
static gboolean
uses_file (void)
{
  return g_strcmp0 (g_getenv ("SECRET_BACKEND"), "file") == 0 ||
         g_file_test ("/.flatpak-info", G_FILE_TEST_EXISTS);
}

static void
ls_secrets_libsecret_store_async (LsSecrets *secrets,
                                  const char *server,
                                  const char *user_id,
                                  const LsSession *session,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  GTask *task = request_new (secrets, server, user_id, cancellable, callback, user_data);
  Request *request = g_task_get_task_data (task);

  g_task_set_source_tag (task, ls_secrets_libsecret_store_async);
  request->session = ls_session_copy (session);
  if (uses_file ())
    start_to_store (task);
  else
    secret_collection_for_alias (NULL, SECRET_COLLECTION_DEFAULT, SECRET_COLLECTION_NONE,
                                 request->cancellable, collection_for_alias_cb, task);
}

static void
ls_secrets_libsecret_secrets_init (LsSecretsInterface *iface)
{
  iface->store_async = ls_secrets_libsecret_store_async;
  iface->lookup_async = ls_secrets_libsecret_lookup_async;
  iface->clear_async = ls_secrets_libsecret_clear_async;
}

static void
ls_secrets_libsecret_finalize (GObject *object)
{
  LsSecretsLibsecret *self = LS_SECRETS_LIBSECRET (object);

  g_clear_object (&self->clock);

  G_OBJECT_CLASS (ls_secrets_libsecret_parent_class)->finalize (object);
}

static void
ls_secrets_libsecret_class_init (LsSecretsLibsecretClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ls_secrets_libsecret_finalize;
}

static void
ls_secrets_libsecret_init (LsSecretsLibsecret *self)
{
}

/**
 * ls_secrets_libsecret_new:
 * @clock: for the deadline of each call
 *
 * Returns: (transfer full): the keyring of the user
 */
LsSecrets *
ls_secrets_libsecret_new (LsClock *clock)
{
  LsSecretsLibsecret *self = NULL;

  g_return_val_if_fail (LS_IS_CLOCK (clock), NULL);

  self = g_object_new (LS_TYPE_SECRETS_LIBSECRET, NULL);
  self->clock = g_object_ref (clock);

  return LS_SECRETS (self);
}
