/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-cache-service.h"

#include <string.h>

#include "ls-bus-names.h"
#include "ls-callers.h"
#include "ls-invocation.h"
#include "ls-merged-rows.h"

/* How many rows List returns (org.labsync.Agent1.Cache). */
#define DEFAULT_LIMIT 100
#define MAX_LIMIT 500
/* How many ids Changed has at most (the same). */
#define MAX_IDS 1000

/**
 * LsCacheService:
 *
 * org.labsync.Agent1.Cache on an #LsAgent and its #LsActionQueue.
 */
struct _LsCacheService
{
  LsDbusCacheSkeleton parent_instance;

  LsAgent *agent;       /* (owned) */
  LsActionQueue *queue; /* (owned) */
  LsAccess *access;     /* (owned) */
  LsClock *clock;       /* (owned) */
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
  char *store_id;                    /* (owned) (nullable): of whom it was checked */
  LsCacheView view;
  GHashTable *changed; /* (owned) (nullable) (element-type utf8 LsMergedRow): of List */
  guint64 seq;         /* of List: what the rows in @changed stand for at least */
} Call;

static void
ls_cache_service_finalize (GObject *object)
{
  LsCacheService *self = LS_CACHE_SERVICE (object);

  g_clear_object (&self->agent);
  g_clear_object (&self->queue);
  g_clear_object (&self->access);
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
  g_free (call->store_id);
  g_clear_pointer (&call->changed, g_hash_table_unref);
  g_free (call);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Call, call_free)

static void
store_get_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Call) call = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (LsRow) row = ls_store_get_finish (LS_STORE (object), result, &error);
  g_autoptr (LsMergedRow) merged = NULL;
  const char *data;

  if (!ls_invocation_check_store (call->invocation, call->service->agent, call->store_id))
    return;
  if (row == NULL && !g_error_matches (error, LS_ERROR, LS_ERROR_NOT_FOUND))
    {
      ls_invocation_return_error (call->invocation, error);
      return;
    }

  merged = ls_merged_row_new (call->service->queue, call->query->entity, call->id,
                              g_steal_pointer (&row));
  if (!ls_merged_row_is_in (merged, call->view))
    {
      g_dbus_method_invocation_return_error (call->invocation, LS_ERROR, LS_ERROR_NOT_FOUND,
                                             "there is no such row");
      return;
    }

  data = ls_merged_row_get_data (merged, call->view);
  ls_dbus_cache_complete_get (LS_DBUS_CACHE (call->service), call->invocation,
                              data != NULL ? data : "",
                              ls_merged_row_get_meta (merged, call->view));
}

static void
add_row (GVariantBuilder *rows, const LsRow *row, const LsMergedRow *changed, LsCacheView view)
{
  const LsMergedRow plain = { (LsRow *)row, NULL };
  const LsMergedRow *shown = changed != NULL ? changed : &plain;
  const char *data = ls_merged_row_get_data (shown, view);

  g_variant_builder_add (rows, "(sss@a{sv})", ls_entity_to_string (row->entity), row->id,
                         data != NULL ? data : "", ls_merged_row_get_meta (shown, view));
}

/* Rows in @changed were read before the page was. */
static guint64
get_seq (const Call *call, const LsRowPage *page)
{
  return call->changed != NULL ? MIN (call->seq, page->seq) : page->seq;
}

static void
store_list_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Call) call = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (LsRowPage) page = ls_store_list_finish (LS_STORE (object), result, &error);
  g_auto (GVariantBuilder) rows = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a(sssa{sv})"));
  g_autofree char *cursor = NULL;

  if (!ls_invocation_check_store (call->invocation, call->service->agent, call->store_id))
    return;
  if (page == NULL)
    {
      ls_invocation_return_error (call->invocation, error);
      return;
    }

  for (guint i = 0; i < page->rows->len; i++)
    {
      const LsRow *row = g_ptr_array_index (page->rows, i);

      add_row (&rows, row,
               call->changed != NULL ? g_hash_table_lookup (call->changed, row->id) : NULL,
               call->view);
    }
  cursor = ls_agent_format_cursor (call->service->agent, get_seq (call, page));
  ls_dbus_cache_complete_list (LS_DBUS_CACHE (call->service), call->invocation,
                               g_variant_builder_end (&rows), page->next != NULL ? page->next : "",
                               cursor);
}

