/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-fake-random.h"
#include "ls-pace.h"

#define SECOND G_GINT64_CONSTANT (1000)
#define MINUTE (60 * SECOND)

/* A whole day by the server's clock, so that all turns begin with it; and any moment of ours */
#define MIDNIGHT G_GINT64_CONSTANT (1700006400000)
#define NOW (1000 * MINUTE)

/* The server answers a poll, which is counted, and has seen @n_others in the last minute. */
static void
hear (LsPace *pace, guint n_others, gint64 now)
{
  guint own = 0;

  ls_pace_counted (pace, now);
  for (guint i = 0; i < MIN (pace->n_own, LS_PACE_N_OWN); i++)
    own += now - pace->own[i] < MINUTE;
  ls_pace_heard (pace, &(LsQuota) { .limit = 100, .remaining = 100 - n_others - own }, MIDNIGHT,
                 now);
}

static void
assert_delay (const LsPace *pace, gboolean is_fresh, gint64 wall, gint64 min, gint64 max)
{
  g_autoptr (LsRandom) random = LS_RANDOM (ls_fake_random_new (5));
  gint64 earliest = G_MAXINT64;
  gint64 latest = 0;

  for (guint i = 0; i < 1000; i++)
    {
      gint64 delay = ls_pace_choose_delay (pace, 30 * SECOND, is_fresh, wall, random);

      earliest = MIN (earliest, delay);
      latest = MAX (latest, delay);
    }
  g_assert_cmpint (earliest, >=, min);
  g_assert_cmpint (earliest, <, min + (max - min) / 20);
  g_assert_cmpint (latest, <=, max);
  g_assert_cmpint (latest, >, max - (max - min) / 20);
}

/* As long as there is room for tokens, everybody polls as often as they like. */
static void
test_pace_alone (void)
{
  LsPace pace = { 0 };

  assert_delay (&pace, TRUE, MIDNIGHT, 24 * SECOND, 36 * SECOND);
  hear (&pace, 3, NOW);
  g_assert_false (ls_pace_is_crowded (&pace));
  g_assert_cmpint (ls_pace_get_interval (&pace, 30 * SECOND), ==, 30 * SECOND);
  hear (&pace, 4, NOW + MINUTE);
  g_assert_true (ls_pace_is_crowded (&pace));
}

/* A sign-in asks for a lot, and the one who does is no crowd. */
static void
test_pace_own_requests (void)
{
  LsPace pace = { 0 };

  for (guint i = 0; i < LS_PACE_N_OWN - 1; i++)
    ls_pace_counted (&pace, NOW);
  hear (&pace, 0, NOW);
  g_assert_false (ls_pace_is_crowded (&pace));
  /* They are forgotten after a minute, like the server does. */
  ls_pace_heard (&pace, &(LsQuota) { .limit = 100, .remaining = 95 }, MIDNIGHT, NOW + MINUTE);
  g_assert_true (ls_pace_is_crowded (&pace));
}

