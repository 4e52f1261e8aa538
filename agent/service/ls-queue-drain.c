/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-queue-drain.h"

/* Waiting for a queue to become empty. */
typedef struct
{
  LsClock *clock; /* (owned) */
  guint alarm;    /* 0: not armed */
  gulong counts_changed;
  gulong sync_completed;
  gulong cancelled; /* 0: it was cancelled before it began */
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

/* @task: (transfer full) */
static void
finish (GTask *task)
{
  g_autoptr (GTask) owned = task;
  LsActionQueue *queue = g_task_get_source_object (task);
  Drain *drain = g_task_get_task_data (task);

  g_clear_signal_handler (&drain->counts_changed, queue);
  g_clear_signal_handler (&drain->sync_completed, queue);
  if (drain->cancelled != 0)
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
  finish (task);
}

static void
on_cancelled (GCancellable *cancellable, GTask *task)
{
  finish (task);
}

/**
 * ls_queue_drain_async:
 * @queue: a queue
 * @clock: the clock
 * @timeout_ms: how long at most, in milliseconds
 * @cancellable: a cancellable
 * @callback: called when it is done
 * @user_data: for @callback
 *
 * Has what is in the queue sent now, and waits until everything was sent that can be.
 */
void
ls_queue_drain_async (LsActionQueue *queue,
                      LsClock *clock,
                      gint64 timeout_ms,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer user_data)
{
  GTask *task = g_task_new (queue, cancellable, callback, user_data);
  Drain *drain = g_new0 (Drain, 1);

  g_task_set_source_tag (task, ls_queue_drain_async);
  g_task_set_task_data (task, drain, drain_free);
  drain->clock = g_object_ref (clock);
  if (timeout_ms <= 0 || is_drained (queue) || g_cancellable_is_cancelled (cancellable))
    {
      finish (task);
      return;
    }

  drain->alarm = ls_clock_add_alarm (clock, LS_CLOCK_MONOTONIC,
                                     ls_clock_get_monotonic (clock) + timeout_ms, alarm_cb, task);
  drain->cancelled = g_signal_connect (cancellable, "cancelled", G_CALLBACK (on_cancelled), task);
  ls_action_queue_flush (queue);
  /* Only now: what was sent before may be the end of a drain, too. */
  drain->counts_changed =
      g_signal_connect (queue, "counts-changed", G_CALLBACK (on_queue_counts_changed), task);
  drain->sync_completed =
      g_signal_connect (queue, "sync-completed", G_CALLBACK (on_queue_sync_completed), task);
}

/**
 * ls_queue_drain_finish:
 * @queue: a queue
 * @result: what the callback was given
 * @error: %G_IO_ERROR_CANCELLED
 *
 * Returns: whether it was done, if not necessarily all that there was
 */
gboolean
ls_queue_drain_finish (LsActionQueue *queue, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