/* What stands in for a row in the list. A deleted one is looked for, in the view that has it, by what it
 * was. */
static LsRow *
stand_in_new (LsEntity entity, const char *id, const LsMergedRow *changed, LsCacheView view)
{
  const char *data = changed->overlay->data;

  if (data == NULL && view == LS_CACHE_VIEW_PENDING)
    data = changed->row != NULL && changed->row->data != NULL ? changed->row->data : "{}";
  return ls_row_new (entity, id, data, 0);
}

static void
merged_rows_read_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Call) call = user_data;
  g_autoptr (GError) error = NULL;
  LsStore *store = ls_agent_get_store (call->service->agent);
  LsListQuery *query = call->query;
  GHashTableIter iter;
  gpointer id;
  gpointer changed;

  call->changed = ls_merged_rows_read_finish (LS_ACTION_QUEUE (object), result, &error);
  if (call->changed == NULL)
    {
      ls_invocation_return_error (call->invocation, error);
      return;
    }

  query->only_overlay = call->view == LS_CACHE_VIEW_PENDING;
  query->overlay = ls_row_array_new ();
  g_hash_table_iter_init (&iter, call->changed);
  while (g_hash_table_iter_next (&iter, &id, &changed))
    g_ptr_array_add (query->overlay, stand_in_new (query->entity, id, changed, call->view));
  ls_store_list_async (store, query, store_list_cb, g_steal_pointer (&call));
}

static gboolean
is_changed (LsCacheService *self, LsEntity entity)
{
  g_autoptr (GPtrArray) ids = ls_action_queue_get_touched (self->queue, entity);

  return ids->len > 0;
}

static void
read_store (Call *call)
{
  LsCacheService *self = call->service;
  LsStore *store = ls_agent_get_store (self->agent);
  LsEntity entity = call->query->entity;
  gboolean plain = call->view == LS_CACHE_VIEW_SERVER ||
                   (call->view == LS_CACHE_VIEW_MERGED && !is_changed (self, entity));

  call->seq = ls_agent_get_last_seq (self->agent);
  if (call->id != NULL)
    ls_store_get_async (store, entity, call->id, store_get_cb, call);
  else if (plain)
    ls_store_list_async (store, call->query, store_list_cb, call);
  else
    ls_merged_rows_read_async (self->queue, store, entity, merged_rows_read_cb, call);
}

/* Before it is open nobody knows what is to be laid over the rows. One that can't be opened is no reason not
 * to read. */
static void
queue_ready_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  if (!ls_action_queue_ready_finish (LS_ACTION_QUEUE (object), result, &error))
    g_debug ("rows are read without what is in the queue: %s", error->message);
  read_store (user_data);
}

static void
read_rows (Call *call)
{
  if (call->view == LS_CACHE_VIEW_SERVER)
    read_store (call);
  else
    ls_action_queue_ready_async (call->service->queue, FALSE, queue_ready_cb, call);
}

static void
agent_sync_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Call) call = user_data;
  g_autoptr (GError) error = NULL;

  if (ls_agent_sync_finish (LS_AGENT (object), result, &error))
    read_rows (g_steal_pointer (&call));
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
    read_rows (call);
  else
    ls_agent_sync_async (self->agent, NULL, agent_sync_cb, call);
}

static gboolean
parse_view (GVariant *options, LsCacheView *view, GError **error)
{
  const char *name;

  *view = LS_CACHE_VIEW_MERGED;
  if (!g_variant_lookup (options, "view", "&s", &name))
    return TRUE;

  *view = ls_cache_view_from_string (name);
  if (*view != LS_CACHE_VIEW_INVALID)
    return TRUE;

  g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT,
               "option “view” is server, pending or merged, not “%s”", name);
  return FALSE;
}

