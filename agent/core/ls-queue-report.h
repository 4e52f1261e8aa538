/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-action.h"
#include "ls-breaker.h"

G_BEGIN_DECLS

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

guint ls_queue_counts_get_open (const LsQueueCounts *counts);

/**
 * LsSyncReport:
 * @success: nothing failed, nothing is in conflict, and nothing is left
 * @goes_on: something is left, and tried again in time by itself
 * @n_processed: actions that ended well
 * @n_failed: dead letters
 * @conflicts: ids of actions in conflict
 * @errors: one a dead letter, `ID: REASON`; at the end why something is left
 *
 * What came of a drain: of sending everything that could be sent (contract, SyncCompleted).
 */
typedef struct
{
  gboolean success;
  gboolean goes_on;
  guint n_processed;
  guint n_failed;
  GStrv conflicts;
  GStrv errors;
} LsSyncReport;

void ls_sync_report_free (LsSyncReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsSyncReport, ls_sync_report_free)

/**
 * LsQueueDrain:
 * @is_going_on: there is something that can be sent, and it is being sent
 * @was_asked: somebody wants to know when it ends, whatever comes of it
 * @n_processed: as in #LsSyncReport
 * @conflicts: (owned) (element-type utf8): likewise
 * @errors: (owned) (element-type utf8): likewise
 *
 * A report in the making.
 */
typedef struct
{
  gboolean is_going_on;
  gboolean was_asked;
  guint n_processed;
  GPtrArray *conflicts;
  GPtrArray *errors;
} LsQueueDrain;

void ls_queue_drain_init (LsQueueDrain *drain);
void ls_queue_drain_clear (LsQueueDrain *drain);
void ls_queue_drain_count (LsQueueDrain *drain, const LsAction *before, const LsAction *after);
LsSyncReport *ls_queue_drain_end (LsQueueDrain *drain, const char *obstacle);

G_END_DECLS
