/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-fake-store.h"

#include "ls-error.h"
#include "ls-fake-cache.h"

/**
 * LsFakeStore:
 *
 * A store in memory, without a thread: each call is done when it is made, or when the test says so.
 * What was committed outlives closing and crashing, as long as the object itself.
 */
struct _LsFakeStore
{
  GObject parent_instance;

  LsFakeStoreState state;
  gboolean manual;
  guint n_to_fail;
  guint n_transactions;
  guint n_caches;     /* ever made */
  GQueue pending;     /* (element-type GTask) (owned): their data are of type Call */
  LsAccount *account; /* (owned) */
  GHashTable *caches; /* (element-type utf8 LsFakeCache) (owned): by server and user */
  LsFakeCache *cache; /* (unowned) (nullable): the one that is open */
  char *cache_key;    /* (owned) (nullable): its key */
};

static void store_iface_init (LsStoreInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LsFakeStore,
                               ls_fake_store,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (LS_TYPE_STORE, store_iface_init))

typedef struct _Call Call;

/* Answers the task. */
typedef void (*CallFunc) (LsFakeStore *self, Call *call, GTask *task);

struct _Call
{
  CallFunc func;
  gboolean writes;
  gboolean needs_cache;

  /* the arguments; each method uses what it needs */
  LsAccount *account;      /* (owned) (nullable) */
  LsChangeSet *change_set; /* (owned) (nullable) */
  GPtrArray *rows;         /* (owned) (nullable) */
  LsListQuery *query;      /* (owned) (nullable) */
  gboolean *types;         /* (owned) (nullable) */
  char *id;                /* (owned) (nullable): of a row, or the key of a cache */
  LsEntity entity;
  LsCursor cursor;
  gint64 as_of;
  guint64 seq;
  guint limit;
  gsize max_size;
  gboolean flag;
  LsAbsence absence;
};

static void
call_free (gpointer data)
{
  Call *call = data;

  g_clear_pointer (&call->account, ls_account_free);
  g_clear_pointer (&call->change_set, ls_change_set_free);
  g_clear_pointer (&call->rows, g_ptr_array_unref);
  g_clear_pointer (&call->query, ls_list_query_free);
  g_free (call->types);
  g_free (call->id);
  g_free (call);
}

static Call *
call_new (CallFunc func, gboolean writes, gboolean needs_cache)
{
  Call *call = g_new0 (Call, 1);

  call->func = func;
  call->writes = writes;
  call->needs_cache = needs_cache;
  return call;
}

/* Answers @task in place of a disk that is not well. */
static gboolean
refuse (LsFakeStore *self, const Call *call, GTask *task)
{
  gboolean fails = self->state == LS_FAKE_STORE_BROKEN ||
                   (self->state == LS_FAKE_STORE_READ_ONLY && call->writes);

  if (call->needs_cache && self->cache == NULL)
    {
      g_task_return_new_error (task, LS_ERROR, LS_ERROR_NOT_SIGNED_IN, "no store is open");
      return TRUE;
    }
  if (call->writes && self->n_to_fail > 0)
    {
      self->n_to_fail--;
      fails = TRUE;
    }
  if (fails)
    g_task_return_new_error (task, LS_ERROR, LS_ERROR_STORAGE, "the disk fails");
  return fails;
}

static void
carry_out (LsFakeStore *self, GTask *task)
{
  Call *call = g_task_get_task_data (task);

  if (refuse (self, call, task))
    return;

  if (call->writes && call->needs_cache)
    self->n_transactions++;
  call->func (self, call, task);
}

static void
make_call (LsStore *store,
           gpointer tag,
           Call *call,
           GAsyncReadyCallback callback,
           gpointer user_data)
{
  LsFakeStore *self = LS_FAKE_STORE (store);
  GTask *task = g_task_new (self, NULL, callback, user_data);

  g_task_set_source_tag (task, tag);
  g_task_set_task_data (task, call, call_free);
  g_queue_push_tail (&self->pending, task);
  if (!self->manual)
    while (ls_fake_store_step (self))
      ;
}

static void
do_load_account (LsFakeStore *self, Call *call, GTask *task)
{
  const LsAccount *account = self->account;

  g_task_return_pointer (task, ls_account_copy (account), (GDestroyNotify)ls_account_free);
}

