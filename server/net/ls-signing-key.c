/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-signing-key.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ls-i18n.h"

/* As long as the digest of HS256, as RFC 7518 §3.2 demands */
#define KEY_LENGTH 32

static void
set_file_error (GError **error, const char *path, const char *what, int saved_errno)
{
  g_set_error (error, G_FILE_ERROR, (gint)g_file_error_from_errno (saved_errno), "%s “%s”: %s",
               what, path, g_strerror (saved_errno));
}

static GBytes *
make_key (const char *path, GError **error)
{
  guint8 key[KEY_LENGTH];

  if (getrandom (key, sizeof key, 0) != (gssize)sizeof key)
    {
      set_file_error (error, path, _ ("Could not make a signing key for"), errno);
      return NULL;
    }
  if (!g_file_set_contents_full (path, (const char *)key, sizeof key,
                                 G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600,
                                 error))
    return NULL;

  return g_bytes_new (key, sizeof key);
}

static GBytes *
read_key (const char *path, int fd, GError **error)
{
  guint8 key[KEY_LENGTH + 1];
  gssize length = read (fd, key, sizeof key);
  struct stat info;

  if (length < 0 || fstat (fd, &info) < 0)
    {
      set_file_error (error, path, _ ("Could not read the signing key"), errno);
      return NULL;
    }
  if (length != KEY_LENGTH)
    {
      g_set_error (
          error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
          _ ("The signing key “%s” does not have %d bytes; remove it to get a new one, which "
             "signs everybody out"),
          path, KEY_LENGTH);
      return NULL;
    }
  if ((info.st_mode & 077) != 0)
    {
      g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_PERM,
                   _ ("The signing key “%s” can be read by others; make it 0600"), path);
      return NULL;
    }

  return g_bytes_new (key, KEY_LENGTH);
}

/**
 * ls_signing_key_load:
 * @data_dir: the data directory, which exists
 * @error: return location for a #GFileError
 *
 * Reads the key that signs access tokens, or makes it at the first start. A key that others can
 * read, or that is damaged, is refused.
 *
 * Returns: (transfer full) (nullable): the key
 */
GBytes *
ls_signing_key_load (const char *data_dir, GError **error)
{
  g_autofree char *path = NULL;
  GBytes *key;
  int fd;

  g_return_val_if_fail (data_dir != NULL, NULL);

  path = g_build_filename (data_dir, LS_SIGNING_KEY_FILE, NULL);
  fd = open (path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT)
    return make_key (path, error);
  if (fd < 0)
    {
      set_file_error (error, path, _ ("Could not open the signing key"), errno);
      return NULL;
    }

  key = read_key (path, fd, error);
  close (fd);
  return key;
}
