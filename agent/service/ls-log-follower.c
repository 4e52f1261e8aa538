/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-log-follower.h"

/**
 * LsLogFollower:
 *
 * Follows the log for one subscription: hands what its #LsSubscriber wants to its #LsDelivery, from
 * the subscriber's place on and as long as the delivery has room. While the subscriber is level with
 * the log, committed events go straight to it; else the log is read page by page, from memory while
 * it is not far behind. Nothing is kept for who is behind but the place.
 */
struct _LsLogFollower
{
  GObject parent_instance;

  LsAgent *agent;           /* (owned) */
  LsLogReader *reader;      /* (owned) */
  LsSubscriber *subscriber; /* (owned) */
  LsDelivery *delivery;     /* (owned) (nullable): %NULL once it is stopped */
  gboolean level;           /* with the log */
  gboolean holding;         /* see ls_log_reader_hold() */
  gboolean reading;
  gboolean failing; /* the log could not be read, and the app knows */
};

G_DEFINE_FINAL_TYPE (LsLogFollower, ls_log_follower, G_TYPE_OBJECT)

static void
ls_log_follower_dispose (GObject *object)
{
  LsLogFollower *self = LS_LOG_FOLLOWER (object);

  g_clear_object (&self->delivery);
  g_clear_object (&self->subscriber);
  g_clear_object (&self->reader);
  g_clear_object (&self->agent);

  G_OBJECT_CLASS (ls_log_follower_parent_class)->dispose (object);
}

static void
ls_log_follower_class_init (LsLogFollowerClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = ls_log_follower_dispose;
}

static void
ls_log_follower_init (LsLogFollower *self)
{
}

static void
update_level (LsLogFollower *self)
{
  self->level =
      ls_subscriber_get_position (self->subscriber) >= ls_agent_get_last_seq (self->agent);
}

/* An app that is behind comes past the next pages soon, or once it has acknowledged what it got. One
 * that does not read its socket may do so in an hour, and shall cost nothing. */
static void
update_hold (LsLogFollower *self)
{
  gboolean holding =
      self->delivery != NULL && !self->level &&
      (ls_delivery_is_paced (self->delivery) || ls_delivery_has_room (self->delivery));

  if (holding && !self->holding)
    ls_log_reader_hold (self->reader);
  else if (!holding && self->holding)
    ls_log_reader_release (self->reader);
  self->holding = holding;
}

/* A page that begins at the subscriber's position or before it. Returns: whether all that is wanted
 * of it is on its way */
static gboolean
offer (LsLogFollower *self, LsLogPage *page)
{
  g_autoptr (GPtrArray) wanted = ls_subscriber_select (self->subscriber, page->events);
  guint n = 0;

  if (wanted->len > 0 && ls_delivery_has_room (self->delivery))
    {
      g_autoptr (LsLogPage) part = ls_log_page_narrow (page, wanted);

      n = ls_delivery_put (self->delivery, part);
    }
  if (n == wanted->len)
    {
      ls_subscriber_advance (self->subscriber, page->up_to);
    }
  else if (n > 0)
    {
      const LsEvent *last = g_ptr_array_index (wanted, n - 1);

      ls_subscriber_advance (self->subscriber, last->seq);
    }
  return n == wanted->len;
}

static void
read_failed (LsLogFollower *self, const GError *error)
{
  if (self->failing)
    return;

  if (g_error_matches (error, LS_ERROR, LS_ERROR_CURSOR_EXPIRED))
    g_message ("a subscription was overtaken by the end of the log");
  else
    g_warning ("a subscription can't read on: %s", error->message);
  self->failing = TRUE;
  ls_delivery_break_off (self->delivery);
}

static void read_on (LsLogFollower *self);

static void
reader_read_cb (LsLogPage *page, const GError *error, gpointer user_data)
{
  g_autoptr (LsLogFollower) self = user_data;

  self->reading = FALSE;
  if (self->delivery == NULL)
    return;

  if (page == NULL)
    {
      read_failed (self, error);
      return;
    }

  self->failing = FALSE;
  offer (self, page);
  read_on (self);
}

