/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-window.h"

/* An event that is out and not acknowledged. */
typedef struct
{
  guint64 seq;
  gsize size;
} Outstanding;

/**
 * ls_window_clear:
 * @self: a window
 *
 * Frees what it keeps; it is open afterwards.
 */
void
ls_window_clear (LsWindow *self)
{
  g_queue_clear_full (&self->outstanding, g_free);
  self->size = 0;
  self->hinted = FALSE;
}

/**
 * ls_window_has_room:
 * @self: a window
 *
 * Returns: whether it is open
 */
gboolean
ls_window_has_room (const LsWindow *self)
{
  return self->outstanding.length < LS_WINDOW_EVENTS && self->size < LS_WINDOW_SIZE;
}

static void
note (LsWindow *self, const LsEvent *event)
{
  Outstanding *entry;

  /* what is not in the log (presence) can't be acknowledged */
  if (event->seq == 0)
    return;

  entry = g_new (Outstanding, 1);
  *entry = (Outstanding) { event->seq, ls_event_get_size (event) };
  g_queue_push_tail (&self->outstanding, entry);
  self->size += entry->size;
}

/**
 * ls_window_admit:
 * @self: a window
 * @events: (element-type LsEvent): events that are to go out, in order
 *
 * Returns: how many of @events it lets out, from the first on, until it is full; they count as out
 */
guint
ls_window_admit (LsWindow *self, GPtrArray *events)
{
  guint n;

  for (n = 0; n < events->len && ls_window_has_room (self); n++)
    note (self, g_ptr_array_index (events, n));

  return n;
}

/**
 * ls_window_take_hint:
 * @self: a window
 *
 * Returns: whether to tell the app, by an empty batch, that there is more; only of a full window,
 *   and once until it acknowledges
 */
gboolean
ls_window_take_hint (LsWindow *self)
{
  if (self->hinted || ls_window_has_room (self))
    return FALSE;

  self->hinted = TRUE;
  return TRUE;
}

/**
 * ls_window_acknowledge:
 * @self: a window
 * @seq: everything up to this event is dealt with
 *
 * Opens the window again.
 */
void
ls_window_acknowledge (LsWindow *self, guint64 seq)
{
  self->hinted = FALSE;
  while (self->outstanding.head != NULL)
    {
      const Outstanding *oldest = self->outstanding.head->data;

      if (oldest->seq > seq)
        break;

      self->size -= oldest->size;
      g_free (g_queue_pop_head (&self->outstanding));
    }
}
