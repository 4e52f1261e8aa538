/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One scenario over the queue's store, with a fault at each write, sync and truncation in turn. What
 * was acknowledged is there in the end, whatever happens to the disk or the power. */
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "ls-answer.h"
#include "ls-error.h"
#include "ls-fault-sweep.h"
#include "ls-queue-store-sqlite.h"

#define N_STEPS 10

/* What the store was told to keep: by `seq`, the attempts that the action had, -1 for none. */
typedef struct
{
  int acknowledged[N_STEPS + 1];
  int tried[N_STEPS + 1];
} Ledger;

typedef struct
{
  LsFaultRun base;
  LsQueueStore *store; /* (owned) (nullable) */
  Ledger ledger;
} Run;

static void
make_store (Run *run)
{
  run->store = LS_QUEUE_STORE (ls_queue_store_sqlite_new (run->base.dir));
}

static void
begin (LsFaultRun *base)
{
  Run *run = (Run *)base;

  make_store (run);
  for (guint seq = 0; seq <= N_STEPS; seq++)
    run->ledger.acknowledged[seq] = run->ledger.tried[seq] = -1;
}

static void
end (LsFaultRun *base)
{
  g_clear_object (&((Run *)base)->store);
}

static GPtrArray *
open_store (Run *run, GError **error)
{
  g_autoptr (GAsyncResult) answer = NULL;

  ls_queue_store_open_async (run->store, "http://s", "u", ls_answer_cb, &answer);
  return ls_queue_store_open_finish (run->store, ls_answer_wait (&answer), error);
}

static void
close_store (Run *run)
{
  g_autoptr (GAsyncResult) answer = NULL;

  ls_queue_store_close_async (run->store, FALSE, ls_answer_cb, &answer);
  ls_queue_store_close_finish (run->store, ls_answer_wait (&answer), NULL);
}

static LsAction *
action_new (guint seq, int attempts)
{
  g_autofree char *id = g_strdup_printf ("action-%02u", seq);
  LsAction *action = ls_action_new (id, LS_ACTION_UPDATE, "grade", "g-1");

  action->seq = seq;
  action->attempts = (guint)attempts;
  /* large enough for the rows not to share a page */
  action->body = g_strdup_printf ("{\"content\":\"%u-%d-%01500d\"}", seq, attempts, 0);
  return action;
}

static gboolean
is_whole (const LsAction *action)
{
  g_autoptr (LsAction) expected = action_new ((guint)action->seq, (int)action->attempts);

  return g_strcmp0 (action->body, expected->body) == 0 && g_str_equal (action->id, expected->id);
}

/* Each step adds an action, changes the one before, and removes the one three before that. */
static gboolean
do_step (Run *run, guint step, GError **error)
{
  g_autoptr (GPtrArray) put = ls_action_array_new ();
  g_autofree char *old = g_strdup_printf ("action-%02u", step - 4);
  const char *const removed[] = { step > 4 ? old : NULL, NULL };
  g_autoptr (GAsyncResult) answer = NULL;
  Ledger *ledger = &run->ledger;

  g_ptr_array_add (put, action_new (step, 0));
  ledger->tried[step] = 0;
  if (step > 1)
    {
      g_ptr_array_add (put, action_new (step - 1, 1));
      ledger->tried[step - 1] = 1;
    }
  if (step > 4)
    ledger->tried[step - 4] = -1;
  ls_queue_store_write_async (run->store, put, removed, ls_answer_cb, &answer);
  if (!ls_queue_store_write_finish (run->store, ls_answer_wait (&answer), error))
    return FALSE;

  *ledger = (Ledger) { 0 };
  for (guint seq = 0; seq <= N_STEPS; seq++)
    {
      gboolean is_there = seq >= 1 && seq <= step && (step <= 4 || seq > step - 4);

      ledger->acknowledged[seq] = is_there ? (seq < step ? 1 : 0) : -1;
      ledger->tried[seq] = ledger->acknowledged[seq];
    }
  return TRUE;
}

/* What is on the disk is what was acknowledged last, or what was tried after it, whole: one or the
 * other, never a mixture. @exact: the power was not cut, so that it is what was acknowledged. */
static void
check_found (Run *run, GPtrArray *found, gboolean exact)
{
  int attempts[N_STEPS + 1];
  gboolean is_acknowledged, is_tried;

  for (guint seq = 0; seq <= N_STEPS; seq++)
    attempts[seq] = -1;
  for (guint i = 0; i < found->len; i++)
    {
      const LsAction *action = found->pdata[i];

      g_assert_cmpuint (action->seq, <=, N_STEPS);
      if (!is_whole (action))
        g_error ("%saction %d is not what was written", run->base.label, (int)action->seq);
      attempts[action->seq] = (int)action->attempts;
    }

  g_test_message ("%s %u found", run->base.label, found->len);
  is_acknowledged = memcmp (attempts, run->ledger.acknowledged, sizeof attempts) == 0;
  is_tried = memcmp (attempts, run->ledger.tried, sizeof attempts) == 0;
  if (!is_acknowledged && (exact || !is_tried))
    g_error ("%swhat is on the disk was never acknowledged", run->base.label);
  memcpy (run->ledger.acknowledged, attempts, sizeof attempts);
}

