/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-callers.h"

#include "ls-error.h"

/* Who is kept within limits: an app in a sandbox by all its connections together, so that more of them
 * bring it nothing; anybody else by each. */
typedef struct
{
  guint n_calls;
  guint n_waits;
  guint n_subscriptions;
} Caller;

/* A connection with something to be cleaned up when it leaves. */
typedef struct
{
  char *caller; /* (owned): whose subscriptions it has, see get_caller_name() */
  guint n_uses; /* waits and subscriptions */
  guint watch_id;
} Connection;

/* What a call in flight remembers. */
typedef struct
{
  LsCallers *callers; /* (owned) */
  char *sender;       /* (owned) */
  char *caller;       /* (owned) (nullable): for whom it counts, see get_caller_name() */
  gboolean waits;     /* counts as a wait */
} Call;

/**
 * LsCallers:
 *
 * Who uses the agent at the moment: has nobody served before it is known who that is, keeps each within
 * its limits and tells when a connection by which somebody waits for something or has subscriptions has
 * left the bus.
 */
struct _LsCallers
{
  GObject parent_instance;

  GDBusConnection *connection; /* (owned) */
  LsAppFinder *finder;         /* (owned) */
  GHashTable *callers;         /* (owned) (element-type utf8 Caller): by get_caller_name() */
  GHashTable *connections;     /* (owned) (element-type utf8 Connection): by unique name */
};

