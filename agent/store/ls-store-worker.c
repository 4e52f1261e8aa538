/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-store-worker.h"

#include <glib/gstdio.h>
#include <malloc.h>
#include <string.h>

#include "ls-error.h"
#include "ls-private-dir.h"
#include "ls-store-lock.h"
#include "ls-store.h"

/* How many writes share a transaction at most: enough to make the fsync cheap, little enough for
 * the first caller not to wait long. */
#define MAX_GROUP 256
/* After so many events memory is given back, once it has been quiet for so long. */
#define BURST 1000
#define QUIET (2 * G_USEC_PER_SEC)
/* Trimming looks after this many writes, and whenever there is nothing else to do then. */
#define TRIM_EVERY 200

typedef struct
{
  GTask *task;              /* (owned) (nullable); NULL: nobody waits for an answer */
  gpointer data;            /* for @func; owned by the task, if there is one */
  GDestroyNotify free_data; /* (nullable): without a task */
  LsStoreJobFunc func;
  GDestroyNotify free_result;
  gboolean writes;
  gpointer result;  /* (owned) (nullable) */
  GError *error;    /* (owned) (nullable) */
  LsEntitySet lost; /* of which rows were let go for it */
  guint n_lost;     /* how many rows and events were */
} Job;

/**
 * LsStoreWorker:
 *
 * The store's thread. Jobs are done in the order in which they came. Writes that wait together share
 * one transaction, and nobody is answered before it is committed.
 */
struct _LsStoreWorker
{
  GAsyncQueue *jobs; /* (element-type Job) (owned) */
  GThread *thread;   /* (owned) */
  LsStoreShelf shelf;
  guint n_writes; /* since the last trimming */
  gint n_transactions;
};

static gboolean
on_idle_answer (gpointer user_data)
{
  Job *job = user_data;

  if (job->n_lost > 0)
    ls_store_tell_lost (g_task_get_source_object (job->task), job->lost, job->n_lost);
  if (job->error != NULL)
    g_task_return_error (job->task, g_steal_pointer (&job->error));
  else if (job->free_result == NULL)
    g_task_return_boolean (job->task, TRUE);
  else
    g_task_return_pointer (job->task, g_steal_pointer (&job->result), job->free_result);

  g_object_unref (job->task);
  g_free (job);
  return G_SOURCE_REMOVE;
}

/* Answers where the question came from. The thread must not hold a reference any longer: were it
 * the last one, the store would have to join its thread from that very thread. */
static void
finish_job (Job *job)
{
  g_autoptr (GSource) source = NULL;

  if (job->task == NULL)
    {
      job->free_data (job->data);
      g_clear_error (&job->error);
      g_free (job);
      return;
    }

  source = g_idle_source_new ();
  g_source_set_priority (source, g_task_get_priority (job->task));
  g_source_set_callback (source, on_idle_answer, job, NULL);
  g_source_attach (source, g_task_get_context (job->task));
}

static void
undo (Job *job)
{
  if (job->result != NULL && job->free_result != NULL)
    job->free_result (job->result);
  job->result = NULL;
  g_clear_error (&job->error);
}

static void
do_job (LsStoreWorker *self, Job *job)
{
  job->result = job->func (&self->shelf, job->data, &job->error);
}

static LsDatabase *
get_database (LsStoreShelf *shelf)
{
  return shelf->queue != NULL ? ls_queue_file_get_database (shelf->queue)
                              : ls_cache_get_database (shelf->cache);
}

/* Carries jobs out in one transaction; all of them, or none. */
static gboolean
try_group (LsStoreWorker *self, Job **jobs, guint n_jobs, GError **error)
{
  LsDatabase *database = get_database (&self->shelf);
  gboolean good;

  if (!ls_database_run (database, "BEGIN IMMEDIATE", error))
    return FALSE;

  good = TRUE;
  for (guint i = 0; i < n_jobs && good; i++)
    {
      do_job (self, jobs[i]);
      good = jobs[i]->error == NULL;
      if (!good)
        g_propagate_error (error, g_error_copy (jobs[i]->error));
    }
  if (good && ls_database_run (database, "COMMIT", error))
    {
      g_atomic_int_inc (&self->n_transactions);
      return TRUE;
    }

  if (ls_database_in_transaction (database))
    ls_database_run (database, "ROLLBACK", NULL);
  for (guint i = 0; i < n_jobs; i++)
    undo (jobs[i]);
  return FALSE;
}

