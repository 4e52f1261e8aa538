/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-kept-file.h"

#include <glib/gstdio.h>

typedef struct
{
  char *dir;
  char *path;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  f->dir = g_dir_make_tmp ("labsync-XXXXXX", NULL);
  f->path = g_build_filename (f->dir, "kept.conf", NULL);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_remove (f->path);
  g_rmdir (f->dir);
  g_free (f->path);
  g_free (f->dir);
}

static void
save (LsKeptFile *kept, int value)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();

  g_key_file_set_integer (file, "Group", "value", value);
  ls_kept_file_save (kept, file);
}

static void
assert_kept (Fixture *f, int value)
{
  g_autoptr (LsKeptFile) kept = ls_kept_file_new (f->path, "things");
  g_autoptr (GKeyFile) file = ls_kept_file_load (kept);
  GStatBuf info;

  g_assert_cmpint (g_key_file_get_integer (file, "Group", "value", NULL), ==, value);
  g_assert_cmpint (g_stat (f->path, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 0777, ==, 0600);
}

/* However many there are, the last one counts, and none overtakes another. */
static void
test_last_counts (Fixture *f, gconstpointer data)
{
  g_autoptr (LsKeptFile) kept = ls_kept_file_new (f->path, "things");

  for (int i = 1; i <= 20; i++)
    save (kept, i);
  g_assert_true (ls_kept_file_is_busy (kept));
  while (ls_kept_file_is_busy (kept))
    g_main_context_iteration (NULL, TRUE);
  assert_kept (f, 20);
}

static void
test_now (Fixture *f, gconstpointer data)
{
  g_autoptr (LsKeptFile) kept = ls_kept_file_new (f->path, "things");
  g_autoptr (GKeyFile) file = g_key_file_new ();

  g_key_file_set_integer (file, "Group", "value", 7);
  ls_kept_file_save_now (kept, file);
  assert_kept (f, 7);
}

static void
test_damaged (Fixture *f, gconstpointer data)
{
  g_autoptr (LsKeptFile) kept = ls_kept_file_new (f->path, "things");
  g_autoptr (GKeyFile) file = NULL;
  g_auto (GStrv) groups = NULL;

  g_assert_true (g_file_set_contents (f->path, "nonsense", -1, NULL));
  file = ls_kept_file_load (kept);
  groups = g_key_file_get_groups (file, NULL);
  g_assert_cmpuint (g_strv_length (groups), ==, 0);
}

/* Where nothing is kept nothing is written either. */
static void
test_nowhere (Fixture *f, gconstpointer data)
{
  g_autoptr (LsKeptFile) kept = ls_kept_file_new (NULL, "things");
  g_autoptr (GKeyFile) file = ls_kept_file_load (kept);

  ls_kept_file_save (kept, file);
  g_assert_false (ls_kept_file_is_busy (kept));
  ls_kept_file_save_now (kept, file);
}

#define ADD(name, function)                                                                        \
  g_test_add ("/service/kept-file/" name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  /* that a file is damaged is worth a warning */
  g_log_set_always_fatal (G_LOG_FATAL_MASK);
  ADD ("last-counts", test_last_counts);
  ADD ("now", test_now);
  ADD ("damaged", test_damaged);
  ADD ("nowhere", test_nowhere);
  return g_test_run ();
}
