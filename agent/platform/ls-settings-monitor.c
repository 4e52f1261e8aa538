/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-settings-monitor.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* Editors and package managers touch a file several times in a row; nobody waits for less. */
#define QUIET_MS 250

/**
 * LsSettingsMonitor:
 *
 * Watches the files that settings are read from, those that do not exist yet included. GLib looks for
 * a directory that does not exist every few seconds; so the nearest one that does is watched instead,
 * and the watch moves down as the others appear, and up again as they go away.
 */
struct _LsSettingsMonitor
{
  GObject parent_instance;

  LsClock *clock;     /* (owned) */
  GPtrArray *watches; /* (owned) (element-type Watch) */
  guint alarm;        /* 0: none */
};

/* The watch of one file, or of what is in one directory */
typedef struct
{
  LsSettingsMonitor *monitor; /* (unowned) */
  char *path;                 /* (owned): what is to be watched */
  char *directory;            /* (owned): where that is noticed: @path itself, or its parent */
  char *watched;              /* (owned) (nullable): the part of @directory that exists */
  GFileMonitor *inside; /* (owned) (nullable): @path, or the next directory on the way there */
  GFileMonitor *itself; /* (owned) (nullable): whether @watched goes away or is replaced */
} Watch;

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
on_path_changed (Watch *watch)
{
  LsSettingsMonitor *self = watch->monitor;

  if (self->alarm != 0)
    ls_clock_remove_alarm (self->clock, self->alarm);
  self->alarm =
      ls_clock_add_alarm (self->clock, LS_CLOCK_MONOTONIC,
                          ls_clock_get_monotonic (self->clock) + QUIET_MS, on_quiet, self);
}

/* What inotify refuses to watch, GLib looks for every few seconds. */
static gboolean
can_be_watched (const char *directory)
{
  return g_file_test (directory, G_FILE_TEST_IS_DIR) && g_access (directory, R_OK) == 0;
}

static char *
find_nearest (const char *directory)
{
  char *path = g_strdup (directory);

  while (!can_be_watched (path) && !g_str_equal (path, "/"))
    {
      char *parent = g_path_get_dirname (path);

      g_free (path);
      path = parent;
    }

  return path;
}

/* The directory below @ancestor on the way to @directory */
static char *
next_on_the_way (const char *ancestor, const char *directory)
{
  const char *rest = directory + strlen (ancestor);

  rest += strspn (rest, "/");
  return g_strndup (directory, (gsize)(rest - directory) + strcspn (rest, "/"));
}

/* Without a watch the settings are still read anew when the user says so: no reason to fail. */
static GFileMonitor *
monitor_new (const char *path, gboolean is_directory, GCallback callback, Watch *watch)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GError) error = NULL;
  GFileMonitor *monitor = NULL;

  if (is_directory)
    monitor = g_file_monitor_directory (file, G_FILE_MONITOR_WATCH_MOVES, NULL, &error);
  else
    monitor = g_file_monitor_file (file, G_FILE_MONITOR_WATCH_MOVES, NULL, &error);
  if (monitor == NULL)
    g_warning ("Changes of %s will not be noticed: %s", path, error->message);
  else
    g_signal_connect_swapped (monitor, "changed", callback, watch);

  return monitor;
}

static void
stop_monitor (GFileMonitor **monitor, Watch *watch)
{
  if (*monitor == NULL)
    return;

  g_signal_handlers_disconnect_by_data (*monitor, watch);
  g_file_monitor_cancel (*monitor);
  g_clear_object (monitor);
}

static void on_way_changed (Watch *watch);

static void
place (Watch *watch)
{
  g_autofree char *parent = NULL;

  stop_monitor (&watch->inside, watch);
  stop_monitor (&watch->itself, watch);
  g_free (watch->watched);
  watch->watched = find_nearest (watch->directory);

  /* First this one: a directory that is replaced in between is then noticed. */
  parent = g_path_get_dirname (watch->watched);
  if (can_be_watched (parent))
    watch->itself = monitor_new (watch->watched, FALSE, G_CALLBACK (on_way_changed), watch);
  if (g_str_equal (watch->watched, watch->directory))
    {
      watch->inside = monitor_new (watch->path, g_str_equal (watch->path, watch->directory),
                                   G_CALLBACK (on_path_changed), watch);
    }
  else
    {
      g_autofree char *next = next_on_the_way (watch->watched, watch->directory);

      watch->inside = monitor_new (next, FALSE, G_CALLBACK (on_way_changed), watch);
    }
}

/* What appeared while the watch was placed brings no word any more. */
static void
place_at_nearest (Watch *watch)
{
  g_autofree char *nearest = NULL;

  do
    {
      place (watch);
      g_free (nearest);
      nearest = find_nearest (watch->directory);
    }
  while (!g_str_equal (nearest, watch->watched));
}

/* A directory may be on the way of several, and deeper ones don't hear that it was replaced. */
static void
on_way_changed (Watch *watch)
{
  GPtrArray *watches = watch->monitor->watches;

  for (guint i = 0; i < watches->len; i++)
    place_at_nearest (g_ptr_array_index (watches, i));
  on_path_changed (watch);
}

static void
watch_free (gpointer data)
{
  Watch *watch = data;

  stop_monitor (&watch->inside, watch);
  stop_monitor (&watch->itself, watch);
  g_free (watch->watched);
  g_free (watch->directory);
  g_free (watch->path);
  g_free (watch);
}

static void
add_watch (LsSettingsMonitor *self, const char *path, gboolean is_directory)
{
  Watch *watch;

  if (path == NULL)
    return;

  watch = g_new0 (Watch, 1);
  watch->monitor = self;
  watch->path = g_canonicalize_filename (path, NULL);
  watch->directory = is_directory ? g_strdup (watch->path) : g_path_get_dirname (watch->path);
  g_ptr_array_add (self->watches, watch);
  place_at_nearest (watch);
}

static void
ls_settings_monitor_dispose (GObject *object)
{
  LsSettingsMonitor *self = LS_SETTINGS_MONITOR (object);

  g_ptr_array_set_size (self->watches, 0);
  if (self->alarm != 0)
    ls_clock_remove_alarm (self->clock, self->alarm);
  self->alarm = 0;

  G_OBJECT_CLASS (ls_settings_monitor_parent_class)->dispose (object);
}

static void
ls_settings_monitor_finalize (GObject *object)
{
  LsSettingsMonitor *self = LS_SETTINGS_MONITOR (object);

  g_ptr_array_unref (self->watches);
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
  self->watches = g_ptr_array_new_with_free_func (watch_free);
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
  add_watch (self, sources->vendor_file, FALSE);
  add_watch (self, sources->user_file, FALSE);
  add_watch (self, sources->command_line_file, FALSE);
  if (sources->system_dir != NULL)
    {
      g_autofree char *file = g_build_filename (sources->system_dir, "agent.conf", NULL);
      g_autofree char *drop_ins = g_build_filename (sources->system_dir, "agent.conf.d", NULL);

      add_watch (self, file, FALSE);
      add_watch (self, drop_ins, TRUE);
    }

  return self;
}
