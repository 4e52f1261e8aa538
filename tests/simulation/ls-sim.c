/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-sim.h"

#include <stdio.h>
#include <stdlib.h>

/* Lines of the trace that are kept. */
#define MAX_TRACE 400

/**
 * ls_sim_new:
 * @seed: any number; the same one repeats the same run
 *
 * Returns: (transfer full): a world in which nothing happens yet
 */
LsSim *
ls_sim_new (guint64 seed)
{
  LsSim *self = g_new0 (LsSim, 1);

  self->clock = ls_fake_clock_new ();
  self->chance = LS_RANDOM (ls_fake_random_new (seed));
  self->seed = seed;
  g_queue_init (&self->trace);
  return self;
}

/**
 * ls_sim_free:
 * @self: (transfer full): a world in which nothing is left to happen
 *
 * Frees it.
 */
void
ls_sim_free (LsSim *self)
{
  ls_sim_check (self, ls_fake_clock_count_alarms (self->clock) == 0, "%u alarms are left",
                ls_fake_clock_count_alarms (self->clock));
  g_queue_clear_full (&self->trace, g_free);
  g_object_unref (self->chance);
  g_object_unref (self->clock);
  g_free (self);
}

/**
 * ls_sim_get_time:
 * @self: a world
 *
 * Returns: milliseconds since its beginning
 */
gint64
ls_sim_get_time (LsSim *self)
{
  return ls_clock_get_monotonic (LS_CLOCK (self->clock)) - LS_FAKE_CLOCK_START_MONOTONIC;
}

/**
 * ls_sim_get_server_wall:
 * @self: a world
 *
 * Returns: the time by the server's clock, which never jumps; milliseconds since the epoch
 */
gint64
ls_sim_get_server_wall (LsSim *self)
{
  return LS_FAKE_CLOCK_START_WALL + ls_sim_get_time (self);
}

/**
 * ls_sim_after:
 * @self: a world
 * @delay_ms: from now
 * @callback: what happens then
 * @user_data: for @callback
 *
 * Returns: an alarm for ls_sim_cancel()
 */
guint
ls_sim_after (LsSim *self, gint64 delay_ms, LsClockAlarmFunc callback, gpointer user_data)
{
  LsClock *clock = LS_CLOCK (self->clock);

  return ls_clock_add_alarm (clock, LS_CLOCK_MONOTONIC, ls_clock_get_monotonic (clock) + delay_ms,
                             callback, user_data);
}

/**
 * ls_sim_cancel:
 * @self: a world
 * @alarm: (inout): an alarm that has not rung; 0: none
 *
 * Keeps it from ringing.
 */
void
ls_sim_cancel (LsSim *self, guint *alarm)
{
  if (*alarm != 0)
    ls_clock_remove_alarm (LS_CLOCK (self->clock), *alarm);
  *alarm = 0;
}

/**
 * ls_sim_below:
 * @self: a world
 * @bound: at least 1
 *
 * Returns: a number from 0 to @bound - 1
 */
gint64
ls_sim_below (LsSim *self, gint64 bound)
{
  return ls_random_below (self->chance, bound);
}

/**
 * ls_sim_happens:
 * @self: a world
 * @permille: how often of a thousand times
 *
 * Returns: whether it happens this time
 */
gboolean
ls_sim_happens (LsSim *self, guint permille)
{
  return ls_sim_below (self, 1000) < permille;
}

/**
 * ls_sim_settle:
 * @self: a world
 *
 * Lets everything happen that takes no time.
 */
void
ls_sim_settle (LsSim *self)
{
  while (g_main_context_iteration (NULL, FALSE))
    continue;
  if (self->settled != NULL)
    self->settled (self->settled_data);
}

/**
 * ls_sim_run:
 * @self: a world
 * @duration_ms: how long
 *
 * Lets time pass, from one thing that happens to the next.
 */
void
ls_sim_run (LsSim *self, gint64 duration_ms)
{
  gint64 end = ls_sim_get_time (self) + duration_ms;

  ls_sim_settle (self);
  for (;;)
    {
      gint64 delay = ls_fake_clock_get_next_delay (self->clock);

      if (delay < 0 || ls_sim_get_time (self) + delay > end)
        break;

      ls_fake_clock_advance (self->clock, delay);
      ls_sim_settle (self);
    }
  ls_fake_clock_advance (self->clock, end - ls_sim_get_time (self));
}

/**
 * ls_sim_trace:
 * @self: a world
 * @format: what happened
 * @...: for @format
 *
 * Notes it.
 */
void
ls_sim_trace (LsSim *self, const char *format, ...)
{
  g_autofree char *text = NULL;
  gint64 now = ls_sim_get_time (self);
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_queue_push_tail (&self->trace, g_strdup_printf ("%6" G_GINT64_FORMAT ".%03d  %s", now / 1000,
                                                    (int)(now % 1000), text));
  if (self->trace.length > MAX_TRACE)
    g_free (g_queue_pop_head (&self->trace));
}

/**
 * ls_sim_fail:
 * @self: a world
 * @format: what is wrong
 * @...: for @format
 *
 * Ends the program with what is wrong, the seed, and what happened last.
 */
void
ls_sim_fail (LsSim *self, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  for (GList *l = self->trace.head; l != NULL; l = l->next)
    printf ("# %s\n", (const char *)l->data);
  printf ("# LABSYNC_SEED=%" G_GUINT64_FORMAT "\nBail out! %s\n", self->seed, text);
  fflush (stdout);
  exit (EXIT_FAILURE);
}
