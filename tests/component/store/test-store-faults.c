/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One scenario over the store, with a fault at each write, sync and truncation in turn. */
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "ls-cache.h"
#include "ls-error.h"
#include "ls-fault-sweep.h"
#include "ls-store-calls.h"
#include "ls-store-sqlite.h"

/* A change set has so many events; the offset of an event is its version, too. */
#define N_EVENTS 3
#define N_IDS 4
/* The event of this offset deletes. */
#define DELETION 11
/* What comes in a change set's events up to here is trimmed. */
#define TRIMMED 3

typedef enum
{
  STEP_OPEN,
  STEP_COMMIT,
  STEP_SNAPSHOT,
  STEP_CHECKPOINT,
  STEP_CLOSE,
  STEP_TRIM,
} StepKind;

typedef struct
{
  StepKind kind;
  gint64 n; /* which change set, or which snapshot */
} Step;

static const Step scenario[] = {
  { STEP_OPEN, 0 },       { STEP_COMMIT, 1 },   { STEP_COMMIT, 2 }, { STEP_SNAPSHOT, 1 },
  { STEP_CHECKPOINT, 0 }, { STEP_COMMIT, 3 },   { STEP_CLOSE, 0 },  { STEP_TRIM, 0 },
  { STEP_OPEN, 0 },       { STEP_SNAPSHOT, 2 }, { STEP_COMMIT, 4 }, { STEP_CHECKPOINT, 0 },
  { STEP_COMMIT, 5 },     { STEP_CLOSE, 0 },
};

/* How far something came: what is on the platter is at least @durable and at most @tried. */
typedef struct
{
  gint64 durable;
  gint64 acknowledged;
  gint64 tried;
} Progress;

typedef struct
{
  LsFaultRun base;
  LsStore *store; /* (owned) (nullable) */
  Progress commits;
  Progress snapshots;
  guint64 told; /* the highest `seq` that anybody was told */
} Run;

static void
begin (LsFaultRun *base)
{
  ((Run *)base)->store = LS_STORE (ls_store_sqlite_new (base->dir));
}

static void
end (LsFaultRun *base)
{
  g_clear_object (&((Run *)base)->store);
}

/* The cache's file; %NULL: there is none yet. */
static char *
cache_path (Run *run)
{
  g_autoptr (GDir) dir = g_dir_open (run->base.dir, 0, NULL);
  const char *name = g_dir_read_name (dir);

  return name != NULL ? g_build_filename (run->base.dir, name, "cache.db", NULL) : NULL;
}

static char *
id_of (gint64 offset)
{
  return g_strdup_printf ("g%d", (int)(offset % N_IDS));
}

/* Large enough for the rows not to share a page. */
static char *
data_of (gint64 offset)
{
  return g_strdup_printf ("{\"o\":\"%02d%0300d\"}", (int)offset, 0);
}

static LsChangeSet *
change_set (gint64 n)
{
  g_autoptr (GPtrArray) events = ls_event_array_new ();

  for (gint64 offset = (n - 1) * N_EVENTS + 1; offset <= n * N_EVENTS; offset++)
    {
      g_autofree char *id = id_of (offset);
      g_autofree char *data = data_of (offset);
      const char *type = offset == DELETION ? "grade_deleted" : "grade_updated";
      LsEvent *event = ls_event_new (ls_event_type_from_string (type), id, data);

      event->offset = offset;
      event->version = offset;
      g_ptr_array_add (events, event);
    }
  return ls_change_set_new (events, ls_cursor_new ("e", n * N_EVENTS), 1000 + n * N_EVENTS);
}

static gboolean
do_commit (Run *run, gint64 n, GError **error)
{
  g_autoptr (LsChangeSet) set = change_set (n);
  g_autoptr (LsCommit) commit = NULL;

  run->commits.tried = n;
  commit = ls_call_commit (run->store, set, error);
  if (commit == NULL)
    return FALSE;

  run->commits.acknowledged = n;
  for (guint i = 0; i < commit->events->len; i++)
    {
      guint64 seq = ((LsEvent *)commit->events->pdata[i])->seq;

      if (seq <= run->told)
        g_error ("%snumber %d was given out before", run->base.label, (int)seq);
      run->told = seq;
    }
  return TRUE;
}

