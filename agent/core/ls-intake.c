/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-intake.h"

/* Frames that may wait while a gap is filled, and how much of them, in bytes. Beyond it they are let
 * go: what they brought is then a gap of its own, which is filled like any other. */
#define MAX_HELD 1000
#define MAX_HELD_SIZE (4 << 20)

/* How much of a transaction of the server is kept waiting for its rest, so that it becomes visible
 * at once (protocol, "Transactions"). Beyond it, it is committed as it comes. */
#define MAX_PARTIAL_EVENTS 5000
#define MAX_PARTIAL_SIZE (8 << 20)

/* From where on what waits is the next change set's: enough for a commit to cost little an event,
 * little enough for the store to work on one while the last is told, and for memory. In bytes. */
#define MAX_EVENTS 1000
#define MAX_SIZE (1 << 20)

/* How many change sets wait when it is enough: the store finds one ready whenever it is done. */
#define MAX_CLOSED 2

/**
 * LsIntake:
 *
 * Where we stand in the server's log, and what of what comes in is new. It keeps one promise: the
 * position never runs ahead of the events that were taken, and what is handed to the store moves
 * both together. One change set is with the store at a time; what comes in meanwhile becomes the
 * next ones, which grow with the load up to a size that is quickly written.
 */
struct _LsIntake
{
  LsCursor position;  /* with what waits to be committed */
  LsCursor committed; /* on disk */
  LsCursor in_flight; /* with the store */
  gboolean committing;
  GQueue closed;      /* (element-type LsChangeSet) (owned): whole, and next for the store */
  GPtrArray *pending; /* (element-type LsEvent) (owned): the change set that still grows */
  gsize pending_size; /* of the events in it, in bytes */
  gboolean moved;     /* the position, since the last change set */
  gboolean partial;   /* the position is inside a transaction of the server */
  LsEntitySet followed;
  LsEntitySet forgotten;           /* left, which the disk has to be told */
  LsEntitySet forgotten_in_flight; /* with the store */
  char *sight;                     /* (owned) (nullable): new, which the disk has to be told */
  char *sight_in_flight;           /* (owned) (nullable): with the store */
  LsCursor baselines[LS_N_ENTITIES];
  gint64 newest[LS_N_ENTITIES]; /* offset of the last event that was taken */
  GQueue held;                  /* (element-type LsMessage) (owned) */
  gsize held_size;              /* of the events in them, in bytes */
};

/**
 * ls_intake_new:
 *
 * Returns: (transfer full): an intake that stands nowhere and follows nothing
 */
LsIntake *
ls_intake_new (void)
{
  LsIntake *self = g_new0 (LsIntake, 1);

  self->pending = ls_event_array_new ();
  g_queue_init (&self->closed);
  g_queue_init (&self->held);
  return self;
}

/**
 * ls_intake_free:
 * @self: (transfer full): an intake
 *
 * Frees it.
 */
void
ls_intake_free (LsIntake *self)
{
  g_ptr_array_unref (self->pending);
  g_queue_clear_full (&self->closed, (GDestroyNotify)ls_change_set_free);
  g_queue_clear_full (&self->held, (GDestroyNotify)ls_message_unref);
  g_free (self->sight);
  g_free (self->sight_in_flight);
  g_free (self);
}

static gsize
size_of (const LsMessage *message)
{
  gsize size = 0;

  for (guint i = 0; message->events != NULL && i < message->events->len; i++)
    size += ls_event_get_size (message->events->pdata[i]);
  return size;
}

static void
drop_pending (LsIntake *self)
{
  g_ptr_array_set_size (self->pending, 0);
  self->pending_size = 0;
  self->moved = FALSE;
  self->partial = FALSE;
}

static void
drop_waiting (LsIntake *self)
{
  drop_pending (self);
  g_queue_clear_full (&self->closed, (GDestroyNotify)ls_change_set_free);
}

static gboolean
has_pending (LsIntake *self)
{
  return self->pending->len > 0 || self->moved || self->sight != NULL;
}

/* Half a transaction is not for the store, unless it is too large to be kept. */
static gboolean
must_wait (LsIntake *self)
{
  return self->partial && self->pending->len < MAX_PARTIAL_EVENTS &&
         self->pending_size < MAX_PARTIAL_SIZE;
}

