/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an action comes to, and what that means for those after it. */
#include "ls-action-draft.h"
#include "ls-queue-private.h"

/* Waits between attempts: evenly from 0 to 2 s × 2^n, at most 15 min, for ever (goals, F17), milliseconds. */
#define FIRST_WAIT 2000
#define LONGEST_WAIT (15 * 60 * 1000)
/* What the server asks for gets longer by up to this part of it: it says the same to others. */
#define AWAY_JITTER 4

/* The one place where the status of an action is assigned. */
static void
set_status (LsAction *action, LsActionEvent event, const char *reason)
{
  LsActionStep step;
  gboolean can = ls_action_machine_step (action->status, event, &step);

  g_assert (can);
  g_debug ("action %s: %s -> %s (%s)", action->id, ls_action_status_to_string (action->status),
           ls_action_status_to_string (step.status), ls_action_event_to_string (event));
  action->status = step.status;
  action->outcome = step.outcome;
  ls_action_set_text (&action->reason, reason);
}

/**
 * ls_queue_apply:
 * @self: the queue
 * @item: an action to which that can happen
 * @event: what happened
 * @reason: (nullable): why, as a word
 *
 * Has that happen to it. One that was about to be sent is not any more.
 *
 * Returns: (transfer none): the action, for the rest of what changes with it
 */
LsAction *
ls_queue_apply (LsQueue *self, LsQueueItem *item, LsActionEvent event, const char *reason)
{
  LsAction *action = ls_queue_table_touch (self->table, item);

  if (ls_queue_item_is_marked (item))
    ls_queue_send_end (self, item);
  set_status (action, event, reason);
  if (ls_action_is_open (action))
    return action;

  action->ended_at = ls_queue_wall (self);
  action->next_attempt_at = 0;
  action->outcome_unknown = FALSE;
  action->visible = action->outcome != LS_OUTCOME_ACCEPTED;
  return action;
}

/**
 * ls_queue_set_sent:
 * @action: an action, or how it is to be on disk before it is sent
 *
 * It is with the server.
 */
void
ls_queue_set_sent (LsAction *action)
{
  set_status (action, LS_ACTION_SEND, NULL);
  action->attempts++;
  action->http_status = 0;
  action->next_attempt_at = 0;
}

/**
 * ls_queue_renew_key:
 * @self: the queue
 * @action: an action
 *
 * The server has answered for good, and would give the same answer to the same key.
 */
void
ls_queue_renew_key (LsQueue *self, LsAction *action)
{
  g_free (action->key);
  action->key = ls_random_uuid7 (self->random, ls_queue_wall (self));
}

/**
 * ls_queue_postpone:
 * @self: the queue
 * @item: an action that did not come through
 * @reason: why, as a word
 * @away: how long the server wants us to stay away, milliseconds; 0: it did not say
 *
 * Has it sent again later.
 */
void
ls_queue_postpone (LsQueue *self, LsQueueItem *item, const char *reason, gint64 away)
{
  LsAction *action = ls_queue_apply (self, item, LS_ACTION_POSTPONE, reason);
  LsBackoff backoff = { .attempt = MAX (action->attempts + item->n_unread, 1) - 1 };
  gint64 delay = ls_backoff_next (&backoff, self->random, FIRST_WAIT, LONGEST_WAIT);

  if (away > 0)
    delay = MAX (delay, away + ls_random_below (self->random, away / AWAY_JITTER + 1));
  item->due = ls_queue_now (self) + delay;
  action->next_attempt_at = ls_queue_wall (self) + delay;
}

/**
 * ls_queue_dead_letter:
 * @self: the queue
 * @item: an action that can't be done as it is
 * @reason: why, as a word
 *
 * Keeps it until the user decides.
 */
void
ls_queue_dead_letter (LsQueue *self, LsQueueItem *item, const char *reason)
{
  LsAction *action = ls_queue_apply (self, item, LS_ACTION_REFUSE, reason);

  action->next_attempt_at = 0;
}

/**
 * ls_queue_see:
 * @self: the queue
 * @item: an action that is done
 *
 * What the server made of it is in the cache: nothing is laid over the row any more, and nobody needs the row here.
 */
