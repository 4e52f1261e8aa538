/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-audit.h"
#include "ls-school-private.h"

static gboolean
append_all (LsSchool *self, GPtrArray *entries, GError **error)
{
  for (guint i = 0; i < entries->len; i++)
    if (!ls_audit_append (self->database, entries->pdata[i], error))
      return FALSE;

  return TRUE;
}

/**
 * ls_school_audit:
 * @self: a school
 * @entries: (element-type LsAuditEntry): what happened beside writes, which note themselves
 * @error: return location for an error
 *
 * Adds to the audit, in one transaction.
 *
 * Returns: whether all is in; if not, nothing is
 */
gboolean
ls_school_audit (LsSchool *self, GPtrArray *entries, GError **error)
{
  g_return_val_if_fail (LS_IS_SCHOOL (self), FALSE);
  g_return_val_if_fail (entries != NULL, FALSE);

  return ls_database_begin (self->database, error) &&
         ls_database_end (self->database, append_all (self, entries, error), error);
}

static gboolean
forget (LsSchool *self, gint64 before_ms, gboolean *more, GError **error)
{
  return ls_audit_forget (self->database, before_ms, more, error) &&
         ls_audit_forget_strangers (self->database, more, error);
}

/**
 * ls_school_forget_audit:
 * @self: a school
 * @before_ms: forget what is older, milliseconds since the epoch
 * @more: (out): whether to call again soon: this was one step of many
 * @error: return location for an error
 *
 * Forgets the old end of the audit, and what strangers fill it with.
 *
 * Returns: whether it was done
 */
gboolean
ls_school_forget_audit (LsSchool *self, gint64 before_ms, gboolean *more, GError **error)
{
  g_return_val_if_fail (LS_IS_SCHOOL (self), FALSE);
  g_return_val_if_fail (more != NULL, FALSE);

  *more = FALSE;
  return ls_database_begin (self->database, error) &&
         ls_database_end (self->database, forget (self, before_ms, more, error), error);
}

/**
 * ls_school_list_audit:
 * @self: a school
 * @viewer: who looks
 * @user_id: (nullable): only at what this user did
 * @before: only at entries with a smaller id
 * @limit: how many at most
 * @error: return location for an error; %LS_SCHOOL_ERROR_FORBIDDEN: only an admin may
 *
 * Returns: (transfer full) (nullable) (element-type LsAuditEntry): the newest first
 */
GPtrArray *
ls_school_list_audit (LsSchool *self,
                      const LsViewer *viewer,
                      const char *user_id,
                      gint64 before,
                      guint limit,
                      GError **error)
{
  g_return_val_if_fail (LS_IS_SCHOOL (self), NULL);
  g_return_val_if_fail (viewer != NULL, NULL);

  if (!ls_school_check_active (viewer, error))
    return NULL;
  if (ls_viewer_get_role (viewer) != LS_ROLE_ADMIN)
    {
      g_set_error_literal (error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_FORBIDDEN,
                           "Only an admin may look at the audit");
      return NULL;
    }

  return ls_audit_list (self->database, user_id, before, limit, error);
}
