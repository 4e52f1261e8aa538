/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-cache-service.h"

#include "ls-bus-names.h"
#include "ls-callers.h"
#include "ls-invocation.h"

/* How many rows List returns (org.labsync.Agent1.Cache). */
#define DEFAULT_LIMIT 100
#define MAX_LIMIT 500

/**
 * LsCacheService:
 *
 * org.labsync.Agent1.Cache on an #LsAgent.
 */
struct _LsCacheService
{
  LsDbusCacheSkeleton parent_instance;

  LsAgent *agent; /* (owned) */
  LsClock *clock; /* (owned) */
};

static void ls_cache_service_iface_init (LsDbusCacheIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LsCacheService,
                               ls_cache_service,
                               LS_DBUS_TYPE_CACHE_SKELETON,
                               G_IMPLEMENT_INTERFACE (LS_DBUS_TYPE_CACHE,
                                                      ls_cache_service_iface_init))

/* A call of Get or List on its way. */
typedef struct
{
  LsCacheService *service;           /* (owned) */
  GDBusMethodInvocation *invocation; /* (owned) by the answer */
  LsListQuery *query;                /* (owned): of Get only the entity counts */
  char *id;                          /* (owned) (nullable): of Get */
} Call;

static void
ls_cache_service_finalize (GObject *object)
{
  LsCacheService *self = LS_CACHE_SERVICE (object);

  g_clear_object (&self->agent);
  g_clear_object (&self->clock);

  G_OBJECT_CLASS (ls_cache_service_parent_class)->finalize (object);
}

static void
ls_cache_service_class_init (LsCacheServiceClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ls_cache_service_finalize;
  ls_callers_guard_class (G_DBUS_INTERFACE_SKELETON_CLASS (klass));
}

static void
ls_cache_service_init (LsCacheService *self)
{
}

static void
call_free (Call *call)
{
  g_object_unref (call->service);
  ls_list_query_free (call->query);
  g_free (call->id);
  g_free (call);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Call, call_free)

static GVariant *
meta_new (const LsRow *row)
{
  g_auto (GVariantDict) meta = G_VARIANT_DICT_INIT (NULL);

  g_variant_dict_insert (&meta, "version", "x", row->version);
  g_variant_dict_insert (&meta, "as-of", "t", (guint64)row->as_of);
  g_variant_dict_insert (&meta, "source", "s", "server");
  g_variant_dict_insert_value (&meta, "pending", g_variant_new_strv (NULL, 0));
  g_variant_dict_insert (&meta, "deleted", "b", row->deleted);
  return g_variant_dict_end (&meta);
}

static void
store_get_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Call) call = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (LsRow) row = ls_store_get_finish (LS_STORE (object), result, &error);

  if (row == NULL)
    ls_invocation_return_error (call->invocation, error);
  else
    ls_dbus_cache_complete_get (LS_DBUS_CACHE (call->service), call->invocation,
                                row->data != NULL ? row->data : "", meta_new (row));
}

static void
store_list_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Call) call = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (LsRowPage) page = ls_store_list_finish (LS_STORE (object), result, &error);
  g_auto (GVariantBuilder) rows = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a(sssa{sv})"));
  g_autofree char *cursor = NULL;

  if (page == NULL)
    {
      ls_invocation_return_error (call->invocation, error);
      return;
    }

  for (guint i = 0; i < page->rows->len; i++)
    {
      const LsRow *row = g_ptr_array_index (page->rows, i);

      g_variant_builder_add (&rows, "(sss@a{sv})", ls_entity_to_string (row->entity), row->id,
                             row->data, meta_new (row));
    }
  cursor = ls_agent_format_cursor (call->service->agent, page->seq);
  ls_dbus_cache_complete_list (LS_DBUS_CACHE (call->service), call->invocation,
                               g_variant_builder_end (&rows), page->next != NULL ? page->next : "",
                               cursor);
}

static void
read_store (Call *call)
{
  LsStore *store = ls_agent_get_store (call->service->agent);

  if (call->id != NULL)
    ls_store_get_async (store, call->query->entity, call->id, store_get_cb, call);
  else
    ls_store_list_async (store, call->query, store_list_cb, call);
}

static void
agent_sync_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Call) call = user_data;
  g_autoptr (GError) error = NULL;

  if (ls_agent_sync_finish (LS_AGENT (object), result, &error))
    read_store (g_steal_pointer (&call));
  else
    ls_invocation_return_error (call->invocation, error);
}

static gboolean
is_fresh (LsCacheService *self, GVariant *options)
{
  gint64 confirmed_at = ls_agent_get_status (self->agent)->confirmed_at;
  guint32 max_age;

  if (!g_variant_lookup (options, "max-age", "u", &max_age))
    return TRUE;

  return ls_clock_get_wall (self->clock) - confirmed_at <= (gint64)max_age * 1000;
}

static void
begin (LsCacheService *self, Call *call, GVariant *options)
{
  if (is_fresh (self, options))
    read_store (call);
  else
    ls_agent_sync_async (self->agent, NULL, agent_sync_cb, call);
}

