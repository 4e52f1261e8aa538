/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-clock-system.h"

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime (clockid_t id, struct timespec *now);

/* How far the wall clock of this process is off that of the machine. */
static gint64 offset_s;

/* In place of libc's: nobody else should notice that a test sets the clock. */
int
clock_gettime (clockid_t id, struct timespec *now)
{
  int result = (int)syscall (SYS_clock_gettime, id, now);

  if (id == CLOCK_REALTIME)
    now->tv_sec += offset_s;

  return result;
}

typedef struct
{
  guint n_jumps;
  gint64 delta_ms;
  guint n_rings;
} Log;

static void
on_clock_jumped (LsClock *clock, gint64 delta_ms, gpointer user_data)
{
  Log *log = user_data;

  log->n_jumps++;
  log->delta_ms = delta_ms;
}

static void
on_alarm (gpointer user_data)
{
  Log *log = user_data;

  log->n_rings++;
}

static void
wait_for_ring (LsClock *clock, Log *log)
{
  log->n_rings = 0;
  ls_clock_add_alarm (clock, LS_CLOCK_MONOTONIC, 0, on_alarm, log);
  while (log->n_rings == 0)
    g_main_context_iteration (NULL, TRUE);
}

static void
test_jump_is_told_once (void)
{
  g_autoptr (GError) error = NULL;
  LsClock *clock = ls_clock_system_new (&error);
  Log log = { 0 };

  g_assert_no_error (error);
  g_signal_connect (clock, "jumped", G_CALLBACK (on_clock_jumped), &log);

  wait_for_ring (clock, &log);
  g_assert_cmpuint (log.n_jumps, ==, 0);

  offset_s = -3600;
  wait_for_ring (clock, &log);
  g_assert_cmpuint (log.n_jumps, ==, 1);
  g_assert_cmpint (log.delta_ms, <=, -3599000);
  g_assert_cmpint (log.delta_ms, >=, -3601000);

  wait_for_ring (clock, &log);
  g_assert_cmpuint (log.n_jumps, ==, 1);

  offset_s = 0;
  wait_for_ring (clock, &log);
  g_assert_cmpuint (log.n_jumps, ==, 2);
  g_assert_cmpint (log.delta_ms, >=, 3599000);

  g_assert_finalize_object (clock);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/platform/clock-system/jump-is-told-once", test_jump_is_told_once);

  return g_test_run ();
}
