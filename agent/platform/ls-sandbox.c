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
 * What Flatpak tells a program about itself. The signal "updated" says that a newer version has
 * been installed and that what runs is the old one.
 */
struct _LsSandbox
{
  GObject parent_instance;

  GFileMonitor *monitor; /* (owned) (nullable) */
};

G_DEFINE_FINAL_TYPE (LsSandbox, ls_sandbox, G_TYPE_OBJECT)

enum
{
  SIGNAL_UPDATED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static void
ls_sandbox_finalize (GObject *object)
{
  LsSandbox *self = LS_SANDBOX (object);

  g_clear_object (&self->monitor);

  G_OBJECT_CLASS (ls_sandbox_parent_class)->finalize (object);
}

static void
ls_sandbox_class_init (LsSandboxClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ls_sandbox_finalize;

  /**
   * LsSandbox::updated:
   * @self: a sandbox
   *
   * A newer version has been installed.
   */
  signals[SIGNAL_UPDATED] = g_signal_new ("updated", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST,
                                          0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
ls_sandbox_init (LsSandbox *self)
{
}

static void
on_monitor_changed (GFileMonitor *monitor,
                    GFile *file,
                    GFile *other,
                    GFileMonitorEvent event,
                    LsSandbox *self)
{
  if (event == G_FILE_MONITOR_EVENT_CREATED)
    g_signal_emit (self, signals[SIGNAL_UPDATED], 0);
}

/**
 * ls_sandbox_new:
 * @marker: (nullable) (type filename): the file that says so; %NULL: Flatpak's
 *
 * Watches for an update of the program that runs.
 *
 * Returns: (transfer full): the sandbox
 */
LsSandbox *
ls_sandbox_new (const char *marker)
{
  LsSandbox *self = g_object_new (LS_TYPE_SANDBOX, NULL);
  g_autoptr (GFile) file = g_file_new_for_path (marker != NULL ? marker : UPDATED_FILE);
  g_autoptr (GError) error = NULL;

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

static void
spawn_cb (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = NULL;

  answer = g_dbus_connection_call_finish (G_DBUS_CONNECTION (object), result, &error);
  if (answer != NULL)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/**
 * ls_sandbox_start_latest_async:
 * @connection: the session bus
 * @argv: (array zero-terminated=1): program and arguments, as seen in the new version
 * @cancellable: (nullable): to give up
 * @callback: called when it runs
 * @user_data: for @callback
 *
 * Starts a program of this Flatpak in the version that is installed now. A running instance keeps
 * its old files, so it can't do that by itself; the Flatpak portal does.
 */
void
ls_sandbox_start_latest_async (GDBusConnection *connection,
                               const char *const *argv,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (connection, cancellable, callback, user_data);

  g_return_if_fail (argv != NULL && argv[0] != NULL);

  g_task_set_source_tag (task, ls_sandbox_start_latest_async);
  g_dbus_connection_call (
      connection, "org.freedesktop.portal.Flatpak", "/org/freedesktop/portal/Flatpak",
      "org.freedesktop.portal.Flatpak", "Spawn",
      g_variant_new ("(^ay^aaya{uh}a{ss}u@a{sv})", "/", argv, NULL, NULL, SPAWN_LATEST_VERSION,
                     g_variant_new_array (G_VARIANT_TYPE ("{sv}"), NULL, 0)),
      G_VARIANT_TYPE ("(u)"), G_DBUS_CALL_FLAGS_NONE, -1, cancellable, spawn_cb,
      g_steal_pointer (&task));
}

/**
 * ls_sandbox_start_latest_finish:
 * @connection: the session bus
 * @result: of ls_sandbox_start_latest_async()
 * @error: there is no Flatpak portal, or it refused
 *
 * Returns: whether the program was started
 */
gboolean
ls_sandbox_start_latest_finish (GDBusConnection *connection, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, connection), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
