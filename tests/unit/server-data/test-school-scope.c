/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "school-fixture.h"

/* Whatever moves people about, every client's rows stay what its user may see: of a client that is
 * there all the time, of one that comes back after each change, and of one that comes back only at
 * the end. */

static const char *const everybody[] = { "admin", "t1", "t2",   "s1",   "s2",
                                         "s3",    "p1", "osis", "staff" };
#define N_USERS G_N_ELEMENTS (everybody)

static void
on_appended (LsSchool *school, GPtrArray *entries, gpointer user_data)
{
  Replica **replicas = user_data;

  for (guint i = 0; i < N_USERS; i++)
    {
      g_autoptr (LsViewer) viewer = school_get_viewer (replicas[i]->school, everybody[i]);

      for (guint j = 0; j < entries->len; j++)
        {
          g_autoptr (LsEvent) event = ls_school_project (school, viewer, entries->pdata[j]);

          if (event != NULL)
            replica_apply (replicas[i], event);
        }
    }
}

/* Who changes what how; each step from where the one before left the school. */
typedef struct
{
  const char *table;
  const char *id;   /* (nullable): NULL: create */
  const char *json; /* (nullable): NULL: delete */
} Step;

static const Step steps[] = {
  /* Rows that change hands. */
  { "grades", "g1", "{'class_id':'B'}" },
  { "grades", "g1", "{'student_id':'S3'}" },
  { "grades", "g1", "{'class_id':'A','student_id':'S1'}" },
  { "announcements", "n1", "{'is_active':0}" },
  { "announcements", "n1", "{'is_active':1,'target_audience':['parent']}" },
  { "announcements", "n2", "{'target_audience':null}" },
  { "grades", "g2", NULL },
  /* A student moves; grades stay in the class where they were given. */
  { "students", "S1", "{'class':'B'}" },
  { "students", "S2", "{'class':null}" },
  { "students", "S1", "{'user_id':'s2'}" },
  { "students", "S1", "{'user_id':'s1','class':'A'}" },
  { "students", "S3", NULL },
  /* Teachers come and go. */
  { "schedules", "L1", "{'class_id':'B'}" },
  { "schedules", "L1", "{'teacher_id':'T2'}" },
  { "schedules", "L1", NULL },
  { "schedules", NULL,
    "{'id':'L2','class_id':'B','subject_id':'M','teacher_id':'T1',"
    "'day_of_week':'Rabu','start_time':'1','end_time':'2'}" },
  { "classes", "A", "{'homeroom_teacher_id':'T2'}" },
  { "classes", "B", "{'homeroom_teacher_id':null}" },
  { "teachers", "T1", NULL },
  /* Parents. */
  { "parent_student_relationship", "R1", "{'student_id':'S2'}" },
  { "parent_student_relationship", "R1", "{'parent_id':'staff'}" },
  { "parent_student_relationship", "R2", NULL },
  /* Roles. */
  { "users", "t2", "{'role':'student'}" },
  { "users", "s2", "{'role':'teacher'}" },
  { "users", "osis", "{'role':'admin'}" },
  { "users", "osis", "{'role':'parent','extra_role':null}" },
  { "users", "t2", "{'role':'teacher'}" },
};

static Replica **
make_replicas (School *school)
{
  Replica **replicas = g_new0 (Replica *, N_USERS);

  for (guint i = 0; i < N_USERS; i++)
    {
      replicas[i] = replica_new (school, everybody[i]);
      replica_catch_up (replicas[i], 7);
    }
  return replicas;
}

static void
free_replicas (Replica **replicas)
{
  for (guint i = 0; i < N_USERS; i++)
    replica_free (replicas[i]);
  g_free (replicas);
}

