/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-rows.h"
#include "ls-school-private.h"
#include "ls-visibility.h"
#include "school-fixture.h"

#define ALL_USERS "admin osis p1 s1 s2 s3 staff t1 t2"

/* Protocol §4, by hand: who sees which rows of the school in school-fixture.c. Notifications have
 * ids of their own making and are looked at separately. */
static const struct
{
  const char *user;
  const char *table;
  const char *ids;
} expected[] = {
  { "admin", "grades", "g1 g2 g3 g4" },
  { "t1", "grades", "g1 g2" },
  { "t2", "grades", "g3 g4" },
  { "s1", "grades", "g1" },
  { "s2", "grades", "g2" },
  { "osis", "grades", "" },
  { "p1", "grades", "g1" },
  { "staff", "grades", "g3 g4" },

  { "admin", "attendance", "a1 a2 a3" },
  { "t1", "attendance", "a1 a2" },
  { "t2", "attendance", "a3" },
  { "s1", "attendance", "a1" },
  { "p1", "attendance", "a1" },
  { "staff", "attendance", "a3" },

  { "admin", "announcements", "n1 n2 n3 n4" },
  { "t1", "announcements", "n1 n2 n3" },
  { "t2", "announcements", "n1 n2 n4" },
  { "s1", "announcements", "n1 n4" },
  { "p1", "announcements", "n1 n2" },

  { "admin", "e_library", "l1" },
  { "t2", "e_library", "l1" },
  { "s1", "e_library", "l1" },
  { "p1", "e_library", "" },

  { "admin", "school_events", "e1" },
  { "t1", "school_events", "e1" },
  { "s1", "school_events", "e1" },
  { "p1", "school_events", "e1" },

  { "admin", "users", ALL_USERS },
  { "t1", "users", ALL_USERS },
  { "s1", "users", "s1 s2 t1 t2" },
  { "osis", "users", "osis s3 t1 t2" },
  { "p1", "users", "p1 s1 t1 t2" },

  { "admin", "conversations", "" },
  { "t1", "conversations", "c1 c2" },
  { "t2", "conversations", "c2" },
  { "s1", "conversations", "c1" },
  { "s2", "conversations", "" },
  { "p1", "conversations", "" },

  { "admin", "messages", "" },
  { "t1", "messages", "m1 m2 m3" },
  { "t2", "messages", "m3" },
  { "s1", "messages", "m1 m2" },
  { "s3", "messages", "m3" },

  { "admin", "students", "S1 S2 S3 S4" },
  { "t1", "students", "S1 S2" },
  { "s1", "students", "S1" },
  { "p1", "students", "S1" },

  { "s1", "teachers", "T1 T2" },
  { "p1", "subjects", "M" },
  { "s1", "classes", "A B" },

  { "t2", "schedules", "L1" },
  { "s1", "schedules", "L1" },
  { "s3", "schedules", "" },
  { "p1", "schedules", "L1" },
  { "staff", "schedules", "" },

  { "admin", "parent_student_relationship", "R1 R2" },
  { "t2", "parent_student_relationship", "R2" },
  { "s1", "parent_student_relationship", "R1" },
  { "s2", "parent_student_relationship", "" },
  { "p1", "parent_student_relationship", "R1" },
};

static const char *const everybody[] = { "admin", "t1", "t2",   "s1",   "s2",
                                         "s3",    "p1", "osis", "staff" };

static void
test_rows (School *school, gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      g_autofree char *ids = school_list_ids (school, expected[i].user, expected[i].table);

      g_test_message ("%s, %s", expected[i].user, expected[i].table);
      g_assert_cmpstr (ids, ==, expected[i].ids);
    }
}

