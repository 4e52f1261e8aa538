/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "school-fixture.h"

#define NOW G_GINT64_CONSTANT (1800000000000)
#define END (NOW + 1000000)

static LsSchoolSession *
start (School *school)
{
  g_autoptr (GError) error = NULL;
  LsSchoolSession *session = ls_school_create_session (school->school, "s1", END, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (session->user_id, ==, "s1");
  g_assert_cmpint (session->expires_at, ==, END);
  return session;
}

static LsSchoolSession *
rotate (School *school, const char *token, gint64 now)
{
  g_autoptr (GError) error = NULL;
  LsSchoolSession *session = ls_school_rotate_session (school->school, token, now, &error);

  if (session == NULL)
    g_assert_error (error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_SESSION);
  return session;
}

static void
assert_refused (School *school, const char *token, gint64 now)
{
  g_assert_null (rotate (school, token, now));
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
  g_autoptr (LsSchoolSession) first = start (school);
  g_autoptr (LsSchoolSession) second = rotate (school, first->refresh_token, NOW);
  g_autoptr (LsSchoolSession) again = NULL;
  g_autoptr (LsSchoolSession) third = NULL;

  g_assert_cmpstr (second->id, ==, first->id);
  g_assert_cmpstr (second->refresh_token, !=, first->refresh_token);

  /* The answer was lost: the old token yields the same new one, for a while. */
  again = rotate (school, first->refresh_token, NOW + LS_SCHOOL_REFRESH_GRACE - 1);
  g_assert_cmpstr (again->refresh_token, ==, second->refresh_token);
  assert_refused (school, first->refresh_token, NOW + LS_SCHOOL_REFRESH_GRACE);

  third = rotate (school, second->refresh_token, NOW + 1);
  g_assert_cmpstr (third->refresh_token, !=, second->refresh_token);
  assert_refused (school, first->refresh_token, NOW + 2);
  assert_refused (school, "", NOW);
  assert_refused (school, "no such token", NOW);
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
  assert_refused (school, session->refresh_token, END);

  g_assert_true (ls_school_revoke_session (school->school, session->id, &error));
  g_assert_false (ls_school_session_is_active (school->school, session->id, NOW));
  g_assert_true (ls_school_session_is_active (school->school, other->id, NOW));
  assert_refused (school, session->refresh_token, NOW);
  g_assert_false (ls_school_revoke_session (school->school, session->id, &error));
  g_assert_error (error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_SESSION);
}

static void
test_inactive (School *school, gconstpointer data)
{
  g_autoptr (LsSchoolSession) session = start (school);
  g_autoptr (LsSchoolSession) rotated = NULL;

  g_assert_cmpint (school_update (school, "admin", "users", "s1", "{'status':'inactive'}"), ==, OK);
  g_assert_false (ls_school_session_is_active (school->school, session->id, NOW));
  assert_refused (school, session->refresh_token, NOW);
  g_assert_cmpint (school_update (school, "admin", "users", "s1", "{'status':'active'}"), ==, OK);
  rotated = rotate (school, session->refresh_token, NOW);
  g_assert_nonnull (rotated);
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

/* Whoever gets at the file gets no token. */
static void
test_stored_hashed (School *school, gconstpointer data)
{
  g_autoptr (LsSchoolSession) session = start (school);
  g_autofree char *path = g_build_filename (school->directory, "school.db-wal", NULL);
  g_autofree char *contents = NULL;
  gsize length;

  g_assert_true (g_file_get_contents (path, &contents, &length, NULL));
  g_assert_nonnull (memmem (contents, length, session->id, strlen (session->id)));
  g_assert_null (
      memmem (contents, length, session->refresh_token, strlen (session->refresh_token)));
}

#define ADD(path, function)                                                                        \
  g_test_add ("/school/session/" path, School, NULL, school_set_up, function, school_tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("login", test_login);
  ADD ("rotation", test_rotation);
  ADD ("end", test_end);
  ADD ("inactive", test_inactive);
  ADD ("new-password", test_new_password);
  ADD ("stored-hashed", test_stored_hashed);

  return g_test_run ();
}
