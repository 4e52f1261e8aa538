/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "school-fixture.h"

/* More than are summed up in one go, and how often others get their turn meanwhile at least. */
#define N_MANY 9000
#define MIN_TURNS 3
/* More than are summed up in one go where nothing may come in between. */
#define N_VERY_MANY 60000

/* A checksum that is under way. */
typedef struct
{
  School *school;
  LsChecksum *checksum; /* (owned) (nullable) */
  GError *error;        /* (owned) (nullable) */
  guint n_turns;        /* of the main loop until it was done */
} Sum;

static void
sum_clear (Sum *sum)
{
  g_clear_pointer (&sum->checksum, ls_checksum_free);
  g_clear_error (&sum->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Sum, sum_clear)

static void
checksum_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  Sum *sum = user_data;

  sum->checksum = ls_school_checksum_finish (LS_SCHOOL (object), result, &sum->error);
}

static void
sum_begin (Sum *sum, const char *user, LsEntity entity)
{
  g_autoptr (LsViewer) viewer = school_get_viewer (sum->school, user);

  ls_school_checksum_async (sum->school->school, viewer, entity, checksum_cb, sum);
}

static gboolean
sum_take_turn (Sum *sum)
{
  if (sum->checksum != NULL || sum->error != NULL)
    return FALSE;

  g_main_context_iteration (NULL, TRUE);
  sum->n_turns++;
  return TRUE;
}

static void
sum_end (Sum *sum)
{
  while (sum_take_turn (sum))
    ;
}

/* Of all that a snapshot has, page by page. */
static LsChecksum *
sum_up_snapshot (School *school, const char *user, LsEntity entity)
{
  g_autoptr (LsViewer) viewer = school_get_viewer (school, user);
  g_autoptr (LsChecksum) checksum = ls_checksum_new (entity);
  g_autofree char *next = NULL;

  do
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (LsSnapshotPage) page =
          ls_school_snapshot (school->school, viewer, entity, next, LS_SCHOOL_MAX_PAGE, &error);

      g_assert_no_error (error);
      for (guint i = 0; i < page->rows->len; i++)
        {
          const LsRow *row = page->rows->pdata[i];

          ls_checksum_add (checksum, row->id, row->version);
        }
      g_free (next);
      next = g_strdup (page->next);
    }
  while (next != NULL);

  return g_steal_pointer (&checksum);
}

static void
assert_is_of_now (const Sum *sum, const char *user, LsEntity entity)
{
  g_autoptr (LsChecksum) expected = sum_up_snapshot (sum->school, user, entity);

  g_assert_no_error (sum->error);
  g_assert_true (ls_checksum_agrees (sum->checksum, expected));
  g_assert_true (
      ls_cursor_equal (sum->checksum->cursor, ls_school_get_cursor (sum->school->school)));
}

static void
test_everybody (School *school, gconstpointer data)
{
  static const char *const users[] = { "admin", "t1", "t2", "s1", "s3", "osis", "p1", "staff" };

  for (guint i = 0; i < G_N_ELEMENTS (users); i++)
    for (guint entity = 0; entity < LS_N_ENTITIES; entity++)
      {
        g_auto (Sum) sum = { .school = school };

        if (entity == LS_ENTITY_PRESENCE)
          continue;
        sum_begin (&sum, users[i], entity);
        sum_end (&sum);
        assert_is_of_now (&sum, users[i], entity);
      }
}

static void
test_refused (School *school, gconstpointer data)
{
  g_auto (Sum) none = { .school = school };
  g_auto (Sum) inactive = { .school = school };

  sum_begin (&none, "admin", LS_ENTITY_PRESENCE);
  sum_end (&none);
  g_assert_error (none.error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_NOT_FOUND);

  g_assert_cmpint (school_update (school, "admin", "users", "s1", "{'status':'inactive'}"), ==, OK);
  sum_begin (&inactive, "s1", LS_ENTITY_GRADE);
  sum_end (&inactive);
  g_assert_error (inactive.error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_FORBIDDEN);
}

