/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-action-queue.h"

enum
{
  SIGNAL_ACTION_CHANGED,
  SIGNAL_COUNTS_CHANGED,
  SIGNAL_SYNC_COMPLETED,
  SIGNAL_ROWS_CHANGED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

/**
 * LsActionQueue:
 *
 * What a user did that has to reach the server, for as long as they are signed in.
 */
struct _LsActionQueue
{
  GObject parent_instance;

  LsAgent *agent;      /* (owned) */
  LsQueueStore *store; /* (owned) */
  LsQueueCounts counts;
};

G_DEFINE_FINAL_TYPE (LsActionQueue, ls_action_queue, G_TYPE_OBJECT)

static void
ls_action_queue_dispose (GObject *object)
{
  LsActionQueue *self = LS_ACTION_QUEUE (object);

  g_clear_object (&self->agent);
  g_clear_object (&self->store);

  G_OBJECT_CLASS (ls_action_queue_parent_class)->dispose (object);
}

static void
ls_action_queue_class_init (LsActionQueueClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = ls_action_queue_dispose;

  /**
   * LsActionQueue::action-changed:
   * @self: the queue
   * @action: (type gpointer): the #LsAction as it is on disk
   *
   * The status, outcome or reason of an action changed.
   */
  signals[SIGNAL_ACTION_CHANGED] =
      g_signal_new ("action-changed", LS_TYPE_ACTION_QUEUE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                    G_TYPE_NONE, 1, G_TYPE_POINTER);
  /**
   * LsActionQueue::counts-changed:
   * @self: the queue
   *
   * Something in ls_action_queue_get_counts() changed.
   */
  signals[SIGNAL_COUNTS_CHANGED] =
      g_signal_new ("counts-changed", LS_TYPE_ACTION_QUEUE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                    G_TYPE_NONE, 0);
  /**
   * LsActionQueue::sync-completed:
   * @self: the queue
   * @report: (type gpointer): an #LsSyncReport
   *
   * Everything was sent that could be sent.
   */
  signals[SIGNAL_SYNC_COMPLETED] =
      g_signal_new ("sync-completed", LS_TYPE_ACTION_QUEUE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                    G_TYPE_NONE, 1, G_TYPE_POINTER);
  /**
   * LsActionQueue::rows-changed:
   * @self: the queue
   * @entity: an #LsEntity
   * @ids: of the rows
   *
   * What ls_action_queue_lay_over() gives for these rows changed.
   */
  signals[SIGNAL_ROWS_CHANGED] =
      g_signal_new ("rows-changed", LS_TYPE_ACTION_QUEUE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                    G_TYPE_NONE, 2, G_TYPE_INT, G_TYPE_STRV);
}

static void
ls_action_queue_init (LsActionQueue *self)
{
}

/**
 * ls_action_queue_new:
 * @agent: whose user's queue it is
 * @store: where it is kept
 * @transport: what it is sent by
 * @clock: for the time
 * @random: for jitter and ids
 * @editor: works on JSON
 * @config: settings
 *
 * Returns: (transfer full): a queue that opens and closes with the agent's account
 */
LsActionQueue *
ls_action_queue_new (LsAgent *agent,
                     LsQueueStore *store,
                     LsTransport *transport,
                     LsClock *clock,
                     LsRandom *random,
                     const LsDataEditor *editor,
                     const LsQueueConfig *config)
{
  LsActionQueue *self = g_object_new (LS_TYPE_ACTION_QUEUE, NULL);

  self->agent = g_object_ref (agent);
  self->store = g_object_ref (store);
  return self;
}

/**
 * ls_action_queue_set_config:
 * @self: a queue
 * @config: settings
 *
 * Takes new settings.
 */
void
ls_action_queue_set_config (LsActionQueue *self, const LsQueueConfig *config)
{
  g_return_if_fail (LS_IS_ACTION_QUEUE (self));
}

/**
 * ls_action_queue_stop:
 * @self: a queue
 *
 * Sends nothing more, before the program ends.
 */
void
ls_action_queue_stop (LsActionQueue *self)
{
  g_return_if_fail (LS_IS_ACTION_QUEUE (self));
}

/**
 * ls_action_queue_get_counts:
 * @self: a queue
 *
 * Returns: (transfer none): how many actions there are of which kind
 */
const LsQueueCounts *
ls_action_queue_get_counts (LsActionQueue *self)
{
  g_return_val_if_fail (LS_IS_ACTION_QUEUE (self), NULL);

  return &self->counts;
}

/**
 * ls_action_queue_find:
 * @self: a queue
 * @id: of an action
 *
 * Returns: (transfer none) (nullable): the action as it is on disk
 */
const LsAction *
ls_action_queue_find (LsActionQueue *self, const char *id)
{
  g_return_val_if_fail (LS_IS_ACTION_QUEUE (self), NULL);

  return NULL;
}

/**
 * ls_action_queue_list:
 * @self: a queue
 * @statuses: of which, one bit each: `1u << LsActionStatus`; 0: all
 * @entity: (nullable): of which entity
 * @limit: how many at most
 * @after: (nullable): `next` of the page before
 * @next: (out) (transfer full) (nullable): for the next page; %NULL: this was the last
 *
 * Returns: (transfer container) (element-type LsAction): actions as they are on disk, the oldest first
 */
GPtrArray *
ls_action_queue_list (LsActionQueue *self,
                      guint statuses,
                      const char *entity,
                      guint limit,
                      const char *after,
                      char **next)
{
  g_return_val_if_fail (LS_IS_ACTION_QUEUE (self), NULL);

  *next = NULL;
  return g_ptr_array_new ();
}

/**
 * ls_action_queue_get_blocker:
 * @self: a queue
 * @action: one of its actions
 *
 * Returns: (transfer none) (nullable): id of the dead letter or conflict that it waits for
 */
const char *
ls_action_queue_get_blocker (LsActionQueue *self, const LsAction *action)
{
  g_return_val_if_fail (LS_IS_ACTION_QUEUE (self), NULL);

  return NULL;
}

/**
 * ls_action_queue_lay_over:
 * @self: a queue
 * @entity: of the row
 * @id: of the row
 * @row: (nullable): as the cache has it; %NULL: it has none
 *
 * Returns: (transfer full): the row as it will be
 */
LsOverlay *
ls_action_queue_lay_over (LsActionQueue *self, LsEntity entity, const char *id, const char *row)
{
  LsOverlay *overlay = g_new0 (LsOverlay, 1);

  g_return_val_if_fail (LS_IS_ACTION_QUEUE (self), overlay);

  overlay->data = g_strdup (row);
  overlay->pending = g_new0 (char *, 1);
  return overlay;
}

/**
 * ls_action_queue_get_touched:
 * @self: a queue
 * @entity: of which rows
 *
 * Returns: (transfer full) (element-type utf8): ids of the rows that something is laid over
 */
GPtrArray *
ls_action_queue_get_touched (LsActionQueue *self, LsEntity entity)
{
  g_return_val_if_fail (LS_IS_ACTION_QUEUE (self), NULL);

  return g_ptr_array_new_with_free_func (g_free);
}

/* Answers a caller when no queue is open. */
static void
refuse (LsActionQueue *self,
        gpointer tag,
        GCancellable *cancellable,
        GAsyncReadyCallback callback,
        gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, tag);
  g_task_return_new_error (task, LS_ERROR, LS_ERROR_NOT_SIGNED_IN, "no queue is open");
}

