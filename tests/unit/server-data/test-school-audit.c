/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-audit.h"
#include "ls-database.h"
#include "school-fixture.h"

#define NOW G_GINT64_CONSTANT (1800000000000)

static GPtrArray *
list (School *school, const char *user_id, gint64 before, guint limit)
{
  g_autoptr (LsViewer) admin = school_get_viewer (school, "admin");
  g_autoptr (GError) error = NULL;
  GPtrArray *entries = ls_school_list_audit (school->school, admin, user_id, before, limit, &error);

  g_assert_no_error (error);
  return entries;
}

static void
assert_newest (School *school, const char *user_id, const char *subject)
{
  g_autoptr (GPtrArray) entries = list (school, NULL, G_MAXINT64, 1);
  const LsAuditEntry *entry = entries->pdata[0];

  g_assert_cmpint (entry->kind, ==, LS_AUDIT_WRITE);
  g_assert_cmpstr (entry->outcome, ==, LS_AUDIT_OK);
  g_assert_cmpstr (entry->user_id, ==, user_id);
  g_assert_cmpstr (entry->subject, ==, subject);
  g_assert_cmpint (entry->offset, ==, ls_school_get_cursor (school->school).offset);
}

static void
test_writes (School *school, gconstpointer data)
{
  LsWrite password = { .kind = LS_WRITE_UPDATE,
                       .table = "users",
                       .id = "s1",
                       .password_hash = "HASH",
                       .address = "192.0.2.1" };
  g_auto (LsWriteResult) result = { 0 };
  g_autoptr (GPtrArray) entries = NULL;

  school_update (school, "t1", "grades", "g1", "{'score':90}");
  assert_newest (school, "t1", "update grades/g1");
  g_assert_cmpint (school_update (school, "s1", "grades", "g1", "{'score':100}"), !=, OK);
  assert_newest (school, "t1", "update grades/g1");
  school_delete (school, "t1", "grades", "g1");
  assert_newest (school, "t1", "delete grades/g1");
  school_create (school, "admin", "subjects", "{'id':'F','name':'Fisika','code':'FIS'}");

  g_assert_cmpint (school_write_full (school, "admin", password, &result), ==, OK);
  assert_newest (school, "admin", "set-password users/s1");
  entries = list (school, NULL, G_MAXINT64, 1);
  g_assert_cmpstr (((LsAuditEntry *)entries->pdata[0])->address, ==, "192.0.2.1");
}

static void
test_sessions (School *school, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LsSchoolSession) session =
      ls_school_create_session (school->school, "s1", "2001:db8::7", "2001:db8::", NOW * 2, &error);
  g_autoptr (GPtrArray) entries = NULL;
  const LsAuditEntry *entry;

  g_assert_no_error (error);
  g_assert_true (ls_school_revoke_session (school->school, session->id, &error));
  entries = list (school, "s1", G_MAXINT64, 2);
  g_assert_cmpuint (entries->len, ==, 2);
  entry = entries->pdata[0];
  g_assert_cmpint (entry->kind, ==, LS_AUDIT_SIGN_OUT);
  g_assert_cmpstr (entry->user_id, ==, "s1");
  entry = entries->pdata[1];
  g_assert_cmpint (entry->kind, ==, LS_AUDIT_SIGN_IN);
  g_assert_cmpstr (entry->address, ==, "2001:db8::7");
}

static void
test_admins_only (School *school, gconstpointer data)
{
  static const char *const others[] = { "t1", "s1", "osis", "p1", "staff" };

  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    {
      g_autoptr (LsViewer) viewer = school_get_viewer (school, others[i]);
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray) entries =
          ls_school_list_audit (school->school, viewer, others[i], G_MAXINT64, 10, &error);

      g_assert_null (entries);
      g_assert_error (error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_FORBIDDEN);
    }
}

/* Page by page, everything comes once, the newest first. */
static void
test_pages (School *school, gconstpointer data)
{
  g_autoptr (GPtrArray) all = list (school, NULL, G_MAXINT64, G_MAXINT);
  gint64 before = G_MAXINT64;
  guint n = 0;

  g_assert_cmpuint (all->len, >, 20);
  while (n < all->len)
    {
      g_autoptr (GPtrArray) page = list (school, NULL, before, 7);

      g_assert_cmpuint (page->len, ==, MIN (7, all->len - n));
      for (guint i = 0; i < page->len; i++, n++)
        {
          gint64 id = ((LsAuditEntry *)page->pdata[i])->id;

          g_assert_cmpint (id, <, before);
          g_assert_cmpint (id, ==, ((LsAuditEntry *)all->pdata[n])->id);
          before = id;
        }
    }
}

/* Not even somebody at the database changes it by a slip. */
static void
test_only_added_to (School *school, gconstpointer data)
{
  static const char *const attempts[] = {
    "UPDATE audit SET user_id = 'somebody'",
    "UPDATE audit SET outcome = 'ok' WHERE id = 1",
    "DELETE FROM audit",
    "DELETE FROM audit WHERE id = (SELECT max (id) FROM audit)",
  };
  g_autofree char *path = g_build_filename (school->directory, "school.db", NULL);
  g_autoptr (LsDatabase) database = ls_database_open (path, NULL);
  g_autoptr (GPtrArray) before = list (school, NULL, G_MAXINT64, G_MAXINT);
  g_autoptr (GPtrArray) after = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (attempts); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (ls_database_execute (database, attempts[i], &error));
      g_assert_nonnull (g_strrstr (error->message, "only added to"));
    }
  after = list (school, NULL, G_MAXINT64, G_MAXINT);
  g_assert_cmpuint (before->len, ==, after->len);
}