enum
{
  SIGNAL_VANISHED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (LsCallers, ls_callers, G_TYPE_OBJECT)

static void
connection_free (gpointer data)
{
  Connection *connection = data;

  g_bus_unwatch_name (connection->watch_id);
  g_free (connection->caller);
  g_free (connection);
}

static void
ls_callers_finalize (GObject *object)
{
  LsCallers *self = LS_CALLERS (object);

  g_hash_table_unref (self->connections);
  g_hash_table_unref (self->callers);
  g_clear_object (&self->finder);
  g_clear_object (&self->connection);

  G_OBJECT_CLASS (ls_callers_parent_class)->finalize (object);
}

static void
ls_callers_class_init (LsCallersClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ls_callers_finalize;

  /**
   * LsCallers::vanished:
   * @self: the callers
   * @sender: a unique name
   *
   * A connection by which somebody waits for something or has subscriptions has left the bus.
   */
  signals[SIGNAL_VANISHED] = g_signal_new ("vanished", LS_TYPE_CALLERS, G_SIGNAL_RUN_LAST, 0, NULL,
                                           NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
ls_callers_init (LsCallers *self)
{
  self->callers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->connections = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, connection_free);
}

/* Returns: for whom @sender counts: the app if that is in a sandbox, else itself, which no app is called,
 * as unique names begin with a colon */
static const char *
get_caller_name (LsCallers *self, const char *sender)
{
  const LsApp *app = ls_app_finder_peek (self->finder, sender);

  return app != NULL && app->kind == LS_APP_SANDBOXED ? app->id : sender;
}

static Caller *
ensure_caller (LsCallers *self, const char *name)
{
  Caller *caller = g_hash_table_lookup (self->callers, name);

  if (caller == NULL)
    {
      caller = g_new0 (Caller, 1);
      g_hash_table_insert (self->callers, g_strdup (name), caller);
    }
  return caller;
}

/* To be called when one of the counts of @name has become smaller. */
static void
drop_if_unused (LsCallers *self, const char *name, const Caller *caller)
{
  if (caller->n_calls == 0 && caller->n_waits == 0 && caller->n_subscriptions == 0)
    g_hash_table_remove (self->callers, name);
}

static void
name_vanished_cb (GDBusConnection *connection, const char *name, gpointer user_data)
{
  g_autofree char *sender = g_strdup (name);

  g_signal_emit (user_data, signals[SIGNAL_VANISHED], 0, sender);
}

/* Watches @sender until each of these was answered by one of release(). */
static void
hold (LsCallers *self, const char *sender, const char *caller)
{
  Connection *connection = g_hash_table_lookup (self->connections, sender);

  if (connection == NULL)
    {
      connection = g_new0 (Connection, 1);
      connection->caller = g_strdup (caller);
      connection->watch_id =
          g_bus_watch_name_on_connection (self->connection, sender, G_BUS_NAME_WATCHER_FLAGS_NONE,
                                          NULL, name_vanished_cb, self, NULL);
      g_hash_table_insert (self->connections, g_strdup (sender), connection);
    }
  connection->n_uses++;
}

static void
release (LsCallers *self, const char *sender)
{
  Connection *connection = g_hash_table_lookup (self->connections, sender);

  g_assert (connection != NULL && connection->n_uses > 0);
  if (--connection->n_uses == 0)
    g_hash_table_remove (self->connections, sender);
}

static GQuark
call_quark (void)
{
  return g_quark_from_static_string ("ls-callers-call");
}

static void
uncount (Call *call)
{
  LsCallers *self = call->callers;
  Caller *caller = g_hash_table_lookup (self->callers, call->caller);
  guint *count;

  g_assert (caller != NULL);
  count = call->waits ? &caller->n_waits : &caller->n_calls;
  g_assert (*count > 0);
  --*count;
  drop_if_unused (self, call->caller, caller);
  g_clear_pointer (&call->caller, g_free);
}

/* Counts @call for whoever its sender is by now. Returns: whether that one may have one more */
static gboolean
count (Call *call)
{
  const char *name = get_caller_name (call->callers, call->sender);
  Caller *caller;

  if (g_strcmp0 (call->caller, name) == 0)
    return TRUE;

  caller = ensure_caller (call->callers, name);
  if (caller->n_calls >= LS_CALLERS_MAX_CALLS)
    return FALSE;

  caller->n_calls++;
  if (call->caller != NULL)
    uncount (call);
  call->caller = g_strdup (name);
  return TRUE;
}

/* Its invocation is gone: it was answered, or was one too many. */
static void
call_free (gpointer data)
{
  Call *call = data;

  if (call->caller != NULL)
    uncount (call);
  if (call->waits)
    release (call->callers, call->sender);
  g_object_unref (call->callers);
  g_free (call->sender);
  g_free (call);
}

/* An interface whose calls are counted. */
typedef struct
{
  LsCallers *callers;                       /* (owned) */
  GDBusInterfaceVTable vtable;              /* of the interface, with our method_call */
  GDBusInterfaceMethodCallFunc method_call; /* the interface's own */
} Guard;

static void
guard_free (Guard *guard)
{
  g_object_unref (guard->callers);
  g_free (guard);
}

static GQuark
guard_quark (void)
{
  return g_quark_from_static_string ("ls-callers-guard");
}

/* Counts @invocation, or refuses it. Returns: whether it is to be served */
static gboolean
admit (GDBusMethodInvocation *invocation)
{
  if (count (g_object_get_qdata (G_OBJECT (invocation), call_quark ())))
    return TRUE;

  g_dbus_method_invocation_return_error (invocation, LS_ERROR, LS_ERROR_LIMIT_EXCEEDED,
                                         "more than %d calls are waiting for an answer",
                                         LS_CALLERS_MAX_CALLS);
  return FALSE;
}

static gboolean
begin_call (LsCallers *self, GDBusMethodInvocation *invocation)
{
  Call *call = g_new0 (Call, 1);

  call->callers = g_object_ref (self);
  call->sender = g_strdup (g_dbus_method_invocation_get_sender (invocation));
  /* an invocation lives as long as it is unanswered */
  g_object_set_qdata_full (G_OBJECT (invocation), call_quark (), call, call_free);
  return admit (invocation);
}

/* A call whose caller is not known yet. */
typedef struct
{
  GDBusInterfaceSkeleton *skeleton;  /* (owned) */
  GDBusMethodInvocation *invocation; /* (owned) by the answer */
} Deferred;

static void
serve (GDBusInterfaceSkeleton *skeleton, GDBusMethodInvocation *invocation)
{
  Guard *guard = g_object_get_qdata (G_OBJECT (skeleton), guard_quark ());

  guard->method_call (g_dbus_method_invocation_get_connection (invocation),
                      g_dbus_method_invocation_get_sender (invocation),
                      g_dbus_method_invocation_get_object_path (invocation),
                      g_dbus_method_invocation_get_interface_name (invocation),
                      g_dbus_method_invocation_get_method_name (invocation),
                      g_dbus_method_invocation_get_parameters (invocation), invocation, skeleton);
}

static void
find_app_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autofree Deferred *deferred = user_data;
  g_autoptr (GDBusInterfaceSkeleton) skeleton = deferred->skeleton;
  g_autoptr (GError) error = NULL;

  if (!ls_app_finder_find_finish (LS_APP_FINDER (object), result, &error))
    g_dbus_method_invocation_return_gerror (deferred->invocation, error);
  else if (admit (deferred->invocation))
    serve (skeleton, deferred->invocation);
}

static void
serve_when_known (LsCallers *self,
                  GDBusInterfaceSkeleton *skeleton,
                  GDBusMethodInvocation *invocation)
{
  const char *sender = g_dbus_method_invocation_get_sender (invocation);
  Deferred *deferred;

  if (ls_app_finder_peek (self->finder, sender) != NULL)
    {
      serve (skeleton, invocation);
      return;
    }

  deferred = g_new (Deferred, 1);
  *deferred = (Deferred) { g_object_ref (skeleton), invocation };
  ls_app_finder_find_async (self->finder, sender, find_app_cb, deferred);
}

static void
on_method_call (GDBusConnection *connection,
                const char *sender,
                const char *object_path,
                const char *interface_name,
                const char *method_name,
                GVariant *parameters,
                GDBusMethodInvocation *invocation,
                gpointer user_data)
{
  Guard *guard = g_object_get_qdata (user_data, guard_quark ());

  if (begin_call (guard->callers, invocation))
    serve_when_known (guard->callers, user_data, invocation);
}

static GDBusInterfaceVTable *
get_guarded_vtable (GDBusInterfaceSkeleton *skeleton)
{
  Guard *guard = g_object_get_qdata (G_OBJECT (skeleton), guard_quark ());
  GDBusInterfaceSkeletonClass *parent = g_type_class_peek_parent (G_OBJECT_GET_CLASS (skeleton));

  return guard != NULL ? &guard->vtable : parent->get_vtable (skeleton);
}

/**
 * ls_callers_new:
 * @connection: where callers are watched
 * @finder: tells who they are
 *
 * Returns: (transfer full): no callers yet
 */
LsCallers *
ls_callers_new (GDBusConnection *connection, LsAppFinder *finder)
{
  LsCallers *self = g_object_new (LS_TYPE_CALLERS, NULL);

  self->connection = g_object_ref (connection);
  self->finder = g_object_ref (finder);
  return self;
}

/**
 * ls_callers_guard_class:
 * @klass: a final class of an interface
 *
 * Lets ls_callers_guard() work for objects of @klass. To be called when it is initialised.
 *
 * The signal #GDBusInterfaceSkeleton::g-authorize-method would need no such thing, but with a
 * handler of it GLib passes every call through a thread of a pool: slow, and the handler would run
 * there beside us.
 */
void
ls_callers_guard_class (GDBusInterfaceSkeletonClass *klass)
{
  klass->get_vtable = get_guarded_vtable;
}

/**
 * ls_callers_guard:
 * @self: the callers
 * @skeleton: an interface that is not exported yet, see ls_callers_guard_class()
 *
 * Has calls to @skeleton served in their order once it is known who the caller is, and refuses them
 * with %LS_ERROR_LIMIT_EXCEEDED while that one has %LS_CALLERS_MAX_CALLS without an answer, or can't be
 * looked at for now.
 */
void
ls_callers_guard (LsCallers *self, GDBusInterfaceSkeleton *skeleton)
{
  GDBusInterfaceSkeletonClass *klass = G_DBUS_INTERFACE_SKELETON_GET_CLASS (skeleton);
  Guard *guard;

  g_return_if_fail (LS_IS_CALLERS (self));
  g_return_if_fail (klass->get_vtable == get_guarded_vtable);

  guard = g_new0 (Guard, 1);
  guard->callers = g_object_ref (self);
  guard->vtable = *klass->get_vtable (skeleton);
  guard->method_call = guard->vtable.method_call;
  guard->vtable.method_call = on_method_call;
  g_object_set_qdata_full (G_OBJECT (skeleton), guard_quark (), guard, (GDestroyNotify)guard_free);
}

/**
 * ls_callers_begin_wait:
 * @self: the callers
 * @invocation: a call of an interface that is guarded by @self
 * @error: %LS_ERROR_LIMIT_EXCEEDED
 *
 * From now on it is meant to stay without an answer for a while: it does not count against
 * %LS_CALLERS_MAX_CALLS but against %LS_CALLERS_MAX_WAITS, and if its caller leaves the bus,
 * LsCallers::vanished tells.
 *
 * Returns: whether the caller may have one more
 */
gboolean
ls_callers_begin_wait (LsCallers *self, GDBusMethodInvocation *invocation, GError **error)
{
  Call *call = g_object_get_qdata (G_OBJECT (invocation), call_quark ());
  Caller *caller;

  g_return_val_if_fail (LS_IS_CALLERS (self), FALSE);
  g_return_val_if_fail (call != NULL && call->callers == self && !call->waits, FALSE);

  caller = g_hash_table_lookup (self->callers, call->caller);
  if (caller->n_waits >= LS_CALLERS_MAX_WAITS)
    {
      g_set_error (error, LS_ERROR, LS_ERROR_LIMIT_EXCEEDED, "more than %d waits",
                   LS_CALLERS_MAX_WAITS);
      return FALSE;
    }

  call->waits = TRUE;
  caller->n_calls--;
  caller->n_waits++;
  hold (self, call->sender, call->caller);
  return TRUE;
}

/**
 * ls_callers_add_subscription:
 * @self: the callers
 * @sender: a unique name
 * @error: %LS_ERROR_LIMIT_EXCEEDED
 *
 * Counts a subscription and watches its connection. Each is answered by one of
 * ls_callers_remove_subscription(), also after LsCallers::vanished.
 *
 * Returns: whether @sender may have one more
 */
gboolean
ls_callers_add_subscription (LsCallers *self, const char *sender, GError **error)
{
  const Connection *connection;
  const char *name;
  Caller *caller;

  g_return_val_if_fail (LS_IS_CALLERS (self), FALSE);

  connection = g_hash_table_lookup (self->connections, sender);
  name = connection != NULL ? connection->caller : get_caller_name (self, sender);
  caller = ensure_caller (self, name);
  if (caller->n_subscriptions >= LS_CALLERS_MAX_SUBSCRIPTIONS)
    {
      g_set_error (error, LS_ERROR, LS_ERROR_LIMIT_EXCEEDED, "more than %d subscriptions",
                   LS_CALLERS_MAX_SUBSCRIPTIONS);
      return FALSE;
    }

  caller->n_subscriptions++;
  hold (self, sender, name);
  return TRUE;
}

/**
 * ls_callers_remove_subscription:
 * @self: the callers
 * @sender: a unique name
 *
 * Undoes ls_callers_add_subscription().
 */
void
ls_callers_remove_subscription (LsCallers *self, const char *sender)
{
  const Connection *connection;
  Caller *caller;

  g_return_if_fail (LS_IS_CALLERS (self));

  connection = g_hash_table_lookup (self->connections, sender);
  g_return_if_fail (connection != NULL);
  caller = g_hash_table_lookup (self->callers, connection->caller);
  g_return_if_fail (caller != NULL && caller->n_subscriptions > 0);

  caller->n_subscriptions--;
  drop_if_unused (self, connection->caller, caller);
  release (self, sender);
}

/**
 * ls_callers_count:
 * @self: the callers
 *
 * Returns: how many callers have a subscription or an unanswered call or wait
 */
guint
ls_callers_count (LsCallers *self)
{
  g_return_val_if_fail (LS_IS_CALLERS (self), 0);

  return g_hash_table_size (self->callers);
}

/**
 * ls_callers_count_subscriptions:
 * @self: the callers
 *
 * Returns: how many subscriptions they have together
 */
guint
ls_callers_count_subscriptions (LsCallers *self)
{
  GHashTableIter iter;
  Caller *caller;
  guint count = 0;

  g_return_val_if_fail (LS_IS_CALLERS (self), 0);

  g_hash_table_iter_init (&iter, self->callers);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *)&caller))
    count += caller->n_subscriptions;
  return count;
}