/* Hands on what is in memory, until the subscriber is level or its delivery has no room; has the
 * rest read. */
static void
read_on (LsLogFollower *self)
{
  const gboolean *types = ls_subscriber_get_types (self->subscriber);

  update_level (self);
  while (!self->level && !self->reading && ls_delivery_has_room (self->delivery))
    {
      guint64 position = ls_subscriber_get_position (self->subscriber);
      g_autoptr (LsLogPage) page = ls_log_reader_find (self->reader, position, types);

      if (page != NULL)
        {
          offer (self, page);
          update_level (self);
          continue;
        }
      self->reading = TRUE;
      ls_log_reader_read (self->reader, position, types, reader_read_cb, g_object_ref (self));
    }
  if (!self->level && !self->reading)
    ls_delivery_hold (self->delivery);
  update_hold (self);
}

static void
on_agent_events_committed (LsAgent *agent, GPtrArray *events, LsLogFollower *self)
{
  GPtrArray *pages = ls_log_reader_get_committed (self->reader);

  if (self->delivery == NULL)
    return;

  for (guint i = 0; self->level && i < pages->len; i++)
    self->level = offer (self, g_ptr_array_index (pages, i));
  read_on (self);
}

static void
on_delivery_ready (LsDelivery *delivery, LsLogFollower *self)
{
  if (self->delivery != NULL)
    read_on (self);
}

/**
 * ls_log_follower_new:
 * @agent: the agent
 * @reader: reads the log
 * @subscriber: what is wanted, and from where on
 * @delivery: where it goes
 *
 * Returns: (transfer full): a follower that stands still until it is started
 */
LsLogFollower *
ls_log_follower_new (LsAgent *agent,
                     LsLogReader *reader,
                     LsSubscriber *subscriber,
                     LsDelivery *delivery)
{
  LsLogFollower *self = g_object_new (LS_TYPE_LOG_FOLLOWER, NULL);

  self->agent = g_object_ref (agent);
  self->reader = g_object_ref (reader);
  self->subscriber = g_object_ref (subscriber);
  self->delivery = g_object_ref (delivery);
  return self;
}

/**
 * ls_log_follower_start:
 * @self: a follower
 *
 * Begins to deliver.
 */
void
ls_log_follower_start (LsLogFollower *self)
{
  g_return_if_fail (LS_IS_LOG_FOLLOWER (self));

  g_signal_connect_object (self->agent, "events-committed", G_CALLBACK (on_agent_events_committed),
                           self, 0);
  g_signal_connect_object (self->delivery, "ready", G_CALLBACK (on_delivery_ready), self, 0);
  read_on (self);
}

/**
 * ls_log_follower_skip:
 * @self: a follower
 * @from: after this event
 * @to: up to this event
 *
 * The app has read a piece of the log by itself. If it is for that that its delivery waits, it goes on
 * after @to; but not if something lies between its place and @from.
 *
 * Returns: whether what was read is to count as delivered
 */
gboolean
ls_log_follower_skip (LsLogFollower *self, guint64 from, guint64 to)
{
  g_return_val_if_fail (LS_IS_LOG_FOLLOWER (self), FALSE);

  if (self->delivery == NULL || !ls_delivery_is_paced (self->delivery) || self->reading ||
      from > ls_subscriber_get_position (self->subscriber) ||
      (ls_delivery_has_room (self->delivery) && !self->failing))
    return FALSE;

  ls_subscriber_advance (self->subscriber, to);
  return TRUE;
}

/**
 * ls_log_follower_stop:
 * @self: a follower
 *
 * Delivers nothing from now on and lets go of the delivery.
 */
void
ls_log_follower_stop (LsLogFollower *self)
{
  g_return_if_fail (LS_IS_LOG_FOLLOWER (self));

  g_clear_object (&self->delivery);
  update_hold (self);
}
