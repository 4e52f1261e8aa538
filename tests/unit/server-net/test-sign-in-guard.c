/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-sign-in-guard.h"

#define SCHOOL "192.0.2.1"
#define MINUTE 60000

static const LsSignInLimits limits = { 10, 100 };

/* How many sign-ins to @email can fail from there one after another, by somebody unknown there */
static guint
fail_all (LsSignInGuard *guard, const char *email, const char *network, gint64 now)
{
  guint n = 0;

  while (ls_sign_in_guard_get_wait (guard, email, network, now) == 0 &&
         ls_sign_in_guard_get_stranger_wait (guard, email, network, now) == 0)
    {
      ls_sign_in_guard_begin (guard, email, network, TRUE, now);
      n++;
    }
  return n;
}

static void
test_account_at_an_address (void)
{
  g_autoptr (LsSignInGuard) guard = ls_sign_in_guard_new (&limits);

  g_assert_cmpuint (fail_all (guard, "a@x", SCHOOL, 0), ==, 10);
  g_assert_cmpint (ls_sign_in_guard_get_wait (guard, "a@x", SCHOOL, 0), ==, 3 * MINUTE);
  g_assert_cmpint (ls_sign_in_guard_get_wait (guard, "b@x", SCHOOL, 0), ==, 0);
  g_assert_cmpint (ls_sign_in_guard_get_wait (guard, "a@x", "192.0.2.2", 0), ==, 0);
  g_assert_cmpuint (fail_all (guard, "a@x", SCHOOL, 3 * MINUTE), ==, 1);
  g_assert_cmpuint (fail_all (guard, "a@x", SCHOOL, 100 * MINUTE), ==, 10);
}

/* Whoever knows the account's password there is not kept out by what fails elsewhere, or by others. */
static void
test_strangers (void)
{
  g_autoptr (LsSignInGuard) guard = ls_sign_in_guard_new (&limits);
  guint n = 0;

  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *network = g_strdup_printf ("198.51.100.%u", i);

      n += fail_all (guard, "a@x", network, 0);
    }
  g_assert_cmpuint (n, ==, 50);
  g_assert_cmpint (ls_sign_in_guard_get_stranger_wait (guard, "a@x", SCHOOL, 0), >, 0);
  g_assert_cmpint (ls_sign_in_guard_get_wait (guard, "a@x", SCHOOL, 0), ==, 0);
  g_assert_cmpint (ls_sign_in_guard_get_stranger_wait (guard, "b@x", SCHOOL, 0), ==, 0);
}

static void
test_address (void)
{
  g_autoptr (LsSignInGuard) guard = ls_sign_in_guard_new (&limits);
  guint n = 0;

  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *email = g_strdup_printf ("%u@x", i);

      n += fail_all (guard, email, SCHOOL, 0);
    }
  g_assert_cmpuint (n, ==, 100);
  g_assert_cmpint (ls_sign_in_guard_get_stranger_wait (guard, "new@x", SCHOOL, 0), >, 0);
  g_assert_cmpint (ls_sign_in_guard_get_wait (guard, "new@x", SCHOOL, 0), ==, 0);
  g_assert_cmpint (ls_sign_in_guard_get_stranger_wait (guard, "new@x", "192.0.2.2", 0), ==, 0);
}

/* What the people of a school do while strangers are refused makes that no longer, and no shorter. */
static void
test_people_of_the_school (void)
{
  g_autoptr (LsSignInGuard) guard = ls_sign_in_guard_new (&limits);
  gint64 wait;

  for (guint i = 0; i < 10; i++)
    {
      g_autofree char *email = g_strdup_printf ("%u@x", i);

      fail_all (guard, email, SCHOOL, 0);
    }
  wait = ls_sign_in_guard_get_stranger_wait (guard, "a@x", SCHOOL, 0);
  g_assert_cmpint (wait, >, 0);
  for (guint i = 0; i < 5; i++)
    ls_sign_in_guard_begin (guard, "a@x", SCHOOL, FALSE, 0);
  ls_sign_in_guard_begin (guard, "b@x", SCHOOL, FALSE, 0);
  ls_sign_in_guard_succeed (guard, "b@x", SCHOOL, FALSE);
  g_assert_cmpint (ls_sign_in_guard_get_stranger_wait (guard, "a@x", SCHOOL, 0), ==, wait);
}

/* The bell: a thousand sign-ins that succeed leave nothing behind. */
static void
test_success (void)
{
  g_autoptr (LsSignInGuard) guard = ls_sign_in_guard_new (&limits);

  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *email = g_strdup_printf ("%u@x", i);

      g_assert_cmpint (ls_sign_in_guard_get_stranger_wait (guard, email, SCHOOL, 0), ==, 0);
      ls_sign_in_guard_begin (guard, email, SCHOOL, TRUE, 0);
      ls_sign_in_guard_succeed (guard, email, SCHOOL, TRUE);
    }
  g_assert_cmpuint (fail_all (guard, "0@x", SCHOOL, 0), ==, 10);
  ls_sign_in_guard_succeed (guard, "0@x", SCHOOL, TRUE);
  g_assert_cmpuint (fail_all (guard, "0@x", SCHOOL, 0), ==, 10);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/server-net/sign-in-guard/account-at-an-address", test_account_at_an_address);
  g_test_add_func ("/server-net/sign-in-guard/strangers", test_strangers);
  g_test_add_func ("/server-net/sign-in-guard/address", test_address);
  g_test_add_func ("/server-net/sign-in-guard/people-of-the-school", test_people_of_the_school);
  g_test_add_func ("/server-net/sign-in-guard/success", test_success);
  return g_test_run ();
}