static void
do_save_account (LsFakeStore *self, Call *call, GTask *task)
{
  ls_account_free (self->account);
  self->account = g_steal_pointer (&call->account);
  g_task_return_boolean (task, TRUE);
}

static void
close_cache (LsFakeStore *self)
{
  self->cache = NULL;
  g_clear_pointer (&self->cache_key, g_free);
}

static void
do_open (LsFakeStore *self, Call *call, GTask *task)
{
  close_cache (self);
  self->cache = g_hash_table_lookup (self->caches, call->id);
  if (self->cache == NULL && self->state != LS_FAKE_STORE_OK)
    {
      g_task_return_new_error (task, LS_ERROR, LS_ERROR_STORAGE, "the disk fails");
      return;
    }
  if (self->cache == NULL)
    {
      g_autofree char *id = g_strdup_printf ("fake-store-%u", ++self->n_caches);

      self->cache = ls_fake_cache_new (id);
      g_hash_table_insert (self->caches, g_strdup (call->id), self->cache);
    }
  self->cache_key = g_strdup (call->id);
  g_task_return_pointer (task, ls_fake_cache_get_state (self->cache),
                         (GDestroyNotify)ls_store_state_free);
}

static void
do_close (LsFakeStore *self, Call *call, GTask *task)
{
  if (call->flag && self->cache_key != NULL)
    g_hash_table_remove (self->caches, self->cache_key);
  close_cache (self);
  g_task_return_boolean (task, TRUE);
}

static void
do_commit (LsFakeStore *self, Call *call, GTask *task)
{
  g_task_return_pointer (task, ls_fake_cache_commit (self->cache, call->change_set),
                         (GDestroyNotify)ls_commit_free);
}

static void
do_stage (LsFakeStore *self, Call *call, GTask *task)
{
  ls_fake_cache_stage (self->cache, call->entity, call->rows, call->flag);
  g_task_return_boolean (task, TRUE);
}

static void
do_finish_snapshot (LsFakeStore *self, Call *call, GTask *task)
{
  g_task_return_pointer (task,
                         ls_fake_cache_finish_snapshot (self->cache, call->entity, call->cursor,
                                                        call->as_of, call->absence),
                         (GDestroyNotify)ls_commit_free);
}

static void
return_pointer (GTask *task, gpointer result, GDestroyNotify free_result, GError *error)
{
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, result, free_result);
}

static void
do_read_events (LsFakeStore *self, Call *call, GTask *task)
{
  GError *error = NULL;
  LsEventPage *page = ls_fake_cache_read_events (self->cache, call->seq, call->types, call->limit,
                                                 call->max_size, &error);

  return_pointer (task, page, (GDestroyNotify)ls_event_page_free, error);
}

static void
do_get (LsFakeStore *self, Call *call, GTask *task)
{
  GError *error = NULL;
  LsRow *row = ls_fake_cache_get (self->cache, call->entity, call->id, &error);

  return_pointer (task, row, (GDestroyNotify)ls_row_free, error);
}

static void
do_list (LsFakeStore *self, Call *call, GTask *task)
{
  GError *error = NULL;
  LsRowPage *page = ls_fake_cache_list (self->cache, call->query, &error);

  return_pointer (task, page, (GDestroyNotify)ls_row_page_free, error);
}

static void
do_checksum (LsFakeStore *self, Call *call, GTask *task)
{
  g_task_return_pointer (task, ls_fake_cache_get_checksum (self->cache, call->entity),
                         (GDestroyNotify)ls_checksum_free);
}

static void
do_statistics (LsFakeStore *self, Call *call, GTask *task)
{
  g_task_return_pointer (task, ls_fake_cache_get_statistics (self->cache), g_free);
}

static void
ls_fake_store_load_account_async (LsStore *store, GAsyncReadyCallback callback, gpointer user_data)
{
  make_call (store, ls_fake_store_load_account_async, call_new (do_load_account, FALSE, FALSE),
             callback, user_data);
}

static void
ls_fake_store_save_account_async (LsStore *store,
                                  const LsAccount *account,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  Call *call = call_new (do_save_account, TRUE, FALSE);

  call->account = ls_account_copy (account);
  make_call (store, ls_fake_store_save_account_async, call, callback, user_data);
}

