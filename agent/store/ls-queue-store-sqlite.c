/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-queue-store-sqlite.h"

#include "ls-error.h"
#include "ls-store-worker.h"

/* What a job returns that has nothing to return but that it went well. */
#define YES GINT_TO_POINTER (TRUE)

/**
 * LsQueueStoreSqlite:
 *
 * The queue store port on SQLite. It has a thread of its own: what a pupil did does not wait for a
 * snapshot that is being written.
 */
struct _LsQueueStoreSqlite
{
  GObject parent_instance;

  LsStoreWorker *worker; /* (owned) */
};

/* Everything that a job needs. */
typedef struct
{
  char *server;   /* (owned) (nullable) */
  char *user_id;  /* (owned) (nullable) */
  GPtrArray *put; /* (owned) (nullable) (element-type LsAction) */
  GStrv removed;  /* (owned) (nullable) */
  gboolean wipe;
} Args;

static void ls_queue_store_sqlite_queue_store_init (LsQueueStoreInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LsQueueStoreSqlite,
                               ls_queue_store_sqlite,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (LS_TYPE_QUEUE_STORE,
                                                      ls_queue_store_sqlite_queue_store_init))

static void
args_free (Args *args)
{
  g_free (args->server);
  g_free (args->user_id);
  g_clear_pointer (&args->put, g_ptr_array_unref);
  g_strfreev (args->removed);
  g_free (args);
}

static void
push (LsQueueStore *store,
      Args *args,
      gpointer tag,
      LsStoreJobFunc func,
      GDestroyNotify free_result,
      gboolean writes,
      GTask *task)
{
  g_task_set_source_tag (task, tag);
  g_task_set_task_data (task, args, (GDestroyNotify)args_free);
  ls_store_worker_push (LS_QUEUE_STORE_SQLITE (store)->worker, task, func, free_result, writes);
}

static void
close_queue (LsStoreShelf *shelf)
{
  g_clear_pointer (&shelf->queue, ls_queue_file_free);
  g_clear_pointer (&shelf->queue_path, g_free);
  ls_store_shelf_drop_key (shelf);
}

/* What is encrypted and should not be is taken out with its key, which then has nothing more to open: the
 * cache has been begun anew before. Without the key all that can be had is what lies beside the payloads,
 * and any other key does for that. */
static gboolean
open_to_decrypt (LsStoreShelf *shelf, const Args *args, GError **error)
{
  const guchar none[LS_STORE_KEY_SIZE] = { 0 };
  g_autoptr (GError) key_error = NULL;
  g_autoptr (LsCipher) reader = NULL;

  if (ls_store_shelf_find_key (shelf, args->server, args->user_id, FALSE, &key_error))
    {
      shelf->queue = ls_queue_file_open (shelf->queue_path, shelf->cipher, NULL, error);
      if (shelf->queue != NULL)
        ls_store_shelf_forget_key (shelf);
    }
  else if (g_error_matches (key_error, LS_ERROR, LS_ERROR_NOT_FOUND))
    {
      reader = ls_cipher_new (none);
      shelf->queue = ls_queue_file_open (shelf->queue_path, reader, NULL, error);
    }
  else
    {
      g_propagate_error (error, g_steal_pointer (&key_error));
    }

  return shelf->queue != NULL;
}

static gboolean
open_queue (LsStoreShelf *shelf, const Args *args, GError **error)
{
  g_autoptr (GError) open_error = NULL;

  if (shelf->encrypt && !ls_store_shelf_find_key (shelf, args->server, args->user_id, TRUE, error))
    return FALSE;

  shelf->queue = ls_queue_file_open (shelf->queue_path, shelf->cipher, shelf->cipher, &open_error);
  if (shelf->queue != NULL)
    return TRUE;
  if (shelf->keys != NULL && g_error_matches (open_error, LS_ERROR, LS_ERROR_LOCKED))
    return open_to_decrypt (shelf, args, error);

  g_propagate_error (error, g_steal_pointer (&open_error));
  return FALSE;
}

static gpointer
do_open (LsStoreShelf *shelf, gpointer data, GError **error)
{
  Args *args = data;
  g_autofree char *directory = NULL;

  close_queue (shelf);
  directory = ls_store_shelf_make_directory (shelf, args->server, args->user_id, error);
  if (directory == NULL)
    return NULL;

  shelf->queue_path = g_build_filename (directory, "queue.db", NULL);
  if (!open_queue (shelf, args, error))
    {
      close_queue (shelf);
      return NULL;
    }

  return ls_queue_file_take_actions (shelf->queue);
}

