/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-classic-sight.h"
#include "ls-json.h"
#include "ls-wire-classic.h"

static const LsDataReader reader = { ls_wire_data_get_text, ls_json_with_members };

/* A school: t-1 is Ibu Sari (u-sari), who teaches X-1 (c-1) and is the homeroom teacher of X-2 (c-2);
 * X-3 is somebody else's. Some tables name a class by its id, some by its name. */
static const char *const teachers[] = {
  "{\"id\":\"t-1\",\"user_id\":\"u-sari\"}",
  "{\"id\":\"t-2\",\"user_id\":\"u-budi\"}",
  NULL,
};
static const char *const schedules[] = {
  "{\"id\":\"j-1\",\"class_id\":\"c-1\",\"teacher_id\":\"t-1\"}",
  "{\"id\":\"j-2\",\"class_id\":\"c-3\",\"teacher_id\":\"t-2\"}",
  NULL,
};
static const char *const classes[] = {
  "{\"id\":\"c-1\",\"name\":\"X-1\",\"homeroom_teacher_id\":null}",
  "{\"id\":\"c-2\",\"name\":\"X-2\",\"homeroom_teacher_id\":\"t-1\"}",
  "{\"id\":\"c-3\",\"name\":\"X-3\",\"homeroom_teacher_id\":\"t-2\"}",
  NULL,
};
static const char *const students[] = {
  "{\"id\":\"s-anna\",\"user_id\":\"u-anna\",\"class\":\"X-1\",\"class_name\":\"IPA\"}",
  "{\"id\":\"s-ben\",\"user_id\":\"u-ben\",\"class\":\"X-1\",\"class_name\":\"IPA\"}",
  "{\"id\":\"s-cici\",\"user_id\":\"u-cici\",\"class\":\"X-1\",\"class_name\":\"IPS\"}",
  "{\"id\":\"s-dewi\",\"user_id\":\"u-dewi\",\"class\":\"c-2\",\"class_name\":null}",
  "{\"id\":\"s-eko\",\"user_id\":\"u-eko\",\"class\":\"X-3\",\"class_name\":\"\"}",
  "{\"id\":\"s-fitri\",\"user_id\":\"u-fitri\",\"class\":null,\"class_name\":\"\"}",
  "{\"id\":\"s-gita\",\"user_id\":\"u-gita\",\"class\":\"\",\"class_name\":null}",
  NULL,
};
static const struct
{
  const char *table;
  const char *const *rows;
} school[] = {
  { "teachers", teachers },
  { "schedules", schedules },
  { "classes", classes },
  { "students", students },
};

static GPtrArray *
rows_of (const char *table)
{
  GPtrArray *rows = ls_row_array_new ();

  for (guint i = 0; i < G_N_ELEMENTS (school); i++)
    for (guint j = 0; g_str_equal (school[i].table, table) && school[i].rows[j] != NULL; j++)
      g_ptr_array_add (rows, ls_row_new (LS_ENTITY_INVALID, "x", school[i].rows[j], 0));
  return rows;
}

static LsClassicSight *
sight_of (const char *id, LsRole role)
{
  g_autoptr (LsUser) user = ls_user_new (id, NULL, role, LS_EXTRA_ROLE_NONE);

  return ls_classic_sight_new (user, &reader);
}

static LsClassicSight *
taught_sight (const char *id, LsRole role)
{
  LsClassicSight *sight = sight_of (id, role);
  const char *table;

  while ((table = ls_classic_sight_get_wanted (sight)) != NULL)
    {
      g_autoptr (GPtrArray) rows = rows_of (table);

      ls_classic_sight_learn (sight, rows);
    }
  return sight;
}

/* @seen: what is left of @data; "": all of it; NULL: nothing */
static void
assert_sees (LsClassicSight *sight, LsEntity entity, const char *data, const char *seen)
{
  g_autofree char *left = ls_classic_sight_look (sight, entity, data);

  g_assert_cmpstr (left, ==, seen != NULL && *seen == '\0' ? data : seen);
}

