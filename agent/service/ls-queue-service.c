/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-queue-service.h"

#include "ls-bus-actions.h"
#include "ls-bus-names.h"
#include "ls-invocation.h"
#include "ls-json-writer.h"
#include "ls-queue-options.h"
#include "ls-queue-waits.h"

/* How much text List returns (org.labsync.Agent1.Queue). */
#define MAX_PAGE ((gsize)16 << 20)
/* How large Export may become: a message of D-Bus ends at 128 MiB (D-Bus Specification, "Message
 * Format"). */
#define MAX_EXPORT ((gsize)96 << 20)

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

/* What Cancel, Retry, Discard and Undo have in common. */
typedef void (*ChangeFunc) (LsActionQueue *queue,
                            const char *id,
                            GAsyncReadyCallback callback,
                            gpointer user_data);

/* A call that is looked at when the queue is open: of one that is not, nothing is known, not even whose its actions
 * are. */
typedef struct _Call Call;
typedef void (*CallFunc) (LsQueueService *self, Call *call);

struct _Call
{
  LsQueueService *service;           /* (owned) */
  GDBusMethodInvocation *invocation; /* (owned) by the answer */
  GVariant *arguments;               /* (unowned): of @invocation */
  CallFunc func;
  ChangeFunc change; /* (nullable): for @func */
};

static void
call_free (Call *call)
{
  g_object_unref (call->service);
  g_free (call);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Call, call_free)

static void
queue_ready_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Call) call = user_data;
  g_autoptr (GError) error = NULL;

  if (ls_action_queue_ready_finish (LS_ACTION_QUEUE (object), result, &error))
    call->func (call->service, call);
  else
    ls_invocation_return_error (call->invocation, error);
}

