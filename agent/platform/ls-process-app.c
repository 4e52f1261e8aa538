/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ls-process-app.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ls-error.h"

/* Every Flatpak has it in its root, flatpak-metadata(5); an app can't change or hide it. */
#define INFO_FILE ".flatpak-info"
/* A real one has about a kilobyte. */
#define MAX_INFO (64 * 1024)

#define DELETED " (deleted)"

static int
open_root (pid_t pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/root", (int)pid);

  return open (path, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
}

static gboolean
is_same_file (const char *a, const char *b)
{
  struct stat one, other;

  return stat (a, &one) == 0 && stat (b, &other) == 0 && one.st_dev == other.st_dev &&
         one.st_ino == other.st_ino;
}

/* So the kernel marks a file that has another one in its place, or none, proc_pid_exe(5): when its package was
 * upgraded a program is still the one that settings name. One whose name really ends like this is the file of that name,
 * which @link leads to whatever its text says. */
static void
drop_mark (char *path, const char *link)
{
  if (g_str_has_suffix (path, DELETED) && !is_same_file (path, link))
    path[strlen (path) - strlen (DELETED)] = '\0';
}

static LsApp *
host_app_new (pid_t pid)
{
  g_autofree char *link = g_strdup_printf ("/proc/%d/exe", (int)pid);
  g_autofree char *path = g_file_read_link (link, NULL);

  if (path != NULL)
    drop_mark (path, link);
  return ls_app_new (LS_APP_HOST, path != NULL && g_utf8_validate (path, -1, NULL) ? path : NULL);
}

/* Returns: (nullable): what is in a file, if it is a plain and small one */
static char *
read_small (int fd, gsize *length)
{
  g_autofree char *text = NULL;
  struct stat info;
  gsize n = 0;
  gssize got = 1;

  if (fstat (fd, &info) != 0 || !S_ISREG (info.st_mode) || info.st_size > MAX_INFO)
    return NULL;

  text = g_malloc0 (MAX_INFO + 1);
  while (got > 0 && n < MAX_INFO)
    {
      got = read (fd, text + n, MAX_INFO - n);
      n += got > 0 ? (gsize)got : 0;
    }
  if (got != 0)
    return NULL;

  *length = n;
  return g_steal_pointer (&text);
}

static LsApp *
sandboxed_app_new (int fd)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  gsize length = 0;
  g_autofree char *text = read_small (fd, &length);
  g_autofree char *name = NULL;

  if (text == NULL || !g_key_file_load_from_data (file, text, length, G_KEY_FILE_NONE, NULL))
    return ls_app_new (LS_APP_UNKNOWN, NULL);

  name = g_key_file_get_string (file, "Application", "name", NULL);
  if (name == NULL || !g_dbus_is_name (name))
    return ls_app_new (LS_APP_UNKNOWN, NULL);

  return ls_app_new (LS_APP_SANDBOXED, name);
}

/**
 * ls_process_app_unseen:
 * @problem: the errno by which a process could not be looked at
 * @error: %LS_ERROR_LIMIT_EXCEEDED
 *
 * Tells what there is to think of a process that could not be looked at: nothing yet, if it was for want of
 * descriptors or memory here, which says nothing of the process.
 *
 * Returns: (transfer full) (nullable): the unknown app; %NULL: it is to be looked at again
 */
LsApp *
ls_process_app_unseen (int problem, GError **error)
{
  if (problem != EMFILE && problem != ENFILE && problem != ENOMEM)
    return ls_app_new (LS_APP_UNKNOWN, NULL);

  g_set_error (error, LS_ERROR, LS_ERROR_LIMIT_EXCEEDED, "the caller can't be looked at now: %s",
               g_strerror (problem));
  return NULL;
}

/**
 * ls_process_app_read:
 * @pid: a process as this one sees it
 * @error: %LS_ERROR_LIMIT_EXCEEDED
 *
 * Tells by what is in a process's root whether it is in a Flatpak, and in which. Opens files of a sandbox
 * whose file system may be slow or worse: to be called beside the main loop. Whether @pid was
 * all the time the process that is meant is for the caller to make sure.
 *
 * Returns: (transfer full) (nullable): the app, unknown where the root can't be looked at; %NULL: there are not
 *   enough descriptors or memory to look
 */
LsApp *
ls_process_app_read (pid_t pid, GError **error)
{
  int root = open_root (pid);
  int fd;
  LsApp *app;

  if (root < 0)
    return ls_process_app_unseen (errno, error);

  fd = openat (root, INFO_FILE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  if (fd >= 0)
    app = sandboxed_app_new (fd);
  else if (errno == ENOENT)
    app = host_app_new (pid);
  else
    app = ls_process_app_unseen (errno, error);

  if (fd >= 0)
    close (fd);
  close (root);
  return app;
}
