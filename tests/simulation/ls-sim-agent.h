/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ls-agent.h"
#include "ls-fake-network.h"
#include "ls-fake-secrets.h"
#include "ls-fake-store.h"
#include "ls-sim-transport.h"

G_BEGIN_DECLS

/**
 * LsSimAgent:
 * @sim: (unowned): the world
 * @server: (unowned): its server
 * @link: what is between both
 * @network: (owned)
 * @secrets: (owned): outlives a crash
 * @store: (owned): likewise
 * @disk: how long the disk takes at most, milliseconds
 * @config: (owned)
 * @transport: (owned): of the process that runs
 * @agent: (owned): likewise
 * @rows: (owned) (element-type utf8 utf8): what the app knows: "ENTITY/ID" to data
 *
 * A lab machine: an agent that can crash, its disk, and an app that lists once, and then knows only
 * what it is told. The app checks what it is told.
 */
typedef struct
{
  LsSim *sim;
  LsModelServer *server;
  LsSimLink link;
  LsFakeNetwork *network;
  LsFakeSecrets *secrets;
  LsFakeStore *store;
  gint64 disk;
  LsConfig *config;
  LsSimTransport *transport;
  LsAgent *agent;
  GHashTable *rows;

  /*< private >*/
  guint step;         /* alarm */
  GCancellable *user; /* (owned): of what the user waits for */
  guint64 last_seq;   /* the app's place */
  gboolean is_behind; /* the app reads the log first */
  gboolean has_baseline[LS_N_ENTITIES];
  GHashTable *numbers; /* (owned) (element-type utf8): the newest "n" told of a row */
  GHashTable *dirty;   /* (owned) (element-type utf8): told as changed, not yet as events */
  gboolean is_reading; /* the app has asked for what it missed */
  guint64 life;        /* counts crashes */
} LsSimAgent;

LsSimAgent *ls_sim_agent_new (LsSim *sim, LsModelServer *server);
void ls_sim_agent_free (LsSimAgent *self);

void ls_sim_agent_crash (LsSimAgent *self);
void ls_sim_agent_start (LsSimAgent *self);
void ls_sim_agent_sign_in (LsSimAgent *self);
LsState ls_sim_agent_get_state (LsSimAgent *self);
char *ls_sim_agent_compare (LsSimAgent *self, gboolean with_app);

G_END_DECLS
