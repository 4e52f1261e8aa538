/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-last-flush.h"

/* Waiting for a queue to become empty. */
typedef struct
{
  LsClock *clock; /* (owned) */
  gint64 timeout_ms;
  guint alarm; /* 0: not armed */
  gulong counts_changed;
  gulong sync_completed;
  gulong cancelled;
} Drain;

static void
drain_free (gpointer data)
{
  Drain *drain = data;

  g_object_unref (drain->clock);
  g_free (drain);
}

static gboolean
is_drained (LsActionQueue *queue)
{
  const LsQueueCounts *counts = ls_action_queue_get_counts (queue);

  return counts->pending == 0 && counts->in_flight == 0;
}

/* @task: (transfer full): with nothing to undo yet, or with everything */
static void
finish (GTask *task)
{
  g_autoptr (GTask) owned = task;
  LsActionQueue *queue = g_task_get_source_object (task);
  Drain *drain = g_task_get_task_data (task);

  g_clear_signal_handler (&drain->counts_changed, queue);
  g_clear_signal_handler (&drain->sync_completed, queue);
  g_clear_signal_handler (&drain->cancelled, g_task_get_cancellable (task));
  if (drain->alarm != 0)
    ls_clock_remove_alarm (drain->clock, drain->alarm);
  g_task_return_boolean (task, TRUE);
}

static void
alarm_cb (gpointer user_data)
{
  Drain *drain = g_task_get_task_data (user_data);

  drain->alarm = 0;
  finish (user_data);
}

static void
on_queue_counts_changed (LsActionQueue *queue, GTask *task)
{
  if (is_drained (queue))
    finish (task);
}

static void
on_queue_sync_completed (LsActionQueue *queue, const LsSyncReport *report, GTask *task)
{
  if (!report->goes_on)
    finish (task);
}

static void
on_cancelled (GCancellable *cancellable, GTask *task)
{
  finish (task);
}

static void
begin (LsActionQueue *queue, GTask *task)
{
  Drain *drain = g_task_get_task_data (task);

  drain->alarm = ls_clock_add_alarm (drain->clock, LS_CLOCK_MONOTONIC,
                                     ls_clock_get_monotonic (drain->clock) + drain->timeout_ms,
                                     alarm_cb, task);
  drain->cancelled = g_signal_connect (g_task_get_cancellable (task), "cancelled",
                                       G_CALLBACK (on_cancelled), task);
  drain->counts_changed =
      g_signal_connect (queue, "counts-changed", G_CALLBACK (on_queue_counts_changed), task);
  drain->sync_completed =
      g_signal_connect (queue, "sync-completed", G_CALLBACK (on_queue_sync_completed), task);
  ls_action_queue_flush (queue);
}

static void
queue_ready_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  LsActionQueue *queue = LS_ACTION_QUEUE (object);
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  Drain *drain = g_task_get_task_data (task);

  if (!ls_action_queue_ready_finish (queue, result, &error))
    g_task_return_error (task, error);
  else if (drain->timeout_ms <= 0 || is_drained (queue) ||
           g_cancellable_is_cancelled (g_task_get_cancellable (task)))
    finish (g_steal_pointer (&task));
  else
    begin (queue, g_steal_pointer (&task));
}

/**
 * ls_last_flush_async:
 * @queue: a queue
 * @clock: the clock
 * @timeout_ms: how long at most, in milliseconds
 * @cancellable: a cancellable
 * @callback: called when it is done
 * @user_data: for @callback
 *
 * Before a sign-out: has what is in the queue sent now, and waits until everything was sent that can be, also what is
 * tried again.
 */
void
ls_last_flush_async (LsActionQueue *queue,
                     LsClock *clock,
                     gint64 timeout_ms,
                     GCancellable *cancellable,
                     GAsyncReadyCallback callback,
                     gpointer user_data)
{
  GTask *task = g_task_new (queue, cancellable, callback, user_data);
  Drain *drain = g_new0 (Drain, 1);

  g_task_set_source_tag (task, ls_last_flush_async);
  g_task_set_task_data (task, drain, drain_free);
  drain->clock = g_object_ref (clock);
  drain->timeout_ms = timeout_ms;
  ls_action_queue_ready_async (queue, FALSE, queue_ready_cb, task);
}

/**
 * ls_last_flush_finish:
 * @queue: a queue
 * @result: what the callback was given
 * @error: %G_IO_ERROR_CANCELLED; %LS_ERROR_NOT_SIGNED_IN, %LS_ERROR_STORAGE, %LS_ERROR_NEWER_STORE: nobody
 *   knows what is in the queue
 *
 * Returns: whether it was tried; not all that there was need have been sent
 */
gboolean
ls_last_flush_finish (LsActionQueue *queue, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