static void
open_and_check (Run *run, gboolean exact)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) found = open_store (run, &error);

  if (found == NULL)
    g_error ("%s%s", run->base.label, error->message);
  check_found (run, found, exact);
}

/* Opens with the fault about; if that fails, opens again. */
static void
open_failing (Run *run)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) found = open_store (run, &error);

  if (found != NULL)
    {
      check_found (run, found, TRUE);
      return;
    }
  ls_fault_run_check_error (&run->base, error);
  ls_fault_vfs_mend (run->base.disk);
  open_and_check (run, TRUE);
}

/* On a disk that fails somewhere. Once that is reported and the disk is mended, the same write goes
 * through, and everything is there in the end. Half way, it is closed and opened. */
static void
run_failing (LsFaultRun *base)
{
  Run *run = (Run *)base;

  open_failing (run);
  for (guint step = 1; step <= N_STEPS; step++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GError) again = NULL;

      if (step == N_STEPS / 2)
        {
          close_store (run);
          open_failing (run);
        }
      if (do_step (run, step, &error))
        continue;
      ls_fault_run_check_error (&run->base, error);
      ls_fault_vfs_mend (run->base.disk);
      if (!do_step (run, step, &again))
        g_error ("%safter it: %s", run->base.label, again->message);
    }
  close_store (run);
  ls_fault_vfs_mend (run->base.disk);
  open_and_check (run, TRUE);
}

static void
run_cut (LsFaultRun *base, GRand *torn)
{
  Run *run = (Run *)base;
  g_autoptr (GPtrArray) found = open_store (run, NULL);
  guint step = 1;

  while (found != NULL && step <= N_STEPS && ls_fault_vfs_get_n_faults (run->base.disk) == 0)
    do_step (run, step++, NULL);
  g_clear_object (&run->store);
  ls_fault_vfs_restore_power (run->base.disk, torn);

  make_store (run);
  open_and_check (run, FALSE);
}

static const LsFaultScenario scenario = { sizeof (Run), begin, run_failing, run_cut, end };

static void
test_failure (gconstpointer data)
{
  LsFaultTally tally = ls_fault_sweep_fail (&scenario, data);

  g_assert_cmpuint (tally.n_errors, >, 0);
}

static void
test_power_cut (gconstpointer torn)
{
  ls_fault_sweep_cut (&scenario, GPOINTER_TO_INT (torn));
}

static void
count_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  guint *n_answers = user_data;

  g_assert_true (ls_queue_store_write_finish (LS_QUEUE_STORE (object), result, NULL));
  (*n_answers)++;
}

/* Writes that wait together share a transaction. */
static void
run_group (LsFaultRun *base)
{
  Run *run = (Run *)base;
  guint n_answers = 0;

  open_and_check (run, TRUE);
  for (guint seq = 1; seq <= N_STEPS; seq++)
    {
      g_autoptr (GPtrArray) put = ls_action_array_new ();

      g_ptr_array_add (put, action_new (seq, 0));
      ls_queue_store_write_async (run->store, put, NULL, count_cb, &n_answers);
    }
  while (n_answers < N_STEPS)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (ls_queue_store_sqlite_get_n_transactions (LS_QUEUE_STORE_SQLITE (run->store)),
                    <, N_STEPS);
}

static void
test_group (void)
{
  static const LsFaultScenario group = { sizeof (Run), begin, run_group, NULL, end };

  ls_fault_sweep_count (&group);
}

int
main (int argc, char **argv)
{
  static const LsFailure io = { "IOERR", SQLITE_IOERR, FALSE };
  static const LsFailure full = { "full disk", SQLITE_FULL, TRUE };

  g_test_init (&argc, &argv, NULL);
  /* A failing disk is warned of. */
  g_log_set_always_fatal (G_LOG_LEVEL_CRITICAL | G_LOG_FATAL_MASK);

  g_test_add_data_func ("/store/queue-faults/failing-call", &io, test_failure);
  g_test_add_data_func ("/store/queue-faults/full-disk", &full, test_failure);
  g_test_add_data_func ("/store/queue-faults/power-cut", GINT_TO_POINTER (FALSE), test_power_cut);
  g_test_add_data_func ("/store/queue-faults/power-cut-torn", GINT_TO_POINTER (TRUE),
                        test_power_cut);
  g_test_add_func ("/store/queue-faults/group-commit", test_group);

  return g_test_run ();
}
