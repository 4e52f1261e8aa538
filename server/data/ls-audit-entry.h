/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * LsAuditKind:
 * @LS_AUDIT_SIGN_IN: somebody signed in, or tried to
 * @LS_AUDIT_SIGN_OUT: a session was ended
 * @LS_AUDIT_REFRESH: a refresh that was refused
 * @LS_AUDIT_REQUEST: any other request that was refused, of a socket too
 * @LS_AUDIT_WRITE: a row was written
 * @LS_AUDIT_BROADCAST: an event went out
 *
 * What an entry of the audit is about.
 */
typedef enum
{
  LS_AUDIT_SIGN_IN,
  LS_AUDIT_SIGN_OUT,
  LS_AUDIT_REFRESH,
  LS_AUDIT_REQUEST,
  LS_AUDIT_WRITE,
  LS_AUDIT_BROADCAST,
} LsAuditKind;

/** LS_AUDIT_OK: the outcome of what was done; else it is the code of an error */
#define LS_AUDIT_OK "ok"

/**
 * LsAuditEntry:
 * @id: its number, growing; 0: it is not stored yet
 * @time: when, milliseconds since the epoch
 * @kind: what it is about
 * @outcome: %LS_AUDIT_OK, or why not
 * @user_id: (nullable): who; %NULL: unknown
 * @address: (nullable): from where; %NULL: over a socket, or from no one place
 * @subject: (nullable): what: `update grades/g1`, `grade_updated g1`, `GET grades`
 * @version: of a write: the row's version; else 0
 * @offset: of a write or a broadcast: where it stands in the log; 0: nowhere
 * @count: how often; of a broadcast: to how many connections
 *
 * Who did what, and what came of it. Never what was in it, and no secret: not even what somebody typed
 * who is unknown, as that may be a password in the wrong field.
 */
typedef struct
{
  gint64 id;
  gint64 time;
  LsAuditKind kind;
  char *outcome;
  char *user_id;
  char *address;
  char *subject;
  gint64 version;
  gint64 offset;
  gint64 count;
} LsAuditEntry;

LsAuditEntry *ls_audit_entry_new (LsAuditKind kind,
                                  const char *outcome,
                                  const char *user_id,
                                  const char *subject);
void ls_audit_entry_free (LsAuditEntry *entry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsAuditEntry, ls_audit_entry_free)

const char *ls_audit_kind_to_string (LsAuditKind kind);
LsAuditKind ls_audit_kind_from_string (const char *name);

G_END_DECLS
