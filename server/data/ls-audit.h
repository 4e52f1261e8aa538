/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-audit-entry.h"
#include "ls-database.h"

G_BEGIN_DECLS

gboolean ls_audit_append (LsDatabase *database, const LsAuditEntry *entry, GError **error);
GPtrArray *ls_audit_list (LsDatabase *database,
                          const char *user_id,
                          gint64 before,
                          guint limit,
                          GError **error);
gboolean ls_audit_forget (LsDatabase *database, gint64 before_ms, gboolean *more, GError **error);

G_END_DECLS