/* What comes next belongs to another change set. */
static void
close_pending (LsIntake *self)
{
  g_autoptr (GPtrArray) events = g_steal_pointer (&self->pending);

  g_queue_push_tail (&self->closed, ls_change_set_new (events, self->position, 0));
  self->pending = ls_event_array_new ();
  self->pending_size = 0;
  self->moved = FALSE;
}

/* Makes room for a frame or a page. Before a transaction begins that comes in parts, what is whole
 * is closed, so that it need not wait for the rest of that one. */
static void
prepare (LsIntake *self, GPtrArray *events, gboolean partial)
{
  guint n_events = events != NULL ? events->len : 0;
  gboolean full = self->pending->len + n_events > MAX_EVENTS || self->pending_size >= MAX_SIZE;

  if (has_pending (self) && !must_wait (self) && (full || (partial && !self->partial)))
    close_pending (self);
}

/**
 * ls_intake_begin:
 * @self: an intake
 * @cursor: the position that is on disk; may be unset
 *
 * Starts with another store: nothing waits, no entity has a baseline.
 */
void
ls_intake_begin (LsIntake *self, LsCursor cursor)
{
  self->position = cursor;
  self->committed = cursor;
  self->committing = FALSE;
  self->forgotten = LS_ENTITY_SET_NONE;
  self->forgotten_in_flight = LS_ENTITY_SET_NONE;
  g_clear_pointer (&self->sight, g_free);
  g_clear_pointer (&self->sight_in_flight, g_free);
  drop_waiting (self);
  ls_intake_drop_held (self);
  for (guint i = 0; i < LS_N_ENTITIES; i++)
    {
      self->baselines[i] = LS_CURSOR_NONE;
      self->newest[i] = 0;
    }
}

/**
 * ls_intake_get_position:
 * @self: an intake
 *
 * Returns: where we stand, with what is not yet on disk
 */
LsCursor
ls_intake_get_position (LsIntake *self)
{
  return self->position;
}

/**
 * ls_intake_get_committed:
 * @self: an intake
 *
 * Returns: where the disk stands
 */
LsCursor
ls_intake_get_committed (LsIntake *self)
{
  return self->committed;
}

/**
 * ls_intake_set_followed:
 * @self: an intake
 * @followed: whose events are taken
 *
 * Changes what is followed. An entity that is left loses its baseline, on the disk with the next commit;
 * also if it is followed again before that, since the position moves on without it.
 */
void
ls_intake_set_followed (LsIntake *self, LsEntitySet followed)
{
  self->followed = followed;
  self->forgotten |= LS_ENTITY_SET_STORED & ~followed;
  for (guint i = 0; i < LS_N_ENTITIES; i++)
    if ((followed & (1u << i)) == 0)
      self->baselines[i] = LS_CURSOR_NONE;
}

/**
 * ls_intake_get_followed:
 * @self: an intake
 *
 * Returns: whose events are taken
 */
LsEntitySet
ls_intake_get_followed (LsIntake *self)
{
  return self->followed;
}

/**
 * ls_intake_set_baseline:
 * @self: an intake
 * @entity: an entity
 * @cursor: the position that its snapshot stands for
 *
 * Notes that the entity is known as of @cursor: events of it up to there are in.
 */
void
ls_intake_set_baseline (LsIntake *self, LsEntity entity, LsCursor cursor)
{
  self->baselines[entity] = cursor;
  if (ls_cursor_is_set (cursor))
    self->forgotten &= ~(1u << entity);
}

/**
 * ls_intake_get_missing_in:
 * @self: an intake
 * @cursor: a position in a log
 *
 * Returns: what is followed and stored but has no baseline in that log
 */
LsEntitySet
ls_intake_get_missing_in (LsIntake *self, LsCursor cursor)
{
  LsEntitySet missing = LS_ENTITY_SET_NONE;

  for (guint i = 0; i < LS_N_ENTITIES; i++)
    if (!g_str_equal (self->baselines[i].epoch, cursor.epoch) || !ls_cursor_is_set (cursor))
      missing |= 1u << i;

  return missing & self->followed & LS_ENTITY_SET_STORED;
}

/**
 * ls_intake_get_missing:
 * @self: an intake
 *
 * Returns: what is followed and stored but has no baseline in the log in which we stand
 */
