/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One scenario over the queue's store, with a fault at each write, sync and truncation in turn. What
 * was acknowledged is there in the end, whatever happens to the disk or the power. */
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "ls-error.h"
#include "ls-fault-vfs.h"
#include "ls-queue-store-sqlite.h"
#include "ls-remove-tree.h"

#define N_STEPS 10

/* What the store was told to keep: by `seq`, the attempts that the action had, -1 for none. */
typedef struct
{
  int acknowledged[N_STEPS + 1];
  int tried[N_STEPS + 1];
} Ledger;

typedef struct
{
  char *label; /* (owned): the fault, for messages */
  char *dir;   /* (owned) */
  LsFaultVfs *vfs;
  LsQueueStore *store; /* (owned) (nullable) */
  GAsyncResult *result;
  Ledger ledger;
  guint n_errors;
} Run;

static Run *
run_new (const char *kind, guint at)
{
  Run *run = g_new0 (Run, 1);

  run->label = g_strdup_printf ("%s at call %u: ", kind, at);
  run->dir = g_dir_make_tmp ("labsync-XXXXXX", NULL);
  run->vfs = ls_fault_vfs_new ();
  run->store = LS_QUEUE_STORE (ls_queue_store_sqlite_new (run->dir));
  for (guint seq = 0; seq <= N_STEPS; seq++)
    run->ledger.acknowledged[seq] = run->ledger.tried[seq] = -1;
  return run;
}

static void
run_free (Run *run)
{
  g_clear_object (&run->store);
  ls_fault_vfs_free (run->vfs);
  ls_remove_tree (run->dir);
  g_free (run->dir);
  g_free (run->label);
  g_free (run);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Run, run_free)

static void
call_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  ((Run *)user_data)->result = g_object_ref (result);
}

/* Returns: (transfer full): what the call was answered */
static GAsyncResult *
wait (Run *run)
{
  while (run->result == NULL)
    g_main_context_iteration (NULL, TRUE);

  return g_steal_pointer (&run->result);
}

static GPtrArray *
open_store (Run *run, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  ls_queue_store_open_async (run->store, "http://s", "u", call_cb, run);
  result = wait (run);
  return ls_queue_store_open_finish (run->store, result, error);
}

static void
close_store (Run *run)
{
  g_autoptr (GAsyncResult) result = NULL;

  ls_queue_store_close_async (run->store, FALSE, call_cb, run);
  result = wait (run);
  ls_queue_store_close_finish (run->store, result, NULL);
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
  g_autoptr (GAsyncResult) result = NULL;
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
  ls_queue_store_write_async (run->store, put, removed, call_cb, run);
  result = wait (run);
  if (!ls_queue_store_write_finish (run->store, result, error))
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
        g_error ("%saction %d is not what was written", run->label, (int)action->seq);
      attempts[action->seq] = (int)action->attempts;
    }

  g_test_message ("%s %u found", run->label, found->len);
  is_acknowledged = memcmp (attempts, run->ledger.acknowledged, sizeof attempts) == 0;
  is_tried = memcmp (attempts, run->ledger.tried, sizeof attempts) == 0;
  if (!is_acknowledged && (exact || !is_tried))
    g_error ("%swhat is on the disk was never acknowledged", run->label);
  memcpy (run->ledger.acknowledged, attempts, sizeof attempts);
}

static void
check_error (Run *run, const GError *error)
{
  run->n_errors++;
  if (!g_error_matches (error, LS_ERROR, LS_ERROR_STORAGE))
    g_error ("%s%s", run->label, error != NULL ? error->message : "no error");
}

static void
open_and_check (Run *run, gboolean exact)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) found = open_store (run, &error);

  if (found == NULL)
    g_error ("%s%s", run->label, error->message);
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
  check_error (run, error);
  ls_fault_vfs_mend (run->vfs);
  open_and_check (run, TRUE);
}

