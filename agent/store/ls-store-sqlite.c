/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-store-sqlite.h"

#include "ls-account-file.h"
#include "ls-error.h"
#include "ls-private-dir.h"
#include "ls-store-lock.h"
#include "ls-store-worker.h"

/**
 * LsStoreSqlite:
 *
 * The store on disk: a directory per server and user below the state directory, with `cache.db` and
 * `audit.db` in it, and `account.conf` beside them. Both its ports are worked by one thread. Each method packs its arguments and has the worker's thread
 * do the rest.
 */
struct _LsStoreSqlite
{
  GObject parent_instance;

  LsStoreWorker *worker; /* (owned) */
};

static void store_iface_init (LsStoreInterface *iface);
static void audit_iface_init (LsAuditInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LsStoreSqlite,
                               ls_store_sqlite,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (LS_TYPE_STORE, store_iface_init)
                                   G_IMPLEMENT_INTERFACE (LS_TYPE_AUDIT, audit_iface_init))

/* The arguments of a method; each uses what it needs. */
typedef struct
{
  LsAccount *account;      /* (owned) (nullable) */
  char *server;            /* (owned) (nullable) */
  char *id;                /* (owned) (nullable): of a user or a row */
  LsChangeSet *change_set; /* (owned) (nullable) */
  GPtrArray *rows;         /* (owned) (nullable) */
  LsListQuery *query;      /* (owned) (nullable) */
  LsAuditEntry *entry;     /* (owned) (nullable) */
  LsAuditQuery audit_query;
  gboolean *types; /* (owned) (nullable) */
  LsEntity entity;
  LsCursor cursor;
  gint64 as_of;
  gint64 max_size;
  guint64 seq;
  guint limit;
  gboolean flag;
  LsAbsence absence;
} Args;

static void
args_free (Args *args)
{
  g_clear_pointer (&args->account, ls_account_free);
  g_clear_pointer (&args->change_set, ls_change_set_free);
  g_clear_pointer (&args->rows, g_ptr_array_unref);
  g_clear_pointer (&args->query, ls_list_query_free);
  g_clear_pointer (&args->entry, ls_audit_entry_free);
  g_free (args->server);
  g_free (args->id);
  g_free (args->types);
  g_free (args);
}

/* What a job returns that has nothing to return but that it went well. */
#define YES GINT_TO_POINTER (TRUE)

/* How long the agent before may take to let go of a store, in milliseconds. */
#define LOCK_PATIENCE 5000

static void
push (LsStore *store,
      Args *args,
      gpointer tag,
      LsStoreJobFunc func,
      GDestroyNotify free_result,
      gboolean writes,
      GTask *task)
{
  LsStoreSqlite *self = LS_STORE_SQLITE (store);

  g_task_set_source_tag (task, tag);
  g_task_set_task_data (task, args, (GDestroyNotify)args_free);
  ls_store_worker_push (self->worker, task, func, free_result, writes);
}

static char *
account_path (LsStoreShelf *shelf)
{
  return g_build_filename (shelf->state_dir, "account.conf", NULL);
}

static gpointer
do_load_account (LsStoreShelf *shelf, gpointer data, GError **error)
{
  g_autofree char *path = account_path (shelf);

  return ls_account_file_load (path, error);
}

static gpointer
do_save_account (LsStoreShelf *shelf, gpointer data, GError **error)
{
  g_autofree char *path = account_path (shelf);
  Args *args = data;

  if (!ls_private_dir_make (shelf->state_dir, error) ||
      !ls_account_file_save (path, args->account, error))
    return NULL;

  return YES;
}

static void
close_cache (LsStoreShelf *shelf)
{
  g_clear_pointer (&shelf->cache, ls_cache_free);
  g_clear_pointer (&shelf->cache_dir, g_free);
  ls_store_shelf_drop_key (shelf);
  g_clear_pointer (&shelf->audit, ls_audit_file_free);
  g_clear_pointer (&shelf->user, g_free);
  ls_store_lock_release (&shelf->lock);
}

