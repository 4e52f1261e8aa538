/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-fake-random.h"
#include "ls-queue-pace.h"

#define MINUTE 60000
#define HOUR (60 * MINUTE)
#define START 1000000

/* How many requests go out in @duration if somebody always has one. */
static guint
count (LsQueuePace *pace, gint64 from, gint64 duration)
{
  guint n = 0;

  for (gint64 now = from; now < from + duration; now++)
    while (ls_queue_pace_get_next (pace, now) <= now && n < 100000)
      {
        ls_queue_pace_spend (pace, now);
        n++;
      }
  return n;
}

static void
test_queue_pace_rate (void)
{
  LsQueuePace pace;

  ls_queue_pace_begin (&pace, 5, START, START);
  /* a second's worth at once, and then five a second */
  g_assert_cmpuint (count (&pace, START, 1), ==, 5);
  g_assert_cmpuint (count (&pace, START + 1, 60000), ==, 300);
  /* an hour of silence is not saved up */
  g_assert_cmpuint (count (&pace, START + HOUR, 1), ==, 5);
}

/* The moment that is promised is the first at which something may go out. */
static void
test_queue_pace_next (void)
{
  for (guint rate = 1; rate <= 1000; rate += 37)
    {
      LsQueuePace pace;
      gint64 now = START;

      ls_queue_pace_begin (&pace, rate, START, START);
      for (guint i = 0; i < 3 * rate; i++)
        {
          gint64 next = ls_queue_pace_get_next (&pace, now);

          if (next > now + 1)
            g_assert_cmpint (ls_queue_pace_get_next (&pace, next - 1), >, next - 1);
          now = MAX (now, next);
          g_assert_cmpint (ls_queue_pace_get_next (&pace, now), <=, now);
          ls_queue_pace_spend (&pace, now);
        }
      g_assert_cmpint (now - START, >=, 1990);
      g_assert_cmpint (now - START, <=, 2010 + rate);
    }
}

static void
test_queue_pace_no_limit (void)
{
  LsQueuePace pace;

  ls_queue_pace_begin (&pace, 0, START, START);
  for (guint i = 0; i < 1000; i++)
    ls_queue_pace_spend (&pace, START);
  g_assert_cmpint (ls_queue_pace_get_next (&pace, START), <=, START);
  /* what went out without a limit is not counted against one that comes later */
  ls_queue_pace_set_rate (&pace, 5, START);
  g_assert_cmpint (ls_queue_pace_get_next (&pace, START), <=, START + 200);
}

/* What goes out ahead of its turn is made up for. */
static void
test_queue_pace_debt (void)
{
  LsQueuePace pace;

  ls_queue_pace_begin (&pace, 5, START, START);
  for (guint i = 0; i < 10; i++)
    ls_queue_pace_spend (&pace, START);
  g_assert_cmpint (ls_queue_pace_get_next (&pace, START), ==, START + 1200);
}

static void
test_queue_pace_after_an_hour (void)
{
  g_autoptr (LsFakeRandom) random = ls_fake_random_new (1);
  gint64 sum = 0, longest = 0;

  for (guint i = 0; i < 1000; i++)
    {
      LsQueuePace pace;
      gint64 start;

      ls_queue_pace_begin (&pace, 5, START, START);
      ls_queue_pace_link_found (&pace, LS_RANDOM (random), START + HOUR);
      start = MAX (ls_queue_pace_get_next (&pace, START + HOUR) - START - HOUR, 0);
      sum += start;
      longest = MAX (longest, start);
      ls_queue_pace_hurry (&pace);
      g_assert_cmpint (ls_queue_pace_get_next (&pace, START + HOUR), <=, START + HOUR);
    }
  /* evenly from 0 to 30 s: six standard deviations of the mean are 1.6 s */
  g_assert_cmpint (sum / 1000, >, 13400);
  g_assert_cmpint (sum / 1000, <, 16600);
  g_assert_cmpint (longest, <=, 30000);
}

static void
test_queue_pace_after_a_moment (void)
{
  g_autoptr (LsFakeRandom) random = ls_fake_random_new (1);
  LsQueuePace pace;

  ls_queue_pace_begin (&pace, 5, START, START);
  ls_queue_pace_link_found (&pace, LS_RANDOM (random), START + HOUR - 1);
  g_assert_cmpint (ls_queue_pace_get_next (&pace, START + HOUR), <=, START + HOUR);
  ls_queue_pace_link_lost (&pace, START + HOUR);
  ls_queue_pace_link_found (&pace, LS_RANDOM (random), START + HOUR + MINUTE);
  g_assert_cmpint (ls_queue_pace_get_next (&pace, START + HOUR + MINUTE), <=,
                   START + HOUR + MINUTE);
}

/* A user's hurry does not change what the server has said. */
static void
test_queue_pace_stays_away (void)
{
  LsQueuePace pace;

  ls_queue_pace_begin (&pace, 0, START, START);
  ls_queue_pace_stay_away (&pace, START + MINUTE);
  ls_queue_pace_stay_away (&pace, START + 1000);
  ls_queue_pace_hurry (&pace);
  g_assert_cmpint (ls_queue_pace_get_next (&pace, START), ==, START + MINUTE);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/queue-pace/rate", test_queue_pace_rate);
  g_test_add_func ("/core/queue-pace/next", test_queue_pace_next);
  g_test_add_func ("/core/queue-pace/no-limit", test_queue_pace_no_limit);
  g_test_add_func ("/core/queue-pace/debt", test_queue_pace_debt);
  g_test_add_func ("/core/queue-pace/after-an-hour", test_queue_pace_after_an_hour);
  g_test_add_func ("/core/queue-pace/after-a-moment", test_queue_pace_after_a_moment);
  g_test_add_func ("/core/queue-pace/stays-away", test_queue_pace_stays_away);
  return g_test_run ();
}
