/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-tray-agent.h"

#include "ls-bus-names.h"
#include "ls-dbus.h"

/* How long a menu waits for news of an agent that does not answer, in milliseconds. */
#define REFRESH_TIMEOUT 300
/* How long a call may take, in milliseconds; a sync over a slow line takes its time. */
#define CALL_TIMEOUT 120000

typedef enum
{
  PART_CONNECTION,
  PART_ACCOUNT,
  PART_QUEUE,
  N_PARTS,
} Part;

/**
 * LsTrayAgent:
 *
 * The agent as the tray sees it, whether it runs or not. Nothing here starts it unless the user says
 * so, and nothing waits for it: an agent that hangs must not take the tray with it.
 */
struct _LsTrayAgent
{
  GObject parent_instance;

  GDBusConnection *connection; /* (owned) */
  GCancellable *cancellable;   /* (owned) */
  GDBusProxy *parts[N_PARTS];  /* (owned) (nullable) */
  guint under_way;             /* a bit for each LsTrayCall */
};

enum
{
  SIGNAL_CHANGED,
  SIGNAL_REFRESHED,
  SIGNAL_FAILED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (LsTrayAgent, ls_tray_agent, G_TYPE_OBJECT)

/* One thing being waited for: @what is an LsTrayCall or a Part. */
typedef struct
{
  LsTrayAgent *self; /* (owned) */
  guint what;
} Errand;

static Errand *
errand_new (LsTrayAgent *self, guint what)
{
  Errand *errand = g_new0 (Errand, 1);

  errand->self = g_object_ref (self);
  errand->what = what;

  return errand;
}

static void
errand_free (Errand *errand)
{
  g_object_unref (errand->self);
  g_free (errand);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Errand, errand_free)

static void
emit_changed (LsTrayAgent *self)
{
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

/* A menu that gets a line more while it opens does not fit: what comes with another state, and is
 * not signalled, is fetched at once. */
static void
on_connection_changed (GDBusProxy *proxy,
                       GVariant *changed,
                       const char *const *invalidated,
                       LsTrayAgent *self)
{
  if (g_variant_lookup (changed, "State", "&s", NULL))
    ls_tray_agent_refresh (self);
}

static void
proxy_new_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Errand) errand = user_data;
  g_autoptr (GError) error = NULL;
  GObject *proxy = g_async_initable_new_finish (G_ASYNC_INITABLE (object), result, &error);

  if (proxy == NULL)
    {
      if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        g_info ("no view of the agent: %s", error->message);
      return;
    }

  errand->self->parts[errand->what] = G_DBUS_PROXY (proxy);
  g_signal_connect_object (proxy, "g-properties-changed", G_CALLBACK (emit_changed), errand->self,
                           G_CONNECT_SWAPPED);
  if (errand->what == PART_CONNECTION)
    g_signal_connect_object (proxy, "g-properties-changed", G_CALLBACK (on_connection_changed),
                             errand->self, 0);
  g_signal_connect_object (proxy, "notify::g-name-owner", G_CALLBACK (emit_changed), errand->self,
                           G_CONNECT_SWAPPED);
  emit_changed (errand->self);
}

static void
open_part (LsTrayAgent *self, Part part, GType type, const char *interface)
{
  g_async_initable_new_async (type, G_PRIORITY_DEFAULT, self->cancellable, proxy_new_cb,
                              errand_new (self, part), "g-connection", self->connection, "g-flags",
                              G_DBUS_PROXY_FLAGS_DO_NOT_AUTO_START, "g-name", LS_BUS_NAME,
                              "g-object-path", LS_BUS_PATH, "g-interface-name", interface, NULL);
}

static void
ls_tray_agent_dispose (GObject *object)
{
  LsTrayAgent *self = LS_TRAY_AGENT (object);

  g_cancellable_cancel (self->cancellable);

  G_OBJECT_CLASS (ls_tray_agent_parent_class)->dispose (object);
}

static void
ls_tray_agent_finalize (GObject *object)
{
  LsTrayAgent *self = LS_TRAY_AGENT (object);

  for (guint i = 0; i < N_PARTS; i++)
    g_clear_object (&self->parts[i]);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->connection);

  G_OBJECT_CLASS (ls_tray_agent_parent_class)->finalize (object);
}

