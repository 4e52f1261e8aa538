/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "ls-entity.h"

G_BEGIN_DECLS

/**
 * LsHeartbeatProfile:
 * @interval: how long a silence may last before we ask, in milliseconds
 * @timeout: how long the answer may take, in milliseconds
 */
typedef struct
{
  gint64 interval;
  gint64 timeout;
} LsHeartbeatProfile;

/**
 * LsConfig:
 * @server: (nullable): the server's URL; %NULL: none is set
 * @websocket: whether to use the socket at all
 * @agent_version: what we say we are
 * @machine: 32 hex digits that name this machine
 * @connect_timeout: from the attempt to `welcome`, milliseconds
 * @active: heartbeat with an app attached
 * @idle: heartbeat without one
 * @metered: heartbeat on a metered network
 * @reconnect_initial: milliseconds
 * @reconnect_max: milliseconds
 * @fallback_after: how many failed attempts at the socket until we poll
 * @polling_interval: milliseconds
 * @websocket_retry: how often to try the socket while polling, milliseconds
 * @entities: which entities the settings want to follow
 * @subscription_ttl: how long an entity is followed without an app, milliseconds
 * @tokens_in_memory: whether tokens that the keyring can't take are kept in memory alone
 *
 * What core needs of the settings (contract, "Settings"), in its own units.
 */
typedef struct
{
  char *server;
  gboolean websocket;
  char *agent_version;
  char *machine;
  gint64 connect_timeout;
  LsHeartbeatProfile active;
  LsHeartbeatProfile idle;
  LsHeartbeatProfile metered;
  gint64 reconnect_initial;
  gint64 reconnect_max;
  guint fallback_after;
  gint64 polling_interval;
  gint64 websocket_retry;
  LsEntitySet entities;
  gint64 subscription_ttl;
  gboolean tokens_in_memory;
} LsConfig;

LsConfig *ls_config_new (void);
LsConfig *ls_config_copy (const LsConfig *config);
void ls_config_free (LsConfig *config);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LsConfig, ls_config_free)

G_END_DECLS
