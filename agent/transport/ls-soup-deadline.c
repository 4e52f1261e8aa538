/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-soup-deadline.h"

struct _LsSoupDeadline
{
  GCancellable *cancellable; /* (owned) */
  GCancellable *outer;       /* (owned) (nullable) */
  gulong outer_id;
  guint timeout_id;
  gboolean has_passed;
};

static gboolean
on_timeout (gpointer user_data)
{
  LsSoupDeadline *self = user_data;

  self->timeout_id = 0;
  self->has_passed = TRUE;
  g_cancellable_cancel (self->cancellable);

  return G_SOURCE_REMOVE;
}

/**
 * ls_soup_deadline_new:
 * @outer: (nullable): the caller's cancellable
 * @duration_ms: how long from now, in milliseconds
 *
 * Returns: (transfer full): a deadline
 */
LsSoupDeadline *
ls_soup_deadline_new (GCancellable *outer, gint64 duration_ms)
{
  LsSoupDeadline *self = g_new0 (LsSoupDeadline, 1);

  self->cancellable = g_cancellable_new ();
  ls_soup_deadline_restart (self, duration_ms);

  /* Not g_cancellable_connect(): what is cancelled may free us from inside the signal, and
   * disconnecting would then wait for itself. */
  if (outer != NULL)
    {
      self->outer = g_object_ref (outer);
      self->outer_id = g_signal_connect_swapped (
          outer, "cancelled", G_CALLBACK (g_cancellable_cancel), self->cancellable);
    }
  if (g_cancellable_is_cancelled (outer))
    g_cancellable_cancel (self->cancellable);

  return self;
}

/**
 * ls_soup_deadline_free:
 * @self: (transfer full): a deadline
 *
 * Forgets it without cancelling anything.
 */
void
ls_soup_deadline_free (LsSoupDeadline *self)
{
  g_clear_handle_id (&self->timeout_id, g_source_remove);
  g_clear_signal_handler (&self->outer_id, self->outer);
  g_clear_object (&self->outer);
  g_clear_object (&self->cancellable);
  g_free (self);
}

/**
 * ls_soup_deadline_restart:
 * @self: a deadline
 * @duration_ms: how long from now, in milliseconds
 *
 * Moves the deadline; one that has passed stays passed.
 */
void
ls_soup_deadline_restart (LsSoupDeadline *self, gint64 duration_ms)
{
  g_return_if_fail (self != NULL);

  g_clear_handle_id (&self->timeout_id, g_source_remove);
  self->timeout_id = g_timeout_add ((guint)CLAMP (duration_ms, 0, G_MAXUINT), on_timeout, self);
}

/**
 * ls_soup_deadline_get_cancellable:
 * @self: a deadline
 *
 * Returns: (transfer none): what to hand to the operation
 */
GCancellable *
ls_soup_deadline_get_cancellable (LsSoupDeadline *self)
{
  return self->cancellable;
}

/**
 * ls_soup_deadline_has_passed:
 * @self: a deadline
 *
 * Returns: whether it was time that cancelled
 */
gboolean
ls_soup_deadline_has_passed (LsSoupDeadline *self)
{
  return self->has_passed;
}
