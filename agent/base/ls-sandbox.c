/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-sandbox.h"

/* Every Flatpak has this file, flatpak-metadata(5). */
#define INFO_FILE "/.flatpak-info"
/* Flatpak makes this file in a running instance when a newer version has been installed. */
#define UPDATED_FILE "/app/.updated"

/* The Flatpak portal, org.freedesktop.portal.Flatpak: start in the version installed now, not in
 * the one that runs. */
#define SPAWN_LATEST_VERSION (1u << 1)

/**
 * LsSandbox:
 *
 * The Flatpak that a program runs in. When a newer version has been installed, it has that one
 * started: a running instance keeps its old files, so it can't do that by itself, but the Flatpak
 * portal does.
 */
struct _LsSandbox
{
  GObject parent_instance;

  GDBusConnection *connection; /* (owned) */
  GStrv successor;             /* (owned) */
  GFileMonitor *monitor;       /* (owned) (nullable) */
  GCancellable *cancellable;   /* (owned) */
};

G_DEFINE_FINAL_TYPE (LsSandbox, ls_sandbox, G_TYPE_OBJECT)

enum
{
  SIGNAL_UPDATED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static void
ls_sandbox_dispose (GObject *object)
{
  LsSandbox *self = LS_SANDBOX (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->monitor);

  G_OBJECT_CLASS (ls_sandbox_parent_class)->dispose (object);
}

static void
ls_sandbox_finalize (GObject *object)
{
  LsSandbox *self = LS_SANDBOX (object);

  g_object_unref (self->cancellable);
  g_clear_object (&self->connection);
  g_strfreev (self->successor);

  G_OBJECT_CLASS (ls_sandbox_parent_class)->finalize (object);
}

static void
ls_sandbox_class_init (LsSandboxClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = ls_sandbox_dispose;
  object_class->finalize = ls_sandbox_finalize;

  /**
   * LsSandbox::updated:
   * @self: a sandbox
   * @started: whether the successor is about to come up in the newer version
   *
   * A newer version has been installed.
   */
  signals[SIGNAL_UPDATED] = g_signal_new ("updated", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST,
                                          0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_BOOLEAN);
}

static void
ls_sandbox_init (LsSandbox *self)
{
  self->cancellable = g_cancellable_new ();
}

static void
spawn_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (LsSandbox) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (object), result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  if (answer == NULL)
    g_message ("the new version can't be started from here: %s", error->message);
  g_signal_emit (self, signals[SIGNAL_UPDATED], 0, answer != NULL);
}

static void
on_monitor_changed (GFileMonitor *monitor,
                    GFile *file,
                    GFile *other,
                    GFileMonitorEvent event,
                    LsSandbox *self)
{
  if (event != G_FILE_MONITOR_EVENT_CREATED)
    return;

  g_message ("a new version has been installed");
  g_dbus_connection_call (
      self->connection, "org.freedesktop.portal.Flatpak", "/org/freedesktop/portal/Flatpak",
      "org.freedesktop.portal.Flatpak", "Spawn",
      g_variant_new ("(^ay^aaya{uh}a{ss}u@a{sv})", "/", self->successor, NULL, NULL,
                     SPAWN_LATEST_VERSION, g_variant_new_array (G_VARIANT_TYPE ("{sv}"), NULL, 0)),
      G_VARIANT_TYPE ("(u)"), G_DBUS_CALL_FLAGS_NONE, -1, self->cancellable, spawn_cb,
      g_object_ref (self));
}

/**
 * ls_sandbox_new:
 * @connection: the session bus
 * @successor: (array zero-terminated=1): program and arguments to start in the newer version; they
 *   have it take the place of the program that runs
 *
 * Watches for an update of the program that runs. To be called inside a sandbox.
 *
 * Returns: (transfer full): the sandbox
 */
LsSandbox *
ls_sandbox_new (GDBusConnection *connection, const char *const *successor)
{
  LsSandbox *self = g_object_new (LS_TYPE_SANDBOX, NULL);
  g_autoptr (GFile) file = g_file_new_for_path (UPDATED_FILE);
  g_autoptr (GError) error = NULL;

  self->connection = g_object_ref (connection);
  self->successor = g_strdupv ((GStrv)successor);
  self->monitor = g_file_monitor_file (file, G_FILE_MONITOR_NONE, NULL, &error);
  if (self->monitor == NULL)
    g_warning ("updates will not be noticed: %s", error->message);
  else
    g_signal_connect_object (self->monitor, "changed", G_CALLBACK (on_monitor_changed), self, 0);

  return self;
}

/**
 * ls_sandbox_is_inside:
 *
 * Returns: whether this process runs in a Flatpak
 */
gboolean
ls_sandbox_is_inside (void)
{
  return g_file_test (INFO_FILE, G_FILE_TEST_EXISTS);
}
