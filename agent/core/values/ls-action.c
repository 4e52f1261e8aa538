/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-action.h"

#include <string.h>

static const char *const type_names[] = { "create", "update",  "delete", "publish",
                                          "submit", "approve", "reject", "analyze" };
G_STATIC_ASSERT (G_N_ELEMENTS (type_names) == LS_ACTION_TYPE_INVALID);

static const char *const method_names[] = { "POST", "PUT", "PATCH", "DELETE" };
G_STATIC_ASSERT (G_N_ELEMENTS (method_names) == LS_METHOD_INVALID);

static const char *const status_names[] = { "pending", "syncing",  "completed",
                                            "failed",  "conflict", "cancelled" };
G_STATIC_ASSERT (G_N_ELEMENTS (status_names) == LS_N_ACTION_STATUSES);

static const char *const outcome_names[] = { "",          "accepted",   "accepted-changed",
                                             "rejected",  "conflicted", "cancelled",
                                             "superseded" };
G_STATIC_ASSERT (G_N_ELEMENTS (outcome_names) == LS_OUTCOME_SUPERSEDED + 1);

static const char *const resolution_names[] = { "keep_local", "use_server", "merge" };
G_STATIC_ASSERT (G_N_ELEMENTS (resolution_names) == LS_RESOLUTION_INVALID);

/**
 * ls_action_new:
 * @id: names it
 * @type: what it is to do
 * @entity: to what kind of row
 * @entity_id: to which
 *
 * Returns: (transfer full): a pending action whose key is its id
 */
LsAction *
ls_action_new (const char *id, LsActionType type, const char *entity, const char *entity_id)
{
  LsAction *action = g_new0 (LsAction, 1);

  action->id = g_strdup (id);
  action->key = g_strdup (id);
  action->type = type;
  action->entity = g_strdup (entity);
  action->entity_id = g_strdup (entity_id);
  action->endpoint = g_strdup ("");
  action->app = g_strdup ("");
  action->commit_cursor = LS_CURSOR_NONE;
  return action;
}

/* Every text of an action, so that copying and freeing miss none. */
static const gsize texts[] = {
  G_STRUCT_OFFSET (LsAction, id),       G_STRUCT_OFFSET (LsAction, key),
  G_STRUCT_OFFSET (LsAction, app_key),  G_STRUCT_OFFSET (LsAction, app_digest),
  G_STRUCT_OFFSET (LsAction, entity),   G_STRUCT_OFFSET (LsAction, entity_id),
  G_STRUCT_OFFSET (LsAction, endpoint), G_STRUCT_OFFSET (LsAction, body),
  G_STRUCT_OFFSET (LsAction, base),     G_STRUCT_OFFSET (LsAction, depends_on),
  G_STRUCT_OFFSET (LsAction, app),      G_STRUCT_OFFSET (LsAction, reason),
  G_STRUCT_OFFSET (LsAction, answer),   G_STRUCT_OFFSET (LsAction, server),
  G_STRUCT_OFFSET (LsAction, loser),
};

static char **
get_text (const LsAction *action, guint i)
{
  return G_STRUCT_MEMBER_P (action, texts[i]);
}

/**
 * ls_action_copy:
 * @action: an action
 *
 * Returns: (transfer full): a copy
 */
LsAction *
ls_action_copy (const LsAction *action)
{
  LsAction *copy = g_memdup2 (action, sizeof *action);

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    *get_text (copy, i) = g_strdup (*get_text (action, i));
  return copy;
}

/**
 * ls_action_free:
 * @action: (transfer full): an action
 *
 * Frees it.
 */
void
ls_action_free (LsAction *action)
{
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_free (*get_text (action, i));
  g_free (action);
}

static gsize
get_length (const char *text)
{
  return text != NULL ? strlen (text) : 0;
}

/**
 * ls_action_get_size:
 * @action: an action
 *
 * Returns: how many bytes of text it has
 */
gsize
ls_action_get_size (const LsAction *action)
{
  gsize size = 0;

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    size += get_length (*get_text (action, i));
  return size;
}

/**
 * ls_action_get_request_size:
 * @action: an action
 *
 * Returns: how many bytes of that are of what is wanted, which count against the setting `Queue.max-bytes`; what the
 *   server said is nobody's who could want less
 */
gsize
ls_action_get_request_size (const LsAction *action)
{
  return ls_action_get_size (action) - get_length (action->answer) - get_length (action->server) -
         get_length (action->loser);
}

/**
 * ls_action_is_open:
 * @action: an action
 *
 * Returns: whether something is still to become of it: it is pending, with the server, a dead letter
 *   or in conflict
 */
gboolean
ls_action_is_open (const LsAction *action)
{
  return action->status != LS_ACTION_COMPLETED && action->status != LS_ACTION_CANCELLED;
}

