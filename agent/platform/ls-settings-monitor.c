/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-settings-monitor.h"

/* Editors and package managers touch a file several times in a row; nobody waits for less. */
#define QUIET_MS 250

/**
 * LsSettingsMonitor:
 *
 * Watches the files that settings are read from, those that do not exist yet included.
 */
struct _LsSettingsMonitor
{
  GObject parent_instance;

  LsClock *clock;      /* (owned) */
  GPtrArray *monitors; /* (owned) (element-type GFileMonitor) */
  guint alarm;         /* 0: none */
};

enum
{
  SIGNAL_CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (LsSettingsMonitor, ls_settings_monitor, G_TYPE_OBJECT)

static void
on_quiet (gpointer user_data)
{
  LsSettingsMonitor *self = user_data;

  self->alarm = 0;
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
}

static void
on_monitor_changed (LsSettingsMonitor *self)
{
  if (self->alarm != 0)
    ls_clock_remove_alarm (self->clock, self->alarm);
  self->alarm =
      ls_clock_add_alarm (self->clock, LS_CLOCK_MONOTONIC,
                          ls_clock_get_monotonic (self->clock) + QUIET_MS, on_quiet, self);
}

/* Without a watch the settings are still read anew when the user says so: no reason to fail. */
static void
watch (LsSettingsMonitor *self, const char *path, gboolean is_directory)
{
  g_autoptr (GFile) file = NULL;
  g_autoptr (GError) error = NULL;
  GFileMonitor *monitor = NULL;

  if (path == NULL)
    return;

  file = g_file_new_for_path (path);
  if (is_directory)
    monitor = g_file_monitor_directory (file, G_FILE_MONITOR_WATCH_MOVES, NULL, &error);
  else
    monitor = g_file_monitor_file (file, G_FILE_MONITOR_WATCH_MOVES, NULL, &error);
  if (monitor == NULL)
    {
      g_warning ("Changes of %s will not be noticed: %s", path, error->message);
      return;
    }

  g_signal_connect_swapped (monitor, "changed", G_CALLBACK (on_monitor_changed), self);
  g_ptr_array_add (self->monitors, monitor);
}

static void
monitor_free (gpointer data)
{
  GFileMonitor *monitor = data;

  g_file_monitor_cancel (monitor);
  g_object_unref (monitor);
}

static void
ls_settings_monitor_dispose (GObject *object)
{
  LsSettingsMonitor *self = LS_SETTINGS_MONITOR (object);

  for (guint i = 0; i < self->monitors->len; i++)
    g_signal_handlers_disconnect_by_data (g_ptr_array_index (self->monitors, i), self);
  g_ptr_array_set_size (self->monitors, 0);
  if (self->alarm != 0)
    ls_clock_remove_alarm (self->clock, self->alarm);
  self->alarm = 0;

  G_OBJECT_CLASS (ls_settings_monitor_parent_class)->dispose (object);
}

static void
ls_settings_monitor_finalize (GObject *object)
{
  LsSettingsMonitor *self = LS_SETTINGS_MONITOR (object);

  g_ptr_array_unref (self->monitors);
  g_clear_object (&self->clock);

  G_OBJECT_CLASS (ls_settings_monitor_parent_class)->finalize (object);
}

static void
ls_settings_monitor_class_init (LsSettingsMonitorClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = ls_settings_monitor_dispose;
  object_class->finalize = ls_settings_monitor_finalize;

  /**
   * LsSettingsMonitor::changed:
   * @self: the monitor
   *
   * A file was written, appeared or went away a moment ago, and none has changed since.
   */
  signals[SIGNAL_CHANGED] = g_signal_new ("changed", LS_TYPE_SETTINGS_MONITOR, G_SIGNAL_RUN_LAST, 0,
                                          NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
ls_settings_monitor_init (LsSettingsMonitor *self)
{
  self->monitors = g_ptr_array_new_with_free_func (monitor_free);
}

/**
 * ls_settings_monitor_new:
 * @sources: where the settings are read from
 * @clock: tells when the files have come to rest
 *
 * Returns: (transfer full): a monitor of all files of @sources
 */
LsSettingsMonitor *
ls_settings_monitor_new (const LsSettingsSources *sources, LsClock *clock)
{
  LsSettingsMonitor *self = NULL;

  g_return_val_if_fail (sources != NULL, NULL);
  g_return_val_if_fail (LS_IS_CLOCK (clock), NULL);

  self = g_object_new (LS_TYPE_SETTINGS_MONITOR, NULL);
  self->clock = g_object_ref (clock);
  watch (self, sources->vendor_file, FALSE);
  watch (self, sources->user_file, FALSE);
  watch (self, sources->command_line_file, FALSE);
  if (sources->system_dir != NULL)
    {
      g_autofree char *file = g_build_filename (sources->system_dir, "agent.conf", NULL);
      g_autofree char *drop_ins = g_build_filename (sources->system_dir, "agent.conf.d", NULL);

      watch (self, file, FALSE);
      watch (self, drop_ins, TRUE);
    }

  return self;
}
