/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>

#include "ls-error.h"
#include "ls-remove-tree.h"
#include "ls-store-lock.h"

static void
test_second_is_kept_out (void)
{
  g_autofree char *dir = g_dir_make_tmp ("labsync-lock-XXXXXX", NULL);
  g_autoptr (GError) error = NULL;
  int first = -1, second = -1;

  g_assert_true (ls_store_lock_acquire (dir, 0, &first, &error));
  g_assert_no_error (error);
  g_assert_cmpint (first, >=, 0);

  g_assert_false (ls_store_lock_acquire (dir, 0, &second, &error));
  g_assert_error (error, LS_ERROR, LS_ERROR_STORAGE);
  g_assert_cmpint (second, ==, -1);
  g_clear_error (&error);

  ls_store_lock_release (&first);
  g_assert_cmpint (first, ==, -1);
  g_assert_true (ls_store_lock_acquire (dir, 0, &second, &error));
  g_assert_no_error (error);
  ls_store_lock_release (&second);
  ls_remove_tree (dir);
}

static gpointer
release_in_thread (gpointer data)
{
  ls_store_lock_release (data);
  return NULL;
}

static void
test_waits_for_the_first (void)
{
  g_autofree char *dir = g_dir_make_tmp ("labsync-lock-XXXXXX", NULL);
  g_autoptr (GError) error = NULL;
  int first = -1, second = -1;
  GThread *thread;

  g_assert_true (ls_store_lock_acquire (dir, 0, &first, &error));
  thread = g_thread_new ("release", release_in_thread, &first);
  g_assert_true (ls_store_lock_acquire (dir, 10000, &second, &error));
  g_assert_no_error (error);
  g_thread_join (thread);
  ls_store_lock_release (&second);
  ls_remove_tree (dir);
}

/* Nobody writes there, so nobody is to be kept out. */
static void
test_no_directory_has_no_lock (void)
{
  g_autoptr (GError) error = NULL;
  int fd = 0;

  g_assert_true (ls_store_lock_acquire ("/nonexistent", 0, &fd, &error));
  g_assert_no_error (error);
  g_assert_cmpint (fd, ==, -1);
  ls_store_lock_release (&fd);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/store/lock/second-is-kept-out", test_second_is_kept_out);
  g_test_add_func ("/store/lock/waits-for-the-first", test_waits_for_the_first);
  g_test_add_func ("/store/lock/no-directory-has-no-lock", test_no_directory_has_no_lock);

  return g_test_run ();
}
