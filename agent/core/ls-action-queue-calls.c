/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What callers want of the queue, one task each. */
#include "ls-action-queue-private.h"

static void
job_free (gpointer data)
{
  LsQueueJob *job = data;

  g_clear_pointer (&job->action, ls_action_free);
  g_free (job->id);
  g_free (job->body);
  g_free (job);
}

static void
give_success (GTask *task, LsQueueCommand *command)
{
  g_task_return_boolean (task, TRUE);
}

static void
give_id (GTask *task, LsQueueCommand *command)
{
  g_task_return_pointer (task, g_steal_pointer (&command->id), g_free);
}

static void
give_number (GTask *task, LsQueueCommand *command)
{
  g_task_return_int (task, command->number);
}

static GTask *
task_new (LsActionQueue *self,
          LsQueueJobFunc func,
          gpointer tag,
          GCancellable *cancellable,
          GAsyncReadyCallback callback,
          gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);
  LsQueueJob *job = g_new0 (LsQueueJob, 1);

  g_task_set_source_tag (task, tag);
  job->func = func;
  job->give = give_success;
  g_task_set_task_data (task, job, job_free);
  return task;
}

/* A task about the action @id. */
static GTask *
task_new_about (LsActionQueue *self,
                const char *id,
                LsQueueJobFunc func,
                gpointer tag,
                GAsyncReadyCallback callback,
                gpointer user_data)
{
  GTask *task = task_new (self, func, tag, NULL, callback, user_data);
  LsQueueJob *job = g_task_get_task_data (task);

  job->id = g_strdup (id);
  return task;
}

static void
start_ready (LsActionQueue *self, GTask *task, LsQueueJob *job)
{
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

/**
 * ls_action_queue_ready_async:
 * @self: a queue
 * @try_again: to open it, if it could not be opened before
 * @callback: called when it is open, or can't be
 * @user_data: for @callback
 *
 * Waits until reading tells something: a queue that is not open looks like an empty one.
 */
void
ls_action_queue_ready_async (LsActionQueue *self,
                             gboolean try_again,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  GTask *task;
  LsQueueJob *job;

  g_return_if_fail (LS_IS_ACTION_QUEUE (self));

  task = task_new (self, start_ready, ls_action_queue_ready_async, NULL, callback, user_data);
  job = g_task_get_task_data (task);
  job->was_tried = !try_again;
  ls_action_queue_submit (self, task);
}

/**
 * ls_action_queue_ready_finish:
 * @self: a queue
 * @result: what the callback was given
 * @error: %LS_ERROR_NOT_SIGNED_IN, %LS_ERROR_STORAGE, %LS_ERROR_NEWER_STORE
 *
 * Returns: whether it is open
 */
gboolean
ls_action_queue_ready_finish (LsActionQueue *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Hands a row of the cache to the queue, for a new action to be made from. */
static void
start_with_row (LsActionQueue *self, GTask *task, const LsRow *row)
{
  LsQueueJob *job = g_task_get_task_data (task);

  if (self->queue == NULL || job->generation != self->generation)
    {
      g_task_return_new_error (task, LS_ERROR, LS_ERROR_NOT_SIGNED_IN, "the queue is closed");
      g_object_unref (task);
      return;
    }

  if (job->action != NULL)
    ls_queue_enqueue (self->queue, g_steal_pointer (&job->action), row, task);
  else
    ls_queue_undo (self->queue, job->id, row, task);
  ls_action_queue_run (self);
}

static void
store_get_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LsRow) row = ls_store_get_finish (LS_STORE (object), result, &error);
  g_autoptr (GTask) task = user_data;
  LsActionQueue *self = g_task_get_source_object (task);

  self->n_reads--;
  if (row == NULL && !g_error_matches (error, LS_ERROR, LS_ERROR_NOT_FOUND))
    g_task_return_error (task, g_steal_pointer (&error));
  else
    start_with_row (self, g_steal_pointer (&task), row);
}