/* What can't be decrypted in the cache goes. Returns: whether @job, which met with it, is worth another try */
static gboolean
mend (LsStoreShelf *shelf, Job *job)
{
  g_autoptr (GError) error = NULL;
  LsDatabase *database;

  if (shelf->cache == NULL || !ls_cache_is_broken (shelf->cache))
    return FALSE;

  database = ls_cache_get_database (shelf->cache);
  if (ls_database_run (database, "BEGIN IMMEDIATE", &error) &&
      ls_cache_mend (shelf->cache, &job->lost, &job->n_lost, &error) &&
      ls_database_run (database, "COMMIT", &error))
    {
      if (job->n_lost > 0)
        g_warning (
            "something could not be decrypted: %u rows and events are let go, and rows fetched anew",
            job->n_lost);
      return job->n_lost > 0;
    }

  g_warning ("what can't be decrypted is still there: %s", error->message);
  job->n_lost = 0;
  if (ls_database_in_transaction (database))
    ls_database_run (database, "ROLLBACK", NULL);
  return FALSE;
}

static void
do_read (LsStoreWorker *self, Job *job)
{
  do_job (self, job);
  if (job->error == NULL || !mend (&self->shelf, job))
    return;

  undo (job);
  do_job (self, job);
}

static gboolean
make_queue_writable (LsStoreShelf *shelf, GError **error)
{
  if (shelf->queue == NULL || ls_database_is_read_only (ls_queue_file_get_database (shelf->queue)))
    {
      g_clear_pointer (&shelf->queue, ls_queue_file_free);
      shelf->queue = ls_queue_file_open (shelf->queue_path, shelf->cipher, shelf->cipher, error);
    }

  return shelf->queue != NULL;
}

/* A cache that could only be read is opened anew before a write: the disk may be well again. The old
 * one goes first, since closing a file drops the locks of the process on it. */
static gboolean
make_writable (LsStoreWorker *self, GError **error)
{
  LsStoreShelf *shelf = &self->shelf;
  g_autofree char *path = NULL;

  if (shelf->queue_path != NULL)
    return make_queue_writable (shelf, error);
  if (shelf->cache == NULL && shelf->cache_dir == NULL)
    {
      g_set_error (error, LS_ERROR, LS_ERROR_NOT_SIGNED_IN, "no store is open");
      return FALSE;
    }
  if (shelf->cache == NULL || ls_database_is_read_only (ls_cache_get_database (shelf->cache)))
    {
      path = g_build_filename (shelf->cache_dir, "cache.db", NULL);
      g_clear_pointer (&shelf->cache, ls_cache_free);
      shelf->cache = ls_cache_open (path, shelf->cipher, error);
    }

  return shelf->cache != NULL && ls_cache_leave_gap (shelf->cache, error);
}

/* A group that fails is tried again one by one, so that only the guilty are told so. */
static void
do_writes (LsStoreWorker *self, Job **jobs, guint n_jobs)
{
  g_autoptr (GError) group_error = NULL;

  self->n_writes += n_jobs;
  if (!make_writable (self, &group_error))
    {
      for (guint i = 0; i < n_jobs; i++)
        jobs[i]->error = g_error_copy (group_error);
      return;
    }
  if (n_jobs > 1 && try_group (self, jobs, n_jobs, &group_error))
    return;

  for (guint i = 0; i < n_jobs; i++)
    {
      GError *error = NULL;

      if (try_group (self, &jobs[i], 1, &error) || !mend (&self->shelf, jobs[i]))
        {
          jobs[i]->error = error;
          continue;
        }
      g_clear_error (&error);
      if (!try_group (self, &jobs[i], 1, &error))
        jobs[i]->error = error;
    }
}

static void
do_jobs (LsStoreWorker *self, GPtrArray *jobs)
{
  for (guint i = 0; i < jobs->len;)
    {
      Job **first = (Job **)&jobs->pdata[i];
      guint n = 1;

      if (!first[0]->writes)
        {
          do_read (self, first[0]);
        }
      else
        {
          while (i + n < jobs->len && first[n]->writes)
            n++;
          do_writes (self, first, n);
        }
      for (guint j = 0; j < n; j++)
        finish_job (first[j]);
      i += n;
    }
}

static void
trim (LsStoreWorker *self)
{
  LsStoreShelf *shelf = &self->shelf;
  LsDatabase *database;
  gboolean more = TRUE;

  if (shelf->cache == NULL || shelf->max_size == 0)
    return;

  database = ls_cache_get_database (shelf->cache);
  if (ls_database_is_read_only (database))
    return;
  while (more && g_async_queue_length (self->jobs) <= 0)
    {
      g_autoptr (GError) error = NULL;

      if (!ls_database_run (database, "BEGIN IMMEDIATE", &error))
        return;
      more = ls_cache_trim (shelf->cache, shelf->max_size, shelf->newest - shelf->max_age, &error);
      if (error != NULL || !ls_database_run (database, "COMMIT", &error))
        {
          g_warning ("the log can't be trimmed: %s", error->message);
          if (ls_database_in_transaction (database))
            ls_database_run (database, "ROLLBACK", NULL);
          return;
        }
    }
  /* who was interrupted goes on after the next jobs */
  if (!more)
    self->n_writes = 0;
}

