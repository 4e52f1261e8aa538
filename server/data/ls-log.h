/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-database.h"
#include "ls-log-entry.h"
#include "ls-viewer.h"

G_BEGIN_DECLS

/**
 * LsLogEnd:
 * @LS_LOG_END_TOP: there is nothing more
 * @LS_LOG_END_BETWEEN: there is more, and it begins another transaction
 * @LS_LOG_END_INSIDE: there is more, of the same transaction
 *
 * Where ls_log_read() stopped.
 */
typedef enum
{
  LS_LOG_END_TOP,
  LS_LOG_END_BETWEEN,
  LS_LOG_END_INSIDE,
} LsLogEnd;

gboolean ls_log_append (LsDatabase *database, LsLogEntry *entry, GError **error);
GPtrArray *ls_log_read (LsDatabase *database,
                        const char *recipient,
                        gint64 after,
                        guint limit,
                        LsLogEnd *end,
                        GError **error);
gboolean ls_log_get_ends (LsDatabase *database, gint64 *floor, gint64 *top, GError **error);
gboolean ls_log_trim (LsDatabase *database, gint64 before_ms, GError **error);
LsEvent *ls_log_project (const LsLogEntry *entry, const LsViewer *viewer);

G_END_DECLS
