/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-diagnostics-service.h"

#include "ls-bus-names.h"
#include "ls-callers.h"
#include "ls-invocation.h"

/* How many entries GetAudit returns (org.labsync.Agent1.Diagnostics). */
#define DEFAULT_LIMIT 100
#define MAX_LIMIT 1000

/**
 * LsDiagnosticsService:
 *
 * org.labsync.Agent1.Diagnostics on an #LsAgent and its #LsActionQueue.
 */
struct _LsDiagnosticsService
{
  LsDbusDiagnosticsSkeleton parent_instance;

  LsAgent *agent;       /* (owned) */
  LsActionQueue *queue; /* (owned) */
  LsAccess *access;     /* (owned) */
  LsCallers *callers;   /* (owned) */
  LsClock *clock;       /* (owned) */
};

static void ls_diagnostics_service_iface_init (LsDbusDiagnosticsIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LsDiagnosticsService,
                               ls_diagnostics_service,
                               LS_DBUS_TYPE_DIAGNOSTICS_SKELETON,
                               G_IMPLEMENT_INTERFACE (LS_DBUS_TYPE_DIAGNOSTICS,
                                                      ls_diagnostics_service_iface_init))

/* A call of GetStatistics or GetAudit that waits for the store. */
typedef struct
{
  LsDiagnosticsService *service;     /* (owned) */
  GDBusMethodInvocation *invocation; /* (owned) by the answer */
} Call;

static void
ls_diagnostics_service_finalize (GObject *object)
{
  LsDiagnosticsService *self = LS_DIAGNOSTICS_SERVICE (object);

  g_clear_object (&self->agent);
  g_clear_object (&self->queue);
  g_clear_object (&self->access);
  g_clear_object (&self->callers);
  g_clear_object (&self->clock);

  G_OBJECT_CLASS (ls_diagnostics_service_parent_class)->finalize (object);
}

static void
ls_diagnostics_service_class_init (LsDiagnosticsServiceClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ls_diagnostics_service_finalize;
  ls_callers_guard_class (G_DBUS_INTERFACE_SKELETON_CLASS (klass));
}

static void
ls_diagnostics_service_init (LsDiagnosticsService *self)
{
}

/* Returns: how long the oldest action has been on its way, in milliseconds */
static gint64
get_backlog_age (LsDiagnosticsService *self)
{
  g_autofree char *next = NULL;
  g_autoptr (GPtrArray) oldest = ls_action_queue_list (
      self->queue, 1u << LS_ACTION_PENDING | 1u << LS_ACTION_SYNCING, NULL, 1, NULL, &next);
  gint64 age = 0;

  if (oldest->len > 0)
    age = ls_clock_get_wall (self->clock) -
          ((const LsAction *)g_ptr_array_index (oldest, 0))->created_at;

  return MAX (age, 0);
}

static void
add_queue (LsDiagnosticsService *self, GVariantDict *dict)
{
  const LsQueueCounts *counts = ls_action_queue_get_counts (self->queue);

  g_variant_dict_insert (dict, "queue-pending", "t", (guint64)counts->pending);
  g_variant_dict_insert (dict, "queue-in-flight", "t", (guint64)counts->in_flight);
  g_variant_dict_insert (dict, "queue-failed", "t", (guint64)counts->failed);
  g_variant_dict_insert (dict, "queue-conflicts", "t", (guint64)counts->conflicts);
  g_variant_dict_insert (dict, "queue-age", "t", (guint64)get_backlog_age (self));
}

