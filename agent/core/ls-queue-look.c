/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of the classic system. It knows neither keys nor versions and says yes to everything: whether something
 * was done, and whether somebody else was faster, is for us to see. */
#include "ls-action-draft.h"
#include "ls-outcome-class.h"
#include "ls-queue-private.h"

/* What a row says about an action that is to be sent. */
typedef enum
{
  LOOK_SEND,
  LOOK_DONE,
  LOOK_COLLIDES,
} Look;

/* Whether a create makes a row where the entity has its rows: what is sent elsewhere may make none that can be found. */
static gboolean
is_made_in_its_table (const LsAction *action, LsEntity entity)
{
  g_autofree char *table = g_strconcat ("/api/", ls_entity_get_table (entity), NULL);

  return g_str_equal (action->endpoint, table);
}

/**
 * ls_queue_look_is_possible:
 * @action: an action
 *
 * A write to a row that is not there is a success at the classic system, and what it answers is not the row: what came of
 * an action is to be read in its row.
 *
 * Returns: whether it has one that can be read; of what is none of our entities nobody knows that
 */
gboolean
ls_queue_look_is_possible (const LsAction *action)
{
  g_autofree char *path = ls_action_get_row_path (action);
  LsEntity entity = ls_entity_from_string (action->entity);

  return action->type <= LS_ACTION_DELETE && path != NULL && entity != LS_ENTITY_INVALID &&
         (action->type != LS_ACTION_CREATE || is_made_in_its_table (action, entity));
}

/**
 * ls_queue_look_is_needed:
 * @self: the queue
 * @item: an action whose turn it is
 *
 * Returns: whether its row has to be read before it is sent
 */
gboolean
ls_queue_look_is_needed (LsQueue *self, const LsQueueItem *item)
{
  const LsAction *action = item->now;

  return ls_queue_send_is_classic (self) && ls_queue_look_is_possible (action) &&
         (action->outcome_unknown || action->type != LS_ACTION_CREATE);
}

/**
 * ls_queue_look_begin:
 * @self: the queue
 * @item: an action whose row has a path
 * @phase: %LS_QUEUE_LOOKING or %LS_QUEUE_READING_BACK
 *
 * Asks for its row.
 */
void
ls_queue_look_begin (LsQueue *self, LsQueueItem *item, LsQueuePhase phase)
{
  g_autofree char *path = ls_action_get_row_path (item->now);

  ls_queue_send_read (self, item, phase, path);
}

/* Nobody else makes up the same UUID: a row of that id is ours, whatever the server has made of it. */
static Look
look_at_create (const LsAction *action, const LsTheirRow *theirs, const LsDataEditor *editor)
{
  if (theirs->row == NULL)
    return LOOK_SEND;
  if (g_uuid_string_is_valid (action->entity_id) || editor->agrees (theirs->row, action->body))
    return LOOK_DONE;

  return LOOK_COLLIDES;
}

static Look
look (const LsAction *action, const LsTheirRow *theirs, const LsDataEditor *editor)
{
  if (action->type == LS_ACTION_CREATE)
    return look_at_create (action, theirs, editor);
  if (theirs->row == NULL)
    return action->type == LS_ACTION_DELETE ? LOOK_DONE : LOOK_COLLIDES;
  if (action->type == LS_ACTION_UPDATE && editor->agrees (theirs->row, action->body))
    return LOOK_DONE;
  if (action->base == NULL || editor->is_same (action->base, theirs->row))
    return LOOK_SEND;

  return LOOK_COLLIDES;
}

static void
collide (LsQueue *self, LsQueueItem *item, const LsTheirRow *theirs)
{
  /* Nothing is known of the row but that it is not there. */
  if (theirs->row == NULL && item->now->base == NULL)
    ls_queue_dead_letter (self, item, "not-found");
  else
    ls_queue_collide (self, item, theirs);
}

/* What was made blindly is made from what is there now: should nobody know what came of it, that will be compared. */
static void
send (LsQueue *self, LsQueueItem *item, const LsTheirRow *theirs)
{
  if (item->now->base == NULL && item->now->type != LS_ACTION_CREATE)
    ls_action_set_text (&ls_queue_table_touch (self->table, item)->base, theirs->row);
  ls_queue_send_mark (self, item);
}

/* It is not done, as its row shows, and will not be. */
static void
give_up (LsQueue *self, LsQueueItem *item, const char *reason)
{
  ls_queue_send_end (self, item);
  ls_queue_dead_letter (self, item, reason);
  item->now->outcome_unknown = FALSE;
}

/* Why what is not done, as its row shows, will not be; NULL: it will. The user may have changed it since it was its turn. */
static const char *
get_end (LsQueue *self, const LsQueueItem *item)
{
  if (item->is_last_look)
    return "http-500";
  if (ls_queue_send_is_late (self, item->now))
    return "expired";

  return ls_queue_send_get_obstacle (self, item);
}

static void
looked (LsQueue *self, LsQueueItem *item, const LsTheirRow *theirs)
{
  const char *end = get_end (self, item);

  switch (look (item->now, theirs, &self->editor))
    {
    case LOOK_DONE:
      ls_queue_send_end (self, item);
      ls_queue_complete (self, item, theirs, LS_CURSOR_NONE);
      break;
    case LOOK_COLLIDES:
      ls_queue_send_end (self, item);
      collide (self, item, theirs);
      break;
    case LOOK_SEND:
    default:
      if (end != NULL)
        give_up (self, item, end);
      else
        send (self, item, theirs);
      break;
    }
}

