/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-queue-service.h"

#include "ls-bus-actions.h"
#include "ls-bus-names.h"
#include "ls-invocation.h"
#include "ls-json-writer.h"
#include "ls-queue-waits.h"

/* How many actions List returns, and how much text (org.labsync.Agent1.Queue). */
#define DEFAULT_LIMIT 100
#define MAX_LIMIT 500
#define MAX_PAGE ((gsize)16 << 20)
/* How large Export may become: a message of D-Bus ends at 128 MiB (D-Bus Specification, "Message
 * Format"). */
#define MAX_EXPORT ((gsize)96 << 20)
/* The longest that WaitFor may be told to wait, in seconds. */
#define MAX_WAIT 86400

/**
 * LsQueueService:
 *
 * org.labsync.Agent1.Queue on an #LsActionQueue.
 */
struct _LsQueueService
{
  LsDbusQueueSkeleton parent_instance;

  LsAgent *agent;       /* (owned) */
  LsActionQueue *queue; /* (owned) */
  LsAccess *access;     /* (owned) */
  LsClock *clock;       /* (owned) */
  LsQueueWaits *waits;  /* (owned) */
};

static void ls_queue_service_iface_init (LsDbusQueueIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (LsQueueService,
                               ls_queue_service,
                               LS_DBUS_TYPE_QUEUE_SKELETON,
                               G_IMPLEMENT_INTERFACE (LS_DBUS_TYPE_QUEUE,
                                                      ls_queue_service_iface_init))

static void
ls_queue_service_finalize (GObject *object)
{
  LsQueueService *self = LS_QUEUE_SERVICE (object);

  g_clear_object (&self->waits);
  g_clear_object (&self->agent);
  g_clear_object (&self->queue);
  g_clear_object (&self->access);
  g_clear_object (&self->clock);

  G_OBJECT_CLASS (ls_queue_service_parent_class)->finalize (object);
}

static void
ls_queue_service_class_init (LsQueueServiceClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ls_queue_service_finalize;
  ls_callers_guard_class (G_DBUS_INTERFACE_SKELETON_CLASS (klass));
}

static void
ls_queue_service_init (LsQueueService *self)
{
}

static gboolean
is_connected (LsQueueService *self)
{
  LsState state = ls_agent_get_status (self->agent)->state;

  return state == LS_STATE_LIVE || state == LS_STATE_POLLING;
}

/* Returns: (transfer full): the member `detail` */
static char *
make_detail (LsQueueService *self, const LsAction *action)
{
  const char *blocker = ls_action_queue_get_blocker (self->queue, action);

  if (action->outcome_unknown)
    return g_strdup ("outcome-unknown");
  if (blocker != NULL)
    return g_strconcat ("blocked-by ", blocker, NULL);
  if (action->status == LS_ACTION_PENDING && !is_connected (self))
    return g_strdup ("waiting-for-network");

  return g_strdup ("");
}

/* @sender: (nullable): who gets it; %NULL: whoever is on the bus */
static GVariant *
details_new (LsQueueService *self, const LsAction *action, const char *sender)
{
  g_autofree char *detail = make_detail (self, action);

  return ls_bus_action_new_details (action, detail,
                                    ls_access_may_see (self->access, sender, action->entity));
}

/* A call that is answered at once, if the queue is open; of a queue that is not, nothing is known. */
typedef struct _Reading Reading;
typedef void (*ReadFunc) (LsQueueService *self, Reading *reading);

struct _Reading
{
  LsQueueService *service;           /* (owned) */
  GDBusMethodInvocation *invocation; /* (owned) by the answer */
  ReadFunc func;                     /* answers */
  char *id;                          /* (owned) (nullable): of an action */
  guint statuses;
  char *entity; /* (owned) (nullable) */
  guint32 limit;
  char *after; /* (owned) (nullable) */
};

static void
reading_free (Reading *reading)
{
  g_object_unref (reading->service);
  g_free (reading->id);
  g_free (reading->entity);
  g_free (reading->after);
  g_free (reading);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Reading, reading_free)

static Reading *
reading_new (LsQueueService *self, GDBusMethodInvocation *invocation, ReadFunc func)
{
  Reading *reading = g_new0 (Reading, 1);

  reading->service = g_object_ref (self);
  reading->invocation = invocation;
  reading->func = func;
  return reading;
}

static void
queue_ready_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Reading) reading = user_data;
  g_autoptr (GError) error = NULL;

  if (ls_action_queue_ready_finish (LS_ACTION_QUEUE (object), result, &error))
    reading->func (reading->service, reading);
  else
    ls_invocation_return_error (reading->invocation, error);
}

