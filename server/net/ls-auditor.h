/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-school.h"

G_BEGIN_DECLS

/**
 * LsAuditor:
 *
 * What happens beside writes, on its way into the audit: collected for a few seconds, what is the same
 * counted together, and written in one transaction.
 */
typedef struct _LsAuditor LsAuditor;

LsAuditor *ls_auditor_new (LsSchool *school);
void ls_auditor_free (LsAuditor *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsAuditor, ls_auditor_free)

void ls_auditor_add (LsAuditor *self, LsAuditEntry *entry);
void ls_auditor_count_recipient (LsAuditor *self, const LsEvent *event);
void ls_auditor_flush (LsAuditor *self);

G_END_DECLS
