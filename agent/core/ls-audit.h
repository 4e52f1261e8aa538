/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * LsAuditEntry:
 * @id: its place; rises for ever. 0: not stored yet
 * @at: when, in milliseconds since the epoch
 * @user: (owned): the id of who was signed in
 * @app: (owned): which app
 * @what: (owned): what it did, a word
 * @subject: (owned): with what: an entity, `ENTITY/ID`, or empty
 * @outcome: (owned): how that ended: `ok`, an outcome of an action, or the name of an error
 * @sent: whether something left this computer in the user's name
 *
 * One line of the audit. Never holds what was read or written.
 */
typedef struct
{
  gint64 id;
  gint64 at;
  char *user;
  char *app;
  char *what;
  char *subject;
  char *outcome;
  gboolean sent;
} LsAuditEntry;

LsAuditEntry *ls_audit_entry_copy (const LsAuditEntry *entry);
void ls_audit_entry_free (LsAuditEntry *entry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsAuditEntry, ls_audit_entry_free)

/**
 * LsAuditQuery:
 * @limit: how many entries at most
 * @before: only entries with a smaller id; 0: the newest
 * @sent: only what left this computer
 *
 * What ls_audit_read_async() reads.
 */
typedef struct
{
  guint limit;
  gint64 before;
  gboolean sent;
} LsAuditQuery;

#define LS_TYPE_AUDIT (ls_audit_get_type ())
G_DECLARE_INTERFACE (LsAudit, ls_audit, LS, AUDIT, GObject)

/**
 * LsAuditInterface:
 * @append: see ls_audit_append()
 * @read_async: see ls_audit_read_async(); answered with #GTask
 *
 * Who did what on this machine, as a port: of each user by itself, beside what else is kept of them.
 * Only ever added to; what is old goes by itself.
 */
struct _LsAuditInterface
{
  GTypeInterface parent_iface;

  void (*append) (LsAudit *self, const LsAuditEntry *entry);
  void (*read_async) (LsAudit *self,
                      const LsAuditQuery *query,
                      GAsyncReadyCallback callback,
                      gpointer user_data);
};

void ls_audit_append (LsAudit *self, const LsAuditEntry *entry);
void ls_audit_read_async (LsAudit *self,
                          const LsAuditQuery *query,
                          GAsyncReadyCallback callback,
                          gpointer user_data);
GPtrArray *ls_audit_read_finish (LsAudit *self, GAsyncResult *result, GError **error);

G_END_DECLS
