/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-keyring-world.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>

/**
 * ls_keyring_world_lock:
 *
 * Locks the collection that items are stored in, as a desktop does when its session is locked.
 */
void
ls_keyring_world_lock (void)
{
  const char *const collections[] = { "/org/freedesktop/secrets/collection/login", NULL };
  g_autoptr (GDBusConnection) bus = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, NULL);
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GError) error = NULL;

  reply = g_dbus_connection_call_sync (
      bus, "org.freedesktop.secrets", "/org/freedesktop/secrets", "org.freedesktop.Secret.Service",
      "Lock", g_variant_new ("(^ao)", collections), NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);
  g_assert_no_error (error);
}

/**
 * ls_keyring_world_hang:
 * @hang: whether it does
 *
 * Has the keyring of with-keyring stop answering, or go on.
 */
void
ls_keyring_world_hang (gboolean hang)
{
  const char *text = g_getenv ("KEYRING_PID");

  g_assert_nonnull (text);
  g_assert_cmpint (kill ((pid_t)atoi (text), hang ? SIGSTOP : SIGCONT), ==, 0);
}

/**
 * ls_keyring_world_use_file:
 *
 * Has libsecret keep to a file of its own; it reads the variables itself.
 *
 * Returns: (transfer full): the directory for ls_keyring_world_remove_file()
 */
char *
ls_keyring_world_use_file (void)
{
  char *directory = g_dir_make_tmp ("labsync-secrets-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (directory, "test.keyring", NULL);

  g_setenv ("SECRET_BACKEND", "file", TRUE);
  g_setenv ("SECRET_FILE_TEST_PATH", path, TRUE);
  g_setenv ("SECRET_FILE_TEST_PASSWORD", "test", TRUE);

  return directory;
}

/**
 * ls_keyring_world_remove_file:
 * @directory: what ls_keyring_world_use_file() returned
 *
 * Removes libsecret's file.
 */
void
ls_keyring_world_remove_file (const char *directory)
{
  g_autofree char *backup = g_strconcat (g_getenv ("SECRET_FILE_TEST_PATH"), "~", NULL);

  g_unlink (backup); /* libsecret leaves one when it is built so */
  g_assert_cmpint (g_unlink (g_getenv ("SECRET_FILE_TEST_PATH")), ==, 0);
  g_assert_cmpint (g_rmdir (directory), ==, 0);
}
