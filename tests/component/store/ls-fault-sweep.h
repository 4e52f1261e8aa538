/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-fault-vfs.h"

G_BEGIN_DECLS

/**
 * LsFaultRun:
 * @label: (owned): the fault, for messages
 * @dir: (owned): of the files
 * @disk: (owned): what they are on
 * @n_errors: how many were reported
 *
 * What a scenario goes through once; its own data stand behind it.
 */
typedef struct
{
  char *label;
  char *dir;
  LsFaultVfs *disk;
  guint n_errors;
} LsFaultRun;

/**
 * LsFaultScenario:
 * @size: of its data, which begin with an #LsFaultRun
 * @begin: makes the store, on a disk that is as it should be
 * @fail: goes through it on a disk that may fail somewhere, and mends that
 * @cut: goes through it until the power is cut, and again after that; @torn: (nullable): see
 *   ls_fault_vfs_restore_power()
 * @end: frees what @begin made
 *
 * What is done with a store again and again, each time with a fault at another place.
 */
typedef struct
{
  gsize size;
  void (*begin) (LsFaultRun *run);
  void (*fail) (LsFaultRun *run);
  void (*cut) (LsFaultRun *run, GRand *torn);
  void (*end) (LsFaultRun *run);
} LsFaultScenario;

/**
 * LsFailure:
 * @name: how it is called
 * @code: SQLite's, of the call that fails
 * @lasting: whether all calls fail from then on
 *
 * How a disk fails.
 */
typedef struct
{
  const char *name;
  int code;
  gboolean lasting;
} LsFailure;

/**
 * LsFaultTally:
 * @n_calls: how many places there are for a fault
 * @n_faults: in how many runs there was one
 * @n_errors: in how many one was reported
 *
 * What came of a sweep.
 */
typedef struct
{
  guint n_calls;
  guint n_faults;
  guint n_errors;
} LsFaultTally;

guint ls_fault_sweep_count (const LsFaultScenario *scenario);
LsFaultTally ls_fault_sweep_fail (const LsFaultScenario *scenario, const LsFailure *failure);
LsFaultTally ls_fault_sweep_cut (const LsFaultScenario *scenario, gboolean torn);
void ls_fault_run_check_error (LsFaultRun *run, const GError *error);

G_END_DECLS
