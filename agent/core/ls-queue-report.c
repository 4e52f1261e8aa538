/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-queue-report.h"

/**
 * ls_queue_counts_get_open:
 * @counts: how many actions there are of which kind
 *
 * Returns: how many of them the server does not have, whatever is the reason
 */
guint
ls_queue_counts_get_open (const LsQueueCounts *counts)
{
  return counts->pending + counts->in_flight + counts->failed + counts->conflicts;
}

/**
 * ls_sync_report_free:
 * @report: (transfer full): a report
 *
 * Frees it.
 */
void
ls_sync_report_free (LsSyncReport *report)
{
  g_strfreev (report->conflicts);
  g_strfreev (report->errors);
  g_free (report);
}

/**
 * ls_queue_drain_init:
 * @drain: a drain
 *
 * Makes it one that is not going on.
 */
void
ls_queue_drain_init (LsQueueDrain *drain)
{
  *drain = (LsQueueDrain) { .conflicts = g_ptr_array_new_with_free_func (g_free),
                            .errors = g_ptr_array_new_with_free_func (g_free) };
}

/**
 * ls_queue_drain_clear:
 * @drain: a drain
 *
 * Frees what it holds.
 */
void
ls_queue_drain_clear (LsQueueDrain *drain)
{
  g_ptr_array_unref (drain->conflicts);
  g_ptr_array_unref (drain->errors);
}

static gboolean
came_to (const LsAction *before, const LsAction *after, LsActionStatus status)
{
  return after->status == status && (before == NULL || before->status != status);
}

/**
 * ls_queue_drain_count:
 * @drain: a drain
 * @before: (nullable): an action as it was
 * @after: as it is
 *
 * Notes what became of an action.
 */
void
ls_queue_drain_count (LsQueueDrain *drain, const LsAction *before, const LsAction *after)
{
  if (came_to (before, after, LS_ACTION_COMPLETED) && after->outcome != LS_OUTCOME_SUPERSEDED)
    drain->n_processed++;
  else if (came_to (before, after, LS_ACTION_CONFLICT))
    g_ptr_array_add (drain->conflicts, g_strdup (after->id));
  else if (came_to (before, after, LS_ACTION_FAILED))
    g_ptr_array_add (drain->errors, g_strconcat (after->id, ": ", after->reason, NULL));
}

static GStrv
take_texts (GPtrArray *texts)
{
  GStrv strv = g_new0 (char *, texts->len + 1);

  for (guint i = 0; i < texts->len; i++)
    strv[i] = g_strdup (texts->pdata[i]);
  g_ptr_array_set_size (texts, 0);
  return strv;
}

/**
 * ls_queue_drain_end:
 * @drain: a drain that is going on
 * @obstacle: (nullable): why something is left; %NULL: nothing is
 *
 * Ends it.
 *
 * Returns: (transfer full) (nullable): what came of it; %NULL: nothing, and nobody asked
 */
LsSyncReport *
ls_queue_drain_end (LsQueueDrain *drain, const char *obstacle)
{
  guint n_failed = drain->errors->len;
  gboolean is_empty = drain->n_processed + n_failed + drain->conflicts->len == 0;
  LsSyncReport *report = NULL;

  if (drain->was_asked || !is_empty)
    {
      report = g_new0 (LsSyncReport, 1);
      report->success = n_failed == 0 && drain->conflicts->len == 0 && obstacle == NULL;
      report->n_processed = drain->n_processed;
      report->n_failed = n_failed;
      report->conflicts = take_texts (drain->conflicts);
      if (obstacle != NULL)
        g_ptr_array_add (drain->errors, g_strdup (obstacle));
      report->errors = take_texts (drain->errors);
    }
  drain->is_going_on = FALSE;
  drain->was_asked = FALSE;
  drain->n_processed = 0;
  return report;
}