static void
add_grades (School *school, guint n)
{
  g_autofree char *sql = g_strdup_printf (
      "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %u) "
      "INSERT INTO grades SELECT printf ('x%%05d', i), student_id, subject_id, class_id, "
      "academic_year, semester, assignment_type, assignment_name, score, max_score, created_by, i, "
      "created_at, updated_at, deleted_at FROM grades, n WHERE id = 'g1'",
      n);

  school_execute (school->directory, sql);
}

/* Others get their turn meanwhile, and what they write is in it, once. */
static void
test_many (School *school, gconstpointer user)
{
  g_auto (Sum) undisturbed = { .school = school };
  g_auto (Sum) disturbed = { .school = school };

  add_grades (school, N_MANY);
  sum_begin (&undisturbed, user, LS_ENTITY_GRADE);
  sum_end (&undisturbed);
  assert_is_of_now (&undisturbed, user, LS_ENTITY_GRADE);
  g_assert_cmpint (undisturbed.checksum->count, >, N_MANY);
  g_assert_cmpuint (undisturbed.n_turns, >=, MIN_TURNS);

  sum_begin (&disturbed, user, LS_ENTITY_GRADE);
  sum_take_turn (&disturbed);
  g_assert_cmpint (school_update (school, "admin", "grades", "g1", "{'score':12}"), ==, OK);
  sum_take_turn (&disturbed);
  g_assert_cmpint (school_delete (school, "admin", "grades", "x00003"), ==, OK);
  sum_end (&disturbed);
  assert_is_of_now (&disturbed, user, LS_ENTITY_GRADE);
}

/* Writes something whenever it could come in between, until there is an answer. */
static void
sum_end_disturbed (Sum *sum)
{
  for (guint i = 0; sum_take_turn (sum); i++)
    {
      g_autofree char *json = g_strdup_printf ("{'score':%u}", i);

      g_assert_cmpuint (i, <, 20);
      if (sum->checksum == NULL)
        g_assert_cmpint (school_update (sum->school, "admin", "grades", "g1", json), ==, OK);
    }
}

/* Where something is always written in between, it ends all the same. */
static void
test_never_quiet (School *school, gconstpointer user)
{
  g_auto (Sum) sum = { .school = school };

  add_grades (school, N_MANY);
  sum_begin (&sum, user, LS_ENTITY_GRADE);
  sum_end_disturbed (&sum);
  g_assert_nonnull (sum.checksum);
  assert_is_of_now (&sum, user, LS_ENTITY_GRADE);
}

/* ... but does not hold up everybody else for a very large table: that has to wait. */
static void
test_never_quiet_and_large (School *school, gconstpointer user)
{
  g_auto (Sum) sum = { .school = school };
  g_auto (Sum) quiet = { .school = school };

  add_grades (school, N_VERY_MANY);
  sum_begin (&sum, user, LS_ENTITY_GRADE);
  sum_end_disturbed (&sum);
  g_assert_null (sum.checksum);
  g_assert_error (sum.error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_BUSY);

  sum_begin (&quiet, user, LS_ENTITY_GRADE);
  sum_end (&quiet);
  g_assert_no_error (quiet.error);
  g_assert_cmpint (quiet.checksum->count, >, N_VERY_MANY);
}

#define ADD(path, data, function)                                                                  \
  g_test_add ("/school/checksum/" path, School, data, school_set_up, function, school_tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("everybody", NULL, test_everybody);
  ADD ("refused", NULL, test_refused);
  ADD ("many", "admin", test_many);
  ADD ("many-of-a-scope", "t1", test_many);
  ADD ("never-quiet", "admin", test_never_quiet);
  ADD ("never-quiet-and-large", "admin", test_never_quiet_and_large);

  return g_test_run ();
}
