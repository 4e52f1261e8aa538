/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-database.h"
#include "ls-record.h"

G_BEGIN_DECLS

char *ls_rows_get_select (const LsTable *table, const char *condition);
LsRecord *ls_rows_read (LsStatement *statement, const LsTable *table);
GPtrArray *ls_rows_collect (LsStatement *statement, const LsTable *table, GError **error);
gboolean ls_rows_find (LsDatabase *database,
                       const LsTable *table,
                       const char *id,
                       LsRecord **record,
                       gboolean *deleted,
                       GError **error);
gboolean ls_rows_insert (LsDatabase *database, const LsRecord *record, GError **error);
gboolean ls_rows_update (LsDatabase *database, const LsRecord *record, GError **error);
gboolean ls_rows_bury (LsDatabase *database, const LsRecord *record, gint64 now, GError **error);
const char *ls_rows_get_violated_column (const LsTable *table, const GError *error);

G_END_DECLS
