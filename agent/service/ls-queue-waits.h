/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-action-queue.h"
#include "ls-callers.h"
#include "ls-clock.h"

G_BEGIN_DECLS

/**
 * LsQueueWaitFunc:
 * @invocation: (transfer full): the call that waited; to be answered
 * @action: what it waited for, with its outcome
 * @service: what was given to ls_queue_waits_new()
 *
 * Answers a wait that was not in vain.
 */
typedef void (*LsQueueWaitFunc) (GDBusMethodInvocation *invocation,
                                 const LsAction *action,
                                 gpointer service);

#define LS_TYPE_QUEUE_WAITS (ls_queue_waits_get_type ())
G_DECLARE_FINAL_TYPE (LsQueueWaits, ls_queue_waits, LS, QUEUE_WAITS, GObject)

LsQueueWaits *ls_queue_waits_new (LsActionQueue *queue,
                                  LsCallers *callers,
                                  LsClock *clock,
                                  LsQueueWaitFunc func,
                                  gpointer service);
void ls_queue_waits_add (LsQueueWaits *self,
                         GDBusMethodInvocation *invocation,
                         const char *id,
                         LsWaitUntil until,
                         gint64 timeout_ms);
void ls_queue_waits_close (LsQueueWaits *self);

G_END_DECLS
