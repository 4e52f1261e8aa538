/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-clock.h"
#include "ls-overlay.h"
#include "ls-queue-command.h"
#include "ls-queue-config.h"
#include "ls-reply.h"
#include "ls-row.h"
#include "ls-state.h"

G_BEGIN_DECLS

typedef struct _LsQueue LsQueue;

LsQueue *ls_queue_new (LsClock *clock,
                       LsRandom *random,
                       const LsDataEditor *editor,
                       const LsQueueConfig *config,
                       const char *user_id);
void ls_queue_free (LsQueue *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsQueue, ls_queue_free)

LsQueueCommand *ls_queue_take_command (LsQueue *self);

/* What there is */
const LsQueueCounts *ls_queue_get_counts (LsQueue *self);
const LsAction *ls_queue_find (LsQueue *self, const char *id);
GPtrArray *ls_queue_list (LsQueue *self,
                          guint statuses,
                          const char *entity,
                          guint limit,
                          const char *after,
                          char **next);
const char *ls_queue_get_blocker (LsQueue *self, const char *id);
LsOverlay *ls_queue_lay_over (LsQueue *self, const char *entity, const char *id, const char *row);
GPtrArray *ls_queue_get_touched (LsQueue *self, const char *entity);

/* What happens */
void ls_queue_load (LsQueue *self, GPtrArray *actions, LsCursor position);
void ls_queue_set_config (LsQueue *self, const LsQueueConfig *config);
void ls_queue_set_link (LsQueue *self, gboolean is_reachable, LsProtocol protocol);
void ls_queue_stored (LsQueue *self);
void ls_queue_write_failed (LsQueue *self, const GError *error);
void ls_queue_answered (LsQueue *self, const char *id, const LsActionReply *reply);
void ls_queue_send_failed (LsQueue *self, const char *id, const GError *error);
void ls_queue_row_read (LsQueue *self, const char *id, const LsActionReply *reply);
void ls_queue_read_failed (LsQueue *self, const char *id, const GError *error);
void ls_queue_tokens_changed (LsQueue *self);
void ls_queue_tokens_refused (LsQueue *self);
void ls_queue_events (LsQueue *self, GPtrArray *events);
void ls_queue_moved (LsQueue *self, LsCursor position, gboolean is_settled);
void ls_queue_timer (LsQueue *self);
void ls_queue_end (LsQueue *self);

/* What users want; each is answered by its ticket */
void ls_queue_enqueue (LsQueue *self, LsAction *action, const LsRow *row, gpointer ticket);
void ls_queue_edit (LsQueue *self, const char *id, const char *body, gpointer ticket);
void ls_queue_cancel (LsQueue *self, const char *id, gpointer ticket);
void ls_queue_retry (LsQueue *self, const char *id, gpointer ticket);
void ls_queue_retry_failed (LsQueue *self, gpointer ticket);
void ls_queue_discard (LsQueue *self, const char *id, gpointer ticket);
void ls_queue_undo (LsQueue *self, const char *id, const LsRow *row, gpointer ticket);
void ls_queue_resolve (LsQueue *self,
                       const char *id,
                       LsResolution resolution,
                       const char *merged,
                       gint64 server_version,
                       gpointer ticket);
void ls_queue_flush (LsQueue *self);

G_END_DECLS
