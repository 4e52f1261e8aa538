/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>

#include "ls-checkpointer.h"
#include "ls-remove-tree.h"

/* How many pages are copied at once */
#define N_PAGES 20

typedef struct
{
  char *dir;
  char *path;
  sqlite3 *handle;
  LsCheckpointer *checkpointer;
} Fixture;

static void
run (sqlite3 *handle, const char *sql)
{
  g_assert_cmpint (sqlite3_exec (handle, sql, NULL, NULL, NULL), ==, SQLITE_OK);
}

static sqlite3 *
connect (Fixture *fixture)
{
  sqlite3 *handle;

  g_assert_cmpint (sqlite3_open (fixture->path, &handle), ==, SQLITE_OK);
  return handle;
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->dir = g_dir_make_tmp ("labsync-XXXXXX", NULL);
  fixture->path = g_build_filename (fixture->dir, "x.db", NULL);
  fixture->handle = connect (fixture);
  run (fixture->handle, "PRAGMA journal_mode = WAL; CREATE TABLE t (a)");
  fixture->checkpointer = ls_checkpointer_new (fixture->handle, N_PAGES);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  ls_checkpointer_free (fixture->checkpointer);
  g_assert_cmpint (sqlite3_close (fixture->handle), ==, SQLITE_OK);
  ls_remove_tree (fixture->dir);
  g_free (fixture->dir);
  g_free (fixture->path);
}

/* In pages; those of the log have a head each. */
static gint64
size_of (Fixture *fixture, const char *suffix)
{
  g_autofree char *path = g_strconcat (fixture->path, suffix, NULL);
  GStatBuf info;

  return g_stat (path, &info) == 0 ? info.st_size / 4096 : 0;
}

/* A commit of about @n_pages pages */
static void
commit (Fixture *fixture, guint n_pages)
{
  g_autofree char *sql = g_strdup_printf ("INSERT INTO t VALUES (zeroblob (%u))", n_pages * 4096);

  run (fixture->handle, sql);
}

/* Changes whenever the log begins anew. */
static char *
read_salt (Fixture *fixture)
{
  g_autofree char *path = g_strconcat (fixture->path, "-wal", NULL);
  g_autofree char *log = NULL;

  g_assert_true (g_file_get_contents (path, &log, NULL, NULL));
  return g_base64_encode ((guchar *)log + 16, 8);
}

/* Nobody waits for it, and it happens. */
static void
wait_for_copy (Fixture *fixture, gint64 n_pages)
{
  gint64 deadline = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;

  while (size_of (fixture, "") < n_pages)
    {
      g_assert_cmpint (g_get_monotonic_time (), <, deadline);
      g_usleep (1000);
    }
}

static void
test_copies (Fixture *fixture, gconstpointer data)
{
  commit (fixture, N_PAGES / 2);
  commit (fixture, N_PAGES / 2);
  wait_for_copy (fixture, N_PAGES);
}

/* A log that was copied while nothing was committed begins anew with what is. */
static void
test_begins_anew (Fixture *fixture, gconstpointer data)
{
  g_autofree char *before = NULL;
  gboolean anew = FALSE;

  commit (fixture, N_PAGES);
  wait_for_copy (fixture, N_PAGES);
  before = read_salt (fixture);
  for (guint i = 0; i < 1000 && !anew; i++)
    {
      g_autofree char *salt = NULL;

      commit (fixture, 1);
      salt = read_salt (fixture);
      anew = !g_str_equal (salt, before);
    }
  g_assert_true (anew);
}

/* A log that is to be short begins anew as soon as a commit has copied the little that the thread had to leave. */
static void
test_short (Fixture *fixture, gconstpointer data)
{
  sqlite3 *reader = connect (fixture);
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  ls_checkpointer_keep_short (fixture->checkpointer);
  commit (fixture, 3);
  run (reader, "BEGIN; SELECT * FROM t");
  commit (fixture, N_PAGES);
  wait_for_copy (fixture, 3);
  before = read_salt (fixture);
  run (reader, "COMMIT");
  for (guint i = 0; i < 3; i++)
    commit (fixture, 0);
  after = read_salt (fixture);
  g_assert_cmpstr (after, !=, before);
  sqlite3_close (reader);
}

/* Also while commits never stop, the log has its bound. */
static void
test_bound (Fixture *fixture, gconstpointer data)
{
  const gint64 bound = 16 * N_PAGES + 4 * N_PAGES;

  for (guint i = 0; i < 150; i++)
    {
      commit (fixture, 5);
      g_assert_cmpint (size_of (fixture, "-wal"), <=, bound);
    }
}

/* Somebody who reads for long, as a backup does, keeps the log from beginning anew. Nobody waits for them;
 * when they are done, it shrinks back into its bound. */
static void
test_reader (Fixture *fixture, gconstpointer data)
{
  sqlite3 *reader = connect (fixture);
  g_autofree char *before = NULL;
  g_autofree char *held = NULL;
  g_autofree char *after = NULL;

  commit (fixture, 1);
  before = read_salt (fixture);
  run (reader, "BEGIN; SELECT * FROM t");
  for (guint i = 0; i < 80; i++)
    commit (fixture, 5);
  held = read_salt (fixture);
  g_assert_cmpstr (held, ==, before);
  g_assert_cmpint (size_of (fixture, "-wal"), >, 16 * N_PAGES);

  run (reader, "COMMIT");
  for (guint i = 0; i < 50; i++)
    commit (fixture, 5);
  after = read_salt (fixture);
  g_assert_cmpstr (after, !=, before);
  sqlite3_close (reader);
}

#define ADD(promise, test)                                                                         \
  g_test_add ("/store/checkpointer/" promise, Fixture, NULL, set_up, test, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("copies", test_copies);
  ADD ("begins-anew", test_begins_anew);
  ADD ("short", test_short);
  ADD ("bound", test_bound);
  ADD ("reader", test_reader);
  return g_test_run ();
}
