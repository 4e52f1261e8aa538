/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What users want of the actions that are there. */
#include "ls-action-draft.h"
#include "ls-queue-private.h"

/* The user may ask for a probe this often (goals, F18), milliseconds. */
#define FLUSH_EVERY 10000

/* Returns: (nullable): the action, if @ticket is not refused */
static LsQueueItem *
find (LsQueue *self, const char *id, gpointer ticket)
{
  LsQueueItem *item = ls_queue_table_find (self->table, id);

  if (item != NULL && ls_queue_item_get_told (item) != NULL)
    return item;

  ls_queue_refuse (self, ticket, LS_ERROR_NOT_FOUND, "no such action");
  return NULL;
}

static void
done (LsQueue *self, gpointer ticket)
{
  ls_queue_answer (self, ticket, NULL, 0);
  ls_queue_turn (self);
}

/* Whether it is the same again: then the caller has not heard our answer. What came before something else is not the
 * same: who wants 85, then 80, then 85 wants 85. */
static gboolean
is_last (LsQueue *self, const LsAction *follower)
{
  const LsQueueItem *last = ls_queue_lanes_get_last (ls_queue_table_get_lanes (self->table),
                                                     follower->entity, follower->entity_id);

  return last != NULL && last->now->status == LS_ACTION_PENDING &&
         g_strcmp0 (last->now->depends_on, follower->depends_on) == 0 &&
         last->now->type == follower->type && g_strcmp0 (last->now->body, follower->body) == 0;
}

/* Something to be done after @item, which is with the server and can't be changed any more. Made from the same
 * state of the row, it moves on with it. Returns: (nullable): %NULL: nobody knows where the row is */
static LsAction *
make_follower (LsQueue *self, const LsQueueItem *item, LsActionType type, const char *body)
{
  const LsAction *before = item->now;
  g_autofree char *id = ls_random_uuid7 (self->random, ls_queue_wall (self));
  g_autofree char *path = ls_action_get_row_path (before);
  LsAction *action;

  if (path == NULL)
    return NULL;

  action = ls_action_new (id, type, before->entity, before->entity_id);
  ls_action_set_text (&action->endpoint, path);
  action->method = type == LS_ACTION_DELETE ? LS_METHOD_DELETE : LS_METHOD_PUT;
  if (type == before->type)
    action->method = before->method;
  ls_action_set_text (&action->body, body);
  ls_action_set_text (&action->base, before->base);
  action->base_version = before->base_version;
  ls_action_set_text (&action->depends_on, before->id);
  ls_action_set_text (&action->app, before->app);
  action->created_at = ls_queue_wall (self);
  return action;
}

/* A deletion takes a create back. It is small, and between two of them something stands that was measured: who wants less
 * done is not sent away because there is too much. */
static void
add_follower (LsQueue *self,
              const LsQueueItem *item,
              LsActionType type,
              const char *body,
              gpointer ticket)
{
  g_autoptr (LsAction) action = make_follower (self, item, type, body);

  if (action == NULL)
    {
      ls_queue_refuse (self, ticket, LS_ERROR_CONFLICT, "it is with the server");
      return;
    }

  if (!is_last (self, action))
    {
      if (type != LS_ACTION_DELETE && !ls_queue_check_room (self, action, NULL, ticket))
        return;
      ls_queue_table_add (self->table, g_steal_pointer (&action));
    }
  done (self, ticket);
}

/* Whether it may have that body, and there is room for it. What is with the server keeps its own; what follows it is
 * measured by itself. */
static gboolean
check_body (LsQueue *self, const LsQueueItem *item, const char *body, gpointer ticket)
{
  g_autoptr (LsAction) copy = ls_action_copy (item->now);
  g_autoptr (GError) error = NULL;

  if (ls_action_draft_set_body (copy, body, &self->editor, &error))
    return ls_queue_item_is_with_server (item) || ls_queue_check_room (self, copy, item, ticket);

  ls_queue_refuse (self, ticket, LS_ERROR_INVALID_ARGUMENT, error->message);
  return FALSE;
}