static void
take_step (School *school, const Step *step)
{
  int result;

  if (step->id == NULL)
    result = school_create (school, "admin", step->table, step->json);
  else if (step->json == NULL)
    result = school_delete (school, "admin", step->table, step->id);
  else
    result = school_update (school, "admin", step->table, step->id, step->json);
  g_test_message ("%s %s %s", step->table, step->id, step->json);
  g_assert_cmpint (result, ==, OK);
}

static void
test_replicas (School *school, gconstpointer data)
{
  Replica **live = make_replicas (school);
  Replica **polling = make_replicas (school);
  Replica **late = make_replicas (school);

  g_signal_connect (school->school, "appended", G_CALLBACK (on_appended), live);
  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      take_step (school, &steps[i]);
      for (guint j = 0; j < N_USERS; j++)
        {
          g_test_message ("%s", everybody[j]);
          replica_assert_complete (live[j]);
          replica_catch_up (polling[j], 2);
          replica_assert_complete (polling[j]);
        }
    }
  for (guint j = 0; j < N_USERS; j++)
    {
      g_test_message ("%s, late", everybody[j]);
      replica_catch_up (late[j], 3);
      replica_assert_complete (late[j]);
    }

  g_signal_handlers_disconnect_by_func (school->school, on_appended, live);
  free_replicas (live);
  free_replicas (polling);
  free_replicas (late);
}