static void
test_pace_levels (void)
{
  static const struct
  {
    guint n_others;
    gint64 interval;
  } levels[] = {
    { 4, 2 * MINUTE },  { 19, 2 * MINUTE }, { 20, 4 * MINUTE },
    { 49, 4 * MINUTE }, { 50, 8 * MINUTE }, { 99, 8 * MINUTE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (levels); i++)
    {
      LsPace pace = { 0 };

      hear (&pace, levels[i].n_others, NOW);
      g_assert_cmpint (ls_pace_get_interval (&pace, 30 * SECOND), ==, levels[i].interval);
      /* Who is to poll less often keeps step with the others. */
      g_assert_cmpint (ls_pace_get_interval (&pace, 9 * MINUTE), ==, 16 * MINUTE);
    }
}

/* All poll in the first seconds of an interval, by the server's clock. */
static void
test_pace_turns (void)
{
  LsPace pace = { 0 };

  hear (&pace, 10, NOW);
  assert_delay (&pace, TRUE, MIDNIGHT + 50 * SECOND, 70 * SECOND, 80 * SECOND);
  ls_pace_told_time (&pace, MIDNIGHT + 90 * SECOND, MIDNIGHT);
  assert_delay (&pace, TRUE, MIDNIGHT, 30 * SECOND, 40 * SECOND);
  ls_pace_told_time (&pace, MIDNIGHT, MIDNIGHT + 5 * 365 * 24 * 60 * MINUTE);
  assert_delay (&pace, TRUE, MIDNIGHT + 5 * 365 * 24 * 60 * MINUTE + MINUTE, 60 * SECOND,
                70 * SECOND);
}

/* With nothing recent to show nobody waits for the longest turn. */
static void
test_pace_stale (void)
{
  LsPace pace = { 0 };

  hear (&pace, 60, NOW);
  assert_delay (&pace, TRUE, MIDNIGHT, 8 * MINUTE, 8 * MINUTE + 10 * SECOND);
  assert_delay (&pace, FALSE, MIDNIGHT, 4 * MINUTE, 4 * MINUTE + 10 * SECOND);
}

/* Without a socket the limit itself tells the server's time, to a minute. */
static void
test_pace_clock_by_limit (void)
{
  LsPace pace = { 0 };
  LsQuota quota = { .limit = 100, .remaining = 90, .reset_at = MIDNIGHT + 60 * SECOND };

  ls_pace_heard (&pace, &quota, MIDNIGHT + 30 * SECOND, NOW);
  g_assert_cmpint (pace.ahead, ==, 0);
  ls_pace_heard (&pace, &quota, MIDNIGHT - 10 * MINUTE, NOW);
  g_assert_cmpint (pace.ahead, ==, 10 * MINUTE);
  ls_pace_heard (&pace, &quota, MIDNIGHT + 10 * MINUTE, NOW);
  g_assert_cmpint (pace.ahead, ==, -9 * MINUTE);
  /* What a pong says fits in, and stays. */
  ls_pace_told_time (&pace, MIDNIGHT + 12 * SECOND, MIDNIGHT);
  ls_pace_heard (&pace, &quota, MIDNIGHT, NOW);
  g_assert_cmpint (pace.ahead, ==, 12 * SECOND);
}

/* A crowd is remembered for a while, as a poll at the beginning of a turn sees little of it. */
static void
test_pace_forgets (void)
{
  LsPace pace = { 0 };
  guint n = 0;

  hear (&pace, 40, NOW);
  while (ls_pace_get_interval (&pace, 30 * SECOND) == 4 * MINUTE && n < 100)
    hear (&pace, 0, NOW + ++n * 4 * MINUTE);
  g_assert_cmpuint (n, >, 8);
  g_assert_cmpuint (n, <, 15);
  while (ls_pace_is_crowded (&pace) && n < 100)
    hear (&pace, 0, NOW + ++n * 4 * MINUTE);
  g_assert_cmpuint (n, <, 50);
}

/* A refusal says that there are others; a long wait, that there are many. */
static void
test_pace_refused (void)
{
  LsPace pace = { 0 };

  ls_pace_refused (&pace, 0);
  g_assert_cmpint (ls_pace_get_interval (&pace, 30 * SECOND), ==, 2 * MINUTE);
  ls_pace_refused (&pace, 4 * MINUTE);
  g_assert_cmpint (ls_pace_get_interval (&pace, 30 * SECOND), ==, 4 * MINUTE);
  ls_pace_refused (&pace, G_MAXINT64);
  g_assert_cmpint (ls_pace_get_interval (&pace, 30 * SECOND), ==, 8 * MINUTE);
  ls_pace_refused (&pace, 0);
  g_assert_cmpint (ls_pace_get_interval (&pace, 30 * SECOND), ==, 8 * MINUTE);
}

/* Where nothing is said about a limit there is none. */
static void
test_pace_no_limit (void)
{
  LsPace pace = { 0 };

  ls_pace_heard (&pace, &(LsQuota) { 0 }, MIDNIGHT, NOW);
  ls_pace_heard (&pace, &(LsQuota) { .remaining = 7 }, MIDNIGHT, NOW);
  g_assert_false (ls_pace_is_crowded (&pace));
  g_assert_cmpint (pace.ahead, ==, 0);
}

/* Never earlier than the server says; and the less time is left, the sooner after that. */
static void
test_pace_retry (void)
{
  g_autoptr (LsRandom) random = LS_RANDOM (ls_fake_random_new (5));
  gint64 latest[] = { 0, 0, 0 };
  const gint64 left[] = { -MINUTE, 10 * SECOND, 8 * MINUTE };

  for (guint i = 0; i < 3000; i++)
    {
      gint64 retry = ls_pace_choose_retry (7 * SECOND, left[i % 3], random);

      g_assert_cmpint (retry, >=, 7 * SECOND);
      latest[i % 3] = MAX (latest[i % 3], retry);
    }
  g_assert_cmpint (latest[0], <, 12 * SECOND);
  g_assert_cmpint (latest[1], <, 12 * SECOND);
  g_assert_cmpint (latest[1], >, 11 * SECOND);
  g_assert_cmpint (latest[2], <, 127 * SECOND);
  g_assert_cmpint (latest[2], >, 120 * SECOND);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/pace/alone", test_pace_alone);
  g_test_add_func ("/core/pace/own-requests", test_pace_own_requests);
  g_test_add_func ("/core/pace/levels", test_pace_levels);
  g_test_add_func ("/core/pace/turns", test_pace_turns);
  g_test_add_func ("/core/pace/stale", test_pace_stale);
  g_test_add_func ("/core/pace/clock-by-limit", test_pace_clock_by_limit);
  g_test_add_func ("/core/pace/forgets", test_pace_forgets);
  g_test_add_func ("/core/pace/refused", test_pace_refused);
  g_test_add_func ("/core/pace/no-limit", test_pace_no_limit);
  g_test_add_func ("/core/pace/retry", test_pace_retry);
  return g_test_run ();
}
