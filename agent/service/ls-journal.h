/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-agent.h"
#include "ls-app.h"
#include "ls-audit.h"

G_BEGIN_DECLS

#define LS_TYPE_JOURNAL (ls_journal_get_type ())
G_DECLARE_FINAL_TYPE (LsJournal, ls_journal, LS, JOURNAL, GObject)

LsJournal *ls_journal_new (LsAgent *agent, LsClock *clock, LsAudit *audit);
LsAudit *ls_journal_get_audit (LsJournal *self);
void ls_journal_note (LsJournal *self,
                      const char *app,
                      const char *what,
                      const char *subject,
                      const char *outcome,
                      gboolean sent);
void ls_journal_note_once (LsJournal *self,
                           const char *app,
                           const char *what,
                           const char *subject,
                           const char *outcome);

G_END_DECLS
