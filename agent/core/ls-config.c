/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-config.h"

/**
 * ls_config_new:
 *
 * Returns: (transfer full): the contract's defaults, without a server
 */
LsConfig *
ls_config_new (void)
{
  LsConfig *config = g_new0 (LsConfig, 1);

  config->websocket = TRUE;
  config->agent_version = g_strdup ("");
  config->machine = g_strdup ("");
  config->connect_timeout = 10000;
  config->active = (LsHeartbeatProfile) { 5000, 4000 };
  config->idle = (LsHeartbeatProfile) { 25000, 10000 };
  config->metered = (LsHeartbeatProfile) { 60000, 10000 };
  config->reconnect_initial = 1000;
  config->reconnect_max = 60000;
  config->fallback_after = 1;
  config->polling_interval = 30000;
  config->websocket_retry = 120000;
  config->entities = LS_ENTITY_SET_STORED;
  config->subscription_ttl = 600000;
  return config;
}

/**
 * ls_config_copy:
 * @config: a configuration
 *
 * Returns: (transfer full): a copy
 */
LsConfig *
ls_config_copy (const LsConfig *config)
{
  LsConfig *copy = g_new (LsConfig, 1);

  *copy = *config;
  copy->server = g_strdup (config->server);
  copy->agent_version = g_strdup (config->agent_version);
  copy->machine = g_strdup (config->machine);
  return copy;
}

/**
 * ls_config_free:
 * @config: (transfer full): a configuration
 *
 * Frees it.
 */
void
ls_config_free (LsConfig *config)
{
  g_free (config->server);
  g_free (config->agent_version);
  g_free (config->machine);
  g_free (config);
}
