/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-fake-queue-store.h"

#include "ls-error.h"

/**
 * LsFakeQueueStore:
 *
 * A queue store in memory, without a thread: each call is done when it is made, or when the test says
 * so. What was written outlives closing and crashing, as long as the object itself.
 */
struct _LsFakeQueueStore
{
  GObject parent_instance;

  LsFakeQueueStoreState state;
  gboolean manual;
  guint n_to_fail;
  guint n_writes;
  GQueue pending; /* (element-type GTask) (owned): their data are of type Call */
  GHashTable
      *queues; /* (element-type utf8 GHashTable) (owned): by server and user: id to LsAction */
  GHashTable *queue; /* (unowned) (nullable): the one that is open */
};

static void queue_store_iface_init (LsQueueStoreInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LsFakeQueueStore,
                               ls_fake_queue_store,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (LS_TYPE_QUEUE_STORE, queue_store_iface_init))

typedef struct _Call Call;

/* Answers the task. */
typedef void (*CallFunc) (LsFakeQueueStore *self, Call *call, GTask *task);

struct _Call
{
  CallFunc func;
  char *key;      /* (owned) (nullable): of a queue */
  GPtrArray *put; /* (owned) (nullable) */
  GStrv removed;  /* (owned) (nullable) */
  gboolean wipe;
};

static void
call_free (gpointer data)
{
  Call *call = data;

  g_free (call->key);
  g_clear_pointer (&call->put, g_ptr_array_unref);
  g_strfreev (call->removed);
  g_free (call);
}

static Call *
call_new (CallFunc func)
{
  Call *call = g_new0 (Call, 1);

  call->func = func;
  return call;
}

static char *
make_key (const char *server, const char *user_id)
{
  return g_strconcat (server, "\n", user_id, NULL);
}

static void
make_call (LsQueueStore *store,
           gpointer tag,
           Call *call,
           GAsyncReadyCallback callback,
           gpointer user_data)
{
  LsFakeQueueStore *self = LS_FAKE_QUEUE_STORE (store);
  GTask *task = g_task_new (self, NULL, callback, user_data);

  g_task_set_source_tag (task, tag);
  g_task_set_task_data (task, call, call_free);
  g_queue_push_tail (&self->pending, task);
  if (!self->manual)
    while (ls_fake_queue_store_step (self))
      ;
}

static int
compare_seq (gconstpointer a, gconstpointer b)
{
  const LsAction *first = *(const LsAction *const *)a;
  const LsAction *second = *(const LsAction *const *)b;

  return first->seq < second->seq ? -1 : first->seq > second->seq;
}

static GPtrArray *
copy_queue (GHashTable *queue)
{
  GPtrArray *actions = ls_action_array_new ();
  GHashTableIter iter;
  gpointer action;

  g_hash_table_iter_init (&iter, queue);
  while (g_hash_table_iter_next (&iter, NULL, &action))
    g_ptr_array_add (actions, ls_action_copy (action));
  g_ptr_array_sort (actions, compare_seq);
  return actions;
}

static void
do_open (LsFakeQueueStore *self, Call *call, GTask *task)
{
  self->queue = NULL;
  if (self->state == LS_FAKE_QUEUE_STORE_NEWER)
    {
      g_task_return_new_error (task, LS_ERROR, LS_ERROR_NEWER_STORE, "of a newer version");
      return;
    }
  if (self->state == LS_FAKE_QUEUE_STORE_BROKEN)
    {
      g_task_return_new_error (task, LS_ERROR, LS_ERROR_STORAGE, "the disk fails");
      return;
    }

  self->queue = g_hash_table_lookup (self->queues, call->key);
  if (self->queue == NULL)
    {
      self->queue =
          g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)ls_action_free);
      g_hash_table_insert (self->queues, g_steal_pointer (&call->key), self->queue);
    }
  g_task_return_pointer (task, copy_queue (self->queue), (GDestroyNotify)g_ptr_array_unref);
}