/* The same, for a client that stopped at any point in between. */
static void
test_any_gap (School *school, gconstpointer data)
{
  Replica *stopped[G_N_ELEMENTS (steps)][N_USERS];

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      for (guint j = 0; j < N_USERS; j++)
        {
          stopped[i][j] = replica_new (school, everybody[j]);
          replica_catch_up (stopped[i][j], 100);
        }
      take_step (school, &steps[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    for (guint j = 0; j < N_USERS; j++)
      {
        g_test_message ("%s, stopped before step %u", everybody[j], i);
        replica_catch_up (stopped[i][j], 100);
        replica_assert_complete (stopped[i][j]);
        replica_free (stopped[i][j]);
      }
}

/* Membership of conversations takes messages along. */
static void
test_membership (School *school, gconstpointer data)
{
  g_autoptr (Replica) joining = replica_new (school, "s2");
  g_autoptr (Replica) leaving = replica_new (school, "s1");
  g_autofree char *row = NULL;

  replica_catch_up (joining, 100);
  replica_catch_up (leaving, 100);
  g_assert_cmpint (school_update (school, "t1", "conversations", "c1", "{'members':['t1','s2']}"),
                   ==, OK);
  replica_catch_up (joining, 100);
  replica_assert_complete (joining);
  g_assert_true (g_hash_table_contains (joining->rows, "message/m1"));
  replica_catch_up (leaving, 100);
  replica_assert_complete (leaving);
  g_assert_false (g_hash_table_contains (leaving->rows, "message/m1"));
  g_assert_false (g_hash_table_contains (leaving->rows, "conversation/c1"));

  row = school_get_row (school, "s2", "conversations", "c1");
  g_assert_nonnull (strstr (row, "\"members\":[\"s2\",\"t1\"]"));
  g_assert_cmpint (school_delete (school, "t1", "conversations", "c1"), ==, OK);
  replica_catch_up (joining, 100);
  replica_assert_complete (joining);
  g_assert_false (g_hash_table_contains (joining->rows, "message/m1"));
}

/* While an account is not used, its scope may change all the same. */
static void
test_return (School *school, gconstpointer data)
{
  g_autoptr (Replica) replica = replica_new (school, "t1");

  replica_catch_up (replica, 100);
  g_assert_cmpint (school_update (school, "admin", "users", "t1", "{'status':'inactive'}"), ==, OK);
  g_assert_cmpint (school_update (school, "admin", "schedules", "L1", "{'class_id':'B'}"), ==, OK);
  g_assert_cmpint (school_update (school, "admin", "grades", "g2", "{'score':1}"), ==, OK);
  g_assert_cmpint (school_update (school, "admin", "users", "t1", "{'status':'active'}"), ==, OK);
  replica_catch_up (replica, 100);
  replica_assert_complete (replica);
}

/* A deletion carries the row's version, and what comes into sight is new to the viewer. */
static void
test_events (School *school, gconstpointer data)
{
  g_autoptr (LsViewer) viewer = NULL;
  g_autoptr (LsUpdates) updates = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *row = NULL;
  LsCursor from = ls_school_get_cursor (school->school);
  guint n_found = 0;

  g_assert_cmpint (school_update (school, "admin", "schedules", "L1", "{'class_id':'B'}"), ==, OK);
  viewer = school_get_viewer (school, "t1");
  updates = ls_school_updates (school->school, viewer, from, 100, LS_SCHOOL_MAX_ANSWER, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < updates->events->len; i++)
    {
      const LsEvent *event = updates->events->pdata[i];
      const char *type = ls_event_type_to_string (event->type);

      g_assert_cmpint (event->version, ==, 1);
      g_assert_cmpstr (event->user_id, ==, "admin");
      g_assert_cmpstr (event->user_role, ==, "admin");
      if (g_str_equal (event->entity_id, "g2"))
        g_assert_cmpstr (type, ==, "grade_deleted");
      else if (g_str_equal (event->entity_id, "g3"))
        g_assert_cmpstr (type, ==, "grade_created");
      else if (g_str_equal (event->entity_id, "a3"))
        g_assert_cmpstr (type, ==, "attendance_marked");
      else if (g_str_equal (event->entity_id, "s3"))
        g_assert_cmpstr (type, ==, "user_updated");
      else
        continue;
      n_found++;
    }
  g_assert_cmpuint (n_found, ==, 4);
  /* g1 was made by t1 and stays. */
  row = school_get_row (school, "t1", "grades", "g1");
  g_assert_nonnull (row);
}

static void
count (LsSchool *school, const char *user_id, gpointer user_data)
{
  GString *changed = user_data;

  g_string_append_printf (changed, "%s ", user_id);
}

static void
test_viewer_changed (School *school, gconstpointer data)
{
  g_autoptr (GString) changed = g_string_new (NULL);
  g_autoptr (LsViewer) gone = NULL;
  g_autoptr (GError) error = NULL;

  g_signal_connect (school->school, "viewer-changed", G_CALLBACK (count), changed);

  /* Nobody's view depends on that. */
  g_assert_cmpint (school_update (school, "admin", "students", "S1", "{'nis':'7'}"), ==, OK);
  g_assert_cmpint (school_update (school, "t1", "grades", "g1", "{'score':7}"), ==, OK);
  g_assert_cmpstr (changed->str, ==, "");

  g_assert_cmpint (school_update (school, "admin", "schedules", "L1", "{'teacher_id':'T2'}"), ==,
                   OK);
  g_assert_cmpstr (changed->str, ==, "t1 t2 ");
  g_string_truncate (changed, 0);

  g_assert_cmpint (school_update (school, "s1", "users", "s1", "{'name':'New'}"), ==, OK);
  g_assert_cmpint (school_update (school, "admin", "users", "s1", "{'status':'inactive'}"), ==, OK);
  g_assert_cmpint (school_delete (school, "admin", "users", "s1"), ==, OK);
  g_assert_cmpstr (changed->str, ==, "s1 s1 s1 ");

  gone = ls_school_get_viewer (school->school, "s1", &error);
  g_assert_null (gone);
  g_assert_error (error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_NOT_FOUND);
  g_signal_handlers_disconnect_by_func (school->school, count, changed);
}

#define ADD(path, function)                                                                        \
  g_test_add ("/school/scope/" path, School, NULL, school_set_up, function, school_tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("replicas", test_replicas);
  ADD ("any-gap", test_any_gap);
  ADD ("membership", test_membership);
  ADD ("return", test_return);
  ADD ("events", test_events);
  ADD ("viewer-changed", test_viewer_changed);

  return g_test_run ();
}