static void
ls_tray_agent_class_init (LsTrayAgentClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = ls_tray_agent_dispose;
  object_class->finalize = ls_tray_agent_finalize;

  /**
   * LsTrayAgent::changed:
   *
   * ls_tray_agent_get_snapshot() has news.
   */
  signals[SIGNAL_CHANGED] = g_signal_new ("changed", LS_TYPE_TRAY_AGENT, G_SIGNAL_RUN_LAST, 0, NULL,
                                          NULL, NULL, G_TYPE_NONE, 0);

  /**
   * LsTrayAgent::refreshed:
   *
   * What ls_tray_agent_refresh() was called for is done, as well as can be.
   */
  signals[SIGNAL_REFRESHED] = g_signal_new ("refreshed", LS_TYPE_TRAY_AGENT, G_SIGNAL_RUN_LAST, 0,
                                            NULL, NULL, NULL, G_TYPE_NONE, 0);

  /**
   * LsTrayAgent::failed:
   * @call: an #LsTrayCall
   *
   * What the user asked for was not done.
   */
  signals[SIGNAL_FAILED] = g_signal_new ("failed", LS_TYPE_TRAY_AGENT, G_SIGNAL_RUN_LAST, 0, NULL,
                                         NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
}

static void
ls_tray_agent_init (LsTrayAgent *self)
{
  self->cancellable = g_cancellable_new ();
}

/**
 * ls_tray_agent_new:
 * @connection: the session bus
 *
 * Returns: (transfer full): a view of the agent, which may not be running
 */
LsTrayAgent *
ls_tray_agent_new (GDBusConnection *connection)
{
  LsTrayAgent *self = g_object_new (LS_TYPE_TRAY_AGENT, NULL);

  self->connection = g_object_ref (connection);
  open_part (self, PART_CONNECTION, LS_DBUS_TYPE_CONNECTION_PROXY, LS_BUS_INTERFACE_CONNECTION);
  open_part (self, PART_ACCOUNT, LS_DBUS_TYPE_ACCOUNT_PROXY, LS_BUS_INTERFACE_ACCOUNT);
  open_part (self, PART_QUEUE, LS_DBUS_TYPE_QUEUE_PROXY, LS_BUS_INTERFACE_QUEUE);

  return self;
}

/* An agent that has no such interface yet, or is not running, has nothing in it. */
static void
take_counts (LsTrayAgent *self, LsTraySnapshot *snapshot)
{
  LsDbusQueue *queue = NULL;

  if (self->parts[PART_QUEUE] == NULL)
    return;

  queue = LS_DBUS_QUEUE (self->parts[PART_QUEUE]);
  snapshot->pending = ls_dbus_queue_get_pending (queue) + ls_dbus_queue_get_in_flight (queue);
  snapshot->failed = ls_dbus_queue_get_failed (queue);
  snapshot->conflicts = ls_dbus_queue_get_conflicts (queue);
}

static gboolean
has_owner (LsTrayAgent *self)
{
  GDBusProxy *proxy = self->parts[PART_CONNECTION];
  g_autofree char *owner = proxy != NULL ? g_dbus_proxy_get_name_owner (proxy) : NULL;

  return owner != NULL;
}

/**
 * ls_tray_agent_get_snapshot:
 * @self: the view of the agent
 * @snapshot: (out caller-allocates): what is known now; its strings last until the main loop runs
 *
 * Asks nobody.
 */
void
ls_tray_agent_get_snapshot (LsTrayAgent *self, LsTraySnapshot *snapshot)
{
  GDBusProxy *connection = self->parts[PART_CONNECTION];
  GDBusProxy *account = self->parts[PART_ACCOUNT];

  *snapshot = (LsTraySnapshot) { 0 };
  /* Before the bus has answered at all it is not said that nobody is there. */
  snapshot->running = connection == NULL || has_owner (self);
  snapshot->starting = (self->under_way & 1u << LS_TRAY_CALL_START) != 0;
  snapshot->syncing = (self->under_way & 1u << LS_TRAY_CALL_SYNC) != 0;
  take_counts (self, snapshot);
  if (account != NULL)
    snapshot->account = ls_dbus_account_get_state (LS_DBUS_ACCOUNT (account));
  if (connection == NULL)
    return;

  snapshot->state = ls_dbus_connection_get_state (LS_DBUS_CONNECTION (connection));
  snapshot->reason = ls_dbus_connection_get_reason (LS_DBUS_CONNECTION (connection));
  snapshot->confirmed_at = ls_dbus_connection_get_confirmed_at (LS_DBUS_CONNECTION (connection));
  snapshot->next_attempt_at =
      ls_dbus_connection_get_next_attempt_at (LS_DBUS_CONNECTION (connection));
}

static void
take_properties (LsTrayAgent *self, GVariant *reply)
{
  GDBusProxy *proxy = self->parts[PART_CONNECTION];
  g_autoptr (GVariant) properties = g_variant_get_child_value (reply, 0);
  GVariantIter iter;
  const char *name = NULL;
  GVariant *value = NULL;

  g_variant_iter_init (&iter, properties);
  while (g_variant_iter_loop (&iter, "{&sv}", &name, &value))
    {
      GDBusPropertyInfo *info =
          g_dbus_interface_info_lookup_property (ls_dbus_connection_interface_info (), name);

      if (info != NULL && g_variant_is_of_type (value, G_VARIANT_TYPE (info->signature)))
        g_dbus_proxy_set_cached_property (proxy, name, value);
    }
}

static void
refresh_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (LsTrayAgent) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (object), result, &error);

  if (reply != NULL)
    take_properties (self, reply);
  else
    g_info ("the agent does not say how it is: %s", error->message);

  emit_changed (self);
  g_signal_emit (self, signals[SIGNAL_REFRESHED], 0);
}