static gpointer
do_close (LsStoreShelf *shelf, gpointer data, GError **error)
{
  Args *args = data;
  g_autofree char *directory =
      shelf->queue_path != NULL ? g_path_get_dirname (shelf->queue_path) : NULL;
  gboolean removed = TRUE;

  if (args->wipe && directory != NULL)
    {
      g_clear_pointer (&shelf->queue, ls_queue_file_free);
      removed = ls_store_shelf_remove (shelf, directory, "queue.db", error);
    }
  close_queue (shelf);
  return removed ? YES : NULL;
}

static gpointer
do_write (LsStoreShelf *shelf, gpointer data, GError **error)
{
  Args *args = data;

  for (guint i = 0; i < args->put->len; i++)
    if (!ls_queue_file_put (shelf->queue, args->put->pdata[i], error))
      return NULL;
  for (guint i = 0; args->removed != NULL && args->removed[i] != NULL; i++)
    if (!ls_queue_file_remove (shelf->queue, args->removed[i], error))
      return NULL;

  return YES;
}

static void
open_async (LsQueueStore *store,
            const char *server,
            const char *user_id,
            GAsyncReadyCallback callback,
            gpointer user_data)
{
  Args *args = g_new0 (Args, 1);

  args->server = g_strdup (server);
  args->user_id = g_strdup (user_id);
  push (store, args, open_async, do_open, (GDestroyNotify)g_ptr_array_unref, FALSE,
        g_task_new (store, NULL, callback, user_data));
}

static void
close_async (LsQueueStore *store, gboolean wipe, GAsyncReadyCallback callback, gpointer user_data)
{
  Args *args = g_new0 (Args, 1);

  args->wipe = wipe;
  push (store, args, close_async, do_close, NULL, FALSE,
        g_task_new (store, NULL, callback, user_data));
}

static void
write_async (LsQueueStore *store,
             GPtrArray *put,
             const char *const *removed,
             GAsyncReadyCallback callback,
             gpointer user_data)
{
  Args *args = g_new0 (Args, 1);

  args->put = g_ptr_array_ref (put);
  args->removed = g_strdupv ((GStrv)removed);
  push (store, args, write_async, do_write, NULL, TRUE,
        g_task_new (store, NULL, callback, user_data));
}

static void
ls_queue_store_sqlite_queue_store_init (LsQueueStoreInterface *iface)
{
  iface->open_async = open_async;
  iface->close_async = close_async;
  iface->write_async = write_async;
}

static void
ls_queue_store_sqlite_finalize (GObject *object)
{
  ls_store_worker_free (LS_QUEUE_STORE_SQLITE (object)->worker);

  G_OBJECT_CLASS (ls_queue_store_sqlite_parent_class)->finalize (object);
}

static void
ls_queue_store_sqlite_class_init (LsQueueStoreSqliteClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ls_queue_store_sqlite_finalize;
}

static void
ls_queue_store_sqlite_init (LsQueueStoreSqlite *self)
{
}

/**
 * ls_queue_store_sqlite_new:
 * @state_dir: where everything is kept
 *
 * Returns: (transfer full): a queue store with nothing open
 */
LsQueueStoreSqlite *
ls_queue_store_sqlite_new (const char *state_dir)
{
  LsQueueStoreSqlite *self = g_object_new (LS_TYPE_QUEUE_STORE_SQLITE, NULL);

  self->worker = ls_store_worker_new (state_dir);
  return self;
}

/**
 * ls_queue_store_sqlite_set_encryption:
 * @self: a queue store
 * @keys: where keys are kept
 * @encrypt: whether payloads are encrypted
 *
 * Decides about the queues that are opened from now on. One that is otherwise is converted then.
 */
void
ls_queue_store_sqlite_set_encryption (LsQueueStoreSqlite *self, LsStoreKeys *keys, gboolean encrypt)
{
  g_return_if_fail (LS_IS_QUEUE_STORE_SQLITE (self));

  ls_store_worker_set_encryption (self->worker, keys, encrypt);
}

/**
 * ls_queue_store_sqlite_get_n_transactions:
 * @self: a queue store
 *
 * Returns: how many transactions were committed: fewer than writes where many callers wait together
 */
guint
ls_queue_store_sqlite_get_n_transactions (LsQueueStoreSqlite *self)
{
  g_return_val_if_fail (LS_IS_QUEUE_STORE_SQLITE (self), 0);

  return ls_store_worker_get_n_transactions (self->worker);
}