static gpointer
do_open (LsStoreShelf *shelf, gpointer data, GError **error)
{
  Args *args = data;
  g_autofree char *directory = NULL;
  g_autofree char *path = NULL;
  g_autoptr (LsCache) cache = NULL;
  LsStoreState *state;

  close_cache (shelf);
  directory = ls_store_shelf_make_directory (shelf, args->server, args->id, error);
  if (directory == NULL || !ls_store_lock_acquire (directory, LOCK_PATIENCE, &shelf->lock, error))
    return NULL;

  path = g_build_filename (directory, "cache.db", NULL);
  if (!shelf->encrypt || ls_store_shelf_find_key (shelf, args->server, args->id, TRUE, error))
    cache = ls_cache_open (path, shelf->cipher, error);
  state = cache != NULL ? ls_cache_read_state (cache, error) : NULL;
  if (state == NULL)
    {
      g_clear_pointer (&cache, ls_cache_free);
      close_cache (shelf);
      return NULL;
    }

  shelf->cache = g_steal_pointer (&cache);
  shelf->cache_dir = g_steal_pointer (&directory);
  shelf->user = g_strdup (args->id);
  shelf->newest = state->confirmed_at;
  return state;
}

static gpointer
do_close (LsStoreShelf *shelf, gpointer data, GError **error)
{
  Args *args = data;
  g_autofree char *directory = g_strdup (shelf->cache_dir);
  gboolean removed = TRUE;

  if (args->flag && directory != NULL)
    {
      g_clear_pointer (&shelf->cache, ls_cache_abandon);
      g_clear_pointer (&shelf->audit, ls_audit_file_free);
      removed = ls_store_shelf_remove (shelf, directory, "lock", error) &&
                ls_store_shelf_remove (shelf, directory, "audit.db", error) &&
                ls_store_shelf_remove (shelf, directory, "cache.db", error);
    }
  close_cache (shelf);
  return removed ? YES : NULL;
}

static gpointer
do_commit (LsStoreShelf *shelf, gpointer data, GError **error)
{
  Args *args = data;

  shelf->newest = MAX (shelf->newest, args->change_set->as_of);
  shelf->n_events += args->change_set->events->len;
  return ls_cache_commit (shelf->cache, args->change_set, error);
}

static gpointer
do_stage (LsStoreShelf *shelf, gpointer data, GError **error)
{
  Args *args = data;

  return ls_cache_stage (shelf->cache, args->entity, args->rows, args->flag, error) ? YES : NULL;
}

static gpointer
do_finish_snapshot (LsStoreShelf *shelf, gpointer data, GError **error)
{
  Args *args = data;

  return ls_cache_finish_snapshot (shelf->cache, args->entity, args->cursor, args->as_of,
                                   args->absence, error);
}

/* Reads need no transaction, but a store. */
static gboolean
check_open (LsStoreShelf *shelf, GError **error)
{
  if (shelf->cache != NULL)
    return TRUE;

  if (shelf->cache_dir != NULL)
    g_set_error (error, LS_ERROR, LS_ERROR_STORAGE, "the store can't be read");
  else
    g_set_error (error, LS_ERROR, LS_ERROR_NOT_SIGNED_IN, "no store is open");
  return FALSE;
}

static gpointer
do_read_events (LsStoreShelf *shelf, gpointer data, GError **error)
{
  Args *args = data;

  if (!check_open (shelf, error))
    return NULL;
  return ls_cache_read_events (shelf->cache, args->seq, args->types, args->limit,
                               (gsize)args->max_size, error);
}

static gpointer
do_get (LsStoreShelf *shelf, gpointer data, GError **error)
{
  Args *args = data;

  if (!check_open (shelf, error))
    return NULL;
  return ls_cache_get (shelf->cache, args->entity, args->id, error);
}

static gpointer
do_list (LsStoreShelf *shelf, gpointer data, GError **error)
{
  Args *args = data;

  if (!check_open (shelf, error))
    return NULL;
  return ls_cache_list (shelf->cache, args->query, error);
}

static gpointer
do_checksum (LsStoreShelf *shelf, gpointer data, GError **error)
{
  Args *args = data;

  if (!check_open (shelf, error))
    return NULL;
  return ls_cache_get_checksum (shelf->cache, args->entity, error);
}

static gpointer
do_statistics (LsStoreShelf *shelf, gpointer data, GError **error)
{
  if (!check_open (shelf, error))
    return NULL;
  return ls_cache_get_statistics (shelf->cache, error);
}

