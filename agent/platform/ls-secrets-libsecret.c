/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-secrets-libsecret.h"

#include <libsecret/secret.h>

#include "ls-error.h"
#include "ls-keyring-file.h"

/* libsecret itself would wait for 50 seconds for a service that hangs. */
#define DEADLINE_MS 5000

#define KIND_ACCESS "access"
#define KIND_REFRESH "refresh"

/* @user: what the user's id is called */
/* clang-format off */
#define ATTRIBUTES(user)                                                                           \
  {                                                                                                \
    { "server", SECRET_SCHEMA_ATTRIBUTE_STRING },                                                  \
    { user, SECRET_SCHEMA_ATTRIBUTE_STRING },                                                      \
    { "kind", SECRET_SCHEMA_ATTRIBUTE_STRING },                                                    \
    { NULL, 0 },                                                                                   \
  }
/* clang-format on */

static const SecretSchema token_schema = { "org.labsync.Agent", SECRET_SCHEMA_NONE,
                                           ATTRIBUTES ("user") };

/* One of their own: tokens go at each sign-out, and what a store keeps of unsent work has to be readable at
 * the next sign-in. libsecret's file does not look at a schema's name, so that an attribute differs. */
static const SecretSchema key_schema = { "org.labsync.Agent.Store", SECRET_SCHEMA_NONE,
                                         ATTRIBUTES ("owner") };

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
  const SecretSchema *schema;
};

static void ls_secrets_libsecret_secrets_init (LsSecretsInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LsSecretsLibsecret,
                               ls_secrets_libsecret,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (LS_TYPE_SECRETS,
                                                      ls_secrets_libsecret_secrets_init))

typedef struct Request Request;
typedef void (*Step) (Request *request);

/* One call of the port. It lives as long as libsecret works on it, which may be longer than anybody
 * waits for it: much of libsecret does not heed its cancellable while the service hangs. */
struct Request
{
  const SecretSchema *schema;
  GTask *task;               /* (owned) (nullable): NULL once it is answered */
  LsClock *clock;            /* (owned) (nullable): as long as there is a task */
  GCancellable *cancellable; /* (owned): for libsecret */
  gulong cancelled_handler;  /* of the caller's cancellable, or 0 */
  guint deadline;            /* alarm, or 0 */
  char *server;
  char *user_id;
  LsSession *session; /* (owned) (nullable): what to store, or what was found */
  GList *items;       /* (owned) (element-type SecretRetrievable): still to be looked at */
  gboolean has_locked;
  guint64 access_modified;
  guint64 refresh_modified;
  Step step; /* to take when the file is in order */
};

static void
request_free (Request *request)
{
  g_assert (request->task == NULL);

  g_object_unref (request->cancellable);
  g_free (request->server);
  g_free (request->user_id);
  g_clear_pointer (&request->session, ls_session_free);
  g_list_free_full (request->items, g_object_unref);
  g_free (request);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Request, request_free)

/* Takes the task, to answer it; nobody waits any longer then. */
static GTask *
request_take_task (Request *request)
{
  if (request->deadline != 0)
    ls_clock_remove_alarm (request->clock, request->deadline);
  request->deadline = 0;
  g_clear_object (&request->clock);
  if (request->cancelled_handler != 0)
    g_signal_handler_disconnect (g_task_get_cancellable (request->task),
                                 request->cancelled_handler);
  request->cancelled_handler = 0;

  return g_steal_pointer (&request->task);
}

static void
request_fail_locked (Request *request, const char *message)
{
  g_autoptr (GTask) task = request_take_task (request);

  g_task_return_new_error (task, LS_ERROR, LS_ERROR_LOCKED, "%s", message);
}

static void
request_succeed (Request *request)
{
  g_autoptr (GTask) task = request_take_task (request);

  g_task_return_boolean (task, TRUE);
}

/* Whatever keeps the service from answering means "locked": nobody knows what it holds. */
static void
request_fail (Request *request, const GError *error)
{
  g_autoptr (GTask) task = request_take_task (request);
  gboolean locked = error->domain == G_IO_ERROR || error->domain == G_DBUS_ERROR ||
                    g_error_matches (error, SECRET_ERROR, SECRET_ERROR_IS_LOCKED) ||
                    g_error_matches (error, SECRET_ERROR, SECRET_ERROR_NO_SUCH_OBJECT);

  g_task_return_new_error (task, LS_ERROR, locked ? LS_ERROR_LOCKED : LS_ERROR_FAILED,
                           "The keyring is of no use: %s", error->message);
}

static void
on_deadline (gpointer user_data)
{
  Request *request = user_data;

  request->deadline = 0;
  request_fail_locked (request, "The keyring does not answer");
  g_cancellable_cancel (request->cancellable);
}

static void
on_cancelled (GCancellable *callers, gpointer user_data)
{
  Request *request = user_data;
  g_autoptr (GTask) task = request_take_task (request);

  g_task_return_error_if_cancelled (task);
  g_cancellable_cancel (request->cancellable);
}

