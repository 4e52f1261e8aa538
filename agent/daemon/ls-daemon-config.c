/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-daemon-config.h"

#include "ls-server-url.h"

static char *
string_or_null (LsSettings *settings, const char *group, const char *name)
{
  const char *value = ls_settings_get_string (settings, group, name);

  return value == NULL || *value == '\0' ? NULL : g_strdup (value);
}

static LsHeartbeatProfile
profile (LsSettings *settings, const char *interval, const char *timeout)
{
  return (LsHeartbeatProfile) { ls_settings_get_int64 (settings, "Connection", interval),
                                ls_settings_get_int64 (settings, "Connection", timeout) };
}

static LsEntitySet
entities_of (const char *const *types)
{
  LsEntitySet entities = LS_ENTITY_SET_NONE;

  for (guint i = 0; types != NULL && types[i] != NULL; i++)
    {
      LsEventType type = ls_event_type_from_string (types[i]);

      if (type == LS_EVENT_TYPE_INVALID)
        g_warning ("Sync: there is no event type '%s'", types[i]);
      else
        entities |= 1u << ls_event_type_get_entity (type);
    }

  return entities;
}

/* No event types named: all but presence (contract, "Settings"). */
static LsEntitySet
wanted_entities (LsSettings *settings)
{
  const char *const *types = ls_settings_get_list (settings, "Sync", "event-types");
  const char *const *extra = ls_settings_get_list (settings, "Sync", "extra-event-types");
  LsEntitySet entities = LS_ENTITY_SET_STORED;

  if (types != NULL && types[0] != NULL)
    entities = entities_of (types);

  return entities | entities_of (extra);
}

/**
 * ls_daemon_config_for_transport:
 * @settings: settings
 *
 * Returns: (transfer full): what the transport needs of them
 */
LsTransportConfig *
ls_daemon_config_for_transport (LsSettings *settings)
{
  LsTransportConfig *config = g_new0 (LsTransportConfig, 1);

  config->url = string_or_null (settings, "Server", "url");
  config->ws_url = string_or_null (settings, "Server", "ws-url");
  config->ca_file = string_or_null (settings, "Server", "ca-file");
  config->allow_insecure = ls_settings_get_boolean (settings, "Server", "allow-insecure");
  config->token_in_query = string_or_null (settings, "Server", "token-in-query");
  config->connect_timeout_ms = ls_settings_get_int64 (settings, "Connection", "connect-timeout");
  config->drop_fields =
      g_strdupv ((char **)ls_settings_get_list (settings, "Cache", "drop-fields"));
  config->agent_version = g_strdup (LS_VERSION);
  return config;
}

/* A server that must not be talked to is none: the agent says so and stays away. */
static char *
usable_server (LsSettings *settings)
{
  g_autofree char *url = string_or_null (settings, "Server", "url");
  g_autofree char *ws_url = string_or_null (settings, "Server", "ws-url");
  g_autoptr (LsServerUrl) checked = NULL;
  g_autoptr (GError) error = NULL;

  if (url == NULL)
    return NULL;

  checked = ls_server_url_new (
      url, ws_url, ls_settings_get_boolean (settings, "Server", "allow-insecure"), &error);
  if (checked == NULL)
    {
      g_warning ("Server.url: %s", error->message);
      return NULL;
    }

  return g_steal_pointer (&url);
}

/**
 * ls_daemon_config_for_core:
 * @settings: settings
 * @machine: 32 hex digits that name this machine
 *
 * Returns: (transfer full): what core needs of them
 */
