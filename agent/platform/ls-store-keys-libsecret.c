/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-store-keys-libsecret.h"

#include <libsecret/secret.h>
#include <string.h>

#include "ls-error.h"
#include "ls-keyring-file.h"

/* Not the schema of the tokens: those go at each sign-out, and what a store keeps of unsent work has to
 * be readable at the next sign-in. */
static const SecretSchema schema = {
  "org.labsync.Agent.Store",
  SECRET_SCHEMA_NONE,
  {
      { "server", SECRET_SCHEMA_ATTRIBUTE_STRING },
      { "user", SECRET_SCHEMA_ATTRIBUTE_STRING },
      { NULL, 0 },
  },
};

/**
 * LsStoreKeysLibsecret:
 *
 * The Secret Service of the desktop, or libsecret's encrypted file where that is in use. Never asks the
 * user: all is found by a search that does not unlock, and nothing is stored into what is locked.
 */
struct _LsStoreKeysLibsecret
{
  GObject parent_instance;

  LsRandom *random; /* (owned) */
  gint64 patience_ms;
};

static void ls_store_keys_libsecret_store_keys_init (LsStoreKeysInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LsStoreKeysLibsecret,
                               ls_store_keys_libsecret,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (LS_TYPE_STORE_KEYS,
                                                      ls_store_keys_libsecret_store_keys_init))

typedef struct Call Call;
typedef gboolean (*CallFunc) (Call *call, GError **error);

/* One call of the port, on a thread of its own: much of libsecret does not heed its cancellable while
 * the service hangs, and then ends long after anybody waits for it. Who is last frees it. */
struct Call
{
  gatomicrefcount refs;
  GMutex mutex;
  GCond cond;
  CallFunc func;
  GHashTable *attributes; /* (owned) */
  char *label;            /* (owned) */
  LsRandom *random;       /* (owned) */
  gboolean make;

  gboolean done;
  gboolean good;
  guchar key[LS_STORE_KEY_SIZE];
  GError *error; /* (owned) (nullable) */
};

static void
call_unref (Call *call)
{
  if (!g_atomic_ref_count_dec (&call->refs))
    return;

  explicit_bzero (call->key, sizeof call->key);
  g_hash_table_unref (call->attributes);
  g_free (call->label);
  g_object_unref (call->random);
  g_clear_error (&call->error);
  g_mutex_clear (&call->mutex);
  g_cond_clear (&call->cond);
  g_free (call);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Call, call_unref)

static Call *
call_new (LsStoreKeys *keys, CallFunc func, const char *server, const char *user_id)
{
  Call *call = g_new0 (Call, 1);

  g_atomic_ref_count_init (&call->refs);
  g_mutex_init (&call->mutex);
  g_cond_init (&call->cond);
  call->func = func;
  call->attributes = secret_attributes_build (&schema, "server", server, "user", user_id, NULL);
  call->label = g_strdup_printf ("Lab Sync: key of what is stored of %s", server);
  call->random = g_object_ref (LS_STORE_KEYS_LIBSECRET (keys)->random);
  return call;
}

static gpointer
work (gpointer data)
{
  g_autoptr (Call) call = data;
  GError *error = NULL;
  gboolean good = call->func (call, &error);

  /* Made by a synchronous call, libsecret's connection to the service would never learn that the service has
   * been started anew, and be kept for all. */
  secret_service_disconnect ();
  g_mutex_lock (&call->mutex);
  call->good = good;
  call->error = error;
  call->done = TRUE;
  g_cond_signal (&call->cond);
  g_mutex_unlock (&call->mutex);
  return NULL;
}

/* Whatever keeps the service from answering means "locked": nobody knows what it holds. */
static void
take_error (Call *call, GError **error)
{
  GError *cause = call->error;
  gboolean locked = cause->domain == G_IO_ERROR || cause->domain == G_DBUS_ERROR ||
                    g_error_matches (cause, SECRET_ERROR, SECRET_ERROR_IS_LOCKED) ||
                    g_error_matches (cause, SECRET_ERROR, SECRET_ERROR_NO_SUCH_OBJECT);

  if (cause->domain == LS_ERROR)
    g_propagate_error (error, g_steal_pointer (&call->error));
  else
    g_set_error (error, LS_ERROR, locked ? LS_ERROR_LOCKED : LS_ERROR_FAILED,
                 "the keyring is of no use: %s", cause->message);
}