static gboolean
stage (Run *run, const char *id, gint64 version, gboolean first, GError **error)
{
  g_autoptr (GPtrArray) rows = ls_row_array_new ();
  g_autofree char *data = data_of (version);

  g_ptr_array_add (rows, ls_row_new (LS_ENTITY_ANNOUNCEMENT, id, data, version));
  return ls_call_stage (run->store, LS_ENTITY_ANNOUNCEMENT, rows, first, error);
}

/* First a and b, then b changed and d. */
static gboolean
do_snapshot (Run *run, gint64 n, GError **error)
{
  g_autoptr (LsCommit) commit = NULL;

  run->snapshots.tried = n;
  if (!stage (run, n == 1 ? "a" : "d", n, TRUE, error) || !stage (run, "b", n, FALSE, error))
    return FALSE;
  commit = ls_call_finish_snapshot (run->store, LS_ENTITY_ANNOUNCEMENT, ls_cursor_new ("e", n),
                                    2000 + n, TRUE, error);
  if (commit == NULL)
    return FALSE;

  run->snapshots.acknowledged = n;
  return TRUE;
}

/* Everything that was acknowledged is on the platter. */
static void
note_durable (Run *run)
{
  run->commits.durable = run->commits.acknowledged;
  run->snapshots.durable = run->snapshots.acknowledged;
}

/* Somebody else has the log written back, while the store is open. */
static gboolean
do_checkpoint (Run *run, GError **error)
{
  g_autofree char *path = cache_path (run);
  sqlite3 *handle = NULL;
  int n_frames = -1;
  int n_written = -1;
  /* a connection has to read once before it knows of the log */
  gboolean good =
      sqlite3_open (path, &handle) == SQLITE_OK &&
      sqlite3_exec (handle, "SELECT count (*) FROM sqlite_schema", NULL, NULL, NULL) == SQLITE_OK &&
      sqlite3_wal_checkpoint_v2 (handle, NULL, SQLITE_CHECKPOINT_RESTART, &n_frames, &n_written) ==
          SQLITE_OK &&
      n_frames == n_written && n_frames >= 0;

  sqlite3_close (handle);
  if (!good)
    {
      g_set_error (error, LS_ERROR, LS_ERROR_STORAGE, "no checkpoint");
      return FALSE;
    }

  note_durable (run);
  return TRUE;
}

/* As the worker does it when it has time. */
static gboolean
do_trim (Run *run, GError **error)
{
  g_autofree char *path = cache_path (run);
  g_autoptr (LsCache) cache = ls_cache_open (path, NULL, error);
  g_autoptr (GError) trim_error = NULL;
  gboolean more = TRUE;

  if (cache == NULL)
    return FALSE;
  while (more && ls_database_run (ls_cache_get_database (cache), "BEGIN IMMEDIATE", error))
    {
      more = ls_cache_trim (cache, G_MAXINT64, 1000 + TRIMMED + 1, &trim_error);
      if (trim_error != NULL)
        g_propagate_error (error, g_steal_pointer (&trim_error));
      else if (ls_database_run (ls_cache_get_database (cache), "COMMIT", error))
        continue;
      if (ls_database_in_transaction (ls_cache_get_database (cache)))
        ls_database_run (ls_cache_get_database (cache), "ROLLBACK", NULL);
      return FALSE;
    }
  return !more;
}

static gboolean
do_step (Run *run, const Step *step, GError **error)
{
  g_autoptr (LsStoreState) state = NULL;

  switch (step->kind)
    {
    case STEP_OPEN:
      state = ls_call_open (run->store, "http://s", "u", error);
      return state != NULL;
    case STEP_COMMIT:
      return do_commit (run, step->n, error);
    case STEP_SNAPSHOT:
      return do_snapshot (run, step->n, error);
    case STEP_CHECKPOINT:
      return do_checkpoint (run, error);
    case STEP_CLOSE:
      if (!ls_call_close (run->store, FALSE, error))
        return FALSE;
      if (ls_fault_vfs_get_n_faults (run->base.disk) == 0)
        note_durable (run);
      return TRUE;
    case STEP_TRIM:
    default:
      return do_trim (run, error);
    }
}

/* The first column of all rows, one a line. */
static char *
query (sqlite3 *handle, const char *sql)
{
  GString *text = g_string_new (NULL);
  sqlite3_stmt *stmt = NULL;

  g_assert_cmpint (sqlite3_prepare_v2 (handle, sql, -1, &stmt, NULL), ==, SQLITE_OK);
  while (sqlite3_step (stmt) == SQLITE_ROW)
    g_string_append_printf (text, "%s\n", (const char *)sqlite3_column_text (stmt, 0));
  g_assert_cmpint (sqlite3_finalize (stmt), ==, SQLITE_OK);
  return g_string_free (text, FALSE);
}