static void
ls_fake_store_open_async (LsStore *store,
                          const char *server,
                          const char *user_id,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  Call *call = call_new (do_open, FALSE, FALSE);

  call->id = g_strconcat (server, "\n", user_id, NULL);
  make_call (store, ls_fake_store_open_async, call, callback, user_data);
}

static void
ls_fake_store_close_async (LsStore *store,
                           gboolean wipe,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  Call *call = call_new (do_close, wipe, FALSE);

  call->flag = wipe;
  make_call (store, ls_fake_store_close_async, call, callback, user_data);
}

static void
ls_fake_store_commit_async (LsStore *store,
                            const LsChangeSet *change_set,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  Call *call = call_new (do_commit, TRUE, TRUE);

  call->change_set = ls_change_set_copy (change_set);
  make_call (store, ls_fake_store_commit_async, call, callback, user_data);
}

static void
ls_fake_store_stage_async (LsStore *store,
                           LsEntity entity,
                           GPtrArray *rows,
                           gboolean first,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  Call *call = call_new (do_stage, TRUE, TRUE);

  call->entity = entity;
  call->rows = g_ptr_array_ref (rows);
  call->flag = first;
  make_call (store, ls_fake_store_stage_async, call, callback, user_data);
}

static void
ls_fake_store_finish_snapshot_async (LsStore *store,
                                     LsEntity entity,
                                     LsCursor cursor,
                                     gint64 as_of,
                                     LsAbsence absence,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data)
{
  Call *call = call_new (do_finish_snapshot, TRUE, TRUE);

  call->entity = entity;
  call->cursor = cursor;
  call->as_of = as_of;
  call->absence = absence;
  make_call (store, ls_fake_store_finish_snapshot_async, call, callback, user_data);
}

static void
ls_fake_store_read_events_async (LsStore *store,
                                 guint64 after_seq,
                                 const gboolean *types,
                                 guint limit,
                                 gsize max_size,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  Call *call = call_new (do_read_events, FALSE, TRUE);

  call->seq = after_seq;
  if (types != NULL)
    call->types = g_memdup2 (types, sizeof (gboolean) * ls_event_type_get_count ());
  call->limit = limit;
  call->max_size = max_size;
  make_call (store, ls_fake_store_read_events_async, call, callback, user_data);
}

static void
ls_fake_store_get_async (LsStore *store,
                         LsEntity entity,
                         const char *id,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  Call *call = call_new (do_get, FALSE, TRUE);

  call->entity = entity;
  call->id = g_strdup (id);
  make_call (store, ls_fake_store_get_async, call, callback, user_data);
}

static void
ls_fake_store_list_async (LsStore *store,
                          const LsListQuery *query,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  Call *call = call_new (do_list, FALSE, TRUE);

  call->query = ls_list_query_copy (query);
  make_call (store, ls_fake_store_list_async, call, callback, user_data);
}

static void
ls_fake_store_checksum_async (LsStore *store,
                              LsEntity entity,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  Call *call = call_new (do_checksum, FALSE, TRUE);

  call->entity = entity;
  make_call (store, ls_fake_store_checksum_async, call, callback, user_data);
}

static void
ls_fake_store_statistics_async (LsStore *store, GAsyncReadyCallback callback, gpointer user_data)
{
  make_call (store, ls_fake_store_statistics_async, call_new (do_statistics, FALSE, TRUE), callback,
             user_data);
}

static void
store_iface_init (LsStoreInterface *iface)
{
  iface->load_account_async = ls_fake_store_load_account_async;
  iface->save_account_async = ls_fake_store_save_account_async;
  iface->open_async = ls_fake_store_open_async;
  iface->close_async = ls_fake_store_close_async;
  iface->commit_async = ls_fake_store_commit_async;
  iface->stage_async = ls_fake_store_stage_async;
  iface->finish_snapshot_async = ls_fake_store_finish_snapshot_async;
  iface->read_events_async = ls_fake_store_read_events_async;
  iface->get_async = ls_fake_store_get_async;
  iface->list_async = ls_fake_store_list_async;
  iface->checksum_async = ls_fake_store_checksum_async;
  iface->statistics_async = ls_fake_store_statistics_async;
}

static void
ls_fake_store_finalize (GObject *object)
{
  LsFakeStore *self = LS_FAKE_STORE (object);

  /* each call that waits holds a reference */
  g_assert (g_queue_is_empty (&self->pending));
  close_cache (self);
  g_hash_table_unref (self->caches);
  ls_account_free (self->account);

  G_OBJECT_CLASS (ls_fake_store_parent_class)->finalize (object);
}