static void
add_old (School *school, gint64 time, guint n)
{
  g_autoptr (GPtrArray) entries =
      g_ptr_array_new_with_free_func ((GDestroyNotify)ls_audit_entry_free);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < n; i++)
    {
      LsAuditEntry *entry = ls_audit_entry_new (LS_AUDIT_REQUEST, "forbidden", NULL, "GET grades");

      entry->time = time;
      g_ptr_array_add (entries, entry);
    }
  g_assert_true (ls_school_audit (school->school, entries, &error));
  g_assert_no_error (error);
}

static gboolean
forget (School *school, gint64 before)
{
  g_autoptr (GError) error = NULL;
  gboolean more;

  g_assert_true (ls_school_forget_audit (school->school, before, &more, &error));
  g_assert_no_error (error);
  return more;
}

static guint
count (School *school)
{
  g_autoptr (GPtrArray) entries = list (school, NULL, G_MAXINT64, G_MAXINT);

  return entries->len;
}

/* What is too old goes, step by step, and nothing behind the first that is not. */
static void
test_retention (School *school, gconstpointer data)
{
  guint n;

  n = count (school);
  g_assert_false (forget (school, 1000));
  g_assert_cmpuint (count (school), ==, n);
  while (forget (school, G_MAXINT64))
    ;
  g_assert_cmpuint (count (school), ==, 0);

  add_old (school, NOW, 1200);
  add_old (school, NOW + 5000, 3);
  add_old (school, NOW, 4); /* the clock was set back */
  g_assert_true (forget (school, NOW + 1));
  g_assert_cmpuint (count (school), ==, 707);
  g_assert_true (forget (school, NOW + 1));
  g_assert_false (forget (school, NOW + 1));
  g_assert_cmpuint (count (school), ==, 7);
  g_assert_false (forget (school, NOW + 5001));
  g_assert_cmpuint (count (school), ==, 0);
}

/* Adds @n refusals, of strangers or in sign-ins to an account, beside and long before what others do. */
static void
flood (School *school, const char *kind, const char *user_id, guint n)
{
  g_autofree char *sql = g_strdup_printf (
      "INSERT INTO audit (time, kind, outcome, user_id, version, \"offset\", count) "
      "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %u) "
      "SELECT %" G_GINT64_FORMAT ", '%s', 'refused', %s, 0, 0, 1 FROM n",
      n, NOW, kind, user_id);

  school_execute (school->directory, sql);
}

static guint
count_outcome (School *school, const char *user_id, const char *outcome)
{
  g_autoptr (GPtrArray) entries = list (school, NULL, G_MAXINT64, G_MAXINT);
  guint n = 0;

  for (guint i = 0; i < entries->len; i++)
    {
      const LsAuditEntry *entry = entries->pdata[i];

      n += g_strcmp0 (entry->user_id, user_id) == 0 && g_str_equal (entry->outcome, outcome);
    }
  return n;
}

/* However long strangers go on, the newest of theirs is kept, and all that others do. */
static void
test_strangers (School *school, gconstpointer data)
{
  guint n_writes = count_outcome (school, "admin", LS_AUDIT_OK);

  flood (school, "request", "'s1'", 10);
  flood (school, "sign-in", "'t1'", 20);
  flood (school, "request", "NULL", LS_AUDIT_MAX_STRANGERS + 700);
  while (forget (school, 1000))
    ;
  g_assert_cmpuint (count_outcome (school, NULL, "refused"), ==, LS_AUDIT_MAX_STRANGERS);
  g_assert_cmpuint (count_outcome (school, "s1", "refused"), ==, 10);
  g_assert_cmpuint (count_outcome (school, "t1", "refused"), ==, 20);

  flood (school, "sign-in", "'p1'", LS_AUDIT_MAX_STRANGERS);
  while (forget (school, 1000))
    ;
  g_assert_cmpuint (count_outcome (school, "t1", "refused"), ==, 0);
  g_assert_cmpuint (count_outcome (school, "p1", "refused"), ==, LS_AUDIT_MAX_STRANGERS);
  g_assert_cmpuint (count_outcome (school, NULL, "refused"), ==, LS_AUDIT_MAX_STRANGERS);
  g_assert_cmpuint (count_outcome (school, "s1", "refused"), ==, 10);
  g_assert_cmpuint (n_writes, >, 0);
  g_assert_cmpuint (count_outcome (school, "admin", LS_AUDIT_OK), ==, n_writes);
}

#define ADD(path, function)                                                                        \
  g_test_add ("/school/audit/" path, School, NULL, school_set_up, function, school_tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("writes", test_writes);
  ADD ("sessions", test_sessions);
  ADD ("admins-only", test_admins_only);
  ADD ("pages", test_pages);
  ADD ("only-added-to", test_only_added_to);
  ADD ("retention", test_retention);
  ADD ("strangers", test_strangers);

  return g_test_run ();
}