/* Protocol §4: of what a role sees nothing, there is nothing to subscribe to. */
static void
test_subscriptions (School *school, gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (everybody); i++)
    {
      g_autoptr (LsViewer) viewer = school_get_viewer (school, everybody[i]);
      gboolean is_parent = ls_viewer_get_role (viewer) == LS_ROLE_PARENT;

      for (LsEntity entity = 0; entity < LS_N_ENTITIES; entity++)
        {
          gboolean is_hidden = entity == LS_ENTITY_LIBRARY_MATERIAL || entity == LS_ENTITY_PRESENCE;

          g_test_message ("%s, %s", everybody[i], ls_entity_to_string (entity));
          g_assert_cmpint (ls_viewer_may_subscribe (viewer, entity), ==, !is_parent || !is_hidden);
        }
    }
}

/* Who loses a role is still to be told what is lost. */
static void
test_subscriptions_after_a_change (School *school, gconstpointer data)
{
  g_autoptr (LsViewer) viewer = NULL;

  g_assert_cmpint (school_update (school, "admin", "users", "s1", "{'role':'parent'}"), ==, OK);
  viewer = school_get_viewer (school, "s1");
  g_assert_true (ls_viewer_may_subscribe (viewer, LS_ENTITY_LIBRARY_MATERIAL));
  g_assert_false (ls_viewer_may_subscribe (viewer, LS_ENTITY_PRESENCE));

  g_clear_pointer (&viewer, ls_viewer_unref);
  g_assert_cmpint (school_update (school, "admin", "users", "s2", "{'status':'inactive'}"), ==, OK);
  viewer = school_get_viewer (school, "s2");
  g_assert_false (ls_viewer_may_subscribe (viewer, LS_ENTITY_PRESENCE));
}

/* What a list leaves out, a look at the single row does not show either. */
static void
test_single_rows (School *school, gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      g_autoptr (LsViewer) viewer = school_get_viewer (school, expected[i].user);
      g_autofree char *all = school_list_ids (school, "admin", expected[i].table);
      g_auto (GStrv) ids = g_strsplit (all, " ", -1);
      g_auto (GStrv) seen = g_strsplit (expected[i].ids, " ", -1);

      for (guint j = 0; ids[j] != NULL && ids[j][0] != '\0'; j++)
        {
          g_autoptr (GError) error = NULL;
          g_autoptr (LsRow) row =
              ls_school_get (school->school, viewer, expected[i].table, ids[j], &error);

          g_assert_true ((row != NULL) == g_strv_contains ((const char *const *)seen, ids[j]));
          if (row == NULL)
            g_assert_error (error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_NOT_FOUND);
        }
    }
}

