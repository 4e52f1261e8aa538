/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-subscription-request.h"

#include "ls-bus-events.h"
#include "ls-options.h"

static void
set_default_types (gboolean *types, LsEntitySet entities)
{
  for (LsEventType type = 0; type < (LsEventType)ls_event_type_get_count (); type++)
    types[type] = (entities & (1u << ls_event_type_get_entity (type))) != 0;
}

/* What an app in a sandbox calls its place is no name of another app's. */
static char *
name_durable (const LsApp *app, char *name)
{
  g_autofree char *own = name;

  return app->kind == LS_APP_SANDBOXED && own != NULL ? g_strconcat (app->id, "/", own, NULL)
                                                      : g_steal_pointer (&own);
}

static gboolean
find_start (LsSubscriptionRequest *request,
            LsAgent *agent,
            LsAccess *access,
            LsDurables *durables,
            GVariant *options,
            GError **error)
{
  const char *store_id = ls_agent_get_store_id (agent);
  const char *cursor;

  request->after_seq = ls_agent_get_last_seq (agent);
  g_variant_lookup (options, "durable", "s", &request->durable);
  request->durable = name_durable (ls_access_get_app (access, request->sender), request->durable);
  if (g_variant_lookup (options, "cursor", "&s", &cursor))
    {
      if (!ls_agent_parse_cursor (agent, cursor, &request->after_seq, error))
        return FALSE;
    }
  else if (request->durable != NULL)
    ls_durables_lookup (durables, store_id, request->durable, &request->after_seq);

  return request->durable == NULL || ls_durables_set (durables, store_id, request->durable,
                                                      request->app, request->after_seq, error);
}

/* Who names types must be allowed to have each of them; who names none gets what is allowed. */
static gboolean
choose_types (LsSubscriptionRequest *request,
              LsAgent *agent,
              LsAccess *access,
              const char *const *types,
              GError **error)
{
  LsEntitySet followed = ls_agent_get_config (agent)->entities;
  LsEntitySet readable = ls_access_get_readable (access, request->sender);

  if (types[0] == NULL)
    set_default_types (request->types, (followed & readable) != 0 ? followed & readable : followed);
  else if (!ls_bus_event_types_parse (types, request->types, error))
    return FALSE;

  return ls_access_check_read (access, request->sender,
                               ls_subscription_request_get_entities (request), error);
}

/**
 * ls_subscription_request_parse:
 * @agent: the agent
 * @access: who may do what
 * @durables: the durable places; that of the option `durable` is kept from now on
 * @sender: the unique name of the app
 * @types: event types; empty: all of the entities that the settings follow
 * @options: what came from the bus, not checked yet
 * @error: %LS_ERROR_ACCESS_DENIED, %LS_ERROR_UNKNOWN_OPTION, %LS_ERROR_INVALID_ARGUMENT, %LS_ERROR_NOT_SIGNED_IN,
 *   %LS_ERROR_CURSOR_EXPIRED, %LS_ERROR_LIMIT_EXCEEDED: too many durable names
 *
 * Returns: (transfer full) (nullable): what is asked for; whether the log reaches back to there is
 *   for the store to say
 */
LsSubscriptionRequest *
ls_subscription_request_parse (LsAgent *agent,
                               LsAccess *access,
                               LsDurables *durables,
                               const char *sender,
                               const char *const *types,
                               GVariant *options,
                               GError **error)
{
  static const LsOption known[] = { { "cursor", "s" }, { "durable", "s" }, { "filter", "a{ss}" } };
  g_autoptr (LsSubscriptionRequest) request = NULL;

  if (!ls_options_check (options, known, G_N_ELEMENTS (known), error))
    return NULL;

  request = g_new0 (LsSubscriptionRequest, 1);
  request->sender = g_strdup (sender);
  request->app = g_strdup (ls_app_get_name (ls_access_get_app (access, sender)));
  request->types = g_new0 (gboolean, ls_event_type_get_count ());
  request->filter = ls_options_get_filter (options);
  if (!ls_agent_check_store (agent, error) ||
      !choose_types (request, agent, access, types, error) ||
      !find_start (request, agent, access, durables, options, error))
    return NULL;

  return g_steal_pointer (&request);
}

/**
 * ls_subscription_request_get_entities:
 * @request: a request
 *
 * Returns: whose events are asked for
 */
LsEntitySet
ls_subscription_request_get_entities (const LsSubscriptionRequest *request)
{
  LsEntitySet entities = LS_ENTITY_SET_NONE;

  for (LsEventType type = 0; type < (LsEventType)ls_event_type_get_count (); type++)
    if (request->types[type])
      entities |= 1u << ls_event_type_get_entity (type);

  return entities;
}

/**
 * ls_subscription_request_free:
 * @request: (transfer full): a request
 *
 * Frees it.
 */
void
ls_subscription_request_free (LsSubscriptionRequest *request)
{
  g_free (request->sender);
  g_free (request->app);
  g_free (request->types);
  g_clear_pointer (&request->filter, g_hash_table_unref);
  g_free (request->durable);
  g_free (request);
}
