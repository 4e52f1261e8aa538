/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-subscriber.h"

/**
 * LsSubscriber:
 *
 * One app's place in the local log: which events it wants, up to where it has them, and up to where
 * it has dealt with them. Whoever owns it delivers.
 */
struct _LsSubscriber
{
  GObject parent_instance;

  gboolean *types;    /* (owned): indexed by LsEventType */
  GHashTable *filter; /* (owned) (nullable) */
  LsDataMatcher matcher;
  guint64 position; /* everything up to here has been delivered or does not match */
  guint64 acknowledged;
};

G_DEFINE_FINAL_TYPE (LsSubscriber, ls_subscriber, G_TYPE_OBJECT)

static void
ls_subscriber_finalize (GObject *object)
{
  LsSubscriber *self = LS_SUBSCRIBER (object);

  g_free (self->types);
  g_clear_pointer (&self->filter, g_hash_table_unref);

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
}

/**
 * ls_subscriber_new:
 * @types: (array): which event types, indexed by #LsEventType
 * @filter: (nullable): for @matcher; a reference is taken
 * @matcher: (nullable): used if there is a @filter
 * @after_seq: start after this event
 *
 * Returns: (transfer full): a subscriber that has everything up to @after_seq
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

/* Whether it wants @event and does not have it; what is not in the log (presence) is always new. */
static gboolean
lacks (LsSubscriber *self, const LsEvent *event)
{
  if ((event->seq != 0 && event->seq <= self->position) || !self->types[event->type])
    return FALSE;

  return self->filter == NULL || self->matcher (event->data, self->filter);
}

/**
 * ls_subscriber_select:
 * @self: a subscriber
 * @events: (element-type LsEvent): a piece of the log, in order
 *
 * Changes nothing: what was delivered of it is told by ls_subscriber_advance().
 *
 * Returns: (transfer full) (element-type LsEvent): what it wants of @events and does not have yet;
 *   @events itself if that is all of them
 */
GPtrArray *
ls_subscriber_select (LsSubscriber *self, GPtrArray *events)
{
  GPtrArray *selected;
  guint n = 0;

  g_return_val_if_fail (LS_IS_SUBSCRIBER (self), NULL);

  while (n < events->len && lacks (self, g_ptr_array_index (events, n)))
    n++;
  if (n == events->len)
    return g_ptr_array_ref (events);

  selected = ls_event_array_new ();
  for (guint i = 0; i < events->len; i++)
    {
      LsEvent *event = g_ptr_array_index (events, i);

      if (i < n || (i > n && lacks (self, event)))
        g_ptr_array_add (selected, ls_event_ref (event));
    }
  return selected;
}

/**
 * ls_subscriber_advance:
 * @self: a subscriber
 * @seq: it has everything up to here
 *
 * Moves it on, never back.
 */
void
ls_subscriber_advance (LsSubscriber *self, guint64 seq)
{
  g_return_if_fail (LS_IS_SUBSCRIBER (self));

  self->position = MAX (self->position, seq);
}

/**
 * ls_subscriber_acknowledge:
 * @self: a subscriber
 * @seq: everything up to this event is dealt with; one that it never got is taken as the last it
 *   did get
 *
 * Returns: what that makes of @seq
 */
guint64
ls_subscriber_acknowledge (LsSubscriber *self, guint64 seq)
{
  g_return_val_if_fail (LS_IS_SUBSCRIBER (self), 0);

  seq = MIN (seq, self->position);
  self->acknowledged = MAX (self->acknowledged, seq);
  return seq;
}
