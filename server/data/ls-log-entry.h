/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

#include "ls-event.h"

G_BEGIN_DECLS

/**
 * LsLogEntry:
 *
 * One entry of the school's log: a change of one row, for everyone who may see the row, or a row
 * that came into or went out of one user's sight. What of it a user gets is decided by
 * ls_school_project() alone. Immutable.
 */
typedef struct _LsLogEntry LsLogEntry;

#define LS_TYPE_LOG_ENTRY (ls_log_entry_get_type ())
GType ls_log_entry_get_type (void);

LsLogEntry *ls_log_entry_ref (LsLogEntry *entry);
void ls_log_entry_unref (LsLogEntry *entry);

gint64 ls_log_entry_get_offset (const LsLogEntry *entry);
gint64 ls_log_entry_get_transaction (const LsLogEntry *entry);
LsEventType ls_log_entry_get_event_type (const LsLogEntry *entry);
const char *ls_log_entry_get_recipient (const LsLogEntry *entry);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsLogEntry, ls_log_entry_unref)

G_END_DECLS