/* What was sent once with a key is not changed under it: the server would refuse that. */
static void
begin_anew (LsQueue *self, LsQueueItem *item)
{
  LsAction *action = ls_queue_table_touch (self->table, item);

  if (action->attempts > 0)
    ls_queue_renew_key (self, action);
  action->attempts = 0;
  action->http_status = 0;
  action->next_attempt_at = 0;
  item->due = 0;
  item->n_broken = 0;
  item->n_unread = 0;
}

static void
let_be_late (LsQueue *self, LsAction *action)
{
  if (ls_queue_send_is_late (self, action))
    action->expires_at = 0;
}

/* Whoever sends a dead letter again knows that it is late, may be done twice, or does not wait any more. */
static void
forgive (LsQueue *self, LsAction *action, const char *reason)
{
  let_be_late (self, action);
  /* Of what can be looked up it is still to be seen. */
  if (!ls_queue_look_is_possible (action))
    action->outcome_unknown = FALSE;
  if (g_strcmp0 (reason, "dependency-cancelled") == 0)
    g_clear_pointer (&action->depends_on, g_free);
}

static void
edit (LsQueue *self, LsQueueItem *item, const char *body)
{
  LsActionStatus before = item->now->status;
  g_autofree char *reason = g_strdup (item->now->reason);
  LsAction *action =
      ls_queue_apply (self, item, LS_ACTION_EDIT, before == LS_ACTION_CONFLICT ? reason : NULL);

  ls_action_draft_set_body (action, body, &self->editor, NULL);
  if (before == LS_ACTION_CONFLICT)
    return;

  if (before == LS_ACTION_FAILED)
    forgive (self, action, reason);
  begin_anew (self, item);
}

/**
 * ls_queue_edit:
 * @self: a queue
 * @id: of an action
 * @body: JSON object that takes the place of its body
 * @ticket: of the caller
 *
 * Changes what is to be sent. What is with the server gets another action after it.
 */
void
ls_queue_edit (LsQueue *self, const char *id, const char *body, gpointer ticket)
{
  LsQueueItem *item = find (self, id, ticket);
  gboolean is_with_server;
  LsActionStep step;

  if (item == NULL)
    return;

  is_with_server = ls_queue_item_is_with_server (item);
  if (is_with_server ? item->now->type > LS_ACTION_UPDATE
                     : !ls_action_machine_step (item->now->status, LS_ACTION_EDIT, &step))
    {
      ls_queue_refuse (self, ticket, LS_ERROR_CONFLICT, "it can't be changed any more");
      return;
    }
  if (!check_body (self, item, body, ticket))
    return;

  if (is_with_server)
    {
      add_follower (self, item, LS_ACTION_UPDATE, body, ticket);
      return;
    }
  edit (self, item, body);
  done (self, ticket);
}

/* Who said to depend on what will not be done is the user's to decide. */
static void
fail_dependents (LsQueue *self, const LsQueueItem *item)
{
  GPtrArray *others =
      ls_queue_lanes_get_dependents (ls_queue_table_get_lanes (self->table), item->now->id);

  for (guint i = 0; others != NULL && i < others->len; i++)
    {
      LsQueueItem *other = others->pdata[i];

      if (other->lane != item->lane && other->now->status == LS_ACTION_PENDING)
        ls_queue_dead_letter (self, other, "dependency-cancelled");
    }
}

static void
drop (LsQueue *self, LsQueueItem *item, gpointer ticket)
{
  gboolean was_conflict = item->now->status == LS_ACTION_CONFLICT;
  LsAction *action = ls_queue_apply (self, item, LS_ACTION_CANCEL, NULL);
  g_autofree char *server = g_steal_pointer (&action->server);

  if (was_conflict)
    ls_queue_judge_followers (self, item, &(LsTheirRow) { server, action->server_version, FALSE });
  fail_dependents (self, item);
  done (self, ticket);
}