/* Waits for a job. A burst leaves free memory behind all over the heap, which an idle program has no
 * use for. */
static Job *
next_job (LsStoreWorker *self)
{
  Job *job = NULL;

  if (self->shelf.n_events >= BURST)
    {
      job = g_async_queue_timeout_pop (self->jobs, QUIET);
      if (job == NULL)
        {
          if (self->shelf.cache != NULL)
            ls_database_release_memory (ls_cache_get_database (self->shelf.cache));
          malloc_trim (0);
          self->shelf.n_events = 0;
        }
    }
  return job != NULL ? job : g_async_queue_pop (self->jobs);
}

static gpointer
work (gpointer user_data)
{
  LsStoreWorker *self = user_data;
  gboolean stop = FALSE;

  while (!stop)
    {
      g_autoptr (GPtrArray) jobs = g_ptr_array_new ();
      Job *job = next_job (self);

      for (; job != NULL && job->func != NULL; job = g_async_queue_try_pop (self->jobs))
        {
          g_ptr_array_add (jobs, job);
          if (jobs->len == MAX_GROUP)
            break;
        }
      if (job != NULL && job->func == NULL)
        {
          stop = TRUE;
          g_free (job);
        }
      do_jobs (self, jobs);
      if (self->n_writes >= TRIM_EVERY)
        trim (self);
    }

  g_clear_pointer (&self->shelf.cache, ls_cache_free);
  g_clear_pointer (&self->shelf.queue, ls_queue_file_free);
  ls_store_shelf_drop_key (&self->shelf);
  g_clear_pointer (&self->shelf.audit, ls_audit_file_free);
  ls_store_lock_release (&self->shelf.lock);
  return NULL;
}

/**
 * ls_store_shelf_make_directory:
 * @shelf: a shelf
 * @server: a server's URL
 * @user_id: a user there
 * @error: %LS_ERROR_STORAGE
 *
 * Makes the directory of what is kept of the user, which names neither, and sees to it that nobody else
 * of the machine gets into it or into the one of all users.
 *
 * Returns: (transfer full) (nullable): the directory
 */
char *
ls_store_shelf_make_directory (LsStoreShelf *shelf,
                               const char *server,
                               const char *user_id,
                               GError **error)
{
  g_autofree char *key = g_strdup_printf ("%s\n%s", server, user_id);
  g_autofree char *hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, key, -1);
  g_autofree char *directory = NULL;

  hash[32] = '\0';
  directory = g_build_filename (shelf->state_dir, hash, NULL);
  if (!ls_private_dir_make (shelf->state_dir, error) || !ls_private_dir_make (directory, error))
    return NULL;

  return g_steal_pointer (&directory);
}

/**
 * ls_store_shelf_drop_key:
 * @shelf: a shelf with nothing open
 *
 * Wipes the key from memory, if there is one.
 */
void
ls_store_shelf_drop_key (LsStoreShelf *shelf)
{
  g_clear_pointer (&shelf->cipher, ls_cipher_free);
  g_clear_pointer (&shelf->server, g_free);
  g_clear_pointer (&shelf->user_id, g_free);
}

/**
 * ls_store_shelf_find_key:
 * @shelf: a shelf with nothing open
 * @server: a server's URL
 * @user_id: a user there
 * @make: whether to make a key where there is none
 * @error: as for ls_store_keys_obtain_sync()
 *
 * Gets the key for what is opened next. Blocks.
 *
 * Returns: whether @shelf has a cipher
 */
gboolean
ls_store_shelf_find_key (LsStoreShelf *shelf,
                         const char *server,
                         const char *user_id,
                         gboolean make,
                         GError **error)
{
  guchar key[LS_STORE_KEY_SIZE];

  if (!ls_store_keys_obtain_sync (shelf->keys, server, user_id, make, key, error))
    return FALSE;

  ls_store_shelf_drop_key (shelf);
  shelf->cipher = ls_cipher_new (key);
  shelf->server = g_strdup (server);
  shelf->user_id = g_strdup (user_id);
  explicit_bzero (key, sizeof key);
  return TRUE;
}

/**
 * ls_store_shelf_forget_key:
 * @shelf: a shelf with nothing open
 *
 * Has the key kept nowhere any more, as there is nothing left that it opens. Blocks.
 */
void
ls_store_shelf_forget_key (LsStoreShelf *shelf)
{
  g_autoptr (GError) error = NULL;

  if (shelf->cipher != NULL &&
      !ls_store_keys_forget_sync (shelf->keys, shelf->server, shelf->user_id, &error))
    g_warning ("the key of a store that is gone is still in the keyring: %s", error->message);
  ls_store_shelf_drop_key (shelf);
}

