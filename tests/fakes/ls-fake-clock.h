/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-clock.h"

G_BEGIN_DECLS

/**
 * LS_FAKE_CLOCK_START_WALL:
 *
 * What a new fake clock shows as wall time, in milliseconds: 2023-11-14 22:13:20 UTC.
 */
#define LS_FAKE_CLOCK_START_WALL G_GINT64_CONSTANT (1700000000000)

/**
 * LS_FAKE_CLOCK_START_MONOTONIC:
 *
 * What a new fake clock shows as monotonic time, in milliseconds.
 */
#define LS_FAKE_CLOCK_START_MONOTONIC G_GINT64_CONSTANT (1000000)

#define LS_TYPE_FAKE_CLOCK (ls_fake_clock_get_type ())
G_DECLARE_FINAL_TYPE (LsFakeClock, ls_fake_clock, LS, FAKE_CLOCK, GObject)

LsFakeClock *ls_fake_clock_new (void);
void ls_fake_clock_advance (LsFakeClock *self, gint64 duration_ms);
void ls_fake_clock_jump_wall (LsFakeClock *self, gint64 delta_ms);
guint ls_fake_clock_count_alarms (LsFakeClock *self);
gint64 ls_fake_clock_get_next_delay (LsFakeClock *self);
gboolean ls_fake_clock_advance_to_next (LsFakeClock *self);

G_END_DECLS
