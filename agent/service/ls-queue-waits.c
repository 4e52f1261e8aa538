/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-queue-waits.h"

#include "ls-error.h"
#include "ls-invocation.h"

/**
 * LsQueueWaits:
 *
 * Calls that wait for the outcome of an action: each ends with the outcome, after its time, when its
 * caller leaves the bus, or with the service.
 */
struct _LsQueueWaits
{
  GObject parent_instance;

  LsActionQueue *queue; /* (owned) */
  LsCallers *callers;   /* (owned) */
  LsClock *clock;       /* (owned) */
  LsQueueWaitFunc func;
  gpointer service;  /* (unowned): it owns us */
  GHashTable *waits; /* (owned) (element-type Wait): a set */
};

G_DEFINE_FINAL_TYPE (LsQueueWaits, ls_queue_waits, G_TYPE_OBJECT)

typedef struct
{
  LsQueueWaits *owner;               /* (unowned): lives as long as the service */
  gpointer service;                  /* (owned) */
  GDBusMethodInvocation *invocation; /* (owned) by the answer */
  GCancellable *cancellable;         /* (owned) */
  guint alarm;                       /* 0: there is no end to its patience, or that is over */
  gboolean timed_out;
} Wait;

static void
wait_free (Wait *wait)
{
  if (wait->alarm != 0)
    ls_clock_remove_alarm (wait->owner->clock, wait->alarm);
  g_object_unref (wait->cancellable);
  g_object_unref (wait->service);
  g_free (wait);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Wait, wait_free)

static void
ls_queue_waits_finalize (GObject *object)
{
  LsQueueWaits *self = LS_QUEUE_WAITS (object);

  g_hash_table_unref (self->waits);
  g_clear_object (&self->queue);
  g_clear_object (&self->callers);
  g_clear_object (&self->clock);

  G_OBJECT_CLASS (ls_queue_waits_parent_class)->finalize (object);
}

static void
ls_queue_waits_class_init (LsQueueWaitsClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ls_queue_waits_finalize;
}

static void
ls_queue_waits_init (LsQueueWaits *self)
{
  self->waits = g_hash_table_new (NULL, NULL);
}

/* @sender: (nullable): whose; %NULL: all. A cancelled wait answers, and goes, when the main loop runs. */
static void
cancel_waits (LsQueueWaits *self, const char *sender)
{
  g_autoptr (GList) waits = g_hash_table_get_keys (self->waits);

  for (GList *link = waits; link != NULL; link = link->next)
    {
      Wait *wait = link->data;

      if (sender == NULL ||
          g_str_equal (g_dbus_method_invocation_get_sender (wait->invocation), sender))
        g_cancellable_cancel (wait->cancellable);
    }
}

static void
on_callers_vanished (LsCallers *callers, const char *sender, LsQueueWaits *self)
{
  cancel_waits (self, sender);
}

static void
alarm_cb (gpointer user_data)
{
  Wait *wait = user_data;

  wait->alarm = 0;
  wait->timed_out = TRUE;
  g_cancellable_cancel (wait->cancellable);
}

static void
wait_for_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Wait) wait = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (LsAction) action =
      ls_action_queue_wait_for_finish (LS_ACTION_QUEUE (object), result, &error);

  g_hash_table_remove (wait->owner->waits, wait);
  if (action != NULL)
    wait->owner->func (wait->invocation, action, wait->service);
  else if (wait->timed_out)
    g_dbus_method_invocation_return_error (wait->invocation, LS_ERROR, LS_ERROR_TIMEOUT,
                                           "nothing has come of it yet");
  else
    ls_invocation_return_error (wait->invocation, error);
}

/**
 * ls_queue_waits_new:
 * @queue: where the actions are
 * @callers: keep count of who waits
 * @clock: the clock
 * @func: answers
 * @service: (type GObject): for @func; owns the waits, and stays as long as there are any
 *
 * Returns: (transfer full): no waits yet
 */
LsQueueWaits *
ls_queue_waits_new (LsActionQueue *queue,
                    LsCallers *callers,
                    LsClock *clock,
                    LsQueueWaitFunc func,
                    gpointer service)
{
  LsQueueWaits *self = g_object_new (LS_TYPE_QUEUE_WAITS, NULL);

  self->queue = g_object_ref (queue);
  self->callers = g_object_ref (callers);
  self->clock = g_object_ref (clock);
  self->func = func;
  self->service = service;
  g_signal_connect_object (callers, "vanished", G_CALLBACK (on_callers_vanished), self, 0);
  return self;
}

/**
 * ls_queue_waits_add:
 * @self: the waits
 * @invocation: (transfer full): a call
 * @id: of the action that it waits for
 * @until: what for
 * @timeout_ms: how long, in milliseconds; 0: as long as it takes
 *
 * Lets it wait, or answers with an error at once if its caller waits for too much already.
 */
void
ls_queue_waits_add (LsQueueWaits *self,
                    GDBusMethodInvocation *invocation,
                    const char *id,
                    LsWaitUntil until,
                    gint64 timeout_ms)
{
  g_autoptr (GError) error = NULL;
  Wait *wait;

  g_return_if_fail (LS_IS_QUEUE_WAITS (self));

  if (!ls_callers_begin_wait (self->callers, invocation, &error))
    {
      ls_invocation_return_error (invocation, error);
      return;
    }

  wait = g_new0 (Wait, 1);
  wait->owner = self;
  wait->service = g_object_ref (self->service);
  wait->invocation = invocation;
  wait->cancellable = g_cancellable_new ();
  if (timeout_ms > 0)
    wait->alarm =
        ls_clock_add_alarm (self->clock, LS_CLOCK_MONOTONIC,
                            ls_clock_get_monotonic (self->clock) + timeout_ms, alarm_cb, wait);
  g_hash_table_add (self->waits, wait);
  ls_action_queue_wait_for_async (self->queue, id, until, wait->cancellable, wait_for_cb, wait);
}

/**
 * ls_queue_waits_close:
 * @self: the waits
 *
 * Ends all of them with `Cancelled`.
 */
void
ls_queue_waits_close (LsQueueWaits *self)
{
  g_return_if_fail (LS_IS_QUEUE_WAITS (self));

  cancel_waits (self, NULL);
}