/* The system, or something on the way, says yes to what it does not do. */
static void
not_done (LsQueue *self, LsQueueItem *item)
{
  if (ls_queue_answer_is_broken (self, item))
    {
      ls_queue_dead_letter (self, item, "not-done");
    }
  else
    {
      ls_queue_postpone (self, item, "not-done", 0);
      item->now->outcome_unknown = TRUE;
    }
}

/* After the server said yes. */
static void
read_back (LsQueue *self, LsQueueItem *item, const LsTheirRow *theirs)
{
  LsActionType type = item->now->type;

  ls_queue_send_end (self, item);
  if (look (item->now, theirs, &self->editor) == LOOK_SEND)
    not_done (self, item);
  else if (type != LS_ACTION_CREATE && (type == LS_ACTION_DELETE) == (theirs->row != NULL))
    collide (self, item, theirs);
  else
    ls_queue_complete (self, item, theirs, LS_CURSOR_NONE);
}

/* A row that can't be had is no answer: what it would have said stays open. */
static void
not_read (LsQueue *self, LsQueueItem *item, const char *reason, gint64 away)
{
  gboolean was_sent = item->phase == LS_QUEUE_READING_BACK;

  ls_queue_send_end (self, item);
  item->n_unread++;
  ls_queue_postpone (self, item, reason, away);
  item->now->outcome_unknown |= was_sent;
}

/* The system does not let us see the row, and will not the next time: without it nothing can be done. */
static void
not_shown (LsQueue *self, LsQueueItem *item, const char *reason)
{
  gboolean was_sent = item->phase == LS_QUEUE_READING_BACK;

  ls_queue_send_end (self, item);
  ls_queue_dead_letter (self, item, reason);
  item->now->outcome_unknown |= was_sent;
}

/* An answer without a row that does not say that there is none. */
static void
take_no_row (LsQueue *self, LsQueueItem *item, const LsActionReply *reply)
{
  g_autofree char *reason = g_strdup_printf ("http-%u", reply->status);

  switch (ls_outcome_class_of_reply (reply))
    {
    case LS_OUTCOME_CLASS_TOKEN:
      ls_queue_answer_no_token (self, item);
      break;
    case LS_OUTCOME_CLASS_CONFLICT:
    case LS_OUTCOME_CLASS_REFUSED:
      not_shown (self, item, reason);
      break;
    case LS_OUTCOME_CLASS_ACCEPTED:
    case LS_OUTCOME_CLASS_RETRY:
    case LS_OUTCOME_CLASS_BROKEN:
    case LS_OUTCOME_CLASS_GONE:
    default:
      not_read (self, item, reason, reply->retry_after_ms);
      break;
    }
}

static void
take_row (LsQueue *self, LsQueueItem *item, const LsTheirRow *theirs)
{
  item->n_unread = 0;
  if (item->phase == LS_QUEUE_READING_BACK)
    read_back (self, item, theirs);
  else
    looked (self, item, theirs);
}

/* Whether the row was read for nothing: the stream was faster, or the user; or it was not its turn after all, as what
 * was before it could not be written down. */
static gboolean
is_moot (LsQueue *self, const LsQueueItem *item)
{
  return (item->now->status != LS_ACTION_PENDING && item->now->status != LS_ACTION_SYNCING) ||
         !ls_queue_lanes_is_first (ls_queue_table_get_lanes (self->table), item);
}

/* Nothing more is asked. What was sent is settled when it is its turn. */
static void
let_go (LsQueue *self, LsQueueItem *item)
{
  ls_queue_send_end (self, item);
  if (item->now->status == LS_ACTION_SYNCING)
    ls_queue_apply (self, item, LS_ACTION_POSTPONE, NULL)->outcome_unknown = TRUE;
}

static LsQueueItem *
get_reader (LsQueue *self, const char *id)
{
  LsQueueItem *item = ls_queue_table_find (self->table, id);

  if (item == NULL || (item->phase != LS_QUEUE_LOOKING && item->phase != LS_QUEUE_READING_BACK))
    return NULL;

  return item;
}

static void
take_answer (LsQueue *self, LsQueueItem *item, const LsActionReply *reply)
{
  LsTheirRow theirs = { reply->row, reply->version, reply->status == 404 || reply->status == 410 };

  if (is_moot (self, item))
    let_go (self, item);
  else if (theirs.is_gone || (theirs.row != NULL && reply->status != 401))
    take_row (self, item, &theirs);
  else
    take_no_row (self, item, reply);
}

/**
 * ls_queue_row_read:
 * @self: the queue
 * @id: of an action
 * @reply: an answer to %LS_QUEUE_READ
 *
 * The server said what it has of the row, or that it has none, or anything else.
 */
void
ls_queue_row_read (LsQueue *self, const char *id, const LsActionReply *reply)
{
  LsQueueItem *item = get_reader (self, id);

  if (item == NULL)
    return;

  ls_queue_answer_heard (self, item, reply);
  take_answer (self, item, reply);
  ls_queue_turn (self);
}

/**
 * ls_queue_read_failed:
 * @self: the queue
 * @id: of an action
 * @error: of %LS_LINK_ERROR
 *
 * %LS_QUEUE_READ was not answered by the server.
 */
void
ls_queue_read_failed (LsQueue *self, const char *id, const GError *error)
{
  LsQueueItem *item = get_reader (self, id);

  if (item == NULL)
    return;

  ls_queue_answer_unheard (self, error);
  if (is_moot (self, item))
    let_go (self, item);
  else
    not_read (self, item, ls_reason_to_string (ls_link_error_get_reason (error)),
              ls_link_error_get_retry_after (error));
  ls_queue_turn (self);
}