/**
 * ls_action_lose_payloads:
 * @action: an action of which something can't be read any more: body, base, answer, or a row
 *
 * Keeps what is known of it. What still had to be done becomes a dead letter for its user to decide about;
 * of what is done nothing is laid over the row any more.
 */
void
ls_action_lose_payloads (LsAction *action)
{
  char **payloads[] = { &action->body,   &action->base,  &action->answer,
                        &action->server, &action->loser, &action->app_digest };

  for (guint i = 0; i < G_N_ELEMENTS (payloads); i++)
    g_clear_pointer (payloads[i], g_free);
  action->visible = TRUE;
  if (!ls_action_is_open (action))
    return;

  action->status = LS_ACTION_FAILED;
  action->outcome = LS_OUTCOME_REJECTED;
  action->next_attempt_at = 0;
  ls_action_set_text (&action->reason, LS_ACTION_UNREADABLE);
}

/**
 * ls_action_set_text:
 * @member: (inout): a text of an action
 * @text: (nullable): what takes its place; may be the same text
 *
 * Replaces a text.
 */
void
ls_action_set_text (char **member, const char *text)
{
  char *old = *member;

  *member = g_strdup (text);
  g_free (old);
}

/**
 * ls_action_array_new:
 *
 * Returns: (transfer full) (element-type LsAction): an empty array that owns its actions
 */
GPtrArray *
ls_action_array_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify)ls_action_free);
}

static const char *
to_name (const char *const *names, guint n_names, guint value)
{
  g_return_val_if_fail (value < n_names, "");

  return names[value];
}

/* Returns: @n_names for a name that is none of them */
static guint
from_name (const char *const *names, guint n_names, const char *name)
{
  guint i = 0;

  while (i < n_names && g_strcmp0 (names[i], name) != 0)
    i++;
  return i;
}

/**
 * ls_action_type_to_string:
 * @type: a type
 *
 * Returns: its name, for example `create`
 */
const char *
ls_action_type_to_string (LsActionType type)
{
  return to_name (type_names, G_N_ELEMENTS (type_names), type);
}

/**
 * ls_action_type_from_string:
 * @name: (nullable): a name
 *
 * Returns: the type, or %LS_ACTION_TYPE_INVALID
 */
LsActionType
ls_action_type_from_string (const char *name)
{
  return (LsActionType)from_name (type_names, G_N_ELEMENTS (type_names), name);
}

/**
 * ls_method_to_string:
 * @method: a method
 *
 * Returns: its name, for example `PUT`
 */
const char *
ls_method_to_string (LsMethod method)
{
  return to_name (method_names, G_N_ELEMENTS (method_names), method);
}

/**
 * ls_method_from_string:
 * @name: (nullable): a name
 *
 * Returns: the method, or %LS_METHOD_INVALID
 */
LsMethod
ls_method_from_string (const char *name)
{
  return (LsMethod)from_name (method_names, G_N_ELEMENTS (method_names), name);
}

/**
 * ls_action_status_to_string:
 * @status: a status
 *
 * Returns: its name, for example `pending`
 */
const char *
ls_action_status_to_string (LsActionStatus status)
{
  return to_name (status_names, G_N_ELEMENTS (status_names), status);
}

/**
 * ls_action_status_from_string:
 * @name: (nullable): a name
 *
 * Returns: the status, or %LS_ACTION_STATUS_INVALID
 */
LsActionStatus
ls_action_status_from_string (const char *name)
{
  return (LsActionStatus)from_name (status_names, G_N_ELEMENTS (status_names), name);
}

/**
 * ls_outcome_to_string:
 * @outcome: an outcome
 *
 * Returns: its name, for example `accepted`; empty for none
 */
const char *
ls_outcome_to_string (LsOutcome outcome)
{
  return to_name (outcome_names, G_N_ELEMENTS (outcome_names), outcome);
}

/**
 * ls_outcome_from_string:
 * @name: (nullable): a name
 *
 * Returns: the outcome; %LS_OUTCOME_NONE for none and for what is no outcome
 */
LsOutcome
ls_outcome_from_string (const char *name)
{
  guint outcome = from_name (outcome_names, G_N_ELEMENTS (outcome_names), name);

  return outcome < G_N_ELEMENTS (outcome_names) ? (LsOutcome)outcome : LS_OUTCOME_NONE;
}

/**
 * ls_resolution_to_string:
 * @resolution: a resolution
 *
 * Returns: its name, for example `keep_local`
 */
const char *
ls_resolution_to_string (LsResolution resolution)
{
  return to_name (resolution_names, G_N_ELEMENTS (resolution_names), resolution);
}

/**
 * ls_resolution_from_string:
 * @name: (nullable): a name
 *
 * Returns: the resolution, or %LS_RESOLUTION_INVALID
 */
LsResolution
ls_resolution_from_string (const char *name)
{
  return (LsResolution)from_name (resolution_names, G_N_ELEMENTS (resolution_names), name);
}
