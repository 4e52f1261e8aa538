/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-audit-file.h"

#include <glib/gstdio.h>
#include <sqlite3.h>

#include "ls-remove-tree.h"

typedef struct
{
  char *dir;
  char *path;
  LsAuditFile *audit;
} Fixture;

static void
open_audit (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&fixture->audit, ls_audit_file_free);
  fixture->audit = ls_audit_file_open (fixture->path, &error);
  g_assert_no_error (error);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->dir = g_dir_make_tmp ("labsync-XXXXXX", NULL);
  fixture->path = g_build_filename (fixture->dir, "audit.db", NULL);
  open_audit (fixture);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  ls_audit_file_free (fixture->audit);
  ls_remove_tree (fixture->dir);
  g_free (fixture->dir);
  g_free (fixture->path);
}

static void
append (Fixture *fixture, gint64 at, const char *what, gboolean sent)
{
  const LsAuditEntry entry = {
    .at = at,
    .user = (char *)"u-1",
    .app = (char *)"/usr/bin/app",
    .what = (char *)what,
    .subject = (char *)"grade/g-1",
    .outcome = (char *)"ok",
    .sent = sent,
  };
  g_autoptr (GError) error = NULL;

  ls_audit_file_append (fixture->audit, &entry, &error);
  g_assert_no_error (error);
}

/* Asserts that the lines of @query are called @expected, with a blank after each. */
static void
assert_lines (Fixture *fixture, LsAuditQuery query, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) entries = ls_audit_file_read (fixture->audit, &query, &error);
  g_autoptr (GString) lines = g_string_new (NULL);

  g_assert_no_error (error);
  for (guint i = 0; i < entries->len; i++)
    g_string_append_printf (lines, "%s ", ((LsAuditEntry *)entries->pdata[i])->what);
  g_assert_cmpstr (lines->str, ==, expected);
}

static void
test_read (Fixture *fixture, gconstpointer data)
{
  const LsAuditQuery all = { .limit = 100 };
  g_autoptr (GPtrArray) entries = NULL;
  const LsAuditEntry *entry;

  append (fixture, 1000, "a", FALSE);
  append (fixture, 2000, "b", TRUE);
  append (fixture, 3000, "c", FALSE);
  open_audit (fixture);
  assert_lines (fixture, all, "c b a ");
  assert_lines (fixture, (LsAuditQuery) { .limit = 2 }, "c b ");
  assert_lines (fixture, (LsAuditQuery) { .limit = 100, .before = 3 }, "b a ");
  assert_lines (fixture, (LsAuditQuery) { .limit = 100, .sent = TRUE }, "b ");

  entries = ls_audit_file_read (fixture->audit, &all, NULL);
  entry = g_ptr_array_index (entries, 1);
  g_assert_cmpint (entry->id, ==, 2);
  g_assert_cmpint (entry->at, ==, 2000);
  g_assert_cmpstr (entry->user, ==, "u-1");
  g_assert_cmpstr (entry->app, ==, "/usr/bin/app");
  g_assert_cmpstr (entry->subject, ==, "grade/g-1");
  g_assert_cmpstr (entry->outcome, ==, "ok");
  g_assert_true (entry->sent);
}

static void
trim (Fixture *fixture, gint64 oldest)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (ls_audit_file_trim (fixture->audit, oldest, &error));
  g_assert_no_error (error);
}

static void
test_trim (Fixture *fixture, gconstpointer data)
{
  const LsAuditQuery all = { .limit = 100 };

  append (fixture, 1000, "a", FALSE);
  append (fixture, 2000, "b", FALSE);
  append (fixture, 3000, "c", FALSE);
  trim (fixture, 1000);
  assert_lines (fixture, all, "c b a ");
  trim (fixture, 2001);
  assert_lines (fixture, all, "c ");
  /* numbers are never used again */
  trim (fixture, 9000);
  append (fixture, 4000, "d", FALSE);
  assert_lines (fixture, (LsAuditQuery) { .limit = 100, .before = 5 }, "d ");
  assert_lines (fixture, (LsAuditQuery) { .limit = 100, .before = 4 }, "");
}

/* A clock that is wrong for a moment costs a few lines. */
static void
test_trim_step (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GPtrArray) left = NULL;

  for (guint i = 0; i < 100; i++)
    append (fixture, 1000, "a", FALSE);
  trim (fixture, G_MAXINT64);
  left = ls_audit_file_read (fixture->audit, &(LsAuditQuery) { .limit = 1000 }, NULL);
  g_assert_cmpuint (left->len, ==, 90);
}

static int
run (sqlite3 *database, const char *sql)
{
  return sqlite3_exec (database, sql, NULL, NULL, NULL);
}

/* Nobody changes a line, whoever opens the file; only the oldest can go. */
static void
test_append_only (Fixture *fixture, gconstpointer data)
{
  sqlite3 *database = NULL;

  append (fixture, 1000, "a", FALSE);
  append (fixture, 2000, "b", FALSE);
  g_assert_cmpint (sqlite3_open (fixture->path, &database), ==, SQLITE_OK);
  g_assert_cmpint (run (database, "UPDATE entry SET what = 'x'"), ==, SQLITE_CONSTRAINT);
  g_assert_cmpint (run (database, "DELETE FROM entry WHERE id = 2"), ==, SQLITE_CONSTRAINT);
  g_assert_cmpint (run (database, "DELETE FROM entry WHERE id = 1"), ==, SQLITE_OK);
  sqlite3_close (database);
  assert_lines (fixture, (LsAuditQuery) { .limit = 100 }, "b ");
}

#define ADD(name, function)                                                                        \
  g_test_add ("/store/audit-file/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("read", test_read);
  ADD ("trim", test_trim);
  ADD ("trim/step", test_trim_step);
  ADD ("append-only", test_append_only);
  return g_test_run ();
}
