/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-store-lock.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "ls-error.h"

/* How long to wait between two looks, in milliseconds. */
#define STEP 50

/* On a disk that can't be written, a file that is there can be locked all the same. */
static int
open_lock (const char *path)
{
  int fd = g_open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

  return fd >= 0 || (errno != EROFS && errno != EACCES) ? fd
                                                        : g_open (path, O_RDONLY | O_CLOEXEC, 0);
}

/**
 * ls_store_lock_acquire:
 * @directory: (type filename): of a store
 * @patience: how long to wait for another process to let go, in milliseconds
 * @fd: (out): the lock, for ls_store_lock_release(); -1: nobody can write there, so there is none
 * @error: %LS_ERROR_STORAGE: another process has it
 *
 * Makes sure that no other process has this store open: its next one, of another version perhaps,
 * when an agent takes another's place, or one on another machine that shares the home directory. The
 * lock ends with the process, whatever ends it. Blocks.
 *
 * Returns: whether the store may be opened
 */
gboolean
ls_store_lock_acquire (const char *directory, guint patience, int *fd, GError **error)
{
  g_autofree char *path = g_build_filename (directory, "lock", NULL);
  gint64 deadline = g_get_monotonic_time () + (gint64)patience * 1000;

  *fd = open_lock (path);
  if (*fd < 0)
    return TRUE;

  while (flock (*fd, LOCK_EX | LOCK_NB) != 0)
    {
      if (errno != EINTR && (errno != EWOULDBLOCK || g_get_monotonic_time () >= deadline))
        {
          g_set_error (error, LS_ERROR, LS_ERROR_STORAGE, "another agent has the store open");
          ls_store_lock_release (fd);
          return FALSE;
        }
      g_usleep (STEP * 1000);
    }

  return TRUE;
}

/**
 * ls_store_lock_release:
 * @fd: (inout): a lock, or -1
 *
 * Lets others open the store.
 */
void
ls_store_lock_release (int *fd)
{
  if (*fd >= 0)
    close (*fd);
  *fd = -1;
}