static gboolean
handle_get_health (LsDbusDiagnostics *object, GDBusMethodInvocation *invocation, GVariant *options)
{
  LsDiagnosticsService *self = LS_DIAGNOSTICS_SERVICE (object);
  const LsStatus *status = ls_agent_get_status (self->agent);
  g_auto (GVariantDict) health = G_VARIANT_DICT_INIT (NULL);
  gint64 clock_offset = 0;

  if (!ls_invocation_check_options (invocation, options, NULL, 0))
    return G_DBUS_METHOD_INVOCATION_HANDLED;

  g_variant_dict_insert (&health, "healthy", "b", ls_agent_is_healthy (self->agent));
  g_variant_dict_insert (&health, "state", "s", ls_state_to_string (status->state));
  g_variant_dict_insert (&health, "reason", "s", ls_reason_to_string (status->reason));
  g_variant_dict_insert (&health, "account", "s",
                         ls_account_state_to_string (ls_agent_get_account_state (self->agent)));
  g_variant_dict_insert (&health, "confirmed-at", "t", (guint64)status->confirmed_at);
  if (ls_agent_get_clock_offset (self->agent, &clock_offset))
    g_variant_dict_insert (&health, "clock-offset", "x", clock_offset);
  add_queue (self, &health);
  ls_dbus_diagnostics_complete_get_health (object, invocation, g_variant_dict_end (&health));
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
add_counters (GVariantDict *statistics, const LsCounters *counters)
{
  const struct
  {
    const char *name;
    guint64 value;
  } members[] = {
    { "frames", counters->n_frames },
    { "bad-frames", counters->n_bad_frames },
    { "events", counters->n_events },
    { "bad-events", counters->n_bad_events },
    { "dropped-events", counters->n_dropped_events },
    { "foreign-events", counters->n_foreign_events },
    { "commits", counters->n_commits },
    { "gaps", counters->n_gaps },
    { "snapshots", counters->n_snapshots },
    { "comparisons", counters->n_comparisons },
    { "divergences", counters->n_divergences },
    { "doubted-rows", counters->n_doubted_rows },
    { "polls", counters->n_polls },
    { "connects", counters->n_connects },
    { "refreshes", counters->n_refreshes },
    { "storage-errors", counters->n_storage_errors },
    { "undecryptable", counters->n_undecryptable },
  };

  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    g_variant_dict_insert (statistics, members[i].name, "t", members[i].value);
}

static void
add_store (GVariantDict *statistics, const LsStoreStatistics *store)
{
  g_variant_dict_insert (statistics, "log-events", "t", (guint64)store->n_events);
  g_variant_dict_insert (statistics, "rows", "t", (guint64)store->n_rows);
  g_variant_dict_insert (statistics, "tombstones", "t", (guint64)store->n_tombstones);
  g_variant_dict_insert (statistics, "file-size", "t", (guint64)store->file_size);
}

/* @store: (nullable): nobody is signed in */
static void
return_statistics (LsDiagnosticsService *self,
                   GDBusMethodInvocation *invocation,
                   const LsStoreStatistics *store)
{
  g_auto (GVariantDict) statistics = G_VARIANT_DICT_INIT (NULL);

  add_counters (&statistics, ls_agent_get_counters (self->agent));
  g_variant_dict_insert (&statistics, "callers", "t", (guint64)ls_callers_count (self->callers));
  g_variant_dict_insert (&statistics, "subscriptions", "t",
                         (guint64)ls_callers_count_subscriptions (self->callers));
  add_queue (self, &statistics);
  if (store != NULL)
    add_store (&statistics, store);
  ls_dbus_diagnostics_complete_get_statistics (LS_DBUS_DIAGNOSTICS (self), invocation,
                                               g_variant_dict_end (&statistics));
}

static void
store_statistics_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autofree Call *call = user_data;
  g_autoptr (LsDiagnosticsService) self = call->service;
  g_autoptr (GError) error = NULL;
  g_autofree LsStoreStatistics *store =
      ls_store_statistics_finish (LS_STORE (object), result, &error);

  if (store == NULL && !g_error_matches (error, LS_ERROR, LS_ERROR_NOT_SIGNED_IN))
    ls_invocation_return_error (call->invocation, error);
  else
    return_statistics (self, call->invocation, store);
}

static gboolean
handle_get_statistics (LsDbusDiagnostics *object,
                       GDBusMethodInvocation *invocation,
                       GVariant *options)
{
  LsDiagnosticsService *self = LS_DIAGNOSTICS_SERVICE (object);
  Call *call;

  if (!ls_invocation_check_options (invocation, options, NULL, 0))
    return G_DBUS_METHOD_INVOCATION_HANDLED;

  call = g_new (Call, 1);
  *call = (Call) { g_object_ref (self), invocation };
  ls_store_statistics_async (ls_agent_get_store (self->agent), store_statistics_cb, call);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static GVariant *
entry_to_variant (const LsAuditEntry *entry)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  g_variant_dict_insert (&dict, "id", "t", (guint64)entry->id);
  g_variant_dict_insert (&dict, "at", "t", (guint64)entry->at);
  g_variant_dict_insert (&dict, "user", "s", entry->user);
  g_variant_dict_insert (&dict, "app", "s", entry->app);
  g_variant_dict_insert (&dict, "what", "s", entry->what);
  g_variant_dict_insert (&dict, "subject", "s", entry->subject);
  g_variant_dict_insert (&dict, "outcome", "s", entry->outcome);
  g_variant_dict_insert (&dict, "sent", "b", entry->sent);
  return g_variant_dict_end (&dict);
}

