/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-action-draft.h"
#include "ls-fake-clock.h"
#include "ls-fake-random.h"
#include "ls-queue.h"

G_BEGIN_DECLS

/**
 * LsQueueHarness:
 * @clock: (owned): of the queue
 * @random: (owned): of the queue
 * @editor: the real one
 * @config: settings; without a limit of the pace, and manual everywhere
 * @queue: (owned): the engine under test
 * @disk: (owned) (element-type utf8 LsAction): what would survive a crash
 * @manual: whether writes wait for ls_queue_harness_write()
 * @write: (owned) (nullable): the one that waits
 * @sends: (owned) (element-type LsQueueCommand): requests without an answer, the oldest first
 * @reads: (owned) (element-type LsQueueCommand): likewise
 * @feeds: (owned) (element-type LsEvent): what is to go into the cache
 * @n_refreshes: how often fresh tokens were asked for
 * @armed_at: when the queue is to be woken; 0: never
 * @told: (owned) (element-type LsAction): each change of an action that was told
 * @rows: (owned) (element-type utf8): each row that was told: "ENTITY/ID"
 * @answers: (owned) (element-type LsQueueCommand): by ticket
 * @n_counts: how often the counts were told
 * @report: (owned) (nullable): the last report
 * @n_reports: how many there were
 * @position: what the queue is told of the cache
 *
 * A queue whose world is the test: what it wants done lies here until the test does it.
 */
typedef struct
{
  LsFakeClock *clock;
  LsRandom *random;
  LsDataEditor editor;
  LsQueueConfig config;
  LsQueue *queue;
  GHashTable *disk;
  gboolean manual;
  LsQueueCommand *write;
  GQueue sends;
  GQueue reads;
  GQueue feeds;
  guint n_refreshes;
  gint64 armed_at;
  GPtrArray *told;
  GPtrArray *rows;
  GHashTable *answers;
  guint n_counts;
  LsSyncReport *report;
  guint n_reports;
  LsCursor position;

  /*< private >*/
  guint last_ticket;
} LsQueueHarness;

LsQueueHarness *ls_queue_harness_new (guint64 seed);
void ls_queue_harness_free (LsQueueHarness *self);

void ls_queue_harness_run (LsQueueHarness *self);
void ls_queue_harness_write (LsQueueHarness *self);
void ls_queue_harness_fail_write (LsQueueHarness *self);
void ls_queue_harness_crash (LsQueueHarness *self);
void ls_queue_harness_end (LsQueueHarness *self);
void ls_queue_harness_connect (LsQueueHarness *self, LsProtocol protocol);
void ls_queue_harness_disconnect (LsQueueHarness *self);
void ls_queue_harness_advance (LsQueueHarness *self, gint64 duration_ms);
gboolean ls_queue_harness_advance_to_alarm (LsQueueHarness *self);

gpointer ls_queue_harness_ticket (LsQueueHarness *self);
GError *ls_queue_harness_get_error (LsQueueHarness *self, gpointer ticket);
gpointer ls_queue_harness_try (LsQueueHarness *self, const LsActionDraft *draft, const LsRow *row);
const char *
ls_queue_harness_enqueue (LsQueueHarness *self, const LsActionDraft *draft, const LsRow *row);

LsQueueCommand *ls_queue_harness_take_send (LsQueueHarness *self);
void ls_queue_harness_answer (LsQueueHarness *self, LsActionReply *reply);
void ls_queue_harness_fail_send (LsQueueHarness *self, LsReason reason);
void ls_queue_harness_answer_read (LsQueueHarness *self, LsActionReply *reply);
void ls_queue_harness_fail_read (LsQueueHarness *self, LsReason reason);
LsActionReply *
ls_queue_harness_reply (guint status, const char *row, gint64 version, gint64 offset);
LsActionReply *ls_queue_harness_classic_reply (guint status, const char *row);
void ls_queue_harness_event (LsQueueHarness *self,
                             const char *type,
                             const char *id,
                             const char *data,
                             gint64 version,
                             const char *action_id);
void ls_queue_harness_move (LsQueueHarness *self, gint64 offset);
const LsAction *ls_queue_harness_get (LsQueueHarness *self, const char *id);

G_END_DECLS