static gint64
query_int (sqlite3 *handle, const char *sql)
{
  g_autofree char *text = query (handle, sql);

  return g_ascii_strtoll (text, NULL, 10);
}

static void
append_row (GString *text, const char *id, gint64 version, const char *data)
{
  g_string_append_printf (text, "%s %d %.9s\n", id, (int)version, data != NULL ? data : "gone");
}

/* What is there once so many change sets and snapshots are in: the log from @first on, the rows. */
static char *
model (gint64 n_commits, gint64 n_snapshots, gint64 first)
{
  GString *text = g_string_new ("ok\n");
  g_autofree char *old = data_of (1);
  g_autofree char *new = data_of (2);

  for (gint64 offset = first; offset <= n_commits * N_EVENTS; offset++)
    g_string_append_printf (text, "%d\n", (int)offset);
  if (n_snapshots == 1)
    append_row (text, "a", 1, old);
  else if (n_snapshots == 2)
    append_row (text, "a", 0, NULL); /* a tombstone of a snapshot has no version */
  if (n_snapshots > 0)
    append_row (text, "b", n_snapshots, n_snapshots == 1 ? old : new);
  if (n_snapshots == 2)
    append_row (text, "d", 2, new);
  for (gint64 i = 0; i < N_IDS; i++)
    {
      gint64 last = n_commits * N_EVENTS;
      g_autofree char *id = id_of (i);
      g_autofree char *data = NULL;

      while (last > 0 && last % N_IDS != i)
        last--;
      data = last == DELETION ? NULL : data_of (last);
      if (last > 0)
        append_row (text, id, last, data);
    }
  g_string_append_printf (text, "%d of a snapshot\n", n_snapshots == 2 ? 3 : 0);
  return g_string_free (text, FALSE);
}

static char *
dump (sqlite3 *handle)
{
  g_autofree char *integrity = query (handle, "PRAGMA integrity_check");
  g_autofree char *events =
      query (handle, "SELECT version FROM event WHERE type LIKE 'grade%' ORDER BY seq");
  g_autofree char *rows = query (
      handle, "SELECT id || ' ' || version || ' ' || ifnull (substr (data, 1, 9), 'gone') FROM row"
              " ORDER BY entity, id");
  g_autofree char *told = query (
      handle, "SELECT count (*) || ' of a snapshot' FROM event WHERE type LIKE 'announcement%'");

  return g_strconcat (integrity, events, rows, told, NULL);
}

static void
check_progress (Run *run, const char *what, const Progress *progress, gint64 found, gboolean exact)
{
  if (found >= progress->durable && found <= progress->tried &&
      (!exact || found == progress->acknowledged))
    return;

  g_error ("%s%d %s are in; durable %d, acknowledged %d, tried %d", run->base.label, (int)found,
           what, (int)progress->durable, (int)progress->acknowledged, (int)progress->tried);
}

/* The data are what the cursor says, whole; nothing is in that was not tried, and nothing lacks
 * that may not. @exact: the power was not cut: what was acknowledged is in, what failed is not. */
static void
check_disk (Run *run, gboolean exact)
{
  g_autofree char *path = cache_path (run);
  g_autofree char *aside = g_strconcat (path, ".corrupt-1", NULL);
  g_autofree char *expected = NULL;
  g_autofree char *found = NULL;
  g_autofree char *labelled_expected = NULL;
  g_autofree char *labelled_found = NULL;
  sqlite3 *handle = NULL;
  gint64 n_commits, n_snapshots;

  g_assert_false (g_file_test (aside, G_FILE_TEST_EXISTS));
  if (path == NULL)
    return;
  g_assert_cmpint (sqlite3_open (path, &handle), ==, SQLITE_OK);
  if (query_int (handle, "PRAGMA user_version") == 0)
    {
      check_progress (run, "commits", &run->commits, 0, exact);
      run->commits.acknowledged = 0;
      run->snapshots.acknowledged = 0;
      sqlite3_close (handle);
      return;
    }

  n_commits = query_int (handle, "SELECT log_offset FROM meta") / N_EVENTS;
  n_snapshots = query_int (handle, "SELECT log_offset FROM baseline");
  check_progress (run, "commits", &run->commits, n_commits, exact);
  check_progress (run, "snapshots", &run->snapshots, n_snapshots, exact);
  expected =
      model (n_commits, n_snapshots,
             query_int (handle, "SELECT min (version) FROM event WHERE type LIKE 'grade%'") > 1
                 ? TRIMMED + 1
                 : 1);
  found = dump (handle);
  labelled_expected = g_strconcat (run->base.label, expected, NULL);
  labelled_found = g_strconcat (run->base.label, found, NULL);
  g_assert_cmpstr (labelled_found, ==, labelled_expected);
  sqlite3_close (handle);
  run->commits.acknowledged = n_commits;
  run->snapshots.acknowledged = n_snapshots;
}

