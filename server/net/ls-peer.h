/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libsoup/soup.h>

#include "ls-auditor.h"
#include "ls-auth.h"
#include "ls-metrics.h"
#include "ls-school.h"

G_BEGIN_DECLS

/**
 * LsCloseCode:
 *
 * Why a connection is closed (protocol, "Close codes"; RFC 6455 §7.4.1). 1012 and 1013, which would
 * fit better here and there, are not among them: libsoup sends 1002 in their place (3.2).
 */
typedef enum
{
  LS_CLOSE_DONE = 1000,
  LS_CLOSE_RESTARTING = 1001,
  LS_CLOSE_POLICY = 1008,
  LS_CLOSE_TOO_LARGE = 1009,
  LS_CLOSE_FAILED = 1011,
  LS_CLOSE_TOKEN = 4001,
  LS_CLOSE_FORBIDDEN = 4003,
  LS_CLOSE_FLOOD = 4008,
  LS_CLOSE_DUPLICATE = 4009,
} LsCloseCode;

/** LS_PEER_MAX_RATE: messages a second that a client may send */
#define LS_PEER_MAX_RATE 50

/**
 * LsPeerContext:
 * @school: (unowned): the school
 * @auth: (unowned): who is let in
 * @auditor: (unowned): what is written down
 * @metrics: (unowned): what is counted
 * @heartbeat: how often a client has to be heard, milliseconds
 * @hello_timeout: how long a client may take until its hello, milliseconds
 *
 * What all peers share; outlives them.
 */
typedef struct
{
  LsSchool *school;
  LsAuth *auth;
  LsAuditor *auditor;
  LsMetrics *metrics;
  gint64 heartbeat;
  gint64 hello_timeout;
} LsPeerContext;

#define LS_TYPE_PEER (ls_peer_get_type ())
G_DECLARE_FINAL_TYPE (LsPeer, ls_peer, LS, PEER, GObject)

LsPeer *ls_peer_new (const LsPeerContext *context,
                     SoupWebsocketConnection *connection,
                     const LsIdentity *identity,
                     const char *network);

gboolean ls_peer_is_ready (LsPeer *self);
const char *ls_peer_get_machine (LsPeer *self);
const char *ls_peer_get_network (LsPeer *self);
const char *ls_peer_get_session_id (LsPeer *self);
LsViewer *ls_peer_get_viewer (LsPeer *self);
void ls_peer_set_viewer (LsPeer *self, LsViewer *viewer);

void ls_peer_offer (LsPeer *self, GPtrArray *entries, LsCursor top);
void ls_peer_announce (LsPeer *self, LsEvent *event);
void ls_peer_drain (LsPeer *self, gint64 retry_after, gint64 spread);
void ls_peer_tick (LsPeer *self, gint64 now_wall, gint64 now_monotonic);
void ls_peer_close (LsPeer *self, LsCloseCode code, const char *reason);

G_END_DECLS
