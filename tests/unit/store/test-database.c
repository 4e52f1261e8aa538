/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>

#include "ls-database.h"
#include "ls-error.h"

static const LsMigration one[] = { "CREATE TABLE t (a)" };
static const LsMigration two[] = { "CREATE TABLE t (a)", "ALTER TABLE t ADD COLUMN b" };
static const LsMigration broken[] = { "CREATE TABLE t (a)",
                                      "ALTER TABLE t ADD COLUMN c; nonsense" };

typedef struct
{
  char *dir;
  char *path;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->dir = g_dir_make_tmp ("labsync-XXXXXX", NULL);
  fixture->path = g_build_filename (fixture->dir, "x.db", NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GDir) dir = g_dir_open (fixture->dir, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (fixture->dir, name, NULL);

      g_unlink (path);
    }
  g_rmdir (fixture->dir);
  g_free (fixture->dir);
  g_free (fixture->path);
}

static void
test_database_migrates (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  LsDatabase *database = ls_database_open (fixture->path, 77, one, 1, NULL, &error);
  GStatBuf info;

  g_assert_no_error (error);
  g_assert_true (ls_database_run (database, "INSERT INTO t VALUES (5)", &error));
  ls_database_free (database);
  g_assert_cmpint (g_stat (fixture->path, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 0777, ==, 0600);

  database = ls_database_open (fixture->path, 77, two, 2, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (ls_database_get_int (database, "SELECT a FROM t WHERE b IS NULL"), ==, 5);
  g_assert_cmpint (ls_database_get_int (database, "PRAGMA user_version"), ==, 2);
  ls_database_free (database);
}

static void
test_database_migration_fails_whole (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  LsDatabase *database = ls_database_open (fixture->path, 77, one, 1, NULL, NULL);

  ls_database_free (database);
  g_assert_null (ls_database_open (fixture->path, 77, broken, 2, NULL, &error));
  g_assert_error (error, LS_ERROR, LS_ERROR_STORAGE);
  database = ls_database_open (fixture->path, 77, one, 1, NULL, NULL);
  g_assert_cmpint (ls_database_get_int (database, "PRAGMA user_version"), ==, 1);
  g_assert_cmpint (ls_database_get_int (database, "SELECT count (*) FROM pragma_table_info ('t')"),
                   ==, 1);
  ls_database_free (database);
}

static void
test_database_newer (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  gsize before_length;
  gsize after_length;
  LsDatabase *database = ls_database_open (fixture->path, 77, two, 2, NULL, NULL);

  ls_database_free (database);
  g_assert_true (g_file_get_contents (fixture->path, &before, &before_length, NULL));
  g_assert_null (ls_database_open (fixture->path, 77, one, 1, NULL, &error));
  g_assert_error (error, LS_ERROR, LS_ERROR_NEWER_STORE);
  g_assert_true (g_file_get_contents (fixture->path, &after, &after_length, NULL));
  g_assert_cmpmem (before, before_length, after, after_length);
}

static void
test_database_damaged (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *aside = g_strconcat (fixture->path, ".corrupt-1", NULL);
  g_autofree char *content = NULL;
  LsDatabase *database;

  g_assert_true (g_file_set_contents (fixture->path,
                                      "this is no database at all, "
                                      "and long enough to be one",
                                      -1, NULL));
  database = ls_database_open (fixture->path, 77, one, 1, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (ls_database_get_int (database, "PRAGMA user_version"), ==, 1);
  ls_database_free (database);
  g_assert_true (g_file_get_contents (aside, &content, NULL, NULL));
  g_assert_true (g_str_has_prefix (content, "this is no database"));
}

static void
test_database_foreign (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  LsDatabase *database = ls_database_open (fixture->path, 78, one, 1, NULL, NULL);

  ls_database_free (database);
  g_assert_null (ls_database_open (fixture->path, 77, one, 1, NULL, &error));
  g_assert_error (error, LS_ERROR, LS_ERROR_STORAGE);
}

int
main (int argc, char *argv[])
{
  static const struct
  {
    const char *path;
    void (*func) (Fixture *, gconstpointer);
  } tests[] = {
    { "/store/database/migrates", test_database_migrates },
    { "/store/database/migration-fails-whole", test_database_migration_fails_whole },
    { "/store/database/newer", test_database_newer },
    { "/store/database/damaged", test_database_damaged },
    { "/store/database/foreign", test_database_foreign },
  };

  g_test_init (&argc, &argv, NULL);
  /* that a damaged file is moved aside is worth a warning, here as well */
  g_log_set_always_fatal (G_LOG_LEVEL_CRITICAL | G_LOG_FATAL_MASK);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, Fixture, NULL, set_up, tests[i].func, tear_down);
  return g_test_run ();
}
