/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-batch.h"

#include <string.h>

/* What stands around an event in an answer, rounded up; an id, which is at most 64 characters long,
 * an action's id and the names of the members. */
#define EVENT_OVERHEAD 512

/**
 * ls_batch_new:
 * @wanted_events: how many events it may have, unless one transaction alone has more
 * @wanted_size: how many bytes of them, the same
 *
 * Returns: (transfer full): an empty batch
 */
LsBatch *
ls_batch_new (guint wanted_events, gsize wanted_size)
{
  LsBatch *self = g_new0 (LsBatch, 1);

  self->events = ls_event_array_new ();
  self->wanted_events = wanted_events;
  self->wanted_size = wanted_size;
  self->transaction = -1;
  return self;
}

/**
 * ls_batch_free:
 * @self: (transfer full): a batch
 *
 * Frees it.
 */
void
ls_batch_free (LsBatch *self)
{
  g_ptr_array_unref (self->events);
  g_free (self);
}

/**
 * ls_batch_end_whole:
 * @self: a batch
 *
 * Takes back what is in of the last transaction, because the rest of it does not come.
 *
 * Returns: whether anything is left; if not, nothing was taken back either
 */
gboolean
ls_batch_end_whole (LsBatch *self)
{
  if (self->n_whole == 0)
    return FALSE;

  g_ptr_array_set_size (self->events, (int)self->n_whole);
  self->offset = self->transaction;
  return TRUE;
}

static gboolean
has_room (LsBatch *self, gsize size, guint max_events, gsize max_size)
{
  return self->events->len == 0 ||
         (self->events->len < max_events && self->size + size <= max_size);
}

static LsBatchVerdict
add_event (LsBatch *self, LsEvent *event)
{
  gsize size = strlen (event->data) + EVENT_OVERHEAD;

  if (!has_room (self, size, self->wanted_events, self->wanted_size) && ls_batch_end_whole (self))
    return LS_BATCH_FULL;
  if (!has_room (self, size, LS_BATCH_MAX_EVENTS, LS_BATCH_MAX_SIZE))
    return LS_BATCH_CUT;

  self->size += size;
  g_ptr_array_add (self->events, ls_event_ref (event));
  return LS_BATCH_TAKEN;
}

/**
 * ls_batch_add:
 * @self: a batch
 * @entry: the next entry of the log
 * @event: (nullable): what is to be told of it; %NULL: nothing
 *
 * Adds an entry; to be called until it says no.
 *
 * Returns: whether it is in
 */
LsBatchVerdict
ls_batch_add (LsBatch *self, const LsLogEntry *entry, LsEvent *event)
{
  LsBatchVerdict verdict;

  if (ls_log_entry_get_transaction (entry) != self->transaction)
    {
      self->n_whole = self->events->len;
      self->transaction = ls_log_entry_get_transaction (entry);
    }

  verdict = event != NULL ? add_event (self, event) : LS_BATCH_TAKEN;
  if (verdict == LS_BATCH_TAKEN)
    self->offset = ls_log_entry_get_offset (entry);
  return verdict;
}
