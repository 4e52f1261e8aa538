/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-database.h"
#include "ls-record.h"
#include "ls-viewer.h"

G_BEGIN_DECLS

/**
 * LsVisibleRows:
 *
 * A walk over the living rows of a table that a viewer may see, by id. Nothing may be written
 * meanwhile, and there may be only one walk over a table at a time.
 */
typedef struct _LsVisibleRows LsVisibleRows;

LsVisibleRows *ls_visible_rows_new (LsDatabase *database,
                                    const LsViewer *viewer,
                                    const LsTable *table,
                                    const char *after,
                                    GError **error);
gboolean
ls_visible_rows_next (LsVisibleRows *self, LsRecord **record, LsSight *sight, GError **error);
void ls_visible_rows_free (LsVisibleRows *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsVisibleRows, ls_visible_rows_free)

G_END_DECLS