/* Returns: whether the call was made, and went well */
static gboolean
make_call (LsStoreKeys *keys, Call *call, GError **error)
{
  gint64 deadline = g_get_monotonic_time () + LS_STORE_KEYS_LIBSECRET (keys)->patience_ms * 1000;
  gboolean good;

  g_atomic_ref_count_inc (&call->refs);
  g_thread_unref (g_thread_new ("labsync-keys", work, call));
  g_mutex_lock (&call->mutex);
  while (!call->done && g_cond_wait_until (&call->cond, &call->mutex, deadline))
    continue;
  good = call->done && call->good;
  if (!call->done)
    g_set_error (error, LS_ERROR, LS_ERROR_LOCKED, "the keyring does not answer");
  else if (!good)
    take_error (call, error);
  g_mutex_unlock (&call->mutex);
  return good;
}

static gboolean
decode (const char *text, guchar *key)
{
  gsize length = 0;
  guchar *bytes = g_base64_decode (text, &length);
  gboolean fits = length == LS_STORE_KEY_SIZE;

  if (fits)
    memcpy (key, bytes, LS_STORE_KEY_SIZE);
  explicit_bzero (bytes, length);
  g_free (bytes);
  return fits;
}

/* Looks at what was found: the newest that we may look at counts, if there are several left over in other
 * collections. */
static gboolean
take_newest (GList *items, guchar *key, gboolean *has_locked)
{
  guint64 newest = 0;
  gboolean found = FALSE;

  for (GList *link = items; link != NULL; link = link->next)
    {
      SecretRetrievable *item = link->data;
      guint64 modified = secret_retrievable_get_modified (item);
      SecretValue *value;

      if (SECRET_IS_ITEM (item) && secret_item_get_locked (SECRET_ITEM (item)))
        {
          *has_locked = TRUE;
          continue;
        }
      value = secret_retrievable_retrieve_secret_sync (item, NULL, NULL);
      if (value == NULL)
        continue;
      if (secret_value_get_text (value) != NULL && (!found || modified >= newest) &&
          decode (secret_value_get_text (value), key))
        {
          found = TRUE;
          newest = modified;
        }
      secret_value_unref (value);
    }

  return found;
}

/* libsecret would prompt to make a collection or to unlock it. */
static gboolean
check_collection (GError **error)
{
  g_autoptr (GError) alias_error = NULL;
  g_autoptr (SecretService) service = NULL;
  g_autoptr (SecretCollection) collection = NULL;

  if (ls_keyring_file_is_used ())
    return TRUE;

  service = secret_service_get_sync (SECRET_SERVICE_NONE, NULL, error);
  if (service == NULL)
    return FALSE;
  collection = secret_collection_for_alias_sync (service, SECRET_COLLECTION_DEFAULT,
                                                 SECRET_COLLECTION_NONE, NULL, &alias_error);
  if (collection != NULL && !secret_collection_get_locked (collection))
    return TRUE;

  if (alias_error != NULL)
    g_propagate_error (error, g_steal_pointer (&alias_error));
  else
    g_set_error (error, LS_ERROR, LS_ERROR_LOCKED, "the keyring is locked or missing");
  return FALSE;
}

static gboolean
make_key (Call *call, GError **error)
{
  g_autofree char *text = NULL;
  gboolean stored;

  for (gsize i = 0; i < LS_STORE_KEY_SIZE; i += sizeof (guint64))
    {
      guint64 number = ls_random_next (call->random);

      memcpy (call->key + i, &number, sizeof number);
    }
  text = g_base64_encode (call->key, LS_STORE_KEY_SIZE);
  stored = check_collection (error) &&
           secret_password_storev_sync (&schema, call->attributes, SECRET_COLLECTION_DEFAULT,
                                        call->label, text, NULL, error);
  explicit_bzero (text, strlen (text));
  return stored;
}

