/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-audit.h"

G_DEFINE_INTERFACE (LsAudit, ls_audit, G_TYPE_OBJECT)

static void
ls_audit_default_init (LsAuditInterface *iface)
{
}

/**
 * ls_audit_entry_copy:
 * @entry: an entry
 *
 * Returns: (transfer full): a copy
 */
LsAuditEntry *
ls_audit_entry_copy (const LsAuditEntry *entry)
{
  LsAuditEntry *copy = g_new (LsAuditEntry, 1);

  *copy = *entry;
  copy->user = g_strdup (entry->user);
  copy->app = g_strdup (entry->app);
  copy->what = g_strdup (entry->what);
  copy->subject = g_strdup (entry->subject);
  copy->outcome = g_strdup (entry->outcome);
  return copy;
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
  g_free (entry->user);
  g_free (entry->app);
  g_free (entry->what);
  g_free (entry->subject);
  g_free (entry->outcome);
  g_free (entry);
}

/**
 * ls_audit_append:
 * @self: an audit
 * @entry: what happened; its id is not looked at
 *
 * Adds a line to the audit of its user, if that is who is signed in. Nobody waits for it: what can't be
 * written is a warning in the log.
 */
void
ls_audit_append (LsAudit *self, const LsAuditEntry *entry)
{
  g_return_if_fail (LS_IS_AUDIT (self));

  LS_AUDIT_GET_IFACE (self)->append (self, entry);
}

/**
 * ls_audit_read_async:
 * @self: an audit
 * @query: which lines
 * @callback: called when they are there
 * @user_data: for @callback
 *
 * Reads the audit of who is signed in, with what was added before.
 */
void
ls_audit_read_async (LsAudit *self,
                     const LsAuditQuery *query,
                     GAsyncReadyCallback callback,
                     gpointer user_data)
{
  g_return_if_fail (LS_IS_AUDIT (self));

  LS_AUDIT_GET_IFACE (self)->read_async (self, query, callback, user_data);
}

/**
 * ls_audit_read_finish:
 * @self: an audit
 * @result: what the callback was given
 * @error: %LS_ERROR_NOT_SIGNED_IN, %LS_ERROR_STORAGE
 *
 * Returns: (transfer full) (nullable) (element-type LsAuditEntry): the entries, the newest first
 */
GPtrArray *
ls_audit_read_finish (LsAudit *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
