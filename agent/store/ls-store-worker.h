/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "ls-audit-file.h"
#include "ls-cache.h"
#include "ls-queue-file.h"
#include "ls-store-keys.h"

G_BEGIN_DECLS

/**
 * LsStoreShelf:
 * @state_dir: (owned): where everything is
 * @keys: (owned) (nullable): where keys are kept; %NULL: nobody has said
 * @encrypt: whether what is opened next is to be encrypted
 * @cipher: (owned) (nullable): of what is open; %NULL: it is plain
 * @server: (owned) (nullable): whose key @cipher has: the server
 * @user_id: (owned) (nullable): and the user there
 * @cache: (owned) (nullable): the cache that is open
 * @cache_dir: (owned) (nullable): its directory; set without @cache: it was open, and its file then
 *   failed altogether
 * @queue: (owned) (nullable): the queue that is open; a worker has a cache or a queue, not both
 * @queue_path: (owned) (nullable): its file; set without @queue: it was open, and then failed altogether
 * @audit: (owned) (nullable): the audit beside it, once somebody needs it
 * @user: (owned) (nullable): whose they are
 * @lock: keeps other processes out of @cache_dir; -1: none
 * @max_size: how large its file may be, in bytes
 * @max_age: how old an event may be, in milliseconds
 * @audit_max_age: how old a line of the audit may be, in milliseconds
 * @newest: the newest time that was written, in milliseconds since the epoch
 * @n_events: how many were written since memory was last given back
 *
 * What the worker's thread works on, and nobody else.
 */
typedef struct
{
  char *state_dir;
  LsStoreKeys *keys;
  gboolean encrypt;
  LsCipher *cipher;
  char *server;
  char *user_id;
  LsCache *cache;
  char *cache_dir;
  LsQueueFile *queue;
  char *queue_path;
  LsAuditFile *audit;
  char *user;
  int lock;
  gint64 max_size;
  gint64 max_age;
  gint64 audit_max_age;
  gint64 newest;
  guint64 n_events;
} LsStoreShelf;

char *ls_store_shelf_make_directory (LsStoreShelf *shelf,
                                     const char *server,
                                     const char *user_id,
                                     GError **error);
gboolean ls_store_shelf_remove (LsStoreShelf *shelf,
                                const char *directory,
                                const char *name,
                                GError **error);

/**
 * LsStoreJobFunc:
 * @shelf: what to work on
 * @data: what the job is about
 * @error: what went wrong
 *
 * Does a job. One that writes runs inside a transaction, and may be run again after a rollback.
 *
 * Returns: (transfer full) (nullable): the result; %NULL: failed
 */
typedef gpointer (*LsStoreJobFunc) (LsStoreShelf *shelf, gpointer data, GError **error);

typedef struct _LsStoreWorker LsStoreWorker;

gboolean ls_store_shelf_find_key (LsStoreShelf *shelf,
                                  const char *server,
                                  const char *user_id,
                                  gboolean make,
                                  GError **error);
void ls_store_shelf_drop_key (LsStoreShelf *shelf);
void ls_store_shelf_forget_key (LsStoreShelf *shelf);

LsStoreWorker *ls_store_worker_new (const char *state_dir);
void ls_store_worker_free (LsStoreWorker *self);

void ls_store_worker_push (LsStoreWorker *self,
                           GTask *task,
                           LsStoreJobFunc func,
                           GDestroyNotify free_result,
                           gboolean writes);
void ls_store_worker_tell (LsStoreWorker *self,
                           LsStoreJobFunc func,
                           gpointer data,
                           GDestroyNotify free_data);
void ls_store_worker_set_encryption (LsStoreWorker *self, LsStoreKeys *keys, gboolean encrypt);
guint ls_store_worker_get_n_transactions (LsStoreWorker *self);

G_END_DECLS
