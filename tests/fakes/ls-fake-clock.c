/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-fake-clock.h"

/* An alarm that sets itself again for the same instant would ring for ever. No honest test rings
 * this often in one step. */
#define MAX_RINGS_PER_STEP 1000000

typedef struct
{
  guint id;
  LsClockKind kind;
  gint64 at_ms;
  LsClockAlarmFunc callback;
  gpointer user_data;
} Alarm;

/**
 * LsFakeClock:
 *
 * A clock that stands still until the test moves it. Alarms ring from inside the function that
 * moves it, in the order of their instants, those of the same instant in the order they were added.
 */
struct _LsFakeClock
{
  GObject parent_instance;

  gint64 now[LS_CLOCK_MONOTONIC + 1]; /* milliseconds, by LsClockKind */
  GPtrArray *alarms;                  /* (owned) (element-type Alarm), as they were added */
  guint last_id;
};

static void ls_fake_clock_clock_init (LsClockInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LsFakeClock,
                               ls_fake_clock,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (LS_TYPE_CLOCK, ls_fake_clock_clock_init))

static gint64
alarm_get_delay (LsFakeClock *self, const Alarm *alarm)
{
  return MAX (alarm->at_ms - self->now[alarm->kind], 0);
}

/* The alarm that rings next, or NULL. */
static Alarm *
find_next (LsFakeClock *self)
{
  Alarm *next = NULL;

  for (guint i = 0; i < self->alarms->len; i++)
    {
      Alarm *alarm = g_ptr_array_index (self->alarms, i);

      if (next == NULL || alarm_get_delay (self, alarm) < alarm_get_delay (self, next))
        next = alarm;
    }

  return next;
}

static void
move (LsFakeClock *self, gint64 duration_ms)
{
  self->now[LS_CLOCK_WALL] += duration_ms;
  self->now[LS_CLOCK_MONOTONIC] += duration_ms;
}

static void
ring (LsFakeClock *self, Alarm *alarm)
{
  LsClockAlarmFunc callback = alarm->callback;
  gpointer user_data = alarm->user_data;

  g_ptr_array_remove (self->alarms, alarm);
  callback (user_data);
}

static gint64
ls_fake_clock_get_time (LsClock *clock, LsClockKind kind)
{
  return LS_FAKE_CLOCK (clock)->now[kind];
}

static guint
ls_fake_clock_add_alarm (LsClock *clock,
                         LsClockKind kind,
                         gint64 at_ms,
                         LsClockAlarmFunc callback,
                         gpointer user_data)
{
  LsFakeClock *self = LS_FAKE_CLOCK (clock);
  Alarm *alarm = g_new0 (Alarm, 1);

  alarm->id = ++self->last_id;
  alarm->kind = kind;
  alarm->at_ms = at_ms;
  alarm->callback = callback;
  alarm->user_data = user_data;
  g_ptr_array_add (self->alarms, alarm);

  return alarm->id;
}

static Alarm *
find_alarm (LsFakeClock *self, guint alarm_id)
{
  for (guint i = 0; i < self->alarms->len; i++)
    {
      Alarm *alarm = g_ptr_array_index (self->alarms, i);

      if (alarm->id == alarm_id)
        return alarm;
    }

  return NULL;
}

static void
ls_fake_clock_remove_alarm (LsClock *clock, guint alarm_id)
{
  LsFakeClock *self = LS_FAKE_CLOCK (clock);
  Alarm *alarm = find_alarm (self, alarm_id);

  g_return_if_fail (alarm != NULL); /* it has rung or was removed before */

  g_ptr_array_remove (self->alarms, alarm);
}

static void
ls_fake_clock_clock_init (LsClockInterface *iface)
{
  iface->get_time = ls_fake_clock_get_time;
  iface->add_alarm = ls_fake_clock_add_alarm;
  iface->remove_alarm = ls_fake_clock_remove_alarm;
}

static void
ls_fake_clock_finalize (GObject *object)
{
  LsFakeClock *self = LS_FAKE_CLOCK (object);

  g_ptr_array_unref (self->alarms);

  G_OBJECT_CLASS (ls_fake_clock_parent_class)->finalize (object);
}

