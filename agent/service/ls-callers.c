/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-callers.h"

#include "ls-error.h"

typedef struct
{
  guint n_calls;
  guint n_waits;
  guint n_subscriptions;
  guint watch_id; /* 0 without a wait or a subscription: nothing is to be cleaned up */
} Caller;

/* What a call in flight remembers. */
typedef struct
{
  LsCallers *callers; /* (owned) */
  char *sender;       /* (owned) */
  gboolean waits;     /* counts as a wait */
} Call;

/**
 * LsCallers:
 *
 * Who uses the agent at the moment, by unique name: has nobody served before it is known who that is,
 * keeps each within its limits and tells when one that waits for something or has subscriptions has
 * left the bus.
 */
struct _LsCallers
{
  GObject parent_instance;

  GDBusConnection *connection; /* (owned) */
  LsAppFinder *finder;         /* (owned) */
  GHashTable *callers;         /* (owned) (element-type utf8 Caller) */
};

enum
{
  SIGNAL_VANISHED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (LsCallers, ls_callers, G_TYPE_OBJECT)

static void
caller_free (gpointer data)
{
  Caller *caller = data;

  if (caller->watch_id != 0)
    g_bus_unwatch_name (caller->watch_id);
  g_free (caller);
}

static void
ls_callers_finalize (GObject *object)
{
  LsCallers *self = LS_CALLERS (object);

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
   * A caller that waits for something or has subscriptions has left the bus.
   */
  signals[SIGNAL_VANISHED] = g_signal_new ("vanished", LS_TYPE_CALLERS, G_SIGNAL_RUN_LAST, 0, NULL,
                                           NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
ls_callers_init (LsCallers *self)
{
  self->callers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, caller_free);
}

static Caller *
ensure_caller (LsCallers *self, const char *sender)
{
  Caller *caller = g_hash_table_lookup (self->callers, sender);

  if (caller == NULL)
    {
      caller = g_new0 (Caller, 1);
      g_hash_table_insert (self->callers, g_strdup (sender), caller);
    }
  return caller;
}

static void
name_vanished_cb (GDBusConnection *connection, const char *name, gpointer user_data)
{
  g_autofree char *sender = g_strdup (name);

  g_signal_emit (user_data, signals[SIGNAL_VANISHED], 0, sender);
}

/* Watches @sender for as long as something is to be cleaned up when it leaves. */
static void
update_watch (LsCallers *self, const char *sender, Caller *caller)
{
  gboolean wanted = caller->n_waits > 0 || caller->n_subscriptions > 0;

  if (wanted && caller->watch_id == 0)
    caller->watch_id =
        g_bus_watch_name_on_connection (self->connection, sender, G_BUS_NAME_WATCHER_FLAGS_NONE,
                                        NULL, name_vanished_cb, self, NULL);
  else if (!wanted)
    g_clear_handle_id (&caller->watch_id, g_bus_unwatch_name);
}

/* To be called when one of the counts of @sender has become smaller. */
static void
drop_if_unused (LsCallers *self, const char *sender, Caller *caller)
{
  update_watch (self, sender, caller);
  if (caller->n_calls == 0 && caller->n_waits == 0 && caller->n_subscriptions == 0)
    g_hash_table_remove (self->callers, sender);
}

static GQuark
call_quark (void)
{
  return g_quark_from_static_string ("ls-callers-call");
}

/* Its invocation is gone: it was answered. */
static void
call_free (gpointer data)
{
  Call *call = data;
  Caller *caller = g_hash_table_lookup (call->callers->callers, call->sender);
  guint *count;

  g_assert (caller != NULL);
  count = call->waits ? &caller->n_waits : &caller->n_calls;
  g_assert (*count > 0);
  --*count;
  drop_if_unused (call->callers, call->sender, caller);

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

static gboolean
begin_call (LsCallers *self, GDBusMethodInvocation *invocation)
{
  const char *sender = g_dbus_method_invocation_get_sender (invocation);
  Caller *caller = ensure_caller (self, sender);
  Call *call;

  if (caller->n_calls >= LS_CALLERS_MAX_CALLS)
    {
      g_dbus_method_invocation_return_error (invocation, LS_ERROR, LS_ERROR_LIMIT_EXCEEDED,
                                             "more than %d calls are waiting for an answer",
                                             LS_CALLERS_MAX_CALLS);
      return FALSE;
    }

  call = g_new (Call, 1);
  *call = (Call) { g_object_ref (self), g_strdup (sender), FALSE };
  caller->n_calls++;
  /* an invocation lives as long as it is unanswered */
  g_object_set_qdata_full (G_OBJECT (invocation), call_quark (), call, call_free);
  return TRUE;
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

  ls_app_finder_find_finish (LS_APP_FINDER (object), result);
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
 * with %LS_ERROR_LIMIT_EXCEEDED while that one has %LS_CALLERS_MAX_CALLS without an answer.
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

  caller = g_hash_table_lookup (self->callers, call->sender);
  if (caller->n_waits >= LS_CALLERS_MAX_WAITS)
    {
      g_set_error (error, LS_ERROR, LS_ERROR_LIMIT_EXCEEDED, "more than %d waits",
                   LS_CALLERS_MAX_WAITS);
      return FALSE;
    }

  call->waits = TRUE;
  caller->n_calls--;
  caller->n_waits++;
  update_watch (self, call->sender, caller);
  return TRUE;
}

/**
 * ls_callers_add_subscription:
 * @self: the callers
 * @sender: a unique name
 * @error: %LS_ERROR_LIMIT_EXCEEDED
 *
 * Counts a subscription and watches its owner. Each is answered by one of
 * ls_callers_remove_subscription(), also after LsCallers::vanished.
 *
 * Returns: whether @sender may have one more
 */
gboolean
ls_callers_add_subscription (LsCallers *self, const char *sender, GError **error)
{
  Caller *caller;

  g_return_val_if_fail (LS_IS_CALLERS (self), FALSE);

  caller = ensure_caller (self, sender);
  if (caller->n_subscriptions >= LS_CALLERS_MAX_SUBSCRIPTIONS)
    {
      g_set_error (error, LS_ERROR, LS_ERROR_LIMIT_EXCEEDED, "more than %d subscriptions",
                   LS_CALLERS_MAX_SUBSCRIPTIONS);
      return FALSE;
    }

  caller->n_subscriptions++;
  update_watch (self, sender, caller);
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
  Caller *caller;

  g_return_if_fail (LS_IS_CALLERS (self));

  caller = g_hash_table_lookup (self->callers, sender);
  g_return_if_fail (caller != NULL && caller->n_subscriptions > 0);

  caller->n_subscriptions--;
  drop_if_unused (self, sender, caller);
}

/**
 * ls_callers_count:
 * @self: the callers
 *
 * Returns: how many apps have a subscription or an unanswered call or wait
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