static void
do_close (LsFakeQueueStore *self, Call *call, GTask *task)
{
  if (call->wipe && self->queue != NULL)
    g_hash_table_remove_all (self->queue);
  self->queue = NULL;
  g_task_return_boolean (task, TRUE);
}

/* Whether the disk takes a write. */
static gboolean
takes_write (LsFakeQueueStore *self)
{
  if (self->n_to_fail == 0)
    return self->state == LS_FAKE_QUEUE_STORE_OK;

  self->n_to_fail--;
  return FALSE;
}

static void
do_write (LsFakeQueueStore *self, Call *call, GTask *task)
{
  if (self->queue == NULL)
    {
      g_task_return_new_error (task, LS_ERROR, LS_ERROR_NOT_SIGNED_IN, "no queue is open");
      return;
    }
  if (!takes_write (self))
    {
      g_task_return_new_error (task, LS_ERROR, LS_ERROR_STORAGE, "the disk fails");
      return;
    }

  self->n_writes++;
  for (guint i = 0; i < call->put->len; i++)
    {
      const LsAction *action = call->put->pdata[i];

      g_hash_table_replace (self->queue, g_strdup (action->id), ls_action_copy (action));
    }
  for (guint i = 0; call->removed != NULL && call->removed[i] != NULL; i++)
    g_hash_table_remove (self->queue, call->removed[i]);
  g_task_return_boolean (task, TRUE);
}

static void
ls_fake_queue_store_open_async (LsQueueStore *store,
                                const char *server,
                                const char *user_id,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  Call *call = call_new (do_open);

  call->key = make_key (server, user_id);
  make_call (store, ls_fake_queue_store_open_async, call, callback, user_data);
}

static void
ls_fake_queue_store_close_async (LsQueueStore *store,
                                 gboolean wipe,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  Call *call = call_new (do_close);

  call->wipe = wipe;
  make_call (store, ls_fake_queue_store_close_async, call, callback, user_data);
}

static void
ls_fake_queue_store_write_async (LsQueueStore *store,
                                 GPtrArray *put,
                                 const char *const *removed,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  Call *call = call_new (do_write);

  call->put = ls_action_array_new ();
  for (guint i = 0; i < put->len; i++)
    {
      const LsAction *action = put->pdata[i];

      g_assert_cmpuint (action->seq, >, 0);
      g_ptr_array_add (call->put, ls_action_copy (action));
    }
  call->removed = g_strdupv ((GStrv)removed);
  make_call (store, ls_fake_queue_store_write_async, call, callback, user_data);
}

static void
queue_store_iface_init (LsQueueStoreInterface *iface)
{
  iface->open_async = ls_fake_queue_store_open_async;
  iface->close_async = ls_fake_queue_store_close_async;
  iface->write_async = ls_fake_queue_store_write_async;
}

static void
ls_fake_queue_store_finalize (GObject *object)
{
  LsFakeQueueStore *self = LS_FAKE_QUEUE_STORE (object);

  /* each call that waits holds a reference */
  g_assert (g_queue_is_empty (&self->pending));
  g_hash_table_unref (self->queues);

  G_OBJECT_CLASS (ls_fake_queue_store_parent_class)->finalize (object);
}

static void
ls_fake_queue_store_class_init (LsFakeQueueStoreClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ls_fake_queue_store_finalize;
}

static void
ls_fake_queue_store_init (LsFakeQueueStore *self)
{
  g_queue_init (&self->pending);
  self->queues =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_hash_table_unref);
}

/**
 * ls_fake_queue_store_new:
 *
 * Returns: (transfer full): a store with nothing in it, which does each call at once
 */
LsFakeQueueStore *
ls_fake_queue_store_new (void)
{
  return g_object_new (LS_TYPE_FAKE_QUEUE_STORE, NULL);
}

/**
 * ls_fake_queue_store_set_manual:
 * @self: a fake store
 * @manual: whether calls wait for ls_fake_queue_store_step(); if not, those that wait are done now
 *
 * Says when calls are done.
 */
