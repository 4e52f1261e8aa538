/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-clock-system.h"
#include "ls-fake-clock.h"

/* Long enough that two alarms this far apart ring in order, short enough not to be felt. */
#define STEP_MS 20

typedef struct
{
  LsClock *clock; /* (owned) */
  gboolean is_fake;
  GString *rung;     /* (owned): letters in the order in which alarms rang */
  gint64 last_ms[2]; /* what both clocks showed when the last rang */
} Fixture;

typedef struct
{
  Fixture *fixture; /* (unowned) */
  char letter;
} Bell;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  fixture->is_fake = g_str_equal (data, "fake");
  if (fixture->is_fake)
    fixture->clock = LS_CLOCK (ls_fake_clock_new ());
  else
    fixture->clock = ls_clock_system_new (&error);
  g_assert_no_error (error);
  fixture->rung = g_string_new (NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_assert_finalize_object (fixture->clock);
  g_string_free (fixture->rung, TRUE);
  g_assert_false (g_main_context_pending (NULL));
}

static gint64
get_time (Fixture *fixture, LsClockKind kind)
{
  return kind == LS_CLOCK_WALL ? ls_clock_get_wall (fixture->clock)
                               : ls_clock_get_monotonic (fixture->clock);
}

static void
on_bell (gpointer user_data)
{
  const Bell *bell = user_data;

  g_string_append_c (bell->fixture->rung, bell->letter);
  for (guint kind = LS_CLOCK_WALL; kind <= LS_CLOCK_MONOTONIC; kind++)
    bell->fixture->last_ms[kind] = get_time (bell->fixture, kind);
}

static void
wait_for_rings (Fixture *fixture, gsize n_rings)
{
  while (fixture->rung->len < n_rings)
    {
      if (fixture->is_fake)
        g_assert_true (ls_fake_clock_advance_to_next (LS_FAKE_CLOCK (fixture->clock)));
      else
        g_main_context_iteration (NULL, TRUE);
    }
}

static void
check_rings_in_time (Fixture *fixture, LsClockKind kind)
{
  Bell bell = { fixture, 'a' };
  gint64 at_ms = get_time (fixture, kind) + STEP_MS;

  g_assert_cmpuint (ls_clock_add_alarm (fixture->clock, kind, at_ms, on_bell, &bell), >, 0);
  g_assert_cmpuint (fixture->rung->len, ==, 0);
  wait_for_rings (fixture, 1);
  g_assert_cmpint (fixture->last_ms[kind], >=, at_ms);
}

static void
test_wall_rings_in_time (Fixture *fixture, gconstpointer data)
{
  check_rings_in_time (fixture, LS_CLOCK_WALL);
}

static void
test_monotonic_rings_in_time (Fixture *fixture, gconstpointer data)
{
  check_rings_in_time (fixture, LS_CLOCK_MONOTONIC);
}

static void
test_rings_in_order (Fixture *fixture, gconstpointer data)
{
  Bell bells[] = { { fixture, 'a' }, { fixture, 'b' }, { fixture, 'c' }, { fixture, 'd' } };
  gint64 now = get_time (fixture, LS_CLOCK_MONOTONIC);

  ls_clock_add_alarm (fixture->clock, LS_CLOCK_MONOTONIC, now + 2 * STEP_MS, on_bell, &bells[2]);
  ls_clock_add_alarm (fixture->clock, LS_CLOCK_MONOTONIC, now + STEP_MS, on_bell, &bells[0]);
  ls_clock_add_alarm (fixture->clock, LS_CLOCK_MONOTONIC, now + STEP_MS, on_bell, &bells[1]);
  ls_clock_add_alarm (fixture->clock, LS_CLOCK_MONOTONIC, now + 2 * STEP_MS, on_bell, &bells[3]);
  wait_for_rings (fixture, 4);
  g_assert_cmpstr (fixture->rung->str, ==, "abcd");
}

