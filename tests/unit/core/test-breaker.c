/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-breaker.h"
#include "ls-fake-random.h"

typedef struct
{
  LsBreaker breaker;
  LsRandom *random;
  gint64 now;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->random = LS_RANDOM (ls_fake_random_new (3));
  fixture->now = 1000000;
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_object_unref (fixture->random);
}

static void
fail (Fixture *fixture, guint times, gint64 apart)
{
  for (guint i = 0; i < times; i++)
    {
      fixture->now += apart;
      ls_breaker_failed (&fixture->breaker, fixture->random, fixture->now);
    }
}

static void
test_breaker_opens_at_five (Fixture *fixture, gconstpointer data)
{
  fail (fixture, 4, 1000);
  g_assert_cmpint (fixture->breaker.state, ==, LS_BREAKER_CLOSED);
  fail (fixture, 1, 1000);
  g_assert_cmpint (fixture->breaker.state, ==, LS_BREAKER_OPEN);
  g_assert_false (ls_breaker_allows (&fixture->breaker, fixture->now));
}

static void
test_breaker_forgets_after_a_minute (Fixture *fixture, gconstpointer data)
{
  fail (fixture, 50, 15001);
  g_assert_cmpint (fixture->breaker.state, ==, LS_BREAKER_CLOSED);
  fail (fixture, 4, 14990);
  g_assert_cmpint (fixture->breaker.state, ==, LS_BREAKER_OPEN);
}

/* One action that always fails is no reason for the others to wait. */
static void
test_breaker_success_between (Fixture *fixture, gconstpointer data)
{
  for (guint i = 0; i < 20; i++)
    {
      fail (fixture, 4, 10);
      ls_breaker_succeeded (&fixture->breaker);
    }
  g_assert_cmpint (fixture->breaker.state, ==, LS_BREAKER_CLOSED);
}

static void
wait_for_probe (Fixture *fixture)
{
  fixture->now = fixture->breaker.open_until;
  g_assert_true (ls_breaker_allows (&fixture->breaker, fixture->now));
  ls_breaker_sent (&fixture->breaker);
}

static void
test_breaker_one_probe (Fixture *fixture, gconstpointer data)
{
  fail (fixture, 5, 10);
  wait_for_probe (fixture);
  g_assert_cmpint (fixture->breaker.state, ==, LS_BREAKER_PROBING);
  g_assert_false (ls_breaker_allows (&fixture->breaker, fixture->now + 1000000));
  ls_breaker_succeeded (&fixture->breaker);
  g_assert_cmpint (fixture->breaker.state, ==, LS_BREAKER_CLOSED);
  g_assert_true (ls_breaker_allows (&fixture->breaker, fixture->now));
}

/* A probe that shows nothing is followed by another at once, and heals nothing. */
static void
test_breaker_undecided (Fixture *fixture, gconstpointer data)
{
  ls_breaker_undecided (&fixture->breaker);
  g_assert_cmpint (fixture->breaker.state, ==, LS_BREAKER_CLOSED);
  fail (fixture, 5, 10);
  wait_for_probe (fixture);
  ls_breaker_undecided (&fixture->breaker);
  g_assert_cmpint (fixture->breaker.state, ==, LS_BREAKER_OPEN);
  g_assert_true (ls_breaker_allows (&fixture->breaker, fixture->now));
}

/* Each pause is longer than half its bound, and no longer than that; the bound grows to 5 min. */
static void
test_breaker_pauses_grow (Fixture *fixture, gconstpointer data)
{
  static const gint64 bounds[] = { 10000, 20000, 40000, 80000, 160000, 300000, 300000, 300000 };

  fail (fixture, 5, 10);
  for (guint i = 0; i < G_N_ELEMENTS (bounds); i++)
    {
      gint64 pause = fixture->breaker.open_until - fixture->now;

      g_assert_cmpint (pause, >=, bounds[i] / 2);
      g_assert_cmpint (pause, <=, bounds[i]);
      wait_for_probe (fixture);
      fail (fixture, 1, 0);
      g_assert_cmpint (fixture->breaker.state, ==, LS_BREAKER_OPEN);
    }
  wait_for_probe (fixture);
  ls_breaker_succeeded (&fixture->breaker);
  fail (fixture, 5, 10);
  g_assert_cmpint (fixture->breaker.open_until - fixture->now, <=, 10000);
}

/* What was under way when it opened neither prolongs the pause nor is a probe. */
static void
test_breaker_late_failures (Fixture *fixture, gconstpointer data)
{
  gint64 until;

  fail (fixture, 5, 10);
  until = fixture->breaker.open_until;
  fail (fixture, 3, 10);
  g_assert_cmpint (fixture->breaker.open_until, ==, until);
}

static void
test_breaker_hurry (Fixture *fixture, gconstpointer data)
{
  fail (fixture, 5, 10);
  ls_breaker_hurry (&fixture->breaker, fixture->now);
  g_assert_true (ls_breaker_allows (&fixture->breaker, fixture->now));
}

#define ADD(name, function)                                                                        \
  g_test_add ("/core/breaker/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("opens-at-five", test_breaker_opens_at_five);
  ADD ("forgets-after-a-minute", test_breaker_forgets_after_a_minute);
  ADD ("success-between", test_breaker_success_between);
  ADD ("one-probe", test_breaker_one_probe);
  ADD ("undecided", test_breaker_undecided);
  ADD ("pauses-grow", test_breaker_pauses_grow);
  ADD ("late-failures", test_breaker_late_failures);
  ADD ("hurry", test_breaker_hurry);
  return g_test_run ();
}
