/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-cache-rules.h"

static gboolean
is_older (const LsRow *row, const LsEvent *event)
{
  return event->version != 0 && event->version < row->version;
}

static LsVerdict
judge_deletion (const LsRow *row, const LsEvent *event)
{
  if (row == NULL || row->deleted || is_older (row, event))
    return LS_VERDICT_DROP;

  return LS_VERDICT_DELETE;
}

/**
 * ls_cache_rules_judge:
 * @row: (nullable): the row as it is in the cache, or its tombstone; %NULL: never heard of
 * @event: an event about it
 *
 * Decides whether an event is a real change. The rules, in this order:
 *
 * - an event with an older version than the row is late: dropped;
 * - a deletion of what is not there changes nothing: dropped;
 * - an event that leaves a live row as it is, byte for byte and of the same version, is a
 *   repetition: dropped;
 * - everything else is a change. The same version with other data is one: what a user may see of a
 *   row can change without the row, and so is a row that comes back after its deletion, since
 *   losing sight of it is told as one.
 *
 * Returns: what to do with it
 */
LsVerdict
ls_cache_rules_judge (const LsRow *row, const LsEvent *event)
{
  g_return_val_if_fail (event != NULL, LS_VERDICT_DROP);

  if (ls_event_type_get_change (event->type) == LS_CHANGE_DELETED)
    return judge_deletion (row, event);
  if (row == NULL)
    return LS_VERDICT_UPSERT;
  if (is_older (row, event))
    return LS_VERDICT_DROP;
  if (!row->deleted && (event->version == 0 || event->version == row->version) &&
      g_str_equal (row->data, event->data))
    return LS_VERDICT_DROP;

  return LS_VERDICT_UPSERT;
}