void
ls_queue_see (LsQueue *self, LsQueueItem *item)
{
  const LsAction *told = ls_queue_item_get_told (item);
  gboolean was_told = told != NULL && told->status == LS_ACTION_COMPLETED;
  LsAction *action = ls_queue_table_touch (self->table, item);

  action->visible = TRUE;
  if (!was_told)
    return;

  /* Whoever wanted to know has heard it. */
  g_clear_pointer (&action->server, g_free);
  g_clear_pointer (&action->answer, g_free);
}

static LsEvent *
make_event (LsQueue *self, const LsAction *action, LsEntity entity)
{
  LsChangeKind change = LS_CHANGE_UPDATED;
  g_autofree char *data = g_strdup (action->server);
  LsEvent *event;

  if (action->type == LS_ACTION_CREATE)
    change = LS_CHANGE_CREATED;
  if (data == NULL)
    {
      change = LS_CHANGE_DELETED;
      data = self->editor.set_member ("{}", "id", action->entity_id);
    }
  event = ls_event_new (ls_event_type_for (entity, change), action->entity_id, data);
  event->version = action->server_version;
  event->timestamp = ls_queue_wall (self);
  event->action_id = g_strdup (action->key);
  return event;
}

/* A cursor says when the cache has it. Where the server gives none, nobody will tell the cache but us. */
static void
show (LsQueue *self, LsQueueItem *item, gboolean is_gone)
{
  LsAction *action = item->now;
  LsEntity entity = ls_entity_from_string (action->entity);
  gboolean is_row = entity != LS_ENTITY_INVALID && action->type <= LS_ACTION_DELETE;

  if (ls_cursor_is_set (action->commit_cursor))
    {
      if (ls_cursor_covers (self->position, action->commit_cursor))
        ls_queue_see (self, item);
    }
  else if (is_row && (action->server != NULL || is_gone))
    {
      item->is_fed = TRUE;
      self->is_settled = FALSE;
      ls_queue_push (self, LS_QUEUE_FEED)->event = make_event (self, action, entity);
    }
  else
    {
      ls_queue_see (self, item);
    }
}

static void
rename_segment (LsAction *action, const char *from, const char *to)
{
  g_auto (GStrv) segments = g_strsplit (action->endpoint, "/", -1);

  for (guint i = 0; segments[i] != NULL; i++)
    if (g_str_equal (segments[i], from))
      {
        g_free (segments[i]);
        segments[i] = g_strdup (to);
      }
  g_free (action->endpoint);
  action->endpoint = g_strjoinv ("/", segments);
}

static void
rename_row (LsQueue *self, LsQueueItem *item, const char *from, const char *to)
{
  LsAction *action = ls_queue_table_touch (self->table, item);

  if (g_str_equal (action->entity_id, from))
    ls_action_set_text (&action->entity_id, to);
  if (!ls_action_is_open (action))
    return;

  rename_segment (action, from, to);
  if (action->body != NULL)
    {
      char *body = self->editor.rename (action->body, from, to);

      g_free (action->body);
      action->body = body;
    }
}

/* Adds what comes after @item: in its lane, and by dependence. */
static void
add_followers (LsQueue *self, GPtrArray *items, const LsQueueItem *item)
{
  LsQueueLanes *lanes = ls_queue_table_get_lanes (self->table);
  GPtrArray *parts[] = { ls_queue_lanes_get_row (lanes, item->now->entity, item->now->entity_id),
                         ls_queue_lanes_get_dependents (lanes, item->now->id) };

  for (guint p = 0; p < G_N_ELEMENTS (parts); p++)
    for (guint i = 0; parts[p] != NULL && i < parts[p]->len; i++)
      {
        LsQueueItem *other = parts[p]->pdata[i];

        if (other->now->seq > item->now->seq && !g_ptr_array_find (items, other, NULL))
          g_ptr_array_add (items, other);
      }
}

/* The row has another id now: whatever is still to be sent about it says so. */
static void
take_id (LsQueue *self, LsQueueItem *item, const char *to)
{
  g_autofree char *from = g_strdup (item->now->entity_id);
  g_autoptr (GPtrArray) items = g_ptr_array_new ();

  if (g_str_equal (from, to))
    return;

  add_followers (self, items, item);
  for (guint i = 0; i < items->len; i++)
    add_followers (self, items, items->pdata[i]);
  rename_row (self, item, from, to);
  for (guint i = 0; i < items->len; i++)
    rename_row (self, items->pdata[i], from, to);
}

static const char *
get_reason (gboolean is_gone)
{
  return is_gone ? LS_ACTION_ROW_DELETED : "row-changed";
}