void
ls_fake_queue_store_set_manual (LsFakeQueueStore *self, gboolean manual)
{
  g_return_if_fail (LS_IS_FAKE_QUEUE_STORE (self));

  self->manual = manual;
  if (!manual)
    while (ls_fake_queue_store_step (self))
      ;
}

/**
 * ls_fake_queue_store_count_pending:
 * @self: a fake store
 *
 * Returns: how many calls wait for ls_fake_queue_store_step()
 */
guint
ls_fake_queue_store_count_pending (LsFakeQueueStore *self)
{
  g_return_val_if_fail (LS_IS_FAKE_QUEUE_STORE (self), 0);

  return g_queue_get_length (&self->pending);
}

/**
 * ls_fake_queue_store_step:
 * @self: a fake store
 *
 * Does the oldest call that waits, and answers it.
 *
 * Returns: whether there was one
 */
gboolean
ls_fake_queue_store_step (LsFakeQueueStore *self)
{
  g_autoptr (GTask) task = NULL;
  Call *call;

  g_return_val_if_fail (LS_IS_FAKE_QUEUE_STORE (self), FALSE);

  task = g_queue_pop_head (&self->pending);
  if (task == NULL)
    return FALSE;

  call = g_task_get_task_data (task);
  call->func (self, call, task);
  return TRUE;
}

/**
 * ls_fake_queue_store_crash:
 * @self: a fake store
 *
 * The process dies: calls that wait are never done, nothing is open any more, what was written stays.
 * They are answered with %LS_ERROR_STORAGE, only so that nobody waits for ever: whoever called is to
 * be dropped as well.
 */
void
ls_fake_queue_store_crash (LsFakeQueueStore *self)
{
  GTask *task;

  g_return_if_fail (LS_IS_FAKE_QUEUE_STORE (self));

  self->queue = NULL;
  while ((task = g_queue_pop_head (&self->pending)) != NULL)
    {
      g_task_return_new_error (task, LS_ERROR, LS_ERROR_STORAGE, "the process died");
      g_object_unref (task);
    }
}

/**
 * ls_fake_queue_store_set_state:
 * @self: a fake store
 * @state: how the disk is from now on
 *
 * What is on it stays.
 */
void
ls_fake_queue_store_set_state (LsFakeQueueStore *self, LsFakeQueueStoreState state)
{
  g_return_if_fail (LS_IS_FAKE_QUEUE_STORE (self));

  self->state = state;
}

/**
 * ls_fake_queue_store_fail_writes:
 * @self: a fake store
 * @n: how many
 *
 * Lets the next writes fail with %LS_ERROR_STORAGE. Nothing of them is in.
 */
void
ls_fake_queue_store_fail_writes (LsFakeQueueStore *self, guint n)
{
  g_return_if_fail (LS_IS_FAKE_QUEUE_STORE (self));

  self->n_to_fail = n;
}

/**
 * ls_fake_queue_store_get_n_writes:
 * @self: a fake store
 *
 * Returns: how many writes were carried out
 */
guint
ls_fake_queue_store_get_n_writes (LsFakeQueueStore *self)
{
  g_return_val_if_fail (LS_IS_FAKE_QUEUE_STORE (self), 0);

  return self->n_writes;
}

/**
 * ls_fake_queue_store_read:
 * @self: a fake store
 * @server: the server's URL
 * @user_id: whose queue
 *
 * Returns: (transfer full) (element-type LsAction): what is on the disk, in the order of `seq`
 */
GPtrArray *
ls_fake_queue_store_read (LsFakeQueueStore *self, const char *server, const char *user_id)
{
  g_autofree char *key = make_key (server, user_id);
  GHashTable *queue;

  g_return_val_if_fail (LS_IS_FAKE_QUEUE_STORE (self), NULL);

  queue = g_hash_table_lookup (self->queues, key);
  return queue != NULL ? copy_queue (queue) : ls_action_array_new ();
}