static gboolean
obtain (Call *call, GError **error)
{
  g_autoptr (GError) search_error = NULL;
  gboolean has_locked = FALSE;
  gboolean found;
  GList *items;

  if (!ls_keyring_file_mend_sync (error))
    return FALSE;
  items = secret_password_searchv_sync (&schema, call->attributes, SECRET_SEARCH_ALL, NULL,
                                        &search_error);
  found = take_newest (items, call->key, &has_locked);
  g_list_free_full (items, g_object_unref);
  if (found)
    return TRUE;

  if (search_error != NULL)
    g_propagate_error (error, g_steal_pointer (&search_error));
  else if (has_locked)
    g_set_error (error, LS_ERROR, LS_ERROR_LOCKED, "the keyring is locked");
  else if (call->make)
    return make_key (call, error);
  else
    g_set_error (error, LS_ERROR, LS_ERROR_NOT_FOUND, "the keyring holds no key");
  return FALSE;
}

static gboolean
forget (Call *call, GError **error)
{
  g_autoptr (GError) clear_error = NULL;

  if (!ls_keyring_file_mend_sync (error) || !check_collection (error))
    return FALSE;

  secret_password_clearv_sync (&schema, call->attributes, NULL, &clear_error);
  if (clear_error == NULL)
    return TRUE;

  g_propagate_error (error, g_steal_pointer (&clear_error));
  return FALSE;
}

static gboolean
ls_store_keys_libsecret_obtain_sync (LsStoreKeys *keys,
                                     const char *server,
                                     const char *user_id,
                                     gboolean make,
                                     guchar *key,
                                     GError **error)
{
  g_autoptr (Call) call = call_new (keys, obtain, server, user_id);

  call->make = make;
  if (!make_call (keys, call, error))
    return FALSE;

  memcpy (key, call->key, LS_STORE_KEY_SIZE);
  return TRUE;
}

static gboolean
ls_store_keys_libsecret_forget_sync (LsStoreKeys *keys,
                                     const char *server,
                                     const char *user_id,
                                     GError **error)
{
  g_autoptr (Call) call = call_new (keys, forget, server, user_id);

  return make_call (keys, call, error);
}

static void
ls_store_keys_libsecret_store_keys_init (LsStoreKeysInterface *iface)
{
  iface->obtain_sync = ls_store_keys_libsecret_obtain_sync;
  iface->forget_sync = ls_store_keys_libsecret_forget_sync;
}

static void
ls_store_keys_libsecret_finalize (GObject *object)
{
  LsStoreKeysLibsecret *self = LS_STORE_KEYS_LIBSECRET (object);

  g_clear_object (&self->random);

  G_OBJECT_CLASS (ls_store_keys_libsecret_parent_class)->finalize (object);
}

static void
ls_store_keys_libsecret_class_init (LsStoreKeysLibsecretClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ls_store_keys_libsecret_finalize;
}

static void
ls_store_keys_libsecret_init (LsStoreKeysLibsecret *self)
{
}

/**
 * ls_store_keys_libsecret_new:
 * @random: makes keys; used on any thread
 * @patience_ms: how long to wait for the keyring, in milliseconds; libsecret itself would wait for 50
 *   seconds for a service that hangs
 *
 * Returns: (transfer full): the keyring of the user
 */
LsStoreKeys *
ls_store_keys_libsecret_new (LsRandom *random, gint64 patience_ms)
{
  LsStoreKeysLibsecret *self = NULL;

  g_return_val_if_fail (LS_IS_RANDOM (random), NULL);

  self = g_object_new (LS_TYPE_STORE_KEYS_LIBSECRET, NULL);
  self->random = g_object_ref (random);
  self->patience_ms = patience_ms;
  return LS_STORE_KEYS (self);
}
