/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-audit.h"

/* The table is only added to: its triggers refuse everything else (ls-migrations.c), but for the old
 * end, once `audit_floor` is above it, and what strangers were refused, below `audit_strangers_floor`. */

/* How many entries are forgotten in one transaction, so that nobody waits for long. */
#define FORGET_STEP 500

/**
 * ls_audit_append:
 * @database: the school's database; of a write, in its transaction
 * @entry: an entry
 * @error: return location for an error
 *
 * Returns: whether it was stored
 */
gboolean
ls_audit_append (LsDatabase *database, const LsAuditEntry *entry, GError **error)
{
  return ls_database_run (database, error,
                          "INSERT INTO audit (time, kind, outcome, user_id, address, subject, "
                          "version, \"offset\", count) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                          "itttttiii", entry->time, ls_audit_kind_to_string (entry->kind),
                          entry->outcome, entry->user_id, entry->address, entry->subject,
                          entry->version, entry->offset, entry->count);
}

static LsAuditEntry *
read_entry (LsStatement *statement)
{
  LsAuditEntry *entry = ls_audit_entry_new (
      ls_audit_kind_from_string (ls_statement_get_text (statement, 2)),
      ls_statement_get_text (statement, 3), ls_statement_get_text (statement, 4),
      ls_statement_get_text (statement, 6));

  entry->id = ls_statement_get_integer (statement, 0);
  entry->time = ls_statement_get_integer (statement, 1);
  entry->address = g_strdup (ls_statement_get_text (statement, 5));
  entry->version = ls_statement_get_integer (statement, 7);
  entry->offset = ls_statement_get_integer (statement, 8);
  entry->count = ls_statement_get_integer (statement, 9);
  return entry;
}

/**
 * ls_audit_list:
 * @database: the school's database
 * @user_id: (nullable): only entries about what this user did
 * @before: only entries whose id is smaller
 * @limit: how many at most
 * @error: return location for an error
 *
 * Returns: (transfer full) (nullable) (element-type LsAuditEntry): the newest first
 */
GPtrArray *
ls_audit_list (LsDatabase *database,
               const char *user_id,
               gint64 before,
               guint limit,
               GError **error)
{
  g_autoptr (GPtrArray) entries =
      g_ptr_array_new_with_free_func ((GDestroyNotify)ls_audit_entry_free);
  g_autofree char *sql = g_strconcat (
      "SELECT id, time, kind, outcome, user_id, address, subject, version, \"offset\", count "
      "FROM audit WHERE id < ?1 ",
      user_id != NULL ? "AND user_id = ?3 " : "", "ORDER BY id DESC LIMIT ?2", NULL);
  g_autoptr (LsStatement) statement = ls_database_prepare (
      database, error, sql, user_id != NULL ? "iit" : "ii", before, (gint64)limit, user_id);
  gboolean row;

  if (statement == NULL)
    return NULL;

  while (ls_statement_step (statement, &row, error))
    {
      if (!row)
        return g_steal_pointer (&entries);

      g_ptr_array_add (entries, read_entry (statement));
    }
  return NULL;
}

/**
 * ls_audit_forget:
 * @database: the school's database, in a transaction
 * @before_ms: forget entries from the start up to the first that is not older than this
 * @more: (out): whether there may be more of them
 * @error: return location for an error
 *
 * Forgets some old entries.
 *
 * Returns: whether it was done
 */
gboolean
ls_audit_forget (LsDatabase *database, gint64 before_ms, gboolean *more, GError **error)
{
  /* The clock may have been set back in between: what is cut off is a prefix all the same. */
  if (!ls_database_run (database, error,
                        "WITH oldest AS (SELECT id, time FROM audit ORDER BY id LIMIT ?2) "
                        "UPDATE meta SET value = coalesce ("
                        "(SELECT min (id) - 1 FROM oldest WHERE time >= ?1), "
                        "(SELECT max (id) FROM oldest), value) WHERE name = 'audit_floor'",
                        "ii", before_ms, (gint64)FORGET_STEP) ||
      !ls_database_run (database, error,
                        "DELETE FROM audit WHERE id <= "
                        "(SELECT value FROM meta WHERE name = 'audit_floor')",
                        ""))
    return FALSE;

  *more = ls_database_get_n_changes (database) == FORGET_STEP;
  return TRUE;
}

/* What people were refused who have not proved who they are (the index `audit_of_strangers`): the
 * requests of ?1 = 1, sign-ins to no account or those of ?1 = 0, sign-ins to an account. */
#define OF_STRANGERS                                                                               \
  "outcome <> 'ok' AND (user_id IS NULL OR kind = 'sign-in') AND (user_id IS NULL) = ?1"

static gboolean
forget_strangers (LsDatabase *database, gboolean is_nobody, gboolean *more, GError **error)
{
  if (!ls_database_run (
          database, error,
          "UPDATE meta SET value = coalesce ((SELECT id FROM audit WHERE " OF_STRANGERS
          " ORDER BY id DESC LIMIT 1 OFFSET ?2), 0) "
          "WHERE name = 'audit_strangers_floor'",
          "ii", (gint64)is_nobody, (gint64)LS_AUDIT_MAX_STRANGERS) ||
      !ls_database_run (database, error,
                        "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE " OF_STRANGERS
                        " AND id <= (SELECT value FROM meta WHERE name = 'audit_strangers_floor') "
                        "ORDER BY id LIMIT ?2)",
                        "ii", (gint64)is_nobody, (gint64)FORGET_STEP))
    return FALSE;

  *more = *more || ls_database_get_n_changes (database) == FORGET_STEP;
  return TRUE;
}

/**
 * ls_audit_forget_strangers:
 * @database: the school's database, in a transaction
 * @more: (inout): set if there may be more of them
 * @error: return location for an error
 *
 * Forgets some of the oldest refusals of strangers, beyond %LS_AUDIT_MAX_STRANGERS of requests and as
 * many of sign-ins to accounts: these do not push out those, and neither anything else.
 *
 * Returns: whether it was done
 */
gboolean
ls_audit_forget_strangers (LsDatabase *database, gboolean *more, GError **error)
{
  return forget_strangers (database, TRUE, more, error) &&
         forget_strangers (database, FALSE, more, error);
}