/* @reading: (transfer full) */
static void
read_when_ready (LsQueueService *self, Reading *reading)
{
  ls_action_queue_ready_async (self->queue, TRUE, queue_ready_cb, reading);
}

static const char *
get_app (LsQueueService *self, GDBusMethodInvocation *invocation)
{
  const char *sender = g_dbus_method_invocation_get_sender (invocation);

  return ls_app_get_name (ls_access_get_app (self->access, sender));
}

static gboolean
has_all (LsQueueService *self, GDBusMethodInvocation *invocation)
{
  return ls_access_has_all (self->access, g_dbus_method_invocation_get_sender (invocation));
}

/* Whoever may not do everything has to do with its own actions alone. */
static gboolean
is_for (LsQueueService *self, GDBusMethodInvocation *invocation, const LsAction *action)
{
  return has_all (self, invocation) || g_strcmp0 (action->app, get_app (self, invocation)) == 0;
}

/* What an action says may be more of its row than its app has sent: what was merged into it, or undoes it. */
static gboolean
may_see (LsQueueService *self, GDBusMethodInvocation *invocation, const LsAction *action)
{
  return ls_access_may_see (self->access, g_dbus_method_invocation_get_sender (invocation),
                            action->entity);
}

static GVariant *
action_new (LsQueueService *self, GDBusMethodInvocation *invocation, const LsAction *action)
{
  g_autofree char *detail = make_detail (self, action);

  return ls_bus_action_new (action, detail, may_see (self, invocation, action));
}

/* Takes and answers @invocation if not. What is not there is no more of another app's than what is. */
static gboolean
may_touch (LsQueueService *self, GDBusMethodInvocation *invocation, const char *id)
{
  const LsAction *action = ls_action_queue_find (self->queue, id);

  if (action != NULL ? is_for (self, invocation, action) : has_all (self, invocation))
    return TRUE;

  g_dbus_method_invocation_return_error (invocation, LS_ERROR, LS_ERROR_ACCESS_DENIED,
                                         "“%s” is no action of this app", id);
  return FALSE;
}

static const LsAction *
find (LsQueueService *self, Reading *reading)
{
  const LsAction *action = ls_action_queue_find (self->queue, reading->id);

  if (!may_touch (self, reading->invocation, reading->id))
    return NULL;
  if (action == NULL)
    g_dbus_method_invocation_return_error (reading->invocation, LS_ERROR, LS_ERROR_NOT_FOUND,
                                           "there is no action “%s”", reading->id);
  return action;
}

/* Empty texts on the bus are none. */
static const char *
or_null (const char *text)
{
  return *text != '\0' ? text : NULL;
}

static gboolean
refuse_value (const char *option, const char *value, GError **error)
{
  g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT, "“%s” is no %s", value, option);
  return FALSE;
}

static gboolean
parse_draft_options (LsActionDraft *draft, GVariant *options, GError **error)
{
  const char *method = NULL;
  guint64 expires_at = 0;

  g_variant_lookup (options, "endpoint", "&s", &draft->endpoint);
  g_variant_lookup (options, "base-version", "x", &draft->base_version);
  g_variant_lookup (options, "idempotency-key", "&s", &draft->key);
  g_variant_lookup (options, "depends-on", "&s", &draft->depends_on);
  g_variant_lookup (options, "coalesce", "b", &draft->coalesce);
  g_variant_lookup (options, "expires-at", "t", &expires_at);
  draft->expires_at = (gint64)MIN (expires_at, G_MAXINT64);
  if (g_variant_lookup (options, "method", "&s", &method))
    {
      draft->method = ls_method_from_string (method);
      if (draft->method == LS_METHOD_INVALID)
        return refuse_value ("method", method, error);
    }
  if (draft->base_version < 0)
    {
      g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT,
                   "option “base-version” is not negative");
      return FALSE;
    }

  return TRUE;
}

