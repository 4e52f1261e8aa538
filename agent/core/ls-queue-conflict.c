/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-queue-conflict.h"

#include <string.h>

#include "ls-action-draft.h"

/**
 * ls_queue_conflict_is_bare:
 * @row: a row that a server has answered
 * @editor: works on JSON
 *
 * Returns: whether that is its id and nothing else: it is out of sight, or so large that it is not said again
 *   (protocol, "an action"), but no row of which there is nothing more
 */
gboolean
ls_queue_conflict_is_bare (const char *row, const LsDataEditor *editor)
{
  g_autofree char *id = editor->get_text (row, "id");
  g_autofree char *bare = id != NULL ? editor->set_member ("{}", "id", id) : NULL;

  return bare != NULL && editor->is_same (row, bare);
}

/* Nothing happened that would matter to the action, whatever the version says. */
static gboolean
is_no_matter (const LsAction *action, const LsTheirRow *theirs, const LsDataEditor *editor)
{
  if (theirs->row == NULL)
    return FALSE;
  if (action->base != NULL && editor->is_same (action->base, theirs->row))
    return TRUE;

  return action->type == LS_ACTION_UPDATE && editor->agrees (theirs->row, action->body);
}

/* Gone already, or there already as it is to be. */
static gboolean
is_done (const LsAction *action, const LsTheirRow *theirs, const LsDataEditor *editor)
{
  if (theirs->row == NULL)
    return action->type == LS_ACTION_DELETE;

  return action->type == LS_ACTION_CREATE && editor->agrees (theirs->row, action->body);
}

static LsCollision
try_to_merge (const LsAction *action,
              const LsTheirRow *theirs,
              const LsDataEditor *editor,
              char **merged)
{
  gboolean is_write = action->type == LS_ACTION_CREATE || action->type == LS_ACTION_UPDATE;

  if (theirs->row == NULL || !is_write)
    return LS_COLLISION_OPEN;

  *merged = editor->merge (action->base, action->body, theirs->row);
  return *merged != NULL ? LS_COLLISION_MERGED : LS_COLLISION_OPEN;
}

/**
 * ls_queue_conflict_judge:
 * @action: an action that was made from another version of its row
 * @theirs: what the server has
 * @policy: what to do by itself
 * @editor: works on JSON
 * @merged: (out) (transfer full) (nullable): what to send instead, with %LS_COLLISION_MERGED
 *
 * Decides about a conflict by what the rows say. No clock is asked: whose is older is not known.
 *
 * Returns: what to do
 */
LsCollision
ls_queue_conflict_judge (const LsAction *action,
                         const LsTheirRow *theirs,
                         LsConflictPolicy policy,
                         const LsDataEditor *editor,
                         char **merged)
{
  *merged = NULL;
  if (theirs->row == NULL && !theirs->is_gone)
    return LS_COLLISION_OPEN;
  if (is_no_matter (action, theirs, editor))
    return LS_COLLISION_NONE;
  if (is_done (action, theirs, editor))
    return LS_COLLISION_DONE;

  switch (policy)
    {
    case LS_CONFLICT_POLICY_SERVER:
      return LS_COLLISION_LOST;
    case LS_CONFLICT_POLICY_LOCAL:
      return LS_COLLISION_WON;
    case LS_CONFLICT_POLICY_MERGE:
      return try_to_merge (action, theirs, editor, merged);
    case LS_CONFLICT_POLICY_MANUAL:
    default:
      return LS_COLLISION_OPEN;
    }
}

/* What was to make a row changes the one that is there. */
static void
become_update (LsAction *action)
{
  char *path = ls_action_get_row_path (action);

  if (path == NULL)
    return;

  g_free (action->endpoint);
  action->endpoint = path;
  action->type = LS_ACTION_UPDATE;
  action->method = LS_METHOD_PUT;
}

/* What was to change a row that is gone makes it anew, as whoever changed it saw it. */
static void
become_create (LsAction *action, const LsDataEditor *editor)
{
  g_autofree char *ending = g_strconcat ("/", action->entity_id, NULL);
  g_autofree char *row = NULL;

  if (!g_str_has_suffix (action->endpoint, ending))
    return;

  row = editor->lay_over (action->base, action->body);
  g_free (action->body);
  action->body = editor->set_member (row, "id", action->entity_id);
  action->endpoint[strlen (action->endpoint) - strlen (ending)] = '\0';
  action->type = LS_ACTION_CREATE;
  action->method = LS_METHOD_POST;
}

/**
 * ls_queue_conflict_move_base:
 * @action: an action
 * @theirs: what it is to be made from now
 * @editor: works on JSON
 *
 * Makes it as if it had been made from another state of the row. Where it is not known what that is, it stays what it
 * was made from: it is never sent on no condition because the server has not said what it has.
 */
void
ls_queue_conflict_move_base (LsAction *action, const LsTheirRow *theirs, const LsDataEditor *editor)
{
  if (action->type == LS_ACTION_CREATE && theirs->row != NULL)
    become_update (action);
  else if (action->type == LS_ACTION_UPDATE && theirs->is_gone)
    become_create (action, editor);

  if (theirs->row != NULL || theirs->is_gone)
    ls_action_set_text (&action->base, theirs->row);
  if (theirs->is_gone)
    action->base_version = 0;
  else if (theirs->version > 0 || theirs->row != NULL)
    action->base_version = theirs->version;
}

/* Where there are no versions: the row that @action was made from, with what the one before it has changed since, as the
 * server has it now. What else is different then, others have changed. */
static char *
get_base_with (const LsAction *action, const LsAction *done, const LsDataEditor *editor)
{
  g_autofree char *changed = editor->invert (done->server, done->body);

  return editor->lay_over (action->base, changed);
}

/* The row as @done has left it: where the server has told the version alone, what is known of it. */
static char *
get_left (const LsAction *done, const LsDataEditor *editor)
{
  if (done->server != NULL)
    return g_strdup (done->server);
  if (done->server_version == 0 || done->type > LS_ACTION_UPDATE)
    return NULL;

  return editor->lay_over (done->base, done->body);
}

static gboolean
is_next_version (const LsAction *action, const LsAction *done)
{
  /* A write raises the version by one (protocol, "Data"). */
  return action->base_version > 0 && action->base_version < done->server_version &&
         (action->base_version == done->base_version ||
          action->base_version + 1 == done->server_version);
}

/**
 * ls_queue_conflict_follow:
 * @action: an action that waits
 * @done: the one before it of the same row, just done, with what the server has now
 * @editor: works on JSON
 *
 * Whoever makes two changes one after the other has made the second one from the first. So it is no conflict if the
 * second finds what the first has left.
 *
 * Returns: (transfer full) (nullable): the state that @action was made from, with @done in it; %NULL: that has not
 *   changed by @done
 */
char *
ls_queue_conflict_follow (const LsAction *action, const LsAction *done, const LsDataEditor *editor)
{
  g_autofree char *left = get_left (done, editor);

  if (left == NULL)
    return NULL;
  if (done->type == LS_ACTION_CREATE && action->base == NULL && action->base_version == 0)
    return g_steal_pointer (&left);
  if (done->server_version > 0)
    return is_next_version (action, done) ? g_steal_pointer (&left) : NULL;

  return done->type == LS_ACTION_UPDATE && action->base != NULL
             ? get_base_with (action, done, editor)
             : NULL;
}
