/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A cache on a file system that can be made read-only; needs to be root, or a user with sudo. */
#include <unistd.h>

#include "ls-error.h"
#include "ls-remove-tree.h"
#include "ls-store-calls.h"
#include "ls-store-sqlite.h"

typedef struct
{
  char *dir; /* (owned): a file system of its own */
  gboolean is_mounted;
  LsStore *store; /* (owned) */
} Fixture;

static gboolean
run (const char *const *argv)
{
  int status = 1;

  return g_spawn_sync (NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL,
                       NULL, NULL, NULL, NULL, &status, NULL) &&
         g_spawn_check_wait_status (status, NULL);
}

static gboolean
run_as_root (const char *const *argv)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) whole = NULL;

  if (geteuid () != 0)
    g_strv_builder_add_many (builder, "sudo", "-n", NULL);
  g_strv_builder_addv (builder, (const char **)argv);
  whole = g_strv_builder_end (builder);
  return run ((const char *const *)whole);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->dir = g_dir_make_tmp ("labsync-XXXXXX", NULL);
  fixture->is_mounted = run_as_root ((const char *const[]) {
      "mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", fixture->dir, NULL });
  fixture->store = LS_STORE (ls_store_sqlite_new (fixture->dir));
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_assert_finalize_object (fixture->store);
  if (fixture->is_mounted)
    g_assert_true (run_as_root ((const char *const[]) { "umount", "-l", fixture->dir, NULL }));
  ls_remove_tree (fixture->dir);
  g_free (fixture->dir);
}

static void
remount (Fixture *fixture, const char *how)
{
  g_assert_true (run_as_root ((const char *const[]) { "mount", "-o", how, fixture->dir, NULL }));
}

static LsCommit *
commit (Fixture *fixture, gint64 offset, GError **error)
{
  g_autoptr (GPtrArray) events = ls_event_array_new ();
  g_autoptr (LsChangeSet) set = NULL;
  g_autofree char *data = g_strdup_printf ("{\"o\":%d}", (int)offset);
  LsEvent *event = ls_event_new (ls_event_type_from_string ("grade_updated"), "g", data);

  event->version = offset;
  g_ptr_array_add (events, event);
  set = ls_change_set_new (events, ls_cursor_new ("e", offset), 1000 + offset);
  return ls_call_commit (fixture->store, set, error);
}

static void
check_row (Fixture *fixture, gint64 version)
{
  g_autoptr (LsRow) row = ls_call_get (fixture->store, LS_ENTITY_GRADE, "g", NULL);

  g_assert_nonnull (row);
  g_assert_cmpint (row->version, ==, version);
}

static LsStoreState *
open_store (Fixture *fixture)
{
  LsStoreState *state = ls_call_open (fixture->store, "http://s", "u", NULL);

  g_assert_nonnull (state);
  return state;
}

/* As a process that was killed leaves it: the log beside the file. */
static void
keep_log (Fixture *fixture)
{
  g_autofree char *aside = g_strconcat (fixture->dir, ".aside", NULL);
  g_autofree char *save = g_strdup_printf ("cp -r '%s' '%s'", fixture->dir, aside);
  g_autofree char *restore =
      g_strdup_printf ("rm -r '%s'/* && cp -r '%s'/. '%s' && rm -r '%s' && test -s '%s'/*/*-wal &&"
                       " rm '%s'/*/*-shm",
                       fixture->dir, aside, fixture->dir, aside, fixture->dir, fixture->dir);

  g_assert_true (run ((const char *const[]) { "sh", "-c", save, NULL }));
  g_assert_finalize_object (fixture->store);
  g_assert_true (run ((const char *const[]) { "sh", "-c", restore, NULL }));
  fixture->store = LS_STORE (ls_store_sqlite_new (fixture->dir));
}

static void
test_read_only (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LsStoreState) first = NULL;
  g_autoptr (LsStoreState) state = NULL;
  g_autoptr (LsCommit) done = NULL;
  g_autoptr (LsCommit) refused = NULL;
  g_autoptr (LsCommit) mended = NULL;
  g_autoptr (GError) error = NULL;

  if (!fixture->is_mounted)
    {
      g_test_skip ("mounting a tmpfs needs root or sudo");
      return;
    }

  first = open_store (fixture);
  done = commit (fixture, 1, NULL);
  g_assert_nonnull (done);
  if (g_str_equal (data, "log"))
    keep_log (fixture);
  else
    g_assert_true (ls_call_close (fixture->store, FALSE, NULL));
  remount (fixture, "remount,ro");

  state = open_store (fixture);
  g_assert_cmpstr (state->id, ==, first->id);
  g_assert_cmpint (state->cursor.offset, ==, 1);
  check_row (fixture, 1);
  refused = commit (fixture, 2, &error);
  g_assert_null (refused);
  g_assert_error (error, LS_ERROR, LS_ERROR_STORAGE);
  check_row (fixture, 1);

  remount (fixture, "remount,rw");
  mended = commit (fixture, 2, NULL);
  g_assert_nonnull (mended);
  check_row (fixture, 2);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  /* that a store is only read is worth a warning */
  g_log_set_always_fatal (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL);
  g_test_add ("/store/read-only/closed-well", Fixture, "closed", set_up, test_read_only, tear_down);
  g_test_add ("/store/read-only/with-a-log", Fixture, "log", set_up, test_read_only, tear_down);
  return g_test_run ();
}
