/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-fake-clock.h"
#include "ls-fake-random.h"

G_BEGIN_DECLS

/**
 * LsSim:
 * @clock: (owned): the one clock of everybody in the simulation
 * @chance: (owned): everything that is left to chance outside the agents
 * @seed: what all chance follows from
 * @trace: (owned) (element-type utf8): what happened last, for when the run fails
 * @settled: (nullable): called each time nothing is left that takes no time
 * @settled_data: for @settled
 *
 * A small world that stands still until the test moves it.
 */
typedef struct
{
  LsFakeClock *clock;
  LsRandom *chance;
  guint64 seed;
  GQueue trace;
  void (*settled) (gpointer settled_data);
  gpointer settled_data;
} LsSim;

LsSim *ls_sim_new (guint64 seed);
void ls_sim_free (LsSim *self);

gint64 ls_sim_get_time (LsSim *self);
gint64 ls_sim_get_server_wall (LsSim *self);
guint ls_sim_after (LsSim *self, gint64 delay_ms, LsClockAlarmFunc callback, gpointer user_data);
void ls_sim_cancel (LsSim *self, guint *alarm);
gint64 ls_sim_below (LsSim *self, gint64 bound);
gboolean ls_sim_happens (LsSim *self, guint permille);
void ls_sim_settle (LsSim *self);
void ls_sim_run (LsSim *self, gint64 duration_ms);

void ls_sim_trace (LsSim *self, const char *format, ...) G_GNUC_PRINTF (2, 3);
void ls_sim_fail (LsSim *self, const char *format, ...) G_GNUC_PRINTF (2, 3) G_GNUC_NORETURN;

/** ls_sim_check: fails the run, with the seed and what happened last, unless @condition holds */
#define ls_sim_check(self, condition, ...)                                                         \
  G_STMT_START                                                                                     \
  {                                                                                                \
    if (!(condition))                                                                              \
      ls_sim_fail (self, __VA_ARGS__);                                                             \
  }                                                                                                \
  G_STMT_END

G_END_DECLS