static void
enqueue_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  GDBusMethodInvocation *invocation = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *id = ls_action_queue_enqueue_finish (LS_ACTION_QUEUE (object), result, &error);

  if (id != NULL)
    g_dbus_method_invocation_return_value (invocation, g_variant_new ("(s)", id));
  else
    ls_invocation_return_error (invocation, error);
}

static gboolean
handle_enqueue (LsDbusQueue *object,
                GDBusMethodInvocation *invocation,
                const char *type,
                const char *entity,
                const char *entity_id,
                const char *json,
                GVariant *options)
{
  static const LsOption known[] = {
    { "endpoint", "s" },   { "method", "s" },   { "base-version", "x" }, { "idempotency-key", "s" },
    { "depends-on", "s" }, { "coalesce", "b" }, { "expires-at", "t" },
  };
  LsQueueService *self = LS_QUEUE_SERVICE (object);
  g_autoptr (GError) error = NULL;
  LsActionDraft draft = {
    .type = ls_action_type_from_string (type),
    .entity = entity,
    .entity_id = or_null (entity_id),
    .body = or_null (json),
    .method = LS_METHOD_INVALID,
    .app = get_app (self, invocation),
  };

  if (!ls_invocation_check_options (invocation, options, known, G_N_ELEMENTS (known)))
    return G_DBUS_METHOD_INVOCATION_HANDLED;

  if (draft.type == LS_ACTION_TYPE_INVALID)
    refuse_value ("type", type, &error);
  else
    parse_draft_options (&draft, options, &error);
  if (error == NULL)
    ls_access_check_enqueue (self->access, g_dbus_method_invocation_get_sender (invocation), &draft,
                             &error);

  if (error != NULL)
    ls_invocation_return_error (invocation, error);
  else
    ls_action_queue_enqueue_async (self->queue, &draft, NULL, enqueue_cb, invocation);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
get (LsQueueService *self, Reading *reading)
{
  const LsAction *action = find (self, reading);

  if (action != NULL)
    ls_dbus_queue_complete_get (LS_DBUS_QUEUE (self), reading->invocation,
                                action_new (self, reading->invocation, action));
}

static gboolean
handle_get (LsDbusQueue *object, GDBusMethodInvocation *invocation, const char *id)
{
  LsQueueService *self = LS_QUEUE_SERVICE (object);
  Reading *reading = reading_new (self, invocation, get);

  reading->id = g_strdup (id);
  read_when_ready (self, reading);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
parse_statuses (GVariant *options, guint *statuses, GError **error)
{
  g_autofree const char **names = NULL;

  if (!g_variant_lookup (options, "status", "^a&s", &names))
    return TRUE;

  for (guint i = 0; names[i] != NULL; i++)
    {
      LsActionStatus status = ls_action_status_from_string (names[i]);

      if (status == LS_ACTION_STATUS_INVALID)
        return refuse_value ("status", names[i], error);
      *statuses |= 1u << status;
    }

  return TRUE;
}

static gboolean
parse_list (GVariant *options, Reading *reading, GError **error)
{
  const char *after = "";

  reading->limit = DEFAULT_LIMIT;
  g_variant_lookup (options, "entity", "s", &reading->entity);
  g_variant_lookup (options, "limit", "u", &reading->limit);
  g_variant_lookup (options, "after", "&s", &after);
  reading->after = g_strdup (or_null (after));
  if (reading->limit < 1 || reading->limit > MAX_LIMIT)
    {
      g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT, "option “limit” is 1 to %d",
                   MAX_LIMIT);
      return FALSE;
    }

  return parse_statuses (options, &reading->statuses, error);
}

/* How many of @actions fit into a page; one always does. */
static guint
count_fitting (GPtrArray *actions)
{
  gsize size = 0;
  guint n = 0;

  for (; n < actions->len; n++)
    {
      size += ls_action_get_size (g_ptr_array_index (actions, n));
      if (n > 0 && size > MAX_PAGE)
        break;
    }
  return n;
}

/* Returns: (transfer container) (element-type LsAction) */
static GPtrArray *
read_page (LsQueueService *self, const Reading *reading, char **next)
{
  g_autoptr (GPtrArray) actions = ls_action_queue_list (
      self->queue, reading->statuses, reading->entity, reading->limit, reading->after, next);
  guint n = count_fitting (actions);

  if (n == actions->len)
    return g_steal_pointer (&actions);

  g_free (*next);
  return ls_action_queue_list (self->queue, reading->statuses, reading->entity, n, reading->after,
                               next);
}

static void
list (LsQueueService *self, Reading *reading)
{
  g_autofree char *next = NULL;
  g_autoptr (GPtrArray) page = read_page (self, reading, &next);
  g_auto (GVariantBuilder) actions = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (guint i = 0; i < page->len; i++)
    {
      const LsAction *action = g_ptr_array_index (page, i);

      if (is_for (self, reading->invocation, action))
        g_variant_builder_add_value (&actions, action_new (self, reading->invocation, action));
    }
  ls_dbus_queue_complete_list (LS_DBUS_QUEUE (self), reading->invocation,
                               g_variant_builder_end (&actions), next != NULL ? next : "");
}

static gboolean
handle_list (LsDbusQueue *object, GDBusMethodInvocation *invocation, GVariant *options)
{
  static const LsOption known[] = {
    { "status", "as" }, { "entity", "s" }, { "limit", "u" }, { "after", "s" }
  };
  LsQueueService *self = LS_QUEUE_SERVICE (object);
  g_autoptr (Reading) reading = NULL;
  g_autoptr (GError) error = NULL;

  if (!ls_invocation_check_options (invocation, options, known, G_N_ELEMENTS (known)))
    return G_DBUS_METHOD_INVOCATION_HANDLED;

  reading = reading_new (self, invocation, list);
  if (parse_list (options, reading, &error))
    read_when_ready (self, g_steal_pointer (&reading));
  else
    ls_invocation_return_error (invocation, error);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
answer_wait (GDBusMethodInvocation *invocation, const LsAction *action, gpointer service)
{
  const char *sender = g_dbus_method_invocation_get_sender (invocation);

  ls_dbus_queue_complete_wait_for (service, invocation, ls_outcome_to_string (action->outcome),
                                   details_new (service, action, sender));
}

static gboolean
parse_wait (const char *name, GVariant *options, LsWaitUntil *until, guint *timeout, GError **error)
{
  gboolean accepted = g_str_equal (name, "accepted");

  if (!accepted && !g_str_equal (name, "visible"))
    {
      g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT,
                   "one waits until accepted or visible, not “%s”", name);
      return FALSE;
    }

  *until = accepted ? LS_WAIT_UNTIL_ACCEPTED : LS_WAIT_UNTIL_VISIBLE;
  if (g_variant_lookup (options, "timeout", "u", timeout) && (*timeout < 1 || *timeout > MAX_WAIT))
    {
      g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT, "option “timeout” is 1 to %d",
                   MAX_WAIT);
      return FALSE;
    }

  return TRUE;
}

