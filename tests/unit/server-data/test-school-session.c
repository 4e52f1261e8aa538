/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "school-fixture.h"

#define NOW G_GINT64_CONSTANT (1800000000000)
#define END (NOW + 1000000)

static LsSchoolSession *
start (School *school)
{
  g_autoptr (GError) error = NULL;
  LsSchoolSession *session =
      ls_school_create_session (school->school, "s1", "192.0.2.1", "192.0.2.1", END, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (session->user_id, ==, "s1");
  g_assert_cmpint (session->generation, ==, 0);
  g_assert_cmpint (session->expires_at, ==, END);
  return session;
}

/* Returns: the generation that follows; else the error, negative */
static gint64
rotate (School *school, const char *session_id, gint64 generation, gint64 now)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LsSchoolSession) session =
      ls_school_rotate_session (school->school, session_id, generation, now, &error);

  if (session == NULL)
    {
      g_assert_true (error->domain == LS_SCHOOL_ERROR);
      return -error->code;
    }

  g_assert_cmpstr (session->id, ==, session_id);
  g_assert_cmpstr (session->user_id, ==, "s1");
  return session->generation;
}

static void
assert_refused (School *school, const char *session_id, gint64 generation, gint64 now)
{
  g_assert_cmpint (rotate (school, session_id, generation, now), ==, -LS_SCHOOL_ERROR_SESSION);
}

static void
test_login (School *school, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LsLogin) login = ls_school_find_login (school->school, "s1@x", &error);
  LsWrite write = {
    .kind = LS_WRITE_UPDATE, .table = "users", .id = "s1", .password_hash = "HASH"
  };
  g_auto (LsWriteResult) result = { 0 };

  g_assert_no_error (error);
  g_assert_cmpstr (login->user_id, ==, "s1");
  g_assert_null (login->password_hash);
  g_assert_true (login->active);

  g_assert_cmpint (school_write_full (school, "admin", write, &result), ==, OK);
  g_assert_cmpint (school_update (school, "admin", "users", "s1", "{'status':'inactive'}"), ==, OK);
  g_clear_pointer (&login, ls_login_free);
  login = ls_school_find_login (school->school, "s1@x", &error);
  g_assert_cmpstr (login->password_hash, ==, "HASH");
  g_assert_false (login->active);

  g_clear_pointer (&login, ls_login_free);
  login = ls_school_find_login (school->school, "' OR 1=1 --", &error);
  g_assert_null (login);
  g_assert_error (error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_NOT_FOUND);
}

static void
test_rotation (School *school, gconstpointer data)
{
  g_autoptr (LsSchoolSession) session = start (school);

  g_assert_cmpint (rotate (school, session->id, 0, NOW), ==, 1);
  /* The answer was lost: the old token yields the same new one again, for a while. */
  g_assert_cmpint (rotate (school, session->id, 0, NOW + LS_SCHOOL_REFRESH_GRACE - 1), ==, 1);

  g_assert_cmpint (rotate (school, session->id, 1, NOW + 1), ==, 2);
  /* A request that was long on its way is no theft. */
  assert_refused (school, session->id, 0, NOW + 2);
  g_assert_cmpint (rotate (school, session->id, 2, NOW + 3), ==, 3);

  assert_refused (school, session->id, 4, NOW);
  assert_refused (school, "no such session", 0, NOW);
}

/* The number of the token that comes again: the last before, or one from long ago */
static void
test_reuse (School *school, gconstpointer data)
{
  const gint64 after = NOW + LS_SCHOOL_REFRESH_GRACE;

  for (gint64 stolen = 0; stolen <= 1; stolen++)
    {
      g_autoptr (LsSchoolSession) session = start (school);
      g_autoptr (LsSchoolSession) other = start (school);

      g_assert_cmpint (rotate (school, session->id, 0, NOW), ==, 1);
      g_assert_cmpint (rotate (school, session->id, 1, NOW), ==, 2);
      g_assert_cmpint (rotate (school, session->id, stolen, after), ==, -LS_SCHOOL_ERROR_REUSED);

      assert_refused (school, session->id, 2, after);
      assert_refused (school, session->id, stolen, after);
      g_assert_false (ls_school_session_is_active (school->school, session->id, after));
      g_assert_true (ls_school_session_is_active (school->school, other->id, after));
    }
}

static void
test_end (School *school, gconstpointer data)
{
  g_autoptr (LsSchoolSession) session = start (school);
  g_autoptr (LsSchoolSession) other = start (school);
  g_autoptr (GError) error = NULL;

  g_assert_true (ls_school_session_is_active (school->school, session->id, END - 1));
  g_assert_false (ls_school_session_is_active (school->school, session->id, END));
  g_assert_false (ls_school_session_is_active (school->school, NULL, NOW));
  assert_refused (school, session->id, 0, END);

  g_assert_true (ls_school_revoke_session (school->school, session->id, &error));
  g_assert_false (ls_school_session_is_active (school->school, session->id, NOW));
  g_assert_true (ls_school_session_is_active (school->school, other->id, NOW));
  assert_refused (school, session->id, 0, NOW);
  g_assert_false (ls_school_revoke_session (school->school, session->id, &error));
  g_assert_error (error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_SESSION);
}

static void
test_inactive (School *school, gconstpointer data)
{
  g_autoptr (LsSchoolSession) session = start (school);

  g_assert_cmpint (school_update (school, "admin", "users", "s1", "{'status':'inactive'}"), ==, OK);
  g_assert_false (ls_school_session_is_active (school->school, session->id, NOW));
  assert_refused (school, session->id, 0, NOW);
  g_assert_cmpint (school_update (school, "admin", "users", "s1", "{'status':'active'}"), ==, OK);
  g_assert_cmpint (rotate (school, session->id, 0, NOW), ==, 1);
  g_assert_cmpint (school_delete (school, "admin", "users", "s1"), ==, OK);
  g_assert_false (ls_school_session_is_active (school->school, session->id, NOW));
}

static void
test_new_password (School *school, gconstpointer data)
{
  g_autoptr (LsSchoolSession) session = start (school);
  LsWrite write = {
    .kind = LS_WRITE_UPDATE, .table = "users", .id = "s1", .password_hash = "HASH"
  };
  g_auto (LsWriteResult) result = { 0 };

  g_assert_cmpint (school_write_full (school, "admin", write, &result), ==, OK);
  g_assert_false (ls_school_session_is_active (school->school, session->id, NOW));
}

#define ADD(path, function)                                                                        \
  g_test_add ("/school/session/" path, School, NULL, school_set_up, function, school_tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("login", test_login);
  ADD ("rotation", test_rotation);
  ADD ("reuse", test_reuse);
  ADD ("end", test_end);
  ADD ("inactive", test_inactive);
  ADD ("new-password", test_new_password);

  return g_test_run ();
}
