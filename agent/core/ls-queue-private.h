/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-action-machine.h"
#include "ls-error.h"
#include "ls-link-error.h"
#include "ls-queue.h"
#include "ls-queue-conflict.h"
#include "ls-queue-pace.h"
#include "ls-queue-table.h"

G_BEGIN_DECLS

/**
 * LsQueueTokens:
 * @LS_QUEUE_TOKENS_GOOD: as far as we know
 * @LS_QUEUE_TOKENS_ASKED: the server refused one; fresh ones were asked for
 * @LS_QUEUE_TOKENS_REFUSED: the server refused the fresh one, too: what helps is the next that comes by
 *   itself, or a sign-in, which opens the queue anew
 *
 * Whether the server knows us.
 */
typedef enum
{
  LS_QUEUE_TOKENS_GOOD,
  LS_QUEUE_TOKENS_ASKED,
  LS_QUEUE_TOKENS_REFUSED,
} LsQueueTokens;

/* Shared by the parts of the queue alone: ls-queue.c (the frame: writing, telling, time), ls-queue-send.c (what
 * goes to the server), ls-queue-answer.c (what comes of it), ls-queue-look.c (rows of the classic system),
 * ls-queue-settle.c (what an action comes to), ls-queue-stream.c (the stream of events), ls-queue-enqueue.c and
 * ls-queue-user.c (what users want), ls-queue-room.c (how much of it fits), ls-queue-read.c (what others see). */
struct _LsQueue
{
  LsClock *clock;   /* (owned) */
  LsRandom *random; /* (owned) */
  LsDataEditor editor;
  LsQueueConfig config;
  char *user_id;       /* (owned) */
  GQueue commands;     /* (element-type LsQueueCommand) (owned) */
  LsQueueTable *table; /* (owned) */

  GPtrArray *writing; /* (owned) (nullable) (element-type LsAction): what is being written */
  GStrv removing;     /* (owned) (nullable): what is being taken off the disk */
  GPtrArray *
      answers; /* (owned) (element-type LsQueueCommand): to be given once it is written what is decided */
  GPtrArray *
      answers_in_flight; /* (owned) (element-type LsQueueCommand): once it is written what is being written */
  gboolean disk_is_ill;
  gint64 write_at; /* when to try again, monotonic ms */

  gboolean is_reachable;
  LsProtocol protocol;
  LsCursor position;   /* of the cache in the server's log */
  gboolean is_settled; /* the cache has everything that was fed to it */
  LsQueueTokens tokens;
  guint token; /* how often there were fresh ones */
  gboolean token_is_proven;
  guint n_in_flight; /* with the server */
  GPtrArray *
      marked; /* (owned) (element-type LsQueueItem): to be sent next, in this order: on disk as being
                       * with the server, or about to be */
  GPtrArray *news; /* (owned) (element-type utf8): ids of what is to be told of them */
  LsBreaker breaker;
  LsQueuePace pace;

  LsQueueCounts counts;
  LsBreakerState told_breaker;
  gboolean counts_changed;
  GHashTable *rows_changed[LS_N_ENTITIES]; /* (owned) (nullable) (element-type utf8) */
  LsQueueDrain drain;
  gint64 flushed_at; /* monotonic ms; 0: never */
  gint64 tidy_at;    /* the same; 0: nothing to tidy up */
  gint64 armed_at;   /* the same; 0: not armed */
};

/* ls-queue.c */
LsQueueCommand *ls_queue_push (LsQueue *self, LsQueueCommandKind kind);
void ls_queue_add_news (LsQueue *self, LsQueueItem *item);
gint64 ls_queue_now (LsQueue *self);
gint64 ls_queue_wall (LsQueue *self);
void ls_queue_answer (LsQueue *self, gpointer ticket, const char *id, guint number);
void ls_queue_refuse (LsQueue *self, gpointer ticket, LsError code, const char *message);
void ls_queue_turn (LsQueue *self);

/* ls-queue-send.c */
gboolean ls_queue_send_is_classic (LsQueue *self);
void ls_queue_send_what_is_due (LsQueue *self);
char *ls_queue_send_explain (LsQueue *self);
gboolean ls_queue_send_is_late (LsQueue *self, const LsAction *action);
const char *ls_queue_send_get_obstacle (LsQueue *self, const LsQueueItem *item);
gint64 ls_queue_send_get_next (LsQueue *self);
void ls_queue_send_stored (LsQueue *self, LsQueueItem *item);
GPtrArray *ls_queue_send_make_records (LsQueue *self, GPtrArray *actions);
void ls_queue_send_take_back (LsQueue *self);
void ls_queue_send_roll_back (LsQueue *self);
void ls_queue_send_read (LsQueue *self, LsQueueItem *item, LsQueuePhase phase, const char *path);
void ls_queue_send_mark (LsQueue *self, LsQueueItem *item);
void ls_queue_send_end (LsQueue *self, LsQueueItem *item);

/* ls-queue-room.c */
gboolean ls_queue_check_room (LsQueue *self,
                              const LsAction *action,
                              const LsQueueItem *replaced,
                              gpointer ticket);

/* ls-queue-look.c */
gboolean ls_queue_look_is_needed (LsQueue *self, const LsQueueItem *item);
gboolean ls_queue_look_is_possible (const LsAction *action);
void ls_queue_look_begin (LsQueue *self, LsQueueItem *item, LsQueuePhase phase);

/* ls-queue-answer.c */
void ls_queue_answer_heard (LsQueue *self, const LsQueueItem *item, const LsActionReply *reply);
void ls_queue_answer_unheard (LsQueue *self, const GError *error);
void ls_queue_answer_no_token (LsQueue *self, LsQueueItem *item);
gboolean ls_queue_answer_is_broken (LsQueue *self, LsQueueItem *item);

/* ls-queue-stream.c */
void ls_queue_see_what_is_there (LsQueue *self, LsCursor before);

/* ls-queue-settle.c */
LsAction *
ls_queue_apply (LsQueue *self, LsQueueItem *item, LsActionEvent event, const char *reason);
void ls_queue_set_sent (LsAction *action);
void ls_queue_renew_key (LsQueue *self, LsAction *action);
void ls_queue_postpone (LsQueue *self, LsQueueItem *item, const char *reason, gint64 away);
void ls_queue_dead_letter (LsQueue *self, LsQueueItem *item, const char *reason);
void
ls_queue_complete (LsQueue *self, LsQueueItem *item, const LsTheirRow *result, LsCursor cursor);
void ls_queue_complete_in_cache (LsQueue *self, LsQueueItem *item, const LsTheirRow *result);
void ls_queue_lose (LsQueue *self, LsQueueItem *item, const LsTheirRow *theirs);
void ls_queue_win (LsQueue *self, LsQueueItem *item, const LsTheirRow *theirs);
void ls_queue_collide (LsQueue *self, LsQueueItem *item, const LsTheirRow *theirs);
void ls_queue_collide_lane (LsQueue *self, GPtrArray *lane, const LsTheirRow *theirs);
void ls_queue_judge_followers (LsQueue *self, const LsQueueItem *item, const LsTheirRow *theirs);
void ls_queue_see (LsQueue *self, LsQueueItem *item);

G_END_DECLS
