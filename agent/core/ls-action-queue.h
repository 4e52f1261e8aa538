/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "ls-agent.h"
#include "ls-data-editor.h"
#include "ls-overlay.h"
#include "ls-queue-config.h"
#include "ls-action-draft.h"
#include "ls-queue-report.h"
#include "ls-queue-store.h"

G_BEGIN_DECLS

/** LsWaitUntil: what to wait for */
typedef enum
{
  LS_WAIT_UNTIL_ACCEPTED,
  LS_WAIT_UNTIL_VISIBLE,
} LsWaitUntil;

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
void ls_action_queue_ready_async (LsActionQueue *self,
                                  gboolean try_again,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data);
gboolean ls_action_queue_ready_finish (LsActionQueue *self, GAsyncResult *result, GError **error);
void ls_action_queue_forget (LsActionQueue *self);

/* Reading; nothing of it waits for anything */
gboolean ls_action_queue_is_open (LsActionQueue *self);
const LsQueueCounts *ls_action_queue_get_counts (LsActionQueue *self);
guint ls_action_queue_get_n_left (LsActionQueue *self);
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
