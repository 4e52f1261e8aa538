/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "ls-durables.h"

#include <gio/gio.h>
#include <glib/gstdio.h>

#include "ls-error.h"
#include "ls-fake-clock.h"

typedef struct
{
  LsFakeClock *clock;
  char *dir;
  char *path;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  f->clock = ls_fake_clock_new ();
  f->dir = g_dir_make_tmp ("labsync-XXXXXX", NULL);
  f->path = g_build_filename (f->dir, "durables", NULL);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_assert_cmpuint (ls_fake_clock_count_alarms (f->clock), ==, 0);
  g_assert_finalize_object (f->clock);
  g_remove (f->path);
  g_rmdir (f->dir);
  g_free (f->path);
  g_free (f->dir);
}

static void
set (LsDurables *durables, const char *store, const char *name, guint64 seq)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (ls_durables_set (durables, store, name, "app", seq, &error));
  g_assert_no_error (error);
}

static void
test_durables_keeps (Fixture *f, gconstpointer data)
{
  const char *const names[] = { "org.example.App", "a [b]\n=c", "ü" };
  g_autoptr (LsDurables) durables = ls_durables_new (LS_CLOCK (f->clock), f->path);
  GStatBuf info;
  guint64 seq;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    set (durables, "store", names[i], G_MAXUINT64 - i);
  g_assert_finalize_object (g_steal_pointer (&durables));
  g_assert_cmpint (g_stat (f->path, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 0777, ==, 0600);

  durables = ls_durables_new (LS_CLOCK (f->clock), f->path);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_assert_true (ls_durables_lookup (durables, "store", names[i], &seq));
      g_assert_cmpuint (seq, ==, G_MAXUINT64 - i);
      g_assert_false (ls_durables_lookup (durables, "other", names[i], &seq));
    }
}

static void
test_durables_saves_soon (Fixture *f, gconstpointer data)
{
  g_autoptr (LsDurables) durables = ls_durables_new (LS_CLOCK (f->clock), f->path);
  g_autoptr (LsDurables) after_crash = NULL;
  guint64 seq;

  set (durables, "store", "app", 3);
  set (durables, "store", "app", 4);
  g_assert_cmpuint (ls_fake_clock_count_alarms (f->clock), ==, 1);
  ls_fake_clock_advance (f->clock, 1000);
  while (after_crash == NULL || !ls_durables_lookup (after_crash, "store", "app", &seq))
    {
      g_main_context_iteration (NULL, FALSE);
      g_clear_object (&after_crash);
      after_crash = ls_durables_new (LS_CLOCK (f->clock), f->path);
    }
  g_assert_cmpuint (seq, ==, 4);
}

static void
test_durables_expire (Fixture *f, gconstpointer data)
{
  g_autoptr (LsDurables) durables = ls_durables_new (LS_CLOCK (f->clock), NULL);
  guint64 seq;

  set (durables, "store", "old", 1);
  ls_fake_clock_advance (f->clock, LS_DURABLES_KEEP_MS);
  set (durables, "store", "new", 2);
  g_assert_true (ls_durables_lookup (durables, "store", "old", &seq));
  ls_fake_clock_advance (f->clock, 1);
  g_assert_false (ls_durables_lookup (durables, "store", "old", &seq));
  g_assert_true (ls_durables_lookup (durables, "store", "new", &seq));
}

static void
test_durables_limits (Fixture *f, gconstpointer data)
{
  g_autoptr (LsDurables) durables = ls_durables_new (LS_CLOCK (f->clock), NULL);
  g_autofree char *longest = g_strnfill (LS_DURABLES_MAX_NAME, 'x');
  g_autofree char *too_long = g_strnfill (LS_DURABLES_MAX_NAME + 1, 'x');
  g_autoptr (GError) error = NULL;

  set (durables, "store", longest, 1);
  g_assert_false (ls_durables_set (durables, "store", too_long, "app", 1, &error));
  g_assert_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_assert_false (ls_durables_set (durables, "store", "", "app", 1, &error));
  g_assert_error (error, LS_ERROR, LS_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);

  for (guint i = 1; i < LS_DURABLES_MAX; i++)
    {
      g_autofree char *name = g_strdup_printf ("%u", i);
      g_autofree char *app = g_strdup_printf ("app %u", i % 16);

      g_assert_true (ls_durables_set (durables, "store", name, app, i, &error));
    }
  g_assert_false (ls_durables_set (durables, "store", "one more", "another", 1, &error));
  g_assert_error (error, LS_ERROR, LS_ERROR_LIMIT_EXCEEDED);
  set (durables, "store", "1", 9);
}

/* One app can't use up the names of all, also after a restart, and with places in several stores. */
static void
test_durables_limit_of_app (Fixture *f, gconstpointer data)
{
  g_autoptr (LsDurables) durables = ls_durables_new (LS_CLOCK (f->clock), f->path);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < LS_DURABLES_MAX_OF_APP; i++)
    {
      g_autofree char *name = g_strdup_printf ("%u", i);

      set (durables, i % 2 ? "store" : "other", name, i);
    }
  g_assert_finalize_object (g_steal_pointer (&durables));
  durables = ls_durables_new (LS_CLOCK (f->clock), f->path);
  g_assert_false (ls_durables_set (durables, "store", "one more", "app", 1, &error));
  g_assert_error (error, LS_ERROR, LS_ERROR_LIMIT_EXCEEDED);
  g_clear_error (&error);
  g_assert_true (ls_durables_set (durables, "store", "one more", "another", 1, &error));
  set (durables, "store", "1", 9);
}

static void
test_durables_forget (Fixture *f, gconstpointer data)
{
  g_autoptr (LsDurables) durables = ls_durables_new (LS_CLOCK (f->clock), f->path);
  g_autofree char *text = NULL;
  guint64 seq;

  set (durables, "store", "app", 3);
  set (durables, "store2", "app", 4);
  ls_durables_forget (durables, "store");
  g_assert_false (ls_durables_lookup (durables, "store", "app", &seq));
  g_assert_true (ls_durables_lookup (durables, "store2", "app", &seq));
  g_assert_finalize_object (g_steal_pointer (&durables));
  g_assert_true (g_file_get_contents (f->path, &text, NULL, NULL));
  g_assert_null (strstr (text, "store "));
  g_assert_nonnull (strstr (text, "store2 "));
}

static void
test_durables_damaged (Fixture *f, gconstpointer data)
{
  g_autoptr (LsDurables) durables = NULL;
  guint64 seq;

  if (!g_test_subprocess ())
    {
      g_test_trap_subprocess (NULL, 0, 0);
      g_test_trap_assert_passed ();
      g_test_trap_assert_stderr ("*start afresh*");
      return;
    }

  g_log_set_always_fatal (G_LOG_FATAL_MASK);
  g_assert_true (g_file_set_contents (f->path, "\1\2 no key file", -1, NULL));
  durables = ls_durables_new (LS_CLOCK (f->clock), f->path);
  g_assert_false (ls_durables_lookup (durables, "store", "app", &seq));
}

#define ADD(name, function)                                                                        \
  g_test_add ("/service/durables/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("keeps", test_durables_keeps);
  ADD ("saves-soon", test_durables_saves_soon);
  ADD ("expire", test_durables_expire);
  ADD ("limits", test_durables_limits);
  ADD ("limit-of-app", test_durables_limit_of_app);
  ADD ("forget", test_durables_forget);
  ADD ("damaged", test_durables_damaged);
  return g_test_run ();
}
