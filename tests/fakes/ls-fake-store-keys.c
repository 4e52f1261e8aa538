/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-fake-store-keys.h"

#include <string.h>

#include "ls-error.h"

/**
 * LsFakeStoreKeys:
 *
 * Keys in memory, each made of its number. Called by the stores' threads and by the test.
 */
struct _LsFakeStoreKeys
{
  GObject parent_instance;

  GMutex mutex;
  GHashTable *keys; /* (owned) (element-type utf8 gpointer): the number, by server and user */
  guint n_made;
  gboolean locked;
};

static void ls_fake_store_keys_store_keys_init (LsStoreKeysInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LsFakeStoreKeys,
                               ls_fake_store_keys,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (LS_TYPE_STORE_KEYS,
                                                      ls_fake_store_keys_store_keys_init))

static gboolean
check_locked (LsFakeStoreKeys *self, GError **error)
{
  if (self->locked)
    g_set_error (error, LS_ERROR, LS_ERROR_LOCKED, "the keyring is locked");
  return !self->locked;
}

static guint
find_or_make (LsFakeStoreKeys *self, const char *name, gboolean make)
{
  guint number = GPOINTER_TO_UINT (g_hash_table_lookup (self->keys, name));

  if (number == 0 && make)
    {
      number = ++self->n_made;
      g_hash_table_insert (self->keys, g_strdup (name), GUINT_TO_POINTER (number));
    }
  return number;
}

static gboolean
ls_fake_store_keys_obtain_sync (LsStoreKeys *keys,
                                const char *server,
                                const char *user_id,
                                gboolean make,
                                guchar *key,
                                GError **error)
{
  LsFakeStoreKeys *self = LS_FAKE_STORE_KEYS (keys);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  g_autofree char *name = g_strconcat (server, "\n", user_id, NULL);
  guint number;

  if (!check_locked (self, error))
    return FALSE;

  number = find_or_make (self, name, make);
  memset (key, (int)number, LS_STORE_KEY_SIZE);
  if (number == 0)
    g_set_error (error, LS_ERROR, LS_ERROR_NOT_FOUND, "there is no key");
  return number != 0;
}

static gboolean
ls_fake_store_keys_forget_sync (LsStoreKeys *keys,
                                const char *server,
                                const char *user_id,
                                GError **error)
{
  LsFakeStoreKeys *self = LS_FAKE_STORE_KEYS (keys);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  g_autofree char *name = g_strconcat (server, "\n", user_id, NULL);

  if (!check_locked (self, error))
    return FALSE;

  g_hash_table_remove (self->keys, name);
  return TRUE;
}

static void
ls_fake_store_keys_store_keys_init (LsStoreKeysInterface *iface)
{
  iface->obtain_sync = ls_fake_store_keys_obtain_sync;
  iface->forget_sync = ls_fake_store_keys_forget_sync;
}

static void
ls_fake_store_keys_finalize (GObject *object)
{
  LsFakeStoreKeys *self = LS_FAKE_STORE_KEYS (object);

  g_hash_table_unref (self->keys);
  g_mutex_clear (&self->mutex);

  G_OBJECT_CLASS (ls_fake_store_keys_parent_class)->finalize (object);
}

static void
ls_fake_store_keys_class_init (LsFakeStoreKeysClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ls_fake_store_keys_finalize;
}

static void
ls_fake_store_keys_init (LsFakeStoreKeys *self)
{
  g_mutex_init (&self->mutex);
  self->keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

/**
 * ls_fake_store_keys_new:
 *
 * Returns: (transfer full): an unlocked keyring without keys
 */
LsFakeStoreKeys *
ls_fake_store_keys_new (void)
{
  return g_object_new (LS_TYPE_FAKE_STORE_KEYS, NULL);
}

/**
 * ls_fake_store_keys_set_locked:
 * @self: a keyring
 * @locked: whether it is locked
 *
 * Locks or unlocks it.
 */
void
ls_fake_store_keys_set_locked (LsFakeStoreKeys *self, gboolean locked)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  self->locked = locked;
}

/**
 * ls_fake_store_keys_get_count:
 * @self: a keyring
 *
 * Returns: how many keys it has
 */
guint
ls_fake_store_keys_get_count (LsFakeStoreKeys *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  return g_hash_table_size (self->keys);
}
