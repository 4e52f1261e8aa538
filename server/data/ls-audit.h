/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-audit-entry.h"
#include "ls-database.h"

G_BEGIN_DECLS

/** LS_AUDIT_MAX_STRANGERS: refusals of strangers that are kept, the newest: 5 MiB with their index */
#define LS_AUDIT_MAX_STRANGERS 50000

gboolean ls_audit_append (LsDatabase *database, const LsAuditEntry *entry, GError **error);
GPtrArray *ls_audit_list (LsDatabase *database,
                          const char *user_id,
                          gint64 before,
                          guint limit,
                          GError **error);
gboolean ls_audit_forget (LsDatabase *database, gint64 before_ms, gboolean *more, GError **error);
gboolean ls_audit_forget_strangers (LsDatabase *database, gboolean *more, GError **error);

G_END_DECLS