LsEntitySet
ls_intake_get_missing (LsIntake *self)
{
  return ls_intake_get_missing_in (self, self->position);
}

/* An event of the log is new if it is behind both the position and its entity's baseline. */
static gboolean
is_new (LsIntake *self, const LsEvent *event)
{
  LsEntity entity = ls_event_get_entity (event);

  if ((self->followed & (1u << entity)) == 0)
    return FALSE;
  if (event->offset == 0)
    return TRUE;

  return event->offset > self->position.offset && event->offset > self->baselines[entity].offset;
}

static void
take_events (LsIntake *self, GPtrArray *events)
{
  for (guint i = 0; events != NULL && i < events->len; i++)
    {
      LsEvent *event = g_ptr_array_index (events, i);

      if (!is_new (self, event))
        continue;

      self->newest[ls_event_get_entity (event)] = event->offset;
      g_ptr_array_add (self->pending, ls_event_ref (event));
      self->pending_size += ls_event_get_size (event);
    }
}

/**
 * ls_intake_set_sight:
 * @self: an intake
 * @sight: (transfer full): what is to be kept of whose rows the user may see
 *
 * Has the next commit keep it.
 */
void
ls_intake_set_sight (LsIntake *self, char *sight)
{
  g_free (self->sight);
  self->sight = sight;
}

/**
 * ls_intake_move:
 * @self: an intake
 * @cursor: where we stand now
 *
 * Moves the position without an event: nothing of it concerns us, or a snapshot has it.
 */
void
ls_intake_move (LsIntake *self, LsCursor cursor)
{
  if (ls_cursor_equal (self->position, cursor))
    return;

  /* Offsets of another log mean nothing in this one. */
  for (guint i = 0; i < LS_N_ENTITIES && !g_str_equal (self->position.epoch, cursor.epoch); i++)
    self->newest[i] = 0;
  self->position = cursor;
  self->moved = TRUE;
}

/**
 * ls_intake_take:
 * @self: an intake
 * @message: an `events` message, or a `pong` with its two cursors as `prev` and `cursor`
 *
 * Takes what is new in a frame. A frame may overlap with what is in, as happens after a gap was
 * filled by HTTP; each event is then looked at by itself. A bare event has no position and moves
 * none.
 *
 * Returns: what became of it; only after %LS_INTAKE_TAKEN is anything changed
 */
LsIntakeVerdict
ls_intake_take (LsIntake *self, const LsMessage *message)
{
  LsCursor prev = message->kind == LS_MESSAGE_PONG ? message->sent : message->prev;

  if (!ls_cursor_is_set (message->cursor))
    {
      prepare (self, message->events, FALSE);
      take_events (self, message->events);
      return LS_INTAKE_TAKEN;
    }
  if (!g_str_equal (message->cursor.epoch, self->position.epoch))
    return LS_INTAKE_NEW_LOG;
  if (!ls_cursor_covers (self->position, prev))
    return LS_INTAKE_GAP;
  if (ls_cursor_covers (self->position, message->cursor))
    return LS_INTAKE_TAKEN;

  prepare (self, message->events, message->partial);
  take_events (self, message->events);
  ls_intake_move (self, message->cursor);
  if (message->kind == LS_MESSAGE_EVENTS)
    self->partial = message->partial;
  return LS_INTAKE_TAKEN;
}

/**
 * ls_intake_take_page:
 * @self: an intake
 * @page: the answer to a question for what comes after the position
 *
 * Takes a page of updates.
 */
void
ls_intake_take_page (LsIntake *self, const LsUpdates *page)
{
  prepare (self, page->events, page->partial);
  take_events (self, page->events);
  if (ls_cursor_is_set (page->cursor))
    ls_intake_move (self, page->cursor);
  self->partial = page->partial;
}

/**
 * ls_intake_hold:
 * @self: an intake
 * @message: a frame that came while a gap is being filled; a reference is taken
 *
 * Keeps a frame for later.
 */
void
ls_intake_hold (LsIntake *self, LsMessage *message)
{
  if (self->held.length >= MAX_HELD || self->held_size >= MAX_HELD_SIZE)
    ls_intake_drop_held (self);

  self->held_size += size_of (message);
  g_queue_push_tail (&self->held, ls_message_ref (message));
}

/**
 * ls_intake_drop_held:
 * @self: an intake
 *
 * Lets go of the frames that were held: the socket that they came on is gone.
 */
