/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What users want done: new actions. */
#include "ls-queue-private.h"

/* A state of a row that an action may be made from. */
typedef struct
{
  const char *row; /* (nullable) */
  gint64 version;
} State;

static GPtrArray *
get_lane (LsQueue *self, const LsAction *action)
{
  return ls_queue_lanes_get_row (ls_queue_table_get_lanes (self->table), action->entity,
                                 action->entity_id);
}

/* What is known of the row beside the cache: what an action has left that is not in it yet, or was made from. */
static State
get_state (const LsAction *action, State known)
{
  gboolean is_done = action->status == LS_ACTION_COMPLETED && !action->visible;

  if (is_done && (action->server_version > known.version ||
                  (action->server_version == 0 && action->server != NULL)))
    return (State) { action->server, action->server_version };
  if (ls_action_is_open (action) && action->base_version > known.version)
    return (State) { action->base, action->base_version };

  return known;
}

/* The base of a change is what the user has seen: the newest that is known here. An app that says which version it
 * has seen knows better; only what we did to that version ourselves does not count. */
static void
set_base (LsQueue *self, LsAction *action, const LsRow *row)
{
  GPtrArray *lane = get_lane (self, action);
  gboolean is_change = action->type == LS_ACTION_UPDATE || action->type == LS_ACTION_DELETE;
  State known = { NULL, 0 };

  if (row != NULL)
    known = (State) { row->deleted ? NULL : row->data, row->version };
  for (guint i = 0; lane != NULL && i < lane->len; i++)
    {
      const LsAction *other = ((LsQueueItem *)lane->pdata[i])->now;

      if (action->base_version > 0 && other->base_version == action->base_version &&
          other->status == LS_ACTION_COMPLETED && other->server_version > 0)
        action->base_version = other->server_version;
      known = get_state (other, known);
    }

  if (is_change && action->base_version == 0)
    action->base_version = known.version;
  if (is_change && action->base_version == known.version)
    ls_action_set_text (&action->base, known.row);
}

static gboolean
is_change_of_its_own (const LsAction *action)
{
  return action->type == LS_ACTION_UPDATE && action->coalesce &&
         (action->method == LS_METHOD_PUT || action->method == LS_METHOD_PATCH);
}

/* Returns: (nullable): the action that waits, was never sent, and that @action can take the place of. Whoever enqueued
 * it may read it, so that what one app wants never becomes a part of what another does. */
static LsQueueItem *
find_to_merge (LsQueue *self, const LsAction *action)
{
  LsQueueLanes *lanes = ls_queue_table_get_lanes (self->table);
  LsQueueItem *last = ls_queue_lanes_get_last (lanes, action->entity, action->entity_id);

  if (!is_change_of_its_own (action) || action->depends_on != NULL)
    return NULL;

  if (last == NULL || !ls_queue_item_is_waiting (last) || last->now->attempts > 0 ||
      !is_change_of_its_own (last->now) || last->now->method != action->method ||
      !g_str_equal (last->now->endpoint, action->endpoint) ||
      g_strcmp0 (last->now->app, action->app) != 0 ||
      ls_queue_lanes_get_dependents (lanes, last->now->id) != NULL)
    return NULL;

  return last;
}

/* Makes @action both. Returns: whether that is not too large for one */
static gboolean
merge (LsQueue *self, LsAction *action, const LsAction *before)
{
  g_autofree char *body = self->editor.lay_over (before->body, action->body);

  if (!self->editor.check (body, FALSE, NULL))
    return FALSE;

  ls_action_set_text (&action->body, body);
  ls_action_set_text (&action->base, before->base);
  action->base_version = before->base_version;
  ls_action_set_text (&action->depends_on, before->depends_on);
  return TRUE;
}

/* Whether an action is the one that we have with its key: an app that did not hear our answer asks again. By what it
 * wanted then, since what is sent may have been edited or merged meanwhile; or by what it says, in whatever order. */
static gboolean
is_the_same (LsQueue *self, const LsAction *action, const LsAction *known)
{
  g_autofree char *body = g_strdup (action->body);

  if (g_strcmp0 (action->app_digest, known->app_digest) == 0)
    return TRUE;
  if (action->type != known->type || !g_str_equal (action->entity, known->entity))
    return FALSE;
  if (action->type == LS_ACTION_CREATE)
    {
      g_free (body);
      body = self->editor.set_member (action->body, "id", known->entity_id);
    }
  else if (!g_str_equal (action->endpoint, known->endpoint))
    {
      return FALSE;
    }

  return body == NULL || known->body == NULL ? body == known->body
                                             : self->editor.is_same (body, known->body);
}

/* What was merged is done when the action is that took its place, which came right after it. */
static gboolean
is_merged (const LsAction *action)
{
  return action->outcome == LS_OUTCOME_SUPERSEDED && action->loser == NULL;
}