/* Returns: (nullable): NULL if the caller has cancelled already, and is answered. */
static Request *
request_new (LsSecrets *secrets,
             const char *server,
             const char *user_id,
             GCancellable *cancellable,
             GAsyncReadyCallback callback,
             gpointer user_data,
             gpointer source_tag)
{
  LsSecretsLibsecret *self = LS_SECRETS_LIBSECRET (secrets);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  Request *request = NULL;

  g_task_set_source_tag (task, source_tag);
  if (g_task_return_error_if_cancelled (task))
    return NULL;

  request = g_new0 (Request, 1);
  request->task = g_steal_pointer (&task);
  request->schema = self->schema;
  request->clock = g_object_ref (self->clock);
  request->cancellable = g_cancellable_new ();
  request->server = g_strdup (server);
  request->user_id = g_strdup (user_id);
  request->deadline = ls_clock_add_alarm (request->clock, LS_CLOCK_MONOTONIC,
                                          ls_clock_get_monotonic (request->clock) + DEADLINE_MS,
                                          on_deadline, request);
  if (cancellable != NULL)
    request->cancelled_handler =
        g_signal_connect (cancellable, "cancelled", G_CALLBACK (on_cancelled), request);

  return request;
}

/* Looks at what a step of libsecret came to. Returns: whether to take the next step. */
static gboolean
request_goes_on (Request *request, const GError *error)
{
  if (request->task == NULL)
    return FALSE;
  if (error == NULL)
    return TRUE;

  request_fail (request, error);

  return FALSE;
}

static void
mend_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Request) request = user_data;
  g_autoptr (GError) error = NULL;

  if (ls_keyring_file_mend_finish (result, &error))
    g_warning ("the keyring's file was damaged and has been moved aside");
  if (request_goes_on (request, error))
    {
      Step step = request->step;

      step (g_steal_pointer (&request));
    }
}

/* Takes the first step, once libsecret can be let loose on its file. */
static void
request_begin (Request *request, Step step)
{
  g_autofree char *path = NULL;

  if (request == NULL)
    return;
  if (!ls_keyring_file_is_used ())
    {
      step (request);
      return;
    }

  request->step = step;
  path = ls_keyring_file_get_path ();
  ls_keyring_file_mend_async (path, request->cancellable, mend_cb, request);
}

static GHashTable *
build_attributes (const Request *request, const char *kind)
{
  return secret_attributes_build (request->schema, "server", request->server,
                                  request->schema->attributes[1].name, request->user_id,
                                  kind != NULL ? "kind" : NULL, kind, NULL);
}

/* Without unlocking, which could prompt. */
static void
start_search (Request *request, GAsyncReadyCallback callback)
{
  g_autoptr (GHashTable) attributes = build_attributes (request, NULL);

  secret_password_searchv (request->schema, attributes, SECRET_SEARCH_ALL, request->cancellable,
                           callback, request);
}

/* Takes what was found; those that are locked only leave a note. */
static gboolean
finish_search (Request *request, GAsyncResult *result)
{
  g_autoptr (GError) error = NULL;
  GList *found = secret_password_search_finish (result, &error);

  for (GList *link = found; link != NULL; link = link->next)
    {
      if (SECRET_IS_ITEM (link->data) && secret_item_get_locked (SECRET_ITEM (link->data)))
        request->has_locked = TRUE;
      else
        request->items = g_list_prepend (request->items, g_object_ref (link->data));
    }
  g_list_free_full (found, g_object_unref);

  return request_goes_on (request, error);
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

static void
finish_lookup (Request *request)
{
  g_autoptr (GTask) task = NULL;

  if (request->session == NULL && request->has_locked)
    {
      request_fail_locked (request, "The keyring is locked");
      return;
    }

  task = request_take_task (request);
  if (request->session == NULL)
    g_task_return_new_error (task, LS_ERROR, LS_ERROR_NOT_FOUND, "The keyring holds no tokens");
  else
    g_task_return_pointer (task, g_steal_pointer (&request->session),
                           (GDestroyNotify)ls_session_free);
}

static void retrieve_secret_cb (GObject *object, GAsyncResult *result, gpointer user_data);

/* Fetches the secrets of all items, one after the other: there are two as a rule. */
static void
retrieve_next (Request *owned_request)
{
  g_autoptr (Request) request = owned_request;
  g_autoptr (SecretRetrievable) item = NULL;

  if (request->items == NULL)
    {
      finish_lookup (request);
      return;
    }

  item = request->items->data;
  request->items = g_list_delete_link (request->items, request->items);
  secret_retrievable_retrieve_secret (item, request->cancellable, retrieve_secret_cb, request);
  g_steal_pointer (&request);
}

static void
retrieve_secret_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Request) request = user_data;
  g_autoptr (GError) error = NULL;
  SecretValue *value = NULL;

  value = secret_retrievable_retrieve_secret_finish (SECRET_RETRIEVABLE (object), result, &error);
  if (value != NULL)
    {
      take_token (request, SECRET_RETRIEVABLE (object), value);
      secret_value_unref (value);
    }

  if (request_goes_on (request, error))
    retrieve_next (g_steal_pointer (&request));
}