/**
 * ls_tray_agent_refresh:
 * @self: the view of the agent
 *
 * Reads what the agent does not signal, such as when the server last confirmed that all is level.
 * Ends in LsTrayAgent::refreshed, at once if there is nobody to ask.
 */
void
ls_tray_agent_refresh (LsTrayAgent *self)
{
  if (!has_owner (self))
    {
      g_signal_emit (self, signals[SIGNAL_REFRESHED], 0);
      return;
    }

  g_dbus_connection_call (self->connection, LS_BUS_NAME, LS_BUS_PATH,
                          "org.freedesktop.DBus.Properties", "GetAll",
                          g_variant_new ("(s)", LS_BUS_INTERFACE_CONNECTION),
                          G_VARIANT_TYPE ("(a{sv})"), G_DBUS_CALL_FLAGS_NO_AUTO_START,
                          REFRESH_TIMEOUT, self->cancellable, refresh_cb, g_object_ref (self));
}

static void
call_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Errand) errand = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (object), result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  errand->self->under_way &= ~(1u << errand->what);
  emit_changed (errand->self);
  if (reply == NULL)
    {
      g_info ("the agent did not do it: %s", error->message);
      g_signal_emit (errand->self, signals[SIGNAL_FAILED], 0, errand->what);
    }
}

/**
 * ls_tray_agent_call:
 * @self: the view of the agent
 * @call: what the user wants
 *
 * Has the agent do it. What is under way already is not asked for again.
 */
void
ls_tray_agent_call (LsTrayAgent *self, LsTrayCall call)
{
  static const char *const methods[] = {
    [LS_TRAY_CALL_START] = NULL,       [LS_TRAY_CALL_RECONNECT] = "Reconnect",
    [LS_TRAY_CALL_SYNC] = "SyncNow",   [LS_TRAY_CALL_PAUSE] = "Disconnect",
    [LS_TRAY_CALL_RESUME] = "Connect",
  };
  G_STATIC_ASSERT (G_N_ELEMENTS (methods) == LS_TRAY_N_CALLS);

  if (self->under_way & 1u << call)
    return;

  self->under_way |= 1u << call;
  if (call == LS_TRAY_CALL_START)
    g_dbus_connection_call (self->connection, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                            "org.freedesktop.DBus", "StartServiceByName",
                            g_variant_new ("(su)", LS_BUS_NAME, 0), NULL, G_DBUS_CALL_FLAGS_NONE,
                            CALL_TIMEOUT, self->cancellable, call_cb, errand_new (self, call));
  else
    g_dbus_connection_call (self->connection, LS_BUS_NAME, LS_BUS_PATH, LS_BUS_INTERFACE_CONNECTION,
                            methods[call], g_variant_new ("(a{sv})", NULL), NULL,
                            G_DBUS_CALL_FLAGS_NO_AUTO_START, CALL_TIMEOUT, self->cancellable,
                            call_cb, errand_new (self, call));
  emit_changed (self);
}
