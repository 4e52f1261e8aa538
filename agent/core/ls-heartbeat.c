/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-heartbeat.h"

/* How long the answer to a probe may take: after a resume or a change of the network the verdict is
 * wanted soon (goals, F4). */
#define PROBE_TIMEOUT 3000
/* Alarms ring late and verdicts take a moment; what is promised is interval plus timeout. In ms. */
#define SLACK 100

/**
 * ls_heartbeat_start:
 * @self: a heartbeat
 * @profile: how often and how patiently
 * @now: monotonic milliseconds
 *
 * Begins with a link that was alive just now.
 */
void
ls_heartbeat_start (LsHeartbeat *self, LsHeartbeatProfile profile, gint64 now)
{
  *self = (LsHeartbeat) { .profile = profile, .last_heard = now };
}

/**
 * ls_heartbeat_set_profile:
 * @self: a heartbeat
 * @profile: how often and how patiently from now on
 *
 * Changes the rhythm; a question that is out keeps its deadline.
 */
void
ls_heartbeat_set_profile (LsHeartbeat *self, LsHeartbeatProfile profile)
{
  self->profile = profile;
}

/**
 * ls_heartbeat_heard:
 * @self: a heartbeat
 * @now: monotonic milliseconds
 *
 * Something came in, anything: the peer lives.
 */
void
ls_heartbeat_heard (LsHeartbeat *self, gint64 now)
{
  self->last_heard = now;
  self->waiting = FALSE;
}

/**
 * ls_heartbeat_is_waiting:
 * @self: a heartbeat
 *
 * Returns: whether a question is out
 */
gboolean
ls_heartbeat_is_waiting (const LsHeartbeat *self)
{
  return self->waiting;
}

/**
 * ls_heartbeat_probe:
 * @self: a heartbeat
 * @now: monotonic milliseconds
 *
 * The network may have changed: the caller sends a ping now, and its answer is due in 3 s.
 */
void
ls_heartbeat_probe (LsHeartbeat *self, gint64 now)
{
  gint64 deadline = now + PROBE_TIMEOUT - SLACK;

  self->deadline = self->waiting ? MIN (self->deadline, deadline) : deadline;
  self->pinged_at = now;
  self->waiting = TRUE;
}

/**
 * ls_heartbeat_check:
 * @self: a heartbeat
 * @now: monotonic milliseconds
 * @next: (out): when to check again
 *
 * Returns: %LS_HEARTBEAT_PING: send one now; %LS_HEARTBEAT_DEAD: the answer is overdue
 */
LsHeartbeatVerdict
ls_heartbeat_check (LsHeartbeat *self, gint64 now, gint64 *next)
{
  gint64 ping_due = self->last_heard + self->profile.interval;

  if (self->waiting)
    {
      *next = self->deadline;
      return now >= self->deadline ? LS_HEARTBEAT_DEAD : LS_HEARTBEAT_WAIT;
    }
  if (now < ping_due)
    {
      *next = ping_due;
      return LS_HEARTBEAT_WAIT;
    }

  self->waiting = TRUE;
  self->pinged_at = now;
  self->deadline = now + MAX (self->profile.timeout - SLACK, 1);
  *next = self->deadline;
  return LS_HEARTBEAT_PING;
}

/**
 * ls_heartbeat_get_round_trip:
 * @self: a heartbeat
 * @now: monotonic milliseconds, when a pong came
 *
 * Returns: how long the answer took, in milliseconds
 */
gint64
ls_heartbeat_get_round_trip (const LsHeartbeat *self, gint64 now)
{
  return now - self->pinged_at;
}
