/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-event.h"
#include "ls-log-entry.h"

G_BEGIN_DECLS

/** LS_BATCH_MAX_EVENTS: events in a frame or a page, whatever was asked for (protocol, `limit`) */
#define LS_BATCH_MAX_EVENTS 500

/** LS_BATCH_MAX_SIZE: bytes of events: with what stands around them an answer stays below 1 MiB
 * (protocol, "Limits") */
#define LS_BATCH_MAX_SIZE ((1 << 20) - (4 << 10))

/**
 * LsBatchVerdict:
 * @LS_BATCH_TAKEN: the entry is in
 * @LS_BATCH_FULL: it is not: the batch ended before the entry's transaction
 * @LS_BATCH_CUT: it is not: its transaction is too large, the batch ends inside it
 *
 * What became of an entry.
 */
typedef enum
{
  LS_BATCH_TAKEN,
  LS_BATCH_FULL,
  LS_BATCH_CUT,
} LsBatchVerdict;

/**
 * LsBatch:
 * @events: (owned) (element-type LsEvent): what is in
 * @offset: how far the log is in
 *
 * Events that go out together. A batch ends between two transactions, so that whoever commits it
 * as one never shows half of one; only a transaction that is larger than a batch may be is cut.
 */
typedef struct
{
  GPtrArray *events;
  gint64 offset;

  /*< private >*/
  guint wanted_events;
  gsize wanted_size;
  gsize size;
  guint n_whole;      /* events of transactions that are complete */
  gint64 transaction; /* of the last entry */
} LsBatch;

LsBatch *ls_batch_new (guint wanted_events, gsize wanted_size);
void ls_batch_free (LsBatch *self);
LsBatchVerdict ls_batch_add (LsBatch *self, const LsLogEntry *entry, LsEvent *event);
gboolean ls_batch_end_whole (LsBatch *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsBatch, ls_batch_free)

G_END_DECLS
