/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-admission.h"

#define SECOND G_USEC_PER_SEC

static guint
let_in (LsAdmission *admission, gint64 now, guint n)
{
  guint n_in = 0;

  for (guint i = 0; i < n; i++)
    if (ls_admission_check (admission, now) == 0)
      {
        ls_admission_count (admission, now);
        n_in++;
      }
  return n_in;
}

/* In any second, wherever it begins. */
static void
test_admission_limit (void)
{
  g_autoptr (LsAdmission) admission = ls_admission_new (10);

  g_assert_cmpuint (let_in (admission, 0, 4), ==, 4);
  g_assert_cmpuint (let_in (admission, SECOND * 9 / 10, 20), ==, 6);
  g_assert_cmpuint (let_in (admission, SECOND - 1, 20), ==, 0);
  g_assert_cmpuint (let_in (admission, SECOND, 20), ==, 4);
  g_assert_cmpuint (let_in (admission, SECOND * 19 / 10, 20), ==, 6);
  g_assert_cmpuint (let_in (admission, SECOND * 10, 20), ==, 10);
}

/* Those who are sent away come back one after another, a little slower than they would be let in,
 * and not too late. */
static void
test_admission_returns (void)
{
  g_autoptr (LsAdmission) admission = ls_admission_new (10);
  guint per_second[70] = { 0 };

  let_in (admission, 0, 10);
  for (guint i = 0; i < 80; i++)
    per_second[ls_admission_check (admission, 0)]++;
  g_assert_cmpuint (per_second[0], ==, 0);
  for (guint i = 1; i <= 10; i++)
    g_assert_cmpuint (per_second[i], ==, 8);

  /* the queue moves on with time, and is forgotten when it is over */
  let_in (admission, 4 * SECOND, 10);
  g_assert_cmpuint (ls_admission_check (admission, 4 * SECOND), ==, 7);
  let_in (admission, 100 * SECOND, 10);
  g_assert_cmpuint (ls_admission_check (admission, 100 * SECOND), ==, 1);

  for (guint i = 0; i < 10000; i++)
    g_assert_cmpuint (ls_admission_check (admission, 100 * SECOND), <=, 60);
}

/* Who asks and does not come in (a bad token) takes no room. */
static void
test_admission_asking_is_free (void)
{
  g_autoptr (LsAdmission) admission = ls_admission_new (1);

  for (guint i = 0; i < 100; i++)
    g_assert_cmpuint (ls_admission_check (admission, 0), ==, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/server-net/admission/limit", test_admission_limit);
  g_test_add_func ("/server-net/admission/returns", test_admission_returns);
  g_test_add_func ("/server-net/admission/asking-is-free", test_admission_asking_is_free);
  return g_test_run ();
}
