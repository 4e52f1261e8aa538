/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-fake-audit.h"

/**
 * LsFakeAudit:
 *
 * An audit in memory, the same for all users.
 */
struct _LsFakeAudit
{
  GObject parent_instance;

  GPtrArray *entries; /* (owned) (element-type LsAuditEntry) */
};

static void ls_fake_audit_audit_init (LsAuditInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LsFakeAudit,
                               ls_fake_audit,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (LS_TYPE_AUDIT, ls_fake_audit_audit_init))

static void
ls_fake_audit_append (LsAudit *audit, const LsAuditEntry *entry)
{
  LsFakeAudit *self = LS_FAKE_AUDIT (audit);
  LsAuditEntry *copy = ls_audit_entry_copy (entry);

  copy->id = (gint64)self->entries->len + 1;
  g_ptr_array_add (self->entries, copy);
}

static void
ls_fake_audit_read_async (LsAudit *audit,
                          const LsAuditQuery *query,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  LsFakeAudit *self = LS_FAKE_AUDIT (audit);
  g_autoptr (GTask) task = g_task_new (audit, NULL, callback, user_data);
  GPtrArray *found = g_ptr_array_new_with_free_func ((GDestroyNotify)ls_audit_entry_free);

  for (guint i = self->entries->len; i > 0 && found->len < query->limit; i--)
    {
      const LsAuditEntry *entry = g_ptr_array_index (self->entries, i - 1);

      if ((query->before == 0 || entry->id < query->before) && (entry->sent || !query->sent))
        g_ptr_array_add (found, ls_audit_entry_copy (entry));
    }
  g_task_return_pointer (task, found, (GDestroyNotify)g_ptr_array_unref);
}

static void
ls_fake_audit_audit_init (LsAuditInterface *iface)
{
  iface->append = ls_fake_audit_append;
  iface->read_async = ls_fake_audit_read_async;
}

static void
ls_fake_audit_finalize (GObject *object)
{
  g_ptr_array_unref (LS_FAKE_AUDIT (object)->entries);

  G_OBJECT_CLASS (ls_fake_audit_parent_class)->finalize (object);
}

static void
ls_fake_audit_class_init (LsFakeAuditClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ls_fake_audit_finalize;
}

static void
ls_fake_audit_init (LsFakeAudit *self)
{
  self->entries = g_ptr_array_new_with_free_func ((GDestroyNotify)ls_audit_entry_free);
}

/**
 * ls_fake_audit_new:
 *
 * Returns: (transfer full): an audit with nothing in it
 */
LsFakeAudit *
ls_fake_audit_new (void)
{
  return g_object_new (LS_TYPE_FAKE_AUDIT, NULL);
}