static void
ls_fake_store_class_init (LsFakeStoreClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ls_fake_store_finalize;
}

static void
ls_fake_store_init (LsFakeStore *self)
{
  g_queue_init (&self->pending);
  self->account = ls_account_new (NULL, NULL, FALSE);
  self->caches =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)ls_fake_cache_free);
}

/**
 * ls_fake_store_new:
 *
 * Returns: (transfer full): a store with nothing in it, which does each call at once
 */
LsFakeStore *
ls_fake_store_new (void)
{
  return g_object_new (LS_TYPE_FAKE_STORE, NULL);
}

/**
 * ls_fake_store_set_manual:
 * @self: a fake store
 * @manual: whether calls wait for ls_fake_store_step(); if not, those that wait are done now
 *
 * Says when calls are done.
 */
void
ls_fake_store_set_manual (LsFakeStore *self, gboolean manual)
{
  g_return_if_fail (LS_IS_FAKE_STORE (self));

  self->manual = manual;
  if (!manual)
    while (ls_fake_store_step (self))
      ;
}

/**
 * ls_fake_store_count_pending:
 * @self: a fake store
 *
 * Returns: how many calls wait for ls_fake_store_step()
 */
guint
ls_fake_store_count_pending (LsFakeStore *self)
{
  g_return_val_if_fail (LS_IS_FAKE_STORE (self), 0);

  return g_queue_get_length (&self->pending);
}

/**
 * ls_fake_store_step:
 * @self: a fake store
 *
 * Does the oldest call that waits, and answers it.
 *
 * Returns: whether there was one
 */
gboolean
ls_fake_store_step (LsFakeStore *self)
{
  g_autoptr (GTask) task = NULL;

  g_return_val_if_fail (LS_IS_FAKE_STORE (self), FALSE);

  task = g_queue_pop_head (&self->pending);
  if (task == NULL)
    return FALSE;

  carry_out (self, task);
  return TRUE;
}

/**
 * ls_fake_store_crash:
 * @self: a fake store
 *
 * The process dies: calls that wait are never done, nothing is open any more, what was committed
 * stays. They are answered with %LS_ERROR_STORAGE, only so that nobody waits for ever: whoever
 * called is to be dropped as well.
 */
void
ls_fake_store_crash (LsFakeStore *self)
{
  GTask *task;

  g_return_if_fail (LS_IS_FAKE_STORE (self));

  close_cache (self);
  while ((task = g_queue_pop_head (&self->pending)) != NULL)
    {
      g_task_return_new_error (task, LS_ERROR, LS_ERROR_STORAGE, "the process died");
      g_object_unref (task);
    }
}

/**
 * ls_fake_store_set_state:
 * @self: a fake store
 * @state: how the disk is from now on
 *
 * What is on it stays.
 */
void
ls_fake_store_set_state (LsFakeStore *self, LsFakeStoreState state)
{
  g_return_if_fail (LS_IS_FAKE_STORE (self));

  self->state = state;
}

/**
 * ls_fake_store_fail_writes:
 * @self: a fake store
 * @n: how many
 *
 * Lets the next writes fail with %LS_ERROR_STORAGE. Nothing of them is in.
 */
void
ls_fake_store_fail_writes (LsFakeStore *self, guint n)
{
  g_return_if_fail (LS_IS_FAKE_STORE (self));

  self->n_to_fail = n;
}

/**
 * ls_fake_store_trim:
 * @self: a fake store
 * @oldest: events that came before are removed, in milliseconds since the epoch
 *
 * Removes old events from the log of the cache that is open.
 */
void
ls_fake_store_trim (LsFakeStore *self, gint64 oldest)
{
  g_return_if_fail (LS_IS_FAKE_STORE (self));
  g_return_if_fail (self->cache != NULL);

  ls_fake_cache_trim (self->cache, oldest);
}

/**
 * ls_fake_store_get_n_transactions:
 * @self: a fake store
 *
 * Returns: how many writes were carried out
 */
guint
ls_fake_store_get_n_transactions (LsFakeStore *self)
{
  g_return_val_if_fail (LS_IS_FAKE_STORE (self), 0);

  return self->n_transactions;
}