static gboolean
is_done (Run *run, const Step *step)
{
  return (step->kind == STEP_COMMIT && step->n <= run->commits.acknowledged) ||
         (step->kind == STEP_SNAPSHOT && step->n <= run->snapshots.acknowledged);
}

/* The whole scenario on a disk that fails somewhere. Once that is reported and the disk is mended,
 * the same call goes through, and everything is there in the end. */
static void
run_failing (LsFaultRun *base)
{
  Run *run = (Run *)base;

  for (guint i = 0; i < G_N_ELEMENTS (scenario); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GError) again = NULL;

      if (do_step (run, &scenario[i], &error))
        continue;
      ls_fault_run_check_error (&run->base, error);
      ls_fault_vfs_mend (run->base.disk);
      check_disk (run, TRUE);
      if (!do_step (run, &scenario[i], &again))
        g_error ("%safter it: %s", run->base.label, again->message);
    }
  ls_fault_vfs_mend (run->base.disk);
  check_disk (run, TRUE);
  g_assert_cmpint (run->commits.acknowledged, ==, 5);
  g_assert_cmpint (run->snapshots.acknowledged, ==, 2);
}

/* From the beginning, but what is in is not done again. */
static void
run_after_power_cut (Run *run)
{
  static const Step open_again = { STEP_OPEN, 0 };
  gboolean is_open = FALSE;

  begin (&run->base);
  for (guint i = 0; i < G_N_ELEMENTS (scenario); i++)
    {
      g_autoptr (GError) error = NULL;

      if (!is_open && scenario[i].kind != STEP_TRIM)
        g_assert_true (do_step (run, &open_again, NULL));
      is_open = scenario[i].kind != STEP_CLOSE && scenario[i].kind != STEP_TRIM;
      if (!is_done (run, &scenario[i]) && !do_step (run, &scenario[i], &error))
        g_error ("%safter it: %s", run->base.label, error->message);
    }
  check_disk (run, TRUE);
  g_assert_cmpint (run->commits.acknowledged, ==, 5);
  g_assert_cmpint (run->snapshots.acknowledged, ==, 2);
}

static void
run_cut (LsFaultRun *base, GRand *torn)
{
  Run *run = (Run *)base;

  for (guint i = 0; i < G_N_ELEMENTS (scenario); i++)
    {
      g_autoptr (GError) error = NULL;

      if (!do_step (run, &scenario[i], &error))
        ls_fault_run_check_error (&run->base, error);
      if (ls_fault_vfs_get_n_faults (run->base.disk) > 0)
        break;
    }
  g_clear_object (&run->store);
  ls_fault_vfs_restore_power (run->base.disk, torn);
  check_disk (run, FALSE);
  run_after_power_cut (run);
}

static const LsFaultScenario whole = { sizeof (Run), begin, run_failing, run_cut, end };

static void
test_failure (gconstpointer data)
{
  LsFaultTally tally = ls_fault_sweep_fail (&whole, data);

  g_assert_cmpuint (tally.n_errors, >=, tally.n_faults / 2);
}

static void
test_power_cut (gconstpointer torn)
{
  ls_fault_sweep_cut (&whole, GPOINTER_TO_INT (torn));
}

int
main (int argc, char *argv[])
{
  static const LsFailure failures[] = {
    { "ioerr-once", SQLITE_IOERR, FALSE },
    { "full-lasting", SQLITE_FULL, TRUE },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (failures); i++)
    {
      g_autofree char *path = g_strconcat ("/store/faults/", failures[i].name, NULL);

      g_test_add_data_func (path, &failures[i], test_failure);
    }
  g_test_add_data_func ("/store/faults/power-cut", GINT_TO_POINTER (FALSE), test_power_cut);
  g_test_add_data_func ("/store/faults/power-cut-torn", GINT_TO_POINTER (TRUE), test_power_cut);
  return g_test_run ();
}