/* What Get and List have in common. */
static LsEntity
parse_common (LsCacheService *self, const char *name, GVariant *options, GError **error)
{
  static const char *const views[] = { "server", "pending", "merged", NULL };
  LsEntity entity = ls_entity_from_string (name);
  const char *view;

  if (entity == LS_ENTITY_INVALID || entity == LS_ENTITY_PRESENCE)
    {
      g_set_error (error, LS_ERROR, LS_ERROR_UNKNOWN_ENTITY, "unknown entity “%s”", name);
      return LS_ENTITY_INVALID;
    }
  if (g_variant_lookup (options, "view", "&s", &view) && !g_strv_contains (views, view))
    {
      g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT,
                   "option “view” is server, pending or merged, not “%s”", view);
      return LS_ENTITY_INVALID;
    }
  return ls_agent_check_store (self->agent, error) ? entity : LS_ENTITY_INVALID;
}

static gboolean
handle_get (LsDbusCache *object,
            GDBusMethodInvocation *invocation,
            const char *entity_name,
            const char *id,
            GVariant *options)
{
  static const LsOption known[] = { { "view", "s" }, { "max-age", "u" } };
  LsCacheService *self = LS_CACHE_SERVICE (object);
  g_autoptr (GError) error = NULL;
  LsEntity entity;
  Call *call;

  if (!ls_invocation_check_options (invocation, options, known, G_N_ELEMENTS (known)))
    return G_DBUS_METHOD_INVOCATION_HANDLED;

  entity = parse_common (self, entity_name, options, &error);
  if (entity == LS_ENTITY_INVALID)
    {
      ls_invocation_return_error (invocation, error);
      return G_DBUS_METHOD_INVOCATION_HANDLED;
    }

  call = g_new (Call, 1);
  *call = (Call) { g_object_ref (self), invocation, ls_list_query_new (entity), g_strdup (id) };
  begin (self, call, options);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static LsListQuery *
parse_query (LsCacheService *self, const char *entity_name, GVariant *options, GError **error)
{
  LsEntity entity = parse_common (self, entity_name, options, error);
  g_autoptr (LsListQuery) query = NULL;

  if (entity == LS_ENTITY_INVALID)
    return NULL;

  query = ls_list_query_new (entity);
  query->limit = DEFAULT_LIMIT;
  g_variant_lookup (options, "limit", "u", &query->limit);
  if (query->limit < 1 || query->limit > MAX_LIMIT)
    {
      g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT, "option “limit” is 1 to %d",
                   MAX_LIMIT);
      return NULL;
    }
  query->filter = ls_options_get_filter (options);
  g_variant_lookup (options, "order-by", "s", &query->order_by);
  g_variant_lookup (options, "descending", "b", &query->descending);
  g_variant_lookup (options, "after", "s", &query->after);
  return g_steal_pointer (&query);
}

static gboolean
handle_list (LsDbusCache *object,
             GDBusMethodInvocation *invocation,
             const char *entity_name,
             GVariant *options)
{
  static const LsOption known[] = {
    { "view", "s" },       { "max-age", "u" }, { "filter", "a{ss}" }, { "order-by", "s" },
    { "descending", "b" }, { "limit", "u" },   { "after", "s" },
  };
  LsCacheService *self = LS_CACHE_SERVICE (object);
  g_autoptr (LsListQuery) query = NULL;
  g_autoptr (GError) error = NULL;
  Call *call;

  if (!ls_invocation_check_options (invocation, options, known, G_N_ELEMENTS (known)))
    return G_DBUS_METHOD_INVOCATION_HANDLED;

  query = parse_query (self, entity_name, options, &error);
  if (query == NULL)
    {
      ls_invocation_return_error (invocation, error);
      return G_DBUS_METHOD_INVOCATION_HANDLED;
    }

  call = g_new (Call, 1);
  *call = (Call) { g_object_ref (self), invocation, g_steal_pointer (&query), NULL };
  begin (self, call, options);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
ls_cache_service_iface_init (LsDbusCacheIface *iface)
{
  iface->handle_get = handle_get;
  iface->handle_list = handle_list;
}

static void
on_agent_rows_changed (LsAgent *agent,
                       LsEntity entity,
                       const char *const *ids,
                       LsCacheService *self)
{
  ls_dbus_cache_emit_changed (LS_DBUS_CACHE (self), ls_entity_to_string (entity), ids);
}

static GStrv
entity_names (void)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (LsEntity entity = 0; entity < LS_N_ENTITIES; entity++)
    if ((LS_ENTITY_SET_STORED & (1u << entity)) != 0)
      g_strv_builder_add (builder, ls_entity_to_string (entity));

  return g_strv_builder_end (builder);
}

/**
 * ls_cache_service_new:
 * @agent: the agent
 * @clock: the clock, for `max-age`
 *
 * Returns: (transfer full): an interface to export
 */
LsCacheService *
ls_cache_service_new (LsAgent *agent, LsClock *clock)
{
  g_auto (GStrv) entities = entity_names ();
  LsCacheService *self = g_object_new (LS_TYPE_CACHE_SERVICE, "version", LS_BUS_INTERFACE_VERSION,
                                       "entities", entities, NULL);

  self->agent = g_object_ref (agent);
  self->clock = g_object_ref (clock);
  g_signal_connect_object (agent, "rows-changed", G_CALLBACK (on_agent_rows_changed), self, 0);
  return self;
}
