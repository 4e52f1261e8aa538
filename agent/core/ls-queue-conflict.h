/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-action.h"
#include "ls-data-editor.h"
#include "ls-queue-config.h"

G_BEGIN_DECLS

/**
 * LsTheirRow:
 * @row: (unowned) (nullable): the row at the server; %NULL: it is gone, or we may not know
 * @version: its version; 0: unknown
 * @is_gone: there is no such row (any more)
 *
 * What is in the way of an action.
 */
typedef struct
{
  const char *row;
  gint64 version;
  gboolean is_gone;
} LsTheirRow;

/**
 * LsCollision:
 * @LS_COLLISION_NONE: there is none: the row says what it said when the action was made, or says already
 *   what the action wants
 * @LS_COLLISION_DONE: nothing is left to do
 * @LS_COLLISION_MERGED: what the action changes is nothing that was changed there
 * @LS_COLLISION_WON: our side counts
 * @LS_COLLISION_LOST: the server's side counts
 * @LS_COLLISION_OPEN: somebody has to say which
 *
 * What to do about a row that is not what it was.
 */
typedef enum
{
  LS_COLLISION_NONE,
  LS_COLLISION_DONE,
  LS_COLLISION_MERGED,
  LS_COLLISION_WON,
  LS_COLLISION_LOST,
  LS_COLLISION_OPEN,
} LsCollision;

LsCollision ls_queue_conflict_judge (const LsAction *action,
                                     const LsTheirRow *theirs,
                                     LsConflictPolicy policy,
                                     const LsDataEditor *editor,
                                     char **merged);
gboolean ls_queue_conflict_is_bare (const char *row, const LsDataEditor *editor);
void ls_queue_conflict_move_base (LsAction *action,
                                  const LsTheirRow *theirs,
                                  const LsDataEditor *editor);
char *
ls_queue_conflict_follow (const LsAction *action, const LsAction *done, const LsDataEditor *editor);

G_END_DECLS