static void
start_about_row (LsActionQueue *self, GTask *task, const LsAction *action)
{
  LsEntity entity = ls_entity_from_string (action->entity);
  LsQueueJob *job = g_task_get_task_data (task);

  job->generation = self->generation;
  if (entity == LS_ENTITY_INVALID)
    {
      start_with_row (self, task, NULL);
      return;
    }

  self->n_reads++;
  ls_store_get_async (ls_agent_get_store (self->agent), entity, action->entity_id, store_get_cb,
                      task);
}

/* A new row is made from nothing that the cache has. While others wait for theirs it waits with them, so that the
 * actions of one row stay in their order. */
static void
start_enqueue (LsActionQueue *self, GTask *task, LsQueueJob *job)
{
  job->give = give_id;
  job->generation = self->generation;
  if (job->action->type == LS_ACTION_CREATE && self->n_reads == 0)
    start_with_row (self, task, NULL);
  else
    start_about_row (self, task, job->action);
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
  g_autoptr (GError) error = NULL;
  g_autoptr (GTask) task = NULL;
  LsQueueJob *job;

  g_return_if_fail (LS_IS_ACTION_QUEUE (self));

  task = task_new (self, start_enqueue, ls_action_queue_enqueue_async, cancellable, callback,
                   user_data);
  job = g_task_get_task_data (task);
  job->action = ls_action_draft_make (draft, &self->editor, self->random,
                                      ls_clock_get_wall (self->clock), &error);
  if (job->action != NULL)
    ls_action_queue_submit (self, g_steal_pointer (&task));
  else
    g_task_return_error (task, g_steal_pointer (&error));
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

static void
start_edit (LsActionQueue *self, GTask *task, LsQueueJob *job)
{
  ls_queue_edit (self->queue, job->id, job->body, task);
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
  GTask *task;
  LsQueueJob *job;

  g_return_if_fail (LS_IS_ACTION_QUEUE (self));

  task = task_new_about (self, id, start_edit, ls_action_queue_edit_async, callback, user_data);
  job = g_task_get_task_data (task);
  job->body = g_strdup (body);
  ls_action_queue_submit (self, task);
}

static void
start_cancel (LsActionQueue *self, GTask *task, LsQueueJob *job)
{
  ls_queue_cancel (self->queue, job->id, task);
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
  GTask *task;

  g_return_if_fail (LS_IS_ACTION_QUEUE (self));

  task = task_new_about (self, id, start_cancel, ls_action_queue_cancel_async, callback, user_data);
  ls_action_queue_submit (self, task);
}

static void
start_retry (LsActionQueue *self, GTask *task, LsQueueJob *job)
{
  ls_queue_retry (self->queue, job->id, task);
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
  GTask *task;

  g_return_if_fail (LS_IS_ACTION_QUEUE (self));

  task = task_new_about (self, id, start_retry, ls_action_queue_retry_async, callback, user_data);
  ls_action_queue_submit (self, task);
}

static void
start_discard (LsActionQueue *self, GTask *task, LsQueueJob *job)
{
  ls_queue_discard (self->queue, job->id, task);
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
  GTask *task;

  g_return_if_fail (LS_IS_ACTION_QUEUE (self));

  task =
      task_new_about (self, id, start_discard, ls_action_queue_discard_async, callback, user_data);
  ls_action_queue_submit (self, task);
}

static void
start_undo (LsActionQueue *self, GTask *task, LsQueueJob *job)
{
  const LsAction *action = ls_queue_find (self->queue, job->id);

  if (action != NULL)
    start_about_row (self, task, action);
  else
    ls_queue_undo (self->queue, job->id, NULL, task);
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

  ls_action_queue_submit (
      self, task_new_about (self, id, start_undo, ls_action_queue_undo_async, callback, user_data));
}

static void
start_resolve (LsActionQueue *self, GTask *task, LsQueueJob *job)
{
  ls_queue_resolve (self->queue, job->id, job->resolution, job->body, job->server_version, task);
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
  GTask *task;
  LsQueueJob *job;

  g_return_if_fail (LS_IS_ACTION_QUEUE (self));

  task =
      task_new_about (self, id, start_resolve, ls_action_queue_resolve_async, callback, user_data);
  job = g_task_get_task_data (task);
  job->resolution = resolution;
  job->body = g_strdup (merged);
  job->server_version = server_version;
  ls_action_queue_submit (self, task);
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

static void
start_retry_failed (LsActionQueue *self, GTask *task, LsQueueJob *job)
{
  job->give = give_number;
  ls_queue_retry_failed (self->queue, task);
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

  ls_action_queue_submit (self,
                          task_new (self, start_retry_failed, ls_action_queue_retry_failed_async,
                                    NULL, callback, user_data));
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

static gboolean
is_waited_for (const LsAction *action, LsWaitUntil until)
{
  if (action->status == LS_ACTION_COMPLETED && until == LS_WAIT_UNTIL_VISIBLE)
    return action->visible;

  return action->outcome != LS_OUTCOME_NONE;
}

/* Whether there is nothing (more) to wait for: then the job has what came of it. */
static gboolean
take_what_came (LsActionQueue *self, GTask *task)
{
  LsQueueJob *job = g_task_get_task_data (task);
  const LsAction *action = ls_queue_find (self->queue, job->id);

  if (action != NULL && !is_waited_for (action, job->until))
    return FALSE;

  g_clear_signal_handler (&job->cancelled_id, g_task_get_cancellable (task));
  job->action = action != NULL ? ls_action_copy (action) : NULL;
  return TRUE;
}

static void
answer_watcher (GTask *task)
{
  LsQueueJob *job = g_task_get_task_data (task);

  if (job->action == NULL)
    g_task_return_new_error (task, LS_ERROR, LS_ERROR_NOT_FOUND, "no such action");
  else
    g_task_return_pointer (task, g_steal_pointer (&job->action), (GDestroyNotify)ls_action_free);
}

/**
 * ls_action_queue_check_watchers:
 * @self: a queue
 *
 * Answers those who waited for what has come. Whoever is answered may wait again, stop others from waiting, or sign
 * out: none of them waits any more by then.
 */
void
ls_action_queue_check_watchers (LsActionQueue *self)
{
  g_autoptr (GPtrArray) answered = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = self->watchers->len; self->queue != NULL && i > 0; i--)
    if (take_what_came (self, self->watchers->pdata[i - 1]))
      g_ptr_array_add (answered, g_ptr_array_steal_index_fast (self->watchers, i - 1));
  for (guint i = 0; i < answered->len; i++)
    answer_watcher (answered->pdata[i]);
}

static void
on_watcher_cancelled (GCancellable *cancellable, GTask *task)
{
  g_autoptr (GTask) owned = g_object_ref (task);
  LsActionQueue *self = g_task_get_source_object (task);
  LsQueueJob *job = g_task_get_task_data (task);

  job->cancelled_id = 0;
  g_ptr_array_remove_fast (self->watchers, task);
  g_task_return_error_if_cancelled (task);
}

static void
start_wait_for (LsActionQueue *self, GTask *task, LsQueueJob *job)
{
  GCancellable *cancellable = g_task_get_cancellable (task);
  g_autoptr (GTask) owned = task;

  if (g_task_return_error_if_cancelled (task))
    return;
  if (take_what_came (self, task))
    {
      answer_watcher (task);
      return;
    }

  if (cancellable != NULL)
    job->cancelled_id =
        g_signal_connect (cancellable, "cancelled", G_CALLBACK (on_watcher_cancelled), task);
  g_ptr_array_add (self->watchers, g_steal_pointer (&owned));
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
  GTask *task;
  LsQueueJob *job;

  g_return_if_fail (LS_IS_ACTION_QUEUE (self));

  task = task_new (self, start_wait_for, ls_action_queue_wait_for_async, cancellable, callback,
                   user_data);
  job = g_task_get_task_data (task);
  job->id = g_strdup (id);
  job->until = until;
  ls_action_queue_submit (self, task);
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
