/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-clock.h"

G_DEFINE_INTERFACE (LsClock, ls_clock, G_TYPE_OBJECT)

enum
{
  SIGNAL_JUMPED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static void
ls_clock_default_init (LsClockInterface *iface)
{
  /**
   * LsClock::jumped:
   * @self: the clock
   * @delta_ms: how far the wall clock moved against the monotonic one, in milliseconds
   *
   * The wall clock was set, by hand or by a time service. Alarms on it have been moved already.
   */
  signals[SIGNAL_JUMPED] = g_signal_new ("jumped", LS_TYPE_CLOCK, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                         NULL, G_TYPE_NONE, 1, G_TYPE_INT64);
}

/**
 * ls_clock_get_wall:
 * @self: a clock
 *
 * Returns: milliseconds since the Unix epoch, UTC
 */
gint64
ls_clock_get_wall (LsClock *self)
{
  g_return_val_if_fail (LS_IS_CLOCK (self), 0);

  return LS_CLOCK_GET_IFACE (self)->get_time (self, LS_CLOCK_WALL);
}

/**
 * ls_clock_get_monotonic:
 * @self: a clock
 *
 * Returns: milliseconds since an arbitrary fixed point; suspended time counts
 */
gint64
ls_clock_get_monotonic (LsClock *self)
{
  g_return_val_if_fail (LS_IS_CLOCK (self), 0);

  return LS_CLOCK_GET_IFACE (self)->get_time (self, LS_CLOCK_MONOTONIC);
}

/**
 * ls_clock_add_alarm:
 * @self: a clock
 * @kind: which time @at_ms is in
 * @at_ms: when to call, in milliseconds; an instant in the past means as soon as possible
 * @callback: what to call, once
 * @user_data: for @callback
 *
 * Asks to be called at an instant. @callback never runs from inside this function.
 *
 * Returns: an id above 0, for ls_clock_remove_alarm()
 */
guint
ls_clock_add_alarm (LsClock *self,
                    LsClockKind kind,
                    gint64 at_ms,
                    LsClockAlarmFunc callback,
                    gpointer user_data)
{
  g_return_val_if_fail (LS_IS_CLOCK (self), 0);
  g_return_val_if_fail (callback != NULL, 0);

  return LS_CLOCK_GET_IFACE (self)->add_alarm (self, kind, at_ms, callback, user_data);
}

/**
 * ls_clock_remove_alarm:
 * @self: a clock
 * @alarm_id: an alarm that has not rung yet
 *
 * Takes an alarm back.
 */
void
ls_clock_remove_alarm (LsClock *self, guint alarm_id)
{
  g_return_if_fail (LS_IS_CLOCK (self));
  g_return_if_fail (alarm_id != 0);

  LS_CLOCK_GET_IFACE (self)->remove_alarm (self, alarm_id);
}

/**
 * ls_clock_emit_jumped:
 * @self: a clock
 * @delta_ms: how far the wall clock moved
 *
 * For implementations: emits LsClock::jumped.
 */
void
ls_clock_emit_jumped (LsClock *self, gint64 delta_ms)
{
  g_return_if_fail (LS_IS_CLOCK (self));

  g_signal_emit (self, signals[SIGNAL_JUMPED], 0, delta_ms);
}