static void
move_follower (LsQueue *self, LsQueueItem *item, const LsAction *done)
{
  g_autofree char *base = NULL;
  LsAction *action;

  if (item->now->status == LS_ACTION_CONFLICT)
    {
      if (done->server_version == 0)
        return;
      action = ls_queue_table_touch (self->table, item);
      ls_action_set_text (&action->server, done->server);
      action->server_version = done->server_version;
      ls_action_set_text (&action->reason, get_reason (done->type == LS_ACTION_DELETE));
      return;
    }

  if (item->now->type != LS_ACTION_CREATE)
    base = ls_queue_conflict_follow (item->now, done, &self->editor);
  if (base == NULL)
    return;

  action = ls_queue_table_touch (self->table, item);
  ls_action_set_text (&action->base, base);
  action->base_version = done->server_version;
}

/* What the user did after this is made from what this has left. */
static void
move_followers (LsQueue *self, const LsQueueItem *item)
{
  GPtrArray *lane = ls_queue_lanes_get_row (ls_queue_table_get_lanes (self->table),
                                            item->now->entity, item->now->entity_id);

  for (guint i = 0; lane != NULL && i < lane->len; i++)
    {
      LsQueueItem *other = lane->pdata[i];

      if (other->now->seq > item->now->seq && ls_action_is_open (other->now) &&
          !ls_queue_item_is_with_server (other))
        move_follower (self, other, item->now);
    }
}

/* Whether the server has made something else of it. */
static gboolean
is_something_else (const LsAction *action, const char *row, const LsDataEditor *editor)
{
  if (action->type == LS_ACTION_DELETE)
    return TRUE;

  return action->type < LS_ACTION_DELETE && !editor->agrees (row, action->body);
}

static void
accept (LsQueue *self, LsQueueItem *item, const LsTheirRow *result, LsCursor cursor)
{
  LsAction *action = ls_queue_apply (self, item, LS_ACTION_ACCEPT, NULL);
  g_autofree char *row = g_strdup (result->row);
  g_autofree char *id = NULL;

  if (row != NULL && action->type == LS_ACTION_CREATE)
    id = self->editor.get_text (row, "id");
  if (row != NULL && ls_queue_conflict_is_bare (row, &self->editor))
    g_clear_pointer (&row, g_free);
  if (row != NULL && is_something_else (action, row, &self->editor))
    action->outcome = LS_OUTCOME_ACCEPTED_CHANGED;
  ls_action_set_text (&action->server, row);
  action->server_version = result->version;
  action->commit_cursor = cursor;
  if (id != NULL)
    take_id (self, item, id);
}

/**
 * ls_queue_complete:
 * @self: the queue
 * @item: an action
 * @result: what the server has now
 * @cursor: where in its log that is; unset: it did not say
 *
 * The server has done it.
 */
void
ls_queue_complete (LsQueue *self, LsQueueItem *item, const LsTheirRow *result, LsCursor cursor)
{
  accept (self, item, result, cursor);
  /* Another id is another lane. */
  ls_queue_table_settle (self->table);
  move_followers (self, item);
  show (self, item, result->is_gone);
}

/* The server has it already, through somebody else: what came after it is still made from what was before that. */
static void
complete_by_others (LsQueue *self, LsQueueItem *item, const LsTheirRow *theirs)
{
  gboolean was_create = item->now->type == LS_ACTION_CREATE;

  accept (self, item, theirs, LS_CURSOR_NONE);
  if (was_create)
    move_followers (self, item);
  show (self, item, theirs->is_gone);
}

/**
 * ls_queue_complete_in_cache:
 * @self: the queue
 * @item: an action
 * @result: what the server has now, and the cache, too
 *
 * The server has done it, and the stream has said so.
 */
void
ls_queue_complete_in_cache (LsQueue *self, LsQueueItem *item, const LsTheirRow *result)
{
  accept (self, item, result, LS_CURSOR_NONE);
  move_followers (self, item);
  ls_queue_see (self, item);
}

/* Makes it pending, made from what @theirs says. */
static void
rebase (LsQueue *self, LsQueueItem *item, const LsTheirRow *theirs)
{
  LsAction *action = ls_queue_apply (self, item, LS_ACTION_MOVE_ON, NULL);

  ls_queue_conflict_move_base (action, theirs, &self->editor);
  g_clear_pointer (&action->server, g_free);
  action->server_version = 0;
  action->next_attempt_at = 0;
  item->due = 0;
}

