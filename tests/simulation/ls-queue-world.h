/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-model-table.h"
#include "ls-queue-harness.h"

G_BEGIN_DECLS

/**
 * LsQueueWorld:
 * @h: (owned): the queue and its disk
 * @server: (owned): the server
 * @is_classic: which
 * @cache: (owned) (element-type utf8 LsRow): what the agent has of the server's rows
 * @offset: up to where it has its log
 * @chance: (owned): everything that is left to chance outside the queue
 * @seed: what all chance follows from
 * @keys: (owned) (element-type utf8 GHashTable): all keys that an action was ever sent with, by its id
 * @late: (owned) (element-type LsQueueCommand): requests that nobody waits for any more, but that are still
 *   on their way
 *
 * A queue, a server and a cache between them, which the test moves.
 */
typedef struct
{
  LsQueueHarness *h;
  LsModelTable *server;
  gboolean is_classic;
  GHashTable *cache;
  gint64 offset;
  LsRandom *chance;
  guint64 seed;
  GHashTable *keys;
  GQueue late;
} LsQueueWorld;

LsQueueWorld *ls_queue_world_new (guint64 seed, gboolean is_classic);
void ls_queue_world_free (LsQueueWorld *self);

gint64 ls_queue_world_below (LsQueueWorld *self, gint64 bound);
gboolean ls_queue_world_happens (LsQueueWorld *self, guint permille);
void ls_queue_world_connect (LsQueueWorld *self);

const LsRow *ls_queue_world_get_cached (LsQueueWorld *self, const char *id);
char *ls_queue_world_get_shown (LsQueueWorld *self, const char *id);
gint64 ls_queue_world_get_number (LsQueueWorld *self, const char *row, const char *member);

void ls_queue_world_stream (LsQueueWorld *self, gint64 n_events);
void ls_queue_world_serve (LsQueueWorld *self);
void ls_queue_world_lose_request (LsQueueWorld *self);
void ls_queue_world_lose_answer (LsQueueWorld *self);
void ls_queue_world_delay_request (LsQueueWorld *self);
void ls_queue_world_arrive_late (LsQueueWorld *self);
void ls_queue_world_crash (LsQueueWorld *self);
void ls_queue_world_answer_with (LsQueueWorld *self, guint status);
void ls_queue_world_read (LsQueueWorld *self);
void ls_queue_world_settle (LsQueueWorld *self);
guint ls_queue_world_count_done (LsQueueWorld *self, const char *id);

void ls_queue_world_fail (LsQueueWorld *self, const char *format, ...)
    G_GNUC_PRINTF (2, 3) G_GNUC_NORETURN;

/** ls_queue_world_check: fails the run, with the seed, unless @condition holds */
#define ls_queue_world_check(self, condition, ...)                                                 \
  G_STMT_START                                                                                     \
  {                                                                                                \
    if (!(condition))                                                                              \
      ls_queue_world_fail (self, __VA_ARGS__);                                                     \
  }                                                                                                \
  G_STMT_END

G_END_DECLS