/* Takes back what may have been done already. */
static void
reverse (LsQueue *self, LsQueueItem *item, gpointer ticket)
{
  const LsAction *action = item->now;
  g_autofree char *body = NULL;

  if (action->type == LS_ACTION_CREATE)
    {
      add_follower (self, item, LS_ACTION_DELETE, NULL, ticket);
    }
  else if (action->type == LS_ACTION_UPDATE && action->base != NULL)
    {
      body = self->editor.invert (action->base, action->body);
      add_follower (self, item, LS_ACTION_UPDATE, body, ticket);
    }
  else
    {
      ls_queue_refuse (self, ticket, LS_ERROR_CONFLICT, "it is with the server");
    }
}

/**
 * ls_queue_cancel:
 * @self: a queue
 * @id: of an action
 * @ticket: of the caller
 *
 * Takes an action back. What is with the server gets another action after it that undoes it.
 */
void
ls_queue_cancel (LsQueue *self, const char *id, gpointer ticket)
{
  LsQueueItem *item = find (self, id, ticket);

  if (item == NULL)
    return;

  if (ls_queue_item_is_with_server (item))
    reverse (self, item, ticket);
  else if (ls_action_is_open (item->now))
    drop (self, item, ticket);
  else if (item->now->status == LS_ACTION_CANCELLED)
    done (self, ticket);
  else
    ls_queue_refuse (self, ticket, LS_ERROR_CONFLICT, "it is done");
}

/* There is nothing to send but what its user says anew. */
static gboolean
is_unreadable (const LsQueueItem *item)
{
  return item->now->status == LS_ACTION_FAILED &&
         g_strcmp0 (item->now->reason, LS_ACTION_UNREADABLE) == 0;
}

static void
retry (LsQueue *self, LsQueueItem *item)
{
  LsActionStatus before = item->now->status;
  g_autofree char *reason = g_strdup (item->now->reason);
  LsAction *action = ls_queue_apply (self, item, LS_ACTION_RETRY, NULL);

  action->attempts = 0;
  action->next_attempt_at = 0;
  item->due = 0;
  item->n_broken = 0;
  item->n_unread = 0;
  if (before == LS_ACTION_FAILED)
    forgive (self, action, reason);
}

/**
 * ls_queue_retry:
 * @self: a queue
 * @id: of a dead letter, or of an action that waits
 * @ticket: of the caller
 *
 * Has it sent again, now.
 */
void
ls_queue_retry (LsQueue *self, const char *id, gpointer ticket)
{
  LsQueueItem *item = find (self, id, ticket);
  LsActionStep step;

  if (item == NULL)
    return;

  if (is_unreadable (item))
    {
      ls_queue_refuse (self, ticket, LS_ERROR_CONFLICT, "nobody knows any more what it was");
      return;
    }
  if (ls_action_machine_step (item->now->status, LS_ACTION_RETRY, &step))
    retry (self, item);
  else if (item->now->status != LS_ACTION_SYNCING)
    {
      ls_queue_refuse (self, ticket, LS_ERROR_CONFLICT, "it is no dead letter");
      return;
    }
  done (self, ticket);
}

/**
 * ls_queue_retry_failed:
 * @self: a queue
 * @ticket: of the caller
 *
 * Has every dead letter sent again that can be read, and answers how many there were.
 */
void
ls_queue_retry_failed (LsQueue *self, gpointer ticket)
{
  GSequenceIter *iter = g_sequence_get_begin_iter (ls_queue_table_get_items (self->table));
  guint n = 0;

  for (; !g_sequence_iter_is_end (iter); iter = g_sequence_iter_next (iter))
    {
      LsQueueItem *item = g_sequence_get (iter);

      if (item->now->status != LS_ACTION_FAILED || is_unreadable (item))
        continue;
      retry (self, item);
      n++;
    }
  ls_queue_answer (self, ticket, NULL, n);
  ls_queue_turn (self);
}

