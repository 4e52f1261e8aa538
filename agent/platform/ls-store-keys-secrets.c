/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-store-keys-secrets.h"

#include <string.h>

#include "ls-error.h"

/* What the keyring promises, and a little for the way there and back: in microseconds. */
#define PATIENCE (6 * G_USEC_PER_SEC)

/**
 * LsStoreKeysSecrets:
 *
 * Keys that are kept as tokens are, in Base64. The keyring is asked on the thread that this was made in,
 * whose main loop has to turn, as libsecret shares all that it has between the threads of a program and
 * guards none of it.
 */
struct _LsStoreKeysSecrets
{
  GObject parent_instance;

  LsSecrets *secrets;    /* (owned) */
  LsRandom *random;      /* (owned) */
  GMainContext *context; /* (owned) */
};

static void ls_store_keys_secrets_store_keys_init (LsStoreKeysInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LsStoreKeysSecrets,
                               ls_store_keys_secrets,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (LS_TYPE_STORE_KEYS,
                                                      ls_store_keys_secrets_store_keys_init))

/* One call of the port. Who asks may be gone before the answer is there. */
typedef struct
{
  gatomicrefcount refs;
  LsSecrets *secrets; /* (owned) */
  char *server;       /* (owned) */
  char *user_id;      /* (owned) */
  LsSession *session; /* (owned) (nullable): a new key, if one may be made */
  gboolean forget;

  GMutex mutex;
  GCond cond;
  gboolean done;
  char *key;     /* (owned) (nullable): in Base64 */
  GError *error; /* (owned) (nullable) */
} Call;

static void
wipe_text (char *text)
{
  explicit_bzero (text, strlen (text));
  g_free (text);
}

static void
call_unref (Call *call)
{
  if (!g_atomic_ref_count_dec (&call->refs))
    return;

  g_object_unref (call->secrets);
  g_free (call->server);
  g_free (call->user_id);
  g_clear_pointer (&call->session, ls_session_free);
  g_clear_pointer (&call->key, wipe_text);
  g_clear_error (&call->error);
  g_mutex_clear (&call->mutex);
  g_cond_clear (&call->cond);
  g_free (call);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Call, call_unref)

static Call *
call_new (LsStoreKeysSecrets *self, const char *server, const char *user_id)
{
  Call *call = g_new0 (Call, 1);

  g_atomic_ref_count_init (&call->refs);
  call->secrets = g_object_ref (self->secrets);
  call->server = g_strdup (server);
  call->user_id = g_strdup (user_id);
  g_mutex_init (&call->mutex);
  g_cond_init (&call->cond);
  return call;
}

/* @error: (transfer full) (nullable) */
static void
answer (Call *call, const char *key, GError *error)
{
  g_mutex_lock (&call->mutex);
  call->key = g_strdup (key);
  call->error = error;
  call->done = TRUE;
  g_cond_signal (&call->cond);
  g_mutex_unlock (&call->mutex);
}

static void
secrets_store_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Call) call = user_data;
  GError *error = NULL;

  if (ls_secrets_store_finish (LS_SECRETS (object), result, &error))
    answer (call, call->session->access, NULL);
  else
    answer (call, NULL, error);
}

static void
secrets_lookup_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Call) call = user_data;
  GError *error = NULL;
  g_autoptr (LsSession) found = ls_secrets_lookup_finish (LS_SECRETS (object), result, &error);

  if (found != NULL)
    {
      answer (call, found->access, NULL);
    }
  else if (call->session != NULL && g_error_matches (error, LS_ERROR, LS_ERROR_NOT_FOUND))
    {
      g_error_free (error);
      ls_secrets_store_async (call->secrets, call->server, call->user_id, call->session, NULL,
                              secrets_store_cb, call);
      g_steal_pointer (&call);
    }
  else
    {
      answer (call, NULL, error);
    }
}

static void
secrets_clear_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Call) call = user_data;
  GError *error = NULL;

  ls_secrets_clear_finish (LS_SECRETS (object), result, &error);
  answer (call, NULL, error);
}

static gboolean
on_idle_ask (gpointer user_data)
{
  Call *call = user_data;

  if (call->forget)
    ls_secrets_clear_async (call->secrets, call->server, call->user_id, NULL, secrets_clear_cb,
                            call);
  else
    ls_secrets_lookup_async (call->secrets, call->server, call->user_id, NULL, secrets_lookup_cb,
                             call);
  return G_SOURCE_REMOVE;
}

