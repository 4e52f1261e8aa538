/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-sign-in-guard.h"

#define SCHOOL "192.0.2.1"
#define MINUTE 60000

static const LsSignInLimits limits = { 10, 100 };

/* How many sign-ins to @email can fail from there one after another */
static guint
fail_all (LsSignInGuard *guard, const char *email, const char *network, gboolean known, gint64 now)
{
  gint64 stranger_wait;
  guint n = 0;

  while (ls_sign_in_guard_begin (guard, email, network, known, now, &stranger_wait) == 0)
    n++;
  g_assert_cmpint (ls_sign_in_guard_check (guard, email, network, known, now), >, 0);
  return n;
}

/* The same of strangers: to @n accounts (@email is NULL) or from @n addresses (@network is NULL) */
static guint
fail_many (LsSignInGuard *guard, const char *email, const char *network, guint n)
{
  guint n_failed = 0;

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);

      n_failed += fail_all (guard, email != NULL ? email : text, network != NULL ? network : text,
                            FALSE, 0);
    }
  return n_failed;
}

static void
test_account_at_an_address (void)
{
  g_autoptr (LsSignInGuard) guard = ls_sign_in_guard_new (&limits);

  g_assert_cmpuint (fail_all (guard, "a@x", SCHOOL, TRUE, 0), ==, 10);
  g_assert_cmpint (ls_sign_in_guard_check (guard, "a@x", SCHOOL, TRUE, 0), ==, 3 * MINUTE);
  g_assert_cmpint (ls_sign_in_guard_check (guard, "b@x", SCHOOL, FALSE, 0), ==, 0);
  g_assert_cmpint (ls_sign_in_guard_check (guard, "a@x", "192.0.2.2", FALSE, 0), ==, 0);
  g_assert_cmpuint (fail_all (guard, "a@x", SCHOOL, TRUE, 3 * MINUTE), ==, 1);
  g_assert_cmpuint (fail_all (guard, "a@x", SCHOOL, FALSE, 100 * MINUTE), ==, 10);
}

/* Whoever works there is not kept out by what fails elsewhere. */
static void
test_account_anywhere (void)
{
  g_autoptr (LsSignInGuard) guard = ls_sign_in_guard_new (&limits);

  g_assert_cmpuint (fail_many (guard, "a@x", NULL, 20), ==, 50);
  g_assert_cmpint (ls_sign_in_guard_check (guard, "a@x", SCHOOL, FALSE, 0), >, 0);
  g_assert_cmpint (ls_sign_in_guard_check (guard, "a@x", SCHOOL, TRUE, 0), ==, 0);
  g_assert_cmpint (ls_sign_in_guard_check (guard, "b@x", SCHOOL, FALSE, 0), ==, 0);
}

static void
test_address (void)
{
  g_autoptr (LsSignInGuard) guard = ls_sign_in_guard_new (&limits);

  g_assert_cmpuint (fail_many (guard, NULL, SCHOOL, 20), ==, 100);
  g_assert_cmpint (ls_sign_in_guard_check (guard, "a@x", SCHOOL, FALSE, 0), >, 0);
  g_assert_cmpint (ls_sign_in_guard_check (guard, "a@x", SCHOOL, TRUE, 0), ==, 0);
  g_assert_cmpint (ls_sign_in_guard_check (guard, "a@x", "192.0.2.2", FALSE, 0), ==, 0);
}

/* What the people of a school do while strangers are refused makes that no longer, and no shorter. */
static void
test_people_of_the_school (void)
{
  g_autoptr (LsSignInGuard) guard = ls_sign_in_guard_new (&limits);
  gint64 wait, stranger_wait;

  fail_many (guard, NULL, SCHOOL, 20);
  wait = ls_sign_in_guard_check (guard, "new@x", SCHOOL, FALSE, 0);
  g_assert_cmpint (wait, >, 0);
  g_assert_cmpuint (fail_all (guard, "a@x", SCHOOL, TRUE, 0), ==, 10);
  g_assert_cmpint (ls_sign_in_guard_begin (guard, "b@x", SCHOOL, TRUE, 0, &stranger_wait), ==, 0);
  g_assert_cmpint (stranger_wait, ==, wait);
  ls_sign_in_guard_succeed (guard, "b@x", SCHOOL, FALSE);
  g_assert_cmpint (ls_sign_in_guard_check (guard, "new@x", SCHOOL, FALSE, 0), ==, wait);
}

/* The bell: a thousand sign-ins that succeed leave nothing behind. */
static void
test_success (void)
{
  g_autoptr (LsSignInGuard) guard = ls_sign_in_guard_new (&limits);
  gint64 stranger_wait;

  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *email = g_strdup_printf ("%u@x", i);

      g_assert_cmpint (ls_sign_in_guard_begin (guard, email, SCHOOL, FALSE, 0, &stranger_wait), ==,
                       0);
      g_assert_cmpint (stranger_wait, ==, 0);
      ls_sign_in_guard_succeed (guard, email, SCHOOL, TRUE);
    }
  g_assert_cmpuint (fail_all (guard, "0@x", SCHOOL, FALSE, 0), ==, 10);
  ls_sign_in_guard_succeed (guard, "0@x", SCHOOL, TRUE);
  g_assert_cmpuint (fail_all (guard, "0@x", SCHOOL, FALSE, 0), ==, 10);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/server-net/sign-in-guard/account-at-an-address", test_account_at_an_address);
  g_test_add_func ("/server-net/sign-in-guard/account-anywhere", test_account_anywhere);
  g_test_add_func ("/server-net/sign-in-guard/address", test_address);
  g_test_add_func ("/server-net/sign-in-guard/people-of-the-school", test_people_of_the_school);
  g_test_add_func ("/server-net/sign-in-guard/success", test_success);
  return g_test_run ();
}
