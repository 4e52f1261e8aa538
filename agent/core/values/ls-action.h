/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-cursor.h"

G_BEGIN_DECLS

/* The reason of an action whose content can't be read any more. */
#define LS_ACTION_UNREADABLE "unreadable"
/* The reason of one in conflict whose row is gone. */
#define LS_ACTION_ROW_DELETED "row-deleted"

/** LsActionType: what an action is to do (contract, "Actions") */
typedef enum
{
  LS_ACTION_CREATE,
  LS_ACTION_UPDATE,
  LS_ACTION_DELETE,
  LS_ACTION_PUBLISH,
  LS_ACTION_SUBMIT,
  LS_ACTION_APPROVE,
  LS_ACTION_REJECT,
  LS_ACTION_ANALYZE,
  LS_ACTION_TYPE_INVALID,
} LsActionType;

/** LsMethod: the HTTP method that an action is sent by */
typedef enum
{
  LS_METHOD_POST,
  LS_METHOD_PUT,
  LS_METHOD_PATCH,
  LS_METHOD_DELETE,
  LS_METHOD_INVALID,
} LsMethod;

/**
 * LsActionStatus:
 * @LS_ACTION_PENDING: waits for its turn
 * @LS_ACTION_SYNCING: is with the server
 * @LS_ACTION_COMPLETED: is done; kept until it is visible in the stream, and a day longer
 * @LS_ACTION_FAILED: a dead letter: kept until the user decides
 * @LS_ACTION_CONFLICT: the row was changed meanwhile: kept until somebody settles it
 * @LS_ACTION_CANCELLED: will not be done
 *
 * Where an action is (contract, "Actions").
 */
typedef enum
{
  LS_ACTION_PENDING,
  LS_ACTION_SYNCING,
  LS_ACTION_COMPLETED,
  LS_ACTION_FAILED,
  LS_ACTION_CONFLICT,
  LS_ACTION_CANCELLED,
  LS_ACTION_STATUS_INVALID,
} LsActionStatus;

#define LS_N_ACTION_STATUSES LS_ACTION_STATUS_INVALID

/** LsOutcome: how an action ended (contract, "Actions"); %LS_OUTCOME_NONE: it has not */
typedef enum
{
  LS_OUTCOME_NONE,
  LS_OUTCOME_ACCEPTED,
  LS_OUTCOME_ACCEPTED_CHANGED,
  LS_OUTCOME_REJECTED,
  LS_OUTCOME_CONFLICTED,
  LS_OUTCOME_CANCELLED,
  LS_OUTCOME_SUPERSEDED,
} LsOutcome;

/** LsResolution: how a conflict is settled (contract, "Actions") */
typedef enum
{
  LS_RESOLUTION_KEEP_LOCAL,
  LS_RESOLUTION_USE_SERVER,
  LS_RESOLUTION_MERGE,
  LS_RESOLUTION_INVALID,
} LsResolution;

/**
 * LsAction:
 * @id: names it for ever: a UUIDv7
 * @seq: its place in the queue; rises for ever. 0: not stored yet
 * @key: idempotency key that the next attempt carries. A new one once the server has answered for good,
 *   since it would give the same answer to the same key again
 * @app_key: (nullable): the key that @app gave: by it the app finds the action again, whatever @key is; %NULL: none
 * @app_digest: (nullable): what it wanted with that key, as ls_action_draft_make() has it, whatever became of @body;
 *   %NULL: nobody knows any more
 * @type: what it is to do
 * @entity: the singular name of an #LsEntity, or any name with an endpoint of its own
 * @entity_id: of the row; of a create the id that we gave it
 * @endpoint: path on the server, with its leading slash
 * @method: how it is sent
 * @body: (nullable): JSON object; %NULL: none
 * @base_version: version of the row that it was made from; 0: unknown, or there was none
 * @base: (nullable): that row; %NULL: there was none
 * @depends_on: (nullable): id of the action that must be done before, beside those of the same row
 * @coalesce: may be merged with the next of the same row
 * @expires_at: not to be begun any more after this, milliseconds since the epoch; 0: never
 * @app: who asked for it: the caller's name; may be empty
 * @created_at: milliseconds since the epoch
 * @status: where it is
 * @outcome: how it ended
 * @outcome_unknown: it was sent and nobody knows what came of it
 * @attempts: how often it was sent
 * @next_attempt_at: not before this, milliseconds since the epoch; 0: at once
 * @http_status: of the last answer; 0: none came
 * @reason: (nullable): why it failed last, as a word: an error code of the server, `http-STATUS` where it has none, a
 *   #LsReason, or one of the queue's own (agent/README.md, "The way of an action")
 * @answer: (nullable): the server's answer to it, JSON; at most 64 KiB of it
 * @server_version: in conflict, or done: version of the row at the server; 0: unknown, or it is gone
 * @server: (nullable): in conflict, or just done: the row at the server; %NULL: it is gone
 * @commit_cursor: once done: where in the server's log it is; unset: the server did not say
 * @visible: what it did has come back in the stream: nothing has to be laid over the row any more
 * @loser: (nullable): of a settled conflict: the side that lost, JSON; for a day
 * @ended_at: when it was completed, cancelled or settled, milliseconds since the epoch; 0: not yet
 *
 * Something a user did that has to reach the server once. What of it changes is written to the disk
 * before it is told or acted upon.
 */
typedef struct
{
  char *id;
  guint64 seq;
  char *key;
  char *app_key;
  char *app_digest;
  LsActionType type;
  char *entity;
  char *entity_id;
  char *endpoint;
  LsMethod method;
  char *body;
  gint64 base_version;
  char *base;
  char *depends_on;
  gboolean coalesce;
  gint64 expires_at;
  char *app;
  gint64 created_at;

  LsActionStatus status;
  LsOutcome outcome;
  gboolean outcome_unknown;
  guint attempts;
  gint64 next_attempt_at;
  guint http_status;
  char *reason;
  char *answer;
  gint64 server_version;
  char *server;
  LsCursor commit_cursor;
  gboolean visible;
  char *loser;
  gint64 ended_at;
} LsAction;

LsAction *
ls_action_new (const char *id, LsActionType type, const char *entity, const char *entity_id);
LsAction *ls_action_copy (const LsAction *action);
void ls_action_free (LsAction *action);
gsize ls_action_get_size (const LsAction *action);
gsize ls_action_get_request_size (const LsAction *action);
gboolean ls_action_is_open (const LsAction *action);
void ls_action_set_text (char **member, const char *text);
void ls_action_lose_payloads (LsAction *action);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsAction, ls_action_free)

GPtrArray *ls_action_array_new (void);

const char *ls_action_type_to_string (LsActionType type);
LsActionType ls_action_type_from_string (const char *name);
const char *ls_method_to_string (LsMethod method);
LsMethod ls_method_from_string (const char *name);
const char *ls_action_status_to_string (LsActionStatus status);
LsActionStatus ls_action_status_from_string (const char *name);
const char *ls_outcome_to_string (LsOutcome outcome);
LsOutcome ls_outcome_from_string (const char *name);
const char *ls_resolution_to_string (LsResolution resolution);
LsResolution ls_resolution_from_string (const char *name);

G_END_DECLS