static void
test_past_rings_soon_but_not_at_once (Fixture *fixture, gconstpointer data)
{
  Bell bells[] = { { fixture, 'a' }, { fixture, 'b' }, { fixture, 'c' } };

  ls_clock_add_alarm (fixture->clock, LS_CLOCK_WALL, 0, on_bell, &bells[0]);
  g_assert_cmpuint (fixture->rung->len, ==, 0);
  wait_for_rings (fixture, 1);
  ls_clock_add_alarm (fixture->clock, LS_CLOCK_MONOTONIC, -1, on_bell, &bells[1]);
  g_assert_cmpuint (fixture->rung->len, ==, 1);
  wait_for_rings (fixture, 2);
  ls_clock_add_alarm (fixture->clock, LS_CLOCK_MONOTONIC, get_time (fixture, LS_CLOCK_MONOTONIC),
                      on_bell, &bells[2]);
  g_assert_cmpuint (fixture->rung->len, ==, 2);
  wait_for_rings (fixture, 3);
  g_assert_cmpstr (fixture->rung->str, ==, "abc");
}

static void
test_removed_does_not_ring (Fixture *fixture, gconstpointer data)
{
  Bell removed = { fixture, 'x' };
  Bell kept = { fixture, 'a' };
  gint64 now = get_time (fixture, LS_CLOCK_MONOTONIC);
  guint id = ls_clock_add_alarm (fixture->clock, LS_CLOCK_MONOTONIC, now, on_bell, &removed);

  ls_clock_add_alarm (fixture->clock, LS_CLOCK_MONOTONIC, now + STEP_MS, on_bell, &kept);
  ls_clock_remove_alarm (fixture->clock, id);
  wait_for_rings (fixture, 1);
  g_assert_cmpstr (fixture->rung->str, ==, "a");
}

static void
test_rung_cannot_be_removed (Fixture *fixture, gconstpointer data)
{
  Bell bell = { fixture, 'a' };
  guint id = ls_clock_add_alarm (fixture->clock, LS_CLOCK_WALL, 0, on_bell, &bell);

  wait_for_rings (fixture, 1);
  g_test_expect_message (fixture->is_fake ? "labsync-fakes" : "labsync-platform",
                         G_LOG_LEVEL_CRITICAL, "*alarm != NULL*");
  ls_clock_remove_alarm (fixture->clock, id);
  g_test_assert_expected_messages ();
}

/* Also that it never rings is right: the clock is let go with the alarm still set. */
static void
test_far_future_waits (Fixture *fixture, gconstpointer data)
{
  Bell far = { fixture, 'x' };
  Bell near = { fixture, 'a' };

  ls_clock_add_alarm (fixture->clock, LS_CLOCK_WALL, G_MAXINT64, on_bell, &far);
  ls_clock_add_alarm (fixture->clock, LS_CLOCK_MONOTONIC, G_MAXINT64, on_bell, &far);
  ls_clock_add_alarm (fixture->clock, LS_CLOCK_WALL, get_time (fixture, LS_CLOCK_WALL) + STEP_MS,
                      on_bell, &near);
  wait_for_rings (fixture, 1);
  g_assert_cmpstr (fixture->rung->str, ==, "a");
}

typedef struct
{
  Bell bell;
  guint n_left;
  guint other; /* alarm to remove at the first ring, or 0 */
} Chain;

static void
on_chain (gpointer user_data)
{
  Chain *chain = user_data;
  LsClock *clock = chain->bell.fixture->clock;

  on_bell (&chain->bell);
  if (chain->other != 0)
    ls_clock_remove_alarm (clock, chain->other);
  chain->other = 0;
  if (chain->n_left-- > 0)
    ls_clock_add_alarm (clock, LS_CLOCK_MONOTONIC, 0, on_chain, chain);
}

static void
test_callback_may_add_and_remove (Fixture *fixture, gconstpointer data)
{
  Bell removed = { fixture, 'x' };
  Chain chain = { .bell = { fixture, 'a' }, .n_left = 3 };

  ls_clock_add_alarm (fixture->clock, LS_CLOCK_MONOTONIC, 0, on_chain, &chain);
  chain.other = ls_clock_add_alarm (fixture->clock, LS_CLOCK_MONOTONIC, 1, on_bell, &removed);
  wait_for_rings (fixture, 4);
  g_assert_cmpstr (fixture->rung->str, ==, "aaaa");
}