/* Opened when it is first needed, and again where that went wrong: the disk may be well again. */
static LsAuditFile *
get_audit (LsStoreShelf *shelf, GError **error)
{
  g_autofree char *path = NULL;

  if (shelf->audit != NULL && ls_audit_file_is_read_only (shelf->audit))
    g_clear_pointer (&shelf->audit, ls_audit_file_free);
  if (shelf->audit == NULL && check_open (shelf, error))
    {
      path = g_build_filename (shelf->cache_dir, "audit.db", NULL);
      shelf->audit = ls_audit_file_open (path, error);
    }

  return shelf->audit;
}

static gpointer
do_append (LsStoreShelf *shelf, gpointer data, GError **error)
{
  const LsAuditEntry *entry = ((Args *)data)->entry;
  gint64 oldest = shelf->audit_max_age > 0 ? entry->at - shelf->audit_max_age : G_MININT64;
  g_autoptr (GError) append_error = NULL;
  LsAuditFile *audit;

  /* somebody else has signed in, or nobody is: it must not get into another's hands */
  if (g_strcmp0 (shelf->user, entry->user) != 0)
    return YES;

  audit = get_audit (shelf, &append_error);
  if (audit == NULL || !ls_audit_file_append (audit, entry, &append_error) ||
      !ls_audit_file_trim (audit, oldest, &append_error))
    g_warning ("the audit can't be written: %s", append_error->message);
  return YES;
}

static gpointer
do_read_audit (LsStoreShelf *shelf, gpointer data, GError **error)
{
  LsAuditFile *audit = get_audit (shelf, error);

  return audit != NULL ? ls_audit_file_read (audit, &((Args *)data)->audit_query, error) : NULL;
}

static gpointer
do_set_audit_max_age (LsStoreShelf *shelf, gpointer data, GError **error)
{
  shelf->audit_max_age = ((Args *)data)->as_of;
  return YES;
}

static gpointer
do_set_limits (LsStoreShelf *shelf, gpointer data, GError **error)
{
  Args *args = data;

  shelf->max_size = args->max_size;
  shelf->max_age = args->as_of;
  return YES;
}

static void
load_account_async (LsStore *store, GAsyncReadyCallback callback, gpointer user_data)
{
  push (store, g_new0 (Args, 1), load_account_async, do_load_account,
        (GDestroyNotify)ls_account_free, FALSE, g_task_new (store, NULL, callback, user_data));
}

static void
save_account_async (LsStore *store,
                    const LsAccount *account,
                    GAsyncReadyCallback callback,
                    gpointer user_data)
{
  Args *args = g_new0 (Args, 1);

  args->account = ls_account_copy (account);
  push (store, args, save_account_async, do_save_account, NULL, FALSE,
        g_task_new (store, NULL, callback, user_data));
}

static void
open_async (LsStore *store,
            const char *server,
            const char *user_id,
            GAsyncReadyCallback callback,
            gpointer user_data)
{
  Args *args = g_new0 (Args, 1);

  args->server = g_strdup (server);
  args->id = g_strdup (user_id);
  push (store, args, open_async, do_open, (GDestroyNotify)ls_store_state_free, FALSE,
        g_task_new (store, NULL, callback, user_data));
}

static void
close_async (LsStore *store, gboolean wipe, GAsyncReadyCallback callback, gpointer user_data)
{
  Args *args = g_new0 (Args, 1);

  args->flag = wipe;
  push (store, args, close_async, do_close, NULL, FALSE,
        g_task_new (store, NULL, callback, user_data));
}

static void
commit_async (LsStore *store,
              const LsChangeSet *change_set,
              GAsyncReadyCallback callback,
              gpointer user_data)
{
  Args *args = g_new0 (Args, 1);

  args->change_set = ls_change_set_copy (change_set);
  push (store, args, commit_async, do_commit, (GDestroyNotify)ls_commit_free, TRUE,
        g_task_new (store, NULL, callback, user_data));
}

