/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-subscriber.h"

/* An event that is out and not acknowledged. */
typedef struct
{
  guint64 seq;
  gsize size;
} Outstanding;

/**
 * LsSubscriber:
 *
 * One app's place in the local log: which events it wants, up to where it has them, and how much of
 * that it has not acknowledged. Decides what goes into the next batch; whoever owns it delivers.
 */
struct _LsSubscriber
{
  GObject parent_instance;

  gboolean *types;    /* (owned): indexed by LsEventType */
  GHashTable *filter; /* (owned) (nullable) */
  LsDataMatcher matcher;
  guint64 position; /* everything up to here has been delivered or does not match */
  guint64 acknowledged;
  GQueue outstanding; /* (element-type Outstanding) (owned), oldest first */
  gsize outstanding_size;
  gboolean hinted;
};

G_DEFINE_FINAL_TYPE (LsSubscriber, ls_subscriber, G_TYPE_OBJECT)

static void
ls_subscriber_finalize (GObject *object)
{
  LsSubscriber *self = LS_SUBSCRIBER (object);

  g_free (self->types);
  g_clear_pointer (&self->filter, g_hash_table_unref);
  g_queue_clear_full (&self->outstanding, g_free);

  G_OBJECT_CLASS (ls_subscriber_parent_class)->finalize (object);
}

static void
ls_subscriber_class_init (LsSubscriberClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ls_subscriber_finalize;
}

static void
ls_subscriber_init (LsSubscriber *self)
{
  g_queue_init (&self->outstanding);
}

static gboolean
wants (LsSubscriber *self, const LsEvent *event)
{
  if (!self->types[event->type])
    return FALSE;

  return self->filter == NULL || self->matcher (event->data, self->filter);
}

static gboolean
fits (LsSubscriber *self, guint n_batch, gsize batch_size, gsize size)
{
  if (n_batch > 0 && (n_batch >= LS_BATCH_EVENTS || batch_size + size > LS_BATCH_SIZE))
    return FALSE;

  return ls_subscriber_has_room (self);
}

static void
note_outstanding (LsSubscriber *self, guint64 seq, gsize size)
{
  Outstanding *entry;

  /* what is not in the log (presence) can't be acknowledged */
  if (seq == 0)
    return;

  entry = g_new (Outstanding, 1);
  *entry = (Outstanding) { seq, size };
  g_queue_push_tail (&self->outstanding, entry);
  self->outstanding_size += size;
  self->position = seq;
}

/**
 * ls_subscriber_new:
 * @types: (array): which event types, indexed by #LsEventType
 * @filter: (nullable): for @matcher; a reference is taken
 * @matcher: (nullable): used if there is a @filter
 * @after_seq: start after this event
 *
 * Returns: (transfer full): a subscriber with nothing outstanding
 */
LsSubscriber *
ls_subscriber_new (const gboolean *types,
                   GHashTable *filter,
                   LsDataMatcher matcher,
                   guint64 after_seq)
{
  LsSubscriber *self;

  g_return_val_if_fail (types != NULL, NULL);
  g_return_val_if_fail (filter == NULL || matcher != NULL, NULL);

  self = g_object_new (LS_TYPE_SUBSCRIBER, NULL);
  self->types = g_memdup2 (types, sizeof (gboolean) * ls_event_type_get_count ());
  self->filter = filter != NULL ? g_hash_table_ref (filter) : NULL;
  self->matcher = matcher;
  self->position = after_seq;
  self->acknowledged = after_seq;
  return self;
}

/**
 * ls_subscriber_get_types:
 * @self: a subscriber
 *
 * Returns: (transfer none) (array): which event types it wants, indexed by #LsEventType
 */
const gboolean *
ls_subscriber_get_types (LsSubscriber *self)
{
  g_return_val_if_fail (LS_IS_SUBSCRIBER (self), NULL);

  return self->types;
}

/**
 * ls_subscriber_get_position:
 * @self: a subscriber
 *
 * Returns: the `seq` up to which it has everything
 */
guint64
ls_subscriber_get_position (LsSubscriber *self)
{
  g_return_val_if_fail (LS_IS_SUBSCRIBER (self), 0);

  return self->position;
}

/**
 * ls_subscriber_get_acknowledged:
 * @self: a subscriber
 *
 * Returns: the `seq` that it last acknowledged
 */
guint64
ls_subscriber_get_acknowledged (LsSubscriber *self)
{
  g_return_val_if_fail (LS_IS_SUBSCRIBER (self), 0);

  return self->acknowledged;
}

/**
 * ls_subscriber_has_room:
 * @self: a subscriber
 *
 * Returns: whether its window is open
 */
gboolean
ls_subscriber_has_room (LsSubscriber *self)
{
  g_return_val_if_fail (LS_IS_SUBSCRIBER (self), FALSE);

  return self->outstanding.length < LS_WINDOW_EVENTS && self->outstanding_size < LS_WINDOW_SIZE;
}

/**
 * ls_subscriber_offer:
 * @self: a subscriber
 * @events: (element-type LsEvent): the log after its position, in order
 * @up_to_seq: how far @events look at the log, also past the last of them
 *
 * Takes what it wants of @events for one batch. If all of them were looked at, its position is
 * @up_to_seq afterwards; if not (ls_subscriber_get_position() tells), offer the rest again.
 *
 * Returns: (transfer full) (element-type LsEvent): the batch; may be empty
 */
GPtrArray *
ls_subscriber_offer (LsSubscriber *self, GPtrArray *events, guint64 up_to_seq)
{
  g_autoptr (GPtrArray) batch = ls_event_array_new ();
  gsize batch_size = 0;

  g_return_val_if_fail (LS_IS_SUBSCRIBER (self), NULL);

  for (guint i = 0; i < events->len; i++)
    {
      LsEvent *event = g_ptr_array_index (events, i);
      gsize size = ls_event_get_size (event);

      if ((event->seq != 0 && event->seq <= self->position) || !wants (self, event))
        continue;
      if (!fits (self, batch->len, batch_size, size))
        return g_steal_pointer (&batch);

      g_ptr_array_add (batch, ls_event_ref (event));
      batch_size += size;
      note_outstanding (self, event->seq, size);
    }

  self->position = MAX (self->position, up_to_seq);
  return g_steal_pointer (&batch);
}

/**
 * ls_subscriber_take_hint:
 * @self: a subscriber whose window is full
 *
 * Returns: whether to tell it, by an empty batch, that there is more; once until it acknowledges
 */
gboolean
ls_subscriber_take_hint (LsSubscriber *self)
{
  g_return_val_if_fail (LS_IS_SUBSCRIBER (self), FALSE);

  if (self->hinted || ls_subscriber_has_room (self))
    return FALSE;

  self->hinted = TRUE;
  return TRUE;
}

/**
 * ls_subscriber_acknowledge:
 * @self: a subscriber
 * @seq: everything up to this event is dealt with; one that it never got is taken as the last it
 *   did get
 *
 * Opens the window again.
 */
void
ls_subscriber_acknowledge (LsSubscriber *self, guint64 seq)
{
  g_return_if_fail (LS_IS_SUBSCRIBER (self));

  seq = MIN (seq, self->position);
  self->acknowledged = MAX (self->acknowledged, seq);
  self->hinted = FALSE;
  while (self->outstanding.head != NULL)
    {
      Outstanding *oldest = self->outstanding.head->data;

      if (oldest->seq > seq)
        break;

      self->outstanding_size -= oldest->size;
      g_free (g_queue_pop_head (&self->outstanding));
    }
}
