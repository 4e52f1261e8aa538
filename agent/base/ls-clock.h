/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/**
 * LsClockKind:
 * @LS_CLOCK_WALL: milliseconds since the Unix epoch; may jump
 * @LS_CLOCK_MONOTONIC: milliseconds since some fixed point; never jumps, counts on during suspend
 *
 * Which of the two times an instant belongs to.
 */
typedef enum
{
  LS_CLOCK_WALL,
  LS_CLOCK_MONOTONIC,
} LsClockKind;

#define LS_TYPE_CLOCK (ls_clock_get_type ())
G_DECLARE_INTERFACE (LsClock, ls_clock, LS, CLOCK, GObject)

/**
 * LsClockAlarmFunc:
 * @user_data: what was given to ls_clock_add_alarm()
 *
 * Called once, in the main context, at or after the instant asked for. The alarm is already gone:
 * it need not be removed.
 */
typedef void (*LsClockAlarmFunc) (gpointer user_data);

/**
 * LsClockInterface:
 * @get_time: the current time of @kind, in milliseconds
 * @add_alarm: see ls_clock_add_alarm()
 * @remove_alarm: see ls_clock_remove_alarm()
 *
 * Time as a port. Implementations emit LsClock::jumped when the wall clock was set.
 */
struct _LsClockInterface
{
  GTypeInterface parent_iface;

  gint64 (*get_time) (LsClock *self, LsClockKind kind);
  guint (*add_alarm) (LsClock *self,
                      LsClockKind kind,
                      gint64 at_ms,
                      LsClockAlarmFunc callback,
                      gpointer user_data);
  void (*remove_alarm) (LsClock *self, guint alarm_id);
};

gint64 ls_clock_get_wall (LsClock *self);
gint64 ls_clock_get_monotonic (LsClock *self);
guint ls_clock_add_alarm (LsClock *self,
                          LsClockKind kind,
                          gint64 at_ms,
                          LsClockAlarmFunc callback,
                          gpointer user_data);
void ls_clock_remove_alarm (LsClock *self, guint alarm_id);
void ls_clock_emit_jumped (LsClock *self, gint64 delta_ms);

G_END_DECLS