LsConfig *
ls_daemon_config_for_core (LsSettings *settings, const char *machine)
{
  LsConfig *config = ls_config_new ();

  config->server = usable_server (settings);
  config->websocket = ls_settings_get_boolean (settings, "Server", "websocket");
  g_free (config->agent_version);
  config->agent_version = g_strdup (LS_VERSION);
  g_free (config->machine);
  config->machine = g_strdup (machine);
  config->connect_timeout = ls_settings_get_int64 (settings, "Connection", "connect-timeout");
  config->active = profile (settings, "ping-interval", "pong-timeout");
  config->idle = profile (settings, "ping-interval-idle", "pong-timeout-idle");
  config->metered = profile (settings, "ping-interval-metered", "pong-timeout-metered");
  config->reconnect_initial = ls_settings_get_int64 (settings, "Connection", "reconnect-initial");
  config->reconnect_max = ls_settings_get_int64 (settings, "Connection", "reconnect-max");
  config->fallback_after = (guint)ls_settings_get_int64 (settings, "Connection", "fallback-after");
  config->polling_interval = ls_settings_get_int64 (settings, "Connection", "polling-interval");
  config->websocket_retry = ls_settings_get_int64 (settings, "Connection", "websocket-retry");
  config->entities = wanted_entities (settings);
  config->subscription_ttl = ls_settings_get_int64 (settings, "Sync", "subscription-ttl");
  config->tokens_in_memory = ls_settings_get_boolean (settings, "Privacy", "tokens-in-memory");
  return config;
}

static LsConflictPolicy
get_policy (LsSettings *settings, LsEntity entity)
{
  static const char *const names[] = {
    [LS_CONFLICT_POLICY_MANUAL] = "manual",
    [LS_CONFLICT_POLICY_MERGE] = "merge",
    [LS_CONFLICT_POLICY_SERVER] = "server",
    [LS_CONFLICT_POLICY_LOCAL] = "local",
  };
  const char *name = ls_settings_get_string (settings, "Conflict", ls_entity_to_string (entity));
  guint policy = 0;

  while (!g_str_equal (names[policy], name))
    policy++;
  return (LsConflictPolicy)policy;
}

/**
 * ls_daemon_config_for_queue:
 * @settings: settings
 *
 * Returns: what the queue of actions needs of them
 */
LsQueueConfig
ls_daemon_config_for_queue (LsSettings *settings)
{
  LsQueueConfig config = {
    .max_actions = (guint)ls_settings_get_int64 (settings, "Queue", "max-actions"),
    .max_of_app = (guint)ls_settings_get_int64 (settings, "Apps", "max-actions"),
    .max_bytes = (gsize)ls_settings_get_int64 (settings, "Queue", "max-bytes"),
    .rate = (guint)ls_settings_get_int64 (settings, "Queue", "rate"),
  };

  for (LsEntity entity = 0; entity < LS_N_ENTITIES; entity++)
    if ((LS_ENTITY_SET_STORED & (1u << entity)) != 0)
      config.policies[entity] = get_policy (settings, entity);
  /* what is nowhere in the cache can't be merged */
  config.policies[LS_ENTITY_PRESENCE] = LS_CONFLICT_POLICY_MANUAL;
  config.policies[LS_N_ENTITIES] = LS_CONFLICT_POLICY_MANUAL;
  return config;
}

/**
 * ls_daemon_config_for_sign_out:
 * @settings: settings
 *
 * Returns: what a sign-out needs of them
 */
LsSignOutDefaults
ls_daemon_config_for_sign_out (LsSettings *settings)
{
  return (LsSignOutDefaults) {
    .wipe = ls_settings_get_boolean (settings, "Privacy", "wipe-on-sign-out"),
    .flush_seconds = (guint)ls_settings_get_int64 (settings, "Queue", "flush-seconds"),
  };
}

static LsSandboxPolicy
get_sandbox_policy (LsSettings *settings)
{
  const char *policy = ls_settings_get_string (settings, "Apps", "sandboxed");

  if (g_str_equal (policy, "ask"))
    return LS_SANDBOX_ASK;

  return g_str_equal (policy, "allow") ? LS_SANDBOX_ALLOW : LS_SANDBOX_DENY;
}

/**
 * ls_daemon_config_for_access:
 * @settings: settings
 *
 * Returns: what apps may do; its lists are valid until @settings are read again
 */
LsAccessPolicy
ls_daemon_config_for_access (LsSettings *settings)
{
  return (LsAccessPolicy) {
    .host = g_str_equal (ls_settings_get_string (settings, "Apps", "host"), "allow"),
    .sandboxed = get_sandbox_policy (settings),
    .read = ls_settings_get_list (settings, "Apps", "read"),
    .enqueue = ls_settings_get_list (settings, "Apps", "enqueue"),
  };
}
