/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A fault at each write, sync and truncation of a scenario in turn. */
#include "ls-fault-sweep.h"

#include "ls-error.h"
#include "ls-remove-tree.h"
#include "ls-seed.h"

static LsFaultRun *
run_begin (const LsFaultScenario *scenario, const char *kind, guint at)
{
  LsFaultRun *run = g_malloc0 (scenario->size);

  run->label = g_strdup_printf ("%s at call %u: ", kind, at);
  run->dir = g_dir_make_tmp ("labsync-XXXXXX", NULL);
  run->disk = ls_fault_vfs_new ();
  scenario->begin (run);
  return run;
}

/* Counts the run, if @tally is not %NULL. */
static void
run_end (const LsFaultScenario *scenario, LsFaultRun *run, LsFaultTally *tally)
{
  if (tally != NULL)
    {
      tally->n_faults += ls_fault_vfs_get_n_faults (run->disk) > 0;
      tally->n_errors += run->n_errors > 0;
    }
  scenario->end (run);
  ls_fault_vfs_free (run->disk);
  ls_remove_tree (run->dir);
  g_free (run->dir);
  g_free (run->label);
  g_free (run);
}

/**
 * ls_fault_sweep_count:
 * @scenario: what is done
 *
 * Goes through it without a fault.
 *
 * Returns: how many calls there are to fail
 */
guint
ls_fault_sweep_count (const LsFaultScenario *scenario)
{
  LsFaultRun *run = run_begin (scenario, "no fault", 0);
  guint n_calls;

  scenario->fail (run);
  g_assert_cmpuint (run->n_errors, ==, 0);
  n_calls = ls_fault_vfs_get_n_calls (run->disk);
  run_end (scenario, run, NULL);
  return n_calls;
}

/**
 * ls_fault_sweep_fail:
 * @scenario: what is done
 * @failure: how the disk fails
 *
 * Lets one call after the other fail.
 *
 * Returns: what came of it
 */
LsFaultTally
ls_fault_sweep_fail (const LsFaultScenario *scenario, const LsFailure *failure)
{
  LsFaultTally tally = { .n_calls = ls_fault_sweep_count (scenario) };

  for (guint at = 1; at <= tally.n_calls; at++)
    {
      LsFaultRun *run = run_begin (scenario, failure->name, at);

      ls_fault_vfs_fail (run->disk, at, failure->code, failure->lasting);
      scenario->fail (run);
      run_end (scenario, run, &tally);
    }
  g_test_message ("%s: %u fault points, %u of them reported", failure->name, tally.n_faults,
                  tally.n_errors);
  g_assert_cmpuint (tally.n_faults, >=, tally.n_calls / 2);
  return tally;
}

/**
 * ls_fault_sweep_cut:
 * @scenario: what is done
 * @torn: whether some of what was not synced arrives all the same
 *
 * Cuts the power at one call after the other.
 *
 * Returns: what came of it
 */
LsFaultTally
ls_fault_sweep_cut (const LsFaultScenario *scenario, gboolean torn)
{
  g_autoptr (GRand) rand = torn ? g_rand_new_with_seed ((guint32)ls_seed_choose ()) : NULL;
  LsFaultTally tally = { .n_calls = ls_fault_sweep_count (scenario) };

  for (guint at = 1; at <= tally.n_calls; at++)
    {
      LsFaultRun *run = run_begin (scenario, torn ? "power cut, torn" : "power cut", at);

      ls_fault_vfs_cut_power (run->disk, at);
      scenario->cut (run, rand);
      run_end (scenario, run, &tally);
    }
  g_test_message ("%u power cuts", tally.n_faults);
  g_assert_cmpuint (tally.n_faults, >=, tally.n_calls / 2);
  return tally;
}

/**
 * ls_fault_run_check_error:
 * @run: a run
 * @error: (nullable): what a call said that did not succeed
 *
 * A failing disk is reported as such.
 */
void
ls_fault_run_check_error (LsFaultRun *run, const GError *error)
{
  run->n_errors++;
  if (!g_error_matches (error, LS_ERROR, LS_ERROR_STORAGE))
    g_error ("%s%s", run->label, error != NULL ? error->message : "no error");
}
