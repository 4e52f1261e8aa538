/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <string.h>

#include "ls-fake-clock.h"
#include "ls-settings-monitor.h"

typedef struct
{
  char *root; /* (owned) */
  LsSettingsSources *sources;
  LsFakeClock *clock;         /* (owned) */
  LsSettingsMonitor *monitor; /* (owned) */
  guint n_changes;
} Fixture;

static void
on_monitor_changed (LsSettingsMonitor *monitor, gpointer user_data)
{
  Fixture *fixture = user_data;

  fixture->n_changes++;
}

static char *
make_path (Fixture *fixture, const char *name)
{
  return g_build_filename (fixture->root, name, NULL);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autofree char *drop_ins = NULL;

  fixture->root = g_dir_make_tmp ("labsync-monitor-XXXXXX", NULL);
  fixture->sources = g_new0 (LsSettingsSources, 1);
  fixture->sources->system_dir = make_path (fixture, "etc");
  fixture->sources->user_file = make_path (fixture, "agent.conf");
  drop_ins = make_path (fixture, "etc/agent.conf.d");
  g_assert_cmpint (g_mkdir_with_parents (drop_ins, 0700), ==, 0);

  fixture->clock = ls_fake_clock_new ();
  fixture->monitor = ls_settings_monitor_new (fixture->sources, LS_CLOCK (fixture->clock));
  g_signal_connect (fixture->monitor, "changed", G_CALLBACK (on_monitor_changed), fixture);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  const char *const names[] = { "agent.conf", "etc/agent.conf", "etc/agent.conf.d/a.conf",
                                "etc/agent.conf.d", "etc" };

  if (fixture->monitor != NULL)
    g_assert_finalize_object (fixture->monitor);
  g_assert_cmpuint (ls_fake_clock_count_alarms (fixture->clock), ==, 0);
  g_assert_finalize_object (fixture->clock);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = make_path (fixture, names[i]);

      g_remove (path);
    }
  g_assert_cmpint (g_rmdir (fixture->root), ==, 0);
  g_free (fixture->root);
  ls_settings_sources_free (fixture->sources);
}

/* Until the kernel's word of a change has come. */
static void
wait_for_notice (Fixture *fixture)
{
  while (ls_fake_clock_count_alarms (fixture->clock) == 0)
    g_main_context_iteration (NULL, TRUE);
}

static void
check_file_is_watched (Fixture *fixture, const char *name)
{
  g_autofree char *path = make_path (fixture, name);

  fixture->n_changes = 0;
  g_assert_true (g_file_set_contents (path, "[Cache]\n", -1, NULL));
  wait_for_notice (fixture);
  g_assert_cmpuint (fixture->n_changes, ==, 0);
  ls_fake_clock_advance (fixture->clock, 1000);
  g_assert_cmpuint (fixture->n_changes, ==, 1);
}

static void
test_user_file_is_watched (Fixture *fixture, gconstpointer data)
{
  check_file_is_watched (fixture, "agent.conf");
}

static void
test_system_file_is_watched (Fixture *fixture, gconstpointer data)
{
  check_file_is_watched (fixture, "etc/agent.conf");
}

static void
test_drop_in_is_watched (Fixture *fixture, gconstpointer data)
{
  check_file_is_watched (fixture, "etc/agent.conf.d/a.conf");
}

static void
test_burst_is_one_change (Fixture *fixture, gconstpointer data)
{
  g_autofree char *path = make_path (fixture, "agent.conf");

  for (guint i = 0; i < 3; i++)
    {
      g_assert_true (g_file_set_contents (path, "[Cache]\n", -1, NULL));
      wait_for_notice (fixture);
      while (g_main_context_iteration (NULL, FALSE))
        ;
      ls_fake_clock_advance (fixture->clock, 1);
      g_assert_cmpuint (fixture->n_changes, ==, 0);
      g_assert_cmpuint (ls_fake_clock_count_alarms (fixture->clock), ==, 1);
    }
  ls_fake_clock_advance (fixture->clock, 1000);
  g_assert_cmpuint (fixture->n_changes, ==, 1);
}

static void
test_monitor_goes_quietly (Fixture *fixture, gconstpointer data)
{
  g_autofree char *path = make_path (fixture, "agent.conf");

  g_assert_true (g_file_set_contents (path, "[Cache]\n", -1, NULL));
  wait_for_notice (fixture);
  g_assert_finalize_object (g_steal_pointer (&fixture->monitor));
  ls_fake_clock_advance (fixture->clock, 1000);
  g_assert_cmpuint (fixture->n_changes, ==, 0);
}

/* Whether the kernel tells us of what happens in a directory, rather than GLib looking for it. */
static gboolean
is_watched (Fixture *fixture, const char *name)
{
  g_autofree char *path = make_path (fixture, name);
  g_autofree char *wanted = NULL;
  g_autoptr (GDir) directory = g_dir_open ("/proc/self/fdinfo", 0, NULL);
  gboolean found = FALSE;
  GStatBuf info;
  const char *entry;

  if (g_stat (path, &info) != 0)
    return FALSE;

  wanted = g_strdup_printf (" ino:%lx ", (unsigned long)info.st_ino);
  while (!found && (entry = g_dir_read_name (directory)) != NULL)
    {
      g_autofree char *file = g_build_filename ("/proc/self/fdinfo", entry, NULL);
      g_autofree char *text = NULL;

      if (g_file_get_contents (file, &text, NULL, NULL))
        found = strstr (text, "inotify wd:") != NULL && strstr (text, wanted) != NULL;
    }
  return found;
}