static gboolean
call_when_open (LsDbusQueue *object,
                GDBusMethodInvocation *invocation,
                CallFunc func,
                ChangeFunc change)
{
  LsQueueService *self = LS_QUEUE_SERVICE (object);
  g_autoptr (Call) call = g_new0 (Call, 1);

  call->service = g_object_ref (self);
  call->invocation = invocation;
  call->arguments = g_dbus_method_invocation_get_parameters (invocation);
  call->func = func;
  call->change = change;
  if (ls_action_queue_is_open (self->queue))
    func (self, call);
  else
    ls_action_queue_ready_async (self->queue, TRUE, queue_ready_cb, g_steal_pointer (&call));
  return G_DBUS_METHOD_INVOCATION_HANDLED;
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

static gboolean
is_own (LsQueueService *self, GDBusMethodInvocation *invocation, const LsAction *action)
{
  return g_strcmp0 (action->app, get_app (self, invocation)) == 0;
}

/* Whoever may not do everything has to do with its own actions alone. */
static gboolean
is_for (LsQueueService *self, GDBusMethodInvocation *invocation, const LsAction *action)
{
  return has_all (self, invocation) || is_own (self, invocation, action);
}

/* What an action says may be more of its row than its app has sent: what was merged into it, or undoes it. */
static gboolean
may_see (LsQueueService *self, GDBusMethodInvocation *invocation, const LsAction *action)
{
  return ls_access_may_see (self->access, g_dbus_method_invocation_get_sender (invocation),
                            action->entity);
}

/* Who reads what another app wants done reads something, too. */
static void
note_read (LsQueueService *self, GDBusMethodInvocation *invocation, const LsAction *action)
{
  if (!is_own (self, invocation, action))
    ls_journal_note_once (ls_access_get_journal (self->access), get_app (self, invocation),
                          "read-action", action->entity, "ok");
}

static GVariant *
action_new (LsQueueService *self, GDBusMethodInvocation *invocation, const LsAction *action)
{
  g_autofree char *detail = make_detail (self, action);

  note_read (self, invocation, action);
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

/* Returns: (transfer none): the action that a call is about, by its first argument */
static const char *
get_id (const Call *call)
{
  const char *id;

  g_variant_get_child (call->arguments, 0, "&s", &id);
  return id;
}

/* Returns: (nullable): the same; answers the call if there is none */
static const LsAction *
find (LsQueueService *self, const Call *call)
{
  const char *id = get_id (call);
  const LsAction *action = ls_action_queue_find (self->queue, id);

  if (!may_touch (self, call->invocation, id))
    return NULL;
  if (action == NULL)
    g_dbus_method_invocation_return_error (call->invocation, LS_ERROR, LS_ERROR_NOT_FOUND,
                                           "there is no action “%s”", id);
  return action;
}

/* Empty texts on the bus are none. */
static const char *
or_null (const char *text)
{
  return *text != '\0' ? text : NULL;
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
    .entity = entity,
    .entity_id = or_null (entity_id),
    .body = or_null (json),
    .method = LS_METHOD_INVALID,
    .app = get_app (self, invocation),
  };

  if (!ls_invocation_check_options (invocation, options, known, G_N_ELEMENTS (known)))
    return G_DBUS_METHOD_INVOCATION_HANDLED;

  if (ls_queue_options_read_draft (options, type, &draft, &error) &&
      ls_access_check_enqueue (self->access, g_dbus_method_invocation_get_sender (invocation),
                               &draft, &error))
    ls_action_queue_enqueue_async (self->queue, &draft, NULL, enqueue_cb, invocation);
  else
    ls_invocation_return_error (invocation, error);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
get (LsQueueService *self, Call *call)
{
  const LsAction *action = find (self, call);

  if (action != NULL)
    ls_dbus_queue_complete_get (LS_DBUS_QUEUE (self), call->invocation,
                                action_new (self, call->invocation, action));
}

static gboolean
handle_get (LsDbusQueue *object, GDBusMethodInvocation *invocation, const char *id)
{
  return call_when_open (object, invocation, get, NULL);
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
read_page (LsQueueService *self, const LsQueueListing *listing, char **next)
{
  g_autoptr (GPtrArray) actions = ls_action_queue_list (
      self->queue, listing->statuses, listing->entity, listing->limit, listing->after, next);
  guint n = count_fitting (actions);

  if (n == actions->len)
    return g_steal_pointer (&actions);

  g_free (*next);
  return ls_action_queue_list (self->queue, listing->statuses, listing->entity, n, listing->after,
                               next);
}

static void
return_page (LsQueueService *self, GDBusMethodInvocation *invocation, const LsQueueListing *listing)
{
  g_autofree char *next = NULL;
  g_autoptr (GPtrArray) page = read_page (self, listing, &next);
  g_auto (GVariantBuilder) actions = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (guint i = 0; i < page->len; i++)
    {
      const LsAction *action = g_ptr_array_index (page, i);

      if (is_for (self, invocation, action))
        g_variant_builder_add_value (&actions, action_new (self, invocation, action));
    }
  ls_dbus_queue_complete_list (LS_DBUS_QUEUE (self), invocation, g_variant_builder_end (&actions),
                               next != NULL ? next : "");
}

static void
list (LsQueueService *self, Call *call)
{
  g_autoptr (GVariant) options = g_variant_get_child_value (call->arguments, 0);
  g_autoptr (GError) error = NULL;
  LsQueueListing listing;

  if (ls_queue_options_read_listing (options, &listing, &error))
    return_page (self, call->invocation, &listing);
  else
    ls_invocation_return_error (call->invocation, error);
  ls_queue_listing_clear (&listing);
}

static gboolean
handle_list (LsDbusQueue *object, GDBusMethodInvocation *invocation, GVariant *options)
{
  static const LsOption known[] = {
    { "status", "as" }, { "entity", "s" }, { "limit", "u" }, { "after", "s" }
  };

  if (!ls_invocation_check_options (invocation, options, known, G_N_ELEMENTS (known)))
    return G_DBUS_METHOD_INVOCATION_HANDLED;

  return call_when_open (object, invocation, list, NULL);
}

static void
answer_wait (GDBusMethodInvocation *invocation, const LsAction *action, gpointer service)
{
  const char *sender = g_dbus_method_invocation_get_sender (invocation);

  note_read (service, invocation, action);
  ls_dbus_queue_complete_wait_for (service, invocation, ls_outcome_to_string (action->outcome),
                                   details_new (service, action, sender));
}

static void
wait_for (LsQueueService *self, Call *call)
{
  g_autoptr (GVariant) options = g_variant_get_child_value (call->arguments, 2);
  g_autoptr (GError) error = NULL;
  const char *name;
  LsWaitUntil until;
  guint timeout;

  if (!may_touch (self, call->invocation, get_id (call)))
    return;

  g_variant_get_child (call->arguments, 1, "&s", &name);
  if (ls_queue_options_read_wait (options, name, &until, &timeout, &error))
    ls_queue_waits_add (self->waits, call->invocation, get_id (call), until,
                        (gint64)timeout * 1000);
  else
    ls_invocation_return_error (call->invocation, error);
}

static gboolean
handle_wait_for (LsDbusQueue *object,
                 GDBusMethodInvocation *invocation,
                 const char *id,
                 const char *name,
                 GVariant *options)
{
  static const LsOption known[] = { { "timeout", "u" } };

  if (!ls_invocation_check_options (invocation, options, known, G_N_ELEMENTS (known)))
    return G_DBUS_METHOD_INVOCATION_HANDLED;

  return call_when_open (object, invocation, wait_for, NULL);
}

/* A change on its way. What comes of an action is written down in the name of its app, so that another one that
 * changes it has a line of its own. */
typedef struct
{
  LsQueueService *service;           /* (owned) */
  GDBusMethodInvocation *invocation; /* (owned) by the answer */
  char *subject;                     /* (owned) (nullable): another app's action */
} Change;

static Change *
change_new (LsQueueService *self, GDBusMethodInvocation *invocation, const char *id)
{
  const LsAction *action = ls_action_queue_find (self->queue, id);
  Change *change = g_new0 (Change, 1);

  change->service = g_object_ref (self);
  change->invocation = invocation;
  if (action != NULL && !is_own (self, invocation, action))
    change->subject = g_strjoin ("/", action->entity, action->entity_id, NULL);
  return change;
}

static void
change_free (Change *change)
{
  g_object_unref (change->service);
  g_free (change->subject);
  g_free (change);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Change, change_free)

static void
note_change (const Change *change, const GError *error)
{
  LsQueueService *self = change->service;
  g_autofree char *what =
      g_ascii_strdown (g_dbus_method_invocation_get_method_name (change->invocation), -1);

  if (change->subject != NULL)
    ls_journal_note (ls_access_get_journal (self->access), get_app (self, change->invocation), what,
                     change->subject, ls_invocation_name_outcome (error), FALSE);
}

static void
change_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Change) change = user_data;
  g_autoptr (GError) error = NULL;

  ls_action_queue_change_finish (LS_ACTION_QUEUE (object), result, &error);
  note_change (change, error);
  if (error == NULL)
    g_dbus_method_invocation_return_value (change->invocation, NULL);
  else
    ls_invocation_return_error (change->invocation, error);
}

static void
edit (LsQueueService *self, Call *call)
{
  const char *json;

  g_variant_get_child (call->arguments, 1, "&s", &json);
  if (may_touch (self, call->invocation, get_id (call)))
    ls_action_queue_edit_async (self->queue, get_id (call), json, change_cb,
                                change_new (self, call->invocation, get_id (call)));
}

static gboolean
handle_edit (LsDbusQueue *object,
             GDBusMethodInvocation *invocation,
             const char *id,
             const char *json,
             GVariant *options)
{
  if (!ls_invocation_check_options (invocation, options, NULL, 0))
    return G_DBUS_METHOD_INVOCATION_HANDLED;

  return call_when_open (object, invocation, edit, NULL);
}

static void
change (LsQueueService *self, Call *call)
{
  if (may_touch (self, call->invocation, get_id (call)))
    call->change (self->queue, get_id (call), change_cb,
                  change_new (self, call->invocation, get_id (call)));
}

static gboolean
begin_change (LsDbusQueue *object,
              GDBusMethodInvocation *invocation,
              GVariant *options,
              ChangeFunc func)
{
  if (!ls_invocation_check_options (invocation, options, NULL, 0))
    return G_DBUS_METHOD_INVOCATION_HANDLED;

  return call_when_open (object, invocation, change, func);
}

static gboolean
handle_cancel (LsDbusQueue *object,
               GDBusMethodInvocation *invocation,
               const char *id,
               GVariant *options)
{
  return begin_change (object, invocation, options, ls_action_queue_cancel_async);
}

static gboolean
handle_retry (LsDbusQueue *object,
              GDBusMethodInvocation *invocation,
              const char *id,
              GVariant *options)
{
  return begin_change (object, invocation, options, ls_action_queue_retry_async);
}

static gboolean
handle_discard (LsDbusQueue *object,
                GDBusMethodInvocation *invocation,
                const char *id,
                GVariant *options)
{
  return begin_change (object, invocation, options, ls_action_queue_discard_async);
}

static gboolean
handle_undo (LsDbusQueue *object,
             GDBusMethodInvocation *invocation,
             const char *id,
             GVariant *options)
{
  return begin_change (object, invocation, options, ls_action_queue_undo_async);
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
get_conflict (LsQueueService *self, Call *call)
{
  const LsAction *action = find (self, call);
  g_auto (GVariantDict) details = G_VARIANT_DICT_INIT (NULL);

  if (action == NULL)
    return;
  if (!may_see (self, call->invocation, action))
    {
      g_dbus_method_invocation_return_error (call->invocation, LS_ERROR, LS_ERROR_ACCESS_DENIED,
                                             "the settings don't let this app read “%s”",
                                             action->entity);
      return;
    }
  if (action->status != LS_ACTION_CONFLICT)
    {
      g_dbus_method_invocation_return_error (call->invocation, LS_ERROR, LS_ERROR_NOT_FOUND,
                                             "action “%s” is not in conflict", action->id);
      return;
    }

  note_read (self, call->invocation, action);
  g_variant_dict_insert (&details, "type", "s", ls_action_type_to_string (action->type));
  g_variant_dict_insert (&details, "entity", "s", action->entity);
  g_variant_dict_insert (&details, "entity-id", "s", action->entity_id);
  g_variant_dict_insert (&details, "deleted", "b",
                         g_strcmp0 (action->reason, LS_ACTION_ROW_DELETED) == 0);
  ls_dbus_queue_complete_get_conflict (
      LS_DBUS_QUEUE (self), call->invocation, or_empty (action->base), or_empty (action->body),
      or_empty (action->server), action->server_version, g_variant_dict_end (&details));
}

static gboolean
handle_get_conflict (LsDbusQueue *object, GDBusMethodInvocation *invocation, const char *id)
{
  return call_when_open (object, invocation, get_conflict, NULL);
}

static void
resolve (LsQueueService *self, Call *call)
{
  g_autoptr (GVariant) options = NULL;
  g_autoptr (GError) error = NULL;
  const char *id, *name, *merged;
  LsResolution resolution;
  gint64 version;

  g_variant_get (call->arguments, "(&s&s&s@a{sv})", &id, &name, &merged, &options);
  if (!may_touch (self, call->invocation, id))
    return;

  if (ls_queue_options_read_resolution (options, name, merged, &resolution, &version, &error))
    ls_action_queue_resolve_async (self->queue, id, resolution, or_null (merged), version,
                                   change_cb, change_new (self, call->invocation, id));
  else
    ls_invocation_return_error (call->invocation, error);
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

  if (!ls_invocation_check_options (invocation, options, known, G_N_ELEMENTS (known)))
    return G_DBUS_METHOD_INVOCATION_HANDLED;

  return call_when_open (object, invocation, resolve, NULL);
}

/* Returns: (transfer full) (nullable): %NULL if it would be too large */
static GString *
format_all (LsQueueService *self, GDBusMethodInvocation *invocation)
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

      note_read (self, invocation, action);
      ls_json_next_element (out);
      ls_bus_action_append_json (out, action, detail);
    }
  g_string_append (out, "]}");

  return out->len <= MAX_EXPORT ? g_steal_pointer (&out) : NULL;
}