static void
read_audit_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autofree Call *call = user_data;
  g_autoptr (LsDiagnosticsService) self = call->service;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) entries = ls_audit_read_finish (LS_AUDIT (object), result, &error);
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  if (entries == NULL)
    {
      ls_invocation_return_error (call->invocation, error);
      return;
    }

  for (guint i = 0; i < entries->len; i++)
    g_variant_builder_add_value (&builder, entry_to_variant (entries->pdata[i]));
  ls_dbus_diagnostics_complete_get_audit (LS_DBUS_DIAGNOSTICS (self), call->invocation,
                                          g_variant_builder_end (&builder));
}

static gboolean
parse_query (GVariant *options, LsAuditQuery *query, GError **error)
{
  guint64 before = 0;

  g_variant_lookup (options, "limit", "u", &query->limit);
  g_variant_lookup (options, "before", "t", &before);
  g_variant_lookup (options, "sent", "b", &query->sent);
  query->before = (gint64)MIN (before, G_MAXINT64);
  if (query->limit >= 1 && query->limit <= MAX_LIMIT)
    return TRUE;

  g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT, "option “limit” is 1 to %d", MAX_LIMIT);
  return FALSE;
}

static gboolean
handle_get_audit (LsDbusDiagnostics *object, GDBusMethodInvocation *invocation, GVariant *options)
{
  static const LsOption known[] = { { "limit", "u" }, { "before", "t" }, { "sent", "b" } };
  LsDiagnosticsService *self = LS_DIAGNOSTICS_SERVICE (object);
  LsAudit *audit = ls_journal_get_audit (ls_access_get_journal (self->access));
  LsAuditQuery query = { .limit = DEFAULT_LIMIT };
  g_autoptr (GError) error = NULL;
  Call *call;

  if (!ls_invocation_check_options (invocation, options, known, G_N_ELEMENTS (known)) ||
      !ls_invocation_check_all (invocation, self->access, "audit"))
    return G_DBUS_METHOD_INVOCATION_HANDLED;

  if (!ls_agent_check_store (self->agent, &error) || !parse_query (options, &query, &error))
    {
      ls_invocation_return_error (invocation, error);
      return G_DBUS_METHOD_INVOCATION_HANDLED;
    }

  call = g_new (Call, 1);
  *call = (Call) { g_object_ref (self), invocation };
  ls_audit_read_async (audit, &query, read_audit_cb, call);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
ls_diagnostics_service_iface_init (LsDbusDiagnosticsIface *iface)
{
  iface->handle_get_health = handle_get_health;
  iface->handle_get_statistics = handle_get_statistics;
  iface->handle_get_audit = handle_get_audit;
}

static void
update (LsDiagnosticsService *self)
{
  ls_dbus_diagnostics_set_healthy (LS_DBUS_DIAGNOSTICS (self), ls_agent_is_healthy (self->agent));
}

/**
 * ls_diagnostics_service_new:
 * @agent: the agent
 * @queue: its queue
 * @access: who may do what
 * @callers: the callers
 * @clock: the clock
 *
 * Returns: (transfer full): an interface to export
 */
LsDiagnosticsService *
ls_diagnostics_service_new (LsAgent *agent,
                            LsActionQueue *queue,
                            LsAccess *access,
                            LsCallers *callers,
                            LsClock *clock)
{
  LsDiagnosticsService *self =
      g_object_new (LS_TYPE_DIAGNOSTICS_SERVICE, "version", LS_BUS_INTERFACE_VERSION, NULL);

  self->agent = g_object_ref (agent);
  self->queue = g_object_ref (queue);
  self->access = g_object_ref (access);
  self->callers = g_object_ref (callers);
  self->clock = g_object_ref (clock);
  g_signal_connect_object (agent, "status-changed", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  update (self);
  return self;
}
