/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-audit-entry.h"

/* As they are stored: what has been released is never edited. */
static const char *const names[] = {
  [LS_AUDIT_SIGN_IN] = "sign-in", [LS_AUDIT_SIGN_OUT] = "sign-out",
  [LS_AUDIT_REFRESH] = "refresh", [LS_AUDIT_REQUEST] = "request",
  [LS_AUDIT_WRITE] = "write",     [LS_AUDIT_BROADCAST] = "broadcast",
};

/**
 * ls_audit_entry_new:
 * @kind: what it is about
 * @outcome: %LS_AUDIT_OK, or why not
 * @user_id: (nullable): who
 * @subject: (nullable): what
 *
 * Returns: (transfer full): an entry of now, that happened once
 */
LsAuditEntry *
ls_audit_entry_new (LsAuditKind kind, const char *outcome, const char *user_id, const char *subject)
{
  LsAuditEntry *entry;

  g_return_val_if_fail (outcome != NULL, NULL);

  entry = g_new0 (LsAuditEntry, 1);
  entry->time = g_get_real_time () / 1000;
  entry->kind = kind;
  entry->outcome = g_strdup (outcome);
  entry->user_id = g_strdup (user_id);
  entry->subject = g_strdup (subject);
  entry->count = 1;
  return entry;
}

/**
 * ls_audit_entry_free:
 * @entry: (transfer full): an entry
 *
 * Frees it.
 */
void
ls_audit_entry_free (LsAuditEntry *entry)
{
  g_free (entry->outcome);
  g_free (entry->user_id);
  g_free (entry->address);
  g_free (entry->subject);
  g_free (entry);
}

/**
 * ls_audit_kind_to_string:
 * @kind: what an entry is about
 *
 * Returns: its name
 */
const char *
ls_audit_kind_to_string (LsAuditKind kind)
{
  g_return_val_if_fail ((guint)kind < G_N_ELEMENTS (names), NULL);

  return names[kind];
}

/**
 * ls_audit_kind_from_string:
 * @name: from ls_audit_kind_to_string()
 *
 * Returns: the kind
 */
LsAuditKind
ls_audit_kind_from_string (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_str_equal (names[i], name))
      return (LsAuditKind)i;

  g_return_val_if_reached (LS_AUDIT_REQUEST);
}