static void
export_all (LsQueueService *self, Call *call)
{
  g_autoptr (GString) json = format_all (self, call->invocation);

  if (json != NULL)
    ls_dbus_queue_complete_export (LS_DBUS_QUEUE (self), call->invocation, json->str);
  else
    g_dbus_method_invocation_return_error (call->invocation, LS_ERROR, LS_ERROR_LIMIT_EXCEEDED,
                                           "the queue is too large for one message");
}

static gboolean
handle_export (LsDbusQueue *object, GDBusMethodInvocation *invocation, GVariant *options)
{
  if (!ls_invocation_check_options (invocation, options, NULL, 0) ||
      !ls_invocation_check_all (invocation, LS_QUEUE_SERVICE (object)->access, "export"))
    return G_DBUS_METHOD_INVOCATION_HANDLED;

  return call_when_open (object, invocation, export_all, NULL);
}

static void
flush (LsQueueService *self, Call *call)
{
  ls_action_queue_flush (self->queue);
  ls_dbus_queue_complete_flush (LS_DBUS_QUEUE (self), call->invocation);
}

static gboolean
handle_flush (LsDbusQueue *object, GDBusMethodInvocation *invocation, GVariant *options)
{
  if (!ls_invocation_check_options (invocation, options, NULL, 0) ||
      !ls_invocation_check_all (invocation, LS_QUEUE_SERVICE (object)->access, "flush"))
    return G_DBUS_METHOD_INVOCATION_HANDLED;

  return call_when_open (object, invocation, flush, NULL);
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