static void
wait_for_watch (Fixture *fixture, const char *name)
{
  while (!is_watched (fixture, name))
    g_main_context_iteration (NULL, TRUE);
}

static void
make_directory (Fixture *fixture, const char *name)
{
  g_autofree char *path = make_path (fixture, name);

  g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
}

static void
remove_path (Fixture *fixture, const char *name)
{
  g_autofree char *path = make_path (fixture, name);

  g_assert_cmpint (g_remove (path), ==, 0);
}

static void
settle (Fixture *fixture)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
  ls_fake_clock_advance (fixture->clock, 1000);
}

static void
test_directories_appear_and_go (Fixture *fixture, gconstpointer data)
{
  for (guint i = 0; i < 2; i++)
    {
      remove_path (fixture, "etc/agent.conf.d");
      remove_path (fixture, "etc");
      wait_for_watch (fixture, ".");
      settle (fixture);

      make_directory (fixture, "etc");
      wait_for_watch (fixture, "etc");
      settle (fixture);
      check_file_is_watched (fixture, "etc/agent.conf");
      make_directory (fixture, "etc/agent.conf.d");
      wait_for_watch (fixture, "etc/agent.conf.d");
      settle (fixture);
      check_file_is_watched (fixture, "etc/agent.conf.d/a.conf");

      remove_path (fixture, "etc/agent.conf.d/a.conf");
      wait_for_notice (fixture);
      settle (fixture);
      remove_path (fixture, "etc/agent.conf");
      wait_for_notice (fixture);
      settle (fixture);
    }
}

/* A directory that comes with everything in it says so only once, from above. */
static void
test_directory_is_replaced (Fixture *fixture, gconstpointer data)
{
  g_autofree char *etc = make_path (fixture, "etc");
  g_autofree char *new = make_path (fixture, "new");
  g_autofree char *old = make_path (fixture, "old");

  make_directory (fixture, "new");
  make_directory (fixture, "new/agent.conf.d");
  g_assert_cmpint (g_rename (etc, old), ==, 0);
  wait_for_notice (fixture);
  settle (fixture);

  fixture->n_changes = 0;
  g_assert_cmpint (g_rename (new, etc), ==, 0);
  wait_for_watch (fixture, "etc/agent.conf.d");
  settle (fixture);
  g_assert_cmpuint (fixture->n_changes, ==, 1);
  check_file_is_watched (fixture, "etc/agent.conf.d/a.conf");
  check_file_is_watched (fixture, "etc/agent.conf");
  remove_path (fixture, "old/agent.conf.d");
  remove_path (fixture, "old");
}

static void
test_missing_directories_are_watched_from_above (Fixture *fixture, gconstpointer data)
{
  g_autofree char *file = make_path (fixture, "a/b/c/agent.conf");

  g_assert_finalize_object (g_steal_pointer (&fixture->monitor));
  g_free (fixture->sources->user_file);
  fixture->sources->user_file = g_steal_pointer (&file);
  fixture->monitor = ls_settings_monitor_new (fixture->sources, LS_CLOCK (fixture->clock));
  g_signal_connect (fixture->monitor, "changed", G_CALLBACK (on_monitor_changed), fixture);
  g_assert_true (is_watched (fixture, "."));

  make_directory (fixture, "a");
  wait_for_watch (fixture, "a");
  make_directory (fixture, "a/b");
  make_directory (fixture, "a/b/c");
  wait_for_watch (fixture, "a/b/c");
  g_assert_false (is_watched (fixture, "a"));
  settle (fixture);
  check_file_is_watched (fixture, "a/b/c/agent.conf");

  remove_path (fixture, "a/b/c/agent.conf");
  remove_path (fixture, "a/b/c");
  remove_path (fixture, "a/b");
  wait_for_watch (fixture, "a");
  remove_path (fixture, "a");
  settle (fixture);
}

#define ADD(promise, test)                                                                         \
  g_test_add ("/platform/settings-monitor/" promise, Fixture, NULL, set_up, test, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("user-file-is-watched", test_user_file_is_watched);
  ADD ("system-file-is-watched", test_system_file_is_watched);
  ADD ("drop-in-is-watched", test_drop_in_is_watched);
  ADD ("burst-is-one-change", test_burst_is_one_change);
  ADD ("directories-appear-and-go", test_directories_appear_and_go);
  ADD ("directory-is-replaced", test_directory_is_replaced);
  ADD ("missing-directories-are-watched-from-above",
       test_missing_directories_are_watched_from_above);
  ADD ("monitor-goes-quietly", test_monitor_goes_quietly);

  return g_test_run ();
}