static gboolean
handle_wait_for (LsDbusQueue *object,
                 GDBusMethodInvocation *invocation,
                 const char *id,
                 const char *name,
                 GVariant *options)
{
  static const LsOption known[] = { { "timeout", "u" } };
  LsQueueService *self = LS_QUEUE_SERVICE (object);
  g_autoptr (GError) error = NULL;
  LsWaitUntil until;
  guint timeout = 0;

  if (!ls_invocation_check_options (invocation, options, known, G_N_ELEMENTS (known)))
    return G_DBUS_METHOD_INVOCATION_HANDLED;

  if (!may_touch (self, invocation, id))
    return G_DBUS_METHOD_INVOCATION_HANDLED;
  if (parse_wait (name, options, &until, &timeout, &error))
    ls_queue_waits_add (self->waits, invocation, id, until, (gint64)timeout * 1000);
  else
    ls_invocation_return_error (invocation, error);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
change_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  GDBusMethodInvocation *invocation = user_data;
  g_autoptr (GError) error = NULL;

  if (ls_action_queue_change_finish (LS_ACTION_QUEUE (object), result, &error))
    g_dbus_method_invocation_return_value (invocation, NULL);
  else
    ls_invocation_return_error (invocation, error);
}

static gboolean
handle_edit (LsDbusQueue *object,
             GDBusMethodInvocation *invocation,
             const char *id,
             const char *json,
             GVariant *options)
{
  LsQueueService *self = LS_QUEUE_SERVICE (object);

  if (ls_invocation_check_options (invocation, options, NULL, 0) &&
      may_touch (self, invocation, id))
    ls_action_queue_edit_async (self->queue, id, json, change_cb, invocation);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

/* What Cancel, Retry, Discard and Undo have in common. */
typedef void (*ChangeFunc) (LsActionQueue *queue,
                            const char *id,
                            GAsyncReadyCallback callback,
                            gpointer user_data);

static gboolean
change (LsDbusQueue *object,
        GDBusMethodInvocation *invocation,
        const char *id,
        GVariant *options,
        ChangeFunc func)
{
  LsQueueService *self = LS_QUEUE_SERVICE (object);

  if (ls_invocation_check_options (invocation, options, NULL, 0) &&
      may_touch (self, invocation, id))
    func (self->queue, id, change_cb, invocation);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
handle_cancel (LsDbusQueue *object,
               GDBusMethodInvocation *invocation,
               const char *id,
               GVariant *options)
{
  return change (object, invocation, id, options, ls_action_queue_cancel_async);
}

static gboolean
handle_retry (LsDbusQueue *object,
              GDBusMethodInvocation *invocation,
              const char *id,
              GVariant *options)
{
  return change (object, invocation, id, options, ls_action_queue_retry_async);
}

static gboolean
handle_discard (LsDbusQueue *object,
                GDBusMethodInvocation *invocation,
                const char *id,
                GVariant *options)
{
  return change (object, invocation, id, options, ls_action_queue_discard_async);
}

static gboolean
handle_undo (LsDbusQueue *object,
             GDBusMethodInvocation *invocation,
             const char *id,
             GVariant *options)
{
  return change (object, invocation, id, options, ls_action_queue_undo_async);
}

static void
retry_failed_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  GDBusMethodInvocation *invocation = user_data;
  g_autoptr (GError) error = NULL;
  gssize n = ls_action_queue_retry_failed_finish (LS_ACTION_QUEUE (object), result, &error);

  if (n >= 0)
    g_dbus_method_invocation_return_value (invocation, g_variant_new ("(u)", (guint)n));
  else
    ls_invocation_return_error (invocation, error);
}

static gboolean
handle_retry_failed (LsDbusQueue *object, GDBusMethodInvocation *invocation, GVariant *options)
{
  LsQueueService *self = LS_QUEUE_SERVICE (object);

  if (ls_invocation_check_options (invocation, options, NULL, 0) &&
      ls_invocation_check_all (invocation, self->access, "retry"))
    ls_action_queue_retry_failed_async (self->queue, retry_failed_cb, invocation);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static const char *
or_empty (const char *text)
{
  return text != NULL ? text : "";
}

static void
get_conflict (LsQueueService *self, Reading *reading)
{
  const LsAction *action = find (self, reading);
  g_auto (GVariantDict) details = G_VARIANT_DICT_INIT (NULL);

  if (action == NULL)
    return;
  if (!may_see (self, reading->invocation, action))
    {
      g_dbus_method_invocation_return_error (reading->invocation, LS_ERROR, LS_ERROR_ACCESS_DENIED,
                                             "the settings don't let this app read “%s”",
                                             action->entity);
      return;
    }
  if (action->status != LS_ACTION_CONFLICT)
    {
      g_dbus_method_invocation_return_error (reading->invocation, LS_ERROR, LS_ERROR_NOT_FOUND,
                                             "action “%s” is not in conflict", reading->id);
      return;
    }

  g_variant_dict_insert (&details, "type", "s", ls_action_type_to_string (action->type));
  g_variant_dict_insert (&details, "entity", "s", action->entity);
  g_variant_dict_insert (&details, "entity-id", "s", action->entity_id);
  ls_dbus_queue_complete_get_conflict (
      LS_DBUS_QUEUE (self), reading->invocation, or_empty (action->base), or_empty (action->body),
      or_empty (action->server), action->server_version, g_variant_dict_end (&details));
}

static gboolean
handle_get_conflict (LsDbusQueue *object, GDBusMethodInvocation *invocation, const char *id)
{
  LsQueueService *self = LS_QUEUE_SERVICE (object);
  Reading *reading = reading_new (self, invocation, get_conflict);

  reading->id = g_strdup (id);
  read_when_ready (self, reading);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
check_resolution (const char *name, const char *merged, gboolean has_version, GError **error)
{
  LsResolution resolution = ls_resolution_from_string (name);

  if (resolution == LS_RESOLUTION_INVALID)
    return refuse_value ("resolution", name, error);
  if (!has_version)
    {
      g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT,
                   "option “server-version” is required");
      return FALSE;
    }
  if ((resolution == LS_RESOLUTION_MERGE) != (*merged != '\0'))
    {
      g_set_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT,
                   "merge comes with a merged object, and nothing else does");
      return FALSE;
    }

  return TRUE;
}

static gboolean
handle_resolve (LsDbusQueue *object,
                GDBusMethodInvocation *invocation,
                const char *id,
                const char *resolution,
                const char *merged,
                GVariant *options)
{
  static const LsOption known[] = { { "server-version", "x" } };
  LsQueueService *self = LS_QUEUE_SERVICE (object);
  g_autoptr (GError) error = NULL;
  gint64 version = 0;
  gboolean has_version;

  if (!ls_invocation_check_options (invocation, options, known, G_N_ELEMENTS (known)) ||
      !may_touch (self, invocation, id))
    return G_DBUS_METHOD_INVOCATION_HANDLED;

  has_version = g_variant_lookup (options, "server-version", "x", &version);
  if (check_resolution (resolution, merged, has_version, &error))
    ls_action_queue_resolve_async (self->queue, id, ls_resolution_from_string (resolution),
                                   or_null (merged), version, change_cb, invocation);
  else
    ls_invocation_return_error (invocation, error);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

/* Returns: (transfer full) (nullable): %NULL if it would be too large */
static GString *
format_all (LsQueueService *self)
{
  g_autofree char *next = NULL;
  g_autoptr (GPtrArray) actions =
      ls_action_queue_list (self->queue, 0, NULL, G_MAXUINT, NULL, &next);
  g_autoptr (GString) out = g_string_new ("{");

  ls_json_write_int (out, "exported", ls_clock_get_wall (self->clock));
  ls_json_write_name (out, "actions");
  g_string_append_c (out, '[');
  for (guint i = 0; i < actions->len && out->len <= MAX_EXPORT; i++)
    {
      const LsAction *action = g_ptr_array_index (actions, i);
      g_autofree char *detail = make_detail (self, action);

      ls_json_next_element (out);
      ls_bus_action_append_json (out, action, detail);
    }
  g_string_append (out, "]}");

  return out->len <= MAX_EXPORT ? g_steal_pointer (&out) : NULL;
}

static void export(LsQueueService *self, Reading *reading)
{
  g_autoptr (GString) json = format_all (self);

  if (json != NULL)
    ls_dbus_queue_complete_export (LS_DBUS_QUEUE (self), reading->invocation, json->str);
  else
    g_dbus_method_invocation_return_error (reading->invocation, LS_ERROR, LS_ERROR_LIMIT_EXCEEDED,
                                           "the queue is too large for one message");
}

static gboolean
handle_export (LsDbusQueue *object, GDBusMethodInvocation *invocation, GVariant *options)
{
  LsQueueService *self = LS_QUEUE_SERVICE (object);

  if (ls_invocation_check_options (invocation, options, NULL, 0) &&
      ls_invocation_check_all (invocation, self->access, "export"))
    read_when_ready (self, reading_new (self, invocation, export));
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
flush (LsQueueService *self, Reading *reading)
{
  ls_action_queue_flush (self->queue);
  ls_dbus_queue_complete_flush (LS_DBUS_QUEUE (self), reading->invocation);
}

static gboolean
handle_flush (LsDbusQueue *object, GDBusMethodInvocation *invocation, GVariant *options)
{
  LsQueueService *self = LS_QUEUE_SERVICE (object);

  if (ls_invocation_check_options (invocation, options, NULL, 0) &&
      ls_invocation_check_all (invocation, self->access, "flush"))
    read_when_ready (self, reading_new (self, invocation, flush));
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
ls_queue_service_iface_init (LsDbusQueueIface *iface)
{
  iface->handle_enqueue = handle_enqueue;
  iface->handle_get = handle_get;
  iface->handle_list = handle_list;
  iface->handle_wait_for = handle_wait_for;
  iface->handle_edit = handle_edit;
  iface->handle_cancel = handle_cancel;
  iface->handle_retry = handle_retry;
  iface->handle_retry_failed = handle_retry_failed;
  iface->handle_discard = handle_discard;
  iface->handle_undo = handle_undo;
  iface->handle_get_conflict = handle_get_conflict;
  iface->handle_resolve = handle_resolve;
  iface->handle_export = handle_export;
  iface->handle_flush = handle_flush;
}

/* What came of an action is the line of the audit that says whether it left this computer. */
static void
note_outcome (LsQueueService *self, const LsAction *action)
{
  LsJournal *journal = ls_access_get_journal (self->access);
  g_autofree char *subject = g_strjoin ("/", action->entity, action->entity_id, NULL);

  if (action->outcome != LS_OUTCOME_NONE)
    ls_journal_note (journal, action->app != NULL ? action->app : "",
                     ls_action_type_to_string (action->type), subject,
                     ls_outcome_to_string (action->outcome), action->attempts > 0);
}

static void
on_queue_action_changed (LsActionQueue *queue, const LsAction *action, LsQueueService *self)
{
  ls_dbus_queue_emit_action_changed (LS_DBUS_QUEUE (self), action->id,
                                     ls_action_status_to_string (action->status),
                                     details_new (self, action, NULL));
  note_outcome (self, action);
}

static void
on_queue_sync_completed (LsActionQueue *queue, const LsSyncReport *report, LsQueueService *self)
{
  g_auto (GVariantDict) result = G_VARIANT_DICT_INIT (NULL);

  g_variant_dict_insert (&result, "success", "b", report->success);
  g_variant_dict_insert (&result, "actions-processed", "u", report->n_processed);
  g_variant_dict_insert (&result, "actions-failed", "u", report->n_failed);
  g_variant_dict_insert (&result, "conflicts", "^as", report->conflicts);
  g_variant_dict_insert (&result, "errors", "^as", report->errors);
  ls_dbus_queue_emit_sync_completed (LS_DBUS_QUEUE (self), g_variant_dict_end (&result));
}

static void
update (LsQueueService *self)
{
  static const char *const breakers[] = {
    [LS_BREAKER_CLOSED] = "closed",
    [LS_BREAKER_OPEN] = "open",
    [LS_BREAKER_PROBING] = "probing",
  };
  const LsQueueCounts *counts = ls_action_queue_get_counts (self->queue);

  g_object_set (self, "pending", counts->pending, "in-flight", counts->in_flight, "failed",
                counts->failed, "conflicts", counts->conflicts, "breaker",
                breakers[counts->breaker], NULL);
}

/**
 * ls_queue_service_new:
 * @agent: the agent
 * @queue: its queue
 * @access: who may do what
 * @callers: the callers
 * @clock: the clock
 *
 * Returns: (transfer full): an interface to export
 */
LsQueueService *
ls_queue_service_new (LsAgent *agent,
                      LsActionQueue *queue,
                      LsAccess *access,
                      LsCallers *callers,
                      LsClock *clock)
{
  LsQueueService *self =
      g_object_new (LS_TYPE_QUEUE_SERVICE, "version", LS_BUS_INTERFACE_VERSION, NULL);

  self->agent = g_object_ref (agent);
  self->queue = g_object_ref (queue);
  self->access = g_object_ref (access);
  self->clock = g_object_ref (clock);
  self->waits = ls_queue_waits_new (queue, callers, clock, answer_wait, self);
  g_signal_connect_object (queue, "action-changed", G_CALLBACK (on_queue_action_changed), self, 0);
  g_signal_connect_object (queue, "sync-completed", G_CALLBACK (on_queue_sync_completed), self, 0);
  g_signal_connect_object (queue, "counts-changed", G_CALLBACK (update), self, G_CONNECT_SWAPPED);
  update (self);
  return self;
}

/**
 * ls_queue_service_close:
 * @self: the interface
 *
 * Ends all calls that wait.
 */
void
ls_queue_service_close (LsQueueService *self)
{
  g_return_if_fail (LS_IS_QUEUE_SERVICE (self));

  ls_queue_waits_close (self->waits);
}