static void
search_to_lookup_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Request) request = user_data;

  if (finish_search (request, result))
    retrieve_next (g_steal_pointer (&request));
}

static void
start_lookup (Request *request)
{
  start_search (request, search_to_lookup_cb);
}

static void
ls_secrets_libsecret_lookup_async (LsSecrets *secrets,
                                   const char *server,
                                   const char *user_id,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data)
{
  Request *request = request_new (secrets, server, user_id, cancellable, callback, user_data,
                                  ls_secrets_libsecret_lookup_async);

  request_begin (request, start_lookup);
}

static void
password_clear_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Request) request = user_data;
  g_autoptr (GError) error = NULL;

  secret_password_clear_finish (result, &error);
  if (!request_goes_on (request, error))
    return;

  if (request->has_locked)
    request_fail_locked (request, "The keyring is locked");
  else
    request_succeed (request);
}

static void
search_to_clear_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Request) request = user_data;
  g_autoptr (GHashTable) attributes = build_attributes (request, NULL);

  if (!finish_search (request, result))
    return;

  /* Leaves alone what is locked, silently: that is why it was searched for. */
  secret_password_clearv (request->schema, attributes, request->cancellable, password_clear_cb,
                          request);
  g_steal_pointer (&request);
}

static void
start_clear (Request *request)
{
  start_search (request, search_to_clear_cb);
}

static void
ls_secrets_libsecret_clear_async (LsSecrets *secrets,
                                  const char *server,
                                  const char *user_id,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  Request *request = request_new (secrets, server, user_id, cancellable, callback, user_data,
                                  ls_secrets_libsecret_clear_async);

  request_begin (request, start_clear);
}

static void
start_store (Request *request, const char *kind, const char *token, GAsyncReadyCallback callback)
{
  g_autoptr (GHashTable) attributes = build_attributes (request, kind);
  g_autofree char *label =
      request->schema == &key_schema
          ? g_strdup_printf ("Lab Sync: key of what is stored of %s", request->server)
          : g_strdup_printf ("Lab Sync: %s token for %s", kind, request->server);

  secret_password_storev (request->schema, attributes, SECRET_COLLECTION_DEFAULT, label, token,
                          request->cancellable, callback, request);
}

static void
store_access_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Request) request = user_data;
  g_autoptr (GError) error = NULL;

  secret_password_store_finish (result, &error);
  if (request_goes_on (request, error))
    request_succeed (request);
}

static void
store_refresh_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Request) request = user_data;
  g_autoptr (GError) error = NULL;

  secret_password_store_finish (result, &error);
  if (!request_goes_on (request, error))
    return;

  start_store (request, KIND_ACCESS, request->session->access, store_access_cb);
  g_steal_pointer (&request);
}

/* The refresh token first: with it alone the agent can go on after a power cut, whereas an old one
 * is worth nothing once the server has given out its successor. */
static void
start_to_store (Request *request)
{
  if (request->session->refresh != NULL)
    start_store (request, KIND_REFRESH, request->session->refresh, store_refresh_cb);
  else
    start_store (request, KIND_ACCESS, request->session->access, store_access_cb);
}

/* Without a default collection the service would prompt to make one. */
static void
collection_for_alias_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Request) request = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (SecretCollection) collection = secret_collection_for_alias_finish (result, &error);

  if (!request_goes_on (request, error))
    return;

  if (collection == NULL || secret_collection_get_locked (collection))
    request_fail_locked (request, "The keyring is locked or missing");
  else
    start_to_store (g_steal_pointer (&request));
}

static void
find_collection (Request *request)
{
  if (ls_keyring_file_is_used ())
    start_to_store (request);
  else
    secret_collection_for_alias (NULL, SECRET_COLLECTION_DEFAULT, SECRET_COLLECTION_NONE,
                                 request->cancellable, collection_for_alias_cb, request);
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
  Request *request = request_new (secrets, server, user_id, cancellable, callback, user_data,
                                  ls_secrets_libsecret_store_async);

  if (request == NULL)
    return;

  request->session = ls_session_copy (session);
  request_begin (request, find_collection);
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

static LsSecrets *
secrets_new (LsClock *clock, const SecretSchema *schema)
{
  LsSecretsLibsecret *self = g_object_new (LS_TYPE_SECRETS_LIBSECRET, NULL);

  self->clock = g_object_ref (clock);
  self->schema = schema;

  return LS_SECRETS (self);
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
  g_return_val_if_fail (LS_IS_CLOCK (clock), NULL);

  return secrets_new (clock, &token_schema);
}

/**
 * ls_secrets_libsecret_new_for_keys:
 * @clock: for the deadline of each call
 *
 * Returns: (transfer full): the keyring of the user, that part of it where keys are kept as if they were
 *   access tokens
 */
LsSecrets *
ls_secrets_libsecret_new_for_keys (LsClock *clock)
{
  g_return_val_if_fail (LS_IS_CLOCK (clock), NULL);

  return secrets_new (clock, &key_schema);
}