static void
stage_async (LsStore *store,
             LsEntity entity,
             GPtrArray *rows,
             gboolean first,
             GAsyncReadyCallback callback,
             gpointer user_data)
{
  Args *args = g_new0 (Args, 1);

  args->entity = entity;
  args->rows = g_ptr_array_ref (rows);
  args->flag = first;
  push (store, args, stage_async, do_stage, NULL, TRUE,
        g_task_new (store, NULL, callback, user_data));
}

static void
finish_snapshot_async (LsStore *store,
                       LsEntity entity,
                       LsCursor cursor,
                       gint64 as_of,
                       LsAbsence absence,
                       GAsyncReadyCallback callback,
                       gpointer user_data)
{
  Args *args = g_new0 (Args, 1);

  args->entity = entity;
  args->cursor = cursor;
  args->as_of = as_of;
  args->absence = absence;
  push (store, args, finish_snapshot_async, do_finish_snapshot, (GDestroyNotify)ls_commit_free,
        TRUE, g_task_new (store, NULL, callback, user_data));
}

static void
read_events_async (LsStore *store,
                   guint64 after_seq,
                   const gboolean *types,
                   guint limit,
                   gsize max_size,
                   GAsyncReadyCallback callback,
                   gpointer user_data)
{
  Args *args = g_new0 (Args, 1);

  args->seq = after_seq;
  if (types != NULL)
    args->types = g_memdup2 (types, sizeof (gboolean) * ls_event_type_get_count ());
  args->limit = limit;
  args->max_size = (gint64)max_size;
  push (store, args, read_events_async, do_read_events, (GDestroyNotify)ls_event_page_free, FALSE,
        g_task_new (store, NULL, callback, user_data));
}

static void
get_async (LsStore *store,
           LsEntity entity,
           const char *id,
           GAsyncReadyCallback callback,
           gpointer user_data)
{
  Args *args = g_new0 (Args, 1);

  args->entity = entity;
  args->id = g_strdup (id);
  push (store, args, get_async, do_get, (GDestroyNotify)ls_row_free, FALSE,
        g_task_new (store, NULL, callback, user_data));
}

static void
list_async (LsStore *store,
            const LsListQuery *query,
            GAsyncReadyCallback callback,
            gpointer user_data)
{
  Args *args = g_new0 (Args, 1);

  args->query = ls_list_query_copy (query);
  push (store, args, list_async, do_list, (GDestroyNotify)ls_row_page_free, FALSE,
        g_task_new (store, NULL, callback, user_data));
}

static void
checksum_async (LsStore *store, LsEntity entity, GAsyncReadyCallback callback, gpointer user_data)
{
  Args *args = g_new0 (Args, 1);

  args->entity = entity;
  push (store, args, checksum_async, do_checksum, (GDestroyNotify)ls_checksum_free, FALSE,
        g_task_new (store, NULL, callback, user_data));
}

static void
statistics_async (LsStore *store, GAsyncReadyCallback callback, gpointer user_data)
{
  push (store, g_new0 (Args, 1), statistics_async, do_statistics, g_free, FALSE,
        g_task_new (store, NULL, callback, user_data));
}

static void
store_iface_init (LsStoreInterface *iface)
{
  iface->load_account_async = load_account_async;
  iface->save_account_async = save_account_async;
  iface->open_async = open_async;
  iface->close_async = close_async;
  iface->commit_async = commit_async;
  iface->stage_async = stage_async;
  iface->finish_snapshot_async = finish_snapshot_async;
  iface->read_events_async = read_events_async;
  iface->get_async = get_async;
  iface->list_async = list_async;
  iface->checksum_async = checksum_async;
  iface->statistics_async = statistics_async;
}

static void
append (LsAudit *audit, const LsAuditEntry *entry)
{
  Args *args = g_new0 (Args, 1);

  args->entry = ls_audit_entry_copy (entry);
  ls_store_worker_tell (LS_STORE_SQLITE (audit)->worker, do_append, args,
                        (GDestroyNotify)args_free);
}

static void
read_audit_async (LsAudit *audit,
                  const LsAuditQuery *query,
                  GAsyncReadyCallback callback,
                  gpointer user_data)
{
  Args *args = g_new0 (Args, 1);

  args->audit_query = *query;
  push (LS_STORE (audit), args, read_audit_async, do_read_audit, (GDestroyNotify)g_ptr_array_unref,
        FALSE, g_task_new (audit, NULL, callback, user_data));
}

