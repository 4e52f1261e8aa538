/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <sqlite3.h>

#include "ls-database.h"
#include "ls-migrations.h"
#include "ls-password.h"
#include "ls-schema.h"
#include "school-fixture.h"

static void
assert_refused (const char *directory, LsSchoolError code)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LsSchool) school = ls_school_open (directory, &error);

  g_assert_null (school);
  g_assert_error (error, LS_SCHOOL_ERROR, (int)code);
}

static void
test_reopen (School *school, gconstpointer data)
{
  LsCursor cursor = ls_school_get_cursor (school->school);
  g_autofree char *before = school_get_row (school, "t1", "grades", "g1");
  g_autofree char *after = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (ls_school_check (school->school, &error));
  g_assert_true (g_uuid_string_is_valid (cursor.epoch));
  g_assert_finalize_object (school->school);
  school->school = ls_school_open (school->directory, &error);
  g_assert_no_error (error);
  g_assert_true (ls_cursor_equal (ls_school_get_cursor (school->school), cursor));
  after = school_get_row (school, "t1", "grades", "g1");
  g_assert_cmpstr (before, ==, after);
}

static void
test_one_server (School *school, gconstpointer data)
{
  assert_refused (school->directory, LS_SCHOOL_ERROR_STORAGE);
}

static void
test_private (void)
{
  static const char *const files[] = { "school.db", "school.db-wal", "school.lock" };
  g_autofree char *parent = school_make_directory ();
  g_autofree char *directory = g_build_filename (parent, "data", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (LsSchool) school = ls_school_open (directory, &error);
  GStatBuf status;

  g_assert_no_error (error);
  g_assert_cmpint (g_stat (directory, &status), ==, 0);
  g_assert_cmpint (status.st_mode & 0777, ==, 0700);
  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *path = g_build_filename (directory, files[i], NULL);

      g_assert_cmpint (g_stat (path, &status), ==, 0);
      g_assert_cmpint (status.st_mode & 0777, ==, 0600);
    }
  g_assert_finalize_object (g_steal_pointer (&school));
  school_remove_directory (directory);
  school_remove_directory (parent);
}

/* A database as an older version had it, with a few rows in it. */
typedef struct
{
  const char *file;
  gint64 offset; /* of the top of its log */
} OldDatabase;

static void
test_migration (gconstpointer data)
{
  const OldDatabase *old = data;
  g_autofree char *path = g_build_filename (TEST_DIR, old->file, NULL);
  School school = { .directory = school_make_directory () };
  g_autoptr (GError) error = NULL;
  g_autofree char *sql = NULL;
  g_autofree char *row = NULL;
  g_autofree char *messages = NULL;

  g_assert_true (g_file_get_contents (path, &sql, NULL, &error));
  school_execute (school.directory, sql);

  school.school = ls_school_open (school.directory, &error);
  g_assert_no_error (error);
  row = school_get_row (&school, "u1", "users", "u1");
  g_assert_cmpstr (row, ==,
                   "{\"id\":\"u1\",\"name\":\"Old\",\"email\":\"old@x\",\"role\":\"admin\","
                   "\"extra_role\":null,\"status\":\"active\",\"version\":4,\"created_at\":1000,"
                   "\"updated_at\":2000}");
  messages = school_list_ids (&school, "u1", "messages");
  g_assert_cmpstr (messages, ==, "m1");
  g_assert_cmpint (school_update (&school, "u1", "users", "u1", "{'name':'New'}"), ==, OK);
  g_assert_cmpint (ls_school_get_cursor (school.school).offset, ==, old->offset + 1);
  school_tear_down (&school, NULL);
}

static void
test_newer (void)
{
  g_autofree char *directory = school_make_directory ();
  g_autofree char *path = g_build_filename (directory, "school.db", NULL);
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  gsize length_before, length_after;

  school_execute (directory, "PRAGMA application_id = 0x4c537363; PRAGMA user_version = 99;"
                             "CREATE TABLE future (id)");
  g_assert_true (g_file_get_contents (path, &before, &length_before, NULL));
  assert_refused (directory, LS_SCHOOL_ERROR_NEWER);
  g_assert_true (g_file_get_contents (path, &after, &length_after, NULL));
  g_assert_cmpmem (before, length_before, after, length_after);
  school_remove_directory (directory);
}

