/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-change.h"
#include "ls-message.h"
#include "ls-reply.h"

G_BEGIN_DECLS

/**
 * LsIntakeVerdict:
 * @LS_INTAKE_TAKEN: its events are taken, or were in already
 * @LS_INTAKE_GAP: something before it is missing: fill the gap first
 * @LS_INTAKE_NEW_LOG: it is of another log: only a snapshot helps
 *
 * What became of a frame.
 */
typedef enum
{
  LS_INTAKE_TAKEN,
  LS_INTAKE_GAP,
  LS_INTAKE_NEW_LOG,
} LsIntakeVerdict;

typedef struct _LsIntake LsIntake;

LsIntake *ls_intake_new (void);
void ls_intake_free (LsIntake *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsIntake, ls_intake_free)

void ls_intake_begin (LsIntake *self, LsCursor cursor);
LsCursor ls_intake_get_position (LsIntake *self);
LsCursor ls_intake_get_committed (LsIntake *self);
void ls_intake_set_followed (LsIntake *self, LsEntitySet followed);
LsEntitySet ls_intake_get_followed (LsIntake *self);
void ls_intake_set_baseline (LsIntake *self, LsEntity entity, LsCursor cursor);
LsEntitySet ls_intake_get_missing (LsIntake *self);
LsEntitySet ls_intake_get_missing_in (LsIntake *self, LsCursor cursor);

LsIntakeVerdict ls_intake_take (LsIntake *self, const LsMessage *message);
void ls_intake_take_page (LsIntake *self, const LsUpdates *page);
void ls_intake_set_sight (LsIntake *self, char *sight);
void ls_intake_move (LsIntake *self, LsCursor cursor);

void ls_intake_hold (LsIntake *self, LsMessage *message);
void ls_intake_drop_held (LsIntake *self);
LsMessage *ls_intake_release (LsIntake *self);

LsChangeSet *ls_intake_next (LsIntake *self, gint64 as_of);
void ls_intake_committed (LsIntake *self);
void ls_intake_failed (LsIntake *self);
gboolean ls_intake_stands_at (LsIntake *self, LsEntity entity, LsCursor cursor);
void ls_intake_rewind (LsIntake *self);
gboolean ls_intake_is_settled (LsIntake *self);
gboolean ls_intake_is_full (LsIntake *self);

G_END_DECLS