/* A row that was deleted at the server is made anew, for what was done to it here after that, too. labsync-server
 * never gives the id of a row that was deleted again, so that it gets another. */
static void
revive (LsQueue *self, LsQueueItem *item)
{
  GPtrArray *lane = ls_queue_lanes_get_row (ls_queue_table_get_lanes (self->table),
                                            item->now->entity, item->now->entity_id);
  g_autofree char *id = ls_random_uuid7 (self->random, ls_queue_wall (self));

  for (guint i = 0; lane != NULL && i < lane->len; i++)
    {
      LsQueueItem *other = lane->pdata[i];
      LsActionStatus status = other->now->status;

      if (other->now->seq <= item->now->seq || ls_queue_item_is_with_server (other) ||
          (status != LS_ACTION_PENDING && status != LS_ACTION_CONFLICT))
        continue;
      ls_action_set_text (&ls_queue_table_touch (self->table, other)->base, NULL);
      other->now->base_version = 0;
      g_clear_pointer (&other->now->server, g_free);
      other->now->server_version = 0;
      ls_queue_apply (self, other, LS_ACTION_MOVE_ON, NULL);
    }
  if (!ls_queue_send_is_classic (self))
    take_id (self, item, id);
}

/* Returns: (transfer full) (element-type LsQueueItem): what is to be done to a row after it was made by @item, by who knew
 * of no other */
static GPtrArray *
list_made_from (LsQueue *self, const LsQueueItem *item)
{
  GPtrArray *lane = ls_queue_lanes_get_row (ls_queue_table_get_lanes (self->table),
                                            item->now->entity, item->now->entity_id);
  GPtrArray *items = g_ptr_array_new ();

  for (guint i = 0; lane != NULL && i < lane->len; i++)
    {
      LsQueueItem *other = lane->pdata[i];
      const LsAction *action = other->now;

      if (action->seq > item->now->seq && action->status == LS_ACTION_PENDING &&
          (action->type == LS_ACTION_UPDATE || action->type == LS_ACTION_DELETE) &&
          action->base == NULL && action->base_version == 0)
        g_ptr_array_add (items, other);
    }
  return items;
}

/* What was to make a row changes the one that is there: so does what comes after it. */
static void
adopt (LsQueue *self, const LsQueueItem *item, const LsTheirRow *theirs)
{
  g_autoptr (GPtrArray) items = list_made_from (self, item);

  for (guint i = 0; i < items->len; i++)
    ls_queue_conflict_move_base (ls_queue_table_touch (self->table, items->pdata[i]), theirs,
                                 &self->editor);
}

static void
move_on (LsQueue *self, LsQueueItem *item, const LsTheirRow *theirs)
{
  gboolean was_create = item->now->type == LS_ACTION_CREATE;
  gboolean was_update = item->now->type == LS_ACTION_UPDATE;

  rebase (self, item, theirs);
  if (was_update && item->now->type == LS_ACTION_CREATE)
    revive (self, item);
  else if (was_create && item->now->type == LS_ACTION_UPDATE)
    adopt (self, item, theirs);
}

/**
 * ls_queue_judge_followers:
 * @self: the queue
 * @item: an action that will not be done
 * @theirs: what is in its way
 *
 * What was to change a row that it was to make would change @theirs now, which whoever wanted that has not seen.
 */
void
ls_queue_judge_followers (LsQueue *self, const LsQueueItem *item, const LsTheirRow *theirs)
{
  g_autofree char *seen = g_strdup (item->now->body);
  g_autoptr (GPtrArray) items = NULL;

  if (item->now->type != LS_ACTION_CREATE || theirs->row == NULL)
    return;

  items = list_made_from (self, item);
  for (guint i = 0; i < items->len; i++)
    {
      LsQueueItem *other = items->pdata[i];
      LsAction *action = ls_queue_table_touch (self->table, other);

      ls_action_set_text (&action->base, seen);
      if (action->type == LS_ACTION_UPDATE)
        {
          g_free (seen);
          seen = self->editor.lay_over (action->base, action->body);
        }
      ls_queue_collide (self, other, theirs);
    }
}

/**
 * ls_queue_lose:
 * @self: the queue
 * @item: an action in conflict, or about to be
 * @theirs: what is in its way
 *
 * The server's side counts; ours is kept for a day.
 */
