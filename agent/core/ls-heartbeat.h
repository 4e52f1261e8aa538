/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-config.h"

G_BEGIN_DECLS

/** LsHeartbeatVerdict: what ls_heartbeat_check() wants done */
typedef enum
{
  LS_HEARTBEAT_WAIT,
  LS_HEARTBEAT_PING,
  LS_HEARTBEAT_DEAD,
} LsHeartbeatVerdict;

/**
 * LsHeartbeat:
 *
 * Watches whether the peer is still there, since libsoup 3.2 does not notice one that is not. All
 * times are monotonic milliseconds. A plain value; members are private.
 */
typedef struct
{
  LsHeartbeatProfile profile;
  gint64 last_heard;
  gint64 pinged_at;
  gint64 deadline;
  gboolean waiting;
} LsHeartbeat;

void ls_heartbeat_start (LsHeartbeat *self, LsHeartbeatProfile profile, gint64 now);
void ls_heartbeat_set_profile (LsHeartbeat *self, LsHeartbeatProfile profile);
void ls_heartbeat_heard (LsHeartbeat *self, gint64 now);
gboolean ls_heartbeat_is_waiting (const LsHeartbeat *self);
void ls_heartbeat_probe (LsHeartbeat *self, gint64 now);
LsHeartbeatVerdict ls_heartbeat_check (LsHeartbeat *self, gint64 now, gint64 *next);
gint64 ls_heartbeat_get_round_trip (const LsHeartbeat *self, gint64 now);

G_END_DECLS
