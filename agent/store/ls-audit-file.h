/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-audit.h"
#include "ls-database.h"

G_BEGIN_DECLS

/**
 * LsAuditFile:
 *
 * What was done in a user's name: `audit.db`. Lines are only added; the oldest go when their time is over
 * or there are too many. Used by one thread at a time.
 */
typedef struct _LsAuditFile LsAuditFile;

/** LS_AUDIT_FILE_MAX: how many lines are kept: about 10 MB */
#define LS_AUDIT_FILE_MAX 100000

LsAuditFile *ls_audit_file_open (const char *path, GError **error);
void ls_audit_file_free (LsAuditFile *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsAuditFile, ls_audit_file_free)

gboolean ls_audit_file_is_read_only (LsAuditFile *self);
gboolean ls_audit_file_append (LsAuditFile *self, const LsAuditEntry *entry, GError **error);
gboolean ls_audit_file_trim (LsAuditFile *self, gint64 oldest, GError **error);
GPtrArray *ls_audit_file_read (LsAuditFile *self, const LsAuditQuery *query, GError **error);

G_END_DECLS
