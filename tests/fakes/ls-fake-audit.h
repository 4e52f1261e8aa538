/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-audit.h"

G_BEGIN_DECLS

#define LS_TYPE_FAKE_AUDIT (ls_fake_audit_get_type ())
G_DECLARE_FINAL_TYPE (LsFakeAudit, ls_fake_audit, LS, FAKE_AUDIT, GObject)

LsFakeAudit *ls_fake_audit_new (void);

G_END_DECLS