static void
assert_sees_mark (LsClassicSight *sight,
                  const char *student,
                  const char *class,
                  const char *author,
                  gboolean sees)
{
  g_autofree char *grade = g_strdup_printf (
      "{\"id\":\"g\",\"student_id\":\"%s\",\"class_id\":\"%s\",\"created_by\":\"%s\"}", student,
      class, author);
  g_autofree char *attendance = g_strdup_printf (
      "{\"id\":\"a\",\"student_id\":\"%s\",\"class_id\":\"%s\",\"recorded_by\":\"%s\"}", student,
      class, author);

  assert_sees (sight, LS_ENTITY_GRADE, grade, sees ? "" : NULL);
  assert_sees (sight, LS_ENTITY_ATTENDANCE, attendance, sees ? "" : NULL);
}

static const char user_anna[] =
    "{\"id\":\"u-anna\",\"name\":\"Anna\",\"email\":\"a@s\",\"role\":\"student\",\"phone\":\"1\"}";
static const char user_ben[] =
    "{\"id\":\"u-ben\",\"name\":\"Ben\",\"email\":\"b@s\",\"role\":\"student\",\"phone\":\"2\"}";
static const char user_eko[] =
    "{\"id\":\"u-eko\",\"name\":\"Eko\",\"email\":\"e@s\",\"role\":\"student\",\"phone\":\"3\"}";
static const char user_sari[] =
    "{\"id\":\"u-sari\",\"name\":\"Sari\",\"email\":\"s@s\",\"role\":\"teacher\",\"phone\":\"4\"}";

static void
test_sight_student (void)
{
  g_autoptr (LsClassicSight) sight = taught_sight ("u-anna", LS_ROLE_STUDENT);

  assert_sees_mark (sight, "s-anna", "c-1", "u-sari", TRUE);
  assert_sees_mark (sight, "s-ben", "c-1", "u-sari", FALSE);
  assert_sees_mark (sight, "s-ben", "c-1", "u-anna", FALSE);
  assert_sees (sight, LS_ENTITY_LIBRARY_MATERIAL, "{\"id\":\"m\"}", "");
  assert_sees (sight, LS_ENTITY_EVENT, "{\"id\":\"e\"}", "");
  assert_sees (sight, LS_ENTITY_USER, user_anna, "");
  assert_sees (sight, LS_ENTITY_USER, user_ben,
               "{\"id\":\"u-ben\",\"name\":\"Ben\",\"role\":\"student\"}");
  assert_sees (sight, LS_ENTITY_USER, user_eko, NULL);
  assert_sees (sight, LS_ENTITY_USER, user_sari,
               "{\"id\":\"u-sari\",\"name\":\"Sari\",\"role\":\"teacher\"}");
}

/* The class is both of its names. */
static void
test_sight_classmates (void)
{
  static const char *const others[] = { "u-cici", "u-dewi", "u-eko", "u-fitri", "u-gita" };
  g_autoptr (LsClassicSight) anna = taught_sight ("u-anna", LS_ROLE_STUDENT);
  g_autoptr (LsClassicSight) fitri = taught_sight ("u-fitri", LS_ROLE_STUDENT);

  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    {
      g_autofree char *user = g_strdup_printf ("{\"id\":\"%s\",\"role\":\"student\"}", others[i]);

      assert_sees (anna, LS_ENTITY_USER, user, NULL);
      /* Those without a class share none. */
      assert_sees (fitri, LS_ENTITY_USER, user, i == 3 ? "" : NULL);
    }
}

static void
test_sight_teacher (void)
{
  g_autoptr (LsClassicSight) sight = taught_sight ("u-sari", LS_ROLE_TEACHER);

  assert_sees_mark (sight, "s-anna", "c-1", "u-budi", TRUE);
  assert_sees_mark (sight, "s-dewi", "c-2", "u-budi", TRUE);
  assert_sees_mark (sight, "s-eko", "c-3", "u-budi", FALSE);
  assert_sees_mark (sight, "s-eko", "c-3", "u-sari", TRUE);
  assert_sees (sight, LS_ENTITY_LIBRARY_MATERIAL, "{\"id\":\"m\"}", "");
  assert_sees (sight, LS_ENTITY_USER, user_sari, "");
  /* pupils by the name and by the id of their class */
  assert_sees (sight, LS_ENTITY_USER, user_anna,
               "{\"id\":\"u-anna\",\"name\":\"Anna\",\"email\":\"a@s\",\"role\":\"student\"}");
  assert_sees (sight, LS_ENTITY_USER, "{\"id\":\"u-dewi\",\"email\":\"d@s\",\"phone\":\"5\"}",
               "{\"id\":\"u-dewi\",\"email\":\"d@s\"}");
  assert_sees (sight, LS_ENTITY_USER, user_eko,
               "{\"id\":\"u-eko\",\"name\":\"Eko\",\"role\":\"student\"}");
}

