/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-cursor.h"
#include "ls-event.h"

G_BEGIN_DECLS

/**
 * LsChangeSet:
 * @events: (element-type LsEvent): in the order in which they are to be applied
 * @cursor: the position in the server's log once they are in; unset: leave it as it is
 * @as_of: when the server said so, in milliseconds since the epoch
 * @forgotten: what is not followed any more: its rows stay, but its baseline is worth nothing once
 *   the position has moved
 * @sight: (owned) (nullable): to be kept as #LsStoreState.sight; %NULL: leave it as it is
 *
 * What the store commits in one transaction: events, the rows they change, and the cursor.
 */
typedef struct
{
  GPtrArray *events;
  LsCursor cursor;
  gint64 as_of;
  LsEntitySet forgotten;
  char *sight;
} LsChangeSet;

/**
 * LsAbsence:
 * @LS_ABSENCE_IS_NOTHING: not all rows came: what is absent stays as it is
 * @LS_ABSENCE_IS_DOUBTED: it is gone; but where so much would be that the server may be wrong, it stays
 * @LS_ABSENCE_IS_DELETION: it is gone
 *
 * What it means that a snapshot lacks a row.
 */
typedef enum
{
  LS_ABSENCE_IS_NOTHING,
  LS_ABSENCE_IS_DOUBTED,
  LS_ABSENCE_IS_DELETION,
} LsAbsence;

/**
 * LsCommit:
 * @events: (element-type LsEvent): the events that were real changes, each with its `seq`; what
 *   was a duplicate or stale is not among them
 * @n_dropped: how many were duplicates or stale
 * @entity: of a snapshot: its entity; else %LS_ENTITY_INVALID
 * @n_kept: of a snapshot: how many rows it lacks that stay all the same, as it is doubted
 * @ids: (nullable) (array zero-terminated=1): of an entity's very first baseline, which emits no
 *   events: the ids that came
 *
 * What a commit did.
 */
typedef struct
{
  GPtrArray *events;
  guint n_dropped;
  LsEntity entity;
  guint n_kept;
  GStrv ids;
} LsCommit;

gboolean ls_absence_is_believed (LsAbsence absence, gint64 n_absent, gint64 n_rows);

LsChangeSet *ls_change_set_new (GPtrArray *events, LsCursor cursor, gint64 as_of);
LsChangeSet *ls_change_set_copy (const LsChangeSet *change_set);
void ls_change_set_free (LsChangeSet *change_set);
LsCommit *ls_commit_new (void);
void ls_commit_free (LsCommit *commit);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsChangeSet, ls_change_set_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsCommit, ls_commit_free)

G_END_DECLS