/**
 * ls_store_shelf_remove:
 * @shelf: a shelf with nothing open
 * @directory: of what is kept of a user
 * @name: of a file in it
 * @error: %LS_ERROR_STORAGE
 *
 * Removes it and what belongs to it, such as a copy that was moved aside; and the directory, with the
 * key, if that was all that was in it.
 *
 * Returns: whether the files are gone
 */
gboolean
ls_store_shelf_remove (LsStoreShelf *shelf, const char *directory, const char *name, GError **error)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);
  gboolean removed = ls_database_remove (path, error);

  if (g_rmdir (directory) == 0)
    ls_store_shelf_forget_key (shelf);

  return removed;
}

/**
 * ls_store_worker_new:
 * @state_dir: where everything is
 *
 * Returns: (transfer full): a worker, waiting for jobs
 */
LsStoreWorker *
ls_store_worker_new (const char *state_dir)
{
  LsStoreWorker *self = g_new0 (LsStoreWorker, 1);

  self->jobs = g_async_queue_new ();
  self->shelf.state_dir = g_strdup (state_dir);
  self->shelf.lock = -1;
  self->thread = g_thread_new ("labsync-store", work, self);
  return self;
}

/**
 * ls_store_worker_free:
 * @self: (transfer full): a worker
 *
 * Waits until everything that was pushed is done, and ends the thread.
 */
void
ls_store_worker_free (LsStoreWorker *self)
{
  /* a job without a function is the order to stop */
  g_async_queue_push (self->jobs, g_new0 (Job, 1));
  g_thread_join (self->thread);
  g_async_queue_unref (self->jobs);
  g_clear_object (&self->shelf.keys);
  g_free (self->shelf.state_dir);
  g_free (self->shelf.cache_dir);
  g_free (self->shelf.queue_path);
  g_free (self->shelf.user);
  g_free (self);
}

/**
 * ls_store_worker_push:
 * @self: a worker
 * @task: (transfer full): what to answer; its data are given to @func
 * @func: what to do, on the thread
 * @free_result: (nullable): frees what @func returns; %NULL: the task answers with a boolean, and
 *   all that counts of what @func returns is that it is not %NULL
 * @writes: whether it changes the cache, and so belongs into a transaction
 *
 * Adds a job.
 */
void
ls_store_worker_push (LsStoreWorker *self,
                      GTask *task,
                      LsStoreJobFunc func,
                      GDestroyNotify free_result,
                      gboolean writes)
{
  Job *job = g_new0 (Job, 1);

  job->task = task;
  job->data = g_task_get_task_data (task);
  job->func = func;
  job->free_result = free_result;
  job->writes = writes;
  g_async_queue_push (self->jobs, g_steal_pointer (&job));
}

/**
 * ls_store_worker_tell:
 * @self: a worker
 * @func: what to do, on the thread; writes nothing that belongs into a transaction, and returns nothing that has to
 *   be freed
 * @data: (transfer full): for @func
 * @free_data: frees @data, on the thread
 *
 * Adds a job that nobody waits for.
 */
void
ls_store_worker_tell (LsStoreWorker *self,
                      LsStoreJobFunc func,
                      gpointer data,
                      GDestroyNotify free_data)
{
  Job *job = g_new0 (Job, 1);

  job->func = func;
  job->data = data;
  job->free_data = free_data;
  g_async_queue_push (self->jobs, g_steal_pointer (&job));
}

typedef struct
{
  LsStoreKeys *keys; /* (owned) */
  gboolean encrypt;
} Encryption;

static void
encryption_free (gpointer data)
{
  Encryption *encryption = data;

  g_object_unref (encryption->keys);
  g_free (encryption);
}

static gpointer
do_set_encryption (LsStoreShelf *shelf, gpointer data, GError **error)
{
  Encryption *encryption = data;

  g_set_object (&shelf->keys, encryption->keys);
  shelf->encrypt = encryption->encrypt;
  return shelf;
}

/**
 * ls_store_worker_set_encryption:
 * @self: a worker
 * @keys: where keys are kept
 * @encrypt: whether payloads are encrypted
 *
 * Decides about what is opened from now on.
 */
void
ls_store_worker_set_encryption (LsStoreWorker *self, LsStoreKeys *keys, gboolean encrypt)
{
  Encryption *encryption = g_new0 (Encryption, 1);

  encryption->keys = g_object_ref (keys);
  encryption->encrypt = encrypt;
  ls_store_worker_tell (self, do_set_encryption, encryption, encryption_free);
}

/**
 * ls_store_worker_get_n_transactions:
 * @self: a worker
 *
 * Returns: how many transactions with writes were committed
 */
guint
ls_store_worker_get_n_transactions (LsStoreWorker *self)
{
  return (guint)g_atomic_int_get (&self->n_transactions);
}
