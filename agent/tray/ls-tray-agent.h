/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "ls-tray-view.h"

G_BEGIN_DECLS

/**
 * LsTrayCall:
 * @LS_TRAY_CALL_START: have the bus start the agent
 * @LS_TRAY_CALL_RECONNECT: Connection.Reconnect
 * @LS_TRAY_CALL_SYNC: Connection.SyncNow
 * @LS_TRAY_CALL_PAUSE: Connection.Disconnect
 * @LS_TRAY_CALL_RESUME: Connection.Connect
 *
 * What the user may have the agent do.
 */
typedef enum
{
  LS_TRAY_CALL_START,
  LS_TRAY_CALL_RECONNECT,
  LS_TRAY_CALL_SYNC,
  LS_TRAY_CALL_PAUSE,
  LS_TRAY_CALL_RESUME,
} LsTrayCall;

#define LS_TRAY_N_CALLS (LS_TRAY_CALL_RESUME + 1)

#define LS_TYPE_TRAY_AGENT (ls_tray_agent_get_type ())
G_DECLARE_FINAL_TYPE (LsTrayAgent, ls_tray_agent, LS, TRAY_AGENT, GObject)

LsTrayAgent *ls_tray_agent_new (GDBusConnection *connection);
void ls_tray_agent_get_snapshot (LsTrayAgent *self, LsTraySnapshot *snapshot);
void ls_tray_agent_refresh (LsTrayAgent *self);
void ls_tray_agent_call (LsTrayAgent *self, LsTrayCall call);

G_END_DECLS
