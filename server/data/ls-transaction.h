/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-record.h"
#include "ls-school.h"

G_BEGIN_DECLS

/**
 * LsTransaction:
 *
 * Everything that one write brings about: rows, entries of the log, scopes. Freed without
 * ls_transaction_commit(), it leaves no trace.
 */
typedef struct _LsTransaction LsTransaction;

LsTransaction *ls_transaction_begin (LsSchool *school,
                                     const LsViewer *actor,
                                     const char *action_id,
                                     GError **error);
gboolean ls_transaction_create (LsTransaction *self, LsRecord *row, GError **error);
gboolean ls_transaction_update (LsTransaction *self,
                                const LsRecord *before,
                                LsRecord *after,
                                GError **error);
gboolean ls_transaction_delete (LsTransaction *self, const LsRecord *row, GError **error);
LsViewer *ls_transaction_get_viewer (LsTransaction *self, const char *user_id);
LsCursor ls_transaction_get_cursor (LsTransaction *self);
void ls_transaction_touch_viewer (LsTransaction *self, const char *user_id);
gboolean ls_transaction_commit (LsTransaction *self, GError **error);
void ls_transaction_free (LsTransaction *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsTransaction, ls_transaction_free)

G_END_DECLS