static void
test_foreign (void)
{
  g_autofree char *directory = school_make_directory ();
  g_autofree char *path = g_build_filename (directory, "school.db", NULL);

  school_execute (directory, "PRAGMA user_version = 1; CREATE TABLE other (id)");
  assert_refused (directory, LS_SCHOOL_ERROR_STORAGE);
  g_assert_true (g_file_set_contents (path, "This is no database, but long enough.", -1, NULL));
  assert_refused (directory, LS_SCHOOL_ERROR_STORAGE);
  assert_refused ("/dev/null/data", LS_SCHOOL_ERROR_STORAGE);
  school_remove_directory (directory);
}

/* What the schema says of a table and what the database has of it are the same. */
static void
test_schema (School *school, gconstpointer data)
{
  g_autofree char *path = g_build_filename (school->directory, "school.db", NULL);
  g_autoptr (LsDatabase) database = ls_database_open (path, NULL);
  guint n_tables;
  const LsTable *tables = ls_schema_get_tables (&n_tables);

  for (guint i = 0; i < n_tables; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (LsStatement) statement = ls_database_prepare (
          database, &error, "SELECT name FROM pragma_table_info (?1)", "t", tables[i].name);
      guint n_columns = 0;
      gboolean row;

      g_assert_no_error (error);
      while (ls_statement_step (statement, &row, &error) && row)
        {
          const char *name = ls_statement_get_text (statement, 0);

          if (g_str_equal (name, "deleted_at") || g_str_equal (name, "password_hash"))
            continue;
          g_test_message ("%s.%s", tables[i].name, name);
          g_assert_cmpint (ls_table_find_column (&tables[i], name), ==, n_columns);
          n_columns++;
        }
      g_assert_cmpuint (n_columns, ==, tables[i].n_columns);
    }
}

static void
test_seed (void)
{
  School school = { .directory = school_make_directory () };
  g_autoptr (GError) error = NULL;
  g_autoptr (LsLogin) login = NULL;
  g_autofree char *own = NULL;
  g_autofree char *childs = NULL;
  LsCursor cursor;
  guint n_tables;
  const LsTable *tables = ls_schema_get_tables (&n_tables);

  school.school = ls_school_open (school.directory, &error);
  g_assert_true (ls_school_seed_demo (school.school, &error));
  g_assert_no_error (error);

  cursor = ls_school_get_cursor (school.school);
  g_assert_true (ls_school_seed_demo (school.school, &error));
  g_assert_true (ls_cursor_equal (ls_school_get_cursor (school.school), cursor));

  for (guint i = 0; i < n_tables; i++)
    {
      g_autofree char *admin = school_list_ids (&school, "demo-admin", tables[i].name);
      g_autofree char *student = school_list_ids (&school, "demo-student", tables[i].name);

      g_test_message ("%s", tables[i].name);
      g_assert_true (admin[0] != '\0' || student[0] != '\0');
    }
  own = school_list_ids (&school, "demo-student2", "grades");
  g_assert_cmpstr (own, ==, "grade-2");
  childs = school_list_ids (&school, "demo-parent", "grades");
  g_assert_cmpstr (childs, ==, "grade-1");

  login = ls_school_find_login (school.school, "parent@demo.test", &error);
  g_assert_true (ls_password_verify ("demo", login->password_hash));
  school_tear_down (&school, NULL);
}

#define ADD(path, function)                                                                        \
  g_test_add ("/school/storage/" path, School, NULL, school_set_up, function, school_tear_down)

int
main (int argc, char *argv[])
{
  static const OldDatabase first = { "school-1.sql", 0 };
  static const OldDatabase fourth = { "school-4.sql", 7 };

  g_test_init (&argc, &argv, NULL);

  ADD ("reopen", test_reopen);
  ADD ("one-server", test_one_server);
  ADD ("schema", test_schema);
  g_test_add_func ("/school/storage/private", test_private);
  g_test_add_data_func ("/school/storage/migration/1", &first, test_migration);
  g_test_add_data_func ("/school/storage/migration/4", &fourth, test_migration);
  g_test_add_func ("/school/storage/newer", test_newer);
  g_test_add_func ("/school/storage/foreign", test_foreign);
  g_test_add_func ("/school/storage/seed", test_seed);

  return g_test_run ();
}