/* Returns: whether there was an answer, and no error */
static gboolean
make_call (LsStoreKeysSecrets *self, Call *call, GError **error)
{
  g_autoptr (GSource) source = g_idle_source_new ();
  gint64 deadline = g_get_monotonic_time () + PATIENCE;

  g_atomic_ref_count_inc (&call->refs);
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, on_idle_ask, call, NULL);
  g_source_attach (source, self->context);

  g_mutex_lock (&call->mutex);
  while (!call->done && g_cond_wait_until (&call->cond, &call->mutex, deadline))
    continue;
  if (!call->done)
    g_set_error (error, LS_ERROR, LS_ERROR_LOCKED, "the keyring does not answer");
  else if (call->error != NULL)
    g_propagate_error (error, g_error_copy (call->error));
  g_mutex_unlock (&call->mutex);
  return call->done && call->error == NULL;
}

static LsSession *
new_key (LsRandom *random)
{
  guint64 key[LS_STORE_KEY_SIZE / sizeof (guint64)];
  char *text;
  LsSession *session;

  for (guint i = 0; i < G_N_ELEMENTS (key); i++)
    key[i] = ls_random_next (random);
  text = g_base64_encode ((const guchar *)key, sizeof key);
  explicit_bzero (key, sizeof key);
  session = ls_session_new (text, NULL);
  wipe_text (text);
  return session;
}

static gboolean
decode (const char *text, guchar *key, GError **error)
{
  gsize length = 0;
  guchar *bytes = g_base64_decode (text, &length);
  gboolean fits = length == LS_STORE_KEY_SIZE;

  if (fits)
    memcpy (key, bytes, LS_STORE_KEY_SIZE);
  else
    g_set_error (error, LS_ERROR, LS_ERROR_FAILED, "what the keyring holds is no key");
  explicit_bzero (bytes, length);
  g_free (bytes);
  return fits;
}

static gboolean
ls_store_keys_secrets_obtain_sync (LsStoreKeys *keys,
                                   const char *server,
                                   const char *user_id,
                                   gboolean make,
                                   guchar *key,
                                   GError **error)
{
  LsStoreKeysSecrets *self = LS_STORE_KEYS_SECRETS (keys);
  g_autoptr (Call) call = call_new (self, server, user_id);

  if (make)
    call->session = new_key (self->random);
  return make_call (self, call, error) && decode (call->key, key, error);
}

static gboolean
ls_store_keys_secrets_forget_sync (LsStoreKeys *keys,
                                   const char *server,
                                   const char *user_id,
                                   GError **error)
{
  LsStoreKeysSecrets *self = LS_STORE_KEYS_SECRETS (keys);
  g_autoptr (Call) call = call_new (self, server, user_id);

  call->forget = TRUE;
  return make_call (self, call, error);
}

static void
ls_store_keys_secrets_store_keys_init (LsStoreKeysInterface *iface)
{
  iface->obtain_sync = ls_store_keys_secrets_obtain_sync;
  iface->forget_sync = ls_store_keys_secrets_forget_sync;
}

static void
ls_store_keys_secrets_finalize (GObject *object)
{
  LsStoreKeysSecrets *self = LS_STORE_KEYS_SECRETS (object);

  g_clear_object (&self->secrets);
  g_clear_object (&self->random);
  g_main_context_unref (self->context);

  G_OBJECT_CLASS (ls_store_keys_secrets_parent_class)->finalize (object);
}

static void
ls_store_keys_secrets_class_init (LsStoreKeysSecretsClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ls_store_keys_secrets_finalize;
}

static void
ls_store_keys_secrets_init (LsStoreKeysSecrets *self)
{
  self->context = g_main_context_ref_thread_default ();
}

/**
 * ls_store_keys_secrets_new:
 * @secrets: where keys are kept, and nothing else
 * @random: makes keys; used on any thread
 *
 * Returns: (transfer full): keys for stores on other threads
 */
LsStoreKeys *
ls_store_keys_secrets_new (LsSecrets *secrets, LsRandom *random)
{
  LsStoreKeysSecrets *self = NULL;

  g_return_val_if_fail (LS_IS_SECRETS (secrets), NULL);
  g_return_val_if_fail (LS_IS_RANDOM (random), NULL);

  self = g_object_new (LS_TYPE_STORE_KEYS_SECRETS, NULL);
  self->secrets = g_object_ref (secrets);
  self->random = g_object_ref (random);
  return LS_STORE_KEYS (self);
}
