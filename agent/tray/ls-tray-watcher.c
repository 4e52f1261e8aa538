/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-tray-watcher.h"

#define WATCHER_NAME "org.kde.StatusNotifierWatcher"
#define WATCHER_PATH "/StatusNotifierWatcher"

/* A watcher that has its name but can't take us yet is asked again, this many times, after 1 s, then
 * twice as long each time. */
#define MAX_RETRIES 5

/**
 * LsTrayWatcher:
 *
 * Registers our item with org.kde.StatusNotifierWatcher whenever there is one: it may come late, more
 * than once, or never (a plain GNOME Shell has none).
 *
 * We register the unique name of our connection. The names with the process id that other programs
 * own are all the same in sandboxes, where every program is process 2, and need a permission there.
 */
struct _LsTrayWatcher
{
  GObject parent_instance;

  GDBusConnection *connection; /* (owned) */
  GCancellable *cancellable;   /* (owned): of the registration under way */
  guint watch;
  guint retry; /* source id */
  guint retries;
};

G_DEFINE_FINAL_TYPE (LsTrayWatcher, ls_tray_watcher, G_TYPE_OBJECT)

static void register_item (LsTrayWatcher *self);

static gboolean
retry_cb (gpointer user_data)
{
  LsTrayWatcher *self = user_data;

  self->retry = 0;
  register_item (self);

  return G_SOURCE_REMOVE;
}

static void
register_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (LsTrayWatcher) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (object), result, &error);

  if (reply != NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  g_info ("the tray did not take the icon: %s", error->message);
  if (self->retries < MAX_RETRIES && self->retry == 0)
    self->retry = g_timeout_add_seconds (1u << self->retries++, retry_cb, self);
}

static void
register_item (LsTrayWatcher *self)
{
  g_dbus_connection_call (
      self->connection, WATCHER_NAME, WATCHER_PATH, WATCHER_NAME, "RegisterStatusNotifierItem",
      g_variant_new ("(s)", g_dbus_connection_get_unique_name (self->connection)), NULL,
      G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, self->cancellable, register_cb, g_object_ref (self));
}

/* Forgets the watcher that was asked last. */
static void
reset (LsTrayWatcher *self)
{
  g_cancellable_cancel (self->cancellable);
  g_object_unref (self->cancellable);
  self->cancellable = g_cancellable_new ();
  g_clear_handle_id (&self->retry, g_source_remove);
  self->retries = 0;
}

static void
on_watcher_appeared (GDBusConnection *connection,
                     const char *name,
                     const char *owner,
                     gpointer user_data)
{
  LsTrayWatcher *self = user_data;

  reset (self);
  register_item (self);
}

static void
on_watcher_vanished (GDBusConnection *connection, const char *name, gpointer user_data)
{
  LsTrayWatcher *self = user_data;

  reset (self);
}

static void
ls_tray_watcher_dispose (GObject *object)
{
  LsTrayWatcher *self = LS_TRAY_WATCHER (object);

  if (self->watch != 0)
    g_bus_unwatch_name (self->watch);
  self->watch = 0;
  reset (self);

  G_OBJECT_CLASS (ls_tray_watcher_parent_class)->dispose (object);
}

static void
ls_tray_watcher_finalize (GObject *object)
{
  LsTrayWatcher *self = LS_TRAY_WATCHER (object);

  g_clear_object (&self->cancellable);
  g_clear_object (&self->connection);

  G_OBJECT_CLASS (ls_tray_watcher_parent_class)->finalize (object);
}

static void
ls_tray_watcher_class_init (LsTrayWatcherClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = ls_tray_watcher_dispose;
  object_class->finalize = ls_tray_watcher_finalize;
}

static void
ls_tray_watcher_init (LsTrayWatcher *self)
{
  self->cancellable = g_cancellable_new ();
}

/**
 * ls_tray_watcher_new:
 * @connection: the session bus, with our item on it
 *
 * Registers the item from now on until it is disposed of.
 *
 * Returns: (transfer full): what does so
 */
LsTrayWatcher *
ls_tray_watcher_new (GDBusConnection *connection)
{
  LsTrayWatcher *self = g_object_new (LS_TYPE_TRAY_WATCHER, NULL);

  self->connection = g_object_ref (connection);
  self->watch =
      g_bus_watch_name_on_connection (connection, WATCHER_NAME, G_BUS_NAME_WATCHER_FLAGS_NONE,
                                      on_watcher_appeared, on_watcher_vanished, self, NULL);

  return self;
}