static void
test_notifications (School *school, gconstpointer data)
{
  static const struct
  {
    const char *user;
    guint n_rows;
  } own[] = {
    /* m2; m3 */ { "t1", 2 },
    /* m3 */ { "t2", 1 },
    /* g1, m1 */ { "s1", 2 },
    /* g2 */ { "s2", 1 },
    /* g3, g4 */ { "s3", 2 }, { "admin", 0 }, { "p1", 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (own); i++)
    {
      g_autoptr (LsViewer) viewer = school_get_viewer (school, own[i].user);
      g_autoptr (GPtrArray) rows = ls_school_list (school->school, viewer, "notifications", NULL);

      g_assert_cmpuint (rows->len, ==, own[i].n_rows);
    }
}

static void
assert_columns (School *school,
                const char *user,
                const char *table,
                const char *id,
                const char *names)
{
  g_autofree char *row = school_get_row (school, user, table, id);
  g_autoptr (JsonObject) object = school_parse (row);
  g_autoptr (GList) members = json_object_get_members (object);
  g_autoptr (GString) found = g_string_new (NULL);
  g_autofree char *all = g_strdup_printf ("%s version created_at updated_at ", names);

  for (GList *l = members; l != NULL; l = l->next)
    g_string_append_printf (found, "%s ", (const char *)l->data);
  g_test_message ("%s, %s", user, id);
  g_assert_cmpstr (found->str, ==, all);
}

static void
test_columns (School *school, gconstpointer data)
{
  const char *full = "id name email role extra_role status";

  assert_columns (school, "admin", "users", "s1", full);
  assert_columns (school, "t1", "users", "t1", full);
  assert_columns (school, "t1", "users", "s1", "id name email role");
  assert_columns (school, "t1", "users", "s3", "id name role");
  assert_columns (school, "t1", "users", "p1", "id name role");
  assert_columns (school, "t1", "users", "t2", "id name role");
  assert_columns (school, "s1", "users", "s1", full);
  assert_columns (school, "s1", "users", "s2", "id name role");
  assert_columns (school, "s1", "users", "t2", "id name role");
  assert_columns (school, "p1", "users", "p1", full);
  assert_columns (school, "p1", "users", "s1", full);
  assert_columns (school, "p1", "users", "t1", "id name");
  assert_columns (school, "admin", "teachers", "T1", "id user_id nip subjects");
  assert_columns (school, "t1", "teachers", "T1", "id user_id nip subjects");
  assert_columns (school, "t1", "teachers", "T2", "id user_id subjects");
  assert_columns (school, "s1", "teachers", "T1", "id user_id subjects");
}

static void
test_presence (School *school, gconstpointer data)
{
  static const struct
  {
    const char *viewer;
    const char *user;
    gboolean seen;
  } cases[] = {
    { "admin", "t1", TRUE }, { "t1", "s1", TRUE },  { "t1", "s3", FALSE }, { "t1", "t2", FALSE },
    { "s1", "s2", TRUE },    { "s1", "s3", FALSE }, { "s1", "t1", FALSE }, { "p1", "s1", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (LsViewer) viewer = school_get_viewer (school, cases[i].viewer);

      g_assert_cmpint (ls_viewer_sees_presence (viewer, cases[i].user), ==, cases[i].seen);
    }
}

/* What the rules say of a row and what they make the database say are the same, also of people
 * with every scope and of rows that only one of several tests lets through. */
static void
assert_sql_agrees (School *school, const char *user, const LsTable *table)
{
  g_autoptr (LsViewer) viewer = school_get_viewer (school, user);
  g_autofree char *condition = ls_visibility_get_condition (viewer, table);
  g_autofree char *where = g_strconcat ("WHERE deleted_at IS NULL AND ", condition, NULL);
  g_autofree char *every = ls_rows_get_select (table, "WHERE deleted_at IS NULL ORDER BY id");
  g_autofree char *some = ls_rows_get_select (table, where);
  g_autoptr (GHashTable) chosen = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GPtrArray) rows = NULL;
  g_autoptr (GPtrArray) found = NULL;
  g_autoptr (GError) error = NULL;

  rows = ls_rows_collect (ls_database_prepare (school->school->database, &error, every, ""), table,
                          &error);
  g_assert_no_error (error);
  found = ls_rows_collect (
      ls_sight_rule_prepare (school->school->database, some, viewer, "", &error), table, &error);
  g_assert_no_error (error);

  for (guint i = 0; i < found->len; i++)
    g_assert_true (g_hash_table_add (chosen, (gpointer)ls_record_get_id (found->pdata[i])));
  for (guint i = 0; i < rows->len; i++)
    {
      const LsRecord *row = rows->pdata[i];
      gboolean seen = ls_visibility_get_sight (viewer, row) != LS_SIGHT_NONE;

      g_test_message ("%s, %s %s", user, table->name, ls_record_get_id (row));
      g_assert_cmpint (g_hash_table_contains (chosen, ls_record_get_id (row)), ==, seen);
    }
}

static void
test_sql_agrees (School *school, gconstpointer data)
{
  guint n_tables;
  const LsTable *tables = ls_schema_get_tables (&n_tables);

  /* t1 has made g1 and no longer teaches the class, t2's audience is wider than the others'. */
  g_assert_cmpint (school_update (school, "admin", "schedules", "L1", "{'teacher_id':'T2'}"), ==,
                   OK);
  g_assert_cmpint (school_update (school, "admin", "announcements", "n2",
                                  "{'target_audience':['parent','teacher','student']}"),
                   ==, OK);
  g_assert_cmpint (school_delete (school, "admin", "grades", "g2"), ==, OK);

  for (guint i = 0; i < G_N_ELEMENTS (everybody); i++)
    for (guint j = 0; j < n_tables; j++)
      assert_sql_agrees (school, everybody[i], &tables[j]);
}

/* List, snapshot and events of any page size yield the same rows, byte for byte. */
static void
test_same_everywhere (School *school, gconstpointer data)
{
  static const guint limits[] = { 1, 3, LS_SCHOOL_MAX_PAGE };

  for (guint i = 0; i < G_N_ELEMENTS (everybody); i++)
    for (guint j = 0; j < G_N_ELEMENTS (limits); j++)
      {
        g_autoptr (Replica) replica = replica_new (school, everybody[i]);

        replica_catch_up (replica, limits[j]);
        replica_assert_complete (replica);
        replica_snapshot (replica, limits[j]);
        replica_assert_complete (replica);
      }
}

static void
test_inactive (School *school, gconstpointer data)
{
  g_autoptr (LsViewer) before = school_get_viewer (school, "s1");
  g_autoptr (LsViewer) viewer = NULL;
  g_autoptr (GPtrArray) rows = NULL;
  g_autoptr (LsUpdates) updates = NULL;
  g_autoptr (LsSnapshotPage) page = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (ls_viewer_is_active (before));
  g_assert_cmpint (school_update (school, "admin", "users", "s1", "{'status':'inactive'}"), ==, OK);

  viewer = school_get_viewer (school, "s1");
  g_assert_false (ls_viewer_is_active (viewer));
  rows = ls_school_list (school->school, viewer, "grades", &error);
  g_assert_null (rows);
  g_assert_error (error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_FORBIDDEN);
  g_clear_error (&error);
  page = ls_school_snapshot (school->school, viewer, LS_ENTITY_GRADE, NULL, 10, &error);
  g_assert_null (page);
  g_assert_error (error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_FORBIDDEN);
  g_clear_error (&error);
  updates = ls_school_updates (school->school, viewer, ls_school_get_cursor (school->school), 10,
                               LS_SCHOOL_MAX_ANSWER, &error);
  g_assert_null (updates);
  g_assert_error (error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_FORBIDDEN);
  g_assert_cmpint (
      school_create (school, "s1", "messages", "{'conversation_id':'c1','content':'x'}"), ==,
      LS_SCHOOL_ERROR_FORBIDDEN);
}

static void
test_password_hash_stays (School *school, gconstpointer data)
{
  LsWrite write = {
    .kind = LS_WRITE_UPDATE, .table = "users", .id = "s1", .password_hash = "$x$y"
  };
  g_auto (LsWriteResult) result = { 0 };
  g_autofree char *row = NULL;

  g_assert_cmpint (school_write_full (school, "admin", write, &result), ==, OK);
  row = school_get_row (school, "admin", "users", "s1");
  g_assert_null (strstr (row, "password"));
  g_assert_null (strstr (row, "$x$y"));
  g_assert_cmpstr (result.row, ==, row);
}

#define ADD(path, function)                                                                        \
  g_test_add ("/school/visibility/" path, School, NULL, school_set_up, function, school_tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("rows", test_rows);
  ADD ("subscriptions", test_subscriptions);
  ADD ("subscriptions-after-a-change", test_subscriptions_after_a_change);
  ADD ("single-rows", test_single_rows);
  ADD ("notifications", test_notifications);
  ADD ("columns", test_columns);
  ADD ("presence", test_presence);
  ADD ("sql-agrees", test_sql_agrees);
  ADD ("same-everywhere", test_same_everywhere);
  ADD ("inactive", test_inactive);
  ADD ("password-hash-stays", test_password_hash_stays);

  return g_test_run ();
}