static void
test_sight_parent (void)
{
  g_autoptr (LsClassicSight) sight = taught_sight ("u-papa", LS_ROLE_PARENT);

  g_assert_null (ls_classic_sight_get_wanted (sight));
  g_assert_true (ls_classic_sight_can_judge (sight, LS_ENTITY_GRADE));
  assert_sees_mark (sight, "s-anna", "c-1", "u-sari", FALSE);
  assert_sees (sight, LS_ENTITY_LIBRARY_MATERIAL, "{\"id\":\"m\"}", NULL);
  assert_sees (sight, LS_ENTITY_EVENT, "{\"id\":\"e\"}", "");
  assert_sees (sight, LS_ENTITY_USER, user_anna, NULL);
  assert_sees (sight, LS_ENTITY_USER, user_sari, "{\"id\":\"u-sari\",\"name\":\"Sari\"}");
  assert_sees (sight, LS_ENTITY_USER, "{\"id\":\"u-papa\",\"phone\":\"6\"}", "");
}

static void
test_sight_admin (void)
{
  g_autoptr (LsClassicSight) sight = sight_of ("u-admin", LS_ROLE_ADMIN);

  g_assert_null (ls_classic_sight_get_wanted (sight));
  assert_sees_mark (sight, "s-anna", "c-1", "u-sari", TRUE);
  assert_sees (sight, LS_ENTITY_USER, user_eko, "");
  assert_sees (sight, LS_ENTITY_ANNOUNCEMENT, "{\"is_active\":0,\"target_audience\":\"[]\"}", "");
}

/* A role that we don't know gives no rights. */
static void
test_sight_nobody (void)
{
  g_autoptr (LsClassicSight) sight = sight_of ("u-x", LS_ROLE_NONE);

  for (guint i = 0; i < LS_N_ENTITIES; i++)
    assert_sees (sight, (LsEntity)i, "{\"id\":\"1\",\"user_id\":\"u-x\"}", NULL);
}

static void
test_sight_announcements (void)
{
  static const struct
  {
    const char *data;
    gboolean student;
    gboolean teacher;
  } announcements[] = {
    { "{\"id\":\"1\"}", TRUE, TRUE },
    { "{\"id\":\"1\",\"target_audience\":null,\"is_active\":1}", TRUE, TRUE },
    { "{\"id\":\"1\",\"target_audience\":\"\",\"is_active\":true}", TRUE, TRUE },
    { "{\"id\":\"1\",\"target_audience\":\"[\\\"student\\\",\\\"parent\\\"]\"}", TRUE, FALSE },
    { "{\"id\":\"1\",\"target_audience\":\"[\\\"teacher\\\"]\"}", FALSE, TRUE },
    { "{\"id\":\"1\",\"target_audience\":[\"student\"]}", TRUE, FALSE },
    { "{\"id\":\"1\",\"target_audience\":\"[\\\"students\\\"]\"}", FALSE, FALSE },
    { "{\"id\":\"1\",\"target_audience\":\"[]\"}", FALSE, FALSE },
    { "{\"id\":\"1\",\"is_active\":0}", FALSE, FALSE },
    { "{\"id\":\"1\",\"is_active\":false}", FALSE, FALSE },
    { "{\"id\":\"1\",\"is_active\":0,\"created_by\":\"u-sari\"}", FALSE, TRUE },
    { "{\"id\":\"1\",\"is_active\":0,\"created_by\":\"u-anna\"}", FALSE, FALSE },
  };
  g_autoptr (LsClassicSight) anna = sight_of ("u-anna", LS_ROLE_STUDENT);
  g_autoptr (LsClassicSight) sari = sight_of ("u-sari", LS_ROLE_TEACHER);

  for (guint i = 0; i < G_N_ELEMENTS (announcements); i++)
    {
      const char *data = announcements[i].data;

      g_test_message ("%s", data);
      assert_sees (anna, LS_ENTITY_ANNOUNCEMENT, data, announcements[i].student ? "" : NULL);
      assert_sees (sari, LS_ENTITY_ANNOUNCEMENT, data, announcements[i].teacher ? "" : NULL);
    }
}

