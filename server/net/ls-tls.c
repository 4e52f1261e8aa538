/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-tls.h"

#include <errno.h>
#include <sys/stat.h>

#include "ls-i18n.h"
#include "ls-tls-rehearsal.h"

/* Of a private key, nobody may change it but its owner, and nobody read it but its owner and its group:
 * Debian keeps keys as 0640, and what systemd hands over to a service looks like 0440. */
#define FORBIDDEN_MODE 027

static gboolean
check_key_file (const char *path, GError **error)
{
  struct stat info;

  if (stat (path, &info) < 0)
    {
      int saved_errno = errno;

      g_set_error (error, G_FILE_ERROR, (gint)g_file_error_from_errno (saved_errno),
                   _ ("Could not open the TLS key “%s”: %s"), path, g_strerror (saved_errno));
      return FALSE;
    }
  if ((info.st_mode & FORBIDDEN_MODE) == 0)
    return TRUE;

  g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_PERM,
               _ ("The TLS key “%s” can be read or changed by others; make it 0640 or 0600"), path);
  return FALSE;
}

/* A certificate that is not valid just now is used all the same: the clock may be what is wrong. */
static void
warn_if_not_valid (GTlsCertificate *certificate, const char *path)
{
  g_autoptr (GDateTime) from = g_tls_certificate_get_not_valid_before (certificate);
  g_autoptr (GDateTime) until = g_tls_certificate_get_not_valid_after (certificate);
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();

  if (from != NULL && g_date_time_compare (now, from) < 0)
    g_warning ("The TLS certificate “%s” is not valid yet", path);
  else if (until != NULL && g_date_time_compare (now, until) > 0)
    g_warning ("The TLS certificate “%s” has expired", path);
}

/**
 * ls_tls_load_certificate:
 * @certificate_file: the certificate chain, PEM
 * @key_file: its private key, PEM
 * @error: return location for an error that names the file
 *
 * Reads what the server identifies itself with, and tries it. A key that others can read is refused.
 *
 * Returns: (transfer full) (nullable): the certificate with its key
 */
GTlsCertificate *
ls_tls_load_certificate (const char *certificate_file, const char *key_file, GError **error)
{
  g_autoptr (GTlsCertificate) certificate = NULL;

  g_return_val_if_fail (certificate_file != NULL && key_file != NULL, NULL);

  if (!check_key_file (key_file, error))
    return NULL;

  certificate = g_tls_certificate_new_from_files (certificate_file, key_file, error);
  if (certificate == NULL || !ls_tls_rehearse (certificate, error))
    {
      g_prefix_error (error, _ ("Could not use the TLS certificate “%s” with the key “%s”: "),
                      certificate_file, key_file);
      return NULL;
    }

  warn_if_not_valid (certificate, certificate_file);
  return g_steal_pointer (&certificate);
}