static void
on_clock_jumped (LsClock *clock, gint64 delta_ms, gpointer user_data)
{
  gint64 *deltas = user_data;

  deltas[0]++;
  deltas[1] += delta_ms;
}

static void
test_jump_moves_wall_alarms (Fixture *fixture, gconstpointer data)
{
  Bell wall = { fixture, 'w' };
  Bell monotonic = { fixture, 'm' };
  gint64 deltas[2] = { 0, 0 };
  LsFakeClock *fake = LS_FAKE_CLOCK (fixture->clock);

  g_signal_connect (fixture->clock, "jumped", G_CALLBACK (on_clock_jumped), deltas);
  ls_clock_add_alarm (fixture->clock, LS_CLOCK_WALL, LS_FAKE_CLOCK_START_WALL + 1000, on_bell,
                      &wall);
  ls_clock_add_alarm (fixture->clock, LS_CLOCK_MONOTONIC, LS_FAKE_CLOCK_START_MONOTONIC + 1000,
                      on_bell, &monotonic);
  g_assert_cmpuint (ls_fake_clock_count_alarms (fake), ==, 2);

  ls_fake_clock_jump_wall (fake, -500);
  ls_fake_clock_advance (fake, 1000);
  g_assert_cmpstr (fixture->rung->str, ==, "m");
  g_assert_cmpint (ls_fake_clock_get_next_delay (fake), ==, 500);

  ls_fake_clock_jump_wall (fake, 600);
  g_assert_cmpstr (fixture->rung->str, ==, "mw");
  g_assert_cmpint (ls_fake_clock_get_next_delay (fake), ==, -1);
  g_assert_false (ls_fake_clock_advance_to_next (fake));
  g_assert_cmpint (deltas[0], ==, 2);
  g_assert_cmpint (deltas[1], ==, 100);
}

static void
test_advance_stops_on_the_way (Fixture *fixture, gconstpointer data)
{
  Bell bell = { fixture, 'a' };
  LsFakeClock *fake = LS_FAKE_CLOCK (fixture->clock);

  ls_clock_add_alarm (fixture->clock, LS_CLOCK_MONOTONIC, LS_FAKE_CLOCK_START_MONOTONIC + 300,
                      on_bell, &bell);
  ls_fake_clock_advance (fake, 299);
  g_assert_cmpuint (fixture->rung->len, ==, 0);
  ls_fake_clock_advance (fake, 701);
  g_assert_cmpint (fixture->last_ms[LS_CLOCK_WALL], ==, LS_FAKE_CLOCK_START_WALL + 300);
  g_assert_cmpint (ls_clock_get_wall (fixture->clock), ==, LS_FAKE_CLOCK_START_WALL + 1000);
}

#define ADD(promise, test)                                                                         \
  g_test_add ("/contract/clock/" promise, Fixture, kind, set_up, test, tear_down)

int
main (int argc, char *argv[])
{
  const char *kind = NULL;

  g_test_init (&argc, &argv, NULL);
  kind = argc > 1 ? argv[1] : "fake";
  ADD ("wall-rings-in-time", test_wall_rings_in_time);
  ADD ("monotonic-rings-in-time", test_monotonic_rings_in_time);
  ADD ("rings-in-order", test_rings_in_order);
  ADD ("past-rings-soon-but-not-at-once", test_past_rings_soon_but_not_at_once);
  ADD ("removed-does-not-ring", test_removed_does_not_ring);
  ADD ("rung-cannot-be-removed", test_rung_cannot_be_removed);
  ADD ("far-future-waits", test_far_future_waits);
  ADD ("callback-may-add-and-remove", test_callback_may_add_and_remove);
  if (g_str_equal (kind, "fake"))
    {
      ADD ("jump-moves-wall-alarms", test_jump_moves_wall_alarms);
      ADD ("advance-stops-on-the-way", test_advance_stops_on_the_way);
    }

  return g_test_run ();
}