/* What Get and List have in common. */
static LsEntity
parse_common (LsCacheService *self,
              const char *sender,
              const char *name,
              GVariant *options,
              LsCacheView *view,
              GError **error)
{
  LsEntity entity = ls_entity_from_string (name);

  if (entity == LS_ENTITY_INVALID || entity == LS_ENTITY_PRESENCE)
    {
      g_set_error (error, LS_ERROR, LS_ERROR_UNKNOWN_ENTITY, "unknown entity “%s”", name);
      return LS_ENTITY_INVALID;
    }
  if (!parse_view (options, view, error))
    return LS_ENTITY_INVALID;
  return ls_agent_check_store (self->agent, error) &&
                 ls_access_check_read (self->access, sender, 1u << entity, error)
             ? entity
             : LS_ENTITY_INVALID;
}

static Call *
call_new (LsCacheService *self,
          GDBusMethodInvocation *invocation,
          LsListQuery *query,
          LsCacheView view)
{
  Call *call = g_new0 (Call, 1);

  call->service = g_object_ref (self);
  call->invocation = invocation;
  call->query = query;
  call->view = view;
  call->store_id = g_strdup (ls_agent_get_store_id (self->agent));
  return call;
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
  LsCacheView view;
  LsEntity entity;
  Call *call;

  if (!ls_invocation_check_options (invocation, options, known, G_N_ELEMENTS (known)))
    return G_DBUS_METHOD_INVOCATION_HANDLED;

  entity = parse_common (self, g_dbus_method_invocation_get_sender (invocation), entity_name,
                         options, &view, &error);
  if (entity == LS_ENTITY_INVALID)
    {
      ls_invocation_return_error (invocation, error);
      return G_DBUS_METHOD_INVOCATION_HANDLED;
    }

  call = call_new (self, invocation, ls_list_query_new (entity), view);
  call->id = g_strdup (id);
  begin (self, call, options);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static LsListQuery *
parse_query (LsCacheService *self,
             const char *sender,
             const char *entity_name,
             GVariant *options,
             LsCacheView *view,
             GError **error)
{
  LsEntity entity = parse_common (self, sender, entity_name, options, view, error);
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
  LsCacheView view;

  if (!ls_invocation_check_options (invocation, options, known, G_N_ELEMENTS (known)))
    return G_DBUS_METHOD_INVOCATION_HANDLED;

  query = parse_query (self, g_dbus_method_invocation_get_sender (invocation), entity_name, options,
                       &view, &error);
  if (query == NULL)
    {
      ls_invocation_return_error (invocation, error);
      return G_DBUS_METHOD_INVOCATION_HANDLED;
    }

  begin (self, call_new (self, invocation, g_steal_pointer (&query), view), options);
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

static void
on_queue_rows_changed (LsActionQueue *queue, LsEntity entity, GStrv ids, LsCacheService *self)
{
  const guint n_ids = g_strv_length (ids);

  for (guint start = 0; start < n_ids; start += MAX_IDS)
    {
      const guint n = MIN (n_ids - start, MAX_IDS);
      g_autofree const char **part = g_new0 (const char *, n + 1);

      memcpy (part, ids + start, n * sizeof *part);
      ls_dbus_cache_emit_changed (LS_DBUS_CACHE (self), ls_entity_to_string (entity), part);
    }
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
 * @queue: its queue
 * @access: who may do what
 * @clock: the clock, for `max-age`
 *
 * Returns: (transfer full): an interface to export
 */
LsCacheService *
ls_cache_service_new (LsAgent *agent, LsActionQueue *queue, LsAccess *access, LsClock *clock)
{
  g_auto (GStrv) entities = entity_names ();
  LsCacheService *self = g_object_new (LS_TYPE_CACHE_SERVICE, "version", LS_BUS_INTERFACE_VERSION,
                                       "entities", entities, NULL);

  self->agent = g_object_ref (agent);
  self->queue = g_object_ref (queue);
  self->access = g_object_ref (access);
  self->clock = g_object_ref (clock);
  g_signal_connect_object (agent, "rows-changed", G_CALLBACK (on_agent_rows_changed), self, 0);
  g_signal_connect_object (queue, "rows-changed", G_CALLBACK (on_queue_rows_changed), self, 0);
  return self;
}
