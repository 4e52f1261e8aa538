/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "ls-action.h"
#include "ls-agent.h"
#include "ls-data-editor.h"
#include "ls-queue-store.h"

G_BEGIN_DECLS

/** LsConflictPolicy: what to do by itself about a conflict (contract, "Settings", Conflict) */
typedef enum
{
  LS_CONFLICT_POLICY_MANUAL,
  LS_CONFLICT_POLICY_MERGE,
  LS_CONFLICT_POLICY_SERVER,
  LS_CONFLICT_POLICY_LOCAL,
} LsConflictPolicy;

/**
 * LsQueueConfig:
 * @max_actions: how many actions may be open; see ls_action_is_open()
 * @max_bytes: how much text they may have
 * @rate: how many may be sent in a second; 0: no limit
 * @policies: by #LsEntity; the last is for all others
 *
 * What the queue needs of the settings.
 */
typedef struct
{
  guint max_actions;
  gsize max_bytes;
  guint rate;
  LsConflictPolicy policies[LS_N_ENTITIES + 1];
} LsQueueConfig;

/** LsBreakerState: whether the server is let alone (contract, `.Queue` Breaker) */
typedef enum
{
  LS_BREAKER_CLOSED,
  LS_BREAKER_OPEN,
  LS_BREAKER_PROBING,
} LsBreakerState;

/**
 * LsQueueCounts:
 * @pending: waiting
 * @in_flight: with the server
 * @failed: dead letters
 * @conflicts: in conflict
 * @breaker: whether the server is let alone
 */
typedef struct
{
  guint pending;
  guint in_flight;
  guint failed;
  guint conflicts;
  LsBreakerState breaker;
} LsQueueCounts;

/**
 * LsSyncReport:
 * @success: nothing failed and nothing is in conflict
 * @n_processed: actions that ended well
 * @n_failed: dead letters
 * @conflicts: ids of actions in conflict
 * @errors: one a dead letter, `ID: REASON`
 *
 * What came of a drain: of sending everything that could be sent (contract, SyncCompleted).
 */
typedef struct
{
  gboolean success;
  guint n_processed;
  guint n_failed;
  GStrv conflicts;
  GStrv errors;
} LsSyncReport;

/** LsWaitUntil: what to wait for */
typedef enum
{
  LS_WAIT_UNTIL_ACCEPTED,
  LS_WAIT_UNTIL_VISIBLE,
} LsWaitUntil;

/**
 * LsOverlay:
 * @data: (nullable): the row with everything laid over it; %NULL: there is none
 * @deleted: the actions delete it
 * @pending: ids of the actions that were laid over it, in their order; empty: none
 *
 * A row as it will be.
 */
typedef struct
{
  char *data;
  gboolean deleted;
  GStrv pending;
} LsOverlay;

void ls_overlay_free (LsOverlay *overlay);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsOverlay, ls_overlay_free)

/**
 * LsActionDraft:
 * @type: what is to be done
 * @entity: singular name of an entity, or any plain name when there is an @endpoint
 * @entity_id: (nullable): to which row; a create without one gets a UUID
 * @body: (nullable): JSON object
 * @endpoint: (nullable): a path on the server; %NULL: by @type and @entity
 * @method: %LS_METHOD_INVALID: by @type
 * @base_version: the version that it was made from; 0: what the cache has
 * @key: (nullable): idempotency key; %NULL: the id
 * @depends_on: (nullable): id of the action that must be done before
 * @coalesce: may be merged with one of the same row that waits
 * @expires_at: not to be sent any more after this, milliseconds since the epoch; 0: never
 * @app: who asks
 *
 * What an app asks for. All pointers are (unowned).
 */
typedef struct
{
  LsActionType type;
  const char *entity;
  const char *entity_id;
  const char *body;
  const char *endpoint;
  LsMethod method;
  gint64 base_version;
  const char *key;
  const char *depends_on;
  gboolean coalesce;
  gint64 expires_at;
  const char *app;
} LsActionDraft;

#define LS_TYPE_ACTION_QUEUE (ls_action_queue_get_type ())
G_DECLARE_FINAL_TYPE (LsActionQueue, ls_action_queue, LS, ACTION_QUEUE, GObject)

/* Signals:
 *
 * LsActionQueue::action-changed (const LsAction *action): its status, outcome or reason; on disk
 * LsActionQueue::counts-changed (): something in ls_action_queue_get_counts()
 * LsActionQueue::sync-completed (const LsSyncReport *report)
 * LsActionQueue::rows-changed (LsEntity entity, GStrv ids): what ls_action_queue_lay_over() gives
 */

LsActionQueue *ls_action_queue_new (LsAgent *agent,
                                    LsQueueStore *store,
                                    LsTransport *transport,
                                    LsClock *clock,
                                    LsRandom *random,
                                    const LsDataEditor *editor,
                                    const LsQueueConfig *config);
void ls_action_queue_set_config (LsActionQueue *self, const LsQueueConfig *config);
void ls_action_queue_stop (LsActionQueue *self);

/* Reading; nothing of it waits for anything */
const LsQueueCounts *ls_action_queue_get_counts (LsActionQueue *self);
const LsAction *ls_action_queue_find (LsActionQueue *self, const char *id);
GPtrArray *ls_action_queue_list (LsActionQueue *self,
                                 guint statuses,
                                 const char *entity,
                                 guint limit,
                                 const char *after,
                                 char **next);
const char *ls_action_queue_get_blocker (LsActionQueue *self, const LsAction *action);
LsOverlay *
ls_action_queue_lay_over (LsActionQueue *self, LsEntity entity, const char *id, const char *row);
GPtrArray *ls_action_queue_get_touched (LsActionQueue *self, LsEntity entity);

/* Writing; each is answered when what it did is on disk */
void ls_action_queue_enqueue_async (LsActionQueue *self,
                                    const LsActionDraft *draft,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);
char *ls_action_queue_enqueue_finish (LsActionQueue *self, GAsyncResult *result, GError **error);
void ls_action_queue_edit_async (LsActionQueue *self,
                                 const char *id,
                                 const char *body,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
void ls_action_queue_cancel_async (LsActionQueue *self,
                                   const char *id,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
void ls_action_queue_retry_async (LsActionQueue *self,
                                  const char *id,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);
void ls_action_queue_discard_async (LsActionQueue *self,
                                    const char *id,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);
void ls_action_queue_undo_async (LsActionQueue *self,
                                 const char *id,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
void ls_action_queue_resolve_async (LsActionQueue *self,
                                    const char *id,
                                    LsResolution resolution,
                                    const char *merged,
                                    gint64 server_version,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);
gboolean ls_action_queue_change_finish (LsActionQueue *self, GAsyncResult *result, GError **error);
void ls_action_queue_retry_failed_async (LsActionQueue *self,
                                         GAsyncReadyCallback callback,
                                         gpointer user_data);
gssize
ls_action_queue_retry_failed_finish (LsActionQueue *self, GAsyncResult *result, GError **error);
void ls_action_queue_wait_for_async (LsActionQueue *self,
                                     const char *id,
                                     LsWaitUntil until,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);
LsAction *
ls_action_queue_wait_for_finish (LsActionQueue *self, GAsyncResult *result, GError **error);

/* Sends what can be sent now: probes a server that is let alone, once in 10 s */
void ls_action_queue_flush (LsActionQueue *self);

G_END_DECLS
