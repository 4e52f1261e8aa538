/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>

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
  ADD ("monitor-goes-quietly", test_monitor_goes_quietly);

  return g_test_run ();
}