void
ls_queue_lose (LsQueue *self, LsQueueItem *item, const LsTheirRow *theirs)
{
  LsAction *action = ls_queue_apply (self, item, LS_ACTION_SUPERSEDE, NULL);

  ls_action_set_text (&action->loser, action->body != NULL ? action->body : "{}");
  g_clear_pointer (&action->server, g_free);
  ls_queue_judge_followers (self, item, theirs);
}

/**
 * ls_queue_win:
 * @self: the queue
 * @item: an action in conflict, or about to be
 * @theirs: what is in its way
 *
 * Our side counts; the server's is kept for a day. It is sent again, on condition that the row is still
 * what @theirs says: else there is another conflict.
 */
void
ls_queue_win (LsQueue *self, LsQueueItem *item, const LsTheirRow *theirs)
{
  LsAction *action = ls_queue_table_touch (self->table, item);

  ls_action_set_text (&action->loser, theirs->row);
  action->ended_at = ls_queue_wall (self);
  move_on (self, item, theirs);
}

static void
send_merged (LsQueue *self, LsQueueItem *item, char *merged, const LsTheirRow *theirs)
{
  LsAction *action = ls_queue_table_touch (self->table, item);

  g_free (action->body);
  action->body = merged;
  if (self->editor.agrees (theirs->row, merged))
    complete_by_others (self, item, theirs);
  else
    move_on (self, item, theirs);
}

static void
leave_to_user (LsQueue *self, LsQueueItem *item, const LsTheirRow *theirs)
{
  LsAction *action = ls_queue_apply (self, item, LS_ACTION_COLLIDE, get_reason (theirs->is_gone));

  ls_action_set_text (&action->server, theirs->row);
  action->server_version = theirs->version;
  action->next_attempt_at = 0;
}

static LsConflictPolicy
get_policy (LsQueue *self, const LsAction *action)
{
  LsEntity entity = ls_entity_from_string (action->entity);
  g_autofree char *path = ls_action_get_row_path (action);

  /* Without its own path nothing but what was asked for can be sent. */
  if (path == NULL)
    return LS_CONFLICT_POLICY_MANUAL;

  return self->config.policies[entity];
}

/**
 * ls_queue_collide:
 * @self: the queue
 * @item: an action that is pending, with the server or in conflict
 * @theirs: what is in its way
 *
 * Its row is not what it was made from.
 */
void
ls_queue_collide (LsQueue *self, LsQueueItem *item, const LsTheirRow *theirs)
{
  char *merged = NULL;

  switch (ls_queue_conflict_judge (item->now, theirs, get_policy (self, item->now), &self->editor,
                                   &merged))
    {
    case LS_COLLISION_NONE:
      move_on (self, item, theirs);
      break;
    case LS_COLLISION_DONE:
      complete_by_others (self, item, theirs);
      break;
    case LS_COLLISION_MERGED:
      send_merged (self, item, merged, theirs);
      break;
    case LS_COLLISION_WON:
      ls_queue_win (self, item, theirs);
      break;
    case LS_COLLISION_LOST:
      ls_queue_lose (self, item, theirs);
      break;
    case LS_COLLISION_OPEN:
    default:
      leave_to_user (self, item, theirs);
      break;
    }
}

/* Whether an action was made from an older state of its row than @theirs. */
static gboolean
is_older (const LsAction *action, const LsTheirRow *theirs)
{
  gint64 known = action->base_version;

  if (action->status == LS_ACTION_CONFLICT)
    known = MAX (known, action->server_version);
  return action->base_version > 0 && known < theirs->version;
}

/**
 * ls_queue_collide_lane:
 * @self: the queue
 * @lane: (element-type LsQueueItem): what is in the lane of a row
 * @theirs: what the server has of it
 *
 * Judges each action that was made from an older version, by itself: what one of them changes may be what
 * was changed at the server, and what another changes may not.
 */
void
ls_queue_collide_lane (LsQueue *self, GPtrArray *lane, const LsTheirRow *theirs)
{
  for (guint i = 0; i < lane->len; i++)
    {
      LsQueueItem *item = lane->pdata[i];
      LsActionStatus status = item->now->status;

      if ((status == LS_ACTION_PENDING || status == LS_ACTION_CONFLICT) &&
          !ls_queue_item_is_with_server (item) && is_older (item->now, theirs))
        ls_queue_collide (self, item, theirs);
    }
}
