/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A sign-out that wipes is over within a second (goals), however much there is. */
#include "ls-fault-vfs.h"
#include "ls-remove-tree.h"
#include "ls-store-calls.h"
#include "ls-store-sqlite.h"

/* As large as a cache gets by the settings' default. */
#define MAX_SIZE (64 << 20)
#define PAYLOAD (16 << 10)
#define N_EVENTS 64

#define WITHIN (G_USEC_PER_SEC)

typedef struct
{
  char *dir;
  LsStore *store;
  guint n_rows;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (LsStoreState) state = NULL;
  g_autoptr (GError) error = NULL;

  f->dir = g_dir_make_tmp ("labsync-XXXXXX", NULL);
  f->store = LS_STORE (ls_store_sqlite_new (f->dir));
  state = ls_call_open (f->store, "http://s", "u", &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_clear_object (&f->store);
  ls_remove_tree (f->dir);
  g_free (f->dir);
}

/* New rows, which are in the log of events, too. */
static void
commit (Fixture *f)
{
  g_autoptr (GPtrArray) events = ls_event_array_new ();
  g_autofree char *data = g_strdup_printf ("{\"text\":\"%0*d\"}", PAYLOAD, 0);
  g_autoptr (LsChangeSet) set = NULL;
  g_autoptr (LsCommit) done = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < N_EVENTS; i++)
    {
      g_autofree char *id = g_strdup_printf ("g%u", ++f->n_rows);
      LsEvent *event = ls_event_new (ls_event_type_from_string ("grade_created"), id, data);

      event->offset = f->n_rows;
      event->version = f->n_rows;
      g_ptr_array_add (events, event);
    }
  set = ls_change_set_new (events, ls_cursor_new ("e", f->n_rows), f->n_rows);
  done = ls_call_commit (f->store, set, &error);
  g_assert_no_error (error);
}

static void
wipe (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) left = NULL;

  g_assert_true (ls_call_close (f->store, TRUE, &error));
  g_assert_no_error (error);
  left = g_dir_open (f->dir, 0, &error);
  g_assert_no_error (error);
  g_assert_null (g_dir_read_name (left));
}

static void
test_within_a_second (Fixture *f, gconstpointer data)
{
  gint64 begun_at;

  for (guint size = 0; size < MAX_SIZE; size += 2 * N_EVENTS * PAYLOAD)
    commit (f);
  begun_at = g_get_monotonic_time ();
  wipe (f);
  g_test_message ("%" G_GINT64_FORMAT " ms", (g_get_monotonic_time () - begun_at) / 1000);
  g_assert_cmpint (g_get_monotonic_time () - begun_at, <, WITHIN);
}

/* What goes is not written and synced before. */
static void
test_writes_nothing (void)
{
  g_autoptr (LsFaultVfs) disk = ls_fault_vfs_new ();
  Fixture f = { 0 };
  guint n_calls;

  set_up (&f, NULL);
  commit (&f);
  n_calls = ls_fault_vfs_get_n_calls (disk);
  wipe (&f);
  g_assert_cmpuint (ls_fault_vfs_get_n_calls (disk), ==, n_calls);
  tear_down (&f, NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/store/wipe/within-a-second", Fixture, NULL, set_up, test_within_a_second,
              tear_down);
  g_test_add_func ("/store/wipe/writes-nothing", test_writes_nothing);
  return g_test_run ();
}
