/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-password.h"

#include <crypt.h>
#include <string.h>

#include "ls-school-error.h"
#include "ls-secret.h"

/* yescrypt, the scheme of Debian 12's own accounts. libxcrypt's default cost, 5: N = 4096, r = 32,
 * 16 MiB of memory, some 30 to 50 ms on a school server's processor. */
#define PREFIX "$y$"
#define COST 0 /* the scheme's default (crypt_gensalt(3)) */

static char *
run_crypt (const char *password, const char *setting)
{
  struct crypt_data *data = g_new0 (struct crypt_data, 1);
  const char *result = crypt_r (password, setting, data);
  /* A result that starts with an asterisk is a failure (crypt(3)). */
  char *hash = result == NULL || result[0] == '*' ? NULL : g_strdup (result);

  explicit_bzero (data, sizeof *data);
  g_free (data);
  return hash;
}

/**
 * ls_password_hash:
 * @password: a password
 * @error: return location for %LS_SCHOOL_ERROR_INVALID: the password can't be hashed, as it is
 *   longer than 511 bytes
 *
 * Slow on purpose; may be called on any thread.
 *
 * Returns: (transfer full) (nullable): a salted hash of it
 */
char *
ls_password_hash (const char *password, GError **error)
{
  char setting[CRYPT_GENSALT_OUTPUT_SIZE];
  char *hash = NULL;

  g_return_val_if_fail (password != NULL, NULL);

  /* Without bytes from us libxcrypt takes the salt from the kernel. */
  if (crypt_gensalt_rn (PREFIX, COST, NULL, 0, setting, sizeof setting) != NULL)
    hash = run_crypt (password, setting);

  if (hash == NULL)
    g_set_error_literal (error, LS_SCHOOL_ERROR, LS_SCHOOL_ERROR_INVALID,
                         "The password can’t be used: it is too long");
  return hash;
}

/**
 * ls_password_verify:
 * @password: what somebody typed
 * @hash: (nullable): from ls_password_hash(); %NULL: there is no such account, or it has no
 *   password: takes as long as a real check and fails, so that the time tells nothing
 *
 * Slow on purpose; may be called on any thread.
 *
 * Returns: whether it is the password
 */
gboolean
ls_password_verify (const char *password, const char *hash)
{
  g_autofree char *result = NULL;

  g_return_val_if_fail (password != NULL, FALSE);

  if (hash == NULL)
    {
      result = ls_password_hash (password, NULL);
      return FALSE;
    }

  result = run_crypt (password, hash);
  return result != NULL && ls_secret_equal (result, hash);
}
