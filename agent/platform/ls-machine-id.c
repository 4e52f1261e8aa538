/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-machine-id.h"

#include "ls-error.h"

/* 128 bits, as machine-id(5) */
#define N_DIGITS 32

/* machine-id(5): the id itself is confidential and should be hashed with a key of one's own. */
#define SALT "org.labsync.Agent"

/**
 * ls_machine_id_read:
 * @path: usually `/etc/machine-id`
 * @error: return location for a %LS_ERROR_FAILED
 *
 * The server is told which machine it talks to by a number that does not give the machine's own
 * away. Blocks for as long as it takes to read a small file.
 *
 * Returns: (transfer full): 32 hexadecimal digits, the same at every start; or %NULL when @path
 *   cannot be read or holds no machine id, for example in the first moments of a new machine
 */
char *
ls_machine_id_read (const char *path, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  g_autofree char *id = NULL;
  g_autofree char *salted = NULL;
  g_autofree char *hash = NULL;

  g_return_val_if_fail (path != NULL, NULL);

  if (!g_file_get_contents (path, &id, NULL, &local_error))
    {
      g_set_error (error, LS_ERROR, LS_ERROR_FAILED, "No machine id: %s", local_error->message);
      return NULL;
    }

  g_strchomp (id);
  if (strlen (id) != N_DIGITS || strspn (id, "0123456789abcdef") != N_DIGITS)
    {
      g_set_error (error, LS_ERROR, LS_ERROR_FAILED, "“%s” holds no machine id", path);
      return NULL;
    }

  salted = g_strconcat (id, SALT, NULL);
  hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, salted, -1);

  return g_strndup (hash, N_DIGITS);
}