static void
audit_iface_init (LsAuditInterface *iface)
{
  iface->append = append;
  iface->read_async = read_audit_async;
}

static void
ls_store_sqlite_finalize (GObject *object)
{
  LsStoreSqlite *self = LS_STORE_SQLITE (object);

  ls_store_worker_free (self->worker);

  G_OBJECT_CLASS (ls_store_sqlite_parent_class)->finalize (object);
}

static void
ls_store_sqlite_class_init (LsStoreSqliteClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ls_store_sqlite_finalize;
}

static void
ls_store_sqlite_init (LsStoreSqlite *self)
{
}

/**
 * ls_store_sqlite_new:
 * @state_dir: where everything is; made when it is needed
 *
 * Returns: (transfer full): a store with nothing open, no limits and no encryption
 */
LsStoreSqlite *
ls_store_sqlite_new (const char *state_dir)
{
  LsStoreSqlite *self = g_object_new (LS_TYPE_STORE_SQLITE, NULL);

  self->worker = ls_store_worker_new (state_dir);
  return self;
}

/**
 * ls_store_sqlite_set_limits:
 * @self: a store
 * @max_size: how large a cache may be, in bytes
 * @max_age: how old an event in its log may be, in milliseconds
 *
 * Limits the caches. What is beyond is removed little by little when there is nothing else to do.
 */
void
ls_store_sqlite_set_limits (LsStoreSqlite *self, gint64 max_size, gint64 max_age)
{
  Args *args = g_new0 (Args, 1);

  g_return_if_fail (LS_IS_STORE_SQLITE (self));

  args->max_size = max_size;
  args->as_of = max_age;
  push (LS_STORE (self), args, ls_store_sqlite_set_limits, do_set_limits, NULL, FALSE,
        g_task_new (self, NULL, NULL, NULL));
}

/**
 * ls_store_sqlite_set_encryption:
 * @self: a store
 * @keys: where keys are kept
 * @encrypt: whether payloads are encrypted
 *
 * Decides about the caches that are opened from now on. One that is otherwise is begun anew then.
 */
void
ls_store_sqlite_set_encryption (LsStoreSqlite *self, LsStoreKeys *keys, gboolean encrypt)
{
  g_return_if_fail (LS_IS_STORE_SQLITE (self));

  ls_store_worker_set_encryption (self->worker, keys, encrypt);
}

/**
 * ls_store_sqlite_set_audit_max_age:
 * @self: a store
 * @max_age: how old a line of the audit may become, in milliseconds; at first as old as it likes
 *
 * The setting `Audit.max-age`.
 */
void
ls_store_sqlite_set_audit_max_age (LsStoreSqlite *self, gint64 max_age)
{
  Args *args = g_new0 (Args, 1);

  g_return_if_fail (LS_IS_STORE_SQLITE (self));

  args->as_of = max_age;
  push (LS_STORE (self), args, ls_store_sqlite_set_audit_max_age, do_set_audit_max_age, NULL, FALSE,
        g_task_new (self, NULL, NULL, NULL));
}

static gpointer
do_nothing (LsStoreShelf *shelf, gpointer data, GError **error)
{
  return shelf;
}

/**
 * ls_store_sqlite_ping_async:
 * @self: a store
 * @callback: (scope async): called when the store's thread has come by
 * @user_data: for @callback
 *
 * Asks for a sign of life of the store's thread; that there is an answer is the answer.
 */
void
ls_store_sqlite_ping_async (LsStoreSqlite *self, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = NULL;

  g_return_if_fail (LS_IS_STORE_SQLITE (self));

  task = g_task_new (self, NULL, callback, user_data);
  g_task_set_source_tag (task, ls_store_sqlite_ping_async);
  ls_store_worker_push (self->worker, task, do_nothing, NULL, FALSE);
}

/**
 * ls_store_sqlite_get_n_transactions:
 * @self: a store
 *
 * Returns: how many transactions were committed: fewer than commits when callers shared them
 */
guint
ls_store_sqlite_get_n_transactions (LsStoreSqlite *self)
{
  g_return_val_if_fail (LS_IS_STORE_SQLITE (self), 0);

  return ls_store_worker_get_n_transactions (self->worker);
}