/**
 * ls_action_queue_enqueue_async:
 * @self: a queue
 * @draft: what an app asks for
 * @cancellable: (nullable): a cancellable
 * @callback: called when it is on disk
 * @user_data: for @callback
 *
 * Takes an action.
 */
void
ls_action_queue_enqueue_async (LsActionQueue *self,
                               const LsActionDraft *draft,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  g_return_if_fail (LS_IS_ACTION_QUEUE (self));

  refuse (self, ls_action_queue_enqueue_async, cancellable, callback, user_data);
}

/**
 * ls_action_queue_enqueue_finish:
 * @self: a queue
 * @result: what the callback was given
 * @error: %LS_ERROR_INVALID_ARGUMENT, %LS_ERROR_UNKNOWN_ENTITY, %LS_ERROR_QUOTA_EXCEEDED,
 *   %LS_ERROR_CONFLICT: the key is another action's, %LS_ERROR_NOT_SIGNED_IN, %LS_ERROR_STORAGE,
 *   %LS_ERROR_NEWER_STORE
 *
 * Returns: (transfer full) (nullable): its id
 */
char *
ls_action_queue_enqueue_finish (LsActionQueue *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * ls_action_queue_edit_async:
 * @self: a queue
 * @id: of an action
 * @body: JSON object that takes the place of its body
 * @callback: called when that is on disk
 * @user_data: for @callback
 *
 * Changes what is to be sent. What is with the server already gets another action after it.
 */
void
ls_action_queue_edit_async (LsActionQueue *self,
                            const char *id,
                            const char *body,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_return_if_fail (LS_IS_ACTION_QUEUE (self));

  refuse (self, ls_action_queue_edit_async, NULL, callback, user_data);
}

/**
 * ls_action_queue_cancel_async:
 * @self: a queue
 * @id: of an action
 * @callback: called when that is on disk
 * @user_data: for @callback
 *
 * Takes an action back. What is with the server already gets another action after it that undoes it.
 */
void
ls_action_queue_cancel_async (LsActionQueue *self,
                              const char *id,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_return_if_fail (LS_IS_ACTION_QUEUE (self));

  refuse (self, ls_action_queue_cancel_async, NULL, callback, user_data);
}

/**
 * ls_action_queue_retry_async:
 * @self: a queue
 * @id: of a dead letter
 * @callback: called when that is on disk
 * @user_data: for @callback
 *
 * Has it sent again.
 */
void
ls_action_queue_retry_async (LsActionQueue *self,
                             const char *id,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  g_return_if_fail (LS_IS_ACTION_QUEUE (self));

  refuse (self, ls_action_queue_retry_async, NULL, callback, user_data);
}

/**
 * ls_action_queue_discard_async:
 * @self: a queue
 * @id: of a dead letter or a conflict
 * @callback: called when that is on disk
 * @user_data: for @callback
 *
 * Gives it up.
 */
void
ls_action_queue_discard_async (LsActionQueue *self,
                               const char *id,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  g_return_if_fail (LS_IS_ACTION_QUEUE (self));

  refuse (self, ls_action_queue_discard_async, NULL, callback, user_data);
}

/**
 * ls_action_queue_undo_async:
 * @self: a queue
 * @id: of a conflict that was settled in the last 24 h
 * @callback: called when that is on disk
 * @user_data: for @callback
 *
 * Brings the side back that lost, as another action.
 */
void
ls_action_queue_undo_async (LsActionQueue *self,
                            const char *id,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_return_if_fail (LS_IS_ACTION_QUEUE (self));

  refuse (self, ls_action_queue_undo_async, NULL, callback, user_data);
}

/**
 * ls_action_queue_resolve_async:
 * @self: a queue
 * @id: of a conflict
 * @resolution: how to settle it
 * @merged: (nullable): of a merge: the body that is to be sent
 * @server_version: the version at the server that the decision was made on
 * @callback: called when that is on disk
 * @user_data: for @callback
 *
 * Settles a conflict.
 */
void
ls_action_queue_resolve_async (LsActionQueue *self,
                               const char *id,
                               LsResolution resolution,
                               const char *merged,
                               gint64 server_version,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  g_return_if_fail (LS_IS_ACTION_QUEUE (self));

  refuse (self, ls_action_queue_resolve_async, NULL, callback, user_data);
}

/**
 * ls_action_queue_change_finish:
 * @self: a queue
 * @result: what the callback of an edit, a cancel, a retry, a discard, an undo or a resolve was given
 * @error: %LS_ERROR_NOT_FOUND: no such action; %LS_ERROR_CONFLICT: not as it is now;
 *   %LS_ERROR_INVALID_ARGUMENT, %LS_ERROR_QUOTA_EXCEEDED, %LS_ERROR_NOT_SIGNED_IN, %LS_ERROR_STORAGE,
 *   %LS_ERROR_NEWER_STORE
 *
 * Returns: whether it is done
 */
gboolean
ls_action_queue_change_finish (LsActionQueue *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * ls_action_queue_retry_failed_async:
 * @self: a queue
 * @callback: called when that is on disk
 * @user_data: for @callback
 *
 * Has every dead letter sent again.
 */
void
ls_action_queue_retry_failed_async (LsActionQueue *self,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data)
{
  g_return_if_fail (LS_IS_ACTION_QUEUE (self));

  refuse (self, ls_action_queue_retry_failed_async, NULL, callback, user_data);
}

/**
 * ls_action_queue_retry_failed_finish:
 * @self: a queue
 * @result: what the callback was given
 * @error: %LS_ERROR_NOT_SIGNED_IN, %LS_ERROR_STORAGE, %LS_ERROR_NEWER_STORE
 *
 * Returns: how many there were; -1: an error
 */
gssize
ls_action_queue_retry_failed_finish (LsActionQueue *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_int (G_TASK (result), error);
}

/**
 * ls_action_queue_wait_for_async:
 * @self: a queue
 * @id: of an action
 * @until: what to wait for
 * @cancellable: (nullable): a cancellable
 * @callback: called when that is so, or can't be any more
 * @user_data: for @callback
 *
 * Waits for what comes of an action. A dead letter and a conflict end the wait, too.
 */
void
ls_action_queue_wait_for_async (LsActionQueue *self,
                                const char *id,
                                LsWaitUntil until,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  g_return_if_fail (LS_IS_ACTION_QUEUE (self));

  refuse (self, ls_action_queue_wait_for_async, cancellable, callback, user_data);
}

/**
 * ls_action_queue_wait_for_finish:
 * @self: a queue
 * @result: what the callback was given
 * @error: %LS_ERROR_NOT_FOUND, %LS_ERROR_NOT_SIGNED_IN, %LS_ERROR_STORAGE, %LS_ERROR_NEWER_STORE,
 *   %G_IO_ERROR_CANCELLED
 *
 * Returns: (transfer full) (nullable): the action with its outcome
 */
LsAction *
ls_action_queue_wait_for_finish (LsActionQueue *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * ls_action_queue_flush:
 * @self: a queue
 *
 * Sends what can be sent now: drops waits, and probes a server that is let alone, once in 10 s.
 */
void
ls_action_queue_flush (LsActionQueue *self)
{
  g_return_if_fail (LS_IS_ACTION_QUEUE (self));
}
