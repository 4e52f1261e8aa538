/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-change.h"

/* As many rows may always be gone at once. */
#define DOUBTED 20

/**
 * ls_change_set_new:
 * @events: (nullable) (element-type LsEvent): events, in order; a reference is taken
 * @cursor: the position once they are in; may be unset
 * @as_of: when the server said so, in milliseconds since the epoch
 *
 * Returns: (transfer full): the change set
 */
LsChangeSet *
ls_change_set_new (GPtrArray *events, LsCursor cursor, gint64 as_of)
{
  LsChangeSet *change_set = g_new0 (LsChangeSet, 1);

  change_set->events = events != NULL ? g_ptr_array_ref (events) : ls_event_array_new ();
  change_set->cursor = cursor;
  change_set->as_of = as_of;
  return change_set;
}

/**
 * ls_change_set_copy:
 * @change_set: a change set
 *
 * Returns: (transfer full): a copy with the same events
 */
LsChangeSet *
ls_change_set_copy (const LsChangeSet *change_set)
{
  LsChangeSet *copy = ls_change_set_new (change_set->events, change_set->cursor, change_set->as_of);

  copy->forgotten = change_set->forgotten;
  copy->sight = g_strdup (change_set->sight);
  return copy;
}

/**
 * ls_change_set_free:
 * @change_set: (transfer full): a change set
 *
 * Frees it.
 */
void
ls_change_set_free (LsChangeSet *change_set)
{
  g_ptr_array_unref (change_set->events);
  g_free (change_set->sight);
  g_free (change_set);
}

/**
 * ls_absence_is_believed:
 * @absence: what it is said to mean that a snapshot lacks rows
 * @n_absent: how many of those that we have it lacks
 * @n_rows: how many we have
 *
 * The limit behind which nothing is deleted because a snapshot lacks it: more than half of what we have,
 * and at least %DOUBTED rows.
 *
 * Returns: whether they are deleted
 */
gboolean
ls_absence_is_believed (LsAbsence absence, gint64 n_absent, gint64 n_rows)
{
  if (absence == LS_ABSENCE_IS_DOUBTED)
    return n_absent < DOUBTED || 2 * n_absent <= n_rows;

  return absence == LS_ABSENCE_IS_DELETION;
}

/**
 * ls_commit_new:
 *
 * Returns: (transfer full): a commit that did nothing
 */
LsCommit *
ls_commit_new (void)
{
  LsCommit *commit = g_new0 (LsCommit, 1);

  commit->events = ls_event_array_new ();
  commit->entity = LS_ENTITY_INVALID;
  return commit;
}

/**
 * ls_commit_free:
 * @commit: (transfer full): a commit
 *
 * Frees it.
 */
void
ls_commit_free (LsCommit *commit)
{
  g_ptr_array_unref (commit->events);
  g_strfreev (commit->ids);
  g_free (commit);
}