/**
 * ls_queue_discard:
 * @self: a queue
 * @id: of a dead letter or a conflict
 * @ticket: of the caller
 *
 * Gives it up.
 */
void
ls_queue_discard (LsQueue *self, const char *id, gpointer ticket)
{
  LsQueueItem *item = find (self, id, ticket);

  if (item == NULL)
    return;

  if (item->now->status == LS_ACTION_FAILED || item->now->status == LS_ACTION_CONFLICT)
    drop (self, item, ticket);
  else
    ls_queue_refuse (self, ticket, LS_ERROR_CONFLICT, "it is neither a dead letter nor a conflict");
}

static void
resolve (LsQueue *self, LsQueueItem *item, LsResolution resolution, const char *merged)
{
  const LsAction *action = item->now;
  g_autofree char *server = g_strdup (action->server);
  LsTheirRow theirs = { server, action->server_version,
                        g_strcmp0 (action->reason, LS_ACTION_ROW_DELETED) == 0 };

  if (resolution == LS_RESOLUTION_USE_SERVER)
    {
      ls_queue_lose (self, item, &theirs);
      return;
    }
  if (resolution == LS_RESOLUTION_MERGE)
    ls_action_draft_set_body (ls_queue_table_touch (self->table, item), merged, &self->editor,
                              NULL);
  ls_queue_win (self, item, &theirs);
  let_be_late (self, item->now);
  begin_anew (self, item);
}

/**
 * ls_queue_resolve:
 * @self: a queue
 * @id: of a conflict
 * @resolution: how to settle it
 * @merged: (nullable): of a merge: the body that is to be sent
 * @server_version: the version at the server that the decision was made on
 * @ticket: of the caller
 *
 * Settles a conflict, if it is still the one that was shown.
 */
void
ls_queue_resolve (LsQueue *self,
                  const char *id,
                  LsResolution resolution,
                  const char *merged,
                  gint64 server_version,
                  gpointer ticket)
{
  LsQueueItem *item = find (self, id, ticket);

  if (item == NULL)
    return;

  if (item->now->status != LS_ACTION_CONFLICT)
    {
      ls_queue_refuse (self, ticket, LS_ERROR_CONFLICT, "it is not in conflict");
    }
  else if (item->now->server_version != server_version)
    {
      ls_queue_refuse (self, ticket, LS_ERROR_CONFLICT, "the row was changed again");
    }
  else if (resolution != LS_RESOLUTION_MERGE || check_body (self, item, merged, ticket))
    {
      resolve (self, item, resolution, merged);
      done (self, ticket);
    }
}

static void
hurry (LsQueue *self, LsQueueItem *item)
{
  if (item->now->status != LS_ACTION_PENDING || item->due <= ls_queue_now (self))
    return;

  ls_queue_table_touch (self->table, item)->next_attempt_at = 0;
  item->due = 0;
}

/**
 * ls_queue_flush:
 * @self: a queue
 *
 * The user wants everything sent now that can be sent: no wait of our own counts, and a server that is let alone
 * is probed. What the server itself has said about when to come back counts all the same.
 */
void
ls_queue_flush (LsQueue *self)
{
  gint64 now = ls_queue_now (self);
  GSequenceIter *iter = g_sequence_get_begin_iter (ls_queue_table_get_items (self->table));

  self->drain.is_going_on = TRUE;
  self->drain.was_asked = TRUE;
  if (self->flushed_at == 0 || now - self->flushed_at >= FLUSH_EVERY)
    {
      self->flushed_at = now;
      ls_queue_pace_hurry (&self->pace);
      ls_breaker_hurry (&self->breaker, now);
      for (; !g_sequence_iter_is_end (iter); iter = g_sequence_iter_next (iter))
        hurry (self, g_sequence_get (iter));
    }
  ls_queue_turn (self);
}
