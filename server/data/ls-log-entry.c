/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-log-entry-private.h"

G_DEFINE_BOXED_TYPE (LsLogEntry, ls_log_entry, ls_log_entry_ref, ls_log_entry_unref)

/**
 * ls_log_entry_new:
 * @type: what happened
 * @before: (nullable): the row as it was
 * @after: (nullable): the row as it became; one of the two must be there
 *
 * Returns: (transfer full): an entry with the row's id and version, to be filled in
 */
LsLogEntry *
ls_log_entry_new (LsEventType type, const LsRecord *before, const LsRecord *after)
{
  LsLogEntry *entry = g_new0 (LsLogEntry, 1);
  const LsRecord *row = after != NULL ? after : before;

  g_atomic_ref_count_init (&entry->ref_count);
  entry->type = type;
  entry->entity_id = g_strdup (ls_record_get_id (row));
  entry->version = ls_record_get_version (row);
  entry->before = before == NULL ? NULL : ls_record_copy (before);
  entry->after = after == NULL ? NULL : ls_record_copy (after);
  return entry;
}

/**
 * ls_log_entry_ref:
 * @entry: an entry
 *
 * Returns: (transfer full): @entry
 */
LsLogEntry *
ls_log_entry_ref (LsLogEntry *entry)
{
  g_atomic_ref_count_inc (&entry->ref_count);
  return entry;
}

/**
 * ls_log_entry_unref:
 * @entry: (transfer full): an entry
 *
 * Gives a reference back.
 */
void
ls_log_entry_unref (LsLogEntry *entry)
{
  if (!g_atomic_ref_count_dec (&entry->ref_count))
    return;

  g_clear_pointer (&entry->before, ls_record_free);
  g_clear_pointer (&entry->after, ls_record_free);
  g_free (entry->entity_id);
  g_free (entry->user_role);
  g_free (entry->user_id);
  g_free (entry->action_id);
  g_free (entry->recipient);
  g_free (entry);
}

/**
 * ls_log_entry_get_offset:
 * @entry: an entry
 *
 * Returns: its position in the log
 */
gint64
ls_log_entry_get_offset (const LsLogEntry *entry)
{
  return entry->offset;
}

/**
 * ls_log_entry_get_transaction:
 * @entry: an entry
 *
 * Returns: the top of the log when the transaction of @entry began: the same for all entries of
 *   the transaction, which follow each other in the log, and for no other
 */
gint64
ls_log_entry_get_transaction (const LsLogEntry *entry)
{
  return entry->transaction;
}

/**
 * ls_log_entry_get_event_type:
 * @entry: an entry
 *
 * Returns: what happened; the event that a viewer gets may say created or deleted instead, when
 *   the row came into or went out of sight
 */
LsEventType
ls_log_entry_get_event_type (const LsLogEntry *entry)
{
  return entry->type;
}

/**
 * ls_log_entry_get_recipient:
 * @entry: an entry
 *
 * Returns: (nullable): the only user that it concerns; %NULL: everyone who may see the row
 */
const char *
ls_log_entry_get_recipient (const LsLogEntry *entry)
{
  return entry->recipient;
}