static void
ls_fake_clock_class_init (LsFakeClockClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ls_fake_clock_finalize;
}

static void
ls_fake_clock_init (LsFakeClock *self)
{
  self->now[LS_CLOCK_WALL] = LS_FAKE_CLOCK_START_WALL;
  self->now[LS_CLOCK_MONOTONIC] = LS_FAKE_CLOCK_START_MONOTONIC;
  self->alarms = g_ptr_array_new_with_free_func (g_free);
}

/**
 * ls_fake_clock_new:
 *
 * Returns: (transfer full): a clock that stands at %LS_FAKE_CLOCK_START_WALL and
 *   %LS_FAKE_CLOCK_START_MONOTONIC
 */
LsFakeClock *
ls_fake_clock_new (void)
{
  return g_object_new (LS_TYPE_FAKE_CLOCK, NULL);
}

/**
 * ls_fake_clock_advance:
 * @self: a fake clock
 * @duration_ms: how long, in milliseconds; 0 rings what is due already
 *
 * Lets time pass on both clocks, also as it passes while the machine is suspended. Alarms ring at
 * their own instants on the way, those that they set included. What they leave to the main loop is
 * the test's to run.
 */
void
ls_fake_clock_advance (LsFakeClock *self, gint64 duration_ms)
{
  gint64 end = 0;
  guint n_rings = 0;

  g_return_if_fail (LS_IS_FAKE_CLOCK (self));
  g_return_if_fail (duration_ms >= 0);

  g_object_ref (self);
  end = self->now[LS_CLOCK_MONOTONIC] + duration_ms;

  for (Alarm *next = find_next (self); next != NULL; next = find_next (self))
    {
      gint64 delay = alarm_get_delay (self, next);

      if (delay > end - self->now[LS_CLOCK_MONOTONIC])
        break;
      if (++n_rings > MAX_RINGS_PER_STEP)
        g_error ("An alarm keeps setting itself for the same instant");

      move (self, delay);
      ring (self, next);
    }

  /* An alarm may have moved the clock itself. */
  move (self, MAX (end - self->now[LS_CLOCK_MONOTONIC], 0));
  g_object_unref (self);
}

/**
 * ls_fake_clock_jump_wall:
 * @self: a fake clock
 * @delta_ms: how far, in milliseconds; may be negative
 *
 * Sets the wall clock without letting time pass: emits LsClock::jumped, then rings the alarms that
 * are due by it.
 */
void
ls_fake_clock_jump_wall (LsFakeClock *self, gint64 delta_ms)
{
  g_return_if_fail (LS_IS_FAKE_CLOCK (self));

  g_object_ref (self);
  self->now[LS_CLOCK_WALL] += delta_ms;
  ls_clock_emit_jumped (LS_CLOCK (self), delta_ms);
  ls_fake_clock_advance (self, 0);
  g_object_unref (self);
}

/**
 * ls_fake_clock_count_alarms:
 * @self: a fake clock
 *
 * Returns: how many alarms have neither rung nor been removed
 */
guint
ls_fake_clock_count_alarms (LsFakeClock *self)
{
  g_return_val_if_fail (LS_IS_FAKE_CLOCK (self), 0);

  return self->alarms->len;
}

/**
 * ls_fake_clock_get_next_delay:
 * @self: a fake clock
 *
 * Returns: how long until the next alarm rings, in milliseconds, or -1 when none is set
 */
gint64
ls_fake_clock_get_next_delay (LsFakeClock *self)
{
  const Alarm *next = NULL;

  g_return_val_if_fail (LS_IS_FAKE_CLOCK (self), -1);

  next = find_next (self);

  return next != NULL ? alarm_get_delay (self, next) : -1;
}

/**
 * ls_fake_clock_advance_to_next:
 * @self: a fake clock
 *
 * Advances to the instant of the next alarm and rings all that are due then.
 *
 * Returns: %FALSE when no alarm is set
 */
gboolean
ls_fake_clock_advance_to_next (LsFakeClock *self)
{
  gint64 delay = ls_fake_clock_get_next_delay (self);

  if (delay < 0)
    return FALSE;

  ls_fake_clock_advance (self, delay);

  return TRUE;
}
