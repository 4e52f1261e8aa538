/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-keyring-file.h"

#include <string.h>

#include "ls-sandbox.h"

/* The layout of the file that libsecret writes, after its secret-file-collection.c (0.20): a magic
 * string, major and minor version, then a serialised GVariant. */
#define MAGIC "GnomeKeyring\n\r\0\n"
#define MAGIC_SIZE 16
#define HEADER_SIZE (MAGIC_SIZE + 2)
#define MAJOR_VERSION 1
#define CONTENT_TYPE "(uayutua(a{say}ay))"

/* The damaged file stays for whoever wants to look into it; the next one takes its place. */
#define ASIDE_SUFFIX ".damaged"

/**
 * ls_keyring_file_is_used:
 *
 * Returns: whether libsecret keeps to a file of its own, which is never locked: if told so, and in a
 *   sandbox
 */
gboolean
ls_keyring_file_is_used (void)
{
  return g_strcmp0 (g_getenv ("SECRET_BACKEND"), "file") == 0 || ls_sandbox_is_inside ();
}

/**
 * ls_keyring_file_get_path:
 *
 * Returns: (transfer full) (type filename): where libsecret keeps its file when it works without a
 *   Secret Service, as it does in a sandbox that has the Secret portal
 */
char *
ls_keyring_file_get_path (void)
{
  const char *given = g_getenv ("SECRET_FILE_TEST_PATH");

  if (given != NULL)
    return g_strdup (given);

  return g_build_filename (g_get_user_data_dir (), "keyrings", "default.keyring", NULL);
}

/* Whether libsecret can read this without aborting the process: it asserts that the salt is as long
 * as the file says. A file of another version is not damaged; libsecret refuses that with an error. */
static gboolean
is_sound (const char *text, gsize length)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GVariant) content = NULL;
  g_autoptr (GVariant) salt = NULL;
  guint32 salt_size;

  if (length < HEADER_SIZE || memcmp (text, MAGIC, MAGIC_SIZE) != 0)
    return FALSE;
  if (text[MAGIC_SIZE] != MAJOR_VERSION)
    return TRUE;

  /* A copy, as a GVariant wants its data aligned. */
  bytes = g_bytes_new (text + HEADER_SIZE, length - HEADER_SIZE);
  content =
      g_variant_ref_sink (g_variant_new_from_bytes (G_VARIANT_TYPE (CONTENT_TYPE), bytes, FALSE));
  if (!g_variant_is_normal_form (content))
    return FALSE;

  g_variant_get (content, "(u@ayutu@a(a{say}ay))", &salt_size, &salt, NULL, NULL, NULL, NULL);
  return g_variant_n_children (salt) == GUINT32_FROM_LE (salt_size);
}

static void
mend_in_thread (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const char *path = task_data;
  g_autofree char *text = NULL;
  g_autofree char *aside = g_strconcat (path, ASIDE_SUFFIX, NULL);
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFile) target = g_file_new_for_path (aside);
  g_autoptr (GError) error = NULL;
  gsize length = 0;

  if (!g_file_load_contents (file, cancellable, &text, &length, NULL, &error))
    {
      if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
        g_task_return_boolean (task, FALSE);
      else
        g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  if (is_sound (text, length))
    g_task_return_boolean (task, FALSE);
  else if (g_file_move (file, target, G_FILE_COPY_OVERWRITE, cancellable, NULL, NULL, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/**
 * ls_keyring_file_mend_async:
 * @path: (type filename): libsecret's file
 * @cancellable: (nullable): to give up
 * @callback: called when it is done
 * @user_data: for @callback
 *
 * Moves a damaged file out of libsecret's way. libsecret 0.20 aborts the process on a file that was
 * cut short, by a full disk or a power cut, and the agent would do so at every start; what such a
 * file held is lost anyway, and signing in again replaces it.
 */
void
ls_keyring_file_mend_async (const char *path,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);

  g_return_if_fail (path != NULL);

  g_task_set_source_tag (task, ls_keyring_file_mend_async);
  g_task_set_task_data (task, g_strdup (path), g_free);
  g_task_run_in_thread (task, mend_in_thread);
}

/**
 * ls_keyring_file_mend_finish:
 * @result: of ls_keyring_file_mend_async()
 * @error: the file is there and can be neither read nor moved
 *
 * Returns: whether a damaged file was moved aside; %FALSE without @error: nothing was wrong
 */
gboolean
ls_keyring_file_mend_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