void
ls_intake_drop_held (LsIntake *self)
{
  g_queue_clear_full (&self->held, (GDestroyNotify)ls_message_unref);
  self->held_size = 0;
}

/**
 * ls_intake_release:
 * @self: an intake
 *
 * Returns: (transfer full) (nullable): the oldest frame that was held
 */
LsMessage *
ls_intake_release (LsIntake *self)
{
  LsMessage *message = g_queue_pop_head (&self->held);

  if (message != NULL)
    self->held_size -= size_of (message);
  return message;
}

/**
 * ls_intake_next:
 * @self: an intake
 * @as_of: now, in milliseconds since the epoch
 *
 * Returns: (transfer full) (nullable): what to commit next; %NULL while the store is busy with one,
 *   in the midst of a transaction of the server, or if there is nothing
 */
LsChangeSet *
ls_intake_next (LsIntake *self, gint64 as_of)
{
  LsChangeSet *change_set;

  if (self->committing)
    return NULL;
  if (self->closed.length == 0 && has_pending (self) && !must_wait (self))
    close_pending (self);
  change_set = g_queue_pop_head (&self->closed);
  if (change_set == NULL)
    return NULL;

  self->committing = TRUE;
  self->in_flight = change_set->cursor;
  self->forgotten_in_flight = self->forgotten;
  self->forgotten = LS_ENTITY_SET_NONE;
  change_set->as_of = as_of;
  change_set->forgotten = self->forgotten_in_flight;
  self->sight_in_flight = g_steal_pointer (&self->sight);
  change_set->sight = g_strdup (self->sight_in_flight);
  return change_set;
}

/**
 * ls_intake_committed:
 * @self: an intake
 *
 * What ls_intake_next() gave is on disk.
 */
void
ls_intake_committed (LsIntake *self)
{
  self->committing = FALSE;
  self->committed = self->in_flight;
  g_clear_pointer (&self->sight_in_flight, g_free);
}

/**
 * ls_intake_failed:
 * @self: an intake
 *
 * What ls_intake_next() gave is not on disk: we stand where the disk stands, and everything that
 * came after is let go, to be asked for again.
 */
void
ls_intake_failed (LsIntake *self)
{
  self->committing = FALSE;
  for (guint i = 0; i < LS_N_ENTITIES; i++)
    if (!ls_cursor_is_set (self->baselines[i]))
      self->forgotten |= self->forgotten_in_flight & (1u << i);
  if (self->sight == NULL)
    self->sight = g_steal_pointer (&self->sight_in_flight);
  g_clear_pointer (&self->sight_in_flight, g_free);
  self->position = self->committed;
  drop_waiting (self);
  ls_intake_drop_held (self);
}

/**
 * ls_intake_stands_at:
 * @self: an intake
 * @entity: an entity
 * @cursor: a position
 *
 * Returns: whether what is on disk of @entity is what it was at @cursor: everything up to there is
 *   in, and nothing beyond
 */
gboolean
ls_intake_stands_at (LsIntake *self, LsEntity entity, LsCursor cursor)
{
  return ls_intake_is_settled (self) && ls_cursor_covers (self->committed, cursor) &&
         self->newest[entity] <= cursor.offset;
}

/**
 * ls_intake_rewind:
 * @self: an intake
 *
 * Lets go of a transaction of the server whose rest has not come: it is to be asked for again from
 * where it began.
 */
void
ls_intake_rewind (LsIntake *self)
{
  const LsChangeSet *last;

  if (!self->partial)
    return;

  last = g_queue_peek_tail (&self->closed);
  if (last != NULL)
    self->position = last->cursor;
  else
    self->position = self->committing ? self->in_flight : self->committed;
  drop_pending (self);
}

/**
 * ls_intake_is_settled:
 * @self: an intake
 *
 * Returns: whether everything that was taken is on disk
 */
gboolean
ls_intake_is_settled (LsIntake *self)
{
  return !self->committing && self->closed.length == 0 && !has_pending (self);
}

/**
 * ls_intake_is_full:
 * @self: an intake
 *
 * Returns: whether enough waits for the store, so that no more should be read for now
 */
gboolean
ls_intake_is_full (LsIntake *self)
{
  return self->closed.length >= MAX_CLOSED;
}
