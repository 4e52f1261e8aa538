/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-action-queue.h"
#include "ls-queue.h"

G_BEGIN_DECLS

typedef struct _LsQueueJob LsQueueJob;

/* Begins with a job, on a queue that is open. */
typedef void (*LsQueueJobFunc) (LsActionQueue *self, GTask *task, LsQueueJob *job);

/* Has a task return what its kind of job promises, when @command says that it is done. */
typedef void (*LsQueueJobReturn) (GTask *task, LsQueueCommand *command);

/* What a caller wants: the data of its task; each job uses the members that it needs. */
struct _LsQueueJob
{
  LsQueueJobFunc func;
  LsQueueJobReturn give;
  gboolean was_tried; /* to open the queue for it */
  LsAction *action;   /* (owned) (nullable): to be enqueued, or what was waited for */
  char *id;           /* (owned) (nullable) */
  char *body;         /* (owned) (nullable) */
  LsResolution resolution;
  gint64 server_version;
  LsWaitUntil until;
  guint generation; /* of the queue that it is meant for */
  gulong cancelled_id;
};

/* Shared by ls-action-queue.c (what callers see), ls-action-queue-calls.c (what callers want) and
 * ls-action-queue-runner.c (commands carried out, and whose queue it is). */
struct _LsActionQueue
{
  GObject parent_instance;

  LsAgent *agent;         /* (owned) */
  LsQueueStore *store;    /* (owned) */
  LsTransport *transport; /* (owned) */
  LsClock *clock;         /* (owned) */
  LsRandom *random;       /* (owned) */
  LsDataEditor editor;
  LsQueueConfig config;

  char *server;     /* (owned) (nullable): of whose queue is open, or being opened */
  char *user_id;    /* (owned) (nullable): likewise; NULL: nobody's */
  LsQueue *queue;   /* (owned) (nullable): NULL while none is open */
  gboolean opening; /* the store is */
  gboolean forget;  /* what is in it, when it closes */
  guint n_left;     /* open actions of the one that was closed last */
  GError *trouble;  /* (owned) (nullable): why it could not be opened */
  guint generation; /* of the account: answers to an earlier one's questions are void */

  GCancellable *cancellable; /* (owned): of the requests under way */
  guint alarm;               /* 0: not armed */
  gboolean running;          /* commands are being carried out */
  guint n_reads;             /* of rows for actions, under way in the cache */
  GPtrArray *jobs;           /* (owned) (element-type GTask): wait for the queue to be open */
  GPtrArray *watchers;       /* (owned) (element-type GTask): wait for what comes of an action */
};

/* ls-action-queue.c */
void ls_action_queue_emit_action (LsActionQueue *self, const LsAction *action);
void ls_action_queue_emit_counts (LsActionQueue *self);
void ls_action_queue_emit_report (LsActionQueue *self, const LsSyncReport *report);
void ls_action_queue_emit_rows (LsActionQueue *self, LsEntity entity, GStrv ids);

/* ls-action-queue-calls.c */
void ls_action_queue_check_watchers (LsActionQueue *self);

/* ls-action-queue-runner.c */
void ls_action_queue_run (LsActionQueue *self);
void ls_action_queue_follow_agent (LsActionQueue *self);
void ls_action_queue_submit (LsActionQueue *self, GTask *task);
void ls_action_queue_close (LsActionQueue *self);

G_END_DECLS