/* Before the tables are known, nothing is taken of what depends on them; the rest is. */
static void
test_sight_judges_what_it_can (void)
{
  static const LsEntitySet dependent =
      1u << LS_ENTITY_GRADE | 1u << LS_ENTITY_ATTENDANCE | 1u << LS_ENTITY_USER;
  static const LsEntitySet polled = dependent | 1u << LS_ENTITY_ANNOUNCEMENT |
                                    1u << LS_ENTITY_LIBRARY_MATERIAL | 1u << LS_ENTITY_EVENT;
  g_autoptr (LsClassicSight) new_sight = sight_of ("u-anna", LS_ROLE_STUDENT);
  g_autoptr (LsClassicSight) taught = taught_sight ("u-anna", LS_ROLE_STUDENT);

  for (guint i = 0; i < LS_N_ENTITIES; i++)
    {
      LsEntitySet bit = 1u << i;

      g_assert_cmpint (ls_classic_sight_can_judge (new_sight, (LsEntity)i), ==,
                       (polled & ~dependent & bit) != 0);
      g_assert_cmpint (ls_classic_sight_can_judge (taught, (LsEntity)i), ==, (polled & bit) != 0);
    }
}

/* What was learnt is worth nothing for another role, and what was not written by us is not read. */
static void
test_sight_saved (void)
{
  g_autoptr (LsClassicSight) taught = taught_sight ("u-anna", LS_ROLE_STUDENT);
  g_autoptr (LsClassicSight) loaded = sight_of ("u-anna", LS_ROLE_STUDENT);
  g_autoptr (LsClassicSight) promoted = sight_of ("u-anna", LS_ROLE_TEACHER);
  g_autofree char *text = ls_classic_sight_save (taught);
  g_autofree char *again = NULL;

  g_assert_true (ls_classic_sight_load (loaded, text));
  g_assert_null (ls_classic_sight_get_wanted (loaded));
  assert_sees_mark (loaded, "s-anna", "c-1", "u-sari", TRUE);
  assert_sees_mark (loaded, "s-ben", "c-1", "u-sari", FALSE);
  assert_sees (loaded, LS_ENTITY_USER, user_ben,
               "{\"id\":\"u-ben\",\"name\":\"Ben\",\"role\":\"student\"}");
  again = ls_classic_sight_save (loaded);
  g_assert_cmpuint (strlen (again), ==, strlen (text));

  g_assert_false (ls_classic_sight_load (promoted, text));
  g_assert_cmpstr (ls_classic_sight_get_wanted (promoted), ==, "teachers");
}

static void
test_sight_not_saved (void)
{
  static const char *const texts[] = { NULL, "", "x", "('student',", "('student', ['a'])" };
  g_autoptr (LsClassicSight) sight = sight_of ("u-anna", LS_ROLE_STUDENT);

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_assert_false (ls_classic_sight_load (sight, texts[i]));
  g_assert_cmpstr (ls_classic_sight_get_wanted (sight), ==, "students");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/classic-sight/student", test_sight_student);
  g_test_add_func ("/core/classic-sight/classmates", test_sight_classmates);
  g_test_add_func ("/core/classic-sight/teacher", test_sight_teacher);
  g_test_add_func ("/core/classic-sight/parent", test_sight_parent);
  g_test_add_func ("/core/classic-sight/admin", test_sight_admin);
  g_test_add_func ("/core/classic-sight/nobody", test_sight_nobody);
  g_test_add_func ("/core/classic-sight/announcements", test_sight_announcements);
  g_test_add_func ("/core/classic-sight/judges-what-it-can", test_sight_judges_what_it_can);
  g_test_add_func ("/core/classic-sight/saved", test_sight_saved);
  g_test_add_func ("/core/classic-sight/not-saved", test_sight_not_saved);
  return g_test_run ();
}