/* On a disk that fails somewhere. Once that is reported and the disk is mended, the same write goes
 * through, and everything is there in the end. Half way, it is closed and opened. */
static void
run_failing (Run *run)
{
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
      check_error (run, error);
      ls_fault_vfs_mend (run->vfs);
      if (!do_step (run, step, &again))
        g_error ("%safter it: %s", run->label, again->message);
    }
  close_store (run);
  ls_fault_vfs_mend (run->vfs);
  open_and_check (run, TRUE);
}

static void
run_cut (Run *run, GRand *torn)
{
  g_autoptr (GPtrArray) found = open_store (run, NULL);
  guint step = 1;

  while (found != NULL && step <= N_STEPS && ls_fault_vfs_get_n_faults (run->vfs) == 0)
    do_step (run, step++, NULL);
  g_clear_object (&run->store);
  ls_fault_vfs_restore_power (run->vfs, torn);

  run->store = LS_QUEUE_STORE (ls_queue_store_sqlite_new (run->dir));
  open_and_check (run, FALSE);
}

/* How many calls there are to fail. */
static guint
count_calls (void)
{
  g_autoptr (Run) run = run_new ("no fault", 0);

  run_failing (run);
  g_assert_cmpuint (run->n_errors, ==, 0);
  return ls_fault_vfs_get_n_calls (run->vfs);
}

typedef struct
{
  const char *name;
  int code;
  gboolean lasting;
} Failure;

static void
test_failure (gconstpointer data)
{
  const Failure *failure = data;
  guint n_calls = count_calls ();
  guint n_faults = 0, n_errors = 0;

  for (guint at = 1; at <= n_calls; at++)
    {
      g_autoptr (Run) run = run_new (failure->name, at);

      ls_fault_vfs_fail (run->vfs, at, failure->code, failure->lasting);
      run_failing (run);
      n_faults += ls_fault_vfs_get_n_faults (run->vfs) > 0;
      n_errors += run->n_errors > 0;
    }
  g_test_message ("%s: %u fault points, %u of them reported", failure->name, n_faults, n_errors);
  g_assert_cmpuint (n_faults, >=, n_calls / 2);
  g_assert_cmpuint (n_errors, >, 0);
}

static void
test_power_cut (gconstpointer data)
{
  gboolean torn = GPOINTER_TO_INT (data);
  g_autoptr (GRand) rand = torn ? g_rand_new_with_seed (7) : NULL;
  guint n_calls = count_calls ();
  guint n_cuts = 0;

  for (guint at = 1; at <= n_calls; at++)
    {
      g_autoptr (Run) run = run_new (torn ? "power cut, torn" : "power cut", at);

      ls_fault_vfs_cut_power (run->vfs, at);
      run_cut (run, rand);
      n_cuts += ls_fault_vfs_get_n_faults (run->vfs) > 0;
    }
  g_test_message ("%u power cuts", n_cuts);
  g_assert_cmpuint (n_cuts, >=, n_calls / 2);
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
test_group (void)
{
  g_autoptr (LsQueueStoreSqlite) sqlite = NULL;
  g_autoptr (Run) run = run_new ("no fault", 0);
  guint n_answers = 0;

  open_and_check (run, TRUE);
  sqlite = LS_QUEUE_STORE_SQLITE (g_object_ref (run->store));
  for (guint seq = 1; seq <= N_STEPS; seq++)
    {
      g_autoptr (GPtrArray) put = ls_action_array_new ();

      g_ptr_array_add (put, action_new (seq, 0));
      ls_queue_store_write_async (run->store, put, NULL, count_cb, &n_answers);
    }
  while (n_answers < N_STEPS)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (ls_queue_store_sqlite_get_n_transactions (sqlite), <, N_STEPS);
}

int
main (int argc, char **argv)
{
  static const Failure io = { "IOERR", SQLITE_IOERR, FALSE };
  static const Failure full = { "full disk", SQLITE_FULL, TRUE };

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
