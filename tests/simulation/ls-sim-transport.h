/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-admission.h"
#include "ls-model-classic.h"
#include "ls-model-server.h"
#include "ls-transport.h"

G_BEGIN_DECLS

/**
 * LsSimDoor:
 * @admission: (owned): the server's own rule
 * @asked: (owned) (element-type gint64): when handshakes reached the server
 * @let_in: (owned) (element-type gint64): when handshakes were answered with a socket
 *
 * The way into the server for many agents.
 */
typedef struct
{
  LsAdmission *admission;
  GArray *asked;
  GArray *let_in;
} LsSimDoor;

/**
 * LsSimLink:
 * @latency: how long anything takes to the server or back at most, milliseconds
 * @slow: how often of a thousand calls one takes up to 15 s
 * @lossy: how often of a thousand frames one from the server is lost while connected
 * @garbled: how often of a thousand frames one can't be understood
 * @doubled: how often of a thousand frames one comes twice
 * @busy: how often of a thousand refreshes the server has no room for one
 * @forgetful: how often of a thousand refreshes or actions the server has done one and nobody hears of it
 * @upgrade_works: whether a socket can be opened; HTTP can in any case
 * @is_cut: nothing gets through, and that is noticed at once
 * @is_silent: nothing gets through, and nobody is told
 * @act: (nullable): does an action at the server, which has taken the token
 * @act_data: for @act
 * @auths: (unowned) (nullable) (element-type gint64): to note when each sign-in or refresh began
 * @door: (unowned) (nullable): what handshakes have to pass at the server
 *
 * How well an agent reaches the server. The test changes the members as it likes.
 */
typedef struct
{
  gint64 latency;
  guint slow;
  guint lossy;
  guint garbled;
  guint doubled;
  guint busy;
  guint forgetful;
  gboolean upgrade_works;
  gboolean is_cut;
  gboolean is_silent;
  LsActionReply *(*act) (const LsActionRequest *request, gpointer act_data);
  gpointer act_data;
  GArray *auths;
  LsSimDoor *door;
} LsSimLink;

#define LS_TYPE_SIM_TRANSPORT (ls_sim_transport_get_type ())
G_DECLARE_FINAL_TYPE (LsSimTransport, ls_sim_transport, LS, SIM_TRANSPORT, GObject)

LsSimTransport *ls_sim_transport_new (LsSim *sim, LsModelServer *server, const LsSimLink *link);
LsSimTransport *
ls_sim_transport_new_classic (LsSim *sim, LsModelClassic *classic, const LsSimLink *link);
void ls_sim_transport_cut (LsSimTransport *self);
guint ls_sim_transport_count_pending (LsSimTransport *self);
GArray *ls_sim_transport_get_opens (LsSimTransport *self);

G_END_DECLS
