/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-transport-config.h"

/**
 * ls_transport_config_copy:
 * @config: a config
 *
 * Returns: (transfer full): a copy
 */
LsTransportConfig *
ls_transport_config_copy (const LsTransportConfig *config)
{
  LsTransportConfig *copy = g_new0 (LsTransportConfig, 1);

  *copy = *config;
  copy->url = g_strdup (config->url);
  copy->ws_url = g_strdup (config->ws_url);
  copy->ca_file = g_strdup (config->ca_file);
  copy->token_in_query = g_strdup (config->token_in_query);
  copy->drop_fields = g_strdupv (config->drop_fields);
  copy->agent_version = g_strdup (config->agent_version);
  return copy;
}

/**
 * ls_transport_config_free:
 * @config: (transfer full): a config
 *
 * Frees it.
 */
void
ls_transport_config_free (LsTransportConfig *config)
{
  g_free (config->url);
  g_free (config->ws_url);
  g_free (config->ca_file);
  g_free (config->token_in_query);
  g_strfreev (config->drop_fields);
  g_free (config->agent_version);
  g_free (config);
}