/* Has @action wait for what will be done of the action that it names. Returns: whether there is any */
static gboolean
set_dependency (LsQueue *self, LsAction *action)
{
  LsQueueItem *item = ls_queue_table_find (self->table, action->depends_on);

  while (item != NULL && is_merged (item->now))
    item = ls_queue_table_get_next_of_row (self->table, item);
  if (item == NULL || item->now->status == LS_ACTION_CANCELLED)
    return FALSE;

  ls_action_set_text (&action->depends_on, item->now->id);
  return TRUE;
}

/* An app's keys are its own: what others do with the same ones is not for it to know. */
static LsQueueItem *
find_known (LsQueue *self, const LsAction *action)
{
  if (action->app_key == NULL)
    return NULL;

  return ls_queue_table_find_app_key (self->table, action->app, action->app_key);
}

/* @action: (transfer full) */
static void
add (LsQueue *self, LsAction *action, const LsRow *row, gpointer ticket)
{
  g_autoptr (LsAction) owned = action;
  LsQueueItem *merged = find_to_merge (self, action);

  set_base (self, action, row);
  if (merged != NULL && !merge (self, action, merged->now))
    merged = NULL;
  if (!ls_queue_check_room (self, action, merged, ticket))
    return;

  /* All keys are one user's to the server: one that another app has made up, too, can't be sent for both. */
  if (ls_queue_table_find_key (self->table, action->key) != NULL)
    ls_action_set_text (&action->key, action->id);
  if (merged != NULL)
    ls_queue_apply (self, merged, LS_ACTION_SUPERSEDE, NULL);
  ls_queue_answer (self, ticket, action->id, 0);
  ls_queue_table_add (self->table, g_steal_pointer (&owned));
}

/**
 * ls_queue_enqueue:
 * @self: a queue
 * @action: (transfer full): a new action, as ls_action_draft_make() gave it
 * @row: (nullable): its row, as the cache has it
 * @ticket: of the caller
 *
 * Takes an action.
 */
void
ls_queue_enqueue (LsQueue *self, LsAction *action, const LsRow *row, gpointer ticket)
{
  g_autoptr (LsAction) owned = action;
  LsQueueItem *known = find_known (self, action);

  if (known != NULL && is_the_same (self, action, known->now))
    ls_queue_answer (self, ticket, known->now->id, 0);
  else if (known != NULL)
    ls_queue_refuse (self, ticket, LS_ERROR_CONFLICT, "the key is another action's");
  else if (action->depends_on != NULL && !set_dependency (self, action))
    ls_queue_refuse (self, ticket, LS_ERROR_INVALID_ARGUMENT, "depends on no action that is there");
  else
    add (self, g_steal_pointer (&owned), row, ticket);
  ls_queue_turn (self);
}

static gboolean
can_be_undone (LsQueue *self, const LsAction *action)
{
  return action->loser != NULL &&
         (action->outcome == LS_OUTCOME_SUPERSEDED || action->type == LS_ACTION_UPDATE ||
          action->type == LS_ACTION_CREATE);
}

/* What brings the side back that lost. */
static LsAction *
make_undo (LsQueue *self, const LsAction *action)
{
  g_autofree char *id = ls_random_uuid7 (self->random, ls_queue_wall (self));
  LsAction *undo = ls_action_new (id, action->type, action->entity, action->entity_id);

  g_free (undo->endpoint);
  undo->endpoint = g_strdup (action->endpoint);
  undo->method = action->method;
  undo->created_at = ls_queue_wall (self);
  ls_action_set_text (&undo->app, action->app);
  if (action->outcome == LS_OUTCOME_SUPERSEDED)
    undo->body = g_strdup (action->body);
  else
    undo->body = self->editor.invert (action->loser, action->body);
  return undo;
}

/**
 * ls_queue_undo:
 * @self: a queue
 * @id: of an action whose conflict was settled
 * @row: (nullable): its row, as the cache has it
 * @ticket: of the caller
 *
 * Brings the side back that lost, as another action, made from what there is now.
 */
void
ls_queue_undo (LsQueue *self, const char *id, const LsRow *row, gpointer ticket)
{
  LsQueueItem *item = ls_queue_table_find (self->table, id);
  g_autoptr (LsAction) undo = NULL;

  if (item == NULL || !can_be_undone (self, item->now))
    {
      ls_queue_refuse (self, ticket, LS_ERROR_NOT_FOUND, "nothing to bring back");
      return;
    }

  undo = make_undo (self, item->now);
  set_base (self, undo, row);
  /* The row is there by now. */
  if (undo->type == LS_ACTION_CREATE && row != NULL && !row->deleted)
    ls_queue_conflict_move_base (undo, &(LsTheirRow) { row->data, row->version, FALSE },
                                 &self->editor);
  if (!ls_queue_check_room (self, undo, NULL, ticket))
    return;

  ls_action_set_text (&ls_queue_table_touch (self->table, item)->loser, NULL);
  ls_queue_table_add (self->table, g_steal_pointer (&undo));
  ls_queue_answer (self, ticket, NULL, 0);
  ls_queue_turn (self);
}
